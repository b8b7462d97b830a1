"""The catalogue's groups, A to H, and the ideas that scenarios are tagged with."""

from __future__ import annotations

from enum import StrEnum

from app.catalogue.text import Text


class Group(StrEnum):
    """A chapter of the catalogue, in reading order. ``text`` is its title."""

    PROCESSES = "processes"
    COMMUNICATION = "communication"
    LOCKS = "locks"
    THREADS = "threads"
    POOLS = "pools"
    SYNC_ASYNC = "sync-async"
    COROUTINES = "coroutines"
    SUMMARY = "summary"

    @property
    def text(self) -> Text:
        return _GROUPS[self]

    @property
    def letter(self) -> str:
        """A to H."""
        return "ABCDEFGH"[self.place]

    @property
    def place(self) -> int:
        return list(Group).index(self)


_GROUPS = {
    Group.PROCESSES: Text("Processes", "进程"),
    Group.COMMUNICATION: Text("Communication between processes", "进程间通信"),
    Group.LOCKS: Text("Locks and races", "锁与竞态条件"),
    Group.THREADS: Text("Threads", "线程"),
    Group.POOLS: Text("Pools and futures", "池与 Future"),
    Group.SYNC_ASYNC: Text(
        "Synchronous and asynchronous, blocking and non-blocking", "同步与异步，阻塞与非阻塞"
    ),
    Group.COROUTINES: Text("Coroutines", "协程"),
    Group.SUMMARY: Text("The summary", "总结对比"),
}


class Idea(StrEnum):
    """What a scenario teaches, for the catalogue's filter. ``text`` is its title."""

    STATES = "states"
    SCHEDULING = "scheduling"
    LIFETIME = "lifetime"
    START = "start"
    MESSAGES = "messages"
    RACE = "race"
    MUTUAL_EXCLUSION = "mutual-exclusion"
    DEADLOCK = "deadlock"
    PARALLELISM = "parallelism"
    POOLING = "pooling"
    EVENT_LOOP = "event-loop"
    BLOCKING = "blocking"

    @property
    def text(self) -> Text:
        return _IDEAS[self]


_IDEAS = {
    Idea.STATES: Text("States", "状态"),
    Idea.SCHEDULING: Text("Scheduling", "调度"),
    Idea.LIFETIME: Text("Lifetime", "生命周期"),
    Idea.START: Text("Starting", "启动方式"),
    Idea.MESSAGES: Text("Messages", "消息传递"),
    Idea.RACE: Text("Race condition", "竞态条件"),
    Idea.MUTUAL_EXCLUSION: Text("Mutual exclusion", "互斥"),
    Idea.DEADLOCK: Text("Deadlock", "死锁"),
    Idea.PARALLELISM: Text("Parallelism", "并行"),
    Idea.POOLING: Text("Pooling", "池化"),
    Idea.EVENT_LOOP: Text("Event loop", "事件循环"),
    Idea.BLOCKING: Text("Blocking", "阻塞"),
}
