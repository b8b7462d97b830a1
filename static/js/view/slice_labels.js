// Labels that are drawn inside slices.

import { t } from "../base/messages.js";
import { REASON, STATE } from "../model/vocabulary.js";
import { HELD } from "./slice_sentences.js";

/** @typedef {import("../model/timeline.js").Timeline} Timeline */

/**
 * The labels that a slice may have, the longest first: "waiting for noodles · held by Bob", then
 * "waiting for noodles", then "noodles". None if its colour says all.
 * @param {Timeline} model @param {number} track @param {number} row @returns {string[]}
 */
export function sliceLabels(model, track, row) {
  const columns = model.slicesOf(track);
  const state = columns.state[row];
  if (state === STATE.ZOMBIE) return model.tracks.get(track)?.end ? [] : [t("zombie")];
  if (state === STATE.STOPPED) return [t("stopped")];
  if (state === STATE.GIL) return ["GIL"];
  if (state !== STATE.BLOCKED && state !== STATE.AWAITING) return [];
  const holder = columns.holder[row] ? model.nameOf(columns.holder[row]) : "";
  const object = model.things.get(columns.object[row])?.name ?? "";
  switch (columns.reason[row]) {
    case REASON.SLEEP:
      return [t("sleeping")];
    case REASON.POLL:
      return model.loops.has(track) ? [t("event loop waits")] : ["poll"];
    case REASON.INPUT:
      return [t("waiting for input")];
    case REASON.YIELD:
      return ["yield"];
    case REASON.JOIN:
    case REASON.WAIT_CHILD:
      return holder ? [t("waiting for {object}", { object: holder }), holder] : [t("joining")];
    case REASON.OTHER:
      return object ? [object] : [];
  }
  const name = object || holder;
  if (!name) return state === STATE.AWAITING ? [t("awaiting")] : [];
  const labels = [t("waiting for {object}", { object: name }), name];
  return object && holder && object !== holder && HELD.has(columns.reason[row])
    ? [t("waiting for {object} · held by {holder}", { object, holder }), ...labels]
    : labels;
}
