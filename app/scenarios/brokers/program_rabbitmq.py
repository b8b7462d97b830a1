"""Producers and consumers over a queue in RabbitMQ, which keeps a message until it is confirmed.

The server is sought at its usual port of this machine, or where TIMESLICE_RABBITMQ_URL says.
"""

import os
import socket
import time
from multiprocessing import Process, Semaphore, active_children, current_process
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


def connect(queue):
    channel = pika.BlockingConnection(pika.URLParameters(URL.geturl())).channel()
    channel.queue_declare(queue, auto_delete=True)  # gone with its last consumer
    return channel


def produce(queue):
    name = current_process().name
    channel = connect(queue)
    channel.confirm_delivery()  # basic_publish waits until the server has it
    for number in range(1, MESSAGES + 1):
        until = time.process_time() + MS / 1000
        while time.process_time() < until:
            pass
        channel.basic_publish("", queue, f"{name}/{number}")
        print(f"{name} sent {name}/{number}", flush=True)
    channel.connection.close()


def consume(queue, left):
    channel = connect(queue)
    channel.basic_qos(prefetch_count=1)  # the next one only when this one is done
    messages = channel.consume(queue)
    while left.acquire(block=False):
        method, _, text = next(messages)  # blocks until there is one
        print(f"{current_process().name} took {text.decode()}", flush=True)
        channel.basic_ack(method.delivery_tag)  # done: forget it
    channel.connection.close()


def main():
    try:
        socket.create_connection(SERVER, timeout=2).close()
    except OSError as error:
        print(f"RabbitMQ does not answer at {SERVER[0]}:{SERVER[1]} ({error}). Start it first.")
        return
    queue = f"timeslice-{os.getpid()}"
    left = Semaphore(PRODUCERS * MESSAGES)  # a permit for each message that is yet to be taken
    for n in range(1, CONSUMERS + 1):
        Process(target=consume, args=(queue, left), name=f"consumer-{n}").start()
    for n in range(1, PRODUCERS + 1):
        Process(target=produce, args=(queue,), name=f"producer-{n}").start()
    for process in active_children():
        process.join()
    taken = PRODUCERS * MESSAGES - left.get_value()
    print(f"main: {taken} of {PRODUCERS * MESSAGES} messages were taken")


if __name__ == "__main__":
    main()
