// Buttons: each has a command, and those that switch something show whether it is on.

/** Every element with data-command runs that command when it is clicked.
 *  @param {Record<string, () => void>} commands */
export function bindButtons(commands) {
  for (const button of document.querySelectorAll("[data-command]")) {
    if (!(button instanceof HTMLElement)) continue;
    const command = commands[button.dataset.command ?? ""];
    if (command) button.addEventListener("click", () => command());
  }
}

/** The buttons Follow and Hold show what the view does, now and after each of its changes.
 *  @param {import("../view/view.js").View} view */
export function bindSwitches(view) {
  const show = () => {
    press("follow", view.follow === "edge");
    press("pause", view.pausedNs !== null);
  };
  view.onChange(show);
  show();
}

/** @param {string} command @param {boolean} on */
export function press(command, on) {
  const button = document.querySelector(`[data-command="${command}"]`);
  button?.setAttribute("aria-pressed", String(on));
}
