"""Words for every reason, every ending and every cause of a blocked loop, in both languages."""

from __future__ import annotations

from typing import Any

import pytest

from app.timeline.heads import frame_of
from app.timeline.model import Batch, Track
from app.timeline.states import Cause, Reason, TrackKind, vocabulary
from tests.browser import scenes
from tests.browser.conftest import Opener, RunPage, publish
from tests.browser.server import PageServer

#: A code that a newer version may have.
NEWER = 99
MS = scenes.MS
FACTS = {"track": 1, "task": 2, "line": 24, "duration_ns": 90 * MS, "ran_ns": 60 * MS}
FACTS |= {"blocked_ns": 0, "gil_ns": 0, "ready_ns": 30 * MS}

JS = """async ([reasons, ends, loops]) => {
  const main = document.querySelector("script[type=module]").src;
  const from = (name) => import(new URL(`../${name}`, main).href);
  const { bareReason } = await from("view/slice_sentences.js");
  const words = await from("view/words.js");
  const { findingSentence } = await from("view/finding_sentences.js");
  const { kindOf } = await from("model/vocabulary.js");
  const { plain } = await from("base/messages.js");
  const { model } = timeslice;
  return {
    reasons: reasons.map(bareReason),
    ends: ends.map((end) => [words.endingOf({ id: 1, end }).text,
      words.endingSentence({ id: 1, end }, () => "Ann")]),
    findings: loops.map(([kind, facts]) => {
      const told = findingSentence(model, { id: "x", kind, start_ns: 0, end_ns: 1, cycle: [],
        facts });
      return [told.title, plain(told.sentence), told.advice];
    }),
    newer: [words.kindNameOf(kindOf(3, 99)), words.kindNameOf(kindOf(99, 0)),
      words.kindNameOf(kindOf(4, 99))],
  };
}"""


@pytest.fixture(params=["en", "zh"])
def language(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def page(server: PageServer, open_page: Opener, language: str) -> RunPage:
    tracks = [
        Track(1, TrackKind.PROCESS, "main", 9, 9, 0, False, 0),
        Track(2, TrackKind.COROUTINE, "fetch", 9, 0, 1, False, 0),
        Track(3, TrackKind.THREAD, "Zoe", 9, 12, 1, False, 0),
    ]
    head: dict[str, Any] = {"run": scenes.run_head(), "vocabulary": vocabulary()}
    publish(server, [frame_of(Batch(tracks=tracks), 0, 9, state="running", **head)])
    found = open_page(query=f"?lang={language}")
    found.wait("globalThis.timeslice?.model.seq >= 0")
    return found


def ask(page: RunPage, loops: list[Any]) -> dict[str, Any]:
    ends = [
        {"cause": cause.word, "code": 3, "signal": "SIGKILL", "limit": "wall", "exception": "E"}
        for cause in Cause
    ]
    told: dict[str, Any] = page.page.evaluate(JS, [[*map(int, Reason), NEWER], ends, loops])
    return told


def test_each_reason_and_each_ending_has_words_of_its_own(page: RunPage, language: str) -> None:
    told = ask(page, [])
    known, unknown = told["reasons"][1:-1], {told["reasons"][0], told["reasons"][-1]}
    assert len(unknown) == 1
    assert not unknown & set(known)
    same = len({Reason.LOCK, Reason.RLOCK}) - 1  # both are a lock
    assert len(set(known)) == len(known) - same
    for words in zip(*told["ends"], strict=True):
        assert len(set(words)) == len(Cause)
    if language == "zh":
        assert not [text for text in told["reasons"] if text.isascii() and "()" not in text]
        assert not [text for pair in told["ends"] for text in pair if text.isascii()]


def test_code_of_a_newer_version_is_none_of_ours(page: RunPage, language: str) -> None:
    words = {"en": ["running", "unknown", "blocked: other"], "zh": ["运行", "未知", "阻塞：其他"]}
    assert ask(page, [])["newer"] == words[language]


LOOPS: list[Any] = [
    {"reason": "none"},
    {"reason": "none", "seen_line": 7},
    {"reason": "gil", "gil_ns": 70 * MS, "holder": 3},
    {"reason": "sleep", "blocked_ns": 70 * MS, "ran_ns": 10_000},
    {"reason": "queue", "blocked_ns": 70 * MS},
    {"reason": "socket", "blocked_ns": 70 * MS},
]


def test_blocked_loop_has_an_advice_that_fits_what_its_step_did(
    page: RunPage, language: str
) -> None:
    found = ask(page, [["loop-blocked", {**FACTS, **more}] for more in LOOPS])["findings"]
    assert len({advice for _, _, advice in found}) == len(LOOPS) - 1  # the first two compute
    assert found[0][2] == found[1][2]
    if language == "zh":
        assert found[0][1].endswith("。其线程：运行 60.0 ms、没有 CPU 30.0 ms（不计入）。")
        return
    assert found[0][1] == (
        "fetch computed for 60.0 ms before it gave way at line 24: no other could run. "
        "Its thread: ran 60.0 ms, had no CPU 30.0 ms, which is not counted."
    )
    assert "seen at line 7" in found[1][1]
    assert "waiting for the GIL, which Zoe held" in found[2][1]
    assert "await asyncio.sleep" in found[3][2] and "kept the event loop for 70.0 ms" in found[3][1]
    assert not [advice for _, _, advice in found[:3] if "asyncio.sleep" in advice]


def test_finding_of_an_earlier_version_gives_no_advice_that_may_be_wrong(page: RunPage) -> None:
    facts = {key: FACTS[key] for key in ("track", "task", "line", "duration_ns")}
    ((_, sentence, advice),) = ask(page, [["loop-blocked", {**facts, "reason": "none"}]])[
        "findings"
    ]
    assert advice == "" and "fetch" in sentence


def test_competition_is_told_as_a_share_of_the_wish_to_run(page: RunPage, language: str) -> None:
    facts = {"running_ns": 100, "ready_ns": 300, "unserved_ns": 200}
    ((_, sentence, _),) = ask(page, [["competed", facts]])["findings"]
    assert "50 %" in sentence
    last = {"en": "or a limit of CPU time.", "zh": "或者 CPU 时间的限额。"}
    assert sentence.endswith(last[language])
