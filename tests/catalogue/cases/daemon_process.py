from __future__ import annotations

from app.timeline.states import Cause
from tests.catalogue.build import Build, Cases

cases = Cases("daemon-process")

cases.alone(r"main: my code is over\n(?s:.*)worker: my code is over\n$")
cases.alone("logger: my code is over", daemon=False, logger_seconds=1)
cases.alone("(?s)main: my code is over.*helper: my code is over.*worker", thread_seconds=1)
cases.variant("logger-end", daemon=False, logger_seconds=1)
cases.variant("thread-keeps", thread_seconds=1.2)
cases.variant("logger-end", thread_seconds=1.1)


def family(
    b: Build,
    logger_end: float,
    cause: Cause,
    *,
    worker_end: float = 200,
    main_end: float = 210,
    signal: str | None = None,
) -> None:
    """Main's code ends at 60 ms."""
    main = b.process("program.py", 0, main_end)
    b.process("logger", 5, logger_end, parent=main, cause=cause, signal=signal, daemon=True)
    b.process("worker", 5, worker_end, parent=main)
    b.rows(main, f"running 0 60, blocked:join 60 {max(61, worker_end)}")
    b.say(main, 60, "main: my code is over")


@cases.holds("logger-end")
@cases.holds("main-waits")
def ended_by_main(b: Build) -> None:
    family(b, 62, Cause.DAEMON, signal="SIGTERM")


@cases.holds("logger-end")
def ended_by_sigterm(b: Build) -> None:
    family(b, 62, Cause.SIGNAL, signal="SIGTERM")


@cases.fails("logger-end")
def killed(b: Build) -> None:
    family(b, 62, Cause.SIGNAL, signal="SIGKILL")


@cases.fails("logger-end")
def ended_with_its_sibling(b: Build) -> None:
    family(b, 199, Cause.DAEMON, signal="SIGTERM")


@cases.fails("logger-end")
@cases.holds("logger-end", daemon=False)
def returned_after_main(b: Build) -> None:
    family(b, 150, Cause.RETURNED)


@cases.fails("logger-end", daemon=False)
def terminated_though_no_daemon(b: Build) -> None:
    family(b, 62, Cause.SIGNAL, signal="SIGTERM")


@cases.not_seen("logger-end")
def logger_was_short(b: Build) -> None:
    family(b, 40, Cause.RETURNED)


@cases.not_seen("logger-end")
@cases.not_seen("main-waits")
def worker_was_short(b: Build) -> None:
    family(b, 62, Cause.DAEMON, worker_end=50)


THREAD = {"thread_seconds": 0.1}


def with_thread(b: Build, logger_end: float, cause: Cause, thread_end: float = 100) -> None:
    """Main's code ends at 60 ms."""
    family(b, logger_end, cause, signal="SIGTERM" if cause is Cause.DAEMON else None)
    b.say(b.thread("helper", 5, thread_end, parent=1), thread_end, "helper: my code is over")


@cases.holds("thread-keeps", **THREAD)
@cases.holds("logger-end", **THREAD)
@cases.not_seen("thread-keeps")
@cases.not_seen("thread-keeps", daemon=False, **THREAD)
def daemon_lives_as_long_as_the_thread(b: Build) -> None:
    with_thread(b, 102, Cause.DAEMON)


@cases.fails("thread-keeps", **THREAD)
@cases.fails("logger-end", **THREAD)
def daemon_ends_before_the_thread(b: Build) -> None:
    with_thread(b, 62, Cause.DAEMON)


@cases.not_seen("thread-keeps", **THREAD)
def logger_is_done_before_the_thread(b: Build) -> None:
    with_thread(b, 80, Cause.RETURNED)


@cases.not_seen("thread-keeps", **THREAD)
def thread_is_done_before_main(b: Build) -> None:
    with_thread(b, 62, Cause.DAEMON, thread_end=40)


@cases.fails("main-waits")
def main_leaves_first(b: Build) -> None:
    family(b, 62, Cause.DAEMON, main_end=100)
