"""The catalogue in reading order: the scenarios of each group by their slugs.

A new scenario gets its line here; one that has none comes after the others of its group.
"""

from __future__ import annotations

from app.catalogue.groups import Group

ORDER: dict[Group, tuple[str, ...]] = {
    Group.PROCESSES: (
        "process-states",
        "schedulers",
        "kernel-policies",
        "start-process",
        "main-guard",
        "process-attributes",
        "reap-and-zombie",
        "daemon-process",
        "daemon-rules",
        "data-isolation",
    ),
    Group.COMMUNICATION: (
        "queue",
        "pipe",
        "file-channel",
        "socket-channel",
        "shared-memory",
        "brokers",
        "producer-consumer",
    ),
    Group.LOCKS: (
        "mutex-processes",
        "race-counter",
        "switch-points",
        "singleton",
        "lock-kinds",
        "deadlock",
        "philosophers",
        "readers-writers",
        "lock-convoy",
    ),
    Group.THREADS: (
        "start-thread",
        "thread-no-kill",
        "main-waits",
        "daemon-thread",
        "gil",
        "interpreters",
        "gc",
        "thread-queue",
        "thread-local",
    ),
    Group.POOLS: (
        "thread-pool",
        "process-pool",
        "pool-or-not",
        "callbacks",
        "interpreter-pool",
    ),
    Group.SYNC_ASYNC: (
        "four-quadrants",
        "first-come",
        "concurrent-or-parallel",
    ),
    Group.COROUTINES: (
        "generators",
        "greenlets",
        "gevent",
        "asyncio-basics",
        "blocked-loop",
        "asyncio-sync",
        "many",
        "http",
        "nursery",
    ),
    Group.SUMMARY: ("compare-three",),
}


def position(group: Group, slug: str) -> tuple[int, int]:
    """What the catalogue is sorted by."""
    slugs = ORDER[group]
    return group.number, slugs.index(slug) if slug in slugs else len(slugs)
