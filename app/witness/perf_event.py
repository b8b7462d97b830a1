"""Opens perf events of context switches and maps their rings (perf_event_open(2), by ctypes)."""

from __future__ import annotations

import ctypes
import errno
import mmap
import os
import platform
import struct

from app.errors import Sentence
from app.witness.witness import Refused

_SYSCALL = {"x86_64": 298, "aarch64": 241}

_TYPE_SOFTWARE = 1
_TYPE_TRACEPOINT = 2
_COUNT_SW_DUMMY = 9
_SAMPLE_TID_TIME_CPU = (1 << 1) | (1 << 2) | (1 << 7)
_SAMPLE_RAW = 1 << 10
_CLOCK_MONOTONIC = 1
_FLAG_FD_CLOEXEC = 8
_IOC_ENABLE = 0x2400
_IOC_SET_OUTPUT = 0x2405

_INHERIT, _EXCLUDE_KERNEL, _EXCLUDE_HV = 1 << 1, 1 << 5, 1 << 6
_COMM, _TASK, _SAMPLE_ID_ALL = 1 << 9, 1 << 13, 1 << 18
_COMM_EXEC, _USE_CLOCKID, _CONTEXT_SWITCH = 1 << 24, 1 << 25, 1 << 26
_FLAGS = (
    1  # disabled until its ring is mapped
    | _INHERIT
    | _EXCLUDE_KERNEL
    | _EXCLUDE_HV
    | _COMM
    | _TASK
    | _SAMPLE_ID_ALL
    | _COMM_EXEC
    | _USE_CLOCKID
    | _CONTEXT_SWITCH
)

#: struct perf_event_attr up to PERF_ATTR_SIZE_VER5, the first with all that is used here.
_ATTR = struct.Struct("<IIQQQQQIIQQQQIiQIHH")
assert _ATTR.size == 112

# struct perf_event_mmap_page: where data_head, data_tail, data_offset and data_size lie.
_DATA_HEAD, _DATA_TAIL, _DATA_OFFSET, _DATA_SIZE = 1024, 1032, 1040, 1048

#: Pages of a ring, tried in this order. A process that may lock any amount of memory takes 16 MiB,
#: less on machines with many CPUs: a switch with its wake-up takes 330 bytes, and busy fusion may
#: leave the rings alone for half a second. All other runs of a user share
#: kernel.perf_event_mlock_kb, so none begins by taking all of it: 128 KiB hold 40 ms of 100 000
#: bare switches a second on one CPU.
PRIVILEGED_PAGES = (4096, 2048, 1024, 512, 256, 128, 64, 32, 16, 8)
PRIVILEGED_TOTAL_PAGES = 16_384
SHARED_PAGES = (64, 32, 16, 8)

_CAP_IPC_LOCK = 14

_libc = ctypes.CDLL(None, use_errno=True)


_TRACEPOINT_FLAGS = 1 | _SAMPLE_ID_ALL | _USE_CLOCKID
_ALL_TASKS = -1


def open_event(pid: int, cpu: int) -> int:
    """A descriptor for all that ``pid`` and its offspring do on ``cpu``.

    Switches, births, exits and names; the event starts disabled. Raises Refused.
    """
    attr = _ATTR.pack(
        _TYPE_SOFTWARE, _ATTR.size, _COUNT_SW_DUMMY, 0, _SAMPLE_TID_TIME_CPU, 0, _FLAGS,
        0, 0, 0, 0, 0, 0, 0, _CLOCK_MONOTONIC, 0, 0, 0, 0,
    )  # fmt: skip
    return _open(attr, pid, cpu)


def open_tracepoint(number: int, cpu: int) -> int:
    """A descriptor for one tracepoint on ``cpu``, whatever runs there.

    An event of the program alone would miss the wake-ups by interrupts and by other programs.
    Each sample carries its raw fields; the event starts disabled. Raises Refused.
    """
    attr = _ATTR.pack(
        _TYPE_TRACEPOINT, _ATTR.size, number, 1, _SAMPLE_TID_TIME_CPU | _SAMPLE_RAW, 0,
        _TRACEPOINT_FLAGS, 0, 0, 0, 0, 0, 0, 0, _CLOCK_MONOTONIC, 0, 0, 0, 0,
    )  # fmt: skip
    return _open(attr, _ALL_TASKS, cpu)


def _open(attr: bytes, pid: int, cpu: int) -> int:
    number = _SYSCALL.get(platform.machine())
    if number is None:
        machine = platform.machine()
        raise Refused(
            Sentence("Timeslice has no perf_event_open for {machine} processors.", machine=machine)
        )
    fd = _libc.syscall(
        ctypes.c_long(number),
        ctypes.c_char_p(attr),
        ctypes.c_int(pid),
        ctypes.c_int(cpu),
        ctypes.c_int(-1),
        ctypes.c_ulong(_FLAG_FD_CLOEXEC),
    )
    if fd < 0:
        raise _refusal(ctypes.get_errno())
    return int(fd)


def _refusal(code: int) -> Refused:
    paranoid = _sysctl("perf_event_paranoid")
    if code in (errno.EACCES, errno.EPERM):
        if paranoid is not None and paranoid > 2:
            return Refused(
                Sentence(
                    "The kernel refuses perf events: kernel.perf_event_paranoid is {paranoid}.",
                    paranoid=paranoid,
                ),
                Sentence(
                    "Set it with `sysctl kernel.perf_event_paranoid=2`, or grant CAP_PERFMON."
                ),
            )
        return Refused(
            Sentence(
                "The kernel refuses perf events, most likely by the container's seccomp profile."
            ),
            Sentence(
                "Start the container with `--cap-add PERFMON`, or with a seccomp profile that "
                "allows perf_event_open."
            ),
        )
    if code == errno.ENOSYS:
        return Refused(
            Sentence("This kernel has no perf_event_open, or a seccomp profile hides it.")
        )
    if code == errno.EMFILE:
        return Refused(
            Sentence("There are no file descriptors left for perf events."),
            Sentence("Raise `ulimit -n`."),
        )
    return Refused(Sentence("perf_event_open failed: {why}.", why=os.strerror(code)))


def _sysctl(name: str) -> int | None:
    try:
        with open(f"/proc/sys/kernel/{name}") as file:
            return int(file.read())
    except (OSError, ValueError):
        return None


class Ring:
    """The mapped ring of one event; ``read`` empties it."""

    def __init__(self, fd: int, pages: int) -> None:
        """Raises PermissionError or OSError when the kernel does not grant this many pages."""
        page = mmap.PAGESIZE
        self._fd = fd
        self._guests: list[int] = []
        self._map = mmap.mmap(fd, (1 + pages) * page, mmap.MAP_SHARED)
        # One 64-bit load or store each, so that the kernel's and our stores are never torn.
        self._head = ctypes.c_uint64.from_buffer(self._map, _DATA_HEAD)
        self._tail = ctypes.c_uint64.from_buffer(self._map, _DATA_TAIL)
        self._offset = ctypes.c_uint64.from_buffer(self._map, _DATA_OFFSET).value or page
        self.size = ctypes.c_uint64.from_buffer(self._map, _DATA_SIZE).value or pages * page

    def host(self, fd: int) -> None:
        """Another event of the same CPU writes into this ring from now on, and ends with it."""
        _ioctl(fd, _IOC_SET_OUTPUT, self._fd)
        self._guests.append(fd)

    def enable(self) -> None:
        for fd in (self._fd, *self._guests):
            _ioctl(fd, _IOC_ENABLE, 0)

    def read(self) -> bytes:
        """What was written since the last read, in whole records."""
        head, tail = self._head.value, self._tail.value
        if head == tail:
            return b""
        begin, end = tail % self.size, head % self.size
        base = self._offset
        if begin < end:
            data = self._map[base + begin : base + end]
        else:
            data = self._map[base + begin : base + self.size] + self._map[base : base + end]
        self._tail.value = head
        return data

    def close(self) -> None:
        del self._head, self._tail  # they pin the map
        self._map.close()
        for fd in (*self._guests, self._fd):
            os.close(fd)


def _ioctl(fd: int, request: int, argument: int) -> None:
    if _libc.ioctl(fd, ctypes.c_ulong(request), ctypes.c_ulong(argument)) < 0:
        code = ctypes.get_errno()
        raise OSError(code, os.strerror(code))


def online_cpus() -> list[int]:
    """The numbers of the CPUs that are online (sysfs's list format, such as ``0-3,6``)."""
    try:
        with open("/sys/devices/system/cpu/online") as file:
            text = file.read().strip()
    except OSError:
        return list(range(os.cpu_count() or 1))
    cpus: list[int] = []
    for part in text.split(","):
        first, _, last = part.partition("-")
        cpus += range(int(first), int(last or first) + 1)
    return cpus


def may_lock_memory() -> bool:
    """Whether we hold CAP_IPC_LOCK (capabilities(7)), which frees rings from their quota."""
    try:
        with open("/proc/self/status") as file:
            (effective,) = (line.split()[1] for line in file if line.startswith("CapEff:"))
    except (OSError, ValueError):
        return False
    return bool(int(effective, 16) >> _CAP_IPC_LOCK & 1)


def open_rings(pid: int, pages: tuple[int, ...] = ()) -> list[Ring]:
    """A ring per online CPU, all of the greatest size that the kernel grants; not enabled yet.

    ``pages`` are the sizes to try, by default those that fit our rights. Raises Refused when
    events are refused, or when not even the smallest rings are granted: the rings of all of one
    user's runs together are bounded by kernel.perf_event_mlock_kb.
    """
    most = PRIVILEGED_TOTAL_PAGES // len(online_cpus())
    privileged = tuple(count for count in PRIVILEGED_PAGES if count <= max(512, most))
    for count in pages or (privileged if may_lock_memory() else SHARED_PAGES):
        rings: list[Ring] = []
        try:
            for cpu in online_cpus():
                fd = open_event(pid, cpu)
                try:
                    rings.append(Ring(fd, count))
                except OSError:
                    os.close(fd)
                    raise
        except (OSError, Refused) as error:
            for ring in rings:
                ring.close()
            if isinstance(error, Refused):
                raise
            if error.errno in (errno.EPERM, errno.ENOMEM, errno.EAGAIN):
                continue
            raise Refused(
                Sentence("A perf ring can't be mapped: {why}.", why=os.strerror(error.errno or 0))
            ) from error
        return rings
    raise Refused(
        Sentence("The kernel grants no more memory for perf rings: other runs use it all."),
        Sentence(
            "Raise it with `sysctl kernel.perf_event_mlock_kb=4096`, grant CAP_IPC_LOCK, or let "
            "fewer runs go at once."
        ),
    )
