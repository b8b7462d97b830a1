// The closed enums of app/timeline/states.py, words by wire code. A test compares the two.

export const VOCABULARY = {
  state: [
    "unknown", "new", "ready", "running", "blocked", "gil", "stopped", "zombie", "exited",
    "awaiting", "done",
  ],
  reason: [
    "none", "lock", "rlock", "condition", "semaphore", "event", "barrier", "queue", "pipe",
    "socket", "file", "sleep", "join", "wait-child", "future", "input", "other", "task", "poll",
    "yield",
  ],
  evidence: ["missing", "kernel", "probe", "sampled", "inferred"],
  track_kind: ["process", "thread", "coroutine", "external"],
  cause: [
    "returned", "raised", "exit", "signal", "daemon", "with-process", "cancelled",
    "never-awaited", "unknown", "stopped", "limit",
  ],
  flow_kind: [
    "spawn", "wake", "release", "put-get", "send-recv", "join", "signal",
  ],
  object_kind: [
    "other", "lock", "rlock", "condition", "semaphore", "event", "barrier", "queue", "pipe",
    "socket", "file", "thread", "process", "future", "task", "pool", "loop", "syscall",
    "gil",
  ],
  verdict: ["holds", "fails", "not-seen"],
};

/** The codes that the page's own logic asks for. */
export const STATE = Object.freeze({
  UNKNOWN: 0, NEW: 1, READY: 2, RUNNING: 3, BLOCKED: 4, GIL: 5, STOPPED: 6, ZOMBIE: 7, EXITED: 8,
  AWAITING: 9, DONE: 10,
});

export const REASON = Object.freeze({
  NONE: 0, LOCK: 1, RLOCK: 2, CONDITION: 3, SEMAPHORE: 4, EVENT: 5, BARRIER: 6, QUEUE: 7, PIPE: 8,
  SOCKET: 9, FILE: 10, SLEEP: 11, JOIN: 12, WAIT_CHILD: 13, FUTURE: 14, INPUT: 15, OTHER: 16,
  TASK: 17, POLL: 18, YIELD: 19,
});

/**
 * Kinds: what the picture tells apart. Each has one colour token and one pattern (render/palette)
 * and one legend entry. Order is the legend's.
 */
export const KINDS = /** @type {const} */ ([
  "running", "ready", "gil", "lock", "sync", "channel", "io", "join", "sleep", "await", "other",
  "stopped", "zombie", "new", "unknown",
]);
/** @typedef {typeof KINDS[number]} Kind */

/** @param {Kind} kind */
export const kindCode = (kind) => KINDS.indexOf(kind);

/** @type {Kind[]} by reason code */
const KIND_OF_REASON = [
  "other", "lock", "lock", "sync", "lock", "sync", "sync", "channel", "channel", "io", "io",
  "sleep", "join", "join", "join", "io", "other", "join", "io", "await",
];
/** @type {(Kind | null)[]} by state code; null: the reason decides */
const KIND_OF_STATE = [
  "unknown", "new", "ready", "running", null, "gil", "stopped", "zombie", "unknown", "await",
  "unknown",
];

const UNKNOWN = kindCode("unknown");
const REASONS = KIND_OF_REASON.length;
const TABLE = Uint8Array.from(
  KIND_OF_STATE.flatMap((kind) => KIND_OF_REASON.map((other) => kindCode(kind ?? other))),
);

/** A code of a newer version is none of ours. @param {number} state @param {number} reason
 *  @returns {number} the kind's code */
export function kindOf(state, reason) {
  return TABLE[state * REASONS + (reason < REASONS ? reason : REASON.OTHER)] ?? UNKNOWN;
}
