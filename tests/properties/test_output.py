"""Output from many writers at once: no byte lost or made up, and each writer's words its own."""

from __future__ import annotations

import random
from collections import defaultdict
from itertools import count

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.timeline import wire
from app.timeline.probe_records import ProbeRecord
from app.timeline.records import OutputChunk
from tests.fusion.world import MS, ROOT, START, World, play

CHILD = 200
#: The writers: two threads beside the main one in the first process, two threads in another.
WRITERS = {100: ROOT, 101: ROOT, 102: ROOT, CHILD: CHILD, 201: CHILD}
FOREIGN = "#"


class Print:
    """Five threads of two processes print into one pipe, through a buffer for each process.

    ``words(tid)`` are the pieces that a thread prints; ``clash`` is how often another piece comes
    between a record and the write that it tells of.
    """

    def __init__(self, seed: int, words: dict[int, list[str]], foreign: bool, clash: float) -> None:
        self.random = random.Random(seed)
        self.world = World()
        self.world.on(1, ROOT)
        self.world.hello(1.1)
        for tid, pid in WRITERS.items():
            if tid != ROOT:
                self.world.new(1.5, tid, pid=pid)
        self.clock = count(START + 2 * MS, 1000)
        self.pipe = b""
        self.buffers: dict[int, str] = defaultdict(str)
        self.said: dict[int, list[tuple[int, str]]] = defaultdict(list)
        self.due: dict[int, str] = {}
        self.clash = clash
        left = {tid: pieces[:] for tid, pieces in words.items()}
        while any(left.values()) or self.due:
            tid = self.random.choice([tid for tid in left if left[tid] or tid in self.due])
            self.write(tid, left[tid])
            if foreign and self.random.random() < 0.1:
                self.pipe += f"{FOREIGN}{self.random.randrange(10)}\n".encode()
                self.drain()
        for pid in set(WRITERS.values()):
            self.flush(pid)
        self.drain(whole=True)

    def write(self, tid: int, left: list[str]) -> None:
        pid = WRITERS[tid]
        if tid not in self.due:
            text = self.due[tid] = left.pop(0)
            t = next(self.clock)
            self.said[tid].append((t - START, text))
            self.world.add(ProbeRecord(t, pid, tid, 0, wire.OUTPUT, 1, 0, 0, 0, text))
            if self.random.random() < self.clash:
                return
        text = self.due.pop(tid)
        self.buffers[pid] += text
        if "\n" in text:
            self.flush(pid)

    def flush(self, pid: int) -> None:
        self.pipe += self.buffers.pop(pid, "").encode()
        if self.random.random() < 0.7:
            self.drain()

    def drain(self, whole: bool = False) -> None:
        """The worker reads from the pipe, now and then in the middle of a character."""
        cut = len(self.pipe) if whole or self.random.random() < 0.8 else self.random.randrange(
            len(self.pipe) + 1
        )  # fmt: skip
        if cut:
            self.world.add(OutputChunk(next(self.clock), "stdout", self.pipe[:cut]))
            self.pipe = self.pipe[cut:]

    @property
    def came_out(self) -> str:
        chunks = [record.data for record in self.world.log if isinstance(record, OutputChunk)]
        return b"".join(chunks).decode()

    def rows(self, cuts: list[float]) -> list[tuple[int, int, str]]:
        """(tid, ns, text) of the timeline's output."""
        end = (next(self.clock) - START) / MS + 1000
        timeline = play(self.world.facts, self.world.log, end, sorted(cut * end for cut in cuts))
        tids = {track.id: track.tid for track in timeline.tracks.values()}
        return [(tids[item.track], item.ns, item.text) for item in timeline.output]


def songs(lengths: dict[int, int]) -> dict[int, list[str]]:
    """What ``print(name, n)`` writes: four pieces, of which most are like other threads'."""
    return {
        tid: [piece for n in range(length) for piece in (f"w{tid}", " ", str(n), "\n")]
        for tid, length in lengths.items()
    }


def lines(alphabet: str) -> st.SearchStrategy[list[str]]:
    """What one thread prints: words, each followed by its end in a piece of its own, or not."""
    word = st.text(alphabet, min_size=1, max_size=3)
    ended = st.lists(st.tuples(word, st.booleans()), max_size=8)
    return ended.map(
        lambda said: [piece for text, end in said for piece in ([text, "\n"] if end else [text])]
    )


alphabets = ("ab", "cd", "eé", "时间", "xy")
own_words = st.fixed_dictionaries(dict(zip(WRITERS, map(lines, alphabets), strict=True)))
song_words = st.fixed_dictionaries({tid: st.integers(0, 15) for tid in WRITERS}).map(songs)
same_words = st.fixed_dictionaries({tid: lines("12") for tid in WRITERS})
seeds = st.integers(0, 2**32)
cuts = st.lists(st.floats(0, 1), max_size=5)


@settings(max_examples=200)
@given(seeds, own_words, st.one_of(st.none(), st.floats(0, 0.9)), cuts)
def test_each_writer_has_its_own_words_at_their_times(
    seed: int, words: dict[int, list[str]], clash: float | None, cut: list[float]
) -> None:
    """Writers overtake each other, or other programs write in between."""
    said = Print(seed, words, clash is None, clash or 0)
    rows = said.rows(cut)
    assert "".join(text for _, _, text in rows) == said.came_out
    for tid, pieces in said.said.items():
        own = [(ns, text) for row, ns, text in rows if row == tid and text[0] != FOREIGN]
        assert "".join(text for _, text in sorted(own)) == "".join(text for _, text in pieces)
    times = {(tid, t): text for tid, pieces in said.said.items() for t, text in pieces}
    for tid, ns, text in rows:
        if text.startswith(FOREIGN):
            assert tid == ROOT
        else:
            assert text.startswith(times[tid, ns]), (tid, ns, text)


@settings(max_examples=200)
@given(seeds, same_words, st.booleans(), st.floats(0, 0.9), st.floats(0, 0.5), cuts)
def test_no_byte_is_lost_or_made_up_whatever_is_alike_or_lost(
    seed: int,
    words: dict[int, list[str]],
    foreign: bool,
    clash: float,
    lost: float,
    cut: list[float],
) -> None:
    said = Print(seed, words, foreign, clash)
    luck = random.Random(seed)
    said.world.log = [
        record
        for record in said.world.log
        if not isinstance(record, ProbeRecord)
        or record.kind != wire.OUTPUT
        or luck.random() >= lost
    ]
    rows = said.rows(cut)
    assert "".join(text for _, _, text in rows) == said.came_out
    assert rows == said.rows([])


@settings(max_examples=200)
@given(seeds, st.one_of(song_words, same_words), st.floats(0, 0.9), cuts)
def test_words_that_are_nearly_alike_are_told_apart(
    seed: int, words: dict[int, list[str]], clash: float, cut: list[float]
) -> None:
    """Each piece comes out once, whole, as its writer's and at its time: nothing is left over."""
    assert_owned(Print(seed, words, False, clash), cut)


@pytest.mark.parametrize("seed", (4182, 5023))
def test_chain_of_alike_pieces_taken_in_the_wrong_order_is_undone(seed: int) -> None:
    luck = random.Random(seed)
    assert_owned(Print(seed, songs({tid: luck.randrange(16) for tid in WRITERS}), False, 0), [])


def assert_owned(said: Print, cut: list[float]) -> None:
    rows = said.rows(cut)
    assert "".join(text for _, _, text in rows) == said.came_out
    for tid, pieces in said.said.items():
        own = [(ns, text) for row, ns, text in rows if row == tid]
        assert "".join(text for _, text in sorted(own)) == "".join(text for _, text in pieces)
    times = {(tid, t): text for tid, pieces in said.said.items() for t, text in pieces}
    assert all(text.startswith(times[tid, ns]) for tid, ns, text in rows)


def test_row_ends_where_a_piece_of_its_writer_changed_hands() -> None:
    """The space that 101 wrote before its 5 came out behind it, so it is a row of its own."""
    luck = random.Random(1996)
    said = Print(1996, songs({tid: luck.randrange(16) for tid in WRITERS}), False, 0)
    own = sorted((ns, text) for tid, ns, text in said.rows([]) if tid == 101)
    assert "".join(text for _, text in own) == "".join(text for _, text in said.said[101])
