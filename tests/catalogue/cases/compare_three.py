from __future__ import annotations

from tests.catalogue.build import Build, Cases

cases = Cases("compare-three")

cases.alone(
    r"(?s)process .* 0 of 4\n.*thread .* 4 of 4\n.*coroutine .* 100 of 100\n",
    workers=4, coroutines=100, ms=50, switches=50, turns=200_000,
)  # fmt: skip
cases.variant("isolation", workers=4, coroutines=100, ms=100, switches=50, turns=2_000_000)
cases.variant("waiting")
cases.variant("start", workers=20, coroutines=1000)

FREE = "CPython 3.13 free-threading"


def switching(first: float, count: int, state: str = "blocked:pipe") -> str:
    """``count`` times 0.1 ms of running, then as long in ``state``."""
    steps = (first + 0.2 * n for n in range(count))
    return ", ".join(
        f"running {t:.1f} {t + 0.1:.1f}, {state} {t + 0.1:.1f} {t + 0.2:.1f}" for t in steps
    )


def three(
    b: Build,
    *,
    steps: tuple[float, float, float] = (0.01, 0.1, 1),
    memory: tuple[float, float, float] = (2, 20, 1400),
    changes: tuple[int, int, int] = (10, 10, 0),
    stops: tuple[int, int, int] = (0, 200, 200),
    waits: float = 100,
    apart: float = 0,
    computing: tuple[str, str, str] = ("coroutine", "turns", "once"),
    table: bool = True,
    cpu: int = 1,
) -> None:
    """In the order coroutine, thread, process: each kind takes 1000 ms, its coroutines too."""
    main = b.process("program.py", 0, 5000)
    pid = b.timeline.tracks[main].pid
    rows = [f"running {at} {at + 30}" for at in (0, 1000, 2000)]
    rows.insert(1, switching(500, stops[0])) if stops[0] else None
    b.rows(main, ", ".join(rows))
    make = {"coroutine": b.task, "thread": b.thread, "process": b.process}
    for n, (kind, new) in enumerate(make.items()):
        begin = 1000 * n
        own = {} if kind == "process" else {"pid": pid}
        for k in range(10):
            at = begin + steps[n] * k + apart * k
            track = new(f"{kind}-waits-{k + 1}", at, at + waits + 1, parent=main, **own)
            if waits:
                state = "awaiting:sleep" if kind == "coroutine" else "blocked:sleep"
                b.rows(track, f"{state} {at} {at + waits}")
        for k in range(2):
            track = new(f"{kind}-plays-{k + 1}", begin + 500, begin + 600, parent=main, **own)
            state = "ready" if kind == "coroutine" else "blocked:queue"
            count = 200 if kind == "coroutine" else stops[n]
            if count:
                b.rows(track, switching(begin + 500, count, state))
        for k in range(2):
            track = new(f"{kind}-computes-{k + 1}", begin + 700, begin + 800, parent=main, **own)
            at = begin + 700 + (0 if computing[n] == "once" else 30 * k)
            if computing[n]:
                b.rows(track, f"running {at} {at + 30}", cpu=k * cpu)
        if table:
            kib, seen = memory[n], changes[n]
            b.say(
                main,
                begin + 900,
                f"{kind:9} waits - one more: 1.0 us, {kib} KiB; in all: 9 ms; {seen} of 10",
            )


@cases.holds("start")
@cases.not_seen("start", scheduler="procfs")
@cases.holds("switch")
@cases.not_seen("switch", scheduler="procfs")
@cases.holds("memory")
@cases.holds("computing")
@cases.not_seen("computing", scheduler="procfs")
@cases.fails("computing", python=FREE)
@cases.holds("waiting")
@cases.holds("isolation")
def as_expected(b: Build) -> None:
    three(b)


@cases.holds("computing", python=FREE)
@cases.fails("computing")
@cases.fails("start")
@cases.fails("switch")
@cases.fails("memory")
@cases.fails("isolation")
def threads_as_processes(b: Build) -> None:
    three(
        b,
        steps=(0.01, 2, 1),
        memory=(2, 1500, 1400),
        changes=(10, 0, 0),
        stops=(0, 5, 200),
        computing=("coroutine", "once", "once"),
    )


@cases.fails("isolation")
@cases.fails("switch")
@cases.fails("computing")
def coroutines_that_the_kernel_switches(b: Build) -> None:
    three(b, changes=(10, 10, 10), stops=(100, 200, 200), computing=("once", "turns", "once"))


@cases.not_seen("start")
@cases.not_seen("memory")
@cases.not_seen("computing")
def too_near_to_tell(b: Build) -> None:
    three(b, steps=(0.1, 0.11, 1), memory=(20, 21, 1400), computing=("x", "turns", "turns"), cpu=0)


@cases.fails("waiting")
def one_after_the_other(b: Build) -> None:
    three(b, waits=20, apart=21)


@cases.not_seen("memory")
@cases.not_seen("isolation")
@cases.not_seen("waiting")
@cases.not_seen("computing")
def nothing_seen(b: Build) -> None:
    three(b, waits=0, computing=("", "", ""), table=False)


@cases.fails("computing")
def processes_take_turns(b: Build) -> None:
    three(b, computing=("coroutine", "turns", "turns"))
