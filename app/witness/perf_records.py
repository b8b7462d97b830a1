"""Decodes the records of a perf ring: bytes in, records out; no system call.

Layout from perf_event_open(2) and linux/perf_event.h, for events opened with
``sample_type = TID | TIME | CPU`` and ``sample_id_all``: each record ends with
``u32 pid, tid; u64 time; u32 cpu, zero``.
"""

from __future__ import annotations

import struct
from collections.abc import Mapping
from typing import Literal

from app.timeline.records import (
    Dropped,
    Record,
    SignalSent,
    SwitchIn,
    SwitchOut,
    ThreadBorn,
    ThreadGone,
    ThreadNamed,
    Wakeup,
    Waking,
)

#: The tracepoints that are decoded.
Tracepoint = Literal[
    "sched_waking", "sched_wakeup", "sched_wakeup_new", "sched_switch", "signal_generate"
]

LOST = 2
COMM = 3
EXIT = 4
FORK = 7
SAMPLE = 9
LOST_SAMPLES = 13
SWITCH = 14

MISC_COMM_EXEC = 1 << 13
MISC_SWITCH_OUT = 1 << 13
MISC_SWITCH_OUT_PREEMPT = 1 << 14

#: u32 type, u16 misc, u16 size
_HEADER = struct.Struct("<IHH")
#: A whole PERF_RECORD_SWITCH: header and sample_id.
_SWITCH = struct.Struct("<IHHIIQII")
_SAMPLE_ID = struct.Struct("<IIQII")
#: pid, ppid, tid, ptid, time: the body of FORK and EXIT.
_TASK = struct.Struct("<IIIIQ")
_PAIR = struct.Struct("<II")
_LOST = struct.Struct("<QQ")
_LOST_SAMPLES = struct.Struct("<Q")
#: Where a sample's raw data begin: after header, ids, time, cpu, and the data's length. A
#: tracepoint's data begin with its number; the woken thread's id lies at the same place in each
#: wake-up, and so does the thread that leaves in a switch (events/sched/*/format in tracefs).
_RAW = _HEADER.size + 24 + 4
#: common_flags, the byte after the number: TRACE_FLAG_HARDIRQ and TRACE_FLAG_NMI of the kernel's
#: include/linux/trace_events.h. (In a soft interrupt it may well be the sender that wakes.)
_INTERRUPT = 0x08 | 0x40
WOKEN_OFFSET = LEAVES_OFFSET = 24
STATE_OFFSET = 32
COMES_OFFSET = 56
#: number, flags, and the thread that is woken or leaves.
_TRACEPOINT = struct.Struct("<HB21xi")
assert _TRACEPOINT.size == WOKEN_OFFSET + 4
_COMES = struct.Struct("<i")
#: Of prev_state's lowest byte: T (stopped by a signal) and t (by a tracer), as its format says.
_STOPPED = 0x04 | 0x08
#: signal_generate: sig, errno and code; the thread that gets it, whether its whole group does, and
#: the result, of which TRACE_SIGNAL_DELIVERED is 0 (include/trace/events/signal.h).
SIGNAL_OFFSETS = {"sig": 8, "code": 16, "pid": 36, "result": 44}
_SIGNAL = struct.Struct("<8xi4xi16xi4xi")
#: si_code of those that a process sends: SI_USER, SI_QUEUE, SI_TKILL (asm-generic/siginfo.h).
_SENT = frozenset({0, -1, -6})
_SIGPIPE = 13  # has SI_USER too, though it is the kernel that answers a write so

_new = tuple.__new__  # what a named tuple's own call does in the end
#: The kernel's ids of a thread that has none any more, or of the idle thread.
_NOBODY = frozenset({0, 0xFFFFFFFF})


#: One thread of the run follows another on a CPU in this time without an idle one in between.
DIRECT_NS = 4_000


class Instant:
    """The last switch of a CPU: one instant for the thread that leaves and the one that comes.

    perf gives a switch record the time at which it writes it: for the thread that leaves the
    instant of the switch, for the other some microseconds later (measured: 1.6 us on average, a
    twentieth of the CPU time of two processes that play ping-pong). ``t`` is sched_switch's time,
    or else that of the record of the thread that left. It outlives a drain, because the records of
    one switch may lie in two.
    """

    __slots__ = ("comes", "leaves", "seen", "stopped", "t")

    def __init__(self) -> None:
        self.seen = 0  # the time of the last switch or sample: a loss began after it
        self.t = -DIRECT_NS - 1
        self.leaves = self.comes = -1
        self.stopped = False  # the thread that leaves was stopped


def decode(
    data: bytes,
    tracepoints: Mapping[int, Tracepoint] | None = None,
    instant: Instant | None = None,
) -> list[Record]:
    """The records in ``data``, which holds whole perf records of one CPU, in its order.

    ``tracepoints`` names those whose samples may be among them, by number; ``instant`` is what is
    known of that CPU's last switch. Kinds that no stage uses are skipped. A record of size 0 ends
    the decoding: the ring is damaged, which is reported as one Dropped record at time 0.
    """
    records: list[Record] = []
    last = instant or Instant()
    seen = last.seen
    add = records.append
    offset, end = 0, len(data)
    switch, size_of_switch = _SWITCH.unpack_from, _SWITCH.size
    sample = _TRACEPOINT.unpack_from
    while offset + 8 <= end:
        if offset + size_of_switch <= end:
            kind, misc, size, pid, tid, t, cpu, _ = switch(data, offset)
        else:
            kind, misc, size = _HEADER.unpack_from(data, offset)
            pid = tid = t = cpu = 0
        if kind == SWITCH:
            seen = t
            if tid not in _NOBODY:
                if misc & MISC_SWITCH_OUT:
                    stopped = False
                    if tid == last.leaves:
                        t, last.leaves, stopped = last.t, -1, last.stopped
                    else:
                        last.t, last.comes = t, -1
                    preempted = misc & MISC_SWITCH_OUT_PREEMPT != 0
                    add(_new(SwitchOut, (t, pid, tid, cpu, preempted, stopped)))
                else:
                    if tid == last.comes or t - last.t <= DIRECT_NS:
                        t, last.comes = last.t, -1
                    add(_new(SwitchIn, (t, pid, tid, cpu)))
        elif size < 8 or offset + size > end:
            add(Dropped(0, "perf", 1))
            break
        elif kind == SAMPLE and tracepoints:
            seen = t
            number, flags, woken = sample(data, offset + _RAW)
            name = tracepoints[number]
            if name == "sched_switch":
                last.t, last.leaves = t, woken
                (last.comes,) = _COMES.unpack_from(data, offset + _RAW + COMES_OFFSET)
                last.stopped = data[offset + _RAW + STATE_OFFSET] & _STOPPED != 0
            elif name == "sched_waking":
                if flags & _INTERRUPT:
                    pid = tid = 0  # a clock or a device woke it, not this thread
                add(_new(Waking, (t, woken, pid, tid)))
            elif name == "signal_generate":
                if sent := _signal(data, offset, t, pid, tid, flags):
                    add(sent)
            else:
                add(_new(Wakeup, (t, woken)))
        else:
            record = _rare(kind, misc, data, offset, size)
            if isinstance(record, Dropped):
                record = record._replace(since=seen)
            if record is not None:
                add(record)
        offset += size
    last.seen = seen
    return records


def _signal(data: bytes, offset: int, t: int, pid: int, tid: int, flags: int) -> SignalSent | None:
    number, code, target, result = _SIGNAL.unpack_from(data, offset + _RAW)
    if result:
        return None  # ignored, or pending already
    if flags & _INTERRUPT or code not in _SENT or (number == _SIGPIPE and target == tid):
        pid = tid = 0
    return SignalSent(t, target, number, pid, tid)


def _rare(kind: int, misc: int, data: bytes, offset: int, size: int) -> Record | None:
    body, sample = offset + _HEADER.size, offset + size - _SAMPLE_ID.size
    if kind in (FORK, EXIT):
        pid, ppid, tid, ptid, t = _TASK.unpack_from(data, body)
        if kind == FORK:
            return ThreadBorn(t, pid, tid, ppid, ptid)
        return ThreadGone(t, pid, tid)
    if kind == COMM:
        pid, tid = _PAIR.unpack_from(data, body)
        name = data[body + _PAIR.size : sample].split(b"\0", 1)[0].decode(errors="replace")
        t = _SAMPLE_ID.unpack_from(data, sample)[2]
        return ThreadNamed(t, pid, tid, name, misc & MISC_COMM_EXEC != 0)
    if kind in (LOST, LOST_SAMPLES):
        pid, tid, t, _, _ = _SAMPLE_ID.unpack_from(data, sample)
        if kind == LOST:
            lost = _LOST.unpack_from(data, body)[1]
        else:
            lost = _LOST_SAMPLES.unpack_from(data, body)[0]
        # The ids are of the thread that ran when the loss was reported: it need not be the one
        # whose records are lost.
        return Dropped(t, "perf", lost)
    return None
