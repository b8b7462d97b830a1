// The rows of the picture, their order and their heights: processes with their coroutines and
// threads, parents above children, then the objects that tracks waited for, then the CPUs.

import { t } from "../base/messages.js";
import { duration } from "../base/times.js";
import { objectTitle } from "./words.js";

/** @typedef {import("../model/timeline.js").Timeline} Timeline */
/** @typedef {import("../model/shapes.js").Track} Track */
/**
 * @typedef {object} Row
 * @property {"track" | "object" | "cpu" | "group"} type
 * @property {number} id of the track, the object or the CPU; 0 for a group
 * @property {string} key by which a folded row is remembered
 * @property {string} name @property {string} detail pale text at the right of the name
 * @property {number} depth @property {number} top @property {number} height in pixels
 * @property {number} folds how many rows are hidden when it is folded; 0: it can't be
 * @property {boolean} folded
 */
/** @typedef {{rows: Row[], height: number, byTrack: Map<number, Row>,
 *    byObject: Map<number, Row>}} Layout */

const HEIGHTS = { process: 34, thread: 32, coroutine: 24, external: 30, object: 26, cpu: 22 };
const GROUP_HEIGHT = 30;
/** How much taller than normal the tracks of a small run may be drawn. */
const STRETCHES = [1.6, 1.3, 1];

/**
 * How much taller than normal the tracks can be drawn so that all fit, at most `most`.
 * @param {Layout} normal laid out with stretch 1 @param {number} roomPx @param {number} most
 */
export function stretchFor(normal, roomPx, most) {
  return STRETCHES.find((stretch) => stretch <= most && normal.height * stretch <= roomPx) ?? 1;
}

/**
 * @param {Timeline} model @param {ReadonlySet<string>} folded keys of folded rows
 * @param {number} unit pixels per layout unit (projector mode: more)
 * @param {number} [stretch] how much taller than normal the tracks are drawn
 * @returns {Layout}
 */
export function layOut(model, folded, unit, stretch = 1) {
  /** @type {Row[]} */
  const rows = [];
  const children = childrenOf(model);
  let top = 0;

  /** @param {Omit<Row, "top">} row */
  const place = (row) => {
    rows.push({ ...row, top });
    top += row.height;
  };

  /** @param {Track} track @param {number} depth */
  const add = (track, depth) => {
    const below = children.get(track.id) ?? [];
    const key = `t${track.id}`;
    const isFolded = folded.has(key);
    place({
      type: "track",
      id: track.id,
      key,
      name: track.name || t("unnamed"),
      detail: detailOf(track),
      depth,
      height: heightOf(track) * unit * stretch,
      folds: countBelow(children, track.id),
      folded: isFolded,
    });
    if (!isFolded) for (const child of below) add(child, depth + 1);
  };
  for (const root of children.get(0) ?? []) add(root, 0);

  /** @param {string} key @param {string} name @param {number} count */
  const group = (key, name, count) => {
    const isFolded = folded.has(key);
    place({
      type: "group", id: 0, key, name, detail: "", depth: 0, height: GROUP_HEIGHT * unit,
      folds: count, folded: isFolded,
    });
    return !isFolded;
  };
  const things = [...model.lanes.keys()].map((id) => model.things.get(id)).filter((it) => !!it);
  if (things.length > 0 && group("objects", t("objects"), things.length)) {
    const gils = things.filter((thing) => thing.kind === "gil");
    const others = things.filter((thing) => thing.kind !== "gil");
    others.sort((one, other) => one.id - other.id);
    for (const thing of [...others, ...gils.sort((one, other) => one.id - other.id)]) {
      const isGil = thing.kind === "gil"; // its process names it, not a number
      const detail = isGil && gils.length > 1 ? model.nameOf(thing.track) : "";
      const name = isGil ? "GIL" : objectTitle(thing);
      place({
        type: "object", id: thing.id, key: `o${thing.id}`, name, detail,
        depth: 1, height: HEIGHTS.object * unit, folds: 0, folded: false,
      });
    }
  }
  const cpus = [...model.cpus.keys()].sort((one, other) => one - other);
  if (cpus.length > 0 && group("cpus", t("processors"), cpus.length)) {
    for (const cpu of cpus) {
      const taken = model.stolen.get(cpu)?.sumNs ?? 0;
      place({
        type: "cpu", id: cpu, key: `c${cpu}`, name: `CPU ${cpu}`, depth: 1,
        detail: taken ? t("{time} stolen", { time: duration(taken) }) : "",
        height: HEIGHTS.cpu * unit, folds: 0, folded: false,
      });
    }
  }
  return {
    rows,
    height: top,
    byTrack: new Map(rows.filter((row) => row.type === "track").map((row) => [row.id, row])),
    byObject: new Map(rows.filter((row) => row.type === "object").map((row) => [row.id, row])),
  };
}

/** The row at the height `y`, or undefined. @param {Layout} layout @param {number} y */
export function rowAt(layout, y) {
  let low = 0;
  let high = layout.rows.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    const row = layout.rows[middle];
    if (row.top + row.height <= y) low = middle + 1;
    else high = middle;
  }
  const row = layout.rows[low];
  return row && row.top <= y ? row : undefined;
}

/** @param {Track} track */
function heightOf(track) {
  return HEIGHTS[/** @type {keyof HEIGHTS} */ (track.kind)] ?? HEIGHTS.thread;
}

/** @param {Track} track */
function detailOf(track) {
  if (track.kind === "process") return track.pid ? `pid ${track.pid}` : "";
  return track.tid ? String(track.tid) : "";
}

/**
 * The children of each track, in the order in which they are drawn: coroutines, threads, processes,
 * servers outside the program. Key 0 has the tracks without a parent.
 * @param {Timeline} model @returns {Map<number, Track[]>}
 */
function childrenOf(model) {
  const order = ["coroutine", "thread", "process", "external"];
  /** @type {Map<number, Track[]>} */
  const children = new Map();
  for (const track of model.tracks.values()) {
    const parent = track.parent !== null && model.tracks.has(track.parent) ? track.parent : 0;
    const list = children.get(parent);
    if (list) list.push(track);
    else children.set(parent, [track]);
  }
  for (const list of children.values()) {
    list.sort(
      (one, other) =>
        order.indexOf(one.kind) - order.indexOf(other.kind) ||
        one.start_ns - other.start_ns ||
        one.id - other.id,
    );
  }
  return children;
}

/** @param {Map<number, Track[]>} children @param {number} id @returns {number} */
function countBelow(children, id) {
  return (children.get(id) ?? []).reduce((sum, kid) => sum + 1 + countBelow(children, kid.id), 0);
}
