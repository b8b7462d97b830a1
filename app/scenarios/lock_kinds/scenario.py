"""The eight kinds of threading's synchronisation objects, each in a small use."""

from __future__ import annotations

from typing import Literal

from app.catalogue.claims import Answer, Claim, NotSeen, Span, either, not_seen
from app.catalogue.counting import counted
from app.catalogue.groups import Group, Idea
from app.catalogue.parameters import Parameters, choice, integer, number
from app.catalogue.scenario import Scenario, Tags
from app.catalogue.spans import (
    computed,
    duration,
    end_of,
    exact,
    need_exact,
    percent,
    root,
    said,
    starting,
    total,
    whole,
)
from app.catalogue.tolerance import HANDED_OVER, excused
from app.locale.text import Text, listed
from app.scenarios.lock_kinds.sentences import KINDS, SENTENCES
from app.timeline.model import Flow, Slice, Track
from app.timeline.states import FlowKind, ObjectKind, Reason, State, TrackKind
from app.timeline.timeline import Timeline

Kind = Literal[
    "lock", "rlock", "semaphore", "bounded", "event", "condition", "barrier", "timer"
]  # fmt: skip


class Settings(Parameters):
    kind: Kind = choice("lock", Text(en="Kind", zh="种类"), KINDS)
    threads: int = integer(4, Text(en="Threads", zh="线程数"), minimum=2, maximum=8)
    permits: int = integer(
        2, Text(en="Permits of a semaphore", zh="信号量的许可数"), minimum=1, maximum=8
    )
    use_ms: int = integer(
        80, Text(en="Time of one use", zh="每次使用"), minimum=10, maximum=500, unit="ms"
    )
    patience: float = number(
        0.4,
        Text(en="Patience", zh="耐心"),
        minimum=0.1,
        maximum=5,
        unit="s",
        help=Text(
            en="How long a thread waits for a lock that it has itself, the event's setter before "
            "it sets it, and the timer.",
            zh="线程等自己手里的锁等多久；多久之后设置事件；定时器的时间。",
        ),
    )


_REASONS = {
    "lock": Reason.LOCK,
    "rlock": Reason.RLOCK,
    "semaphore": Reason.SEMAPHORE,
    "bounded": Reason.SEMAPHORE,
    "event": Reason.EVENT,
    "condition": Reason.CONDITION,
    "barrier": Reason.BARRIER,
    "timer": Reason.EVENT,  # a timer's thread waits for an event of its own, with a timeout
}


def _users(timeline: Timeline, params: Settings) -> list[Track]:
    prefix = "Thread-" if params.kind == "timer" else "user-"
    return starting(timeline, prefix, TrackKind.THREAD, least=2)


def _waits(timeline: Timeline, track: Track, params: Settings) -> list[Slice]:
    reason = _REASONS[params.kind]
    return [row for row in timeline.of(track, State.BLOCKED) if row.reason is reason]


def _releases(timeline: Timeline, users: list[Track]) -> list[Flow]:
    """The arrows that let a user go on."""
    ids = {track.id for track in users}
    found = [f for f in timeline.flows if f.kind is FlowKind.RELEASE and f.to_track in ids]
    if not found:
        raise NotSeen(en="Nobody had to wait.", zh="没有线程需要等待。")
    return found


def _stay(timeline: Timeline, track: Track, params: Settings) -> Span:
    """The time in which it computed most of its use, up to the release."""
    over = [
        flow.from_ns
        for flow in timeline.flows
        if flow.kind is FlowKind.RELEASE
        and flow.from_track == track.id
        and flow.to_track != root(timeline).id
    ]
    running = timeline.of(track, State.RUNNING)
    last = running[-1].end_ns if running else end_of(timeline, track)
    start = end = min(max(over, default=last), last)
    left = params.use_ms * 900_000
    for row in reversed(running):
        if row.start_ns < end and left > 0:
            piece = min(row.end_ns, end) - row.start_ns
            start = row.start_ns + max(0, piece - left)
            left -= piece
    return Span(track.id, start, end)


def _beyond(stays: list[Span], limit: int) -> int:
    """How long more than ``limit`` of them last at once, in ns."""
    steps = sorted([(row.start_ns, 1) for row in stays] + [(row.end_ns, -1) for row in stays])
    beyond = inside = before = 0
    for ns, change in steps:
        if inside > limit:
            beyond += ns - before
        inside += change
        before = ns
    return beyond


def _at_most(timeline: Timeline, params: Settings, limit: int) -> Answer:
    users = _users(timeline, params)
    if len(users) <= limit:
        return not_seen(en="There are permits for all.", zh="许可足够所有线程使用。")
    waits = [row for track in users for row in _waits(timeline, track, params)]
    if not waits:
        return not_seen(en="Nobody had to wait.", zh="没有线程需要等待。")
    stays = [_stay(timeline, track, params) for track in users]
    beyond = _beyond(stays, limit)
    if beyond > 0.05 * total(stays):
        need_exact(timeline)
    share = percent(beyond, total(stays))
    but = excused(beyond, total(stays), 0.05, HANDED_OVER)
    return either(
        beyond <= 0.05 * total(stays),
        en=f"{len(users)} threads used it, for {duration(total(stays))}; more than {limit} at once "
        f"for {share} of it. They waited {duration(total(waits))} in all.{but.en}",
        zh=f"{len(users)} 个线程共使用 {duration(total(stays))}；超过 {limit} 个同时使用的时间占 "
        f"{share}。等待合计 {duration(total(waits))}。{but.of('zh')}",
        evidence=stays,
    )


def _event(timeline: Timeline, params: Settings) -> Answer:
    """All who wait are let go by one and the same set()."""
    users = _users(timeline, params)
    flows = _releases(timeline, users)
    waiting = {track.id for track in users if _waits(timeline, track, params)}
    calls = {(flow.from_track, flow.from_ns) for flow in flows}
    if len(waiting) < 2:
        return not_seen(en="Only one thread waited.", zh="只有一个线程在等待。")
    free = {flow.to_track for flow in flows}
    return either(
        len(calls) == 1 and waiting <= free,
        en=f"{len(calls)} call of set() let {len(free)} of {len(waiting)} waiting threads go on.",
        zh=f"{len(calls)} 次 set() 放行了 {len(waiting)} 个等待线程中的 {len(free)} 个。",
        evidence=[row for track in users for row in _waits(timeline, track, params)],
    )


def _condition(timeline: Timeline, params: Settings) -> Answer:
    """Each notify() lets one go on."""
    users = _users(timeline, params)
    main = root(timeline).id
    flows = [flow for flow in _releases(timeline, users) if flow.from_track == main]
    calls = {flow.from_ns for flow in flows}
    if len(flows) < 2:
        return not_seen(en="Only one thread waited.", zh="只有一个线程在等待。")
    return either(
        len(calls) == len(flows) == len({flow.to_track for flow in flows}),
        en=f"{counted(len(calls), 'call')} of notify() let {counted(len(flows), 'wait')} end, one "
        "for each.",
        zh=f"{len(calls)} 次 notify() 结束了 {len(flows)} 次等待。",
        evidence=[row for track in users for row in _waits(timeline, track, params)],
    )


def _barrier(timeline: Timeline, params: Settings) -> Answer:
    """Nobody goes on before the last has come, who lets all others go."""
    users = _users(timeline, params)
    flows = _releases(timeline, users)
    came = {
        track.id: min((row.start_ns for row in _waits(timeline, track, params)), default=None)
        for track in users
    }
    last = {flow.from_track for flow in flows}
    names = listed(timeline.tracks[track].name for track in sorted(last))
    before = [flow for flow in flows if any((ns or 0) > flow.from_ns for ns in came.values())]
    free = {flow.to_track for flow in flows}
    return either(
        len(last) == 1 and not before and len(free) == len(users) - 1,
        en=f"{names.en} came last and let {len(free)} of the {len(users) - 1} others go on; "
        f"{len(before)} of them before all had come.",
        zh=f"{names.of('zh')} 最后到达，放行了其余 {len(users) - 1} 个线程中的 {len(free)} 个；"
        f"其中 {len(before)} 个在全部到齐之前就被放行。",
        evidence=[row for track in users for row in _waits(timeline, track, params)],
    )


def _timer(timeline: Timeline, params: Settings) -> Answer:
    """One timer computes in its own thread, after the time; the cancelled one never does."""
    users = _users(timeline, params)
    enough = params.use_ms * 500_000
    worked = [track for track in users if computed(timeline, track) > enough]
    waited = [total(_waits(timeline, track, params)) for track in worked]
    en = f"{len(worked)} of {len(users)} timers ran its function, after waiting for "
    en += f"{duration(max(waited, default=0))}."
    zh = f"{len(users)} 个定时器中有 {len(worked)} 个执行了函数，此前等待了 "
    zh += f"{duration(max(waited, default=0))}。"
    return either(
        len(worked) == 1 and waited[0] >= params.patience * 0.9e9,
        en=en,
        zh=zh,
        evidence=[whole(timeline, track) for track in users],
    )


def check_kind(timeline: Timeline, params: Settings) -> Answer:
    if params.kind in ("lock", "rlock"):
        return _at_most(timeline, params, 1)
    if params.kind in ("semaphore", "bounded"):
        return _at_most(timeline, params, params.permits)
    others = {"event": _event, "condition": _condition, "barrier": _barrier, "timer": _timer}
    return others[params.kind](timeline, params)


def check_named(timeline: Timeline, params: Settings) -> Answer:
    """Each wait names an object of its kind; for a lock, who holds it."""
    users = _users(timeline, params)
    waits = [row for track in users for row in _waits(timeline, track, params)]
    if not waits:
        return not_seen(en="Nobody had to wait.", zh="没有线程需要等待。")
    kind = ObjectKind[_REASONS[params.kind].name]
    named = [
        row for row in waits if row.object in timeline.objects
        and timeline.objects[row.object].kind is kind
    ]  # fmt: skip
    names = sorted({timeline.objects[row.object].name for row in named})
    en = f"{len(named)} of {len(waits)} waiting slices name it ({', '.join(names) or '–'})"
    zh = f"{len(waits)} 段等待中，有 {len(named)} 段指出了对象（{'、'.join(names) or '–'}）"
    good = len(named) == len(waits)
    if params.kind in ("lock", "rlock"):
        # Between a release and the next one's acquire nobody holds it, for some microseconds.
        held = [row for row in named if row.holder and row.holder != row.track]
        good = good and total(held) > 0.9 * total(waits)
        en += f", and its holder for {percent(total(held), total(waits))} of the time"
        zh += f"，其中 {percent(total(held), total(waits))} 的时间指出了持有者"
    return either(good, en=en + ".", zh=zh + "。", evidence=waits)


def check_twice(timeline: Timeline, params: Settings) -> Answer:
    """The second acquire of one thread: a Lock makes it wait, for itself; an RLock does not."""
    if params.kind not in ("lock", "rlock"):
        return not_seen(en="Only locks are taken twice here.", zh="这里只有锁会被重复获取。")
    (track,) = starting(timeline, "twice", TrackKind.THREAD)
    answers = said(timeline, "the second time:", track)
    if not answers:
        return not_seen(en="It never came to its second time.", zh="没有进行到第二次获取。")
    waits = _waits(timeline, track, params)
    got_first = [
        flow.to_ns
        for flow in timeline.flows
        if flow.kind is FlowKind.RELEASE and flow.to_track == track.id
    ]
    again = [row for row in waits if row.start_ns >= max(got_first, default=0) and not row.holder]
    en = (
        f'The second time it was blocked for {duration(total(again))}. It said "{answers[0].text}".'
    )
    zh = f"第二次获取时阻塞了 {duration(total(again))}，输出“{answers[0].text}”。"
    got = answers[0].text.endswith("got it")
    if params.kind == "rlock":
        return either(
            got and total(again) < params.patience * 0.1e9, en=en, zh=zh, evidence=again or waits
        )
    if not got and not exact(timeline) and total(again) < params.patience * 0.8e9:
        need_exact(timeline)
    return either(
        not got and total(again) >= params.patience * 0.8e9, en=en, zh=zh, evidence=again or waits
    )


def check_too_often(timeline: Timeline, params: Settings) -> Answer:
    if params.kind != "bounded":
        return not_seen(en="No release too many was made here.", zh="这里没有多余的释放。")
    refused = said(timeline, "ValueError")
    main = root(timeline)
    if not said(timeline, "", main) and not timeline.children(main):
        return not_seen(en="The program never came so far.", zh="程序没有运行到那里。")
    text = refused[0].text if refused else "–"
    return either(
        bool(refused), en=f"It said: {text}", zh=f"输出：{text}", evidence=[whole(timeline, main)]
    )  # fmt: skip


SCENARIO = Scenario(
    file=__file__,
    group=Group.LOCKS,
    title=Text(en="Kinds of locks", zh="锁的种类"),
    summary=Text(
        en="Lock, RLock, Semaphore, Event, Condition, Barrier and Timer: who waits for what, and "
        "who lets whom go on.",
        zh="Lock、RLock、Semaphore、Event、Condition、Barrier 与 Timer：谁在等什么，谁放行了谁。",
    ),
    parameters=Settings,
    by="kind",
    tags=Tags(
        ideas=(Idea.MUTUAL_EXCLUSION, Idea.BLOCKING),
        primitives=(
            "threading.Lock",
            "threading.RLock",
            "threading.Semaphore",
            "threading.BoundedSemaphore",
            "threading.Event",
            "threading.Condition",
            "threading.Barrier",
            "threading.Timer",
        ),
        states=(State.BLOCKED, State.RUNNING, State.GIL),
        level=2,
    ),
    claims=(
        Claim("kind", lambda params: SENTENCES[params.kind], check_kind),
        Claim(
            "named",
            Text(
                en="Whoever waits can be asked what for: the object, and of a lock its holder.",
                zh="每个等待的线程都说得清在等哪个对象；如果是锁，还知道它在谁手里。",
            ),
            check_named,
        ),
        Claim(
            "twice",
            lambda params: (
                Text(
                    en="An RLock can be taken again by the thread that has it.",
                    zh="RLock 可以被持有它的线程再次获取。",
                )
                if params.kind == "rlock"
                else Text(
                    en="A Lock taken twice by one thread makes it wait for itself, for ever but "
                    "for a timeout.",
                    zh="同一个线程两次获取同一把 Lock，就会等待自己；没有超时就永远等下去。",
                )
            ),
            check_twice,
        ),
        Claim(
            "too-often",
            Text(
                en="A BoundedSemaphore refuses one release too many, with ValueError.",
                zh="BoundedSemaphore 遇到多余的释放会抛出 ValueError。",
            ),
            check_too_often,
        ),
    ),
)
