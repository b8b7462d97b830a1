"""The tool makes the pictures that the READMEs show, no more and no fewer."""

from __future__ import annotations

import re

from tools.pictures import LANGUAGES, ROOT, RUNS, THEMES, wanted


def test_wanted_are_the_pictures_that_the_readmes_link() -> None:
    linked = set()
    for page in ROOT.glob("README*.md"):
        linked |= set(re.findall(r"docs/pictures/([\w-]+)\.png", page.read_text("utf-8")))
    assert {"-".join(parts) for parts in wanted(everything=False)} == linked
    assert {path.stem for path in ROOT.glob("docs/pictures/*.png")} == linked


def test_wanted_everything_is_each_page_in_each_dress() -> None:
    assert len(wanted(everything=True)) == (2 + len(RUNS)) * len(THEMES) * len(LANGUAGES)
