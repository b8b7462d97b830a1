// Slices of one track as growable columns: a million slices are a few arrays, no objects.

import { upperBound } from "../base/search.js";
import { KINDS, kindOf } from "./vocabulary.js";

/** The end of a slice or track that has not ended yet. */
export const OPEN = -1;
/** Rows per block of the per-kind sums, by which long spans are summed without a walk. */
const BLOCK = 64;
const KIND_COUNT = KINDS.length;

/**
 * @template {Float64Array | Uint32Array | Int16Array | Uint8Array} T
 * @param {T} column @param {number} capacity @returns {T}
 */
export function grown(column, capacity) {
  const larger = /** @type {T} */ (new /** @type {any} */ (column.constructor)(capacity));
  larger.set(/** @type {any} */ (column));
  return larger;
}

export class SliceColumns {
  length = 0;
  start = new Float64Array(16);
  end = new Float64Array(16);
  object = new Uint32Array(16);
  holder = new Uint32Array(16);
  line = new Uint32Array(16);
  cpu = new Int16Array(16);
  state = new Uint8Array(16);
  reason = new Uint8Array(16);
  evidence = new Uint8Array(16);
  reasonEvidence = new Uint8Array(16);
  kind = new Uint8Array(16);
  /** ns per kind in each full or partial block; an open row counts when it closes */
  sums = new Float64Array(KIND_COUNT);

  /**
   * Appends row `i` of a frame. A track's open row is its last, and its next row replaces it: the
   * law of app/timeline/rows.py.
   * @param {import("./shapes.js").SliceRows} rows @param {number} i
   * @returns {number} the row's index here
   */
  append(rows, i) {
    let at = this.length;
    if (at > 0 && this.end[at - 1] === OPEN) at -= 1;
    if (at === this.start.length) this.#grow(at * 2);
    const start = (this.start[at] = rows.start_ns[i]);
    const end = (this.end[at] = rows.end_ns[i]);
    this.object[at] = rows.object[i];
    this.holder[at] = rows.holder[i];
    this.line[at] = rows.line[i];
    this.cpu[at] = rows.cpu[i];
    const state = (this.state[at] = rows.state[i]);
    const reason = (this.reason[at] = rows.reason[i]);
    this.evidence[at] = rows.evidence[i];
    this.reasonEvidence[at] = rows.reason_evidence[i];
    const kind = (this.kind[at] = kindOf(state, reason));
    if (end !== OPEN) this.sums[Math.floor(at / BLOCK) * KIND_COUNT + kind] += end - start;
    this.length = at + 1;
    return at;
  }

  /** @param {number} row @param {number} nowNs */
  endOf(row, nowNs) {
    const end = this.end[row];
    return end === OPEN ? Math.max(nowNs, this.start[row]) : end;
  }

  /** The row at or before `ns`, or -1. @param {number} ns @param {number} [low] */
  rowAt(ns, low = 0) {
    return upperBound(this.start, ns, low, this.length) - 1;
  }

  /**
   * Adds to `totals` (ns by kind code) what lies between two times.
   * @param {Float64Array} totals @param {number} fromNs @param {number} toNs
   * @param {number} nowNs where open rows end
   */
  sumInto(totals, fromNs, toNs, nowNs) {
    const first = Math.max(0, this.rowAt(fromNs));
    const last = this.rowAt(toNs);
    if (last < 0) return;
    let row = first;
    while (row <= last) {
      if (row % BLOCK === 0 && row > first && row + BLOCK <= last) {
        const block = (row / BLOCK) * KIND_COUNT;
        for (let kind = 0; kind < KIND_COUNT; kind += 1) totals[kind] += this.sums[block + kind];
        row += BLOCK;
      } else {
        const length = Math.min(toNs, this.endOf(row, nowNs)) - Math.max(fromNs, this.start[row]);
        if (length > 0) totals[this.kind[row]] += length;
        row += 1;
      }
    }
  }

  /** @param {number} capacity */
  #grow(capacity) {
    this.start = grown(this.start, capacity);
    this.end = grown(this.end, capacity);
    this.object = grown(this.object, capacity);
    this.holder = grown(this.holder, capacity);
    this.line = grown(this.line, capacity);
    this.cpu = grown(this.cpu, capacity);
    this.state = grown(this.state, capacity);
    this.reason = grown(this.reason, capacity);
    this.evidence = grown(this.evidence, capacity);
    this.reasonEvidence = grown(this.reasonEvidence, capacity);
    this.kind = grown(this.kind, capacity);
    this.sums = grown(this.sums, Math.ceil(capacity / BLOCK) * KIND_COUNT);
  }
}
