"""Hand-made timelines for each claim: one where it holds, one where it fails, one not seen..

Each module also says how its scenario's program is run alone, and which of its variants are run
through the real pipeline.
"""

import pkgutil
from importlib import import_module


def load_all() -> None:
    """Imports every module of cases, so that each registers what it holds."""
    for module in pkgutil.iter_modules(__path__):
        import_module(f"{__name__}.{module.name}")
