// Paints arrows: which track started, released, fed or woke which; and the cycle of a deadlock.

import { t } from "../base/messages.js";
import { arrowHead, bar, font, rowOfTrack, topOf, widthOf } from "./pen.js";

/** @typedef {import("./pen.js").Scene} Scene */

/** If more arrows than this are in view, only those of the pinned or hovered track are drawn.
 *  Wake-ups are drawn for that track alone. */
const FEW = 40;
const MOST = 400;
/** Arrows whose ends are no farther apart than this are drawn as one. */
const CROWDED_PX = 6;

/** @param {Scene} scene */
export function paintArrows(scene) {
  const { model, view, scale, pen, palette } = scene;
  const flows = model.flows;
  const focus = view.hoverTrack ?? view.pin?.track ?? null;
  const toNs = Math.min(scale.endNs, scene.nowNs);
  const [first, after] = flows.plain.touching(scale.startNs, toNs, flows.endOf);
  pen.lineWidth = 1.4 * palette.unit;
  if (after - first <= FEW) {
    pen.strokeStyle = pen.fillStyle = palette.colour.mute;
    pen.globalAlpha = focus === null ? 0.75 : 0.35;
    const crowd = new Set();
    for (let i = first; i < after; i += 1) paintFlow(scene, flows.plain.a[i], crowd);
  }
  if (focus !== null) {
    const index = flows.ofTrack(focus);
    const [mine, end] = index.touching(scale.startNs, toNs, flows.endOf);
    pen.strokeStyle = pen.fillStyle = palette.colour.ink;
    pen.globalAlpha = 0.9;
    const crowd = new Set();
    for (let i = mine; i < Math.min(end, mine + MOST); i += 1) paintFlow(scene, index.a[i], crowd);
  }
  pen.globalAlpha = 1;
}

/**
 * Arrows between the same rows whose ends are within a few pixels are drawn as one; so are heads
 * and tails.
 * @param {Scene} scene @param {number} i @param {Set<string>} crowd what is drawn there already
 */
function paintFlow(scene, i, crowd) {
  const { pen, scale, palette } = scene;
  const flows = scene.model.flows;
  const from = rowOfTrack(scene, flows.fromTrack[i]);
  const to = rowOfTrack(scene, flows.toTrack[i]);
  if (!from || !to || from === to) return;
  const down = to.top > from.top;
  const x0 = scale.toPx(flows.from[i]);
  const x1 = scale.toPx(flows.to[i]);
  if (Math.max(x0, x1) < scale.leftPx || Math.min(x0, x1) > scale.rightPx) return;
  const y0 = topOf(scene, from) + from.height * (down ? 0.84 : 0.16);
  const y1 = topOf(scene, to) + to.height * (down ? 0.14 : 0.86);
  const near = (/** @type {number} */ x) => Math.round(x / (CROWDED_PX * palette.unit));
  const tail = `${from.key} ${down} ${near(x0)}`;
  const head = `${to.key} ${down} ${near(x1)}`;
  if (!isNew(crowd, `${tail} to ${head}`)) return;
  const bend = (y1 - y0) * 0.5;
  pen.beginPath();
  pen.moveTo(x0, y0);
  pen.bezierCurveTo(x0, y0 + bend, x1, y1 - bend, x1, y1);
  pen.stroke();
  if (isNew(crowd, `tail ${tail}`)) {
    pen.beginPath();
    pen.arc(x0, y0, 2.2 * palette.unit, 0, 7);
    pen.fill();
  }
  if (isNew(crowd, `head ${head}`)) {
    arrowHead(pen, x1, y1, down ? Math.PI / 2 : -Math.PI / 2, 7 * palette.unit);
  }
}

/** @param {Set<string>} crowd @param {string} key */
function isNew(crowd, key) {
  const size = crowd.size;
  return crowd.add(key).size > size;
}

/** The cycle: a dashed arrow from a waiter to the object, a solid one from there to its holder.
 *  @param {Scene} scene */
export function paintCycles(scene) {
  for (const finding of scene.model.findings.values()) {
    if (finding.kind === "deadlock" && finding.start_ns <= scene.nowNs) {
      paintCycle(scene, finding);
      paintStartLabel(scene, finding);
    }
  }
}

/** @param {Scene} scene @param {import("../model/shapes.js").Finding} finding */
function paintCycle(scene, finding) {
  const { scale, layout, pen, palette } = scene;
  const endNs = Math.min(finding.end_ns ?? scene.nowNs, scene.nowNs);
  const x0 = Math.max(scale.leftPx, scale.toPx(finding.start_ns));
  const x1 = Math.min(scale.rightPx, scale.toPx(endNs));
  const edges = finding.cycle.length * 2;
  const step = Math.min(46 * palette.unit, (x1 - x0) / (edges + 2));
  if (step < 7) return;
  let x = x1 - step * (edges + 0.5);
  pen.strokeStyle = pen.fillStyle = palette.colour.ink;
  pen.lineWidth = 1.8 * palette.unit;
  /** @type {[number, number, number, boolean][]} x, from y, to y, dashed */
  const drawn = [];
  for (const wait of finding.cycle) {
    const waiter = rowOfTrack(scene, wait.track);
    const holder = rowOfTrack(scene, wait.holder);
    const lane = layout.byObject.get(wait.object);
    if (!waiter || !holder) continue;
    const bottom = topOf(scene, waiter) + waiter.height * 0.86;
    const target = lane ?? holder;
    const below = target.top > waiter.top;
    drawn.push([
      x,
      below ? bottom : topOf(scene, waiter) + waiter.height * 0.14,
      topOf(scene, target) + (below ? 4 : target.height - 4),
      true,
    ]);
    x += step;
    if (lane) {
      drawn.push([x, topOf(scene, lane) + 4, topOf(scene, holder) + holder.height * 0.86, false]);
      x += step;
    }
  }
  for (const [at, from, to, dashed] of drawn) {
    pen.setLineDash(dashed ? [4, 3] : []);
    pen.beginPath();
    pen.moveTo(at, from);
    pen.lineTo(at, to + (to > from ? -5 : 5));
    pen.stroke();
    pen.setLineDash([]);
    arrowHead(pen, at, to, to > from ? Math.PI / 2 : -Math.PI / 2, 9 * palette.unit);
  }
  paintCaptions(scene, drawn);
}

/** @param {Scene} scene @param {[number, number, number, boolean][]} drawn */
function paintCaptions(scene, drawn) {
  const { pen, palette } = scene;
  const objects = scene.layout.rows.find((row) => row.key === "objects");
  const waits = drawn.find(([, , , dashed]) => dashed);
  const held = drawn.findLast(([, , , dashed]) => !dashed);
  if (!objects || !waits || !held) return;
  const y = topOf(scene, objects) + objects.height / 2;
  pen.font = font(scene, 11.5);
  pen.fillStyle = palette.colour.mute;
  const words = t("waits for");
  pen.fillText(words, waits[0] - widthOf(pen, words) - 7, y);
  pen.fillText(t("held by"), held[0] + 7, y);
}

/** A line behind the slices at each time at which a cycle closed. @param {Scene} scene */
export function paintStarts(scene) {
  const { pen, palette, scale } = scene;
  pen.fillStyle = palette.colour["st-alarm"];
  for (const finding of scene.model.findings.values()) {
    const x = scale.toPx(finding.start_ns);
    const shown = finding.kind === "deadlock" && finding.start_ns <= scene.nowNs;
    if (!shown || x < scale.leftPx || x > scale.rightPx) continue;
    pen.fillRect(x - 1, scene.axisPx, 2, scene.height - scene.axisPx);
  }
}

/** @param {Scene} scene @param {import("../model/shapes.js").Finding} finding */
function paintStartLabel(scene, finding) {
  const { pen, palette, scale } = scene;
  const x = scale.toPx(finding.start_ns);
  if (x < scale.leftPx || x > scale.rightPx) return;
  const label = t("deadlock {time} s", { time: (finding.start_ns / 1e9).toFixed(3) });
  pen.font = font(scene, 12.5, 650);
  const width = widthOf(pen, label);
  const left = x + 7 + width > scale.rightPx ? x - 7 - width : x + 7;
  const middle = scene.height - 13 * palette.unit;
  pen.fillStyle = palette.colour.bg;
  bar(pen, left - 4, middle - 10 * palette.unit, width + 8, 20 * palette.unit);
  pen.fillStyle = palette.colour.bad;
  pen.fillText(label, left, middle);
}
