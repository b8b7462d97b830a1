"""The rules for daemon processes: set before start(), and no children."""

from __future__ import annotations

from typing import Literal

from app.catalogue.claims import Answer, Claim, Span, either, not_seen
from app.catalogue.groups import Group, Idea
from app.catalogue.parameters import Parameters, choice, flag, integer
from app.catalogue.scenario import Scenario, Tags
from app.catalogue.spans import duration, end_of, exit_of, named, need_said, root, said, whole
from app.locale.text import Text
from app.timeline.endings import ending
from app.timeline.states import Cause, State, TrackKind
from app.timeline.timeline import Timeline

MAIN_OVER = "main: my code is over"


class Settings(Parameters):
    when: Literal["early", "late"] = choice(
        "late",
        Text(en="The worker is made a daemon", zh="把 worker 设为守护进程"),
        {
            "early": Text(en="early: before start()", zh="早：在 start() 之前"),
            "late": Text(en="late: after start()", zh="晚：在 start() 之后"),
        },
    )
    boss_is_daemon: bool = flag(
        True,
        Text(en="The boss is a daemon", zh="boss 是守护进程"),
        help=Text(en="It wants to start a helper.", zh="它想启动一个 helper。"),
    )
    work_ms: int = integer(
        400, Text(en="Work of the worker", zh="worker 的工作"), minimum=10, maximum=5000, unit="ms"
    )
    help_ms: int = integer(
        50, Text(en="Work of the helper", zh="helper 的工作"), minimum=0, maximum=3000, unit="ms"
    )


def check_late(timeline: Timeline, params: Settings) -> Answer:
    """The traceback that main printed, or none."""
    main = root(timeline)
    need_said(timeline, "main: worker is a daemon: ", main)
    error = said(timeline, "AssertionError: ", main)
    spans = [Span(main.id, line.ns, line.ns) for line in error] or [whole(timeline, main)]
    words = error[0].text if error else "–"
    return either(
        bool(error) == (params.when == "late"),
        en=f"What Python said to main: {words}.",
        zh=f"Python 对主进程说：{words}。",
        evidence=spans,
    )


def check_worker(timeline: Timeline, params: Settings) -> Answer:
    """Refused, the worker lives on as an ordinary child; as a daemon it goes with main's code."""
    (worker,) = named(timeline, "worker")
    main = root(timeline)
    over = need_said(timeline, MAIN_OVER).ns
    died = exit_of(timeline, worker)
    cause = worker.end.cause if worker.end else Cause.UNKNOWN
    how = ending(worker.end)
    en = f"Main's code ended at {duration(over)}, the worker at {duration(died)} ({how.en}), the "
    en += f"main process at {duration(exit_of(timeline, main))}."
    zh = (
        f"主进程的代码在 {duration(over)} 结束，worker 在 {duration(died)} 结束（{how.of('zh')}），"
    )
    zh += f"主进程在 {duration(exit_of(timeline, main))} 退出。"
    spans = [Span(worker.id, worker.start_ns, died), Span(main.id, over, end_of(timeline, main))]
    if died <= over:
        return not_seen(
            en="The worker was done before main's code.", zh="worker 先于主进程的代码完成。"
        )
    if params.when == "early":
        return either(cause in (Cause.DAEMON, Cause.SIGNAL), en=en, zh=zh, evidence=spans)
    waited = exit_of(timeline, main) >= died
    return either(cause is Cause.RETURNED and waited, en=en, zh=zh, evidence=spans)


def check_helper(timeline: Timeline, params: Settings) -> Answer:
    """Whether a helper was started, and what the boss was told."""
    (boss,) = named(timeline, "boss")
    error = said(timeline, "AssertionError: ", boss)
    # By a fork server the helper would be no child of the boss for the kernel.
    helpers = [item for item in timeline.of_kind(TrackKind.PROCESS) if item.name == "helper"]
    if not error and not said(timeline, "boss: my helper is done", boss):
        return not_seen(en="The boss never told of its helper.", zh="boss 没有说出 helper 的情况。")
    words = error[0].text if error else "–"
    en = f"Helpers that were started: {len(helpers)}. What Python said to the boss: {words}."
    zh = f"启动了 {len(helpers)} 个 helper。Python 对 boss 说：{words}。"
    spans = [whole(timeline, track) for track in helpers or [boss]]
    if params.boss_is_daemon:
        return either(bool(error) and not helpers, en=en, zh=zh, evidence=spans)
    return either(not error and len(helpers) == 1, en=en, zh=zh, evidence=spans)


SCENARIO = Scenario(
    file=__file__,
    group=Group.PROCESSES,
    title=Text(en="The rules for daemons", zh="守护进程的规则"),
    summary=Text(
        en="To make a daemon of a process that runs, and to start a child from a daemon: Python "
        "refuses both.",
        zh="把已经启动的进程改为守护进程，以及让守护进程启动子进程：Python 都会拒绝。",
    ),
    parameters=Settings,
    tags=Tags(
        ideas=(Idea.LIFETIME, Idea.START),
        primitives=("Process.daemon", "multiprocessing.Process", "traceback.format_exc"),
        states=(State.RUNNING, State.BLOCKED),
        level=2,
    ),
    claims=(
        Claim(
            "late",
            lambda params: (
                Text(
                    en="To set daemon after start() raises an AssertionError.",
                    zh="在 start() 之后设置 daemon 会抛出 AssertionError。",
                )
                if params.when == "late"
                else Text(
                    en="To set daemon before start() is allowed.",
                    zh="在 start() 之前设置 daemon 是允许的。",
                )
            ),
            check_late,
        ),
        Claim(
            "worker",
            lambda params: (
                Text(
                    en="What was refused changes nothing: main still waits for the child.",
                    zh="被拒绝的设置什么也没有改变：主进程仍然等待这个子进程。",
                )
                if params.when == "late"
                else Text(
                    en="Made a daemon in time, the child is ended with main's code.",
                    zh="及时设为守护进程的子进程，随主进程的代码一起被终止。",
                )
            ),
            check_worker,
        ),
        Claim(
            "helper",
            lambda params: (
                Text(
                    en="A daemon may not start a process: AssertionError, and no process is made.",
                    zh="守护进程不能启动进程：抛出 AssertionError，也不会产生新进程。",
                )
                if params.boss_is_daemon
                else Text(
                    en="A child that is no daemon may have children of its own.",
                    zh="不是守护进程的子进程，可以有自己的子进程。",
                )
            ),
            check_helper,
        ),
    ),
)
