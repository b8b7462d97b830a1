/* Sets the remembered theme and scale. It has to do so before the first paint, so it is a classic
   script in the head, not a module. The switches are found by their data attributes. */
(() => {
  const root = document.documentElement;

  /** @param {string} name */
  function recall(name) {
    try {
      return localStorage.getItem("timeslice-" + name) || "";
    } catch (error) {
      if (error instanceof DOMException) return ""; // no storage: nothing was remembered
      throw error;
    }
  }

  /** @param {string} name @param {string} value */
  function remember(name, value) {
    root.dataset[name] = value;
    try {
      localStorage.setItem("timeslice-" + name, value);
    } catch (error) {
      if (!(error instanceof DOMException)) throw error; // no storage: this page alone changes
    }
    root.dispatchEvent(new CustomEvent("timeslice:" + name, { bubbles: true }));
  }

  for (const name of ["theme", "scale"]) {
    const value = recall(name);
    if (value) root.dataset[name] = value;
  }

  document.addEventListener("click", (event) => {
    const target = event.target instanceof Element ? event.target : null;
    if (target?.closest("[data-switch-theme]")) {
      const dark = root.dataset.theme
        ? root.dataset.theme === "dark"
        : matchMedia("(prefers-color-scheme: dark)").matches;
      remember("theme", dark ? "light" : "dark");
    }
    if (target?.closest("[data-switch-scale]")) {
      remember("scale", root.dataset.scale === "projector" ? "normal" : "projector");
    }
  });
})();
