"""``ArticleQA``: a question in, a cited answer or a refusal out."""

from __future__ import annotations

import os
import re
import time
from asyncio import to_thread
from collections.abc import AsyncGenerator, Callable, Coroutine, Generator, Iterable, Iterator, Sequence
from dataclasses import replace
from datetime import date, datetime
from functools import partial
from itertools import islice
from types import TracebackType
from typing import Any, Literal, Unpack, overload

from index import ArticleIndex, Filter, QuestionError, StoreFacts, day_of
from index.listing import MOST_LISTED
from qa.answer import Answer, Claim
from qa.asynchronous import Halt, in_thread, last_answer
from qa.check import Checker
from qa.citation import Citation, Passage, cite
from qa.compose import Composition, compose
from qa.confidence import confidence, measure_confidence
from qa.conversation import Conversation, Exchange
from qa.dates import day_in_words
from qa.events import Event, finished
from qa.examples import candidates
from qa.phrases import is_common, is_time
from qa.question import MAX_QUESTION_LENGTH, Limits, Question, check_filter, understand
from qa.rerank import Reranker
from qa.retrieve import RankedSentence, Ranking, passages, rank, surroundings
from qa.when import When, days_meant, read
from qa.writer import Writer, Writing, tell

__all__ = ["ArticleQA"]

_NEAREST = 5
# Of an example's answer: confidence enough to be shown to somebody new, and for each
# example wanted the questions tried.
_SURE = 0.6
_TRIED = 8
# So far from any day of asking that nothing reckoned from it comes out the same.
_ANOTHER_DAY = date(1907, 5, 21)
# Whoever no article names, none says anything of, and a sum stands where one is: as a
# share of the threshold, what is left of the chance.
_UNHEARD = 0.5
# What is left of the odds where nothing near has the noun that is asked for, as "wife".
_DOUBTED = 0.15
# Kinship is told in few words: without any of them there is none.
_KIN = tuple(
    frozenset(words.split())
    for words in (
        "husband wife spouse partner fiancé fiancée boyfriend girlfriend widow widower married marry marriage wedding",
        "children child son sons daughter daughters baby kids mother father mum dad parents parent born",
        "brother brothers sister sisters sibling siblings twin twins",
        "uncle aunt cousin nephew niece grandfather grandmother grandson granddaughter grandchildren",
    )
)
# How much likelier an article answers a follow-up that an answer before it cites.
_CITED = 3.0
# And how much less likely a sentence is the answer that was part of the last ones.
_SAID = 0.5
# "What is the latest on the bridge?" asks for the bridge: its articles tell what is new.
_ONLY_NEWS = re.compile(
    r"^(?:(?:what(?:['’]s| is| are) |tell me |give me )?(?:the )?(?:latest|newest|most recent)"
    r"(?: news| developments?| updates?)?|(?:is there |are there |have you )?(?:any|some) (?:news|updates?)"
    r"|what(?:['’]s| is) (?:new|the news|happening|going on)) (?:on|about|of|with|in|from|at|regarding|concerning) ",
    re.I,
)
_NAME = re.compile(r"\b[A-Z][\w’'-]+(?: [A-Z][\w’'-]+)*")
_WORD = re.compile(r"\w[\w’'-]*")


class ArticleQA:
    """Questions to one index, answered from its articles alone.

    Safe to share between threads. It sees each change of the index from the question
    after it on; each question sees one moment.
    """

    def __init__(self, index: ArticleIndex, *, reranker: str | None = None, writer: Writer | None = None) -> None:
        """``reranker`` is the folder or name of a sentence-transformers CrossEncoder that
        reads the top passages anew; ``writer`` has a language model write the answers.
        Raises ModelError where the reranker can't be loaded."""
        self._index = index
        self._writer = writer
        self._writing = None if writer is None else Writing(writer, Checker(index.embed, judge=writer.judge))
        self._examples: tuple[StoreFacts, int, tuple[str, ...]] | None = None
        self._reranker = None if reranker is None else Reranker(reranker)

    @classmethod
    def open(
        cls,
        path: str | os.PathLike[str],
        *,
        model: str | None = None,
        reranker: str | None = None,
        writer: Writer | None = None,
    ) -> ArticleQA:
        """Open the index in the folder ``path`` to read it.

        Raises IndexMissingError, IndexDamagedError, ModelMismatchError or ModelError.
        """
        index = ArticleIndex.open(path, read_only=True, model=model)
        try:
            return cls(index, reranker=reranker, writer=writer)
        except BaseException:
            index.close()
            raise

    def close(self) -> None:
        """Close the index. An answer that is being written comes to its end."""
        self._index.close()

    def __enter__(self) -> ArticleQA:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    @property
    def index(self) -> ArticleIndex:
        """The index that is asked: its articles, their revisions and copies."""
        return self._index

    @property
    def reranker(self) -> str | None:
        """The cross-encoder that reads the top passages anew, as it was named; None without one."""
        return self._reranker.name if self._reranker else None

    @property
    def writer(self) -> Writer | None:
        """What has a language model write the answers; None without one."""
        return self._writer

    @property
    def article_count(self) -> int:
        """How many articles can be asked about."""
        return self._index.article_count

    @property
    def sentence_count(self) -> int:
        """How many sentences they have."""
        return self._index.sentence_count

    def retrieve(self, question: str, *, k: int = 5, **limits: Unpack[Limits]) -> tuple[Passage, ...]:
        """The ``k`` passages most likely to hold the answer, best first.

        ``limits`` are those of ``Limits``: ``as_of`` leaves out what was published later
        and prefers what was new then; ``published_from`` and ``published_to`` are days, both
        included; ``sources`` are names as ``Article.source`` has them, ``languages`` codes
        as ``Article.language`` has them ("en").

        Raises QuestionError, ModelError, or StoreError where the index can't be read.
        """
        understood, where = _request(question, **limits)
        _check_count(k)
        with self._index.moment():
            return passages(self._rank(understood, where)[0].sentences, k)

    async def aretrieve(self, question: str, *, k: int = 5, **limits: Unpack[Limits]) -> tuple[Passage, ...]:
        """``retrieve`` in a thread, for asyncio."""
        return await to_thread(partial(self.retrieve, question, k=k, **limits))

    def rank_sentences(self, question: str, *, k: int = 10, **limits: Unpack[Limits]) -> tuple[RankedSentence, ...]:
        """The ``k`` sentences most likely to hold the answer, best first; as ``retrieve``."""
        understood, where = _request(question, **limits)
        _check_count(k)
        with self._index.moment():
            return self._rank(understood, where)[0].sentences[:k]

    @overload
    def ask(self, question: str, *, stream: Literal[False] = False, **limits: Unpack[Limits]) -> Answer: ...
    @overload
    def ask(self, question: str, *, stream: Literal[True], **limits: Unpack[Limits]) -> Generator[Event]: ...
    def ask(self, question: str, *, stream: bool = False, **limits: Unpack[Limits]) -> Answer | Generator[Event]:
        """The sentences that answer, word for word and cited, or a refusal with its reason.

        With a writer its language model's sentences stand instead, as far as the articles
        support them: ``Answer.written`` tells what came of it. With ``stream`` the steps of
        the answer as they come; the writing ends where they are closed early.

        ``limits`` and errors are those of ``retrieve``; the steps raise at the first of them
        what isn't wrong with the question itself. A language model that fails raises nothing.
        """
        steps = self._steps(question, limits, Halt())
        return steps if stream else finished(steps)

    @overload
    def aask(
        self, question: str, *, stream: Literal[False] = False, **limits: Unpack[Limits]
    ) -> Coroutine[Any, Any, Answer]: ...
    @overload
    def aask(self, question: str, *, stream: Literal[True], **limits: Unpack[Limits]) -> AsyncGenerator[Event]: ...
    def aask(
        self, question: str, *, stream: bool = False, **limits: Unpack[Limits]
    ) -> Coroutine[Any, Any, Answer] | AsyncGenerator[Event]:
        """``ask`` in a thread, for asyncio. Where the task is cancelled, or the steps are
        closed early, the writing ends."""
        halt = Halt()
        steps = in_thread(self._steps(question, limits, halt), halt)
        return steps if stream else last_answer(steps)

    def _steps(self, question: str, limits: Limits, halt: Halt) -> Generator[Event]:
        """The steps of an answer. A question that can't be used is told before the first of them."""
        request = _request(question, **limits)

        def steps() -> Generator[Event]:
            began = time.perf_counter()
            yield from tell(self._found(*request, ()), self._writing, (), began, halt)

        return steps()

    def _ask(self, question: str, before: Sequence[Exchange], **limits: Unpack[Limits]) -> Answer:
        """The verbatim answer after the exchanges ``before`` the question."""
        return self._found(*_request(question, **limits), before)

    def _found(self, understood: Question, where: Filter, before: Sequence[Exchange]) -> Answer:
        began = time.perf_counter()
        with self._index.moment():
            ranking, when, asked = self._rank(understood, where, before)
            nearest = passages(ranking.sentences, _NEAREST)
            chance = self._doubted(asked, where, ranking, _chance(asked, ranking, before))
            sure = chance >= confidence().threshold
            found = ranking.sentences if sure else ()
            composed = compose(understood, found, self._index.terms, where.as_of, first=when.order == "first")
            answered = bool(composed.parts)
            reason = None if answered else self._refusal(understood, ranking, where, when)
        claims, citations = _cited(composed)
        return Answer(
            question=understood.text,
            understood=understood.text,
            dates=tuple(
                f"“{understood.text[mention.span.start : mention.span.end]}” as {mention.shown}"
                for mention in when.mentions
                if mention.strength == "prefer" or (mention.strength == "filter" and not ranking.widened)
            ),
            demanded=(None, None) if ranking.widened else when.published,
            answered=answered,
            claims=claims,
            citations=citations,
            passages=nearest,
            reason=reason,
            confidence=chance,
            as_of=where.as_of,
            took_ms=(time.perf_counter() - began) * 1000,
            form=composed.form,
            ranked=ranking.sentences,
        )

    def chat(
        self, history: Iterable[tuple[str, str] | Answer | Exchange] = (), *, verbatim: bool = False
    ) -> Conversation:
        """A conversation, whose questions may lean on those before them.

        ``history`` takes up an earlier one: its answers or ``turns``, or pairs of role and
        content, oldest first, where the role ``user`` asks and any other answers. Where it is
        ``verbatim`` no language model is asked. Raises QuestionError for anything else.
        """
        return Conversation(self._ask, history, None if verbatim else self._writing)

    def warm(self) -> None:
        """Load the model and the index now, so that the first question needn't wait.

        Raises ModelError, or StoreError where the index can't be read.
        """
        self._index.search("warm")

    def examples(self, n: int = 4) -> tuple[str, ...]:
        """At most ``n`` questions that the newest of these articles answer, on different stories.

        It asks dozens of questions, once for each state of the index; others are answered
        meanwhile. Raises ModelError or StoreError.
        """
        facts = self._index.facts()
        drawn = self._examples
        if drawn is None or drawn[0] is not facts or drawn[1] < n:
            drawn = self._examples = (facts, n, tuple(islice(self._answered(n), n)))
        return drawn[2][:n]

    def _answered(self, n: int) -> Iterator[str]:
        with self._index.moment():
            newest = [self._index.article(one.id) for one in self._index.browse(limit=MOST_LISTED).articles]
        told: set[str] = set()
        unsure: list[tuple[str, set[str]]] = []
        for example in islice(candidates(newest), _TRIED * n):
            if len(example) > MAX_QUESTION_LENGTH:
                continue
            answer = self._ask(example, ())
            cited = {citation.article.id for citation in answer.citations}
            if not cited or cited & told:
                continue
            if answer.confidence < _SURE:
                unsure.append((example, cited))
                continue
            told |= cited
            yield example
        # Better a doubtful one than none at all.
        for example, cited in unsure:
            if not cited & told:
                told |= cited
                yield example

    def _rank(
        self, question: Question, where: Filter, before: Sequence[Exchange] = ()
    ) -> tuple[Ranking, When, Question]:
        """The ranking, what the question says of time, and the question as it was searched for."""
        when = self._when(question, where)
        ranking = rank(self._index, question, where, when)
        # The days may stand in the articles' words, or only in when they were published.
        rest = _ONLY_NEWS.sub("", _without(question.text, when))
        if rest != question.text and self._index.terms(rest):
            undated = understand(rest)
            other = rank(self._index, undated, where, when)
            if _chance(undated, other) > _chance(question, ranking):
                ranking, question = other, undated
        if self._reranker:
            ranking = self._reranker.reordered(question.text, ranking, partial(surroundings, ranking))
        if before and when.order is None:
            ranking = _following(ranking, before)
        return ranking, when, question

    def _when(self, question: Question, where: Filter) -> When:
        """What a question says about time, where that tells articles apart."""
        if where.as_of is not None:
            today = day_of(where.as_of)
            when = read(question.text, today=today, explicit=True).telling(today, None)
        else:
            last = self._index.last_day()
            if last is None:
                return When()
            today = last
            # What depends on the day of asking, which isn't known, tells nothing.
            other = read(question.text, today=_ANOTHER_DAY, explicit=False)
            when = read(question.text, today=today, explicit=False).telling(today, other)
        if when.event is None:
            return when
        told = understand(when.event.event)
        found = rank(self._index, told, where)
        if _chance(told, found) < confidence().threshold or not found.sentences[0].article.published:
            return when
        return when.resolved(day_of(found.sentences[0].article.published))

    def _refusal(self, question: Question, ranking: Ranking, where: Filter, when: When) -> str:
        """Why there is no answer, as far as can be told: what nothing is known of, what lies
        outside the filters, where the articles end."""
        found = ranking.found
        if not found.total:
            return "There are no articles yet: add some with `byline add`."
        undated = f" {found.undated:,} of unknown date can't be shown to be in time." if found.undated else ""
        if not found.passing:
            return f"None of the {found.total:,} articles passes the filters.{undated}"
        told = ["The articles don't say."]
        # What came after the day asked as of stays unknown, in a hint too.
        known = Filter(as_of=where.as_of)
        unseen = {term for term in found.terms if not self._index.has(term, known)}
        # A day that was understood needn't stand in any article.
        read_as = [mention.span for mention in when.mentions]
        missing = [
            word[0]
            for word in _WORD.finditer(question.text)
            if not any(span.start <= word.start() < span.end for span in read_as)
            and not is_common(word[0].lower())
            and self._index.terms(word[0]) & unseen
        ]
        if unseen != set(found.terms):
            # A word may stand there in another form; a name or a number that nobody wrote is missing.
            missing = [word for word in missing if not word[0].islower() and not question.text.startswith(word)]
        if missing:
            told.append(f"No article mentions {_either(dict.fromkeys(missing))}.")
        if where != known and (outside := self._outside(question, where, known)):
            told.append(outside)
        last = self._index.last_day()
        if not missing and where.as_of is not None and last and last < day_of(where.as_of):
            told.append(f"The newest article is of {day_in_words(last)}.")
        return " ".join(told) + undated

    def _doubted(self, question: Question, where: Filter, ranking: Ranking, chance: float) -> float:
        """The chance of an answer, less where it lacks what no answer can do without."""
        if self._unheard(question.text, where):
            return min(chance, _UNHEARD * confidence().threshold)
        if not ranking.sentences or chance < confidence().threshold:
            return chance
        best = ranking.sentences[:_NEAREST]
        if not any(question.gives_figure(ranked.text) for ranked in best):
            return _UNHEARD * confidence().threshold
        kin = next((words for words in _KIN if question.noun in words), None)
        noun = self._index.terms(" ".join(kin) if kin else question.noun)
        if not noun or any(noun & self._index.terms(surroundings(ranking, ranked)) for ranked in best):
            return chance
        article = best[0].article
        if noun & self._index.terms(f"{article.title}\n{article.text}"):
            return chance
        return _UNHEARD * confidence().threshold if kin else _with_odds(chance, _DOUBTED)

    def _unheard(self, question: str, where: Filter) -> bool:
        """Whether a name in the question stands in no article of the time, in whole or in part."""
        known = Filter(as_of=where.as_of)
        for run in _NAME.finditer(question):
            terms = self._index.terms(run[0])
            if not run.start() or all(is_time(word) for word in run[0].lower().split()):
                continue
            if terms and not any(self._index.has(term, known) for term in terms):
                return True
        return False

    def _outside(self, question: Question, where: Filter, wider: Filter) -> str:
        """Where an article that ``wider`` passes and ``where`` doesn't seems to answer, which one."""
        every = rank(self._index, question, wider)
        if _chance(question, every) < confidence().threshold:
            return ""
        article = every.sentences[0].article
        if where.passes(article.published, article.source, article.language):
            return ""
        day = f", {day_in_words(day_of(article.published))}" if article.published else ""
        source = f" ({article.source}{day})" if article.source else day
        return f"An article outside the filters may: “{article.title}”{source}."


def _without(text: str, when: When) -> str:
    """A question without the days that it names."""
    for mention in sorted(when.mentions, key=lambda mention: -mention.span.start):
        if mention.strength != "fact":
            text = f"{text[: mention.span.start].rstrip()} {text[mention.span.end :].lstrip()}".strip()
    return text


def _either(words: Iterable[str]) -> str:
    quoted = [f"“{word}”" for word in words]
    return quoted[0] if len(quoted) == 1 else f"{', '.join(quoted[:-1])} or {quoted[-1]}"


def _request(
    question: str,
    *,
    as_of: date | datetime | None = None,
    published_from: date | None = None,
    published_to: date | None = None,
    sources: Sequence[str] | None = None,
    languages: Sequence[str] | None = None,
) -> tuple[Question, Filter]:
    if isinstance(sources, str):
        raise QuestionError(f"sources is one string, {sources[:80]!r}: give a list of names")
    if isinstance(languages, str):
        raise QuestionError(f"languages is one string, {languages[:80]!r}: give a list of codes")
    where = Filter(
        as_of=as_of,
        published_from=published_from,
        published_to=published_to,
        sources=None if sources is None else tuple(sources),
        languages=None if languages is None else tuple(languages),
    )
    check_filter(where)
    return understand(question), where


def _following(ranking: Ranking, before: Sequence[Exchange]) -> Ranking:
    """The ranking for a follow-up: what stands in the articles cited before is likelier to
    answer, and what was said already less."""
    factor = _follows(ranking, before)
    sentences = [replace(ranked, score=_with_odds(ranked.score, factor(ranked))) for ranked in ranking.sentences]
    return replace(ranking, sentences=tuple(sorted(sentences, key=lambda ranked: -ranked.score)))


def _follows(ranking: Ranking, before: Sequence[Exchange]) -> Callable[[RankedSentence], float]:
    """By how much the odds of a sentence change after the exchanges ``before``."""
    cited = frozenset().union(*(turn.articles for turn in before))
    said = " ".join(turn.answer for turn in before)
    # An earlier turn may be known by its words alone.
    cited |= {ranked.article.id for ranked in ranking.sentences if said and ranked.text in said}

    def factor(ranked: RankedSentence) -> float:
        if said and ranked.text in said:
            return _SAID
        return _CITED if ranked.article.id in cited else 1.0

    return factor


def _with_odds(chance: float, factor: float) -> float:
    """A chance whose odds are ``factor`` times as good."""
    return chance * factor / (chance * factor + 1 - chance)


def _chance(question: Question, ranking: Ranking, before: Sequence[Exchange] = ()) -> float:
    if not ranking.sentences:
        return 0.0
    best = ranking.sentences
    rows = [ranked.signals for ranked in best[:_NEAREST]]
    chance = confidence().chance(measure_confidence(question.text, rows, best[0].score))
    # What was said already is as likely to answer as without a conversation.
    return _with_odds(chance, max(1.0, _follows(ranking, before)(best[0]))) if before else chance


def _check_count(k: int) -> None:
    if not isinstance(k, int) or k < 1:
        raise QuestionError(f"k is {k!r}: ask for at least one")


def _cited(composed: Composition) -> tuple[tuple[Claim, ...], tuple[Citation, ...]]:
    """A claim for each part, and a citation for each sentence that it rests on, in order."""
    markers: dict[tuple[str, int], Citation] = {}
    claims = []
    for part in composed.parts:
        own = []
        for ranked in (part.ranked, *part.agreeing):
            key = (ranked.article.id, ranked.sentence.ordinal)
            if key not in markers:
                sentence, number = ranked.sentence, len(markers) + 1
                markers[key] = cite(
                    number, ranked.article, sentence.span, paragraph=sentence.paragraph, score=ranked.score
                )
            own.append(markers[key].marker)
        claims.append(
            Claim(
                text=part.ranked.text,
                markers=tuple(own),
                emphasis=part.emphasis,
                day=part.day,
                sources=part.sources,
                first_reported=part.first_reported,
                corrects=part.corrects,
                earlier=part.earlier,
                dates=tuple(
                    f"“{words}” is {days}" for words, days in days_meant(part.ranked.article, part.ranked.sentence.span)
                ),
            )
        )
    return tuple(claims), tuple(markers.values())
