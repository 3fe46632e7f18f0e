"""JSON, whole or a record a line."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import replace
from functools import partial
from typing import IO, Any

from index.errors import ArticleError
from index.readers.facts import MAX_TEXT, decode
from index.readers.fields import draft_of, record_in, records_in
from index.readers.steps import Draft, Options, Source, Step

__all__ = ["read_json", "read_json_lines"]

# JSON may spend six bytes on a character, but a line of that kind is no article.
_MAX_LINE = 4 * MAX_TEXT + 100_000
# Parsed, JSON takes several times its size.
_MAX_WHOLE = 200_000_000


def read_json(source: Source, options: Options) -> Iterator[Step]:
    """A ``.json`` file: an array of records, an object that holds one under any name that
    servers use, a single record; or in truth JSON Lines."""
    if _is_lines(source):
        yield from read_json_lines(source, options)
        return
    data = source.read(_MAX_WHOLE, "save it as JSON Lines, a record a line")
    try:
        document = json.loads(decode(data, source.name))
    except ArticleError:
        raise
    except (ValueError, RecursionError) as error:
        raise ArticleError(source.name, f"not JSON ({error}): save it anew") from None
    del data
    records = records_in(document)
    if not records:
        raise ArticleError(source.name, "an empty list: there is nothing to add")
    several = isinstance(document, list) or len(records) > 1 or records[0] is not document
    for number, record in enumerate(records, 1):
        name = f"{source.name}:{number}" if several else source.name
        yield Step(name=name, run=partial(_draft, record, source.relative, name, options.fields, several))


def read_json_lines(source: Source, options: Options) -> Iterator[Step]:
    """The articles of a ``.jsonl`` file, a JSON object a line."""
    found = False
    with source.open() as file:
        for number, line in _lines(file):
            name = f"{source.name}:{number}"
            if line is None or line.strip():
                found = True
                yield Step(name=name, run=partial(_of_line, line, name, source.relative, options.fields))
    if not found:
        raise ArticleError(source.name, "the file is empty: write an article a line in it, or leave it out")


def _is_lines(source: Source) -> bool:
    """Whether the first line is a record of its own, with another behind it."""
    with source.open() as file:
        first, second = file.readline(_MAX_LINE), file.readline(2)
    if not first.startswith(b"{") or not second.strip():
        return False
    try:
        return isinstance(json.loads(first), dict)
    except (ValueError, RecursionError):
        return False


def _lines(file: IO[bytes]) -> Iterator[tuple[int, bytes | None]]:
    """Lines by number from 1; None for one too long to hold, which is skipped unread."""
    number = 0
    while line := file.readline(_MAX_LINE + 1):
        number += 1
        if len(line) <= _MAX_LINE:
            yield number, line
            continue
        while line and not line.endswith(b"\n"):
            line = file.readline(_MAX_LINE + 1)
        yield number, None


def _of_line(line: bytes | None, name: str, relative: str, fields: Mapping[str, str]) -> Draft:
    if line is None:
        raise ArticleError(name, f"the line is longer than {_MAX_LINE:,} bytes: split the article")
    try:
        record = record_in(json.loads(decode(line, name)))
    except ArticleError:
        raise
    except (ValueError, RecursionError) as error:
        raise ArticleError(name, f"not JSON ({error}): write one JSON object a line") from None
    if not isinstance(record, dict):
        raise ArticleError(name, f"a JSON {type(record).__name__}, not an object: write one JSON object a line")
    return draft_of(record, fields=fields, name=name, relative=relative, strict=True)


def _draft(item: Any, relative: str, name: str, fields: Mapping[str, str], several: bool) -> Draft:
    record = record_in(item)
    if not isinstance(record, dict):
        raise ArticleError(name, f"a JSON {type(record).__name__}, not an object: there is no article in it")
    draft = draft_of(record, fields=fields, name=name, relative=relative)
    # A file that is one article is known by its name, as a page is.
    return draft if several else replace(draft, relative=relative, alone=True)
