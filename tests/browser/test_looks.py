"""Themes, languages, widths: what must hold of the page's looks."""

from __future__ import annotations

import re

import pytest

from app.errors import Sentence, told
from app.timeline.frames import Frame
from app.timeline.states import vocabulary
from app.web import folders
from app.web.i18n import script_messages
from tests.browser import scenes
from tests.browser.conftest import Opener, publish
from tests.browser.server import PageServer


@pytest.mark.parametrize("width", [390, 768, 1440, 1920])
def test_page_never_scrolls_sideways(server: PageServer, open_page: Opener, width: int) -> None:
    frames = scenes.dinner()
    publish(server, frames, done=True)
    page = open_page(width, 844 if width == 390 else 900)
    page.wait_painted(frames[-1].seq)
    page.page.evaluate("() => timeslice.view.pinAt({ track: 3, row: 5 })")
    page.page.keyboard.press("t")

    wide = "document.documentElement.scrollWidth <= innerWidth"
    assert page.get(wide)
    assert page.get("timeslice.view.scale.widthPx") > width * 0.4
    if width > 640:  # a phone has no projector mode
        page.page.click("[data-switch-scale]")
        assert page.get(wide)


@pytest.mark.parametrize("language", ["en", "zh"])
@pytest.mark.parametrize("width", [390, 1440])
def test_legend_shows_all_its_entries(
    server: PageServer, open_page: Opener, width: int, language: str
) -> None:
    frames = scenes.every_state()
    publish(server, frames, done=True)
    page = open_page(width, 900, query=f"?lang={language}")
    page.wait_painted(frames[-1].seq)

    inside = page.get(
        """(() => {
          const strip = document.querySelector(".legend-strip").getBoundingClientRect();
          const canvas = document.querySelector("canvas").getBoundingClientRect();
          return [...document.querySelectorAll(".legend-entry")].map((entry) => {
            const box = entry.getBoundingClientRect();
            return box.left >= strip.left && box.right <= strip.right
              && box.top >= canvas.bottom && box.bottom <= strip.bottom;
          });
        })()"""
    )
    assert len(inside) == len(page.get("timeslice.painter.palette.strong")) and all(inside)


@pytest.mark.parametrize("width", [390, 620, 768, 950, 1000, 1440])
def test_header_shows_its_parts_beside_each_other(
    server: PageServer, open_page: Opener, width: int
) -> None:
    frames = scenes.dinner()
    publish(server, frames, done=True)
    page = open_page(width, 844)
    page.wait_painted(frames[-1].seq)
    boxes = page.get(
        """[".brand", ".crumbs .here", "#run-state", ".witness > .badge", ".menu > .button",
          "#run-again", "[data-switch-scale]", "[hreflang]", "[data-switch-theme]"].map((name) => {
            const { left, right, top, bottom } =
              document.querySelector(name).getBoundingClientRect();
            return [name, left, right, top, bottom];
          }).filter(([, left, right]) => right > left)"""
    )
    assert {".brand", ".crumbs .here", "#run-state", "#run-again"} <= {box[0] for box in boxes}
    overlapping = [
        (one[0], other[0])
        for i, one in enumerate(boxes)
        for other in boxes[:i]
        if one[1] < other[2] and other[1] < one[2] and one[3] < other[4] and other[3] < one[4]
    ]
    assert overlapping == []
    assert all(right <= width for _, _, right, _, _ in boxes)


@pytest.mark.parametrize("language", ["en", "zh"])
@pytest.mark.parametrize("ended", [False, True])
def test_phone_header_has_two_lines_and_no_empty_ones_follow(
    server: PageServer, open_page: Opener, ended: bool, language: str
) -> None:
    frames = scenes.dinner() if ended else scenes.dinner(ended=False)
    publish(server, frames, done=ended)
    page = open_page(390, 844, query=f"?lang={language}")
    page.wait_painted(frames[-1].seq)
    tops = page.get(
        """[".crumbs .here", "[hreflang]", "[data-switch-theme]", "#run-state", ".witness",
          "#stop-run", "#run-again", "canvas"].map((name) => {
            const box = document.querySelector(name).getBoundingClientRect();
            return box.height === 0 ? null : box.top + box.height / 2;
          })"""
    )
    title, language_switch, theme, state, witness, stop, again, _ = tops
    assert max(title, language_switch, theme) - min(title, language_switch, theme) < 4
    shown = again if ended else stop
    assert (stop is None) is ended and (again is None) is not ended
    assert max(state, witness, shown) - min(state, witness, shown) < 4
    header = page.get("document.querySelector('.site-header').getBoundingClientRect().bottom")
    assert page.get("document.querySelector('canvas').getBoundingClientRect().top") - header < 48


def test_phone_leaves_room_for_the_icons_of_endings(server: PageServer, open_page: Opener) -> None:
    frames = scenes.dinner()
    publish(server, frames, done=True)
    page = open_page(390, 844)
    page.wait_painted(frames[-1].seq)
    assert (
        page.get("timeslice.view.scale.rightPx - timeslice.view.scale.toPx(timeslice.model.nowNs)")
        > 22
    )


def test_theme_follows_the_system_and_remembers_the_switch(
    server: PageServer, open_page: Opener
) -> None:
    frames = scenes.dinner()
    publish(server, frames, done=True)
    page = open_page(color_scheme="dark")
    page.wait_painted(frames[-1].seq)
    ground = "timeslice.painter.palette.colour.bg"
    body = "getComputedStyle(document.body).backgroundColor"
    dark = page.get(ground)
    assert dark == page.get(body) == "rgb(21, 23, 26)"

    page.page.click("[data-switch-theme]")
    light = page.get(ground)
    assert light == page.get(body) == "rgb(251, 251, 249)"

    page.page.reload()
    page.wait("globalThis.timeslice !== undefined")
    page.wait_painted(frames[-1].seq)
    assert page.get(body) == light


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_text_stands_out_from_its_ground(
    server: PageServer, open_page: Opener, scheme: str
) -> None:
    """WCAG 2.2, 1.4.3: at least 4.5:1; for the edges of fields 3:1 (1.4.11)."""
    page = open_page(color_scheme=scheme)

    def luminance(token: str) -> float:
        red, green, blue = page.page.evaluate(
            """(name) => {
              const probe = document.body.appendChild(document.createElement("i"));
              probe.style.color = `var(--${name})`;
              const found = getComputedStyle(probe).color.match(/[0-9.]+/g).map(Number);
              probe.remove();
              return found.slice(0, 3);
            }""",
            token,
        )
        linear = [
            part / 12.92 if part <= 0.03928 else ((part + 0.055) / 1.055) ** 2.4
            for part in (red / 255, green / 255, blue / 255)
        ]
        return float(0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2])

    def contrast(one: str, other: str) -> float:
        low, high = sorted((luminance(one), luminance(other)))
        return (high + 0.05) / (low + 0.05)

    texts = ["ink", "mute", "accent", "good", "bad", "warn"]
    pairs = [(text, ground) for text in texts for ground in ("bg", "panel", "head")]
    pairs += [("on-accent", "accent"), ("on-alarm", "st-alarm"), ("on-running", "st-running")]
    pale = ["lock", "sync", "channel", "io", "join", "other", "sleep", "await"]
    pairs += [("ink", f"st-{kind}") for kind in pale]
    weak = {pair: round(contrast(*pair), 2) for pair in pairs if contrast(*pair) < 4.5}
    assert not weak
    assert min(contrast("edge", ground) for ground in ("bg", "panel", "head")) >= 3


def test_kinds_differ_by_colour_and_strong_ones_by_pattern(
    server: PageServer, open_page: Opener
) -> None:
    page = open_page()

    colours = page.get("timeslice.painter.palette.strong")
    patterned = page.get("timeslice.painter.palette.fills.map((fill) => typeof fill !== 'string')")
    kinds = page.page.evaluate(
        "() => import('/static/js/model/vocabulary.js').then((it) => it.KINDS)"
    )

    assert len(set(colours)) == len(kinds)
    assert {kind for kind, has in zip(kinds, patterned, strict=True) if has} == {
        "ready", "gil", "stopped", "zombie", "new", "unknown",
    }  # fmt: skip


def test_a_name_is_cut_in_its_middle(server: PageServer, open_page: Opener) -> None:
    """Of names that begin alike the ends tell which is which."""
    publish(server, scenes.dinner(), done=True)
    page = open_page()
    cut = page.page.evaluate(
        """async () => {
          const main = document.querySelector("script[type=module]").src;
          const { fittedName } = await import(new URL("../render/pen.js", main).href);
          const pen = document.createElement("canvas").getContext("2d");
          pen.font = "12px sans-serif";
          const one = "wait_in_a_coroutine (Task-27)";
          const rooms = [1000, 120, 60, 4];
          return rooms.map((room) => {
            const text = fittedName(pen, one, room);
            return [text, pen.measureText(text).width <= room];
          });
        }"""
    )
    assert all(fits for _, fits in cut)
    whole, long, short, nothing = (text for text, _ in cut)
    assert whole == "wait_in_a_coroutine (Task-27)" and nothing == ""
    assert re.fullmatch(r"wait_.*….*-27\)", long) and re.fullmatch(r"w.*….*7\)", short)


def test_page_speaks_chinese(server: PageServer, open_page: Opener) -> None:
    frames = scenes.dinner()
    publish(server, frames, done=True)
    page = open_page(query="?lang=zh")
    page.wait_painted(frames[-1].seq)
    page.page.mouse.move(*page.place_of(scenes.BOB, 1300 * scenes.MS))
    page.wait("timeslice.view.hover !== null")
    page.page.evaluate("() => new Promise(requestAnimationFrame)")

    assert page.get("document.documentElement.lang") == "zh-CN"
    assert page.text("#details-sentence") == "正在等待 Lock fork；Ann 从第 6 行起持有它。"
    assert page.text("#claims li:nth-child(1) .verdict") == "成立"
    assert page.text("#claims li:nth-child(1) .claim-text").startswith("交叉获取两把锁")
    assert page.text("#findings .finding-title") == "死锁：0.930 s 至 1.840 s。"
    assert page.text("#run-state") == "已结束，历时 1.84 s"
    daemon = page.page.text_content(f"#text-rows tr[data-track='{scenes.DAEMON}']") or ""
    assert "守护进程：父进程的主代码已结束，因此它被终止。" in daemon


def test_sentences_of_the_worker_are_said_in_chinese(server: PageServer, open_page: Opener) -> None:
    """They travel in frames, with a template; the server's own notice gives way to them."""
    refused = Sentence(
        "The kernel refuses perf events: kernel.perf_event_paranoid is {paranoid}.", paranoid=4
    )
    failure = Sentence("The worker failed: {why}", why="KeyError: 7")
    full = Sentence("{path} can't be written: {why}.", path="x", why="No space left on device")
    run = scenes.run_head(
        witnesses={
            "scheduler": "procfs",
            "probe": True,
            "why": refused,
            "why_told": told([refused]),
        },
        recording_told=told([full]),
    )
    head = {"failure": failure, "failure_told": told([failure, full]), "vocabulary": vocabulary()}
    server.failure = "服务器说的话"
    publish(server, [Frame(0, scenes.MS, {"state": "ended", "run": run, **head})], done=True)
    page = open_page(query="?lang=zh")
    page.wait_painted(0)

    said = page.text(".run-notice").split()
    assert said[0] == "工作进程出错：KeyError:" and "x" in said
    assert page.text(".run-notice").count("No space left on device") == 1
    assert "服务器说的话" not in said
    why = page.page.text_content("#witness-why") or ""
    assert "内核拒绝 perf 事件：kernel.perf_event_paranoid 为 4。" in why


def test_every_control_has_a_name(server: PageServer, open_page: Opener) -> None:
    page = open_page()
    nameless = page.get(
        """[...document.querySelectorAll("button, a, select, summary, canvas[tabindex]")]
          .filter((it) => !(it.textContent.trim() || it.getAttribute("aria-label")))
          .map((it) => it.outerHTML)"""
    )
    assert nameless == []


def test_page_has_no_inline_script_or_style(server: PageServer, open_page: Opener) -> None:
    page = open_page()
    found = page.get(
        """document.querySelectorAll(
          "script:not([src]):not([type='application/json']), style").length"""
    )
    assert found == 0


def test_page_fetches_each_file_once_and_under_its_hash(
    server: PageServer, open_page: Opener
) -> None:
    page = open_page()
    names = page.get("performance.getEntriesByType('resource').map((it) => it.name)")
    fetched = [name for name in names if re.search(r"/static/.*\.(js|css)$", name)]
    assert len(fetched) == len(set(fetched)) > 40
    assert [name for name in fetched if not re.search("/static/[0-9a-f]{12}/", name)] == []
    preloaded = page.get(
        "[...document.querySelectorAll('[rel=modulepreload]')].map((it) => it.href)"
    )
    scripts = page.get("[...document.querySelectorAll('script[src]')].map((it) => it.src)")
    modules = {name for name in fetched if name.endswith(".js")} - set(scripts)
    assert modules == set(preloaded)


def test_every_sentence_of_the_scripts_has_its_chinese() -> None:
    """By a search of our own, so that none is missed by the extractor (template literals)."""
    chinese = script_messages("zh")
    said = {
        sentence
        for path in (folders.folder("static") / "js").rglob("*.js")
        for sentence in re.findall(r'\bt\(\s*"((?:[^"\\]|\\.)+)"', path.read_text("utf-8"))
    }
    assert len(said) > 150
    assert {sentence for sentence in said if sentence not in chinese} == set()
    placeholders = re.compile(r"{\w+}")
    assert {
        sentence
        for sentence in said
        if sorted(placeholders.findall(sentence)) != sorted(placeholders.findall(chinese[sentence]))
    } == set()
