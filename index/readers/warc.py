"""WARC files, as Common Crawl's news archive writes them: a page a record."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from functools import partial
from typing import Any

from warcio.archiveiterator import ArchiveIterator
from warcio.exceptions import ArchiveLoadFailed

from index.errors import ArticleError
from index.readers.pages import MAX_BYTES, page
from index.readers.steps import Draft, Options, Source, Step

__all__ = ["read_warc"]

_PAGES = ("text/html", "application/xhtml+xml")
_FETCHED = "it states no date, so the day that it was fetched stands for it"


def read_warc(source: Source, _options: Options) -> Iterator[Step]:
    """The pages in a WARC file, gzipped or not: each response that is HTML and was found.
    Whatever else was fetched is passed over; a file without a page is rejected."""
    found = others = 0
    with source.open() as file:
        try:
            for record in ArchiveIterator(file):
                url = str(record.rec_headers.get_header("WARC-Target-URI") or "").strip("<> ")
                if _is_page(record) and url.startswith(("http://", "https://")):
                    found += 1
                    yield Step(name=f"{source.name} ({url})", run=partial(_draft, record, url, source))
                else:
                    others += record.rec_type == "response"
        except ArchiveLoadFailed as error:
            raise ArticleError(source.name, f"a damaged WARC file ({error}): what came before was read") from None
    if not found:
        raise ArticleError(source.name, f"no web page among its {others:,} responses: there is nothing to add")


def _is_page(record: Any) -> bool:
    if record.rec_type != "response" or record.http_headers is None:
        return False
    kind = (record.http_headers.get_header("Content-Type") or "").partition(";")[0].strip().lower()
    return record.http_headers.get_statuscode() == "200" and kind in _PAGES


def _draft(record: Any, url: str, source: Source) -> Draft:
    name = f"{source.name} ({url})"
    data = record.content_stream().read(MAX_BYTES + 1)
    if len(data) > MAX_BYTES:
        raise ArticleError(name, f"more than {MAX_BYTES:,} bytes are too many for a page")
    kind = record.http_headers.get_header("Content-Type") or ""
    charset = kind.lower().partition("charset=")[2].strip(" \"';") or None
    found = page(data, name=name, relative=source.relative, url=url, charset=charset)
    fetched = record.rec_headers.get_header("WARC-Date")
    if "published" not in found.facts and fetched:
        return replace(found, facts={**found.facts, "published": fetched}, notes=(*found.notes, _FETCHED))
    return found
