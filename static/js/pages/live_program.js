// When a setting changes, shows the program and the claims as they are with it: they are taken from
// the page that the server makes of the settings. If the server refuses a value, nothing changes.

const PARTS = ["#program", "#checked"];
const form = document.getElementById("settings-form");
if (form instanceof HTMLFormElement) follow(form);

/** @param {HTMLFormElement} form */
function follow(form) {
  let asked = new AbortController();
  form.addEventListener("change", async () => {
    asked.abort();
    asked = new AbortController();
    const { signal } = asked;
    const query = new URLSearchParams();
    for (const [name, value] of new FormData(form)) query.append(name, String(value));
    try {
      const answer = await fetch(`${location.pathname}?${query}`, { signal });
      if (!answer.ok) return;
      show(new DOMParser().parseFromString(await answer.text(), "text/html"));
    } catch (error) {
      if (!signal.aborted) throw error;
    }
  });
}

/** @param {Document} page */
function show(page) {
  for (const part of PARTS) {
    const old = document.querySelector(part);
    const made = page.querySelector(part);
    if (old && made) old.replaceChildren(...made.childNodes);
  }
}
