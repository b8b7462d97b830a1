// The page of a comparison: two runs, two pictures, one time axis.

import { install } from "../base/messages.js";
import { Pace } from "../base/pace.js";
import { instant } from "../base/times.js";
import { bindButtons, bindSwitches } from "../input/buttons.js";
import { commandsOf } from "../input/commands.js";
import { listen } from "../input/keyboard.js";
import { pairTracks } from "../model/pairs.js";
import { KINDS } from "../model/vocabulary.js";
import { Differences } from "../panels/differences.js";
import { part, say } from "../panels/dom.js";
import { Legend } from "../panels/legend.js";
import { SideHead } from "../panels/side_head.js";
import { SliceLine } from "../panels/slice_line.js";
import { Verdicts } from "../panels/verdicts.js";
import { Stage } from "../stage.js";
import { link } from "../view/linked.js";

/** Tables follow the pictures at this pace. */
const TABLES_MS = 250;

/** @typedef {{letter: "A" | "B", box: HTMLElement, stage: Stage, head: SideHead,
 *    commands: Record<string, () => void>}} Side */

install(JSON.parse(part("messages").textContent || "{}"));

/** @param {"A" | "B"} letter @returns {Side} */
function sideOf(letter) {
  const box = part(`side-${letter}`);
  const picture = box.querySelector(".timeline-box");
  if (!(picture instanceof HTMLElement)) throw new Error("The page has no .timeline-box.");
  const stage = new Stage(picture, box.dataset.stream ?? "", {
    onFrame: update, onStream: update, extent: longerRun, mostStretch: 1,
  });
  const commands = commandsOf(stage.view, stage.painter);
  return { letter, box, stage, head: new SideHead(box, stage), commands };
}

const sides = [sideOf("A"), sideOf("B")];
const [a, b] = sides.map(({ stage }) => stage);
/** The side that was touched last: keys and the line about a slice mean its picture. */
let active = sides[0];

/** What both runs show together: the axis is as long as the longer one.
 *  @returns {{nowNs: number, state: string}} */
function longerRun() {
  return {
    nowNs: Math.max(a.model.nowNs, b.model.nowNs),
    state: [a, b].every(({ model }) => model.state === "ended") ? "ended" : "running",
  };
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

const legend = new Legend(a.view, a.painter, { shares: false });
const differences = new Differences(a, b);
const verdicts = new Verdicts(
  a.model, b.model, part("compare-page").dataset.language ?? "en",
  (at, { evidence }) => {
    active = sides[at];
    for (const { stage } of sides) stage.view.highlights = [];
    active.stage.showSpans(evidence);
    active.box.scrollIntoView({ block: "nearest" });
  },
);
const line = new SliceLine();
const range = part("visible-range");

const pace = new Pace();
const updateTables = pace.every(() => {
  differences.update();
  verdicts.update();
  legend.update(totals());
  for (const { head } of sides) head.update();
}, TABLES_MS);

/** A frame came to one of the two, or its stream changed: the axis may be longer for both. */
function update() {
  for (const { stage } of sides) stage.catchUp();
  updateTables();
}

/** The time in each kind of slice, of all tracks of both runs: ns by kind code. */
function totals() {
  const all = new Float64Array(KINDS.length);
  for (const { model } of [a, b]) {
    for (const columns of model.slices.values()) columns.sumInto(all, 0, Infinity, model.nowNs);
  }
  return all;
}

/** Says which stretch of time is visible, and what the slice is that the reader points at. */
function describe() {
  const { model, view } = active.stage;
  say(range, `${instant(Math.max(0, view.scale.startNs))} – ${instant(view.scale.endNs)}`);
  line.update(active.letter, model, view);
}

for (const side of sides) {
  for (const event of ["pointerdown", "pointerenter", "focusin"]) {
    side.box.addEventListener(event, () => (active = side));
  }
  side.stage.view.onChange(updateTables);
  side.stage.painter.afterPaint.push(describe);
}

/** @type {Record<string, () => void>} each command is for the picture that was touched last */
const commands = Object.fromEntries(
  Object.keys(active.commands).map((name) => [name, () => active.commands[name]()]),
);
listen(commands);
bindButtons(commands);
bindSwitches(a.view);

for (const { stage } of sides) stage.stream.open();
update();

/** The page's data, for tests and for the curious; settled: all that came has been shown. */
Object.defineProperty(globalThis, "comparison", {
  value: Object.freeze({
    a, b, settled: () => pace.due === 0 && !a.painter.pending && !b.painter.pending,
  }),
});
