"""Web pages: the article on one, without what surrounds it."""

from __future__ import annotations

import codecs
import json
import re
from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import urljoin, urlsplit

import charset_normalizer
import trafilatura
from lxml.html import HtmlElement

from index.errors import ArticleError
from index.readers.steps import Draft, Options, Source, Step

__all__ = ["MAX_BYTES", "page", "read_page"]

MAX_BYTES = 20_000_000
"""The longest page taken; one of a megabyte is long."""

_MAX_BLOCK = 1_000_000

_CHARSET = re.compile(rb"""<meta[^>]{0,200}?charset\s*=\s*["']?\s*([\w:.-]{1,40})""", re.IGNORECASE)
# Python knows codecs that are none of text, and some that take time without end.
_KNOWN = re.compile(r"(?:utf|iso-?8859|latin|windows|cp|koi8|gb|big5|euc|shift|sjis|iso-?2022|mac|tis|us-?ascii)[\w-]*")
# What trafilatura writes before a list's item and around a table's cells.
_MARKS = re.compile(r"\A(?:- |\| )|\s*\|\Z")
_RULE = re.compile(r"[|\s-]*\|[|\s-]*")
_ARTICLE = re.compile(r"Article|Report|Posting|Review|WebPage|CreativeWork", re.IGNORECASE)

_PUBLISHED = (
    "article:published_time",
    "datepublished",
    "og:article:published_time",
    "og:published_time",
    "publishdate",
    "publish-date",
    "pubdate",
    "parsely-pub-date",
    "sailthru.date",
    "dc.date.issued",
    "dcterms.created",
    "dc.date",
    "date",
)
_MODIFIED = ("article:modified_time", "datemodified", "og:updated_time", "lastmod", "dcterms.modified", "last-modified")
_LANGUAGE = ("inlanguage", "content-language", "dc.language", "language", "og:locale")


def read_page(source: Source, options: Options) -> Iterator[Step]:
    """An HTML file: its article, a paragraph a line, with what the page says of it."""

    def run() -> Draft:
        data = source.read(MAX_BYTES, "save the article alone")
        return page(data, name=source.name, relative=source.relative, url=options.url, charset=options.charset)

    yield Step(name=source.name, run=run)


def page(data: bytes, *, name: str, relative: str, url: str | None, charset: str | None = None) -> Draft:
    """The article on a page that came from ``url``, sent as ``charset`` if that was said.

    Raises ArticleError where there is none.
    """
    text, notes = _decoded(data, charset, name)
    tree = trafilatura.load_html(text)
    if tree is None:
        raise ArticleError(name, "not a web page: no HTML that can be taken apart; check the file")
    facts = _facts(tree, url)
    found = trafilatura.bare_extraction(
        tree,
        url=url,
        with_metadata=True,
        include_comments=False,
        date_extraction_params={"extensive_search": False, "original_date": True},
    )
    body = (found.text or "").strip() if found is not None and not isinstance(found, dict) else ""
    if found is None or isinstance(found, dict) or not body:
        raise ArticleError(name, "no article found on the page: it may be a list of links, or filled in by a program")
    stated = {
        "title": found.title,
        "published": found.date,
        "url": url or _own(found.url, url),
        "source": found.sitename,
        "authors": [author.strip() for author in (found.author or "").split(";")],
    }
    facts = {**{key: value for key, value in stated.items() if value}, **facts}
    return Draft(name=name, relative=relative, facts=facts, text=_body(body, facts.get("title")), notes=notes)


def _decoded(data: bytes, charset: str | None, name: str) -> tuple[str, tuple[str, ...]]:
    """A page's text by the encoding that it or its server states, where that fits."""
    for mark, encoding in (
        (codecs.BOM_UTF8, "utf-8"),
        (codecs.BOM_UTF16_LE, "utf-16"),
        (codecs.BOM_UTF16_BE, "utf-16"),
    ):
        if data.startswith(mark):
            return data.decode(encoding, "replace").lstrip("\ufeff"), ()
    if b"\0" in data[:2_000]:
        raise ArticleError(name, "a binary file, not a web page: convert it to a form that Byline reads")
    meta = _CHARSET.search(data[:4_000])
    stated = [charset or "", meta[1].decode("ascii", "replace") if meta else ""]
    for encoding in ("utf-8", *map(_encoding, stated)):
        try:
            return data.decode(encoding), ()
        except (LookupError, UnicodeDecodeError):
            continue
    best = charset_normalizer.from_bytes(data[:20_000]).best()
    guess = best.encoding if best else "cp1252"
    return data.decode(guess, "replace"), (f"its encoding isn't stated rightly: read as {guess}",)


def _encoding(stated: str) -> str:
    label = stated.strip().lower()
    if label in ("iso-8859-1", "latin1", "latin-1", "us-ascii", "ascii"):
        # What browsers do, since pages so labelled hold Windows' quotation marks.
        return "cp1252"
    return label if _KNOWN.fullmatch(label) else ""


def _facts(tree: HtmlElement, url: str | None) -> dict[str, Any]:
    """What the page states of itself for programs to read."""
    said: dict[str, Any] = {}
    for block in _blocks(tree):
        if not said.get("published"):
            said["published"] = _string(block.get("datePublished"))
        if not said.get("modified"):
            said["modified"] = _string(block.get("dateModified"))
        if not said.get("authors"):
            said["authors"] = _people(block.get("author"))
        if not said.get("language"):
            said["language"] = _string(block.get("inLanguage"))
    meta = _meta(tree)
    times = {str(t.get("itemprop") or "").lower(): t.get("datetime") for t in tree.iter("time") if t.get("datetime")}
    said["published"] = said.get("published") or _first(meta, _PUBLISHED) or times.get("datepublished")
    said["modified"] = said.get("modified") or _first(meta, _MODIFIED) or times.get("datemodified")
    said["language"] = tree.get("lang") or said.get("language") or _first(meta, _LANGUAGE)
    return {key: value for key, value in said.items() if value}


def _blocks(tree: HtmlElement) -> Iterator[Mapping[str, Any]]:
    """The JSON-LD objects on the page that describe an article."""
    for script in tree.iter("script"):
        if str(script.get("type") or "").strip().lower() != "application/ld+json":
            continue
        try:
            loaded = json.loads((script.text or "")[:_MAX_BLOCK], strict=False)
        except (ValueError, RecursionError):
            continue
        waiting = [loaded]
        while waiting:
            block = waiting.pop(0)
            if isinstance(block, list):
                waiting.extend(block)
            elif isinstance(block, dict):
                waiting += [block.get(name) for name in ("@graph", "mainEntity", "mainEntityOfPage")]
                if _ARTICLE.search(str(block.get("@type"))[:200]):
                    yield block


def _meta(tree: HtmlElement) -> dict[str, str]:
    found: dict[str, str] = {}
    for element in tree.iter("meta"):
        key = element.get("property") or element.get("name") or element.get("itemprop") or element.get("http-equiv")
        value = (element.get("content") or "").strip()
        if key and value:
            found.setdefault(key.strip().lower(), value)
    return found


def _first(meta: Mapping[str, str], keys: tuple[str, ...]) -> str | None:
    return next((meta[key] for key in keys if key in meta), None)


def _string(value: Any) -> str | None:
    return value.strip() or None if isinstance(value, str) else None


def _people(value: Any) -> list[str]:
    people = value if isinstance(value, list) else [value]
    names = (_string(person.get("name") if isinstance(person, dict) else person) for person in people)
    return [name for name in names if name and not name.startswith("http")]


def _own(canonical: str | None, base: str | None) -> str | None:
    """The address that the page gives as its own, unless it is that of the whole site."""
    if not canonical:
        return None
    try:
        parts = urlsplit(urljoin(base or "", canonical))
    except ValueError:
        return None
    # Some sites name their front page on every page; as an id it would merge them all.
    if parts.scheme not in ("http", "https") or not parts.hostname or (parts.path in ("", "/") and not parts.query):
        return None
    return parts.geturl()


def _body(text: str, title: str | None) -> str:
    """The text without the marks for lists and tables, and without the headline."""
    lines = [_MARKS.sub("", line.strip()).strip() for line in text.split("\n") if not _RULE.fullmatch(line)]
    if len(lines) > 1 and lines[0] == (title or "").strip():
        lines = lines[1:]
    return "\n".join(line for line in lines if line)
