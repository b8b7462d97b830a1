"""What a language lacks is named, scenario by scenario."""

from __future__ import annotations

from pathlib import Path

import pytest

from app.locale.languages import DEFAULT, LANGUAGES
from tools.translations import APP, lacking, main


@pytest.mark.parametrize("language", [code for code in LANGUAGES if code != DEFAULT])
def test_translations_lack_no_text_of_the_catalogue(language: str) -> None:
    assert lacking(language) == {}


def test_translations_of_a_new_language_lack_every_scenario() -> None:
    found = lacking("xx")
    folders = [path.parent.name for path in APP.glob("scenarios/*/scenario.py")]
    assert {name.replace("_", "-") for name in folders} <= found.keys()
    assert "notes.xx.md" in found["deadlock"]
    assert any("'Deadlock" in item for item in found["deadlock"])
    assert found.keys() >= {"catalogue/groups.py", "web/run_words.py"}


def test_translations_name_the_texts_that_one_scenario_lacks(tmp_path: Path) -> None:
    done, begun = tmp_path / "scenarios/all_done", tmp_path / "scenarios/just_begun"
    for folder in (done, begun):
        folder.mkdir(parents=True)
        (folder / "notes.en.md").write_text("# Notes\n")
    (done / "notes.xx.md").write_text("# Xx\n")
    (done / "scenario.py").write_text('Text(en="A lock", xx="X")\nholds(en=f"{n} of them", xx="Y")')
    (begun / "scenario.py").write_text('Text(en="One", xx="X")\nfails(spans, en="It failed")\n')
    assert lacking("xx", tmp_path) == {
        "just-begun": ["scenario.py:2 'It failed'", "notes.xx.md"],
    }


def test_translations_command_names_the_languages(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["xx"]) == 2
    assert "zh" in capsys.readouterr().err
