"""Who sent the signal that ended a process, on real ones."""

from __future__ import annotations

import pytest

from app.timeline.states import Cause, Evidence, FlowKind, Reason, State
from tests.worker.driver import Driver, skip_where_refused, spec

pytestmark = pytest.mark.real

PROGRAM = """
import os, signal, subprocess, time
from multiprocessing import get_context

def stays(): time.sleep(60)
def kills(pid): os.kill(pid, signal.SIGKILL)
def ends(): os.kill(os.getpid(), signal.SIGTERM)

def started(name, target=stays, *args):
    process = get_context("fork").Process(target=target, args=args, name=name)
    process.start()
    return process

if __name__ == "__main__":
    victim = started("victim")
    started("killer", kills, victim.pid).join()
    victim.join()
    terminated = started("terminated")
    terminated.terminate()
    terminated.join()
    started("alone", ends).join()
    shot = started("shot")
    subprocess.run(["sh", "-c", f"kill -KILL {shot.pid}; exit 0"])
    shot.join()
    print("ready", flush=True)
    time.sleep(60)
"""


STOPS = """
import os, signal, time
from multiprocessing import get_context

def computes():
    while time.process_time() < 0.3: pass
def sleeps(): time.sleep(0.4)
def waits(lock):
    with lock: pass

def stop_shortly(process):
    os.kill(process.pid, signal.SIGSTOP)
    os.waitid(os.P_PID, process.pid, os.WSTOPPED | os.WNOWAIT)
    os.kill(process.pid, signal.SIGCONT)

if __name__ == "__main__":
    context = get_context("fork")  # a stop is told to a process's own parent alone
    lock = context.Lock()
    with lock:
        targets = [(computes, ()), (sleeps, ()), (waits, (lock,))]
        children = [context.Process(target=f, args=args, name=f.__name__) for f, args in targets]
        for child in children: child.start()
        time.sleep(0.1)
        for _ in range(3):
            for child in children: stop_shortly(child)
            time.sleep(0.02)
    for child in children: child.join()
"""


def test_stops_of_less_than_a_look_are_told_and_what_stood_still_goes_on_waiting() -> None:
    with Driver(spec(STOPS, witness="tracepoints")) as worker:
        timeline = worker.end()
    skip_where_refused(timeline, "tracepoints")
    named = {track.name: track for track in timeline.tracks.values()}
    for name, reason in [("computes", None), ("sleeps", Reason.SLEEP), ("waits", Reason.LOCK)]:
        stops = timeline.of(named[name], State.STOPPED)
        assert 1 <= len(stops) <= 3, name  # the parent may be in time to let it go on at once
        assert {row.evidence for row in stops} == {Evidence.KERNEL}
        waits = timeline.of(named[name], State.BLOCKED)
        said = {row.reason for row in waits if row.start_ns > stops[0].start_ns}
        assert said == ({reason} if reason else set()), name


@pytest.mark.parametrize("witness", ["tracepoints", "perf"])
def test_sender_of_a_signal_is_told(witness: str) -> None:
    with Driver(spec(PROGRAM, witness=witness)) as worker:
        worker.read(until=lambda driver: driver.printed("ready"))
        worker.say(b"stop")
        timeline = worker.end()
    skip_where_refused(timeline, witness)
    named = {track.name: track for track in timeline.tracks.values()}
    ends = {name: track.end for name, track in named.items() if track.end}
    root = timeline.root()
    assert ends[root.name].cause is Cause.STOPPED  # by us, and the signal is how
    by_signals = (Cause.SIGNAL, Cause.STOPPED)
    killed = {name: end.signal for name, end in ends.items() if end.cause in by_signals}
    assert killed == {
        "victim": "SIGKILL",
        "terminated": "SIGTERM",
        "alone": "SIGTERM",
        "shot": "SIGKILL",
        root.name: "SIGKILL",
    }
    senders = {name: ends[name].sender for name in killed}
    sees = witness == "tracepoints"  # what the probe, in none of these senders, can't
    assert senders == {
        "victim": named["killer"].id,
        "terminated": root.id,
        "alone": named["alone"].id,
        "shot": named["sh"].id if sees else None,
        root.name: None,  # the cause says who
    }
    arrows = {
        (flow.from_track, flow.to_track) for flow in timeline.flows if flow.kind is FlowKind.SIGNAL
    }
    assert {(senders[name], named[name].id) for name in killed if senders[name]} <= arrows
