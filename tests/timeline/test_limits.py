"""The words for the limits of a run."""

from __future__ import annotations

import re

import pytest

from app.timeline.limits import LIMITS, limit_amount, limit_name, limit_reached


@pytest.mark.parametrize(
    ("name", "value", "english", "chinese"),
    [
        ("wall", 30_000, "30 s of running time", "运行时间 30 s"),
        ("wall", 500, "0.5 s of running time", "运行时间 0.5 s"),
        ("cpu", 120_000, "120 s of CPU time", "CPU 时间 120 s"),
        ("memory", 1 << 30, "1024 MiB of memory", "内存 1024 MiB"),
        ("processes", 256, "256 processes and threads", "进程和线程数 256"),
        ("output", 1 << 20, "1024 KiB of output", "输出 1024 KiB"),
        ("disk", 512 << 20, "512 MiB of disk space", "磁盘空间 512 MiB"),
        ("newer", 7, "7 newer", "newer 7"),
    ],
)
def test_limit_has_its_amount_in_its_unit(
    name: str, value: int, english: str, chinese: str
) -> None:
    amount = limit_amount(name, value)
    assert (amount.of("en"), amount.of("zh")) == (english, chinese)
    reached = limit_reached(name, value)
    assert reached.en == f"The run reached its limit of {english}."
    assert reached.of("zh") == f"运行达到了上限：{chinese}。"


def test_a_stop_on_request_is_no_limit() -> None:
    assert limit_reached("stopped", 0).en == "The run was stopped on request."


def test_limits_have_names_of_their_own() -> None:
    for language in ("en", "zh"):
        assert len({limit_name(name).of(language) for name in LIMITS}) == len(LIMITS)
    assert all(re.search("[\u4e00-\u9fff]", limit_name(name).of("zh")) for name in LIMITS)
