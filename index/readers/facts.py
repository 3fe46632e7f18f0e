"""An article from the facts that a file states, each checked the same way in every form."""

from __future__ import annotations

import hashlib
import textwrap
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from index.article import Article, Published, clean, clean_line, is_address
from index.errors import ArticleError
from index.language import normalise
from index.readers.dates import parse_moment
from index.readers.steps import Draft

__all__ = ["MAX_TEXT", "REPLACED", "Found", "Ids", "article_from", "decode", "too_long"]

MAX_TEXT = 2_000_000
"""Code points; the longest text taken as one article."""

REPLACED = "characters that can't be shown were replaced by \N{REPLACEMENT CHARACTER}"
"""The note on a text that ``clean`` took characters from."""

_MAX_FACT = 2_000
_MAX_AUTHORS = 100
_STAND_IN = 80
_UNTITLED = "no title, so its first words stand for one: give it a `title`, or a headline line"


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """An article, and what its reader had to make good, if anything."""

    article: Article
    note: str | None = None


class Ids:
    """The ids of one file's articles that have neither url nor id of their own.

    Such an article is known by a hash of its headline and day, so that its id survives
    another order of the file, and a correction of its text.
    """

    def __init__(self) -> None:
        """Begin with a file of which nothing was read."""
        # By number, not by text: a file may hold a million such articles.
        self._seen: dict[int, int] = {}

    def of(self, relative: str, title: str, published: Published) -> str:
        """The id of the next article; equal ones are told apart by a number."""
        stated = f"{relative}\n{title}\n{published.isoformat() if published else ''}"
        digest = _digest(stated)
        while (times := self._seen.get(int(digest, 16), 0)) > 0:
            self._seen[int(digest, 16)] = times + 1
            digest = _digest(f"{stated}\n{times + 1}")
        self._seen[int(digest, 16)] = 1
        return f"{relative}#{digest}"


def article_from(draft: Draft, ids: Ids) -> Found:
    """The article of a draft, whose facts are: title, published (or date), modified (or
    updated), url, source, author (or authors) and language.

    One without a title is known by its first words, and one whose date can't be read has
    none, unless the draft is strict: the note says so. Raises ArticleError where there is
    no text, or a fact is too long or of the wrong kind.
    """
    facts, name, notes = draft.facts, draft.name, list(draft.notes)
    title = _fact(facts, "title", name)
    body = clean(draft.text).strip()
    if not body:
        raise ArticleError(name, "no text: the article is empty but for its headline")
    if len(body) > MAX_TEXT:
        raise ArticleError(name, too_long(body))
    notes += [] if title else [_UNTITLED]
    title = title or textwrap.shorten(body[: 10 * _STAND_IN], _STAND_IN, placeholder=" …")
    url = _fact(facts, "url", name)
    if url and not is_address(url):
        notes.append(f"its address, {url[:80]}, is none of the web and was left out")
        url = None
    published = _moment(facts, ("published", "date"), name, notes, strict=draft.strict)
    if body.count("\N{REPLACEMENT CHARACTER}") > draft.text.count("\N{REPLACEMENT CHARACTER}"):
        notes.append(REPLACED)
    article = Article(
        id=url or (draft.relative if draft.alone else ids.of(draft.relative, title, published)),
        title=title,
        text=body,
        published=published,
        modified=_moment(facts, ("modified", "updated"), name, notes, strict=False),
        url=url,
        source=_fact(facts, "source", name) or _host(url),
        authors=_authors(facts, name),
        language=normalise(_fact(facts, "language", name) or ""),
    )
    return Found(article=article, note="; ".join(dict.fromkeys(notes)) or None)


def too_long(text: str) -> str:
    """The reason to reject a text over ``MAX_TEXT``."""
    return f"{len(text):,} characters are too many for one article (at most {MAX_TEXT:,}): split it"


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


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "replace")).hexdigest()[:12]


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


def _moment(facts: Mapping[str, Any], keys: tuple[str, ...], name: str, notes: list[str], *, strict: bool) -> Published:
    for key in keys:
        value = facts.get(key)
        if value is None or (isinstance(value, str) and not value.strip()):
            continue
        try:
            if isinstance(value, bool) or not isinstance(value, str | int | float):
                raise ValueError(f"{type(value).__name__} is not a date: write YYYY-MM-DD or an ISO 8601 time")
            return parse_moment(clean_line(value) if isinstance(value, str) else value)
        except ValueError as error:
            if strict:
                raise ArticleError(name, f"`{key}`: {error}") from None
            notes.append(f"`{key}` left out: {error}")
    return None


def _authors(facts: Mapping[str, Any], name: str) -> tuple[str, ...]:
    for key in ("authors", "author"):
        value = facts.get(key)
        values = value[:_MAX_AUTHORS] if isinstance(value, list) else [value]
        found = tuple(dict.fromkeys(author for item in values if (author := _fact({key: item}, key, name))))
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
