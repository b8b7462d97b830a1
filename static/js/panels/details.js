// What the pinned slice is, or else the hovered one: a sentence, facts, and how it is known.

import { joined, plain, t } from "../base/messages.js";
import { duration, instant } from "../base/times.js";
import { endedAt } from "../model/endings.js";
import { lastSeen } from "../model/sightings.js";
import { STATE } from "../model/vocabulary.js";
import { sliceFacts } from "../view/slice_facts.js";
import { sliceSentence } from "../view/slice_sentences.js";
import { endingSentence, evidenceMeaning, evidenceName, stateName, trackKindName }
  from "../view/words.js";
import { el, part, say, sentence } from "./dom.js";

/** @typedef {import("../model/timeline.js").Timeline} Timeline */
/** @typedef {import("../view/view.js").View} View */

export class Details {
  #shown = "";

  /** @param {Timeline} model @param {View} view */
  constructor(model, view) {
    this.model = model;
    this.view = view;
    this.title = part("details-title");
    this.sentence = part("details-sentence");
    this.facts = part("details-facts");
    this.announcer = part("announce-selection");
  }

  update() {
    const { view } = this;
    const point = view.pin ?? view.hover;
    if (point && point.row < this.model.slicesOf(point.track).length) this.#slice(point);
    else if (view.hoverTrack !== null) this.#track(view.hoverTrack);
    else this.#hint();
  }

  /** @param {import("../view/view.js").Point} point */
  #slice({ track: id, row }) {
    const { model, view } = this;
    const columns = model.slicesOf(id);
    const said = sliceSentence(model, id, row);
    const facts = sliceFacts(model, id, row, view.nowNs);
    const title = `${this.#heading(id)} · ${stateName(columns.state[row])}`;
    const key = JSON.stringify([title, said, facts, columns.evidence[row], !!view.pin]);
    if (key === this.#shown) return;
    this.#shown = key;
    say(this.title, title);
    this.sentence.replaceChildren(sentence(said));
    this.facts.replaceChildren(facts.join(" · "), " ", ...this.#evidence(columns, row));
    if (view.pin) say(this.announcer, `${title}. ${plain(said)}`);
  }

  /** @param {import("../model/columns.js").SliceColumns} columns @param {number} row */
  #evidence(columns, row) {
    const state = columns.evidence[row];
    const reason = columns.reasonEvidence[row];
    const waits = columns.state[row] === STATE.BLOCKED || columns.state[row] === STATE.AWAITING;
    const names = [evidenceName(state)];
    const meanings = [evidenceMeaning(state)];
    if (waits && reason !== 0 && reason !== state) {
      names.push(evidenceName(reason));
      meanings.push(t("What it waits for: {how}", { how: evidenceMeaning(reason) }));
    }
    const badge = el("span", { class: "badge", title: joined(meanings) });
    badge.append(t("known by: {names}", { names: names.join(" + ") }));
    return [badge];
  }

  /** @param {number} id */
  #track(id) {
    const track = this.model.tracks.get(id);
    if (!track) return this.#hint();
    const stats = this.model.stats.get(id);
    const facts = [t("since {time}", { time: instant(track.start_ns) })];
    const endNs = endedAt(this.model, track);
    if (endNs !== null) facts.push(t("until {time}", { time: instant(endNs) }));
    if (track.python) facts.push(track.python);
    const { nowNs } = this.view;
    const last = endNs === null ? lastSeen(this.model, id, nowNs) : null;
    if (last) {
      const time = duration(Math.max(0, nowNs - last.ns));
      const line = this.model.lineName(last.line);
      facts.push(t("line {line}, seen {time} ago", { line, time }));
    }
    if (stats && track.kind !== "coroutine") {
      const { voluntary, involuntary } = stats;
      facts.push(
        t("{voluntary} voluntary and {involuntary} involuntary context switches", {
          voluntary, involuntary,
        }),
      );
    }
    if (stats) facts.push(...gilShares(stats));
    if (stats?.uncounted_ns) {
      const time = duration(stats.uncounted_ns);
      facts.push(t("{time} counted as running, but not by the kernel's account of CPU time", { time }));
    }
    this.#shown = "";
    say(this.title, this.#heading(id));
    say(this.sentence, endingSentence(track, (id) => this.model.nameOf(id)));
    say(this.facts, facts.join(" · "));
  }

  #hint() {
    this.#shown = "";
    say(this.title, t("Details"));
    say(this.sentence, t("Point at a slice to read what it is; click to pin it."));
    say(this.facts, t(
      "States are measured or, where marked, inferred; what is not known is drawn dotted.",
    ));
  }

  /** @param {number} id */
  #heading(id) {
    const track = this.model.tracks.get(id);
    if (!track) return `#${id}`;
    const number = track.kind === "process" ? track.pid : track.tid;
    const name = track.daemon ? t("{name} (daemon)", { name: track.name }) : track.name;
    return `${name} · ${trackKindName(track.kind)}${number ? ` ${number}` : ""}`;
  }
}

/** Which parts of its time a thread held the GIL and wanted it; nothing if it did neither.
 *  @param {import("../model/shapes.js").Stats} stats @returns {string[]} */
function gilShares(stats) {
  const [held, wanted] = [stats.gil_held_ns ?? 0, stats.gil_wanted_ns ?? 0];
  const sum = stats.running_ns + stats.ready_ns + stats.blocked_ns + stats.gil_ns;
  if (held + wanted === 0 || sum === 0) return [];
  const percent = (/** @type {number} */ ns) => ((100 * ns) / sum).toFixed(0);
  return [t("GIL: held {held} %, wanted {wanted} %, neither {neither} %", {
    held: percent(held), wanted: percent(wanted), neither: percent(sum - held - wanted),
  })];
}
