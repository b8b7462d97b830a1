"""The tool makes the pictures that the READMEs show, no more and no fewer."""

from __future__ import annotations

import re

from app.locale.languages import LANGUAGES
from tools.pictures import ROOT, RUNS, THEMES, wanted
from tools.witness_pictures import NAMES


def test_wanted_are_the_pictures_that_the_readmes_link() -> None:
    linked = set()
    for page in ROOT.glob("README*.md"):
        linked |= set(re.findall(r"docs/pictures/([\w-]+)\.png", page.read_text("utf-8")))
    assert {"-".join(parts) for parts in wanted(everything=False)} == linked
    kept = {path.stem for path in ROOT.glob("docs/pictures/*.png")}
    assert {stem for stem in kept if not stem.startswith("witness-")} == linked


def test_witness_pictures_are_those_that_their_pages_show() -> None:
    for language, page in (("en", "witnesses.md"), ("zh", "witnesses.zh.md")):
        shown = re.findall(r"\(pictures/([\w-]+)\.png\)", (ROOT / "docs" / page).read_text("utf-8"))
        assert sorted(shown) == sorted(f"witness-{name}-{language}" for name in NAMES)
        assert all((ROOT / f"docs/pictures/{stem}.png").is_file() for stem in shown)


def test_wanted_everything_is_each_page_in_each_dress() -> None:
    assert len(wanted(everything=True)) == (2 + len(RUNS)) * len(THEMES) * len(LANGUAGES)
