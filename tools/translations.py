"""What a language still lacks: texts and notes of scenarios, sentences of the interface.

``python -m tools.translations zh`` prints it as a .po file: its comments name the texts that stand
in the code and the notes, scenario by scenario, its entries are the sentences of the interface.
"""

from __future__ import annotations

import ast
import sys
from collections.abc import Iterator
from pathlib import Path

from babel.messages.catalog import Catalog
from babel.messages.pofile import write_po

from app.locale.languages import DEFAULT, LANGUAGES
from app.web import messages

APP = Path(__file__).resolve().parent.parent / "app"
#: How much of an English text is shown.
_SHOWN = 60


def lacking(language: str, app: Path = APP) -> dict[str, list[str]]:
    """By scenario, or by file for texts that belong to none: what is not in ``language`` yet."""
    found: dict[str, list[str]] = {}
    for file in sorted(app.rglob("*.py")):
        if texts := list(_texts_without(language, file)):
            found.setdefault(_part(file, app), []).extend(texts)
    for notes in sorted(app.glob(f"scenarios/*/notes.{DEFAULT}.md")):
        own = notes.with_name(f"notes.{language}.md")
        if not own.is_file():
            found.setdefault(_part(notes, app), []).append(own.name)
    return found


def _part(file: Path, app: Path) -> str:
    names = file.relative_to(app).parts
    return names[1].replace("_", "-") if names[0] == "scenarios" else "/".join(names)


def _texts_without(language: str, file: Path) -> Iterator[str]:
    """Where the calls stand that give a text, as ``Text(en=…)`` does, and which text it is."""
    for node in ast.walk(ast.parse(file.read_text("utf-8"))):
        given = {item.arg: item.value for item in getattr(node, "keywords", [])}
        # A call that passes on ``**others`` has whatever its own caller gave.
        if DEFAULT in given and language not in given and None not in given:
            value = ast.unparse(given[DEFAULT])
            shown = value if len(value) <= _SHOWN else f"{value[:_SHOWN]}…"
            yield f"{file.name}:{given[DEFAULT].lineno} {shown}"


def main(arguments: list[str]) -> int:
    if len(arguments) != 1 or arguments[0] not in LANGUAGES:
        print(f"Name one language: {', '.join(set(LANGUAGES) - {DEFAULT})}.", file=sys.stderr)
        return 2
    (language,) = arguments
    for part, items in lacking(language).items():
        print(f"# {part}: {len(items)}")
        for item in items:
            print(f"#   {item}")
    catalog = Catalog(locale=language)
    for sentence, where in messages.missing(language).items():
        catalog.add(sentence, locations=where)
    sys.stdout.flush()
    write_po(sys.stdout.buffer, catalog, omit_header=True, width=0)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
