// Wires the run page: frames → model → picture and panels; keys and pointers → view.

import { install } from "../base/messages.js";
import { commandsOf, scrollTo } from "../input/commands.js";
import { bindButtons, listen } from "../input/keyboard.js";
import { Pointer } from "../input/pointer.js";
import { Timeline } from "../model/timeline.js";
import { Textbook } from "../panels/textbook.js";
import { Claims } from "../panels/claims.js";
import { Details } from "../panels/details.js";
import { part } from "../panels/dom.js";
import { Findings } from "../panels/findings.js";
import { OutputPanel } from "../panels/output.js";
import { Prediction } from "../panels/prediction.js";
import { Program } from "../panels/program.js";
import { States } from "../panels/states.js";
import { Status } from "../panels/status.js";
import { TextTable } from "../panels/text_table.js";
import { Painter } from "../render/painter.js";
import { FrameStream } from "../stream/socket.js";
import { View } from "../view/view.js";

/** Panels of text follow the picture at this pace; the canvas follows every frame. */
const PANELS_MS = 150;
const TEXT_MS = 700;
const QUEUE_MS = 1000;

const page = part("run-page");
install(JSON.parse(part("messages").textContent || "{}"));

const canvas = /** @type {HTMLCanvasElement} */ (part("timeline"));
const model = new Timeline();
const view = new View(model);
const painter = new Painter(canvas, model, view);

const details = new Details(model, view);
const program = new Program(model, view);
const status = new Status(model, view, page.dataset.state ?? "");
const states = new States(model, view, painter);
const textTable = new TextTable(model);
const claims = new Claims(model, page.dataset.language ?? "en", showEvidence);
const prediction = new Prediction(model, document.getElementById("prediction"));
const textbook = new Textbook(model, page.dataset.language ?? "en");
const findings = new Findings(model, (finding) => {
  const endNs = finding.end_ns ?? view.nowNs;
  view.show(finding.start_ns, Math.max(endNs, finding.start_ns + 1e6), 0.4);
  const track = finding.cycle[0]?.track ?? finding.facts.track;
  if (track) scrollTo(view, painter, track);
});
const output = new OutputPanel(model, (track, ns) => {
  const columns = model.slicesOf(track);
  view.reveal(ns, ns);
  scrollTo(view, painter, track);
  if (columns.length > 0) view.pinAt({ track, row: Math.max(0, columns.rowAt(ns)) });
});

/** Outlines a claim's evidence and goes there. @param {import("../model/shapes.js").Span[]} spans */
function showEvidence(spans) {
  view.pinAt(null);
  view.highlights = spans;
  if (spans.length === 0) return;
  scrollTo(view, painter, spans[0].track);
  view.show(
    Math.min(...spans.map((span) => span.start_ns)),
    Math.max(...spans.map((span) => span.end_ns)),
  );
}

/** Panel updates that are due. */
let due = 0;

/** At most one call per `ms`, and one after the last request. @param {() => void} work
 *  @param {number} ms */
function paced(work, ms) {
  let pending = false;
  return () => {
    if (pending) return;
    pending = true;
    due += 1;
    setTimeout(() => {
      pending = false;
      due -= 1;
      work();
    }, ms);
  };
}

const updatePanels = paced(() => {
  claims.update();
  textbook.update();
  findings.update();
  output.update();
  void prediction.update();
  program.follow();
  states.update();
  status.update();
}, PANELS_MS);
const updateText = paced(() => textTable.update(), TEXT_MS);

painter.afterPaint.push(() => {
  details.update();
  program.update();
});
view.onChange(() => {
  updatePanels();
  showSwitches();
});

function showSwitches() {
  const pressed = { follow: view.follow === "edge", pause: view.pausedNs !== null };
  for (const [name, on] of Object.entries(pressed)) {
    document.querySelector(`[data-command="${name}"]`)?.setAttribute("aria-pressed", String(on));
  }
}

const socketUrl = new URL(page.dataset.stream ?? "", location.href);
socketUrl.protocol = socketUrl.protocol.replace("http", "ws");
const stream = new FrameStream(
  socketUrl.href,
  (frame) => {
    model.apply(frame);
    view.followRun();
    painter.request();
    updatePanels();
    updateText();
  },
  (state, why) => {
    status.stream = state;
    status.streamWhy = why;
    if (state === "open") askForPlace();
    updatePanels();
    painter.request();
  },
);

/** While the run waits for its turn, its place in the queue is asked for. */
async function askForPlace() {
  if (model.seq >= 0 || page.dataset.state !== "waiting" || stream.state !== "open") return;
  const answer = await fetch(page.dataset.api ?? "");
  if (answer.ok) {
    const run = await answer.json();
    status.position = run.state === "waiting" ? (run.position ?? 0) : 0;
    status.update();
  }
  setTimeout(askForPlace, QUEUE_MS);
}

/** Ends the run; where that is refused, says why. */
async function stop() {
  const answer = await fetch(page.dataset.api ?? "", { method: "DELETE" });
  status.refusal = answer.ok ? "" : (await answer.json()).detail;
  status.update();
}

const commands = {
  ...commandsOf(view, painter),
  text: () => {
    const section = part("text-section");
    const shown = section.classList.toggle("visually-hidden");
    const button = document.querySelector('[data-command="text"]');
    button?.setAttribute("aria-pressed", String(!shown));
    textTable.update();
    if (!shown) section.scrollIntoView({ block: "nearest" });
  },
  keys: () => /** @type {HTMLDialogElement} */ (part("keys")).showModal(),
  "close-keys": () => /** @type {HTMLDialogElement} */ (part("keys")).close(),
  stop,
};
listen(commands);
bindButtons(commands);
new Pointer(view, painter, (track) => {
  const columns = model.slicesOf(track);
  if (columns.length === 0) return;
  view.pinAt({ track, row: Math.max(0, columns.rowAt(Math.min(view.nowNs, view.scale.endNs))) });
});

function restyle() {
  painter.restyle();
  states.restyle();
}
document.documentElement.addEventListener("timeslice:theme", restyle);
document.documentElement.addEventListener("timeslice:scale", restyle);
matchMedia("(prefers-color-scheme: dark)").addEventListener("change", restyle);

new ResizeObserver(([entry]) => {
  painter.resize(entry.contentRect.width, entry.contentRect.height);
}).observe(part("timeline-box"));

status.update();
details.update();
claims.update();
textbook.update();
findings.update();
showSwitches();
stream.open();

/** The canvas's data, for tests and for the curious; settled: all that came has been shown. */
Object.defineProperty(globalThis, "timeslice", {
  value: Object.freeze({
    model, view, stream, painter, settled: () => due === 0 && !painter.pending,
  }),
});
