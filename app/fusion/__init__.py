"""Fusion: what the witnesses say, made into one true timeline. Pure; imports only ``timeline``.

How a record becomes a slice, from the top to the bottom::

    records/     the records of all witnesses, put into the order of their time, each given to
       |         the machine it is for; ``fusion.py`` wires the machines together
       |
    shedding/    in its place, where fusion can't keep up: what is unknown then
       |
    threads/     what a thread does: on which CPU it runs (``switches``, or ``samples`` where no
       |         witness sees every switch) and why it is off its CPU (``off_cpu``: an operation
       |         of the probe, a system call, or the wait for the GIL)
    coroutines/  what a coroutine does: each step, and what it awaits
       |
    between/     what concerns several tracks: flows, deadlocks, endings, findings, the servers
       |         outside
    output/      which track wrote which piece of the program's output
    objects/     locks, queues, pipes and others: their names, holders, waiters and levels; what may
       |         be concluded from each reason to wait
       |
    lives/       what is remembered of each thread, process and coroutine; their ids; the GIL
       |
    picture/     what is decided: ``Lane`` writes the slices of one track, each transition lawful,
                 ``Book`` hands out slices, flows, objects and findings in batches

A room imports only rooms below it (``tests/test_structure.py`` has the table). A lock's ENTER goes
``records.probe_records`` → ``threads.operations``, which adds the waiter in ``objects`` and lets
``between.deadlocks`` look for a cycle; the switch that follows goes to ``threads.switches``
→ ``threads.off_cpu``, which labels the slice that ``picture.lane`` opened: *blocked* for the lock.
"""

from app.fusion.facts import RunFacts
from app.fusion.fusion import Fusion

__all__ = ["Fusion", "RunFacts"]
