"""Printed text: whose it is has to be found out."""

from __future__ import annotations

from collections.abc import Iterator

from app.timeline import wire
from benchmarks.patterns.tape import Pattern, Tape

_CHUNK = 400


def _printed(tape: Tape, count: int, tids: range, text: str) -> Iterator[None]:
    """The threads' pieces come out in the order in which they were written, a buffer at a time."""
    tape.main()
    for tid in tids:
        tape.thread(tid)
    number = 0
    while tape.written < count:
        pieces = []
        for _ in range(_CHUNK):
            number += 1
            pieces.append(text.format(number))
            tape.say(wire.OUTPUT, tids[number % len(tids)], aux=1, text=pieces[-1])
        tape.came_out("".join(pieces))
        yield


def lines(tape: Tape, count: int) -> Iterator[None]:
    yield from _printed(tape, count, range(101, 103), "line {}\n")


def crowd(tape: Tape, count: int) -> Iterator[None]:
    yield from _printed(tape, count, range(101, 165), "line {}\n")


def dots(tape: Tape, count: int) -> Iterator[None]:
    """No line ever ends."""
    yield from _printed(tape, count, range(101, 102), ".")


def foreign(tape: Tape, count: int) -> Iterator[None]:
    """Another program's lines come out, while those that were recorded never do."""
    tape.main()
    tape.thread(101)
    number = 0
    while tape.written < count:
        for _ in range(_CHUNK):
            number += 1
            tape.say(wire.OUTPUT, 101, aux=1, text=f"kept {number}\n")
        if number % (10 * _CHUNK) == 0:
            tape.came_out("".join(f"{at} of another\n" for at in range(50)))
        yield


PATTERNS = {
    "print": Pattern(lines),
    "print, 64 threads": Pattern(crowd),
    "print without a line's end": Pattern(dots),
    "print, another program's": Pattern(foreign),
}
