"""A scenario's parameters: declared once as a pydantic model, shown as form fields, validated.

A scenario writes::

    class Settings(Parameters):
        workers: int = integer(3, Text(en="Workers", zh="工作进程"), minimum=1, maximum=8)
        lock: bool = flag(True, Text(en="Use the lock", zh="使用锁"))
        method: Literal["fork", "spawn"] = choice(
            "fork",
            Text(en="Start method", zh="启动方式"),
            {"fork": Text(...), "spawn": Text(...)},
        )

A parameter may be a table, whose rows are such models themselves::

    class Job(Parameters):
        name: str = label(Text(en="Name", zh="名称"))
        burst: int = integer(1, Text(en="Burst", zh="执行时间"), minimum=1, maximum=30)

    class Settings(Parameters):
        jobs: tuple[Job, ...] = table(
            (Job(name="A"),), Text(en="Jobs", zh="作业"), row=Job, most=8
        )

For each parameter the program has a constant of the same name in capitals (see ``render``); a
table is a list of tuples.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal, TypeVar

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from app.catalogue.tables import Refused, line_of, rows_of
from app.errors import InvalidParameters
from app.locale.text import NO_TEXT, Text

Kind = Literal["int", "float", "bool", "choice", "text", "table"]
Cell = int | float | bool | str
Value = Cell | list[tuple[Cell, ...]]

#: The key in a pydantic field's ``json_schema_extra`` for what pydantic itself can't hold.
FORM = "form"
_NO_HELP = NO_TEXT


class Parameters(BaseModel):
    """Base of every scenario's parameters: unknown names are refused, values never change."""

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)


P = TypeVar("P", bound=Parameters)


@dataclass(frozen=True, slots=True)
class Choice:
    value: str
    title: Text


@dataclass(frozen=True, slots=True)
class FormField:
    """One control of a scenario's form. ``step`` is 1 for ``int``; ``unit`` is a symbol or "".

    A table has the model of its rows, whose fields are the ``columns``; its limits count rows. A
    choice may have an ``obstacle``: for a value, why it can't be chosen now, or None.
    """

    name: str
    title: Text
    kind: Kind
    default: Value
    help: Text = _NO_HELP
    minimum: float | None = None
    maximum: float | None = None
    step: float | None = None
    unit: str = ""
    choices: list[Choice] = field(default_factory=list)
    row: type[Parameters] | None = None
    obstacle: Callable[[str], Text | None] | None = None
    columns: list[FormField] = field(default_factory=list)

    def line(self, rows: object) -> str:
        """A table's rows as a line of text; ``rows`` as in its default, the program or JSON."""
        names = [column.name for column in self.columns]
        defaults = [column.default for column in self.columns]
        cells = [
            [row.get(name, blank) for name, blank in zip(names, defaults, strict=True)]
            for row in rows_of(rows, names)
        ]
        return line_of(cells, defaults)

    def json_default(self) -> Cell | list[dict[str, Cell]]:
        """The default as JSON, in which a table's rows are objects."""
        if not isinstance(self.default, list):
            return self.default
        names = [column.name for column in self.columns]
        return [dict(zip(names, row, strict=True)) for row in self.default]

    def allowed(self) -> Text:
        """Which values the field accepts, as the end of a sentence."""
        if self.kind == "bool":
            return Text(en="true or false", zh="true 或 false")
        if self.kind == "choice":
            values = ", ".join(choice.value for choice in self.choices)
            return Text(en=f"one of: {values}", zh=f"以下之一：{values}")
        if self.kind == "table":
            rows = f"{_number(self.minimum)} to {_number(self.maximum)} rows of"
            zh = f"{_number(self.minimum)} 到 {_number(self.maximum)} 行，每行为"
            names = ", ".join(column.name for column in self.columns)
            return Text(en=f"{rows} {names}", zh=f"{zh} {names}")
        if self.kind == "text":
            return Text(
                en=f"1 to {self.maximum:g} letters or digits",
                zh=f"1 到 {self.maximum:g} 个字母或数字",
            )
        low, high, unit = (
            _number(self.minimum),
            _number(self.maximum),
            self.unit and f" {self.unit}",
        )
        if self.kind == "int":
            return Text(
                en=f"a whole number from {low} to {high}{unit}", zh=f"{low} 到 {high}{unit} 的整数"
            )
        return Text(en=f"a number from {low} to {high}{unit}", zh=f"{low} 到 {high}{unit} 的数")


def integer(
    default: int, title: Text, *, minimum: int, maximum: int, help: Text = _NO_HELP, unit: str = ""
) -> Any:
    """A whole number, both limits included."""
    form: Any = {"kind": "int", "title": title, "help": help, "unit": unit, "step": 1}
    return Field(default, ge=minimum, le=maximum, json_schema_extra={FORM: form})


def number(
    default: float,
    title: Text,
    *,
    minimum: float,
    maximum: float,
    step: float = 0.1,
    help: Text = _NO_HELP,
    unit: str = "",
) -> Any:
    """A number with a fraction, both limits included; ``step`` is for the form only."""
    form: Any = {"kind": "float", "title": title, "help": help, "unit": unit, "step": step}
    return Field(default, ge=minimum, le=maximum, json_schema_extra={FORM: form})


def flag(default: bool, title: Text, *, help: Text = _NO_HELP) -> Any:
    form: Any = {"kind": "bool", "title": title, "help": help}
    return Field(default, json_schema_extra={FORM: form})


def choice(
    default: str,
    title: Text,
    choices: Mapping[str, Text],
    *,
    help: Text = _NO_HELP,
    obstacle: Callable[[str], Text | None] | None = None,
) -> Any:
    """One of a ``Literal``'s values; ``choices`` gives each a title, in the order of the form.

    ``obstacle`` says why a value is not offered here and now. A URL can still ask for it: then the
    program says what is missing.
    """
    form: Any = {"kind": "choice", "title": title, "help": help, "choices": dict(choices)}
    return Field(default, json_schema_extra={FORM: form | {"obstacle": obstacle}})


def label(title: Text, *, most: int = 8, help: Text = _NO_HELP) -> Any:
    """A short name of letters and digits; it must be given."""
    form: Any = {"kind": "text", "title": title, "help": help}
    return Field(
        "",
        pattern=r"^[\p{L}\p{N}]+$",
        max_length=most,
        validate_default=True,
        json_schema_extra={FORM: form},
    )


def table(
    default: Sequence[Parameters],
    title: Text,
    *,
    row: type[Parameters],
    most: int,
    help: Text = _NO_HELP,
) -> Any:
    """One to ``most`` rows, each a ``row``; the field's type is a tuple of rows."""
    form: Any = {"kind": "table", "title": title, "help": help, "row": row}
    return Field(tuple(default), min_length=1, max_length=most, json_schema_extra={FORM: form})


def plain(params: Parameters) -> dict[str, Value]:
    """The values as in a program: a table is a list of tuples."""
    return {name: _plain(getattr(params, name)) for name in type(params).model_fields}


def _plain(value: Any) -> Value:
    if isinstance(value, tuple):
        return [tuple(row.model_dump().values()) for row in value]
    return value  # type: ignore[no-any-return]


def fields(model: type[Parameters]) -> list[FormField]:
    """The form fields of ``model``, in order of declaration."""
    return list(_fields(model))


def _fields(model: type[Parameters]) -> Iterator[FormField]:
    for name, info in model.model_fields.items():
        extra = info.json_schema_extra
        if not isinstance(extra, dict) or FORM not in extra:
            raise TypeError(f"{model.__qualname__}.{name} must be made by integer, number, flag…")
        form: dict[str, Any] = dict(extra[FORM])  # type: ignore[arg-type]
        choices = [Choice(value, title) for value, title in form.pop("choices", {}).items()]
        limits: dict[str, Any] = {}
        for rule in info.metadata:
            limits.update(
                (key, getattr(rule, attribute))
                for key, attribute in _LIMITS
                if hasattr(rule, attribute)
            )
        columns = fields(form["row"]) if "row" in form else []
        yield FormField(
            name,
            default=_plain(info.default),
            choices=choices,
            columns=columns,
            **form,
            **limits,
        )


#: The limits of a form field by pydantic's names: first of numbers, then of texts and tables.
_LIMITS = (
    ("minimum", "ge"),
    ("maximum", "le"),
    ("minimum", "min_length"),
    ("maximum", "max_length"),
)


def validate(model: type[P], raw: Mapping[str, object], *, owner: str, language: str = "en") -> P:
    """The parameters in ``raw`` (strings of a form or JSON values); all others have their defaults.

    Raises InvalidParameters with a sentence for each wrong field, in ``language``. A wrong cell of
    a table is named by its row, from 1, and its column, as in ``jobs.2.burst``.
    """
    known = {item.name: item for item in fields(model)}
    wrong: dict[str, str] = {}
    values: dict[str, object] = {}
    for name, value in raw.items():
        if name not in known:
            wrong[name] = _unknown(name, owner, known).of(language)
            continue
        kind = known[name].kind
        if kind == "table":
            try:
                values[name] = _rows(known[name], value, language)
            except Refused as error:
                wrong[name] = error.why.of(language)
            except InvalidParameters as error:
                wrong |= error.fields
            continue
        stripped = value.strip() if isinstance(value, str) else value
        # pydantic would accept True for 1 and 1 for True, which in JSON is a mistake.
        if (isinstance(value, bool)) != (kind == "bool") and not isinstance(value, str):
            wrong[name] = _refusal(known[name], value).of(language)
        else:
            values[name] = stripped
    try:
        result = model.model_validate(values)
    except ValidationError as error:
        for item in error.errors():
            name = str(item["loc"][0])
            why = item.get("ctx", {}).get("error")
            sentence = (
                why.why if isinstance(why, Refused) else _refusal(known[name], raw.get(name, ""))
            )
            wrong[name] = sentence.of(language)
    if wrong:
        raise InvalidParameters(wrong)
    return result


def _rows(item: FormField, raw: object, language: str) -> tuple[Parameters, ...]:
    """The rows of a table, all valid; empty rows are left out.

    Raises Refused if it is no table, InvalidParameters for wrong cells.
    """
    assert item.row is not None
    wrong: dict[str, str] = {}
    rows = []
    for n, cells in enumerate(rows_of(raw, [column.name for column in item.columns]), 1):
        if not cells:
            continue
        place = Text(en=f"Row {n}", zh=f"第 {n} 行")
        try:
            owner = Text(en="it", zh="它").of(language)
            rows.append(validate(item.row, cells, owner=owner, language=language))
        except InvalidParameters as error:
            for name, why in error.fields.items():
                wrong[f"{item.name}.{n}.{name}"] = Text(
                    en=f"{place.en}: {why}", zh=f"{place.of('zh')}：{why}"
                ).of(language)
    if wrong:
        raise InvalidParameters(wrong)
    return tuple(rows)


def _unknown(name: str, owner: str, known: Mapping[str, FormField]) -> Text:
    names = ", ".join(known)
    return Text(
        en=f"{owner} has no parameter {_shown(name)}; it has: {names}.",
        zh=f"{owner} 没有参数 {_shown(name)}；可用的参数：{names}。",
    )


def _refusal(item: FormField, value: object) -> Text:
    allowed = item.allowed()
    gap = (
        " " if allowed.of("zh")[0].isascii() else ""
    )  # Chinese has a space between characters and figures
    return Text(
        en=f"{item.title.en} must be {allowed.en}, not {_shown(value)}.",
        zh=f"“{item.title.of('zh')}”应为{gap}{allowed.of('zh')}，而不是 {_shown(value)}。",
    )


def _shown(value: object) -> str:
    text = repr(value)
    return text if len(text) <= 60 else text[:57] + "..."


def _number(value: float | None) -> str:
    return "∞" if value is None else f"{value:,}" if isinstance(value, int) else f"{value:g}"
