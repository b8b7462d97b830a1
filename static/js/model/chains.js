// What lies behind a coroutine's slice: whom it waits for in turn, and what its thread did then.

import { KINDS, STATE } from "./vocabulary.js";

/** @typedef {import("./timeline.js").Timeline} Timeline */

/** A longer chain is told no further. */
const LONGEST = 6;
const [RUNNING, UNKNOWN] = [KINDS.indexOf("running"), KINDS.indexOf("unknown")];

/**
 * A waiting coroutine, whom it waits for, whom that one waits for, and so on, as things stood at
 * the slice's last moment: track ids, at least two; empty where it waits for nobody.
 * @param {Timeline} model @param {number} track @param {number} row @param {number} nowNs
 * @returns {number[]}
 */
export function chainOf(model, track, row, nowNs) {
  if (model.tracks.get(track)?.kind !== "coroutine") return [];
  const lastNs = model.slicesOf(track).endOf(row, nowNs) - 1;
  const chain = [track];
  let at = row;
  while (chain.length < LONGEST) {
    const last = chain[chain.length - 1];
    const columns = model.slicesOf(last);
    const waits = columns.state[at] === STATE.AWAITING || columns.state[at] === STATE.BLOCKED;
    const next = waits ? columns.holder[at] : 0;
    if (!next || !model.tracks.has(next)) break;
    const again = chain.includes(next);
    chain.push(next);
    at = model.slicesOf(next).rowAt(lastNs);
    if (again || at < 0) break;
  }
  return chain.length > 1 ? chain : [];
}

/**
 * What the thread under a running coroutine did for the longest time if it was not to run: the
 * kind's code and ns. Null where it ran all the time, or where too little is known of it.
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
