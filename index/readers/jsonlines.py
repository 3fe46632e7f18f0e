"""JSON Lines: one article a line."""

from __future__ import annotations

import gzip
import json
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import IO, cast

from index.article import clean_line
from index.errors import ArticleError
from index.readers.facts import MAX_TEXT, Found, article_from, decode

__all__ = ["read_json_lines"]

# JSON may spend six bytes on a character, but a line of that kind is no article.
_MAX_LINE = 4 * MAX_TEXT + 100_000


def read_json_lines(path: Path, relative: str) -> Iterator[Found | ArticleError]:
    """The articles of a ``.jsonl`` file, gzipped or not, with the keys ``title``, ``text``
    and where known ``published``, ``url``, ``author``, ``source``, ``language``, ``id``.

    A broken line is yielded as an ArticleError and the next one read. An article without
    a url is known by the file and its ``id``, else by its line.
    """
    found = False
    with _open(path) as file:
        try:
            for number, line in _lines(file):
                name = f"{path}:{number}"
                if line is None:
                    found = True
                    yield ArticleError(name, f"the line is longer than {_MAX_LINE:,} bytes: split the article")
                elif line.strip():
                    found = True
                    yield _article(line, name, f"{relative}#{number}", relative)
        except (EOFError, zlib.error, gzip.BadGzipFile) as error:
            yield ArticleError(str(path), f"damaged gzip file ({error}): what came before was read; make it anew")
            return
    if not found:
        yield ArticleError(str(path), "the file is empty: write an article a line in it, or leave it out")


def _open(path: Path) -> IO[bytes]:
    return cast("IO[bytes]", gzip.open(path)) if path.name.lower().endswith(".gz") else path.open("rb")


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


def _article(line: bytes, name: str, by_line: str, relative: str) -> Found | ArticleError:
    try:
        record = json.loads(decode(line, name))
    except ArticleError as error:
        return error
    except (ValueError, RecursionError) as error:
        return ArticleError(name, f"not JSON ({error}): write one JSON object a line")
    if not isinstance(record, dict):
        return ArticleError(name, f"a JSON {type(record).__name__}, not an object: write one JSON object a line")
    text = record.get("text")
    if not isinstance(text, str):
        return ArticleError(name, "no `text`: give the article's text as a string")
    own = clean_line(str(record.get("id") or ""))
    fallback = f"{relative}#{own[:200]}" if own else by_line
    try:
        return article_from(record, text, name=name, fallback_id=fallback)
    except ArticleError as error:
        return error
