// The shapes of what a frame brings, as app/timeline/heads.py and frames.py write them.

/**
 * @typedef {object} SliceRows
 * @property {Float64Array} start_ns @property {Float64Array} end_ns
 * @property {Uint32Array} track @property {Uint32Array} object @property {Uint32Array} holder
 * @property {Uint32Array} line @property {Int16Array} cpu @property {Uint8Array} state
 * @property {Uint8Array} reason @property {Uint8Array} evidence
 * @property {Uint8Array} reason_evidence
 */
/**
 * @typedef {object} FlowRows
 * @property {Float64Array} from_ns @property {Float64Array} to_ns
 * @property {Uint32Array} from_track @property {Uint32Array} to_track
 * @property {Uint32Array} object @property {Uint8Array} kind
 */
/** @typedef {{cause: string, code: number | null, signal: string | null, limit?: string,
 *    exception: string | null, sender?: number | null}} Ending */
/** `sender` of an Ending: a track, 0 for someone outside the run, null where it isn't known. */
/** @typedef {{id: number, kind: string, name: string, pid: number, tid: number,
 *    parent: number | null, daemon: boolean, start_ns: number, end_ns: number | null,
 *    end: Ending | null, python?: string | null}} Track */
/** @typedef {{id: number, kind: string, name: string, track: number, line: number}} Thing */
/** @typedef {{track: number, ns: number, stream: string, text: string}} Output */
/** @typedef {{track: number, object: number, holder: number, line: number,
 *    held_since_ns: number, held_line: number}} Wait */
/** @typedef {{id: string, kind: string, start_ns: number, end_ns: number | null, cycle: Wait[],
 *    facts: Record<string, any>}} Finding */
/** @typedef {{track: number, start_ns: number, end_ns: number}} Span */
/** @typedef {{id: string, text: Record<string, string>, verdict: string,
 *    why: Record<string, string>, evidence: Span[]}} Claim */
/** `uncounted_ns`: of running_ns, what the kernel's account of CPU time doesn't have. */
/** @typedef {{track: number, running_ns: number, ready_ns: number, blocked_ns: number,
 *    gil_ns: number, voluntary: number, involuntary: number,
 *    gil_held_ns?: number, gil_wanted_ns?: number, uncounted_ns?: number | null}} Stats */
/**
 * @typedef {object} Head
 * @property {Record<string, any>} [run] @property {string} [state]
 * @property {Record<string, string[]>} [vocabulary] @property {Track[]} [tracks]
 * @property {Thing[]} [objects] @property {Output[]} [output] @property {Finding[]} [findings]
 * @property {Claim[]} [claims] @property {Stats[]} [stats] @property {number} [dropped]
 * @property {[number, number, number][]} [seen] track, ns and the line at which it was then
 * @property {[number, number, number, number][]} [levels] object, ns, its level from then on, and
 *   of how many (0: not known)
 * @property {[number, number, number, number][]} [stolen] a CPU, two times, and how many ns the
 *   hypervisor took of it between them
 * @property {Beside} [beside] what the scenario's theory says of this run
 * @property {string[]} [files] all of the program's files but its own
 * @property {string} [failure] what went wrong on our side, as a sentence
 * @property {Told[]} [failure_told] the same, so that it can be said in another language
 */
/** Times in ns; of a cell and a lane the book's, then the run's.
 *  @typedef {{title: Record<string, string>, book: Record<string, string>,
 *    lanes: {name: string, book: [number, number][], run: [number, number][]}[],
 *    columns: Record<string, string>[],
 *    rows: {name: Record<string, string>, cells: [number, number][]}[],
 *    note: Record<string, string>}} Beside */
/** @typedef {{template: string, values: Record<string, string | number>}} Told */
/** @typedef {{seq: number, nowNs: number, snapshot: boolean, head: Head, sliceCount: number,
 *    flowCount: number, slices: SliceRows | null, flows: FlowRows | null}} Frame */

export {};
