from __future__ import annotations

from tests.catalogue.build import Build, Cases

cases = Cases("file-channel")

cases.alone("(?s)buyer-.*in the end the file says . left, of 5")
cases.alone("in the end the file says 0 left, of 5", lock="lock")
cases.alone("in the end the file says 0 left, of 2", lock="file", tickets=2, buyers=4)
cases.variant("sections", lock="lock")
cases.variant("sold", lock="file")
cases.variant("file", tickets=8)


def shop(b: Build, sections: list[tuple[float, float]], left: int | None = 0) -> list[int]:
    """Each section: a buyer that reads and then writes; ``left`` is what the file says then."""
    main = b.process("program.py", 0, 200)
    buyers = []
    for n, (read, wrote) in enumerate(sections, 1):
        buyer = b.process(f"buyer-{n}", 0, 190, parent=main)
        b.say(buyer, read, f"buyer-{n} reads: 2 left")
        b.say(buyer, wrote, f"buyer-{n} buys, and writes: 1 left")
        buyers.append(buyer)
    if left is not None:
        b.say(main, 195, f"in the end the file says {left} left, of 2")
    return buyers


TWO = {"tickets": 2, "buyers": 3}


@cases.holds("sold", lock="lock", **TWO)
@cases.holds("file", lock="lock", **TWO)
@cases.holds("sections", lock="file", **TWO)
@cases.not_seen("sold", **TWO)
@cases.not_seen("file", **TWO)
@cases.not_seen("sections", **TWO)
def one_after_the_other(b: Build) -> None:
    shop(b, [(10, 20), (30, 40)])


@cases.holds("sold", **TWO)
@cases.holds("file", **TWO)
@cases.holds("sections", **TWO)
@cases.fails("sold", lock="lock", **TWO)
@cases.fails("file", lock="file", **TWO)
@cases.fails("sections", lock="lock", **TWO)
@cases.not_seen("sold", tickets=2, buyers=2)
@cases.holds("waits", **TWO)
@cases.not_seen("waits", scheduler="procfs", **TWO)
def all_at_once(b: Build) -> None:
    shop(b, [(10, 20), (11, 21), (12, 22)], left=1)


@cases.fails("sold", **TWO)
@cases.fails("file", **TWO)
def nothing_lost_though_they_met(b: Build) -> None:
    shop(b, [(10, 30), (20, 40)])


@cases.not_seen("sold")
@cases.not_seen("file")
def never_ends(b: Build) -> None:
    shop(b, [(10, 20), (11, 21)], left=None)


@cases.not_seen("sections", lock="lock")
def one_buyer(b: Build) -> None:
    shop(b, [(10, 20)])


def queue_up(b: Build, reason: str, stranger: bool) -> None:
    one, two = shop(b, [(10, 20), (30, 40)])
    b.rows(one, "running 0 50")
    b.rows(two, f"running 0 10, blocked:{reason} 10 25", holder=two if stranger else one)


@cases.holds("waits", lock="lock")
@cases.not_seen("waits", lock="file")
def waits_for_the_other(b: Build) -> None:
    queue_up(b, "lock", stranger=False)


@cases.holds("waits", lock="file")
def waits_for_the_other_by_the_file(b: Build) -> None:
    queue_up(b, "file", stranger=False)


@cases.fails("waits", lock="lock")
def waits_for_itself(b: Build) -> None:
    queue_up(b, "lock", stranger=True)


@cases.fails("waits")
def blocked_though_there_is_no_lock(b: Build) -> None:
    one, two = shop(b, [(10, 20), (10, 40)])
    b.rows(one, "running 0 50")
    b.rows(two, "running 0 10, blocked:lock 10 25, running 25 50")
