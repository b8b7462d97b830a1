from __future__ import annotations

from tests.catalogue.build import Build, Cases

cases = Cases("data-isolation")

cases.alone("(?s)main after the process: counter 10.*main after the thread: counter 11")
cases.alone("process at first: counter 0", method="spawn", megabytes=1)
cases.alone("4 MiB are shared|5 MiB are shared|[6-9] MiB are shared", megabytes=4, written=100)
cases.variant("start", method="spawn")
cases.variant("start", method="forkserver")
cases.variant("pages", written=100, megabytes=64)


def story(
    b: Build,
    *,
    found: str = "10, names [1]",
    after_process: str = "10, names [1]",
    after_thread: str = "11, names [1, 3]",
    pages: tuple[int, int] | None = (34, 18),
    changes: bool = True,
    own_pids: bool = True,
) -> None:
    main = b.process("program.py", 0, 200, pid=7)
    process = b.process("process", 10, 50, parent=main, pid=8 if own_pids else 7)
    thread = b.thread("thread", 60, 80, parent=main, pid=7 if own_pids else 9)
    b.say(main, 5, "main at first: counter 10, names [1]")
    b.say(process, 20, f"process at first: counter {found}")
    if changes:
        b.say(process, 21, "process at last: counter 11, names [1, 2]")
    if pages:
        b.say(process, 40, f"process: {pages[0]} MiB are shared, after writing {pages[1]} MiB")
    b.say(main, 55, f"main after the process: counter {after_process}")
    b.say(thread, 61, "thread at first: counter 10, names [1]")
    if changes:
        b.say(thread, 62, "thread at last: counter 11, names [1, 3]")
    b.say(main, 90, f"main after the thread: counter {after_thread}")


@cases.holds("process")
@cases.holds("thread")
@cases.holds("start")
@cases.holds("pages")
@cases.fails("start", method="spawn")
@cases.not_seen("pages", method="spawn")
@cases.not_seen("pages", written=5)
@cases.fails("pages", written=100)
def as_expected(b: Build) -> None:
    story(b)


@cases.fails("process")
def change_comes_back(b: Build) -> None:
    story(b, after_process="11, names [1, 2]")


@cases.fails("thread")
def change_is_lost(b: Build) -> None:
    story(b, after_thread="10, names [1]")


@cases.fails("process")
@cases.fails("thread")
def pids_the_other_way_round(b: Build) -> None:
    story(b, own_pids=False)


@cases.holds("start", method="spawn")
@cases.fails("start")
def begins_anew(b: Build) -> None:
    story(b, found="0, names []")


@cases.fails("pages")
def nothing_shared(b: Build) -> None:
    story(b, pages=(1, 1))


@cases.fails("pages")
def all_stays_shared(b: Build) -> None:
    story(b, pages=(34, 34))


@cases.not_seen("process")
@cases.not_seen("thread")
@cases.not_seen("pages")
def nothing_changed(b: Build) -> None:
    story(b, changes=False, pages=None)


@cases.not_seen("start")
def says_nothing(b: Build) -> None:
    b.process("process", 10, 50, parent=b.process("program.py", 0, 100))
