"""The settings, or a sentence for each variable that is wrong."""

from __future__ import annotations

from typing import Any

from pydantic import ValidationError

from app.errors import InvalidInput
from app.settings import Settings


def configured(**given: Any) -> Settings:
    """Settings of the environment, with ``given`` in place of theirs.

    Raises InvalidInput naming each TIMESLICE_… variable that is wrong and what it may be.
    """
    try:
        return Settings(**given)
    except ValidationError as error:
        raise InvalidInput("{sentence}", sentence=_sentence(error)) from error


def _sentence(error: ValidationError) -> str:
    return " ".join(
        f"TIMESLICE_{'_'.join(map(str, item['loc'])).upper()} is {item['input']!r}: {item['msg']}."
        for item in error.errors()
    )
