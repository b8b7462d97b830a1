"""Copies of mapped files that another process may shorten at any time.

A load from a page behind the end of a mapped file is a SIGBUS, which ends the process (mmap(2)).
The kernel's own copy of such a page is an error, EFAULT, which a caller can deal with. So what is
mapped is never touched here: it is written into a file of our own, in memory, and read from that.
One pwritev(2) gathers a thousand pieces, so this costs less than a look at each of them.
"""

from __future__ import annotations

import errno
import os
import sys
from array import array
from collections.abc import Sequence
from itertools import accumulate

_MOST = os.sysconf("SC_IOV_MAX")
#: The file is emptied after a copy of more than this: it would keep that memory.
_KEPT_BYTES = 1 << 20


class Copier:
    """Copies memory without ever touching it. ``close`` gives its file back."""

    def __init__(self) -> None:
        self._fd = os.memfd_create("timeslice-rings", os.MFD_CLOEXEC)

    def copies(self, wanted: Sequence[Sequence[memoryview]]) -> list[bytes | None]:
        """For each list its pieces in one, copied in this order; None if a piece is gone."""
        copies: list[bytes | None] = []
        group: list[memoryview] = []
        lengths: list[int] = []
        for pieces in (*wanted, None):
            if group and (pieces is None or len(group) + len(pieces) > _MOST):
                copies += self._group(group, lengths, wanted[len(copies) :])
                group, lengths = [], []
            if pieces is not None:
                group += pieces
                lengths.append(sum(map(len, pieces)))
        return copies

    def _group(
        self,
        group: list[memoryview],
        lengths: list[int],
        wanted: Sequence[Sequence[memoryview]],
    ) -> list[bytes | None]:
        data = self._copy(group, sum(lengths))
        if data is None:
            return [
                self._copy(pieces, length) for pieces, length in zip(wanted, lengths, strict=False)
            ]
        if len(lengths) == 1:
            return [data]
        ends = list(accumulate(lengths))
        return [data[end - length : end] for end, length in zip(ends, lengths, strict=True)]

    def _copy(self, pieces: Sequence[memoryview], wanted: int) -> bytes | None:
        done, rest = 0, list(pieces)
        while done < wanted:
            try:
                count = os.pwritev(self._fd, rest, done)
            except OSError as error:
                if error.errno != errno.EFAULT:
                    raise
                return None
            done += count
            if done < wanted:
                while count >= len(rest[0]):
                    count -= len(rest.pop(0))
                rest[0] = rest[0][count:]
        data = os.pread(self._fd, wanted, 0)
        if wanted > _KEPT_BYTES:
            os.ftruncate(self._fd, 0)
        return data

    def words(self, words: Sequence[memoryview]) -> tuple[array[int], list[int]]:
        """The little-endian words of 64 bits, and the indices of those that are gone (here 0)."""
        gone: list[int] = []
        data = bytearray()
        while (index := len(data) >> 3) < len(words):
            try:
                count = os.pwritev(self._fd, words[index : index + _MOST], 0)
            except OSError as error:
                if error.errno != errno.EFAULT:
                    raise
                count = 0
            if count < 8:
                gone.append(index)
                data += bytes(8)
            else:
                data += os.pread(self._fd, count & ~7, 0)
        values = array("Q", bytes(data))
        if sys.byteorder == "big":
            values.byteswap()
        return values, gone

    def close(self) -> None:
        os.close(self._fd)
