"""A scenario: a plain program, its parameters, its notes, and the claims its runs answer."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Generic

from app.catalogue import parameters
from app.catalogue.claims import Claim, NotSeen, answer_json, ask
from app.catalogue.groups import Group, Idea
from app.catalogue.parameters import FormField, P
from app.catalogue.questions import Question
from app.catalogue.render import constants, render
from app.catalogue.theory import Theory
from app.locale.languages import DEFAULT, language_of
from app.locale.text import Text
from app.timeline.states import State
from app.timeline.timeline import Timeline


@dataclass(frozen=True)
class Tags:
    """What the catalogue's search uses. ``level`` is 1 (first steps) to 3 (needs the others)."""

    ideas: tuple[Idea, ...]
    primitives: tuple[str, ...]
    states: tuple[State, ...]
    level: int


@dataclass(frozen=True)
class Scenario(Generic[P]):
    """``file`` is the path of the ``scenario.py`` that makes it, in the scenario's own folder.

    ``requires`` names the packages outside the standard library that the program imports; the name
    must be the same for pip and for ``import``.
    ``by`` is a choice whose values have programs of their own: ``program_kafka.py`` for ``kafka``,
    ``program.py`` for the default. A value without one uses that of the choice before it. Each
    program has only the settings that it needs.
    ``theory`` is what a textbook says of a run, if it says more than the claims.
    """

    file: str
    group: Group
    title: Text
    summary: Text
    parameters: type[P]
    claims: tuple[Claim[P], ...]
    tags: Tags
    requires: tuple[str, ...] = ()
    by: str = ""
    theory: Callable[[Timeline, P], Theory] | None = None

    @cached_property
    def folder(self) -> Path:
        return Path(self.file).resolve().parent

    @cached_property
    def slug(self) -> str:
        """The folder's name with dashes, as in addresses and on the command line."""
        return self.folder.name.replace("_", "-")

    @cached_property
    def program(self) -> str:
        """The program's text with the default settings."""
        return (self.folder / "program.py").read_text("utf-8")

    @cached_property
    def programs(self) -> dict[str, str]:
        """The program for each value of ``by``; without ``by`` the one program, under ""."""
        if not self.by:
            return {"": self.program}
        (field,) = [item for item in self.fields() if item.name == self.by]
        found: dict[str, str] = {}
        program = self.program
        for choice in field.choices:
            own = self.folder / f"program_{choice.value}.py"
            if choice.value == field.default:
                program = self.program
            elif own.is_file():
                program = own.read_text("utf-8")
            found[choice.value] = program
        return found

    def program_for(self, value: object) -> str:
        """The program for this value of ``by``; the default one for any other value."""
        return self.programs.get(str(value), self.program)

    def notes(self, language: str) -> str:
        """What happens and why, as Markdown; English for a language there are no notes in."""
        own = self.folder / f"notes.{language_of(language)}.md"
        return (own if own.is_file() else self.folder / f"notes.{DEFAULT}.md").read_text("utf-8")

    @cached_property
    def questions(self) -> tuple[Question[P], ...]:
        """What a student may predict before a run: ``QUESTIONS`` of ``questions.py``, if any."""
        name = f"app.scenarios.{self.folder.name}.questions"
        if not (self.folder / "questions.py").is_file() or find_spec(name) is None:
            return ()
        found: tuple[Question[P], ...] = import_module(name).QUESTIONS
        return found

    def missing(self) -> tuple[str, ...]:
        """The packages of ``requires`` that the server's own interpreter does not have."""
        return tuple(name for name in self.requires if find_spec(name) is None)

    def fields(self) -> list[FormField]:
        return parameters.fields(self.parameters)

    def validate(self, raw: Mapping[str, object], language: str = "en") -> P:
        """The parameters in ``raw``, strings of a form or JSON values; others by default.

        Raises InvalidParameters with a sentence for each wrong one, in ``language``.
        """
        return parameters.validate(self.parameters, raw, owner=self.slug, language=language)

    def render(self, params: P) -> str:
        """The program's text with these values in place: exactly what runs."""
        values = {name.upper(): value for name, value in parameters.plain(params).items()}
        program = self.program_for(values.get(self.by.upper()))
        if self.by:
            values = {name: values[name] for name in constants(program)}
        return render(program, values)

    def check(self, timeline: Timeline, params: P) -> list[dict[str, Any]]:
        """Each claim's answer on this run, as the JSON values of a frame's head.

        ``{"id", "text": {en, zh}, "verdict", "why": {en, zh}, "evidence": [{track, start_ns,
        end_ns}]}``. A run that was stopped from outside refutes no claim.
        """
        return [answer_json(claim, params, ask(claim, timeline, params)) for claim in self.claims]

    def theory_json(self, timeline: Timeline, params: P) -> dict[str, Any] | None:
        """What stands beside this run, as JSON; None where nothing does, or the run shows too
        little.
        """
        if self.theory is None:
            return None
        try:
            return self.theory(timeline, params).json()
        except NotSeen:
            return None
