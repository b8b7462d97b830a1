"""Every error that a user can cause, as one tree.

TimesliceError                  message: a sentence that names what is wrong and what is allowed
├── InvalidInput                the request is at fault (HTTP 4xx, exit 2)
│   ├── UnknownScenario
│   ├── InvalidParameters       .fields: a sentence by field name
│   ├── UnknownInterpreter
│   ├── UnknownFormat
│   └── TooManyRuns
├── NotFound                    no such run or recording
├── BadFrame                    bytes that are no frame, or of an unknown version
├── BadRecording                a file that is no recording, or is damaged
├── RecordingFailed             the recording can't be written (disk full, permission)
└── WorkerFailed                the worker ended without its last frame
"""

from __future__ import annotations

from collections.abc import Mapping


class TimesliceError(Exception):
    """Base of all; ``str(error)`` is the sentence shown to the user.

    A sentence with ``{placeholders}`` takes its values by keyword; ``template`` and ``values`` then
    let the page say it in the reader's language.
    """

    def __init__(self, sentence: str = "", /, **values: object) -> None:
        super().__init__(sentence.format(**values) if values else sentence)
        self.template = sentence
        self.values = values


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


class NotFound(TimesliceError):
    pass


class BadFrame(TimesliceError):
    pass


class BadRecording(TimesliceError):
    pass


class RecordingFailed(TimesliceError):
    pass


class WorkerFailed(TimesliceError):
    pass
