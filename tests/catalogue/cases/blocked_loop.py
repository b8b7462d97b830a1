from __future__ import annotations

from tests.catalogue.build import Build, Cases

cases = Cases("blocked-loop")

cases.alone(r"sleeper: good night\nsleeper: good morning(?s:.*)listener: got a m")
cases.alone(r"good night\nlistener: got(?s:.*)good morning", sleep="asyncio.sleep")
cases.alone(r"good night\nlistener: got(?s:.*)good morning", sleep="to_thread")
cases.variant("others", sleep="asyncio.sleep")
cases.variant("which-thread", sleep="to_thread")


def loop(
    b: Build,
    *,
    sleeper: str,
    ticker: str = "awaiting 0 500",
    listener: str = "awaiting 0 500",
    thread: str = "running 0 500",
    other: str = "running 0 1",
    found: bool = False,
) -> None:
    """The sleeper is asleep from 100 to 400 ms."""
    main = b.process("program.py", 0, 500)
    b.rows(main, thread)
    b.rows(b.thread("asyncio_0", 0, 500, parent=main), other)
    tracks = [b.task(name, 0, 500, parent=main) for name in ("sleeper", "ticker-1", "listener")]
    for track, rows in zip(tracks, (sleeper, ticker, listener), strict=True):
        b.rows(track, rows)
    b.say(tracks[0], 100, "sleeper: good night")
    b.say(tracks[0], 400, "sleeper: good morning")
    if found:
        b.finding("loop-blocked", 99, 401, task=tracks[0], line=35)


@cases.holds("others")
@cases.holds("ready")
@cases.holds("sleeper")
@cases.holds("which-thread")
@cases.fails("others", sleep="asyncio.sleep")
@cases.fails("ready", sleep="asyncio.sleep")
@cases.fails("sleeper", sleep="asyncio.sleep")
@cases.fails("which-thread", sleep="to_thread")
@cases.not_seen("others", sleep="asyncio.sleep", tick_ms=1000)
@cases.not_seen("which-thread", sleep="asyncio.sleep")
def blocked(b: Build) -> None:
    loop(
        b,
        sleeper="running 90 410",
        listener="awaiting 0 100, ready 100 405, running 410 411",
        thread="running 0 100, blocked:sleep 100 400, running 400 500",
        found=True,
    )


@cases.fails("others")
@cases.fails("ready")
@cases.fails("sleeper")
@cases.fails("which-thread")
@cases.holds("others", sleep="asyncio.sleep")
@cases.holds("ready", sleep="asyncio.sleep")
@cases.holds("sleeper", sleep="asyncio.sleep")
@cases.holds("which-thread", sleep="to_thread")
def free(b: Build) -> None:
    loop(
        b,
        sleeper="running 90 101, awaiting 101 400, running 400 410",
        ticker="awaiting 0 200, running 200 201, awaiting 201 300, running 300 301",
        listener="awaiting 0 100, ready 100 101, running 101 102, awaiting 102 500",
        other="running 0 100, blocked:sleep 100 400",
    )


@cases.not_seen("others")
@cases.not_seen("ready")
@cases.not_seen("sleeper")
@cases.not_seen("which-thread")
def never_slept(b: Build) -> None:
    b.task("sleeper", 0, 100, parent=b.process("program.py", 0, 100))
