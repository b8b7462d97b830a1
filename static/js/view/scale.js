// Converts between nanoseconds and pixels. A scale never changes: each change makes a new one.

/** The picture never shows less time than this. */
const SHORTEST_VIEW_NS = 1_000;
const LONGEST_VIEW_NS = 1e14;

export class TimeScale {
  /**
   * @param {number} startNs @param {number} endNs the visible span
   * @param {number} leftPx @param {number} widthPx where it is drawn
   */
  constructor(startNs, endNs, leftPx, widthPx) {
    this.startNs = startNs;
    this.endNs = endNs;
    this.leftPx = leftPx;
    this.widthPx = Math.max(1, widthPx);
    this.nsPerPx = (endNs - startNs) / this.widthPx;
    Object.freeze(this);
  }

  get spanNs() {
    return this.endNs - this.startNs;
  }

  get rightPx() {
    return this.leftPx + this.widthPx;
  }

  /** @param {number} ns */
  toPx(ns) {
    return this.leftPx + (ns - this.startNs) / this.nsPerPx;
  }

  /** @param {number} px */
  toNs(px) {
    return this.startNs + (px - this.leftPx) * this.nsPerPx;
  }

  /** @param {number} startNs @param {number} endNs */
  showing(startNs, endNs) {
    const span = Math.min(LONGEST_VIEW_NS, Math.max(SHORTEST_VIEW_NS, endNs - startNs));
    const middle = (startNs + endNs) / 2;
    return new TimeScale(middle - span / 2, middle + span / 2, this.leftPx, this.widthPx);
  }

  /** @param {number} leftPx @param {number} widthPx */
  placed(leftPx, widthPx) {
    return new TimeScale(this.startNs, this.endNs, leftPx, widthPx);
  }

  /** The time at `px` stays where it is. @param {number} px @param {number} factor < 1: zooms in */
  zoomed(px, factor) {
    const span = Math.min(LONGEST_VIEW_NS, Math.max(SHORTEST_VIEW_NS, this.spanNs * factor));
    const share = (px - this.leftPx) / this.widthPx;
    const startNs = this.toNs(px) - share * span;
    return new TimeScale(startNs, startNs + span, this.leftPx, this.widthPx);
  }

  /** @param {number} px positive: later */
  panned(px) {
    const shift = px * this.nsPerPx;
    return new TimeScale(this.startNs + shift, this.endNs + shift, this.leftPx, this.widthPx);
  }
}
