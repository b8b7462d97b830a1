"""Producers and consumers over a topic in Kafka: a log in partitions, which a group shares out.

The server is sought at its usual port of this machine, or where TIMESLICE_KAFKA_URL says.
"""

import asyncio
import os
import socket
import time
from multiprocessing import Process, Value, current_process
from urllib.parse import urlsplit

try:
    from aiokafka import AIOKafkaConsumer, AIOKafkaProducer
    from aiokafka.admin import AIOKafkaAdminClient, NewTopic
except ImportError:
    raise SystemExit("This program needs the package aiokafka: python -m pip install aiokafka")

# --- settings: change them and run the program again ---
BROKER = "kafka"  # each broker has a program of its own
PRODUCERS = 2
CONSUMERS = 2
MESSAGES = 10  # that each producer sends
MS = 20  # computing time of a producer before each message
# --- end of settings ---

URL = urlsplit(os.environ.get("TIMESLICE_KAFKA_URL") or "kafka://127.0.0.1:9092")
SERVER = (URL.hostname, URL.port or 9092)
BOOTSTRAP = f"{SERVER[0]}:{SERVER[1]}"


def say(text):
    print(text + "\n", end="", flush=True)  # in one piece, so that lines do not mix


def compute(milliseconds):
    until = time.process_time() + milliseconds / 1000
    while time.process_time() < until:
        pass


async def create(topic):
    admin = AIOKafkaAdminClient(bootstrap_servers=BOOTSTRAP)
    await admin.start()
    await admin.create_topics([NewTopic(topic, CONSUMERS, 1)])  # a partition for each consumer
    await admin.close()


async def send(topic):
    name = current_process().name
    async with AIOKafkaProducer(bootstrap_servers=BOOTSTRAP, acks="all") as server:
        for number in range(1, MESSAGES + 1):
            compute(MS)
            # The key decides on the partition, and order holds within one.
            await server.send_and_wait(topic, f"{name}/{number}".encode(), key=name.encode())
            say(f"{name} sent {name}/{number}")


async def receive(topic, taken):
    name = current_process().name
    patience = time.monotonic() + 20
    options = {"group_id": topic, "auto_offset_reset": "earliest"}
    async with AIOKafkaConsumer(topic, bootstrap_servers=BOOTSTRAP, **options) as server:
        while taken.value < PRODUCERS * MESSAGES and time.monotonic() < patience:
            found = await server.getmany(timeout_ms=500)
            for message in [message for part in found.values() for message in part]:
                say(f"{name} took {message.value.decode()}")
                with taken.get_lock():
                    taken.value += 1


def produce(topic):
    asyncio.run(send(topic))


def consume(topic, taken):
    asyncio.run(receive(topic, taken))


def main():
    try:
        socket.create_connection(SERVER, timeout=2).close()
    except OSError as error:
        say(f"Kafka does not answer at {SERVER[0]}:{SERVER[1]} ({error}). Start it first.")
        return
    queue = f"timeslice-{os.getpid()}"
    asyncio.run(create(queue))
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
