// Paints the picture on its canvas: at most once per animation frame, and only after a change.

import { alarms } from "../model/cycles.js";
import { layOut, rowAt, stretchFor } from "../view/layout.js";
import { paintArrows, paintCycles, paintStarts } from "./arrows.js";
import { paintAxis, paintEdge, paintGround, paintNames, paintPointer, paintRowGround }
  from "./surround.js";
import { paintCpu } from "./cpus.js";
import { paintObject } from "./objects.js";
import { paintSwatch, readPalette, whenTokensChange } from "./palette.js";
import { paintTrack } from "./tracks.js";

/** @typedef {import("../model/timeline.js").Timeline} Timeline */
/** @typedef {import("../view/view.js").View} View */
/** @typedef {import("./pen.js").Scene} Scene */

const AXIS = 30;
const NAMES_LEAST = 180;
const NAMES_MOST = 236;
const NAMES_NARROW = 112;
const NARROW_BELOW = 620;

export class Painter {
  /** For tests and measurements: which frame was painted last, when, and how long it took. */
  lastPaint = { seq: -1, nowNs: 0, paintedAt: 0, tookMs: 0, count: 0 };
  #dirty = false;
  #layoutKey = "";
  #stale = true;
  #stretch = Infinity;
  #cssWidth = 0;
  #cssHeight = 0;

  /**
   * @param {HTMLCanvasElement} canvas @param {Timeline} model @param {View} view
   * @param {number} mostStretch how much taller than normal the rows may be: 1 where pictures stand
   *   above one another
   */
  constructor(canvas, model, view, mostStretch) {
    this.mostStretch = mostStretch;
    this.canvas = canvas;
    this.model = model;
    this.view = view;
    const pen = canvas.getContext("2d", { alpha: false });
    if (!pen) throw new Error("This browser can't draw on a canvas.");
    this.pen = pen;
    this.palette = readPalette(pen, 1);
    this.layout = layOut(model, view.folded, 1);
    /** @type {(() => void)[]} called right after a paint */
    this.afterPaint = [];
    view.onChange(() => this.request());
    whenTokensChange(() => this.#restyle());
  }

  /** Asks for a paint in the next animation frame; many requests lead to one paint. */
  request() {
    if (this.#dirty) return;
    this.#dirty = true;
    requestAnimationFrame(() => {
      this.#dirty = false;
      this.paint();
    });
  }

  /** @param {number} width @param {number} height in CSS pixels */
  resize(width, height) {
    this.#cssWidth = width;
    this.#cssHeight = height;
    this.#stretch = Infinity;
    this.#stale = true;
    // A resized canvas is blank, so it's painted at once instead of a frame later.
    this.paint();
  }

  /** Whether a paint is due in the next animation frame. */
  get pending() {
    return this.#dirty;
  }

  get axisPx() {
    return AXIS * this.palette.unit;
  }

  get namesPx() {
    const width = this.#cssWidth / this.palette.unit;
    const wide = Math.min(NAMES_MOST, Math.max(NAMES_LEAST, width * 0.2));
    return Math.round((width < NARROW_BELOW ? NAMES_NARROW : wide) * this.palette.unit);
  }

  /** How far the rows can be scrolled. */
  get scrollRange() {
    return Math.max(0, this.layout.height + 40 - (this.#cssHeight - this.axisPx));
  }

  /** Paints a swatch in the look that its kind has in the picture.
   *  @param {HTMLCanvasElement} canvas
   *  @param {number} kind */
  paintSwatch(canvas, kind) {
    paintSwatch(canvas, kind, this.palette);
  }

  /** The layout, made again if rows came, went or were folded since. */
  relayout() {
    const key = [
      this.model.structure, this.view.foldVersion, this.palette.unit, this.#cssHeight,
    ].join(" ");
    if (key !== this.#layoutKey) {
      this.#layoutKey = key;
      this.#layOut();
    }
    return this.layout;
  }

  /** While a run grows, its rows become smaller but never taller, so that they don't jump about. */
  #layOut() {
    const { unit } = this.palette;
    const normal = layOut(this.model, this.view.folded, unit);
    const room = (this.#cssHeight - this.axisPx) * 0.86;
    const most = this.model.state === "ended" ? this.mostStretch
      : Math.min(this.#stretch, this.mostStretch);
    const stretch = stretchFor(normal, room, most);
    if (this.model.tracks.size > 0) this.#stretch = stretch;
    this.layout = stretch === 1 ? normal : layOut(this.model, this.view.folded, unit, stretch);
  }

  paint() {
    const began = performance.now();
    if (this.#cssWidth < 2 || this.#cssHeight < 2) return;
    if (this.#stale) this.#prepare();
    this.relayout();
    const { view, pen } = this;
    view.scrollTop = Math.min(Math.max(0, view.scrollTop), this.scrollRange);
    view.resize(this.namesPx, this.#cssWidth - this.namesPx, this.palette.unit);
    const { scale } = view;
    /** @type {Scene} */
    const scene = {
      pen, palette: this.palette, model: this.model, view, layout: this.layout, scale,
      width: this.#cssWidth, height: this.#cssHeight, namesPx: this.namesPx, axisPx: this.axisPx,
      nowNs: view.nowNs, alarms: alarms(this.model),
    };
    pen.textBaseline = "middle";
    pen.textAlign = "left";
    paintGround(scene);
    const rows = this.layout.rows.filter((row) => {
      const top = this.axisPx + row.top - view.scrollTop;
      return top + row.height > this.axisPx && top < this.#cssHeight;
    });
    pen.save();
    pen.beginPath();
    pen.rect(this.namesPx, this.axisPx, this.#cssWidth, this.#cssHeight);
    pen.clip();
    paintEdge(scene);
    paintStarts(scene);
    for (const row of rows) {
      paintRowGround(scene, row);
      if (row.type === "track") paintTrack(scene, row);
      else if (row.type === "object") paintObject(scene, row);
      else if (row.type === "cpu") paintCpu(scene, row);
    }
    paintArrows(scene);
    paintCycles(scene);
    pen.restore();
    paintNames(scene, rows);
    for (const row of rows) paintNamesRule(scene, row);
    paintAxis(scene);
    paintPointer(scene);
    const paintedAt = performance.now();
    this.lastPaint = {
      seq: this.model.seq, nowNs: this.model.nowNs, paintedAt, tookMs: paintedAt - began,
      count: this.lastPaint.count + 1,
    };
    for (const listener of this.afterPaint) listener();
  }

  /**
   * What lies under a point of the canvas.
   * @param {number} x @param {number} y
   * @returns {{row: import("../view/layout.js").Row | undefined, inNames: boolean, ns: number,
   *   point: import("../view/view.js").Point | null}}
   */
  hit(x, y) {
    const { scale } = this.view;
    const row = y < this.axisPx
      ? undefined
      : rowAt(this.relayout(), y - this.axisPx + this.view.scrollTop);
    const ns = scale.toNs(x);
    const inNames = x < this.namesPx;
    const known = ns >= 0 && ns <= this.view.nowNs;
    const point = row && !inNames && known ? this.#sliceAt(row, ns) : null;
    return { row, inNames, ns, point };
  }

  /** @param {import("../view/layout.js").Row} row @param {number} ns */
  #sliceAt(row, ns) {
    if (row.type === "track") return this.#sliceOf(row.id, ns);
    const lane = row.type === "object" ? this.model.lanes.get(row.id)
      : row.type === "cpu" ? this.model.cpus.get(row.id) : undefined;
    if (!lane) return null;
    const [first, after] = lane.touching(ns, ns, this.model.laneEnd);
    for (let i = after - 1; i >= first; i -= 1) {
      const [track, at] = [lane.a[i], lane.b[i]];
      if (this.model.laneEnd(track, at) >= ns) return { track, row: at };
    }
    return null;
  }

  /** The slice at a time; a thin one is found within two pixels.
   *  @param {number} track @param {number} ns */
  #sliceOf(track, ns) {
    const columns = this.model.slices.get(track);
    if (!columns) return null;
    const { nsPerPx } = this.view.scale;
    const row = columns.rowAt(ns + nsPerPx);
    if (row < 0 || columns.endOf(row, this.view.nowNs) < ns - 2 * nsPerPx) return null;
    return { track, row };
  }

  /** The theme or the scale changed: the tokens are read again, and the picture painted at once. */
  #restyle() {
    this.#stale = true;
    this.paint();
  }

  #prepare() {
    const ratio = globalThis.devicePixelRatio || 1;
    this.#stale = false;
    const [width, height] = [this.#cssWidth, this.#cssHeight].map((px) => Math.round(px * ratio));
    if (this.canvas.width !== width || this.canvas.height !== height) {
      this.canvas.width = width;
      this.canvas.height = height;
    }
    this.pen.setTransform(ratio, 0, 0, ratio, 0, 0);
    this.palette = readPalette(this.pen, ratio);
  }
}

/** @param {Scene} scene @param {import("../view/layout.js").Row} row */
function paintNamesRule(scene, row) {
  const { pen, palette } = scene;
  pen.globalAlpha = 0.6;
  pen.fillStyle = palette.colour.line;
  const bottom = Math.round(scene.axisPx + row.top - scene.view.scrollTop + row.height) - 1;
  if (bottom > scene.axisPx) pen.fillRect(0, bottom, scene.namesPx - 1, 1);
  pen.globalAlpha = 1;
}
