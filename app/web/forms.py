"""A scenario's form: what it shows, what came back, and the run that is asked for."""

from __future__ import annotations

import contextlib
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from app.catalogue.loader import Catalogue
from app.catalogue.parameters import FormField
from app.catalogue.tables import Refused, rows_of, shortened
from app.doctor.interpreters import Interpreter
from app.errors import InvalidParameters, UnknownInterpreter
from app.runs.run import Plan, Run
from app.web import i18n

#: Fields of the form that are not parameters of the scenario.
SCENARIO, PYTHON = "scenario", "python"
#: At most this many characters of a value go into an address.
_MOST_GIVEN = 2000


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
    columns: list[Control] = field(default_factory=list)
    rows: list[list[Control]] = field(default_factory=list)  # named jobs.1.burst, as cells are
    obstacles: dict[str, str] = field(default_factory=dict)  # why a choice can't be run now

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
    return [_control(item, item.name, language, values, errors) for item in fields]


def _control(
    item: FormField,
    name: str,
    language: str,
    values: Mapping[str, object],
    errors: Mapping[str, str],
) -> Control:
    value = values.get(item.name, item.default)
    cells = [errors[cell] for cell in errors if item.columns and cell.startswith(f"{name}.")]
    return Control(
        name=name,
        kind=item.kind,
        title=item.title.of(language),
        help=item.help.of(language),
        unit=item.unit,
        value=item.line(item.default) if item.kind == "table" else _text(value),
        minimum=_text(item.minimum),
        maximum=_text(item.maximum),
        step=_text(item.step) or ("1" if item.kind == "int" else "any"),
        choices=[(choice.value, choice.title.of(language)) for choice in item.choices],
        error=" ".join([*([errors[name]] if name in errors else []), *cells]),
        range=_range(item),
        columns=controls(item.columns, language),
        rows=_rows(item, language, value, errors) if item.kind == "table" else [],
        obstacles=_obstacles(item, language),
    )


def _obstacles(item: FormField, language: str) -> dict[str, str]:
    if item.obstacle is None:
        return {}
    found = ((choice.value, item.obstacle(choice.value)) for choice in item.choices)
    return {value: why.of(language) for value, why in found if why is not None}


def _rows(
    item: FormField, language: str, value: object, errors: Mapping[str, str]
) -> list[list[Control]]:
    """As many rows as the table may have; rows that were not filled in are blank."""
    names = [column.name for column in item.columns]
    defaults = [column.default for column in item.columns]
    try:
        given = rows_of(value, names)
    except Refused:  # an address with text that is no table
        given = rows_of(item.default, names)
    most = int(item.maximum or len(given))
    found = []
    for n, row in enumerate([*given, *({} for _ in range(most - len(given)))], 1):
        shown = shortened([row.get(name, "") for name in names], defaults)
        shown += [""] * (len(names) - len(shown))
        found.append(
            [
                _control(
                    column, f"{item.name}.{n}.{column.name}", language, {column.name: cell}, errors
                )
                for column, cell in zip(item.columns, shown, strict=True)
            ]
        )
    return found


_CELL = re.compile(r"(\w+)\.([1-9][0-9]?)\.(\w+)")


def gathered(fields: Sequence[FormField], typed: Mapping[str, str]) -> dict[str, object]:
    """What was typed into a form, the cells of each table (``jobs.2.burst``) as its rows."""
    values: dict[str, object] = dict(typed)
    for name in (item.name for item in fields if item.kind == "table"):
        cells = {
            key: match for key in typed if (match := _CELL.fullmatch(key)) and match[1] == name
        }
        rows: list[dict[str, object]] = [
            {} for _ in range(max((int(match[2]) for match in cells.values()), default=0))
        ]
        for key, match in cells.items():
            rows[int(match[2]) - 1][match[3]] = values.pop(key)
        if rows:
            values[name] = rows
    return values


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


def given(
    run: Run, interpreters: Sequence[Interpreter], fields: Sequence[FormField]
) -> dict[str, str]:
    """The form's fields as they were filled in for ``run``; also used as a query.

    A recording may hold any values: only those are given that a field can have.
    """
    values = {}
    for item in fields:
        value = run.params.get(item.name)
        if isinstance(value, bool | int | float | str):
            values[item.name] = _text(value)[:_MOST_GIVEN]
        elif item.kind == "table" and value is not None:
            with contextlib.suppress(Refused):
                values[item.name] = item.line(value)[:_MOST_GIVEN]
    if run.python in {interpreter.name for interpreter in interpreters[1:]}:
        values[PYTHON] = str(run.python)
    return values


def chosen(interpreters: Sequence[Interpreter], python: str | None) -> Interpreter | None:
    """The interpreter named ``python``; None for the one that runs the server.

    Only interpreters found on this machine are run, never a path that was typed.
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
