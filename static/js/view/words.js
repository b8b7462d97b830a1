// The page's words for codes: kinds, reasons, evidence, endings, objects.

import { t } from "../base/messages.js";
import { KINDS, STATE, VOCABULARY } from "../model/vocabulary.js";

/** @typedef {import("../model/shapes.js").Track} Track */
/** @typedef {import("../model/shapes.js").Thing} Thing */

/**
 * @param {import("../model/vocabulary.js").Kind} kind
 * @param {string} [trackKind] of the track it is said of; none if it is said of all kinds
 */
export function kindName(kind, trackKind) {
  const names = {
    running: t("running"),
    ready: readyName(trackKind),
    gil: t("waiting for the GIL"),
    lock: t("blocked: lock"),
    sync: t("blocked: event, condition"),
    channel: t("blocked: queue, pipe"),
    io: t("blocked: input, output"),
    join: t("blocked: join, result"),
    sleep: t("sleeping"),
    await: t("awaiting"),
    other: t("blocked: other"),
    stopped: t("stopped"),
    zombie: t("zombie"),
    new: t("new"),
    unknown: t("unknown"),
  };
  return names[kind];
}

/** A thread is ready and waits for a CPU, a coroutine waits for its turn.
 *  @param {string} [trackKind] */
function readyName(trackKind) {
  if (trackKind === undefined) return t("ready");
  return trackKind === "coroutine" ? t("ready (waits for the loop)") : t("ready (no CPU)");
}

/** @param {number} code @param {string} [trackKind] */
export const kindNameOf = (code, trackKind) => kindName(KINDS[code], trackKind);

/** @param {number} state */
export function stateName(state) {
  switch (state) {
    case STATE.NEW:
      return t("new");
    case STATE.READY:
      return t("ready");
    case STATE.RUNNING:
      return t("running");
    case STATE.BLOCKED:
      return t("blocked");
    case STATE.GIL:
      return t("waiting for the GIL");
    case STATE.STOPPED:
      return t("stopped");
    case STATE.ZOMBIE:
      return t("zombie");
    case STATE.AWAITING:
      return t("awaiting");
    default:
      return t("unknown");
  }
}

/** @param {string} kind */
export function trackKindName(kind) {
  if (kind === "process") return t("process");
  if (kind === "thread") return t("thread");
  if (kind === "coroutine") return t("coroutine");
  return t("external");
}

/** @param {number} code */
export function evidenceName(code) {
  switch (VOCABULARY.evidence[code]) {
    case "kernel":
      return t("kernel");
    case "probe":
      return t("probe");
    case "sampled":
      return t("sampled");
    case "inferred":
      return t("inferred");
    default:
      return t("not known");
  }
}

/** What an evidence word means, as a sentence. @param {number} code */
export function evidenceMeaning(code) {
  switch (VOCABULARY.evidence[code]) {
    case "kernel":
      return t("The kernel's scheduler recorded it, to the nanosecond.");
    case "probe":
      return t("The probe inside the program recorded it as it happened.");
    case "sampled":
      return t("Seen at the instants when we looked; what lay between is not known.");
    case "inferred":
      return t("Follows from what the kernel and the probe recorded together.");
    default:
      return t("No witness recorded it.");
  }
}

/** @param {string} kind */
export function objectKindName(kind) {
  /** @type {Record<string, string>} */
  const names = {
    lock: "Lock",
    rlock: "RLock",
    condition: "Condition",
    semaphore: "Semaphore",
    event: "Event",
    barrier: "Barrier",
    queue: "Queue",
    pipe: "Pipe",
    socket: t("socket"),
    file: t("file"),
    thread: t("thread"),
    process: t("process"),
    future: "Future",
    task: t("task"),
    pool: t("pool"),
    loop: t("event loop"),
    syscall: t("system call"),
  };
  return names[kind] ?? "";
}

/** "Lock fork"; a name that already says its kind stands alone. @param {Thing} thing */
export function objectTitle(thing) {
  const kind = objectKindName(thing.kind);
  const bare = (/** @type {string} */ text) => text.toLowerCase().replace(/[^a-z]/g, "");
  return !kind || bare(thing.name).includes(bare(kind)) ? thing.name : `${kind} ${thing.name}`;
}

/**
 * How a track ended: an icon and few words for the picture; `bad` when it is worth a look. The words
 * are those of app/timeline/endings.py, which has them in the other languages.
 * @param {Track} track @returns {{icon: string, text: string, bad: boolean} | null}
 */
export function endingOf(track) {
  const end = track.end;
  if (!end) return null;
  switch (end.cause) {
    case "returned":
      return { icon: "✓", text: t("returned"), bad: false };
    case "raised": {
      const exception = end.exception ?? "?";
      return { icon: "✕", text: t("raised {exception}", { exception }), bad: true };
    }
    case "exit": {
      const code = end.code ?? "?";
      const bad = code !== 0;
      return { icon: bad ? "✕" : "✓", text: t("exit {code}", { code }), bad };
    }
    case "signal":
      return { icon: "⚡", text: t("ended by {signal}", { signal: end.signal ?? "?" }), bad: true };
    case "daemon":
      return { icon: "◼", text: t("ended as a daemon"), bad: false };
    case "with-process":
      return { icon: "◼", text: t("vanished with its process"), bad: false };
    case "cancelled":
      return { icon: "⊘", text: t("cancelled"), bad: false };
    case "never-awaited":
      return { icon: "!", text: t("never awaited"), bad: true };
    case "stopped":
      return { icon: "■", text: t("stopped with the run"), bad: false };
    case "limit": {
      const limit = limitName(end.limit ?? "?");
      const text = t("ended with the run at its limit of {limit}", { limit });
      return { icon: "■", text, bad: true };
    }
    default:
      return { icon: "?", text: t("ended, how is not known"), bad: false };
  }
}

/** What a limit of a run limits, as in app/timeline/limits.py. @param {string} name as in the
 *  run's facts */
export function limitName(name) {
  switch (name) {
    case "wall":
      return t("running time");
    case "cpu":
      return t("CPU time");
    case "memory":
      return t("memory");
    case "processes":
      return t("processes and threads");
    case "output":
      return t("output");
    case "disk":
      return t("disk space");
    default:
      return name;
  }
}

/** The unit of each limit's amount, and how much of a recorded value is one of it.
 *  @type {Record<string, [string, number]>} */
const LIMIT_UNITS = {
  wall: ["s", 1000],
  cpu: ["s", 1000],
  memory: ["MiB", 2 ** 20],
  output: ["KiB", 2 ** 10],
  disk: ["MiB", 2 ** 20],
};

/** A limit with its value. @param {string} name @param {number} value times in ms, sizes in bytes */
export function limitAmount(name, value) {
  const [unit, size] = LIMIT_UNITS[name] ?? ["", 1];
  return unit
    ? t("{value} {unit} of {name}", {
      value: +(value / size).toPrecision(6), unit, name: limitName(name),
    })
    : t("{value} {name}", { value, name: limitName(name) });
}

/** @param {Track} track @param {import("../model/shapes.js").Ending} end
 *  @param {(track: number) => string} nameOf */
function killed(track, end, nameOf) {
  const name = end.signal ?? "?";
  if (end.sender === 0) return t("The signal {name}, from outside the run, killed it.", { name });
  if (end.sender === track.id) return t("It killed itself with the signal {name}.", { name });
  if (!end.sender) return t("The signal {name} killed it.", { name });
  return t("The signal {name}, sent by {sender}, killed it.", {
    name, sender: nameOf(end.sender),
  });
}

/**
 * How a track ended, as a sentence without the time.
 * @param {Track} track @param {(track: number) => string} nameOf
 */
export function endingSentence(track, nameOf) {
  const end = track.end;
  switch (end?.cause) {
    case "returned":
      return t("It returned.");
    case "raised":
      return t("It ended with the exception {name}.", { name: end.exception ?? "?" });
    case "exit":
      return t("It exited with code {code}.", { code: end.code ?? "?" });
    case "signal":
      return killed(track, end, nameOf);
    case "daemon":
      return t("A daemon: it was ended because its parent's main code had ended.");
    case "with-process":
      return t("It vanished together with its process.");
    case "cancelled":
      return t("It was cancelled.");
    case "never-awaited":
      return t("It was never awaited, so it never ran.");
    case "stopped":
      return t("The run was stopped on request, by the signal {name}.", {
        name: end.signal ?? "?",
      });
    case "limit":
      return t("The run reached its limit of {limit} and was ended, by the signal {name}.", {
        limit: limitName(end.limit ?? "?"), name: end.signal ?? "?",
      });
    case undefined:
      return t("It is still there.");
    default:
      return t("It ended; how is not known.");
  }
}
