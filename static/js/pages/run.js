// The page of one run: its picture, and the panels that say in words what the picture shows.

import { install } from "../base/messages.js";
import { Pace } from "../base/pace.js";
import { bindButtons, bindSwitches, press } from "../input/buttons.js";
import { commandsOf } from "../input/commands.js";
import { listen } from "../input/keyboard.js";
import { Claims } from "../panels/claims.js";
import { Details } from "../panels/details.js";
import { part } from "../panels/dom.js";
import { Findings } from "../panels/findings.js";
import { OutputPanel } from "../panels/output.js";
import { Prediction } from "../panels/prediction.js";
import { Program } from "../panels/program.js";
import { StatesInView } from "../panels/states_in_view.js";
import { Status } from "../panels/status.js";
import { TextTable } from "../panels/text_table.js";
import { Textbook } from "../panels/textbook.js";
import { Stage } from "../stage.js";

/** Panels of text follow the picture at this pace; the canvas follows every frame. */
const PANELS_MS = 150;
const TEXT_MS = 700;
const QUEUE_MS = 1000;

const page = part("run-page");
const language = page.dataset.language ?? "en";
install(JSON.parse(part("messages").textContent || "{}"));

const stage = new Stage(part("timeline-box"), page.dataset.stream ?? "", {
  onFrame: () => {
    updatePanels();
    updateText();
  },
  onStream: (state, why) => {
    status.stream = state;
    status.streamWhy = why;
    if (state === "open") askForPosition();
    updatePanels();
  },
});
const { model, view, painter, stream } = stage;

const details = new Details(model, view);
const program = new Program(model, view);
const status = new Status(model, view, page.dataset.state ?? "");
const states = new StatesInView(model, view, painter);
const textTable = new TextTable(model);
const claims = new Claims(model, language, (spans) => {
  view.pinAt(null);
  stage.showSpans(spans);
});
const prediction = new Prediction(model, document.getElementById("prediction"));
const textbook = new Textbook(model, language);
const findings = new Findings(model, (finding) => {
  const endNs = finding.end_ns ?? view.nowNs;
  view.show(finding.start_ns, Math.max(endNs, finding.start_ns + 1e6), 0.4);
  const track = finding.cycle[0]?.track ?? finding.facts.track;
  if (track) stage.scrollTo(track);
});
const output = new OutputPanel(model, (track, ns) => {
  view.reveal(ns, ns);
  stage.scrollTo(track);
  stage.pinAt(track, ns);
});

const pace = new Pace();
const updatePanels = pace.every(() => {
  claims.update();
  textbook.update();
  findings.update();
  output.update();
  void prediction.update();
  program.follow();
  states.update();
  status.update();
}, PANELS_MS);
const updateText = pace.every(() => textTable.update(), TEXT_MS);

painter.afterPaint.push(() => {
  details.update();
  program.update();
});
view.onChange(updatePanels);

/** While the run waits for its turn, asks for its position in the queue. */
async function askForPosition() {
  if (model.seq >= 0 || page.dataset.state !== "waiting" || stream.state !== "open") return;
  const answer = await fetch(page.dataset.api ?? "");
  if (answer.ok) {
    const run = await answer.json();
    status.position = run.state === "waiting" ? (run.position ?? 0) : 0;
    status.update();
  }
  setTimeout(askForPosition, QUEUE_MS);
}

/** Ends the run; if that is refused, says why. */
async function stop() {
  const answer = await fetch(page.dataset.api ?? "", { method: "DELETE" });
  status.refusal = answer.ok ? "" : (await answer.json()).detail;
  status.update();
}

const commands = {
  ...commandsOf(view, painter),
  text: () => {
    const section = part("text-section");
    const shown = !section.classList.toggle("visually-hidden");
    press("text", shown);
    textTable.update();
    if (shown) section.scrollIntoView({ block: "nearest" });
  },
  keys: () => /** @type {HTMLDialogElement} */ (part("keys")).showModal(),
  "close-keys": () => /** @type {HTMLDialogElement} */ (part("keys")).close(),
  stop,
};
listen(commands);
bindButtons(commands);
bindSwitches(view);

status.update();
details.update();
claims.update();
textbook.update();
findings.update();
stream.open();

/** The canvas's data, for tests and for the curious; settled: all that came has been shown. */
Object.defineProperty(globalThis, "timeslice", {
  value: Object.freeze({
    model, view, stream, painter, settled: () => pace.due === 0 && !painter.pending,
  }),
});
