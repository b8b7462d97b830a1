"""What witnesses report to fusion. ``t`` is CLOCK_MONOTONIC in nanoseconds in every record.

A list of these is a *raw log*: it replays through fusion to the same slices.
"""

from __future__ import annotations

from typing import Any, NamedTuple, get_args

from app.timeline.probe_records import TYPES, ProbeRecord


class SwitchIn(NamedTuple):
    """The thread got a CPU (PERF_RECORD_SWITCH without SWITCH_OUT, perf_event_open(2))."""

    t: int
    pid: int
    tid: int
    cpu: int


class SwitchOut(NamedTuple):
    """The thread left its CPU: ``preempted`` (still runnable), ``stopped`` by a signal or a tracer
    (reported only by the tracepoint sched:sched_switch), or blocked."""

    t: int
    pid: int
    tid: int
    cpu: int
    preempted: bool
    stopped: bool = False


class Waking(NamedTuple):
    """``waker_tid`` wakes ``tid`` (tracepoint sched:sched_waking, in the waker's context).

    The ids of the waker are 0 if an interrupt woke it: a clock, a device.
    """

    t: int
    tid: int
    waker_pid: int
    waker_tid: int


class Wakeup(NamedTuple):
    """``tid`` was put on a run queue (tracepoints sched:sched_wakeup and sched_wakeup_new)."""

    t: int
    tid: int


class ThreadBorn(NamedTuple):
    """A thread (``pid == ppid``) or a process was made, by thread ``ptid`` of ``ppid``.

    The kernel calls either a *task* (PERF_RECORD_FORK, perf_event_open(2)).
    """

    t: int
    pid: int
    tid: int
    ppid: int
    ptid: int
    sampled: bool = False  # first seen in /proc, so born at some time before ``t``


class ThreadGone(NamedTuple):
    """The thread is gone from the scheduler; a process's last exit starts its zombie time.

    The kernel's word is a *task* that exits (PERF_RECORD_EXIT).
    """

    t: int
    pid: int
    tid: int
    sampled: bool = False


class ThreadNamed(NamedTuple):
    """The kernel's name of a thread, its ``comm``, changed (PERF_RECORD_COMM); ``exec``: by
    an execve(2)."""

    t: int
    pid: int
    tid: int
    comm: str
    exec: bool


class SignalSent(NamedTuple):
    """Signal ``number`` is on its way to thread ``tid`` (tracepoint signal:signal_generate).

    The ids of the sender are 0 if the kernel itself sent it: a fault, a closed pipe, a timer.
    """

    t: int
    tid: int
    number: int
    sender_pid: int
    sender_tid: int


class SchedStat(NamedTuple):
    """/proc/<tid>/schedstat: cumulative ns on CPU, ns on a run queue, and time slices."""

    t: int
    pid: int
    tid: int
    run_ns: int
    wait_ns: int
    slices: int


class StatSample(NamedTuple):
    """/proc/<tid>/stat at an instant: ``state`` is the kernel's letter (R S D Z T t X)."""

    t: int
    pid: int
    tid: int
    state: str
    cpu: int


class SyscallSample(NamedTuple):
    """/proc/<tid>/syscall of a blocked thread. ``site`` says what ``arg0`` is, where known:
    ``gil`` (a futex in the interpreter's runtime), ``pipe``, ``socket``, ``file``, or ``""``.

    ``target`` is which one, the same in every process: ``pipe:<inode>``, ``socket:<inode>``, a
    file's path, ``futex:<pid>:<address>``; ``label`` is its name for a reader. ``peer`` is the
    process that is waited for: a child, or the only one at a pipe's other end.
    """

    t: int
    pid: int
    tid: int
    name: str
    arg0: int
    site: str
    target: str = ""
    label: str = ""
    peer: int = 0


class LineSample(NamedTuple):
    """The innermost line of the program's text that the thread is at, read from its memory at some
    time from ``since`` to ``t``. ``path`` is absolute.
    """

    t: int
    since: int
    pid: int
    tid: int
    path: str
    line: int


class ProcessReaped(NamedTuple):
    """A zombie is gone. ``status`` is the raw wait status, None if only its absence was seen."""

    t: int
    pid: int
    status: int | None
    sampled: bool


class OutputChunk(NamedTuple):
    """Bytes that came out of the program's stdout or stderr: the ground truth of its output."""

    t: int
    stream: str
    data: bytes


class Dropped(NamedTuple):
    """``lost`` records of a witness were lost before ``t``; pid and tid are 0 where unknown.

    ``since`` is the time of the last record before the loss, 0 where unknown.
    """

    t: int
    source: str
    lost: int
    pid: int = 0
    tid: int = 0
    since: int = 0


class CpuStolen(NamedTuple):
    """At some time from ``since`` to ``t`` the hypervisor ran something else on the CPU, for
    ``ns`` in sum (the column *steal* of proc_stat(5), which counts in ticks)."""

    t: int
    since: int
    cpu: int
    ns: int


class Limit(NamedTuple):
    """The worker stopped the run: ``wall``, ``memory``, ``processes``, ``output``, ``cpu``,
    ``stopped``. ``value`` is the limit in its unit (ms, bytes, count)."""

    t: int
    name: str
    value: int


Record = (
    SwitchIn
    | SwitchOut
    | Waking
    | Wakeup
    | SignalSent
    | ThreadBorn
    | ThreadGone
    | ThreadNamed
    | SchedStat
    | StatSample
    | SyscallSample
    | LineSample
    | ProcessReaped
    | ProbeRecord
    | OutputChunk
    | Dropped
    | Limit
    | CpuStolen
)

#: Every type that a record can have.
RECORD_TYPES: tuple[Any, ...] = (*get_args(Record), *TYPES.values())
