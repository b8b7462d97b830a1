// Frames over a websocket. After a cut it resumes where it was, so that none is missed or repeated.

import { t } from "../base/messages.js";
import { BadFrame, decode } from "./decode.js";

/** @typedef {"connecting" | "open" | "retrying" | "ended" | "failed"} StreamState */

const FIRST_DELAY_MS = 200;
const LONGEST_DELAY_MS = 5000;

export class FrameStream {
  /** The sequence number of the last frame that was passed on; the first may have any. */
  lastSeq = -1;
  /** For tests: frames that came twice and were dropped, and gaps after which we asked again. */
  repeats = 0;
  gaps = 0;
  connections = 0;
  /** @type {StreamState} */
  state = "connecting";
  #attempt = 0;
  /** @type {WebSocket | null} */
  #socket = null;
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  #timer;

  /**
   * @param {string} url ws:// or wss://, without a query
   * @param {(frame: import("../model/shapes.js").Frame) => void} onFrame
   * @param {(state: StreamState, why: string) => void} onState
   */
  constructor(url, onFrame, onState) {
    this.url = url;
    this.onFrame = onFrame;
    this.onState = onState;
  }

  open() {
    this.connections += 1;
    const socket = new WebSocket(`${this.url}?from=${this.lastSeq + 1}`);
    socket.binaryType = "arraybuffer";
    socket.onopen = () => this.#become("open");
    socket.onmessage = (event) => this.#receive(event.data);
    socket.onclose = (event) => this.#closed(socket, event);
    this.#socket = socket;
  }

  /** Drops the connection, as a bad network would. It resumes by itself. */
  cut() {
    this.#socket?.close(4000, "cut");
  }

  close() {
    clearTimeout(this.#timer);
    const socket = this.#socket;
    this.#socket = null;
    socket?.close(1000);
  }

  /** @param {unknown} data */
  #receive(data) {
    if (!(data instanceof ArrayBuffer)) return;
    try {
      const frame = decode(data);
      if (frame.seq <= this.lastSeq && !frame.snapshot) {
        this.repeats += 1;
        return;
      }
      if (this.lastSeq >= 0 && frame.seq > this.lastSeq + 1 && !frame.snapshot) {
        this.gaps += 1;
        this.cut();
        return;
      }
      this.#attempt = 0;
      this.lastSeq = frame.seq;
      this.onFrame(frame);
      if (frame.head.state === "ended") {
        this.close();
        this.#become("ended");
      }
    } catch (error) {
      if (!(error instanceof BadFrame)) throw error;
      this.close();
      this.#become("failed", error.message);
    }
  }

  /** @param {WebSocket} socket @param {CloseEvent} event */
  #closed(socket, event) {
    if (socket !== this.#socket) return;
    this.#socket = null;
    if (event.code === 1000) {
      this.#become("ended");
    } else if (event.code === 4404) {
      this.#become("failed", t("There is no such run any more."));
    } else if (event.code >= 4400 && event.code < 4500) {
      this.#become("failed", event.reason || t("The server refused the connection."));
    } else {
      const delay = Math.min(LONGEST_DELAY_MS, FIRST_DELAY_MS * 2 ** this.#attempt);
      this.#attempt += 1;
      this.#become("retrying", t("The connection was lost. Trying again…"));
      // Spread out, so that the browsers of a class do not all come back at one instant.
      this.#timer = setTimeout(() => this.open(), delay * (0.75 + Math.random() / 2));
    }
  }

  /** @param {StreamState} state @param {string} [why] */
  #become(state, why = "") {
    this.state = state;
    this.onState(state, why);
  }
}
