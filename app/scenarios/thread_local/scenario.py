"""Values of a thread's own: threading.local and contextvars, beside an object that all share."""

from __future__ import annotations

import re
from typing import Literal

from app.catalogue.claims import Answer, Claim, either, not_seen
from app.catalogue.groups import Group, Idea
from app.catalogue.parameters import Parameters, choice, integer, number
from app.catalogue.scenario import Scenario, Tags
from app.catalogue.spans import clip, lines, root, said, starting, whole
from app.locale.text import Text
from app.timeline.model import Output, Track
from app.timeline.states import State, TrackKind
from app.timeline.timeline import Timeline


class Settings(Parameters):
    kind: Literal["global", "local", "contextvar"] = choice(
        "local",
        Text(en="Where it is remembered", zh="记在哪里"),
        {
            "global": Text(en="in an object that all threads share", zh="所有线程共用的对象"),
            "local": Text(en="in a threading.local", zh="threading.local 对象"),
            "contextvar": Text(en="in a contextvars.ContextVar", zh="contextvars.ContextVar 变量"),
        },
    )
    threads: int = integer(4, Text(en="Threads", zh="线程数"), minimum=1, maximum=8)
    compute_ms: int = integer(
        10, Text(en="Computing meanwhile", zh="期间计算"), minimum=0, maximum=200, unit="ms"
    )
    pause: float = number(
        0.15,
        Text(en="Waiting meanwhile", zh="期间等待"),
        minimum=0.05,
        maximum=2,
        step=0.05,
        unit="s",
    )


def _servers(timeline: Timeline) -> list[Track]:
    return starting(timeline, "server-", TrackKind.THREAD)


def _answers(timeline: Timeline, verb: str) -> dict[int, Output]:
    """The line in which each server, by its track, tells with what it begins, or remembers."""
    return {
        line.track: line
        for track in _servers(timeline)
        for line in lines(timeline)
        if line.track == track.id and re.match(rf"{track.name} {verb} ", line.text)
    }


def _value(line: Output) -> str:
    return line.text.rpartition(" ")[2]


def _between(timeline: Timeline) -> dict[int, int]:
    """How many of the others ran between a server's first line and its second."""
    begins, ends = _answers(timeline, "begins with"), _answers(timeline, "remembers")
    servers = _servers(timeline)
    return {
        track.id: sum(
            bool(clip(timeline.of(other, State.RUNNING), begins[track.id].ns, ends[track.id].ns))
            for other in servers
            if other is not track
        )
        for track in servers
        if track.id in begins and track.id in ends
    }


def check_mix(timeline: Timeline, params: Settings) -> Answer:
    """What each remembers at the end: its own name, or another's."""
    servers = {track.id: track for track in _servers(timeline)}
    answers = _answers(timeline, "remembers")
    if len(answers) < 2:
        return not_seen(en="It takes two threads that answer.", zh="需要至少两个线程作答。")
    mixed = [line for track, line in answers.items() if _value(line) != servers[track].name]
    kept = said(timeline, "main remembers main", root(timeline))
    en = f"{len(mixed)} of {len(answers)} remember somebody else"
    en += f": {'; '.join(line.text for line in mixed)}." if mixed else "."
    zh = f"{len(answers)} 个中有 {len(mixed)} 个记成了别人"
    zh += f"：{'；'.join(line.text for line in mixed)}。" if mixed else "。"
    spans = [whole(timeline, servers[track]) for track in answers]
    if params.kind != "global":
        if not said(timeline, "main remembers"):
            return not_seen(en="Main never told what it remembers.", zh="主线程没有作答。")
        return either(not mixed and bool(kept), en=en, zh=zh, evidence=spans)
    if not mixed and not any(_between(timeline).values()):
        return not_seen(en=en + " They never met.", zh=zh + "它们没有相遇。", evidence=spans)
    return either(bool(mixed), en=en, zh=zh, evidence=spans)


def check_met(timeline: Timeline, params: Settings) -> Answer:
    """Between remembering and asking, others ran: there was a chance to mix it up."""
    between = _between(timeline)
    if len(between) < 2:
        return not_seen(en="It takes two threads that answer.", zh="需要至少两个线程作答。")
    met = [track for track, count in between.items() if count]
    en = f"For {len(met)} of {len(between)} threads, others ran in between (up to "
    en += f"{max(between.values())})."
    zh = f"{len(between)} 个线程中，有 {len(met)} 个在此期间有别的线程运行过"
    zh += f"（最多 {max(between.values())} 个）。"
    spans = [whole(timeline, timeline.tracks[track]) for track in between]
    if met and len(met) < len(between):
        return not_seen(en=en, zh=zh, evidence=spans)
    return either(len(met) == len(between), en=en, zh=zh, evidence=spans)


def check_fresh(timeline: Timeline, params: Settings) -> Answer:
    """With what a new thread begins, though main has remembered "main"."""
    begins = _answers(timeline, "begins with")
    if not begins:
        return not_seen(en="No thread told with what it began.", zh="没有线程说明开始时的值。")
    values = sorted({_value(line) for line in begins.values()})
    empty = [line for line in begins.values() if _value(line) == "nobody"]
    name = root(timeline).python or str(timeline.run.get("python", "Python"))
    en = f"{len(empty)} of {len(begins)} threads began with nothing (values seen: "
    en += f"{', '.join(values)}), on {name}."
    zh = f"{len(begins)} 个线程中有 {len(empty)} 个开始时没有值（出现过的值："
    zh += f"{'、'.join(values)}），解释器：{name}。"
    spans = [whole(timeline, timeline.tracks[track]) for track in begins]
    if params.kind == "global":
        return either(not empty, en=en, zh=zh, evidence=spans)
    if params.kind == "contextvar" and values == ["main"] and "free" in name:
        return not_seen(
            en=en + " Here it begins with a copy.",
            zh=zh + "这里新线程得到一份副本。",
            evidence=spans,
        )
    return either(len(empty) == len(begins), en=en, zh=zh, evidence=spans)


SCENARIO = Scenario(
    file=__file__,
    group=Group.THREADS,
    title=Text(en="Values of a thread's own", zh="线程自己的值"),
    summary=Text(
        en="Each thread remembers whom it serves: in an object that all share, in threading.local, "
        "or in a ContextVar. Do they mix it up?",
        zh="每个线程记住自己在为谁服务：记在共用的对象里、threading.local 里或 ContextVar 里，"
        "会不会混淆？",
    ),
    parameters=Settings,
    tags=Tags(
        ideas=(Idea.RACE,),
        primitives=("threading.local", "contextvars.ContextVar", "threading.Thread"),
        states=(State.RUNNING, State.BLOCKED, State.GIL),
        level=2,
    ),
    claims=(
        Claim(
            "mix",
            lambda params: (
                Text(
                    en="What is remembered in a shared object is overwritten by the other threads.",
                    zh="记在共用的对象里的值，会被其他线程覆盖。",
                )
                if params.kind == "global"
                else Text(
                    en="Each thread finds the value that it has set itself, main as well.",
                    zh="每个线程读到的都是自己设置的值，主线程也一样。",
                )
            ),
            check_mix,
        ),
        Claim(
            "met",
            Text(
                en="Between setting the value and reading it, other threads run.",
                zh="在设置与读取之间，其他线程运行过。",
            ),
            check_met,
        ),
        Claim(
            "fresh",
            lambda params: (
                Text(
                    en="A new thread sees at once what others have set in a shared object.",
                    zh="新线程一开始就能看到别人写在共用对象里的值。",
                )
                if params.kind == "global"
                else Text(
                    en="A new thread begins without the value that main has set.",
                    zh="新线程开始时没有主线程设置的值。",
                )
            ),
            check_fresh,
        ),
    ),
)
