"""What a run that was cut short says, by the worker's name for the limit that it met."""

from __future__ import annotations

from app.locale.text import Text

_NAMES = {
    "wall": Text(en="running time", zh="时间"),
    "cpu": Text(en="CPU time", zh="CPU 时间"),
    "memory": Text(en="memory", zh="内存"),
    "processes": Text(en="processes and threads", zh="进程和线程数"),
    "output": Text(en="output", zh="输出"),
    "disk": Text(en="disk space", zh="磁盘空间"),
}


def cut_short(name: str) -> Text:
    """Why a claim can't be told. The name of a limit that a newer version knows stands as it is."""
    if name == "stopped":
        return Text(
            en="The run was stopped on request, so this can't be told.",
            zh="运行已按要求停止，无法判断。",
        )
    limit = _NAMES.get(name, Text(en=name, zh=f" {name} "))
    return Text(
        en=f"The run reached its limit of {limit.en}, so this can't be told.",
        zh=f"运行因达到{limit.of('zh')}上限而提前结束，无法判断。",
    )
