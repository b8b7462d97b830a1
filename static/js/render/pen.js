// What all painters share: text that fits, bars, dots, arrow heads, and where a row lies.

/** @typedef {import("./palette.js").Palette} Palette */
/** @typedef {import("../model/timeline.js").Timeline} Timeline */
/** @typedef {import("../view/view.js").View} View */
/** @typedef {import("../view/layout.js").Layout} Layout */
/** @typedef {import("../view/layout.js").Row} Row */
/**
 * @typedef {object} Scene all that one paint needs
 * @property {CanvasRenderingContext2D} pen @property {Palette} palette
 * @property {Timeline} model @property {View} view @property {Layout} layout
 * @property {import("../view/scale.js").TimeScale} scale
 * @property {number} width @property {number} height
 * @property {number} namesPx width of the names' column @property {number} axisPx its height
 * @property {number} nowNs @property {Map<number, import("../model/cycles.js").Alarm[]>} alarms
 */

/** @typedef {{top: number, height: number}} Band where the bars of a row lie on the canvas */

/** @type {Map<string, number>} */
const widths = new Map();

/** The width of a text, which is measured once.
 *  @param {CanvasRenderingContext2D} pen @param {string} text */
export function widthOf(pen, text) {
  const key = pen.font + text;
  let width = widths.get(key);
  if (width === undefined) {
    if (widths.size > 4000) widths.clear();
    width = pen.measureText(text).width;
    widths.set(key, width);
  }
  return width;
}

/** The text cut to a width; "" if less than three letters fit.
 *  @param {CanvasRenderingContext2D} pen @param {string} text @param {number} room */
export function fitted(pen, text, room) {
  const width = widthOf(pen, text);
  if (width <= room) return text;
  const fits = Math.floor((text.length * (room - widthOf(pen, "…"))) / width);
  return fits >= 3 ? `${text.slice(0, fits).trimEnd()}…` : "";
}

/** The text cut in its middle, because names that begin alike differ at their ends.
 *  @param {CanvasRenderingContext2D} pen @param {string} text @param {number} room */
export function fittedName(pen, text, room) {
  if (widthOf(pen, text) <= room) return text;
  let kept = Math.floor((text.length * room) / widthOf(pen, text));
  for (; kept >= 3; kept -= 1) {
    const end = Math.floor(kept * 0.45);
    const cut = `${text.slice(0, kept - end).trimEnd()}…${text.slice(-end).trimStart()}`;
    if (widthOf(pen, cut) <= room) return cut;
  }
  return "";
}

/** The first text that fits; "" if none does.
 *  @param {CanvasRenderingContext2D} pen @param {string[]} texts @param {number} room */
export function firstWhole(pen, texts, room) {
  return texts.find((text) => widthOf(pen, text) <= room) ?? "";
}

/** The first text that fits; else the last one, cut, if most of it fits; else "".
 *  @param {CanvasRenderingContext2D} pen @param {string[]} texts @param {number} room */
export function firstFitting(pen, texts, room) {
  const whole = firstWhole(pen, texts, room);
  if (whole) return whole;
  const shortest = texts.at(-1) ?? "";
  const cut = fitted(pen, shortest, room);
  return cut.length > shortest.length * 0.7 ? cut : "";
}

/** @param {CanvasRenderingContext2D} pen @param {number} x @param {number} y
 *  @param {number} width @param {number} height */
export function bar(pen, x, y, width, height) {
  if (width < 5) {
    pen.fillRect(x, y, width, height);
  } else {
    pen.beginPath();
    pen.roundRect(x, y, width, height, Math.min(3, height / 2));
    pen.fill();
  }
}

/** Dots along the bottom, which mark slices that are merged: zoom in to see them.
 *  @param {CanvasRenderingContext2D} pen @param {string} colour @param {number} x0
 *  @param {number} x1 @param {number} y the bottom */
export function mergedDots(pen, colour, x0, x1, y) {
  pen.fillStyle = colour;
  for (let x = Math.ceil(x0 / 4) * 4; x + 1 < x1; x += 4) pen.fillRect(x, y - 2, 1.5, 1.5);
}

/** A row's top on the canvas. @param {Scene} scene @param {Row} row */
export const topOf = (scene, row) => scene.axisPx + row.top - scene.view.scrollTop;

/** @param {Scene} scene @param {Row} row @param {number} inset room above and below the bars
 *  @returns {Band} */
export function bandOf(scene, row, inset) {
  return { top: topOf(scene, row) + inset, height: row.height - 2 * inset };
}

/** The row of a track; if a fold hides it, that of its nearest ancestor with a row.
 *  @param {Scene} scene @param {number} track @returns {Row | undefined} */
export function rowOfTrack(scene, track) {
  for (let id = track, steps = 0; id && steps < 64; steps += 1) {
    const row = scene.layout.byTrack.get(id);
    if (row) return row;
    id = scene.model.tracks.get(id)?.parent ?? 0;
  }
  return undefined;
}

/** @param {Scene} scene @param {number} size @param {number} [weight] */
export function font(scene, size, weight = 400) {
  return `${weight} ${size * scene.palette.unit}px ${scene.palette.font}`;
}

/** @param {CanvasRenderingContext2D} pen @param {number} x @param {number} y
 *  @param {number} angle @param {number} size */
export function arrowHead(pen, x, y, angle, size) {
  pen.beginPath();
  pen.moveTo(x, y);
  pen.lineTo(x - size * Math.cos(angle - 0.42), y - size * Math.sin(angle - 0.42));
  pen.lineTo(x - size * Math.cos(angle + 0.42), y - size * Math.sin(angle + 0.42));
  pen.closePath();
  pen.fill();
}
