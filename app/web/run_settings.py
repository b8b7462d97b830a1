"""The parameters of a run, if its scenario has them.

A recording may come from anywhere, or from a time when the scenario had other parameters.
"""

from __future__ import annotations

from typing import Any

from app.catalogue.scenario import Scenario
from app.errors import InvalidParameters
from app.runs.run import Run
from app.web.site import Site

#: A value that belongs to no scenario is cut to this length.
_SHOWN = 200


def scenario_of(site: Site, run: Run) -> Scenario[Any] | None:
    known = run.scenario in site.catalogue
    return site.catalogue[run.scenario] if known else None


def params_of(item: Scenario[Any], run: Run) -> Any | None:
    """The run's values as the scenario's parameters; None if the recording has others."""
    try:
        return item.validate(run.params)
    except InvalidParameters:
        return None


def values_of(item: Scenario[Any], run: Run) -> dict[str, Any] | None:
    """As ``params_of``, in JSON values."""
    params = params_of(item, run)
    if params is None:
        return None
    values: dict[str, Any] = params.model_dump(mode="json")
    return {name: value for name, value in values.items() if name in run.params}


def unvouched(run: Run) -> list[tuple[str, str]]:
    """(name, value) of the recording's parameters as they are, for a reader."""
    return [
        (name[:_SHOWN], text if len(text := str(value)) <= _SHOWN else f"{text[:_SHOWN]}…")
        for name, value in run.params.items()
    ]
