// The colours of the picture, from css/tokens.css. Each kind has one colour and one pattern.

import { KINDS } from "../model/vocabulary.js";

/** @typedef {import("../model/vocabulary.js").Kind} Kind */
/** @typedef {"solid" | "hatch" | "backhatch" | "cross" | "dots" | "hollow"} Pattern */

/** @type {Record<Kind, Pattern>} */
const PATTERNS = {
  running: "solid",
  ready: "hatch",
  gil: "backhatch",
  lock: "solid",
  sync: "solid",
  channel: "solid",
  io: "solid",
  join: "solid",
  sleep: "solid",
  await: "solid",
  other: "solid",
  stopped: "cross",
  zombie: "hatch",
  new: "hollow",
  unknown: "dots",
};

const NAMES = /** @type {const} */ ([
  "bg", "panel", "head", "line", "edge", "ink", "mute", "accent", "bad", "good", "mark", "warn",
  "st-alarm", "st-running", "on-running", "on-alarm",
]);
/** @typedef {typeof NAMES[number]} ColourName */

/** @typedef {object} Palette
 * @property {Record<ColourName, string>} colour
 * @property {(string | CanvasPattern)[]} fills by kind code
 * @property {string[]} strong the plain colour by kind code
 * @property {string} font @property {number} unit pixels per layout unit
 */

/**
 * Calls the listener whenever the theme or the scale of the page has changed. Listeners are called
 * in the order in which they were added: what shows the painter's colours is added after it.
 * @param {() => void} listener
 */
export function whenTokensChange(listener) {
  document.documentElement.addEventListener("timeslice:theme", listener);
  document.documentElement.addEventListener("timeslice:scale", listener);
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", listener);
}

/**
 * Reads the tokens that the page's theme and scale have now.
 * @param {CanvasRenderingContext2D} context @param {number} ratio device pixels per pixel
 * @returns {Palette}
 */
export function readPalette(context, ratio) {
  const probe = document.createElement("span");
  probe.hidden = true;
  document.body.append(probe);
  const read = (/** @type {string} */ name) => {
    probe.style.color = `var(--${name})`;
    return getComputedStyle(probe).color;
  };
  const colour = /** @type {Record<ColourName, string>} */ (
    Object.fromEntries(NAMES.map((name) => [name, read(name)]))
  );
  const strong = KINDS.map((kind) => read(`st-${kind}`));
  const fills = KINDS.map((kind, i) => patternOf(context, PATTERNS[kind], strong[i], ratio));
  probe.remove();
  const root = getComputedStyle(document.documentElement);
  const unit = parseFloat(root.fontSize) / 16;
  const font = getComputedStyle(document.body).fontFamily;
  return { colour, strong, fills, font, unit };
}

/** A label needs a ground of its own on these. @param {number} kind */
export const isPatterned = (kind) => PATTERNS[KINDS[kind]] !== "solid";

/**
 * @param {CanvasRenderingContext2D} context @param {Pattern} pattern @param {string} colour
 * @param {number} ratio @returns {string | CanvasPattern}
 */
function patternOf(context, pattern, colour, ratio) {
  if (pattern === "solid") return colour;
  const size = 8;
  const tile = document.createElement("canvas");
  tile.width = tile.height = Math.round(size * ratio);
  const pen = tile.getContext("2d");
  if (!pen) return colour;
  pen.scale(tile.width / size, tile.height / size);
  pen.fillStyle = pen.strokeStyle = colour;
  pen.globalAlpha = pattern === "hollow" ? 0.25 : pattern === "dots" ? 0.12 : 0.26;
  pen.fillRect(0, 0, size, size);
  pen.globalAlpha = 1;
  DRAW[pattern](pen, size);
  const made = context.createPattern(tile, "repeat");
  if (!made) return colour;
  made.setTransform(new DOMMatrix().scale(size / tile.width));
  return made;
}

/** @type {Record<Pattern, (pen: CanvasRenderingContext2D, size: number) => void>} */
const DRAW = {
  solid: () => undefined,
  hollow: () => undefined,
  hatch: (pen, size) => diagonals(pen, size, 1),
  backhatch: (pen, size) => diagonals(pen, size, -1),
  cross: (pen, size) => {
    diagonals(pen, size, 1, 1);
    diagonals(pen, size, -1, 1);
  },
  dots: (pen, size) => {
    for (const [x, y] of [[2, 2], [6, 6]]) {
      pen.beginPath();
      pen.arc((x * size) / 8, (y * size) / 8, 1, 0, 7);
      pen.fill();
    }
  },
};

/** @param {CanvasRenderingContext2D} pen @param {number} size @param {1 | -1} slope
 *  @param {number} [width] */
function diagonals(pen, size, slope, width = 2.4) {
  pen.lineWidth = width;
  pen.beginPath();
  for (const shift of [-size, 0, size]) {
    pen.moveTo(shift - 2, slope > 0 ? size + 2 : -2);
    pen.lineTo(shift + size + 2, slope > 0 ? -2 : size + 2);
  }
  pen.stroke();
}

/**
 * Paints a small canvas in the look of a kind, so that a legend looks as the picture does.
 * @param {HTMLCanvasElement} canvas @param {number} kind @param {Palette} palette
 */
export function paintSwatch(canvas, kind, palette) {
  const ratio = globalThis.devicePixelRatio || 1;
  const pen = canvas.getContext("2d");
  if (!pen) return;
  const [width, height] = [22 * palette.unit, 12 * palette.unit];
  canvas.width = Math.round(width * ratio);
  canvas.height = Math.round(height * ratio);
  canvas.style.width = `${width}px`;
  canvas.style.height = `${height}px`;
  pen.scale(ratio, ratio);
  pen.fillStyle = palette.fills[kind];
  pen.beginPath();
  pen.roundRect(0, 0, width, height, 3);
  pen.fill();
  pen.strokeStyle = palette.colour.line;
  pen.lineWidth = 1;
  pen.stroke();
}
