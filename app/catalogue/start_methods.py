"""How multiprocessing starts a process: the choice in a form, and a fork server in a run."""

from __future__ import annotations

from typing import Any

from app.catalogue.claims import NotSeen
from app.catalogue.parameters import choice
from app.locale.text import Text
from app.timeline.model import Track
from app.timeline.timeline import Timeline

#: The method that Python uses by default.
BY_DEFAULT = Text(
    en="Python's default on Linux: fork up to 3.13, forkserver since 3.14.",
    zh="Python 在 Linux 上的默认方式：3.13 及以前是 fork，从 3.14 起是 forkserver。",
)


def start_method(default: str) -> Any:
    """A parameter ``Literal["fork", "spawn", "forkserver"]`` for the constant METHOD.

    A program that behaves differently with each method names one: Python's default changed in 3.14.
    """
    return choice(
        default,
        Text(en="Start method", zh="启动方式"),
        {
            "fork": Text(en="fork: copy this process", zh="fork：复制当前进程"),
            "spawn": Text(en="spawn: a new interpreter", zh="spawn：启动全新的解释器"),
            "forkserver": Text(
                en="forkserver: a helper process forks", zh="forkserver：由辅助进程 fork"
            ),
        },
        help=BY_DEFAULT,
    )


def server_of(timeline: Timeline, child: Track) -> Track:
    """The fork server that made the child; it is the child's parent for the kernel.

    Raises NotSeen if the run does not show it.
    """
    server = timeline.tracks.get(child.parent)
    if server is None:
        raise NotSeen(en="The run shows no fork server.", zh="本次运行没有出现 fork 服务进程。")
    return server
