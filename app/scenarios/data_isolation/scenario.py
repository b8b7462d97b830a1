"""Whose data is it: a thread's changes stay in the process, a child process's stay in the child."""

from __future__ import annotations

import re
from typing import Literal, NamedTuple

from app.catalogue.claims import Answer, Claim, NotSeen, either, not_seen
from app.catalogue.groups import Group, Idea
from app.catalogue.parameters import Parameters, integer
from app.catalogue.scenario import Scenario, Tags
from app.catalogue.spans import lines, named, root, whole
from app.catalogue.start_methods import start_method
from app.locale.text import Text
from app.timeline.states import State
from app.timeline.timeline import Timeline


class Settings(Parameters):
    method: Literal["fork", "spawn", "forkserver"] = start_method("fork")
    megabytes: int = integer(
        32, Text(en="Block of memory", zh="内存块"), minimum=1, maximum=256, unit="MiB"
    )
    written: int = integer(
        50,
        Text(en="Part that the child writes to", zh="子进程写入的部分"),
        minimum=0,
        maximum=100,
        unit="%",
    )
    rounds: int = integer(
        50, Text(en="Rounds of writing", zh="写入的轮数"), minimum=1, maximum=1000
    )


class _Data(NamedTuple):
    """The counter and the list, as a process or a thread printed them."""

    counter: int
    names: str

    def __str__(self) -> str:
        return f"{self.counter}, {self.names}"


def _data(timeline: Timeline, when: str) -> _Data:
    """What was printed with the words ``when``. Raises NotSeen when it was not."""
    for line in lines(timeline):
        match = re.match(rf"{when}: counter (\d+), names (\[.*\])", line.text)
        if match:
            return _Data(int(match[1]), match[2])
    raise NotSeen(
        en=f"The program never told of its data: {when}.", zh=f"程序没有输出它的数据：{when}。"
    )


def _changed(timeline: Timeline, who: str) -> tuple[_Data, _Data]:
    """What it found and what it left. Raises NotSeen where it changed nothing."""
    found, left = (_data(timeline, f"{who} at {when}") for when in ("first", "last"))
    if found == left:
        raise NotSeen(en=f"The {who} changed nothing.", zh="它什么也没有改变。")
    return found, left


def check_process(timeline: Timeline, params: Settings) -> Answer:
    """Main's data before and after the child process changed its own."""
    main = root(timeline)
    (process,) = named(timeline, "process")
    _, left = _changed(timeline, "process")
    before, after = _data(timeline, "main at first"), _data(timeline, "main after the process")
    return either(
        after == before and process.pid != main.pid,
        en=f"The process {process.pid} left: {left}. Main ({main.pid}) had before: {before}, and "
        f"after: {after}.",
        zh=f"进程 {process.pid} 最后是：{left}。"
        f"主进程（{main.pid}）之前是：{before}，之后是：{after}。",
        evidence=[whole(timeline, process)],
    )


def check_thread(timeline: Timeline, params: Settings) -> Answer:
    """Main's data after the thread is what the thread left."""
    main = root(timeline)
    (thread,) = named(timeline, "thread")
    _, left = _changed(timeline, "thread")
    after = _data(timeline, "main after the thread")
    return either(
        after == left and thread.pid == main.pid,
        en=f"The thread, in process {thread.pid}, left: {left}. Main ({main.pid}) had after it: "
        f"{after}.",
        zh=f"线程在进程 {thread.pid} 里，最后是：{left}。此后主进程（{main.pid}）是：{after}。",
        evidence=[whole(timeline, thread)],
    )


def check_start(timeline: Timeline, params: Settings) -> Answer:
    """What the child process found: main's data, or what the file alone makes."""
    (process,) = named(timeline, "process")
    mine, found = _data(timeline, "main at first"), _data(timeline, "process at first")
    return either(
        (found == mine) == (params.method == "fork"),
        en=f"Main had: {mine}. The process found: {found}.",
        zh=f"主进程是：{mine}。子进程最初看到的是：{found}。",
        evidence=[whole(timeline, process)],
    )


def check_pages(timeline: Timeline, params: Settings) -> Answer:
    """Megabytes that the kernel counts as shared, before and after the child wrote."""
    (process,) = named(timeline, "process")
    if params.method != "fork":
        return not_seen(en="Only a fork shares its pages.", zh="只有 fork 才共享内存页。")
    for line in lines(timeline):
        match = re.match(r"process: (\d+) MiB are shared, after writing (\d+) MiB", line.text)
        if match:
            before, after = int(match[1]), int(match[2])
            break
    else:
        return not_seen(en="The process never told of its pages.", zh="子进程没有输出它的内存页。")
    wrote = params.megabytes * params.written / 100
    if wrote < 4:
        return not_seen(en="It wrote to too few pages to tell.", zh="写入的页太少，无法判断。")
    # Each is rounded down to a whole number, and the interpreter itself writes here and there.
    return either(
        before >= params.megabytes - 1 and abs(before - after - wrote) <= 2 + wrote / 8,
        en=f"Of a block of {params.megabytes} MiB {wrote:.0f} were written to; {before} MiB were "
        f"shared before, {after} after it.",
        zh=f"内存块 {params.megabytes} MiB，其中写入 {wrote:.0f} MiB；写之前共享 {before} MiB，"
        f"写之后共享 {after} MiB。",
        evidence=[whole(timeline, process)],
    )


SCENARIO = Scenario(
    file=__file__,
    group=Group.PROCESSES,
    title=Text(en="Whose data is it?", zh="数据归谁所有"),
    summary=Text(
        en="A counter, a list and a block of memory are changed by a child process and by a "
        "thread: what does main see of it?",
        zh="子进程和线程分别修改计数器、列表和一块内存：主进程能看到什么？",
    ),
    parameters=Settings,
    tags=Tags(
        ideas=(Idea.START, Idea.RACE),
        primitives=("multiprocessing.Process", "threading.Thread", "global"),
        states=(State.RUNNING, State.BLOCKED),
        level=1,
    ),
    claims=(
        Claim(
            "process",
            Text(
                en="What a child process changes, its parent does not see.",
                zh="子进程的修改，父进程看不到。",
            ),
            check_process,
        ),
        Claim(
            "thread",
            Text(
                en="What a thread changes, its whole process sees.",
                zh="线程的修改，整个进程都看得到。",
            ),
            check_thread,
        ),
        Claim(
            "start",
            lambda params: (
                Text(
                    en="A forked child begins with all that its parent had at that moment.",
                    zh="fork 出来的子进程，一开始就拥有父进程当时的一切数据。",
                )
                if params.method == "fork"
                else Text(
                    en="A child that is not forked from main begins with what the file makes, not "
                    "with main's data.",
                    zh="不是由主进程 fork 出来的子进程，一开始只有文件里写的初值，"
                    "没有主进程的数据。",
                )
            ),
            check_start,
        ),
        Claim(
            "pages",
            Text(
                en="After a fork memory is shared until one of the two writes to it, page by page.",
                zh="fork 之后内存是共享的，直到其中一方写入；按页复制（写时复制）。",
            ),
            check_pages,
        ),
    ),
)
