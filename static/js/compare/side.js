// One of two runs that are compared: its picture, its stream, and how it stands.

import { duration } from "../base/times.js";
import { Pointer } from "../input/pointer.js";
import { Timeline } from "../model/timeline.js";
import { Painter } from "../render/painter.js";
import { FrameStream } from "../stream/socket.js";
import { View } from "../view/view.js";
import { say } from "../panels/dom.js";
import { isLive, runState } from "../panels/words.js";

export class Side {
  model = new Timeline();

  /**
   * @param {HTMLElement} box @param {() => {nowNs: number, state: string}} extent of both runs
   * @param {(side: Side) => void} onNews after each frame and each change of the stream
   */
  constructor(box, extent, onNews) {
    this.box = box;
    this.onNews = onNews;
    this.view = new View(this.model, extent);
    this.state = find(box, ".side-state");
    const frame = find(box, ".timeline-box");
    const canvas = find(frame, "canvas");
    if (!(canvas instanceof HTMLCanvasElement)) throw new Error("The page has no canvas.");
    this.painter = new Painter(canvas, this.model, this.view);
    this.painter.mostStretch = 1;
    new Pointer(this.view, this.painter, (track) => {
      const columns = this.model.slicesOf(track);
      if (columns.length === 0) return;
      const ns = Math.min(this.view.nowNs, this.view.scale.endNs);
      this.view.pinAt({ track, row: Math.max(0, columns.rowAt(ns)) });
    });
    new ResizeObserver(([entry]) => {
      this.painter.resize(entry.contentRect.width, entry.contentRect.height);
    }).observe(frame);
    const url = new URL(box.dataset.stream ?? "", location.href);
    url.protocol = url.protocol.replace("http", "ws");
    this.stream = new FrameStream(
      url.href,
      (news) => {
        this.model.apply(news);
        this.onNews(this);
      },
      () => this.onNews(this),
    );
  }

  /** How the run stands, in words. */
  update() {
    const { model, view, box } = this;
    const stream = this.stream.state;
    this.state.classList.toggle("live", isLive(model, stream));
    say(this.state, runState(model, stream, duration(view.nowNs), box.dataset.state));
  }
}

/** @param {HTMLElement} box @param {string} selector @returns {HTMLElement} */
function find(box, selector) {
  const found = box.querySelector(selector);
  if (!(found instanceof HTMLElement)) throw new Error(`The page has no ${selector}.`);
  return found;
}
