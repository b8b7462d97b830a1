from __future__ import annotations

from app.timeline.states import Cause
from tests.catalogue.build import Build, Cases

cases = Cases("pipe")

cases.alone("writer-1 has sent 20 messages")
cases.alone("(?s)reader.*EOFError.*reader", lock=True, writers=2, messages=5)
cases.alone("reader-1 still waits", close=False, readers=1, messages=3)
cases.variant("whole", lock=True)
cases.variant("end", close=False, lock=True, messages=5)
cases.variant("whole", readers=1)
cases.variant("whole", writers=3, readers=3, lock=True, messages=5)
cases.variant("end", writers=3, readers=1, messages=5)
cases.variant("whole", length=1000, writers=2, lock=True)


def group(
    b: Build,
    first: str = "running 0 100",
    second: str = "running 0 100",
    writer: str = "running 0 90",
    cause: Cause = Cause.RETURNED,
) -> tuple[int, int, int]:
    main = b.process("program.py", 0, 110)
    one = b.process("reader-1", 0, 100, parent=main, cause=cause)
    two = b.process("reader-2", 0, 100, parent=main, cause=cause)
    sender = b.process("writer-1", 0, 90, parent=main)
    for track, rows in ((one, first), (two, second), (sender, writer)):
        b.rows(track, rows)
    return one, two, sender


def told(b: Build, first: tuple[int, int], second: tuple[int, int], rows: str = "") -> None:
    """Each reader's count of whole and torn messages; 20 were sent."""
    one, two, _ = group(b, rows, rows) if rows else group(b)
    for number, track, (intact, torn) in ((1, one, first), (2, two, second)):
        b.say(track, 95, f"reader-{number} has read {intact} whole and {torn} torn messages")


@cases.holds("whole", lock=True)
@cases.not_seen("whole")
def all_arrive(b: Build) -> None:
    told(b, (9, 0), (11, 0))


@cases.fails("whole", lock=True)
@cases.holds("whole")
def some_are_torn(b: Build) -> None:
    told(b, (1, 1), (0, 0))


@cases.not_seen("whole")
def all_arrive_though_they_met_often(b: Build) -> None:
    rows = ", ".join(f"blocked:pipe {n * 4} {n * 4 + 3}" for n in range(24))
    told(b, (9, 0), (11, 0), rows=rows)


@cases.not_seen("whole")
def one_never_counts(b: Build) -> None:
    one, _, _ = group(b)
    b.say(one, 95, "reader-1 has read 9 whole and 0 torn messages")


@cases.fails("turns", lock=True)
@cases.holds("turns")
@cases.not_seen("turns", scheduler="procfs")
def at_once_in_the_pipe(b: Build) -> None:
    group(b, "blocked:pipe 0 20, running 20 100", "blocked:pipe 10 30, running 30 100")


@cases.holds("turns", lock=True)
@cases.not_seen("turns")
def one_after_the_other(b: Build) -> None:
    group(b, "blocked:pipe 0 20, running 20 100", "blocked:lock 10 20, blocked:pipe 20 40")


@cases.fails("turns")
def waits_for_a_lock_that_nobody_has(b: Build) -> None:
    group(b, "blocked:pipe 0 20, running 20 100", "blocked:lock 1 5, blocked:pipe 5 40")


@cases.not_seen("turns", lock=True)
def no_reader_waits(b: Build) -> None:
    group(b)


@cases.holds("full")
def room_by_a_reader(b: Build) -> None:
    group(b, "blocked:pipe 0 20, running 20 100", writer="running 0 10, blocked:pipe 10 30")


@cases.fails("full")
@cases.not_seen("full", scheduler="procfs")
def room_by_nobody(b: Build) -> None:
    rows = "running 0 10, blocked:pipe 10 30, running 30 90"
    group(b, "blocked:pipe 0 40", "blocked:pipe 0 40", writer=rows)


@cases.not_seen("full")
def never_full(b: Build) -> None:
    group(b)


def ends(b: Build, at: float, last_words: bool = True) -> None:
    one, two, writer = group(b, "blocked:pipe 50 95", "blocked:pipe 50 95")
    if last_words:
        b.say(writer, 89, "writer-1 has sent 20 messages and closes its end")
    b.say(one, at, "reader-1: EOFError ")
    b.say(two, 96, "reader-2: OSError got end of file during message")


@cases.holds("end")
@cases.fails("end", close=False)
def end_after_the_last_writer(b: Build) -> None:
    ends(b, 91)


@cases.fails("end")
def end_before_the_last_writer(b: Build) -> None:
    ends(b, 60)


@cases.not_seen("end")
def writer_never_closes(b: Build) -> None:
    ends(b, 91, last_words=False)


@cases.holds("end", close=False)
@cases.not_seen("end")
def readers_wait_until_they_are_killed(b: Build) -> None:
    *_, writer = group(b, "blocked:pipe 50 100", "blocked:pipe 50 100", cause=Cause.SIGNAL)
    b.say(writer, 89, "writer-1 has sent 20 messages and closes its end")
