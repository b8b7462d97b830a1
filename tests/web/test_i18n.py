"""Both languages, everywhere."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from starlette.testclient import TestClient

from app.web import folders
from app.web.i18n import negotiate, script_messages
from app.web.messages import extracted, missing, of_records, of_scripts, translated
from tests.web.make import application

#: Half-width punctuation between Chinese characters, or a bracket behind one.
NARROW = re.compile("[\u4e00-\u9fff](?:[,;:?!][\u4e00-\u9fff]|\\()")
PLACEHOLDER = re.compile(r"\{(\w*)[^}]*\}|%\((\w+)\)s")


def test_every_sentence_has_its_chinese() -> None:
    found = missing("zh")
    told = [f"{where[0][0]}:{where[0][1]} {sentence!r}" for sentence, where in found.items()]
    assert not told, "\n".join(told)


def test_extraction_finds_every_kind_of_source() -> None:
    files = {Path(file).parts[0] for where in extracted().values() for file, _ in where}
    assert files == {"app", "templates", "static"}


def test_no_sentence_of_a_script_hides_from_the_extraction() -> None:
    """Babel does not look for calls inside of a template literal."""
    folder = folders.folder("static") / "js"
    found = [path.name for path in folder.rglob("*.js") if "${t(" in path.read_text("utf-8")]
    assert not found


def test_translations_keep_the_placeholders() -> None:
    catalog = translated("zh")

    def names(text: str) -> set[str]:
        return {first or second for first, second in PLACEHOLDER.findall(text)}

    wrong = []
    for message in catalog:
        ids = message.id
        for text in message.string if isinstance(message.string, tuple) else (message.string,):
            if message.id and names(str(text)) != names(ids if isinstance(ids, str) else ids[1]):
                wrong.append(message.id)
    assert not wrong


def test_translations_have_chinese_punctuation_and_one_way_to_say_you() -> None:
    told = [text for item in translated("zh") if item.id for text in [str(item.string)]]
    assert len(told) > 400
    assert not [text for text in told if NARROW.search(text) or "您" in text]


@pytest.mark.parametrize(
    ("accepted", "language"),
    [
        ("", "en"),
        ("zh-CN,zh;q=0.9,en;q=0.8", "zh"),
        ("en-GB,zh;q=0.5", "en"),
        ("de,zh-TW;q=0.3", "zh"),
        ("fr", "en"),
        ("zh;q=0,en;q=0.1", "en"),
        ("zh;q=nonsense", "en"),
        ("*", "en"),
        (",;=", "en"),
    ],
)
def test_negotiation(accepted: str, language: str) -> None:
    assert negotiate(accepted) == language


def test_language_is_negotiated_switched_and_remembered(client: TestClient) -> None:
    assert '<html lang="en"' in client.get("/").text
    chinese = {"Accept-Language": "zh-CN"}
    page = client.get("/?q=lock&level=1", headers=chinese)
    assert '<html lang="zh-CN"' in page.text
    assert page.headers["content-language"] == "zh"
    assert 'href="/?q=lock&amp;level=1&amp;lang=en"' in page.text
    assert '<html lang="en"' in client.get("/?lang=en", headers=chinese).text
    assert '<html lang="en"' in client.get("/runs", headers=chinese).text
    assert '<html lang="zh-CN"' in client.get("/?lang=zh").text
    assert '<html lang="zh-CN"' in client.get("/runs").text
    assert '<html lang="zh-CN"' in client.get("/?lang=xx").text


def test_language_can_be_fixed(tmp_path: Path) -> None:
    with TestClient(application(tmp_path, language="zh")) as client:
        assert '<html lang="zh-CN"' in client.get("/?lang=en").text


@pytest.mark.parametrize(
    ("path", "status", "sentence"),
    [
        ("/nothing", 404, "这个地址没有内容。"),
        ("/scenarios/dead-lok", 404, "没有名为"),
        ("/runs/nosuch", 404, "没有运行 nosuch"),
        ("/runs", 200, "还没有运行过任何程序。"),
        ("/scenarios/dead-lock", 200, "互斥锁"),
        ("/api/runs/nosuch", 404, "没有运行 nosuch"),
    ],
)
def test_pages_and_errors_are_chinese(
    client: TestClient, path: str, status: int, sentence: str
) -> None:
    answer = client.get(path, headers={"Accept-Language": "zh"})
    assert answer.status_code == status
    assert sentence in answer.text


def test_form_errors_are_chinese(client: TestClient) -> None:
    answer = client.post(
        "/runs?lang=zh", data={"scenario": "dead-lock", "count": "99", "python": ""}
    )
    assert "“数量”应为" in answer.text.replace("&#34;", '"')
    # After a POST, the switch leads to the form's own address.
    assert 'href="/scenarios/dead-lock?lang=en"' in answer.text


def test_scripts_get_the_chinese_of_their_sentences() -> None:
    messages = script_messages("zh")
    assert messages
    from_scripts = {
        sentence
        for sentence, where in extracted().items()
        if any(
            file.startswith(("static/", "app/worker/", "app/witness/", "app/runs/"))
            for file, _ in where
        )
    }
    assert set(messages) <= from_scripts
    assert "The kernel refuses perf events: kernel.perf_event_paranoid is {paranoid}." in messages
    assert "The worker failed: {why}" in messages
    assert script_messages("en") == {}


def test_scripts_say_of_endings_and_limits_what_the_code_says() -> None:
    """The English is in both; the other languages are in the code alone."""
    assert of_records().keys() <= of_scripts()
    messages = script_messages("zh")
    assert messages["cancelled"] == "被取消" and messages["running time"] == "运行时间"
