"""All that the doctor looks at, as one value."""

from __future__ import annotations

import os

from pydantic import BaseModel

from app.doctor import brokers, interpreters, kernel, witnesses
from app.doctor.brokers import Told
from app.doctor.interpreters import Interpreter
from app.doctor.kernel import Kernel
from app.doctor.witnesses import Witness
from app.worker.cgroup import Cgroup


class Sandbox(BaseModel):
    """How a run is kept within its limits. The only tier so far is ``basic``: it bounds what a
    program takes, it does not hide the machine from it. ``cgroup`` names the controllers that a
    run's own control group has here; without them the worker's watch alone holds those limits.
    """

    tier: str
    measures: list[str]
    cgroup: list[str]


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
    return Sandbox(
        tier="basic", measures=["rlimits", "supervised process tree"], cgroup=controllers
    )
