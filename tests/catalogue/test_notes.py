"""Where the notes lead: to Python's documentation and to other scenarios."""

from __future__ import annotations

import re
from typing import Any

import pytest
from markdown_it import MarkdownIt
from markdown_it.token import Token

from app.catalogue import Scenario, load

CATALOGUE = load()
#: The documentation in each language; below it the pages and anchors have the same names.
DOCS = {"en": "https://docs.python.org/3/", "zh": "https://docs.python.org/zh-cn/3/"}
every = pytest.mark.parametrize("scenario", CATALOGUE.values(), ids=CATALOGUE.keys())


def links(scenario: Scenario[Any], language: str) -> list[tuple[str, str]]:
    """Address and text of each link, in order."""
    found = []
    for block in MarkdownIt().enable("table").parse(scenario.notes(language)):
        inline: list[Token] = block.children or []
        for place, token in enumerate(inline):
            if token.type == "link_open":
                end = next(i for i in range(place, len(inline)) if inline[i].type == "link_close")
                text = " ".join(part.content for part in inline[place:end] if part.content)
                found.append((str(token.attrs["href"]), text))
    return found


@every
def test_notes_lead_to_the_documentation_of_their_language(scenario: Scenario[Any]) -> None:
    for language, base in DOCS.items():
        docs = [url for url, _ in links(scenario, language) if "docs.python.org" in url]
        assert docs and all(url.startswith(base) for url in docs)


@every
def test_notes_of_both_languages_lead_to_the_same_places(scenario: Scenario[Any]) -> None:
    english, chinese = (
        [url.replace(base, "docs:") for url, _ in links(scenario, language)]
        for language, base in DOCS.items()
    )
    assert sorted(english) == sorted(chinese)


@every
def test_links_between_scenarios_bear_the_title_of_the_other(scenario: Scenario[Any]) -> None:
    for language in DOCS:
        for url, text in links(scenario, language):
            path = re.fullmatch(r"/scenarios/([^/]+)", url)
            assert path or re.match(r"https://[^/]+/", url), url
            if path:
                assert text == CATALOGUE[path[1]].title.of(language)


def test_notes_send_readers_on_to_other_scenarios() -> None:
    found = [url for item in CATALOGUE.values() for url, _ in links(item, "en")]
    assert sum(url.startswith("/scenarios/") for url in found) >= 10
