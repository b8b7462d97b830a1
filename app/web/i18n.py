"""Which language a reader gets, and what the pages and the scripts say in it."""

from __future__ import annotations

from functools import cache

from starlette.requests import HTTPConnection

from app.errors import TimesliceError
from app.locale.languages import DEFAULT, LANGUAGES
from app.locale.translations import translations
from app.web import messages

COOKIE = "language"


def N_(sentence: str) -> str:
    """Marks a sentence for translation where it is written; it is translated when it is shown."""
    return sentence


def gettext(sentence: str, language: str) -> str:
    return translations(language).gettext(sentence) if sentence else ""


def error_text(error: TimesliceError, language: str) -> str:
    """The error's sentence in the reader's language."""
    text = gettext(error.template, language)
    return text.format(**error.values) if error.values else text or str(error)


@cache
def script_messages(language: str) -> dict[str, str]:
    """The sentences of the JavaScript in ``language``, by the English one; empty for English."""
    if language == DEFAULT:
        return {}
    words = messages.of_records()
    pairs = {
        sentence: words[sentence].of(language) if sentence in words else gettext(sentence, language)
        for sentence in sorted(messages.of_scripts())
    }
    return {sentence: text for sentence, text in pairs.items() if text != sentence}


def language_of(connection: HTTPConnection, fixed: str = "") -> str:
    """``fixed``, else ``?lang=``, else the cookie, else what the browser asks for, else English."""
    if fixed in LANGUAGES:
        return fixed
    for wish in (connection.query_params.get("lang"), connection.cookies.get(COOKIE)):
        if wish in LANGUAGES:
            return str(wish)
    return negotiate(connection.headers.get("accept-language", ""))


def negotiate(accepted: str) -> str:
    """The best language for an Accept-Language header (RFC 9110, section 12.5.4)."""
    best, best_weight = DEFAULT, 0.0
    for item in accepted.split(","):
        tag, _, parameters = item.partition(";")
        primary = tag.strip().lower().partition("-")[0]
        weight = _weight(parameters)
        language = DEFAULT if primary == "*" else primary
        if language in LANGUAGES and weight > best_weight:
            best, best_weight = language, weight
    return best


def _weight(parameters: str) -> float:
    name, _, value = parameters.strip().partition("=")
    if name.strip() != "q":
        return 1.0
    try:
        return float(value)
    except ValueError:
        return 0.0
