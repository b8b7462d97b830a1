"""Program, guard, worker and owner killed and stopped: each of three watchers ends the others."""

from __future__ import annotations

import asyncio
import os
import select
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from app.errors import WorkerFailed
from app.runs import launcher as launching
from app.runs.launcher import LocalLauncher
from app.witness import proc
from app.worker import cgroup, sweep
from app.worker.spec import Limits
from tests.worker.driver import DEADLINE_S, ROOT, Driver, spec

pytestmark = pytest.mark.real

#: A child, one in a session of its own, and an orphan twice forked away without our mark.
TREE = """
import os, signal, sys, time
signal.signal(signal.SIGTERM, signal.SIG_IGN)
def stay():
    while True: time.sleep(60)
if os.fork() == 0: stay()
pid = os.fork()
if pid == 0:
    os.setsid()
    pid = os.fork()
    if pid == 0:
        argv = [sys.executable, '-S', '-c', 'import time; time.sleep(600)']
        os.execve(argv[0], argv, {})
    print('orphan', pid, 'is here', flush=True)
    os._exit(0)
os.waitpid(pid, 0)
stay()
"""

#: Starts a run as ``timeslice run`` does, and hands its frames on.
OWNER = """
import asyncio, sys
from app.runs.keeper import Keeper
from app.runs.launcher import LocalLauncher
from app.worker.spec import RunSpec
async def main():
    launcher = LocalLauncher(keeper=Keeper.of_this_process())
    worker = await launcher.start(RunSpec.model_validate_json(sys.stdin.readline()))
    try:
        async for frame in worker.frames():
            sys.stdout.buffer.write(frame); sys.stdout.buffer.flush()
    finally:
        print(await worker.close(5), file=sys.stderr)
asyncio.run(main())
"""

#: The same where the kernel's Landlock has no scopes: the program reaches its watchers.
BARE_WORKER = """
import sys
from app.worker import landlock
landlock.abi = lambda: 0
from app.worker.lifeline import Lifeline
from app.worker.worker import main
lifeline = Lifeline(0, 1, '')
lifeline.start()
sys.exit(main(lifeline))
"""
BARE_OWNER = OWNER.replace(
    "LocalLauncher(", f"LocalLauncher([sys.executable, '-c', {BARE_WORKER!r}], "
)

#: Attacks its watchers, and lives on in a session of its own if it can.
ATTACK = TREE.replace(
    "\nstay()\n",
    """
def parent(pid):
    with open(f'/proc/{pid}/stat') as file: return int(file.read().rpartition(')')[2].split()[1])
guard = os.getppid()
worker = parent(guard)
while not os.path.exists('go'): time.sleep(0.01)
for name, number in WHAT:
    os.kill({'guard': guard, 'worker': worker}[name], number)
stay()
""",
)
ATTACKS = {
    "stops the guard": "[('guard', signal.SIGSTOP)]",
    "stops the worker": "[('worker', signal.SIGSTOP)]",
    "stops both": "[('worker', signal.SIGSTOP), ('guard', signal.SIGSTOP)]",
    "kills both": "[('worker', signal.SIGSTOP), ('guard', signal.SIGSTOP), "
    "('worker', signal.SIGKILL), ('guard', signal.SIGKILL)]",
}

#: A worker that computes and looks at nothing.
LIFELINE = """
import sys
from app.worker.lifeline import Lifeline
Lifeline(0, 1, '').start()
print('computing', flush=True)
while True: pass
"""


def orphan_of(run: Driver) -> int:
    run.read(until=lambda driver: driver.printed("is here"))
    words = run.timeline.text_of().split()
    return int(words[words.index("orphan") + 1])


def alive(pid: int) -> bool:
    stat = proc.stat(pid)
    return stat is not None and stat.state not in "ZX"


def parent_of(pid: int) -> int:
    stat = proc.stat(pid)
    assert stat is not None
    return stat.ppid


def nothing_is_left(run: Driver, orphan: int, patience_s: float = 10.0) -> None:
    run.wait_until_none_survives(patience_s)
    deadline = time.monotonic() + patience_s
    while left := remains(run, orphan):
        assert time.monotonic() < deadline, left
        select.select([], [], [], 0.01)


def remains(run: Driver, orphan: int) -> list[str]:
    assert run.spec is not None
    found = ["the orphan"] if alive(orphan) else []
    found += [path for mark, path in sweep._folders() if mark.run_id == run.spec.run_id]
    found += [str(path) for mark, path in cgroup.existing() if mark.run_id == run.spec.run_id]
    return found


def test_guard_that_is_stopped_ends_the_run_with_a_sentence() -> None:
    with Driver(spec(TREE)) as run:
        orphan = orphan_of(run)
        os.kill(run.guard_pid, signal.SIGSTOP)
        assert run.end().state == "ended"
        nothing_is_left(run, orphan)
    assert "stopped by a signal" in run.last["failure"]


def test_worker_that_is_stopped_is_ended_with_a_sentence() -> None:
    wanted = spec(TREE)

    async def run() -> None:
        worker = await LocalLauncher().start(wanted)
        try:
            frames = worker.frames()
            await anext(frames)
            os.kill(worker._process.pid, signal.SIGSTOP)  # type: ignore[attr-defined]
            async for _ in frames:
                pass
        finally:
            await worker.close(5)

    with pytest.raises(WorkerFailed, match="stopped by a signal"):
        asyncio.run(run())
    assert not [path for mark, path in sweep._folders() if mark.run_id == wanted.run_id]


def test_worker_that_is_stopped_and_unread_is_ended_by_the_guard() -> None:
    with Driver(spec(TREE)) as run:
        orphan = orphan_of(run)
        os.kill(run.process.pid, signal.SIGSTOP)
        assert run.process.stdin is not None
        run.process.stdin.close()
        assert run.process.wait(DEADLINE_S) == -signal.SIGKILL
        nothing_is_left(run, orphan)


def test_program_is_over_at_its_wall_limit_though_the_worker_is_stopped() -> None:
    with Driver(spec(TREE, limits={"wall_s": 1})) as run:
        orphan = orphan_of(run)
        program = run.program_pid
        os.kill(run.process.pid, signal.SIGSTOP)
        deadline = time.monotonic() + DEADLINE_S
        while alive(program) or alive(orphan):
            assert time.monotonic() < deadline
            select.select([], [], [], 0.01)
        os.kill(run.process.pid, signal.SIGCONT)
        assert run.end().run["limit"]["name"] == "wall"
        nothing_is_left(run, orphan)


def test_worker_that_only_computes_ends_with_its_reader() -> None:
    with subprocess.Popen(
        [sys.executable, "-c", LIFELINE],
        cwd=ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    ) as process:
        assert process.stdin is not None and process.stdout is not None
        assert process.stdout.readline() == b"computing\n"
        process.stdin.close()
        assert process.wait(DEADLINE_S) == 1


def test_worker_past_every_limit_is_ended(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("START_S", "FINISH_S", "_MARGIN_S"):
        monkeypatch.setattr(launching, name, 0.1)
    deaf = (sys.executable, "-c", "while True: pass")

    async def run() -> None:
        worker = await LocalLauncher(deaf).start(spec("", limits=Limits(wall_s=0.1)))
        try:
            async for _ in worker.frames():
                pass
        finally:
            await worker.close(5)

    with pytest.raises(WorkerFailed, match="exceeded every limit"):
        asyncio.run(run())


@pytest.mark.parametrize("guard_signal", [signal.SIGKILL, signal.SIGSTOP])
def test_worker_killed_and_guard_too_leaves_nothing_to_the_owner(
    guard_signal: signal.Signals,
) -> None:
    with Driver(spec(TREE), command=[sys.executable, "-c", OWNER]) as run:
        orphan = orphan_of(run)
        worker = parent_of(run.guard_pid)
        os.kill(run.guard_pid, guard_signal)
        os.kill(worker, signal.SIGKILL)
        run.end()
        nothing_is_left(run, orphan)


def test_what_all_watchers_left_goes_at_the_next_start_and_no_living_run_does() -> None:
    with (
        Driver(spec(TREE), command=[sys.executable, "-c", OWNER]) as dead,
        Driver(spec(TREE)) as living,
    ):
        assert dead.spec is not None and living.spec is not None
        orphans = orphan_of(dead), orphan_of(living)
        guard = dead.guard_pid
        worker = parent_of(guard)
        os.kill(worker, signal.SIGSTOP)  # so that none of them cleans up meanwhile
        os.kill(guard, signal.SIGSTOP)
        for pid in (dead.process.pid, guard, worker):
            os.kill(pid, signal.SIGKILL)
        dead.process.wait(DEADLINE_S)
        while alive(worker) or alive(guard):
            select.select([], [], [], 0.01)
        assert remains(dead, 0)
        assert dead.spec.run_id in sweep.abandoned()
        dead.wait_until_none_survives(5)
        left = [item for item in remains(dead, orphans[0]) if item != "the orphan"]
        assert not left
        # Where it was in no group, nothing says of an orphan without our mark whose it is.
        if alive(orphans[0]):
            os.kill(orphans[0], signal.SIGKILL)
        assert living.spec.run_id not in sweep.abandoned()
        assert alive(living.program_pid) and alive(orphans[1])
        assert len(remains(living, 0)) >= 2


FILES = """
import os, time
folder = os.environ.get('TMPDIR')
for number in range(100_000):
    os.makedirs(f'{folder}/deep/{number % 7}', exist_ok=True)
    with open(f'{folder}/deep/{number % 7}/{number}', 'wb') as file: file.write(bytes(100_000))
    time.sleep(0.0005)
"""


def test_files_of_a_run_are_bounded_together_and_go_with_it() -> None:
    with Driver(spec(FILES, limits={"scratch_bytes": 8 << 20})) as run:
        timeline = run.end()
        nothing_is_left(run, 0)
    assert timeline.run["limit"] == {"name": "disk", "value": 8 << 20}
    assert timeline.run["sentence"] == "The run reached its limit of 8 MiB of disk space."
    (finding,) = [item for item in timeline.findings.values() if item.kind == "limit"]
    assert finding.facts == {"name": "disk", "value": 8 << 20}


@pytest.mark.parametrize("attack", list(ATTACKS))
def test_program_that_attacks_its_watchers_is_ended_also_without_landlock(attack: str) -> None:
    program = ATTACK.replace("WHAT", ATTACKS[attack])
    with Driver(spec(program), command=[sys.executable, "-c", BARE_OWNER]) as run:
        orphan = orphan_of(run)
        assert run.timeline.run["limits"]["inside"] is False
        Path(f"/proc/{run.program_pid}/cwd/go").touch()
        run.end()  # long before the limit of 30 s
        assert run.timeline.now_ns < 25_000_000_000
        nothing_is_left(run, orphan)


#: Makes processes for as long as it can, each in a session of its own and without our mark.
SWARM = """
import os, signal, sys, time
for number in range(1, 65):
    if number not in (signal.SIGKILL, signal.SIGSTOP, 32, 33):
        signal.signal(number, signal.SIG_IGN)
print('on', flush=True)
code = 'import os, time\\n' \
    'while True:\\n' \
    '    if os.fork() == 0: os.setsid()\\n' \
    '    time.sleep(0.05)\\n'
if os.fork() == 0:
    os.setsid()
    os.execve(sys.executable, [sys.executable, '-S', '-c', code], {})
time.sleep(60)
"""


def test_swarm_that_forks_on_while_it_is_killed_is_ended() -> None:
    with Driver(spec(SWARM, limits={"processes": 40})) as run:
        run.read(until=lambda driver: driver.printed("on"))
        timeline = run.end()
        nothing_is_left(run, 0)
    assert timeline.run["limit"]["name"] == "processes"
