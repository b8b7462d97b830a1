"""An echo server and its clients, each a process, over the loopback interface.

accept() waits for a client, recv() for bytes. A server that serves one client after the other
keeps the next one waiting; with a thread for each it serves them side by side."""

import socket
import threading
import time
from multiprocessing import Process

# --- settings: change them and run the program again ---
SERVER = "in-turn"  # serve clients "in-turn", or each by a thread of its own: "threads"
CLIENTS = 3
MESSAGES = 10  # that each client sends
LENGTH = 50_000  # bytes of a message
THINK_MS = 20  # computing time of a client before each message
# --- end of settings ---


def say(text):
    print(text + "\n", end="", flush=True)  # in one piece, so that lines do not mix


def compute(milliseconds):
    until = time.process_time() + milliseconds / 1000
    while time.process_time() < until:
        pass


def echo(connection, number):
    echoed = 0
    with connection:
        while data := connection.recv(65_536):  # nothing: the client has closed its end
            connection.sendall(data)
            echoed += len(data)
    say(f"server: client {number} has closed, {echoed} bytes echoed")


def serve(listener):
    with listener:
        for number in range(1, CLIENTS + 1):
            connection, _ = listener.accept()
            say(f"server: accepted client {number}")
            if SERVER == "threads":
                args = (connection, number)
                threading.Thread(target=echo, args=args, name=f"echo-{number}").start()
            else:
                echo(connection, number)


def ask(name, address):
    received = parts = 0
    with socket.create_connection(address) as connection:
        say(f"{name} is connected")
        for sent in range(LENGTH, (MESSAGES + 1) * LENGTH, LENGTH):
            compute(THINK_MS)
            connection.sendall(bytes(LENGTH))
            while received < sent and (part := connection.recv(LENGTH)):
                received += len(part)  # what was sent at once may come in several parts
                parts += 1
    say(f"{name}: {sent} bytes sent, {received} back, in {parts} parts")


def main():
    with socket.create_server(("127.0.0.1", 0)) as listener:
        address = listener.getsockname()
        server = Process(target=serve, args=(listener,), name="server")
        server.start()
    names = [f"client-{n}" for n in range(1, CLIENTS + 1)]
    clients = [Process(target=ask, args=(name, address), name=name) for name in names]
    for process in clients:
        process.start()
    for process in [*clients, server]:
        process.join()


if __name__ == "__main__":
    main()
