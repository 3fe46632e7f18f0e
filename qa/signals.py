"""What speaks for a sentence as the answer, in numbers, and what each number weighs."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import TypeVar

import numpy as np
from numpy.typing import ArrayLike, NDArray

from index import Article, Look
from qa.question import Question

__all__ = ["PLACE", "SIGNALS", "Relevance", "Weights", "measure", "read_text", "weights"]

Matrix = NDArray[np.float64]
"""Sentences by signals."""

Kind = TypeVar("Kind", np.bool_, np.float64)

SIGNALS: dict[str, str] = {
    "meaning": "cosine of the sentence's own vector with the question",
    "context": "cosine of its vector pooled with its neighbours, headline and article",
    "nearest": "its own meaning, from 0 (the farthest of those looked at) to 1 (the nearest)",
    "nearest context": "its pooled meaning, likewise",
    "words": "its BM25 a unit of the question's rarity",
    "wordiest": "its BM25, 1 for the best of those looked at",
    "wordiest next": "the BM25 of the sentence after it, likewise",
    "covers": "share, by rarity, of the question's words that it has",
    "covers with the one before": "the same, with the sentence before it",
    "covers with both beside": "the same, with the sentences on both sides",
    "paragraph covers": "the same, with its paragraph, both beside and the headline",
    "article covers": "the same, with the whole article",
    "headline covers": "the same, by the headline alone",
    "names": "share of the names asked about that it has",
    "names around": "the same, with both beside and the headline",
    "numbers around": "share of the numbers asked about that it has, with both beside and the headline",
    "rarest missing": "how rare the rarest word of the question is that it lacks, 1 for the question's rarest",
    "wanted": "how well that fits what is asked for: 0, .5 or 1",
    "asks": "1 where it is a question itself",
    "heading": "1 where it doesn't end as a sentence does",
    "length": "logarithm of its length in words",
    "early": "1 / its place in the article",
    "early paragraph": "1 / its paragraph's place in the article",
    "article": "its article's meaning and words, times recency; 1 for the best",
    "article meaning": "its article's meaning, from 0 to 1",
    "article words": "its article's BM25, from 0 to 1",
    "recency as of": "logarithm of the factor for age, where a day is given",
    "recency": "the same, where none is",
}
"""Every signal, by name, with what it measures."""

PLACE = {name: place for place, name in enumerate(SIGNALS)}
"""Where each signal stands in a row."""

_ENDED = re.compile(r"""[.!?…)\]][”’"')\]]*\s*\Z|[”’"']\s*\Z""")
_ASKS = re.compile(r"""\?[”’"')\]]*\s*\Z""")
_WORD = re.compile(r"\w[\w’'.-]*\w|\w")


@dataclass(frozen=True, slots=True, kw_only=True)
class Relevance:
    """What an article as a whole has to do with a question: ``score`` places it, and its
    parts ``meaning`` and ``words`` are in [0, 1] over all articles found; ``time`` in (0, 1]
    is the factor for age."""

    score: float
    meaning: float
    words: float
    time: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Weights:
    """A logistic regression over signals: the chance that a sentence answers."""

    of: NDArray[np.float64]
    bias: float

    def shares(self, signals: Sequence[float]) -> dict[str, float]:
        """How much each signal speaks for a sentence (above 0) or against it, weightiest first:
        what it adds to the log-odds, as a share of all that is added or taken; 0 left out."""
        parts = self.of * np.array(signals)
        whole = float(np.abs(parts).sum()) or 1.0
        told = {name: part / whole for name, part in zip(SIGNALS, parts.tolist(), strict=True) if part}
        return dict(sorted(told.items(), key=lambda item: -abs(item[1])))

    def scores(self, signals: Matrix) -> NDArray[np.float64]:
        """The chance of each sentence, (n,), in (0, 1)."""
        return 1 / (1 + np.exp(-np.clip(signals @ self.of + self.bias, -60, 60)))


@cache
def weights() -> Weights:
    """The weights that come with Byline, made by ``python -m eval.fit``."""
    held = json.loads(files("qa").joinpath("weights.json").read_text("utf-8"))["sentence"]
    return Weights(of=np.array([held["signals"].get(name, 0.0) for name in SIGNALS]), bias=held["bias"])


def measure(
    question: Question,
    look: Look,
    rarity: Sequence[float],
    terms: Sequence[str],
    articles: Mapping[int, Article],
    relevance: Mapping[int, Relevance],
    terms_of: Callable[[str], frozenset[str]],
    *,
    as_of: bool,
) -> Matrix:
    """The signals of every sentence looked at but those of its text, which are 0:
    ``read_text`` fills them for the few that may answer.

    ``rarity`` and ``terms`` are the question's, ``articles`` and ``relevance`` by key.
    """
    holds, keys, paragraphs = look.holds, look.keys, look.paragraphs
    signals = np.zeros((len(look), len(SIGNALS)))
    if not len(look):
        return signals

    def put(name: str, values: ArrayLike) -> None:
        signals[:, PLACE[name]] = values

    starts = np.flatnonzero(np.r_[True, keys[1:] != keys[:-1]])
    first_of = np.flatnonzero(np.r_[True, (keys[1:] != keys[:-1]) | (paragraphs[1:] != paragraphs[:-1])])
    in_article = np.cumsum(np.r_[0, (keys[1:] != keys[:-1]).astype(int)])
    in_paragraph = np.searchsorted(first_of, np.arange(len(look)), side="right") - 1

    weight = np.array(rarity, np.float64)
    whole = weight.sum() or 1.0

    def share(held: NDArray[np.bool_]) -> NDArray[np.float64]:
        covered: NDArray[np.float64] = held @ weight / whole
        return covered

    before, after = _shifted(holds, keys, 1), _shifted(holds, keys, -1)
    title_terms = [terms_of(articles[int(keys[start])].title) for start in starts]
    title = np.array([[term in held for term in terms] for held in title_terms], np.bool_)[in_article]
    around = holds | before | after
    paragraph = np.logical_or.reduceat(holds, first_of, axis=0)[in_paragraph]
    article = np.logical_or.reduceat(holds, starts, axis=0)[in_article]

    wordiest = look.words / (look.words.max() or 1.0)
    put("meaning", look.meaning)
    put("context", look.context)
    put("nearest", _spread(look.meaning))
    put("nearest context", _spread(look.context))
    put("words", look.words / whole)
    put("wordiest", wordiest)
    put("wordiest next", _shifted(wordiest[:, None], keys, -1)[:, 0])
    put("covers", share(holds))
    put("covers with the one before", share(holds | before))
    put("covers with both beside", share(around))
    put("paragraph covers", share(paragraph | around | title))
    put("article covers", share(article | title))
    put("headline covers", share(title))
    names, numbers = _named(question.text, terms, terms_of)
    put("names", _part(holds, names))
    put("names around", _part(around | title, names))
    put("numbers around", _part(around | title, numbers))
    put("rarest missing", np.where(holds, 0.0, weight).max(axis=1) / (weight.max() or 1.0) if len(weight) else 0.0)
    put("early", 1 / (1 + look.ordinals))
    put("early paragraph", 1 / np.maximum(paragraphs, 1))
    best = max(found.score for found in relevance.values()) or 1.0
    own = [relevance[int(key)] for key in keys[starts]]
    put("article", np.array([found.score / best for found in own])[in_article])
    put("article meaning", np.array([found.meaning for found in own])[in_article])
    put("article words", np.array([found.words for found in own])[in_article])
    put("recency as of" if as_of else "recency", np.array([math.log(found.time) for found in own])[in_article])
    return signals


def read_text(question: Question, texts: Sequence[str], signals: Matrix) -> None:
    """Fill in the signals of each sentence's text, in place."""
    for row, text in zip(signals, texts, strict=True):
        row[PLACE["wanted"]] = question.fit(text)
        row[PLACE["asks"]] = bool(_ASKS.search(text))
        row[PLACE["heading"]] = not _ENDED.search(text)
        row[PLACE["length"]] = math.log1p(len(text.split()))


def _shifted(values: NDArray[Kind], keys: NDArray[np.int64], by: int) -> NDArray[Kind]:
    """Each sentence's neighbour's row, ``by`` sentences before it; 0 where there is none."""
    moved = np.zeros_like(values)
    if by > 0:
        moved[by:] = np.where((keys[by:] == keys[:-by])[:, None], values[:-by], moved[by:])
    else:
        moved[:by] = np.where((keys[:by] == keys[-by:])[:, None], values[-by:], moved[:by])
    return moved


def _spread(values: NDArray[np.float32]) -> NDArray[np.float32]:
    width = values.max() - values.min()
    return (values - values.min()) / width if width > 0 else np.ones_like(values)


def _part(held: NDArray[np.bool_], which: NDArray[np.bool_]) -> NDArray[np.float64] | float:
    # Where none is asked about, none is missing nor there.
    return held[:, which].mean(axis=1) if which.any() else 0.5


def _named(
    question: str, terms: Sequence[str], terms_of: Callable[[str], frozenset[str]]
) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
    """Which of the question's terms are of names, and which of numbers."""
    names: set[str] = set()
    numbers: set[str] = set()
    for found in _WORD.finditer(question):
        if found[0][0].isdigit():
            numbers |= terms_of(found[0])
        elif found.start() > 0 and found[0][0].isupper():
            names |= terms_of(found[0])
    return np.array([t in names for t in terms], np.bool_), np.array([t in numbers for t in terms], np.bool_)
