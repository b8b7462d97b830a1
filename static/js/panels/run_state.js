// A run's state in words, as every page says it.

import { t } from "../base/messages.js";
import { duration } from "../base/times.js";

/**
 * The state of a run that is neither paused nor at a known position in the queue.
 * @param {import("../model/timeline.js").Timeline} model
 * @param {import("../stream/socket.js").StreamState} stream
 * @param {string} time how far the picture has come, for a live run
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
