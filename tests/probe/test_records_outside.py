"""What the probe records of messages to servers: only of those that are none of the run's own."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from app.timeline.states import ObjectKind
from tests.probe.decoding import Run

Probed = Callable[..., Run]


@contextmanager
def server() -> Iterator[int]:
    """The port of a server outside the run, which says back what it is told."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        listener.settimeout(30)

        def serve() -> None:
            connection, _ = listener.accept()
            with connection:
                connection.settimeout(30)
                while data := connection.recv(100):
                    connection.sendall(data)

        thread = threading.Thread(target=serve)
        thread.start()
        yield listener.getsockname()[1]
        thread.join()


def test_a_server_outside_is_named_with_its_first_message(probed: Probed) -> None:
    with server() as port:
        run = probed(f"""
import socket
with socket.create_connection(("127.0.0.1", {port})) as client:
    client.sendall(b"ping")
    client.recv(4)
    client.sendall(b"pong")
    client.recv_into(bytearray(4))
    client.shutdown(socket.SHUT_WR)
    client.recv(4)
""")
    assert run.returncode == 0
    peer = run.one("PEER")
    assert peer.text == f"127.0.0.1:{port}"
    assert len(run.of("TO_PEER", b=peer.b)) == 2
    assert len(run.of("FROM_PEER", b=peer.b)) == 2  # the end of the connection is no message
    assert peer.t <= run.of("TO_PEER")[0].t <= run.of("FROM_PEER")[0].t


def test_streams_of_asyncio_tell_of_a_server_outside(probed: Probed) -> None:
    with server() as port:
        run = probed(f"""
import asyncio
async def main():
    reader, writer = await asyncio.open_connection("127.0.0.1", {port})
    writer.write(b"ping")
    await reader.readexactly(4)
    writer.close()
    await writer.wait_closed()
asyncio.run(main())
""")
    assert run.returncode == 0
    peer = run.one("PEER")
    assert peer.text == f"127.0.0.1:{port}"
    assert len(run.of("TO_PEER", b=peer.b)) == len(run.of("FROM_PEER", b=peer.b)) == 1


def test_a_library_gives_its_name_to_server_and_socket(probed: Probed) -> None:
    with server() as port:
        run = probed(f"""
import sys, types
library = types.ModuleType("broker.client")
exec(compile('''
import socket
def ask(port):
    with socket.create_connection(("127.0.0.1", port)) as client:
        client.sendall(b"ping")
        return client.recv(4)
''', "/elsewhere/client.py", "exec"), library.__dict__)
found = library.ask({port})
""")
    assert run.returncode == 0
    assert run.one("PEER").text == f"broker 127.0.0.1:{port}"
    assert [row.text for row in run.of("OBJECT", aux=ObjectKind.SOCKET)] == ["broker"]


def test_a_server_of_the_run_is_none_outside(probed: Probed) -> None:
    run = probed("""
import os, socket
with socket.create_server(("127.0.0.1", 0)) as listener:
    address = listener.getsockname()
    if os.fork() == 0:
        with listener.accept()[0] as connection:
            connection.sendall(connection.recv(4))
        os._exit(0)
    listener.close()
    with socket.create_connection(address) as client:
        client.sendall(b"ping")
        client.recv(4)
    os.wait()
with socket.create_server(("127.0.0.1", 0)) as listener:
    client = socket.create_connection(listener.getsockname())
    other, _ = listener.accept()
client.sendall(b"ping")
other.recv(4)
""")
    assert run.returncode == 0
    assert not run.of("PEER") and not run.of("TO_PEER")


def test_who_is_refused_has_talked_to_nobody(probed: Probed) -> None:
    with socket.socket() as nobody:
        nobody.bind(("127.0.0.1", 0))
        run = probed(f"""
import socket
client = socket.socket()
assert client.connect_ex(("127.0.0.1", {nobody.getsockname()[1]}))
client.close()
""")
    assert run.returncode == 0
    assert not run.of("PEER")
