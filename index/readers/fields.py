"""The facts of a record, under the names that news tools and data sets give them."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from functools import lru_cache
from typing import Any
from urllib.parse import urlsplit

from index.article import clean_line
from index.errors import ArticleError, SettingsError
from index.readers.markup import has_markup, line_of, unescaped, words_of
from index.readers.steps import Draft

__all__ = ["FIELDS", "SUMMARIES", "check_fields", "draft_of", "known_fields", "record_in", "records_in"]

FIELDS: dict[str, tuple[str, ...]] = {
    "title": (
        *("title", "headline", "headline.main", "webTitle", "title.rendered", "fields.headline", "head", "heading"),
        *("article_title", "news_title", "headline_text", "subject", "name"),
    ),
    "text": (
        *("text", "body", "content", "article", "maintext", "articleBody", "full_text", "story_text", "story"),
        *("fields.bodyText", "document", "content_text", "article_text", "news_text", "bodyText"),
        *("cleaned_text", "raw_text", "plain_text", "content.rendered", "content_html", "body_html", "fields.body"),
        *("html", "selftext"),
    ),
    "published": (
        *("published", "publishedAt", "publish_date", "published_date", "publication_date", "pub_date"),
        *("date_publish", "datePublished", "webPublicationDate", "published_utc", "publish_time", "dateTimePub"),
        *("seendate", "date_gmt", "date", "datetime", "issued", "created_at", "created", "timestamp", "time"),
    ),
    "modified": (
        *("modified", "updated", "modified_at", "updated_at", "date_modified", "date_modify", "lastModified"),
        *("fields.lastModified", "modified_gmt", "modified_date", "updated_date", "last_updated"),
    ),
    "url": (
        *("url", "link", "web_url", "article_url", "canonical_url", "canonical", "permalink", "source_url"),
        *("mainEntityOfPage.@id", "mainEntityOfPage", "href"),
    ),
    "source": (
        *("source", "source.name", "source.title", "publisher", "publisher.name", "publication", "publication_name"),
        *("outlet", "site", "site_name", "thread.site", "newspaper", "media_name", "provider.name", "name_source"),
        *("source_name", "domain", "source_domain"),
    ),
    "authors": (
        *("authors", "author", "byline", "byline.original", "fields.byline", "creator", "writer", "reporter", "by"),
        "contributors",
    ),
    "language": ("language", "lang", "inLanguage", "language_code", "source_language"),
    "id": ("id", "uuid", "guid", "article_id", "story_id", "stories_id", "doc_id", "uri"),
}
"""Each fact's names in order of preference. Case, ``_``, ``-`` and blanks don't matter;
a dot leads into a record within the record."""

SUMMARIES = ("description", "summary", "abstract", "lead_paragraph", "short_description", "excerpt", "snippet")
"""Where an article's text is looked for last: they hold its beginning, or what it is about."""

# What lists of articles are called in what servers answer.
_LISTS = (
    *("articles", "results", "items", "docs", "data", "stories", "posts", "news", "entries", "records", "documents"),
    *("rows", "hits", "response", "value", "content", "feed"),
)
# What the record itself is called, where it is wrapped in another.
_WRAPPERS = ("_source", "row", "attributes", "article")
_MAX_NAMED = 40
_NAME_IT = "name the one that holds it: `--field text=NAME`, in Python `fields={'text': 'NAME'}`"
_FOLDED = re.compile(r"[\s_-]+")
_END = 60
_CUT = re.compile(r"(?:…|\.\.\.)?\s*\[\+?\d+ chars\]\s*\Z")
_BYLINE = re.compile(r"by[:\s]\s*", re.IGNORECASE)
_QUOTED = re.compile(r"""'([^']*)'|"([^"]*)\"""")


def check_fields(fields: Mapping[str, str]) -> None:
    """Raise SettingsError where ``fields`` names no fact or gives it no field."""
    for fact, field in fields.items():
        if fact not in FIELDS:
            raise SettingsError(f"there is no fact {fact!r}: the facts are {', '.join(FIELDS)}")
        if not isinstance(field, str) or not field.strip():
            raise SettingsError(f"no field is named for {fact!r}: name the one that it stands in")


def known_fields(names: Iterable[str], fields: Mapping[str, str]) -> list[str]:
    """Those of a table's columns that any fact may stand in."""
    wanted = {_fold(name.partition(".")[0]) for several in (*FIELDS.values(), SUMMARIES) for name in several}
    wanted |= {_fold(name.partition(".")[0]) for name in fields.values()}
    exact = set(fields.values())
    return [name for name in names if _fold(name) in wanted or name in exact]


def draft_of(
    record: Mapping[str, Any], *, fields: Mapping[str, str], name: str, relative: str, strict: bool = False
) -> Draft:
    """The draft of one record. ``strict`` is for Byline's own form: its ``published``,
    where broken, is a reason to reject it.

    Raises ArticleError where it has no text, or not a field that ``fields`` names.
    """
    folded = _folded(record)
    facts: dict[str, Any] = {}
    given: dict[str, str] = {}
    for fact, names in FIELDS.items():
        if fact in fields:
            value = _named(record, folded, fields[fact], fact, name)
            given[fact] = fields[fact]
        else:
            given[fact], value = _first(folded, names, fact)
        if value is not None:
            facts[fact] = value
    text, notes = facts.pop("text", None), []
    if text is None and "text" not in fields:
        field, text = _first(folded, SUMMARIES, "text")
        notes = [f"its text is what stands in `{field}`: the record has no more"] if text else []
    if not text:
        raise ArticleError(name, _textless(record, folded, fields))
    if cut := _CUT.search(text, max(0, len(text) - _END)):
        text = text[: cut.start()]
        notes.append("its text is cut off, as its source says at the end")
    own = clean_line(str(facts.pop("id", "")))[:200]
    return Draft(
        name=name,
        relative=f"{relative}#{own}" if own else relative,
        facts=facts,
        text=words_of(text) if has_markup(text) else unescaped(text),
        alone=bool(own),
        strict=strict and given["published"] == "published" and "published" not in fields,
        notes=tuple(notes),
    )


def records_in(document: Any) -> list[Any]:
    """The records of a JSON document: its own list, the first list of objects under a name
    that servers use, or the document itself."""
    if isinstance(document, list):
        return document
    level = [document] if isinstance(document, dict) and not _says(record_in(document)) else []
    for _ in range(3):
        below = [_folded(value).get(_fold(name)) for value in level for name in _LISTS]
        for value in below:
            if isinstance(value, list) and any(isinstance(item, dict) for item in value):
                return value
        level = [value for value in below if isinstance(value, dict)]
    return [document]


def record_in(item: Any) -> Any:
    """A record without what it may be wrapped in."""
    if isinstance(item, dict):
        for wrapper in _WRAPPERS:
            if isinstance(inner := item.get(wrapper), dict):
                return {**{key: value for key, value in item.items() if key in ("_id", "id")}, **inner}
    return item


def _textless(record: Mapping[str, Any], folded: Mapping[str, Any], fields: Mapping[str, str]) -> str:
    held = clean_line(", ".join(list(record)[:_MAX_NAMED]))
    if "text" in fields:
        return f"no text in {fields['text']!r}, which was named for it: its fields are {held}"
    empty = next((name for name in FIELDS["text"] if isinstance(folded.get(_fold(name)), str)), None)
    if empty:
        return f"no text: its `{empty}` is empty"
    return f"no `text`, under no name that Byline knows: its fields are {held}; {_NAME_IT}"


def _says(record: Any) -> bool:
    return isinstance(record, dict) and _first(_folded(record), FIELDS["text"], "text")[1] is not None


@lru_cache(maxsize=4_096)
def _fold(name: str) -> str:
    return _FOLDED.sub("", name).lower()


def _folded(record: Mapping[Any, Any]) -> dict[str, Any]:
    # The first of names that fold alike stands, as it does in every other tool.
    found: dict[str, Any] = {}
    for key, value in record.items():
        if value is not None and len(str(key)) <= 100:
            found.setdefault(_fold(str(key)), value)
    return found


def _first(folded: Mapping[str, Any], names: Iterable[str], fact: str) -> tuple[str, Any]:
    for name in names:
        first, *rest = name.split(".")
        value = folded.get(_fold(first))
        for part in rest:
            value = value[0] if isinstance(value, list) and value else value
            value = _folded(value).get(_fold(part)) if isinstance(value, dict) else None
        if value is not None and (fit := _fit(value, fact, name)) is not None:
            return name, fit
    return "", None


def _named(record: Mapping[str, Any], folded: Mapping[str, Any], field: str, fact: str, name: str) -> Any:
    """What stands in the field that the user named."""
    value: Any = record
    for part in [field] if field in record else field.split("."):
        if isinstance(value, dict) and part in value:
            value = value[part]
        elif isinstance(value, dict) and _fold(part) in _folded(value):
            value = _folded(value)[_fold(part)]
        else:
            held = clean_line(", ".join(list(record)[:_MAX_NAMED]))
            raise ArticleError(name, f"no field {field!r}, which was named for {fact!r}: its fields are {held}")
    return _fit(value, fact, field)


def _fit(value: Any, fact: str, name: str) -> Any:
    """A value in the shape of its fact; None where it has another, or is empty."""
    if isinstance(value, str) and not value.strip():
        return None
    if fact == "text":
        if isinstance(value, list) and value and all(isinstance(part, str) for part in value):
            value = "\n".join(value)
        return value if isinstance(value, str) and value.strip() else None
    if fact == "authors":
        return _people(value) or None
    if fact == "id":
        return value if isinstance(value, str | int) and not isinstance(value, bool) else None
    if isinstance(value, dict | list):
        return None
    if fact == "source" and isinstance(value, str) and value.startswith(("http://", "https://")):
        return _site(value)
    if fact == "url" and name != "url":
        return value if isinstance(value, str) and value.startswith(("http://", "https://")) else None
    if fact in ("title", "source") and isinstance(value, str):
        return line_of(value)
    return value


def _people(value: Any) -> list[str]:
    if isinstance(value, dict):
        named = value.get("name") or value.get("full_name")
        parts = [value.get(key) for key in ("firstname", "first_name", "lastname", "last_name")]
        value = named or " ".join(part for part in parts if isinstance(part, str))
    if isinstance(value, list):
        return [person for item in value for person in _people(item)]
    if not isinstance(value, str):
        return []
    if value.startswith("[") and value.endswith("]"):
        # A list as tables hold it, which have none of their own.
        return [person for pair in _QUOTED.findall(value) for person in _people(pair[0] or pair[1])]
    value = line_of(value)
    people = _BYLINE.sub("", value, count=1) if _BYLINE.match(value) else value
    return [person.strip() for person in people.split(";") if person.strip()]


def _site(url: str) -> str | None:
    try:
        host = urlsplit(url).hostname
    except ValueError:
        return None
    return host.removeprefix("www.") if host else None
