"""Settings from the environment (``TIMESLICE_…``) or the command line; every default is here."""

from __future__ import annotations

import ipaddress
import os
import re
from functools import cache
from pathlib import Path
from typing import Literal

from platformdirs import user_data_path
from pydantic import Field, SecretStr, field_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from app.locale.languages import LANGUAGES

_HOST = re.compile(r"\*|(\*\.)?[\w-]+(\.[\w-]+)*\.?")


class Settings(BaseSettings):
    """Limits hold for each run. Sizes are in MiB, times in seconds."""

    model_config = SettingsConfigDict(env_prefix="TIMESLICE_", extra="ignore")

    host: str = "127.0.0.1"
    port: int = Field(8000, ge=0, le=65535)
    allowed_hosts: str = Field(
        "", description="names this server is asked by, with commas; also *.example.org, or *"
    )
    trusted_proxies: str = Field(
        "", description="addresses and networks, with commas, whose X-Forwarded-For is believed"
    )
    secret: SecretStr = Field(
        SecretStr(""), description="signs visitors' cookies; empty: a file in data_dir"
    )
    data_dir: Path = Field(default_factory=lambda: user_data_path("timeslice"))
    language: str = Field("", description="a fixed language, by its code; empty: negotiate")

    witness: Literal["auto", "tracepoints", "perf", "procfs"] = "auto"
    runs_at_once: int = Field(default_factory=lambda: max(1, os.cpu_count() or 1), ge=1, le=64)
    runs_per_visitor: int = Field(3, ge=1, le=64, description="running and waiting together")
    runs_per_address: int = Field(64, ge=1, le=2000, description="running and waiting together")
    runs_waiting: int = Field(128, ge=0, le=1000)
    runs_kept: int = Field(200, ge=1, description="older recordings are removed")
    recordings_mib: int = Field(
        4096, ge=1, description="all recordings together; the oldest are removed to make room"
    )

    wall_limit_s: float = Field(30.0, gt=0, le=3600)
    cpu_limit_s: float = Field(120.0, gt=0)
    memory_limit_mib: int = Field(1024, ge=64)
    process_limit: int = Field(256, ge=2, description="processes and threads together")
    output_limit_kib: int = Field(1024, ge=1)
    scratch_limit_mib: int = Field(512, ge=1, description="files in the run's own folders")

    viewer_queue: int = Field(64, ge=2, description="frames a viewer may be behind")
    viewers_per_address: int = Field(300, ge=1, description="pages that watch runs")
    connections_per_address: int = Field(512, ge=1, description="open at once")
    request_limit_s: float = Field(20.0, gt=0, description="for all of a request to arrive")
    stall_limit_s: float = Field(30.0, gt=0, description="without reading what was sent")

    @field_validator("language")
    @classmethod
    def _spoken(cls, value: str) -> str:
        if value and value not in LANGUAGES:
            raise ValueError(f"the languages are {', '.join(LANGUAGES)}")
        return value

    @field_validator("allowed_hosts")
    @classmethod
    def _names(cls, value: str) -> str:
        wrong = next((name for name in _listed(value) if not _HOST.fullmatch(name)), None)
        if wrong is not None:
            raise ValueError(
                f"{wrong!r} is no host name: names are given without a scheme and a port, "
                "as in: teacher.local, *.example.org"
            )
        return value

    @field_validator("trusted_proxies")
    @classmethod
    def _addresses(cls, value: str) -> str:
        for address in _listed(value):
            try:
                ipaddress.ip_network(address)
            except ValueError as error:
                raise ValueError(f"{error}; as in: 10.0.0.2, 172.16.0.0/12") from error
        return value

    @property
    def hosts(self) -> list[str]:
        return _listed(self.allowed_hosts)

    @property
    def proxies(self) -> list[str]:
        return _listed(self.trusted_proxies)


def _listed(value: str) -> list[str]:
    return [item for part in value.split(",") if (item := part.strip())]


@cache
def settings() -> Settings:
    return Settings()
