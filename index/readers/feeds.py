"""RSS and Atom files, and what feeds and sitemaps lead to."""

from __future__ import annotations

import io
import re
from collections.abc import Iterator
from functools import partial
from typing import Any
from urllib.parse import urljoin, urlsplit

import feedparser
from lxml import etree

from index.errors import ArticleError
from index.readers.archives import gunzipped
from index.readers.dates import parse_moment
from index.readers.markup import words_of
from index.readers.steps import Draft, Options, Source, Step

__all__ = ["links_of", "read_feed"]

_MAX_BYTES = 64_000_000
_MAX_LINKS = 50_000
_MAX_URL = 2_000
_HEAD = 100_000
_GZIP = b"\x1f\x8b"
_FEEDS = ("rss", "feed", "RDF")
_SITEMAPS = {"urlset": "sitemap", "sitemapindex": "index"}
_ROOT = re.compile(rb"<(?![?!])(?:[\w.-]+:)?([\w.-]+)")


def read_feed(source: Source, options: Options) -> Iterator[Step]:
    """A feed's entries, each with the text that the feed itself holds."""
    data = source.read(_MAX_BYTES, "save less of the feed")
    root = _root(data, source.name)
    if root in _SITEMAPS:
        raise ArticleError(source.name, "a sitemap, which lists pages without their text: give its URL instead")
    if root not in _FEEDS:
        raise ArticleError(source.name, "neither RSS nor Atom: convert it to a form that Byline reads")
    parsed = _parsed(data, options.url)
    if not parsed.entries:
        raise ArticleError(source.name, "no entries in the feed: there is nothing to add, or it is damaged")
    for number, entry in enumerate(parsed.entries, 1):
        name = f"{source.name}:{number}"
        yield Step(name=name, run=partial(_entry, entry, parsed.feed, name, source.relative))


def links_of(source: Source, base: str) -> tuple[str, list[str], list[str | None]]:
    """What a fetched feed or sitemap leads to: its kind, and urls with when each was changed.

    Raises ArticleError where it is too big or can't be taken apart.
    """
    with source.open() as file:
        zipped = file.read(2) == _GZIP
    data = (gunzipped(source) if zipped else source).read(_MAX_BYTES, "give the address of a part of it")
    root = _root(data, source.name)
    if root in _SITEMAPS:
        kind, found = _SITEMAPS[root], _locations(data)
    elif root in _FEEDS:
        kind, found = "feed", _entries(data, base)
    else:
        return "page", [], []
    urls: dict[str, str | None] = {}
    for link, moment in found:
        url = _absolute(link, base)
        if url:
            urls.setdefault(url, _iso(moment))
        if len(urls) == _MAX_LINKS:
            break
    return kind, list(urls), list(urls.values())


def _root(data: bytes, name: str) -> str:
    """The name of the document's outermost element; empty where it is no XML.

    Raises ArticleError where it declares entities, which no feed needs and bombs are made of.
    """
    head = data[:_HEAD]
    if head.startswith((b"\xff\xfe", b"\xfe\xff")):
        head = head.decode("utf-16", "replace").encode()
    if b"<!ENTITY" in head:
        raise ArticleError(name, "it declares entities of its own, as bombs do: left alone")
    head = re.sub(rb"<!--.*?-->|<!DOCTYPE[^>\[]*(?:\[.*?\]\s*)?>", b"", head, flags=re.DOTALL)
    found = _ROOT.search(head)
    return found[1].decode("ascii", "replace") if found else ""


def _parsed(data: bytes, base: str | None) -> Any:
    # Never a string, which feedparser might take for an address to fetch or a file to open.
    return feedparser.parse(
        io.BytesIO(data),
        response_headers={"content-location": base} if base else {},
        resolve_relative_uris=False,
        sanitize_html=False,
    )


def _locations(data: bytes) -> Iterator[tuple[str, str | None]]:
    walk = etree.iterparse(
        io.BytesIO(data),
        events=("end",),
        tag=("{*}url", "{*}sitemap"),
        recover=True,
        resolve_entities=False,
        no_network=True,
        load_dtd=False,
        huge_tree=False,
    )
    for _, element in walk:
        said = {etree.QName(child).localname: child.text for child in element if isinstance(child.tag, str)}
        yield said.get("loc") or "", said.get("lastmod")
        element.clear()


def _entries(data: bytes, base: str) -> Iterator[tuple[str, str | None]]:
    for entry in _parsed(data, base).entries:
        yield str(entry.get("link") or ""), entry.get("updated") or entry.get("published")


def _absolute(link: str, base: str) -> str | None:
    try:
        url = urljoin(base, "".join(link.split()))
        parts = urlsplit(url)
    except ValueError:
        return None
    return url if parts.scheme in ("http", "https") and parts.hostname and len(url) <= _MAX_URL else None


def _iso(moment: str | None) -> str | None:
    try:
        return parse_moment(moment).isoformat() if moment else None
    except ValueError:
        return None


def _entry(entry: Any, feed: Any, name: str, relative: str) -> Draft:
    contents = [str(content.get("value") or "") for content in entry.get("content") or []]
    html = max([*contents, str(entry.get("summary") or "")], key=len)
    url = _absolute(str(entry.get("link") or ""), str(feed.get("link") or ""))
    own = str(entry.get("id") or "").strip()
    people = [person.get("name") for person in entry.get("authors") or []]
    facts = {
        "title": words_of(str(entry.get("title") or "")).replace("\n", " "),
        "published": entry.get("published") or entry.get("created"),
        # By dict's own way: feedparser's gives the day of publication where there is none.
        "modified": dict.get(entry, "updated"),
        "url": url,
        "source": words_of(str((entry.get("source") or feed).get("title") or "")).replace("\n", " "),
        "authors": [str(person) for person in people if person],
        "language": (entry.get("content") or [{}])[0].get("language") or feed.get("language"),
    }
    if facts["published"] in (None, facts["modified"]):
        # Atom asks for `updated` even of an entry that was never changed.
        facts["published"] = facts.pop("modified")
    return Draft(
        name=name,
        relative=f"{relative}#{own[:200]}" if own else relative,
        facts={key: value for key, value in facts.items() if value},
        text=words_of(html),
        alone=bool(own),
    )
