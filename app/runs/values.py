"""The kinds of values in a recording, with the limits of each."""

from __future__ import annotations

import math
import re
from string import Formatter
from typing import Annotated, Any

from pydantic import AfterValidator, BeforeValidator, ConfigDict, Field, JsonValue
from typing_extensions import TypedDict

from app.locale.languages import DEFAULT, LANGUAGES
from app.timeline.ranges import LATEST_NS

#: Unknown entries of an object are left out; no value is converted to another type.
STRICT = ConfigDict(extra="ignore", strict=True, allow_inf_nan=False)

_U32 = (1 << 32) - 1
_MOST_DEPTH = 8

Time = Annotated[int, Field(ge=0, le=LATEST_NS)]
#: A time, or -1 for one that has not come yet.
OpenTime = Annotated[int, Field(ge=-1, le=LATEST_NS)]
Id = Annotated[int, Field(ge=0, le=_U32)]
#: A line with its file in the higher bits: see app/timeline/places.py.
Place = Id
Count = Annotated[int, Field(ge=0, le=LATEST_NS)]
Whole = Annotated[int, Field(ge=-LATEST_NS, le=LATEST_NS)]
Word = Annotated[str, Field(max_length=64)]
Name = Annotated[str, Field(max_length=4096)]
Sentence = Annotated[str, Field(max_length=20_000)]
Output = Annotated[str, Field(max_length=8 << 20)]
Number = int | float


def plain(value: JsonValue) -> JsonValue:
    """``value``, if it is not nested deeply and every number is finite. Raises ValueError."""
    _look(value, _MOST_DEPTH)
    return value


def _look(value: JsonValue, depth: int) -> None:
    if isinstance(value, list | dict):
        if not depth:
            raise ValueError(f"it is nested deeper than {_MOST_DEPTH} levels")
        for item in value.values() if isinstance(value, dict) else value:
            _look(item, depth - 1)
    elif isinstance(value, int | float) and not (math.isfinite(value) and abs(value) <= LATEST_NS):
        raise ValueError("it has a number beyond all that a run has")


Plain = Annotated[JsonValue, AfterValidator(plain)]
Facts = Annotated[dict[Name, JsonValue], Field(max_length=100), AfterValidator(plain)]

#: The formats that our placeholders have: ``{name}``, ``{name!r}``, ``{share:.1f}``.
_SPEC = re.compile(r"[<>^]?[0-9]{0,2},?(\.[0-9]{1,2})?[a-z%]?")


def _tellable(told: Any) -> Any:
    """Check a template before ``str.format`` fills it in, which could do much more than that."""
    try:
        for _, field, spec, conversion in Formatter().parse(told["template"]):
            known = field is None or field in told["values"]
            if not known or not _SPEC.fullmatch(spec or "") or conversion not in (None, "", "r"):
                raise ValueError(f"its placeholder {field!r} is none of ours")
        if told["values"]:
            told["template"].format(**told["values"])
    except (LookupError, TypeError, OverflowError) as error:
        raise ValueError("its values don't fit its placeholders") from error
    return told


class _Told(TypedDict):
    __pydantic_config__ = STRICT  # type: ignore[misc]
    template: Sentence
    values: Annotated[dict[Word, Sentence | Number], Field(max_length=20)]


#: Sentences that can be translated: see ``errors.told``.
Told = Annotated[list[Annotated[_Told, AfterValidator(_tellable)]], Field(max_length=100)]


def _spoken(value: Any) -> Any:
    """A text by language, without the languages that this version does not have."""
    if not isinstance(value, dict):
        return value
    return {code: value[code] for code in LANGUAGES if code in value}


def _has_english(texts: dict[str, str]) -> dict[str, str]:
    if DEFAULT not in texts:
        raise ValueError("it has no English")
    return texts


#: A text by the codes of its languages, in English at least.
Text = Annotated[dict[str, Sentence], BeforeValidator(_spoken), AfterValidator(_has_english)]
