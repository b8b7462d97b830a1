from __future__ import annotations

from collections.abc import Mapping

from tests.catalogue.build import Build, Cases

cases = Cases("four-quadrants")

cases.alone("async, blocking: back", ms=50)
cases.alone("sync, blocking: back", blocking="sleep", results=2, ms=50)
cases.variant("sync-blocking", blocking="sleep", results=4, ms=150)


def calls(
    b: Build,
    rows: str,
    *,
    back: float = 302,
    last: float = 560,
    works: Mapping[int, tuple[float, float]] | None = None,
) -> None:
    """Four calls from 1, 101, 300 and 450 ms on; the third is back at ``back``."""
    main = b.process("program.py", 0, 900)
    b.rows(main, rows)
    texts: dict[str, tuple[float, float]] = {
        "sync, blocking": (1, 100),
        "sync, non-blocking": (101, 200),
        "async, non-blocking": (300, back),
        "async, blocking": (450, last),
    }
    for name, (begin, end) in texts.items():
        b.say(main, begin, f"{name}: call")
        b.say(main, end, f"{name}: back")
    default = {0: (301, 400), 1: (440, 559), 2: (440, 620), 3: (440, 700)}
    for number, (begin, end) in (default if works is None else works).items():
        pool = b.thread(f"pool_{number}", begin, end + 1, parent=main)
        b.say(pool, begin, f"work {number} begins")
        b.say(pool, end, f"work {number} is done")


AS_TOLD = (
    "blocked:socket 0 100, running 100 350, blocked:future 350 400, running 400 451, "
    "blocked:future 451 559, running 559 600"
)


@cases.holds("sync-blocking")
@cases.holds("sync-non-blocking")
@cases.holds("async-non-blocking")
@cases.holds("async-blocking")
def as_told(b: Build) -> None:
    calls(b, AS_TOLD)


@cases.fails("sync-blocking")
@cases.fails("sync-non-blocking")
@cases.fails("async-non-blocking")
@cases.fails("async-blocking")
def the_opposite(b: Build) -> None:
    calls(
        b,
        "running 0 100, blocked:sleep 100 200, running 200 300, blocked:future 300 401, "
        "running 401 700",
        back=401,
    )


@cases.not_seen("sync-blocking")
@cases.not_seen("sync-non-blocking")
@cases.not_seen("async-non-blocking")
@cases.not_seen("async-blocking")
def no_cpu(b: Build) -> None:
    calls(b, "running 0 2, ready 2 700", back=420, last=705)


@cases.not_seen("async-non-blocking")
@cases.not_seen("async-blocking")
def no_work(b: Build) -> None:
    calls(b, AS_TOLD, works={})


@cases.not_seen("async-blocking")
def one_result(b: Build) -> None:
    calls(b, AS_TOLD, works={1: (440, 559)})


@cases.not_seen("async-blocking")
def one_was_quick(b: Build) -> None:
    calls(b, AS_TOLD, works={1: (430, 440), 2: (440, 620)})


@cases.fails("async-blocking")
def waits_for_all(b: Build) -> None:
    calls(b, AS_TOLD + ", blocked:future 600 700", last=702)
