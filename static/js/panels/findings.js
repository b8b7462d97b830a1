// Findings as cards: what happened, as a sentence, and what may help.

import { gapAfter, t } from "../base/messages.js";
import { findingSentence } from "../view/finding_sentences.js";
import { el, part, sentence } from "./dom.js";

/** @typedef {import("../model/shapes.js").Finding} Finding */

export class Findings {
  #key = "";

  /**
   * @param {import("../model/timeline.js").Timeline} model
   * @param {(finding: Finding) => void} show
   */
  constructor(model, show) {
    this.model = model;
    this.show = show;
    this.list = part("findings");
    this.hint = part("findings-hint");
  }

  update() {
    const findings = [...this.model.findings.values()];
    const said = findings.map((finding) => findingSentence(this.model, finding));
    const key = JSON.stringify([said, this.model.state]);
    if (key === this.#key) return;
    this.#key = key;
    this.hint.hidden = findings.length > 0;
    this.hint.textContent = this.model.state === "ended"
      ? t("Nothing remarkable was found in this run.")
      : t("Nothing remarkable so far.");
    this.list.replaceChildren(
      ...findings.map((finding, i) => {
        const { title, sentence: words, advice, bad } = said[i];
        const card = el("button", { type: "button", class: bad ? "finding bad" : "finding" },
          el("span", { class: "finding-title" }, title),
          gapAfter(title),
          el("span", { class: "finding-text" }, sentence(words)),
          advice ? el("span", { class: "finding-advice" }, advice) : null,
        );
        card.dataset.finding = finding.kind;
        card.title = t("Show it in the picture");
        card.addEventListener("click", () => this.show(finding));
        return el("li", {}, card);
      }),
    );
  }
}
