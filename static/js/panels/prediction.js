// What was predicted, and what the run answers once it has ended.

import { t } from "../base/messages.js";
import { el, say } from "./dom.js";

/** @typedef {{id: string, answer: unknown, right: boolean, why: string, because: string,
 *    words: string, rows: [string, string][]}} Outcome */

export class Prediction {
  #asked = false;

  /** @param {import("../model/timeline.js").Timeline} model @param {HTMLElement | null} box */
  constructor(model, box) {
    this.model = model;
    this.box = box;
  }

  /** Asks the server once, when the run has ended: the answers need the whole of it. */
  async update() {
    if (!this.box || this.#asked || this.model.state !== "ended") return;
    this.#asked = true;
    const answer = await fetch(this.box.dataset.url ?? "");
    if (!answer.ok) return;
    for (const outcome of await answer.json()) this.#show(outcome);
  }

  /** @param {Outcome} outcome */
  #show(outcome) {
    const item = this.box?.querySelector(`[data-question="${CSS.escape(outcome.id)}"]`);
    const said = item?.querySelector(".outcome");
    if (!item || !said) return;
    const known = outcome.answer !== null;
    said.className = `outcome ${!known ? "muted" : outcome.right ? "right" : "wrong muted"}`;
    const right = outcome.right ? t("as you said") : t("not what you said");
    say(said, outcome.why || right);
    const because = item.querySelector(".because");
    if (because instanceof HTMLElement) {
      say(because, outcome.because);
      because.hidden = !outcome.because;
    }
    const words = item.querySelector(".answer");
    if (words) say(words, outcome.words);
    outcome.rows.forEach(([, letters], at) => {
      const row = item.querySelector(`[data-answer-row="${at}"]`);
      if (!row) return;
      row.setAttribute("role", "img");
      row.setAttribute("aria-label", letters);
      row.replaceChildren(...[...letters].map((letter) => el("span", {
        class: `cell state-${{ ".": "none", "?": "other" }[letter] ?? letter}`,
      })));
    });
  }
}
