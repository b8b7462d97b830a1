"""Tickets sold through one file: lost updates between processes, and two locks against them."""

from __future__ import annotations

import re
from typing import Literal

from app.catalogue.claims import Answer, Claim, NotSeen, Span, either, holds, not_seen
from app.catalogue.counting import counted, times
from app.catalogue.groups import Group, Idea
from app.catalogue.parameters import Parameters, choice, integer
from app.catalogue.scenario import Scenario, Tags
from app.catalogue.spans import (
    clip,
    duration,
    lines,
    need_exact,
    pairwise,
    peak,
    percent,
    starting,
    total,
)
from app.locale.text import Text, verbatim
from app.timeline.model import Output, Track
from app.timeline.states import Reason, State, TrackKind
from app.timeline.timeline import Timeline


class Settings(Parameters):
    lock: Literal["none", "lock", "file"] = choice(
        "none",
        Text(en="Lock", zh="锁"),
        {
            "none": Text(en="none", zh="不加锁"),
            "lock": verbatim("multiprocessing.Lock"),
            "file": Text(en="flock() on a file", zh="用 flock() 锁文件"),
        },
    )
    tickets: int = integer(5, Text(en="Tickets", zh="票数"), minimum=1, maximum=20)
    buyers: int = integer(8, Text(en="Buyers", zh="买票进程数"), minimum=1, maximum=12)
    think_ms: int = integer(
        30,
        Text(en="Between reading and writing", zh="读与写之间"),
        minimum=0,
        maximum=300,
        unit="ms",
        help=Text(en="Computing time of a buyer.", zh="买票进程的计算时间。"),
    )


def _buyers(timeline: Timeline) -> list[Track]:
    return starting(timeline, "buyer-", TrackKind.PROCESS)


def _sales(timeline: Timeline) -> list[Output]:
    return [line for line in lines(timeline) if re.match(r"buyer-\d+ buys", line.text)]


def _left(timeline: Timeline) -> int:
    """What the file said in the end."""
    for line in lines(timeline):
        if match := re.match(r"in the end the file says (-?\d+) left", line.text):
            return int(match[1])
    raise NotSeen(en="The program never came to its end.", zh="程序没有执行到最后。")


def _sections(timeline: Timeline) -> list[list[Span]]:
    """Of each buyer that bought: from having read the file to being about to write it."""
    found = []
    for buyer in _buyers(timeline):
        own = [line for line in lines(timeline) if line.track == buyer.id]
        read = [line.ns for line in own if " reads: " in line.text]
        wrote = [line.ns for line in own if " buys, and writes: " in line.text]
        found += [[Span(buyer.id, read[0], wrote[0])]] if read and wrote else []
    if len(found) < 2:
        raise NotSeen(en="Fewer than two buyers bought.", zh="买到票的进程不足两个。")
    return found


def check_sold(timeline: Timeline, params: Settings) -> Answer:
    _buyers(timeline)
    _left(timeline)
    sold = len(_sales(timeline))
    sections = _sections(timeline)
    together = pairwise(sections)
    spans = [span for section in sections for span in section]
    en = f"{sold} tickets were sold, of {params.tickets}, to {params.buyers} buyers."
    zh = f"{params.buyers} 个买票进程，{params.tickets} 张票，卖出 {sold} 张。"
    if params.lock != "none":
        return either(sold == min(params.tickets, params.buyers), en=en, zh=zh, evidence=spans)
    if params.buyers <= params.tickets or (sold <= params.tickets and not together):
        return not_seen(
            en=en + " There was no chance to sell too many.",
            zh=zh + "没有机会多卖。",
            evidence=spans,
        )
    return either(sold > params.tickets, en=en, zh=zh, evidence=spans)


def check_file(timeline: Timeline, params: Settings) -> Answer:
    """The number in the file, beside what was sold."""
    sold, left = len(_sales(timeline)), _left(timeline)
    forgotten = sold - (params.tickets - left)
    sections = _sections(timeline)
    en = f"{sold} sales were made, the file knows of {params.tickets - left}: {forgotten} are lost."
    zh = f"实际卖出 {sold} 张，文件里只记了 {params.tickets - left} 张：丢失 {forgotten} 次更新。"
    spans = [span for section in sections for span in section]
    if params.lock != "none":
        return either(forgotten == 0, en=en, zh=zh, evidence=spans)
    if not forgotten and not pairwise(sections):
        return not_seen(en=en + " No two buyers met.", zh=zh + "没有进程同时买票。", evidence=spans)
    return either(forgotten > 0, en=en, zh=zh, evidence=spans)


def check_sections(timeline: Timeline, params: Settings) -> Answer:
    """How many buyers are between reading and writing at one instant."""
    sections = _sections(timeline)
    together = pairwise(sections)
    most, _ = peak(span for section in sections for span in section)
    en = f"At most {counted(most, 'buyer was', 'buyers were')} between reading and writing at one "
    en += f"instant; two of them for {duration(total(together))} in all."
    zh = f"同一时刻最多有 {most} 个进程处在读与写之间；两两重叠共 {duration(total(together))}。"
    if params.lock != "none":
        spans = together or [span for section in sections for span in section]
        return either(most == 1, en=en, zh=zh, evidence=spans)
    return holds(en=en, zh=zh, evidence=together) if most > 1 else not_seen(en=en, zh=zh)


def _nobody_waits(timeline: Timeline) -> Answer:
    need_exact(timeline)
    sections = [span for section in _sections(timeline) for span in section]
    blocked = [
        part
        for span in sections
        for part in clip(
            timeline.of(timeline.tracks[span.track], State.BLOCKED), span.start_ns, span.end_ns
        )
    ]
    share = percent(total(blocked), total(sections))
    return either(
        total(blocked) < total(sections) / 10,
        en=f"Between reading and writing the buyers were blocked for {share} of the time.",
        zh=f"在读与写之间，买票进程处于阻塞的时间占 {share}。",
        evidence=blocked or sections,
    )


def check_waits(timeline: Timeline, params: Settings) -> Answer:
    """Who waits for the lock, and who has it; without one, whether anybody waits at all."""
    if params.lock == "none":
        return _nobody_waits(timeline)
    reason = Reason.LOCK if params.lock == "lock" else Reason.FILE
    buyers = _buyers(timeline)
    waits = [
        row
        for buyer in buyers
        for row in timeline.of(buyer, State.BLOCKED)
        if row.reason is reason and row.holder
    ]
    if not waits:
        return not_seen(
            en="No buyer was seen to wait for a lock whose holder is known.",
            zh="没有看到买票进程等待一把已知持有者的锁。",
        )
    ids = {buyer.id for buyer in buyers}
    wrong = [row for row in waits if row.holder == row.track or row.holder not in ids]
    return either(
        not wrong,
        en=f"{counted(len({row.track for row in waits}), 'buyer')} waited "
        f"{times(len(waits))}, {duration(total(waits))} in all; "
        f"{times(len(waits) - len(wrong))} it was for another buyer.",
        zh=f"{len({row.track for row in waits})} 个进程等过锁，共 {duration(total(waits))}；"
        f"{len(waits)} 次等待中有 {len(waits) - len(wrong)} 次是在等另一个买票进程。",
        evidence=wrong or waits,
    )


SCENARIO = Scenario(
    file=__file__,
    group=Group.COMMUNICATION,
    title=Text(en="Tickets in a file", zh="用文件卖票"),
    summary=Text(
        en="Processes buy tickets through one JSON file, with no lock, a lock, or a locked file: "
        "how many are sold?",
        zh="多个进程通过同一个 JSON 文件买票，不加锁、用锁、锁文件：一共卖出多少张？",
    ),
    parameters=Settings,
    tags=Tags(
        ideas=(Idea.RACE, Idea.MUTUAL_EXCLUSION, Idea.MESSAGES),
        primitives=("multiprocessing.Lock", "fcntl.flock", "multiprocessing.Process"),
        states=(State.BLOCKED, State.RUNNING, State.READY),
        level=1,
    ),
    claims=(
        Claim(
            "sold",
            lambda params: (
                Text(
                    en="Without a lock more tickets are sold than there are.",
                    zh="不加锁时，卖出的票比实际的多。",
                )
                if params.lock == "none"
                else Text(
                    en="With a lock exactly as many tickets are sold as there are.",
                    zh="加锁后，卖出的票不多不少。",
                )
            ),
            check_sold,
        ),
        Claim(
            "file",
            lambda params: (
                Text(
                    en="Who writes a number that was read too early undoes the others' sales.",
                    zh="写回一个过时的数，会抹掉别人的更新。",
                )
                if params.lock == "none"
                else Text(
                    en="In the end the file knows of every sale.", zh="最后，文件记录了每一次卖出。"
                )
            ),
            check_file,
        ),
        Claim(
            "sections",
            lambda params: (
                Text(
                    en="Without a lock several processes are in the critical section at once.",
                    zh="不加锁时，多个进程会同时处在临界区里。",
                )
                if params.lock == "none"
                else Text(
                    en="With a lock the critical sections never overlap.",
                    zh="加锁后，临界区从不重叠。",
                )
            ),
            check_sections,
        ),
        Claim(
            "waits",
            lambda params: (
                Text(
                    en="Without a lock nobody waits for anybody: that is the fault.",
                    zh="不加锁时，谁也不等谁：错就错在这里。",
                )
                if params.lock == "none"
                else Text(
                    en="Whoever comes while the lock is taken waits for the process that has it.",
                    zh="锁被占用时，后来的进程要等待持有锁的进程。",
                )
            ),
            check_waits,
        ),
    ),
)
