"""The message brokers that the scenario of that name can use: which answer, and what to do."""

from __future__ import annotations

from pydantic import BaseModel

from app.catalogue.brokers import BROKERS, answering
from app.locale.languages import LANGUAGES
from app.locale.terminal import current


class Told(BaseModel):
    """``why`` says what is missing and what helps, in each language; empty where nothing is."""

    name: str
    variable: str
    ok: bool
    why: dict[str, str] = {}

    @property
    def sentence(self) -> str:
        return self.why.get(current(), "")


def examine() -> list[Told]:
    """Ask each at its address."""
    answers = answering()
    found = []
    for name, broker in BROKERS.items():
        why = broker.obstacle(answers[name])
        texts = {language: why.of(language) for language in LANGUAGES} if why else {}
        found.append(Told(name=broker.title, variable=broker.variable, ok=why is None, why=texts))
    return found
