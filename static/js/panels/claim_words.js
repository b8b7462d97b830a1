// A claim and its verdict in words, as every page says them.

import { t } from "../base/messages.js";
import { el } from "./dom.js";

/** A verdict's word, in its colour. @param {string} verdict */
export function verdictWord(verdict) {
  const words = { holds: t("holds"), fails: t("fails"), "not-seen": t("not seen") };
  const known = /** @type {keyof typeof words} */ (verdict);
  return el("span", { class: `verdict ${verdict}` }, words[known] ?? verdict);
}

/** @param {Record<string, string>} text by language @param {string} language */
export function inLanguage(text, language) {
  return text[language] ?? text.en ?? "";
}

/**
 * A sentence of a claim, with no line break between a number and its unit.
 * @param {Record<string, string>} text by language @param {string} language
 */
export function claimText(text, language) {
  return inLanguage(text, language).replace(/(\d) (?=(?:%|ns|µs|ms|s|KiB|MiB)(?![A-Za-z]))/gu, "$1\u00a0");
}
