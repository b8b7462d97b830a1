"""The bytecodes at which a thread may be interrupted, as measured by signals."""

from __future__ import annotations

import re
from typing import Literal, NamedTuple

from app.catalogue.claims import Answer, Claim, NotSeen, either, not_seen
from app.catalogue.groups import Group, Idea
from app.catalogue.parameters import Parameters, choice, integer
from app.catalogue.scenario import Scenario, Tags
from app.catalogue.spans import lines, percent, root, starting, whole
from app.locale.text import Text, listed
from app.timeline.states import State, TrackKind
from app.timeline.timeline import Timeline

#: CPython looks whether it shall switch where a function begins, after a call, and where a loop
#: jumps back (CHECK_EVAL_BREAKER in Python/ceval.c, since 3.10).
CHECKS = ("RESUME", "CALL", "PRECALL", "JUMP_BACKWARD", "JUMP_ABSOLUTE", "POP_JUMP")


class Settings(Parameters):
    step: Literal["plain", "call", "split"] = choice(
        "call",
        Text(en="How a step is made", zh="每一步怎么做"),
        {
            "plain": Text(en="a plain counter += 1", zh="直接 counter += 1"),
            "call": Text(
                en="counter += sum(one), through a call", zh="counter += sum(one)，中间有函数调用"
            ),
            "split": Text(en="read, a small loop, write", zh="先读，循环一下，再写回"),
        },
    )
    signals: int = integer(
        1000,
        Text(en="Signals", zh="信号数"),
        minimum=100,
        maximum=5_000,
        help=Text(
            en="More of them find points that are seldom met.",
            zh="信号越多，越能找到少见的切换点。",
        ),
    )
    times: int = integer(
        10_000, Text(en="Steps of each thread", zh="每个线程的步数"), minimum=100, maximum=100_000
    )


class Code(NamedTuple):
    """One bytecode, and how many signals came after it."""

    signals: int
    name: str
    argument: str


def _bytecode(timeline: Timeline) -> list[Code]:
    found = [re.match(r" *(\d+)  ([A-Z_0-9]+) ?(.*)$", line.text) for line in lines(timeline)]
    code = [Code(int(match[1]), match[2], match[3]) for match in found if match]
    if not code:
        raise NotSeen(en="The program printed no bytecode.", zh="程序没有输出字节码。")
    return code


def _between(code: list[Code]) -> list[Code]:
    """From the one that reads the counter to the one before that which writes it."""
    reads = [at for at, row in enumerate(code) if row.name == "LOAD_GLOBAL"
             and row.argument == "counter"]  # fmt: skip
    writes = [at for at, row in enumerate(code) if row.name == "STORE_GLOBAL"]
    if not reads or not writes:
        raise NotSeen(en="The bytecode is not as expected.", zh="字节码不是预期的样子。")
    return code[reads[0] : writes[0]]


def _version(timeline: Timeline) -> tuple[str, tuple[int, int]]:
    """The interpreter's name and version. Raises NotSeen but for a CPython with the GIL."""
    name = root(timeline).python or str(timeline.run.get("python", ""))
    match = re.search(r"(\d+)\.(\d+)(t?)", name)
    if "CPython" not in name or not match:
        raise NotSeen(en=f"The notes say nothing of {name}.", zh=f"讲解没有涉及 {name}。")
    if "free" in name.lower() or match[3]:
        raise NotSeen(
            en=f"On {name} threads run at the same time, interrupted or not.",
            zh=f"在 {name} 上各线程同时运行，不需要被打断。",
        )
    return name, (int(match[1]), int(match[2]))


def check_between(timeline: Timeline, params: Settings) -> Answer:
    name, version = _version(timeline)
    inside = _between(_bytecode(timeline))
    points = [row for row in inside if row.signals]
    told = listed(f"{row.name} ({row.signals})" for row in points)
    en = f"{len(points)} of {len(inside)} bytecodes from reading to writing were met: {told.en}; "
    en += f"on {name}."
    zh = (
        f"从读到写的 {len(inside)} 条字节码中，有 {len(points)} 条之后遇到了信号：{told.of('zh')}；"
    )
    zh += f"解释器：{name}。"
    expected = params.step != "plain" or version < (3, 10)
    return either(
        bool(points) == expected, en=en, zh=zh, evidence=[whole(timeline, root(timeline))]
    )


def check_where(timeline: Timeline, params: Settings) -> Answer:
    name, version = _version(timeline)
    met = [row for row in _bytecode(timeline) if row.signals]
    if not met:
        return not_seen(en="No signal met the step itself.", zh="没有信号落在这一步之内。")
    others = [row.name for row in met if not row.name.startswith(CHECKS)]
    names = listed(dict.fromkeys(row.name for row in met))
    en = f"Signals came after {names.en}; {len(others)} of these are no call, loop's end or "
    en += f"beginning; on {name}."
    zh = f"信号出现在这些字节码之后：{names.of('zh')}；其中 {len(others)} 条不是调用、"
    zh += "循环回跳或函数开头；"
    zh += f"解释器：{name}。"
    spans = [whole(timeline, root(timeline))]
    return either(bool(others) == (version < (3, 10)), en=en, zh=zh, evidence=spans)


def check_lost(timeline: Timeline, params: Settings) -> Answer:
    name, _ = _version(timeline)
    adders = starting(timeline, "adder-", TrackKind.THREAD)
    points = [row for row in _between(_bytecode(timeline)) if row.signals]
    for line in lines(timeline):
        if match := re.match(r"(\d+) steps were made, (-?\d+) were lost", line.text):
            made, lost = int(match[1]), int(match[2])
            break
    else:
        return not_seen(en="The program never came to its count.", zh="程序没有输出计数结果。")
    en = f"{len(points)} points between reading and writing; {lost} of {made} steps were lost "
    en += f"({percent(lost, made)}), on {name}."
    zh = f"读写之间有 {len(points)} 个切换点；{made} 步丢失了 {lost} 步"
    zh += f"（{percent(lost, made)}），解释器：{name}。"
    spans = [whole(timeline, adder) for adder in adders]
    if points and not lost:
        return not_seen(en=en + " They were lucky.", zh=zh + "这次运气好。", evidence=spans)
    return either(bool(points) == bool(lost), en=en, zh=zh, evidence=spans)


SCENARIO = Scenario(
    file=__file__,
    group=Group.LOCKS,
    title=Text(en="Where a thread may be interrupted", zh="线程会在哪里被打断"),
    summary=Text(
        en="The bytecode of a line that adds to a counter, and after which of its steps Python may "
        "switch threads: measured, on the Python that ran.",
        zh="给计数器加一的那行代码的字节码，以及 Python 可能在其中哪一步之后切换线程：在实际运行的 "
        "Python 上测得。",
    ),
    parameters=Settings,
    tags=Tags(
        ideas=(Idea.RACE, Idea.SCHEDULING),
        primitives=("dis", "signal.setitimer", "sys.setswitchinterval", "threading.Thread"),
        states=(State.RUNNING, State.GIL),
        level=3,
    ),
    claims=(
        Claim(
            "between",
            lambda params: (
                Text(
                    en="In x += 1 no thread is interrupted between reading and writing on CPython "
                    "3.10 and later with the GIL; before, it may be.",
                    zh="在带 GIL 的 CPython 3.10 及以后版本上，x += 1 的读与写之间不会被打断；"
                    "更早的版本则可能。",
                )
                if params.step == "plain"
                else Text(
                    en="Between reading and writing there is a point at which a thread may be "
                    "interrupted.",
                    zh="读与写之间存在线程可能被打断的点。",
                )
            ),
            check_between,
        ),
        Claim(
            "where",
            Text(
                en="Since CPython 3.10 a thread is interrupted only where a function begins, after "
                "a call, and at the end of a loop's turn; before, after nearly any bytecode.",
                zh="从 CPython 3.10 起，线程只会在函数开头、调用之后和循环回跳处被打断；"
                "更早的版本几乎在任何字节码之后都可能。",
            ),
            check_where,
        ),
        Claim(
            "lost",
            Text(
                en="Steps are lost if such a point lies between reading and writing, and else "
                "none.",
                zh="读与写之间有这样的点，就会丢失更新；没有就不会丢失。",
            ),
            check_lost,
        ),
    ),
)
