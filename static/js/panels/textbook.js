// What the textbook says of such a run beside what this run did: thin bars, and a table.

import { t } from "../base/messages.js";
import { duration } from "../base/times.js";
import { el, part, say } from "./dom.js";
import { inLanguage } from "./claim_words.js";

/** @typedef {import("../model/shapes.js").Beside} Beside */

const SVG = "http://www.w3.org/2000/svg";
/** A run that takes at least this many times as long as the book's is drawn on its own scale. */
const MOST = 2;
/** The top and the height of the book's bars and of the run's, within a lane. */
const PLACES = /** @type {const} */ ({ book: [1, 5], run: [8, 8] });

export class Textbook {
  /** @type {Beside | null} */
  #shown = null;

  /** @param {import("../model/timeline.js").Timeline} model @param {string} language */
  constructor(model, language) {
    this.model = model;
    this.language = language;
    this.pane = part("beside");
  }

  update() {
    const beside = this.model.beside;
    if (beside === this.#shown) return;
    this.#shown = beside;
    this.pane.hidden = beside === null;
    if (beside === null) return;
    say(part("beside-title"), inLanguage(beside.title, this.language));
    const ends = { book: lastOf(beside, "book"), run: lastOf(beside, "run") };
    const book = inLanguage(beside.book, this.language);
    say(part("beside-book"), t("{book}, {time}", { book, time: duration(ends.book) }));
    say(part("beside-run"), t("this run, {time}", { time: duration(ends.run) }));
    // Both have one scale, unless the run took so long that the book's bars would vanish.
    const shared = ends.run < MOST * ends.book;
    if (shared) ends.book = ends.run = Math.max(ends.book, ends.run);
    const scales = shared ? "" : t("Each is drawn on a scale of its own.");
    say(part("beside-note"), `${inLanguage(beside.note, this.language)} ${scales}`.trim());
    part("beside-lanes").replaceChildren(
      ...beside.lanes.map((lane) => this.#lane(lane, book, ends)),
    );
    part("beside-table").replaceChildren(this.#head(beside), this.#body(beside));
  }

  /** @param {Beside["lanes"][number]} lane @param {string} book
   *  @param {{book: number, run: number}} ends where the lane ends, in ns */
  #lane(lane, book, ends) {
    const picture = document.createElementNS(SVG, "svg");
    picture.setAttribute("class", "beside-lane");
    picture.setAttribute("role", "img");
    const words = [
      t("{name}, {book}: {times}", { name: lane.name, book, times: timesOf(lane.book) }),
      t("{name}, this run: {times}", { name: lane.name, times: timesOf(lane.run) }),
    ];
    picture.setAttribute("aria-label", words.join("; "));
    for (const kind of /** @type {const} */ (["book", "run"])) {
      for (const [start, end] of lane[kind]) {
        picture.append(stretch(kind, start / ends[kind], end / ends[kind]));
      }
    }
    const title = document.createElementNS(SVG, "title");
    title.textContent = words.join("\n");
    picture.prepend(title);
    return el("li", {}, el("span", { class: "bar-name" }, lane.name), picture);
  }

  /** @param {Beside} beside */
  #head(beside) {
    return el("thead", {}, el("tr", {}, el("td", {}),
      ...beside.columns.map((column) => el("th", { scope: "col", class: "number" },
        inLanguage(column, this.language)))));
  }

  /** @param {Beside} beside */
  #body(beside) {
    return el("tbody", {}, ...beside.rows.map((row) => el("tr", {},
      el("th", { scope: "row" }, inLanguage(row.name, this.language)),
      ...row.cells.map(([book, run]) => el("td", { class: "number" },
        el("span", {}, duration(run)), " ",
        el("span", { class: "book" }, `(${duration(book)})`))))));
  }
}

/** @param {Beside} beside @param {"book" | "run"} kind */
function lastOf(beside, kind) {
  return Math.max(1, ...beside.lanes.flatMap((lane) => lane[kind].map(([, end]) => end)));
}

/** @param {"book" | "run"} kind @param {number} from @param {number} to as parts of the whole */
function stretch(kind, from, to) {
  const [top, height] = PLACES[kind];
  const box = document.createElementNS(SVG, "rect");
  const size = { x: percent(from), width: percent(to - from), y: top, height };
  for (const [name, value] of Object.entries(size)) box.setAttribute(name, String(value));
  box.setAttribute("class", kind);
  return box;
}

/** @param {number} value */
function percent(value) {
  return `${(100 * value).toFixed(3)}%`;
}

/** @param {[number, number][]} stretches */
function timesOf(stretches) {
  return stretches.map(([start, end]) => `${duration(start)}–${duration(end)}`).join(", ");
}
