// The legend, which is also a filter: a button for each kind of slice that was seen.

import { t } from "../base/messages.js";
import { duration } from "../base/times.js";
import { KINDS } from "../model/vocabulary.js";
import { whenTokensChange } from "../render/palette.js";
import { kindName } from "../view/words.js";
import { el, part, say } from "./dom.js";

/** @typedef {{button: HTMLButtonElement, share: HTMLElement, swatch: HTMLCanvasElement}} Entry */

export class Legend {
  /** @type {(Entry | undefined)[]} by kind code */
  #entries = [];

  /**
   * @param {import("../view/view.js").View} view in which a click fades a kind out or in
   * @param {import("../render/painter.js").Painter} painter
   * @param {{shares: boolean}} options shares: each entry says how much of the time is its kind's
   */
  constructor(view, painter, { shares }) {
    this.view = view;
    this.painter = painter;
    this.shares = shares;
    this.box = part("legend");
    whenTokensChange(() => {
      this.#entries.forEach((entry, kind) => entry && painter.paintSwatch(entry.swatch, kind));
    });
  }

  /** A kind keeps its entry, also when it is out of view.
   *  @param {Float64Array} totals ns by kind code */
  update(totals) {
    const sum = totals.reduce((all, ns) => all + ns, 0);
    totals.forEach((ns, kind) => {
      const entry = this.#entries[kind] ?? (ns > 0 ? this.#addEntry(kind) : null);
      if (!entry) return;
      if (this.shares) sayShare(entry, kind, ns, sum);
      entry.button.setAttribute("aria-pressed", String(!this.view.faded.has(kind)));
    });
  }

  /** @param {number} kind */
  #addEntry(kind) {
    const swatch = el("canvas", { class: "swatch", "aria-hidden": "true" });
    const share = el("span", { class: "share" });
    const button = el("button", { class: "legend-entry", type: "button" },
      swatch, el("span", {}, kindName(KINDS[kind])), this.shares ? share : null);
    button.addEventListener("click", () => this.view.toggleFaded(kind));
    const entry = { button, share, swatch };
    const next = this.#entries.find((other, code) => other && code > kind);
    this.box.insertBefore(button, next?.button ?? null);
    this.#entries[kind] = entry;
    this.painter.paintSwatch(swatch, kind);
    return entry;
  }
}

/** @param {Entry} entry @param {number} kind @param {number} ns @param {number} sum of all kinds */
function sayShare({ button, share }, kind, ns, sum) {
  const percent = sum > 0 ? (100 * ns) / sum : 0;
  say(share, percent > 0 && percent < 1 ? "<1 %" : `${percent.toFixed(0)} %`);
  button.title = t("{state}: {time} in view. Click to fade it out or in.", {
    state: kindName(KINDS[kind]), time: duration(ns),
  });
}
