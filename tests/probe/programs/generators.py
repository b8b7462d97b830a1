"""What a program may rely on with generators that it drives by hand."""

import gc
import inspect
import sys
import threading
import traceback
import weakref


class Thing:
    pass


def holds(thing):
    while True:
        got = yield thing
        if got is not None:
            raise got


def counts(n):
    total = 0
    for number in range(n):
        total += (yield number) or 0
    return total


def delegates(n):
    total = yield from counts(n)
    return total * 2


def refuses():
    while True:
        try:
            yield
        except GeneratorExit:
            yield "no"


def finds_itself():
    while True:
        try:
            next(own)
        except ValueError as error:
            yield str(error)


def nested(depth):
    if depth:
        yield from nested(depth - 1)
    yield depth


# States, values and endings are those of any generator.
one = counts(3)
assert inspect.getgeneratorstate(one) == "GEN_CREATED"
assert [one.send(None), one.send(2), one.send(3)] == [0, 1, 2]
assert inspect.getgeneratorstate(one) == "GEN_SUSPENDED"
assert one.gi_frame.f_locals == {"n": 3, "total": 5, "number": 2}
try:
    one.send(4)
except StopIteration as stop:
    assert stop.value == 9
assert inspect.getgeneratorstate(one) == "GEN_CLOSED"
assert one.gi_frame is None

two = delegates(2)
assert [next(two), two.send(5)] == [0, 1]
assert two.gi_yieldfrom.__name__ == "counts"
try:
    two.send(6)
except StopIteration as stop:
    assert stop.value == 22

# What a generator holds is gone when it is: dropped, closed or ended by an exception.
for end in ("drop", "close", "throw", "raise"):
    thing = Thing()
    died = weakref.ref(thing)
    three = holds(thing)
    del thing
    next(three)
    next(three)
    assert died() is not None
    if end == "close":
        three.close()
    elif end != "drop":
        try:
            three.throw(LookupError) if end == "throw" else three.send(LookupError())
        except LookupError as error:
            names = [entry.name for entry in traceback.extract_tb(error.__traceback__)]
            assert names == ["<module>", "holds"], names
            frame = error.__traceback__.tb_next.tb_frame
            assert frame.f_code is holds.__code__
            del frame
    alive = weakref.ref(three)
    del three
    assert alive() is None
    if end == "raise":
        gc.collect()  # the frame has the exception, which has the frame
    assert died() is None, end

four = refuses()
next(four), next(four)
try:
    four.close()
except RuntimeError as error:
    assert "ignored GeneratorExit" in str(error)
else:
    raise AssertionError


def has_itself():
    frame = sys._getframe()
    try:
        me = yield
        yield 1
    finally:
        ended.append((frame, me)[2:])


def in_a_function():
    one = has_itself()
    next(one)
    one.send(one)
    alive = weakref.ref(one)
    del one
    gc.collect()
    return alive


ended = []
in_a_function()
assert ended

own = finds_itself()
assert next(own) == next(own) == "generator already executing"

five = nested(5)
assert [next(five) for _ in range(6)] == list(range(6))

# No tracer is to be seen, and the program's own works.
assert sys.gettrace() is None
assert threading._trace_hook is None or sys.version_info < (3, 12)
events = []


def trace(frame, event, arg):
    if frame.f_code is counts.__code__:
        events.append(event)
        return trace


six = counts(9)
next(six), next(six)
sys.settrace(trace)
assert sys.gettrace() is trace
next(six)
sys.settrace(None)
assert events[0] == "call" and "line" in events and events[-1] == "return"
next(six)

# In several threads, and in a cycle.
results = []


def drive():
    mine = delegates(100)
    for _ in range(100):
        next(mine)
    results.append(mine)


threads = [threading.Thread(target=drive) for _ in range(4)]
for thread in threads:
    thread.start()
for thread in threads:
    thread.join()
for each in results:
    try:
        each.send(1)
    except StopIteration as stop:
        assert stop.value == 2

cycle = holds([])
next(cycle).append(cycle)
next(cycle)
alive = weakref.ref(cycle)
del cycle
gc.collect()
assert alive() is None

print("ok")
