// Paints CPUs: which thread ran on each, and what the hypervisor took of it.

import { kindCode } from "../model/vocabulary.js";
import { paintDense } from "./dense.js";
import { bandOf, font, topOf } from "./pen.js";

/** @typedef {import("./pen.js").Scene} Scene */
/** @typedef {import("../view/layout.js").Row} Row */

/** Room above and below the bars, in pixels. */
const INSET = 4;
/** The height of the strip below the bars that shows stolen time. */
const STRIP = 3;

/** @param {Scene} scene @param {Row} row */
export function paintCpu(scene, row) {
  const index = scene.model.cpus.get(row.id);
  if (!index) return;
  const { pen, palette, scale, model } = scene;
  const toNs = Math.min(scale.endNs, scene.nowNs);
  const [first, after] = index.touching(scale.startNs, toNs, model.laneEnd);
  pen.font = font(scene, 10.5, 500);
  paintDense(scene, { index, key: -1 - row.id, first, after }, bandOf(scene, row, INSET),
    palette.fills[kindCode("running")]);
  paintStolen(scene, row);
}

/**
 * A strip below the bars for each interval in which the hypervisor took the CPU. The more it took,
 * the stronger the strip; when within the interval it did so is not known.
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
