"""JSON Lines: one article a line."""

from __future__ import annotations

import json
from collections.abc import Iterator
from functools import partial
from typing import IO

from index.article import clean_line
from index.errors import ArticleError
from index.readers.facts import MAX_TEXT, decode
from index.readers.steps import Draft, Options, Source, Step

__all__ = ["read_json_lines"]

# JSON may spend six bytes on a character, but a line of that kind is no article.
_MAX_LINE = 4 * MAX_TEXT + 100_000


def read_json_lines(source: Source, options: Options) -> Iterator[Step]:
    """The articles of a ``.jsonl`` file, a JSON object a line."""
    found = False
    with source.open() as file:
        for number, line in _lines(file):
            name = f"{source.name}:{number}"
            if line is None or line.strip():
                found = True
                yield Step(name=name, run=partial(_article, line, name, source.relative))
    if not found:
        raise ArticleError(source.name, "the file is empty: write an article a line in it, or leave it out")


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


def _article(line: bytes | None, name: str, relative: str) -> Draft:
    if line is None:
        raise ArticleError(name, f"the line is longer than {_MAX_LINE:,} bytes: split the article")
    try:
        record = json.loads(decode(line, name))
    except ArticleError:
        raise
    except (ValueError, RecursionError) as error:
        raise ArticleError(name, f"not JSON ({error}): write one JSON object a line") from None
    if not isinstance(record, dict):
        raise ArticleError(name, f"a JSON {type(record).__name__}, not an object: write one JSON object a line")
    text = record.get("text")
    if not isinstance(text, str):
        raise ArticleError(name, "no `text`: give the article's text as a string")
    own = clean_line(str(record.get("id") or ""))
    return Draft(
        name=name,
        relative=f"{relative}#{own[:200]}" if own else relative,
        facts=record,
        text=text,
        alone=bool(own),
        strict=True,
    )
