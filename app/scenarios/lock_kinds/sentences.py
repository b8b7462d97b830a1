"""What each kind is for: its title in the form, and the sentence that its run must show."""

from __future__ import annotations

from app.locale.text import Text

KINDS = {
    "lock": Text(en="Lock", zh="Lock（互斥锁）"),
    "rlock": Text(en="RLock", zh="RLock（可重入锁）"),
    "semaphore": Text(en="Semaphore", zh="Semaphore（信号量）"),
    "bounded": Text(en="BoundedSemaphore", zh="BoundedSemaphore（有界信号量）"),
    "event": Text(en="Event", zh="Event（事件）"),
    "condition": Text(en="Condition", zh="Condition（条件变量）"),
    "barrier": Text(en="Barrier", zh="Barrier（屏障）"),
    "timer": Text(en="Timer", zh="Timer（定时器）"),
}
_SEMAPHORE = Text(
    en="A semaphore lets as many threads in as it has permits; the next one waits.",
    zh="信号量有几个许可，就允许几个线程同时进入；再来的要等待。",
)
SENTENCES = {
    "lock": Text(
        en="A Lock lets one thread in at a time; the others wait.",
        zh="Lock 每次只放一个线程进入，其他线程等待。",
    ),
    "rlock": Text(
        en="An RLock lets one thread in at a time, too; the others wait.",
        zh="RLock 也是每次只放一个线程进入，其他线程等待。",
    ),
    "semaphore": _SEMAPHORE,
    "bounded": _SEMAPHORE,
    "event": Text(
        en="One set() of an Event lets all go on who wait for it.",
        zh="Event 的一次 set() 会放行所有等待它的线程。",
    ),
    "condition": Text(
        en="One notify() of a Condition lets one go on who waits for it.",
        zh="Condition 的一次 notify() 只放行一个等待它的线程。",
    ),
    "barrier": Text(
        en="At a Barrier all wait until the last one has come; then all go on.",
        zh="在 Barrier 处，所有线程等到最后一个到达，然后一起继续。",
    ),
    "timer": Text(
        en="A Timer calls its function in a thread of its own when its time is over; a cancelled "
        "one never does.",
        zh="Timer 到时间后在自己的线程里调用函数；被取消的不会调用。",
    ),
}
