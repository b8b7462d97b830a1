// The run's state in words: waiting, live, or how it ended; its witnesses; records that were lost.

import { inOwnWords, joined, t } from "../base/messages.js";
import { duration } from "../base/times.js";
import { limitName } from "../view/words.js";
import { el, part, say } from "./dom.js";
import { isLive, runState } from "./run_state.js";

/** @typedef {import("../stream/socket.js").StreamState} StreamState */

export class Status {
  /** @type {StreamState} */
  stream = "connecting";
  streamWhy = "";
  /** The run's position in the queue, from 1; 0: it does not wait. */
  position = 0;
  /** Why the run could not be stopped. */
  refusal = "";

  /** @param {import("../model/timeline.js").Timeline} model
   *  @param {import("../view/view.js").View} view @param {string} firstState */
  constructor(model, view, firstState) {
    this.model = model;
    this.view = view;
    this.firstState = firstState;
    this.badge = part("run-state");
    this.notice = part("run-notice");
    this.first = part("first-notice");
    this.witness = part("witness-names");
    this.sure = part("witness-sure");
    this.why = part("witness-why");
    // Only the reader who started the run has these two.
    this.stop = document.getElementById("stop-run");
    this.pin = document.getElementById("pin-form");
  }

  update() {
    const { model } = this;
    this.badge.classList.toggle("live", isLive(model, this.stream));
    say(this.badge, this.#stateWords());
    const over = model.state === "ended" || ["ended", "failed"].includes(this.stream);
    if (this.stop) this.stop.hidden = over;
    if (this.pin) this.pin.hidden = !over;
    const words = this.#notices();
    if (model.seq >= 0) this.first.remove(); // frames say this too, and more
    say(this.notice, joined(words));
    this.#updateWitness();
  }

  #stateWords() {
    const time = duration(this.view.nowNs);
    if (this.view.pausedNs !== null) return t("paused at {time}", { time });
    if (this.position > 0 && this.model.seq < 0 && this.stream !== "failed") {
      return t("number {place} in the queue", { place: this.position });
    }
    return runState(this.model, this.stream, time, this.firstState);
  }

  #notices() {
    const words = [];
    const { run } = this.model;
    const { exit } = run;
    if (this.streamWhy && this.stream !== "open") words.push(this.streamWhy);
    if (this.refusal && this.model.state !== "ended") words.push(this.refusal);
    words.push(...inOwnWords(this.model.failure), ...inOwnWords(run.recording_told ?? []));
    if (this.model.state === "ended" && exit) words.push(exitSentence(exit, run.limit));
    if (this.model.dropped > 0) {
      const [count, since] = [this.model.dropped, duration(run.dropped_since_ns ?? 0)];
      words.push(
        run.dropped_since_ns === undefined
          ? t("{count} records were lost; where they are missing, the picture says unknown.", { count })
          : t("{count} records were lost from {since} on; the picture says unknown where they are missing.",
            { count, since }),
      );
    }
    return [...new Set(words)].filter((sentence) => sentence !== "");
  }

  #updateWitness() {
    const found = this.model.run.witnesses;
    if (!found) return;
    const { name, sure, sentence } = schedulerWords(found.scheduler);
    const names = found.probe ? [name, t("probe")].join(" + ") : name;
    say(this.witness, names);
    say(this.sure, ` · ${sure}`);
    const lines = [
      sentence,
      found.probe
        ? t("The probe inside the program reported locks, queues, waits and coroutines.")
        : t("There was no probe inside the program, so objects have no names."),
    ];
    lines.push(insideWords(this.model.run.limits?.inside));
    if (found.why_told) lines.push(...inOwnWords(found.why_told));
    else if (found.why) lines.push(String(found.why));
    if (this.why.childElementCount !== lines.length) {
      this.why.replaceChildren(...lines.map((line) => el("p", {}, line)));
    }
  }
}

/** How far the program's signals reach. @param {boolean | undefined} inside */
function insideWords(inside) {
  if (inside === undefined) return t("This recording does not say how far the program's signals reached.");
  return inside
    ? t("The program's signals reached its own processes alone (Landlock).")
    : t("The program could signal every process of its user: this kernel keeps none in.");
}

/** How far the scheduler's witness can be trusted. @param {string | null} scheduler */
function schedulerWords(scheduler) {
  switch (scheduler) {
    case "tracepoints":
      return {
        name: t("kernel, wake-ups"),
        sure: t("exact"),
        sentence: t(
          "The kernel reported every switch of every thread, and who woke whom, to the microsecond.",
        ),
      };
    case "perf":
      return {
        name: t("kernel"),
        sure: t("switches exact"),
        sentence: t(
          "The kernel reported every switch of every thread, but no wake-ups: when a blocked thread became ready is worked out from its time on the run queue, and marked inferred.",
        ),
      };
    case "procfs":
      return {
        name: "/proc",
        sure: t("sampled"),
        sentence: t(
          "Threads were looked at many times a second: totals are the kernel's own, but what lay between two looks, and in which order, is not known.",
        ),
      };
    default:
      return {
        name: t("no scheduler"),
        sure: t("partial"),
        sentence: t("Only the program itself told what it did; when it had a CPU is not known."),
      };
  }
}

/**
 * @param {{cause: string, code: number | null, signal: string | null, limit?: string}} exit
 * @param {{name: string} | undefined} limit that ended the run; a recording of an earlier version
 *   names only the signal, which this limit sent
 */
function exitSentence(exit, limit) {
  const code = exit.code ?? "?";
  const name = exit.signal ?? "?";
  if (exit.cause === "signal" && name === "SIGKILL" && limit) return endedByUs(limit.name, name);
  switch (exit.cause) {
    case "returned":
      return "";
    case "exit":
      return code === 0 ? "" : t("The program exited with code {code}.", { code });
    case "raised":
      return t("The program ended with an exception (exit code {code}).", { code });
    case "signal":
      return t("The program was killed by {name}.", { name });
    case "stopped":
    case "limit":
      return endedByUs(exit.limit ?? exit.cause, name);
    default:
      return t("The run was ended: {cause}.", { cause: exit.cause });
  }
}

/** @param {string} limit or "stopped" @param {string} name of the signal */
function endedByUs(limit, name) {
  return limit === "stopped"
    ? t("The run was stopped on request, by the signal {name}.", { name })
    : t("The run reached its limit of {limit} and was ended, by the signal {name}.", {
      limit: limitName(limit), name,
    });
}
