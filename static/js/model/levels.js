// The level of an object: a semaphore's free permits, a queue's items, a barrier's parties.

import { upperBound } from "../base/search.js";
import { grown } from "./columns.js";

/** The changes of one object's level, in order of time. */
export class Levels {
  length = 0;
  ns = new Float64Array(16);
  value = new Float64Array(16);
  /** the highest level there can be; 0 if that isn't known */
  most = 0;

  /** @param {number} ns @param {number} value @param {number} most */
  append(ns, value, most) {
    if (this.length === this.ns.length) {
      this.ns = grown(this.ns, 2 * this.length);
      this.value = grown(this.value, 2 * this.length);
    }
    this.ns[this.length] = ns;
    this.value[this.length] = value;
    this.most = most || this.most;
    this.length += 1;
  }

  /** The level at `ns`; null if it isn't known yet. @param {number} ns @returns {number | null} */
  at(ns) {
    const at = upperBound(this.ns, ns, 0, this.length) - 1;
    return at < 0 ? null : this.value[at];
  }
}
