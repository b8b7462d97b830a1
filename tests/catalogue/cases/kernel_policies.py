from __future__ import annotations

from tests.catalogue.build import Build, Cases

cases = Cases("kernel-policies")

OTHERS = r"SCHED_OTHER, nice 5\n(.*\n)*.*SCHED_OTHER, nice 5\n(.*\n)*ordinary-1 goes on"
cases.alone(OTHERS, cpu_ms=100, wakes=10)
cases.alone(
    r"batch-\d: SCHED_BATCH, nice 0\n(.*\n)*ordinary-1 goes", policy="batch", cpu_ms=100, wakes=10
)
cases.alone(
    r"(fifo-\d: SCHED_FIFO, nice 0|refuses SCHED_FIFO|SCHED_FIFO is not asked for)",
    policy="fifo",
    cpu_ms=100,
    wakes=10,
)

cases.variant("share", policy="batch")
cases.variant("share", policy="idle")
cases.variant("share", nice=1)
cases.variant("share", nice=10, cpu_ms=800)
cases.variant("turns", policy="batch", cpu_ms=150)

POLICIES = {
    "nice": "SCHED_OTHER, nice 5",
    "batch": "SCHED_BATCH, nice 0",
    "idle": "SCHED_IDLE, nice 0",
    "fifo": "SCHED_FIFO, nice 0",
    "rr": "SCHED_RR, nice 0, turns of 100 ms",
}


def four(
    b: Build,
    policy: str,
    *turns: tuple[int, float],
    rounds: int = 1,
    waits: tuple[float, float] = (0.1, 0.1),
    asked: str = "",
    stranger: float = 0,
) -> None:
    """In each round process 0 to 3 has its turn of so many ms, in this order, or nobody: -1; the
    others are ready. Then the first computes on, of which a ``stranger`` has a part, and the
    ordinary sleeper and the two others wake up and stand ready for ``waits``."""
    names = ["ordinary-1", "ordinary-2", f"{policy}-1", f"{policy}-2"]
    middle = 10 + rounds * sum(length for _, length in turns)
    end = middle + 200
    main = b.process("program.py", 0, end + 10)
    tracks = [b.process(name, 0, end, parent=main) for name in names]
    for n, track in enumerate(tracks):
        said = POLICIES[asked or policy] if n > 1 else "SCHED_OTHER, nice 0"
        b.say(track, 5, f"{names[n]}: {said}")
        b.rows(track, "blocked:semaphore 0 10")
    last = {who: n for n, (who, _) in enumerate(turns * rounds)}
    now = 10.0
    for n, (who, length) in enumerate(turns * rounds):
        for other, track in enumerate(tracks):
            if other == who:
                b.rows(track, f"running {now} {now + length}", cpu=1)
            elif last.get(other, -1) >= n or other not in last:
                b.rows(track, f"ready {now} {now + length}")
            else:
                b.rows(track, f"blocked:semaphore {now} {now + length}")
        now += length
    b.say(main, middle, "ordinary-1 goes on, the others mostly sleep")
    b.rows(tracks[0], f"running {middle} {end - stranger}", cpu=1)
    if stranger:
        b.rows(tracks[0], f"ready {end - stranger} {end - 1}, running {end - 1} {end}")
    for track, wait in zip(tracks[1:], (waits[0], waits[1], waits[1]), strict=True):
        for wake in range(int(middle) + 20, int(end), 20):
            b.rows(
                track,
                f"blocked:sleep {wake - 20 + wait + 1} {wake}, "
                f"ready {wake} {wake + wait}, running {wake + wait} {wake + wait + 1}",
            )


#: Turns of 4 ms by weight 1024, 1024, 335, 335; by equal ones; and of the ordinary ones alone.
BY_WEIGHT = ((0, 4), (1, 4), (0, 4), (1, 4), (0, 4), (1, 4), (2, 4), (3, 4))
EQUAL = ((0, 4), (1, 4), (2, 4), (3, 4))
ORDINARY = ((0, 4), (1, 4)) * 10


@cases.holds("share")
@cases.holds("turns")
@cases.holds("wake-up")
@cases.not_seen("wake-up", scheduler="procfs")
def nice_by_weight(b: Build) -> None:
    four(b, "nice", *BY_WEIGHT, rounds=12)


@cases.fails("share")
@cases.not_seen("share", scheduler="procfs")
def nice_is_nothing(b: Build) -> None:
    four(b, "nice", *EQUAL, rounds=24)


@cases.not_seen("share")
@cases.not_seen("turns")
def too_few_turns(b: Build) -> None:
    four(b, "nice", *EQUAL, rounds=2)


@cases.not_seen("share", policy="idle")
def never_all_at_once(b: Build) -> None:
    """The two others come when the ordinary ones are done; they wait no longer than those."""
    four(b, "idle", *ORDINARY, rounds=4)
    for track in (4, 5):
        b.timeline.slices[track] = []
        b.rows(track, "blocked:semaphore 10 330")


@cases.fails("turns", cpu_ms=100)
@cases.not_seen("turns", cpu_ms=100, scheduler="procfs")
@cases.not_seen("share", cpu_ms=100)
@cases.not_seen("wake-up", cpu_ms=100)
def one_after_the_other(b: Build) -> None:
    four(b, "nice", (0, 100), (1, 100), (2, 100), (3, 100))


@cases.fails("wake-up")
def wakes_up_and_waits_for_the_turn(b: Build) -> None:
    four(b, "nice", *BY_WEIGHT, rounds=12, waits=(6, 0.1))


@cases.not_seen("wake-up")
def wakes_up_and_waits_for_most_of_the_turn(b: Build) -> None:
    four(b, "nice", *BY_WEIGHT, rounds=12, waits=(3, 0.1))


@cases.not_seen("wake-up")
def wakes_up_on_a_crowded_machine(b: Build) -> None:
    four(b, "nice", *BY_WEIGHT, rounds=12, waits=(6, 0.1), stranger=100)


@cases.not_seen("wake-up", policy="batch")
def batch_that_hardly_waits(b: Build) -> None:
    four(b, "batch", *EQUAL, rounds=24, waits=(0.02, 0.01))


@cases.holds("share", policy="batch")
@cases.holds("wake-up", policy="batch")
def batch(b: Build) -> None:
    four(b, "batch", *EQUAL, rounds=24, waits=(0.1, 2))


@cases.fails("share", policy="batch")
@cases.fails("wake-up", policy="batch")
def batch_as_a_priority(b: Build) -> None:
    four(b, "batch", *BY_WEIGHT, rounds=12, waits=(2, 0.1))


@cases.holds("share", policy="idle")
@cases.holds("turns", policy="idle", cpu_ms=100)
@cases.holds("wake-up", policy="idle")
def idle(b: Build) -> None:
    four(b, "idle", *ORDINARY, rounds=4, waits=(0.1, 15))


@cases.fails("share", policy="idle")
@cases.fails("wake-up", policy="idle")
def idle_as_if_ordinary(b: Build) -> None:
    four(b, "idle", *EQUAL, rounds=24, waits=(2, 1))


@cases.holds("share", policy="fifo")
@cases.holds("turns", policy="fifo")
@cases.holds("wake-up", policy="fifo")
def fifo(b: Build) -> None:
    four(b, "fifo", (2, 300), (3, 300), *ORDINARY, waits=(1, 0.01))


@cases.fails("share", policy="fifo")
@cases.not_seen("share", policy="fifo", scheduler="procfs")
@cases.fails("wake-up", policy="fifo")
def fifo_as_if_ordinary(b: Build) -> None:
    four(b, "fifo", *EQUAL, rounds=24, waits=(0.1, 3))


@cases.holds("share", policy="rr")
@cases.holds("turns", policy="rr")
def round_robin(b: Build) -> None:
    """The kernel keeps 50 ms back in the midst of a turn."""
    turns = ((2, 100), (3, 100), (2, 100), (3, 60), (0, 40), (3, 40), (2, 100), (3, 100))
    four(b, "rr", *turns, *ORDINARY)


@cases.fails("turns", policy="rr")
def round_robin_to_the_end(b: Build) -> None:
    four(b, "rr", (2, 300), (3, 300), *ORDINARY)


@cases.fails("turns", policy="fifo")
@cases.not_seen("turns", policy="fifo", scheduler="procfs")
def fifo_in_turns(b: Build) -> None:
    four(b, "fifo", *((2, 100), (3, 100)) * 3, *ORDINARY)


@cases.not_seen("turns", policy="rr", cpu_ms=100)
def round_robin_within_a_turn(b: Build) -> None:
    four(b, "rr", (2, 99), (3, 99), *ORDINARY)


@cases.not_seen("share", policy="fifo")
@cases.not_seen("turns", policy="fifo")
@cases.not_seen("wake-up", policy="fifo")
def refused(b: Build) -> None:
    four(b, "fifo", *EQUAL, rounds=24, asked="nice")
    b.say(4, 4, "the kernel refuses SCHED_FIFO: Operation not permitted")


@cases.not_seen("share", policy="rr")
def only_one_cpu(b: Build) -> None:
    four(b, "rr", *EQUAL, rounds=24, asked="nice")
    b.say(4, 4, "SCHED_RR is not asked for: this is the only CPU")


@cases.not_seen("share", policy="fifo")
def nobody_ordinary_wants_it(b: Build) -> None:
    main = b.process("program.py", 0, 800)
    for n, name in enumerate(["ordinary-1", "ordinary-2", "fifo-1", "fifo-2"]):
        track = b.process(name, 0, 700, parent=main)
        b.say(track, 5, f"{name}: {POLICIES['fifo'] if n > 1 else 'SCHED_OTHER, nice 0'}")
        b.rows(track, "running 10 300" if n > 1 else "blocked:semaphore 10 700")
