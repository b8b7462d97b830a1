"""Producers and consumers over a queue in RabbitMQ, which keeps a message until it is confirmed.

The server is sought at its usual port of this machine, or where TIMESLICE_RABBITMQ_URL says.
"""

import os
import socket
import time
from multiprocessing import Process, Value, current_process
from urllib.parse import urlsplit

try:
    import pika
except ImportError:
    raise SystemExit("This program needs the package pika: python -m pip install pika")

# --- settings: change them and run the program again ---
BROKER = "rabbitmq"  # each broker has a program of its own
PRODUCERS = 2
CONSUMERS = 2
MESSAGES = 10  # that each producer sends
MS = 20  # computing time of a producer before each message
# --- end of settings ---

URL = urlsplit(os.environ.get("TIMESLICE_RABBITMQ_URL") or "amqp://127.0.0.1:5672")
SERVER = (URL.hostname, URL.port or 5672)


def say(text):
    print(text + "\n", end="", flush=True)  # in one piece, so that lines do not mix


def compute(milliseconds):
    until = time.process_time() + milliseconds / 1000
    while time.process_time() < until:
        pass


def connect(queue):
    channel = pika.BlockingConnection(pika.URLParameters(URL.geturl())).channel()
    channel.queue_declare(queue, auto_delete=True)  # gone with its last consumer
    return channel


def produce(queue):
    name = current_process().name
    channel = connect(queue)
    channel.confirm_delivery()  # basic_publish waits until the server has it
    for number in range(1, MESSAGES + 1):
        compute(MS)
        channel.basic_publish("", queue, f"{name}/{number}")
        say(f"{name} sent {name}/{number}")
    channel.connection.close()


def consume(queue, taken):
    name = current_process().name
    channel = connect(queue)
    channel.basic_qos(prefetch_count=1)  # the next one only when this one is done
    patience = time.monotonic() + 20
    for method, _, text in channel.consume(queue, inactivity_timeout=0.5):
        if method:  # nothing: the time is over
            say(f"{name} took {text.decode()}")
            channel.basic_ack(method.delivery_tag)  # done: forget it
            with taken.get_lock():
                taken.value += 1
        if taken.value >= PRODUCERS * MESSAGES or time.monotonic() > patience:
            break
    channel.connection.close()


def main():
    try:
        socket.create_connection(SERVER, timeout=2).close()
    except OSError as error:
        say(f"RabbitMQ does not answer at {SERVER[0]}:{SERVER[1]} ({error}). Start it first.")
        return
    queue = f"timeslice-{os.getpid()}"
    taken = Value("i", 0)
    processes = [Process(target=consume, args=(queue, taken), name=f"consumer-{n + 1}")
                 for n in range(CONSUMERS)]
    processes += [Process(target=produce, args=(queue,), name=f"producer-{n + 1}")
                  for n in range(PRODUCERS)]
    for process in processes:
        process.start()
    for process in processes:
        process.join()
    say(f"main: {taken.value} of {PRODUCERS * MESSAGES} messages were taken")


if __name__ == "__main__":
    main()
