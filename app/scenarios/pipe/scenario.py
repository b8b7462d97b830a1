"""A pipe with one or several readers and writers: torn messages, and where the end of file is."""

from __future__ import annotations

import re
from itertools import combinations

from app.catalogue.claims import Answer, Claim, NotSeen, either, holds, not_seen
from app.catalogue.counting import times
from app.catalogue.groups import Group, Idea
from app.catalogue.parameters import Parameters, flag, integer
from app.catalogue.scenario import Scenario, Tags
from app.catalogue.spans import (
    clip,
    common,
    duration,
    end_of,
    lines,
    need_exact,
    percent,
    starting,
    total,
    whole,
)
from app.locale.text import Text
from app.timeline.model import Slice, Track
from app.timeline.states import Cause, Reason, State, TrackKind
from app.timeline.timeline import Timeline


class Settings(Parameters):
    writers: int = integer(1, Text(en="Writers", zh="写进程数"), minimum=1, maximum=4)
    readers: int = integer(2, Text(en="Readers", zh="读进程数"), minimum=1, maximum=4)
    lock: bool = flag(
        False,
        Text(en="Use locks", zh="使用锁"),
        help=Text(
            en="One for those who read, one for those who write.",
            zh="读进程共用一把，写进程共用一把。",
        ),
    )
    close: bool = flag(
        True,
        Text(en="Close writing ends not used", zh="关闭不用的写端"),
        help=Text(
            en="Off: main and the readers keep a writing end open.",
            zh="关掉此项后，主进程和读进程都保留着写端。",
        ),
    )
    messages: int = integer(
        20, Text(en="Messages of each writer", zh="每个写进程的消息数"), minimum=1, maximum=100
    )
    length: int = integer(
        100_000,
        Text(en="Length of a message", zh="消息长度"),
        minimum=100,
        maximum=500_000,
        unit="B",
        help=Text(en="The pipe itself holds 65,536.", zh="管道本身能容纳 65,536。"),
    )
    make_ms: int = integer(
        10, Text(en="Time to make a message", zh="生成一条消息"), minimum=0, maximum=200, unit="ms"
    )
    use_ms: int = integer(
        5, Text(en="Time to use a message", zh="处理一条消息"), minimum=0, maximum=200, unit="ms"
    )


def _several(params: Settings) -> bool:
    return params.writers > 1 or params.readers > 1


def _readers(timeline: Timeline) -> list[Track]:
    return starting(timeline, "reader-", TrackKind.PROCESS)


def _writers(timeline: Timeline) -> list[Track]:
    return starting(timeline, "writer-", TrackKind.PROCESS)


def _in_pipe(timeline: Timeline, track: Track) -> list[Slice]:
    return [row for row in timeline.of(track, State.BLOCKED) if row.reason is Reason.PIPE]


def _counts(timeline: Timeline, params: Settings) -> tuple[int, int]:
    """Whole and torn messages, summed over the readers, as they printed them."""
    found = [
        match
        for line in lines(timeline)
        if (match := re.search(r"has read (\d+) whole and (\d+) torn", line.text))
    ]
    if len(found) < params.readers:
        raise NotSeen(
            en=f"Only {len(found)} of {params.readers} readers came to their count.",
            zh=f"{params.readers} 个读进程中只有 {len(found)} 个输出了计数。",
        )
    return sum(int(match[1]) for match in found), sum(int(match[2]) for match in found)


def check_whole(timeline: Timeline, params: Settings) -> Answer:
    """What was sent, beside what arrived whole."""
    readers = _readers(timeline)
    intact, torn = _counts(timeline, params)
    sent = params.writers * params.messages
    en = f"Of {sent} messages {intact} arrived whole, {torn} torn, {sent - intact - torn} not."
    zh = f"共 {sent} 条消息，完整到达 {intact} 条，残缺 {torn} 条，"
    zh += f"未到达 {sent - intact - torn} 条。"
    spans = [whole(timeline, reader) for reader in readers]
    if params.lock or not _several(params):
        return either(intact == sent, en=en, zh=zh, evidence=spans)
    if intact == sent:  # a race that nobody lost this time refutes nothing
        return not_seen(
            en=en + " They were lucky, or hardly met.",
            zh=zh + "运气好，或者几乎没有相遇。",
            evidence=spans,
        )
    return holds(en=en, zh=zh, evidence=spans)


def check_turns(timeline: Timeline, params: Settings) -> Answer:
    """With the lock one reader at a time waits in the pipe; without it several do."""
    readers = _readers(timeline)
    need_exact(timeline)
    if len(readers) < 2:
        return not_seen(en="There is one reader alone.", zh="只有一个读进程。")
    waits = [_in_pipe(timeline, reader) for reader in readers]
    at_once = [span for one, other in combinations(waits, 2) for span in common(one, other)]
    queued = [
        row
        for reader in readers
        for row in timeline.of(reader, State.BLOCKED)
        if row.reason is Reason.LOCK
    ]
    en = f"Two readers waited in recv() at once {times(len(at_once))}, {duration(total(at_once))} "
    en += f"in all; they waited for the lock {times(len(queued))}."
    zh = f"两个读进程同时在 recv() 中等待 {len(at_once)} 次，共 {duration(total(at_once))}；"
    zh += f"等锁 {len(queued)} 次。"
    if params.lock:
        if not any(waits):
            return not_seen(
                en="No reader had to wait for a message.", zh="没有读进程需要等待消息。"
            )
        return either(
            not at_once,
            en=en,
            zh=zh,
            evidence=at_once or queued or [row for w in waits for row in w],
        )
    if not at_once:
        return not_seen(en=en, zh=zh)
    return either(not queued, en=en, zh=zh, evidence=at_once)


def check_full(timeline: Timeline, params: Settings) -> Answer:
    """While a writer waits in send(), a reader is at work: it takes what makes room."""
    readers, writers = _readers(timeline), _writers(timeline)
    need_exact(timeline)
    waits = [row for writer in writers for row in _in_pipe(timeline, writer)]
    if not waits:
        return not_seen(
            en="No send() had to wait: the pipe was never full.",
            zh="没有 send() 需要等待：管道从未写满。",
        )
    ran = [timeline.of(reader, State.RUNNING) for reader in readers]
    unfed = [
        row
        for row in waits
        if row.end_ns < end_of(timeline, timeline.tracks[row.track])
        and not any(clip(rows, row.start_ns, _runs_on(timeline, row)) for rows in ran)
    ]
    # A writer may also wait for another one's turn in the kernel, for some microseconds.
    share = percent(total(unfed), total(waits))
    return either(
        total(unfed) < total(waits) / 10,
        en=f"send() waited {times(len(waits))}, {duration(total(waits))} in all; {share} of it "
        "ended though no reader had run meanwhile.",
        zh=f"send() 等待了 {len(waits)} 次，共 {duration(total(waits))}；"
        f"其中 {share} 的时间，直到结束都没有读进程运行。",
        evidence=unfed or waits,
    )


def _runs_on(timeline: Timeline, wait: Slice) -> int:
    """When the track had a CPU again: from when it could have had one is not always known."""
    later = timeline.of(timeline.tracks[wait.track], State.RUNNING)
    return min((row.start_ns for row in later if row.start_ns >= wait.end_ns), default=wait.end_ns)


def check_end(timeline: Timeline, params: Settings) -> Answer:
    """The end of file comes after the last writer's last word, or never."""
    readers = _readers(timeline)
    told = [line for line in lines(timeline) if re.match(r"reader-\d+: (EOF|OS)Error", line.text)]
    closing = [line for line in lines(timeline) if "closes its end" in line.text]
    if len(closing) < params.writers:
        return not_seen(en="Not every writer came to its end.", zh="并非所有写进程都执行完毕。")
    last = max(line.ns for line in closing)
    if not params.close:
        killed = [reader for reader in readers if reader.end and reader.end.cause is Cause.SIGNAL]
        waits = [row for reader in readers for row in timeline.of(reader, State.BLOCKED)[-1:]]
        still = [row for row in waits if row.end_ns > last]
        return either(
            not told and len(killed) == len(readers),
            en=f"After the last send {len(still)} of {len(readers)} readers waited on, "
            f"{duration(total(still))} in all, until they were killed; {len(told)} saw an end.",
            zh=f"最后一次发送之后，{len(readers)} 个读进程中有 {len(still)} 个继续等待，"
            f"共 {duration(total(still))}，直到被终止；{len(told)} 个看到了文件结束。",
            evidence=still,
        )
    if not told:
        return not_seen(en="No reader told of an end of file.", zh="没有读进程报告文件结束。")
    early = [line for line in told if line.ns < last]
    after = duration(min(line.ns for line in told) - last) if not early else "–"
    return either(
        not early,
        en=f"{len(told)} readers met the end of file, {len(early)} of them while a writer was "
        f"still at work; the first {after} after the last writer's last word.",
        zh=f"{len(told)} 个读进程遇到文件结束，其中 {len(early)} 个发生在仍有写进程工作时；"
        f"最早的一个在最后的写进程结束后 {after}。",
        evidence=[row for reader in readers for row in _in_pipe(timeline, reader)[-1:]],
    )


def _whole_sentence(params: Settings) -> Text:
    if params.lock:
        return Text(
            en="With a lock at each end every message arrives whole, and once.",
            zh="两端各用一把锁时，每条消息都完整到达，且只到达一次。",
        )
    if _several(params):
        return Text(
            en="Several readers, or writers, without a lock tear messages apart and lose them.",
            zh="多个读进程或写进程不加锁，会把消息撕碎、弄丢。",
        )
    return Text(
        en="One reader and one writer need no lock: every message arrives whole.",
        zh="一个读进程配一个写进程，不需要锁：每条消息都完整到达。",
    )


SCENARIO = Scenario(
    file=__file__,
    group=Group.COMMUNICATION,
    title=Text(en="A pipe and its ends", zh="管道和它的两端"),
    summary=Text(
        en="Readers share one pipe, with and without a lock: torn messages, full pipes, and when "
        "the end of file comes.",
        zh="多个读进程共用一条管道，加锁与不加锁：被撕碎的消息、写满的管道，以及何时出现文件结束。",
    ),
    parameters=Settings,
    tags=Tags(
        ideas=(Idea.MESSAGES, Idea.RACE, Idea.BLOCKING),
        primitives=("multiprocessing.Pipe", "multiprocessing.Lock", "multiprocessing.Process"),
        states=(State.BLOCKED, State.RUNNING, State.READY),
        level=2,
    ),
    claims=(
        Claim("whole", _whole_sentence, check_whole),
        Claim(
            "turns",
            lambda params: (
                Text(
                    en="With the lock one reader is in recv() at a time; the others wait for it.",
                    zh="加锁后，同一时刻只有一个读进程在 recv() 里，其他的在等锁。",
                )
                if params.lock
                else Text(
                    en="Without a lock several readers are in recv() at the same time.",
                    zh="不加锁时，多个读进程会同时处在 recv() 里。",
                )
            ),
            check_turns,
        ),
        Claim(
            "full",
            Text(
                en="send() waits while the pipe is full, until a reader takes something out.",
                zh="管道写满时，send() 会一直等到有读进程取走数据。",
            ),
            check_full,
        ),
        Claim(
            "end",
            lambda params: (
                Text(
                    en="Readers meet the end of file when the last writing end is closed, not "
                    "before.",
                    zh="最后一个写端关闭时，读进程才会遇到文件结束（EOF），不会更早。",
                )
                if params.close
                else Text(
                    en="While anybody keeps a writing end open, readers wait for ever.",
                    zh="只要还有人没有关闭写端，读进程就会永远等下去。",
                )
            ),
            check_end,
        ),
    ),
)
