"""The program's own text, looked at before it is executed: does it have generators?

Where it has none, nothing else is loaded, and nothing costs anything.
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
#: What may be imported from the program's folder: found when something is imported first.
_names: set[str] | None = None
#: Text without any of these neither has generators nor drives those of other files.
_WORDS = (b"yield", b"next", b"send", b"throw")


def patch(imports: Any) -> None:
    """Look at the program's file, and at its modules when they are imported."""
    if not first_records.program:
        return
    name = sys.argv[0] if getattr(sys, "argv", None) else ""
    if name not in ("", "-c", "-m"):
        _look_at_main(name)

    def watch(name: str, path: Any) -> Any:
        return _find(name, path, imports) if _is_own(name, path) else None

    imports.watch = watch


def patch_spawn(module: Any) -> None:
    """``multiprocessing.spawn`` compiles and executes the main module without an import."""

    def make(original: Any) -> Callable[..., Any]:
        def _fixup_main_from_path(main_path: Any) -> Any:
            _look_at_main(main_path)
            return original(main_path)

        return _fixup_main_from_path

    method(module, "_fixup_main_from_path", make)


def _look_at_main(path: str) -> None:
    """This file is about to be executed as the main module, if it is the program's."""
    try:
        if os.path.abspath(path).startswith(first_records.program):
            text = _text(path)
            if any(word in text for word in _WORDS):
                from .listening import seen

                listener = seen(text)
                if listener is not None:
                    listener.expect_main()
    except (OSError, SyntaxError, ValueError):
        pass  # whoever executes it will say so
    except Exception:
        faults.note("the main module's text")


def _text(path: str) -> bytes:
    fd = _open(path, os.O_RDONLY | os.O_CLOEXEC)
    try:
        return _read(fd, _size(fd).st_size)
    finally:
        _close(fd)


def _is_own(name: str, path: Any) -> bool:
    """Whether a module of this name, in a package with this path, is one of the program's."""
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
    """The spec of a module of the program; its code is looked at before it is executed."""
    for finder in sys.meta_path:
        if finder is imports or not hasattr(finder, "find_spec"):
            continue
        spec = finder.find_spec(name, path, None)
        if spec is not None:
            loader = spec.loader
            if type(loader).__name__ == "SourceFileLoader":
                try:
                    _look_at_module(name, loader)
                except Exception:  # whoever imports it will have the same, and say so
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
