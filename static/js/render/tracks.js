// Paints a track's slices. Those that share a pixel are merged: the pixel gets the colour of the kind
// that takes most of its time, and a dot below.

import { t } from "../base/messages.js";
import { lowerBound } from "../base/search.js";
import { KINDS, kindCode, STATE, VOCABULARY } from "../model/vocabulary.js";
import { sliceLabels } from "../view/slice_labels.js";
import { kindNameOf } from "../view/words.js";
import { paintEnding } from "./endings.js";
import { isPatterned } from "./palette.js";
import { bandOf, bar, firstFitting, font, mergedDots, widthOf } from "./pen.js";

/** @typedef {import("./pen.js").Scene} Scene */
/** @typedef {import("../view/layout.js").Row} Row */
/** @typedef {import("./pen.js").Band} Band */
/** @typedef {import("../model/columns.js").SliceColumns} SliceColumns */
/**
 * @typedef {object} Drawn a track, and where it is drawn
 * @property {number} track @property {SliceColumns} columns @property {Band} band
 * @property {import("../model/cycles.js").Alarm[] | undefined} alarms
 */

/** Narrower slices are merged with those that share their pixel. */
const THINNEST_PX = 1.2;
const LABEL_FROM_PX = 30;
const SAMPLED = VOCABULARY.evidence.indexOf("sampled");
const RUNNING = kindCode("running");

/** @param {Scene} scene @param {Row} row */
export function paintTrack(scene, row) {
  const { scale, model } = scene;
  const columns = model.slices.get(row.id);
  const inset = Math.round(row.height * 0.12);
  const band = bandOf(scene, row, inset);
  if (columns && columns.length > 0) {
    const drawn = { track: row.id, columns, band, alarms: scene.alarms.get(row.id) };
    paintSlices(scene, drawn);
    const track = model.tracks.get(row.id);
    const thread = track?.kind === "coroutine" && track.parent ? track.parent : 0;
    if (thread) paintThreadWithin(scene, drawn, thread);
  }
  paintEnding(scene, row.id, band);
  for (const finding of model.findings.values()) {
    if (finding.kind !== "loop-blocked" || finding.facts.track !== row.id) continue;
    const endNs = finding.end_ns ?? scene.nowNs;
    outline(scene, finding.start_ns, endNs, band, scene.palette.colour["st-alarm"], 1.5);
  }
  for (const span of scene.view.highlights) {
    if (span.track !== row.id) continue;
    const around = bandOf(scene, row, inset - 2);
    const [x0, x1] = [scale.toPx(span.start_ns), scale.toPx(span.end_ns)];
    scene.pen.globalAlpha = 0.22;
    scene.pen.fillStyle = scene.palette.colour.accent;
    scene.pen.fillRect(x0, around.top, Math.max(2, x1 - x0), around.height);
    scene.pen.globalAlpha = 1;
    outline(scene, span.start_ns, span.end_ns, around, scene.palette.colour.accent, 2);
  }
  for (const [point, colour, width] of /** @type {const} */ ([
    [scene.view.hover, scene.palette.colour.edge, 1.5],
    [scene.view.pin, scene.palette.colour.ink, 2],
  ])) {
    if (point?.track !== row.id || !columns || point.row >= columns.length) continue;
    const endNs = Math.min(columns.endOf(point.row, scene.nowNs), scene.nowNs);
    outline(scene, columns.start[point.row], endNs, band, colour, width);
  }
}

/** @param {Scene} scene @param {number} startNs @param {number} endNs @param {Band} band
 *  @param {string} colour @param {number} lineWidth */
function outline(scene, startNs, endNs, { top, height }, colour, lineWidth) {
  const { pen, scale } = scene;
  const x0 = Math.max(scale.leftPx - 4, scale.toPx(startNs));
  const x1 = Math.min(scene.width + 4, scale.toPx(endNs));
  if (x1 < scale.leftPx || x0 > scene.width) return;
  pen.strokeStyle = colour;
  pen.lineWidth = lineWidth;
  pen.beginPath();
  pen.roundRect(x0 - 0.5, top - 0.5, Math.max(2, x1 - x0 + 0.5), height + 1, 3);
  pen.stroke();
}

/** @param {Scene} scene @param {Drawn} drawn */
function paintSlices(scene, drawn) {
  const { scale, nowNs } = scene;
  const { columns } = drawn;
  const first = Math.max(0, columns.rowAt(scale.startNs));
  const last = columns.rowAt(Math.min(scale.endNs, nowNs));
  /** @type {Float64Array} */
  const totals = new Float64Array(KINDS.length);
  const merged = { x0: 0, x1: 0, kind: -1 };
  const flush = () => {
    if (merged.kind >= 0) paintMerged(scene, merged, drawn.band);
    merged.kind = -1;
  };
  let fromNs = scale.startNs;
  let row = first;
  while (row <= last) {
    const endNs = Math.min(columns.endOf(row, nowNs), nowNs);
    const x0 = scale.toPx(Math.max(columns.start[row], fromNs));
    const x1 = Math.min(scale.toPx(endNs), scale.rightPx + 8);
    const pixelEnd = Math.floor(x0) + 1;
    const next = x1 - x0 >= THINNEST_PX
      ? row + 1
      : lowerBound(columns.start, scale.toNs(pixelEnd), row + 1, last + 1);
    if (next === row + 1) {
      flush();
      paintOne(scene, drawn, row, x0, Math.max(x1, x0 + 0.8));
      row += 1;
      continue;
    }
    // The last of them may reach far beyond this pixel. Then it is drawn as a slice of its own, and
    // the short ones keep the pixel: else a busy instant between two long waits would vanish.
    const reaches = scale.toPx(columns.endOf(next - 1, nowNs)) - pixelEnd >= THINNEST_PX;
    const untilNs = reaches ? columns.start[next - 1] : scale.toNs(pixelEnd);
    totals.fill(0);
    columns.sumInto(totals, columns.start[row], untilNs, nowNs);
    const kind = indexOfLargest(totals);
    if (kind !== merged.kind || merged.x1 < pixelEnd - 1.01) {
      flush();
      merged.x0 = pixelEnd - 1;
      merged.kind = kind;
    }
    merged.x1 = pixelEnd;
    fromNs = scale.toNs(pixelEnd);
    row = reaches ? next - 1 : next;
  }
  flush();
}

/** @param {Float64Array} totals */
function indexOfLargest(totals) {
  let best = 0;
  for (let i = 1; i < totals.length; i += 1) if (totals[i] > totals[best]) best = i;
  return best;
}

/** @param {Scene} scene @param {{x0: number, x1: number, kind: number}} merged
 *  @param {Band} band */
function paintMerged(scene, { x0, x1, kind }, { top, height }) {
  const { pen, palette } = scene;
  pen.globalAlpha = scene.view.faded.has(kind) ? 0.12 : 1;
  pen.fillStyle = palette.fills[kind];
  pen.fillRect(x0, top, x1 - x0, height);
  mergedDots(pen, kind === RUNNING ? palette.colour["on-running"] : palette.colour.mute, x0, x1,
    top + height - 1);
  pen.globalAlpha = 1;
}

/** @param {Scene} scene @param {Drawn} drawn @param {number} row
 *  @param {number} x0 @param {number} x1 */
function paintOne(scene, drawn, row, x0, x1) {
  const { pen, palette, scale } = scene;
  const { columns, alarms } = drawn;
  const { top, height } = drawn.band;
  const kind = columns.kind[row];
  const faded = scene.view.faded.has(kind);
  const wide = x1 - x0 > 3 ? x1 - x0 - 0.8 : x1 - x0;
  pen.globalAlpha = faded ? 0.12 : columns.evidence[row] === SAMPLED ? 0.72 : 1;
  pen.fillStyle = palette.fills[kind];
  bar(pen, x0, top, wide, height);
  let labelX = x0;
  let ink = palette.colour.ink;
  const state = columns.state[row];
  if (alarms && (state === STATE.BLOCKED || state === STATE.AWAITING)) {
    for (const alarm of alarms) {
      const a0 = Math.max(x0, scale.toPx(alarm.startNs));
      const a1 = Math.min(x1, scale.toPx(Math.min(alarm.endNs, scene.nowNs)));
      if (a1 - a0 < 0.5) continue;
      pen.fillStyle = palette.colour["st-alarm"];
      bar(pen, a0, top, a1 - a0 > 3 ? a1 - a0 - 0.8 : a1 - a0, height);
      if (a1 - a0 > (x1 - x0) / 2) {
        labelX = a0;
        ink = palette.colour["on-alarm"];
      }
    }
  }
  pen.globalAlpha = faded ? 0.3 : 1;
  const left = Math.max(labelX, scale.leftPx) + 7 * palette.unit;
  const room = Math.min(x1, scale.rightPx) - left - 5;
  if (room > LABEL_FROM_PX && height >= 15) {
    const size = height > 28 ? 13.5 : height > 22 ? 12.5 : 11.5;
    pen.font = font(scene, size, ink === palette.colour.ink ? 450 : 600);
    const label = firstFitting(pen, sliceLabels(scene.model, drawn.track, row), room);
    if (label && isPatterned(kind)) {
      pen.fillStyle = palette.colour.panel;
      const chip = Math.min(height - 4, 17 * palette.unit);
      bar(pen, left - 4, top + (height - chip) / 2, widthOf(pen, label) + 8, chip);
    }
    pen.fillStyle = ink;
    if (label) pen.fillText(label, left, top + height / 2);
  }
  pen.globalAlpha = 1;
}

/**
 * In the slices of a running coroutine, paints what its thread does while that is not running.
 * @param {Scene} scene @param {Drawn} drawn the coroutine @param {number} threadId
 */
function paintThreadWithin(scene, { columns, band: { top, height } }, threadId) {
  const { scale, pen, palette, nowNs } = scene;
  const thread = scene.model.slices.get(threadId);
  if (!thread || thread.length === 0) return;
  const last = columns.rowAt(Math.min(scale.endNs, nowNs));
  for (let row = Math.max(0, columns.rowAt(scale.startNs)); row <= last; row += 1) {
    if (columns.state[row] !== STATE.RUNNING) continue;
    const startNs = Math.max(columns.start[row], scale.startNs);
    const endNs = Math.min(columns.endOf(row, nowNs), scale.endNs, nowNs);
    if ((endNs - startNs) / scale.nsPerPx < 3) continue;
    const until = thread.rowAt(endNs);
    for (let i = Math.max(0, thread.rowAt(startNs)); i <= until; i += 1) {
      if (thread.state[i] === STATE.RUNNING) continue;
      const x0 = scale.toPx(Math.max(startNs, thread.start[i]));
      const x1 = scale.toPx(Math.min(endNs, thread.endOf(i, nowNs)));
      if (x1 - x0 < 1) continue;
      pen.fillStyle = palette.colour.bg;
      pen.fillRect(x0, top + 3, x1 - x0, height - 6);
      pen.fillStyle = palette.fills[thread.kind[i]];
      pen.fillRect(x0, top + 3, x1 - x0, height - 6);
      const room = x1 - Math.max(x0, scale.leftPx) - 12;
      if (room < LABEL_FROM_PX || isPatterned(thread.kind[i])) continue;
      pen.font = font(scene, 11.5, 450);
      pen.fillStyle = palette.colour.ink;
      const words = t("its thread: {state}", { state: kindNameOf(thread.kind[i], "thread") });
      const left = Math.max(x0, scale.leftPx) + 7;
      pen.fillText(firstFitting(pen, [words], room), left, top + height / 2);
    }
  }
}
