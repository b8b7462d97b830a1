from __future__ import annotations

from tests.catalogue.build import Build, Cases

cases = Cases("process-states")

cases.alone(r"3 workers and one process for pipe have started\nall of them")
cases.alone("all of them have ended", io="fsync", one_cpu=False, seconds=0.5)
cases.alone("all of them have ended", io="sleep", workers=1, seconds=0.5)


def turns(b: Build, track: int, first: int, step: int, count: int, length: int = 4) -> None:
    """``count`` turns on the CPU, ready in between."""
    for n in range(count):
        start = first + n * step
        b.rows(track, f"running {start} {start + length}", cpu=1)
        b.rows(track, f"ready {start + length} {start + step}")


def two_workers(b: Build, share: int = 4) -> tuple[int, int, int]:
    """Worker 1 has ``share`` of each 8 ms, worker 2 the rest; io is blocked nearly always."""
    main = b.process("program.py", 0, 110)
    io = b.process("io", 0, 101, parent=main)
    one = b.process("worker-1", 0, 96, parent=main)
    two = b.process("worker-2", 0, 96, parent=main)
    turns(b, one, 0, 8, 12, share)
    b.rows(two, f"ready 0 {share}")
    turns(b, two, share, 8, 12, 8 - share)
    b.rows(io, "blocked:pipe 0 100")
    return io, one, two


@cases.holds("time-slice")
@cases.holds("one-at-a-time")
@cases.holds("equal-shares")
def fair(b: Build) -> None:
    two_workers(b)


@cases.fails("equal-shares")
def unfair(b: Build) -> None:
    two_workers(b, share=6)


@cases.not_seen("equal-shares", scheduler="procfs")
@cases.not_seen("equal-shares", workers=1, one_cpu=False)
def not_exact(b: Build) -> None:
    two_workers(b, share=6)


@cases.not_seen("equal-shares")
def few_turns(b: Build) -> None:
    main = b.process("program.py", 0, 30)
    for name in ("worker-1", "worker-2"):
        turns(b, b.process(name, 0, 24, parent=main), 0, 8, 3)


@cases.fails("time-slice")
@cases.not_seen("time-slice", scheduler="procfs")
@cases.not_seen("time-slice", one_cpu=False)
def never_preempted(b: Build) -> None:
    main = b.process("program.py", 0, 100)
    b.rows(b.process("worker-1", 0, 50, parent=main), "running 0 50")
    b.rows(b.process("worker-2", 0, 100, parent=main), "ready 0 50, running 50 100")


@cases.holds("io-blocks")
def io_waits(b: Build) -> None:
    io = b.process("io", 0, 100)
    b.rows(io, "running 0 1, blocked:pipe 1 50, ready 50 51, running 51 52, blocked:pipe 52 100")
    b.stats(io, voluntary=2, involuntary=0)


@cases.fails("io-blocks")
@cases.not_seen("io-blocks", io="fsync")
def io_computes(b: Build) -> None:
    io = b.process("io", 0, 100)
    b.rows(io, "running 0 90, blocked:pipe 90 100")
    b.stats(io, voluntary=1, involuntary=0)


@cases.fails("io-blocks")
def io_is_preempted(b: Build) -> None:
    io = b.process("io", 0, 100)
    b.rows(io, "running 0 1, blocked:pipe 1 100")
    b.stats(io, voluntary=1, involuntary=20)


@cases.not_seen("io-blocks")
@cases.not_seen("one-at-a-time")
def no_io(b: Build) -> None:
    b.process("worker-1", 0, 10)


@cases.fails("one-at-a-time")
@cases.holds("one-at-a-time", one_cpu=False)
@cases.not_seen("one-at-a-time", scheduler="procfs")
def at_once(b: Build) -> None:
    main = b.process("program.py", 0, 100)
    b.rows(b.process("worker-1", 0, 100, parent=main), "running 0 60, ready 60 100", cpu=0)
    b.rows(b.process("worker-2", 0, 100, parent=main), "ready 0 50, running 50 100", cpu=1)
    b.rows(b.process("io", 0, 100, parent=main), "blocked:pipe 0 100")


@cases.fails("one-at-a-time", one_cpu=False)
def never_at_once_on_two(b: Build) -> None:
    main = b.process("program.py", 0, 100)
    b.rows(b.process("worker-1", 0, 100, parent=main), "running 0 50, ready 50 100", cpu=0)
    b.rows(b.process("worker-2", 0, 100, parent=main), "ready 0 50, running 50 100", cpu=1)
    b.rows(b.process("io", 0, 100, parent=main), "blocked:pipe 0 100")
