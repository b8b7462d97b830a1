from __future__ import annotations

from tests.catalogue.build import Build, Cases

cases = Cases("many")

cases.alone(
    "(?s)2 processes: started .*5 threads: started .*10 coroutines: started ",
    coroutines=10, threads=5, processes=2, ms=100,
)  # fmt: skip
cases.variant("together", coroutines=500, threads=20, processes=4, ms=150)
cases.variant("one-thread", coroutines=10000, threads=200, processes=40)


def batches(
    b: Build,
    steps: tuple[float, float, float] = (0.01, 0.1, 1),
    *,
    memory: tuple[float, ...] = (1.5, 20, 1400),
    waits: float = 200,
    main_rows: str = "running 0 110, blocked:poll 110 400",
    apart: float = 0,
    coroutines: int = 120,
) -> None:
    """Ten processes from 0 ms on, ten threads from 50, coroutines from 90; ``steps`` apart."""
    main = b.process("program.py", 0, 5000)
    b.rows(main, main_rows)
    plan = (
        ("processes", b.process, "process-{}", 0, 10, steps[2], "blocked:sleep"),
        ("threads", b.thread, "thread-{}", 50, 10, steps[1], "blocked:sleep"),
        ("coroutines", b.task, "wait_in_a_coroutine", 90, coroutines, steps[0], "awaiting:sleep"),
    )
    for name, new, title, first, count, step, state in plan:
        for n in range(count):
            start = first + n * step + n * apart
            track = new(title.format(n), start, start + waits + 1, parent=main)
            if waits:
                b.rows(track, f"{state} {start} {start + waits}")
        if memory:
            kib = dict(zip(("coroutines", "threads", "processes"), memory, strict=True))[name]
            b.say(main, first + 20, f"{count} {name}: started in 1.0 ms, {kib} KiB each")


@cases.holds("start")
@cases.not_seen("start", scheduler="procfs")
@cases.holds("memory")
@cases.not_seen("memory", coroutines=100)
@cases.holds("together")
@cases.holds("one-thread")
def as_expected(b: Build) -> None:
    batches(b)


@cases.fails("start")
@cases.fails("memory")
def threads_are_dearest(b: Build) -> None:
    batches(b, (0.01, 3, 1), memory=(1.5, 2000, 1400))


@cases.not_seen("start")
@cases.not_seen("memory")
def near_each_other(b: Build) -> None:
    batches(b, (0.1, 0.11, 1), memory=(20, 20.5, 1400))


@cases.fails("together")
def one_after_the_other(b: Build) -> None:
    batches(b, waits=20, apart=20)


@cases.fails("one-thread")
def stops_for_each(b: Build) -> None:
    rows = ", ".join(f"running {ms} {ms + 0.5}, blocked:sleep {ms + 0.5} {ms + 1}"
                     for ms in range(90, 260))  # fmt: skip
    batches(b, main_rows=rows)


@cases.not_seen("one-thread")
def few_coroutines(b: Build) -> None:
    batches(b, coroutines=20)


@cases.not_seen("together")
@cases.not_seen("memory")
def nothing_seen(b: Build) -> None:
    batches(b, waits=0, memory=())
