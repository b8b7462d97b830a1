// Facts about a slice, each in a few words: how long, since when, at which line, and so on.

import { t } from "../base/messages.js";
import { duration, instant } from "../base/times.js";
import { chainOf, threadUnder } from "../model/chains.js";
import { cycleOf, queuePosition } from "../model/cycles.js";
import { seenWithin } from "../model/sightings.js";
import { STATE, VOCABULARY } from "../model/vocabulary.js";
import { kindNameOf } from "./words.js";

/** @typedef {import("../model/timeline.js").Timeline} Timeline */

/** How many lines are named, at most. */
const MOST_LINES = 5;

/**
 * The facts that stand under the sentence about a slice.
 * @param {Timeline} model @param {number} track @param {number} row @param {number} nowNs
 * @returns {string[]}
 */
export function sliceFacts(model, track, row, nowNs) {
  const columns = model.slicesOf(track);
  const open = columns.end[row] < 0;
  const time = duration(columns.endOf(row, nowNs) - columns.start[row]);
  const facts = [open ? t("{time} so far", { time }) : time];
  facts.push(t("since {time}", { time: instant(columns.start[row]) }));
  facts.push(...lineFacts(model, track, row, nowNs));
  if (columns.state[row] === STATE.RUNNING) facts.push(...stolenFacts(model, columns, row, nowNs));
  if (columns.state[row] === STATE.GIL) facts.push(...gilFacts(columns.evidence[row]));
  const cycle = cycleOf(model, track, row);
  if (cycle) facts.push(t("in a cycle of {count}", { count: cycle.finding.cycle.length }));
  const waits = columns.state[row] === STATE.BLOCKED || columns.state[row] === STATE.AWAITING;
  if (waits && model.lanes.has(columns.object[row])) {
    const position = queuePosition(model, columns.object[row], track, row);
    if (position > 1) facts.push(t("number {place} in the line", { place: position }));
  }
  if (waits) facts.push(...levelFacts(model, track, row));
  const chain = chainOf(model, track, row, nowNs);
  if (chain.length > 2) {
    const names = chain.map((id) => model.nameOf(id)).join(" → ");
    facts.push(t("who waits for whom: {names}", { names }));
  }
  const under = threadUnder(model, track, row, nowNs);
  if (under) {
    const did = { kind: kindNameOf(under.kind, "thread"), time: duration(under.ns) };
    facts.push(t("its thread meanwhile: {kind}, {time}", did));
  }
  return facts;
}

/**
 * The line at which a track stands. If it runs, where it began, and where it was seen since.
 * @param {Timeline} model @param {number} track @param {number} row @param {number} nowNs
 * @returns {string[]}
 */
function lineFacts(model, track, row, nowNs) {
  const columns = model.slicesOf(track);
  const place = columns.line[row];
  if (columns.state[row] !== STATE.RUNNING) {
    return place > 0 ? [t("at line {line}", { line: model.lineName(place) })] : [];
  }
  const facts = [];
  if (place > 0) facts.push(t("began at line {line}", { line: model.lineName(place) }));
  const seen = seenWithin(model, track, row, nowNs);
  if (seen.length === 0) return facts;
  const last = seen[seen.length - 1];
  if (columns.end[row] < 0 && model.state !== "ended") {
    const time = duration(Math.max(0, nowNs - last.ns));
    facts.push(t("line {line}, seen {time} ago", { line: model.lineName(last.line), time }));
    return facts;
  }
  const lines = [...new Set(seen.map(({ line }) => line))].map((line) => model.lineName(line));
  const shown = lines.slice(0, MOST_LINES).join(", ");
  const more = lines.length > MOST_LINES ? ", …" : "";
  facts.push(t("seen at line {lines}", { lines: shown + more }));
  return facts;
}

/**
 * How many permits, items or parties there were when a wait for them began. Nothing for a wait that
 * is about another part of the object, such as the pipe of a queue.
 * @param {Timeline} model @param {number} track @param {number} row @returns {string[]}
 */
function levelFacts(model, track, row) {
  const columns = model.slicesOf(track);
  const object = columns.object[row];
  const levels = model.levels.get(object);
  const count = levels?.at(columns.start[row]) ?? null;
  const kind = model.things.get(object)?.kind;
  if (!levels || count === null || kind !== VOCABULARY.reason[columns.reason[row]]) return [];
  const most = levels.most;
  switch (kind) {
    case "semaphore":
      return [most > 0
        ? t("{count} of {most} permits free then", { count, most })
        : t("{count} permits free then", { count })];
    case "queue":
      return [t("{count} in the queue then", { count })];
    case "barrier":
      return [t("{count} of {most} had come then", { count, most })];
    default:
      return [];
  }
}

/** The time that the hypervisor may have taken of a slice. @param {Timeline} model
 *  @param {import("../model/columns.js").SliceColumns} columns @param {number} row
 *  @param {number} nowNs @returns {string[]} */
function stolenFacts(model, columns, row, nowNs) {
  const stolen = model.stolen.get(columns.cpu[row]);
  const most = stolen?.mostWithin(columns.start[row], columns.endOf(row, nowNs)) ?? 0;
  return most > 0
    ? [t("up to {time} of it stolen by the hypervisor", { time: duration(most) })]
    : [];
}

/** How a wait for the GIL is known. @param {number} evidence @returns {string[]} */
function gilFacts(evidence) {
  switch (VOCABULARY.evidence[evidence]) {
    case "kernel":
      return [t("the kernel showed it in the interpreter's own wait")];
    case "inferred":
      return [t("in Python code, asleep, while another one executed; no sample fell into it")];
    default:
      return [];
  }
}
