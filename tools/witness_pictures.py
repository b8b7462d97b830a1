"""Pictures of one program under each witness, for docs/witnesses.md.

``python -m tools.witness_pictures FOLDER NAME [URL]`` writes FOLDER/witness-NAME-<language>.png,
from the server at URL. NAME is ``container``, ``perfmon``, ``root`` or ``user``; for the last two
it starts a server itself where it runs as such.
"""

from __future__ import annotations

import os
import sys
from contextlib import nullcontext
from pathlib import Path

from playwright.sync_api import Browser, sync_playwright

from app.locale.languages import LANGUAGES
from tools.pictures import ARGUMENTS, chromium, run, served, settle

NAMES = ("container", "perfmon", "user", "root")
SLUG = "gil"
WINDOW_MS = 60
SIZE = {"width": 1720, "height": 640}
#: Shows so much of the middle of the last thread's life, in which all of them compute.
SHOW_THE_MIDDLE = """(ms) => {
    const { model, view } = window.timeslice;
    const last = [...model.tracks.values()].filter((track) => track.kind === "thread").at(-1);
    const columns = model.slicesOf(last.id);
    const row = columns.length - 1;
    const middleNs = (columns.start[0] + columns.end[row]) / 2;
    view.show(middleNs - ms * 5e5, middleNs + ms * 5e5, 0);
}"""


def picture(browser: Browser, address: str, language: str, file: Path) -> None:
    page = browser.new_page(
        viewport=SIZE,  # type: ignore[arg-type]
        color_scheme="light",
        locale={"en": "en-GB"}.get(language, LANGUAGES[language].tag),
    )
    try:
        page.goto(f"{address}?lang={language}", wait_until="networkidle")
        settle(page)
        page.evaluate(SHOW_THE_MIDDLE, WINDOW_MS)
        page.click(".witness summary")
        page.wait_for_timeout(500)  # panels follow the picture at a pace of their own
        page.screenshot(path=file)
    finally:
        page.close()


def main(arguments: list[str]) -> int:
    if len(arguments) not in (2, 3) or arguments[1] not in NAMES:
        print(
            f"usage: python -m tools.witness_pictures FOLDER {'|'.join(NAMES)} [URL]",
            file=sys.stderr,
        )
        return 2
    folder, name = Path(arguments[0]), arguments[1]
    given = arguments[2] if len(arguments) == 3 else None
    if not given and name != ("user" if os.geteuid() else "root"):
        print(f"{name} needs the URL of a server that runs so.", file=sys.stderr)
        return 2
    executable = chromium()
    if not executable:
        return 1
    folder.mkdir(parents=True, exist_ok=True)
    server = nullcontext(given) if given else served()
    with server as url, sync_playwright() as playwright:
        address = f"{url}/runs/{run(url, SLUG, {})}"
        browser = playwright.chromium.launch(executable_path=executable, args=ARGUMENTS)
        for language in LANGUAGES:
            file = folder / f"witness-{name}-{language}.png"
            picture(browser, address, language, file)
            print(file)
        browser.close()
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
