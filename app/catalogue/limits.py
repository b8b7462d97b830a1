"""What a run that was cut short says, by the worker's name for the limit that it met."""

from __future__ import annotations

from app.catalogue.text import Text

_NAMES = {
    "wall": Text("running time", "时间"),
    "cpu": Text("CPU time", "CPU 时间"),
    "memory": Text("memory", "内存"),
    "processes": Text("processes and threads", "进程和线程数"),
    "output": Text("output", "输出"),
    "disk": Text("disk space", "磁盘空间"),
}


def cut_short(name: str) -> Text:
    """Why a claim can't be told. The name of a limit that a newer version knows stands as it is."""
    if name == "stopped":
        return Text(
            "The run was stopped on request, so this can't be told.",
            "运行已按要求停止，无法判断。",
        )
    limit = _NAMES.get(name, Text(name, f" {name} "))
    return Text(
        f"The run reached its limit of {limit.en}, so this can't be told.",
        f"运行因达到{limit.zh}上限而提前结束，无法判断。",
    )
