// The form of a comparison: shows the settings of a scenario as soon as it is picked.

for (const select of document.querySelectorAll("[data-picks-scenario]")) {
  const button = select.parentElement?.querySelector("[data-shows-settings]");
  if (!(select instanceof HTMLSelectElement) || !(button instanceof HTMLButtonElement)) continue;
  button.hidden = true;
  select.addEventListener("change", () => button.click());
}
