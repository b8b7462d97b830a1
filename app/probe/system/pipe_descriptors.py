"""os.read, write and close: reported only for descriptors of pipes that the program has made."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Callable

#: Descriptors of the pipes that the program has made with os.pipe → the pipe's id.
pipes: dict[int, int] = {}
#: Calls ``original`` as a wait for a pipe; set by ``blocking_calls``, whose hook of os.pipe fills
#: ``pipes``.
bracket: Any = None


def make_transfer(original: Any) -> Callable[..., Any]:
    """The hook of ``os.read`` and ``os.write``."""

    def transfer(*args: Any) -> Any:
        if pipes and args and args[0].__class__ is int:
            ident = pipes.get(args[0])
            if ident is not None:
                return bracket(original, ident, args)
        # Learning what another descriptor is would take a system call. The kernel's witness knows.
        return original(*args)

    return transfer


def make_close(original: Any) -> Callable[..., Any]:
    """The hook of ``os.close``."""

    def close(fd: Any) -> Any:
        if pipes and fd.__class__ is int:
            pipes.pop(fd, None)
        return original(fd)

    return close
