"""The catalogue's groups, A to H, and the ideas that scenarios are tagged with."""

from __future__ import annotations

from enum import StrEnum

from app.locale.text import Text


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
        return "ABCDEFGH"[self.number]

    @property
    def number(self) -> int:
        return list(Group).index(self)


_GROUPS = {
    Group.PROCESSES: Text(en="Processes", zh="进程"),
    Group.COMMUNICATION: Text(en="Communication between processes", zh="进程间通信"),
    Group.LOCKS: Text(en="Locks and races", zh="锁与竞态条件"),
    Group.THREADS: Text(en="Threads", zh="线程"),
    Group.POOLS: Text(en="Pools and futures", zh="池与 Future"),
    Group.SYNC_ASYNC: Text(
        en="Synchronous and asynchronous, blocking and non-blocking", zh="同步与异步，阻塞与非阻塞"
    ),
    Group.COROUTINES: Text(en="Coroutines", zh="协程"),
    Group.SUMMARY: Text(en="The summary", zh="总结对比"),
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
    Idea.STATES: Text(en="States", zh="状态"),
    Idea.SCHEDULING: Text(en="Scheduling", zh="调度"),
    Idea.LIFETIME: Text(en="Lifetime", zh="生命周期"),
    Idea.START: Text(en="Starting", zh="启动方式"),
    Idea.MESSAGES: Text(en="Messages", zh="消息传递"),
    Idea.RACE: Text(en="Race condition", zh="竞态条件"),
    Idea.MUTUAL_EXCLUSION: Text(en="Mutual exclusion", zh="互斥"),
    Idea.DEADLOCK: Text(en="Deadlock", zh="死锁"),
    Idea.PARALLELISM: Text(en="Parallelism", zh="并行"),
    Idea.POOLING: Text(en="Pooling", zh="池化"),
    Idea.EVENT_LOOP: Text(en="Event loop", zh="事件循环"),
    Idea.BLOCKING: Text(en="Blocking", zh="阻塞"),
}
