"""A language that is added for one scenario, on the pages: no other scenario has to know it."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from starlette.testclient import TestClient

from app.catalogue import Catalogue, Text
from app.locale.languages import LANGUAGES, Language
from app.web.application import create_app
from tests.runs.make import FakeLauncher, settings
from tests.web.make import interpreters, scenario


@pytest.fixture
def client(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> TestClient:
    """One scenario has a title and notes in a third language, the other has nothing in it."""
    monkeypatch.setitem(LANGUAGES, "eo", Language("eo", "Esperanto"))
    title = Text(en="Deadlock", eo="Blokado")  # type: ignore[call-arg]
    translated = replace(scenario(tmp_path, "dead_lock"), title=title)
    (tmp_path / "dead_lock/notes.eo.md").write_text("# Notoj\n")
    other = scenario(tmp_path, "fork_bomb")
    return TestClient(
        create_app(
            settings(tmp_path / "data"),
            launcher=FakeLauncher(script=5, ends=True),
            catalogue=Catalogue([translated, other]),
            find_interpreters=interpreters,
        )
    )


def test_third_language_is_shown_where_a_text_has_it(client: TestClient) -> None:
    with client:
        page = client.get("/scenarios/dead-lock?lang=eo")
        assert page.headers["content-language"] == "eo" and '<html lang="eo"' in page.text
        assert "Blokado" in page.text and "Notoj" in page.text
        assert "What dead_lock shows" in page.text  # what is missing is English
        titles = [item["title"] for item in client.get("/api/scenarios?lang=eo").json()]
        assert titles == ["Blokado", "Title of fork_bomb <i>"]


def test_third_language_leaves_other_scenarios_in_english(client: TestClient) -> None:
    with client:
        page = client.get("/scenarios/fork-bomb?lang=eo").text
        assert "What fork_bomb shows" in page and "A <em>lock</em>" in page


def test_third_language_can_be_chosen_on_every_page(client: TestClient) -> None:
    with client:
        for language in ("en", "zh"):
            page = client.get(f"/?lang={language}").text
            assert 'hreflang="eo">Esperanto</a>' in page
        assert 'hreflang="zh-CN">中文</a>' in client.get("/?lang=eo").text
