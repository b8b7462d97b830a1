"""Loads the probe's modules from their compiled code, under a name that no program has."""

import marshal
import os
import sys
from _frozen_importlib import ModuleSpec

TYPE_CHECKING = False
if TYPE_CHECKING:
    from types import CodeType
    from typing import Any, Union

    Codes = dict[str, Union[CodeType, tuple[int, int], None]]

NAME = "_timeslice_probe"
_open, _pread, _close = os.open, os.pread, os.close  # later the program's, which are reported


class Finder:
    """Finds and loads the probe's modules for the import system (importlib.abc.MetaPathFinder).

    ``codes`` has by the name of each module its code, or where that lies in the file ``path``: its
    start behind the byte ``base``, and its length. A package has None: nothing is run for it.
    """

    def __init__(self, codes: "Codes", path: str, base: int) -> None:
        self.codes = codes
        self.path = path
        self.base = base

    def find_spec(self, name: str, path: "Any" = None, target: "Any" = None) -> "Any":
        """Return the spec of a module of the probe; None for any other."""
        if name not in self.codes:
            return None
        loader: "Any" = self
        return ModuleSpec(name, loader)

    def create_module(self, spec: "Any") -> None:
        """None: the import system makes the module."""

    def exec_module(self, module: "Any") -> None:
        """Run the module's code, from the file if it isn't in memory."""
        code: "Any" = self.codes[module.__name__]
        if isinstance(code, tuple):
            fd = _open(self.path, os.O_RDONLY | os.O_CLOEXEC)
            try:
                code = marshal.loads(_pread(fd, code[1], self.base + code[0]))
            finally:
                _close(fd)
        module.__file__ = code.co_filename
        exec(code, module.__dict__)


def begin(codes: "Codes", path: str, base: int) -> None:
    """Run the modules that every start needs, and install the hooks. The arguments are Finder's."""
    finder: "Any" = Finder(codes, path, base)
    # Our modules import __future__ for the compiler alone, so a stand-in saves the time to load it.
    # A program that never imports it still finds it unloaded.
    future = sys.modules.get("__future__")
    if future is None:
        stand_in = sys.modules["__future__"] = type(sys)("__future__")
        stand_in.annotations = None  # type: ignore[attr-defined]
    try:
        for name, code in codes.items():
            if not isinstance(code, tuple):
                _execute(name, code)
        sys.modules[NAME + ".loading.install"].install(finder)
    finally:
        if future is None:
            sys.modules.pop("__future__", None)


def _execute(name: str, code: "Union[CodeType, None]") -> None:
    """Do what ``import`` would do, in a fifth of the time."""
    module: "Any" = type(sys)(name)
    sys.modules[name] = module
    package, _, last = name.rpartition(".")
    if package:
        setattr(sys.modules[package], last, module)
    if code is None:  # a package
        module.__package__, module.__path__ = name, []
        return
    module.__package__ = package
    module.__file__ = code.co_filename
    exec(code, module.__dict__)
