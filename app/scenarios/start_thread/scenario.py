"""Starting threads in two ways: who they are, when they begin, and who is alive."""

from __future__ import annotations

import re
from itertools import pairwise
from typing import Literal

from app.catalogue.claims import Answer, Claim, Span, either, not_seen
from app.catalogue.groups import Group, Idea
from app.catalogue.parameters import Parameters, choice, integer, number
from app.catalogue.scenario import Scenario, Tags
from app.catalogue.spans import duration, end_of, lines, need_exact, root, starting, whole
from app.locale.text import Text, verbatim
from app.timeline.model import Output, Track
from app.timeline.states import FlowKind, State, TrackKind
from app.timeline.timeline import Timeline


class Settings(Parameters):
    style: Literal["function", "subclass"] = choice(
        "function",
        Text(en="How a thread is made", zh="创建方式"),
        {
            "function": verbatim("Thread(target=…, args=…)"),
            "subclass": Text(en="a subclass with run()", zh="继承 Thread 并重写 run()"),
        },
    )
    threads: int = integer(3, Text(en="Threads", zh="线程数"), minimum=1, maximum=8)
    seconds: float = number(
        0.3,
        Text(en="The first waits", zh="第一个等待"),
        minimum=0.05,
        maximum=2,
        step=0.05,
        unit="s",
        help=Text(en="The second twice as long, and so on.", zh="第二个是它的两倍，依此类推。"),
    )


ALIVE = re.compile(r"alive: (.*); active_count: (\d+)")


def _workers(timeline: Timeline) -> list[Track]:
    return starting(timeline, "worker-", TrackKind.THREAD)


def _alive(timeline: Timeline) -> list[tuple[Output, set[str], int]]:
    """What main printed of who is alive: the line, the names, the count."""
    found = []
    for line in lines(timeline):
        if match := ALIVE.match(line.text):
            found.append((line, set(match[1].split(", ")), int(match[2])))
    return found


def _life(timeline: Timeline, track: Track) -> Span:
    """From its start to its end; for one who is joined, until it tells the joiner so."""
    ends = [
        flow.from_ns
        for flow in timeline.flows
        if flow.kind is FlowKind.JOIN and flow.from_track == track.id
    ]
    return Span(track.id, track.start_ns, min([*ends, end_of(timeline, track)]))


def check_enumerate(timeline: Timeline, params: Settings) -> Answer:
    """Each list that main printed names the tracks alive at that instant, and main itself."""
    lives = {track.name: _life(timeline, track) for track in _workers(timeline)}
    lists = _alive(timeline)
    wrong, near = [], 0
    for line, names, count in lists:
        for name, life in lives.items():
            there = life.start_ns <= line.ns < life.end_ns
            if there == (name in names):
                continue
            # Between asking and printing a thread may have begun or ended.
            edge = min(abs(line.ns - life.start_ns), abs(line.ns - life.end_ns))
            if edge < life.length_ns / 10:
                near += 1
            else:
                wrong.append(life)
        if count != len(names) or "MainThread" not in names:
            wrong.append(whole(timeline, root(timeline)))
    if len(lists) < 2 or near > len(lists) / 2:
        return not_seen(
            en="Too few lists were printed at a clear instant.", zh="时刻明确的列表太少。"
        )
    most = max(len(names) for _, names, _ in lists)
    return either(
        not wrong,
        en=f"{len(lists)} lists of up to {most} threads; {len(wrong)} names differ from the "
        "tracks alive at that instant.",
        zh=f"{len(lists)} 份列表，最多 {most} 个线程；与当时存活的轨道不符的有 {len(wrong)} 处。",
        evidence=wrong or list(lives.values()),
    )


def check_ids(timeline: Timeline, params: Settings) -> Answer:
    """What each printed of its pid and native id is what the kernel calls its track."""
    workers = _workers(timeline)
    told = {}
    for line in lines(timeline):
        if match := re.match(r"(.+): pid (\d+), native id (\d+)", line.text):
            told[match[1]] = (int(match[2]), int(match[3]))
    known = [track for track in workers if track.name in told]
    if not known:
        return not_seen(en="No thread told its ids.", zh="没有线程输出自己的标识。")
    pid = root(timeline).pid
    good = [track for track in known if told[track.name] == (track.pid, track.tid)]
    shared = [track for track in known if track.pid == pid]
    tids = {track.tid for track in known}
    return either(
        len(good) == len(shared) == len(tids) == len(known),
        en=f"{len(shared)} of {len(known)} threads have the process's pid {pid}; {len(tids)} "
        f"different ids in the kernel, {len(good)} of them told rightly.",
        zh=f"{len(known)} 个线程中有 {len(shared)} 个的 pid 就是进程的 {pid}；"
        f"内核中共有 {len(tids)} 个不同的线程号，其中 {len(good)} 个与输出一致。",
        evidence=[whole(timeline, track) for track in known],
    )


def check_begun(timeline: Timeline, params: Settings) -> Answer:
    """Each thread is on a CPU before main starts the next one, or prints who is alive."""
    workers = _workers(timeline)
    spawned = {
        flow.to_track: flow.from_ns for flow in timeline.flows if flow.kind is FlowKind.SPAWN
    }
    full = [line.ns for line, names, _ in _alive(timeline) if len(names) > 1]
    starts = sorted(spawned[track.id] for track in workers if track.id in spawned)
    if len(starts) < len(workers) or not full:
        return not_seen(en="It isn't known when they were started.", zh="不知道它们是何时启动的。")
    late, gaps = [], []
    for track in workers:
        back = min([ns for ns in starts if ns > spawned[track.id]], default=full[0])
        first = timeline.of(track, State.RUNNING)[:1]
        if not first or first[0].start_ns > back:
            late.append(track)
        else:
            gaps.append(first[0].start_ns - spawned[track.id])
    if late:
        need_exact(timeline)
    return either(
        not late,
        en=f"{len(gaps)} of {len(workers)} threads had begun when start() came back, at most "
        f"{duration(max(gaps, default=0))} after it was called.",
        zh=f"start() 返回时，{len(workers)} 个线程中有 {len(gaps)} 个已经开始运行，"
        f"最晚在调用之后 {duration(max(gaps, default=0))}。",
        evidence=[whole(timeline, track) for track in late or workers],
    )


def check_at_once(timeline: Timeline, params: Settings) -> Answer:
    """Main does not wait for one to end before it starts the next one."""
    workers = _workers(timeline)
    if len(workers) < 2:
        return not_seen(en="It takes two threads.", zh="需要至少两个线程。")
    lives = [_life(timeline, track) for track in workers]
    met = [max(one.start_ns, two.start_ns) < one.end_ns for one, two in pairwise(lives)]
    together = min(life.end_ns for life in lives) - max(life.start_ns for life in lives)
    en = f"Still alive when the next one was started: {sum(met)} of {len(met)}; all "
    en += f"{len(lives)} were alive at once for {duration(max(together, 0))}."
    zh = f"启动下一个线程时，{len(met)} 个线程中有 {sum(met)} 个还活着；"
    zh += f"{len(lives)} 个线程同时存活的时间为 {duration(max(together, 0))}。"
    if any(met) and not all(met):
        return not_seen(
            en=en + " The others were too short.", zh=zh + "其余的太短。", evidence=lives
        )
    return either(all(met), en=en, zh=zh, evidence=lives)


SCENARIO = Scenario(
    file=__file__,
    group=Group.THREADS,
    title=Text(en="Starting threads", zh="启动线程"),
    summary=Text(
        en="Threads are made of a function or by a subclass: their names and ids, when they begin, "
        "and who is alive.",
        zh="用函数或子类创建线程：它们的名字和标识、何时开始运行，以及谁还活着。",
    ),
    parameters=Settings,
    tags=Tags(
        ideas=(Idea.START, Idea.LIFETIME),
        primitives=(
            "threading.Thread",
            "threading.enumerate",
            "threading.active_count",
            "threading.current_thread",
            "threading.get_native_id",
        ),
        states=(State.NEW, State.RUNNING, State.BLOCKED),
        level=1,
    ),
    claims=(
        Claim(
            "enumerate",
            Text(
                en="threading.enumerate() names the threads that are alive at that instant, main "
                "among them.",
                zh="threading.enumerate() 列出的正是当时存活的线程，主线程也在其中。",
            ),
            check_enumerate,
        ),
        Claim(
            "ids",
            Text(
                en="All threads have the pid of their process; each has an id of its own in the "
                "kernel.",
                zh="所有线程的 pid 都是所属进程的 pid；每个线程在内核中有自己的线程号。",
            ),
            check_ids,
        ),
        Claim(
            "begun",
            Text(
                en="start() of a thread comes back when the thread has begun. (That of a process "
                "does not wait for this.)",
                zh="线程的 start() 在线程开始运行之后才返回。（进程的 start() 不会等到这时。）",
            ),
            check_begun,
        ),
        Claim(
            "at-once",
            Text(
                en="start() does not wait for the thread's end: all of them live at the same time.",
                zh="start() 不等线程结束：各线程同时存活。",
            ),
            check_at_once,
        ),
    ),
)
