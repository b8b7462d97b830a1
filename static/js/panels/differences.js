// A table of two runs, track by track: the time in each state, and how much it differs.

import { t } from "../base/messages.js";
import { duration } from "../base/times.js";
import { pairTracks } from "../model/pairs.js";
import { KINDS } from "../model/vocabulary.js";
import { kindName, trackKindName } from "../view/words.js";
import { el, part } from "./dom.js";

/** @typedef {{model: import("../model/timeline.js").Timeline,
 *    view: import("../view/view.js").View}} Side */
/** @typedef {import("../model/shapes.js").Track} Track */
/** @typedef {[Float64Array | null, Float64Array | null]} Both ns by kind, in A and in B */
/** @typedef {{name: string, kinds: number[]}} Column */
/** @typedef {{name: string, detail: string, coroutine: boolean, ns: Both}} Line */

const MOST_PAIRS = 60;
/** States that take less than this part of the time on every line share a column. */
const LEAST = 0.005;
/** A difference below this part of the greater value is not shown. */
const ALIKE = 0.005;

export class Differences {
  #shown = "";

  /** @param {Side} a @param {Side} b */
  constructor(a, b) {
    this.sides = [a, b];
    const table = part("differences");
    this.head = table.querySelector("thead") ?? table;
    this.body = table.querySelector("tbody") ?? table;
  }

  update() {
    const [a, b] = this.sides;
    const pairs = pairTracks(a.model, b.model).slice(0, MOST_PAIRS);
    const lines = pairs.map((pair) => this.#line(pair));
    const whole = sumOf(lines);
    const columns = columnsOf([whole, ...lines]);
    const all = [whole, ...lines];
    const key = JSON.stringify([columns, all.map((line) =>
      [line.name, line.detail, columns.map(({ kinds }) => line.ns.map((ns) => words(ns, kinds)))])]);
    if (key === this.#shown) return;
    this.#shown = key;
    this.head.replaceChildren(el("tr", {},
      el("th", { scope: "col" }, t("Track")),
      el("th", { scope: "col", "aria-label": t("run") }),
      ...columns.map(({ name }) => el("th", { scope: "col", class: "number" }, name))));
    this.body.replaceChildren(...all.flatMap((line) => rowsOf(line, columns)));
  }

  /** @param {import("../model/pairs.js").Pair} pair @returns {Line} */
  #line({ a, b }) {
    const one = a ?? b;
    const kinds = [...new Set([a, b].filter((it) => it !== null).map((it) => it.kind))];
    return {
      name: one?.name ?? "",
      detail: kinds.map(trackKindName).join(" / "),
      coroutine: kinds.includes("coroutine"),
      ns: [this.#totals(0, a), this.#totals(1, b)],
    };
  }

  /** @param {number} side @param {Track | null} track */
  #totals(side, track) {
    if (!track) return null;
    const { model, view } = this.sides[side];
    const fromNs = Math.max(0, view.scale.startNs);
    return model.totals(track.id, fromNs, Math.max(fromNs, Math.min(view.scale.endNs, view.nowNs)));
  }
}

/** All processes and threads together, without coroutines, which run within them.
 *  @param {Line[]} lines @returns {Line} */
function sumOf(lines) {
  const add = (/** @type {0 | 1} */ side) => {
    const sum = new Float64Array(KINDS.length);
    for (const line of lines) {
      if (!line.coroutine) line.ns[side]?.forEach((ns, kind) => (sum[kind] += ns));
    }
    return sum;
  };
  const detail = lines.some((line) => line.coroutine) ? t("without coroutines") : "";
  return { name: t("all tracks"), detail, coroutine: false, ns: [add(0), add(1)] };
}

/** A column for each state that matters on some line, and one for all others.
 *  @param {Line[]} lines @returns {Column[]} */
export function columnsOf(lines) {
  const every = KINDS.map((_, kind) => kind);
  const parts = lines.flatMap((line) => line.ns).map((ns) => {
    const all = sum(ns, every);
    return every.map((kind) => (all > 0 ? (ns?.[kind] ?? 0) / all : 0));
  });
  const part = (/** @type {number} */ kind) => Math.max(...parts.map((of) => of[kind]));
  const there = every.filter((kind) => part(kind) > 0);
  const rest = there.filter((kind) => part(kind) < LEAST);
  const columns = there.filter((kind) => !rest.includes(kind))
    .map((kind) => ({ name: kindName(KINDS[kind]), kinds: [kind] }));
  return rest.length === 0 ? columns : [...columns, { name: t("all others"), kinds: rest }];
}

/** @param {Float64Array | null} ns @param {number[]} kinds */
function sum(ns, kinds) {
  return kinds.reduce((total, kind) => total + (ns?.[kind] ?? 0), 0);
}

/** @param {Float64Array | null} ns @param {number[]} kinds */
function words(ns, kinds) {
  const total = sum(ns, kinds);
  return !ns ? "" : total > 0 ? duration(total) : "–";
}

/** A line's rows in the table: one for each run. @param {Line} line @param {Column[]} columns */
function rowsOf(line, columns) {
  return line.ns.map((ns, side) => {
    const cells = columns.map(({ kinds }) => {
      const change = side === 1 ? changeOf(sum(line.ns[0], kinds), sum(ns, kinds)) : "";
      return el("td", { class: "number" }, words(ns, kinds), el("span", { class: "change" }, change));
    });
    const letter = el("td", {}, el("span", { class: `letter ${"ab"[side]}` }, "AB"[side]));
    if (side === 1) return el("tr", {}, letter, ...cells);
    const name = el("th", { scope: "rowgroup", rowspan: "2" }, line.name,
      line.detail ? el("span", { class: "muted small" }, line.detail) : null);
    return el("tr", { class: "first" }, name, letter, ...cells);
  });
}

/** "−47 %", "×3.2"; nothing if both are alike. @param {number} a @param {number} b */
function changeOf(a, b) {
  if (a <= 0 || b <= 0 || Math.abs(b - a) <= ALIKE * Math.max(a, b)) return "";
  if (b >= 2 * a) return `×${(b / a).toFixed(b / a < 10 ? 1 : 0)}`;
  const percent = Math.round((100 * (b - a)) / a);
  return percent === 0 ? "" : `${percent > 0 ? "+" : "−"}${Math.abs(percent)} %`;
}
