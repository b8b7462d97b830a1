from __future__ import annotations

from tests.catalogue.build import Build, Cases

cases = Cases("readers-writers")

DONE = "readings and 2 writings are done"
cases.alone(DONE, reads=4)
cases.alone(DONE, policy="writers", reads=3)
cases.variant("alone", policy="writers")
cases.variant("together", policy="mutex", reads=4)


def page(b: Build, writer: str, *readers: str) -> None:
    main = b.process("program.py", 0, 500)
    for number, rows in enumerate(readers, 1):
        b.rows(b.thread(f"reader-{number}", 0, 490, parent=main), rows)
    b.rows(b.thread("writer", 0, 490, parent=main), writer)


WRITES = "running 0 5, blocked:condition 5 200, running 200 201, blocked:sleep 201 260"
LATE = "blocked:condition 0 260, running 260 261, blocked:sleep 261 320"
#: One reads on and on while the writer waits.
READS = "blocked:sleep 0 60, running 60 64, blocked:sleep 64 120, running 120 124, "
READS += "blocked:sleep 124 200, running 200 264, blocked:sleep 264 320"


@cases.holds("together")
@cases.fails("together", policy="mutex")
@cases.not_seen("together", policy="mutex", scheduler="procfs")
@cases.holds("alone")
@cases.holds("first")
@cases.fails("first", policy="writers")
@cases.not_seen("first", policy="mutex")
def readers_pass_the_writer(b: Build) -> None:
    page(b, WRITES, READS, READS)


@cases.fails("together")
@cases.holds("together", policy="mutex")
@cases.not_seen("first")
@cases.holds("first", policy="writers")
def one_by_one(b: Build) -> None:
    page(b, WRITES, "blocked:sleep 0 60, running 60 64, blocked:sleep 140 190", LATE)


@cases.fails("alone")
@cases.not_seen("alone", scheduler="procfs")
@cases.not_seen("first")
def reads_while_the_writer_writes(b: Build) -> None:
    page(b, "blocked:sleep 0 60", READS)


@cases.not_seen("together")
@cases.not_seen("alone")
def nobody_comes_to_it(b: Build) -> None:
    page(b, "running 0 1", "running 0 1", "running 0 1")
