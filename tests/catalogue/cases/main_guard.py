from __future__ import annotations

from app.timeline.model import Ending
from app.timeline.states import Cause
from tests.catalogue.build import Build, Cases

cases = Cases("main-guard")

cases.alone("exit code is 1", complaint="RuntimeError")
cases.alone("(?s)child: done.*exit code is 0", guard=True, work_ms=20)
cases.alone("(?s)child: done.*exit code is 0", method="fork", work_ms=20)
cases.variant("child", method="fork")
cases.variant("child", guard=True)
cases.variant("child", method="forkserver", guard=True)
cases.variant("grandchild", method="forkserver")


def family(
    b: Build,
    *,
    again: bool = True,
    calls: int = 1,
    works: bool = True,
    cause: Cause = Cause.RETURNED,
    code: int = 0,
    error: bool = False,
    grandchild: bool = False,
) -> None:
    main = b.process("program.py", 0, 200)
    child = b.process("child", 20, 150, parent=main, cause=cause)
    b.timeline.tracks[child].end = Ending(cause, code)
    b.say(main, 10, "process 1 reads this file, as __main__")
    b.say(main, 11, "main() of process 1 starts a child")
    if again:
        b.say(child, 50, "process 2 reads this file, as __mp_main__")
    if calls > 1:
        b.say(child, 51, "main() of process 2 starts a child")
    if works:
        b.say(child, 60, "child: at work")
    if error:
        b.say(child, 70, "RuntimeError: ")
    if grandchild:
        b.process("child", 70, 100, parent=child)


@cases.holds("read")
@cases.holds("main")
@cases.holds("child")
@cases.holds("grandchild")
@cases.fails("read", method="fork")
@cases.fails("main", guard=True)
@cases.fails("child", guard=True)
def refused(b: Build) -> None:
    family(b, calls=2, works=False, cause=Cause.RAISED, code=1, error=True)


@cases.holds("read", guard=True)
@cases.holds("main", guard=True)
@cases.holds("child", guard=True)
@cases.fails("main")
@cases.fails("child")
def guarded(b: Build) -> None:
    family(b)


@cases.holds("read", method="fork")
@cases.holds("child", method="fork")
@cases.fails("read", guard=True)
def forked(b: Build) -> None:
    family(b, again=False)


@cases.fails("grandchild")
def chain(b: Build) -> None:
    family(b, grandchild=True)


@cases.not_seen("child")
def end_unknown(b: Build) -> None:
    family(b, cause=Cause.UNKNOWN)


@cases.not_seen("read")
@cases.not_seen("main")
@cases.not_seen("grandchild")
def no_child(b: Build) -> None:
    main = b.process("program.py", 0, 200)
    b.say(main, 10, "process 1 reads this file, as __main__")
    b.say(main, 11, "main() of process 1 starts a child")
