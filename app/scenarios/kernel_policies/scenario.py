"""The kernel's own policies on one CPU: nice values, batch, idle, and real time where granted."""

from __future__ import annotations

from app.catalogue.claims import Answer, Claim, either, not_seen
from app.catalogue.groups import Group, Idea
from app.catalogue.scenario import Scenario, Tags
from app.catalogue.spans import common, duration, merged, need_exact, percent, total
from app.locale.text import Text
from app.scenarios.kernel_policies.measured import ORDINARY, Four, less, mean
from app.scenarios.kernel_policies.settings import Settings
from app.timeline.states import State
from app.timeline.timeline import Timeline

#: The kernel hands the CPU out in turns: at either end of a window a process may be a turn off.
TURNS_OFF = 2
#: What else shares may be off, as a part: switches, interrupts, who starts last.
OFF = 0.05
#: With a tolerance above this part of what is due, a share says nothing.
COARSE = 0.3
#: Next to nothing, as a part of the CPU.
HARDLY = 0.05
#: What ordinary processes may have while real-time ones want the CPU: the kernel keeps back 5 % of
#: each second (sched(7)), all of which may fall into a shorter while.
KEPT_BACK = 0.1
#: At once: within this part of a turn.
AT_ONCE = 0.1
#: So many times the other's wait.
LONGER = 2
MUCH_LONGER = 5


def check_share(timeline: Timeline, params: Settings) -> Answer:
    four = Four(timeline, params)
    return _starved(four) if params.real_time else _shared(four, params)


def _shared(four: Four, params: Settings) -> Answer:
    """CPU time goes by weight while all four want the CPU."""
    window = four.all_want(four.tracks)
    got = {name: total(common(four.had(name), window)) for name in four.tracks}
    ran = sum(got.values())
    turn = four.turn_ns()
    weights = sum(four.weights.values())
    due = {name: ran * four.weights[name] / weights for name in got}
    allowed = {name: TURNS_OFF * turn + OFF * due[name] for name in due}
    coarse = any(allowed[name] > COARSE * due[name] for name in due)
    if params.policy == "idle":
        coarse = max(due[name] + allowed[name] for name in four.others) > HARDLY * ran
    if coarse:
        return not_seen(
            en=f"All four wanted the CPU for {duration(total(window))}, in turns of "
            f"{duration(turn)}: too few to tell. Let them compute for longer.",
            zh=f"四个进程都想要 CPU 的时间只有 {duration(total(window))}，每轮约 {duration(turn)}："
            "轮次太少，无法判断。可以让它们计算得更久。",
        )
    true = all(
        got[name] - due[name] <= allowed[name]
        and (params.policy == "idle" or due[name] - got[name] <= allowed[name])
        for name in due
    )
    if not true:
        need_exact(four.timeline)
    en = ", ".join(f"{who} {percent(got[who], ran)} ({percent(due[who], ran)})" for who in due)
    zh = "、".join(f"{who} {percent(got[who], ran)}（{percent(due[who], ran)}）" for who in due)
    return either(
        true,
        en=f"Of the CPU time they got (by their weights): {en}; two turns of "
        f"{duration(turn)} are {percent(2 * turn, ran)}.",
        zh=f"各自所得 CPU 时间占比（括号内为按权重应得）：{zh}；"
        f"两轮（每轮约 {duration(turn)}）合 {percent(2 * turn, ran)}。",
        evidence=window,
    )


def _starved(four: Four) -> Answer:
    """Nobody ordinary has the CPU while somebody in real time wants it."""
    wanted = merged(row for name in four.others for row in four.wanted(name))
    ran = merged(row for name in ORDINARY for row in common(four.had(name), wanted))
    stood = total(common(wanted, merged(row for name in ORDINARY for row in four.wanted(name))))
    if not wanted or stood < total(wanted) / 2:
        return not_seen(
            en="The ordinary ones hardly wanted the CPU meanwhile.",
            zh="这段时间普通进程几乎不需要 CPU。",
        )
    true = total(ran) <= KEPT_BACK * total(wanted)
    if not true:
        need_exact(four.timeline)
    part = percent(total(ran), total(wanted))
    return either(
        true,
        en=f"{' and '.join(four.others)} wanted the CPU for {duration(total(wanted))}; the "
        f"ordinary ones had it for {duration(total(ran))} of that, {part}.",
        zh=f"{' 和 '.join(four.others)} 共有 {duration(total(wanted))} 想要 CPU；"
        f"其中普通进程只得到 {duration(total(ran))}，占 {part}。",
        evidence=wanted,
    )


def check_turns(timeline: Timeline, params: Settings) -> Answer:
    four = Four(timeline, params)
    names = four.others if params.real_time else ORDINARY
    turns = four.turns(*names)
    ran = sum(turn.ran_ns for turn in turns)
    longest = max((turn.ran_ns for turn in turns), default=0)
    if ran < max(2 * four.round_robin_ns, params.cpu_ms * 1_000_000 / 2):
        return not_seen(
            en=f"Both wanted the CPU for {duration(ran)} only.",
            zh=f"两者都想要 CPU 的时间只有 {duration(ran)}。",
        )
    if params.policy == "fifo":
        true = longest >= (1 - OFF) * ran
    elif params.policy == "rr":
        true = longest <= (1 + OFF) * four.round_robin_ns
    else:
        true = longest <= ran / 4
    if not true:
        need_exact(timeline)
    count = sum(turn.ran_ns > OFF * longest for turn in turns)
    return either(
        true,
        en=f"While {' and '.join(names)} both wanted the CPU, they ran for {duration(ran)} in all; "
        f"turns: {count}, the longest {duration(longest)}.",
        zh=f"{' 和 '.join(names)} 都想要 CPU 期间共运行 {duration(ran)}；"
        f"轮数：{count}，最长的一轮 {duration(longest)}。",
        evidence=[turn.span for turn in turns],
    )


def check_wake_up(timeline: Timeline, params: Settings) -> Answer:
    four = Four(timeline, params)
    ordinary, others = four.waits(ORDINARY[1]), four.waits(*four.others)
    need_exact(timeline)
    turn = four.turn_ns()
    if params.real_time:  # what the one of them waits for the other is no ordinary one's doing
        running = [timeline.of(four.tracks[name], State.RUNNING) for name in four.others]
        others = less(others, merged(row for rows in running for row in rows))
    waited, waited_others = mean(ordinary), mean(others)
    en = (
        f"After {len(ordinary)} wake-ups ordinary-2 waited for {duration(waited)} on average, the "
        f"two others after {len(others)} for {duration(waited_others)}; a turn is {duration(turn)}."
    )
    zh = (
        f"ordinary-2 醒来 {len(ordinary)} 次，平均等待 {duration(waited)}；"
        f"另外两个共醒来 {len(others)} 次，平均等待 {duration(waited_others)}；"
        f"一轮约 {duration(turn)}。"
    )
    if params.real_time:
        holds, fails = waited_others <= AT_ONCE * turn, waited_others > turn / 2
        shown = others
    elif params.policy == "nice":
        holds, fails = waited <= turn / 2, waited > turn
        shown = ordinary
    else:
        times = LONGER if params.policy == "batch" else MUCH_LONGER
        holds = times * waited <= waited_others
        fails = waited > max(waited_others, AT_ONCE * turn)
        shown = others
    if not holds:
        four.need_quiet()
    if not holds and not fails:
        return not_seen(
            en=f"{en} That is too near to tell.", zh=f"{zh}太接近，无法判断。", evidence=shown
        )
    return either(holds, en=en, zh=zh, evidence=shown)


def share_text(params: Settings) -> Text:
    if params.real_time:
        return Text(
            en="While a real-time process wants the CPU, no ordinary one has it, but for what the "
            "kernel keeps back: 5 % of each second.",
            zh="只要有实时进程想要 CPU，普通进程就得不到它，内核为它们保留的 5 % 除外。",
        )
    if params.policy == "idle":
        return Text(
            en="Beside ordinary processes that compute, a SCHED_IDLE one gets next to nothing: "
            "weight 3 beside 1024.",
            zh="普通进程在计算时，SCHED_IDLE 进程几乎得不到 CPU：权重 3 对 1024。",
        )
    if params.policy == "batch":
        return Text(
            en="SCHED_BATCH is no lower priority: while all compute, batch processes get as much "
            "as ordinary ones.",
            zh="SCHED_BATCH 并不降低优先级：大家都在计算时，批处理进程与普通进程得到同样多的 CPU。",
        )
    return Text(
        en="While all want the CPU, each step of nice makes a share 1.25 times smaller beside the "
        "others.",
        zh="大家都想要 CPU 时，nice 值每高一级，份额就缩小到原来的 1/1.25。",
    )


def turns_text(params: Settings) -> Text:
    if params.policy == "fifo":
        return Text(
            en="Of two SCHED_FIFO processes of equal priority, the first computes to its end "
            "before the other begins.",
            zh="两个优先级相同的 SCHED_FIFO 进程，先运行的一直算到结束，另一个才开始。",
        )
    if params.policy == "rr":
        return Text(
            en="Two SCHED_RR processes of equal priority take turns, of the length that the kernel "
            "tells.",
            zh="两个优先级相同的 SCHED_RR 进程轮流运行，每轮的长度就是内核所说的时间片。",
        )
    return Text(
        en="The two ordinary processes take turns: neither waits until the other is done.",
        zh="两个普通进程轮流运行：谁都不必等到对方算完。",
    )


def wake_up_text(params: Settings) -> Text:
    if params.real_time:
        return Text(
            en="A real-time process that wakes up has the CPU at once, though another computes.",
            zh="实时进程一醒来就立刻得到 CPU，即使普通进程正在计算。",
        )
    if params.policy == "nice":
        return Text(
            en="An ordinary process that wakes up does not wait until the turn of the one that "
            "computes is over.",
            zh="普通进程醒来后，不必等到正在计算的进程用完这一轮。",
        )
    if params.policy == "batch":
        return Text(
            en="A batch process that wakes up does not take the CPU from one that computes; it "
            "waits longer than an ordinary one.",
            zh="批处理进程醒来后不会抢占正在计算的进程，比普通进程等得更久。",
        )
    return Text(
        en="An idle process that wakes up waits much longer than an ordinary one.",
        zh="空闲策略的进程醒来后，比普通进程等得久得多。",
    )


SCENARIO = Scenario(
    file=__file__,
    group=Group.PROCESSES,
    title=Text(en="The kernel's own policies", zh="内核自己的调度策略"),
    summary=Text(
        en="Two ordinary processes share one CPU with two that are nicer, batch, idle or real "
        "time: who gets how much, and who has it as soon as it wakes up.",
        zh="两个普通进程与另外两个进程共用一个 CPU，后者可以更谦让，也可以是批处理、空闲或实时的："
        "各得多少，谁一醒来就能运行？",
    ),
    parameters=Settings,
    tags=Tags(
        ideas=(Idea.SCHEDULING, Idea.STATES),
        primitives=("os.nice", "os.sched_setscheduler", "os.sched_setaffinity"),
        states=(State.RUNNING, State.READY, State.BLOCKED),
        level=3,
    ),
    claims=(
        Claim("share", share_text, check_share),
        Claim("turns", turns_text, check_turns),
        Claim("wake-up", wake_up_text, check_wake_up),
    ),
)
