"""The scheduler by perf records and its wake-up tracepoints: which thread woke which, and when.

To the context switches of ``scheduler_perf`` this adds sched:sched_waking, sched_wakeup and
sched_wakeup_new, so that the time a thread is ready is exact, sched_switch for the instant of
a switch (perf's own record of it comes late), and signal_generate for the sender of a signal. The
kernel grants tracepoints to root and to CAP_PERFMON; their numbers are read in tracefs (Linux
Documentation/trace/events.rst).
Some virtual machines silently lose samples of an idle CPU. So the run queue's account is still read
for waits whose wake-up is missing.
"""

from __future__ import annotations

import os
import re

from app.errors import Sentence
from app.timeline.records import Record, SignalSent, ThreadBorn, Wakeup, Waking
from app.witness import perf_event, perf_records
from app.witness.perf_records import Tracepoint
from app.witness.scheduler_perf import NEVER, PerfScheduler
from app.witness.threads import ThreadTable
from app.witness.witness import Refused

_TRACEFS = ("/sys/kernel/tracing", "/sys/kernel/debug/tracing")
_WOKEN = {"pid": perf_records.WOKEN_OFFSET}
#: The fields that are read of each, and where they must lie.
_FIELDS: dict[Tracepoint, dict[str, int]] = {
    "sched_waking": _WOKEN,
    "sched_wakeup": _WOKEN,
    "sched_wakeup_new": _WOKEN,
    "sched_switch": {
        "prev_pid": perf_records.LEAVES_OFFSET,
        "prev_state": perf_records.STATE_OFFSET,
        "next_pid": perf_records.COMES_OFFSET,
    },
    "signal_generate": perf_records.SIGNAL_OFFSETS,
}
_FIELD = re.compile(r"field:(?:pid_t|int|long) (\w+);\s+offset:(\d+);\s+size:[48];")


class TracepointScheduler(PerfScheduler):
    """Switches and wake-ups in one ring per CPU. Raises Refused if the machine doesn't allow it."""

    name = "tracepoints"
    due_ns = NEVER  # wake-ups are reported

    def __init__(self, root_pid: int, table: ThreadTable, pages: tuple[int, ...] = ()) -> None:
        self._tracepoints = numbers()
        super().__init__(root_pid, table, pages)

    def _open(self, root_pid: int, pages: tuple[int, ...]) -> list[perf_event.Ring]:
        return open_rings(root_pid, self._tracepoints, pages)

    def _decode(self, data: bytes, ring: int) -> list[Record]:
        return perf_records.decode(data, self._tracepoints, self._instants[ring])

    def _own(self, records: list[Record]) -> list[Record]:
        """Without the records of other programs: tracepoints report those of the whole machine."""
        own = self._table.tids | {item.tid for item in records if type(item) is ThreadBorn}
        return [
            record
            for record in records
            if (
                type(record) is not Waking
                and type(record) is not Wakeup
                and type(record) is not SignalSent
            )
            or record.tid in own
        ]


def open_rings(
    root_pid: int, tracepoints: dict[int, Tracepoint], pages: tuple[int, ...] = ()
) -> list[perf_event.Ring]:
    """A ring per online CPU that switches and these tracepoints share. Raises Refused."""
    rings = perf_event.open_rings(root_pid, pages)
    try:
        for ring, cpu in zip(rings, perf_event.online_cpus(), strict=True):
            for number in tracepoints:
                fd = perf_event.open_tracepoint(number, cpu)
                try:
                    ring.host(fd)
                except OSError:
                    os.close(fd)
                    raise
    except (OSError, ValueError, Refused) as error:
        for ring in rings:
            ring.close()
        if isinstance(error, Refused):
            raise Refused(
                Sentence("The kernel's wake-up tracepoints are refused: they need CAP_PERFMON."),
                Sentence("Run as root, or grant CAP_PERFMON."),
            ) from error
        raise Refused(Sentence("A wake-up tracepoint can't be heard: {why}.", why=error)) from error
    return rings


def numbers() -> dict[int, Tracepoint]:
    """The name of each tracepoint that is read, by its number on this kernel.

    Raises Refused when tracefs can't be read, or the fields lie elsewhere than expected.
    """
    for root in _TRACEFS:
        if os.path.isdir(f"{root}/events/sched"):
            break
    else:
        raise Refused(
            Sentence(
                "The numbers of the kernel's wake-up tracepoints can't be read: tracefs is not "
                "mounted, or is root's alone."
            ),
            Sentence("Mount tracefs at /sys/kernel/tracing (read-only is enough) and run as root."),
        )
    found: dict[int, Tracepoint] = {}
    for name, fields in _FIELDS.items():
        try:
            folder = f"{root}/events/{name.partition('_')[0]}/{name}"
            with open(f"{folder}/id") as file:
                number = int(file.read())
            with open(f"{folder}/format") as file:
                places = {field: int(offset) for field, offset in _FIELD.findall(file.read())}
        except (OSError, ValueError) as error:
            raise Refused(
                Sentence("The tracepoint {name} can't be read in tracefs.", name=name),
                Sentence(
                    "Mount tracefs at /sys/kernel/tracing (read-only is enough) and run as root."
                ),
            ) from error
        if any(places.get(field) != offset for field, offset in fields.items()):
            raise Refused(
                Sentence(
                    "This kernel's tracepoint {name} has fields that Timeslice can't read.",
                    name=name,
                )
            )
        found[number] = name
    return found
