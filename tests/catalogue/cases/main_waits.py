from __future__ import annotations

from app.timeline.model import Ending
from app.timeline.states import Cause
from tests.catalogue.build import Build, Cases

cases = Cases("main-waits")

cases.alone("main: my code is over\n(.*\n)*worker-2: my code is over", work_seconds=0.4)
cases.variant("status", ending="sys.exit", work_seconds=0.4)
cases.variant("status", ending="raises", work_seconds=0.4)
cases.variant("outlive", ending="os._exit")


def run(
    b: Build,
    *,
    worker_ends: float = 300,
    gone: float = 310,
    cause: Cause = Cause.RETURNED,
    told: bool = True,
    after: str = "blocked:join 100 300, running 300 310",
    code: int | None = 0,
) -> None:
    """Main's code is over at 100 ms."""
    main = b.process("program.py", 0, gone)
    worker = b.thread("worker-1", 10, worker_ends, parent=main, cause=cause)
    b.rows(main, f"running 0 100, {after}")
    b.rows(worker, f"running 10 20, blocked:sleep 20 {worker_ends}")
    b.say(main, 100, "main: my code is over")
    if told:
        b.say(worker, worker_ends - 0.1, "worker-1: my code is over")
    b.timeline.tracks[main].end = Ending(Cause.RETURNED, code=code)


@cases.holds("outlive")
@cases.fails("outlive", ending="os._exit")
@cases.holds("process-ends")
@cases.fails("process-ends", ending="os._exit")
@cases.holds("main-waits")
@cases.not_seen("main-waits", ending="os._exit")
@cases.holds("status")
@cases.fails("status", ending="sys.exit")
def process_waits(b: Build) -> None:
    run(b)


@cases.fails("outlive")
@cases.holds("outlive", ending="os._exit")
@cases.fails("process-ends")
@cases.holds("process-ends", ending="os._exit")
@cases.fails("main-waits")
def worker_is_gone_with_main(b: Build) -> None:
    run(
        b, worker_ends=105, gone=106, cause=Cause.WITH_PROCESS, told=False, after="running 100 106"
    )  # fmt: skip


@cases.fails("process-ends")
def process_is_gone_before_the_worker(b: Build) -> None:
    run(b, gone=200, after="blocked:join 100 200")


@cases.fails("main-waits")
def main_is_busy_waiting(b: Build) -> None:
    run(b, after="running 100 310")


@cases.holds("status", ending="raises")
@cases.fails("status")
def exits_with_one(b: Build) -> None:
    run(b, code=1)


@cases.not_seen("status")
def status_unknown(b: Build) -> None:
    run(b, code=None)


@cases.not_seen("outlive")
@cases.not_seen("process-ends")
@cases.not_seen("main-waits")
@cases.not_seen("status")
def worker_is_done_before(b: Build) -> None:
    run(b, worker_ends=50, after="running 100 110", gone=110)
