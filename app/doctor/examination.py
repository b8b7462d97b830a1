"""All that the doctor looks at, as one value."""

from __future__ import annotations

import os

from pydantic import BaseModel

from app.doctor import brokers, interpreters, kernel, witnesses
from app.doctor.brokers import Told
from app.doctor.interpreters import Interpreter
from app.doctor.kernel import Kernel
from app.doctor.witnesses import Witness
from app.worker import landlock
from app.worker.cgroup import Cgroup


class Sandbox(BaseModel):
    """How a run is kept within its limits. Both tiers bound what a program takes, and hide nothing
    of the machine; in ``inside`` its signals reach its own processes alone, in ``basic`` also
    those of its user, its watchers among them. ``cgroup`` names the controllers that a run's own
    control group has here; without them the worker's watch alone holds those limits. ``landlock``
    is the version of that interface, 0 for none.
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
    brokers: list[Told] = []


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
    """The measures that hold here. A control group is made and removed: permissions alone don't
    tell whether its controllers can be used.
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
