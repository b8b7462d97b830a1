"""All that the doctor looks at, as one value."""

from __future__ import annotations

from pydantic import BaseModel

from app.doctor import interpreters, kernel, witnesses
from app.doctor.interpreters import Interpreter
from app.doctor.kernel import Kernel
from app.doctor.witnesses import Witness


class Sandbox(BaseModel):
    """How a run is kept within its limits. The only tier so far is ``basic``: it bounds what a
    program takes, it does not hide the machine from it.
    """

    tier: str
    measures: list[str]


class Examination(BaseModel):
    witnesses: list[Witness]
    kernel: Kernel
    sandbox: Sandbox
    interpreters: list[Interpreter]


def examine() -> Examination:
    """Look at everything; takes as long as the slowest interpreter needs to say its version."""
    known = kernel.examine()
    return Examination(
        witnesses=witnesses.examine(),
        kernel=known,
        sandbox=sandbox(known),
        interpreters=interpreters.find(),
    )


def sandbox(known: Kernel) -> Sandbox:
    """The measures that hold on this machine."""
    measures = ["rlimits", "supervised process tree"]
    if known.cgroup_writable:
        measures.append("cgroup")
    return Sandbox(tier="basic", measures=measures)
