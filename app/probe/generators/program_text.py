"""Looks at the program's text before it is executed: does it have generators?

If it has none, nothing else of this folder is loaded, and nothing is made slower.
"""

from __future__ import annotations

import os
import sys

from ..hooks.patching import method
from ..recording import faults, first_records

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Callable

_open, _read, _close, _size = os.open, os.read, os.close, os.fstat
#: Names of what may be imported from the program's folder; listed at the program's first import.
_names: set[str] | None = None
#: Text without any of these words has no generators and drives none of other files.
_WORDS = (b"yield", b"next", b"send", b"throw")


def patch(imports: Any) -> None:
    """Look at the program's file now, and at each of its modules when it is imported.

    ``imports`` is the ``ImportHook``.
    """
    if not first_records.program:
        return
    name = sys.argv[0] if getattr(sys, "argv", None) else ""
    if name not in ("", "-c", "-m"):
        _look_at_main(name)

    def watch(name: str, path: Any) -> Any:
        return _find(name, path, imports) if _is_own(name, path) else None

    imports.watch = watch


def patch_spawn(module: Any) -> None:
    """Patch ``multiprocessing.spawn``, which executes the main module without importing it."""

    def make(original: Any) -> Callable[..., Any]:
        def _fixup_main_from_path(main_path: Any) -> Any:
            _look_at_main(main_path)
            return original(main_path)

        return _fixup_main_from_path

    method(module, "_fixup_main_from_path", make)


def _look_at_main(path: str) -> None:
    """Look at a file that is about to be executed as the main module, if it is the program's."""
    try:
        if os.path.abspath(path).startswith(first_records.program):
            text = _text(path)
            if any(word in text for word in _WORDS):
                from .listening import seen

                listener = seen(text)
                if listener is not None:
                    listener.expect_main()
    except (OSError, SyntaxError, ValueError):
        pass  # executing it raises the same
    except Exception:
        faults.note("the main module's text")


def _text(path: str) -> bytes:
    fd = _open(path, os.O_RDONLY | os.O_CLOEXEC)
    try:
        return _read(fd, _size(fd).st_size)
    finally:
        _close(fd)


def _is_own(name: str, path: Any) -> bool:
    """True if a module of this name, in a package with this path, is one of the program's."""
    global _names
    if path is not None:
        return any(
            isinstance(each, str) and each.startswith(first_records.program) for each in path
        )
    if _names is None:
        try:
            _names = {each.partition(".")[0] for each in os.listdir(first_records.program)}
        except OSError:
            _names = set()
    return name in _names


def _find(name: str, path: Any, imports: Any) -> Any:
    """Return the spec of a module of the program, after a look at its text."""
    for finder in sys.meta_path:
        if finder is imports or not hasattr(finder, "find_spec"):
            continue
        spec = finder.find_spec(name, path, None)
        if spec is not None:
            loader = spec.loader
            if type(loader).__name__ == "SourceFileLoader":
                try:
                    _look_at_module(name, loader)
                except Exception:  # importing it raises the same
                    return spec
            return spec
    return None


def _look_at_module(name: str, loader: Any) -> None:
    text = _text(loader.path)
    if not any(word in text for word in _WORDS):
        return
    from .listening import seen

    listener = seen(text)
    if listener is not None:
        code = loader.get_code(name)
        listener.learn(code)

        def get_code(_: str) -> Any:
            del loader.get_code
            return code

        loader.get_code = get_code
