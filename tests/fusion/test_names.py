"""Names of objects, as the program's own text gives them."""

from __future__ import annotations

from dataclasses import replace

import pytest

from app.fusion.objects.names import ProgramNames
from app.timeline import wire
from app.timeline.places import place
from app.timeline.states import ObjectKind, Reason, State, TrackKind
from tests.fusion.world import ROOT, World

LOCK, QUEUE, POOL = ObjectKind.LOCK, ObjectKind.QUEUE, ObjectKind.POOL


@pytest.mark.parametrize(
    ("text", "kind", "names"),
    [
        ("fork_b = threading.Lock()", LOCK, ["fork_b", "fork_b"]),
        ("a, b = Lock(), Lock()", LOCK, ["a", "b", "a"]),
        ("forks = [Lock() for _ in range(5)]", LOCK, ["forks[0]", "forks[1]", "forks[2]"]),
        ("forks = list(Lock() for _ in range(5))", LOCK, ["forks[0]", "forks[1]"]),
        ("forks = [Lock(), Lock()]", LOCK, ["forks[0]", "forks[1]"]),
        ("by = {'x': Lock(), 2: Lock()}", LOCK, ["by['x']", "by[2]"]),
        ("a, b = (Lock() for _ in range(2))", LOCK, ["a", "b"]),
        ("reader, writer = Pipe()", ObjectKind.PIPE, ["reader", "writer"]),
        ("q: Queue = Queue[int](5)", QUEUE, ["q"]),
        ("work(lock=Lock(), jobs=Queue())", QUEUE, ["jobs"]),
        ("work(lock=Lock(), jobs=Queue())", LOCK, ["lock"]),
        ("Thread(target=work, args=(Lock(),))", LOCK, [""]),
        ("with ThreadPoolExecutor(4) as pool: pass", POOL, ["pool"]),
        ("def work(lock=Lock(), *, q=Queue()): pass", QUEUE, ["q"]),
        ("locks.append(Lock())", LOCK, ["locks[0]", "locks[1]"]),
        ("lock = Lock() if safe else None", LOCK, ["lock"]),
        ("if (lock := Lock()): pass", LOCK, ["lock"]),
        ("table['x'] = Lock()", LOCK, ["table['x']"]),
        ("both = Condition(Lock())", LOCK, [""]),
        ("both = Condition(Lock())", ObjectKind.CONDITION, ["both"]),
        ("door = Gate()", LOCK, ["door"]),
        ("door, _ = listener.accept()", ObjectKind.SOCKET, ["door", "door"]),
        ("return_ = None; Lock()", LOCK, [""]),
        ("this is no Python", LOCK, [""]),
    ],
)
def test_names_follow_the_assignment(text: str, kind: ObjectKind, names: list[str]) -> None:
    program = ProgramNames(text)
    assert [program.name(1, kind, index) for index in range(len(names))] == names


def test_names_of_attributes_carry_the_class() -> None:
    text = "class Account:\n    def __init__(self):\n        self.lock = Lock()\n"
    assert ProgramNames(text).name(3, LOCK, 0) == "Account.lock"


def test_names_see_through_import_aliases() -> None:
    text = "from threading import Lock as Mutex\ndoor, q = Mutex(), Queue()\n"
    assert ProgramNames(text).name(2, LOCK, 0) == "door"


def test_names_find_a_call_that_spans_lines() -> None:
    text = "pool = ThreadPoolExecutor(\n    max_workers=4,\n)\nlock = Lock()\n"
    assert ProgramNames(text).name(1, POOL, 0) == "pool"
    assert ProgramNames(text).name(2, POOL, 0) == "pool"
    assert ProgramNames(text).name(4, LOCK, 0) == "lock"


def test_names_are_made_unique_over_the_run_and_nameless_ones_numbered() -> None:
    world = World(program="def f():\n    lock = Lock()\n")
    world.on(1, ROOT)
    for number in range(3):
        world.object(2 + number, ROOT, LOCK, ROOT << 32 | number + 1, line=2)
    world.object(6, ROOT, LOCK, ROOT << 32 | 8, line=77)
    world.object(7, ROOT, LOCK, ROOT << 32 | 9, line=78)
    names = [thing.name for thing in world.timeline(10).objects.values()]
    assert names == ["lock", "lock #2", "lock #3", "Lock 1", "Lock 2"]


def test_names_are_not_taken_from_another_files_lines() -> None:
    world = World(program="lock = Lock()\n")
    world.on(1, ROOT)
    world.say(2, ROOT, wire.FILE, a=3, text="/somewhere/helper.py")
    world.say(3, ROOT, wire.OBJECT, LOCK, 1, ROOT << 32 | 1, 3 << 32)
    (thing,) = world.timeline(10).objects.values()
    assert thing.name == "Lock 1"


def test_object_announced_by_two_processes_is_one_thing() -> None:
    world = World(program="lock = Lock()\n")
    world.on(1, ROOT)
    world.object(2, ROOT, LOCK, 1 << 63 | 5, line=1)
    world.say(3, 200, wire.OBJECT, LOCK, 1, 1 << 63 | 5, pid=200)
    assert len(world.timeline(10).objects) == 1


def test_line_in_another_file_of_the_program_is_not_one_of_the_program_s_own() -> None:
    world = World(program="first = Lock()\nsecond = Lock()\n")
    world.facts = replace(world.facts, path="/home/program.py")
    world.on(1, ROOT)
    world.hello(1.1)
    world.say(1.2, ROOT, wire.FILE, a=1, text="/home/program.py")
    world.say(1.2, ROOT, wire.FILE, a=2, text="/home/parts/program.py")
    world.say(2, ROOT, wire.OBJECT, ObjectKind.LOCK, a=2, b=8, c=2 << 32)
    world.say(3, ROOT, wire.OBJECT, ObjectKind.LOCK, a=2, b=9, c=1 << 32)
    world.say(4, ROOT, wire.ENTER, Reason.SLEEP, a=2, c=2 << 32)
    world.off(5, ROOT)
    world.on(6, ROOT)
    world.say(7, ROOT, wire.LEAVE, Reason.SLEEP, c=1)
    world.say(8, ROOT, wire.ENTER, Reason.SLEEP, a=2, c=1 << 32)
    world.off(9, ROOT)
    timeline = world.timeline(10)
    assert timeline.files == ["parts/program.py"]
    assert {thing.name: thing.line for thing in timeline.objects.values()} == {
        "Lock 1": place(1, 2),
        "second": 2,
    }
    sleeps = timeline.of(timeline.root(), State.BLOCKED)
    assert [row.line for row in sleeps] == [place(1, 2), 2]


def test_coroutine_s_line_knows_its_file() -> None:
    world = World()
    world.facts = replace(world.facts, path="/home/program.py")
    world.on(1, ROOT)
    world.hello(1.1)
    world.say(1.2, ROOT, wire.FILE, a=7, text="/home/tools.py")
    world.say(2, ROOT, wire.TASK_NEW, a=7 << 20 | 4, b=5, text="t\0f")
    world.say(3, ROOT, wire.TASK_RUN, b=5)
    world.say(4, ROOT, wire.TASK_PAUSE, Reason.SLEEP, a=7 << 20 | 9, b=5)
    world.say(5, ROOT, wire.NEVER_AWAITED, a=7 << 20 | 3, text="f")
    timeline = world.timeline(10)
    (task, _) = timeline.of_kind(TrackKind.COROUTINE)
    (row,) = timeline.of(task, State.AWAITING)
    assert row.line == place(1, 9)
    (found,) = timeline.findings.values()
    assert found.facts["line"] == place(1, 3)
