// Deadlocks: when each track is part of a cycle of waits, and how many waited before a track.

import { lowerBound } from "../base/search.js";
import { STATE } from "./vocabulary.js";

/** @typedef {import("./timeline.js").Timeline} Timeline */
/** @typedef {import("./shapes.js").Finding} Finding */
/** @typedef {{startNs: number, endNs: number, finding: Finding}} Alarm */

/**
 * When each track was part of a cycle; `endNs` is Infinity while the cycle lasts.
 * @param {Timeline} model @returns {Map<number, Alarm[]>}
 */
export function alarms(model) {
  /** @type {Map<number, Alarm[]>} */
  const found = new Map();
  for (const finding of model.findings.values()) {
    for (const wait of finding.cycle) {
      const list = found.get(wait.track) ?? [];
      list.push({ startNs: finding.start_ns, endNs: finding.end_ns ?? Infinity, finding });
      found.set(wait.track, list);
    }
  }
  return found;
}

/**
 * The finding whose cycle a waiting slice is part of.
 * @param {Timeline} model @param {number} track @param {number} row
 * @returns {{finding: Finding, wait: import("./shapes.js").Wait} | null}
 */
export function cycleOf(model, track, row) {
  const columns = model.slices.get(track);
  if (!columns || row >= columns.length) return null;
  const state = columns.state[row];
  if (state !== STATE.BLOCKED && state !== STATE.AWAITING) return null;
  const [startNs, endNs] = [columns.start[row], columns.endOf(row, model.nowNs)];
  for (const finding of model.findings.values()) {
    if (finding.start_ns >= endNs || (finding.end_ns ?? Infinity) <= startNs) continue;
    for (const wait of finding.cycle) {
      if (wait.track === track && wait.object === columns.object[row]) return { finding, wait };
    }
  }
  return null;
}

/**
 * The position of a waiting track among those that wait for the same object, from 1.
 * @param {Timeline} model @param {number} object @param {number} track @param {number} row
 */
export function queuePosition(model, object, track, row) {
  const lane = model.lanes.get(object);
  const columns = model.slices.get(track);
  if (!lane || !columns) return 0;
  const startNs = columns.start[row];
  const [first] = lane.touching(startNs, startNs, model.laneEnd);
  let position = 1;
  for (let i = first; i < lowerBound(lane.start, startNs, first, lane.length); i += 1) {
    if (model.laneEnd(lane.a[i], lane.b[i]) > startNs && lane.a[i] !== track) position += 1;
  }
  return position;
}
