"""Who sent the signal that ended a process, on real ones."""

from __future__ import annotations

import pytest

from app.timeline.states import Cause, FlowKind
from tests.worker.driver import Driver, skip_where_refused, spec

pytestmark = pytest.mark.real

PROGRAM = """
import os, signal, subprocess, time
from multiprocessing import Process

def stays(): time.sleep(60)
def kills(pid): os.kill(pid, signal.SIGKILL)
def ends(): os.kill(os.getpid(), signal.SIGTERM)

def started(name, target=stays, *args):
    process = Process(target=target, args=args, name=name)
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
    killed = {name: end.signal for name, end in ends.items() if end.cause is Cause.SIGNAL}
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
        root.name: 0 if sees else None,
    }
    arrows = {
        (flow.from_track, flow.to_track) for flow in timeline.flows if flow.kind is FlowKind.SIGNAL
    }
    assert {(senders[name], named[name].id) for name in killed if senders[name]} <= arrows
