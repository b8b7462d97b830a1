from __future__ import annotations

from collections.abc import Sequence

from tests.catalogue.build import Build, Cases

cases = Cases("thread-pool")

cases.alone(r"the results are \[1, 4, 9, 16, 25, 36, 49, 64\]")
cases.alone(r"results are \[1, 4, 9", call="map", work="compute", seconds=0.05)


def pool(
    b: Build,
    tasks: Sequence[tuple[int, float, float]],
    *,
    handed: float = 5,
    results: float = 300,
    main_rows: str = "running 0 5, blocked:future 5 290, running 290 300",
) -> None:
    """``tasks``: (thread 0…, begin, done)."""
    main = b.process("program.py", 0, 310)
    threads = [
        b.thread(f"pool_{n}", 1, 299, parent=main) for n in range(1 + max(t for t, *_ in tasks))
    ]
    for number, (thread, begin, done) in enumerate(tasks, 1):
        b.say(threads[thread], begin, f"task {number} begins in pool_{thread}")
        b.say(threads[thread], done, f"task {number} is done")
    b.rows(main, main_rows)
    b.say(main, handed, "main: all tasks are handed over")
    b.say(main, results, "main: the results are [1, 4]")


WAVES = [(0, 2, 100), (1, 3, 101), (0, 102, 200), (1, 103, 201)]


@cases.holds("at-most", workers=2, tasks=4)
@cases.holds("waves", workers=2, tasks=4)
@cases.holds("submit", workers=2, tasks=4)
@cases.holds("result-waits", workers=2, tasks=4)
@cases.fails("at-most", workers=1, tasks=4)
@cases.not_seen("waves", workers=2, tasks=4, work="compute")
@cases.not_seen("waves", workers=2, tasks=5)
def in_waves(b: Build) -> None:
    pool(b, WAVES)


@cases.fails("waves", workers=2, tasks=4)
def all_at_once(b: Build) -> None:
    pool(b, [(n, 2, 100) for n in range(4)])


@cases.fails("waves", workers=2, tasks=4)
def one_by_one(b: Build) -> None:
    pool(b, [(0, 2, 50), (0, 51, 100), (0, 101, 150), (0, 151, 200)])


@cases.fails("submit", workers=2, tasks=4)
@cases.not_seen("submit", workers=2, tasks=4, work="compute")
def submit_waits(b: Build) -> None:
    pool(b, WAVES, handed=150)


@cases.fails("result-waits", workers=2, tasks=4)
def results_too_early(b: Build) -> None:
    pool(b, WAVES, results=150)


@cases.fails("result-waits", workers=2, tasks=4)
@cases.not_seen("result-waits", workers=2, tasks=4, work="compute")
def main_never_waits(b: Build) -> None:
    pool(b, WAVES, main_rows="running 0 300")


@cases.not_seen("at-most")
@cases.not_seen("submit")
@cases.not_seen("result-waits")
def no_task(b: Build) -> None:
    b.thread("pool_0", 1, 99, parent=b.process("program.py", 0, 100))
