from __future__ import annotations

from tests.catalogue.build import Build, Cases

cases = Cases("singleton")

ONE = "24 times Settings\\(\\) was called, 1 different"
cases.alone(ONE)
cases.alone("24 times Settings\\(\\) was called, 4 different", guard="none")
cases.alone(ONE, guard="double-checked")
cases.variant("count", guard="none")
cases.variant("later", guard="double-checked", ask_again=50)


def askers(b: Build, one: str, two: str, objects: int = 1) -> tuple[int, int]:
    """Two threads whose rows are these, and the printed count."""
    main = b.process("program.py", 0, 200)
    found = b.thread("asker-1", 0, 190, parent=main), b.thread("asker-2", 0, 190, parent=main)
    for track, rows in zip(found, (one, two), strict=True):
        b.rows(track, rows)
    b.say(main, 199, f"12 times Settings() was called, {objects} different objects came of it")
    return found


MAKES = "running 0 2, blocked:sleep 2 102, running 102 104"
AWAY = "running 0 2, blocked:barrier 2 103, running 103 104"


@cases.holds("count", guard="none")
@cases.fails("count")
@cases.fails("count", guard="double-checked")
@cases.holds("makers", guard="none")
@cases.fails("makers")
@cases.not_seen("waits", guard="none")
def both_make_one(b: Build) -> None:
    askers(b, MAKES, MAKES, objects=2)


@cases.fails("count", guard="none")
def both_make_the_same(b: Build) -> None:
    askers(b, MAKES, MAKES)


@cases.holds("count")
@cases.holds("makers")
@cases.not_seen("count", guard="none")
@cases.fails("makers", guard="none")
@cases.not_seen("makers", guard="none", scheduler="procfs")
@cases.not_seen("waits")
@cases.holds("later", guard="double-checked")
@cases.not_seen("later", guard="double-checked", ask_again=0)
@cases.not_seen("later")
def one_makes_it(b: Build) -> None:
    askers(b, MAKES, AWAY)


@cases.not_seen("count")
@cases.not_seen("makers")
def nothing_told(b: Build) -> None:
    b.thread("asker-1", 0, 10, parent=b.process("program.py", 0, 20))


def waiting(b: Build, for_maker: bool, again: str = "") -> None:
    one, two = askers(b, MAKES, "running 0 1")
    mutex = b.thing("mutex")
    holder = one if for_maker else two
    b.rows(two, "blocked:lock 1 103, running 103 104", thing=mutex, holder=holder)
    if again:
        b.rows(two, again, thing=mutex, holder=one)


@cases.holds("waits")
@cases.holds("later", guard="double-checked")
def waits_for_the_maker(b: Build) -> None:
    waiting(b, for_maker=True)


@cases.fails("waits")
def waits_for_itself(b: Build) -> None:
    waiting(b, for_maker=False)


@cases.fails("later", guard="double-checked")
def waits_again(b: Build) -> None:
    waiting(b, for_maker=True, again="blocked:lock 110 111")
