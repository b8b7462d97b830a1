"""Finds the scenarios, and refuses incomplete ones."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from difflib import get_close_matches
from functools import cache
from importlib import import_module
from pathlib import Path
from typing import Any

from app.catalogue.order import position
from app.catalogue.render import BadProgram, constants
from app.catalogue.scenario import Scenario
from app.errors import UnknownScenario
from app.locale.languages import DEFAULT

FOLDER = Path(__file__).resolve().parent.parent / "scenarios"
PACKAGE = "app.scenarios"


class IncompleteScenario(Exception):
    """A scenario's folder lacks something; the message says which scenario and what."""


class Catalogue(Mapping[str, "Scenario[Any]"]):
    """Scenarios by slug, in reading order."""

    def __init__(self, scenarios: list[Scenario[Any]]) -> None:
        ordered = sorted(scenarios, key=lambda item: (position(item.group, item.slug), item.slug))
        self._by_slug = {scenario.slug: scenario for scenario in ordered}

    def __getitem__(self, slug: str) -> Scenario[Any]:
        """Raises UnknownScenario, which names similar slugs, or all if none is similar."""
        if slug in self._by_slug:
            return self._by_slug[slug]
        near = get_close_matches(slug, self._by_slug, n=3, cutoff=0.5)
        shown = slug if len(slug) <= 60 else slug[:57] + "..."
        if near:
            raise UnknownScenario(
                "There is no scenario named {slug}. Did you mean {near}?",
                slug=repr(shown),
                near=" or ".join(near),
            )
        raise UnknownScenario(
            "There is no scenario named {slug}. There are: {all}.",
            slug=repr(shown),
            all=", ".join(self),
        )

    def __contains__(self, slug: object) -> bool:
        return slug in self._by_slug

    def __iter__(self) -> Iterator[str]:
        return iter(self._by_slug)

    def __len__(self) -> int:
        return len(self._by_slug)

    def get(self, slug: str, default: Any = None) -> Any:
        return self._by_slug.get(slug, default)


@cache
def load() -> Catalogue:
    """Every scenario below ``app/scenarios``. Raises IncompleteScenario."""
    return Catalogue([_load(file) for file in sorted(FOLDER.glob("*/scenario.py"))])


def _load(file: Path) -> Scenario[Any]:
    module = import_module(f"{PACKAGE}.{file.parent.name}.scenario")
    scenario = getattr(module, "SCENARIO", None)
    if not isinstance(scenario, Scenario):
        raise IncompleteScenario(f"{file.parent.name}/scenario.py makes no SCENARIO.")
    if problems := list(problems_of(scenario)):
        raise IncompleteScenario(f"{scenario.slug}: {' '.join(problems)}")
    return scenario


def problems_of(scenario: Scenario[Any]) -> Iterator[str]:
    """A sentence for each thing the scenario lacks."""
    for name in ("program.py", f"notes.{DEFAULT}.md"):
        if not (scenario.folder / name).is_file():
            yield f"It has no {name}."
    ids = [claim.id for claim in scenario.claims]
    if not ids or len(set(ids)) != len(ids):
        yield "It needs claims, each with an id of its own."
    if (scenario.folder / "program.py").is_file():
        yield from _settings_problems(scenario)


def _settings_problems(scenario: Scenario[Any]) -> Iterator[str]:
    """Each parameter must be a setting of some program, and each setting a parameter."""
    meant = {item.name.upper(): item.default for item in scenario.fields()}
    missing = set(meant)
    own = {f"program_{value}.py": value for value in scenario.programs}
    for file in sorted(scenario.folder.glob("program*.py")):
        if file.name == "program.py":
            its, start = meant, ""
        elif file.name in own and own[file.name] != meant[scenario.by.upper()]:
            its, start = meant | {scenario.by.upper(): own[file.name]}, f"{file.name}: "
        else:
            yield f"{file.name} is the program of no choice."
            continue
        try:
            settings = constants(file.read_text("utf-8"))
        except (BadProgram, SyntaxError) as error:
            yield f"{start}{error}"
            return
        for name in settings.keys() - its.keys():
            yield f"{start}The program's setting {name} has no parameter."
        for name in settings.keys() & its.keys():
            if settings[name] != its[name]:
                yield f"{start}The program's {name} is not its parameter's default."
        missing -= settings.keys()
    for name in sorted(missing):
        yield f"The program has no setting {name} for its parameter."
