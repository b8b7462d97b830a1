from __future__ import annotations

from tests.catalogue.build import Build, Cases

cases = Cases("gc")

cases.alone("collecting, in thread maker\n(.*\n)*maker: 200000 objects dropped")
cases.alone("maker: 20000 objects dropped, 20000 freed", garbage="plain", objects=20_000)
cases.alone(
    "collecting, in thread MainThread\nmain: 20000 freed", collect="by-main", objects=20_000
)
cases.variant("who", collect="by-main")
cases.variant("when", garbage="plain")
cases.variant("when", collect="off")


def threads(
    b: Build, collecting: list[str], *, extra: str = "", freed: tuple[int, int] | None = None
) -> None:
    """The rows that say they collect; of 200 000 objects so many ``freed`` before and after."""
    main = b.process("program.py", 0, 100, pid=1000)
    tracks = {"program.py": main}
    for name in filter(None, ("maker", "other", extra)):
        tracks[name] = b.thread(name, 10, 90, parent=main, pid=1000)
        b.rows(tracks[name], "running 10 90")
    for at, name in enumerate(collecting, 20):
        b.say(tracks[name], at, f"collecting, in thread {name}")
    if freed:
        b.say(tracks["maker"], 80, f"maker: 200000 objects dropped, {freed[0]} freed")
        b.say(main, 85, f"main: {freed[1]} freed")


@cases.holds("who")
@cases.fails("who", collect="by-main")
@cases.holds("no-thread")
@cases.holds("when")
@cases.not_seen("when", threshold=150_000)
@cases.fails("when", garbage="plain")
@cases.fails("when", collect="off")
@cases.fails("when", collect="by-main")
def maker_collects(b: Build) -> None:
    threads(b, ["maker", "maker"], freed=(199_000, 199_000))


@cases.fails("who")
@cases.fails("no-thread")
def thread_of_its_own_collects(b: Build) -> None:
    threads(b, ["collector"], extra="collector")


@cases.holds("who", collect="by-main")
@cases.fails("who")
@cases.holds("when", collect="by-main")
@cases.fails("when")
def main_collects(b: Build) -> None:
    threads(b, ["program.py"], freed=(0, 200_000))


@cases.not_seen("who")
@cases.not_seen("no-thread")
@cases.holds("no-thread", collect="off")
@cases.holds("when", garbage="plain")
def nothing_is_collected(b: Build) -> None:
    threads(b, [], freed=(200_000, 200_000))


@cases.holds("when", collect="off")
def all_stay(b: Build) -> None:
    threads(b, [], freed=(0, 0))


@cases.not_seen("when")
def no_count(b: Build) -> None:
    threads(b, ["maker"])
