// Pairs the tracks of two runs: those of the same name, in the order in which they started.

/** @typedef {import("./timeline.js").Timeline} Timeline */
/** @typedef {import("./shapes.js").Track} Track */
/** @typedef {{a: Track | null, b: Track | null}} Pair */

/**
 * The first process of a run is paired with the first of the other. Of the rest, the n-th track of
 * a name is paired with the n-th of that name: first among tracks of its kind, then among all. A
 * track whose name the other run does not have stays alone.
 * @param {Timeline} a @param {Timeline} b
 * @returns {Pair[]} in the order of start in `a`; tracks that only `b` has come last
 */
export function pairTracks(a, b) {
  const [ones, others] = [inOrder(a), inOrder(b)];
  /** @type {Map<Track, Track>} */
  const found = new Map();
  const taken = new Set();
  /** @param {Track} one @param {Track | undefined} other */
  const join = (one, other) => {
    if (!other) return;
    found.set(one, other);
    taken.add(other);
  };
  if (a.root) join(a.root, b.root);
  for (const keyOf of [kindAndName, nameAlone]) {
    /** @type {Map<string, Track[]>} */
    const free = new Map();
    for (const other of others) {
      if (taken.has(other)) continue;
      const alike = free.get(keyOf(other));
      if (alike) alike.push(other);
      else free.set(keyOf(other), [other]);
    }
    for (const alike of free.values()) alike.reverse(); // the first is the next to be popped
    for (const one of ones) if (!found.has(one)) join(one, free.get(keyOf(one))?.pop());
  }
  return [
    ...ones.map((one) => ({ a: one, b: found.get(one) ?? null })),
    ...others.filter((other) => !taken.has(other)).map((other) => ({ a: null, b: other })),
  ];
}

/** @param {Track} track */
const kindAndName = (track) => `${track.kind} ${track.name}`;
/** @param {Track} track */
const nameAlone = (track) => track.name;

/** @param {Timeline} model */
function inOrder(model) {
  return [...model.tracks.values()].sort(
    (one, other) => one.start_ns - other.start_ns || one.id - other.id,
  );
}
