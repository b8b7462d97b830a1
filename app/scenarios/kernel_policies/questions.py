"""Asked before the run: how much the two others get while all four want the CPU."""

from __future__ import annotations

from app.catalogue.answer_kinds import Choice
from app.catalogue.claims import NotSeen
from app.catalogue.questions import Question
from app.catalogue.spans import common, need_exact, total
from app.locale.text import Text
from app.scenarios.kernel_policies.measured import ORDINARY, Four
from app.scenarios.kernel_policies.settings import Settings
from app.timeline.timeline import Timeline

#: As much: no more apart than this part; next to nothing: less than this part.
_AS_MUCH = 0.1
_HARDLY = 0.05


def share(timeline: Timeline, params: Settings) -> str:
    four = Four(timeline, params)
    need_exact(timeline)
    window = four.all_want(four.tracks)
    got = {name: total(common(four.had(name), window)) for name in four.tracks}
    ordinary = sum(got[name] for name in ORDINARY)
    others = sum(got[name] for name in four.others)
    if ordinary + others < params.cpu_ms * 1_000_000 / 2:
        raise NotSeen(en="They hardly wanted the CPU together.", zh="它们几乎没有同时想要 CPU。")
    if others < _HARDLY * ordinary:
        return "nothing"
    if ordinary < _HARDLY * others:
        return "all"
    if abs(others - ordinary) <= _AS_MUCH * ordinary:
        return "as-much"
    return "less" if others < ordinary else "more"


QUESTIONS = (
    Question(
        "share",
        Text(
            en="Look at the policy of the two others. While all four want the CPU, how much do "
            "these two get beside the two ordinary ones?",
            zh="看看另外两个进程的策略。四个进程都想要 CPU 时，这两个与两个普通进程相比，"
            "得到多少？",
        ),
        Choice(
            {
                "nothing": Text(en="Next to nothing.", zh="几乎什么也得不到。"),
                "less": Text(en="Less, but not nothing.", zh="少一些，但不是没有。"),
                "as-much": Text(en="As much as those.", zh="同样多。"),
                "more": Text(en="More, but not all.", zh="多一些，但不是全部。"),
                "all": Text(en="All of it, until they are done.", zh="全部，直到它们算完。"),
            }
        ),
        share,
        {
            "nothing": Text(
                en="Shares are in proportion to a weight, and that of SCHED_IDLE, or of a high "
                "nice value, is very small.",
                zh="份额与权重成正比，而 SCHED_IDLE 或很大的 nice 值，权重都很小。",
            ),
            "less": Text(
                en="Shares are in proportion to a weight, which is divided by 1.25 for each step "
                "of the nice value.",
                zh="份额与权重成正比；nice 值每加一级，权重就除以 1.25。",
            ),
            "as-much": Text(
                en="They had the same weight. Batch has that of an ordinary process, and so has a "
                "real-time policy that was refused.",
                zh="它们的权重相同。批处理与普通进程的权重一样；实时策略被拒绝后，仍是普通进程。",
            ),
            "more": Text(
                en="They were preferred to ordinary processes for a part of the time.",
                zh="有一部分时间，它们优先于普通进程。",
            ),
            "all": Text(
                en="A real-time process that is ready always comes before any ordinary one.",
                zh="只要实时进程就绪，就总是先于任何普通进程运行。",
            ),
        },
    ),
)
