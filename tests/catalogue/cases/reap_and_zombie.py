from __future__ import annotations

from tests.catalogue.build import Build, Cases

cases = Cases("reap-and-zombie")

cases.alone(r"(?s)my work is done\nmain: joined, exit code 0\n$")
cases.alone(r"^child: .*\nmain: joined, exit c", join="soon", orphan=False)
cases.alone("main: my work is done", join="never", parent_seconds=0.4)
cases.variant("zombie", join="soon", parent_seconds=0.6)
cases.variant("zombie", join="never", parent_seconds=0.6)
cases.variant("zombie", method="forkserver", parent_seconds=2.5)
cases.variant("orphan", method="forkserver", join="never")
cases.variant("orphan", method="spawn")


def family(b: Build, rows: str, end: float, work: tuple[float, float] = (10, 100)) -> None:
    """A child with these rows, and a parent that works during ``work``."""
    main = b.process("program.py", 0, 150)
    b.rows(b.process("child", 0, end, parent=main), rows)
    b.say(main, work[0], "main: working")
    b.say(main, work[1], "main: my work is done")


@cases.holds("zombie", join="late")
@cases.holds("zombie", join="never")
@cases.holds("costs-nothing")
@cases.fails("zombie", join="soon")
def zombie_to_the_join(b: Build) -> None:
    family(b, "running 0 30, zombie 30 101", 101)


@cases.holds("zombie", join="soon")
def reaped_at_once(b: Build) -> None:
    family(b, "running 0 30, zombie 30 31", 31, work=(32, 120))


@cases.fails("zombie", join="late")
def reaped_in_mid_work(b: Build) -> None:
    family(b, "running 0 30, zombie 30 50", 50)


@cases.fails("zombie", join="late")
@cases.not_seen("costs-nothing")
def never_a_zombie(b: Build) -> None:
    family(b, "running 0 30", 30)


@cases.not_seen("zombie", join="late")
def child_lives_longer(b: Build) -> None:
    family(b, "running 0 120, zombie 120 121", 121)


@cases.fails("costs-nothing")
def walking_dead(b: Build) -> None:
    family(b, "running 0 30, zombie 30 40, running 40 50, zombie 50 101", 101)


def served(b: Build, rows: str, end: float, server_rows: str) -> None:
    """As ``family``, of a fork server."""
    main = b.process("program.py", 0, 150)
    server = b.process("forkserver", 0, 149, parent=main)
    b.rows(server, server_rows)
    b.rows(b.process("child", 0, end, parent=server), rows)
    b.say(main, 10, "main: working")
    b.say(main, 100, "main: my work is done")


@cases.holds("zombie", method="forkserver")
@cases.holds("zombie", method="forkserver", join="soon")
@cases.holds("costs-nothing", method="forkserver")
def reaped_by_the_server(b: Build) -> None:
    served(b, "running 0 30, zombie 30 35", 35, "blocked 0 30, ready 30 34, running 34 36")


@cases.holds("zombie", method="forkserver")
@cases.not_seen("costs-nothing", method="forkserver")
def reaped_by_the_server_at_once(b: Build) -> None:
    served(b, "running 0 30", 30, "blocked 0 149")


@cases.fails("zombie", method="forkserver")
def not_reaped_by_the_server(b: Build) -> None:
    served(b, "running 0 30, zombie 30 101", 101, "blocked 0 40, running 40 50, blocked 50 149")


@cases.not_seen("zombie", method="forkserver")
def server_without_a_cpu(b: Build) -> None:
    served(b, "running 0 30, zombie 30 101", 101, "blocked 0 30, ready 30 100, running 100 149")


@cases.not_seen("zombie", method="forkserver")
def child_of_the_server_lives_longer(b: Build) -> None:
    served(b, "running 0 120, zombie 120 121", 121, "blocked 0 149")


@cases.not_seen("zombie", method="forkserver")
def no_server(b: Build) -> None:
    b.process("child", 0, 30)
    b.say(b.process("program.py", 0, 150), 10, "main: working")
    b.say(b.timeline.root().id, 100, "main: my work is done")


def orphan_of_a_server(b: Build, parent: int, end: float) -> None:
    main = b.process("program.py", 0, 150)
    starter = b.process("short-lived", 10, 30, parent=main, pid=50)
    server = b.process("forkserver", 12, 149, parent=starter, pid=60)
    child = b.process("orphan", 20, end, parent=server)
    b.say(child, 21, "orphan: I was started by 50")
    b.say(child, end - 1, f"orphan: now my parent is {parent}")


@cases.holds("orphan", method="forkserver")
def keeps_the_server(b: Build) -> None:
    orphan_of_a_server(b, 60, 80)


@cases.fails("orphan", method="forkserver")
def adopted_in_spite_of_the_server(b: Build) -> None:
    orphan_of_a_server(b, 1, 80)


@cases.fails("orphan", method="forkserver")
def ends_with_who_asked_for_it(b: Build) -> None:
    orphan_of_a_server(b, 60, 29)


def orphan(b: Build, new_parent: int, end: float) -> None:
    main = b.process("program.py", 0, 150)
    parent = b.process("short-lived", 10, 30, parent=main, pid=50)
    child = b.process("orphan", 20, end, parent=parent)
    b.say(child, 21, "orphan: I was started by 50")
    b.say(child, end - 1, f"orphan: now my parent is {new_parent}")


@cases.holds("orphan")
@cases.not_seen("orphan", orphan=False)
def adopted(b: Build) -> None:
    orphan(b, 1, 80)


@cases.fails("orphan")
def same_parent(b: Build) -> None:
    orphan(b, 50, 80)


@cases.fails("orphan")
def dies_with_its_parent(b: Build) -> None:
    orphan(b, 1, 29)


@cases.not_seen("orphan")
def silent_orphan(b: Build) -> None:
    b.process("orphan", 20, 90, parent=b.process("short-lived", 10, 30))
