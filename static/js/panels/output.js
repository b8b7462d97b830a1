// What the program printed, and which track did. A click on a time shows it in the picture.

import { t } from "../base/messages.js";
import { instant } from "../base/times.js";
import { el, part } from "./dom.js";

const MOST_LINES = 600;

export class OutputPanel {
  #taken = 0;
  #filter = 0;
  /** @type {Set<number>} */
  #tracks = new Set();

  /**
   * @param {import("../model/timeline.js").Timeline} model
   * @param {(track: number, ns: number) => void} show
   */
  constructor(model, show) {
    this.model = model;
    this.show = show;
    this.list = part("output");
    this.hint = part("output-hint");
    this.select = /** @type {HTMLSelectElement} */ (part("output-filter"));
    this.select.addEventListener("change", () => {
      this.#filter = Number(this.select.value);
      this.#taken = 0;
      this.list.replaceChildren();
      this.update();
    });
  }

  update() {
    const { output } = this.model;
    if (output.length < this.#taken) {
      this.#taken = 0;
      this.list.replaceChildren();
    }
    if (output.length === this.#taken) return;
    const box = this.list;
    const atEnd = box.scrollTop + box.clientHeight >= box.scrollHeight - 8;
    const from = Math.max(this.#taken, output.length - MOST_LINES);
    const fresh = document.createDocumentFragment();
    for (const item of output.slice(from)) {
      this.#offer(item.track);
      if (this.#filter === 0 || this.#filter === item.track) fresh.append(this.#line(item));
    }
    this.#taken = output.length;
    box.append(fresh);
    while (box.childElementCount > MOST_LINES) box.firstElementChild?.remove();
    this.hint.hidden = true;
    if (atEnd) box.scrollTop = box.scrollHeight;
  }

  /** @param {import("../model/shapes.js").Output} item */
  #line(item) {
    const time = el("button", { type: "button", class: "output-time" }, instant(item.ns));
    time.title = t("Show this moment in the picture");
    time.addEventListener("click", () => this.show(item.track, item.ns));
    return el("li", { class: item.stream === "stderr" ? "stderr" : "" },
      time,
      el("span", { class: "output-track" }, this.model.nameOf(item.track)),
      el("span", { class: "output-text" }, item.text.replace(/\n$/, "")),
    );
  }

  /** @param {number} track */
  #offer(track) {
    if (this.#tracks.has(track)) return;
    this.#tracks.add(track);
    this.select.append(el("option", { value: String(track) }, this.model.nameOf(track)));
  }
}
