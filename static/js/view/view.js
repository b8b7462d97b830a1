// What the reader looks at: the visible span, the folded rows, the hovered and the pinned slice.

import { TimeScale } from "./scale.js";

/** @typedef {import("../model/timeline.js").Timeline} Timeline */
/** @typedef {{track: number, row: number}} Point a slice */
/** @typedef {"all" | "edge" | "off"} Follow the whole run, its newest part, or neither */
/** @typedef {{startNs: number, endNs: number}} Range */

const FIRST_SPAN_NS = 2e9;
const HISTORY = 100;
/** Room at the right of an ended run: for the words that say how each track ended, or for icons. */
const ENDINGS_PX = 165;
const ENDING_ICONS_PX = 26;

export class View {
  scale = new TimeScale(0, FIRST_SPAN_NS, 0, 1);
  scrollTop = 0;
  /** @type {Follow} */
  follow = "all";
  /** @type {number | null} when the picture is held: at which time; the recording goes on */
  pausedNs = null;
  /** @type {Set<string>} */
  folded = new Set();
  /** @type {Set<number>} kind codes that are faded out */
  faded = new Set();
  /** @type {Point | null} */
  hover = null;
  /** @type {number | null} the track under the pointer */
  hoverTrack = null;
  /** @type {number | null} the pointer's time */
  hoverNs = null;
  /** @type {Point | null} */
  pin = null;
  /** @type {import("../model/shapes.js").Span[]} the evidence that the reader asked for */
  highlights = [];
  /** Pixels per layout unit; there are more in projector mode. */
  unit = 1;
  /** Counts how often rows were folded or unfolded, after which they are laid out again. */
  foldVersion = 0;
  /** @type {Range[]} */
  #history = [];
  /** @type {(() => void)[]} */
  #listeners = [];

  /**
   * @param {Timeline} model
   * @param {() => {nowNs: number, state: string}} [extent] how far the time axis reaches; in a
   *   comparison it reaches further than the shorter run
   */
  constructor(model, extent = () => model) {
    this.model = model;
    this.extent = extent;
  }

  /** @param {() => void} listener called after each change */
  onChange(listener) {
    this.#listeners.push(listener);
  }

  changed() {
    for (const listener of this.#listeners) listener();
  }

  /** The time up to which the picture is drawn. */
  get nowNs() {
    return this.pausedNs ?? this.model.nowNs;
  }

  /** @param {number} leftPx @param {number} widthPx @param {number} unit */
  resize(leftPx, widthPx, unit) {
    this.unit = unit;
    if (leftPx === this.scale.leftPx && widthPx === this.scale.widthPx) return;
    this.scale = this.scale.placed(leftPx, widthPx);
    this.followRun();
  }

  /** Moves the visible span with the run, as `follow` says, after a frame. */
  followRun() {
    if (this.pausedNs !== null) return;
    const { nowNs, state } = this.extent();
    const { startNs, endNs, spanNs } = this.scale;
    if (this.follow === "all") {
      const wanted = this.#wholeRun();
      const outgrown = nowNs > endNs || wanted.endNs < endNs * 0.5 || startNs !== wanted.startNs;
      if (state === "ended" || outgrown) {
        this.scale = this.scale.showing(wanted.startNs, wanted.endNs);
      }
    } else if (this.follow === "edge" && state !== "ended") {
      const lead = spanNs * 0.04;
      this.scale = this.scale.showing(nowNs + lead - spanNs, nowNs + lead);
    }
  }

  /** Shows the whole run, also as it grows. */
  fit() {
    this.#remember();
    this.follow = "all";
    const { startNs, endNs } = this.#wholeRun();
    this.scale = this.scale.showing(startNs, endNs);
    this.changed();
  }

  /** The span of a live run grows in steps, so that the picture does not creep. @returns {Range} */
  #wholeRun() {
    const { nowNs: reachedNs, state } = this.extent();
    const nowNs = Math.max(reachedNs, 1e6);
    if (state === "ended") {
      const { widthPx } = this.scale;
      const words = ENDINGS_PX * this.unit;
      const room = widthPx > 4 * words ? words : ENDING_ICONS_PX * this.unit;
      const times = widthPx > 2 * room ? widthPx / (widthPx - room) : 1;
      return { startNs: -nowNs * 0.005, endNs: nowNs * times };
    }
    let endNs = FIRST_SPAN_NS;
    while (endNs < nowNs * 1.04) endNs *= 1.25;
    return { startNs: -endNs * 0.005, endNs };
  }

  toggleFollow() {
    if (this.follow === "edge") {
      this.follow = "off";
    } else {
      this.pausedNs = null;
      this.follow = "edge";
      this.followRun();
    }
    this.changed();
  }

  togglePause() {
    this.pausedNs = this.pausedNs === null ? this.model.nowNs : null;
    this.followRun();
    this.changed();
  }

  /** @param {number} px @param {number} factor */
  zoom(px, factor) {
    const at = this.follow === "edge" ? this.scale.toPx(this.nowNs) : px;
    this.scale = this.scale.zoomed(at, factor);
    if (this.follow === "all") this.follow = "off";
    this.changed();
  }

  /** @param {number} px */
  pan(px) {
    this.scale = this.scale.panned(px);
    this.follow = "off";
    this.changed();
  }

  /** Shows a span of time with some room around it. @param {number} startNs
   *  @param {number} endNs @param {number} [room] */
  show(startNs, endNs, room = 0.25) {
    this.#remember();
    this.follow = "off";
    const margin = Math.max(endNs - startNs, 1000) * room;
    this.scale = this.scale.showing(startNs - margin, endNs + margin);
    this.changed();
  }

  back() {
    const range = this.#history.pop();
    if (!range) return;
    this.follow = "off";
    this.scale = this.scale.showing(range.startNs, range.endNs);
    this.changed();
  }

  #remember() {
    const { startNs, endNs } = this.scale;
    this.#history.push({ startNs, endNs });
    if (this.#history.length > HISTORY) this.#history.shift();
  }

  /** @param {Point | null} point @param {number | null} track @param {number | null} ns */
  hoverAt(point, track, ns) {
    const same = point?.track === this.hover?.track && point?.row === this.hover?.row;
    if (same && track === this.hoverTrack && ns === this.hoverNs) return;
    this.hover = point;
    this.hoverTrack = track;
    this.hoverNs = ns;
    this.changed();
  }

  /** @param {Point | null} point */
  pinAt(point) {
    this.pin = point;
    if (!point) this.highlights = [];
    this.changed();
  }

  /** @param {string} key */
  toggleFold(key) {
    if (!this.folded.delete(key)) this.folded.add(key);
    this.foldVersion += 1;
    this.changed();
  }

  /** @param {number} kind */
  toggleFaded(kind) {
    if (!this.faded.delete(kind)) this.faded.add(kind);
    this.changed();
  }

  /** Moves the pin to the next or the previous slice of its track. @param {1 | -1} step */
  step(step) {
    if (!this.pin) return;
    const { track } = this.pin;
    const columns = this.model.slicesOf(track);
    const row = Math.min(columns.length - 1, Math.max(0, this.pin.row + step));
    this.reveal(columns.start[row], columns.endOf(row, this.nowNs));
    this.pinAt({ track, row });
  }

  /** Pans to a span of time if no part of it is in the picture.
   *  @param {number} startNs @param {number} endNs */
  reveal(startNs, endNs) {
    const { scale } = this;
    if (startNs < scale.endNs && endNs > scale.startNs) return;
    const middle = (startNs + Math.min(endNs, startNs + scale.spanNs)) / 2;
    this.follow = "off";
    this.scale = scale.showing(middle - scale.spanNs / 2, middle + scale.spanNs / 2);
  }
}
