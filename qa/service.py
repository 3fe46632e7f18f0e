"""``ArticleQA``: a question in, a cited answer or a refusal out."""

from __future__ import annotations

import math
import os
import time
from collections.abc import Iterator, Sequence
from datetime import date, datetime
from types import TracebackType

from index import Article, ArticleIndex, Filter, QuestionError
from qa.answer import Answer, Claim
from qa.citation import Citation, Passage, deep_link
from qa.question import Question, check_filter, understand
from qa.retrieve import RankedSentence, Ranking, passages, rank

__all__ = ["ArticleQA"]

# The chance that the articles answer: logistic regression, classes weighed equally, on the
# best sentence's cosine and on the share, by rarity, of the question's words that stand in
# its passage or headline. Fitted on questions about SQuAD 2.0 articles half of which were
# left out, and on the gazette's own and others' questions. At the threshold it refuses 2%
# of what the articles answer, and answers 5% or less of what no article is about.
_COSINE = 14.0
_COVERAGE = 6.3
_BIAS = -8.2
_THRESHOLD = 0.4

_CLAIMS = 3
# A further sentence is shown where it is nearly as good as the best.
_NEARLY = 0.9
_SAME_WORDS = 0.7
_NEAREST = 5


class ArticleQA:
    """Questions to one index, answered from its articles alone.

    Safe to share between threads. It sees each change of the index from the question
    after it on; each question sees one moment.
    """

    def __init__(self, index: ArticleIndex) -> None:
        self._index = index

    @classmethod
    def open(cls, path: str | os.PathLike[str], *, model: str | None = None) -> ArticleQA:
        """Open the index in the folder ``path`` to read it.

        Raises IndexMissingError, IndexDamagedError, ModelMismatchError or ModelError.
        """
        return cls(ArticleIndex.open(path, read_only=True, model=model))

    def close(self) -> None:
        """Close the index."""
        self._index.close()

    def __enter__(self) -> ArticleQA:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    @property
    def article_count(self) -> int:
        """How many articles can be asked about."""
        return self._index.article_count

    @property
    def sentence_count(self) -> int:
        """How many sentences they have."""
        return self._index.sentence_count

    def articles(self) -> Iterator[Article]:
        """Every article, in order of id."""
        return self._index.articles()

    def article(self, article_id: str) -> Article:
        """One article.

        Raises ArticleNotFoundError.
        """
        return self._index.article(article_id)

    def retrieve(
        self,
        question: str,
        *,
        k: int = 5,
        as_of: date | datetime | None = None,
        published_from: date | None = None,
        published_to: date | None = None,
        sources: Sequence[str] | None = None,
    ) -> tuple[Passage, ...]:
        """The ``k`` passages most likely to hold the answer, best first.

        ``as_of`` leaves out what was published later and prefers what was new then;
        ``published_from`` and ``published_to`` are days, both included; ``sources`` are
        names as ``Article.source`` has them.

        Raises QuestionError, ModelError, or StoreError where the index can't be read.
        """
        understood, where = _request(question, as_of, published_from, published_to, sources)
        _check_count(k)
        with self._index.moment():
            return passages(rank(self._index, understood, where), k)

    def rank_sentences(
        self,
        question: str,
        *,
        k: int = 10,
        as_of: date | datetime | None = None,
        published_from: date | None = None,
        published_to: date | None = None,
        sources: Sequence[str] | None = None,
    ) -> tuple[RankedSentence, ...]:
        """The ``k`` sentences most likely to hold the answer, best first; as ``retrieve``."""
        understood, where = _request(question, as_of, published_from, published_to, sources)
        _check_count(k)
        with self._index.moment():
            return rank(self._index, understood, where).sentences[:k]

    def ask(
        self,
        question: str,
        *,
        as_of: date | datetime | None = None,
        published_from: date | None = None,
        published_to: date | None = None,
        sources: Sequence[str] | None = None,
    ) -> Answer:
        """The sentences that answer, word for word and cited, or a refusal with its reason.

        Filters and errors are those of ``retrieve``.
        """
        began = time.perf_counter()
        understood, where = _request(question, as_of, published_from, published_to, sources)
        with self._index.moment():
            ranking = rank(self._index, understood, where)
            nearest = passages(ranking, _NEAREST)
            confidence = self._confidence(ranking, nearest)
            answered = confidence >= _THRESHOLD
            chosen = self._choose(understood, ranking) if answered else []
        citations = tuple(_cite(marker, ranked) for marker, ranked in enumerate(chosen, 1))
        return Answer(
            question=understood.text,
            answered=answered,
            claims=tuple(Claim(text=citation.quote, markers=(citation.marker,)) for citation in citations),
            citations=citations,
            passages=nearest,
            reason=None if answered else _refusal(ranking, where),
            confidence=confidence,
            as_of=as_of,
            took_ms=(time.perf_counter() - began) * 1000,
        )

    def warm(self) -> None:
        """Load the model and the index now, so that the first question needn't wait.

        Raises ModelError, or StoreError where the index can't be read.
        """
        self._index.search("warm")

    def examples(self, n: int = 4) -> tuple[str, ...]:
        """Questions that these articles may answer: one on each of ``n`` headlines, spread
        over all the articles."""
        return tuple(f"What do the articles say about “{title}”?" for title in self._index.titles(n))

    def _confidence(self, ranking: Ranking, nearest: Sequence[Passage]) -> float:
        if not nearest:
            return 0.0
        found, passage, best = ranking.found, nearest[0], ranking.sentences[0]
        present = self._index.terms(f"{passage.article.title} {passage.text}")
        total = sum(found.weights)
        shared = sum(w for term, w in zip(found.terms, found.weights, strict=True) if term in present)
        coverage = shared / total if total else 0.0
        return 1 / (1 + math.exp(-(_BIAS + _COSINE * best.cosine + _COVERAGE * coverage)))

    def _choose(self, question: Question, ranking: Ranking) -> list[RankedSentence]:
        """The best sentence, then those nearly as good that say something else, each
        article's in reading order. Where some hold the kind of thing asked for, only those."""
        near = [r for r in ranking.sentences if r.score >= _NEARLY * ranking.sentences[0].score]
        near = [r for r in near if question.is_met_by(r.text)] or near
        chosen: list[RankedSentence] = []
        words: list[frozenset[str]] = []
        for ranked in near:
            own = self._index.terms(ranked.text)
            if all(len(own & other) <= _SAME_WORDS * len(own | other) for other in words):
                chosen.append(ranked)
                words.append(own)
            if len(chosen) == _CLAIMS:
                break
        order = {article_id: place for place, article_id in enumerate(dict.fromkeys(r.article.id for r in chosen))}
        further = sorted(chosen[1:], key=lambda r: (order[r.article.id], r.sentence.ordinal))
        return chosen[:1] + further


def _request(
    question: str,
    as_of: date | datetime | None,
    published_from: date | None,
    published_to: date | None,
    sources: Sequence[str] | None,
) -> tuple[Question, Filter]:
    if isinstance(sources, str):
        raise QuestionError(f"sources is one string, {sources[:80]!r}: give a list of names")
    where = Filter(
        as_of=as_of,
        published_from=published_from,
        published_to=published_to,
        sources=None if sources is None else tuple(sources),
    )
    check_filter(where)
    return understand(question), where


def _check_count(k: int) -> None:
    if not isinstance(k, int) or k < 1:
        raise QuestionError(f"k is {k!r}: ask for at least one")


def _cite(marker: int, ranked: RankedSentence) -> Citation:
    return Citation(
        marker=marker,
        article=ranked.article,
        span=ranked.sentence.span,
        quote=ranked.text,
        paragraph=ranked.sentence.paragraph,
        score=ranked.score,
        link=deep_link(ranked.article.url, ranked.text),
    )


def _refusal(ranking: Ranking, where: Filter) -> str:
    found = ranking.found
    if not found.total:
        return "There are no articles yet: add some with `byline add`."
    undated = f" {found.undated:,} of unknown date can't be shown to be in time." if found.undated else ""
    if not found.passing:
        return f"None of the {found.total:,} articles passes the filters.{undated}"
    return f"The articles don't say.{undated}"
