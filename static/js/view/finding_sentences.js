// Sentences about findings: what happened, how it ended, what may help.

import { gapAfter, parts, t } from "../base/messages.js";
import { instant } from "../base/times.js";
import { STATE } from "../model/vocabulary.js";
import { loopBlocked } from "./loop_sentences.js";
import { limitAmount } from "./words.js";

/** @typedef {import("../base/messages.js").Part} Part */
/** @typedef {import("../model/timeline.js").Timeline} Timeline */
/** @typedef {import("../model/shapes.js").Finding} Finding */

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
        advice: adviceOn(model, finding),
        bad: true,
      };
    case "loop-blocked":
      return loopBlocked(model, facts);
    case "competed":
      return competed(facts);
    case "never-awaited":
      return {
        title: t("A coroutine was never awaited."),
        sentence: parts(
          t("{name}, called at line {line}, made a coroutine that nobody awaited: it never ran."),
          { name: facts.name ?? "?", line: model.lineName(facts.line ?? 0) },
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

/** @param {Record<string, any>} facts */
function competed(facts) {
  const share = facts.unserved_ns / (facts.running_ns + facts.ready_ns);
  const by = t("Something else had it: other programs, or a limit of CPU time.");
  const much = t("For {share} of the time in which its threads could have run, they waited for a CPU that no thread of this run had.");
  return {
    title: t("This run competed for CPUs."),
    sentence: [
      ...parts(much, { share: `${Math.round(100 * share)} %` }),
      { text: gapAfter(much) + by, strong: false },
    ],
    advice: t("Try: run it again when the machine has less to do."),
    bad: false,
  };
}

/** @param {string} name @param {number} value times in ms, sizes in bytes */
function limitSentence(name, value) {
  return name === "stopped"
    ? t("It was stopped on request; what was recorded until then is here.")
    : t("The run reached its limit of {limit}.", { limit: limitAmount(name, value) });
}

/** Kinds of objects that have a holder; a result has none, nor has the end of a thread. */
const HELD = new Set(["lock", "rlock", "condition", "semaphore"]);

/** @param {Timeline} model @param {number} object */
const isHeld = (model, object) => HELD.has(model.things.get(object)?.kind ?? "");

/** Whether the cycle has coroutines together with threads that they block.
 *  @param {Timeline} model @param {Finding} finding */
function isMixed(model, finding) {
  const tasks = finding.cycle.filter(({ track }) => model.tracks.get(track)?.kind === "coroutine");
  const results = finding.cycle.some(({ object }) => model.things.get(object)?.kind === "future");
  return results || (tasks.length > 0 && tasks.length < finding.cycle.length);
}

/** @param {Timeline} model @param {Finding} finding */
function adviceOn(model, finding) {
  if (isMixed(model, finding)) {
    return t("Try: wait with a timeout, hold no lock meanwhile, and never block a loop's thread.");
  }
  return finding.cycle.length > 1
    ? t("Try: take the locks in one order everywhere, or acquire with a timeout.")
    : t("Try: an RLock, which its holder may take again, or acquire with a timeout.");
}

/** @param {Timeline} model @param {Finding} finding @returns {Part[]} */
function cycleSentence(model, finding) {
  /** @type {Part[]} */
  const sentence = [];
  const nameOf = (/** @type {number} */ id) => model.things.get(id)?.name ?? `#${id}`;
  finding.cycle.forEach((wait, i) => {
    const held = finding.cycle.filter(
      (other) => other.holder === wait.track && isHeld(model, other.object),
    );
    const itself = wait.holder === wait.track && wait.object > 0;
    if (i > 0) sentence.push({ text: t("; "), strong: false });
    sentence.push(
      ...parts(
        held.length > 0
          ? t("{track} holds {held} and waits for {object}")
          : t("{track} waits for {object}"),
        {
          track: model.nameOf(wait.track),
          held: held.map((other) => nameOf(other.object)).join(t(", ")),
          object: isHeld(model, wait.object) || itself
            ? nameOf(wait.object)
            : model.nameOf(wait.holder),
        },
      ),
    );
  });
  sentence.push({ text: t(". ") + outcome(model, finding), strong: false });
  return sentence;
}

/** How a cycle ended: whether one of its tracks went on afterwards. @param {Timeline} model
 *  @param {Finding} finding */
function outcome(model, finding) {
  const endNs = finding.end_ns;
  if (endNs === null) return t("Nobody can go on.");
  return finding.cycle.some((wait) => wentOn(model, wait.track, endNs))
    ? finding.cycle.length > 1 ? t("Then one of them gave way.") : t("Then it gave up waiting.")
    : t("Nobody could go on until the end.");
}

/** Causes of an end that did not come from the track itself. */
const TAKEN_AWAY = new Set(["with-process", "signal", "daemon", "unknown", "stopped", "limit"]);

/** Whether a track did anything after a time but be ended from outside. @param {Timeline} model
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
