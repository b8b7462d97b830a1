"""Where a suspended coroutine stands: the frames of those that await each other."""

from __future__ import annotations

import gc

from .objects import file_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any


async def _empty_coroutine() -> None:
    """Made for its type alone."""


async def _empty_generator() -> Any:
    """Made for the types of what it returns alone."""
    yield


_sample: Any = _empty_coroutine()
coroutine = type(_sample)
_sample.close()
_sample = _empty_generator()
_async_generator = type(_sample)
#: Types of the objects that a coroutine awaits while it drives an asynchronous generator.
generator_awaitables = set()
for _awaitable in (_sample.asend(None), _sample.aclose()):
    generator_awaitables.add(type(_awaitable))
    _awaitable.close()  # or the interpreter says that it was never awaited


def innermost(inner: Any) -> tuple[int, Any, Any]:
    """Return where a suspended coroutine stands: three values.

    They are the place of the innermost frame in the program's text (``file_id << 20 | line``, 0 for
    none); the innermost coroutine; and its code, or that of an asynchronous generator further in.
    """
    line = where = 0
    coro: Any = None
    code = shown = coro
    try:
        while True:
            while inner.__class__ is coroutine:
                coro = inner
                code = coro.cr_code
                file = file_of(code.co_filename)
                if file:
                    shown, where = coro, file
                inner = coro.cr_await
            if inner.__class__ not in generator_awaitables:
                break
            generator = generator_of(inner)
            code = generator.ag_code
            file = file_of(code.co_filename)
            if file:
                shown, where = generator, file
            inner = generator.ag_await
        if shown is not None:
            frame = shown.cr_frame if shown.__class__ is coroutine else shown.ag_frame
            line = where >> 12 | (frame.f_lineno or 0)
    except (AttributeError, StopIteration):
        pass  # a coroutine of a C extension, whose line isn't known
    return line, coro, code


def generator_of(awaitable: Any) -> Any:
    """Return the asynchronous generator whose ``__anext__``, ``asend`` or ``athrow`` is awaited.

    ``awaitable`` is what they return. It has no attribute for its generator, but the garbage
    collector knows which it refers to.
    """
    return next(each for each in gc.get_referents(awaitable) if each.__class__ is _async_generator)
