"""What the kernel tells: switches, looks, births and deaths, lines."""

from __future__ import annotations

from collections.abc import Iterator

from app.timeline import wire
from app.timeline.records import (
    LineSample,
    ProcessReaped,
    Record,
    SchedStat,
    StatSample,
    SyscallSample,
    ThreadBorn,
    ThreadGone,
    Wakeup,
    Waking,
)
from app.timeline.states import Reason
from benchmarks.patterns.tape import ROOT, Pattern, Tape, until


def switches(tape: Tape, count: int) -> Iterator[None]:
    """Sixteen threads that wake one another, and are read now and then."""
    tape.main()
    tids = range(101, 117)
    for tid in tids:
        tape.thread(tid)
    slices = dict.fromkeys(tids, 1)
    for tid in tids:
        tape.off(tid, cpu=tid % 4)
    turns = [0]

    def turn() -> None:
        number = turns[0] = turns[0] + 1
        waker, tid = tids[number % 16], tids[(number + 1) % 16]
        tape.add(Waking(tape.tick(), tid, ROOT, waker))
        tape.add(Wakeup(tape.tick(), tid))
        tape.on(tid, cpu=tid % 4)
        slices[tid] += 1
        if number % 8 == 0:
            tape.add(SchedStat(tape.tick(), ROOT, tid, 0, 0, slices[tid]))
        tape.off(tid, cpu=tid % 4)

    yield from until(tape, count, turn)


def unread(tape: Tape, count: int) -> Iterator[None]:
    """Switches without wake-ups, of threads whose account is read every 10 000."""
    tape.main()
    tids = range(101, 105)
    for tid in tids:
        tape.thread(tid)
    turns = [0]

    def turn() -> None:
        number = turns[0] = turns[0] + 1
        tid = tids[number % 4]
        tape.off(tid, cpu=tid % 4)
        tape.on(tid, cpu=tid % 4)
        if number % 10_000 < 4:
            tape.add(SchedStat(tape.tick(), ROOT, tid, 0, number * 100, 1 + number // 4))

    yield from until(tape, count, turn)


def looks(tape: Tape, count: int) -> Iterator[None]:
    """Looks into /proc at fifty threads that run and wait in turn."""
    tids = range(101, 151)
    tape.add(StatSample(tape.tick(), ROOT, ROOT, "R", 0))
    for tid in tids:
        tape.add(ThreadBorn(tape.tick(), ROOT, tid, ROOT, ROOT, True))
    run = dict.fromkeys(tids, 0)
    turns = [0]

    def turn() -> None:
        number = turns[0] = turns[0] + 1
        tape.t += 2_000_000
        for tid in tids:
            waits = (number + tid) % 3 == 0
            tape.add(StatSample(tape.tick(), ROOT, tid, "S" if waits else "R", tid % 4))
            if waits:
                tape.add(SyscallSample(tape.tick(), ROOT, tid, "read", 3, "pipe", "pipe:[7]"))
            else:
                run[tid] += 500_000
                tape.add(SchedStat(tape.tick(), ROOT, tid, run[tid], run[tid] // 4, number))

    while tape.written < count:
        turn()
        yield


def threads(tape: Tape, count: int) -> Iterator[None]:
    """Threads that begin and end, one after the other, and are joined."""
    tape.main()
    tids = [10_000]

    def turn() -> None:
        tid = tids[0] = tids[0] + 1
        obj = tape.object()
        tape.say(wire.THREAD_SPAWN, b=obj)
        tape.add(ThreadBorn(tape.tick(), ROOT, tid, ROOT, ROOT))
        tape.on(tid, cpu=1)
        tape.say(wire.THREAD_START, tid, b=obj, text="worker")
        tape.enter(ROOT, Reason.JOIN, obj)
        tape.say(wire.THREAD_END, tid, b=obj)
        tape.add(ThreadGone(tape.tick(), ROOT, tid))
        tape.leave(ROOT, Reason.JOIN, obj)

    yield from until(tape, count, turn)


def forks(tape: Tape, count: int) -> Iterator[None]:
    """Processes that begin and end, and are reaped; a few are killed."""
    tape.main()
    pids = [10_000]

    def turn() -> None:
        pid = pids[0] = pids[0] + 1
        tape.process(pid)
        if pid % 8 == 0:
            tape.say(wire.KILL, aux=15, a=pid)
        tape.add(ThreadGone(tape.tick(), pid, pid))
        tape.say(wire.REAPED, a=pid, b=15 if pid % 8 == 0 else 0)
        tape.add(ProcessReaped(tape.tick(), pid, 0, False))

    yield from until(tape, count, turn)


def lines(tape: Tape, count: int) -> Iterator[None]:
    """Lines at which running threads were seen, in ever other files."""
    tape.main()
    tids = range(101, 109)
    for tid in tids:
        tape.thread(tid)
    turns = [0]

    def turn() -> None:
        number = turns[0] = turns[0] + 1
        t = tape.tick()
        record: Record = LineSample(
            t, t, ROOT, tids[number % 8], f"/srv/part_{number % 4_000}.py", number % 900 + 1
        )
        tape.add(record)

    yield from until(tape, count, turn)


PATTERNS = {
    "switches and wake-ups": Pattern(switches),
    "switches, seldom read": Pattern(unread, scheduler="perf"),
    "looks into /proc": Pattern(looks, scheduler="procfs"),
    "threads": Pattern(threads),
    "forks": Pattern(forks),
    "lines": Pattern(lines),
}
