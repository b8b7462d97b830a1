// The claims of two runs beside one another. A click on a verdict shows its evidence.

import { t } from "../base/messages.js";
import { el, part } from "./dom.js";
import { claimText, verdictWord } from "./claim_words.js";

/** @typedef {import("../model/timeline.js").Timeline} Timeline */
/** @typedef {import("../model/shapes.js").Claim} Claim */

export class Verdicts {
  #shown = "";

  /**
   * @param {Timeline} a @param {Timeline} b @param {string} language
   * @param {(side: number, claim: Claim) => void} showEvidence side: 0 is A, 1 is B
   */
  constructor(a, b, language, showEvidence) {
    this.models = [a, b];
    this.language = language;
    this.showEvidence = showEvidence;
    const table = part("claims");
    this.head = table.querySelector("thead") ?? table;
    this.body = table.querySelector("tbody") ?? table;
    this.hint = part("claims-hint");
  }

  update() {
    const claims = this.models.map((model) => [...model.claims.values()]);
    const key = JSON.stringify(claims);
    if (key === this.#shown) return;
    this.#shown = key;
    const ids = [...new Set(claims.flat().map((claim) => claim.id))];
    this.hint.hidden = ids.length > 0;
    const heads = ["A", "B"].map((letter) => el("th", { scope: "col" },
      el("span", { class: `letter ${letter.toLowerCase()}` }, letter)));
    this.head.replaceChildren(...(ids.length === 0 ? []
      : [el("tr", {}, el("th", { scope: "col" }, t("Claim")), ...heads)]));
    this.body.replaceChildren(...ids.map((id) => this.#row(id)));
  }

  /** @param {string} id */
  #row(id) {
    const found = this.models.map((model) => model.claims.get(id));
    const known = found.filter((it) => it !== undefined);
    const texts = [...new Set(known.map((it) => claimText(it.text, this.language)))];
    const differ = found.every(Boolean) && found[0]?.verdict !== found[1]?.verdict;
    return el("tr", differ ? { class: "differ" } : {},
      el("th", { scope: "row" }, ...texts.map((text) => el("span", {}, text))),
      ...found.map((claim, side) => el("td", {}, claim ? this.#verdict(claim, side) : "–")));
  }

  /** @param {Claim} claim @param {number} side */
  #verdict(claim, side) {
    const body = [
      verdictWord(claim.verdict),
      el("span", { class: "claim-why" }, claimText(claim.why, this.language)),
    ];
    if (claim.evidence.length === 0) return el("div", { class: "claim" }, ...body);
    const button = el("button", { class: "claim", type: "button" }, ...body);
    button.title = t("Show the evidence in the picture");
    button.addEventListener("click", () => this.showEvidence(side, claim));
    return button;
  }
}
