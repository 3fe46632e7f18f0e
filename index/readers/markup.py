"""The words of a piece of HTML, such as feeds and exports hold."""

from __future__ import annotations

import re

from lxml import etree
from lxml.html import HTMLParser, document_fromstring

__all__ = ["has_markup", "words_of"]

_LINES = frozenset(
    (
        *("address", "article", "aside", "blockquote", "br", "dd", "div", "dl", "dt", "figcaption", "figure", "footer"),
        *("h1", "h2", "h3", "h4", "h5", "h6", "header", "hr", "li", "main", "nav", "ol", "p", "pre", "section"),
        *("table", "tbody", "td", "tfoot", "th", "thead", "tr", "ul"),
    )
)
_UNSEEN = frozenset(("head", "iframe", "noscript", "object", "script", "style", "svg", "template"))
_TAG = re.compile(r"</?(?:p|br|div|h[1-6]|ul|ol|li|blockquote|figure)\b[^<>]*>", re.IGNORECASE)


def has_markup(text: str) -> bool:
    """Whether a text is written in HTML rather than plain."""
    return "<" in text and _TAG.search(text) is not None


def words_of(html: str) -> str:
    """What a reader of the HTML sees, a paragraph, heading, list item or cell a line."""
    parser = HTMLParser(encoding="utf-8", no_network=True, remove_comments=True, remove_pis=True)
    try:
        tree = document_fromstring(f"<div>{html}</div>".encode("utf-8", "replace"), parser=parser)
    except etree.ParserError:
        return ""
    parts: list[str] = []
    unseen = 0
    for event, element in etree.iterwalk(tree, events=("start", "end")):
        if event == "start":
            unseen += element.tag in _UNSEEN
            parts.append("\n" if element.tag in _LINES else "")
            parts.append(" ".join((element.text or "").split("\n")) if not unseen else "")
        else:
            unseen -= element.tag in _UNSEEN
            parts.append("\n" if element.tag in _LINES else "")
            parts.append(" ".join((element.tail or "").split("\n")) if not unseen else "")
    lines = (" ".join(line.split()) for line in "".join(parts).split("\n"))
    return "\n".join(line for line in lines if line)
