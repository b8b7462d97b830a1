"""Programs and notes as safe HTML."""

from __future__ import annotations

from functools import lru_cache

from markdown_it import MarkdownIt
from markdown_it.rules_core import StateCore
from markupsafe import Markup, escape
from pygments import highlight
from pygments.formatters import HtmlFormatter
from pygments.lexers import get_lexer_by_name
from pygments.lexers.python import PythonLexer
from pygments.util import ClassNotFound

#: A longer text is shown without colours: a lexer may take a second per 100 000 letters.
_MOST_COLOURED = 40_000
#: At most this much of a program is shown on a page.
_MOST_LINES = 5000
_MOST_COLUMNS = 2000


@lru_cache(maxsize=128)
def program_lines(text: str) -> list[Markup]:
    """One piece of HTML for each line of the program; spans never cross a line's end.

    A text that is too long for a page is cut, and ends with an ellipsis.
    """
    if not text:
        return []
    if len(text) > _MOST_COLOURED:
        return _plain_lines(text)
    html = highlight(text, PythonLexer(stripnl=False), HtmlFormatter(nowrap=True))
    return [Markup(line) for line in html.removesuffix("\n").split("\n")]


def _plain_lines(text: str) -> list[Markup]:
    lines = text.removesuffix("\n").split("\n", _MOST_LINES)
    more = [Markup("…")] if len(lines) > _MOST_LINES else []
    shown = (
        line if len(line) <= _MOST_COLUMNS else f"{line[:_MOST_COLUMNS]}…"
        for line in lines[:_MOST_LINES]
    )
    return [*map(escape, shown), *more]


def _fence(code: str, language: str, _: str) -> str:
    try:
        lexer = get_lexer_by_name(language)
    except ClassNotFound:
        return str(escape(code))
    return highlight(code, lexer, HtmlFormatter(nowrap=True))


def _lower_headings(state: StateCore) -> None:
    """Headings of a text stand one level below the page's heading above it."""
    for token in state.tokens:
        if token.type in ("heading_open", "heading_close"):
            token.tag = f"h{min(6, int(token.tag[1:]) + 1)}"


#: Raw HTML in the text stays text, and links to scripts stay text.
_MARKDOWN = MarkdownIt("commonmark", {"html": False, "highlight": _fence}).enable("table")
_MARKDOWN.core.ruler.push("lower_headings", _lower_headings)


@lru_cache(maxsize=256)
def markdown(text: str) -> Markup:
    """Rendered Markdown; HTML in ``text`` is shown as text."""
    return Markup(_MARKDOWN.render(text))
