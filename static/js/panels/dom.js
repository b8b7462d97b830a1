// Makes and fills elements. A string is always text, never markup.

/** @typedef {Node | string | null} Child */

/**
 * @template {keyof HTMLElementTagNameMap} T
 * @param {T} tag @param {Record<string, string>} attributes `class` and others
 * @param {Child[]} children @returns {HTMLElementTagNameMap[T]}
 */
export function el(tag, attributes, ...children) {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) node.setAttribute(name, value);
  node.append(...children.filter((child) => child !== null));
  return node;
}

/** A sentence with the program's own names in bold.
 *  @param {import("../base/messages.js").Part[]} all */
export function sentence(all) {
  const fragment = document.createDocumentFragment();
  for (const { text, strong } of all) fragment.append(strong ? el("b", {}, text) : text);
  return fragment;
}

/** The element with this id, which the template must have. @param {string} id */
export function part(id) {
  const found = document.getElementById(id);
  if (!found) throw new Error(`The page has no #${id}.`);
  return found;
}

/** Replaces the text if it differs, so that a screen reader announces nothing twice.
 *  @param {Element} node @param {string} text */
export function say(node, text) {
  if (node.textContent !== text) node.textContent = text;
}

/** @param {HTMLElement} box that scrolls, and is positioned @param {HTMLElement} node in it */
export function isInView(box, node) {
  return (
    node.offsetTop >= box.scrollTop &&
    node.offsetTop + node.offsetHeight <= box.scrollTop + box.clientHeight
  );
}

/** Scrolls the box, never the page. @param {HTMLElement} box @param {HTMLElement} node */
export function bringToView(box, node) {
  if (isInView(box, node)) return;
  box.scrollTop = node.offsetTop - box.clientHeight / 2 + node.offsetHeight / 2;
}
