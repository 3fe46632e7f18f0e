"""What every way in offers, to a browser, a program or a model alike: ask, search and read.

Arguments come as JSON has them and may be anything; results are what JSON can hold.
Nothing here changes the index.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncGenerator, Callable, Iterable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, aclosing
from datetime import date
from typing import Any, TypedDict, Unpack, get_args
from urllib.parse import urlsplit

from index import Article, ArticleNotFoundError, QuestionError, Span, day_of
from index.article import clean_line, parse_published
from qa import ArticleQA, Asked, Event, Exchange, Failed, Finished, Limits
from qa.changes import changes as changes_between
from qa.citation import article_facts, deep_link
from qa.events import told
from qa.question import MAX_QUESTION_LENGTH
from qa.reference import Style, reference
from qa.writer import unasked
from ui.turnstile import BusyError

__all__ = ["MAX_PASSAGES", "MAX_TURNS", "Desk", "Put"]

MAX_PASSAGES = 50
MAX_TURNS = 8
"""Earlier exchanges that are read; what was said before them changes no answer."""

_NAMES = 1000
"""Sources or languages that a filter may name."""

_LOG = logging.getLogger("byline.web")
_CROWDED = "too many questions wait for the language model just now"
_FAILED = "the language model could not be reached, or did not answer as it should"

_MOST_COPIES = 50
"""Copies of one article that are told of, the most similar."""


_Place = Callable[[], AbstractAsyncContextManager[None]]
"""Waits for a place, which is had within; raises BusyError where there is none."""


class Put(TypedDict, total=False):
    """How a question is put.

    ``history`` are the exchanges before it, oldest first, each a mapping with ``question``
    (as it was understood), ``answer`` (its text, empty for a refusal) and ``articles`` (ids
    of those cited). ``as_understood`` corrects what the question was taken for. The others
    are the limits of ``ArticleQA.retrieve``, days and moments as text.
    """

    as_understood: object
    history: object
    as_of: object
    published_from: object
    published_to: object
    sources: object
    languages: object


class _Rest(Limits):
    """What a conversation takes beside the question."""

    as_understood: str | None


class Desk:
    """Read-only questions to one ``ArticleQA``; threads may share it."""

    def __init__(self, qa: ArticleQA) -> None:
        self._qa = qa

    @property
    def writer(self) -> str | None:
        """The language model that writes the answers of ``steps``; None without one."""
        return clean_line(self._qa.writer.llm.name) if self._qa.writer else None

    def ask(self, question: object, **put: Unpack[Put]) -> dict[str, Any]:
        """The answer in the articles' own words, as ``Answer.to_dict`` has it. Raises
        QuestionError for what can't be used, by name."""
        asked, history, rest = self._read(question, **put)
        return self._qa.chat(self._exchanges(history), verbatim=True).ask(asked, **rest).to_dict()

    async def steps(
        self, question: object, *, searching: _Place, writing: _Place, **put: Unpack[Put]
    ) -> AsyncGenerator[dict[str, Any]]:
        """The steps of the answer as they come, each as its ``to_dict`` has it; a language
        model writes it where there is one. Closing them early ends that at once.

        The articles are searched in a place of ``searching``. Where they refuse, that
        stands; else the model writes in a place of ``writing``, or where that is busy isn't
        asked: the verbatim answer stands, and says so. What fails at the model's endpoint is
        logged, and told without naming that. Raises QuestionError as ``ask`` does, and
        BusyError where nobody else can search.
        """
        asked, history, rest = self._read(question, **put)
        async with searching():
            before = await asyncio.to_thread(self._exchanges, history)
            verbatim = await self._qa.chat(before, verbatim=True).aask(asked, **rest)
        writer = self._qa.writer
        instead: Iterable[Event] = told(verbatim)
        # A model that puts follow-ups anew may make of this one what the articles do answer.
        if writer and (verbatim.answered or (writer.rewrites and before)):
            try:
                async with writing(), aclosing(self._qa.chat(before).aask(asked, stream=True, **rest)) as steps:
                    async for step in steps:
                        yield self._told(step)
                return
            except BusyError:
                if verbatim.answered:
                    instead = unasked(verbatim, writer, _CROWDED)
        yield Asked(understood=verbatim.understood, dates=verbatim.dates).to_dict()
        for step in instead:
            yield step.to_dict()

    def _read(
        self, question: object, *, as_understood: object = None, history: object = (), **limits: object
    ) -> tuple[str, object, _Rest]:
        corrected = None if as_understood is None else _text("as_understood", as_understood)
        rest: _Rest = {"as_understood": corrected, **_limits(**limits)}
        return _text("question", question), history, rest

    def _told(self, step: Event) -> dict[str, Any]:
        """A step as a reader may have it, who has no business with where the model is."""
        facts = step.to_dict()
        if isinstance(step, Failed):
            facts["failed"] = self._blameless(step.reason)
            if facts["failed"] != step.reason:
                _LOG.warning("the language model wrote no answer: %s", step.reason)
        elif isinstance(step, Finished) and step.answer.written and step.answer.written.failure:
            facts["answer"]["written"]["failure"] = self._blameless(step.answer.written.failure)
        return facts

    def _blameless(self, reason: str) -> str:
        """Why there is no answer of the model's: what names its endpoint, as each error there does, in general."""
        writer = self._qa.writer
        return _FAILED if writer and urlsplit(writer.llm.base_url).netloc in reason else reason

    def search(
        self,
        question: object,
        *,
        k: object = 5,
        **limits: object,
    ) -> dict[str, Any]:
        """The ``k`` passages most likely to answer, best first. Raises QuestionError."""
        if type(k) is not int or not 1 <= k <= MAX_PASSAGES:
            raise QuestionError(f"k is {k!r:.40}: ask for a number of passages from 1 to {MAX_PASSAGES}")
        read, asked = _limits(**limits), _text("question", question)
        return {"question": asked, "passages": [p.to_dict() for p in self._qa.retrieve(asked, k=k, **read)]}

    def article(
        self,
        article_id: object,
        *,
        revision: object = None,
        start: object = None,
        end: object = None,
        changes: object = False,
    ) -> dict[str, Any]:
        """One article in its newest revision or the one given, its other revisions, the 50
        most similar copies, and where ``changes`` is True what changed in it from the revision before.

        ``start`` and ``end`` are offsets of words in its text: ``cited`` then has them with
        their paragraph, the address that opens them, and references in each style. Raises
        ArticleNotFoundError, or QuestionError where the numbers aren't of this article.
        """
        if not isinstance(article_id, str):
            raise QuestionError(f"id is {article_id!r:.40}: give an article's id")
        number = None if revision is None else _whole("revision", revision)
        index = self._qa.index
        try:
            article = index.article(article_id, revision=number)
            revisions = index.revisions(article_id)
        except ArticleNotFoundError:
            # The index's own message names its folder, which is nobody's business elsewhere.
            which = "" if number is None else f" in revision {number}"
            told = f"{article_id[:200]}: no such article{which} here; it may have been removed"
            raise ArticleNotFoundError(told) from None
        if not isinstance(changes, bool):
            raise QuestionError(f"changes is {changes!r:.40}: give true or false")
        earlier = [one.article for one in revisions if changes and one.article.revision < article.revision]
        return {
            **article_facts(article),
            "modified": article.modified.isoformat() if article.modified else None,
            "language": article.language,
            "text": article.text,
            "cited": None if start is None and end is None else _cited(article, start, end),
            "revisions": [
                {
                    "revision": one.article.revision,
                    "known": one.known.isoformat(timespec="seconds"),
                    "since": one.since.isoformat() if one.since else None,
                }
                for one in revisions
            ],
            "changes": _changed(earlier[-1], article) if earlier else None,
            "copies": self._copies(article_id),
        }

    def _copies(self, article_id: str) -> list[dict[str, Any]]:
        index = self._qa.index
        told: list[dict[str, Any]] = []
        try:
            copies = index.copies(article_id)[:_MOST_COPIES]
        except ArticleNotFoundError:
            return told
        for copy in copies:
            # It may be removed by another process at any time.
            try:
                facts = article_facts(index.article(copy.article_id))
            except ArticleNotFoundError:
                continue
            told.append({**facts, "similarity": round(copy.similarity, 3)})
        return told

    def _exchanges(self, history: object) -> list[Exchange]:
        if not isinstance(history, list | tuple):
            raise QuestionError(f"history is {history!r:.40}: give a list of exchanges, oldest first")
        read = list(enumerate(history))[-MAX_TURNS:]
        return [self._exchange(turn, f"history[{place}]") for place, turn in read]

    def _exchange(self, turn: object, name: str) -> Exchange:
        if not isinstance(turn, Mapping):
            raise QuestionError(f"{name} is {turn!r:.40}: give question, answer and articles")
        cited: list[Article] = []
        for article_id in _names(f"{name}.articles", turn.get("articles", [])) or ():
            # An article may have been removed since it was cited.
            try:
                cited.append(self._qa.index.article(article_id))
            except ArticleNotFoundError:
                continue
        days = [day_of(article.published) for article in cited if article.published]
        return Exchange(
            question=_text(f"{name}.question", turn.get("question")),
            answer=_text(f"{name}.answer", turn.get("answer", ""), most=20 * MAX_QUESTION_LENGTH),
            titles=tuple(dict.fromkeys(article.title for article in cited)),
            articles=frozenset(article.id for article in cited),
            day=max(days, default=None),
        )


def _cited(article: Article, start: object, end: object) -> dict[str, Any]:
    span = Span(start=_whole("start", start), end=_whole("end", end))
    if not 0 <= span.start < span.end <= len(article.text):
        raise QuestionError(
            f"{span.start} to {span.end} is no place in {article.id[:200]}, which has {len(article.text)} characters"
        )
    quote = article.text[span.start : span.end]
    paragraph = 1 + sum(bool(line.strip()) for line in article.text[: span.start].split("\n")[:-1])
    return {
        "start": span.start,
        "end": span.end,
        "quote": quote,
        "paragraph": paragraph,
        "link": deep_link(article.url, quote),
        "references": {style: reference(article, style, quote=quote, paragraph=paragraph) for style in get_args(Style)},
    }


def _changed(before: Article, after: Article) -> dict[str, Any]:
    """What became of an article from one revision to another."""
    return {
        "from": before.revision,
        "title": None if before.title == after.title else before.title,
        "paragraphs": [
            [{"kind": segment.kind, "text": segment.text} for segment in paragraph.segments]
            for paragraph in changes_between(before.text, after.text)
        ],
    }


def _limits(
    *,
    as_of: object = None,
    published_from: object = None,
    published_to: object = None,
    sources: object = None,
    languages: object = None,
) -> Limits:
    return {
        "as_of": None if as_of is None else _moment("as_of", as_of),
        "published_from": None if published_from is None else _day("published_from", published_from),
        "published_to": None if published_to is None else _day("published_to", published_to),
        "sources": _names("sources", sources),
        "languages": _names("languages", languages),
    }


def _moment(name: str, value: object) -> Any:
    try:
        if not isinstance(value, str):
            raise ValueError(f"{value!r:.40} is not a date: write YYYY-MM-DD or an ISO 8601 time")
        return parse_published(value)
    except ValueError as error:
        raise QuestionError(f"{name}: {error}") from None


def _day(name: str, value: object) -> date:
    moment = _moment(name, value)
    # A moment where a day is meant would leave open in which zone.
    if isinstance(value, str) and len(value.strip()) > len("2025-03-04"):
        raise QuestionError(f"{name}: {value[:40]!r} is more than a day: write YYYY-MM-DD")
    return day_of(moment)


def _names(name: str, value: object) -> tuple[str, ...] | None:
    if value is None:
        return None
    if not isinstance(value, Sequence) or isinstance(value, str | bytes) or len(value) > _NAMES:
        raise QuestionError(f"{name} is {value!r:.40}: give a list of at most {_NAMES} names")
    return tuple(_text(f"{name}[{place}]", one) for place, one in enumerate(value))


def _text(name: str, value: object, *, most: int = MAX_QUESTION_LENGTH) -> str:
    if not isinstance(value, str):
        raise QuestionError(f"{name} is {value!r:.40}: give text")
    if len(value) > most:
        raise QuestionError(f"{name} has {len(value):,} characters: shorten it to at most {most:,}")
    return value


def _whole(name: str, value: object) -> int:
    if type(value) is not int or not -1 < value < 2**31:
        raise QuestionError(f"{name} is {value!r:.40}: give a whole number")
    return value
