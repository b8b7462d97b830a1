"""What a worker is asked to run: the first line on its standard input, as JSON."""

from __future__ import annotations

import sys
from pathlib import PurePath
from typing import TYPE_CHECKING, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, field_validator

if TYPE_CHECKING:  # a worker starts faster without the server's settings
    from app.settings import Settings


class Limits(BaseModel):
    """Where the system stops a run; each but the last is a total over the whole process tree."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    wall_s: float = Field(30.0, gt=0, le=3600)
    cpu_s: float = Field(120.0, gt=0)
    memory_bytes: int = Field(1 << 30, ge=1 << 20)
    processes: int = Field(256, ge=2, description="processes and threads together")
    output_bytes: int = Field(1 << 20, ge=1)
    scratch_bytes: int = Field(512 << 20, ge=1 << 20, description="in the run's own folders")
    real_time_s: float = Field(
        2.0, gt=0, description="of a thread under SCHED_FIFO or SCHED_RR, between two waits"
    )

    @classmethod
    def of(cls, settings: Settings) -> Limits:
        """The limits that ``settings`` grant each run."""
        return cls(
            wall_s=settings.wall_limit_s,
            cpu_s=settings.cpu_limit_s,
            memory_bytes=settings.memory_limit_mib << 20,
            processes=settings.process_limit,
            output_bytes=settings.output_limit_kib << 10,
            scratch_bytes=settings.scratch_limit_mib << 20,
        )


class RunSpec(BaseModel):
    """One run. ``program`` is the text that runs, ``python`` the interpreter's path.

    ``scenario`` is None for a program that is none of the catalogue's: it has no claims.
    ``params`` holds JSON values, already valid for the scenario. A program with a ``path`` runs
    where it lies, in its own folder; without one, its text is put into a folder of the run's own.
    ``environment`` is the program's; None: a clean one. ``python_name`` names an
    interpreter that can't be asked for its version as those that the probe runs in can.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    run_id: str = Field(min_length=1, max_length=64, pattern=r"^[A-Za-z0-9._-]+$")
    scenario: str | None = None
    params: dict[str, Any] = Field(default_factory=dict)
    program: str
    file_name: str = "program.py"
    path: str | None = None
    environment: dict[str, str] | None = None
    args: list[str] = Field(default_factory=list)
    python: str = Field(default_factory=lambda: sys.executable, min_length=1)
    python_name: str = ""
    witness: Literal["auto", "tracepoints", "perf", "procfs"] = "auto"
    probe: bool = True
    limits: Limits = Field(default_factory=Limits)

    @field_validator("file_name")
    @classmethod
    def _plain_name(cls, value: str) -> str:
        if not value or value in (".", "..") or PurePath(value).name != value or "\0" in value:
            raise ValueError("a file name without folders is wanted, such as program.py")
        return value

    @field_validator("path")
    @classmethod
    def _absolute(cls, value: str | None) -> str | None:
        if value is not None and (not PurePath(value).is_absolute() or "\0" in value):
            raise ValueError("the whole path of a file is wanted, from / on")
        return value
