"""The kernel's ``sched:*`` events from ftrace's own buffer, in an instance that is ours alone.

Decodes the ring buffer's pages (Linux Documentation/trace/ring-buffer-design.rst and
include/linux/ring_buffer.h; ``events/header_page`` and ``events/*/format`` say where fields lie).
Times are CLOCK_MONOTONIC in ns. Needs root and a writable tracefs.
"""

from __future__ import annotations

import os
import re
import struct
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

TRACEFS = Path("/sys/kernel/tracing")
_PREFIX = "timeslice-truth-"
#: KiB a CPU: ten seconds of 50 000 switches a second, each with its wake-up.
BUFFER_KIB = 131_072

_PAGE = struct.Struct("<QQ")
#: The commit word's low part is the length of the page's data; above it are flags.
_LENGTH = (1 << 20) - 1
_PADDING, _TIME_EXTEND, _TIME_STAMP = 29, 30, 31
_FIELD = re.compile(r"field:.*?(\w+)(?:\[\d+\])?;\s*offset:(\d+);\s*size:(\d+);\s*signed:(\d);")
_CODES = {2: "h", 4: "i", 8: "q"}


class Event(NamedTuple):
    """``values`` are the fields that were asked for, in their order."""

    t: int
    cpu: int
    context: int  # the thread that was on the CPU, 0 for an idle one
    name: str
    values: tuple[int, ...]


#: Which events are heard, and which of their fields.
FIELDS = {
    "sched_switch": ("prev_pid", "prev_state", "next_pid"),
    "sched_waking": ("pid", "target_cpu"),
    "sched_wakeup": ("pid", "target_cpu"),
    "sched_wakeup_new": ("pid", "target_cpu"),
    "sched_stat_runtime": ("pid", "runtime"),
}


class Ftrace:
    """An instance that records while the ``with`` block lasts; ``events`` are read at its end.

    ``lost`` counts what the buffer could not keep. Instances that a killed benchmark left are
    removed first.
    """

    def __init__(self) -> None:
        self._folder = TRACEFS / "instances" / f"{_PREFIX}{os.getpid()}"
        self.events: list[Event] = []
        self.lost = 0

    def __enter__(self) -> Ftrace:
        sweep()
        self._folder.mkdir()
        try:
            self._write("tracing_on", "0")
            self._write("trace_clock", "mono")
            # Remembering names costs each switch a microsecond, between our two readings of it.
            self._write("trace_options", "norecord-cmd")
            self._write("buffer_size_kb", str(BUFFER_KIB))
            for name in FIELDS:
                self._write(f"events/sched/{name}/enable", "1")
            self._write("tracing_on", "1")
        except OSError:
            _remove(self._folder)
            raise
        return self

    def __exit__(self, *_: object) -> None:
        try:
            self._write("tracing_on", "0")
            for name in FIELDS:
                self._write(f"events/sched/{name}/enable", "0")
            layouts = dict(map(self._layout, FIELDS))
            for folder in sorted(self._folder.glob("per_cpu/cpu*")):
                self._read(folder, int(folder.name.removeprefix("cpu")), layouts)
            self.events.sort(key=lambda event: event.t)
        finally:
            _remove(self._folder)

    def _write(self, name: str, text: str) -> None:
        (self._folder / name).write_text(text)

    def _layout(self, name: str) -> tuple[int, _Layout]:
        text = (self._folder / f"events/sched/{name}/format").read_text()
        number = re.search(r"^ID: (\d+)", text, re.M)
        assert number is not None, text
        places = {field: (int(at), int(size)) for field, at, size, _ in _FIELD.findall(text)}
        wanted = ("common_pid", *FIELDS[name])
        parts = tuple(
            (places[field][0], struct.Struct("<" + _CODES[places[field][1]])) for field in wanted
        )
        return int(number[1]), _Layout(name, parts)

    def _read(self, folder: Path, cpu: int, layouts: dict[int, _Layout]) -> None:
        stats = (folder / "stats").read_text()
        self.lost += sum(map(int, re.findall(r"^(?:.*overrun|dropped events): (\d+)", stats, re.M)))
        size = os.sysconf("SC_PAGE_SIZE")
        fd = os.open(folder / "trace_pipe_raw", os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
        try:
            while page := _next(fd, size):
                self.events += decode(page, cpu, layouts)
        finally:
            os.close(fd)


class _Layout(NamedTuple):
    name: str
    parts: tuple[tuple[int, struct.Struct], ...]


def _next(fd: int, size: int) -> bytes:
    try:
        return os.read(fd, size)
    except BlockingIOError:
        return b""


def decode(page: bytes, cpu: int, layouts: dict[int, _Layout]) -> Iterator[Event]:
    """The events of one page; those that ``layouts`` does not know are passed over."""
    t, commit = _PAGE.unpack_from(page)
    offset = _PAGE.size
    end = min(len(page), offset + (commit & _LENGTH))
    while offset < end:
        (word,) = struct.unpack_from("<I", page, offset)
        kind, delta = word & 31, word >> 5
        offset += 4
        if kind == _PADDING:
            if not delta:
                return
            t += delta
            offset += struct.unpack_from("<I", page, offset)[0]
        elif kind in (_TIME_EXTEND, _TIME_STAMP):
            (high,) = struct.unpack_from("<I", page, offset)
            # A stamp holds 59 bits of the time; the five above are those of the time before.
            t = (
                t + (high << 27) + delta
                if kind == _TIME_EXTEND
                else t >> 59 << 59 | high << 27 | delta
            )
            offset += 4
        else:
            t += delta
            length = kind * 4
            if kind == 0:
                length = struct.unpack_from("<I", page, offset)[0] - 4
                offset += 4
            layout = layouts.get(struct.unpack_from("<H", page, offset)[0])
            if layout is not None:
                context, *values = (
                    code.unpack_from(page, offset + at)[0] for at, code in layout.parts
                )
                yield Event(t, cpu, context, layout.name, tuple(values))
            offset += length


def sweep() -> None:
    """Removes instances of benchmarks that are gone."""
    for folder in (TRACEFS / "instances").glob(f"{_PREFIX}*"):
        if not Path("/proc", folder.name.removeprefix(_PREFIX)).exists():
            _remove(folder)


def _remove(folder: Path) -> None:
    for name in FIELDS:
        (folder / f"events/sched/{name}/enable").write_text("0")
    folder.rmdir()
