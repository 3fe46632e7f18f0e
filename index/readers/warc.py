"""WARC files, as Common Crawl's news archive writes them: a page a record."""

from __future__ import annotations

import gzip
import zlib
from collections.abc import Iterator
from dataclasses import replace
from functools import partial
from typing import IO, Any, cast

from warcio.archiveiterator import ArchiveIterator
from warcio.exceptions import ArchiveLoadFailed

from index.errors import ArticleError
from index.readers.forms import charset_of
from index.readers.pages import MAX_BYTES, page
from index.readers.steps import Draft, Options, Source, Step

__all__ = ["read_warc"]

_PAGES = ("text/html", "application/xhtml+xml")
_FETCHED = "it states no date, so the day that it was fetched stands for it"
_CHUNK = 1 << 16


def read_warc(source: Source, _options: Options) -> Iterator[Step]:
    """The pages in a WARC file, gzipped or not: each response that is HTML and was found.
    Whatever else was fetched is passed over; a file without a page is rejected, and so is
    the rest of one that breaks off."""
    found = others = 0
    with source.open() as file:
        stream = _Stream(file)
        records = ArchiveIterator(stream)
        try:
            for record in records:
                url = str(record.rec_headers.get_header("WARC-Target-URI") or "").strip("<> ")
                if _is_page(record) and url.startswith(("http://", "https://")):
                    found += 1
                    yield Step(name=f"{source.name} ({url})", run=partial(_draft, record, url, source))
                else:
                    others += record.rec_type == "response"
                if _is_cut(record):
                    raise _damaged(source, "it breaks off within a record")
        except (ArchiveLoadFailed, AttributeError) as error:
            # The latter is what warcio makes of a record whose head is cut off.
            raise _damaged(source, error) from None
        # A head that breaks off just where it could end counts there as the file's end.
        if stream.damage or records.offset < stream.tell():
            raise _damaged(source, stream.damage or "it breaks off within a record")
    if not found:
        raise ArticleError(source.name, f"no web page among its {others:,} responses: there is nothing to add")


class _Stream:
    """What warcio reads from. All that comes before damage is handed on; then it ends, and
    ``damage`` says why."""

    def __init__(self, file: IO[bytes]) -> None:
        self._file = cast("gzip.GzipFile", file)
        self._read = 0
        self.damage = ""

    def read(self, size: int) -> bytes:
        try:
            # No more than is at hand: to wait for more is to lose it where damage follows.
            data = self._file.read1(size)
        except (EOFError, zlib.error, gzip.BadGzipFile) as error:
            self.damage = str(error)
            return b""
        self._read += len(data)
        return data

    def tell(self) -> int:
        return self._read


def _damaged(source: Source, why: object) -> ArticleError:
    return ArticleError(source.name, f"a damaged WARC file ({why}): what came before was read; fetch it anew")


def _is_cut(record: Any) -> bool:
    """Whether less of a record is there than its head says; reads it to its end."""
    if record.length is None:
        return True
    while record.raw_stream.read(_CHUNK):
        pass
    return bool(record.raw_stream.limit > 0)


def _is_page(record: Any) -> bool:
    if record.rec_type != "response" or record.http_headers is None:
        return False
    kind = (record.http_headers.get_header("Content-Type") or "").partition(";")[0].strip().lower()
    return record.http_headers.get_statuscode() == "200" and kind in _PAGES


def _draft(record: Any, url: str, source: Source) -> Draft | None:
    name = f"{source.name} ({url})"
    data = record.content_stream().read(MAX_BYTES + 1)
    if len(data) > MAX_BYTES:
        raise ArticleError(name, f"more than {MAX_BYTES:,} bytes are too many for a page")
    if _is_cut(record):
        # Said of the file, once.
        return None
    kind = record.http_headers.get_header("Content-Type") or ""
    found = page(data, name=name, relative=source.relative, url=url, charset=charset_of(kind))
    fetched = record.rec_headers.get_header("WARC-Date")
    if "published" not in found.facts and fetched:
        return replace(found, facts={**found.facts, "published": fetched}, notes=(*found.notes, _FETCHED))
    return found
