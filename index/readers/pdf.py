"""PDF files: one article each, its paragraphs made whole again."""

from __future__ import annotations

import io
import re
from collections.abc import Iterator
from datetime import UTC, datetime

from pypdf import PdfReader
from pypdf.errors import DependencyError, PyPdfError

from index.article import clean, clean_line
from index.errors import ArticleError
from index.readers.layout import OWN_DATE, paragraphs, stated_day, without_furniture
from index.readers.steps import Draft, Options, Source, Step

__all__ = ["read_pdf"]

_MAX_BYTES = 200_000_000
_MAX_PAGES = 2_000
_MAX_TITLE = 300
_NO_TITLE = re.compile(
    r"untitled|microsoft word\b.*|.*\.(?:docx?|odt|pdf|indd|tex|rtf|html?)|https?:.*|about:blank", re.IGNORECASE
)


def read_pdf(source: Source, _options: Options) -> Iterator[Step]:
    """A PDF file: its text without headers, footers and page numbers. Title and date from
    its first page or its metadata."""

    def run() -> Draft:
        data = source.read(_MAX_BYTES, "split it")
        if b"%PDF-" not in data[:2_000]:
            raise ArticleError(source.name, "not a PDF file: convert it to a form that Byline reads")
        try:
            return _draft(data, source)
        except (DependencyError, PyPdfError) as error:
            if "encrypt" in str(error).lower() or isinstance(error, DependencyError):
                raise _encrypted(source.name) from None
            raise ArticleError(source.name, f"a damaged PDF file ({error}): make it anew") from None

    yield Step(name=source.name, run=run)


def _draft(data: bytes, source: Source) -> Draft:
    reader = PdfReader(io.BytesIO(data))
    if reader.is_encrypted and not reader.decrypt(""):
        raise _encrypted(source.name)
    if len(reader.pages) > _MAX_PAGES:
        raise ArticleError(source.name, f"{len(reader.pages):,} pages are too many (at most {_MAX_PAGES:,}): split it")
    pages = [[clean_line(line) for line in clean(page.extract_text()).split("\n")] for page in reader.pages]
    pages = [_without_blank_edges(page) for page in pages]
    if not any(pages):
        raise ArticleError(source.name, "no text, only images of pages: run it through text recognition (OCR)")
    pages = without_furniture(pages)
    lines = [line for page in pages for line in page]
    facts: dict[str, object] = {"published": stated_day(lines)}
    notes: tuple[str, ...] = ()
    said = reader.metadata
    if said is not None:
        facts["authors"] = [author.strip() for author in clean_line(said.author or "").split(";") if author.strip()]
        if not facts["published"] and (made := _made(said.creation_date)):
            facts["published"], notes = made, (OWN_DATE,)
    title = clean_line((said.title if said else None) or "")
    if _NO_TITLE.fullmatch(title):
        title = ""
    title, body = _headline(title, paragraphs(lines))
    if title:
        facts["title"] = title
    return Draft(name=source.name, relative=source.relative, facts=facts, text="\n".join(body), notes=notes)


def _headline(title: str, body: list[str]) -> tuple[str, list[str]]:
    """The title and what follows it; the first paragraph stands for one where none is
    known and it is no sentence."""
    if not body:
        return title, body
    first = body[0]
    if title and first.casefold() == title.casefold():
        return title, body[1:]
    if not title and len(body) > 1 and len(first) <= _MAX_TITLE and not first.endswith((".", ",", ";", ":")):
        return first, body[1:]
    return title, body


def _without_blank_edges(page: list[str]) -> list[str]:
    while page and not page[0]:
        page = page[1:]
    while page and not page[-1]:
        page = page[:-1]
    return page


def _made(moment: datetime | None) -> str | None:
    if moment is None:
        return None
    return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).isoformat()


def _encrypted(name: str) -> ArticleError:
    return ArticleError(name, "encrypted: save it without a password")
