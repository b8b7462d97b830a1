"""A web server and its clients on one thread: how many requests are under way at once."""

from __future__ import annotations

from itertools import pairwise as neighbours
from typing import Literal

from app.catalogue.claims import Answer, Claim, NotSeen, Span, either, not_seen
from app.catalogue.groups import Group, Idea
from app.catalogue.parameters import Parameters, choice, integer
from app.catalogue.scenario import Scenario, Tags
from app.catalogue.spans import (
    clip,
    common,
    duration,
    need_exact,
    peak,
    percent,
    root,
    starting,
    stretches,
    total,
    whole,
)
from app.locale.text import Text
from app.timeline.model import Track
from app.timeline.states import Reason, State, TrackKind
from app.timeline.timeline import Timeline


class Settings(Parameters):
    handler: Literal["await", "block"] = choice(
        "await",
        Text(en="In its slow part the server", zh="服务器在慢的部分"),
        {
            "await": Text(en="awaits (asyncio.sleep)", zh="用 await 等待（asyncio.sleep）"),
            "block": Text(en="blocks (time.sleep)", zh="阻塞（time.sleep）"),
        },
    )
    clients: int = integer(6, Text(en="Clients", zh="客户端数"), minimum=1, maximum=20)
    ms: int = integer(
        200, Text(en="The slow part takes", zh="慢的部分耗时"), minimum=20, maximum=500, unit="ms"
    )


def _requests(timeline: Timeline) -> list[Span]:
    """Each request from the server's first word about it to its last."""
    found = stretches(timeline, r"request (\d+) begins", r"request (\d+) is answered")
    if len(found) < 2:
        raise NotSeen(en="No two requests were seen whole.", zh="没有看到两个完整的请求。")
    return list(found.values())


def _clients(timeline: Timeline) -> list[Track]:
    return starting(timeline, "client-", TrackKind.COROUTINE, least=2)


def check_in_flight(timeline: Timeline, params: Settings) -> Answer:
    requests = _requests(timeline)
    most, _ = peak(requests)
    en = f"Of {len(requests)} requests up to {most} were under way in the server at once."
    zh = f"{len(requests)} 个请求中，服务器里同时进行的最多 {most} 个。"
    if params.handler == "block":
        return either(most == 1, en=en, zh=zh, evidence=requests)
    return either(most > len(requests) / 2, en=en, zh=zh, evidence=requests)


def check_total(timeline: Timeline, params: Settings) -> Answer:
    requests = _requests(timeline)
    took = max(span.end_ns for span in requests) - min(span.start_ns for span in requests)
    longest, summed = max(span.length_ns for span in requests), total(requests)
    en = f"The longest took {duration(longest)}, all of them {duration(summed)}; together they "
    en += f"took {duration(took)}."
    zh = f"最长的用了 {duration(longest)}，合计 {duration(summed)}；总共用了 {duration(took)}。"
    if params.handler == "block":
        return either(took >= 0.95 * summed, en=en, zh=zh, evidence=requests)
    return either(took < longest + (summed - longest) / 2, en=en, zh=zh, evidence=requests)


def check_one_thread(timeline: Timeline, params: Settings) -> Answer:
    """Server and clients: all their coroutines belong to one thread, which is the only one."""
    clients, main = _clients(timeline), root(timeline)
    servers = {span.track for span in _requests(timeline)}
    threads = timeline.of_kind(TrackKind.THREAD)
    parents = {track.parent for track in clients}
    parents |= {timeline.tracks[track].parent or track for track in servers}
    return either(
        parents <= {main.id} and not threads,
        en=f"{len(clients)} clients and the server's {len(servers)} handlers ran on "
        f"{len(parents)} thread; there were {len(threads)} others.",
        zh=f"{len(clients)} 个客户端和服务器的 {len(servers)} 个处理者都在 {len(parents)} "
        f"个线程上；另外还有 {len(threads)} 个线程。",
        evidence=[whole(timeline, track) for track in clients],
    )


def check_thread_waits(timeline: Timeline, params: Settings) -> Answer:
    """What the thread itself does while requests are under way: polls, or sleeps in a handler."""
    requests, main = _requests(timeline), root(timeline)
    first, last = min(span.start_ns for span in requests), max(span.end_ns for span in requests)
    blocked = clip(timeline.of(main, State.BLOCKED), first, last)
    reason = Reason.SLEEP if params.handler == "block" else Reason.POLL
    rows = [row for row in timeline.of(main, State.BLOCKED) if row.reason is reason]
    so = clip(rows, first, last)
    if total(blocked) < 0.1 * (last - first):
        return not_seen(en="The thread hardly waited.", zh="线程几乎没有等待。")
    if total(so) <= 0.8 * total(blocked):
        need_exact(timeline)
    return either(
        total(so) > 0.8 * total(blocked),
        en=f"Of {duration(total(blocked))} in which its thread was blocked, "
        f"{percent(total(so), total(blocked))} was "
        f"{'in time.sleep' if reason is Reason.SLEEP else 'in the poll of its event loop'}.",
        zh=f"线程共阻塞 {duration(total(blocked))}，其中 {percent(total(so), total(blocked))} 是在"
        f"{' time.sleep 中' if reason is Reason.SLEEP else '事件循环的 poll 中'}。",
        evidence=so or blocked,
    )


def check_clients_await(timeline: Timeline, params: Settings) -> Answer:
    """A client that asked awaits; it runs for moments only."""
    clients = _clients(timeline)
    awaiting = [row for track in clients for row in timeline.of(track, State.AWAITING)]
    running = [row for track in clients for row in timeline.of(track, State.RUNNING)]
    together = [
        span
        for one, other in neighbours(clients)
        for span in common(
            timeline.of(one, State.AWAITING), timeline.of(other, State.AWAITING)
        )
    ]  # fmt: skip
    return either(
        total(awaiting) > total(running) and bool(together),
        en=f"{len(clients)} clients were awaiting for {duration(total(awaiting))} and running for "
        f"{duration(total(running))}.",
        zh=f"{len(clients)} 个客户端共等待 {duration(total(awaiting))}，"
        f"运行 {duration(total(running))}。",
        evidence=awaiting,
    )


SCENARIO = Scenario(
    file=__file__,
    group=Group.COROUTINES,
    title=Text(en="A web server on one thread", zh="一个线程上的 Web 服务器"),
    summary=Text(
        en="tornado serves, httpx asks: many requests under way at once, until a handler blocks.",
        zh="tornado 提供服务，httpx 发出请求：许多请求同时进行，直到某个处理函数阻塞。",
    ),
    parameters=Settings,
    tags=Tags(
        ideas=(Idea.EVENT_LOOP, Idea.BLOCKING),
        primitives=("tornado.web", "httpx.AsyncClient", "asyncio.gather"),
        states=(State.AWAITING, State.RUNNING, State.READY),
        level=3,
    ),
    requires=("tornado", "httpx"),
    claims=(
        Claim(
            "in-flight",
            lambda params: (
                Text(
                    en="A handler that blocks has the server answer one request at a time.",
                    zh="处理函数一旦阻塞，服务器一次只能处理一个请求。",
                )
                if params.handler == "block"
                else Text(
                    en="A server whose handlers await has many requests under way at once.",
                    zh="处理函数用 await 等待时，服务器可以同时处理许多请求。",
                )
            ),
            check_in_flight,
        ),
        Claim(
            "total",
            lambda params: (
                Text(
                    en="Blocking, the requests take the sum of their times.",
                    zh="阻塞时，总时间是各个请求之和。",
                )
                if params.handler == "block"
                else Text(
                    en="Awaiting, all requests together take about as long as the longest.",
                    zh="用 await 等待时，全部请求所需的时间约等于最长的那个。",
                )
            ),
            check_total,
        ),
        Claim(
            "one-thread",
            Text(
                en="Server and clients share one thread.",
                zh="服务器和客户端共用一个线程。",
            ),
            check_one_thread,
        ),
        Claim(
            "thread-waits",
            lambda params: (
                Text(
                    en="Then the thread itself sleeps in the handler, and serves nobody.",
                    zh="这时睡眠的是线程本身，它在处理函数里，谁也不服务。",
                )
                if params.handler == "block"
                else Text(
                    en="When nobody can go on, the thread waits in its loop for any socket or "
                    "timer.",
                    zh="谁都无法继续时，线程在事件循环里等待任一套接字或定时器。",
                )
            ),
            check_thread_waits,
        ),
        Claim(
            "clients-await",
            Text(
                en="Clients await their answers side by side, and hardly run.",
                zh="各客户端同时等待各自的响应，自己几乎不运行。",
            ),
            check_clients_await,
        ),
    ),
)
