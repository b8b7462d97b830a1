// An index of intervals that may overlap, in order of their start: of waits, of arrows.

import { lowerBound, upperBound } from "../base/search.js";
import { grown } from "./columns.js";

/**
 * A late entry moves past at most this many others; the rest are put in place together. Frames come
 * in order of time, so there are few.
 */
const MOVES = 64;

/** Each interval has two numbers, `a` and `b`, that say what it belongs to. */
export class Intervals {
  length = 0;
  start = new Float64Array(16);
  a = new Uint32Array(16);
  b = new Uint32Array(16);
  /** the latest end of all intervals up to and including this one */
  #reach = new Float64Array(16);
  /** @type {[number, number, number][]} entries that began long before the last one */
  #late = [];
  /** entries before this have a settled reach; the next one is open */
  #settled = 0;

  /** @param {number} start @param {number} a @param {number} b */
  add(start, a, b) {
    let at = this.length;
    if (at > MOVES && this.start[at - MOVES] > start) {
      this.#late.push([start, a, b]);
      return;
    }
    if (at === this.start.length) this.#grow(at * 2);
    this.length += 1;
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
    if (this.#late.length > 0) this.#putIn();
    this.#settle(endOf);
    // Every entry from the first open one on may reach that far.
    const first = lowerBound(this.#reach, fromNs, 0, this.#settled);
    return [first, upperBound(this.start, toNs, first, this.length)];
  }

  /** @param {(a: number, b: number) => number} endOf */
  #settle(endOf) {
    let at = this.#settled;
    for (; at < this.length; at += 1) {
      const end = endOf(this.a[at], this.b[at]);
      if (end === Infinity) break;
      this.#reach[at] = at > 0 ? Math.max(this.#reach[at - 1], end) : end;
    }
    this.#settled = at;
  }

  /** Puts all late entries in their places. */
  #putIn() {
    const late = this.#late.sort((one, other) => one[0] - other[0]);
    this.#late = [];
    let from = this.length - 1;
    this.length += late.length;
    if (this.length > this.start.length) this.#grow(2 * this.length);
    let to = this.length - 1;
    for (let next = late.length - 1; next >= 0; to -= 1) {
      if (from >= 0 && this.start[from] > late[next][0]) {
        this.start[to] = this.start[from];
        this.a[to] = this.a[from];
        this.b[to] = this.b[from];
        from -= 1;
      } else {
        [this.start[to], this.a[to], this.b[to]] = late[next];
        next -= 1;
      }
    }
    this.#settled = Math.min(this.#settled, to + 1);
  }

  /** @param {number} capacity */
  #grow(capacity) {
    this.start = grown(this.start, capacity);
    this.a = grown(this.a, capacity);
    this.b = grown(this.b, capacity);
    this.#reach = grown(this.#reach, capacity);
  }
}
