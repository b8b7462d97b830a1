from __future__ import annotations

from tests.catalogue.build import Build, Cases

cases = Cases("thread-local")

cases.alone("server-1 begins with nobody\n(.*\n)*main remembers main")
cases.alone("main remembers server-", kind="global")
cases.alone("server-2 remembers server-2", kind="contextvar")
cases.variant("fresh", kind="global")
cases.variant("mix", kind="contextvar")


def servers(
    b: Build,
    begins: tuple[str, str],
    remembers: tuple[str, str],
    main: str = "main",
    second: float = 20,
) -> None:
    """Two servers with what they tell; the second begins at ``second`` ms, both take 100 ms."""
    program = b.process("program.py", 0, 400)
    for n, start in enumerate((10, second)):
        track = b.thread(f"server-{n + 1}", start, start + 110, parent=program)
        b.rows(track, f"running {start} {start + 5}, blocked:sleep {start + 5} {start + 100}")
        b.rows(track, f"running {start + 100} {start + 110}")
        b.say(track, start + 1, f"server-{n + 1} begins with {begins[n]}")
        b.say(track, start + 101, f"server-{n + 1} remembers {remembers[n]}")
    b.say(program, 390, f"main remembers {main}")


NOBODY = ("nobody", "nobody")
OWN = ("server-1", "server-2")
FREE = "CPython 3.14.0 free-threading"


@cases.holds("mix")
@cases.fails("mix", kind="global")
@cases.holds("met")
@cases.holds("fresh")
@cases.fails("fresh", kind="global")
def each_its_own(b: Build) -> None:
    servers(b, NOBODY, OWN)


@cases.fails("mix")
@cases.holds("mix", kind="global")
@cases.fails("fresh", kind="contextvar")
@cases.holds("fresh", kind="global")
def mixed_up(b: Build) -> None:
    servers(b, ("main", "server-1"), ("server-2", "server-2"), main="server-2")


@cases.fails("mix")
def main_has_forgotten(b: Build) -> None:
    servers(b, NOBODY, OWN, main="server-2")


@cases.not_seen("mix", kind="global")
@cases.fails("met")
def one_after_the_other(b: Build) -> None:
    servers(b, NOBODY, OWN, second=200)


@cases.not_seen("fresh", kind="contextvar", python=FREE)
@cases.fails("fresh", kind="contextvar")
def begins_with_a_copy(b: Build) -> None:
    servers(b, ("main", "main"), OWN)


@cases.not_seen("mix")
@cases.not_seen("met")
@cases.not_seen("fresh")
def nothing_told(b: Build) -> None:
    b.thread("server-1", 0, 10, parent=b.process("program.py", 0, 20))
