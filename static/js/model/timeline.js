// The whole run, as frames report it: app/timeline/timeline.py in the browser.

import { OPEN, SliceColumns } from "./columns.js";
import { Flows } from "./flows.js";
import { Intervals } from "./intervals.js";
import { Levels } from "./levels.js";
import { Stolen } from "./stolen.js";
import { Sightings } from "./sightings.js";
import { KINDS, STATE } from "./vocabulary.js";

/** An object of one of these kinds gets a row in the picture once a track has waited for it. */
const LANE_KINDS = new Set([
  "lock", "rlock", "condition", "semaphore", "event", "barrier", "queue", "pipe",
  "gil",
]);

/**
 * All that frames bring. It is a class of its own because a snapshot replaces all of it at once:
 * see `#forget`.
 */
class Received {
  seq = -1;
  nowNs = 0;
  state = "running";
  dropped = 0;
  /** @type {import("./shapes.js").Told[]} what went wrong on our side */
  failure = [];
  /** @type {Record<string, any>} */
  run = {};
  /** @type {import("./shapes.js").Beside | null} what the theory says of this run */
  beside = null;
  /** @type {Map<number, import("./shapes.js").Track>} */
  tracks = new Map();
  /** @type {Set<number>} threads that have run coroutines */
  loops = new Set();
  /** @type {Map<number, import("./shapes.js").Thing>} */
  things = new Map();
  /** @type {Map<number, SliceColumns>} */
  slices = new Map();
  flows = new Flows();
  /** @type {Map<number, Intervals>} the waits for each object, as (track, row) */
  lanes = new Map();
  /** @type {Map<number, Intervals>} slices on a CPU or a run queue in which a track
   *  held a GIL or asked for it, by GIL, as (track, row) */
  turns = new Map();
  /** @type {Map<number, Intervals>} the slices on each CPU, as (track, row) */
  cpus = new Map();
  /** @type {import("./shapes.js").Output[]} */
  output = [];
  /** @type {Map<string, import("./shapes.js").Finding>} */
  findings = new Map();
  /** @type {Map<string, import("./shapes.js").Claim>} */
  claims = new Map();
  /** @type {Map<number, import("./shapes.js").Stats>} */
  stats = new Map();
  /** @type {Map<number, Sightings>} where tracks were seen while they ran */
  seen = new Map();
  /** @type {Map<number, Levels>} how many permits, items or parties an object had */
  levels = new Map();
  /** @type {Map<number, Stolen>} what the hypervisor took of a CPU */
  stolen = new Map();
  /** @type {string[]} the program's files but its own: app/timeline/places.py */
  files = [];
}

/** A place in the program is a line, with the number of the file above these bits. */
const LINE_BITS = 20;

/** A sentence of a recording that carries no template. @param {string | undefined} text */
function asTold(text) {
  return text ? [{ template: text, values: {} }] : undefined;
}

export class Timeline extends Received {
  /** Counts applied frames. */
  version = 0;
  /** Counts changes of what rows there are: tracks, lanes. */
  structure = 0;

  /** @param {import("./shapes.js").Frame} frame */
  apply(frame) {
    if (frame.snapshot) this.#forget();
    this.version += 1;
    this.seq = frame.seq;
    this.nowNs = frame.nowNs;
    this.#applyHead(frame.head);
    const rows = frame.slices;
    if (rows) for (let i = 0; i < frame.sliceCount; i += 1) this.#addSlice(rows, i);
    if (frame.flows) this.flows.append(frame.flows, frame.flowCount);
  }

  /** @param {number} track */
  slicesOf(track) {
    let columns = this.slices.get(track);
    if (!columns) this.slices.set(track, (columns = new SliceColumns()));
    return columns;
  }

  /** @param {number} track */
  nameOf(track) {
    return this.tracks.get(track)?.name ?? `#${track}`;
  }

  /** A place as a reader takes it: "12", or "helper.py:12" in another file of the program's.
   *  @param {number} place */
  lineName(place) {
    const file = this.files[(place >>> LINE_BITS) - 1];
    const line = place & ((1 << LINE_BITS) - 1);
    return file === undefined ? String(line) : `${file}:${line}`;
  }

  /** The process at the root: the program itself. */
  get root() {
    for (const track of this.tracks.values()) if (track.kind === "process") return track;
    return undefined;
  }

  /** The end of everything known. */
  get endNs() {
    return Math.max(this.nowNs, this.run.duration_ns ?? 0);
  }

  get sliceCount() {
    let count = 0;
    for (const columns of this.slices.values()) count += columns.length;
    return count;
  }

  /** The end of a lane's entry, for `touching`; -Infinity when its row tells another thing now. */
  laneEnd = (/** @type {number} */ track, /** @type {number} */ row) => {
    const end = this.slices.get(track)?.end[row];
    return end === undefined ? -Infinity : end === OPEN ? Infinity : end;
  };

  /** ns by kind code of one track between two times. @param {number} track
   *  @param {number} fromNs @param {number} toNs */
  totals(track, fromNs, toNs) {
    const totals = new Float64Array(KINDS.length);
    this.slices.get(track)?.sumInto(totals, fromNs, toNs, this.nowNs);
    return totals;
  }

  /** Forgets all that earlier frames brought: every field gets its first value again. */
  #forget() {
    Object.assign(this, new Received());
    this.structure += 1;
  }

  /** @param {import("./shapes.js").Head} head */
  #applyHead(head) {
    Object.assign(this.run, head.run);
    this.state = head.state ?? this.state;
    this.files = head.files ?? this.files;
    this.beside = head.beside ?? this.beside;
    this.dropped = head.dropped ?? this.dropped;
    this.failure = head.failure_told ?? asTold(head.failure) ?? this.failure;
    for (const track of head.tracks ?? []) {
      this.tracks.set(track.id, track);
      if (track.kind === "coroutine" && track.parent !== null) this.loops.add(track.parent);
    }
    for (const thing of head.objects ?? []) this.things.set(thing.id, thing);
    for (const item of head.output ?? []) this.output.push(item);
    for (const finding of head.findings ?? []) this.findings.set(finding.id, finding);
    for (const claim of head.claims ?? []) this.claims.set(claim.id, claim);
    for (const item of head.stats ?? []) this.stats.set(item.track, item);
    for (const [track, ns, line] of head.seen ?? []) {
      let seen = this.seen.get(track);
      if (!seen) this.seen.set(track, (seen = new Sightings()));
      seen.append(ns, line);
    }
    for (const [object, ns, value, most] of head.levels ?? []) {
      let levels = this.levels.get(object);
      if (!levels) this.levels.set(object, (levels = new Levels()));
      levels.append(ns, value, most);
    }
    for (const [cpu, startNs, endNs, ns] of head.stolen ?? []) {
      let stolen = this.stolen.get(cpu);
      if (!stolen) this.stolen.set(cpu, (stolen = new Stolen()));
      stolen.append(startNs, endNs, ns);
    }
    // The row of a CPU says how much was taken of it.
    if (head.tracks || head.objects || head.stolen) this.structure += 1;
  }

  /** @param {import("./shapes.js").SliceRows} rows @param {number} i */
  #addSlice(rows, i) {
    const track = rows.track[i];
    const columns = this.slicesOf(track);
    const before = columns.length;
    const old = before - 1;
    const wasFor = before > 0 ? this.#laneKey(columns, old) : 0;
    const turnsWere = before > 0 ? this.turnKey(columns, old) : 0;
    const at = columns.append(rows, i);
    const turns = this.turnKey(columns, at);
    if (turns !== 0 && !(at === old && turns === turnsWere)) {
      let lane = this.turns.get(turns);
      if (!lane) this.turns.set(turns, (lane = new Intervals()));
      lane.add(columns.start[at], track, at);
    }
    const key = this.#laneKey(columns, at);
    if (key === 0 || (at === old && key === wasFor)) return;
    this.#lane(key).add(columns.start[at], track, at);
  }

  /**
   * The lane a slice stands in: an object's id, or -1 - cpu, or 0 for none.
   * @param {SliceColumns} columns @param {number} row
   */
  #laneKey(columns, row) {
    const state = columns.state[row];
    if (state === STATE.BLOCKED || state === STATE.AWAITING || state === STATE.GIL) {
      const thing = this.things.get(columns.object[row]);
      return thing && LANE_KINDS.has(thing.kind) ? thing.id : 0;
    }
    return state === STATE.RUNNING && columns.cpu[row] >= 0 ? -1 - columns.cpu[row] : 0;
  }

  /** The GIL that a slice on a CPU or a run queue has to do with: its thing, or 0.
   *  @param {SliceColumns} columns @param {number} row */
  turnKey(columns, row) {
    const object = columns.object[row];
    const state = columns.state[row];
    if (object === 0 || (state !== STATE.RUNNING && state !== STATE.READY)) return 0;
    return this.things.get(object)?.kind === "gil" ? object : 0;
  }

  /** Whether lane `key` still tells this row (an open row may have been replaced by another).
   *  @param {number} key @param {number} track @param {number} row */
  inLane(key, track, row) {
    const columns = this.slices.get(track);
    return columns !== undefined && this.#laneKey(columns, row) === key;
  }

  /** @param {number} key */
  #lane(key) {
    const [lanes, id] = key > 0 ? [this.lanes, key] : [this.cpus, -1 - key];
    let lane = lanes.get(id);
    if (!lane) {
      lanes.set(id, (lane = new Intervals()));
      this.structure += 1;
    }
    return lane;
  }
}
