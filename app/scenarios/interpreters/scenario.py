"""Which interpreters let threads compute on several cores: each one's threads, in one run."""

from __future__ import annotations

import re
from itertools import pairwise as neighbours
from typing import Literal, NamedTuple

from app.catalogue.claims import Answer, Claim, NotSeen, Span, either, not_seen
from app.catalogue.groups import Group, Idea
from app.catalogue.parameters import Parameters, choice, integer
from app.catalogue.scenario import Scenario, Tags
from app.catalogue.spans import duration, lines, merged, need_exact, pairwise, total, whole
from app.catalogue.tolerance import ASKS, excused
from app.locale.text import NO_TEXT, Text
from app.timeline.model import Slice, Track
from app.timeline.states import State, TrackKind
from app.timeline.timeline import Timeline

#: Running at once under a GIL, as a part of all running: a thread begins and ends, and wakes up to
#: ask for the lock, without holding it. Each wait of PyPy's looks again after 0.1 ms and runs for
#: some 11 us then, 6 % of the time; two threads without a lock would have 50 %.
AT_ONCE = 0.15
#: As many threads as ran at once on average, by which the two kinds are told apart.
SHARED = 1.2

_ROW = re.compile(r"(\w+ \d[\w.+]*) +(GIL|none) +([\d.]+) s +([\d.]+) s +([\d.]+) +(\d+)$")


class Settings(Parameters):
    which: Literal["own", "cpython", "all"] = choice(
        "all",
        Text(en="Interpreters", zh="解释器"),
        {
            "own": Text(en="the one that runs the program", zh="只用运行本程序的这一个"),
            "cpython": Text(en="every CPython found", zh="找到的所有 CPython"),
            "all": Text(en="also PyPy and Jython", zh="还包括 PyPy 和 Jython"),
        },
    )
    threads: int = integer(2, Text(en="Threads", zh="线程数"), minimum=2, maximum=4)
    ms: int = integer(
        15,
        Text(en="A thread's share takes at least", zh="每个线程的份额至少"),
        minimum=10,
        maximum=100,
        unit="ms",
    )


class Measured(NamedTuple):
    """One interpreter: its row of the table, its process, and when its threads ran."""

    name: str
    lock: bool
    speed_up: str
    process: Track
    running: list[list[Slice]]

    @property
    def rows(self) -> list[Slice]:
        return [row for rows in self.running for row in rows]

    @property
    def at_once(self) -> float:
        """How many of its threads ran on average, while any of them did."""
        return total(self.rows) / total(merged(self.rows))

    def short_of_cpus(self, timeline: Timeline) -> bool:
        """One CPU seen only, or long on the run queue: others had the second one."""
        threads = [timeline.tracks[rows[0].track] for rows in self.running]
        ready = sum(timeline.total_ns(thread, State.READY) for thread in threads)
        cpus = {row.cpu for row in self.rows if row.cpu >= 0}
        return len(cpus) < 2 or ready > 0.25 * total(self.rows)


def _measured(timeline: Timeline) -> list[Measured]:
    """The rows of the table whose processes, and at least two threads of each, were seen."""
    found = []
    for line in lines(timeline):
        if not (match := _ROW.match(line.text)):
            continue
        pid = int(match[6])
        process = [track for track in timeline.of_kind(TrackKind.PROCESS) if track.pid == pid]
        running = [
            timeline.of(track, State.RUNNING)
            for track in timeline.of_kind(TrackKind.THREAD)
            if track.pid == pid and track.name.startswith("thread-")
        ]
        running = [rows for rows in running if rows]
        if process and len(running) > 1:
            found.append(Measured(match[1], match[2] == "GIL", match[5], process[0], running))
    if not found:
        raise NotSeen(
            en="No interpreter's threads were seen to compute.",
            zh="没有看到任何解释器的线程在计算。",
        )
    return found


def _figures(items: list[Measured]) -> tuple[str, str]:
    en = "; ".join(f"{item.name}: {item.at_once:.2f} threads at once" for item in items)
    zh = "；".join(f"{item.name}：平均同时 {item.at_once:.2f} 个线程" for item in items)
    return en, zh


def check_with_lock(timeline: Timeline, params: Settings) -> Answer:
    need_exact(timeline)
    items = [item for item in _measured(timeline) if item.lock]
    if not items:
        return not_seen(en="No interpreter here has a GIL.", zh="这里没有带 GIL 的解释器。")
    wrong, parts_en, parts_zh = [], [], []
    but = NO_TEXT
    for item in items:
        together = pairwise(item.running)
        but = excused(total(together), total(item.rows), AT_ONCE, ASKS) if not but.en else but
        if total(together) > AT_ONCE * total(item.rows):
            wrong += together
        figure = f"{duration(total(together))} / {duration(total(item.rows))}"
        parts_en.append(f"{item.name}: {figure}")
        parts_zh.append(f"{item.name}：{figure}")
    return either(
        not wrong,
        en=f"Two threads at once, of all their running: {'; '.join(parts_en)}.{but.en}",
        zh=f"两个线程同时运行的时间 / 全部运行时间：{'；'.join(parts_zh)}。{but.of('zh')}",
        evidence=wrong or [row for item in items for row in item.rows],
    )


def _without_lock(timeline: Timeline) -> list[Measured]:
    """Those without a GIL that used two cores, or had two to spare."""
    items = [item for item in _measured(timeline) if not item.lock]
    if not items:
        raise NotSeen(
            en="No interpreter without a GIL was found, such as a free-threaded CPython or Jython.",
            zh="没有找到不带 GIL 的解释器，例如自由线程的 CPython 或 Jython。",
        )
    able = [item for item in items if item.at_once > SHARED or not item.short_of_cpus(timeline)]
    if not able:
        raise NotSeen(en="The machine had no second CPU to spare.", zh="机器没有空闲的第二个 CPU。")
    return able


def check_without_lock(timeline: Timeline, params: Settings) -> Answer:
    need_exact(timeline)
    items = _without_lock(timeline)
    en, zh = _figures(items)
    together = [span for item in items for span in pairwise(item.running)]
    return either(
        all(item.at_once > SHARED for item in items), en=f"{en}.", zh=f"{zh}。", evidence=together
    )


def check_who(timeline: Timeline, params: Settings) -> Answer:
    need_exact(timeline)
    items = [item for item in _measured(timeline) if item.lock] + _without_lock(timeline)
    if all(not item.lock for item in items):
        return not_seen(en="No interpreter here has a GIL.", zh="这里没有带 GIL 的解释器。")
    en, zh = _figures(items)
    as_said = all((item.at_once > SHARED) != item.lock for item in items)
    return either(
        as_said, en=f"{en}.", zh=f"{zh}。", evidence=[row for item in items for row in item.rows]
    )


def check_in_turn(timeline: Timeline, params: Settings) -> Answer:
    lives = [whole(timeline, item.process) for item in _measured(timeline)]
    lives.sort(key=lambda span: span.start_ns)
    if len(lives) < 2:
        return not_seen(en="There was one interpreter only.", zh="只有一个解释器。")
    both = [
        Span(two.track, two.start_ns, min(one.end_ns, two.end_ns))
        for one, two in neighbours(lives)
        if two.start_ns < one.end_ns
    ]
    longest, shortest = max(map(_length, lives)), min(map(_length, lives))
    return either(
        not both,
        en=f"{len(lives)} processes lived for {duration(shortest)} to {duration(longest)}; two of "
        f"them at once for {duration(total(both))}.",
        zh=f"{len(lives)} 个进程各存在 {duration(shortest)} 到 {duration(longest)}；"
        f"两个同时存在的时间为 {duration(total(both))}。",
        evidence=both or lives,
    )


def _length(span: Span) -> int:
    return span.length_ns


SCENARIO = Scenario(
    file=__file__,
    group=Group.THREADS,
    title=Text(en="One program, every interpreter", zh="同一个程序，所有解释器"),
    summary=Text(
        en="CPython of every version, free-threaded CPython, PyPy, Jython: where do threads help?",
        zh="各个版本的 CPython、自由线程的 CPython、PyPy、Jython：在哪里线程能加快计算？",
    ),
    parameters=Settings,
    tags=Tags(
        ideas=(Idea.PARALLELISM,),
        primitives=("threading.Thread", "sys._is_gil_enabled", "subprocess.call"),
        states=(State.RUNNING, State.GIL),
        level=2,
    ),
    claims=(
        Claim(
            "with-lock",
            Text(
                en="On an interpreter with a GIL, two threads never compute at the same instant.",
                zh="在带 GIL 的解释器上，两个线程不会在同一时刻计算。",
            ),
            check_with_lock,
        ),
        Claim(
            "without-lock",
            Text(
                en="On one without a GIL, threads of one process compute at the same instant.",
                zh="在不带 GIL 的解释器上，同一进程的线程可以在同一时刻计算。",
            ),
            check_without_lock,
        ),
        Claim(
            "who",
            Text(
                en="Whether threads use several cores depends on the interpreter, not on Python: "
                "only those without a GIL do.",
                zh="线程能否用上多个核，取决于解释器而不是 Python 语言：只有不带 GIL 的才行。",
            ),
            check_who,
        ),
        Claim(
            "in-turn",
            Text(
                en="The interpreters are measured one after the other, so none disturbs another.",
                zh="各个解释器依次测量，互不干扰。",
            ),
            check_in_turn,
        ),
    ),
)
