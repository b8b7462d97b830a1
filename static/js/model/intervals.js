// An index of intervals that may overlap, in order of their start: lanes of objects, arrows.

import { lowerBound, upperBound } from "../base/search.js";
import { grown } from "./columns.js";

/** Each interval carries two numbers (`a`, `b`) that say whose it is. */
export class Intervals {
  length = 0;
  start = new Float64Array(16);
  a = new Uint32Array(16);
  b = new Uint32Array(16);
  /** the latest end of all intervals up to and including this one */
  #reach = new Float64Array(16);
  /** entries before this have a settled reach */
  #settled = 0;

  /** @param {number} start @param {number} a @param {number} b */
  add(start, a, b) {
    let at = this.length;
    if (at === this.start.length) this.#grow(at * 2);
    this.length += 1;
    // Frames come in order of time, so a late entry moves past few.
    while (at > 0 && this.start[at - 1] > start) {
      this.start[at] = this.start[at - 1];
      this.a[at] = this.a[at - 1];
      this.b[at] = this.b[at - 1];
      at -= 1;
    }
    this.start[at] = start;
    this.a[at] = a;
    this.b[at] = b;
    this.#settled = Math.min(this.#settled, at);
  }

  /**
   * The range of entries that may touch a span of time: [first, after the last].
   * @param {number} fromNs @param {number} toNs
   * @param {(a: number, b: number) => number} endOf an interval's end; Infinity while it is open
   * @returns {[number, number]}
   */
  touching(fromNs, toNs, endOf) {
    this.#settle(endOf);
    const first = lowerBound(this.#reach, fromNs, 0, this.length);
    return [first, upperBound(this.start, toNs, first, this.length)];
  }

  /** @param {(a: number, b: number) => number} endOf */
  #settle(endOf) {
    let open = -1;
    for (let i = this.#settled; i < this.length; i += 1) {
      const end = endOf(this.a[i], this.b[i]);
      if (end === Infinity && open < 0) open = i;
      this.#reach[i] = i > 0 ? Math.max(this.#reach[i - 1], end) : end;
    }
    this.#settled = open < 0 ? this.length : open;
  }

  /** @param {number} capacity */
  #grow(capacity) {
    this.start = grown(this.start, capacity);
    this.a = grown(this.a, capacity);
    this.b = grown(this.b, capacity);
    this.#reach = grown(this.#reach, capacity);
  }
}
