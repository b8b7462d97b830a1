"""The documentation says what the code does: words, commands, links, pictures."""

from __future__ import annotations

import json
import re
import shlex
import tomllib
import unicodedata
from pathlib import Path

import pytest

from app import cli
from app.timeline import wire
from app.timeline.frames import FLOW_COLUMNS, SLICE_COLUMNS
from app.timeline.states import vocabulary

ROOT = Path(__file__).resolve().parent.parent
PAGES = [
    *sorted(ROOT.glob("docs/*.md")),
    ROOT / "README.md",
    ROOT / "README.zh.md",
    ROOT / "CONTRIBUTING.md",
]
#: Folders whose files the pages name.
FOLDERS = "app|static|templates|tests|tools|benchmarks|docs"
WIDEST = 120
READMES = [ROOT / "README.md", ROOT / "README.zh.md"]
SECTIONS = {
    "state": "State",
    "reason": "Reason",
    "evidence": "Evidence",
    "track_kind": "Kind of track",
    "cause": "Cause",
    "flow_kind": "Kind of flow",
    "object_kind": "Kind of object",
    "verdict": "Verdict",
}


def section(page: str, title: str) -> str:
    """The text below a heading of the second level, up to the next."""
    found = re.search(rf"^## {re.escape(title)}\n(.*?)(?=^## |\Z)", page, re.M | re.S)
    assert found, f"there is no heading {title}"
    return found.group(1)


@pytest.mark.parametrize("enum", sorted(SECTIONS))
def test_vocabulary_has_every_member_in_both_languages(enum: str) -> None:
    text = section((ROOT / "docs/vocabulary.md").read_text("utf-8"), SECTIONS[enum])
    rows = re.findall(r"^\| `([a-z-]+)` \| ([^|]+) \|", text, re.M)
    assert [word for word, _ in rows] == vocabulary()[enum]
    for word, chinese in rows:
        assert re.search(r"[\u4e00-\u9fff]|^Future ?$", chinese), f"{word} has no Chinese"


def test_vocabulary_has_a_section_for_every_enum() -> None:
    assert set(SECTIONS) == set(vocabulary())


def test_formats_have_the_columns_of_frames_in_their_order() -> None:
    text = section((ROOT / "docs/formats.md").read_text("utf-8"), "Frames")
    slices, flows = re.search(
        r"Columns of slices:(.*?)Columns of flows:(.*?)Codes", text, re.S
    ).groups()  # type: ignore[union-attr]
    types = {"d": "f64", "I": "u32", "h": "i16", "B": "u8"}
    for columns, said in ((SLICE_COLUMNS, slices), (FLOW_COLUMNS, flows)):
        assert re.findall(r"`(\w+)` (\w+)", " ".join(said.split())) == [
            (name, types[code]) for name, code in columns
        ]


def test_formats_give_the_sizes_of_rings() -> None:
    text = section((ROOT / "docs/formats.md").read_text("utf-8"), "Rings")
    assert f"a header of {wire.HEADER_SIZE} bytes, then slots of {wire.SLOT_SIZE} bytes" in text


def test_architecture_lists_the_folders_that_exist() -> None:
    text = section((ROOT / "docs/architecture.md").read_text("utf-8"), "Folders")
    listed = set(re.findall(r"^  (\w+)/", text, re.M))
    there = {path.parent.name for path in ROOT.glob("app/*/__init__.py")}
    assert listed == there


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_links_lead_somewhere(page: Path) -> None:
    for target in re.findall(r"\]\(([^)#\s]+)(?:#[^)]*)?\)", page.read_text("utf-8")):
        if not target.startswith(("http://", "https://", "mailto:")):
            assert (page.parent / target).exists(), f"{page.name} links {target}"


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_make_targets_named_in_the_docs_exist(page: Path) -> None:
    targets = set(re.findall(r"^([a-z][a-z-]*):", (ROOT / "Makefile").read_text(), re.M))
    found = re.findall(
        r"^make ([a-z-]+)(?:\s+#.*)?$|`make ([a-z-]+)`", page.read_text("utf-8"), re.M
    )
    assert {first or second for first, second in found} <= targets


@pytest.mark.parametrize("page", READMES, ids=lambda page: page.name)
def test_commands_of_the_readme_parse(page: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The real parser takes each line; ``--help`` at its end keeps it from running."""
    lines = re.findall(r"^\.venv/bin/timeslice (.*)$", page.read_text("utf-8"), re.M)
    assert len(lines) >= 5
    for line in lines:
        command, *rest = shlex.split(line)
        assert cli.main([command, "--help", *rest]) == 0, line
    assert capsys.readouterr().err == ""


def test_readmes_show_the_same_commands() -> None:
    blocks = [re.findall(r"```sh\n(.*?)```", page.read_text("utf-8"), re.S) for page in READMES]
    assert blocks[0] == blocks[1]


def test_the_integration_runs_the_test_command_of_the_readme() -> None:
    assert "```sh\nmake test\n```" in (ROOT / "README.md").read_text("utf-8")
    assert (ROOT / ".ci/run").read_text().rstrip().endswith("\nmake test")


def test_constraints_pin_every_direct_dependency() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())
    wanted = [*project["project"]["dependencies"], *project["build-system"]["requires"]]
    for extra in project["project"]["optional-dependencies"].values():
        wanted += extra
    names = {re.split(r"[\[<>=~! ]", text)[0].lower().replace("_", "-") for text in wanted}
    lines = (ROOT / "constraints.txt").read_text().splitlines()
    pins = [line for line in lines if not line.startswith("#")]
    assert all(re.fullmatch(r"[a-z0-9.-]+==[\w.]+", line) for line in pins)
    assert names <= {line.split("==")[0] for line in pins}


def test_package_json_asks_for_the_type_checker_alone() -> None:
    package = json.loads((ROOT / "package.json").read_text())
    assert list(package["devDependencies"]) == ["typescript"]
    assert "dependencies" not in package


def test_docs_name_tests_that_exist() -> None:
    text = "\n".join(page.read_text("utf-8") for page in PAGES)
    named = set(re.findall(r"`(test_\w+)`", text))
    written = "\n".join(path.read_text("utf-8") for path in (ROOT / "tests").rglob("test_*.py"))
    assert len(named) > 40
    assert not {name for name in named if f"def {name}(" not in written}


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_files_named_in_the_docs_exist(page: Path) -> None:
    """A path is named whole, from the top of the checkout, so that it can be found and checked."""
    named = re.findall(rf"`((?:{FOLDERS})/[\w./*-]+)`", page.read_text("utf-8"))
    assert not [name for name in named if not list(ROOT.glob(name.rstrip("/")))]


@pytest.mark.parametrize("title", ["A map of fusion", "A map of the probe"])
def test_architecture_maps_have_every_room_and_name_its_modules(title: str) -> None:
    text = section((ROOT / "docs/architecture.md").read_text("utf-8"), title)
    rooms = re.findall(r"^\* `(app/[\w/]+)/`(.*?)(?=^\* |\n\n)", text, re.M | re.S)
    for room, said in rooms:
        for name in re.findall(r"`(\w+)`", said):
            assert (ROOT / room / f"{name}.py").exists(), f"{room} has no {name}"
    part = Path(rooms[0][0]).parent
    there = {path.parent.name for path in (ROOT / part).glob("*/__init__.py")}
    assert {Path(room).name for room, _ in rooms} == there


def test_vocabulary_has_each_word_of_the_code_once() -> None:
    text = section((ROOT / "docs/vocabulary.md").read_text("utf-8"), "Words of the code")
    words = re.findall(r"^\| ([a-z ]+) \|", text, re.M)
    assert len(words) > 30
    assert sorted({*words} - {"word"}) == sorted(word for word in words if word != "word")


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_benchmarks_named_in_the_docs_exist(page: Path) -> None:
    for name in re.findall(r"python -m (benchmarks\.\w+)", page.read_text("utf-8")):
        path = ROOT / name.replace(".", "/")
        assert path.with_suffix(".py").exists() or (path / "__main__.py").exists(), name


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_anchors_in_the_docs_are_headings(page: Path) -> None:
    for target, anchor in re.findall(r"\]\(([^)#\s]*)#([^)]+)\)", page.read_text("utf-8")):
        text = (page.parent / target if target else page).read_text("utf-8")
        headings = re.findall(r"^#+ (.+)$", text, re.M)
        assert anchor in map(anchor_of, headings), f"{page.name} links {target}#{anchor}"


def anchor_of(heading: str) -> str:
    """The fragment that GitHub makes of a heading."""
    return re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-")


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_lines_of_the_docs_fit_a_window(page: Path) -> None:
    """Rows of tables can't be wrapped, and stand as they are."""
    text = page.read_text("utf-8")
    long = [line for line in text.splitlines() if columns_of(line) > WIDEST and line[:1] != "|"]
    assert not long


def columns_of(line: str) -> int:
    """Columns on a terminal, where a Chinese character takes two."""
    return sum(2 if unicodedata.east_asian_width(letter) in "WF" else 1 for letter in line)


def test_limits_can_be_read_in_one_sitting() -> None:
    assert len((ROOT / "docs/limits.md").read_text("utf-8").split()) <= 1500


@pytest.mark.parametrize("package", ["cli", "locale", "runs", "web"])
def test_the_map_of_a_package_names_each_of_its_files(package: str) -> None:
    folder = ROOT / "app" / package
    text = (folder / "__init__.py").read_text("utf-8")
    files = {path.stem for path in folder.glob("*.py")} - {"__init__"}
    assert not {name for name in files if f"``{name}``" not in text}
