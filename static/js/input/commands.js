// The commands of keys and buttons, by name.

/** @typedef {import("../view/view.js").View} View */
/** @typedef {import("../render/painter.js").Painter} Painter */

const ZOOM_STEP = 1.35;
const PAN_SHARE = 0.12;

/**
 * @param {View} view @param {Painter} painter
 * @returns {Record<string, () => void>}
 */
export function commandsOf(view, painter) {
  const middle = () => view.hoverNs !== null && view.scale.startNs < view.hoverNs
    ? view.scale.toPx(view.hoverNs)
    : view.scale.leftPx + view.scale.widthPx / 2;
  return {
    "zoom-in": () => view.zoom(middle(), 1 / ZOOM_STEP),
    "zoom-out": () => view.zoom(middle(), ZOOM_STEP),
    "pan-left": () => view.pan(-view.scale.widthPx * PAN_SHARE),
    "pan-right": () => view.pan(view.scale.widthPx * PAN_SHARE),
    fit: () => view.fit(),
    follow: () => view.toggleFollow(),
    pause: () => view.togglePause(),
    back: () => view.back(),
    unpin: () => view.pinAt(null),
    next: () => step(view, 1),
    previous: () => step(view, -1),
    up: () => changeTrack(view, painter, -1),
    down: () => changeTrack(view, painter, 1),
    focus: () => focus(view),
    fold: () => fold(view, painter, true),
    unfold: () => fold(view, painter, false),
  };
}

/** Pins the next or previous slice; if none is pinned, the first track's slice in view.
 *  @param {View} view @param {1 | -1} direction */
function step(view, direction) {
  if (view.pin) view.step(direction);
  else pinFirst(view);
}

/** @param {View} view */
function pinFirst(view) {
  const root = view.model.root;
  if (!root) return;
  const row = Math.max(0, view.model.slicesOf(root.id).rowAt(Math.max(0, view.scale.startNs)));
  if (row < view.model.slicesOf(root.id).length) view.pinAt({ track: root.id, row });
}

/** Pins the slice at the same time in the next or previous row. @param {View} view
 *  @param {Painter} painter @param {1 | -1} direction */
function changeTrack(view, painter, direction) {
  if (!view.pin) return pinFirst(view);
  const columns = view.model.slicesOf(view.pin.track);
  const startNs = Math.max(columns.start[view.pin.row], view.scale.startNs);
  const endNs = Math.min(columns.endOf(view.pin.row, view.nowNs), view.scale.endNs);
  const ns = (startNs + endNs) / 2;
  const rows = painter.relayout().rows.filter((row) => row.type === "track");
  let at = rows.findIndex((row) => row.id === view.pin?.track);
  for (at += direction; at >= 0 && at < rows.length; at += direction) {
    const other = view.model.slicesOf(rows[at].id);
    if (other.length === 0) continue;
    scrollTo(view, painter, rows[at].id);
    view.pinAt({ track: rows[at].id, row: Math.max(0, other.rowAt(ns)) });
    return;
  }
}

/** Scrolls the rows until that of a track is in the picture. @param {View} view
 *  @param {Painter} painter @param {number} track */
export function scrollTo(view, painter, track) {
  for (let id = view.model.tracks.get(track)?.parent; id; ) {
    if (view.folded.delete(`t${id}`)) view.foldVersion += 1;
    id = view.model.tracks.get(id)?.parent;
  }
  const row = painter.relayout().byTrack.get(track);
  if (!row) return;
  const room = painter.canvas.clientHeight - painter.axisPx;
  if (row.top < view.scrollTop) view.scrollTop = row.top;
  else if (row.top + row.height > view.scrollTop + room) {
    view.scrollTop = row.top + row.height - room + 24;
  }
}

/** Zooms to the pinned slice. @param {View} view */
function focus(view) {
  if (!view.pin) return;
  const columns = view.model.slicesOf(view.pin.track);
  view.show(columns.start[view.pin.row], columns.endOf(view.pin.row, view.nowNs), 0.6);
}

/** Folds or unfolds the pinned or hovered row; if there is none, every row that can be folded.
 *  @param {View} view @param {Painter} painter @param {boolean} folding */
function fold(view, painter, folding) {
  const layout = painter.relayout();
  let track = view.pin?.track ?? view.hoverTrack ?? 0;
  while (track && !(layout.byTrack.get(track)?.folds ?? 0)) {
    track = view.model.tracks.get(track)?.parent ?? 0;
  }
  const keys = track
    ? [`t${track}`]
    : layout.rows.filter((row) => row.folds > 0).map((row) => row.key);
  for (const key of keys) if (view.folded.has(key) !== folding) view.toggleFold(key);
}
