"""Runs at the start of every Python program below a run, because PYTHONPATH names this folder.

Loads the probe under a name of its own, goes out of the program's sight, and then runs the
``sitecustomize`` that would have run without it. Whatever fails, the program runs.
"""

from __future__ import annotations

import os
import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from importlib.machinery import PathFinder
    from importlib.util import module_from_spec, spec_from_file_location
    from typing import Any
else:
    # importlib.util would import more than the probe itself
    from _frozen_importlib import module_from_spec
    from _frozen_importlib_external import PathFinder, spec_from_file_location


def _load(name: str, path: str, folders: list[str] | None = None) -> Any:
    spec: Any = spec_from_file_location(name, path, submodule_search_locations=folders)
    module = module_from_spec(spec)
    sys.modules[name] = module
    spec.loader.exec_module(module)
    return module


def _probe(here: str) -> None:
    if not os.environ.get("TIMESLICE_RING_DIR"):
        return
    probe = os.path.dirname(here)
    name = "_timeslice_probe"
    try:
        package = _load(name, os.path.join(probe, "__init__.py"), [probe])
        wire = os.path.join(os.path.dirname(probe), "timeline", "wire.py")
        package.wire = _load(name + ".wire", wire)
        _load(name + ".install", os.path.join(probe, "install.py")).install()
    except Exception:
        _note()


def _note() -> None:
    try:
        directory = os.environ["TIMESLICE_RING_DIR"]
        with open(os.path.join(directory, "probe-error-%d" % os.getpid()), "a") as file:
            import traceback

            traceback.print_exc(file=file)
    except Exception:
        pass  # no place is left to say it, and the program must not see it


def _chain() -> None:
    spec = PathFinder.find_spec("sitecustomize")
    if spec is not None and spec.loader is not None and spec.origin != os.path.abspath(__file__):
        module = module_from_spec(spec)
        sys.modules["sitecustomize"] = module
        spec.loader.exec_module(module)


def _start() -> None:
    here = os.path.dirname(os.path.abspath(__file__))
    sys.path[:] = [path for path in sys.path if os.path.abspath(path or ".") != here]
    _probe(here)
    _chain()


_start()
