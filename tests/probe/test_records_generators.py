"""What the probe records of generators that a program drives by hand, on each CPython."""

from __future__ import annotations

import ast
from collections.abc import Callable
from typing import NamedTuple

from app.timeline.places import line_of as line_of_place
from app.timeline.states import Reason
from tests.probe.decoding import Row, Run
from tests.probe.test_records_threads import line_of

Probed = Callable[..., Run]

KINDS = ("TASK_BEGAN", "TASK_PAUSED", "TASK_RUN", "TASK_PAUSE", "TASK_DONE")


class Life(NamedTuple):
    """The records of one generator, by the name of its function and its number among those."""

    new: Row
    rows: list[Row]

    @property
    def steps(self) -> list[tuple[str, int]]:
        """What it did, and at which line: ``run``, a reason, or an ending."""
        found = []
        for row in self.rows:
            if row.kind in ("TASK_PAUSE", "TASK_PAUSED"):
                found.append((Reason(row.aux).word, line_of_place(row.a)))
            elif row.kind == "TASK_DONE":
                found.append((row.text or ("returned", "raised", "closed", "lost")[row.aux], 0))
            else:
                found.append(("run", 0))
        return found


def lives(run: Run) -> dict[str, Life]:
    found: dict[str, Life] = {}
    for new in run.of("TASK_NEW"):
        name = new.text.removeprefix("\0")
        count = sum(each.partition(" ")[0] == name for each in found)
        rows = [row for row in run.rows if row.kind in KINDS and row.b == new.b]
        found[f"{name} {count + 1}" if count else name] = Life(new, rows)
    return found


ROUND_ROBIN = """
from collections import deque
seen = []
def task(number, rounds):
    seen.append((number, "run"))
    for _ in range(rounds):
        seen.append((number, "pause"))
        yield  # turn
        seen.append((number, "run"))
    seen.append((number, "done"))
waiting = deque(task(number, 1 + number % 4) for number in range(1, 30))
while waiting:
    one = waiting.popleft()
    try:
        next(one)
    except StopIteration:
        continue
    waiting.append(one)
print(seen)
"""


def test_every_step_of_a_round_robin_equals_the_programs_own_list(
    probed: Probed, python: str
) -> None:
    run = probed(ROUND_ROBIN, python=python)
    assert run.stderr == ""
    seen = ast.literal_eval(run.stdout)
    found = lives(run)
    assert len(found) == 29
    turn = line_of(ROUND_ROBIN, "turn")
    expected: dict[int, list[tuple[str, int]]] = {}
    for number, what in seen:
        step = {"run": ("run", 0), "pause": ("yield", turn), "done": ("returned", 0)}[what]
        expected.setdefault(number, []).append(step)
    assert sorted(life.steps for life in found.values()) == sorted(expected.values())
    # The order of all steps, too: each begins where another one ends.
    order = [row.b for row in run.of("TASK_RUN")]
    assert len(set(order)) == 29
    assert {life.new.c for life in found.values()} == {0}


PIPELINE = """
def sink(got):
    while True:
        got.append((yield))  # taken
def double(target):
    while True:
        value = yield  # given
        target.send(value * 2)  # sent
got = []
last = sink(got)
next(last)
first = double(last)
first.send(None)
for value in range(3):
    first.send(value)
first.close()
print(got)
"""


def test_generator_that_sends_to_another_awaits_it(probed: Probed, python: str) -> None:
    run = probed(PIPELINE, python=python)
    assert (run.stdout, run.stderr) == ("[0, 2, 4]\n", "")
    found = lives(run)
    assert found.keys() == {"double", "sink"}
    given, sent, taken = (line_of(PIPELINE, word) for word in ("given", "sent", "taken"))
    turn = [("run", 0), ("task", sent), ("run", 0), ("yield", given)]
    assert found["double"].steps[:14] == [("run", 0), ("yield", given), *turn * 3]
    assert found["double"].steps[-1] == ("closed", 0)
    assert found["sink"].steps == [("run", 0), ("yield", taken)] * 4
    awaited = {row.c for row in found["double"].rows if row.aux == Reason.TASK}
    assert awaited == {found["sink"].new.b}
    assert found["sink"].new.c == found["double"].new.b


DELEGATES = """
def inner():
    got = yield "a"  # first
    try:
        yield got  # second
    except KeyError:
        yield "caught"  # third
    return "end"
def outer():
    result = yield from inner()  # delegates
    yield result  # own
    yield from [1]  # list
    raise LookupError
one = outer()
print(next(one), one.send("b"), one.throw(KeyError), next(one), next(one))
try:
    next(one)
except LookupError:
    print("lookup")
"""


def test_yield_from_awaits_the_inner_generator_until_it_ends(probed: Probed, python: str) -> None:
    run = probed(DELEGATES, python=python)
    assert (run.stdout, run.stderr) == ("a b caught end 1\nlookup\n", "")
    found = lives(run)
    assert found.keys() == {"outer", "inner"}
    lines = {word: line_of(DELEGATES, word) for word in ("first", "second", "third", "own")}
    assert found["inner"].steps == [
        ("run", 0), ("yield", lines["first"]), ("run", 0), ("yield", lines["second"]),
        ("run", 0), ("yield", lines["third"]), ("run", 0), ("returned", 0),
    ]  # fmt: skip
    assert found["outer"].steps == [
        ("run", 0), ("task", line_of(DELEGATES, "delegates")), ("run", 0), ("yield", lines["own"]),
        ("run", 0), ("yield", line_of(DELEGATES, "list")), ("run", 0), ("LookupError", 0),
    ]  # fmt: skip
    (paused,) = (row for row in found["outer"].rows if row.kind == "TASK_PAUSED")
    assert int(paused.text) == found["inner"].new.b


ENDINGS = """
import gc
def waits():
    yield
    yield  # here
def guards():
    try:
        yield
        yield
    finally:
        print("guarded")
def refuses():
    yield
    try:
        yield
    except GeneratorExit:
        return
def fails():
    while True:
        try:
            yield  # again
        except KeyError: pass
def begun(function):
    one = function()
    next(one)
    next(one)
    return one
closed, guarded, refused, thrown = map(begun, (waits, guards, refuses, fails))
closed.close()
guarded.close()
refused.close()
thrown.throw(KeyError)
try:
    thrown.throw(ValueError("no"))
except ValueError:
    pass
begun(waits)
gc.collect()
kept = begun(waits)
"""


def test_each_ending_is_told(probed: Probed, python: str) -> None:
    run = probed(ENDINGS, python=python)
    assert (run.stdout, run.stderr) == ("guarded\n", "")
    found = lives(run)
    ends = {name: life.steps[-1] for name, life in found.items()}
    assert ends == {
        "waits": ("closed", 0), "guards": ("closed", 0), "refuses": ("closed", 0),
        "fails": ("ValueError", 0), "waits 2": ("closed", 0),
        "waits 3": ("yield", line_of(ENDINGS, "here")),
    }  # fmt: skip
    again = [step for step in found["fails"].steps if step[0] == "yield"]
    assert again == [("yield", line_of(ENDINGS, "again"))] * 3


CALCULATIONS = """
import contextlib, itertools, types
def count(n):
    for number in range(n):
        yield number
def tree(depth):
    if depth:
        yield from tree(depth - 1)
    yield depth
@contextlib.contextmanager
def managed():
    yield 1
for number in count(3):
    pass
lines = count(5)
header = next(lines)
print(header, list(lines), sum(count(4)), max(*count(4)), next(count(2)), list(tree(3)))
print(next(number for number in range(9) if number > 4), [*zip(count(2), count(2))])
with managed() as value:
    print(value, dict(enumerate(map(str, count(2)))), "".join(map(str, count(3))))
first, *rest = count(3)
print(2 in count(5), list(itertools.islice(count(9), 4, None)))
@types.coroutine
def switch():
    yield
async def task():
    await switch()
one = task()
one.send(None)
try:
    one.send(None)
except StopIteration:
    print("over")
"""


def test_generator_that_is_used_up_is_a_calculation(probed: Probed, python: str) -> None:
    run = probed(CALCULATIONS, python=python)
    assert run.stderr == ""
    assert run.stdout.splitlines()[0] == "0 [1, 2, 3, 4] 6 3 0 [0, 1, 2, 3]"
    assert run.stdout.endswith("over\n")
    assert not run.of("TASK_NEW", *KINDS)


SPELLINGS = """
import sys
def work():
    while True:
        yield
class Owner:
    def __init__(self):
        self.jobs = [work()]
    def step(self):
        self.jobs[0].send(None)
    def other(self, flag):
        self.jobs[0].send(None if flag else None)
owner = Owner()
owner.step()
owner.other(True)
def alias():
    one = work()
    resume = one.send
    resume(None)
    resume(None)
    return one
def star(*arguments):
    one = work()
    one.send(*arguments)
    one.send(*arguments)
    return one
def dunder():
    one = work()
    one.__next__(); one.__next__()
    return one
def default():
    one = work()
    next(one, None)
    return next(one, None), one
kept = alias(), star(None), dunder(), default()
"""


def test_resumption_by_hand_is_known_however_it_is_spelled(probed: Probed, python: str) -> None:
    run = probed(SPELLINGS, python=python)
    assert run.stderr == ""
    assert [life.steps[:4] for life in lives(run).values()] == [
        [("run", 0), ("yield", 5), ("run", 0), ("yield", 5)]
    ] * 5
