// Tables in a form: shows the rows that are filled in, adds a row, removes a row. Without this
// script all rows that a table may have are shown, and the server ignores those left blank.

for (const table of document.querySelectorAll("[data-rows]")) {
  const body = /** @type {HTMLTableSectionElement} */ (table.querySelector("tbody"));
  const add = /** @type {HTMLButtonElement} */ (table.querySelector("[data-add-row]"));
  // Row numbers stay in place, so that the server's sentence about row 2 is about the second row.
  const names = [...body.rows].map((row) => inputsOf(row).map((input) => input.name));
  const labels = [...body.rows].map((row) => inputsOf(row).map((input) => input.ariaLabel));

  for (const row of body.rows) {
    row.hidden = isBlank(row);
    const remove = /** @type {HTMLButtonElement} */ (row.querySelector("[data-remove-row]"));
    remove.hidden = false;
    remove.addEventListener("click", () => removeRow(row));
  }
  add.addEventListener("click", addRow);
  showButtons();

  function addRow() {
    const row = [...body.rows].find((each) => each.hidden);
    if (!row) return;
    row.hidden = false;
    showButtons();
    inputsOf(row)[0].focus();
  }

  /** @param {HTMLTableRowElement} row */
  function removeRow(row) {
    for (const input of inputsOf(row)) {
      input.value = "";
      input.removeAttribute("aria-invalid");
      input.closest("td")?.classList.remove("invalid");
    }
    row.hidden = true;
    body.append(row);
    [...body.rows].forEach((each, n) => {
      inputsOf(each).forEach((input, column) => {
        input.name = names[n][column];
        input.ariaLabel = labels[n][column];
      });
    });
    showButtons();
    add.focus();
  }

  function showButtons() {
    const shown = [...body.rows].filter((row) => !row.hidden);
    add.hidden = shown.length === body.rows.length;
    for (const row of shown) {
      const remove = /** @type {HTMLButtonElement} */ (row.querySelector("[data-remove-row]"));
      remove.disabled = shown.length === 1;
    }
  }
}

/** @param {HTMLTableRowElement} row @returns {HTMLInputElement[]} */
function inputsOf(row) {
  return [...row.querySelectorAll("input")];
}

/** @param {HTMLTableRowElement} row */
function isBlank(row) {
  return inputsOf(row).every((input) => input.value.trim() === "");
}
