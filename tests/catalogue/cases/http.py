from __future__ import annotations

from tests.catalogue.build import Build, Cases

cases = Cases("http")

cases.alone("main: 6 answers in .* the last is 'answer 6'", ms=50)
cases.alone("is answered\nrequest . begins\nrequest . is answered\nmain: 2 answers",
            handler="block", clients=2, ms=50)  # fmt: skip
cases.variant("in-flight", handler="block", clients=4, ms=100)


def served(
    b: Build,
    requests: tuple[tuple[float, float], ...],
    *,
    main_rows: str = "running 0 20, blocked:poll 20 210, running 210 250",
    clients: tuple[str, ...] = ("running 11 12, awaiting 12 220", "running 12 13, awaiting 13 221"),
    thread: bool = False,
) -> None:
    main = b.process("program.py", 0, 800)
    b.rows(main, main_rows)
    parent = b.thread("another", 0, 790, parent=main) if thread else main
    for number, rows in enumerate(clients, 1):
        b.rows(b.task(f"client-{number}", 10, 700, parent=main), rows)
    for number, (begin, end) in enumerate(requests, 1):
        handler = b.task("Slow.get", begin, end, parent=parent)
        b.say(handler, begin, f"request {number} begins")
        b.say(handler, end, f"request {number} is answered")


AT_ONCE = ((15, 215), (16, 216), (17, 217))
IN_TURN = ((15, 215), (216, 416), (417, 617))


@cases.holds("in-flight")
@cases.fails("in-flight", handler="block")
@cases.holds("total")
@cases.fails("total", handler="block")
@cases.holds("one-thread")
@cases.holds("thread-waits")
@cases.fails("thread-waits", handler="block")
@cases.not_seen("thread-waits", handler="block", scheduler="procfs")
@cases.holds("clients-await")
def awaits(b: Build) -> None:
    served(b, AT_ONCE)


@cases.fails("in-flight")
@cases.holds("in-flight", handler="block")
@cases.fails("total")
@cases.holds("total", handler="block")
@cases.fails("thread-waits")
@cases.holds("thread-waits", handler="block")
def blocks(b: Build) -> None:
    served(b, IN_TURN, main_rows="running 0 20, blocked:sleep 20 215, running 215 216, "
                                 "blocked:sleep 216 416")  # fmt: skip


@cases.fails("one-thread")
def with_a_thread(b: Build) -> None:
    served(b, AT_ONCE, thread=True)


@cases.not_seen("thread-waits")
def never_waits(b: Build) -> None:
    served(b, AT_ONCE, main_rows="running 0 250")


@cases.fails("clients-await")
def clients_in_turn(b: Build) -> None:
    served(b, AT_ONCE, clients=("running 11 12, awaiting 12 30", "running 31 32, awaiting 32 50"))


@cases.not_seen("in-flight")
@cases.not_seen("total")
@cases.not_seen("one-thread")
@cases.not_seen("clients-await")
def one_only(b: Build) -> None:
    served(b, AT_ONCE[:1], clients=("running 11 12, awaiting 12 220",))
