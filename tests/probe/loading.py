"""The probe's package, loaded into this process under its private name, with nothing patched."""

from __future__ import annotations

import importlib
import importlib.util
import sys
from pathlib import Path
from types import ModuleType

import app.probe
from app.timeline import wire

NAME = "_timeslice_probe"


def probe(module: str) -> ModuleType:
    """The module ``<room>.<module>`` of ``app/probe`` as it is loaded into a program."""
    if NAME not in sys.modules:
        folder = Path(app.probe.__file__).parent
        spec = importlib.util.spec_from_file_location(
            NAME, folder / "__init__.py", submodule_search_locations=[str(folder)]
        )
        assert spec is not None and spec.loader is not None
        package = importlib.util.module_from_spec(spec)
        sys.modules[NAME] = package
        spec.loader.exec_module(package)
        recording = importlib.import_module(NAME + ".recording")
        sys.modules[NAME + ".recording.wire"] = wire
        recording.wire = wire  # type: ignore[attr-defined]
    return importlib.import_module(f"{NAME}.{module}")
