"""The limits of a run in words: the same ones in the terminal, in claims and on pages.

A limit comes as its name and its value in a record: times in ms, sizes in bytes, or a count. The
page's scripts have the English of these words, and get the others from here.
"""

from __future__ import annotations

from typing import NamedTuple

from app.locale.text import Text, verbatim


class _Limit(NamedTuple):
    """``name`` is what is limited. ``size`` is one ``unit`` in a record's value."""

    name: Text
    unit: str = ""
    size: int = 1


LIMITS = {
    "wall": _Limit(Text(en="running time", zh="运行时间"), "s", 1000),
    "cpu": _Limit(Text(en="CPU time", zh="CPU 时间"), "s", 1000),
    "memory": _Limit(Text(en="memory", zh="内存"), "MiB", 1 << 20),
    "processes": _Limit(Text(en="processes and threads", zh="进程和线程数")),
    "output": _Limit(Text(en="output", zh="输出"), "KiB", 1 << 10),
    "disk": _Limit(Text(en="disk space", zh="磁盘空间"), "MiB", 1 << 20),
}
#: The worker's name for an end on request, in place of a limit's.
STOPPED = "stopped"

AMOUNT = Text(en="{value} {unit} of {name}", zh="{name} {value} {unit}")
COUNT = Text(en="{value} {name}", zh="{name} {value}")
ON_REQUEST = Text(en="The run was stopped on request.", zh="运行已按要求停止。")
REACHED = Text(en="The run reached its limit of {limit}.", zh="运行达到了上限：{limit}。")


def limit_name(name: str) -> Text:
    """What is limited; a limit that only a newer version knows keeps its name."""
    return LIMITS[name].name if name in LIMITS else verbatim(name)


def limit_amount(name: str, value: int) -> Text:
    """The limit with its value, as in ``30 s of running time``."""
    known = LIMITS.get(name)
    if known is None or not known.unit:
        return COUNT.filled(value=value, name=limit_name(name))
    return AMOUNT.filled(value=f"{value / known.size:g}", unit=known.unit, name=known.name)


def limit_reached(name: str, value: int) -> Text:
    """Why the run was ended, as a sentence."""
    if name == STOPPED:
        return ON_REQUEST
    return REACHED.filled(limit=limit_amount(name, value))
