"""Programs written with other coroutine libraries, unmodified, through the whole pipeline."""

from __future__ import annotations

from itertools import pairwise

import pytest

from app.timeline.model import Track
from app.timeline.states import Cause, FlowKind, Reason, State, TrackKind
from app.timeline.timeline import Timeline
from tests.real.test_asyncio_truth import run_program

pytestmark = pytest.mark.real


def coroutines(timeline: Timeline) -> dict[str, Track]:
    return {track.name: track for track in timeline.of_kind(TrackKind.COROUTINE)}


def cause(track: Track) -> Cause | None:
    return track.end.cause if track.end else None


TRIO = """
import trio

async def diner(name, first, second, met):
    async with first:
        met.set()
        await trio.sleep(0.02)
        async with second:
            print(name, "eats")

async def main():
    fork, knife, met = trio.Lock(), trio.Lock(), trio.Event()
    with trio.move_on_after(0.5):
        async with trio.open_nursery() as table:
            table.start_soon(diner, "Ann", fork, knife, met, name="Ann")
            table.start_soon(diner, "Bob", knife, fork, met, name="Bob")
    async with trio.open_nursery() as table:
        met = trio.Event()
        table.start_soon(diner, "Cyd", fork, knife, met)
        await met.wait()
        table.start_soon(diner, "Dan", fork, knife, met, name="Dan")

trio.run(main)
"""


def test_tasks_of_trio_are_tracks_by_name_with_their_deadlock() -> None:
    pytest.importorskip("trio")
    timeline = run_program(TRIO)
    assert timeline.text_of("stdout") == "Cyd eats\nDan eats\n"
    tracks = coroutines(timeline)
    assert set(tracks) == {"main", "Ann", "Bob", "diner", "Dan"}
    (finding,) = [item for item in timeline.findings.values() if item.kind == "deadlock"]
    assert [wait.track for wait in finding.cycle] == [tracks["Ann"].id, tracks["Bob"].id]
    assert {cause(tracks[name]) for name in ("Ann", "Bob")} == {Cause.CANCELLED}
    assert {cause(tracks[name]) for name in ("main", "diner", "Dan")} == {Cause.RETURNED}
    spawned = {
        flow.to_track: flow.from_track for flow in timeline.flows if flow.kind is FlowKind.SPAWN
    }
    assert {spawned[tracks[name].id] for name in tracks if name != "main"} == {tracks["main"].id}
    waits = [row for row in timeline.of(tracks["Dan"], State.AWAITING) if row.reason is Reason.LOCK]
    assert [(timeline.objects[row.object].name, row.holder) for row in waits] == [
        ("fork", tracks["diner"].id)
    ]
    released = [flow for flow in timeline.flows if flow.kind is FlowKind.RELEASE]
    assert (tracks["diner"].id, tracks["Dan"].id) in {
        (flow.from_track, flow.to_track) for flow in released
    }
    assert timeline.dropped == 0


GEVENT = """
import gevent
from gevent.pool import Pool

def fetch(number):
    gevent.sleep(0.01 * number)
    return number

def boss():
    pool = Pool(2)
    print(list(pool.imap(fetch, range(3))))

greenlet = gevent.Greenlet(boss)
greenlet.name = "boss"
greenlet.start()
greenlet.join()
"""


def test_greenlets_of_gevent_are_tracks_by_name() -> None:
    pytest.importorskip("gevent")
    timeline = run_program(GEVENT)
    assert timeline.text_of("stdout") == "[0, 1, 2]\n"
    tracks = coroutines(timeline)
    assert {"boss", "main", "fetch", "fetch #2", "fetch #3"} <= set(tracks)
    assert cause(tracks["boss"]) is Cause.RETURNED
    slept = timeline.of(tracks["fetch #3"], State.AWAITING)
    assert [row.reason for row in slept] == [Reason.SLEEP]
    assert slept[0].end_ns - slept[0].start_ns >= 10_000_000
    # One thread executes them, one at a time.
    steps = sorted(
        (row.start_ns, row.end_ns)
        for track in tracks.values()
        for row in timeline.of(track, State.RUNNING)
    )
    assert all(one[1] <= other[0] for one, other in pairwise(steps))
    assert timeline.dropped == 0


MIXED = """
import greenlet, time

def inner():
    time.sleep(0.08)

greenlet.greenlet(inner).switch()
"""


def test_bare_greenlet_that_sleeps_blocks_no_loop() -> None:
    pytest.importorskip("greenlet")
    timeline = run_program(MIXED)
    assert timeline.of_kind(TrackKind.COROUTINE)
    assert not [item for item in timeline.findings.values() if item.kind == "loop-blocked"]


TORNADO = """
import asyncio
from tornado.httpclient import AsyncHTTPClient
from tornado.httpserver import HTTPServer
from tornado.testing import bind_unused_port
from tornado.web import Application, RequestHandler

class Slow(RequestHandler):
    async def get(self):
        await asyncio.sleep(0.01)
        self.write("hello")

async def visit(address):
    answer = await AsyncHTTPClient().fetch(address)
    print(answer.body.decode())

async def main():
    socket, port = bind_unused_port()
    server = HTTPServer(Application([("/", Slow)]))
    server.add_socket(socket)
    await asyncio.gather(*(
        asyncio.create_task(visit(f"http://127.0.0.1:{port}/"), name=f"visit-{n}") for n in range(2)
    ))
    server.stop()
    await server.close_all_connections()

asyncio.run(main())
"""


def test_tasks_of_tornado_are_tracks_by_name() -> None:
    pytest.importorskip("tornado")
    timeline = run_program(TORNADO)
    assert timeline.text_of("stdout") == "hello\nhello\n"
    tracks = coroutines(timeline)
    assert {"visit-0", "visit-1"} <= set(tracks)
    handlers = [
        track for name, track in tracks.items() if name.startswith("RequestHandler._execute")
    ]
    assert len(handlers) == 2
    for handler in handlers:
        assert Reason.SLEEP in {row.reason for row in timeline.of(handler, State.AWAITING)}
        assert cause(handler) is Cause.RETURNED
    assert timeline.dropped == 0


ANYIO = """
import sys
import anyio

async def visit(number, event):
    await anyio.sleep(0.001 * number)
    event.set()

async def main():
    event = anyio.Event()
    async with anyio.create_task_group() as group:
        for number in range(3):
            group.start_soon(visit, number, event, name=f"visit-{number}")
        await event.wait()
    print("done")

anyio.run(main, backend="BACKEND")
"""


@pytest.mark.parametrize("backend", ["asyncio", "trio"])
def test_tasks_of_anyio_are_tracks_by_name(backend: str) -> None:
    pytest.importorskip("anyio")
    pytest.importorskip(backend)
    timeline = run_program(ANYIO.replace("BACKEND", backend))
    assert timeline.text_of("stdout") == "done\n"
    tracks = coroutines(timeline)
    assert {"visit-0", "visit-1", "visit-2"} <= set(tracks)
    reasons = {row.reason for row in timeline.of(tracks["visit-2"], State.AWAITING)}
    assert reasons == {Reason.SLEEP}
    (main,) = [track for name, track in tracks.items() if name.startswith("main")]
    assert cause(main) is Cause.RETURNED
