"""Every sentence of the pages, the command line and the scripts, extracted from the code.

``python -m tools.translations zh`` prints those that have no Chinese yet.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from babel.messages.catalog import Catalog
from babel.messages.extract import extract_from_dir
from babel.messages.pofile import read_po

from app import errors
from app.locale.text import Text
from app.locale.translations import LOCALE_FOLDER
from app.timeline import endings
from app.timeline.limits import AMOUNT, COUNT, LIMITS, REACHED
from app.web import folders

#: Folders of ``app`` without sentences for gettext: they have none that users read, or have every
#: language side by side.
_NOT_SAID = ("fusion", "probe", "scenarios", "timeline")
#: Folders whose sentences travel in frames, with their templates, to the page that shows them.
_TRAVELLING = ("app/runs/", "app/witness/", "app/worker/")

_PASSED_ON = re.compile(r"\{\w+\}")

Id = str | tuple[str, str]


def error_names() -> list[str]:
    """Errors carry their sentence as first argument: each class is a keyword to extract by."""
    return [
        name
        for name, kind in vars(errors).items()
        if isinstance(kind, type) and issubclass(kind, errors.TimesliceError)
    ]


def of_scripts() -> set[str]:
    """The sentences that the JavaScript shows: its own, and those that come in frames."""
    said = ("static/js/", *_TRAVELLING)
    return {
        str(sentence)
        for sentence, where in extracted().items()
        if any(file.startswith(said) for file, _ in where)
    }


def of_records() -> dict[str, Text]:
    """Words for endings and limits, by their English. Scripts show them too; their translations are
    in the code."""
    limits = [limit.name for limit in LIMITS.values()]
    texts = [*endings.WORDS.values(), *limits, AMOUNT, COUNT, REACHED]
    return {text.en: text for text in texts}


def extracted() -> dict[Id, list[tuple[str, int]]]:
    """The files and lines of each sentence, in Python, in JavaScript (``t``) and in templates."""
    python = dict.fromkeys(["_", "N_", "gettext", "Sentence", *error_names()])
    found: dict[Id, list[tuple[str, int]]] = {}
    app = LOCALE_FOLDER.parent
    sources = (
        ("app", app, "python", "**.py", python),
        ("templates", folders.folder("templates"), "jinja2", "**.html", None),
        ("static/js", folders.folder("static") / "js", "javascript", "**.js", {"t": None}),
    )
    for name, folder, method, pattern, keywords in sources:
        for sentence, file, line in _extract(str(folder), method, pattern, keywords):
            found.setdefault(sentence, []).append((f"{name}/{file}", line))
    return found


def _extract(
    folder: str, method: str, pattern: str, keywords: dict[str, None] | None
) -> Iterator[tuple[Id, str, int]]:
    words: dict[str, tuple[int, ...] | None] = {"_": None, "gettext": None, "ngettext": (1, 2)}
    words.update(keywords or {})
    options = {"template_string": "yes", "trimmed": "true", "encoding": "utf-8"}
    for file, line, message, _comments, _context in extract_from_dir(
        folder,
        method_map=[*((f"{name}/**", "ignore") for name in _NOT_SAID), (pattern, method)],
        options_map={pattern: options},
        keywords=words,
    ):
        # An error that only passes a sentence on, "{sentence}", needs no translation.
        if message and (method != "python" or re.search("[a-z]", _PASSED_ON.sub("", str(message)))):
            yield message if isinstance(message, str) else (message[0], message[1]), file, line


def translated(language: str) -> Catalog:
    """All .po files of ``language`` as one."""
    whole = Catalog(locale=language)
    for path in sorted((LOCALE_FOLDER / language / "LC_MESSAGES").glob("*.po")):
        with path.open("rb") as file:
            for message in read_po(file, locale=language):
                if message.id and message.string:
                    whole[message.id] = message
    return whole


def missing(language: str) -> dict[Id, list[tuple[str, int]]]:
    """Sentences without a translation, with their files and lines."""
    known, words = translated(language), of_records()
    return {
        sentence: places
        for sentence, places in extracted().items()
        if sentence not in words
        and known.get(sentence if isinstance(sentence, str) else sentence[0]) is None
    }
