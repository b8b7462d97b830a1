// One line about the slice that is pinned, or under the pointer, in one of two compared runs.

import { t } from "../base/messages.js";
import { duration } from "../base/times.js";
import { sliceSentence } from "../view/slice_sentences.js";
import { stateName } from "../view/words.js";
import { el, part, say, sentence } from "./dom.js";

export class SliceLine {
  line = part("details-line");

  /**
   * @param {"A" | "B"} letter of the run @param {import("../model/timeline.js").Timeline} model
   * @param {import("../view/view.js").View} view
   */
  update(letter, model, view) {
    const point = view.pin ?? view.hover;
    if (!point || point.row >= model.slicesOf(point.track).length) {
      say(this.line, t("Point at a slice to read what it is; click to pin it."));
      return;
    }
    const columns = model.slicesOf(point.track);
    const state = stateName(columns.state[point.row]);
    const time = duration(columns.endOf(point.row, view.nowNs) - columns.start[point.row]);
    this.line.replaceChildren(
      el("span", { class: `letter ${letter.toLowerCase()}` }, letter),
      el("b", {}, `${model.nameOf(point.track)} · ${state} · ${time}`), " ",
      sentence(sliceSentence(model, point.track, point.row)),
    );
  }
}
