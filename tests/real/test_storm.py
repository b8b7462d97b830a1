"""A storm of switches and messages: nothing of it is missing, by the programs' own counts."""

from __future__ import annotations

import json

import pytest

from app.timeline.states import FlowKind, State
from app.witness.perf_event import may_lock_memory
from tests.worker.driver import Driver, skip_where_refused, spec

pytestmark = pytest.mark.real

PAIRS, ROUNDS = 4, 2_000

#: Processes that play ping-pong, as fast as they can. Each tells how often it left its CPU by
#: then, as the kernel's own account has it (getrusage(2)).
PROGRAM = f"""
import json, os, resource
from multiprocessing import Pipe, Process
def tell():
    used = resource.getrusage(resource.RUSAGE_SELF)
    os.write(1, (json.dumps([os.getpid(), used.ru_nvcsw, used.ru_nivcsw]) + "\\n").encode())
def answer(end):
    for _ in range({ROUNDS}): end.send_bytes(end.recv_bytes())
    tell()
def ask(end):
    for _ in range({ROUNDS}): end.send_bytes(b"x"); end.recv_bytes()
    tell()
if __name__ == "__main__":
    players = []
    for _ in range({PAIRS}):
        ends = Pipe()
        players += [Process(target=ask, args=(ends[0],)), Process(target=answer, args=(ends[1],))]
    for player in players: player.start()
    for player in players: player.join()
"""
#: From telling its count to its end a process leaves its CPU this often at most.
AFTERWARDS = 10


@pytest.mark.skipif(
    not may_lock_memory(), reason="without CAP_IPC_LOCK the kernel's rings are small"
)
@pytest.mark.parametrize("witness", ["tracepoints", "perf"])
def test_storm_is_told_to_its_last_switch_and_message(witness: str) -> None:
    with Driver(spec(PROGRAM, witness=witness)) as worker:
        timeline = worker.end_unread()
    skip_where_refused(timeline, witness)
    assert timeline.dropped == 0
    tracks = {track.pid: track for track in timeline.tracks.values()}
    told = [json.loads(line) for line in timeline.text_of("stdout").splitlines()]
    assert len(told) == 2 * PAIRS
    for pid, voluntary, involuntary in told:
        seen = timeline.stats[tracks[pid].id]
        switches = voluntary + involuntary
        assert switches <= seen.voluntary + seen.involuntary <= switches + AFTERWARDS
        assert timeline.total_ns(tracks[pid], State.UNKNOWN) == 0
    messages = [flow for flow in timeline.flows if flow.kind is FlowKind.SEND_RECV]
    assert len(messages) == 2 * PAIRS * ROUNDS
