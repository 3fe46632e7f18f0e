"""An article from the facts that a file states, each checked the same way in every form."""

from __future__ import annotations

import textwrap
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from index.article import Article, Published, clean, clean_line, parse_published
from index.errors import ArticleError

__all__ = ["Found", "article_from", "decode"]

MAX_TEXT = 2_000_000
"""Code points; the longest text taken as one article."""

_MAX_FACT = 2_000
_STAND_IN = 80
_UNTITLED = "no title, so its first words stand for one: give it a `title`, or a headline line"


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """An article, and what its reader had to make good, if anything."""

    article: Article
    note: str | None = None


def article_from(facts: Mapping[str, Any], text: str, *, name: str, fallback_id: str) -> Found:
    """The article with those ``facts``: title, published (or date), modified (or
    updated), url, source, author (or authors) and language; ``name`` stands in errors.

    One without a title is known by its first words, and one whose ``modified`` is no date
    has none: the note says so. Raises
    ArticleError where there is no text, or a fact is too long or of the wrong kind.
    """
    title = _fact(facts, "title", name)
    body = clean(text).strip()
    if not body:
        raise ArticleError(name, "no text: the article is empty but for its headline")
    if len(body) > MAX_TEXT:
        raise ArticleError(
            name, f"{len(body):,} characters are too many for one article (at most {MAX_TEXT:,}): split it"
        )
    url = _fact(facts, "url", name)
    modified, undated = _modified(facts, name)
    article = Article(
        id=url or fallback_id,
        title=title or textwrap.shorten(body[: 10 * _STAND_IN], _STAND_IN, placeholder=" …"),
        text=body,
        published=_published(facts, name),
        modified=modified,
        url=url,
        source=_fact(facts, "source", name) or _host(url),
        authors=_authors(facts, name),
        language=_fact(facts, "language", name),
    )
    notes = [] if title else [_UNTITLED]
    notes += [undated] if undated else []
    if body.count("\N{REPLACEMENT CHARACTER}") > text.count("\N{REPLACEMENT CHARACTER}"):
        notes.append("characters that can't be shown were replaced by \N{REPLACEMENT CHARACTER}")
    return Found(article=article, note="; ".join(notes) or None)


def decode(data: bytes, name: str) -> str:
    """The text in ``data``: UTF-8, or UTF-16 with a byte order mark.

    Raises ArticleError where it is neither, which is how binary files are told.
    """
    encoding = "utf-16" if data.startswith((b"\xff\xfe", b"\xfe\xff")) else "utf-8-sig"
    try:
        text = data.decode(encoding)
    except UnicodeDecodeError as error:
        raise ArticleError(
            name, f"not UTF-8 text (at byte {error.start:,}): save it as UTF-8, or convert it if it is a binary file"
        ) from None
    if "\0" in text:
        raise ArticleError(name, "a binary file, not text: convert it to a form that Byline reads")
    return text


def _fact(facts: Mapping[str, Any], key: str, name: str) -> str | None:
    value = facts.get(key)
    if value is None:
        return None
    if not isinstance(value, str):
        raise ArticleError(name, f"`{key}` is {type(value).__name__}, not text: write it as a string")
    value = clean_line(value)
    if len(value) > _MAX_FACT:
        raise ArticleError(name, f"`{key}` has {len(value):,} characters (at most {_MAX_FACT:,}): shorten it")
    return value or None


def _published(facts: Mapping[str, Any], name: str) -> Published:
    for key in ("published", "date"):
        value = _fact(facts, key, name)
        if value is not None:
            try:
                return parse_published(value)
            except ValueError as error:
                raise ArticleError(name, f"`{key}`: {error}") from None
    return None


def _modified(facts: Mapping[str, Any], name: str) -> tuple[Published, str | None]:
    for key in ("modified", "updated"):
        value = _fact(facts, key, name)
        if value is not None:
            try:
                return parse_published(value), None
            except ValueError as error:
                return None, f"`{key}` left out: {error}"
    return None, None


def _authors(facts: Mapping[str, Any], name: str) -> tuple[str, ...]:
    for key in ("authors", "author"):
        value = facts.get(key)
        values = value if isinstance(value, list) else [value]
        found = tuple(author for item in values if (author := _fact({key: item}, key, name)))
        if found:
            return found
    return ()


def _host(url: str | None) -> str | None:
    """The site that an article came from, where its file names no source."""
    if url is None:
        return None
    try:
        host = urlsplit(url).hostname
    except ValueError:
        return None
    return host.removeprefix("www.") if host else None
