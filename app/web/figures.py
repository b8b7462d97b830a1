"""Times and sizes as a reader wants them."""

from __future__ import annotations

import datetime


def moment(text: str) -> str:
    """An ISO 8601 time in UTC, to the second, as its ``<time>`` shows it."""
    try:
        when = datetime.datetime.fromisoformat(text).astimezone(datetime.UTC)
    except ValueError:
        return text
    return when.strftime("%Y-%m-%d %H:%M:%S UTC")


def mib(size: int) -> str:
    """Bytes in MiB: ``0.4``, ``12``, ``4,096``."""
    value = size / (1 << 20)
    return f"{value:.1f}" if 0 < value < 10 else f"{value:,.0f}"


def duration(ns: int | None) -> str:
    """``1.24 s``, ``35 ms``; empty while it is not known."""
    if ns is None:
        return ""
    if ns >= 1_000_000_000:
        return f"{ns / 1e9:.2f} s"
    return f"{ns / 1e6:.0f} ms"
