"""Texts in both languages."""

from __future__ import annotations

from app.catalogue.text import Text, listed


def test_listed_puts_the_comma_of_each_language() -> None:
    assert listed(f"worker-{n}" for n in (1, 2)) == Text("worker-1, worker-2", "worker-1、worker-2")
    assert listed(["one"]) == Text("one", "one")
    assert listed([]) == Text("–", "–")
