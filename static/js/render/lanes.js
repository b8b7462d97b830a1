// Paints objects (held while others wait) and CPUs (who ran): only what slices and findings say.

import { lowerBound } from "../base/search.js";
import { t } from "../base/messages.js";
import { kindCode } from "../model/vocabulary.js";
import { bar, firstWhole, fittedName, font, mergedDots, topOf } from "./pen.js";

/** @typedef {import("./pen.js").Scene} Scene */
/** @typedef {import("../view/layout.js").Row} Row */
/** @typedef {import("../model/intervals.js").Intervals} Intervals */
/** @typedef {{startNs: number, endNs: number, holder: number, waiters: number[]}} Segment */

/** More entries in view than this are drawn merged, without names. */
const NAMED_ENTRIES = 600;
/** The height of what was stolen, below a CPU's bars. */
const STRIP = 3;

/** @param {Scene} scene @param {Row} row */
export function paintObject(scene, row) {
  const lane = scene.model.lanes.get(row.id);
  if (!lane) return;
  const { pen, palette, scale, nowNs } = scene;
  const [top, height] = [topOf(scene, row) + 4, row.height - 8];
  const toNs = Math.min(scale.endNs, nowNs);
  const [first, after] = lane.touching(scale.startNs, toNs, scene.model.laneEnd);
  const isGil = scene.model.things.get(row.id)?.kind === "gil";
  const waits = scene.model.findings.values();
  pen.font = font(scene, 11.5, 500);
  for (const finding of waits) {
    for (const wait of finding.cycle) {
      if (wait.object !== row.id || !(wait.held_since_ns >= 0)) continue;
      // From the first wait on, the waits themselves say who holds it.
      const next = lowerBound(lane.start, wait.held_since_ns, 0, lane.length);
      const waitedNs = next < lane.length ? lane.start[next] : Infinity;
      const untilNs = Math.min(waitedNs, finding.start_ns, nowNs);
      paintSegment(scene, wait.held_since_ns, untilNs, top, height,
        palette.strong[kindCode("running")], 0.5,
        heldBy(scene.model.nameOf(wait.holder)), palette.colour.ink);
    }
  }
  if (after - first > NAMED_ENTRIES) {
    const fill = palette.fills[kindCode(isGil ? "gil" : "lock")];
    paintDense(scene, lane, row.id, first, after, top, height, fill);
    return;
  }
  if (isGil) paintTurns(scene, lane, row.id, first, after, top, height);
  else {
    for (const segment of segments(entriesOf(scene, lane, row.id, first, after))) {
      paintWaits(scene, row.id, segment, top, height);
    }
  }
}

/** @param {Scene} scene @param {number} object @param {Segment} segment @param {number} top
 *  @param {number} height */
function paintWaits(scene, object, segment, top, height) {
  const { palette, model } = scene;
  const names = segment.waiters.map((id) => model.nameOf(id)).join(t(", "));
  const holder = segment.holder ? model.nameOf(segment.holder) : "";
  const labels = holder
    ? [t("held by {holder} — waiting: {waiters}", { holder, waiters: names }), ...heldBy(holder)]
    : [t("waiting: {waiters}", { waiters: names }), names];
  const alarm = [...model.findings.values()].find(
    (finding) =>
      finding.start_ns < segment.endNs &&
      (finding.end_ns ?? Infinity) > segment.startNs &&
      finding.cycle.some((wait) => wait.object === object),
  );
  const caughtNs = alarm ? Math.max(segment.startNs, alarm.start_ns) : segment.endNs;
  if (caughtNs > segment.startNs) {
    const columns = model.slicesOf(segment.waiters[0]);
    const isGil = model.things.get(object)?.kind === "gil";
    const kind = isGil
      ? kindCode("gil")
      : columns.kind[Math.max(0, columns.rowAt(segment.startNs))];
    const alpha = isGil ? 0.4 : 1;
    paintSegment(scene, segment.startNs, caughtNs, top, height, palette.strong[kind], alpha, labels,
      palette.colour.ink);
  }
  if (alarm) {
    paintSegment(scene, caughtNs, segment.endNs, top, height, palette.colour["st-alarm"], 1, labels,
      palette.colour["on-alarm"]);
  }
}

/**
 * The GIL: pale while one thread holds it and no other wants it, strong while others do.
 * @param {Scene} scene @param {Intervals} lane @param {number} gil @param {number} first
 * @param {number} after @param {number} top @param {number} height
 */
function paintTurns(scene, lane, gil, first, after, top, height) {
  const { model, palette, scale } = scene;
  const entries = entriesOf(scene, lane, gil, first, after);
  const turns = model.turns.get(gil);
  if (turns) {
    const [from, to] = turns.touching(scale.startNs, Math.min(scale.endNs, scene.nowNs),
      model.laneEnd);
    if (to - from > 2 * NAMED_ENTRIES) {
      paintDense(scene, lane, gil, first, after, top, height, palette.fills[kindCode("gil")]);
      return;
    }
    entries.push(...entriesOf(scene, turns, gil, from, to));
  }
  for (const turn of joined(segments(entries), scale.nsPerPx)) {
    if (turn.waiters.length > 0) paintWaits(scene, gil, turn, top, height);
    else {
      paintSegment(scene, turn.startNs, turn.endNs, top, height,
        palette.strong[kindCode("running")], 0.35,
        heldBy(model.nameOf(turn.holder)), palette.colour.ink);
    }
  }
}

/** @typedef {{track: number, holder: number, startNs: number, endNs: number}} Entry */

/** The entries of a lane in view. @param {Scene} scene @param {Intervals} lane
 *  @param {number} object @param {number} first @param {number} after @returns {Entry[]} */
function entriesOf(scene, lane, object, first, after) {
  const { model, nowNs } = scene;
  /** @type {Entry[]} */
  const entries = [];
  for (let i = first; i < after; i += 1) {
    const [track, row] = [lane.a[i], lane.b[i]];
    const columns = model.slicesOf(track);
    if (!model.inLane(object, track, row) && model.turnKey(columns, row) !== object) continue;
    const startNs = columns.start[row];
    const endNs = Math.min(nowNs, columns.endOf(row, nowNs));
    entries.push({ track, holder: columns.holder[row], startNs, endNs });
  }
  return entries;
}

/**
 * Cuts overlapping waits into spans with one set of waiters each. Who is his own holder waits for
 * nobody: he holds it.
 * @param {Entry[]} entries @returns {Segment[]}
 */
function segments(entries) {
  const cuts = new Set();
  for (const { startNs, endNs } of entries) cuts.add(startNs).add(endNs);
  const times = [...cuts].sort((one, other) => one - other);
  /** @type {Segment[]} */
  const found = [];
  for (let i = 0; i + 1 < times.length; i += 1) {
    const [startNs, endNs] = [times[i], times[i + 1]];
    const present = entries.filter((entry) => entry.startNs <= startNs && entry.endNs >= endNs);
    if (present.length === 0) continue;
    const own = present.find((entry) => entry.holder === entry.track);
    const holder = own?.holder ?? present.find((entry) => entry.holder > 0)?.holder ?? 0;
    const waiters = present.map((entry) => entry.track).filter((track) => track !== holder);
    found.push({ startNs, endNs, holder, waiters });
  }
  return found;
}

/**
 * One segment for each turn of the GIL's holder: its waiters come and go all the time, to ask.
 * @param {Segment[]} found @param {number} nsPerPx @returns {Segment[]}
 */
function joined(found, nsPerPx) {
  /** @type {Segment[]} */
  const turns = [];
  for (const segment of found) {
    const last = turns.at(-1);
    const waited = segment.waiters.length > 0;
    if (last && last.holder === segment.holder && segment.startNs - last.endNs < 2 * nsPerPx &&
        (last.waiters.length > 0) === waited) {
      last.endNs = segment.endNs;
      last.waiters = [...new Set([...last.waiters, ...segment.waiters])];
    } else {
      turns.push({ ...segment });
    }
  }
  return turns;
}

/** @param {Scene} scene @param {Row} row */
export function paintCpu(scene, row) {
  const lane = scene.model.cpus.get(row.id);
  if (!lane) return;
  const { pen, palette, scale, model } = scene;
  const [top, height] = [topOf(scene, row) + 4, row.height - 8];
  const toNs = Math.min(scale.endNs, scene.nowNs);
  const [first, after] = lane.touching(scale.startNs, toNs, model.laneEnd);
  pen.font = font(scene, 10.5, 500);
  paintDense(scene, lane, -1 - row.id, first, after, top, height,
    palette.fills[kindCode("running")]);
  paintStolen(scene, row);
}

/**
 * Below the bars a strip for each interval in which the hypervisor took the CPU, the stronger the
 * more it took: how much is known, and not when within the interval.
 * @param {Scene} scene @param {Row} row
 */
function paintStolen(scene, row) {
  const stolen = scene.model.stolen.get(row.id);
  if (!stolen) return;
  const { pen, palette, scale } = scene;
  const bottom = topOf(scene, row) + row.height - 1;
  const [first, after] = stolen.touching(scale.startNs, scale.endNs);
  pen.fillStyle = palette.colour.warn;
  for (let i = first; i < after; i += 1) {
    const [x0, x1] = [scale.toPx(stolen.start[i]), scale.toPx(stolen.end[i])];
    const share = stolen.ns[i] / Math.max(1, stolen.end[i] - stolen.start[i]);
    pen.globalAlpha = 0.4 + 0.6 * Math.min(1, share);
    pen.fillRect(x0, bottom - STRIP, Math.max(1, x1 - x0 - 1), STRIP);
  }
  pen.globalAlpha = 1;
}

/**
 * Entries in order; those that share a pixel merge.
 * @param {Scene} scene @param {Intervals} lane @param {number} key @param {number} first
 * @param {number} after @param {number} top @param {number} height
 * @param {string | CanvasPattern} fill
 */
function paintDense(scene, lane, key, first, after, top, height, fill) {
  const { pen, palette, scale, model, nowNs } = scene;
  const focus = scene.view.pin?.track ?? scene.view.hoverTrack;
  let i = first;
  while (i < after) {
    const columns = model.slicesOf(lane.a[i]);
    const endNs = Math.min(columns.endOf(lane.b[i], nowNs), nowNs);
    const x0 = Math.max(scale.leftPx, scale.toPx(lane.start[i]));
    const x1 = Math.min(scale.toPx(endNs), scale.rightPx + 4);
    const pixelEnd = Math.floor(x0) + 1;
    const next = x1 - x0 >= 1.2
      ? i + 1
      : lowerBound(lane.start, scale.toNs(pixelEnd), i + 1, after);
    pen.fillStyle = fill;
    if (next === i + 1) {
      if (model.inLane(key, lane.a[i], lane.b[i])) {
        pen.globalAlpha = key < 0 && focus && focus !== lane.a[i] ? 0.35 : 0.85;
        bar(pen, x0, top, Math.max(0.8, x1 - x0 - (x1 - x0 > 3 ? 0.8 : 0)), height);
        pen.globalAlpha = 1;
        if (key < 0 && x1 - x0 > 34 && height > 11) {
          pen.fillStyle = palette.colour["on-running"];
          const name = fittedName(pen, model.nameOf(lane.a[i]), x1 - x0 - 8);
          pen.fillText(name, x0 + 4, top + height / 2);
        }
      }
    } else {
      let reach = pixelEnd;
      for (let j = Math.max(i, next - 8); j < next; j += 1) {
        const other = model.slicesOf(lane.a[j]);
        reach = Math.max(reach, scale.toPx(Math.min(nowNs, other.endOf(lane.b[j], nowNs))));
      }
      pen.globalAlpha = 0.85;
      pen.fillRect(pixelEnd - 1, top, Math.min(reach, scale.rightPx) - pixelEnd + 1, height);
      pen.globalAlpha = 1;
      mergedDots(pen, palette.colour["on-running"], pixelEnd - 1, pixelEnd + 1, top + height);
    }
    i = next;
  }
}

/**
 * @param {Scene} scene @param {number} startNs @param {number} endNs @param {number} top
 * @param {number} height @param {string} fill @param {number} alpha
 * @param {string[]} labels the first that fits is written @param {string} ink
 */
function paintSegment(scene, startNs, endNs, top, height, fill, alpha, labels, ink) {
  const { pen, scale } = scene;
  const x0 = Math.max(scale.leftPx - 6, scale.toPx(startNs));
  const x1 = Math.min(scale.rightPx + 6, scale.toPx(endNs));
  if (x1 < scale.leftPx || x0 > scale.rightPx || x1 <= x0) return;
  pen.globalAlpha = alpha;
  pen.fillStyle = fill;
  pen.beginPath();
  pen.roundRect(x0, top, Math.max(1, x1 - x0 - 0.8), height, Math.min(5, (x1 - x0) / 2));
  pen.fill();
  pen.globalAlpha = 1;
  const left = Math.max(x0, scale.leftPx) + 9;
  const room = Math.min(x1, scale.rightPx) - left - 6;
  if (room < 36) return;
  pen.fillStyle = ink;
  const label = firstWhole(pen, labels, room) || fittedName(pen, labels.at(-1) ?? "", room);
  pen.fillText(label, left, top + height / 2);
}

/** What a holder's segment may say, the longest first. @param {string} holder */
function heldBy(holder) {
  return [t("held by {holder}", { holder }), holder];
}
