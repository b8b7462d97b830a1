// The claims of the notes and their verdicts on this run. A click shows the evidence.

import { t } from "../base/messages.js";
import { el, part } from "./dom.js";
import { claimText, verdictWord } from "./claim_words.js";

/** @typedef {import("../model/shapes.js").Claim} Claim */
/** @typedef {import("../model/shapes.js").Span} Span */

export class Claims {
  #key = "";

  /**
   * @param {import("../model/timeline.js").Timeline} model @param {string} language
   * @param {(spans: Span[]) => void} showEvidence
   */
  constructor(model, language, showEvidence) {
    this.model = model;
    this.language = language;
    this.showEvidence = showEvidence;
    this.list = part("claims");
    this.hint = part("claims-hint");
  }

  update() {
    const claims = [...this.model.claims.values()];
    const key = JSON.stringify(claims) + this.model.state;
    if (key === this.#key) return;
    this.#key = key;
    this.list.replaceChildren(...claims.map((claim) => this.#item(claim)));
    this.hint.hidden = claims.length > 0;
    this.hint.textContent = this.model.state === "ended"
      ? t("This run checked no claims.")
      : t("They are checked on the recorded timeline when the run has ended.");
  }

  /** @param {Claim} claim */
  #item(claim) {
    const body = [
      verdictWord(claim.verdict),
      el("span", { class: "claim-text" },
        claimText(claim.text, this.language),
        el("span", { class: "claim-why" }, claimText(claim.why, this.language)),
      ),
    ];
    const item = el("li", { "data-claim": claim.id, "data-verdict": claim.verdict });
    if (claim.evidence.length === 0) {
      item.append(el("div", { class: "claim" }, ...body));
      return item;
    }
    const button = el("button", { class: "claim", type: "button" }, ...body);
    button.title = t("Show the evidence in the picture");
    button.addEventListener("click", () => this.showEvidence(claim.evidence));
    item.append(button);
    return item;
  }
}
