"""What the witnesses can do here, by the interpreter that the workers run on.

``python -m app.doctor.witnesses`` prints the answer of one interpreter as JSON. In a container, the
workers' interpreter may have a capability that this process lacks.
"""

from __future__ import annotations

import os
import subprocess
import sys
from typing import Any

from pydantic import BaseModel, TypeAdapter

from app.errors import TimesliceError, told
from app.witness.choose import available

_PATIENCE_S = 30.0


class Witness(BaseModel):
    """``why`` says what it shows, or why it does not work here; ``remedy`` says what would help."""

    name: str
    ok: bool
    why: str = ""
    remedy: str = ""
    told: list[dict[str, Any]] = []
    """Both again, so that they can be said in another language."""


_WITNESSES = TypeAdapter(list[Witness])


def examine() -> list[Witness]:
    """The answer of the workers' interpreter (TIMESLICE_WORKER_PYTHON), else of this process.

    Raises TimesliceError if that interpreter does not answer.
    """
    python = os.environ.get("TIMESLICE_WORKER_PYTHON", "")
    if not python:
        return here()
    try:
        done = subprocess.run(
            [python, "-m", "app.doctor.witnesses"],
            capture_output=True,
            check=True,
            timeout=_PATIENCE_S,
        )
    except (OSError, subprocess.SubprocessError) as error:
        raise TimesliceError(
            "TIMESLICE_WORKER_PYTHON is {python}, which can't run a worker: {why}",
            python=python,
            why=error,
        ) from error
    return _WITNESSES.validate_json(done.stdout)


def here() -> list[Witness]:
    return [
        Witness(
            name=item.name,
            ok=item.ok,
            why=item.why,
            remedy=item.remedy,
            told=told([item.why, item.remedy]),
        )
        for item in available()
    ]


if __name__ == "__main__":
    sys.stdout.buffer.write(_WITNESSES.dump_json(here()))
