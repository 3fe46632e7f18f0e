"""Compressed files, held to what an honest one expands to."""

from __future__ import annotations

import gzip
import io
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import IO, cast

from index.errors import ArticleError
from index.readers.steps import Source

__all__ = ["gunzipped", "members"]

# Text shrinks to a quarter or a tenth, and what repeats itself to a fiftieth; past that,
# and past what memory holds easily, a file was made to do harm.
_RATIO = 100
_FREE = 64_000_000
_MOST_MEMBERS = 200_000


def gunzipped(source: Source) -> Source:
    """What a gzip file holds. Reading it raises ArticleError where it expands without end."""

    def opened() -> IO[bytes]:
        return _bounded(cast("IO[bytes]", gzip.GzipFile(fileobj=source.open())), source.size, source.name)

    return replace(source, open=opened)


def members(source: Source) -> Iterator[Source | ArticleError]:
    """The files in a zip archive, in order of name, hidden ones passed over.

    Raises ArticleError where it is damaged, holds too much, or expands without end.
    """
    try:
        archive = zipfile.ZipFile(source.open())
    except (zipfile.BadZipFile, NotImplementedError, ValueError) as error:
        raise ArticleError(source.name, f"damaged zip archive ({error}): make it anew") from None
    files = [info for info in archive.infolist() if not info.is_dir()]
    if len(files) > _MOST_MEMBERS:
        raise ArticleError(source.name, f"{len(files):,} files are too many (at most {_MOST_MEMBERS:,}): split it")
    total = sum(info.file_size for info in files)
    if total > max(_FREE, _RATIO * source.size):
        raise ArticleError(
            source.name, f"{source.size:,} bytes that expand to {total:,}: left alone, as bombs are made so; unpack it"
        )
    for info in sorted(files, key=lambda info: info.filename):
        inner = info.filename.replace("\\", "/").strip("/")
        if not inner or any(_is_hidden(part) for part in inner.split("/")):
            continue
        name = f"{source.name}/{inner}"
        if info.flag_bits & 1:
            yield ArticleError(name, "encrypted: unpack it with its password, and add what comes out")
        else:
            yield Source(
                name=name,
                relative=f"{source.relative}/{inner}",
                size=info.compress_size,
                open=_member(archive, info, name),
            )


def _is_hidden(part: str) -> bool:
    # Nothing is unpacked by name, so a path that leads upwards is only a name.
    return (part.startswith(".") and part != "..") or part == "__MACOSX"


def _member(archive: zipfile.ZipFile, info: zipfile.ZipInfo, name: str) -> Callable[[], IO[bytes]]:
    def opened() -> IO[bytes]:
        try:
            file = archive.open(info)
        except (zipfile.BadZipFile, NotImplementedError, RuntimeError) as error:
            raise ArticleError(name, f"damaged within its archive ({error}): make it anew") from None
        return _bounded(file, info.compress_size, name)

    return opened


class _Bounded(io.RawIOBase):
    """Passes on what it reads, and stops where that is too much for its origin's size."""

    def __init__(self, file: IO[bytes], most: int, name: str) -> None:
        self._file, self._left, self._most, self._name = file, most, most, name

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]
        # No more than is at hand: what comes before damage is handed on.
        data = cast("gzip.GzipFile", self._file).read1(len(buffer))
        self._left -= len(data)
        if self._left < 0:
            raise ArticleError(
                self._name, f"expands to more than {self._most:,} bytes: left alone, as bombs are made so; unpack it"
            )
        buffer[: len(data)] = data
        return len(data)

    def close(self) -> None:
        self._file.close()
        super().close()


def _bounded(file: IO[bytes], size: int, name: str) -> IO[bytes]:
    return cast("IO[bytes]", io.BufferedReader(_Bounded(file, max(_FREE, _RATIO * size), name), 1 << 16))
