from __future__ import annotations

from app.timeline.states import Cause
from tests.catalogue.build import Build, Cases

cases = Cases("daemon-thread")

# The logger may say a last word while the process ends.
cases.alone(r"worker: my code is over\n(logger: still here\n)?$")
cases.alone(r"logger: my code is over\n$", daemon=False, worker_seconds=0.6)
cases.variant("vanishes", daemon=False, logger_seconds=1)


def threads(
    b: Build,
    logger_end: float = 1510,
    cause: Cause = Cause.WITH_PROCESS,
    *,
    rows: str = "running 5 6, blocked:sleep 6 700, running 700 701, blocked:sleep 701 1510",
    worker_end: float = 1500,
    process_end: float = 1510,
) -> None:
    """Main's code ends at 500 ms."""
    main = b.process("program.py", 0, process_end)
    b.rows(b.thread("logger", 5, logger_end, parent=main, cause=cause, daemon=True), rows)
    worker = b.thread("worker", 5, worker_end, parent=main)
    if worker_end <= process_end:
        b.say(worker, worker_end - 1, "worker: my code is over")
    b.rows(main, "running 0 500, blocked:join 500 1500")
    b.say(main, 500, "main: my code is over")


@cases.holds("runs-on")
@cases.holds("vanishes")
@cases.holds("process-waits")
@cases.fails("vanishes", daemon=False)
def lives_with_the_process(b: Build) -> None:
    threads(b)


@cases.fails("runs-on")
@cases.fails("vanishes")
def ends_with_main(b: Build) -> None:
    threads(b, 501, rows="running 5 6, blocked:sleep 6 501")


@cases.fails("vanishes")
@cases.holds("vanishes", daemon=False)
def returned_at_last(b: Build) -> None:
    threads(b, 1509, Cause.RETURNED)


@cases.holds("vanishes", daemon=False)
def leaves_a_moment_after_its_code(b: Build) -> None:
    threads(b, 1512, Cause.RETURNED)
    (logger,) = b.timeline.named("logger")
    b.say(logger.id, 1509, "logger: my code is over")


@cases.fails("vanishes", daemon=False)
def process_does_not_wait_for_it(b: Build) -> None:
    threads(b, 1600, Cause.RETURNED)


@cases.not_seen("vanishes")
@cases.not_seen("runs-on")
def returned_first(b: Build) -> None:
    threads(b, 400, Cause.RETURNED, rows="running 5 400")


@cases.not_seen("process-waits")
@cases.not_seen("runs-on")
def worker_was_short(b: Build) -> None:
    threads(b, worker_end=300)


@cases.fails("process-waits")
def process_leaves_first(b: Build) -> None:
    threads(b, 800, process_end=800)
