// Sentences about a blocked event loop: one step of a coroutine kept all others waiting.

import { gapAfter, parts, t } from "../base/messages.js";
import { duration } from "../base/times.js";

/** @typedef {import("../base/messages.js").Part} Part */
/** @typedef {import("../model/timeline.js").Timeline} Timeline */
/** @typedef {Record<string, any>} Facts */

/** A part of the step's time that is shorter than this is not mentioned. */
const LEAST_NS = 50_000;

/**
 * @param {Timeline} model @param {Facts} facts
 * @returns {{title: string, sentence: Part[], advice: string, bad: boolean}}
 */
export function loopBlocked(model, facts) {
  const place = {
    time: duration(ownTime(facts)),
    task: facts.task ? model.nameOf(facts.task) : "",
    holder: facts.holder ? model.nameOf(facts.holder) : "",
    line: model.lineName(facts.seen_line || facts.line || 0),
  };
  return {
    title: t("The event loop was blocked."),
    sentence: [...parts(sentenceOf(facts), place), ...shares(facts)],
    advice: advice(facts),
    bad: true,
  };
}

/** The time that the step itself took. While it lasts, and in old recordings, its whole length.
 *  @param {Facts} facts @returns {number} */
function ownTime(facts) {
  return isDivided(facts)
    ? facts.ran_ns + facts.blocked_ns + facts.gil_ns
    : facts.duration_ns ?? 0;
}

/** Whether it is known how the step spent its time. @param {Facts} facts */
const isDivided = (facts) => facts.ran_ns !== undefined;

/** @param {Facts} facts */
function sentenceOf(facts) {
  if (!facts.task) {
    return t("Something kept the event loop for {time}: no other coroutine could run.");
  }
  if (facts.reason === "gil") {
    return facts.holder
      ? t("{task} kept the event loop for {time}, waiting for the GIL, which {holder} held.")
      : t("{task} kept the event loop for {time}, waiting for the GIL.");
  }
  if (facts.reason === "none" && isDivided(facts)) return computingSentence(facts);
  return facts.line > 0
    ? t("{task} kept the event loop for {time} at line {line}: no other coroutine could run.")
    : t("{task} kept the event loop for {time}: no other coroutine could run.");
}

/** @param {Facts} facts */
function computingSentence(facts) {
  if (facts.seen_line > 0) {
    return t("{task} computed for {time}, seen at line {line}: no other coroutine could run.");
  }
  return facts.line > 0
    ? t("{task} computed for {time} before it gave way at line {line}: no other could run.")
    : t("{task} computed for {time}: no other coroutine could run.");
}

/** How the step spent its time, if in more than one way. @param {Facts} facts @returns {Part[]} */
function shares(facts) {
  if (!isDivided(facts)) return [];
  const named = /** @type {[string, number][]} */ ([
    [t("ran {time}"), facts.ran_ns],
    [t("was blocked {time}"), facts.blocked_ns],
    [t("waited for the GIL {time}"), facts.gil_ns],
    [t("had no CPU {time}, which is not counted"), facts.ready_ns],
  ]).filter(([, ns]) => ns >= LEAST_NS);
  if (named.length < 2) return [];
  const list = named.map(([text, ns]) => text.replace("{time}", duration(ns))).join(t(", "));
  const sentence = t("Its thread: {list}.", { list });
  return [{ text: gapAfter(sentence) + sentence, strong: false }];
}

/** What may help; nothing if the cause is not known. @param {Facts} facts */
function advice(facts) {
  switch (facts.reason) {
    case "none":
      return isDivided(facts)
        ? t("Try: compute in a process pool (run_in_executor), or await between the pieces.")
        : "";
    case "gil":
      return t("Try: let processes compute in place of the other threads: each has a GIL of its own.");
    case "sleep":
      return t("Try: await asyncio.sleep, which lets the others run meanwhile.");
    case "lock":
    case "rlock":
    case "condition":
    case "semaphore":
    case "event":
    case "barrier":
    case "queue":
      return t("Try: its asyncio counterpart, with await, or asyncio.to_thread for the call.");
    case "future":
      return t("Try: await asyncio.wrap_future in place of result().");
    default:
      return t("Try: asyncio.to_thread for the call, or a library whose calls are awaited.");
  }
}
