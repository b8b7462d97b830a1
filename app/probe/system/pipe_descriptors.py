"""os.read, write and close, which concern us for descriptors of pipes that the program made."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Callable

#: Descriptors of pipes that the program made with os.pipe, and the pipe's id.
pipes: dict[int, int] = {}
#: Reports a transfer; set by ``blocking``, whose hook of os.pipe fills ``pipes``.
bracket: Any = None


def make_transfer(original: Any) -> Callable[..., Any]:
    """The hook of ``os.read`` and ``os.write``."""

    def transfer(*args: Any) -> Any:
        if pipes and args and args[0].__class__ is int:
            ident = pipes.get(args[0])
            if ident is not None:
                return bracket(original, ident, args)
        # What another descriptor is takes a system call to learn: the kernel's witness knows.
        return original(*args)

    return transfer


def make_close(original: Any) -> Callable[..., Any]:
    """The hook of ``os.close``."""

    def close(fd: Any) -> Any:
        if pipes and fd.__class__ is int:
            pipes.pop(fd, None)
        return original(fd)

    return close
