"""The sentence of a slice, for every state, reason, object, holder and evidence there can be."""

from __future__ import annotations

import itertools
import re
from typing import Any, NamedTuple

import pytest

from app.timeline.frames import Frame
from app.timeline.heads import frame_of
from app.timeline.model import OPEN, Batch, ObjectRow, Slice, Track
from app.timeline.states import Evidence, ObjectKind, Reason, State, TrackKind, vocabulary
from tests.browser import scenes
from tests.browser.conftest import Opener, publish
from tests.browser.server import PageServer

#: ``LOOP`` has a coroutine, so that it is known to run an event loop; ``PLAIN`` has none.
MAIN, PLAIN, LOOP, TASK, OTHER = 1, 2, 3, 4, 5
KINDS = (ObjectKind.LOCK, ObjectKind.SYSCALL, ObjectKind.QUEUE, ObjectKind.GIL)
THINGS = {kind: kind.value + 1 for kind in KINDS}
STATES = [state for state in State if state not in (State.EXITED, State.DONE)]
WAITS = (State.BLOCKED, State.AWAITING)
#: What a reader may be told to be held by someone.
HELD = {Reason.LOCK, Reason.RLOCK, Reason.CONDITION, Reason.SEMAPHORE}
HAS_ENDS = {Reason.PIPE, Reason.SOCKET}
OF_THE_OTHER = {Reason.JOIN, Reason.WAIT_CHILD, Reason.FUTURE, Reason.TASK}

JS = """async () => {
  const main = document.querySelector("script[type=module]").src;
  const { sliceSentence } = await import(new URL("../view/slice_sentences.js", main).href);
  const { sliceLabels } = await import(new URL("../view/slice_labels.js", main).href);
  const { sliceFacts } = await import(new URL("../view/slice_facts.js", main).href);
  const words = await import(new URL("../view/words.js", main).href);
  const { plain } = await import(new URL("../base/messages.js", main).href);
  const { model } = timeslice;
  return [2, 3, 4].map((track) => {
    const columns = model.slicesOf(track);
    return Array.from({ length: columns.length }, (_, row) => [
      plain(sliceSentence(model, track, row)),
      sliceLabels(model, track, row),
      sliceFacts(model, track, row, model.nowNs),
      [words.stateName(columns.state[row]), words.evidenceName(columns.evidence[row]),
        words.evidenceMeaning(columns.evidence[row])],
    ]);
  });
}"""


class Said(NamedTuple):
    track: int
    row: Slice
    sentence: str
    labels: list[str]
    facts: list[str]
    words: list[str]


def rows_of(track: int) -> list[Slice]:
    """Every combination, a microsecond each."""
    every = itertools.product(STATES, Reason, [0, *THINGS.values()], [0, OTHER], Evidence)
    return [
        Slice(
            track, 1000 * i, 1000 * (i + 1), state, reason, thing, holder,
            evidence=evidence, reason_evidence=evidence,
        )
        for i, (state, reason, thing, holder, evidence) in enumerate(every)
    ]  # fmt: skip


def frame(rows: list[Slice]) -> Frame:
    kind = TrackKind
    tracks = [
        Track(MAIN, kind.PROCESS, "main", 9, 9, 0, False, 0),
        Track(PLAIN, kind.THREAD, "plain", 9, 10, MAIN, False, 0),
        Track(LOOP, kind.THREAD, "loop", 9, 11, MAIN, False, 0),
        Track(TASK, kind.COROUTINE, "fetch", 9, 0, LOOP, False, 0),
        Track(OTHER, kind.THREAD, "Zoe", 9, 12, MAIN, False, 0),
    ]
    things = [ObjectRow(number, kind, f"thing{number}", MAIN, 1) for kind, number in THINGS.items()]
    assert all(row.end_ns != OPEN for row in rows)
    batch = Batch(tracks=tracks, objects=things, slices=rows)
    head: dict[str, Any] = {"run": scenes.run_head(), "vocabulary": vocabulary()}
    return frame_of(batch, 0, rows[-1].end_ns, state="running", **head)


@pytest.fixture(params=["en", "zh"])
def language(request: pytest.FixtureRequest) -> str:
    return str(request.param)


#: By language: the page is asked once for both.
_SAID: dict[str, list[Said]] = {}


@pytest.fixture
def said(server: PageServer, open_page: Opener, language: str) -> list[Said]:
    if language not in _SAID:
        _SAID[language] = ask(server, open_page, language)
    return _SAID[language]


def ask(server: PageServer, open_page: Opener, language: str) -> list[Said]:
    rows = [rows_of(track) for track in (PLAIN, LOOP, TASK)]
    publish(server, [frame([row for some in rows for row in some])])
    page = open_page(query=f"?lang={language}")
    page.wait("globalThis.timeslice?.model.seq >= 0")
    answers = page.page.evaluate(JS)
    return [
        Said(row.track, row, *answer)
        for some, told in zip(rows, answers, strict=True)
        for row, answer in zip(some, told, strict=True)
    ]


def test_every_slice_is_told_in_a_whole_sentence(said: list[Said], language: str) -> None:
    assert len(said) == 3 * len(STATES) * len(Reason) * (len(THINGS) + 1) * 2 * len(Evidence)
    broken = re.compile(r"[{}]|undefined|NaN|null|\[object|  |^\W|[.。]{2}")
    names = r"await|GIL|CPU|poll|join|yield|next|send|Zoe|fetch|thing\d+|Lock|Queue|Python"
    for item in said:
        told = [item.sentence, *item.labels, *item.facts, *item.words]
        assert not [text for text in told if broken.search(text) or not text], item
        assert item.sentence.endswith("。" if language == "zh" else "."), item
        assert not item.sentence[0].islower(), item
        if language == "zh":
            english = re.findall(
                "[A-Za-z]{3,}", re.sub(names, "", " ".join([item.sentence, *item.words]))
            )
            assert not english, item


def test_sentences_say_no_more_than_the_slice_knows(said: list[Said], language: str) -> None:
    for item in said:
        row, sentence = item.row, item.sentence
        waits = row.state in WAITS
        every = " ".join([sentence, *item.labels])
        asks = row.object == THINGS[ObjectKind.GIL] and row.state is State.RUNNING
        if not row.holder or not (waits or asks or row.state is State.GIL):
            assert "Zoe" not in every, item
        if not row.object or not waits:
            assert not re.search(r"thing\d", every), item
        held = {"en": "held by", "zh": "持有"}[language]
        if held in every:
            gil = row.object == THINGS[ObjectKind.GIL] or row.state is State.GIL
            assert row.holder and (gil or (row.object and row.reason in HELD)), item
        if "Zoe" in every and waits:
            assert row.reason in HELD | OF_THE_OTHER | HAS_ENDS or not row.object, item
        if {"en": "other end", "zh": "另一端"}[language] in every:
            assert row.reason in HAS_ENDS and row.holder and row.object, item
        loop = {"en": "event loop", "zh": "事件循环"}[language]
        if loop in every and waits:
            assert row.reason is Reason.POLL and item.track == LOOP, item
        call = {"en": "in the system call", "zh": "阻塞在系统调用"}[language]
        if call in every:
            assert row.reason is Reason.OTHER and row.object == THINGS[ObjectKind.SYSCALL], item


def test_unknown_is_told_as_unknown(said: list[Said], language: str) -> None:
    unknown = {"en": "ot known|hat is not known", "zh": "未知|不知道|不明|不详|尚不清楚"}[language]
    for item in said:
        reasonless = item.row.state in WAITS and item.row.reason is Reason.NONE
        if item.row.state is State.UNKNOWN or reasonless:
            assert re.search(unknown, item.sentence), item
