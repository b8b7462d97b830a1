// Time that the hypervisor took from a CPU: how much between two readings is known, not when.

import { lowerBound } from "../base/search.js";
import { grown } from "./columns.js";

/** The intervals of one CPU in which time was taken, in order of time. */
export class Stolen {
  length = 0;
  start = new Float64Array(16);
  end = new Float64Array(16);
  ns = new Float64Array(16);
  sumNs = 0;

  /** @param {number} startNs @param {number} endNs @param {number} ns */
  append(startNs, endNs, ns) {
    if (this.length === this.ns.length) {
      const length = 2 * this.length;
      this.start = grown(this.start, length);
      this.end = grown(this.end, length);
      this.ns = grown(this.ns, length);
    }
    this.start[this.length] = startNs;
    this.end[this.length] = endNs;
    this.ns[this.length] = ns;
    this.length += 1;
    this.sumNs += ns;
  }

  /** The range of intervals that touch a span: [first, after the last].
   *  @param {number} fromNs @param {number} toNs @returns {[number, number]} */
  touching(fromNs, toNs) {
    const first = lowerBound(this.end, fromNs, 0, this.length);
    return [first, Math.max(first, lowerBound(this.start, toNs, first, this.length))];
  }

  /** The most that may have been taken within a span.
   *  @param {number} fromNs @param {number} toNs */
  mostWithin(fromNs, toNs) {
    let sum = 0;
    const [first, after] = this.touching(fromNs, toNs);
    for (let i = first; i < after; i += 1) {
      const overlap = Math.min(toNs, this.end[i]) - Math.max(fromNs, this.start[i]);
      sum += Math.max(0, Math.min(this.ns[i], overlap));
    }
    return sum;
  }
}
