"""Settings from the environment (``TIMESLICE_…``) or the command line; every default is here."""

from __future__ import annotations

import os
from functools import cache
from pathlib import Path
from typing import Literal

from platformdirs import user_data_path
from pydantic import Field
from pydantic_settings import BaseSettings, SettingsConfigDict


class Settings(BaseSettings):
    """Limits hold for each run. Sizes are in MiB, times in seconds."""

    model_config = SettingsConfigDict(env_prefix="TIMESLICE_", extra="ignore")

    host: str = "127.0.0.1"
    port: int = Field(8000, ge=0, le=65535)
    data_dir: Path = Field(default_factory=lambda: user_data_path("timeslice"))
    language: Literal["", "en", "zh"] = Field("", description="a fixed language; empty: negotiate")

    witness: Literal["auto", "tracepoints", "perf", "procfs"] = "auto"
    runs_at_once: int = Field(default_factory=lambda: max(1, os.cpu_count() or 1), ge=1, le=64)
    runs_per_visitor: int = Field(3, ge=1, le=64, description="running and waiting together")
    runs_waiting: int = Field(50, ge=0, le=1000)
    runs_kept: int = Field(200, ge=1, description="older recordings are removed")
    recordings_mib: int = Field(
        4096, ge=1, description="all recordings together; the oldest are removed to make room"
    )

    wall_limit_s: float = Field(30.0, gt=0, le=3600)
    cpu_limit_s: float = Field(120.0, gt=0)
    memory_limit_mib: int = Field(1024, ge=64)
    process_limit: int = Field(256, ge=2, description="processes and threads together")
    output_limit_kib: int = Field(1024, ge=1)

    viewer_queue: int = Field(64, ge=2, description="frames a viewer may be behind")


@cache
def settings() -> Settings:
    return Settings()
