"""Finds scenarios by words and by what they teach, from the query alone, without a script."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

from app.catalogue.groups import Group, Idea
from app.catalogue.loader import Catalogue
from app.catalogue.scenario import Scenario
from app.timeline.states import State


@dataclass(frozen=True, slots=True)
class Search:
    """What is searched for; an empty text finds everything."""

    words: str = ""
    idea: str = ""
    level: str = ""
    state: str = ""
    primitive: str = ""

    @property
    def active(self) -> bool:
        chosen = self.idea, self.level, self.state, self.primitive
        return bool(self.words.strip() or any(chosen))

    def groups(self, catalogue: Catalogue) -> list[tuple[Group, list[Scenario[Any]]]]:
        """The groups that have matches, in reading order."""
        matches = [item for item in catalogue.values() if self._matches(item)]
        grouped = [(group, [item for item in matches if item.group is group]) for group in Group]
        return [(group, items) for group, items in grouped if items]

    def _matches(self, item: Scenario[Any]) -> bool:
        if self.idea and self.idea not in item.tags.ideas:
            return False
        if self.level and self.level != str(item.tags.level):
            return False
        if self.state and self.state not in (state.word for state in item.tags.states):
            return False
        if self.primitive and self.primitive not in item.tags.primitives:
            return False
        haystack = _text(item)
        return all(re.search(_pattern(word), haystack) for word in self.words.casefold().split())


def _pattern(word: str) -> str:
    """A Latin word matches only at the start of a word (``lock`` not in ``blocked``), Chinese
    anywhere."""
    starts = r"(?<![a-z0-9])" if word[0].isascii() and word[0].isalnum() else ""
    return starts + re.escape(word)


def _text(item: Scenario[Any]) -> str:
    """In all languages: a Chinese reader may well look for the English word."""
    texts = [item.title, item.summary, item.group.text, *(idea.text for idea in item.tags.ideas)]
    words = [item.slug, *item.tags.primitives, *(state.word for state in item.tags.states)]
    return " ".join([*words, *(part for text in texts for part in text.json().values())]).casefold()


def states(catalogue: Catalogue) -> list[State]:
    """The states that some scenario shows, in the order of the enum."""
    shown = {state for item in catalogue.values() for state in item.tags.states}
    return sorted(shown)


def ideas(catalogue: Catalogue) -> list[Idea]:
    """The ideas that some scenario teaches, in the order of the enum."""
    taught = {idea for item in catalogue.values() for idea in item.tags.ideas}
    return [idea for idea in Idea if idea in taught]


def primitives(catalogue: Catalogue) -> list[tuple[str, list[str]]]:
    """(module, its primitives) that some scenario uses, in alphabetical order."""
    used = {name for item in catalogue.values() for name in item.tags.primitives}
    modules: dict[str, list[str]] = {}
    for name in sorted(used, key=str.casefold):
        modules.setdefault(name.rpartition(".")[0], []).append(name)
    return sorted(modules.items(), key=lambda item: (not item[0], item[0].casefold()))
