"""The words of a piece of HTML, such as feeds and exports hold."""

from __future__ import annotations

import html
import re

from lxml import etree
from lxml.html import HTMLParser, document_fromstring

__all__ = ["has_markup", "line_of", "unescaped", "words_of"]

_LINES = frozenset(
    (
        *("address", "article", "aside", "blockquote", "br", "dd", "div", "dl", "dt", "figcaption", "figure", "footer"),
        *("h1", "h2", "h3", "h4", "h5", "h6", "header", "hr", "li", "main", "nav", "ol", "p", "pre", "section"),
        *("table", "tbody", "td", "tfoot", "th", "thead", "tr", "ul"),
    )
)
_UNSEEN = frozenset(("head", "iframe", "noscript", "object", "script", "style", "svg", "template"))
_TAG = re.compile(r"</?(?:p|br|div|h[1-6]|ul|ol|li|blockquote|figure)\b[^<>]*>", re.IGNORECASE)
_INLINE = re.compile(
    r"</?(?:a|abbr|b|bdi|cite|code|del|em|font|i|ins|mark|q|s|small|span|strong|sub|sup|u|wbr)\b[^<>]*>", re.IGNORECASE
)
_ENTITY = re.compile(r"&(?:#\d{1,7}|#x[0-9a-f]{1,6}|[a-z]{2,31}\d{0,2});", re.IGNORECASE)


def has_markup(text: str) -> bool:
    """Whether a text is written in HTML rather than plain."""
    return "<" in text and _TAG.search(text) is not None


def unescaped(text: str) -> str:
    """A text that is plain but for entities, such as ``&amp;``, without them."""
    return _ENTITY.sub(lambda found: html.unescape(found[0]), text) if "&" in text else text


def line_of(text: str) -> str:
    """What a headline or name says on one line, whether it is written in HTML or plain."""
    if has_markup(text) or ("<" in text and _INLINE.search(text)):
        return " ".join(words_of(text).split())
    return unescaped(text)


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
