"""Maps a file, shared, and keeps no descriptor of it.

``mmap.mmap`` keeps a duplicate of the descriptor, unless ``trackfd=False`` of 3.13 forbids it. Then
the program would get other descriptor numbers than without us. A program that closes all
descriptors and opens its own would lose one of them when the mapping goes. So before 3.13 libc's
mmap(2) is called.
"""

from __future__ import annotations

import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

_PROT_READ_WRITE = 3
_MAP_SHARED = 1


def shared(fd: int, size: int, offset: int) -> tuple[Any, Any]:
    """Return a writable buffer of the first ``size`` bytes, and its 64-bit word at ``offset``.

    ``word[0] = value`` sets the word in one store. Raises OSError.
    """
    if sys.version_info < (3, 13):
        try:
            return _by_libc(fd, size, offset)
        except ImportError:
            options: dict[str, bool] = {}  # this interpreter has no such _ctypes
    else:
        options = {"trackfd": False}
    import mmap

    buffer = mmap.mmap(fd, size, **options)
    return buffer, memoryview(buffer)[offset : offset + 8].cast("Q")


class _Unmap:
    """Unmaps the file once its buffer and every view of it are gone."""

    def __init__(self, unmap: Any, address: int, size: int) -> None:
        self.unmap, self.address, self.size = unmap, address, size

    def __del__(self) -> None:
        self.unmap(self.address, self.size)


_libc: Any = None


def _by_libc(fd: int, size: int, offset: int) -> tuple[Any, Any]:
    global _libc
    if _libc is None:
        _libc = _bind()
    char, mmap, munmap = _libc
    address = mmap(None, size, _PROT_READ_WRITE, _MAP_SHARED, fd, 0)
    if address is None or address == (1 << 64) - 1 or address == (1 << 32) - 1:
        raise OSError("mmap(2) refused to map a ring of %d bytes" % size)
    block = (char * size).from_address(address)
    block.owner = _Unmap(munmap, address, size)
    buffer = memoryview(block).cast("B")  # both stores take less time through it
    return buffer, buffer[offset : offset + 8].cast("Q")


def _bind() -> Any:
    import _ctypes

    base: Any = _ctypes
    if not hasattr(base, "CFuncPtr") or not hasattr(base, "dlsym"):
        raise ImportError("this interpreter's _ctypes is another one")

    class char(base._SimpleCData):  # type: ignore[misc]
        _type_ = "c"

    class long(base._SimpleCData):  # type: ignore[misc]
        _type_ = "l"

    class pointer(base._SimpleCData):  # type: ignore[misc]
        _type_ = "P"

    class function(base.CFuncPtr):  # type: ignore[misc]
        _flags_ = base.FUNCFLAG_CDECL
        _restype_ = long

    handle = base.dlopen(None, 0)
    mmap, munmap = function(base.dlsym(handle, "mmap")), function(base.dlsym(handle, "munmap"))
    mmap.argtypes = (pointer, long, long, long, long, long)
    mmap.restype = pointer
    munmap.argtypes = (pointer, long)
    return char, mmap, munmap
