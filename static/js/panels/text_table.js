// The picture as a table of words: each track, its states in order, how it ended.

import { joined, t } from "../base/messages.js";
import { duration, instant } from "../base/times.js";
import { endedAt } from "../model/endings.js";
import { lastSeen } from "../model/sightings.js";
import { KINDS, STATE } from "../model/vocabulary.js";
import { sliceLabels } from "../view/slice_labels.js";
import { endingSentence, kindName, trackKindName } from "../view/words.js";
import { el, part } from "./dom.js";

/** @typedef {import("../model/shapes.js").Track} Track */

const MOST_TRACKS = 150;
const HEAD = 12;
const TAIL = 6;

export class TextTable {
  /** @type {Map<number, {key: string, row: HTMLElement}>} */
  #rows = new Map();

  /** @param {import("../model/timeline.js").Timeline} model */
  constructor(model) {
    this.model = model;
    this.body = part("text-rows");
    this.more = part("text-more");
  }

  update() {
    const tracks = [...this.model.tracks.values()].sort(
      (one, other) => one.start_ns - other.start_ns || one.id - other.id,
    );
    const shown = tracks.slice(0, MOST_TRACKS);
    const ids = new Set(shown.map((track) => track.id));
    for (const [id, { row }] of this.#rows) {
      if (ids.has(id)) continue;
      row.remove();
      this.#rows.delete(id);
    }
    shown.forEach((track) => this.#updateRow(track));
    const rest = tracks.length - shown.length;
    this.more.hidden = rest === 0;
    this.more.textContent = t("…and {count} more tracks.", { count: rest });
  }

  /** @param {Track} track */
  #updateRow(track) {
    const columns = this.model.slicesOf(track.id);
    const last = columns.length - 1;
    const newest = last < 0 ? [] : [columns.start[last], columns.end[last], columns.state[last]];
    const seen = lastSeen(this.model, track.id, this.model.endNs);
    const line = seen ? this.model.lineName(seen.line) : "";
    const key = [track.name, last, ...newest, line, track.end_ns, track.end?.cause].join(" ");
    const old = this.#rows.get(track.id);
    if (old?.key === key) return;
    const name = track.daemon ? t("{name} (daemon)", { name: track.name }) : track.name;
    const endNs = endedAt(this.model, track);
    const row = el("tr", { "data-track": String(track.id), "data-cause": track.end?.cause ?? "" },
      el("th", { scope: "row" }, name),
      el("td", {}, trackKindName(track.kind)),
      el("td", { class: "number" }, instant(track.start_ns)),
      el("td", {}, this.#states(track.id)),
      el("td", { "data-ended-ns": String(endNs ?? "") }, this.#ending(track, endNs)),
      el("td", { class: "number" }, line),
    );
    if (old) old.row.replaceWith(row);
    else this.body.append(row);
    this.#rows.set(track.id, { key, row });
  }

  #nameOf = (/** @type {number} */ id) => this.model.nameOf(id);

  /** @param {Track} track @param {number | null} endNs */
  #ending(track, endNs) {
    if (endNs === null) return endingSentence(track, this.#nameOf);
    const words = instant(endNs) + t(": ") + endingSentence(track, this.#nameOf);
    if (track.end_ns === null || track.end_ns <= endNs) return words;
    const time = instant(track.end_ns);
    return joined([words, t("Its parent collected it at {time}.", { time })]);
  }

  /** The states of a track in order; of a long list only the first and the last.
   *  @param {number} id */
  #states(id) {
    const columns = this.model.slicesOf(id);
    const trackKind = this.model.tracks.get(id)?.kind;
    /** @type {string[]} */
    const words = [];
    const say = (/** @type {number} */ row) => {
      const kind = kindName(KINDS[columns.kind[row]], trackKind);
      const label = columns.state[row] === STATE.GIL
        ? ""
        : sliceLabels(this.model, id, row)[0] ?? "";
      const time = columns.end[row] < 0
        ? t("still")
        : duration(columns.end[row] - columns.start[row]);
      const what = label && label !== kind ? t("{kind} ({label})", { kind, label }) : kind;
      words.push(`${what} ${time}`);
    };
    const count = columns.length;
    if (count <= HEAD + TAIL + 1) {
      for (let row = 0; row < count; row += 1) say(row);
    } else {
      for (let row = 0; row < HEAD; row += 1) say(row);
      words.push(t("… {count} more …", { count: count - HEAD - TAIL }));
      for (let row = count - TAIL; row < count; row += 1) say(row);
    }
    return words.join(" → ");
  }
}
