"""Garbage collection happens in the thread that makes objects; there is no thread for it."""

from __future__ import annotations

import re
from typing import Literal

from app.catalogue.claims import Answer, Claim, NotSeen, either, not_seen
from app.catalogue.groups import Group, Idea
from app.catalogue.parameters import Parameters, choice, integer
from app.catalogue.scenario import Scenario, Tags
from app.catalogue.spans import lines, named, root, said, whole
from app.locale.text import Text, listed
from app.timeline.model import Output
from app.timeline.states import State, TrackKind
from app.timeline.timeline import Timeline


class Settings(Parameters):
    garbage: Literal["cycles", "plain"] = choice(
        "cycles",
        Text(en="The maker leaves behind", zh="maker 丢下的对象"),
        {
            "cycles": Text(en="objects that refer to themselves", zh="引用自身的对象（循环引用）"),
            "plain": Text(en="plain objects", zh="普通对象"),
        },
    )
    collect: Literal["automatic", "by-main", "off"] = choice(
        "automatic",
        Text(en="Collection", zh="回收方式"),
        {
            "automatic": Text(en="automatic", zh="自动"),
            "by-main": Text(
                en="gc.collect() in main, at the end", zh="最后由主线程调用 gc.collect()"
            ),
            "off": Text(en="switched off", zh="关闭"),
        },
    )
    objects: int = integer(
        200_000, Text(en="Objects made", zh="创建的对象数"), minimum=1_000, maximum=2_000_000
    )
    threshold: int = integer(
        40_000,
        Text(en="Threshold", zh="阈值"),
        minimum=700,
        maximum=1_000_000,
        help=Text(
            en="So many objects more than were freed, and it is time to collect.",
            zh="新建的对象比释放的多出这么多时，就进行回收。",
        ),
    )


def _collections(timeline: Timeline) -> list[Output]:
    return said(timeline, "collecting, in thread ")


def _freed(timeline: Timeline) -> tuple[int, int, int]:
    """Objects dropped, freed when the maker was done, and freed at the end."""
    dropped = before = -1
    for line in lines(timeline):
        if match := re.match(r"maker: (\d+) objects dropped, (\d+) freed", line.text):
            dropped, before = int(match[1]), int(match[2])
        elif (match := re.match(r"main: (\d+) freed", line.text)) and dropped >= 0:
            return dropped, before, int(match[1])
    raise NotSeen(en="The program never came to its count.", zh="程序没有输出计数结果。")


def check_who(timeline: Timeline, params: Settings) -> Answer:
    """The collector's own call says so, and it comes from the track of that thread."""
    maker, main = *named(timeline, "maker"), root(timeline)
    found = _collections(timeline)
    if not found:
        return not_seen(en="Nothing was collected.", zh="没有发生回收。")
    due = main if params.collect == "by-main" else maker
    right = [line for line in found if line.track == due.id]
    threads = sorted({line.text.rpartition(" ")[2] for line in found})
    return either(
        len(right) == len(found),
        en=f"{len(found)} collections, {len(right)} of them in the row of {due.name}; "
        f"threads named: {', '.join(threads)}.",
        zh=f"共回收 {len(found)} 次，其中 {len(right)} 次在 {due.name} 这一行；"
        f"输出的线程名：{'、'.join(threads)}。",
        evidence=[whole(timeline, due)],
    )


def check_no_thread(timeline: Timeline, params: Settings) -> Answer:
    """The process has main, and the two threads that the program made."""
    named(timeline, "maker", "other")
    found = _collections(timeline)
    if params.collect != "off" and params.garbage == "cycles" and not found:
        return not_seen(en="Nothing was collected.", zh="没有发生回收。")
    threads = [
        track
        for track in timeline.of_kind(TrackKind.THREAD)
        if track.pid == root(timeline).pid
    ]  # fmt: skip
    names = listed(track.name for track in threads)
    return either(
        {track.name for track in threads} == {"maker", "other"},
        en=f"Threads beside main: {names.en}; {len(found)} collections.",
        zh=f"除主线程外的线程：{names.of('zh')}；回收 {len(found)} 次。",
        evidence=[whole(timeline, track) for track in threads],
    )


def check_when(timeline: Timeline, params: Settings) -> Answer:
    """Plain objects: all freed, none collected. Cycles: not without a collection."""
    dropped, before, after = _freed(timeline)
    count = len(_collections(timeline))
    en = f"Of {dropped} dropped objects {before} were freed when the maker was done, {after} at "
    en += f"the end; {count} collections."
    zh = f"丢弃的 {dropped} 个对象中，maker 结束时已释放 {before} 个，最后共释放 {after} 个；"
    zh += f"回收 {count} 次。"
    spans = [whole(timeline, track) for track in named(timeline, "maker")]
    if params.garbage == "plain":
        return either(before == dropped, en=en, zh=zh, evidence=spans)
    if params.collect == "off":
        return either(after == 0 and count == 0, en=en, zh=zh, evidence=spans)
    if params.collect == "by-main":
        return either(before == 0 and after == dropped and count > 0, en=en, zh=zh, evidence=spans)
    if dropped < params.threshold * 2:
        return not_seen(
            en=en + " Too few to be collected.", zh=zh + "数量太少，不会触发回收。", evidence=spans
        )
    return either(0 < before <= dropped and count > 0, en=en, zh=zh, evidence=spans)


SCENARIO = Scenario(
    file=__file__,
    group=Group.THREADS,
    title=Text(en="Who collects the garbage?", zh="谁来回收垃圾？"),
    summary=Text(
        en="One thread makes garbage while another works: in which of them does Python collect it, "
        "and when?",
        zh="一个线程制造垃圾，另一个线程在工作：Python 在哪个线程里回收，又在什么时候回收？",
    ),
    parameters=Settings,
    tags=Tags(
        ideas=(Idea.LIFETIME,),
        primitives=("gc.callbacks", "gc.collect", "gc.set_threshold", "threading.Thread"),
        states=(State.RUNNING, State.GIL),
        level=2,
    ),
    claims=(
        Claim(
            "who",
            lambda params: (
                Text(
                    en="gc.collect() collects in the thread that calls it.",
                    zh="gc.collect() 在调用它的线程里进行回收。",
                )
                if params.collect == "by-main"
                else Text(
                    en="Garbage is collected in the thread that makes the objects, in the midst of "
                    "its work.",
                    zh="垃圾就在制造对象的那个线程里回收，穿插在它的工作之中。",
                )
            ),
            check_who,
        ),
        Claim(
            "no-thread",
            Text(
                en="CPython has no thread for garbage collection.",
                zh="CPython 没有专门负责垃圾回收的线程。",
            ),
            check_no_thread,
        ),
        Claim(
            "when",
            lambda params: (
                Text(
                    en="CPython frees an object that nothing refers to at once, without a "
                    "collection.",
                    zh="没有被引用的对象，CPython 会立刻释放，不需要回收器。",
                )
                if params.garbage == "plain"
                else Text(
                    en="Objects in a circle of references are freed by a collection only.",
                    zh="循环引用中的对象，只有回收器才能释放。",
                )
            ),
            check_when,
        ),
    ),
)
