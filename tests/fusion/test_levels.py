"""How many permits, items and parties objects have, over time."""

from __future__ import annotations

from app.timeline import wire
from app.timeline.frames import decode, encode
from app.timeline.heads import frame_of
from app.timeline.model import Batch, Level
from app.timeline.states import ObjectKind
from tests.fusion.world import MS, ROOT, World
from tests.merging import merge

QUEUE, SLOTS, DOOR = (ROOT << 32 | number for number in (1, 2, 3))


def world() -> World:
    made = World()
    made.on(1, ROOT)
    made.hello(1.1)
    made.object(1.2, ROOT, ObjectKind.QUEUE, QUEUE, name="queue")
    made.object(1.2, ROOT, ObjectKind.SEMAPHORE, SLOTS, name="slots")
    made.object(1.2, ROOT, ObjectKind.BARRIER, DOOR, name="door")
    return made


def levels(made: World, name: str) -> list[tuple[float, int, int]]:
    timeline = made.timeline(100, [30])
    (thing,) = [thing for thing in timeline.objects.values() if thing.name == name]
    return [(level.ns / MS, level.value, level.most) for level in timeline.levels[thing.id]]


def test_semaphore_has_as_many_permits_as_it_was_made_with() -> None:
    made = world()
    for ms, value in ((2, 3), (10, 2), (20, 1), (40, 3)):
        made.say(ms, ROOT, wire.VALUE, b=SLOTS, c=value)
    assert levels(made, "slots") == [(2, 3, 3), (10, 2, 3), (20, 1, 3), (40, 3, 3)]


def test_queue_has_what_was_put_and_not_got() -> None:
    made = world()
    made.say(10, ROOT, wire.PUT, 1, a=1, b=QUEUE, c=7)
    made.say(20, ROOT, wire.PUT, 1, a=2, b=QUEUE, c=8)
    made.say(30, ROOT, wire.GET, 1, a=1, b=QUEUE, c=7)
    assert levels(made, "queue") == [(10, 1, 0), (20, 2, 0), (30, 1, 0)]


def test_barrier_tells_of_how_many() -> None:
    made = world()
    made.say(10, ROOT, wire.VALUE, a=3, b=DOOR, c=1)
    made.say(11, ROOT, wire.VALUE, a=3, b=DOOR, c=(1 << 64) - 1)
    assert levels(made, "door") == [(10, 1, 3), (11, -1, 3)]


def test_of_changes_within_a_millisecond_the_last_is_told() -> None:
    made = world()
    for step in range(100):
        made.say(10 + step / 100, ROOT, wire.PUT, 1, a=step + 1, b=QUEUE, c=step)
    assert levels(made, "queue") == [(10, 1, 0), (10.99, 100, 0)]


def test_change_that_was_taken_back_at_once_is_none() -> None:
    made = world()
    made.say(10, ROOT, wire.PUT, 1, a=1, b=QUEUE, c=1)
    made.say(10.1, ROOT, wire.PUT, 1, a=2, b=QUEUE, c=2)
    made.say(10.2, ROOT, wire.GET, 1, a=1, b=QUEUE, c=1)
    assert levels(made, "queue") == [(10, 1, 0)]


def test_late_viewers_snapshot_has_all_levels() -> None:
    frames = [
        decode(encode(frame_of(Batch(levels=[Level(4, ns, ns % 3, 9)]), ns, ns))) for ns in range(5)
    ]
    assert [tuple(level) for level in merge(frames).head["levels"]] == [
        (4, ns, ns % 3, 9) for ns in range(5)
    ]
