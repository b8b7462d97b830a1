"""What holds for every scenario: its texts, its form, its program's looks."""

from __future__ import annotations

import ast
import re
import sys
from typing import Any

import pytest
from markdown_it import MarkdownIt

from app.catalogue import Scenario, Text, load
from app.catalogue.render import constants

CHINESE = re.compile("[\u4e00-\u9fff]")
#: Half-width punctuation between Chinese characters, a bracket behind one: slips of the keyboard.
NARROW = re.compile("[\u4e00-\u9fff](?:[,;:?!][\u4e00-\u9fff]|\\()")
#: A reader takes in a page. Some programs are longer, for reasons that docs/decisions.md says.
PAGE = 79
LONGER = {"schedulers": 150, "race-counter": 83, "brokers": 83}
every = pytest.mark.parametrize("scenario", load().values(), ids=load().keys())


def texts(scenario: Scenario[Any]) -> list[Text]:
    found = [scenario.title, scenario.summary]
    for item in scenario.fields():
        for part in (item, *item.columns):
            found += [part.title, *(choice.title for choice in part.choices)]
            found += [part.help] if part.help.en else []
    defaults = scenario.validate({})
    found += [claim.sentence(defaults) for claim in scenario.claims]
    return found


@every
def test_scenario_speaks_both_languages(scenario: Scenario[Any]) -> None:
    for text in texts(scenario):
        assert text.en.strip() and text.of("zh").strip()
        assert not CHINESE.search(text.en)
        assert CHINESE.search(text.of("zh")) or text.en == text.of(
            "zh"
        )  # a name such as asyncio.gather
        assert not NARROW.search(text.of("zh"))


@every
def test_notes_speak_both_languages(scenario: Scenario[Any]) -> None:
    english, chinese = scenario.notes("en"), scenario.notes("zh")
    assert english != chinese
    assert len(english) > 600 and not CHINESE.search(english)
    assert len(CHINESE.findall(chinese)) > 250 and not NARROW.search(chinese)
    assert scenario.notes("fr") == english and scenario.notes("zh-CN") == chinese
    assert english.count("\n## ") == chinese.count("\n## ") >= 3


@every
def test_notes_leave_no_markup_in_the_page(scenario: Scenario[Any]) -> None:
    for language in ("en", "zh"):
        html = MarkdownIt().render(scenario.notes(language))
        prose = re.sub(r"<code>.*?</code>", "", html, flags=re.S)
        assert "*" not in prose and "`" not in prose


@every
def test_program_is_plain(scenario: Scenario[Any]) -> None:
    wanted: set[str] = set()
    for program in scenario.programs.values():
        tree = ast.parse(program)
        assert ast.get_docstring(tree)
        assert max(map(len, program.splitlines())) <= 100
        names = {
            name.split(".")[0]
            for node in ast.walk(tree)
            if isinstance(node, ast.Import | ast.ImportFrom)
            for name in (
                [node.module or ""]
                if isinstance(node, ast.ImportFrom)
                else [alias.name for alias in node.names]
            )
        }
        packages = [name for name in scenario.requires if name in names]
        assert names - sys.stdlib_module_names == set(packages)
        assert not packages or f"python -m pip install {' '.join(packages)}" in program
        assert '\nif __name__ == "__main__":\n' in program
        wanted |= set(packages)
    assert wanted == set(scenario.requires)


@every
def test_program_has_fewer_than_80_lines(scenario: Scenario[Any]) -> None:
    for file in scenario.folder.glob("program*.py"):
        lines = len(file.read_text("utf-8").splitlines())
        assert lines <= LONGER.get(scenario.slug, PAGE), file.name


@every
def test_program_with_the_defaults_is_the_program_as_it_stands(scenario: Scenario[Any]) -> None:
    assert scenario.render(scenario.validate({})) == scenario.program


@every
def test_program_takes_the_limits_of_every_parameter(scenario: Scenario[Any]) -> None:
    for item in scenario.fields():
        if item.kind == "choice":
            values: list[Any] = [choice.value for choice in item.choices]
        elif item.kind == "bool":
            values = [True, False]
        elif item.kind == "table":
            assert isinstance(item.default, list)
            values = [item.default, item.default[:1]]
        else:
            values = [item.minimum, item.maximum]
        for value in values:
            raw = item.line(value) if item.kind == "table" else str(value)
            others = [{scenario.by: of} if scenario.by else {} for of in scenario.programs]
            rendered = [
                constants(scenario.render(scenario.validate(other | {item.name: raw})))
                for other in others
            ]
            found = [each[item.name.upper()] for each in rendered if item.name.upper() in each]
            assert found and all(each == value for each in found)


@every
def test_scenario_is_tagged(scenario: Scenario[Any]) -> None:
    assert scenario.tags.ideas and scenario.tags.primitives and scenario.tags.states
    assert scenario.tags.level in (1, 2, 3)
    for idea in scenario.tags.ideas:
        assert idea.text.en and CHINESE.search(idea.text.of("zh"))
