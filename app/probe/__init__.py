"""The probe: runs inside the program and records what its threads and coroutines do.

It imports the standard library alone, runs on CPython 3.9 and later and on PyPy, and never raises
into the program, prints to it or changes what it does. ``tests/probe/test_structure.py`` holds
which of the rooms below imports which.

When a Python program starts
    1. The worker has set its environment (``launch``): PYTHONPATH begins with ``inject``.
    2. ``inject/sitecustomize`` runs before the program. It reads the probe's code from one file
       beside the rings; the first process of a run makes that file (``loading/bundle``).
    3. ``loading/start`` runs that code as the package ``_timeslice_probe``, and
       ``loading/install`` installs the hooks: at once for what every interpreter has, for every
       other module when the program imports it. The table is ``loading/install.HOOKS``.
    4. The program runs. Every process that it starts does the same; a forked one goes on from 3.

How a record gets into a ring
    A hook calls ``this_thread.emit(kind, aux, a, b, c)``, or ``text`` with a string. The kinds and
    their fields are in ``app/timeline/wire.py``.
    1. The main thread's first records go into a small file that is not mapped
       (``recording/first_records``): many processes write no others.
    2. The thread's next record makes a ring, a mapped file with one writer
       (``recording/thread_state``, ``recording/ring``). An emit stores a slot and then the count of
       slots. It takes no lock and no system call.
    3. A full ring is followed by a bigger one; the last and biggest goes round.

Rooms, each importing only from those above it
    recording/         rings, ids of objects, places in the program, ENTER and LEAVE of a wait
    hooks/             replacing a function, and waiting until its module is imported
    system/            sleep, pipes, children, sockets, signals, output, the end of the main module
    generators/        generators that the program drives by hand
    threading_/        threading, queue, logging's locks
    multiprocessing_/  multiprocessing: processes, locks, queues, pipes
    executors/         concurrent.futures, multiprocessing.pool
    asyncio_/          asyncio and uvloop: tasks, locks, queues, futures of other threads
    trio_/             trio: tasks, locks, channels
    greenlets/         greenlet and gevent
    loading/           from the environment to the installed hooks

A room is named after the library that it hooks; ``_`` sets it apart from the library itself.

Every file begins alike. ``TYPE_CHECKING = False`` stands for ``typing``, which takes too long to
load and is imported for the type checker alone. ``recording/wire`` is ``app/timeline/wire.py``.
"""
