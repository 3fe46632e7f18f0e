"""A newspaper of any length: real articles, then editions of them, each sentence a little another.

What an index of hundreds of thousands of sentences costs is measured on one, but embedding
as many takes minutes that say nothing about it. So some articles are embedded, and past
them the same articles come again in later editions: another id, a mark in the headline
and after each sentence's first word, so that no text, key or word count is shared, and
the vector of what it was made of with a little noise. Everything else is ``ArticleIndex.add``
as it is.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import date, timedelta
from itertools import count
from pathlib import Path
from unittest.mock import patch

import numpy as np

from index import Article
from index.embedder import Embedder, Vectors, unit
from index.readers import read_all
from index.sentences import split

__all__ = ["DAYS", "FIRST_DAY", "GAZETTE", "Newspaper", "noisy"]

GAZETTE = Path(__file__).parents[1] / "gazette"
FIRST_DAY = date(2020, 1, 1)
DAYS = 1_000
"""Articles are dated in turn over so many days, so that a filter by date passes any share."""

_MARK = re.compile(r" edition\d+")
# The length of the noise beside a vector's 1: a cosine of .98 with what it was made of.
_NOISE = 0.2


class Newspaper:
    """Articles without end, in an order that is always the same."""

    def __init__(self, paths: Sequence[str], *, real: int) -> None:
        """The first ``real`` sentences, by whole articles, are those of the files at ``paths``.

        Raises ValueError where no article is there.
        """
        self.articles: list[Article] = []
        """The first edition."""
        self._made_of: dict[str, Vectors] = {}
        sentences = 0
        for reading in read_all(paths):
            if reading.article and sentences < real:
                self.articles.append(reading.article)
                sentences += len(split(reading.article.text, reading.article.language))
        if not self.articles:
            raise ValueError(f"{', '.join(paths)}: no articles: name a file or folder that holds some")
        self.real = sentences
        """How many sentences there are before the first comes again."""
        self._printed = self._print()

    def take(self, sentences: int) -> list[Article]:
        """The next articles, until they have that many sentences; one at least."""
        taken: list[Article] = []
        held = 0
        while not taken or held < sentences:
            taken.append(next(self._printed))
            held += len(split(taken[-1].text, taken[-1].language))
        return taken

    def stream(self, sentences: int) -> Iterator[Article]:
        """The same, one at a time."""
        held = 0
        while held < sentences:
            article = next(self._printed)
            held += len(split(article.text, article.language))
            yield article

    @contextmanager
    def embedded(self) -> Iterator[None]:
        """Within it, embedding a text of a later edition costs next to nothing."""
        embed = Embedder.embed

        def stand_in(self: Embedder, texts: Sequence[str], progress: Callable[[int], object] | None = None) -> Vectors:
            first = [_MARK.sub("", text) for text in texts]
            new = [text for text in dict.fromkeys(first) if text not in held]
            if new:
                held.update(zip(new, embed(self, new), strict=True))
            vectors = np.stack([held[text] for text in first]) if first else np.empty((0, self.dimension), np.float32)
            again = np.array([text != base for text, base in zip(texts, first, strict=True)], bool)
            vectors[again] = noisy(vectors[again], seed=len(held) + len(texts))
            if progress is not None:
                progress(len(texts))
            return vectors

        held = self._made_of
        with patch.object(Embedder, "embed", stand_in):
            yield

    def _print(self) -> Iterator[Article]:
        number = count()
        for edition in count(1):
            for article in self.articles:
                dated = replace(article, published=FIRST_DAY + timedelta(days=next(number) % DAYS))
                yield dated if edition == 1 else _again(dated, edition)


def noisy(vectors: Vectors, *, seed: int) -> Vectors:
    """Unit vectors each a little off what it was: a cosine of .98 with it."""
    rng = np.random.default_rng(seed)
    noise = rng.standard_normal(vectors.shape, dtype=np.float32) * (_NOISE / np.sqrt(vectors.shape[1]))
    return unit(vectors + noise)


def _again(article: Article, edition: int) -> Article:
    parts, end = [], 0
    for sentence in split(article.text, article.language):
        parts.append(article.text[end : sentence.span.start])
        first, blank, rest = article.text[sentence.span.start : sentence.span.end].partition(" ")
        parts.append(f"{first} edition{edition}{blank}{rest}")
        end = sentence.span.end
    return replace(
        article,
        id=f"{article.id}#edition{edition}",
        url=None,
        title=f"{article.title} edition{edition}",
        text="".join(parts) + article.text[end:],
    )
