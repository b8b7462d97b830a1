"""Everything that the doctor examines, as one value."""

from __future__ import annotations

import os

from pydantic import BaseModel

from app.doctor import brokers, interpreters, kernel, witnesses
from app.doctor.brokers import BrokerState
from app.doctor.interpreters import Interpreter
from app.doctor.kernel import Kernel
from app.doctor.witnesses import Witness
from app.worker import landlock
from app.worker.cgroup import Cgroup


class Sandbox(BaseModel):
    """How a run is kept within its limits.

    Both tiers limit what a program takes; neither hides anything of the machine. In ``inside`` its
    signals reach its own processes only; in ``basic`` they reach every process of the user, its
    watchers too. ``cgroup`` names the controllers that a run's own control group has here; without
    them only the worker watches those limits. ``landlock`` is the version of that interface, or 0.
    """

    tier: str
    measures: list[str]
    cgroup: list[str]
    landlock: int = 0


class Examination(BaseModel):
    witnesses: list[Witness]
    kernel: Kernel
    sandbox: Sandbox
    interpreters: list[Interpreter]
    brokers: list[BrokerState] = []


def examine() -> Examination:
    """Look at everything; takes as long as the slowest interpreter needs to say its version."""
    return Examination(
        witnesses=witnesses.examine(),
        kernel=kernel.examine(),
        sandbox=sandbox(),
        interpreters=interpreters.find(),
        brokers=brokers.examine(),
    )


def sandbox() -> Sandbox:
    """The measures that work here. A control group is made and removed again, as permissions alone
    don't show whether its controllers can be used.
    """
    group = Cgroup(f"doctor-{os.getpid()}", 1 << 30, 256)
    try:
        controllers = group.controllers
    finally:
        group.remove()
    inside = landlock.holds()
    return Sandbox(
        tier="inside" if inside else "basic",
        measures=[
            "rlimits",
            "supervised process tree",
            *(["signals of a run stay inside (Landlock)"] if inside else []),
        ],
        cgroup=controllers,
        landlock=landlock.abi(),
    )
