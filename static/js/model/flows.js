// Arrows as columns, with an index by time for all of them and one for each track.

import { grown } from "./columns.js";
import { Intervals } from "./intervals.js";
import { VOCABULARY } from "./vocabulary.js";

const WAKE = VOCABULARY.flow_kind.indexOf("wake");

export class Flows {
  length = 0;
  from = new Float64Array(16);
  to = new Float64Array(16);
  fromTrack = new Uint32Array(16);
  toTrack = new Uint32Array(16);
  object = new Uint32Array(16);
  kind = new Uint8Array(16);
  /** All arrows but wake-ups, of which there is one for each wait. */
  plain = new Intervals();
  /** @type {Map<number, Intervals>} */
  #ofTrack = new Map();

  /** @param {import("./shapes.js").FlowRows} rows @param {number} count */
  append(rows, count) {
    if (this.length + count > this.from.length) this.#grow((this.length + count) * 2);
    for (let i = 0; i < count; i += 1) {
      const at = this.length + i;
      this.from[at] = rows.from_ns[i];
      this.to[at] = rows.to_ns[i];
      this.fromTrack[at] = rows.from_track[i];
      this.toTrack[at] = rows.to_track[i];
      this.object[at] = rows.object[i];
      this.kind[at] = rows.kind[i];
      if (rows.kind[i] !== WAKE) this.plain.add(rows.from_ns[i], at, 0);
      this.ofTrack(rows.from_track[i]).add(rows.from_ns[i], at, 0);
      if (rows.to_track[i] !== rows.from_track[i]) {
        this.ofTrack(rows.to_track[i]).add(rows.from_ns[i], at, 0);
      }
    }
    this.length += count;
  }

  /** @param {number} track */
  ofTrack(track) {
    let index = this.#ofTrack.get(track);
    if (!index) this.#ofTrack.set(track, (index = new Intervals()));
    return index;
  }

  /** The end of arrow `i`, for an index's `touching`. */
  endOf = (/** @type {number} */ i) => Math.max(this.from[i], this.to[i]);

  /** @param {number} capacity */
  #grow(capacity) {
    this.from = grown(this.from, capacity);
    this.to = grown(this.to, capacity);
    this.fromTrack = grown(this.fromTrack, capacity);
    this.toTrack = grown(this.toTrack, capacity);
    this.object = grown(this.object, capacity);
    this.kind = grown(this.kind, capacity);
  }
}
