// At which lines a track was seen: at single instants while it runs, else where it stands.

import { upperBound } from "../base/search.js";
import { grown } from "./columns.js";
import { STATE } from "./vocabulary.js";

/** @typedef {import("./timeline.js").Timeline} Timeline */
/** @typedef {{line: number, ns: number}} Sighting a place in the program, and when it was seen */

/** A line is looked for in at most this many slices. */
const SLICES_BACK = 40;

/** The instants at which one track was seen while it ran, in order of time. */
export class Sightings {
  length = 0;
  ns = new Float64Array(16);
  line = new Uint32Array(16);

  /** @param {number} ns @param {number} line */
  append(ns, line) {
    if (this.length === this.ns.length) {
      this.ns = grown(this.ns, 2 * this.length);
      this.line = grown(this.line, 2 * this.length);
    }
    this.ns[this.length] = ns;
    this.line[this.length] = line;
    this.length += 1;
  }

  /** The index of the last instant at or before `ns`, or -1. @param {number} ns */
  at(ns) {
    return upperBound(this.ns, ns, 0, this.length) - 1;
  }
}

/**
 * Where a track was seen last, at `ns` or before; null if it never was. A track that does not run
 * stays at the line of its slice until the slice ends.
 * @param {Timeline} model @param {number} track @param {number} ns @returns {Sighting | null}
 */
export function lastSeen(model, track, ns) {
  const seen = model.seen.get(track);
  const at = seen ? seen.at(ns) : -1;
  /** @type {Sighting | null} */
  let last = seen && at >= 0 ? { line: seen.line[at], ns: seen.ns[at] } : null;
  const columns = model.slices.get(track);
  if (!columns) return last;
  const newest = columns.rowAt(ns);
  for (let row = newest; row >= 0 && row > newest - SLICES_BACK; row -= 1) {
    const runs = columns.state[row] === STATE.RUNNING;
    const until = runs ? columns.start[row] : Math.min(ns, columns.endOf(row, ns));
    if (last && last.ns >= until) break;
    if (columns.line[row] > 0) last = { line: columns.line[row], ns: until };
  }
  return last;
}

/**
 * Where a track was seen within one slice, in order of time.
 * @param {Timeline} model @param {number} track @param {number} row @param {number} nowNs
 * @returns {Sighting[]}
 */
export function seenWithin(model, track, row, nowNs) {
  const seen = model.seen.get(track);
  const columns = model.slicesOf(track);
  if (!seen || row >= columns.length) return [];
  const last = seen.at(columns.endOf(row, nowNs));
  /** @type {Sighting[]} */
  const found = [];
  for (let at = seen.at(columns.start[row]) + 1; at <= last; at += 1) {
    found.push({ line: seen.line[at], ns: seen.ns[at] });
  }
  return found;
}
