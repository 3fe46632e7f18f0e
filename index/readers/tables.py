"""Tables: an article a row, its facts in columns."""

from __future__ import annotations

import codecs
import csv
import io
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import date, datetime
from functools import partial
from typing import Any

from index.article import clean_line
from index.errors import ArticleError
from index.readers.facts import MAX_TEXT
from index.readers.fields import draft_of, known_fields
from index.readers.steps import Draft, Options, Source, Step

__all__ = ["read_parquet", "read_separated"]

_MAX_FIELD = 16 * MAX_TEXT
_SNIFFED = 100_000
_DELIMITERS = (",", "\t", ";", "|")
_ROWS = 64
_MAX_UNSEEKABLE = 400_000_000
_MAX_NAMED = 40


def read_separated(source: Source, options: Options) -> Iterator[Step]:
    """A CSV or TSV file whose first row names its columns; which character parts them is
    found out. UTF-8 or UTF-16; bytes that are neither are read as Windows-1252."""
    csv.field_size_limit(_MAX_FIELD)
    with source.open() as raw:
        head = raw.read(_SNIFFED)
    if not head.strip():
        raise ArticleError(source.name, "the file is empty: give it a row of names and a row an article")
    utf16 = head.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE))
    if not utf16 and b"\0" in head:
        raise ArticleError(source.name, "a binary file, not a table: convert it to a form that Byline reads")
    repair = _Repair()
    with io.TextIOWrapper(
        source.open(), "utf-16" if utf16 else "utf-8-sig", "replace" if utf16 else repair.name, newline=""
    ) as file:
        beginning = head.decode("utf-16" if utf16 else "utf-8-sig", "replace")
        rows = csv.reader(file, delimiter=_delimiter(beginning, options.fields))
        header = [clean_line(column) for column in next((row for row in rows if any(row)), [])]
        if not known_fields(header, options.fields):
            named = ", ".join(header[:_MAX_NAMED])[:500]
            raise ArticleError(source.name, f"no column that Byline knows in its first row ({named}): name its columns")
        while True:
            name = f"{source.name}:{rows.line_num + 1}"
            try:
                row = next(rows, None)
            except csv.Error as error:
                # The reader begins anew on the next line.
                yield Step(name=name, run=partial(_broken, name, str(error)))
                continue
            if row is None:
                return
            if any(row):
                notes = repair.notes()
                yield Step(name=name, run=partial(_of_row, header, row, source.relative, name, options.fields, notes))


def read_parquet(source: Source, options: Options) -> Iterator[Step]:
    """A Parquet file, of which only the columns that facts stand in are read."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    pa.set_cpu_count(1)
    with source.open() as opened:
        # Within an archive there is no going back and forth.
        file: Any = opened if opened.seekable() else io.BytesIO(source.read(_MAX_UNSEEKABLE, "unpack it"))
        try:
            table = pq.ParquetFile(file, pre_buffer=False)
        except (pa.ArrowException, OSError) as error:
            raise ArticleError(source.name, f"not a Parquet file, or damaged ({error}): make it anew") from None
        names = table.schema_arrow.names
        columns = known_fields(names, options.fields)
        if not columns:
            named = ", ".join(names[:_MAX_NAMED])[:500]
            raise ArticleError(source.name, f"no column that Byline knows among its columns ({named}): name them anew")
        number = 0
        for batch in table.iter_batches(_ROWS, columns=columns, use_threads=False):
            for record in _records(batch):
                number += 1
                name = f"{source.name}:{number}"
                yield Step(name=name, run=partial(_of_record, record, source.relative, name, options.fields))


def _delimiter(beginning: str, fields: Mapping[str, str]) -> str:
    """The character that parts the names in the first row into the most that are known."""

    def known(delimiter: str) -> tuple[int, int]:
        try:
            row = next(csv.reader(io.StringIO(beginning, newline=""), delimiter=delimiter), [])
        except csv.Error:
            return 0, 0
        return len(known_fields([clean_line(name) for name in row], fields)), len(row)

    return max(_DELIMITERS, key=known)


def _of_row(
    header: Sequence[str],
    row: Sequence[str],
    relative: str,
    name: str,
    fields: Mapping[str, str],
    notes: tuple[str, ...],
) -> Draft:
    if len(row) > len(header):
        raise ArticleError(
            name, f"{len(row)} columns where the first row names {len(header)}: put fields with delimiters in quotes"
        )
    record = dict(zip(header, [*row, *[""] * (len(header) - len(row))], strict=True))
    draft = draft_of(record, fields=fields, name=name, relative=relative)
    return replace(draft, notes=(*draft.notes, *notes))


def _broken(name: str, problem: str) -> Draft:
    raise ArticleError(name, f"not a row of a table ({problem}): check its quotation marks")


class _Repair:
    """Stands in for bytes that are not UTF-8, and remembers that there were some."""

    def __init__(self) -> None:
        self.name = "byline-windows-1252"
        self._met = False
        codecs.register_error(self.name, self._replace)

    def notes(self) -> tuple[str, ...]:
        return ("bytes that are not UTF-8 were read as Windows-1252",) if self._met else ()

    def _replace(self, error: UnicodeError) -> tuple[str, int]:
        assert isinstance(error, UnicodeDecodeError)
        self._met = True
        return error.object[error.start : error.end].decode("cp1252", "replace"), error.end


def _records(batch: Any) -> list[dict[str, Any]]:
    import pyarrow as pa

    for place, column in enumerate(batch.schema):
        if pa.types.is_timestamp(column.type) and column.type.unit == "ns":
            # Python's own datetimes hold no nanoseconds; pandas would be asked for its.
            fitting = pa.timestamp("us", column.type.tz)
            batch = batch.set_column(place, column.name, batch.column(place).cast(fitting, safe=False))
    found: list[dict[str, Any]] = batch.to_pylist()
    return found


def _of_record(record: Mapping[str, Any], relative: str, name: str, fields: Mapping[str, str]) -> Draft:
    return draft_of(_plain(record), fields=fields, name=name, relative=relative)


def _plain(value: Any) -> Any:
    """A value as JSON holds it."""
    if isinstance(value, Mapping):
        return {str(key): _plain(inner) for key, inner in value.items()}
    if isinstance(value, list):
        return [_plain(inner) for inner in value]
    if isinstance(value, date | datetime):
        return value.isoformat()
    if isinstance(value, bytes):
        return value.decode("utf-8", "replace")
    return value if isinstance(value, str | int | float | None) else str(value)
