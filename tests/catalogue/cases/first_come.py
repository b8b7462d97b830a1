from __future__ import annotations

from collections.abc import Mapping

from tests.catalogue.build import Build, Cases

cases = Cases("first-come")

cases.alone(r"(?s)(main: has result \d+\n.*){10}", workers=10, step_ms=4)
cases.alone("(?s)main: has result 3\n.*main: has result 4\n", take="in order", workers=4, step_ms=5)
cases.variant("order", take="in order", step_ms=5)


def four(
    b: Build,
    done: Mapping[int, float],
    taken: Mapping[int, float],
    main_rows: str = "running 0 10, blocked:pipe 10 50, running 50 51, blocked:pipe 51 200",
) -> None:
    """When each worker says that its result is done, and when main has it."""
    main = b.process("program.py", 0, 210)
    b.rows(main, main_rows)
    for number, at in done.items():
        worker = b.process(f"worker-{number}", 2, at + 2, parent=main)
        b.say(worker, at, f"result {number} is done")
    for number, at in taken.items():
        b.say(main, at, f"main: has result {number}")


DONE = {1: 100, 2: 50, 3: 150, 4: 151}


@cases.holds("order")
@cases.fails("order", take="in order")
@cases.holds("main-waits")
def as_they_come(b: Build) -> None:
    four(b, DONE, {2: 51, 1: 102, 4: 153, 3: 154})  # which of 3 and 4 was sent first is not known


@cases.fails("order")
@cases.holds("order", take="in order")
@cases.fails("lies")
@cases.not_seen("lies", scheduler="procfs")
@cases.holds("lies", take="in order")
def in_order(b: Build) -> None:
    four(b, DONE, {1: 102, 2: 103, 3: 153, 4: 154})


@cases.not_seen("order")
def nobody_overtook(b: Build) -> None:
    four(b, {1: 50, 2: 100}, {1: 51, 2: 102})


@cases.holds("lies")
@cases.not_seen("lies", take="in order")
@cases.fails("lies", take="as they come", step_ms=1)
def taken_soon(b: Build) -> None:
    rows = "running 0 10, blocked:pipe 10 53, running 53 54, blocked:pipe 54 102"
    four(b, {1: 50, 2: 100}, {1: 53.5, 2: 102.1}, rows)


@cases.fails("main-waits")
def polling(b: Build) -> None:
    four(b, DONE, {2: 51, 1: 102, 4: 153, 3: 154}, "running 0 200")


@cases.not_seen("main-waits")
@cases.not_seen("lies")
def nothing_taken(b: Build) -> None:
    four(b, DONE, {})
