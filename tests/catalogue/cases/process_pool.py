from __future__ import annotations

from collections.abc import Mapping

from tests.catalogue.build import Build, Cases

cases = Cases("process-pool")

cases.alone("(?s)result of task 1.*the pool is closed", step_ms=10)
cases.alone("(?s)result of task 1\n.*result of task 2\n.*result of task 3\n", call="executor.map",
            tasks=3, step_ms=10)  # fmt: skip
cases.alone("task 4 is done\nmain: has handed over", call="apply", tasks=4, step_ms=10)
cases.variant("order", call="map")
cases.variant("hands-over", call="executor.map")
cases.variant("at-most", call="apply", step_ms=15)
cases.variant("reused", call="apply_async", tasks_per_worker=2)


def pool(
    b: Build,
    tasks: Mapping[int, tuple[int, float, float]],
    results: tuple[int, ...] = (),
    *,
    back: float = 5,
    main_rows: str = "running 0 5, blocked:future 5 400",
    helpers: bool = True,
) -> None:
    """``tasks``: number to (process 0…, begin, done)."""
    main = b.process("program.py", 0, 400)
    if helpers:
        b.thread("Thread-3 (_handle_results)", 1, 399, parent=main)
    workers = [
        b.process(f"ForkPoolWorker-{n}", 1, 399, parent=main)
        for n in range(1 + max((worker for worker, *_ in tasks.values()), default=0))
    ]
    b.rows(main, main_rows)
    b.say(main, 1, "main: hands over")
    b.say(main, back, "main: has handed over")
    for number, (worker, begin, done) in tasks.items():
        b.say(workers[worker], begin, f"task {number} begins in ForkPoolWorker-{worker}")
        b.say(workers[worker], done, f"task {number} is done")
    for place, number in enumerate(results):
        b.say(main, 350 + place, f"main: result of task {number}")


#: The first task is long; tasks 2, 3 and 4 go by beside it.
BESIDE = {1: (0, 10, 200), 2: (1, 10, 100), 3: (1, 101, 150), 4: (1, 151, 190)}


@cases.holds("reused")
@cases.fails("reused", workers=1)
@cases.fails("reused", tasks_per_worker=2)
@cases.holds("reused", tasks_per_worker=3)
@cases.not_seen("reused", workers=4)
@cases.not_seen("reused", tasks_per_worker=4)
@cases.holds("at-most")
@cases.fails("at-most", workers=1)
@cases.fails("at-most", call="apply")
@cases.holds("hands-over")
@cases.fails("hands-over", call="map")
@cases.holds("order", call="map")
@cases.holds("helpers")
def in_order(b: Build) -> None:
    pool(b, BESIDE, (1, 2, 3, 4))


@cases.holds("order")
@cases.fails("order", call="map")
def as_they_come(b: Build) -> None:
    pool(b, BESIDE, (2, 3, 1, 4))  # whether 1 or 4 was sent first is not known


@cases.fails("order")
def held_back(b: Build) -> None:
    pool(b, BESIDE, (1, 2, 3, 4))


@cases.not_seen("order")
@cases.not_seen("order", call="map")
def nobody_overtook(b: Build) -> None:
    pool(b, {1: (0, 10, 100), 2: (0, 110, 200)}, (1, 2))


@cases.holds("at-most", call="apply")
@cases.not_seen("reused")
def one_by_one(b: Build) -> None:
    pool(b, {1: (0, 10, 100), 2: (1, 110, 200)}, (1, 2))


@cases.not_seen("at-most")
def one_only(b: Build) -> None:
    pool(b, {1: (0, 10, 100)}, (1,))


@cases.holds("hands-over", call="map")
@cases.fails("hands-over")
def back_late(b: Build) -> None:
    pool(b, BESIDE, (1, 2, 3, 4), back=300)


@cases.not_seen("hands-over")
def back_late_without_a_cpu(b: Build) -> None:
    pool(b, BESIDE, back=300, main_rows="running 0 5, ready 5 290, running 290 400")


@cases.fails("helpers")
def no_helpers(b: Build) -> None:
    pool(b, BESIDE, helpers=False)


@cases.not_seen("helpers")
@cases.not_seen("hands-over")
def no_task(b: Build) -> None:
    pool(b, {})
