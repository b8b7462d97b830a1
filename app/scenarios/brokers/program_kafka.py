"""Producers and consumers over a topic in Kafka: a log in partitions, which a group shares out."""

import asyncio
import os
import socket
import time
from contextlib import suppress
from multiprocessing import Process, Semaphore, active_children, current_process
from urllib.parse import urlsplit

try:
    import aiokafka.admin
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
SERVER = f"{URL.hostname}:{URL.port or 9092}"


async def create(topic):
    admin = aiokafka.admin.AIOKafkaAdminClient(bootstrap_servers=SERVER)
    await admin.start()
    await admin.create_topics([aiokafka.admin.NewTopic(topic, CONSUMERS, 1)])  # so many partitions
    await admin.close()


async def produce(topic):
    key = current_process().name  # it decides on the partition, and order holds within one
    async with aiokafka.AIOKafkaProducer(bootstrap_servers=SERVER, acks="all") as server:
        for number in range(1, MESSAGES + 1):
            until = time.process_time() + MS / 1000
            while time.process_time() < until:
                pass
            await server.send_and_wait(topic, f"{key}/{number}".encode(), key=key.encode())
            print(f"{key} sent {key}/{number}", flush=True)


async def consume(topic, left):
    options = {"group_id": topic, "auto_offset_reset": "earliest", "enable_auto_commit": False}
    async with aiokafka.AIOKafkaConsumer(topic, bootstrap_servers=SERVER, **options) as server:
        while left.get_value():
            for part, batch in (await server.getmany(timeout_ms=500)).items():
                for message in batch:
                    print(f"{current_process().name} took {message.value.decode()}", flush=True)
                    left.acquire(block=False)
                # Only after the work: if this process dies before, they are delivered once more.
                with suppress(aiokafka.errors.CommitFailedError):  # the parts were shared out anew
                    await server.commit({part: batch[-1].offset + 1})


def run(work, *args):
    asyncio.run(work(*args))


def main():
    try:
        socket.create_connection(SERVER.split(":"), timeout=2).close()
    except OSError as error:
        print(f"Kafka does not answer at {SERVER} ({error}). Start it first.")
        return
    topic = f"timeslice-{os.getpid()}"
    asyncio.run(create(topic))
    left = Semaphore(PRODUCERS * MESSAGES)  # a permit for each message that is yet to be taken
    for n in range(1, CONSUMERS + 1):
        Process(target=run, args=(consume, topic, left), name=f"consumer-{n}").start()
    for n in range(1, PRODUCERS + 1):
        Process(target=run, args=(produce, topic), name=f"producer-{n}").start()
    for process in active_children():
        process.join()
    taken = PRODUCERS * MESSAGES - left.get_value()
    print(f"main: {taken} of {PRODUCERS * MESSAGES} messages were taken")


if __name__ == "__main__":
    main()
