// A predicted drawing in the form: the reader paints cells instead of typing letters.

const BRUSHED = 1;

for (const box of document.querySelectorAll("[data-drawing]")) {
  if (box instanceof HTMLElement) makeDrawable(box);
}

/** @param {HTMLElement} box */
function makeDrawable(box) {
  const letters = [...box.querySelectorAll("[data-letter]")];
  let brush = letters[0]?.getAttribute("data-letter") ?? "R";
  const choices = letters.map((item) => {
    const button = document.createElement("button");
    button.type = "button";
    button.append(...item.childNodes);
    button.querySelector("b")?.remove();
    const letter = item.getAttribute("data-letter") ?? "";
    button.addEventListener("click", () => {
      brush = letter;
      show();
    });
    item.replaceWith(button);
    return { button, letter };
  });
  const show = () => {
    for (const { button, letter } of choices) {
      button.setAttribute("aria-pressed", String(letter === brush));
    }
  };
  show();
  const cells = Number(box.dataset.cells);
  for (const row of box.querySelectorAll(".draw-row")) {
    const input = row.querySelector("input");
    if (input) paintable(row, input, cells, () => brush, choices.map(({ letter }) => letter));
  }
}

/**
 * @param {Element} row @param {HTMLInputElement} input holds the row's letters
 * @param {number} count @param {() => string} brush @param {string[]} letters
 */
function paintable(row, input, count, brush, letters) {
  const cells = document.createElement("span");
  cells.className = "cells";
  const name = row.querySelector(".draw-name")?.textContent ?? "";
  const values = [...input.value.padEnd(count, ".").slice(0, count)];
  const buttons = values.map((_, at) => {
    const button = document.createElement("button");
    button.type = "button";
    cells.append(button);
    const paint = (/** @type {string} */ letter) => {
      values[at] = letter;
      update();
    };
    button.addEventListener("pointerdown", () => paint(brush()));
    button.addEventListener("keydown", (event) => {
      const letter = event.key.toUpperCase();
      const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
      if (step) buttons[at + step]?.focus();
      else if (letters.includes(letter)) paint(letter);
      else if (event.key === " " || event.key === "Enter") paint(brush());
      else return;
      event.preventDefault();
    });
    return button;
  });
  // A finger or a mouse that is held down paints the cells it moves over.
  cells.addEventListener("pointermove", (event) => {
    if (event.buttons !== BRUSHED) return;
    const over = document.elementFromPoint(event.clientX, event.clientY);
    const at = over instanceof HTMLButtonElement ? buttons.indexOf(over) : -1;
    if (at < 0 || values[at] === brush()) return;
    values[at] = brush();
    update();
  });
  cells.addEventListener("pointerdown", (event) => {
    if (event.target instanceof Element) event.target.releasePointerCapture?.(event.pointerId);
  });
  const update = () => {
    values.forEach((letter, at) => {
      buttons[at].className = `cell state-${letter === "." ? "none" : letter}`;
      buttons[at].setAttribute("aria-label", `${name} ${at + 1}: ${letter}`);
    });
    input.value = values.join("");
  };
  input.hidden = true;
  const group = document.createElement("div");
  group.className = "draw-row";
  group.append(...[...row.childNodes].filter((node) => node !== input), cells, input);
  row.replaceWith(group);
  update();
}
