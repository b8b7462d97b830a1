"""The worker's own pipes: commands in, frames out, and the program's output; none ever blocks."""

from __future__ import annotations

import contextlib
import fcntl
import os
import select
import time

from app.timeline.records import OutputChunk, Record

_CHUNK = 1 << 16
_PIPE_BYTES = 1 << 20


class Commands:
    """Lines on standard input: the spec first, then ``stop``. Its end means the server is gone."""

    def __init__(self, fd: int) -> None:
        self.fd = fd
        self.gone = False
        self.stop = False
        self._rest = b""

    def first_line(self) -> bytes | None:
        """Waits for the first line; None when the input ended before it."""
        while b"\n" not in self._rest:
            chunk = os.read(self.fd, _CHUNK)
            if not chunk:
                self.gone = True
                return None
            self._rest += chunk
        line, _, self._rest = self._rest.partition(b"\n")
        os.set_blocking(self.fd, False)
        return line

    def poll(self) -> None:
        """Reads what is there and sets ``stop`` and ``gone``. Other lines are passed over."""
        while not self.gone:
            try:
                chunk = os.read(self.fd, _CHUNK)
            except BlockingIOError:
                break
            self.gone = not chunk
            self._rest += chunk
        *lines, self._rest = self._rest.split(b"\n")
        self._rest = self._rest[-_CHUNK:]
        self.stop = self.stop or b"stop" in lines


class FrameSink:
    """Frames on standard output, in order and complete, without waiting for a slow reader.

    ``pending`` is what the reader has not taken yet: while it is not 0 the worker sends no new
    frame, so the next one is bigger. ``broken``: there is no reader any more.
    """

    def __init__(self, fd: int) -> None:
        self.fd = fd
        self.broken = False
        self._buffer = memoryview(b"")
        os.set_blocking(fd, False)
        with contextlib.suppress(OSError):  # no pipe, or the user's quota of pipe memory is full
            fcntl.fcntl(fd, fcntl.F_SETPIPE_SZ, _PIPE_BYTES)

    @property
    def pending(self) -> int:
        return len(self._buffer)

    def send(self, data: bytes) -> None:
        """Takes a frame; at most one can be pending."""
        self._buffer = memoryview(bytes(self._buffer) + data if self._buffer else data)
        self.flush()

    def flush(self) -> None:
        """Writes what the pipe takes now."""
        while self._buffer and not self.broken:
            try:
                written = os.write(self.fd, self._buffer)
            except BlockingIOError:
                return
            except BrokenPipeError:
                self.broken = True
                return
            self._buffer = self._buffer[written:]


class ProgramOutput:
    """What comes out of the program's stdout and stderr, at most ``limit`` bytes of it.

    Never waits for the end of the pipes: a survivor may hold them open.
    """

    def __init__(self, limit: int) -> None:
        self.limit = limit
        self.total = 0
        self._streams: dict[int, str] = {}
        self._poll = select.poll()

    def pipe(self, stream: str) -> int:
        """A new pipe for the stream; the end for the program to write to."""
        ours, theirs = os.pipe()
        self._streams[ours] = stream
        self._poll.register(ours, select.POLLIN)
        return theirs

    @property
    def over(self) -> bool:
        return self.total > self.limit

    def poll(self) -> list[Record]:
        records: list[Record] = []
        for fd, _ in self._poll.poll(0):
            stream, data = self._streams[fd], os.read(fd, _CHUNK)
            if not data:
                self._close(fd)
                continue
            room = max(0, self.limit - self.total)
            self.total += len(data)
            if room:
                records.append(OutputChunk(time.monotonic_ns(), stream, data[:room]))
        return records

    def drain(self) -> list[Record]:
        """All that is left in the pipes, up to the limit."""
        records: list[Record] = []
        while not self.over and (more := self.poll()):
            records += more
        return records

    def close(self) -> None:
        for fd in list(self._streams):
            self._close(fd)

    def _close(self, fd: int) -> None:
        self._poll.unregister(fd)
        del self._streams[fd]
        os.close(fd)
