// What lies behind a slice: the chain of tracks it waits for, and what a coroutine's thread did.

import { KINDS, STATE } from "./vocabulary.js";

/** @typedef {import("./timeline.js").Timeline} Timeline */

/** A chain is followed for at most this many tracks. */
const LONGEST = 6;
const [RUNNING, UNKNOWN] = [KINDS.indexOf("running"), KINDS.indexOf("unknown")];

/**
 * The track of a slice, the track that it waits for, the one that this waits for, and so on, at
 * the last moment of the slice. Returns at least two track ids, or none if the track does not wait
 * for another. A coroutine whose step blocks its thread waits for that thread.
 * @param {Timeline} model @param {number} track @param {number} row @param {number} nowNs
 * @returns {number[]}
 */
export function chainOf(model, track, row, nowNs) {
  const lastNs = model.slicesOf(track).endOf(row, nowNs) - 1;
  const chain = [track];
  let at = row;
  while (chain.length < LONGEST) {
    const last = chain[chain.length - 1];
    const columns = model.slicesOf(last);
    const waits = columns.state[at] === STATE.AWAITING || columns.state[at] === STATE.BLOCKED;
    const next = waits ? columns.holder[at] : blockedUnder(model, last, at, lastNs);
    if (!next || !model.tracks.has(next)) break;
    const again = chain.includes(next);
    chain.push(next);
    at = model.slicesOf(next).rowAt(lastNs);
    if (again || at < 0) break;
  }
  return chain.length > 1 ? chain : [];
}

/**
 * The thread of a running coroutine, if it is blocked at a time and waits for a track; else 0.
 * @param {Timeline} model @param {number} track @param {number} row @param {number} ns
 */
function blockedUnder(model, track, row, ns) {
  const { kind, parent } = model.tracks.get(track) ?? {};
  if (kind !== "coroutine" || !parent) return 0;
  if (model.slicesOf(track).state[row] !== STATE.RUNNING) return 0;
  const columns = model.slicesOf(parent);
  const at = columns.rowAt(ns);
  return at >= 0 && columns.state[at] === STATE.BLOCKED && columns.holder[at] ? parent : 0;
}

/**
 * What the thread of a running coroutine did for the longest time apart from running: the code of
 * the kind, and ns. Null if it ran all the time, or if too little of the time is known.
 * @param {Timeline} model @param {number} track @param {number} row @param {number} nowNs
 * @returns {{kind: number, ns: number} | null}
 */
export function threadUnder(model, track, row, nowNs) {
  const { kind, parent } = model.tracks.get(track) ?? {};
  const columns = model.slicesOf(track);
  if (kind !== "coroutine" || !parent || columns.state[row] !== STATE.RUNNING) return null;
  const totals = new Float64Array(KINDS.length);
  const [fromNs, toNs] = [columns.start[row], columns.endOf(row, nowNs)];
  model.slicesOf(parent).sumInto(totals, fromNs, toNs, nowNs);
  let longest = -1;
  totals.forEach((ns, code) => {
    if (code === RUNNING || code === UNKNOWN || ns === 0) return;
    if (longest < 0 || ns > totals[longest]) longest = code;
  });
  return longest < 0 ? null : { kind: longest, ns: totals[longest] };
}
