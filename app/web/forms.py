"""A scenario's form: what it shows, what came back, and the run that is asked for."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from app.catalogue.loader import Catalogue
from app.catalogue.parameters import FormField
from app.doctor.interpreters import Interpreter
from app.errors import InvalidParameters, UnknownInterpreter
from app.runs.run import Plan, Run
from app.web import i18n

#: Names in the form that are no parameters of the scenario.
SCENARIO, PYTHON = "scenario", "python"


@dataclass(frozen=True, slots=True)
class Control:
    """One field in one language. ``value`` is what the reader typed, else the default."""

    name: str
    kind: str
    title: str
    help: str
    unit: str
    value: str
    minimum: str
    maximum: str
    step: str
    choices: list[tuple[str, str]]
    error: str
    range: str  # for the reader: 1 – 20 s

    @property
    def checked(self) -> bool:
        return self.value.strip().lower() in ("true", "on", "1", "yes")


def controls(
    fields: Sequence[FormField],
    language: str,
    values: Mapping[str, object] | None = None,
    errors: Mapping[str, str] | None = None,
) -> list[Control]:
    values, errors = values or {}, errors or {}
    return [
        Control(
            name=item.name,
            kind=item.kind,
            title=item.title.of(language),
            help=item.help.of(language),
            unit=item.unit,
            value=_text(values.get(item.name, item.default)),
            minimum=_text(item.minimum),
            maximum=_text(item.maximum),
            step=_text(item.step) or ("1" if item.kind == "int" else "any"),
            choices=[(choice.value, choice.title.of(language)) for choice in item.choices],
            error=errors.get(item.name, ""),
            range=_range(item),
        )
        for item in fields
    ]


def _range(item: FormField) -> str:
    if item.minimum is None or item.maximum is None:
        return ""
    low, high = (f"{n:,}" if isinstance(n, int) else f"{n:g}" for n in (item.minimum, item.maximum))
    return f"{low} – {high} {item.unit}".strip()


def _text(value: object) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float):
        return f"{value:.15g}"
    return str(value)


def plan(
    catalogue: Catalogue,
    interpreters: Sequence[Interpreter],
    scenario: str,
    values: Mapping[str, object],
    python: str | None,
    language: str,
) -> Plan:
    """The run that a form or a JSON body asks for.

    Raises UnknownScenario, InvalidParameters, UnknownInterpreter.
    """
    found = catalogue[scenario]
    for name, value in values.items():
        if isinstance(value, str) and not value.isprintable():
            sentence = i18n.gettext(i18n.N_("It holds characters that can't be printed."), language)
            raise InvalidParameters({name: sentence})
    params = found.validate(values, language)
    interpreter = chosen(interpreters, python)
    return Plan(
        scenario=scenario,
        params=_json(params),
        program=found.render(params),
        python=interpreter.path if interpreter else None,
        python_name=interpreter.name if interpreter else None,
    )


def _json(params: Any) -> dict[str, Any]:
    value: dict[str, Any] = params.model_dump(mode="json")
    return value


def given(run: Run, interpreters: Sequence[Interpreter]) -> dict[str, str]:
    """What the form was given for ``run``, as its fields or a query have it."""
    values = {name: _text(value) for name, value in run.params.items()}
    if run.python in {interpreter.name for interpreter in interpreters[1:]}:
        values[PYTHON] = str(run.python)
    return values


def chosen(interpreters: Sequence[Interpreter], python: str | None) -> Interpreter | None:
    """The interpreter that is named; None for the one that runs the server.

    Only interpreters found on this machine are run, never a path that somebody typed.
    """
    if not python:
        return None
    for item in interpreters:
        if python in (item.name, item.version, item.path):
            return item
    raise UnknownInterpreter(
        "There is no Python {python!r} here; there are: {names}.",
        python=python,
        names=", ".join(item.name for item in interpreters) or "only the server's own",
    )
