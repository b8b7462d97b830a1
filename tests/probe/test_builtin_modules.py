"""A module that is built into the interpreter is patched without a change to its importer."""

from __future__ import annotations

import subprocess
import sys

PROGRAM = """
import sys
from importlib.machinery import BuiltinImporter
from app.probe.hooks.imports import ImportHook

name = next(n for n in sys.builtin_module_names if n not in sys.modules and not n.startswith("_"))
other = next(
    n for n in sys.builtin_module_names
    if n not in sys.modules and n != name and not n.startswith("_")
)
seen = []
before = dict(vars(BuiltinImporter))
ImportHook({name: seen.append}).install()
module, unpatched = __import__(name), __import__(other)
assert seen == [module], seen
assert module.__loader__ is module.__spec__.loader is BuiltinImporter
assert unpatched.__loader__ is BuiltinImporter
assert dict(vars(BuiltinImporter)) == before
print("patched", name, other)
"""


def test_builtin_module_is_patched_and_its_importer_left_alone() -> None:
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM], capture_output=True, text=True, timeout=60
    )
    assert done.stdout.startswith("patched "), done.stderr
