from __future__ import annotations

from tests.catalogue.build import Build, Cases

cases = Cases("socket-channel")

cases.alone("client-3: 500000 bytes sent, 500000 back")
cases.alone("client-2: 3000 bytes sent, 3000 back", server="threads", clients=2, length=300)
cases.variant("turns", server="threads")
cases.variant("bytes", server="threads", clients=6, think_ms=0)


def served(
    b: Build,
    talks: list[tuple[float, float]],
    rows: str = "blocked:socket 0 15, running 15 20, blocked:socket 20 90",
    clients_from: float = 5,
) -> int:
    """Clients that the server serves in these spans."""
    main = b.process("program.py", 0, 110)
    server = b.process("server", 0, 100, parent=main)
    b.rows(server, rows)
    for number, (begun, ended) in enumerate(talks, 1):
        client = b.process(f"client-{number}", clients_from, 95, parent=main)
        b.say(client, 8, f"client-{number} is connected")
        b.say(server, begun, f"server: accepted client {number}")
        b.say(server, ended, f"server: client {number} has closed, 100 bytes echoed")
    return server


@cases.holds("accept")
@cases.holds("recv")
@cases.holds("turns")
@cases.not_seen("recv", scheduler="procfs")
@cases.not_seen("recv", think_ms=0)
@cases.not_seen("turns", server="threads")
def in_turn(b: Build) -> None:
    served(b, [(16, 50), (51, 90)])


@cases.fails("turns")
@cases.holds("turns", server="threads")
@cases.not_seen("recv", server="threads")
def side_by_side(b: Build) -> None:
    served(b, [(16, 50), (20, 90)])


@cases.fails("accept")
def over_before_any_client(b: Build) -> None:
    served(b, [(16, 50)], clients_from=30)


@cases.not_seen("accept")
@cases.fails("recv")
@cases.not_seen("turns")
def server_never_waits(b: Build) -> None:
    served(b, [(16, 50)], rows="running 0 100")


@cases.holds("recv", server="threads")
def threads_wait(b: Build) -> None:
    server = served(b, [(16, 50), (20, 90)])
    echo = b.thread("echo-1", 16, 50, parent=server)
    b.rows(echo, "running 16 18, blocked:socket 18 50")


@cases.not_seen("accept")
@cases.not_seen("turns")
def never_closed(b: Build) -> None:
    server = b.process("server", 0, 100)
    b.process("client-1", 0, 100)
    b.say(server, 10, "server: accepted client 1")


def counted(b: Build, back: int, echoed: int = 100) -> None:
    client = b.process("client-1", 0, 100)
    b.say(client, 80, f"server: client 1 has closed, {echoed} bytes echoed")
    b.say(client, 90, f"client-1: 100 bytes sent, {back} back, in 2 parts")


@cases.holds("bytes", clients=1)
@cases.not_seen("bytes", clients=2)
def all_back(b: Build) -> None:
    counted(b, 100)


@cases.fails("bytes", clients=1)
def some_lost(b: Build) -> None:
    counted(b, 90)


@cases.fails("bytes", clients=1)
def more_echoed(b: Build) -> None:
    counted(b, 100, echoed=120)
