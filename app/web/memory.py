"""Gives memory back to the machine that many viewers had made the server take.

glibc keeps what was freed for what may come, in an arena for each thread that ever asked; after
200 viewers of a large run that is more than all the rest of the server. Other libraries of C have
no such call, and keep what they keep.
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
