"""The folders are the pipeline: who may import whom, and the habits a reader relies on."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
APP = ROOT / "app"
JS = ROOT / "static/js"
LONGEST = 500

#: What each part may import of ``app``; itself always. A dotted name allows that module alone.
#: docs/architecture.md draws the same table.
MAY_IMPORT: dict[str, set[str]] = {
    "errors": set(),
    "locale": {"errors"},
    "settings": {"locale"},
    "timeline": {"errors", "locale.languages", "locale.text"},
    "probe": {"timeline.wire"},
    "witness": {"timeline", "errors"},
    "fusion": {"timeline"},
    "catalogue": {"timeline", "errors", "locale.languages", "locale.text"},
    "scenarios": {"catalogue", "locale.text", "timeline"},
    "worker": {
        "catalogue", "errors", "fusion", "probe.launch", "settings", "timeline", "witness",
    },
    "runs": {
        "errors", "locale.languages", "settings", "timeline", "witness.proc", "worker.marks",
        "worker.prctl", "worker.spec", "worker.standstill", "worker.sweep",
    },
    "doctor": {
        "catalogue.brokers", "errors", "locale", "witness.choose", "worker.cgroup",
        "worker.landlock",
    },
    "web": {
        "catalogue", "doctor.interpreters", "errors", "locale", "runs", "settings", "timeline",
    },
    "cli.text": {"catalogue", "errors", "locale", "timeline"},
    "cli.files": {"errors"},
    "cli.programs": {"errors"},
    "cli.configuration": {"errors", "settings"},
    "cli.headless": {"errors", "runs", "timeline", "worker.spec"},
    "cli.server": {
        "cli.configuration", "errors", "locale", "runs", "web.application", "web.protocols",
    },
    "cli.running": {
        "catalogue", "cli.configuration", "cli.files", "cli.headless", "cli.programs", "cli.text",
        "doctor.interpreters", "errors", "locale", "runs", "settings", "timeline", "worker.spec",
    },
    "cli.commands": {
        "cli.files", "cli.running", "cli.server", "cli.text", "doctor", "errors", "locale", "runs",
    },
    "cli.__init__": {"cli.commands"},
    "__main__": {"cli"},
    "__init__": set(),
}  # fmt: skip

#: What each room of ``app/fusion`` may import of the others, TYPE_CHECKING or not; from the top
#: down. A name without a folder is a file. ``app/fusion/__init__.py`` draws them.
FUSION_ROOMS: dict[str, set[str]] = {
    "fusion": {
        "between", "coroutines", "facts", "lives", "objects", "output", "picture", "records",
        "shedding", "threads",
    },
    "records": {"between", "coroutines", "lives", "objects", "output", "picture", "threads"},
    "shedding": {"between", "coroutines", "lives", "objects", "picture", "threads"},
    "threads": {"between", "lives", "objects", "picture"},
    "coroutines": {"between", "lives", "objects", "picture"},
    "between": {"lives", "objects", "picture"},
    "output": {"lives", "picture"},
    "objects": {"lives", "picture"},
    "lives": {"picture"},
    "picture": {"facts"},
    "facts": set(),
}  # fmt: skip

#: The JavaScript's order: a part may import from itself and from lower levels, types too.
JS_LEVELS = {
    "base": 0, "model": 1, "stream": 2, "view": 2, "render": 3, "panels": 4, "input": 4,
    "stage": 5, "pages": 6,
}  # fmt: skip
#: The first level that may touch the page.
JS_PAGE_LEVEL = 3


def own_sources() -> list[Path]:
    """Every text file that people write and read here."""
    folders = ["app", "tests", "tools", "benchmarks", "static", "templates", "docs", ".ci"]
    names = ["Makefile", "Dockerfile", "compose.yaml", "pyproject.toml", "constraints.txt",
             "README.md", "README.zh.md", "CONTRIBUTING.md", "package.json"]  # fmt: skip
    kinds = {".py", ".js", ".css", ".html", ".md", ".sh", ".toml", ".po", ".json", ".yaml", ""}
    found = [ROOT / name for name in names if (ROOT / name).exists()]
    for folder in folders:
        found += [
            path
            for path in (ROOT / folder).rglob("*")
            if path.is_file() and path.suffix in kinds and "__pycache__" not in path.parts
        ]
    return found


def modules() -> Iterator[tuple[str, Path]]:
    """Each file with the part it belongs to: the longest name in the table that leads to it."""
    for path in sorted(APP.rglob("*.py")):
        names = path.relative_to(APP).with_suffix("").parts
        parts = [".".join(names[:count]) for count in range(len(names), 0, -1)]
        yield next((part for part in parts if part in MAY_IMPORT), parts[-1]), path


def imports(path: Path) -> Iterator[str]:
    """The dotted names below ``app`` that a file imports, at its top or inside a function."""
    package = ["app", *path.relative_to(APP).parent.parts]
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        names: list[str] = []
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            base = package[: len(package) - node.level + 1] if node.level else []
            module = ".".join([*base, *filter(None, [node.module])])
            names = [f"{module}.{alias.name}" for alias in node.names]
        for name in names:
            if name == "app" or name.startswith("app."):
                yield name.removeprefix("app").removeprefix(".")


def test_structure_imports_go_one_way() -> None:
    wrong = []
    for part, path in modules():
        assert part in MAY_IMPORT, f"{part} is no part of the table; say what it may import"
        allowed = MAY_IMPORT[part] | {part}
        for name in imports(path):
            if not any(name == other or name.startswith(f"{other}.") for other in allowed):
                wrong.append(f"{path.relative_to(ROOT)} imports {name}")
    assert not wrong, "\n".join(wrong)


def in_order(below: dict[str, set[str]]) -> list[str]:
    """From the bottom up; fails where two import each other, be it by a third."""
    order: list[str] = []
    while len(order) < len(below):
        free = [part for part in below if part not in order and below[part] <= set(order)]
        assert free, f"a circle among {sorted(set(below) - set(order))}"
        order += free
    return order


def test_structure_the_table_has_no_circle() -> None:
    def rows(name: str) -> set[str]:
        """The rows of the table that ``name`` stands for."""
        found = {row for row in MAY_IMPORT if row == name or row.startswith(f"{name}.")}
        return found or {name.split(".")[0]}

    in_order({part: set().union(*map(rows, names)) for part, names in MAY_IMPORT.items()})


def fusion_imports() -> dict[str, set[str]]:
    """By module of ``app/fusion`` the others that it imports; the door is left out."""
    home = APP / "fusion"
    paths = {
        ".".join(path.relative_to(home).with_suffix("").parts): path
        for path in home.rglob("*.py")
        if path.name != "__init__.py"
    }
    found: dict[str, set[str]] = {}
    for module, path in paths.items():
        names = [name.removeprefix("fusion.") for name in imports(path)]
        found[module] = {
            other for other in paths for name in names if f"{name}.".startswith(f"{other}.")
        }
    return found


def test_structure_rooms_of_fusion_import_downwards() -> None:
    in_order(FUSION_ROOMS)
    used: dict[str, set[str]] = {room: set() for room in FUSION_ROOMS}
    for module, others in fusion_imports().items():
        room = module.split(".")[0]
        assert room in FUSION_ROOMS, f"{room} is no room of the table; say what it may import"
        used[room] |= {other.split(".")[0] for other in others} - {room}
    assert used == FUSION_ROOMS


def test_structure_files_of_fusion_have_no_circle() -> None:
    in_order(fusion_imports())


def test_structure_programs_import_nothing_of_ours() -> None:
    for path in APP.glob("scenarios/*/program.py"):
        assert not list(imports(path)), path


def test_structure_files_can_be_read_in_one_sitting() -> None:
    long = {
        str(path.relative_to(ROOT)): lines
        for path in own_sources()
        if path.suffix in {".py", ".js", ".css", ".html", ".sh"}
        and (lines := path.read_text("utf-8").count("\n")) > LONGEST
    }
    assert not long


def test_structure_names_no_package_registry() -> None:
    hosts = re.compile(
        r"py"
        r"pi\.(org|python)|pythonhosted|registry\.npm|npm"
        r"js\.|docker\.io|ghcr\.io|quay\.io"
    )
    found = [
        str(path.relative_to(ROOT))
        for path in own_sources()
        if path != Path(__file__).resolve() and hosts.search(path.read_text("utf-8"))
    ]
    assert not found


def test_structure_templates_have_no_inline_script_or_style() -> None:
    script = re.compile(r"<script(?![^>]*\b(src=|type=\"application/json\"))[^>]*>", re.I)
    handler = re.compile(r"<[^>]*\s(on[a-z]+|style)\s*=", re.I)
    style = re.compile(r"<style\b", re.I)
    for path in (ROOT / "templates").rglob("*.html"):
        text = path.read_text("utf-8")
        for pattern in (script, handler, style):
            match = pattern.search(text)
            assert match is None, f"{path.name}: {match and match.group()}"


# --- JavaScript ---------------------------------------------------------------------------------


def js_part(path: Path) -> str:
    return path.relative_to(JS).parts[0].removesuffix(".js")


def js_files() -> list[Path]:
    return sorted(JS.rglob("*.js"))


def without_comments(text: str) -> str:
    return re.sub(r"/\*.*?\*/|(?<!:)//[^\n]*", "", text, flags=re.S)


def js_imports(path: Path, types: bool) -> set[Path]:
    """The files that a script imports; with ``types`` also those that its JSDoc types name."""
    text = path.read_text("utf-8")
    wanted = r"""\b(?:from|import)\s*\(?\s*["']([^"']+)["']"""
    targets = re.findall(wanted, text if types else without_comments(text))
    outside = [target for target in targets if not target.startswith(".")]
    assert not outside, f"{path.name} imports {outside} from outside"
    return {(path.parent / target).resolve() for target in targets}


def test_structure_javascript_imports_go_one_way() -> None:
    unknown = {js_part(path) for path in js_files()} - set(JS_LEVELS)
    assert not unknown, f"{unknown} have no level; say which"
    wrong = [
        f"{path.relative_to(JS)} imports {other.relative_to(JS)}"
        for path in js_files()
        for other in js_imports(path, types=True)
        if js_part(other) != js_part(path) and JS_LEVELS[js_part(other)] >= JS_LEVELS[js_part(path)]
    ]
    assert not wrong, "\n".join(wrong)


def test_structure_javascript_files_have_no_circle() -> None:
    ahead = {path: js_imports(path, types=False) for path in js_files()}
    while free := [path for path, imported in ahead.items() if not imported & ahead.keys()]:
        for path in free:
            del ahead[path]
    assert not ahead, f"a circle among {sorted(path.name for path in ahead)}"


@pytest.mark.parametrize("name", ["Timeline", "View", "Painter", "Pointer", "FrameStream"])
def test_structure_only_the_stage_builds_a_picture(name: str) -> None:
    made = [path for path in js_files() if f"new {name}(" in path.read_text("utf-8")]
    assert made == [JS / "stage.js"]


def test_structure_pages_are_what_the_templates_load() -> None:
    """The entry scripts, and they alone, stand in the folder ``pages``."""
    templates = "".join(path.read_text("utf-8") for path in (ROOT / "templates").rglob("*.html"))
    loaded = set(re.findall(r"<script[^>]* src=\"{{ url_static\('js/([^']+)'\) }}\"", templates))
    assert loaded == {path.relative_to(JS).as_posix() for path in (JS / "pages").rglob("*")}


def test_structure_javascript_below_render_knows_no_page() -> None:
    page = re.compile(r"(?<![\w.$])(document|window)\s*[.\[]")
    wrong = [
        f"{path.relative_to(JS)}: {match.group()}"
        for path in js_files()
        if JS_LEVELS[js_part(path)] < JS_PAGE_LEVEL
        and (match := page.search(without_comments(path.read_text("utf-8"))))
    ]
    assert not wrong, "\n".join(wrong)


@pytest.mark.parametrize("name", ["Makefile", ".ci/run", "Dockerfile", "compose.yaml"])
def test_structure_project_files_exist(name: str) -> None:
    assert (ROOT / name).is_file()
