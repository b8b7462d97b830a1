"""Makes the README's pictures: real runs, on a real server, in a real browser.

``python -m tools.pictures FOLDER`` writes the pictures FOLDER/<page>-<theme>-<language>.png that
the READMEs link; with ``--all`` every page in both themes and languages, to be looked at. Chromium
is the one that CHROMIUM names, else the one on the PATH.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
from playwright.sync_api import Browser, Page, sync_playwright

from app.locale.languages import LANGUAGES

#: Scenario and settings of each picture of a run.
RUNS: dict[str, dict[str, Any]] = {
    "deadlock": {},
    "daemon-process": {},
    "asyncio-basics": {},
}
ROOT = Path(__file__).resolve().parent.parent
THEMES = ("light", "dark")
SIZE = {"width": 1440, "height": 900}
PATIENCE_S = 60.0
ARGUMENTS = [
    "--no-sandbox", "--disable-gpu", "--disable-background-networking", "--no-first-run",
    "--disable-component-update", "--disable-sync", "--force-color-profile=srgb",
]  # fmt: skip


#: Pins the slice that the first finding is about, as a reader would by a click on it.
PIN_THE_FINDING = """() => {
    const { model, view } = window.timeslice;
    const [finding] = model.findings.values();
    const track = finding?.cycle[0]?.track;
    const middleNs = (finding?.start_ns + (finding?.end_ns ?? model.nowNs)) / 2;
    if (track) view.pinAt({ track, row: model.slicesOf(track).rowAt(middleNs) });
}"""


@contextmanager
def served() -> Iterator[str]:
    """The address of a server of its own, with a data folder of its own."""
    with tempfile.TemporaryDirectory() as folder:
        environment = {**os.environ, "TIMESLICE_DATA_DIR": folder, "TIMESLICE_LANGUAGE": ""}
        command = [sys.executable, "-m", "app", "serve", "--port", "0"]
        with subprocess.Popen(
            command, stdout=subprocess.PIPE, text=True, env=environment
        ) as process:
            try:
                assert process.stdout is not None
                found = re.search(r"http://\S+", process.stdout.readline())
                if not found:
                    raise SystemExit("The server did not start.")
                yield found.group()
            finally:
                process.terminate()
                process.wait(10)


def run(url: str, slug: str, params: dict[str, Any]) -> str:
    """The id of a run that has ended."""
    with httpx.Client(base_url=url, timeout=20, trust_env=False) as client:
        answer = client.post("/api/runs", json={"scenario": slug, "params": params})
        answer.raise_for_status()
        run_id = str(answer.json()["id"])
        deadline = time.monotonic() + PATIENCE_S
        while (state := client.get(f"/api/runs/{run_id}").json()["state"]) != "ended":
            if state not in ("waiting", "running") or time.monotonic() > deadline:
                raise SystemExit(f"The run of {slug} is {state}.")
            time.sleep(0.1)
        return run_id


def picture(browser: Browser, address: str, language: str, theme: str, file: Path) -> None:
    page = browser.new_page(
        viewport=SIZE,  # type: ignore[arg-type]
        color_scheme=theme,  # type: ignore[arg-type]
        locale={"en": "en-GB"}.get(language, LANGUAGES[language].tag),
    )
    try:
        page.goto(f"{address}?lang={language}", wait_until="networkidle")
        if "/runs/" in address:
            settle(page)
        page.screenshot(path=file)
    finally:
        page.close()


def settle(page: Page) -> None:
    """Wait until the run was received whole and its last frame is on the canvas."""
    page.wait_for_function(
        "() => window.timeslice?.model.state === 'ended'"
        " && window.timeslice.painter.lastPaint.seq === window.timeslice.model.seq",
        timeout=PATIENCE_S * 1000,
    )
    page.evaluate(PIN_THE_FINDING)
    # The panels of text follow the picture at a pace of their own.
    page.wait_for_timeout(1000)


def chromium() -> str | None:
    """Where Chromium is; where there is none, says so."""
    found = os.environ.get("CHROMIUM") or shutil.which("chromium")
    if not found:
        print("There is no Chromium: set CHROMIUM, or put chromium on the PATH.", file=sys.stderr)
    return found


def wanted(everything: bool) -> list[tuple[str, str, str]]:
    """(page, theme, language) of each picture to make."""
    pages = ["catalogue", "scenario", *RUNS]
    named = [
        (page, theme, language) for page in pages for theme in THEMES for language in LANGUAGES
    ]
    if everything:
        return named
    text = "".join(path.read_text("utf-8") for path in ROOT.glob("README*.md"))
    return [parts for parts in named if f"/{'-'.join(parts)}.png" in text]


def main(arguments: list[str]) -> int:
    everything = "--all" in arguments
    folders = [argument for argument in arguments if argument != "--all"]
    if len(folders) != 1:
        print("usage: python -m tools.pictures FOLDER [--all]", file=sys.stderr)
        return 2
    executable = chromium()
    if not executable:
        return 1
    folder = Path(folders[0])
    folder.mkdir(parents=True, exist_ok=True)
    pictures = wanted(everything)
    with served() as url, sync_playwright() as playwright:
        addresses = {"catalogue": "/", "scenario": "/scenarios/deadlock"}
        for slug, params in RUNS.items():
            if any(page == slug for page, _, _ in pictures):
                addresses[slug] = f"/runs/{run(url, slug, params)}"
        browser = playwright.chromium.launch(executable_path=executable, args=ARGUMENTS)
        for page, theme, language in pictures:
            file = folder / f"{page}-{theme}-{language}.png"
            picture(browser, url + addresses[page], language, theme, file)
            print(file)
        browser.close()
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
