from __future__ import annotations

from tests.catalogue.build import Build, Cases

cases = Cases("gevent")

cases.alone("all are spawned\nfetch 1 begins\nfetch 2 begins\n", seconds=0.05)
cases.alone("fetch 1 is done\nfetch 2 begins\n", patch=False, greenlets=2, seconds=0.05)
cases.variant("who-waits", patch=False, greenlets=3, seconds=0.1)
cases.variant("total", patch=False, wait="gevent.sleep", greenlets=3, seconds=0.1)


def fetches(
    b: Build,
    lives: tuple[tuple[float, float], ...],
    state: str,
    *,
    spawned: float = 5,
    main_rows: str = "running 0 10, blocked:poll 10 400",
    other_thread: bool = False,
) -> None:
    main = b.process("program.py", 0, 500)
    b.rows(main, main_rows)
    thread = b.thread("another", 0, 500, parent=main)
    b.say(main, spawned, "main: all are spawned")
    for number, (start, end) in enumerate(lives, 1):
        parent = thread if other_thread and number > 1 else main
        track = b.task(f"fetch #{number}", start, end + 1, parent=parent)
        b.rows(track, f"{state} {start} {end}")
        b.say(track, start, f"fetch {number} begins")
        b.say(track, end, f"fetch {number} is done")


SIDE_BY_SIDE = ((10, 110), (11, 211))
IN_TURN = ((10, 110), (111, 311))


@cases.holds("total")
@cases.fails("total", patch=False)
@cases.holds("total", patch=False, wait="gevent.sleep")
@cases.holds("who-waits")
@cases.fails("who-waits", patch=False)
@cases.holds("spawn")
@cases.holds("one-thread")
def together(b: Build) -> None:
    fetches(b, SIDE_BY_SIDE, "awaiting:sleep")


@cases.fails("total")
@cases.holds("total", patch=False)
@cases.fails("who-waits")
@cases.holds("who-waits", patch=False)
def one_by_one(b: Build) -> None:
    rows = "running 0 10, blocked:sleep 10 110, running 110 111, blocked:sleep 111 311"
    fetches(b, IN_TURN, "running", main_rows=rows)


@cases.fails("spawn")
def runs_at_once(b: Build) -> None:
    fetches(b, SIDE_BY_SIDE, "awaiting:sleep", spawned=20)


@cases.fails("one-thread")
def two_at_once(b: Build) -> None:
    fetches(b, SIDE_BY_SIDE, "running")


@cases.fails("one-thread")
def on_two_threads(b: Build) -> None:
    fetches(b, SIDE_BY_SIDE, "awaiting:sleep", other_thread=True)


@cases.not_seen("who-waits")
def nobody_waits(b: Build) -> None:
    fetches(b, IN_TURN, "running")


@cases.not_seen("total")
@cases.not_seen("spawn")
@cases.not_seen("one-thread")
def one_only(b: Build) -> None:
    fetches(b, SIDE_BY_SIDE[:1], "awaiting:sleep")
