// Paints objects: which track held each of them while others waited.

import { lowerBound } from "../base/search.js";
import { t } from "../base/messages.js";
import { kindCode } from "../model/vocabulary.js";
import { entriesOf, joined, segments } from "../view/segments.js";
import { paintDense } from "./dense.js";
import { bandOf, firstWhole, fittedName, font } from "./pen.js";

/** @typedef {import("./pen.js").Scene} Scene */
/** @typedef {import("./pen.js").Band} Band */
/** @typedef {import("../view/layout.js").Row} Row */
/** @typedef {import("../view/segments.js").Stretch} Stretch */
/** @typedef {import("../view/segments.js").Segment} Segment */
/**
 * @typedef {object} Look
 * @property {string} fill @property {number} alpha of the fill
 * @property {string} ink of the label @property {string[]} labels the first that fits is written
 */

/** If more entries than this are in view, they are merged and have no names. */
const NAMED_ENTRIES = 600;
/** Room above and below the segments, in pixels. */
const INSET = 4;

/** @param {Scene} scene @param {Row} row */
export function paintObject(scene, row) {
  const { model, pen, palette, scale, nowNs } = scene;
  const index = model.lanes.get(row.id);
  if (!index) return;
  const band = bandOf(scene, row, INSET);
  const [first, after] = index.touching(scale.startNs, Math.min(scale.endNs, nowNs), model.laneEnd);
  const stretch = { index, key: row.id, first, after };
  const isGil = model.things.get(row.id)?.kind === "gil";
  pen.font = font(scene, 11.5, 500);
  paintHeldBefore(scene, stretch, band);
  if (after - first > NAMED_ENTRIES) {
    paintDense(scene, stretch, band, palette.fills[kindCode(isGil ? "gil" : "lock")]);
  } else if (isGil) {
    paintTurns(scene, stretch, band);
  } else {
    for (const segment of segments(entriesOf(model, stretch, nowNs))) {
      paintWaits(scene, row.id, segment, band);
    }
  }
}

/**
 * Paints since when the object of a deadlock was held, which its finding says, until the first wait
 * for it; from then on the waits say which track holds it.
 * @param {Scene} scene @param {Stretch} stretch @param {Band} band
 */
function paintHeldBefore(scene, { index, key }, band) {
  const { model, nowNs } = scene;
  for (const finding of model.findings.values()) {
    for (const wait of finding.cycle) {
      if (wait.object !== key || !(wait.held_since_ns >= 0)) continue;
      const next = lowerBound(index.start, wait.held_since_ns, 0, index.length);
      const waitedNs = next < index.length ? index.start[next] : Infinity;
      const untilNs = Math.min(waitedNs, finding.start_ns, nowNs);
      paintSegment(scene, wait.held_since_ns, untilNs, band, heldLook(scene, wait.holder, 0.5));
    }
  }
}

/** @param {Scene} scene @param {number} object @param {Segment} segment @param {Band} band */
function paintWaits(scene, object, segment, band) {
  const { palette, model } = scene;
  const { startNs, endNs } = segment;
  const names = segment.waiters.map((id) => model.nameOf(id)).join(t(", "));
  const holder = segment.holder ? model.nameOf(segment.holder) : "";
  const labels = holder
    ? [t("held by {holder} — waiting: {waiters}", { holder, waiters: names }), ...heldBy(holder)]
    : [t("waiting: {waiters}", { waiters: names }), names];
  const alarm = [...model.findings.values()].find(
    (finding) =>
      finding.start_ns < endNs &&
      (finding.end_ns ?? Infinity) > startNs &&
      finding.cycle.some((wait) => wait.object === object),
  );
  const caughtNs = alarm ? Math.max(startNs, alarm.start_ns) : endNs;
  if (caughtNs > startNs) {
    const columns = model.slicesOf(segment.waiters[0]);
    const isGil = model.things.get(object)?.kind === "gil";
    const kind = isGil ? kindCode("gil") : columns.kind[Math.max(0, columns.rowAt(startNs))];
    paintSegment(scene, startNs, caughtNs, band, {
      fill: palette.strong[kind], alpha: isGil ? 0.4 : 1, ink: palette.colour.ink, labels,
    });
  }
  if (alarm) {
    paintSegment(scene, caughtNs, endNs, band, {
      fill: palette.colour["st-alarm"], alpha: 1, ink: palette.colour["on-alarm"], labels,
    });
  }
}

/**
 * Paints the GIL: pale while one thread holds it and no other wants it, strong while others do.
 * @param {Scene} scene @param {Stretch} stretch @param {Band} band
 */
function paintTurns(scene, stretch, band) {
  const { model, palette, scale, nowNs } = scene;
  const gil = stretch.key;
  const entries = entriesOf(model, stretch, nowNs);
  const index = model.turns.get(gil);
  if (index) {
    const [first, after] = index.touching(scale.startNs, Math.min(scale.endNs, nowNs),
      model.laneEnd);
    if (after - first > 2 * NAMED_ENTRIES) {
      paintDense(scene, stretch, band, palette.fills[kindCode("gil")]);
      return;
    }
    entries.push(...entriesOf(model, { index, key: gil, first, after }, nowNs));
  }
  for (const turn of joined(segments(entries), scale.nsPerPx)) {
    if (turn.waiters.length > 0) paintWaits(scene, gil, turn, band);
    else paintSegment(scene, turn.startNs, turn.endNs, band, heldLook(scene, turn.holder, 0.35));
  }
}

/**
 * @param {Scene} scene @param {number} startNs @param {number} endNs @param {Band} band
 * @param {Look} look
 */
function paintSegment(scene, startNs, endNs, { top, height }, { fill, alpha, ink, labels }) {
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

/** A segment in which a thread holds the object and no other waits for it.
 *  @param {Scene} scene @param {number} holder @param {number} alpha @returns {Look} */
function heldLook({ palette, model }, holder, alpha) {
  const labels = heldBy(model.nameOf(holder));
  return { fill: palette.strong[kindCode("running")], alpha, ink: palette.colour.ink, labels };
}

/** The labels of a segment that has a holder, the longest first. @param {string} holder */
function heldBy(holder) {
  return [t("held by {holder}", { holder }), holder];
}
