"""Gives memory back to the machine after many viewers have left.

glibc keeps freed memory for later, in an arena for each thread that ever allocated. After 200
viewers of a large run that is more than all the rest of the server needs. Other C libraries have no
call for it.
"""

from __future__ import annotations

import ctypes
from functools import cache
from typing import Any


@cache
def _library() -> Any:
    return ctypes.CDLL(None)


def give_back() -> None:
    """Return every free page of the heap (malloc_trim(3)); takes a few milliseconds."""
    if hasattr(_library(), "malloc_trim"):
        _library().malloc_trim(0)
