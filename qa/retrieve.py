"""Ranking: which sentences may answer, by words, meaning and time; passages around them."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from index import Article, ArticleHit, ArticleIndex, Filter, SearchResult, Sentence, SentenceHit, Span, day_of
from qa.citation import Passage
from qa.question import Question

__all__ = ["RankedSentence", "Ranking", "passages", "rank"]

# Articles whose every sentence is looked at. The right one is among the first ten for
# .98 of the questions measured.
_ARTICLES = 20
# A sentence's own merit against its article's: enough to pick the sentence, too little
# to lift a stray one out of an article about something else.
_SENTENCE = 0.35
_CONTEXT = 0.4
_KIND = 0.5
# What the sentence beside it says by name, a sentence may say by pronoun.
_BESIDE = 0.5

# Age counts as f + (1 - f)·exp(-age / τ), ages in days: strongly for a question asked
# as of a day, gently from the newest article on where no day is given.
_AS_OF = (0.4, 20.0)
_NO_DAY = (0.7, 365.0)

_MOST_PER_ARTICLE = 3
_LONGEST = 1_200


@dataclass(frozen=True, slots=True, kw_only=True)
class RankedSentence:
    """A sentence with its article and what placed it.

    ``score`` in [0, 1] orders sentences; ``meaning`` and ``words`` in [0, 1] are relative
    to this question's best, ``cosine`` is absolute; ``time`` in (0, 1] is the factor for
    age. Articles of one ``story`` are near copies of each other.
    """

    article: Article
    sentence: Sentence
    story: int
    score: float
    meaning: float
    words: float
    cosine: float
    time: float

    @property
    def text(self) -> str:
        """The sentence's words, exactly as in the article."""
        return self.article.text[self.sentence.span.start : self.sentence.span.end]


@dataclass(frozen=True, slots=True, kw_only=True)
class Ranking:
    """Sentences best first, with what was searched."""

    found: SearchResult
    sentences: tuple[RankedSentence, ...]


def rank(index: ArticleIndex, question: Question, where: Filter) -> Ranking:
    """The sentences most likely to answer, of the articles that pass ``where``.

    An article's score is the mean of its min-max normalised meaning and BM25, times
    recency; a sentence's adds its own meaning, BM25, context, and whether it holds the
    kind of thing asked for.
    """
    found = index.search(question.text, where)
    scores = _article_scores(found.articles, where)
    names = {hit.key: hit.article_id for hit in found.articles}
    best = sorted(scores, key=lambda key: (-scores[key][0], names[key]))[:_ARTICLES]
    hits = index.look_into(found, best)
    read = {hit.key: index.read(hit) for hit in found.articles if hit.key in best}
    stories = {hit.key: hit.story for hit in found.articles}
    ranked = _rank_sentences(question, hits, read, stories, scores)
    return Ranking(found=found, sentences=tuple(ranked))


def passages(ranking: Ranking, k: int) -> tuple[Passage, ...]:
    """The ``k`` best passages: each a ranked sentence with the one before and after, at
    most three of one article, none overlapping, and none of a sentence that a near copy of
    its article has shown already."""
    by_article: dict[str, list[Sentence]] = {}
    for ranked in ranking.sentences:
        by_article.setdefault(ranked.article.id, []).append(ranked.sentence)
    for sentences in by_article.values():
        # All of an article's sentences were ranked, so these are whole articles again.
        sentences.sort(key=lambda sentence: sentence.ordinal)
    made: list[Passage] = []
    used: dict[str, list[range]] = {}
    printed: set[tuple[int, str]] = set()
    for ranked in ranking.sentences:
        if len(made) == k:
            break
        article = ranked.article
        if (ranked.story, ranked.text) in printed:
            continue
        taken = used.setdefault(article.id, [])
        place = ranked.sentence.ordinal
        if len(taken) == _MOST_PER_ARTICLE or any(place in span for span in taken):
            continue
        window = _window(by_article[article.id], place, taken)
        printed |= {(ranked.story, article.text[s.span.start : s.span.end]) for s in window}
        taken.append(range(window[0].ordinal, window[-1].ordinal + 1))
        made.append(
            Passage(
                article=article,
                span=Span(start=window[0].span.start, end=window[-1].span.end),
                sentences=tuple(window),
                best=place - window[0].ordinal,
                score=ranked.score,
                meaning=ranked.meaning,
                words=ranked.words,
                time=ranked.time,
                rank=len(made) + 1,
            )
        )
    return tuple(made)


def _window(sentences: Sequence[Sentence], place: int, taken: Sequence[range]) -> list[Sentence]:
    first = last = place
    for neighbour in (place - 1, place + 1):
        if not 0 <= neighbour < len(sentences) or any(neighbour in span for span in taken):
            continue
        low, high = min(first, neighbour), max(last, neighbour)
        if sentences[high].span.end - sentences[low].span.start <= _LONGEST:
            first, last = low, high
    return list(sentences[first : last + 1])


def _article_scores(hits: Sequence[ArticleHit], where: Filter) -> dict[int, tuple[float, float]]:
    """Each article's score and its factor for age."""
    meaning = _normalised([hit.meaning for hit in hits])
    words = _normalised([hit.words or None for hit in hits])
    newest = max((hit.day for hit in hits if hit.day), default=None)
    scores = {}
    for hit, m, w in zip(hits, meaning, words, strict=True):
        time = _recency(hit.day, where, newest)
        scores[hit.key] = ((m + w) / 2 * time, time)
    return scores


def _recency(day: date | None, where: Filter, newest: date | None) -> float:
    floor, scale = _NO_DAY if where.as_of is None else _AS_OF
    now = day_of(where.as_of) if where.as_of else newest
    if now is None:
        return 1.0
    # What has no date is taken to be old: it may be.
    age = (now - day).days if day else math.inf
    return floor + (1 - floor) * math.exp(-max(age, 0) / scale)


def _rank_sentences(
    question: Question,
    hits: Sequence[SentenceHit],
    read: dict[int, Article],
    stories: dict[int, int],
    scores: dict[int, tuple[float, float]],
) -> list[RankedSentence]:
    meaning = _normalised([hit.meaning for hit in hits])
    context = _normalised([hit.context for hit in hits])
    most = max((hit.words for hit in hits), default=0.0) or 1.0
    own_words = [hit.words / most for hit in hits]
    ranked = []
    for place, (hit, m, c) in enumerate(zip(hits, meaning, context, strict=True)):
        article, (of_article, time) = read[hit.key], scores[hit.key]
        beside = [own_words[i] for i in (place - 1, place + 1) if 0 <= i < len(hits) and hits[i].key == hit.key]
        words = max([own_words[place], *(_BESIDE * w for w in beside)])
        kind = question.is_met_by(article.text[hit.sentence.span.start : hit.sentence.span.end])
        own = (m + words + _CONTEXT * c + _KIND * kind) / (2 + _CONTEXT + _KIND)
        ranked.append(
            RankedSentence(
                article=article,
                sentence=hit.sentence,
                story=stories[hit.key],
                score=(of_article + _SENTENCE * own * time) / (1 + _SENTENCE),
                meaning=m,
                words=words,
                cosine=hit.meaning,
                time=time,
            )
        )
    # Equal scores go by id and place, never by storage order, which adding and removing
    # other articles may change.
    return sorted(ranked, key=lambda r: (-r.score, r.article.id, r.sentence.ordinal))


def _normalised(values: Sequence[float | None]) -> list[float]:
    """Min-max to [0, 1]; 0 where there is none, 1 for all where they are equal."""
    known = [value for value in values if value is not None]
    if not known:
        return [0.0] * len(values)
    low, high = min(known), max(known)
    width = high - low
    return [0.0 if value is None else (value - low) / width if width > 0 else 1.0 for value in values]
