// Paints how a track ended: an icon and a few words behind its last slice.

import { t } from "../base/messages.js";
import { endedAt } from "../model/endings.js";
import { endingOf } from "../view/words.js";
import { bar, firstFitting, firstWhole, font, widthOf } from "./pen.js";

/** @typedef {import("./pen.js").Scene} Scene */
/** @typedef {import("./pen.js").Band} Band */

/** @param {Scene} scene @param {number} id
 *  @param {Band} band */
export function paintEnding(scene, id, { top, height }) {
  const { pen, palette, scale, model } = scene;
  const track = model.tracks.get(id);
  const endNs = track ? endedAt(model, track) : null;
  const ending = track ? endingOf(track) : null;
  if (!track || !ending || endNs === null || endNs > scene.nowNs) return;
  const reapedPx = scale.toPx(track.end_ns ?? scene.nowNs);
  const x = scale.toPx(endNs);
  if (x < scale.leftPx - 1 || x > scale.rightPx) return;
  pen.fillStyle = ending.bad ? palette.colour.bad : palette.colour.mute;
  pen.fillRect(x, top - 1, 1.5, height + 2);
  pen.font = font(scene, height > 28 ? 12.5 : height > 18 ? 11.5 : 10.5, ending.bad ? 600 : 450);
  const text = `${ending.icon} ${ending.text}`;
  const room = scale.rightPx - x - 8;
  const ground = palette.colour.panel;
  const chip = Math.min(height - 4, 19 * palette.unit);
  const onZombie = firstFitting(
    pen, [[text, t("zombie")].join(" · "), text, ending.icon], Math.min(room, reapedPx - x - 16),
  );
  if (onZombie) {
    // The process is a zombie for long enough: the words are drawn on its hatched slice.
    pen.fillStyle = ground;
    bar(pen, x + 4, top + (height - chip) / 2, widthOf(pen, onZombie) + 9, chip);
    pen.fillStyle = ending.bad ? palette.colour.bad : palette.colour.ink;
    pen.fillText(onZombie, x + 8, top + height / 2);
    return;
  }
  // Behind the end the words cover nothing. If they don't fit, the icon mostly does.
  const behind = firstWhole(pen, [text, ending.icon], room - Math.max(0, reapedPx - x));
  if (behind) {
    pen.fillText(behind, reapedPx + 6, top + height / 2);
    return;
  }
  const width = widthOf(pen, ending.icon) + 10;
  if (x - width < scale.leftPx) return;
  pen.fillStyle = ground;
  pen.globalAlpha = 0.92;
  bar(pen, x - width - 3, top + (height - chip) / 2, width, chip);
  pen.globalAlpha = 1;
  pen.fillStyle = ending.bad ? palette.colour.bad : palette.colour.mute;
  pen.fillText(ending.icon, x - width + 2, top + height / 2);
}
