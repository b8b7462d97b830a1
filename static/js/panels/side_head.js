// The head above one picture of a comparison: what the run's state is, in words.

import { duration } from "../base/times.js";
import { say } from "./dom.js";
import { isLive, runState } from "./run_state.js";

export class SideHead {
  /**
   * @param {HTMLElement} box of the whole side
   * @param {{model: import("../model/timeline.js").Timeline, view: import("../view/view.js").View,
   *   stream: import("../stream/socket.js").FrameStream}} stage
   */
  constructor(box, { model, view, stream }) {
    this.box = box;
    this.model = model;
    this.view = view;
    this.stream = stream;
  }

  update() {
    const { model, view, box } = this;
    const node = box.querySelector(".side-state");
    if (!node) throw new Error("The page has no .side-state.");
    node.classList.toggle("live", isLive(model, this.stream.state));
    say(node, runState(model, this.stream.state, duration(view.nowNs), box.dataset.state));
  }
}
