"""The list of languages is one, and all that reads it follows it."""

from __future__ import annotations

import pytest
from pydantic import ValidationError

from app.locale.languages import DEFAULT, LANGUAGES, language_of
from app.locale.translations import LOCALE_FOLDER
from app.settings import Settings


def test_languages_begin_with_english_and_have_sentences() -> None:
    assert next(iter(LANGUAGES)) == DEFAULT == "en"
    for code in LANGUAGES:
        assert code == DEFAULT or list((LOCALE_FOLDER / code / "LC_MESSAGES").glob("*.po")), code


@pytest.mark.parametrize(
    ("tag", "code"),
    [("zh", "zh"), ("zh-CN", "zh"), ("zh_TW.UTF-8", "zh"), ("ZH-hant", "zh"), ("en-GB", "en"),
     ("de", "en"), ("C", "en"), ("", "en")],
)  # fmt: skip
def test_language_of_a_tag_is_its_code_or_english(tag: str, code: str) -> None:
    assert language_of(tag) == code


def test_settings_refuse_a_language_that_is_not_spoken() -> None:
    assert Settings(language="zh").language == "zh"
    with pytest.raises(ValidationError, match="the languages are en, zh"):
        Settings(language="xx")
