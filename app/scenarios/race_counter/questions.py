"""Asked before the run: how many steps are lost, and whether as many the second time."""

from __future__ import annotations

from app.catalogue.answer_kinds import Choice
from app.catalogue.questions import Question
from app.locale.text import Text
from app.scenarios.race_counter.scenario import Settings, counts
from app.timeline.timeline import Timeline

#: Up to this part of the steps it is a few, from that part on nearly all.
_FEW, _NEARLY_ALL = 0.02, 0.95

_LOST = {
    "call": Text(
        en="A thread that is interrupted after it has read the counter writes back an old number. "
        "All that the others counted meanwhile is lost.",
        zh="线程读了计数器之后被打断，回来时写入的是旧的数，其他线程在此期间的计数就全部丢失。",
    ),
    "plain": Text(
        en="On this Python a thread can be interrupted within counter += 1, or two threads run it "
        "at the same time.",
        zh="在这个 Python 上，线程可能在 counter += 1 的中途被打断，或者两个线程同时执行它。",
    ),
}
_KEPT = {
    "call": Text(
        en="No thread happened to be interrupted between reading and writing. That is luck: run it "
        "again, or with more steps.",
        zh="恰好没有线程在读与写之间被打断。这只是运气：请再运行一次，或增加步数。",
    ),
    "plain": Text(
        en="This Python switches threads only at calls and jumps backwards, and there is none "
        "within counter += 1. That is luck, not a promise.",
        zh="这个 Python 只在函数调用和向后跳转处切换线程，而 counter += 1 中间没有。"
        "这是运气，不是承诺。",
    ),
    "lock": Text(
        en="Only the thread that holds the lock reads and writes; the others wait.",
        zh="只有持有锁的线程才读和写，其他线程都在等待。",
    ),
    "append": Text(
        en="list.append does all its work inside the interpreter, where threads are not switched.",
        zh="list.append 的工作全部在解释器内部完成，那里不会切换线程。",
    ),
}

_AGAIN = {
    "same": Text(
        en="Either it did not matter who was interrupted where, or chance made both alike.",
        zh="要么谁在哪里被打断并不影响结果，要么两次只是碰巧相同。",
    ),
    "another": Text(
        en="How many are lost depends on which thread is interrupted where, and that differs "
        "each time.",
        zh="丢失多少，取决于哪个线程在哪里被打断，而这每次都不一样。",
    ),
}


def lost(timeline: Timeline, params: Settings) -> str:
    races = counts(timeline)
    part = sum(missing for _, missing in races) / max(1, sum(made for made, _ in races))
    if not part:
        return "none"
    return "few" if part <= _FEW else "all" if part >= _NEARLY_ALL else "many"


def why_lost(params: Settings, answer: str) -> Text:
    texts = _KEPT if answer == "none" else _LOST
    return texts.get(params.variant, texts["call"])


def again(timeline: Timeline, params: Settings) -> str:
    (_, first), (_, second) = counts(timeline)
    return "same" if first == second else "another"


def why_again(params: Settings, answer: str) -> Text:
    if answer == "same" and params.variant == "lock":
        return Text(en="Nothing is lost either time.", zh="加了锁，两次都不会丢失。")
    return _AGAIN[answer]


QUESTIONS = (
    Question(
        "lost",
        Text(
            en="Several threads add to one counter, without a lock or with one, as you have set "
            "it. How many of the steps are lost?",
            zh="几个线程给同一个计数器加一，是否加锁由你设定。有多少次更新会丢失？",
        ),
        Choice(
            {
                "none": Text(en="None.", zh="一次也没有。"),
                "few": Text(en="A few: up to 2 in a hundred.", zh="很少：一百次里最多两次。"),
                "many": Text(en="Many, but not nearly all.", zh="很多，但远不是全部。"),
                "all": Text(en="Nearly all.", zh="几乎全部。"),
            }
        ),
        lost,
        why_lost,
    ),
    Question(
        "again",
        Text(
            en="The threads race twice, with the same settings. Are as many steps lost the second "
            "time?",
            zh="同样的设置，线程竞争两次。第二次丢失的次数与第一次相同吗？",
        ),
        Choice(
            {
                "same": Text(en="Yes, the same number.", zh="相同。"),
                "another": Text(en="No, another number.", zh="不同。"),
            }
        ),
        again,
        why_again,
    ),
)
