from __future__ import annotations

from app.timeline.model import Ending
from app.timeline.states import Cause
from tests.catalogue.build import Build, Cases

cases = Cases("thread-no-kill")

cases.alone("worker: I was asked to stop, after round", pause=0.1)
cases.alone("worker: I was asked to stop, after round", how="wait", pause=0.5)
cases.alone("worker: all rounds are done", how="nothing", rounds=3, pause=0.1, patience=0.1)
cases.variant("join", how="wait", pause=0.6)
cases.variant("own-code", how="exception", pause=0.3)
cases.variant("own-code", how="nothing", rounds=3, patience=0.2)


def run(
    b: Build,
    rest: str = "blocked:sleep 300 550",
    *,
    methods: str = "none",
    alive: bool = True,
    joined: float = 400,
    end: float = 560,
    last: str = "I was asked to stop, after round 2",
    ending: Ending | None = None,
) -> None:
    """Main asks at 401 ms; the worker's second ``rest`` is over before its end."""
    main = b.process("program.py", 0, 700)
    worker = b.thread("worker", 0, end, parent=main)
    b.rows(main, f"running 0 1, blocked:join 1 {1 + joined}, running {1 + joined} 700")
    b.rows(worker, f"running 0 20, blocked:sleep 20 270, running 270 280, {rest}")
    b.say(main, 1, f"methods to end a thread: {methods}")
    b.say(main, 401, f"main: join() came back, alive: {alive}")
    if last:
        b.say(worker, end - 1, f"worker: {last}")
    if ending:
        b.timeline.tracks[worker].end = ending


@cases.holds("no-method")
@cases.holds("join")
@cases.holds("own-code")
@cases.holds("asleep")
@cases.fails("asleep", how="wait")
@cases.fails("own-code", how="nothing")
@cases.not_seen("asleep", how="nothing")
def ends_after_its_rest(b: Build) -> None:
    run(b)


@cases.fails("no-method")
def has_a_method(b: Build) -> None:
    run(b, methods="terminate")


@cases.fails("join")
def join_comes_back_at_once(b: Build) -> None:
    run(b, joined=100)


@cases.not_seen("join")
@cases.not_seen("own-code")
def done_before(b: Build) -> None:
    run(b, "running 280 300", alive=False, end=300, last="all rounds are done")


@cases.fails("own-code")
def vanishes(b: Build) -> None:
    run(b, last="", ending=Ending(Cause.WITH_PROCESS))


@cases.not_seen("own-code")
@cases.holds("own-code", how="nothing")
def runs_to_its_end(b: Build) -> None:
    run(b, last="all rounds are done")


@cases.fails("own-code", how="nothing")
@cases.holds("own-code", how="exception")
def raises(b: Build) -> None:
    run(b, last="", ending=Ending(Cause.RAISED, exception="SystemExit"))


@cases.fails("own-code", how="exception")
@cases.fails("asleep")
@cases.holds("asleep", how="wait")
def rest_is_cut_short(b: Build) -> None:
    run(b, "blocked:event 300 405", end=410)


@cases.not_seen("asleep")
@cases.not_seen("asleep", how="wait")
def computes_when_asked(b: Build) -> None:
    run(b, "running 280 450, blocked:sleep 450 550")


@cases.not_seen("asleep", how="wait")
def rest_is_nearly_over(b: Build) -> None:
    run(b, "blocked:event 160 410", end=420)


@cases.not_seen("no-method")
def nothing_told(b: Build) -> None:
    b.thread("worker", 0, 10, parent=b.process("program.py", 0, 20))
