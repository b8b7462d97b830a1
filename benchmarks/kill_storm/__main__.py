"""Kills and stops every party of a run at random instants, and looks what is left after 3 s.

A round takes a run of a server or of ``timeslice run``, in one of three phases (just started,
running, telling the rest after the program's end), and sends SIGKILL or SIGSTOP to one party or
to two: program, child, guard, worker, owner; in some to all three watchers at once. An owner that
was stopped is continued or killed afterwards, and a run that nothing ended is stopped by its
owner; then the 3 s begin. There must be no process of the run, no folder, no control group and no
name in shared memory; the recording opens or says why not; the server answers and starts the next
run. Where no watcher is left, the next owner's start must have removed what was.

    python -m benchmarks.kill_storm [--rounds 200] [--seed N]
"""

from __future__ import annotations

import argparse
import collections
import contextlib
import itertools
import os
import random
import signal
import statistics
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from app.worker import sweep
from benchmarks.kill_storm.owners import START_S, Server, Terminal
from benchmarks.kill_storm.remains import Parties, Party, noted_names, remains

VERDICT_S = 3.0
#: What is left after ``VERDICT_S`` is looked at again for so long: late is not the same as never.
LATE_S = 20.0
TARGETS = ("program", "child", "guard", "worker", "owner")
WATCHERS = ("guard", "worker", "owner")
KINDS: list[tuple[str, ...]] = [
    *((name,) for name in TARGETS),
    *itertools.combinations(TARGETS, 2),
    WATCHERS,
]
PHASES = ("running", "running", "finishing", "starting")


class Round:
    def __init__(self, number: int, owners: dict[str, Server | Terminal], dice: random.Random):
        self.dice = dice
        self.targets = KINDS[number % len(KINDS)]
        self.owner_name = dice.choice(list(owners))
        self.owner = owners[self.owner_name]
        self.phase = dice.choice(PHASES)
        self.signals = {
            name: signal.SIGKILL if self.targets == WATCHERS else dice.choice(_BOTH)
            for name in self.targets
        }
        self.hit: list[str] = []
        self.took_s = 0.0

    def go(self) -> list[str]:
        """What is wrong, in words; empty for nothing."""
        self.owner.run(self.phase)
        run_id = self._wait(self.owner.find)
        parties = self._come_to_the_phase(run_id)
        names = noted_names(run_id)
        there = [name for name in TARGETS if self._victims(name, parties)]
        if self.targets != WATCHERS:  # one that has ended, or isn't there yet, is another's turn
            absent = [name for name in self.targets if name not in there]
            present = [name for name in self.targets if name in there]
            spare = [name for name in there if name not in present]
            present += self.dice.sample(spare, min(len(spare), len(absent)))
            self.targets = tuple(present)
            self.signals = {name: self.dice.choice(_BOTH) for name in present}
        for name in self.dice.sample(self.targets, len(self.targets)):
            for victim in self._victims(name, parties):
                with contextlib.suppress(ProcessLookupError):
                    os.kill(victim.pid, self.signals[name])
                    self.hit.append(f"{name} {self.signals[name].name}")
        goes_on = self._settle_owner()
        if not goes_on and all(name in self.targets for name in WATCHERS if name in there):
            sweep.abandoned()  # as the next owner does first of all: no watcher is left here
        wrong = self._look(run_id, parties.everybody, names)
        if told := self.owner.verdict(run_id):
            wrong.append(told)
        return wrong

    def _come_to_the_phase(self, run_id: str) -> Parties:
        deadline = time.monotonic() + START_S
        while time.monotonic() < deadline:
            parties = Parties(self.owner.pid, run_id)
            known = parties.by_name
            if self.phase == "starting" and "worker" in known:
                break
            if "program" in known and self._is_here(known["program"].pid):
                break
            time.sleep(0.01)
        time.sleep(self.dice.uniform(0, 0.4))
        parties = Parties(self.owner.pid, run_id)
        if self.phase == "finishing" and "program" in parties.by_name:
            program = parties.by_name["program"]
            while program.lives and time.monotonic() < deadline:
                time.sleep(0.002)
            time.sleep(self.dice.uniform(0, 0.3))
        return parties

    def _is_here(self, program: int) -> bool:
        return self.phase == "finishing" or os.path.exists(f"/proc/{program}/cwd/here")

    def _victims(self, name: str, parties: Parties) -> list[Party]:
        if name == "child":
            alive = [item for item in parties.children if item.lives]
            return self.dice.sample(alive, 1) if alive else []
        found = parties.by_name.get(name)
        return [found] if found is not None and found.lives else []

    def _settle_owner(self) -> bool:
        """Whether the owner goes on; the run comes to its end then, if nothing else ended it."""
        last = self.signals.get("owner")
        if last is signal.SIGSTOP:
            time.sleep(self.dice.uniform(0, 2.0))
            last = self.dice.choice((signal.SIGCONT, signal.SIGKILL))
            os.kill(self.owner.pid, last)
            self.hit.append(f"owner {last.name}")
        if last is signal.SIGKILL:
            self.owner.wait()
            return False
        with contextlib.suppress(ProcessLookupError):  # it has ended by itself
            self.owner.stop()
        return True

    def _look(self, run_id: str, everybody: list[Party], names: list[str]) -> list[str]:
        begin = time.monotonic()
        left = remains(run_id, everybody, names)
        in_time = left
        while left and time.monotonic() - begin < LATE_S:
            time.sleep(0.02)
            left = remains(run_id, everybody, names)
            if time.monotonic() - begin < VERDICT_S:
                in_time = left
        self.took_s = time.monotonic() - begin
        if left:
            return [f"for ever: {item}" for item in left]
        return [f"later than {VERDICT_S:g} s: {item}" for item in in_time]

    def _wait(self, look: object) -> str:
        deadline = time.monotonic() + START_S
        while time.monotonic() < deadline:
            if found := look():  # type: ignore[operator]
                return str(found)
            time.sleep(0.005)
        raise TimeoutError("no run was started")


_BOTH = (signal.SIGKILL, signal.SIGSTOP)


@contextlib.contextmanager
def both_owners() -> Iterator[dict[str, Server | Terminal]]:
    with tempfile.TemporaryDirectory(prefix="kill-storm-") as folder:
        (Path(folder) / "terminal").mkdir()
        server, terminal = Server(Path(folder)), Terminal(Path(folder) / "terminal")
        try:
            yield {"server": server, "run": terminal}
        finally:
            terminal.close()
            server.close()
            sweep.abandoned()


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--rounds", type=int, default=200)
    parser.add_argument("--seed", type=int, default=None)
    arguments = parser.parse_args()
    seed = random.randrange(1 << 32) if arguments.seed is None else arguments.seed
    # Ignored in the background of a shell, and so it would be by ``run``.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    print(f"seed {seed}, {arguments.rounds} rounds, load {os.getloadavg()[0]:.1f}", flush=True)
    bad, hits, times = 0, collections.Counter[str](), []
    by_kind: collections.Counter[str] = collections.Counter()
    with both_owners() as owners:
        for number in range(arguments.rounds):
            round_ = Round(number, owners, random.Random(seed * 1000 + number))
            wrong = round_.go()
            hits.update(round_.hit)
            times.append(round_.took_s)
            by_kind[f"{round_.owner_name}, {round_.phase}"] += 1
            told = ", ".join(round_.hit) or "nobody"
            print(
                f"{number:4} {round_.owner_name:6} {round_.phase:9} {told:45} "
                f"{round_.took_s:5.2f} s  {'; '.join(wrong) or 'clean'}",
                flush=True,
            )
            bad += bool(wrong)
    print("rounds by owner and phase:", dict(sorted(by_kind.items())))
    print("hits:", dict(sorted(hits.items())))
    print(f"clean after: median {statistics.median(times):.2f} s, longest {max(times):.2f} s")
    print(f"{len(times) - bad} of {len(times)} rounds left nothing; seed {seed}")
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
