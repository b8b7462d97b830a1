// One of two runs that are compared: its picture, its stream, and how it stands.

import { t } from "../base/messages.js";
import { duration } from "../base/times.js";
import { Pointer } from "../input/pointer.js";
import { Timeline } from "../model/timeline.js";
import { Painter } from "../render/painter.js";
import { FrameStream } from "../stream/socket.js";
import { View } from "../view/state.js";
import { say } from "../panels/dom.js";

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
    const { model, view, stream } = this;
    const live = model.seq >= 0 && model.state !== "ended" && stream.state === "open";
    this.state.classList.toggle("live", live);
    say(this.state, this.#words(live, duration(view.nowNs)));
  }

  /** @param {boolean} live @param {string} time */
  #words(live, time) {
    const { model, stream } = this;
    if (model.state === "ended") {
      return t("ended after {time}", { time: duration(model.run.duration_ns ?? model.nowNs) });
    }
    if (live) return t("live {time}", { time });
    if (stream.state === "failed") return t("stopped");
    if (stream.state === "retrying") return t("connecting again…");
    if (stream.state === "ended") return t("ended early");
    return this.box.dataset.state === "waiting" ? t("waiting for its turn") : t("starting…");
  }
}

/** @param {HTMLElement} box @param {string} selector @returns {HTMLElement} */
function find(box, selector) {
  const found = box.querySelector(selector);
  if (!(found instanceof HTMLElement)) throw new Error(`The page has no ${selector}.`);
  return found;
}
