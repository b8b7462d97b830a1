// Paints many intervals in one row; those that share a pixel are merged into one rectangle.

import { lowerBound } from "../base/search.js";
import { bar, fittedName, mergedDots } from "./pen.js";

/** @typedef {import("./pen.js").Scene} Scene */
/** @typedef {import("./pen.js").Band} Band */
/** @typedef {import("../view/segments.js").Stretch} Stretch */

/**
 * @param {Scene} scene @param {Stretch} stretch @param {Band} band
 * @param {string | CanvasPattern} fill
 */
export function paintDense(scene, stretch, band, fill) {
  const { pen, palette, scale, model, nowNs } = scene;
  const { index, first, after } = stretch;
  let i = first;
  while (i < after) {
    const columns = model.slicesOf(index.a[i]);
    const endNs = Math.min(columns.endOf(index.b[i], nowNs), nowNs);
    const x0 = Math.max(scale.leftPx, scale.toPx(index.start[i]));
    const x1 = Math.min(scale.toPx(endNs), scale.rightPx + 4);
    const pixelEnd = Math.floor(x0) + 1;
    const next = x1 - x0 >= 1.2
      ? i + 1
      : lowerBound(index.start, scale.toNs(pixelEnd), i + 1, after);
    pen.fillStyle = fill;
    if (next === i + 1) {
      paintOne(scene, stretch, i, x0, x1, band);
    } else {
      let reach = pixelEnd;
      for (let j = Math.max(i, next - 8); j < next; j += 1) {
        const other = model.slicesOf(index.a[j]);
        reach = Math.max(reach, scale.toPx(Math.min(nowNs, other.endOf(index.b[j], nowNs))));
      }
      const width = Math.min(reach, scale.rightPx) - pixelEnd + 1;
      pen.globalAlpha = 0.85;
      pen.fillRect(pixelEnd - 1, band.top, width, band.height);
      pen.globalAlpha = 1;
      mergedDots(pen, palette.colour["on-running"], pixelEnd - 1, pixelEnd + 1,
        band.top + band.height);
    }
    i = next;
  }
}

/**
 * On a CPU a wide bar has its thread's name. While a thread is pinned or hovered, the bars of all
 * others are pale.
 * @param {Scene} scene @param {Stretch} stretch @param {number} i
 * @param {number} x0 @param {number} x1 @param {Band} band
 */
function paintOne(scene, { index, key }, i, x0, x1, { top, height }) {
  const { pen, palette, model, view } = scene;
  const track = index.a[i];
  if (!model.inLane(key, track, index.b[i])) return;
  const onCpu = key < 0;
  const focus = view.pin?.track ?? view.hoverTrack;
  pen.globalAlpha = onCpu && focus && focus !== track ? 0.35 : 0.85;
  bar(pen, x0, top, Math.max(0.8, x1 - x0 - (x1 - x0 > 3 ? 0.8 : 0)), height);
  pen.globalAlpha = 1;
  if (onCpu && x1 - x0 > 34 && height > 11) {
    pen.fillStyle = palette.colour["on-running"];
    const name = fittedName(pen, model.nameOf(track), x1 - x0 - 8);
    pen.fillText(name, x0 + 4, top + height / 2);
  }
}
