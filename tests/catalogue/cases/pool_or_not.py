from __future__ import annotations

from tests.catalogue.build import Build, Cases

cases = Cases("pool-or-not")

cases.alone("(?s)new ones: 24 tasks took .*a pool: 24 tasks took ")
cases.alone("a pool: 8 tasks took ", workers_are="threads", work="wait", tasks=8)
cases.variant("sooner", workers_are="threads", work="wait", task_ms=30)
cases.variant("starts", workers_are="threads")
cases.variant("at-once", work="wait", task_ms=60)
FREE = "CPython 3.13.5 free-threading"


def two_ways(
    b: Build,
    new: float = 60,
    pool: float = 40,
    *,
    at_once: int = 4,
    new_workers: int = 8,
    pool_workers: int = 2,
    start_ms: float = 1,
    start_cost: float = 5,
    ready: float = 0,
    cpu: int = 0,
    whole: bool = True,
) -> None:
    """Eight tasks by new processes within ``new`` ms, then by a pool of two within ``pool`` ms."""
    main = b.process("program.py", 0, new + pool + 20)
    b.say(main, 1, "new ones: begin")
    b.rows(main, f"running 0 {start_cost}")
    if ready:
        b.rows(main, f"ready {start_cost} {start_cost + ready}")
    workers = []
    for n in range(new_workers):
        workers.append(b.process(f"new-{n + 1}", 1 + n * start_ms, new, parent=main))
    for n in range(8):
        begin = new - 12 if n < at_once else new - 6
        end = new - 7 if n < at_once else new - 2
        worker = workers[n % new_workers]
        b.rows(worker, f"running {begin} {end}", cpu=n % 2 if cpu else 0)
        b.say(worker, begin, f"task {n + 1} begins")
        b.say(worker, end, f"task {n + 1} is done")
    b.say(main, new + 1, "new ones: 8 tasks took 0.1 s")
    b.say(main, new + 2, "a pool: begin")
    pooled = [
        b.process(f"ForkProcess-{n}", new + 3, new + pool, parent=main) for n in range(pool_workers)
    ]
    for n in range(8):
        begin = new + 5 + (n // pool_workers) * 6
        worker = pooled[n % pool_workers]
        b.rows(worker, f"running {begin} {begin + 5}")
        b.say(worker, begin, f"task {n + 9} begins")
        b.say(worker, begin + 5, f"task {n + 9} is done")
    if whole:
        b.say(main, new + 2 + pool, "a pool: 8 tasks took 0.05 s")


@cases.holds("starts", tasks=8)
@cases.not_seen("starts", tasks=8, pool=8)
@cases.holds("at-once", tasks=8)
@cases.holds("cost", tasks=8)
@cases.not_seen("cost", tasks=8, workers_are="threads")
@cases.not_seen("cost", tasks=8, scheduler="procfs")
@cases.not_seen("cost", tasks=8, pool=3)
@cases.holds("sooner", tasks=8)
@cases.not_seen("sooner", tasks=8, pool=3)
@cases.fails("sooner", tasks=8, work="wait")
@cases.holds("sooner", tasks=8, workers_are="threads")
@cases.not_seen("sooner", tasks=8, workers_are="threads", python=FREE)
def pool_is_better(b: Build) -> None:
    two_ways(b)


@cases.fails("starts", tasks=8)
def one_new_worker_for_two(b: Build) -> None:
    two_ways(b, new_workers=4)


@cases.fails("starts", tasks=8)
@cases.fails("at-once", tasks=8)
def pool_starts_more(b: Build) -> None:
    two_ways(b, pool_workers=4)


@cases.not_seen("at-once", tasks=8, pool=6)
def never_met(b: Build) -> None:
    two_ways(b)


@cases.fails("cost", tasks=8)
def starts_for_nothing(b: Build) -> None:
    two_ways(b, start_cost=0)
    main = b.timeline.root()
    b.rows(main.id, "running 70 90")


@cases.fails("sooner", tasks=8)
@cases.holds("sooner", tasks=8, work="wait")
def new_ones_are_sooner(b: Build) -> None:
    two_ways(b, new=25, pool=60)


@cases.fails("sooner", tasks=8, workers_are="threads")
def threads_speed_up(b: Build) -> None:
    two_ways(b, new=25, pool=80)


@cases.not_seen("sooner", tasks=8, pool=1)
def more_cpus_than_workers(b: Build) -> None:
    two_ways(b, new=25, pool=60, pool_workers=1, cpu=1)


@cases.not_seen("sooner", tasks=8)
def busy_machine(b: Build) -> None:
    two_ways(b, new=25, pool=60, ready=15)


@cases.not_seen("sooner", tasks=8, work="wait")
def starts_take_it_all(b: Build) -> None:
    two_ways(b, new=70, pool=60, start_ms=6)


@cases.not_seen("starts", tasks=8)
@cases.not_seen("cost", tasks=8)
@cases.not_seen("at-once", tasks=8)
def cut_off(b: Build) -> None:
    two_ways(b, whole=False)
