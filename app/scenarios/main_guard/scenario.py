"""The guard of the main module: what a spawned child runs when it reads the file again."""

from __future__ import annotations

import re
from typing import Literal

from app.catalogue.claims import Answer, Claim, either, not_seen
from app.catalogue.counting import counted, times
from app.catalogue.groups import Group, Idea
from app.catalogue.parameters import Parameters, flag, integer
from app.catalogue.scenario import Scenario, Tags
from app.catalogue.spans import lines, named, need_said, root, said, whole
from app.catalogue.start_methods import start_method
from app.locale.text import Text, listed
from app.timeline.endings import ending
from app.timeline.states import Cause, State, TrackKind
from app.timeline.timeline import Timeline


class Settings(Parameters):
    method: Literal["fork", "spawn", "forkserver"] = start_method("spawn")
    guard: bool = flag(
        False,
        Text(en="Guard main()", zh="保护 main()"),
        help=Text(en='With if __name__ == "__main__":', zh='使用 if __name__ == "__main__":'),
    )
    work_ms: int = integer(
        200, Text(en="Work of the child", zh="子进程的工作"), minimum=0, maximum=3000, unit="ms"
    )


def _refused(params: Settings) -> bool:
    """Whether the child must fail: it reads the file, and nothing keeps it from main()."""
    return not params.guard and params.method != "fork"


def check_read(timeline: Timeline, params: Settings) -> Answer:
    """Which processes read the file, as they told."""
    main = root(timeline)
    need_said(timeline, "starts a child", main)
    named(timeline, "child")
    readers = [
        (line.track, match[1], match[2])
        for line in lines(timeline)
        if (match := re.match(r"process (\d+) reads this file, as (\w+)", line.text))
    ]
    again = [reader for reader in readers if reader[0] != main.id]
    told = listed(f"{pid} ({name})" for _, pid, name in readers)
    return either(
        bool(again) == (params.method != "fork") and all(item[2] != "__main__" for item in again),
        en=f"The file was read {times(len(readers))}, by the processes {told.en}; main is "
        f"{main.pid}.",
        zh=f"文件被读取 {len(readers)} 次，进程：{told.of('zh')}；主进程是 {main.pid}。",
        evidence=[whole(timeline, timeline.tracks[track]) for track, *_ in readers],
    )


def check_main(timeline: Timeline, params: Settings) -> Answer:
    """How often main() is called."""
    need_said(timeline, "reads this file")
    (child,) = named(timeline, "child")
    main = root(timeline)
    calls = [line for line in lines(timeline) if "starts a child" in line.text]
    others = [line for line in calls if line.track != main.id]
    en = (
        f"main() was called {times(len(calls))}, {len(others)} of them outside of the main process."
    )
    zh = f"main() 被调用 {len(calls)} 次，其中 {len(others)} 次不在主进程里。"
    spans = [whole(timeline, main), whole(timeline, child)]
    return either(bool(others) == _refused(params), en=en, zh=zh, evidence=spans)


def check_child(timeline: Timeline, params: Settings) -> Answer:
    """Refused: RuntimeError before its first line. Else: it comes to its end."""
    (child,) = named(timeline, "child")
    if child.end is None or child.end.cause is Cause.UNKNOWN:
        return not_seen(en="How the child ended is not known.", zh="不知道子进程是怎样结束的。")
    worked = bool(said(timeline, "child: at work", child))
    error = [line for line in lines(timeline) if line.text.startswith("RuntimeError")]
    how = ending(child.end)
    en = f"The child ended with code {child.end.code} ({how.en}); it "
    en += "did its work." if worked else "never came to its work."
    zh = f"子进程以退出码 {child.end.code} 结束（{how.of('zh')}）；"
    zh += "它做了自己的工作。" if worked else "它根本没有开始工作。"
    if error:
        en += f" On stderr: {len(error)} RuntimeError."
        zh += f" stderr 上有 {len(error)} 个 RuntimeError。"
    failed = child.end.cause in (Cause.RAISED, Cause.EXIT) and child.end.code != 0
    if _refused(params):
        good = failed and bool(error) and not worked
    else:
        good = child.end.cause is Cause.RETURNED and worked and not error
    return either(good, en=en, zh=zh, evidence=[whole(timeline, child)])


def check_grandchild(timeline: Timeline, params: Settings) -> Answer:
    (child,) = named(timeline, "child")
    found = timeline.of_kind(TrackKind.PROCESS)
    below = [
        track
        for track in found
        if track is not child and (track.parent == child.id or track.name == child.name)
    ]
    return either(
        not below,
        en=f"{counted(len(found), 'process was', 'processes were')} seen, {len(below)} of them "
        "started by the child.",
        zh=f"共出现 {len(found)} 个进程，其中由子进程启动的有 {len(below)} 个。",
        evidence=[whole(timeline, track) for track in below or [child]],
    )


SCENARIO = Scenario(
    file=__file__,
    group=Group.PROCESSES,
    title=Text(en="The guard of the main module", zh="主模块的保护语句"),
    summary=Text(
        en="A spawned child reads the program's file again: what "
        'if __name__ == "__main__" is for.',
        zh='spawn 的子进程会重新读取程序文件：if __name__ == "__main__" 有什么用。',
    ),
    parameters=Settings,
    tags=Tags(
        ideas=(Idea.START,),
        primitives=("multiprocessing.get_context", '__name__ == "__main__"'),
        states=(State.NEW, State.RUNNING, State.ZOMBIE),
        level=1,
    ),
    claims=(
        Claim(
            "read",
            lambda params: (
                Text(
                    en="A forked child doesn't read the program's file: it has all in memory.",
                    zh="fork 出来的子进程不会重新读取程序文件：一切都已在内存里。",
                )
                if params.method == "fork"
                else Text(
                    en="The program's file is read again for the child, under another name than "
                    "__main__.",
                    zh="为了子进程，程序文件会被重新读取，而且名字不是 __main__。",
                )
            ),
            check_read,
        ),
        Claim(
            "main",
            lambda params: (
                Text(
                    en="Without the guard main() is called in the child, too.",
                    zh="没有保护语句，子进程也会调用 main()。",
                )
                if _refused(params)
                else Text(
                    en="main() is called in the main process alone.", zh="只有主进程会调用 main()。"
                )
            ),
            check_main,
        ),
        Claim(
            "child",
            lambda params: (
                Text(
                    en="The child fails with a RuntimeError and never comes to its work.",
                    zh="子进程以 RuntimeError 失败，根本没有开始工作。",
                )
                if _refused(params)
                else Text(en="The child does its work.", zh="子进程完成了自己的工作。")
            ),
            check_child,
        ),
        Claim(
            "grandchild",
            Text(
                en="The child starts no process of its own: there is no endless chain.",
                zh="子进程不会再启动进程：不会形成无穷的链条。",
            ),
            check_grandchild,
        ),
    ),
)
