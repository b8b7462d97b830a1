"""The message brokers that the scenario ``brokers`` can use: which of them answer."""

from __future__ import annotations

from pydantic import BaseModel

from app.catalogue.brokers import BROKERS, answering
from app.locale.languages import LANGUAGES
from app.locale.terminal import current


class BrokerState(BaseModel):
    """``why`` says what is missing and what helps, in each language; empty if nothing is."""

    name: str
    variable: str
    ok: bool
    why: dict[str, str] = {}

    @property
    def sentence(self) -> str:
        return self.why.get(current(), "")


def examine() -> list[BrokerState]:
    """Ask each broker at its address."""
    answers = answering()
    found = []
    for name, broker in BROKERS.items():
        why = broker.obstacle(answers[name])
        texts = {language: why.of(language) for language in LANGUAGES} if why else {}
        state = BrokerState(name=broker.title, variable=broker.variable, ok=why is None, why=texts)
        found.append(state)
    return found
