"""The program of a run and what holds it: its folders, pipes, groups and guard."""

from __future__ import annotations

import contextlib
import os
import time
from typing import Any

from app.errors import WorkerFailed, sentences
from app.worker import prctl, start
from app.worker.cgroup import Cgroup
from app.worker.guard import Guard
from app.worker.pipes import ProgramOutput
from app.worker.sandbox import Sandbox
from app.worker.spec import RunSpec
from app.worker.tree import kill_descendants

#: How long the guard may take to start the program, and to sweep it away.
START_S = 10.0
SWEEP_S = 15.0
#: The kernel's groups stop a run only where the worker's own watch was too slow.
_HARD_MEMORY = 1.25
_HARD_TASKS = 2


class Program:
    """Started and held just before its exec, until ``release``.

    ``closing`` undoes what was made, however far it came; ``reader`` hangs up when the run's frames
    have no reader any more. Raises OSError or TimesliceError when the program can't be started.
    """

    def __init__(self, spec: RunSpec, closing: contextlib.ExitStack, reader: int) -> None:
        self.layout = layout = start.Layout.make(spec)
        closing.callback(layout.remove)
        argv = start.argv(spec, layout)
        self.python = spec.python_name or start.describe(argv[0])
        limits = spec.limits
        memory = int(limits.memory_bytes * _HARD_MEMORY) + (64 << 20)
        self.cgroup = Cgroup(spec.run_id, memory, _HARD_TASKS * limits.processes)
        closing.callback(self.cgroup.remove)
        self.output = ProgramOutput(limits.output_bytes)
        closing.callback(self.output.close)
        waiting, self._go = os.pipe()
        sandbox = Sandbox(
            argv=argv,
            environment=start.environment(spec, layout),
            folder=layout.work,
            private=layout.private,
            limits=limits,
            go=waiting,
            stdout=self.output.pipe("stdout"),
            stderr=self.output.pipe("stderr"),
            groups=self.cgroup.files_to_join(),
        )
        self.guard = Guard(sandbox, self.cgroup, layout.remove, reader)
        closing.callback(self._sweep)
        prctl.outlive_parent()  # from now on the guard may end us, or we its processes
        for fd in (sandbox.go, sandbox.stdout, sandbox.stderr):
            os.close(fd)
        #: Whether the program's signals stay among its own processes.
        self.inside = False
        self.pid = self._started()

    def release(self) -> None:
        """Lets the program go."""
        os.write(self._go, b"g")
        os.close(self._go)

    def _started(self) -> int:
        started: Any
        started, messages = self.guard.wait_for("started", START_S)
        if started is None:
            for message in messages:
                if "failed" in message:
                    raise WorkerFailed.saying(sentences(message["failed"])[0])
            raise WorkerFailed("The program could not be started in time.")
        self.inside = any(message.get("inside") for message in messages)
        return int(started)

    def _sweep(self) -> None:
        """Ends every process of the run, whatever its state, even if the guard is dead."""
        self.guard.close()
        deadline = time.monotonic_ns() + int(SWEEP_S * 1e9)
        kill_descendants(os.getpid(), deadline, _reap_all)
        _reap_all()


def _reap_all() -> None:
    with contextlib.suppress(ChildProcessError):
        while os.waitpid(-1, os.WNOHANG)[0]:
            pass
