"""Output: what came out is the truth, the probe tells whose it is."""

from __future__ import annotations

from app.timeline import wire
from app.timeline.records import OutputChunk
from tests.fusion.world import ROOT, World, at

CHILD = 200


class Talk(World):
    def __init__(self, probe: bool = True) -> None:
        super().__init__(probe=probe)
        self.on(1, ROOT)
        self.hello(1.1)
        self.new(1.2, 101)
        self.new(1.3, CHILD, pid=CHILD)

    def wrote(self, ms: float, tid: int, text: str, stream: int = 1) -> None:
        pid = CHILD if tid == CHILD else ROOT
        self.say(ms, tid, wire.OUTPUT, stream, text=text, pid=pid)

    def came(self, ms: float, text: str | bytes, stream: str = "stdout") -> None:
        data = text if isinstance(text, bytes) else text.encode()
        self.add(OutputChunk(at(ms), stream, data))

    def rows(self, end: float = 2000) -> list[tuple[int, float, str, str]]:
        timeline = self.timeline(end)
        tids = {track.id: track.tid for track in timeline.tracks.values()}
        return [(tids[o.track], o.ns / 1e6, o.stream, o.text) for o in timeline.output]


def test_output_goes_to_the_thread_that_wrote_it() -> None:
    talk = Talk()
    talk.wrote(2, 101, "hello")
    talk.wrote(2.1, 101, "\n")
    talk.wrote(3, ROOT, "bad\n", stream=2)
    talk.came(2.2, "hello\n")
    talk.came(3.1, "bad\n", "stderr")
    assert talk.rows() == [(101, 2, "stdout", "hello\n"), (ROOT, 3, "stderr", "bad\n")]


def test_output_of_processes_that_overtake_each_other_is_told_apart() -> None:
    talk = Talk()
    talk.wrote(2, ROOT, "a")
    talk.wrote(2.1, CHILD, "b")
    talk.wrote(2.2, CHILD, "\n")
    talk.wrote(2.3, ROOT, "\n")
    talk.came(2.5, "b\na\n")
    assert [(tid, text) for tid, _, _, text in talk.rows()] == [(CHILD, "b\n"), (ROOT, "a\n")]


def test_output_cut_in_the_middle_of_a_piece_and_of_a_character_is_joined() -> None:
    talk = Talk()
    talk.wrote(2, 101, "naïve 时间\n")
    data = "naïve 时间\n".encode()
    talk.came(3, data[:3])
    talk.came(4, data[3:8])
    talk.came(5, data[8:])
    assert talk.rows() == [(101, 2, "stdout", "naïve 时间\n")]


def test_output_that_no_record_explains_is_the_programs_after_a_while() -> None:
    talk = Talk()
    talk.wrote(2, 101, "mine\n")
    talk.came(3, "foreign\nmine\n")
    assert talk.rows() == [(ROOT, 3, "stdout", "foreign\n"), (101, 2, "stdout", "mine\n")]
    early = talk.timeline(2000, [100])
    assert early.text_of() == "mine\nforeign\n"


def test_output_recorded_but_lost_with_its_process_is_dropped() -> None:
    talk = Talk()
    talk.wrote(2, CHILD, "never came out\n")
    talk.wrote(3, ROOT, "here\n")
    talk.came(4, "here\n")
    assert talk.rows() == [(ROOT, 3, "stdout", "here\n")]


def test_output_behind_a_lost_piece_is_still_found() -> None:
    talk = Talk()
    talk.wrote(2, 101, "lost line\n")
    talk.wrote(3, 101, "next line\n")
    talk.came(4, "next line\n")
    assert talk.rows() == [(101, 3, "stdout", "next line\n")]


def test_output_without_a_probe_is_the_programs_at_once() -> None:
    talk = Talk(probe=False)
    talk.came(3, "x\n")
    assert talk.rows() == [(ROOT, 3, "stdout", "x\n")]


def test_output_bytes_that_are_no_text_are_replaced() -> None:
    talk = Talk(probe=False)
    talk.came(3, b"\xff\n")
    talk.came(4, b"\xe6")
    assert [text for _, _, _, text in talk.rows()] == ["\ufffd\n", "\ufffd"]


def test_output_of_a_thread_whose_words_came_out_in_another_order_is_its_own() -> None:
    talk = Talk()
    talk.wrote(2, 101, "bass")
    talk.wrote(2.1, 101, " ")
    talk.wrote(2.2, 101, "0")
    talk.wrote(2.3, 101, "\n")
    talk.wrote(2.4, ROOT, "alto")
    talk.wrote(2.5, ROOT, "\n")
    talk.wrote(2.6, 101, "bass\n")
    talk.came(2.7, " 0\nalto\nbassbass\n")
    rows = sorted(talk.rows(), key=lambda row: row[1])
    assert [(tid, text) for tid, _, _, text in rows] == [
        (101, "bass"), (101, " 0\n"), (ROOT, "alto\n"), (101, "bass\n"),
    ]  # fmt: skip
