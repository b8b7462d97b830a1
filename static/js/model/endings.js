// When a track ended: a process may have ended long before its parent collected it.

import { OPEN } from "./columns.js";
import { STATE } from "./vocabulary.js";

/**
 * When a track ended: a process when it became a zombie, though its track lasts until it is reaped.
 * @param {import("./timeline.js").Timeline} model @param {import("./shapes.js").Track} track
 * @returns {number | null} null while it goes on
 */
export function endedAt(model, track) {
  const columns = model.slices.get(track.id);
  let row = (columns?.length ?? 0) - 1;
  if (columns && row >= 0 && columns.state[row] === STATE.ZOMBIE) {
    while (row > 0 && columns.state[row - 1] === STATE.ZOMBIE) row -= 1;
    return columns.start[row];
  }
  return track.end_ns === OPEN ? null : track.end_ns;
}
