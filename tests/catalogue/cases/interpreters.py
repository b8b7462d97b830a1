from __future__ import annotations

from tests.catalogue.build import Build, Cases

cases = Cases("interpreters")

cases.alone(r"interpreter +lock .*\n\w+ [\d.]+ +(GIL|none) +0\.\d+ s ", which="own", ms=10)
cases.variant("with-lock", which="own")
cases.variant("in-turn", which="all")

IN_TURN = ("running 10 20, gil 20 30, running 30 40", "gil 10 20, running 20 30")
AT_ONCE = ("running 10 30", "running 10 29")


def measured(
    b: Build,
    name: str,
    threads: tuple[str, str],
    *,
    lock: bool = True,
    begin: float = 0,
    cpu: int = 1,
) -> None:
    """One interpreter's process of 50 ms, its two threads, and its row of the table."""
    if not b.timeline.tracks:
        b.process("program.py", 0, 500)
    process = b.process(name, begin, begin + 50, parent=1)
    pid = b.timeline.tracks[process].pid
    for n, text in enumerate(threads):
        thread = b.thread(f"thread-{n + 1}", begin + 5, begin + 45, parent=process, pid=pid)
        rows = [item.split() for item in text.split(",")]
        moved = [f"{s} {float(t0) + begin} {float(t1) + begin}" for s, t0, t1 in rows]
        b.rows(thread, ", ".join(moved), cpu=n * cpu)
    word = "GIL" if lock else "none"
    b.say(process, begin + 48, f"{name:16} {word:4}    0.054 s    0.052 s     1.04 {pid:9}")


@cases.holds("with-lock")
@cases.not_seen("with-lock", scheduler="procfs")
@cases.holds("without-lock")
@cases.holds("who")
@cases.holds("in-turn")
def as_expected(b: Build) -> None:
    measured(b, "CPython 3.11.7", IN_TURN)
    measured(b, "Jython 2.7.3", AT_ONCE, lock=False, begin=100)


@cases.fails("with-lock")
@cases.fails("without-lock")
@cases.fails("who")
@cases.fails("in-turn")
def the_other_way_round(b: Build) -> None:
    measured(b, "CPython 3.11.7", AT_ONCE)
    measured(
        b, "CPython 3.13.5", ("running 10 20, ready 20 21", "running 20 30"), lock=False, begin=20
    )


@cases.not_seen("with-lock")
@cases.not_seen("who")
@cases.not_seen("in-turn")
def one_without_a_lock(b: Build) -> None:
    measured(b, "CPython 3.13.5", AT_ONCE, lock=False)


@cases.not_seen("without-lock")
@cases.not_seen("who")
def one_with_a_lock(b: Build) -> None:
    measured(b, "PyPy 3.9.16", IN_TURN)


@cases.not_seen("without-lock")
@cases.not_seen("who")
def no_cpu_to_spare(b: Build) -> None:
    measured(b, "CPython 3.11.7", IN_TURN)
    threads = ("running 10 20, ready 20 30", "ready 10 20, running 20 30")
    measured(b, "CPython 3.13.5", threads, lock=False, begin=100, cpu=0)


@cases.fails("who")
def a_lock_that_keeps_nobody_out(b: Build) -> None:
    measured(b, "CPython 3.11.7", AT_ONCE)
    measured(b, "Jython 2.7.3", AT_ONCE, lock=False, begin=100)
