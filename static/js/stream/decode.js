// Decodes a frame exactly as app/timeline/frames.py lays it out: columns are views, not copies.

import { VOCABULARY } from "../model/vocabulary.js";
import { t } from "../base/messages.js";

/** @typedef {import("../model/shapes.js").Frame} Frame */

export const VERSION = 1;
const HEADER_SIZE = 32;
const SNAPSHOT = 1;

/** The bytes are no frame, or a frame whose version or codes this page doesn't know. */
export class BadFrame extends Error {}

/** @typedef {Float64ArrayConstructor | Uint32ArrayConstructor | Int16ArrayConstructor |
 *    Uint8ArrayConstructor} Column */

/** @type {[string, Column][]} */
const SLICE_COLUMNS = [
  ["start_ns", Float64Array],
  ["end_ns", Float64Array],
  ["track", Uint32Array],
  ["object", Uint32Array],
  ["holder", Uint32Array],
  ["line", Uint32Array],
  ["cpu", Int16Array],
  ["state", Uint8Array],
  ["reason", Uint8Array],
  ["evidence", Uint8Array],
  ["reason_evidence", Uint8Array],
];
/** @type {[string, Column][]} */
const FLOW_COLUMNS = [
  ["from_ns", Float64Array],
  ["to_ns", Float64Array],
  ["from_track", Uint32Array],
  ["to_track", Uint32Array],
  ["object", Uint32Array],
  ["kind", Uint8Array],
];
/** @type {[string, string][]} */
const CODED_SLICE = [
  ["state", "state"],
  ["reason", "reason"],
  ["evidence", "evidence"],
  ["reason_evidence", "evidence"],
];

/**
 * @param {ArrayBuffer} buffer holds exactly one frame
 * @returns {Frame}
 * @throws {BadFrame}
 */
export function decode(buffer) {
  const view = new DataView(buffer);
  if (buffer.byteLength < HEADER_SIZE || view.getUint32(4) !== 0x54534c46) {
    throw new BadFrame(t("The server sent bytes that are no Timeslice frame."));
  }
  const version = view.getUint16(8, true);
  if (version !== VERSION) {
    const values = { version, known: VERSION };
    throw new BadFrame(
      t("This frame is of version {version}; this page reads version {known}.", values),
    );
  }
  if (view.getUint32(0, true) !== buffer.byteLength) throw cutShort();
  const headLength = view.getUint32(16, true);
  const offset = HEADER_SIZE + headLength;
  if (offset > buffer.byteLength) throw cutShort();
  const { rows, ...head } = headOf(buffer, headLength);
  const [sliceCount, flowCount] = rows ?? [];
  if (!Number.isInteger(sliceCount) || !Number.isInteger(flowCount)) throw cutShort();
  const [slices, afterSlices] = columns(buffer, offset, sliceCount, SLICE_COLUMNS);
  const [flows, end] = columns(buffer, afterSlices, flowCount, FLOW_COLUMNS);
  if (end !== buffer.byteLength) throw cutShort();
  for (const [name, words] of CODED_SLICE) check(slices?.[name], words);
  check(flows?.kind, "flow_kind");
  return {
    seq: view.getUint32(12, true),
    nowNs: view.getFloat64(24, true),
    snapshot: (view.getUint16(10, true) & SNAPSHOT) !== 0,
    head,
    sliceCount,
    flowCount,
    slices: /** @type {any} */ (slices),
    flows: /** @type {any} */ (flows),
  };
}

/** @param {ArrayBuffer} buffer @param {number} length @returns {Record<string, any>} */
function headOf(buffer, length) {
  const text = new TextDecoder().decode(new Uint8Array(buffer, HEADER_SIZE, length));
  try {
    return JSON.parse(text);
  } catch (error) {
    if (error instanceof SyntaxError) throw cutShort();
    throw error;
  }
}

/**
 * @param {ArrayBuffer} buffer @param {number} offset @param {number} rows
 * @param {[string, Column][]} layout
 * @returns {[Record<string, ArrayLike<number>> | null, number]} the columns, and where they end
 */
function columns(buffer, offset, rows, layout) {
  if (rows === 0) return [null, offset];
  /** @type {Record<string, ArrayLike<number>>} */
  const found = {};
  for (const [name, Type] of layout) {
    const size = rows * Type.BYTES_PER_ELEMENT;
    if (offset + size > buffer.byteLength) throw cutShort();
    found[name] = new Type(buffer, offset, rows);
    offset += Math.ceil(size / 8) * 8;
  }
  return [found, offset];
}

/** @param {ArrayLike<number> | undefined} codes @param {string} words */
function check(codes, words) {
  if (!codes) return;
  const known = VOCABULARY[/** @type {keyof typeof VOCABULARY} */ (words)].length;
  for (let i = 0; i < codes.length; i += 1) {
    if (codes[i] >= known) {
      throw new BadFrame(t("The frame names a state that this page does not know."));
    }
  }
}

function cutShort() {
  return new BadFrame(t("The server sent a damaged frame."));
}
