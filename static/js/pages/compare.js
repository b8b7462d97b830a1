// Wires the page of a comparison: two runs, two pictures, one time axis.

import { install, t } from "../base/messages.js";
import { duration, instant } from "../base/times.js";
import { commandsOf, scrollTo } from "../input/commands.js";
import { bindButtons, listen } from "../input/keyboard.js";
import { pairTracks } from "../model/pairs.js";
import { KINDS } from "../model/vocabulary.js";
import { Differences } from "../panels/differences.js";
import { el, part, say, sentence } from "../panels/dom.js";
import { Side } from "../compare/side.js";
import { Verdicts } from "../panels/verdicts.js";
import { link } from "../view/linked.js";
import { sliceSentence } from "../view/slice_sentences.js";
import { kindName, stateName } from "../view/words.js";

/** Tables follow the pictures at this pace. */
const TABLES_MS = 250;

install(JSON.parse(part("messages").textContent || "{}"));

/** What both runs show together: the axis is as long as the longer one.
 *  @returns {{nowNs: number, state: string}} */
const extent = () => {
  /** @type {import("../model/timeline.js").Timeline[]} */
  const models = [a.model, b.model];
  return {
    nowNs: Math.max(...models.map((model) => model.nowNs)),
    state: models.every((model) => model.state === "ended") ? "ended" : "running",
  };
};
/** @type {Side} */
const a = new Side(part("side-A"), extent, news);
/** @type {Side} */
const b = new Side(part("side-B"), extent, news);
const sides = [a, b];
/** The picture that was touched last: keys and the sentence are about it. */
let active = a;

const differences = new Differences(a, b);
const verdicts = new Verdicts(a, b, part("compare-page").dataset.language ?? "en", showEvidence);
const line = part("details-line");
const range = part("visible-range");
const legend = part("legend");
/** @type {Map<number, {button: HTMLElement, swatch: HTMLCanvasElement}>} by kind */
const entries = new Map();

/** @param {Side} side @param {import("../model/shapes.js").Claim} claim */
function showEvidence(side, claim) {
  for (const each of sides) each.view.highlights = each === side ? claim.evidence : [];
  active = side;
  scrollTo(side.view, side.painter, claim.evidence[0].track);
  side.view.show(
    Math.min(...claim.evidence.map((span) => span.start_ns)),
    Math.max(...claim.evidence.map((span) => span.end_ns)),
  );
  side.box.scrollIntoView({ block: "nearest" });
}

/** @param {import("../view/view.js").View} from @param {number} track */
function pairOf(from, track) {
  for (const pair of pairTracks(a.model, b.model)) {
    const [mine, other] = from === a.view ? [pair.a, pair.b] : [pair.b, pair.a];
    if (mine?.id === track) return other?.id ?? null;
  }
  return null;
}
link(a.view, b.view, pairOf);

let due = false;
/** Tables are made anew at most so often. */
function tables() {
  if (due) return;
  due = true;
  setTimeout(() => {
    due = false;
    differences.update();
    verdicts.update();
    updateLegend();
    for (const side of sides) side.update();
  }, TABLES_MS);
}

/** A frame came to one of the two, or its stream changed. */
function news() {
  for (const side of sides) {
    side.view.followRun();
    side.painter.request();
  }
  tables();
}

for (const side of sides) {
  side.box.addEventListener("pointerdown", () => (active = side));
  side.box.addEventListener("pointerenter", () => (active = side));
  side.box.addEventListener("focusin", () => (active = side));
  side.view.onChange(() => {
    tables();
    showSwitches();
  });
  side.painter.afterPaint.push(tell);
}

/** The slice under the pointer, or the pinned one, as a sentence. */
function tell() {
  const { scale } = active.view;
  say(range, `${instant(Math.max(0, scale.startNs))} – ${instant(scale.endNs)}`);
  const { model, view } = active;
  const point = view.pin ?? view.hover;
  if (!point || point.row >= model.slicesOf(point.track).length) {
    say(line, t("Point at a slice to read what it is; click to pin it."));
    return;
  }
  const columns = model.slicesOf(point.track);
  const state = stateName(columns.state[point.row]);
  const time = duration(columns.endOf(point.row, view.nowNs) - columns.start[point.row]);
  line.replaceChildren(
    el("span", { class: `letter ${active === a ? "a" : "b"}` }, active === a ? "A" : "B"),
    el("b", {}, `${model.nameOf(point.track)} · ${state} · ${time}`), " ",
    sentence(sliceSentence(model, point.track, point.row)),
  );
}

function updateLegend() {
  const all = new Float64Array(KINDS.length);
  for (const { model } of sides) {
    for (const columns of model.slices.values()) columns.sumInto(all, 0, Infinity, model.nowNs);
  }
  KINDS.forEach((name, kind) => {
    if (all[kind] > 0 && !entries.has(kind)) {
      const swatch = el("canvas", { class: "swatch", "aria-hidden": "true" });
      const button = el("button", { class: "legend-entry", type: "button" },
        swatch, el("span", {}, kindName(name)));
      button.addEventListener("click", () => a.view.toggleFaded(kind));
      entries.set(kind, { button, swatch });
      legend.replaceChildren(...KINDS.flatMap((_, at) => entries.get(at)?.button ?? []));
      a.painter.paintSwatch(swatch, kind);
    }
    entries.get(kind)?.button.setAttribute("aria-pressed", String(!a.view.faded.has(kind)));
  });
}

function showSwitches() {
  const pressed = { follow: a.view.follow === "edge", pause: a.view.pausedNs !== null };
  for (const [name, on] of Object.entries(pressed)) {
    document.querySelector(`[data-command="${name}"]`)?.setAttribute("aria-pressed", String(on));
  }
}

const byside = sides.map((side) => commandsOf(side.view, side.painter));
/** @type {Record<string, () => void>} each command is for the picture that was touched last */
const commands = Object.fromEntries(
  Object.keys(byside[0]).map((name) => [name, () => byside[sides.indexOf(active)][name]()]),
);
listen(commands);
bindButtons(commands);

function restyle() {
  for (const { painter } of sides) painter.restyle();
  for (const [kind, { swatch }] of entries) a.painter.paintSwatch(swatch, kind);
}
document.documentElement.addEventListener("timeslice:theme", restyle);
document.documentElement.addEventListener("timeslice:scale", restyle);
matchMedia("(prefers-color-scheme: dark)").addEventListener("change", restyle);

for (const side of sides) side.stream.open();
news();

/** The page's data, for tests and for the curious. */
Object.defineProperty(globalThis, "comparison", {
  value: Object.freeze({
    a, b, settled: () => !due && sides.every((side) => !side.painter.pending),
  }),
});
