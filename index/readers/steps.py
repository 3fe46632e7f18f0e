"""What a reader is: a file taken apart in steps, each the work of one article."""

from __future__ import annotations

import gzip
import zlib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import IO, Any, Protocol

from index.errors import ArticleError

__all__ = ["Draft", "Options", "Reader", "Source", "Step", "Watcher", "refusal", "walk"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """The bytes of one file, wherever they lie.

    ``name`` is what the user would call it, ``relative`` what articles in it are known
    by. ``size`` is in bytes as stored; ``open`` starts anew each time.
    """

    name: str
    relative: str
    size: int
    open: Callable[[], IO[bytes]]

    def read(self, most: int, advice: str) -> bytes:
        """All of it. Raises ArticleError with that advice where it is over ``most`` bytes."""
        with self.open() as file:
            data = file.read(most + 1)
        if len(data) > most:
            raise ArticleError(self.name, f"more than {most:,} bytes, too many to be read at once: {advice}")
        return data


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """How to read: ``fields`` names the fields that facts stand in, ahead of the usual
    names; ``url`` is where the file came from, if it was fetched, and ``charset`` the
    encoding that it was sent in, if that was said."""

    fields: Mapping[str, str] = field(default_factory=dict)
    url: str | None = None
    charset: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """What a reader found, before it is checked: facts and text, plain strings and lists.

    ``relative`` is what the article is known by where it has no url; where not ``alone``,
    the file holds others that have no better name, and its headline and day are added.
    ``strict`` says that a broken date is a reason to reject it.
    """

    name: str
    relative: str
    facts: Mapping[str, Any]
    text: str
    alone: bool = True
    strict: bool = False
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """The work of one article, or of a file that holds several; ``name`` says which."""

    name: str
    run: Callable[[], Draft | ArticleError | Iterator[Step] | None]


Reader = Callable[[Source, Options], Iterator[Step]]
"""Steps in an order that doesn't change. To pass over one must cost little."""


class Watcher(Protocol):
    """Is told how a walk comes along, so that it can be taken up again after its end."""

    def begin(self, number: int, name: str) -> None:
        """Step ``number`` of those at this depth begins."""

    def end(self) -> None:
        """The step begun last, and everything in it, is done."""

    def skip(self) -> None:
        """A step was passed over."""


def walk(
    steps: Iterator[Step], watcher: Watcher, name: str, after: tuple[int, ...] = ()
) -> Iterator[Draft | ArticleError]:
    """Run ``steps`` in order, those within steps too, and yield what they find.

    ``after`` is the place of the last step not to run again: its number at each depth.
    Formats are read by libraries, and whatever one raises becomes an ArticleError of that
    step; MemoryError passes.
    """
    number = 0
    while True:
        try:
            step = next(steps, None)
        except MemoryError:
            raise
        except Exception as error:
            yield refusal(error, name)
            return
        if step is None:
            return
        if after and (number < after[0] or (number == after[0] and len(after) == 1)):
            watcher.skip()
        else:
            inner = after[1:] if after and number == after[0] else ()
            watcher.begin(number, step.name)
            yield from _run(step, watcher, inner)
            watcher.end()
        number += 1


def _run(step: Step, watcher: Watcher, after: tuple[int, ...]) -> Iterator[Draft | ArticleError]:
    try:
        found = step.run()
    except MemoryError:
        raise
    except Exception as error:
        yield refusal(error, step.name)
        return
    if isinstance(found, Draft | ArticleError):
        yield found
    elif found is not None:
        yield from walk(found, watcher, step.name, after)


def refusal(error: Exception, name: str) -> ArticleError:
    """What went wrong as a reason to reject ``name``."""
    if isinstance(error, ArticleError):
        return error
    if isinstance(error, EOFError | zlib.error | gzip.BadGzipFile):
        return ArticleError(name, f"damaged gzip file ({error}): what came before was read; make it anew")
    if isinstance(error, OSError) and error.strerror:
        return ArticleError(name, f"can't be read ({error.strerror}): check that it exists and its permissions")
    return ArticleError(name, f"can't be read ({type(error).__name__}: {error}): check it, or convert it")
