"""How much a run has put into its own folders: bounds for files together, where the kernel has
them for each file alone."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterator

from app.timeline import wire

#: A look takes at most this many files; the next one goes on where it ended.
FILES_A_LOOK = 2_000
#: What a file takes besides its blocks: names and inodes fill a disk, too.
FILE_BYTES = 1024
_BLOCK = 512
_RING = re.compile(re.escape(wire.RING_PREFIX) + r"\d+-\d+-\d+")
#: The rings of a thread at their greatest, all four of them.
_RINGS_OF_A_THREAD = 11 << 20
#: Rings of threads that have ended are there until they are read.
_ENDED_THREADS = 64


class Scratch:
    """The bytes in ``home`` and in ``rings`` (shared memory), links not followed.

    What lies so deep that its path has more than 4096 bytes is not seen.
    """

    def __init__(self, home: str, rings: str, threads: Callable[[], int] = lambda: 1) -> None:
        self._home, self._rings, self._threads = home, rings, threads
        self._walk = self._pass()
        self._last = 0

    def bytes(self) -> int:
        """By the last whole walk, or by the one under way if that has found more."""
        so_far = 0
        for so_far, whole in self._walk:
            if whole:
                self._last = so_far
                self._walk = self._pass()
            break
        return max(self._last, so_far)

    def _pass(self) -> Iterator[tuple[int, bool]]:
        """The sum so far after each ``FILES_A_LOOK`` files; at the end, the sum and True."""
        total = ring_bytes = files = 0
        waiting = list(dict.fromkeys((self._home, self._rings)))
        while waiting:
            folder = waiting.pop()
            try:
                entries = os.scandir(folder)
            except OSError:
                continue  # gone meanwhile, or locked: the program's own choice
            with entries:
                for entry in entries:
                    files += 1
                    size, is_folder = _size(entry)
                    if is_folder and entry.path != self._rings:
                        waiting.append(entry.path)
                    if folder == self._rings and _RING.fullmatch(entry.name):
                        ring_bytes += size
                    else:
                        total += size
                    if files % FILES_A_LOOK == 0:
                        yield total + self._beyond(ring_bytes), False
        yield total + self._beyond(ring_bytes), True

    def _beyond(self, ring_bytes: int) -> int:
        """How much files with the names of rings hold beyond what the probe's own can: the program
        may give such a name to any file.
        """
        return max(0, ring_bytes - (self._threads() + _ENDED_THREADS) * _RINGS_OF_A_THREAD)


def _size(entry: os.DirEntry[str]) -> tuple[int, bool]:
    try:
        found = entry.stat(follow_symlinks=False)
        return found.st_blocks * _BLOCK + FILE_BYTES, entry.is_dir(follow_symlinks=False)
    except OSError:
        return 0, False  # removed meanwhile
