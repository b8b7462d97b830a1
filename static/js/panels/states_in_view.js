// What the visible stretch of time holds: its limits, the legend's shares, each track's states.

import { instant } from "../base/times.js";
import { alarms } from "../model/cycles.js";
import { KINDS } from "../model/vocabulary.js";
import { whenTokensChange } from "../render/palette.js";
import { kindName } from "../view/words.js";
import { el, part, say } from "./dom.js";
import { Legend } from "./legend.js";

const MOST_TRACKS = 24;

export class StatesInView {
  /** @type {Map<number, {row: HTMLElement, name: HTMLElement, canvas: HTMLCanvasElement}>} */
  #bars = new Map();

  /**
   * @param {import("../model/timeline.js").Timeline} model
   * @param {import("../view/view.js").View} view
   * @param {import("../render/painter.js").Painter} painter
   */
  constructor(model, view, painter) {
    this.model = model;
    this.view = view;
    this.painter = painter;
    this.legend = new Legend(view, painter, { shares: true });
    this.bars = part("state-bars");
    this.range = part("visible-range");
    whenTokensChange(() => this.update());
  }

  update() {
    const { view, model } = this;
    const fromNs = Math.max(0, view.scale.startNs);
    const toNs = Math.max(fromNs, Math.min(view.scale.endNs, view.nowNs));
    const all = new Float64Array(KINDS.length);
    const tracks = [...model.tracks.values()].filter(
      (track) => track.start_ns <= toNs && (track.end_ns ?? Infinity) >= fromNs,
    );
    for (const track of tracks) model.slices.get(track.id)?.sumInto(all, fromNs, toNs, view.nowNs);
    this.legend.update(all);
    tracks.sort((one, other) => one.start_ns - other.start_ns || one.id - other.id);
    this.#updateBars(tracks.slice(0, MOST_TRACKS), fromNs, toNs);
    say(this.range, `${instant(fromNs)} – ${instant(toNs)}`);
  }

  /** @param {import("../model/shapes.js").Track[]} tracks @param {number} fromNs
   *  @param {number} toNs */
  #updateBars(tracks, fromNs, toNs) {
    const wanted = new Set(tracks.map((track) => track.id));
    for (const [id, { row }] of this.#bars) {
      if (wanted.has(id)) continue;
      row.remove();
      this.#bars.delete(id);
    }
    for (const track of tracks) {
      let entry = this.#bars.get(track.id);
      if (!entry) {
        const name = el("span", { class: "bar-name" });
        const canvas = el("canvas", { class: "bar-canvas", role: "img" });
        const row = el("li", {}, name, canvas);
        this.bars.append(row);
        this.#bars.set(track.id, (entry = { row, name, canvas }));
      }
      say(entry.name, track.name);
      this.#paintBar(entry.canvas, track.id, fromNs, toNs);
    }
  }

  /** How long a track was caught in a deadlock. @param {number} track @param {number} fromNs
   *  @param {number} toNs */
  #caughtNs(track, fromNs, toNs) {
    let sum = 0;
    for (const alarm of alarms(this.model).get(track) ?? []) {
      sum += Math.max(0, Math.min(alarm.endNs, toNs) - Math.max(alarm.startNs, fromNs));
    }
    return sum;
  }

  /** @param {HTMLCanvasElement} canvas @param {number} track @param {number} fromNs
   *  @param {number} toNs */
  #paintBar(canvas, track, fromNs, toNs) {
    const { palette } = this.painter;
    const totals = this.model.totals(track, fromNs, toNs);
    const sum = totals.reduce((total, ns) => total + ns, 0);
    const trackKind = this.model.tracks.get(track)?.kind;
    const words = [...totals.entries()]
      .filter(([, ns]) => ns > 0)
      .map(([kind, ns]) => `${kindName(KINDS[kind], trackKind)} ${((100 * ns) / sum).toFixed(0)} %`);
    canvas.setAttribute("aria-label", words.join(", "));
    canvas.title = words.join("\n");
    const [width, height] = [canvas.clientWidth, canvas.clientHeight];
    const pen = canvas.getContext("2d");
    if (!pen || width === 0) return;
    const ratio = devicePixelRatio || 1;
    canvas.width = Math.round(width * ratio);
    canvas.height = Math.round(height * ratio);
    pen.scale(ratio, ratio);
    const caught = this.#caughtNs(track, fromNs, toNs);
    let x = 0;
    totals.forEach((ns, kind) => {
      const part = sum > 0 ? (ns / sum) * width : 0;
      pen.fillStyle = palette.fills[kind];
      pen.fillRect(x, 0, Math.max(0, part - (part > 2 ? 1 : 0)), height);
      if (KINDS[kind] === "lock" && caught > 0) {
        pen.fillStyle = palette.colour["st-alarm"];
        pen.fillRect(x, 0, (Math.min(ns, caught) / sum) * width, height);
      }
      x += part;
    });
  }
}
