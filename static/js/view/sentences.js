// Sentences about slices and findings. What is not known is not said.

import { parts, t } from "../base/messages.js";
import { duration, instant } from "../base/times.js";
import { cycleOf, placeInLine } from "../model/findings.js";
import { REASON, STATE } from "../model/vocabulary.js";
import { objectTitle } from "./words.js";

/** @typedef {import("../base/messages.js").Part} Part */
/** @typedef {import("../model/timeline.js").Timeline} Timeline */
/** @typedef {import("../model/shapes.js").Finding} Finding */

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
        : parts(t("Ready to run, waiting for a CPU."), {});
    case STATE.RUNNING:
      if (isTask) return parts(t("Running: the event loop executes it now."), {});
      return cpu >= 0
        ? parts(t("Running on CPU {cpu}."), { cpu })
        : parts(t("Running on a CPU."), {});
    case STATE.GIL:
      return parts(t("Waiting for the GIL: it could run Python if no other thread did."), {});
    case STATE.STOPPED:
      return parts(t("Stopped by a signal until another one lets it go on."), {});
    case STATE.ZOMBIE:
      return parts(t("A zombie: it has ended, and its parent has not asked for its result."), {});
    case STATE.BLOCKED:
    case STATE.AWAITING:
      return waitSentence(model, track, row);
    default:
      return parts(t("Not known: no witness saw this stretch of time."), {});
  }
}

/** @param {Timeline} model @param {number} track @param {number} row @returns {Part[]} */
function waitSentence(model, track, row) {
  const columns = model.slicesOf(track);
  const thing = model.things.get(columns.object[row]);
  const holder = columns.holder[row] ? model.nameOf(columns.holder[row]) : "";
  const object = thing ? objectTitle(thing) : "";
  const cycle = cycleOf(model, track, row);
  if (cycle && cycle.wait.held_line > 0) {
    const line = cycle.wait.held_line;
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
      return object
        ? parts(t("Waiting for the result of {object}."), { object })
        : parts(t("Waiting for a result."), {});
    case REASON.TASK:
      return holder || object
        ? parts(t("Awaiting the task {name}."), { name: holder || object })
        : parts(t("Awaiting another task."), {});
    case REASON.POLL:
      return parts(t("The event loop has nothing to do: it waits for the next event."), {});
    case REASON.OTHER:
      return object
        ? parts(t("Blocked in the system call {object}."), { object })
        : parts(t("Blocked; for what is not known."), {});
    case REASON.INPUT:
      return parts(t("Waiting for input."), {});
    case REASON.NONE:
      return columns.state[row] === STATE.AWAITING
        ? parts(t("Awaiting; for what is not known."), {})
        : parts(t("Blocked; for what is not known."), {});
    default:
      return object && holder
        ? parts(t("Waiting for {object}, held by {holder}."), { object, holder })
        : object
          ? parts(t("Waiting for {object}."), { object })
          : parts(t("Waiting for {reason}."), { reason: bareReason(columns.reason[row]) });
  }
}

/** @param {number} reason */
function bareReason(reason) {
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
    default:
      return t("a file");
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
  if (columns.line[row] > 0) facts.push(t("at line {line}", { line: columns.line[row] }));
  const cycle = cycleOf(model, track, row);
  if (cycle) facts.push(t("in a cycle of {count}", { count: cycle.finding.cycle.length }));
  const waits = columns.state[row] === STATE.BLOCKED || columns.state[row] === STATE.AWAITING;
  if (waits && model.lanes.has(columns.object[row])) {
    const place = placeInLine(model, columns.object[row], track, row);
    if (place > 1) facts.push(t("number {place} in the line", { place }));
  }
  return facts;
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
      return [t("event loop waits")];
    case REASON.INPUT:
      return [t("waiting for input")];
    case REASON.JOIN:
    case REASON.WAIT_CHILD:
      return holder ? [t("waiting for {object}", { object: holder }), holder] : [t("joining")];
    case REASON.OTHER:
      return object ? [object] : [];
  }
  const name = object || holder;
  if (!name) return state === STATE.AWAITING ? [t("awaiting")] : [];
  const labels = [t("waiting for {object}", { object: name }), name];
  return object && holder && object !== holder
    ? [t("waiting for {object} · held by {holder}", { object, holder }), ...labels]
    : labels;
}

/**
 * A finding as a heading and a sentence, with what may help.
 * @param {Timeline} model @param {Finding} finding
 * @returns {{title: string, sentence: Part[], advice: string, bad: boolean}}
 */
export function findingSentence(model, finding) {
  const facts = finding.facts;
  const since = instant(finding.start_ns);
  const until = finding.end_ns === null ? "" : instant(finding.end_ns);
  switch (finding.kind) {
    case "deadlock":
      return {
        title: until
          ? t("Deadlock from {since} to {until}.", { since, until })
          : t("Deadlock since {since}.", { since }),
        sentence: cycleSentence(model, finding),
        advice: t("Try: take the locks in one order everywhere, or acquire with a timeout."),
        bad: true,
      };
    case "loop-blocked": {
      const time = duration(facts.duration_ns ?? 0);
      const task = facts.task ? model.nameOf(facts.task) : "";
      const place = { time, task, line: facts.line ?? 0 };
      return {
        title: t("The event loop was blocked."),
        sentence: parts(loopSentence(task !== "", facts.line > 0), place),
        advice: t("Try: await asyncio.sleep, or asyncio.to_thread for a call that blocks."),
        bad: true,
      };
    }
    case "never-awaited":
      return {
        title: t("A coroutine was never awaited."),
        sentence: parts(
          t("{name}, called at line {line}, made a coroutine that nobody awaited, so its code never ran."),
          { name: facts.name ?? "?", line: facts.line ?? 0 },
        ),
        advice: t("Try: put await before the call, or make a task of it."),
        bad: true,
      };
    case "limit":
      return {
        title: facts.name === "stopped" ? t("The run was stopped.") : t("A limit was reached."),
        sentence: parts(limitSentence(String(facts.name), Number(facts.value ?? 0)), {}),
        advice: "",
        bad: facts.name !== "stopped",
      };
    default:
      return { title: finding.kind, sentence: [], advice: "", bad: false };
  }
}

/** @param {boolean} known which task it was @param {boolean} placed at which line */
function loopSentence(known, placed) {
  if (!known) return t("Something kept the event loop for {time}: no other coroutine could run.");
  return placed
    ? t("{task} kept the event loop for {time} at line {line}: no other coroutine could run.")
    : t("{task} kept the event loop for {time}: no other coroutine could run.");
}

/** @param {string} name @param {number} value times in ms, sizes in bytes */
function limitSentence(name, value) {
  const mib = +(value / 2 ** 20).toFixed(1);
  switch (name) {
    case "wall":
      return t("It ran as long as a run may: {value} s.", { value: value / 1000 });
    case "cpu":
      return t("It used as much CPU time as a run may: {value} s.", { value: value / 1000 });
    case "memory":
      return t("It used as much memory as a run may: {value} MiB.", { value: mib });
    case "processes":
      return t("It had as many processes and threads as a run may: {value}.", { value });
    case "output":
      return t("It printed as much as a run may: {value} KiB.", { value: value / 1024 });
    case "stopped":
      return t("Someone asked for it; what was recorded until then is here.");
    default:
      return t("The run was ended at its limit {name} = {value}.", { name, value });
  }
}

/** @param {Timeline} model @param {Finding} finding @returns {Part[]} */
function cycleSentence(model, finding) {
  /** @type {Part[]} */
  const sentence = [];
  const nameOf = (/** @type {number} */ id) => model.things.get(id)?.name ?? `#${id}`;
  finding.cycle.forEach((wait, i) => {
    const held = finding.cycle.filter((other) => other.holder === wait.track);
    if (i > 0) sentence.push({ text: t("; "), strong: false });
    sentence.push(
      ...parts(
        held.length > 0
          ? t("{track} holds {held} and waits for {object}")
          : t("{track} waits for {object}"),
        {
          track: model.nameOf(wait.track),
          held: held.map((other) => nameOf(other.object)).join(", "),
          object: nameOf(wait.object),
        },
      ),
    );
  });
  sentence.push({ text: t(". ") + outcome(model, finding), strong: false });
  return sentence;
}

/** How a cycle came out, by whether its tracks outlived it. @param {Timeline} model
 *  @param {Finding} finding */
function outcome(model, finding) {
  const endNs = finding.end_ns;
  if (endNs === null) return t("Nobody can go on.");
  return finding.cycle.some((wait) => wentOn(model, wait.track, endNs))
    ? t("Then one of them gave way.")
    : t("Nobody could go on until the end.");
}

/** Causes of an end that comes from outside. */
const TAKEN_AWAY = new Set(["with-process", "signal", "daemon", "unknown"]);

/** Whether a track did more after a time than to be taken away. @param {Timeline} model
 *  @param {number} id @param {number} ns */
function wentOn(model, id, ns) {
  const track = model.tracks.get(id);
  if (!track?.end || !TAKEN_AWAY.has(track.end.cause)) return true;
  const columns = model.slicesOf(id);
  for (let row = columns.length - 1; row >= 0 && columns.start[row] >= ns; row -= 1) {
    if (columns.state[row] === STATE.BLOCKED || columns.state[row] === STATE.AWAITING) return true;
  }
  return false;
}
