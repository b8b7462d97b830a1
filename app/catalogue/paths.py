"""Orders through the catalogue for a course: what to run when, and what to ask before."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from app.catalogue.text import Text


@dataclass(frozen=True)
class Step:
    """One scenario, with settings if not the defaults, and a question to ask before Start."""

    slug: str
    question: Text
    settings: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Path:
    id: str
    title: Text
    summary: Text
    steps: tuple[Step, ...]


PATHS = (
    Path(
        "first-course",
        Text("A first course", "入门课程"),
        Text(
            "Ten steps from the states of a process to an event loop that is blocked. Answer "
            "before you press Start.",
            "从进程的状态到被阻塞的事件循环，共十步。按下“启动”之前先回答问题。",
        ),
        (
            Step(
                "process-states",
                Text(
                    "Three processes compute on one CPU. One runs: what are the others meanwhile?",
                    "三个进程在同一个 CPU 上计算。其中一个在运行时，另外两个处于什么状态？",
                ),
            ),
            Step(
                "start-process",
                Text(
                    "start() has returned. Has the child run its first line by then?",
                    "start() 返回的时候，子进程执行到第一行了吗？",
                ),
            ),
            Step(
                "reap-and-zombie",
                Text(
                    "A child is done, and its parent does not care. What is left of the child?",
                    "子进程已经结束，父进程却不理它。子进程还剩下什么？",
                ),
            ),
            Step(
                "gil",
                Text(
                    "Two threads compute instead of one, on two CPUs. Is it done in half the time?",
                    "两个 CPU，把一个线程的计算分给两个线程。时间会减半吗？",
                ),
            ),
            Step(
                "race-counter",
                Text(
                    "Four threads add one, 20,000 times each. What does the counter say?",
                    "四个线程各加一 20 000 次。计数器最后是多少？",
                ),
            ),
            Step(
                "deadlock",
                Text(
                    "Each of two threads holds a lock and wants the other's. What does the CPU do?",
                    "两个线程各拿着一把锁，都想要对方的那把。CPU 在做什么？",
                ),
            ),
            Step(
                "queue",
                Text(
                    "The queue is full, and a producer calls put(). What happens, and until when?",
                    "队列满了，生产者调用 put()。会发生什么，要到什么时候为止？",
                ),
            ),
            Step(
                "thread-pool",
                Text(
                    "Eight tasks, three workers, each task takes 0.3 s. When is all of it done?",
                    "八个任务，三个工作线程，每个任务 0.3 秒。全部做完要多久？",
                ),
            ),
            Step(
                "asyncio-basics",
                Text(
                    "Four coroutines wait 0.3, 0.6, 0.9 and 1.2 s on one thread. How long is that?",
                    "一个线程上的四个协程分别等待 0.3、0.6、0.9 和 1.2 秒。总共多久？",
                ),
            ),
            Step(
                "blocked-loop",
                Text(
                    "One of the coroutines calls time.sleep() instead. What about the others?",
                    "其中一个协程改用 time.sleep()。其他协程会怎样？",
                ),
            ),
        ),
    ),
)


def path_named(name: str) -> Path | None:
    return next((path for path in PATHS if path.id == name), None)
