// What pages say alike of a run's state and of a claim's verdict.

import { t } from "../base/messages.js";
import { duration } from "../base/times.js";
import { el } from "./dom.js";

/**
 * How a run stands that is neither paused nor waiting at a known place.
 * @param {import("../model/timeline.js").Timeline} model
 * @param {import("../stream/socket.js").StreamState} stream
 * @param {string} time how far the picture is, where the run is live
 * @param {string | undefined} firstState the run's state when the page was made
 */
export function runState(model, stream, time, firstState) {
  if (model.state === "ended") {
    return endedAfter(model.run.limit?.name, duration(model.run.duration_ns ?? model.nowNs));
  }
  if (isLive(model, stream)) return t("live {time}", { time });
  if (stream === "failed") return t("stopped");
  if (stream === "retrying") return t("connecting again…");
  if (stream === "ended") return t("ended early");
  return firstState === "waiting" ? t("waiting for its turn") : t("starting…");
}

/** @param {string | undefined} limit that ended the run @param {string} time */
function endedAfter(limit, time) {
  if (limit === undefined) return t("ended after {time}", { time });
  if (limit === "stopped") return t("stopped after {time}", { time });
  return t("ended at its limit, after {time}", { time });
}

/**
 * @param {import("../model/timeline.js").Timeline} model
 * @param {import("../stream/socket.js").StreamState} stream
 */
export function isLive(model, stream) {
  return model.seq >= 0 && model.state !== "ended" && stream === "open";
}

/** A verdict's word, in its colour. @param {string} verdict */
export function verdictWord(verdict) {
  const words = { holds: t("holds"), fails: t("fails"), "not-seen": t("not seen") };
  const known = /** @type {keyof typeof words} */ (verdict);
  return el("span", { class: `verdict ${verdict}` }, words[known] ?? verdict);
}

/** @param {Record<string, string>} text by language @param {string} language */
export function inLanguage(text, language) {
  return text[language] ?? text.en ?? "";
}

/**
 * A sentence of a claim; no line ends between a number and its unit.
 * @param {Record<string, string>} text by language @param {string} language
 */
export function claimText(text, language) {
  return inLanguage(text, language).replace(/(\d) (?=(?:%|ns|µs|ms|s|KiB|MiB)(?![A-Za-z]))/gu, "$1\u00a0");
}
