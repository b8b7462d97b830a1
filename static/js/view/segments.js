// Which track held an object and which waited for it, as spans that follow one another.

/** @typedef {import("../model/timeline.js").Timeline} Timeline */
/** @typedef {import("../model/intervals.js").Intervals} Intervals */
/**
 * @typedef {object} Stretch the entries of an index from `first` up to `after`
 * @property {Intervals} index of slices, as (track, row)
 * @property {number} key what the index is of: an object, or -1 - cpu (see Timeline.inLane)
 * @property {number} first @property {number} after
 */
/** @typedef {{track: number, holder: number, startNs: number, endNs: number}} Entry */
/** @typedef {{startNs: number, endNs: number, holder: number, waiters: number[]}} Segment */

/**
 * The slices of a stretch. An open slice may have been replaced since it was indexed; if it no
 * longer belongs to the object, it is left out.
 * @param {Timeline} model @param {Stretch} stretch @param {number} nowNs @returns {Entry[]}
 */
export function entriesOf(model, { index, key, first, after }, nowNs) {
  /** @type {Entry[]} */
  const entries = [];
  for (let i = first; i < after; i += 1) {
    const [track, row] = [index.a[i], index.b[i]];
    const columns = model.slicesOf(track);
    if (!model.inLane(key, track, row) && model.turnKey(columns, row) !== key) continue;
    const startNs = columns.start[row];
    const endNs = Math.min(nowNs, columns.endOf(row, nowNs));
    entries.push({ track, holder: columns.holder[row], startNs, endNs });
  }
  return entries;
}

/**
 * Cuts overlapping waits into spans, in each of which the waiters stay the same. A track that is
 * its own holder does not wait: it has the object.
 * @param {Entry[]} entries @returns {Segment[]}
 */
export function segments(entries) {
  const cuts = new Set();
  for (const { startNs, endNs } of entries) cuts.add(startNs).add(endNs);
  const times = [...cuts].sort((one, other) => one - other);
  /** @type {Segment[]} */
  const found = [];
  for (let i = 0; i + 1 < times.length; i += 1) {
    const [startNs, endNs] = [times[i], times[i + 1]];
    const present = entries.filter((entry) => entry.startNs <= startNs && entry.endNs >= endNs);
    if (present.length === 0) continue;
    const own = present.find((entry) => entry.holder === entry.track);
    const holder = own?.holder ?? present.find((entry) => entry.holder > 0)?.holder ?? 0;
    const waiters = present.map((entry) => entry.track).filter((track) => track !== holder);
    found.push({ startNs, endNs, holder, waiters });
  }
  return found;
}

/**
 * One segment for each turn of the GIL's holder. Its waiters change all the time, because a thread
 * wakes up at every switch interval to ask for the GIL again.
 * @param {Segment[]} found @param {number} nsPerPx @returns {Segment[]}
 */
export function joined(found, nsPerPx) {
  /** @type {Segment[]} */
  const turns = [];
  for (const segment of found) {
    const last = turns.at(-1);
    const waited = segment.waiters.length > 0;
    if (last && last.holder === segment.holder && segment.startNs - last.endNs < 2 * nsPerPx &&
        (last.waiters.length > 0) === waited) {
      last.endNs = segment.endNs;
      last.waiters = [...new Set([...last.waiters, ...segment.waiters])];
    } else {
      turns.push({ ...segment });
    }
  }
  return turns;
}
