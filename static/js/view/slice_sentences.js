// Sentences about slices. What is not known is not said.

import { parts, t } from "../base/messages.js";
import { duration, instant } from "../base/times.js";
import { chainOf, threadUnder } from "../model/chains.js";
import { cycleOf, placeInLine } from "../model/cycles.js";
import { seenWithin } from "../model/sightings.js";
import { REASON, STATE, VOCABULARY } from "../model/vocabulary.js";
import { kindNameOf, objectTitle } from "./words.js";

/** @typedef {import("../base/messages.js").Part} Part */
/** @typedef {import("../model/timeline.js").Timeline} Timeline */

/** Only what is held can be said to be held by someone. @type {Set<number>} */
const HELD = new Set([REASON.LOCK, REASON.RLOCK, REASON.CONDITION, REASON.SEMAPHORE]);

/** Lines told of one slice. */
const MOST_LINES = 5;

/**
 * What a slice is, as one sentence: "Waiting for Lock fork, held by Ann since line 7."
 * @param {Timeline} model @param {number} track @param {number} row @returns {Part[]}
 */
export function sliceSentence(model, track, row) {
  const columns = model.slicesOf(track);
  const isTask = model.tracks.get(track)?.kind === "coroutine";
  const cpu = columns.cpu[row];
  switch (columns.state[row]) {
    case STATE.NEW:
      return parts(t("Created, but not started yet."), {});
    case STATE.READY:
      return isTask
        ? parts(t("Ready: in the event loop's queue until its turn comes."), {})
        : readySentence(model, track, row);
    case STATE.RUNNING:
      if (isTask) return parts(t("Running: the event loop executes it now."), {});
      return cpu >= 0
        ? runningSentence(model, track, row)
        : parts(t("Running on a CPU."), {});
    case STATE.GIL:
      return gilSentence(model, columns.holder[row]);
    case STATE.STOPPED:
      return parts(t("Stopped, by a signal or a debugger, until it is let go on."), {});
    case STATE.ZOMBIE:
      return parts(t("A zombie: it has ended, and its parent has not asked for its result."), {});
    case STATE.BLOCKED:
    case STATE.AWAITING:
      return waitSentence(model, track, row);
    default:
      return parts(t("Not known: no witness saw this stretch of time."), {});
  }
}

/** @param {Timeline} model @param {number} holder @returns {Part[]} */
function gilSentence(model, holder) {
  return holder
    ? parts(t("Waiting for the GIL, which {holder} holds."), { holder: model.nameOf(holder) })
    : parts(t("Waiting for the GIL: it could run Python if no other thread did."), {});
}

/** Whether the slice's object is the GIL. @param {Timeline} model @param {number} object */
const isGil = (model, object) => object > 0 && model.things.get(object)?.kind === "gil";

/** @param {Timeline} model @param {number} track @param {number} row @returns {Part[]} */
function runningSentence(model, track, row) {
  const columns = model.slicesOf(track);
  const [cpu, holder] = [columns.cpu[row], columns.holder[row]];
  if (!isGil(model, columns.object[row])) return parts(t("Running on CPU {cpu}."), { cpu });
  if (holder === track) return parts(t("Running on CPU {cpu}; it holds the GIL."), { cpu });
  return holder
    ? parts(t("Running on CPU {cpu} to ask for the GIL, which {holder} holds."), {
      cpu, holder: model.nameOf(holder),
    })
    : parts(t("Running on CPU {cpu} to ask for the GIL."), { cpu });
}

/** @param {Timeline} model @param {number} track @param {number} row @returns {Part[]} */
function readySentence(model, track, row) {
  const columns = model.slicesOf(track);
  if (!isGil(model, columns.object[row])) return parts(t("Ready to run, waiting for a CPU."), {});
  return columns.holder[row] === track
    ? parts(t("Ready to run, waiting for a CPU; it holds the GIL meanwhile."), {})
    : parts(t("Ready to run, waiting for a CPU; then it can ask for the GIL."), {});
}

/** @param {Timeline} model @param {number} track @param {number} row @returns {Part[]} */
function waitSentence(model, track, row) {
  const columns = model.slicesOf(track);
  const thing = model.things.get(columns.object[row]);
  const holder = columns.holder[row] ? model.nameOf(columns.holder[row]) : "";
  const object = thing ? objectTitle(thing) : "";
  const cycle = cycleOf(model, track, row);
  if (cycle && cycle.wait.held_line > 0) {
    const line = model.lineName(cycle.wait.held_line);
    return parts(t("Waiting for {object}, held by {holder} since line {line}."), {
      object, holder: model.nameOf(cycle.wait.holder), line,
    });
  }
  switch (columns.reason[row]) {
    case REASON.SLEEP:
      return parts(t("Sleeping: it asked to be woken later."), {});
    case REASON.JOIN:
      return holder
        ? parts(t("Waiting for {holder} to end (join)."), { holder })
        : parts(t("Waiting for another one to end (join)."), {});
    case REASON.WAIT_CHILD:
      return holder
        ? parts(t("Waiting for its child {holder} to end."), { holder })
        : parts(t("Waiting for a child process to end."), {});
    case REASON.FUTURE:
      if (holder) return parts(t("Waiting for a result that {holder} computes."), { holder });
      return thing
        ? parts(t("Waiting for the result of {object}."), { object: thing.name })
        : parts(t("Waiting for a result."), {});
    case REASON.TASK:
      if (thing && !holder) return parts(t("Awaiting the tasks {names}."), { names: thing.name });
      return holder
        ? parts(t("Awaiting the task {name}."), { name: holder })
        : parts(t("Awaiting another task."), {});
    case REASON.YIELD:
      return parts(t("Stands at a yield, until next() or send() lets it go on."), {});
    case REASON.PIPE:
    case REASON.SOCKET:
      return object && holder
        ? parts(t("Waiting for {object}; {holder} has its other end."), { object, holder })
        : plainWait(object, columns.reason[row]);
    case REASON.POLL:
      return model.loops.has(track)
        ? parts(t("The event loop has nothing to do: it waits for the next event."), {})
        : parts(t("Waiting until one of several inputs or outputs is ready (poll)."), {});
    case REASON.INPUT:
      return parts(t("Waiting for input."), {});
    case REASON.OTHER:
      if (thing?.kind === "syscall") {
        return parts(t("Blocked in the system call {object}."), { object: thing.name });
      }
      if (object) return parts(t("Waiting for {object}."), { object });
      return unknownWait(columns.state[row]);
    case REASON.NONE:
      return unknownWait(columns.state[row]);
    default:
      return object && holder && HELD.has(columns.reason[row])
        ? parts(t("Waiting for {object}, held by {holder}."), { object, holder })
        : plainWait(object, columns.reason[row]);
  }
}

/** @param {string} object "" where it is not known @param {number} reason @returns {Part[]} */
function plainWait(object, reason) {
  return object
    ? parts(t("Waiting for {object}."), { object })
    : parts(t("Waiting for {reason}."), { reason: bareReason(reason) });
}

/** @param {number} state @returns {Part[]} */
function unknownWait(state) {
  return state === STATE.AWAITING
    ? parts(t("Awaiting; for what is not known."), {})
    : parts(t("Blocked; for what is not known."), {});
}

/** What a wait of this reason is for, where no object is known. @param {number} reason */
export function bareReason(reason) {
  switch (reason) {
    case REASON.LOCK:
    case REASON.RLOCK:
      return t("a lock");
    case REASON.CONDITION:
      return t("a condition");
    case REASON.SEMAPHORE:
      return t("a semaphore");
    case REASON.EVENT:
      return t("an event");
    case REASON.BARRIER:
      return t("a barrier");
    case REASON.QUEUE:
      return t("a queue");
    case REASON.PIPE:
      return t("a pipe");
    case REASON.SOCKET:
      return t("a socket");
    case REASON.FILE:
      return t("a file");
    case REASON.SLEEP:
      return t("the clock");
    case REASON.JOIN:
      return t("the end of another thread or process");
    case REASON.WAIT_CHILD:
      return t("the end of a child process");
    case REASON.FUTURE:
      return t("a result");
    case REASON.INPUT:
      return t("input");
    case REASON.TASK:
      return t("another task");
    case REASON.POLL:
      return t("one of several inputs or outputs");
    case REASON.YIELD:
      return t("next() or send()");
    case REASON.OTHER:
      return t("a system call");
    default:
      return t("something that is not known");
  }
}

/**
 * The facts under the sentence: how long, since when, where, its place in the line.
 * @param {Timeline} model @param {number} track @param {number} row @param {number} nowNs
 * @returns {string[]}
 */
export function sliceFacts(model, track, row, nowNs) {
  const columns = model.slicesOf(track);
  const open = columns.end[row] < 0;
  const time = duration(columns.endOf(row, nowNs) - columns.start[row]);
  const facts = [open ? t("{time} so far", { time }) : time];
  facts.push(t("since {time}", { time: instant(columns.start[row]) }));
  facts.push(...lineFacts(model, track, row, nowNs));
  if (columns.state[row] === STATE.RUNNING) facts.push(...stolenFacts(model, columns, row, nowNs));
  if (columns.state[row] === STATE.GIL) facts.push(...gilFacts(columns.evidence[row]));
  const cycle = cycleOf(model, track, row);
  if (cycle) facts.push(t("in a cycle of {count}", { count: cycle.finding.cycle.length }));
  const waits = columns.state[row] === STATE.BLOCKED || columns.state[row] === STATE.AWAITING;
  if (waits && model.lanes.has(columns.object[row])) {
    const turn = placeInLine(model, columns.object[row], track, row);
    if (turn > 1) facts.push(t("number {place} in the line", { place: turn }));
  }
  if (waits) facts.push(...levelFacts(model, track, row));
  const chain = chainOf(model, track, row, nowNs);
  if (chain.length > 2) {
    const names = chain.map((id) => model.nameOf(id)).join(" → ");
    facts.push(t("who waits for whom: {names}", { names }));
  }
  const under = threadUnder(model, track, row, nowNs);
  if (under) {
    const did = { kind: kindNameOf(under.kind, "thread"), time: duration(under.ns) };
    facts.push(t("its thread meanwhile: {kind}, {time}", did));
  }
  return facts;
}

/**
 * Where a track stands, or where it began to run and at which lines it was seen since.
 * @param {Timeline} model @param {number} track @param {number} row @param {number} nowNs
 * @returns {string[]}
 */
function lineFacts(model, track, row, nowNs) {
  const columns = model.slicesOf(track);
  const place = columns.line[row];
  if (columns.state[row] !== STATE.RUNNING) {
    return place > 0 ? [t("at line {line}", { line: model.lineName(place) })] : [];
  }
  const facts = [];
  if (place > 0) facts.push(t("began at line {line}", { line: model.lineName(place) }));
  const seen = seenWithin(model, track, row, nowNs);
  if (seen.length === 0) return facts;
  const last = seen[seen.length - 1];
  if (columns.end[row] < 0 && model.state !== "ended") {
    const time = duration(Math.max(0, nowNs - last.ns));
    facts.push(t("line {line}, seen {time} ago", { line: model.lineName(last.line), time }));
    return facts;
  }
  const lines = [...new Set(seen.map(({ line }) => line))].map((line) => model.lineName(line));
  const shown = lines.slice(0, MOST_LINES).join(", ");
  const more = lines.length > MOST_LINES ? ", …" : "";
  facts.push(t("seen at line {lines}", { lines: shown + more }));
  return facts;
}

/**
 * How many permits, items or parties there were when a wait for them began. A wait at the same
 * object for something else, such as its pipe, has nothing to do with them.
 * @param {Timeline} model @param {number} track @param {number} row @returns {string[]}
 */
function levelFacts(model, track, row) {
  const columns = model.slicesOf(track);
  const object = columns.object[row];
  const levels = model.levels.get(object);
  const count = levels?.at(columns.start[row]) ?? null;
  const kind = model.things.get(object)?.kind;
  if (!levels || count === null || kind !== VOCABULARY.reason[columns.reason[row]]) return [];
  const most = levels.most;
  switch (kind) {
    case "semaphore":
      return [most > 0
        ? t("{count} of {most} permits free then", { count, most })
        : t("{count} permits free then", { count })];
    case "queue":
      return [t("{count} in the queue then", { count })];
    case "barrier":
      return [t("{count} of {most} had come then", { count, most })];
    default:
      return [];
  }
}

/** What the hypervisor may have taken of it. @param {Timeline} model
 *  @param {import("../model/columns.js").SliceColumns} columns @param {number} row
 *  @param {number} nowNs @returns {string[]} */
function stolenFacts(model, columns, row, nowNs) {
  const stolen = model.stolen.get(columns.cpu[row]);
  const most = stolen?.mostWithin(columns.start[row], columns.endOf(row, nowNs)) ?? 0;
  return most > 0
    ? [t("up to {time} of it stolen by the hypervisor", { time: duration(most) })]
    : [];
}

/** How a wait for the GIL is known. @param {number} evidence @returns {string[]} */
function gilFacts(evidence) {
  switch (VOCABULARY.evidence[evidence]) {
    case "kernel":
      return [t("the kernel showed it in the interpreter's own wait")];
    case "inferred":
      return [t("in Python code, asleep, while another one executed; no sample fell into it")];
    default:
      return [];
  }
}

/**
 * The label inside a wide slice, the longest first: "waiting for noodles · held by Bob", then
 * "waiting for noodles", then "noodles"; none where the colour says it all.
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
