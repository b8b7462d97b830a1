"""Whatever the program does and whatever gets lost: fusion's slices hold together."""

from __future__ import annotations

import random
from collections.abc import Sequence

from hypothesis import given, settings
from hypothesis import strategies as st

from app.fusion import Fusion
from app.timeline import wire
from app.timeline.model import NOTHING, OPEN
from app.timeline.probe_records import ProbeRecord
from app.timeline.records import (
    OutputChunk,
    ProcessReaped,
    Record,
    SchedStat,
    StatSample,
    SwitchIn,
    SwitchOut,
    SyscallSample,
    ThreadBorn,
    ThreadGone,
    Wakeup,
    Waking,
)
from app.timeline.states import (
    COROUTINE_TRANSITIONS,
    THREAD_TRANSITIONS,
    ObjectKind,
    Reason,
    State,
    TrackKind,
)
from app.timeline.timeline import Timeline
from tests.fusion.world import ROOT, START, World, assert_whole, play
from tests.lawful import changed_hands

CHILD = 200
LOCKS = [ROOT << 32 | number for number in (1, 2, 3)]
QUEUE = ROOT << 32 | 4
TASKS = [ROOT << 32 | number for number in (10, 11, 12)]


class Thread:
    def __init__(self, pid: int, tid: int) -> None:
        self.pid, self.tid = pid, tid
        self.state = "new"
        self.wait: tuple[Reason, int] | None = None
        self.held: list[int] = []
        self.number = 0
        self.ins = 0
        self.waited = 0


class Machine:
    """Plays a program that does lawful things at random, and writes what witnesses would see."""

    def __init__(self, seed: int, scheduler: str) -> None:
        self.random = random.Random(seed)
        self.switches = scheduler != "procfs"
        self.wakeups = scheduler == "tracepoints"
        self.log: list[Record] = []
        self.t = START + 1000
        self.threads = [Thread(ROOT, ROOT)]
        self.next_tid = {ROOT: 101, CHILD: 201}
        self.tasks: dict[int, str] = {}
        self.step: int | None = None
        self.unannounced = list(LOCKS)
        self.looks: dict[int, list[int]] = {}

    def play(self, steps: int) -> list[Record]:
        for _ in range(steps):
            self.t += self.random.choice((1, 7, 300, 5_000, 2_000_000, 60_000_000))
            alive = [thread for thread in self.threads if thread.state != "over"]
            if not alive:
                break
            self.act(self.random.choice(alive))
            if not self.switches:
                self.look(self.random.choice(alive))
        return self.log

    def say(self, thread: Thread, kind: int, **fields: int | str) -> None:
        values = {"aux": 0, "a": 0, "b": 0, "c": 0, "text": ""} | fields
        self.log.append(
            ProbeRecord(self.t, thread.pid, thread.tid, 0, kind, *values.values())  # type: ignore[arg-type]
        )
        self.t += 20

    def act(self, thread: Thread) -> None:
        if thread.state == "running":
            self.run(thread)
        elif thread.state == "blocked":
            self.blocked(thread)
        else:
            if thread.state == "ready" and thread.wait is None:
                thread.waited += 500
            self.go_on(thread)

    def go_on(self, thread: Thread) -> None:
        was = thread.state
        first = was == "new"
        thread.state = "running"
        thread.ins += 1
        if self.wakeups and (first or was == "blocked"):
            waker = self.random.choice(self.threads)
            self.log.append(Waking(self.t, thread.tid, waker.pid, waker.tid))
            self.log.append(Wakeup(self.t + 2, thread.tid))
            self.t += 5
        if self.switches:
            self.log.append(SwitchIn(self.t, thread.pid, thread.tid, self.random.randrange(4)))
        if first:
            self.t += 30
            if thread.tid == thread.pid:
                self.say(thread, wire.HELLO, aux=3 << 8 | 11, text="CPython")
            self.say(thread, wire.THREAD_START, b=thread.tid, text=f"T{thread.tid}")

    def blocked(self, thread: Thread) -> None:
        choice = self.random.random()
        if choice < 0.15:
            self.log.append(SyscallSample(
                self.t, thread.pid, thread.tid, self.random.choice(("futex", "read")), 0,
                self.random.choice(("", "gil", "pipe")),
            ))  # fmt: skip
            return
        if choice < 0.2 and self.switches:
            self.log.append(StatSample(self.t, thread.pid, thread.tid, "T", 0))
            return
        self.go_on(thread)
        self.t += 10
        if thread.wait is not None and self.random.random() < 0.8:
            reason, obj = thread.wait
            thread.wait = None
            self.say(thread, wire.LEAVE, aux=reason, b=obj, c=1)
            if reason is Reason.LOCK:
                self.say(thread, wire.ACQUIRED, b=obj, a=5)
                thread.held.append(obj)
        if self.switches and self.random.random() < 0.5:
            thread.waited += 700
            self.log.append(SchedStat(self.t, thread.pid, thread.tid, 0, thread.waited, thread.ins))

    def run(self, thread: Thread) -> None:
        choice = self.random.random()
        if choice < 0.2:
            thread.state = "ready"
            if self.switches:
                self.log.append(SwitchOut(self.t, thread.pid, thread.tid, 0, True))
        elif choice < 0.45:
            if thread.wait is None and self.random.random() < 0.8:
                reason = self.random.choice((Reason.LOCK, Reason.SLEEP, Reason.QUEUE))
                obj = {Reason.LOCK: self.random.choice(LOCKS), Reason.QUEUE: QUEUE}.get(reason, 0)
                thread.wait = (reason, obj)
                self.say(thread, wire.ENTER, aux=reason, b=obj, a=9)
            thread.state = "blocked"
            if self.switches:
                self.log.append(SwitchOut(self.t, thread.pid, thread.tid, 0, False))
        elif thread.wait is not None:
            reason, obj = thread.wait
            thread.wait = None
            self.say(thread, wire.LEAVE, aux=reason, b=obj, c=0)
        elif choice < 0.55 and thread.held:
            self.say(thread, wire.RELEASED, b=thread.held.pop())
        elif choice < 0.62 and len(self.threads) < 7:
            self.spawn(thread)
        elif choice < 0.66 and len(self.threads) > 1:
            self.exit(thread)
        elif choice < 0.72:
            self.say(thread, wire.OUTPUT, aux=1, text="word\n")
            self.log.append(OutputChunk(self.t, "stdout", b"word\n"))
        elif choice < 0.76:
            kind = self.random.choice((wire.PUT, wire.GET, wire.SEND, wire.RECV))
            self.say(thread, kind, b=QUEUE, c=1)
        elif choice < 0.8 and self.unannounced:
            self.say(thread, wire.OBJECT, aux=ObjectKind.LOCK, a=2, b=self.unannounced.pop())
        elif thread.tid == ROOT:
            self.coroutine(thread)

    def coroutine(self, thread: Thread) -> None:
        if self.step is not None:
            task, self.step = self.step, None
            if self.random.random() < 0.3:
                self.tasks[task] = "done"
                self.say(thread, wire.TASK_DONE, b=task)
                return
            if self.random.random() < 0.3:
                self.say(thread, wire.TASK_READY, b=task)
                self.tasks[task] = "ready"
            else:
                self.tasks[task] = "paused"
            self.say(thread, wire.TASK_PAUSE, aux=Reason.SLEEP, a=3, b=task)
            return
        task = self.random.choice(TASKS)
        state = self.tasks.get(task)
        if state is None:
            self.say(thread, wire.TASK_NEW, a=1, b=task, text="Task-1\0work")
            self.tasks[task] = "paused"
        elif state == "paused":
            self.say(thread, wire.TASK_READY, b=task)
            self.tasks[task] = "ready"
        elif state == "ready":
            self.say(thread, wire.TASK_RUN, b=task)
            self.tasks[task] = "running"
            self.step = task

    def spawn(self, thread: Thread) -> None:
        if thread.pid == ROOT and not any(other.pid == CHILD for other in self.threads):
            child = Thread(CHILD, CHILD)
        else:
            child = Thread(thread.pid, self.next_tid[thread.pid])
            self.next_tid[thread.pid] += 1
            self.say(thread, wire.THREAD_SPAWN, b=child.tid)
        self.log.append(
            ThreadBorn(self.t, child.pid, child.tid, thread.pid, thread.tid, not self.switches)
        )
        self.threads.append(child)

    def exit(self, thread: Thread) -> None:
        if thread.tid == thread.pid:
            others = [
                other
                for other in self.threads
                if other.pid == thread.pid and other is not thread and other.state != "over"
            ]
            if others or thread.pid == ROOT:
                return
        else:
            self.say(thread, wire.THREAD_END, c=self.random.choice((0, 1_000, self.t)))
        thread.state = "over"
        self.log.append(ThreadGone(self.t, thread.pid, thread.tid, not self.switches))
        if thread.tid == thread.pid:
            self.t += 5_000
            self.log.append(ProcessReaped(self.t, thread.pid, 0, False))

    def look(self, thread: Thread) -> None:
        if thread.state == "over":
            return
        letter = "S" if thread.state in ("blocked", "new") else "R"
        self.t += 3
        self.log.append(StatSample(self.t, thread.pid, thread.tid, letter, 0))
        account = self.looks.setdefault(thread.tid, [0, 0])
        account[self.random.randrange(2)] += 1_000_000
        if self.random.random() < 0.7:
            self.t += 3
            self.log.append(SchedStat(self.t, thread.pid, thread.tid, account[0], account[1], 0))


def assert_lawful(timeline: Timeline) -> None:
    for track in timeline.tracks.values():
        legal = COROUTINE_TRANSITIONS if track.kind is TrackKind.COROUTINE else THREAD_TRANSITIONS
        before = None
        for row in timeline.slices.get(track.id, ()):
            assert row.end_ns != OPEN
            if before is not None and State.UNKNOWN not in (before.state, row.state):
                lawful = row.state in legal[before.state] or changed_hands(before, row)
                assert lawful, (track, before, row)
            before = row


def assert_gil_told_with_care(timeline: Timeline) -> None:
    """A holder of a GIL is a thread of that process, and lived then; none waits for itself."""
    gils = {thing.id: thing for thing in timeline.objects.values() if thing.kind is ObjectKind.GIL}
    for row in timeline.rows():
        if row.object not in gils:
            assert row.state is not State.GIL, row
            continue
        assert row.state in (State.GIL, State.RUNNING, State.READY), row
        track = timeline.tracks[row.track]
        assert timeline.tracks[gils[row.object].track].pid == track.pid, row
        assert row.state is not State.GIL or row.holder != row.track, row
        if row.holder != NOTHING:
            holder = timeline.tracks[row.holder]
            assert holder.pid == track.pid and holder.start_ns <= row.end_ns, row
    for track in timeline.tracks.values():
        stats = timeline.stats.get(track.id)
        if stats is not None:
            assert stats.gil_ns <= stats.gil_wanted_ns, stats
            whole = stats.running_ns + stats.ready_ns + stats.blocked_ns + stats.gil_ns
            assert stats.gil_held_ns + stats.gil_wanted_ns <= whole, stats


seeds = st.integers(0, 2**32)
schedulers = st.sampled_from(["tracepoints", "perf", "procfs"])
steps = st.lists(st.floats(0, 1), max_size=12)


def replay(scheduler: str, log: Sequence[Record], cuts: Sequence[float] = ()) -> Timeline:
    world = World(scheduler)  # type: ignore[arg-type]
    length = (max((record.t for record in log), default=START) - START) / 1e6 + 1
    return play(world.facts, log, length, sorted(cut * length for cut in cuts))


@settings(max_examples=150)
@given(seeds, schedulers, st.integers(1, 120))
def test_lawful_log_gives_whole_and_lawful_slices_without_gaps(
    seed: int, scheduler: str, length: int
) -> None:
    log = Machine(seed, scheduler).play(length)
    timeline = replay(scheduler, log)
    assert_whole(timeline)
    assert_lawful(timeline)
    assert_gil_told_with_care(timeline)
    if scheduler != "procfs":
        fusion = Fusion(World(scheduler).facts)  # type: ignore[arg-type]
        fusion.feed(log)
        fusion.finish(log[-1].t if log else START)
        assert fusion.gaps == 0
        assert all(row.state is not State.UNKNOWN for row in timeline.rows())


@settings(max_examples=150)
@given(seeds, schedulers, st.integers(1, 120), steps)
def test_drains_cut_anywhere_give_the_same_timeline(
    seed: int, scheduler: str, length: int, cuts: list[float]
) -> None:
    log = Machine(seed, scheduler).play(length)
    whole, pieces = replay(scheduler, log), replay(scheduler, log, cuts)
    assert pieces.slices == whole.slices
    assert pieces.tracks == whole.tracks
    assert sorted(pieces.flows) == sorted(whole.flows)
    assert pieces.output == whole.output
    assert pieces.findings == whole.findings
    assert pieces.stats == whole.stats


@settings(max_examples=200)
@given(
    seeds,
    schedulers,
    st.integers(1, 120),
    steps,
    st.floats(0, 0.5),
    st.floats(0, 0.3),
    st.booleans(),
)
def test_lost_doubled_and_late_records_never_raise_nor_tear_a_track(
    seed: int,
    scheduler: str,
    length: int,
    cuts: list[float],
    lost: float,
    doubled: float,
    shuffled: bool,
) -> None:
    luck = random.Random(seed)
    log: list[Record] = []
    for record in Machine(seed, scheduler).play(length):
        if luck.random() >= lost:
            log += [record] * (2 if luck.random() < doubled else 1)
    if shuffled:
        # As wrong as can be: true times on the wrong records.
        times = [record.t for record in log]
        luck.shuffle(times)
        log = [record._replace(t=t) for record, t in zip(log, times, strict=True)]
    timeline = replay(scheduler, log, cuts)
    assert_whole(timeline)
    assert_lawful(timeline)


@settings(max_examples=60)
@given(seeds, schedulers, st.integers(1, 120))
def test_records_behind_the_watermark_never_raise_nor_tear_a_track(
    seed: int, scheduler: str, length: int
) -> None:
    """Each record comes when the watermark is already somewhere else."""
    luck = random.Random(seed)
    log = Machine(seed, scheduler).play(length)
    luck.shuffle(log)
    world = World(scheduler)  # type: ignore[arg-type]
    fusion = Fusion(world.facts)
    rows: dict[int, list[tuple[int, int]]] = {}
    watermark = START
    batches = []
    for record in log:
        fusion.feed([record])
        watermark = max(watermark, record.t)
        batches.append(fusion.advance(watermark))
    batches.append(fusion.finish(watermark + 1))
    tracks = {}
    for batch in batches:
        tracks.update({track.id: track for track in batch.tracks})
        for row in batch.slices:
            if row.end_ns != OPEN:
                rows.setdefault(row.track, []).append((row.start_ns, row.end_ns))
    for track in tracks.values():
        reached = track.start_ns
        for start, end in rows.get(track.id, ()):
            assert start == reached < end
            reached = end
        assert reached == track.end_ns
