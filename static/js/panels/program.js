// The program as it ran, with the line of the pinned or hovered slice marked.

import { t } from "../base/messages.js";
import { cycleOf } from "../model/cycles.js";
import { seenWithin } from "../model/sightings.js";
import { STATE } from "../model/vocabulary.js";
import { bringToView, el, isInView, part } from "./dom.js";
import { LineMarks } from "./line_marks.js";

export class Program {
  #key = "";
  /** @type {HTMLElement | null} */
  #marked = null;
  /** @type {HTMLElement | null} */
  #note = null;
  /** Whether the text scrolls to where the program is. */
  #leads = true;

  /** @param {import("../model/timeline.js").Timeline} model
   *  @param {import("../view/view.js").View} view */
  constructor(model, view) {
    this.model = model;
    this.view = view;
    this.box = part("program");
    /** @type {Map<number, HTMLElement>} */
    this.lines = new Map();
    for (const node of this.box.querySelectorAll("[data-line]")) {
      if (node instanceof HTMLElement) this.lines.set(Number(node.dataset.line), node);
    }
    this.marks = new LineMarks(model, view, this.lines);
    for (const event of ["wheel", "pointerdown", "touchstart", "keydown"]) {
      this.box.addEventListener(event, () => (this.#leads = false), { passive: true, once: true });
    }
  }

  /** Marks where the tracks are now. While the run is live, a marked line is kept in view until
   *  the reader scrolls the text. */
  follow() {
    this.marks.update();
    const { pin, hoverNs } = this.view;
    if (!this.#leads || pin || hoverNs !== null || this.model.state === "ended") return;
    const marked = this.marks.lines;
    if (marked.length > 0 && !marked.some((node) => isInView(this.box, node))) {
      bringToView(this.box, marked[0]);
    }
  }

  /** The line at which the slice began, else the one at which it was seen last.
   *  @param {import("../view/view.js").Point} point */
  #lineOf({ track, row }) {
    const began = this.model.slicesOf(track).line[row];
    if (began > 0) return began;
    const seen = seenWithin(this.model, track, row, this.view.nowNs);
    return seen.length > 0 ? seen[seen.length - 1].line : 0;
  }

  update() {
    const point = this.view.pin ?? this.view.hover;
    const columns = point && this.model.slicesOf(point.track);
    const line = columns && point.row < columns.length ? this.#lineOf(point) : 0;
    const alarm = point && line ? cycleOf(this.model, point.track, point.row) !== null : false;
    const key = point && line ? `${point.track} ${line} ${alarm} ${columns?.state[point.row]}` : "";
    if (key === this.#key) return;
    this.#key = key;
    this.#marked?.classList.remove("marked", "alarm");
    this.#marked?.removeAttribute("aria-current");
    this.#note?.remove();
    this.#marked = this.#note = null;
    const node = this.lines.get(line);
    if (!point || !node || !columns) return;
    const state = columns.state[point.row];
    const waits = state === STATE.BLOCKED || state === STATE.AWAITING;
    const name = this.model.nameOf(point.track);
    this.#note = el("span", { class: "code-note" });
    this.#note.append(waits ? t("◀ {name} waits", { name }) : `◀ ${name}`);
    node.append(this.#note);
    node.classList.add(alarm ? "alarm" : "marked");
    node.setAttribute("aria-current", "true");
    this.#marked = node;
    bringToView(this.box, node);
  }
}
