// One run on a page: its model and its picture, the pointer on it and the stream that feeds it.

import { scrollTo } from "./input/commands.js";
import { Pointer } from "./input/pointer.js";
import { Timeline } from "./model/timeline.js";
import { Painter } from "./render/painter.js";
import { FrameStream } from "./stream/socket.js";
import { View } from "./view/view.js";

/** @typedef {import("./model/shapes.js").Span} Span */
/**
 * @typedef {object} Options
 * @property {() => void} onFrame called when a frame is in the model and its paint is due
 * @property {(state: import("./stream/socket.js").StreamState, why: string) => void} onStream
 *   called when the stream has opened, was cut, or has ended
 * @property {() => {nowNs: number, state: string}} [extent] how far the axis reaches; none: as far
 *   as the run
 * @property {number} [mostStretch] how much taller than normal the rows may be
 */

export class Stage {
  model = new Timeline();

  /**
   * @param {HTMLElement} box of which the canvas in it takes the size
   * @param {string} path of the stream on this page's server @param {Options} options
   */
  constructor(box, path, { onFrame, onStream, extent, mostStretch = Infinity }) {
    this.view = new View(this.model, extent);
    this.painter = new Painter(canvasIn(box), this.model, this.view, mostStretch);
    new Pointer(this.view, this.painter, (track) => this.#pinNewest(track));
    new ResizeObserver(([entry]) => {
      this.painter.resize(entry.contentRect.width, entry.contentRect.height);
    }).observe(box);
    this.stream = new FrameStream(
      socketUrl(path),
      (frame) => {
        this.model.apply(frame);
        this.catchUp();
        onFrame();
      },
      (state, why) => {
        this.painter.request();
        onStream(state, why);
      },
    );
  }

  /** Follows the run as far as it is known now, and asks for a paint. */
  catchUp() {
    this.view.followRun();
    this.painter.request();
  }

  /** Scrolls the rows until a track's is in the picture. @param {number} track */
  scrollTo(track) {
    scrollTo(this.view, this.painter, track);
  }

  /** Outlines spans of tracks, such as a claim's evidence, and goes there. @param {Span[]} spans */
  showSpans(spans) {
    this.view.highlights = spans;
    if (spans.length === 0) return;
    this.scrollTo(spans[0].track);
    this.view.show(
      Math.min(...spans.map((span) => span.start_ns)),
      Math.max(...spans.map((span) => span.end_ns)),
    );
  }

  /** Pins the slice in which a track was at a time. @param {number} track @param {number} ns */
  pinAt(track, ns) {
    const columns = this.model.slicesOf(track);
    if (columns.length > 0) this.view.pinAt({ track, row: Math.max(0, columns.rowAt(ns)) });
  }

  /** @param {number} track */
  #pinNewest(track) {
    this.pinAt(track, Math.min(this.view.nowNs, this.view.scale.endNs));
  }
}

/** @param {HTMLElement} box */
function canvasIn(box) {
  const canvas = box.querySelector("canvas");
  if (!canvas) throw new Error("The page has no canvas.");
  return canvas;
}

/** @param {string} path */
function socketUrl(path) {
  const url = new URL(path, location.href);
  url.protocol = url.protocol.replace("http", "ws");
  return url.href;
}
