"""An echo server over loopback: accept() and recv() wait; clients queue or are served at once."""

from __future__ import annotations

import re
from typing import Literal

from app.catalogue.claims import Answer, Claim, NotSeen, Span, either, holds, not_seen
from app.catalogue.counting import counted
from app.catalogue.groups import Group, Idea
from app.catalogue.parameters import Parameters, choice, integer
from app.catalogue.scenario import Scenario, Tags
from app.catalogue.spans import (
    clip,
    duration,
    lines,
    named,
    need_exact,
    peak,
    percent,
    starting,
    total,
    whole,
)
from app.locale.text import Text
from app.timeline.model import Slice, Track
from app.timeline.states import Reason, State, TrackKind
from app.timeline.timeline import Timeline


class Settings(Parameters):
    server: Literal["in-turn", "threads"] = choice(
        "in-turn",
        Text(en="The server serves", zh="服务器"),
        {
            "in-turn": Text(en="one client after the other", zh="一个接一个地服务客户端"),
            "threads": Text(en="each client by a thread of its own", zh="为每个客户端开一个线程"),
        },
    )
    clients: int = integer(3, Text(en="Clients", zh="客户端数"), minimum=1, maximum=8)
    messages: int = integer(
        10, Text(en="Messages of each client", zh="每个客户端的消息数"), minimum=1, maximum=100
    )
    length: int = integer(
        50_000,
        Text(en="Length of a message", zh="消息长度"),
        minimum=1,
        maximum=60_000,
        unit="B",
        help=Text(en="A long one may arrive in several parts.", zh="长消息可能分几次到达。"),
    )
    think_ms: int = integer(
        20,
        Text(en="Time between two messages", zh="两条消息之间"),
        minimum=0,
        maximum=300,
        unit="ms",
        help=Text(en="Computing time of a client.", zh="客户端的计算时间。"),
    )


def _clients(timeline: Timeline) -> list[Track]:
    return starting(timeline, "client-", TrackKind.PROCESS)


def _told(timeline: Timeline, pattern: str) -> dict[int, int]:
    """When the server told of each client, by its number."""
    found = ((re.match(pattern, line.text), line.ns) for line in lines(timeline))
    return {int(match[1]): ns for match, ns in found if match}


def _talks(timeline: Timeline) -> list[Span]:
    """Of each client that was served: from its accept() to its close, as the server told."""
    (server,) = named(timeline, "server")
    begun = _told(timeline, r"server: accepted client (\d+)")
    ended = _told(timeline, r"server: client (\d+) has closed")
    if not begun or begun.keys() != ended.keys():
        raise NotSeen(
            en="The server did not come to the end of its clients.",
            zh="服务器没有服务完它的客户端。",
        )
    return [Span(server.id, begun[number], ended[number]) for number in sorted(begun)]


def _waits(timeline: Timeline, track: Track) -> list[Slice]:
    return [row for row in timeline.of(track, State.BLOCKED) if row.reason is Reason.SOCKET]


def check_accept(timeline: Timeline, params: Settings) -> Answer:
    """The first accept() is over only when there is a client."""
    (server,) = named(timeline, "server")
    first = min(talk.start_ns for talk in _talks(timeline))
    came = min(client.start_ns for client in _clients(timeline))
    waits = [row for row in _waits(timeline, server) if row.start_ns < first]
    if not waits:
        return not_seen(
            en="A client was there before accept().", zh="accept() 之前已有客户端到来。"
        )
    return either(
        first >= came,
        en=f"accept() waited {duration(total(waits))} and came back at {duration(first)}; the "
        f"first client began at {duration(came)}.",
        zh=f"accept() 等待了 {duration(total(waits))}，在 {duration(first)} 返回；"
        f"第一个客户端开始于 {duration(came)}。",
        evidence=waits,
    )


def check_recv(timeline: Timeline, params: Settings) -> Answer:
    """While its client computes, who serves it waits at the socket, and is on no CPU."""
    need_exact(timeline)
    talks = _talks(timeline)
    (server,) = named(timeline, "server")
    threads = [track for track in timeline.children(server) if track.kind is TrackKind.THREAD]
    by_threads = params.server == "threads"
    spans = [whole(timeline, thread) for thread in threads] if by_threads else talks
    if params.think_ms == 0 or not spans:
        return not_seen(en="The clients were never busy otherwise.", zh="客户端没有忙别的事情。")
    blocked: list[Span] = []
    ran: list[Span] = []
    for span in spans:
        track = timeline.tracks[span.track]
        blocked += clip(_waits(timeline, track), span.start_ns, span.end_ns)
        ran += clip(timeline.of(track, State.RUNNING), span.start_ns, span.end_ns)
    shares = percent(total(blocked), total(spans)), percent(total(ran), total(spans))
    return either(
        total(blocked) > total(ran),
        en=f"Who served a client waited in recv() for {shares[0]} of that time, and ran for "
        f"{shares[1]}.",
        zh=f"服务客户端期间，{shares[0]} 的时间在 recv() 中等待，{shares[1]} 的时间在运行。",
        evidence=blocked or spans,
    )


def check_turns(timeline: Timeline, params: Settings) -> Answer:
    """How many clients are served at one instant, and how many are connected before."""
    talks = _talks(timeline)
    clients = _clients(timeline)
    if len(talks) < 2:
        return not_seen(en="There was one client alone.", zh="只有一个客户端。")
    most, _ = peak(talks)
    first_end = min(talk.end_ns for talk in talks)
    connected = sum(
        line.ns < first_end for line in lines(timeline) if line.text.endswith(" is connected")
    )
    en = f"At most {counted(most, 'client was', 'clients were')} served at one instant; "
    en += f"{connected} of {len(clients)} were connected before the first one had closed."
    zh = f"同一时刻最多服务 {most} 个客户端；第一个客户端关闭之前，{len(clients)} 个中已有 "
    zh += f"{connected} 个连接成功。"
    if params.server == "threads":
        return (
            holds(en=en, zh=zh, evidence=talks)
            if most > 1
            else not_seen(en=en, zh=zh, evidence=talks)
        )
    waits = [row for client in clients for row in _waits(timeline, client)]
    return either(most == 1, en=en, zh=zh, evidence=waits or talks)


def check_bytes(timeline: Timeline, params: Settings) -> Answer:
    """What clients sent, what the server echoed, and what came back, as each counted."""
    texts = [line.text for line in lines(timeline)]
    echoed = [re.match(r"server: client \d+ has closed, (\d+) bytes", text) for text in texts]
    own = [re.match(r"client-\d+: (\d+) bytes sent, (\d+) back", text) for text in texts]
    clients = [match for match in own if match]
    served = [int(match[1]) for match in echoed if match]
    if len(clients) < params.clients or len(served) < params.clients:
        return not_seen(en="Not all of them came to their count.", zh="并非所有进程都输出了计数。")
    sent, back = (sum(int(match[n]) for match in clients) for n in (1, 2))
    return either(
        sent == back == sum(served),
        en=f"{sent} bytes were sent, {sum(served)} echoed, {back} came back.",
        zh=f"发出 {sent} 字节，服务器回送 {sum(served)} 字节，收回 {back} 字节。",
        evidence=[whole(timeline, client) for client in _clients(timeline)],
    )


SCENARIO = Scenario(
    file=__file__,
    group=Group.COMMUNICATION,
    title=Text(en="A server and its clients", zh="服务器与客户端"),
    summary=Text(
        en="An echo server over loopback sockets: what accept() and recv() wait for, and who is "
        "kept waiting.",
        zh="通过本机回环套接字的回声服务器：accept() 和 recv() 在等什么，又让谁等着。",
    ),
    parameters=Settings,
    tags=Tags(
        ideas=(Idea.MESSAGES, Idea.BLOCKING),
        primitives=("socket.socket", "threading.Thread", "multiprocessing.Process"),
        states=(State.BLOCKED, State.RUNNING, State.READY),
        level=2,
    ),
    claims=(
        Claim(
            "accept",
            Text(en="accept() waits until a client comes.", zh="accept() 会一直等到有客户端到来。"),
            check_accept,
        ),
        Claim(
            "recv",
            Text(
                en="recv() waits until bytes come, and uses no CPU meanwhile.",
                zh="recv() 会一直等到有字节到来，等待期间不占用 CPU。",
            ),
            check_recv,
        ),
        Claim(
            "turns",
            lambda params: (
                Text(
                    en="With a thread for each client, they are served side by side.",
                    zh="每个客户端一个线程，就能同时得到服务。",
                )
                if params.server == "threads"
                else Text(
                    en="A server that serves in turn keeps the others waiting, though they are "
                    "connected.",
                    zh="一个接一个地服务时，其他客户端虽已连接，也只能等着。",
                )
            ),
            check_turns,
        ),
        Claim(
            "bytes",
            Text(
                en="A socket loses nothing: all bytes sent come back.",
                zh="套接字不会丢数据：发出的字节全都收回来了。",
            ),
            check_bytes,
        ),
    ),
)
