// Keys. They run no command while the reader types or operates a control.

/** @type {Record<string, string>} key → command */
export const KEYS = {
  w: "zoom-in",
  "+": "zoom-in",
  s: "zoom-out",
  "-": "zoom-out",
  a: "pan-left",
  d: "pan-right",
  f: "fit",
  "0": "fit",
  l: "follow",
  " ": "pause",
  Escape: "unpin",
  ArrowRight: "next",
  ArrowLeft: "previous",
  ".": "next",
  ",": "previous",
  ArrowUp: "up",
  ArrowDown: "down",
  Enter: "focus",
  "[": "fold",
  "]": "unfold",
  Backspace: "back",
  t: "text",
  "?": "keys",
};

const TYPING = "input, textarea, select, [contenteditable]";
const CONTROL = "button, a, summary, label";
/** Keys that a focused control uses itself. */
const OF_CONTROLS = new Set([" ", "Enter"]);

/** @param {Record<string, () => void>} commands */
export function listen(commands) {
  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || event.defaultPrevented) return;
    const target = event.target instanceof Element ? event.target : document.body;
    if (target.closest(TYPING) || target.closest("dialog[open]")) return;
    if (OF_CONTROLS.has(event.key) && target.closest(CONTROL)) return;
    const name = KEYS[event.key.length === 1 ? event.key.toLowerCase() : event.key];
    const command = name && commands[name];
    if (!command) return;
    event.preventDefault();
    command();
  });
}
