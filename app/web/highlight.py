"""Programs and notes as safe HTML."""

from __future__ import annotations

from functools import lru_cache

from markdown_it import MarkdownIt
from markupsafe import Markup, escape
from pygments import highlight
from pygments.formatters import HtmlFormatter
from pygments.lexers import get_lexer_by_name
from pygments.lexers.python import PythonLexer
from pygments.util import ClassNotFound


@lru_cache(maxsize=128)
def program_lines(text: str) -> list[Markup]:
    """One piece of HTML for each line of the program; spans never cross a line's end."""
    if not text:
        return []
    html = highlight(text, PythonLexer(stripnl=False), HtmlFormatter(nowrap=True))
    return [Markup(line) for line in html.removesuffix("\n").split("\n")]


def _fence(code: str, language: str, _: str) -> str:
    try:
        lexer = get_lexer_by_name(language)
    except ClassNotFound:
        return str(escape(code))
    return highlight(code, lexer, HtmlFormatter(nowrap=True))


#: Raw HTML in the text stays text, and links to scripts stay text.
_MARKDOWN = MarkdownIt("commonmark", {"html": False, "highlight": _fence}).enable("table")


@lru_cache(maxsize=256)
def markdown(text: str) -> Markup:
    """Rendered Markdown; no HTML of the text's own gets through."""
    return Markup(_MARKDOWN.render(text))
