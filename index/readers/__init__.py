"""Files and folders to articles; what can't be read is rejected by name, with the reason."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from index.article import Article, clean_line
from index.errors import ArticleError
from index.readers.facts import Found
from index.readers.jsonlines import read_json_lines
from index.readers.plain import read_markdown, read_text

__all__ = ["SUFFIXES", "Reading", "read_all"]

_Reader = Callable[[Path, str], Iterator["Found | ArticleError"]]

_READERS: dict[str, _Reader] = {
    ".txt": read_text,
    ".text": read_text,
    ".md": read_markdown,
    ".markdown": read_markdown,
    ".jsonl": read_json_lines,
    ".ndjson": read_json_lines,
    ".jsonl.gz": read_json_lines,
    ".ndjson.gz": read_json_lines,
}

SUFFIXES = tuple(_READERS)
"""The kinds of file that are read, by the end of their names."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """One thing found: an article, or ``error`` with the reason why there is none.

    ``name`` is what the user would call it, ``origin`` the absolute path of its file, and
    ``note`` what had to be made good in it.
    """

    name: str
    origin: str
    article: Article | None = None
    note: str | None = None
    error: ArticleError | None = None


def read_all(paths: Iterable[str | os.PathLike[str]]) -> Iterator[Reading]:
    """Every article in ``paths``: files, or folders walked in order of name.

    An article without a url is known by its path within the folder given (by its file
    name where the file itself was given). Hidden files and folders are passed over.
    """
    for given in paths:
        path = Path(given)
        try:
            folder = path.is_dir()
        except OSError as error:
            yield _unreadable(path, error)
            continue
        yield from _walk(path) if folder else _read(path, path.name)


def _walk(folder: Path) -> Iterator[Reading]:
    unreadable: list[OSError] = []
    for parent, folders, files in os.walk(folder, onerror=unreadable.append):
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        # Links may lead out of the folder, or round in it; what they lead to can be given itself.
        links = [name for name in folders if Path(parent, name).is_symlink()]
        for name in sorted(files + links):
            path = Path(parent, name)
            if path.is_symlink() and not name.startswith("."):
                yield _rejection(path, "a symbolic link, which is not followed: give what it leads to")
            elif not name.startswith("."):
                yield from _read(path, path.relative_to(folder).as_posix())
    for error in unreadable:
        yield _rejection(
            Path(error.filename or folder), f"the folder can't be read ({error.strerror}): check its permissions"
        )


def _read(path: Path, relative: str) -> Iterator[Reading]:
    relative = _printable(relative)
    try:
        reader = _reader_for(path)
        for number, found in enumerate(reader(path, relative)):
            if isinstance(found, ArticleError):
                yield Reading(name=found.name, origin=_origin(path), error=found)
            else:
                article = found.article
                name = str(path) if number == 0 and article.id == relative else f"{path} ({article.id})"
                yield Reading(name=_printable(name), origin=_origin(path), article=article, note=found.note)
    except ArticleError as error:
        yield Reading(name=error.name, origin=_origin(path), error=error)
    except OSError as error:
        yield _unreadable(path, error)
    except (RecursionError, MemoryError, ValueError) as error:
        # Formats are read by libraries, and one file must not stop the rest.
        yield _rejection(path, f"can't be read ({type(error).__name__}: {error}): check it, or convert it")


def _reader_for(path: Path) -> _Reader:
    if not path.exists():
        raise ArticleError(_printable(str(path)), "no such file or folder: check the path")
    if not path.is_file():
        raise ArticleError(_printable(str(path)), "not a regular file: give a file or a folder of files")
    lower = path.name.lower()
    for suffix, reader in _READERS.items():
        if lower.endswith(suffix):
            return reader
    raise ArticleError(
        _printable(str(path)),
        f"unknown kind of file: Byline reads {', '.join(SUFFIXES)}; convert it or rename it",
    )


def _unreadable(path: Path, error: OSError) -> Reading:
    return _rejection(path, f"can't be read ({error.strerror or error}): check that it exists and its permissions")


def _rejection(path: Path, reason: str) -> Reading:
    error = ArticleError(_printable(str(path)), reason)
    return Reading(name=error.name, origin=_origin(path), error=error)


def _origin(path: Path) -> str:
    return _printable(str(path.absolute()))


def _printable(name: str) -> str:
    # A file's name may hold what steers a terminal, and bytes that are no text.
    return clean_line(name)
