// Sentences about slices. They say only what is known.

import { parts, t } from "../base/messages.js";
import { cycleOf } from "../model/cycles.js";
import { REASON, STATE } from "../model/vocabulary.js";
import { objectTitle } from "./words.js";

/** @typedef {import("../base/messages.js").Part} Part */
/** @typedef {import("../model/timeline.js").Timeline} Timeline */

/** Reasons whose object has a holder. No sentence says that a track holds any other object.
 *  @type {ReadonlySet<number>} */
export const HELD = new Set([REASON.LOCK, REASON.RLOCK, REASON.CONDITION, REASON.SEMAPHORE]);

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

/** @param {string} object "" if it is not known @param {number} reason @returns {Part[]} */
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

/** What a wait of this reason is for, if its object is not known. @param {number} reason */
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
