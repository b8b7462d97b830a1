"""Texts in several languages."""

from __future__ import annotations

from app.locale.text import NO_TEXT, Text, in_each, listed, verbatim


def test_text_without_the_readers_language_is_english() -> None:
    text = Text(en="Locks")
    assert text.of("zh") == text.of("en") == text.of("fr-CA") == "Locks"
    assert text.json() == {"en": "Locks"}


def test_text_is_found_by_a_tag_of_its_language() -> None:
    text = Text(en="Locks", zh="锁")
    assert text.of("zh") == text.of("zh-CN") == text.of("ZH_tw") == "锁"
    assert text.json() == {"en": "Locks", "zh": "锁"}


def test_text_and_its_continuation_have_the_languages_of_both() -> None:
    whole = Text(en="One.", zh="一。") + Text(en=" Two.", zh="二。")
    assert whole == Text(en="One. Two.", zh="一。二。")
    assert Text(en="One.", zh="一。") + Text(en=" Two.") == Text(en="One. Two.")


def test_text_of_no_words_is_false() -> None:
    assert not NO_TEXT and Text(en="x") and hash(Text(en="x")) == hash(Text(en="x"))


def test_text_in_each_language_is_made_of_other_texts() -> None:
    lock = Text(en="lock", zh="锁")
    assert in_each(lambda language: f"[{lock.of(language)}]") == Text(en="[lock]", zh="[锁]")
    assert verbatim("asyncio.wait") == Text(en="asyncio.wait", zh="asyncio.wait")


def test_listed_puts_the_comma_of_each_language() -> None:
    assert listed(f"worker-{n}" for n in (1, 2)) == Text(
        en="worker-1, worker-2", zh="worker-1、worker-2"
    )
    assert listed(["one"]) == Text(en="one", zh="one")
    assert listed([]) == Text(en="–", zh="–")
