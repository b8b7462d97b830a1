"""Runs at the start of every Python program of a run, because PYTHONPATH names this folder.

It loads the probe, hides itself from the program, and runs the ``sitecustomize`` that would have
run without it. Whatever fails, the program runs. In a folder that can't be written, this file is
compiled at every start. So it is short, and ``loading/bundle`` and ``loading/start`` do the rest.
"""

import marshal
import os
import sys

# importlib.util would import more than the probe itself
from _frozen_importlib import module_from_spec
from _frozen_importlib_external import MAGIC_NUMBER, PathFinder, SourceFileLoader

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any


def _function(code: "Any", name: str) -> "Any":
    space = {"__name__": "_timeslice_probe"}
    exec(code, space)
    return space[name]


def _load(here: str, rings: str) -> None:
    """Load the code that the first process of this run has put beside the rings."""
    kept = "probe-code-%s-%s" % (sys.implementation.cache_tag, MAGIC_NUMBER.hex())
    kept = os.path.join(rings, kept)
    try:
        fd = os.open(kept, os.O_RDONLY | os.O_CLOEXEC)
    except OSError:
        folder = os.path.dirname(here)
        loader = SourceFileLoader("bundle", os.path.join(folder, "loading", "bundle.py"))
        _function(loader.get_code("bundle"), "make")(folder, kept)
        fd = os.open(kept, os.O_RDONLY | os.O_CLOEXEC)
    length = int(os.read(fd, 16))
    codes = marshal.loads(os.read(fd, length))
    os.close(fd)
    _function(codes.pop("_timeslice_probe.loading.start"), "begin")(codes, kept, 16 + length)


def _note(rings: str) -> None:
    try:
        with open(os.path.join(rings, "probe-error-%d" % os.getpid()), "a") as file:
            import traceback

            traceback.print_exc(file=file)
    except Exception:
        pass  # it can't be noted anywhere, and the program must not see it


def _in_main_interpreter() -> bool:
    """True in the main interpreter. In others the threads have rings already, by the main one."""
    try:
        # Sets what is set already at the start, which only the main interpreter may do.
        __import__("_signal").set_wakeup_fd(-1)
    except (ImportError, ValueError):
        return False
    return True


def _start() -> None:
    here = os.path.dirname(__file__)  # as PYTHONPATH has it
    sys.path[:] = [path for path in sys.path if path != here]
    rings = os.environ.get("TIMESLICE_RING_DIR")
    if rings and _in_main_interpreter():
        try:
            _load(here, rings)
        except Exception:
            _note(rings)
    spec = PathFinder.find_spec("sitecustomize")
    if spec is not None and spec.loader is not None and spec.origin != __file__:
        module = module_from_spec(spec)
        sys.modules["sitecustomize"] = module
        spec.loader.exec_module(module)


_start()
