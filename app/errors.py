"""Every error that a user can cause, as one tree.

TimesliceError                  message: a sentence that names what is wrong and what is allowed
├── InvalidInput                the request is at fault (HTTP 4xx, exit 2)
│   ├── UnknownScenario
│   ├── InvalidParameters       .fields: a sentence by field name
│   ├── UnknownInterpreter
│   ├── UnknownFormat
│   ├── TooManyRuns
│   ├── TooManyViewers
│   └── Refused                 this one may not ask for it
│       ├── NotYours            another visitor's run
│       ├── ForeignOrigin       a page of another site asks for a change
│       └── ForeignHost         asked by a name that isn't this server's
├── NotFound                    no such run or recording
├── BadFrame                    bytes that are no frame, or of an unknown version
├── BadRecording                a file that is no recording, or is damaged
│   └── RecordingTooLong        a recording that can be shown, but not be given in one piece
├── RecordingFailed             the recording can't be written (disk full, permission)
└── WorkerFailed                the worker ended without its last frame
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Self


class Sentence(str):
    """A sentence that can be said again in another language, also where it has travelled to.

    It is the English text, made from a ``template`` and the ``values`` of its ``{placeholders}``;
    a template without values is the text itself.
    """

    template: str
    values: Mapping[str, object]

    def __new__(cls, template: str = "", /, **values: object) -> Self:
        made = super().__new__(cls, template.format(**values) if values else template)
        made.template, made.values = template, values
        return made


def told(sentences: Iterable[str]) -> list[dict[str, Any]]:
    """The sentences as JSON, each ``{"template", "values"}``; empty ones are left out."""
    found = [item if isinstance(item, Sentence) else Sentence(item) for item in sentences if item]
    return [
        {
            "template": item.template,
            "values": {
                name: value if isinstance(value, (int, float)) else str(value)
                for name, value in item.values.items()
            },
        }
        for item in found
    ]


def sentences(told: Iterable[Mapping[str, Any]]) -> list[Sentence]:
    """The sentences that ``told`` gave. Raises ValueError or KeyError for any other JSON."""
    return [Sentence(str(item["template"]), **item["values"]) for item in told]


class TimesliceError(Exception):
    """Base of all; ``str(error)`` is the sentence shown to the user.

    A sentence with ``{placeholders}`` takes its values by keyword; ``template`` and ``values`` then
    let the page say it in the reader's language.
    """

    def __init__(self, sentence: str = "", /, **values: object) -> None:
        self.sentence = Sentence(sentence, **values)
        super().__init__(self.sentence)
        self.template = sentence
        self.values = values

    @classmethod
    def saying(cls, sentence: str) -> Self:
        """The error of a sentence that came from elsewhere, with its template if it has one."""
        known = sentence if isinstance(sentence, Sentence) else Sentence(sentence)
        return cls(known.template, **known.values)

    def bare(self) -> Self:
        """This error to be kept: one that was raised holds what every frame it passed held."""
        return self.saying(self.sentence)


class InvalidInput(TimesliceError):
    pass


class UnknownScenario(InvalidInput):
    pass


class InvalidParameters(InvalidInput):
    """``fields`` maps a parameter's name to the sentence that stands beside it."""

    def __init__(self, fields: Mapping[str, str]) -> None:
        super().__init__(" ".join(f"{name}: {why}" for name, why in fields.items()))
        self.fields = dict(fields)


class UnknownInterpreter(InvalidInput):
    pass


class UnknownFormat(InvalidInput):
    pass


class TooManyRuns(InvalidInput):
    pass


class TooManyViewers(InvalidInput):
    pass


class Refused(InvalidInput):
    pass


class NotYours(Refused):
    pass


class ForeignOrigin(Refused):
    pass


class ForeignHost(Refused):
    pass


class NotFound(TimesliceError):
    pass


class BadFrame(TimesliceError):
    pass


class BadRecording(TimesliceError):
    pass


class RecordingTooLong(BadRecording):
    pass


class RecordingFailed(TimesliceError):
    pass


class WorkerFailed(TimesliceError):
    pass
