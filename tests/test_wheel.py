"""The installed wheel is whole: it works from a folder where there is no checkout."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
import sysconfig
import urllib.parse
import urllib.request
import venv
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Built without a network: hatchling is one of the developers' packages."""
    folder = tmp_path_factory.mktemp("wheel")
    command = [sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps"]
    command += ["--no-build-isolation", "--wheel-dir", str(folder), str(ROOT)]
    subprocess.run(command, check=True, timeout=110)
    (built,) = folder.glob("timeslice-*.whl")
    return built


@pytest.fixture(scope="module")
def installed(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The interpreter of a fresh environment with the wheel, and this one's other packages."""
    folder = tmp_path_factory.mktemp("installed")
    venv.create(folder, with_pip=False, symlinks=True)
    python = folder / "bin/python"
    command = [sys.executable, "-m", "pip", "--python", str(python), "install", "--quiet"]
    subprocess.run([*command, "--no-deps", "--no-index", str(wheel)], check=True, timeout=110)
    (packages,) = folder.glob("lib/python*/site-packages")
    # A folder named by a .pth file is searched, its own .pth files are not read: the dependencies
    # come from here, but not the editable installation of the checkout.
    others = sysconfig.get_paths()["purelib"]
    (packages / "dependencies.pth").write_text(others + "\n")
    return python


def environment(folder: Path) -> dict[str, str]:
    kept = {name: os.environ[name] for name in ("PATH", "HOME", "LC_ALL") if name in os.environ}
    return {**kept, "TIMESLICE_DATA_DIR": str(folder)}


def test_wheel_has_every_file_of_the_checkout(wheel: Path) -> None:
    if shutil.which("git") is None:
        pytest.skip("no git on this machine")
    names = set(zipfile.ZipFile(wheel).namelist())
    listed = subprocess.run(
        ["git", "ls-files", "-z", "app", "static", "templates"],
        cwd=ROOT,
        capture_output=True,
        text=True,
    )
    if listed.returncode != 0:
        pytest.skip("not a git checkout")
    files = [name for name in listed.stdout.split("\0") if name and (ROOT / name).exists()]
    wanted = {name if name.startswith("app/") else f"app/{name}" for name in files}
    assert wanted <= names, sorted(wanted - names)
    assert {name.split("/")[0] for name in names} == {
        "app",
        wheel.name.rsplit("-", 3)[0] + ".dist-info",
    }


def test_wheel_lists_its_scenarios_from_another_folder(installed: Path, tmp_path: Path) -> None:
    done = subprocess.run(
        [installed, "-m", "app", "scenarios", "--json"],
        cwd=tmp_path,
        env=environment(tmp_path),
        capture_output=True,
        check=True,
        timeout=60,
    )
    slugs = {item["slug"] for item in json.loads(done.stdout)}
    folders = {
        path.parent.name.replace("_", "-") for path in ROOT.glob("app/scenarios/*/scenario.py")
    }
    assert slugs == folders


@pytest.mark.real
def test_wheel_serves_its_page_with_style_and_script(installed: Path, tmp_path: Path) -> None:
    command = [str(installed.parent / "timeslice"), "serve", "--port", "0"]
    with subprocess.Popen(
        command, cwd=tmp_path, env=environment(tmp_path), stdout=subprocess.PIPE, text=True
    ) as process:
        try:
            assert process.stdout is not None
            found = re.search(r"http://\S+", process.stdout.readline())
            assert found
            url = found.group()
            page = fetch(f"{url}/scenarios/daemon-process").decode()
            linked = re.findall(r'(?:href|src)="([^"]+\.(?:css|js)[^"]*)"', page)
            assert any(".css" in name for name in linked)
            for name in linked:
                assert fetch(urllib.parse.urljoin(url, name))
        finally:
            process.kill()


@pytest.mark.real
def test_wheel_runs_a_scenario_from_another_folder(installed: Path, tmp_path: Path) -> None:
    done = subprocess.run(
        [installed, "-m", "app", "run", "daemon-process", "--json", "-"],
        cwd=tmp_path,
        env=environment(tmp_path),
        capture_output=True,
        timeout=100,
    )
    assert done.returncode == 0, done.stderr.decode()
    timeline = json.loads(done.stdout)
    assert timeline["run"]["state"] == "ended"
    assert timeline["run"]["witnesses"]["probe"] is True
    assert sum(track["kind"] == "process" for track in timeline["tracks"]) >= 3


def fetch(url: str) -> bytes:
    with urllib.request.urlopen(url, timeout=20) as answer:
        body: bytes = answer.read()
        return body
