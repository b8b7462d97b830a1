"""What each policy is known for, as a claim on a run: the convoy, starvation, a short wait."""

from __future__ import annotations

from itertools import pairwise as neighbours
from statistics import fmean

from app.catalogue.claims import Answer, Span, either, not_seen
from app.catalogue.spans import clip, duration, need_exact, total
from app.locale.text import Text
from app.scenarios.schedulers.measured import Life, Lives
from app.scenarios.schedulers.settings import Settings
from app.timeline.timeline import Timeline

_SHORTEST = Text(
    en="Shortest first makes jobs wait less on average than first come, first served would.",
    zh="最短者优先，平均等待时间比先来先服务更短。",
)
_SENTENCES = {
    "fcfs": Text(
        en="Short jobs that come behind a long one wait for all of it: the convoy effect.",
        zh="排在长作业后面的短作业，必须等它全部做完：这就是护航效应（convoy effect）。",
    ),
    "sjf": _SHORTEST,
    "srtf": _SHORTEST,
    "rr": Text(
        en="In a round each job has one quantum, so nobody waits longer than for one of each "
        "other.",
        zh="每一轮中每个作业各得一个时间片，因此谁都不会等得比“其他作业各一个时间片”更久。",
    ),
    "mlfq": Text(
        en="A job that has just come goes before those that have computed for long.",
        zh="刚到达的作业，排在已经计算了很久的作业前面。",
    ),
}


def trait(params: Settings) -> Text:
    """The claim's sentence."""
    if params.policy == "priority":
        return (
            Text(
                en="With aging a job of low priority gets its turn although more important ones "
                "want the CPU.",
                zh="有老化时，即使更重要的作业也想要 CPU，低优先级的作业仍能轮到。",
            )
            if params.aging
            else Text(
                en="Without aging a job of low priority gets nothing while a more important one "
                "wants the CPU: it may starve.",
                zh="没有老化时，只要更重要的作业想要 CPU，低优先级的作业就什么也得不到："
                "可能会饿死。",
            )
        )
    return _SENTENCES[params.policy]


def check_trait(timeline: Timeline, params: Settings) -> Answer:
    lives = Lives(timeline, params.jobs)
    checks = {
        "fcfs": _convoy,
        "sjf": _less_waiting,
        "srtf": _less_waiting,
        "rr": _rounds,
        "priority": _importance,
        "mlfq": _newcomers,
    }
    return checks[params.policy](lives, params)


def _exactly(answer: Answer, lives: Lives) -> Answer:
    """Where states were only sampled, some milliseconds refute nothing."""
    if answer.verdict.word == "fails":
        need_exact(lives.timeline)
    return answer


def _convoy(lives: Lives, params: Settings) -> Answer:
    behind = [
        (long, short)
        for n, long in enumerate(lives.lives)
        for m, short in enumerate(lives.lives)
        if short.job.burst < long.job.burst
        and not long.job.io_waits
        and (long.job.arrival, n) < (short.job.arrival, m)
        and short.came_ns < long.end_ns
    ]
    if not behind:
        return not_seen(en="No short job came behind a long one.", zh="没有短作业排在长作业后面。")
    long, short = max(behind, key=lambda pair: pair[1].response_ns)
    waited = all(short.first_ns >= long.end_ns for long, short in behind)
    return _exactly(
        either(
            waited,
            en=f"{short.job.name}, of {short.job.burst} units, waited "
            f"{duration(short.response_ns)} for its first turn, behind {long.job.name} with "
            f"{long.job.burst}.",
            zh=f"{short.job.name} 只需 {short.job.burst} 个单位，却在需要 {long.job.burst} "
            f"个单位的 {long.job.name} 之后等了 {duration(short.response_ns)} 才第一次运行。",
            evidence=[Span(short.track.id, short.came_ns, short.first_ns) for _, short in behind],
        ),
        lives,
    )


def _less_waiting(lives: Lives, params: Settings) -> Answer:
    own = fmean(row.waiting for row in params.textbook().values())
    first_come = fmean(row.waiting for row in params.textbook("fcfs").values())
    if own >= first_come:
        return not_seen(
            en="For these jobs first come, first served is as good.",
            zh="对这些作业，先来先服务同样好。",
        )
    if any(life.job.io_waits for life in lives.lives):
        return not_seen(
            en="With I/O, waiting can't be told from the CPU time of the others.",
            zh="有 I/O 时，无法由其他作业的 CPU 时间得出等待时间。",
        )
    # In CPU time of the jobs, so that other programs' load is no part of it.
    waited = fmean(
        lives.computed(life.came_ns, life.end_ns) - total(life.ran) for life in lives.lives
    )
    bound = first_come * params.unit_ns
    return _exactly(
        either(
            waited < bound,
            en=f"On average a job waited while others computed for {duration(waited)}; first come, "
            f"first served would make that {duration(bound)}.",
            zh=f"平均每个作业等待其他作业计算 {duration(waited)}；"
            f"先来先服务则需要 {duration(bound)}。",
            evidence=[Span(life.track.id, life.came_ns, life.end_ns) for life in lives.lives],
        ),
        lives,
    )


def _rounds(lives: Lives, params: Settings) -> Answer:
    turns = lives.turns()
    gaps: list[tuple[int, Span]] = []
    for life in lives.lives:
        own = [span for other, span in turns if other is life]
        io = lives.waits_of(life)
        for before, after in neighbours(own):
            if not clip(io, before.end_ns, after.start_ns):
                gap = lives.computed(before.end_ns, after.start_ns)
                gaps.append((gap, Span(life.track.id, before.end_ns, after.start_ns)))
    if not gaps:
        return not_seen(en="No job had two turns.", zh="没有作业得到过两轮。")
    longest, span = max(gaps)
    most = (len(lives.lives) - 1) * params.quantum
    return _exactly(
        either(
            longest <= (most + 0.5) * params.unit_ns,
            en=f"The longest wait between two turns lasted while others computed for "
            f"{duration(longest)}; one quantum of each is {duration(most * params.unit_ns)}.",
            zh=f"两轮之间最长的一次等待，其他作业计算了 {duration(longest)}；"
            f"其他作业各一个时间片共 {duration(most * params.unit_ns)}。",
            evidence=[span],
        ),
        lives,
    )


def _importance(lives: Lives, params: Settings) -> Answer:
    low = max(lives.lives, key=lambda life: life.job.priority)
    higher = [life for life in lives.lives if life.job.priority < low.job.priority]
    wanted = [(life, span) for life in higher for span in _wants(lives, life)]
    kept = [clip([span], low.came_ns, low.end_ns) for _, span in wanted]
    if not any(kept):
        return not_seen(
            en=f"No more important job wanted the CPU while {low.job.name} was there.",
            zh=f"{low.job.name} 在场期间，没有更重要的作业想要 CPU。",
        )
    beside = [row for _, span in wanted for row in clip(low.ran, span.start_ns, span.end_ns)]
    got = total(beside)
    en = f"{low.job.name} had the CPU for {duration(got)} while more important jobs wanted it."
    zh = f"更重要的作业想要 CPU 时，{low.job.name} 得到了 {duration(got)} 的 CPU 时间。"
    waited = [Span(low.track.id, low.came_ns, low.first_ns)]
    if not params.aging:
        return _exactly(
            either(got <= params.unit_ns / 2, en=en, zh=zh, evidence=beside or waited), lives
        )
    if got <= params.unit_ns / 2 and params.chart() == params.chart(aging=0):
        return not_seen(
            en=f"{low.job.name} did not wait long enough for aging to show.",
            zh=f"{low.job.name} 等待得还不够久，看不出老化的作用。",
        )
    return _exactly(
        either(got > params.unit_ns / 2, en=en, zh=zh, evidence=beside or waited), lives
    )


def _wants(lives: Lives, life: Life) -> list[Span]:
    """When it computes or would: from its coming to its end, without its I/O."""
    rows = [Span(life.track.id, life.there_ns, life.end_ns)]
    for io in lives.waits_of(life):
        rows = [
            piece
            for row in rows
            for piece in (
                *clip([row], row.start_ns, io.start_ns),
                *clip([row], io.end_ns, row.end_ns),
            )
        ]
    return rows


def _newcomers(lives: Lives, params: Settings) -> Answer:
    """``old`` had a whole quantum before ``new`` came, so it is in a lower queue."""
    pairs = [
        (old, new)
        for old in lives.lives
        for new in lives.lives
        if old is not new
        and old.end_ns > new.came_ns
        and total(clip(old.ran, 0, new.came_ns)) > (params.quantum + 0.5) * params.unit_ns
    ]
    if not pairs:
        return not_seen(
            en="No job came while another one had computed for long.",
            zh="没有作业在别的作业计算了很久之后才到达。",
        )
    passed = [row for old, new in pairs for row in clip(old.ran, new.came_ns, new.first_ns)]
    longest = max(new.response_ns for _, new in pairs)
    return _exactly(
        either(
            total(passed) <= params.unit_ns / 2,
            en=f"Those that came later had their first turn within {duration(longest)}; meanwhile "
            f"the older ones got {duration(total(passed))}.",
            zh=f"后到达的作业在 {duration(longest)} 之内就第一次运行；在此期间较早的作业得到 "
            f"{duration(total(passed))}。",
            evidence=[Span(new.track.id, new.came_ns, new.first_ns) for _, new in pairs],
        ),
        lives,
    )
