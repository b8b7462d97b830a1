// Links two views so that they show the same time: a change of one is made in the other too.

/** @typedef {import("./view.js").View} View */

/**
 * @param {View} one @param {View} other
 * @param {(from: View, track: number) => number | null} pairOf the track of the other run that
 *   is paired with a track of this one
 */
export function link(one, other, pairOf) {
  other.faded = one.faded;
  let copying = false;
  for (const [from, to] of [[one, other], [other, one]]) {
    from.onChange(() => {
      if (copying) return;
      copying = true;
      copy(from, to, pairOf);
      to.changed();
      copying = false;
    });
  }
}

/** @param {View} from @param {View} to
 *  @param {(from: View, track: number) => number | null} pairOf */
function copy(from, to, pairOf) {
  to.scale = to.scale.showing(from.scale.startNs, from.scale.endNs);
  to.follow = from.follow;
  if ((to.pausedNs === null) !== (from.pausedNs === null)) {
    to.pausedNs = from.pausedNs === null ? null : to.model.nowNs;
  }
  to.hover = null;
  to.hoverNs = from.hoverNs;
  to.hoverTrack = from.hoverTrack === null ? null : pairOf(from, from.hoverTrack);
  if (from.pin && to.pin) to.pin = null; // the page describes one slice at a time
}
