// Paints what surrounds the rows: axis, grid, names, live edge, the pointer's time.

import { t } from "../base/messages.js";
import { instant, tickLabel, tickStep } from "../base/times.js";
import { firstWhole, fittedName, font, topOf, widthOf } from "./pen.js";

/** @typedef {import("./pen.js").Scene} Scene */
/** @typedef {import("../view/layout.js").Row} Row */

/** @param {Scene} scene */
export function paintGround(scene) {
  const { pen, palette, scale } = scene;
  pen.fillStyle = palette.colour.bg;
  pen.fillRect(0, 0, scene.width, scene.height);
  const step = tickStep(scale.nsPerPx * 92 * palette.unit);
  pen.strokeStyle = palette.colour.line;
  pen.lineWidth = 1;
  pen.beginPath();
  for (let ns = Math.ceil(scale.startNs / step) * step; ns <= scale.endNs; ns += step) {
    const x = Math.round(scale.toPx(ns)) + 0.5;
    pen.moveTo(x, scene.axisPx);
    pen.lineTo(x, scene.height);
  }
  pen.stroke();
}

/** @param {Scene} scene */
export function paintAxis(scene) {
  const { pen, palette, scale } = scene;
  pen.fillStyle = palette.colour.panel;
  pen.fillRect(0, 0, scene.width, scene.axisPx);
  const step = tickStep(scale.nsPerPx * 92 * palette.unit);
  pen.font = font(scene, 11.5);
  pen.fillStyle = palette.colour.mute;
  for (let ns = Math.ceil(scale.startNs / step) * step; ns <= scale.endNs; ns += step) {
    const x = scale.toPx(ns);
    if (x < scale.leftPx - 1 || ns < 0) continue;
    const label = tickLabel(ns, step);
    if (x + 4 + widthOf(pen, label) < scene.width) pen.fillText(label, x + 4, scene.axisPx / 2);
  }
  for (const finding of scene.model.findings.values()) paintMarker(scene, finding);
  pen.fillStyle = palette.colour.line;
  pen.fillRect(0, scene.axisPx - 1, scene.width, 1);
}

/** @param {Scene} scene @param {import("../model/shapes.js").Finding} finding */
function paintMarker(scene, finding) {
  const { pen, palette, scale } = scene;
  const x = scale.toPx(finding.start_ns);
  if (x < scale.leftPx || x > scale.rightPx) return;
  pen.fillStyle = palette.colour["st-alarm"];
  pen.beginPath();
  pen.moveTo(x - 5, scene.axisPx - 9);
  pen.lineTo(x + 5, scene.axisPx - 9);
  pen.lineTo(x, scene.axisPx - 1);
  pen.fill();
}

/** The edge behind which nothing is known: where the run is now, is held, or ended.
 *  @param {Scene} scene */
export function paintEdge(scene) {
  const { pen, palette, scale, view, model } = scene;
  const x = scale.toPx(scene.nowNs);
  if (x > scale.rightPx) return;
  const from = Math.max(x, scale.leftPx);
  pen.globalAlpha = 0.55;
  pen.fillStyle = palette.colour.head;
  pen.fillRect(from, scene.axisPx, scene.width - from, scene.height - scene.axisPx);
  pen.globalAlpha = 1;
  if (x < scale.leftPx) return;
  const paused = view.pausedNs !== null;
  const live = model.state !== "ended" && !paused;
  pen.fillStyle = live ? palette.colour.good : paused ? palette.colour.accent : palette.colour.edge;
  pen.fillRect(x, scene.axisPx, live ? 2 : 1, scene.height - scene.axisPx);
  if (live) {
    pen.beginPath();
    pen.arc(x + 1, scene.axisPx, 4 * palette.unit, 0, 7);
    pen.fill();
  }
}

/** @param {Scene} scene */
export function paintPointer(scene) {
  const { pen, palette, scale, view } = scene;
  if (view.hoverNs === null) return;
  const x = Math.round(scale.toPx(view.hoverNs)) + 0.5;
  if (x < scale.leftPx || x > scale.rightPx) return;
  pen.strokeStyle = palette.colour.edge;
  pen.lineWidth = 1;
  pen.setLineDash([2, 3]);
  pen.beginPath();
  pen.moveTo(x, scene.axisPx);
  pen.lineTo(x, scene.height);
  pen.stroke();
  pen.setLineDash([]);
  pen.font = font(scene, 11.5, 600);
  const label =
    scale.nsPerPx < 1e4 ? `${(view.hoverNs / 1e6).toFixed(3)} ms` : instant(view.hoverNs);
  const width = widthOf(pen, label) + 12;
  const left = Math.min(Math.max(x - width / 2, scale.leftPx), scale.rightPx - width);
  pen.fillStyle = palette.colour.ink;
  pen.beginPath();
  pen.roundRect(left, 4, width, scene.axisPx - 9, 4);
  pen.fill();
  pen.fillStyle = palette.colour.bg;
  pen.fillText(label, left + 6, (scene.axisPx - 1) / 2);
}

/** @param {Scene} scene @param {Row} row */
export function paintRowGround(scene, row) {
  const { pen, palette } = scene;
  const top = topOf(scene, row);
  if (row.type === "track" && row.id === scene.view.hoverTrack) {
    pen.globalAlpha = 0.035;
    pen.fillStyle = palette.colour.ink;
    pen.fillRect(0, top, scene.width, row.height);
    pen.globalAlpha = 1;
  }
  pen.fillStyle = palette.colour.line;
  pen.globalAlpha = 0.6;
  pen.fillRect(0, Math.round(top + row.height) - 1, scene.width, 1);
  pen.globalAlpha = 1;
}

/** @param {Scene} scene @param {Row[]} rows */
export function paintNames(scene, rows) {
  const { pen, palette } = scene;
  pen.fillStyle = palette.colour.head;
  pen.fillRect(0, scene.axisPx, scene.namesPx, scene.height - scene.axisPx);
  for (const row of rows) paintName(scene, row);
  pen.fillStyle = palette.colour.line;
  pen.fillRect(scene.namesPx - 1, 0, 1, scene.height);
}

/** @param {Scene} scene @param {Row} row */
function paintName(scene, row) {
  const { pen, palette, model } = scene;
  const unit = palette.unit;
  const middle = topOf(scene, row) + row.height / 2;
  const narrow = scene.namesPx < 140 * unit;
  const indent = narrow ? 8 : 14;
  const track = row.type === "track" ? model.tracks.get(row.id) : undefined;
  const pinned = track !== undefined && scene.view.pin?.track === row.id;
  if (pinned) {
    pen.fillStyle = palette.colour.accent;
    pen.fillRect(0, topOf(scene, row), 3 * unit, row.height - 1);
  }
  let left = (10 + Math.min(row.depth, 6) * indent) * unit;
  if (row.folds > 0) {
    pen.font = font(scene, 11);
    pen.fillStyle = palette.colour.mute;
    pen.fillText(row.folded ? "▸" : "▾", left, middle);
  }
  left += 13 * unit;
  let right = scene.namesPx - 9 * unit;
  const strong = row.type === "group" || track?.kind === "process" || pinned;
  const small = track?.kind === "coroutine" || row.type === "cpu";
  const nameFont = font(scene, small ? 12 : 12.5, strong ? 640 : 400);
  pen.font = nameFont;
  const gap = 8 * unit;
  const whole = track?.daemon ? t("{name} (daemon)", { name: row.name }) : row.name;
  // If the name does not fit, "daemon" or the object's kind is left out before the name is cut.
  const bare = (row.type === "object" && model.things.get(row.id)?.name) || row.name;
  const name = firstWhole(pen, [whole, bare], right - left) || bare;
  const spare = right - left - gap - widthOf(pen, name);
  pen.font = font(scene, 11.5);
  const detail = row.folded ? `+${row.folds}` : narrow ? "" : detailWithin(pen, row.detail, spare);
  if (detail) {
    pen.fillStyle = palette.colour.mute;
    pen.fillText(detail, right - widthOf(pen, detail), middle);
    right -= widthOf(pen, detail) + gap;
  }
  pen.font = nameFont;
  pen.fillStyle = track && track.end_ns !== null ? palette.colour.mute : palette.colour.ink;
  pen.fillText(fittedName(pen, name, right - left), left, middle);
}

/** The detail beside a name, shortened or left out so that the name need not be cut.
 *  @param {CanvasRenderingContext2D} pen @param {string} detail @param {number} room */
function detailWithin(pen, detail, room) {
  return firstWhole(pen, [detail, detail.replace(/^pid /, "")], room);
}
