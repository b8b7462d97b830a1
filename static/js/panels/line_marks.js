// Marks each line of the program at which a track runs or could run: a colour and the track's name.

import { t } from "../base/messages.js";
import { duration } from "../base/times.js";
import { lastSeen } from "../model/sightings.js";
import { KINDS, STATE } from "../model/vocabulary.js";
import { el } from "./dom.js";

/** Waiting tracks are not marked: they would be too many, and their slices say it.
 *  @type {Set<number>} */
const SHOWN = new Set([STATE.RUNNING, STATE.READY, STATE.GIL]);
/** If a line has several tracks, its bar has the colour of the first of these kinds. */
const ORDER = ["running", "gil", "ready"];
/** A line that was seen longer ago says nothing about now. */
const OLD_NS = 1e9;
/** How many names stand at one line; the others are counted. */
const MOST_NAMES = 3;

/** @typedef {{track: number, kind: string, agoNs: number}} Mark */

export class LineMarks {
  /** @type {Map<number, {key: string, node: HTMLElement}>} by line */
  #shown = new Map();

  /** @param {import("../model/timeline.js").Timeline} model
   *  @param {import("../view/view.js").View} view @param {Map<number, HTMLElement>} lines */
  constructor(model, view, lines) {
    this.model = model;
    this.view = view;
    this.text = lines;
  }

  /** The marked lines, from the top. @returns {HTMLElement[]} */
  get lines() {
    const found = [...this.#shown.keys()].sort((a, b) => a - b).map((line) => this.text.get(line));
    return found.filter((node) => node !== undefined);
  }

  update() {
    const marks = this.#marks();
    for (const [line, { node }] of this.#shown) {
      if (marks.has(line)) continue;
      node.remove();
      delete this.text.get(line)?.dataset.here;
      this.#shown.delete(line);
    }
    for (const [line, here] of marks) this.#show(line, here);
  }

  /** The time that the marks are for: the pointer's, else now while the run lasts. */
  get #ns() {
    const { hoverNs, nowNs } = this.view;
    return hoverNs ?? (this.model.state === "ended" ? null : nowNs);
  }

  /** @returns {Map<number, Mark[]>} by line of the program's own file */
  #marks() {
    /** @type {Map<number, Mark[]>} */
    const found = new Map();
    const ns = this.#ns;
    if (ns === null) return found;
    for (const track of this.model.tracks.values()) {
      if (track.start_ns > ns || (track.end_ns !== null && track.end_ns <= ns)) continue;
      const columns = this.model.slices.get(track.id);
      const row = columns ? columns.rowAt(ns) : -1;
      if (!columns || row < 0 || !SHOWN.has(columns.state[row])) continue;
      const last = lastSeen(this.model, track.id, ns);
      if (!last || ns - last.ns > OLD_NS || !this.text.has(last.line)) continue;
      const mark = { track: track.id, kind: KINDS[columns.kind[row]], agoNs: ns - last.ns };
      const here = found.get(last.line);
      if (here) here.push(mark);
      else found.set(last.line, [mark]);
    }
    for (const [line, here] of found) found.set(line, this.#withoutLoops(here));
    return found;
  }

  /** Leaves out a thread if the coroutine that it executes is marked. @param {Mark[]} here */
  #withoutLoops(here) {
    const parents = new Set();
    for (const { track } of here) {
      const { kind, parent } = this.model.tracks.get(track) ?? {};
      if (kind === "coroutine") parents.add(parent);
    }
    return parents.size > 0 ? here.filter(({ track }) => !parents.has(track)) : here;
  }

  /** @param {number} line @param {Mark[]} here */
  #show(line, here) {
    const key = here.map(({ track, kind }) => `${track} ${kind}`).join(",");
    const row = this.text.get(line);
    let shown = this.#shown.get(line);
    if (row && shown?.key !== key) {
      shown?.node.remove();
      shown = { key, node: this.#node(here) };
      row.append(shown.node);
      row.dataset.here = ORDER.find((kind) => here.some((mark) => mark.kind === kind));
      this.#shown.set(line, shown);
    }
    here.slice(0, MOST_NAMES).forEach(({ track, agoNs }, place) => {
      const [name, time] = [this.model.nameOf(track), duration(agoNs)];
      shown?.node.children[place].setAttribute(
        "title", t("{name}, seen here {time} before", { name, time }),
      );
    });
  }

  /** @param {Mark[]} here */
  #node(here) {
    const names = here.slice(0, MOST_NAMES).map(({ track, kind }) =>
      el("span", { class: `here here-${kind}` }, this.model.nameOf(track)));
    const more = here.length - MOST_NAMES;
    return el("span", { class: "code-here" }, ...names,
      more > 0 ? el("span", { class: "here" }, `+${more}`) : null);
  }
}
