"""DOCX files, which are zip archives of XML: one article each."""

from __future__ import annotations

import io
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import docx
from docx.table import Table
from docx.text.paragraph import Paragraph

from index.article import clean_line
from index.errors import ArticleError
from index.readers.archives import members
from index.readers.layout import OWN_DATE, stated_day
from index.readers.steps import Draft, Options, Source, Step

__all__ = ["read_docx"]

_MAX_BYTES = 200_000_000
_MAX_TITLE = 300
# What a word processor's own template says, never an author.
_TEMPLATE_TITLES = ("Word Document",)
_TEMPLATE_MADE = datetime(2013, 12, 23, 23, 15, tzinfo=UTC)


def read_docx(source: Source, _options: Options) -> Iterator[Step]:
    """A DOCX file: a paragraph or a table's row a line, and its core properties."""

    def run() -> Draft:
        data = source.read(_MAX_BYTES, "split it")
        if not data.startswith(b"PK"):
            raise ArticleError(source.name, "not a DOCX file (an old .doc, or encrypted): save it as DOCX anew")
        # Only to see that it is no bomb.
        for member in members(replace(source, size=len(data), open=lambda: io.BytesIO(data))):
            if isinstance(member, ArticleError):
                raise member
        return _draft(docx.Document(io.BytesIO(data)), source)

    yield Step(name=source.name, run=run)


def _draft(document: Any, source: Source) -> Draft:
    lines: list[tuple[str, str]] = []
    for block in document.iter_inner_content():
        if isinstance(block, Paragraph):
            style = str(getattr(block.style, "name", "") or "")
            lines += [(style, clean_line(line)) for line in block.text.split("\n")]
        elif isinstance(block, Table):
            lines += [("", row) for row in _rows(block)]
    lines = [(style, line) for style, line in lines if line]
    said = document.core_properties
    title = clean_line(said.title or "")
    if title in _TEMPLATE_TITLES:
        title = ""
    if lines and (lines[0][1].casefold() == title.casefold() or (not title and _is_headline(lines))):
        title = lines.pop(0)[1]
    day = stated_day([line for _, line in lines])
    made, changed = _moment(said.created), _moment(said.modified)
    facts = {
        "title": title,
        "published": day or made,
        "modified": changed if changed != made else None,
        "authors": [author.strip() for author in (said.author or "").split(";") if author.strip() != "python-docx"],
        "language": said.language,
    }
    return Draft(
        name=source.name,
        relative=source.relative,
        facts={key: value for key, value in facts.items() if value},
        text="\n".join(line for _, line in lines),
        notes=(OWN_DATE,) if made and not day else (),
    )


def _is_headline(lines: list[tuple[str, str]]) -> bool:
    style, line = lines[0]
    if style.startswith(("Title", "Heading")):
        return True
    return len(lines) > 1 and len(line) <= _MAX_TITLE and not line.endswith((".", ",", ";", ":"))


def _rows(table: Table) -> Iterator[str]:
    for row in table.rows:
        # A merged cell stands in the list as often as it is wide.
        cells = dict.fromkeys(row.cells)
        yield " | ".join(text for cell in cells if (text := clean_line(cell.text)))


def _moment(moment: datetime | None) -> str | None:
    if moment is None:
        return None
    moment = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    return None if moment == _TEMPLATE_MADE else moment.isoformat()
