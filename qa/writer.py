"""``Writer``: answers that a language model writes, of which only what the articles support is shown."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Generator, Iterator, Sequence
from dataclasses import replace
from typing import Literal

from index import EndpointError, SettingsError, day_of
from index.article import clean_line
from qa.answer import Answer, Claim, Unsupported, Usage, Written
from qa.asynchronous import Halt
from qa.check import Checker, Checking, Support, says_nothing
from qa.citation import Citation, cite
from qa.compose import Form
from qa.draft import Draft
from qa.entail import Entails
from qa.events import Asked, Checked, Event, Failed, Finished, Pending, told
from qa.llm import LanguageModel
from qa.prompt import PROMPT, Prompt, answering, rewriting
from qa.rewrite import accepted
from qa.when import days_meant

__all__ = ["Writer", "Writing", "tell", "unasked"]

# Of the tokens that a model can take, the share that its own answer may have.
_SHARE = 4
_LONGEST = 400
_LONGEST_QUESTION = 128
# The prompt asks for a few sentences; a model that goes round in circles soon reaches these.
_MOST_SENTENCES = 12
_MOST_REPEATS = 3
# A question put anew may take a part of the time; the rest is the answer's.
_REWRITE_SHARE = 1 / 3

_WORD = re.compile(r"\w+")
_MARKER = re.compile(r"\[[\d\s,;–-]*\]")
_FINISHED = re.compile(r"[.!?…。！？\]\"”’)]\W*\Z")


class Writer:
    """How answers are written: by which language model, and what becomes of a sentence that
    the articles don't support. Safe to share between threads."""

    def __init__(
        self,
        llm: LanguageModel,
        *,
        judge: str | None = None,
        unsupported: Literal["drop", "strike"] = "drop",
        rewrites: bool = False,
    ) -> None:
        """``judge`` is the folder or name of a cross-encoder for natural language inference
        that checks each sentence too. Unsupported sentences are left out (``drop``) or kept
        beside the answer, to be shown struck out (``strike``). With ``rewrites`` the model
        puts a follow-up as a question that stands by itself.

        Raises SettingsError for another ``unsupported``, ModelError where the judge can't be loaded.
        """
        if unsupported not in ("drop", "strike"):
            raise SettingsError(f"unsupported is {unsupported!r:.40}: say 'drop' or 'strike'")
        self.llm = llm
        self.judge = None if judge is None else Entails(judge)
        self.unsupported = unsupported
        self.rewrites = rewrites


class Writing:
    """A writer at work on the articles of one index. Safe to share between threads."""

    def __init__(self, writer: Writer, checker: Checker) -> None:
        self._writer = writer
        self._checker = checker

    def steps(self, verbatim: Answer, earlier: Sequence[str], began: float, halt: Halt) -> Generator[Event]:
        """The steps behind ``Asked`` of an answer that the model writes from what
        ``verbatim`` was drawn from, after the questions ``earlier``.

        All of it takes no longer than the model's timeout from ``began`` on, as
        ``time.perf_counter`` counts, and a moment. They end where ``halt`` is asked.
        """
        llm = self._writer.llm
        name = clean_line(llm.name)
        most = min(_LONGEST, llm.context // _SHARE)
        prompt = answering(verbatim, earlier=earlier, room=llm.context - most, count=llm.count)
        sheet = _Sheet(verbatim, prompt, self._checker, strike=self._writer.unsupported == "strike")
        sheet.usage = Usage(prompt=sum(llm.count(text) for _, text in prompt.messages), completion=0, reported=False)
        failure = None
        if prompt.passages:
            try:
                yield from self._write(sheet, prompt, most, began, halt)
            except EndpointError as error:
                failure = str(error)
            if halt.asked:
                return
            if failure is None and not sheet.claims:
                failure = (
                    f"{name} finds no answer in the passages; these are the articles' nearest words"
                    if sheet.says_nothing
                    else f"nothing that {name} wrote is supported by the articles"
                )
        else:
            reason = f"no passage fits into {llm.context:,} tokens beside the question: let {name} take more"
            yield from unasked(verbatim, self._writer, reason)
            return
        written = sheet.written(name, failure)
        if failure is not None:
            yield Failed(reason=failure)
            yield from told(replace(verbatim, written=written, took_ms=_since(began)))
            return
        yield Finished(
            answer=replace(
                verbatim,
                claims=tuple(sheet.claims),
                citations=tuple(sheet.citations.values()),
                form=sheet.form,
                took_ms=_since(began),
                written=written,
            )
        )

    def _write(self, sheet: _Sheet, prompt: Prompt, most: int, began: float, halt: Halt) -> Iterator[Event]:
        """The steps of each sentence, none of which is begun when the time is over. Raises EndpointError."""
        draft = Draft()
        stream = self._writer.llm.stream(prompt.messages, most=most, since=began)
        with stream, halt.closing(stream.close):
            try:
                for piece in stream:
                    yield from sheet.taken(draft.add(piece), stream.check_time)
                    if sheet.full:
                        break
                    yield from sheet.pending(draft.pending)
            finally:
                sheet.usage = stream.usage
        if halt.asked:
            return
        rest = draft.end()
        # What was cut off in the middle says something else than was meant.
        if rest and stream.cut and not _FINISHED.search(rest[-1]):
            rest.pop()
        yield from sheet.taken(rest, stream.check_time)
        yield from sheet.closed()
        yield from sheet.accounts()

    def reworded(
        self, question: str, earlier: Sequence[tuple[str, tuple[str, ...]]], said: str, began: float, halt: Halt
    ) -> str | None:
        """``question`` as the model puts it after the ``earlier`` ones, each with the titles
        that its answer cites; ``said`` is what was answered. None where that can't be used,
        and where the writer rewrites nothing."""
        llm = self._writer.llm
        if not self._writer.rewrites:
            return None
        asked = [question for question, _ in earlier]
        titles = list(dict.fromkeys(title for _, titles in earlier for title in titles))
        messages = rewriting(question, asked, titles)
        if sum(llm.count(text) for _, text in messages) + _LONGEST_QUESTION > llm.context:
            return None
        stream = llm.stream(messages, most=_LONGEST_QUESTION, seconds=llm.timeout * _REWRITE_SHARE, since=began)
        try:
            with stream, halt.closing(stream.close):
                text = "".join(stream)
        except EndpointError:
            return None
        return accepted(text, question, [*asked, *titles, said])


class _Sheet:
    """What stands of an answer while it is written, and what was struck out of it."""

    def __init__(self, verbatim: Answer, prompt: Prompt, checker: Checker, *, strike: bool) -> None:
        self._began = time.perf_counter()
        self._verbatim = verbatim
        self._prompt = prompt
        self._checker = checker
        self._strike = strike
        self._scores = {(r.article.id, r.sentence.span.start): r.score for r in verbatim.ranked}
        self._seen: set[str] = set()
        self._repeats = 0
        self._unsupported: list[Unsupported] = []
        self._says_nothing = False
        self._sentences = 0
        self._first_ms: float | None = None
        self._place = 0
        self._shown = ""
        self.claims: list[Claim] = []
        self.citations: dict[tuple[str, int, int, int], Citation] = {}
        self.usage = Usage(prompt=0, completion=0, reported=False)

    @property
    def form(self) -> Form:
        """Accounts that differ are told with their days; else sentences follow each other."""
        return "accounts" if self._verbatim.form == "accounts" else "sentences"

    @property
    def full(self) -> bool:
        """Whether nothing more is wanted: no short answer goes on for so long."""
        return self._place >= _MOST_SENTENCES or self._repeats >= _MOST_REPEATS

    @property
    def says_nothing(self) -> bool:
        """Whether all that was written is that the articles don't say."""
        return self._says_nothing and not self._sentences

    def pending(self, text: str) -> Iterator[Pending]:
        """The sentence that hasn't ended, where there is more of it than before."""
        if text and text != self._shown:
            self._shown = text
            yield Pending(place=self._place, text=text)

    def taken(self, sentences: Sequence[str], check_time: Callable[[], None]) -> Iterator[Checked]:
        """The next sentences, with their markers as the model set them, as long as more are wanted.

        Raises what ``check_time`` does before each.
        """
        for sentence in sentences:
            if self.full:
                return
            check_time()
            yield self._checked(sentence)

    def closed(self) -> Iterator[Checked]:
        """What was pending and never ended is dropped."""
        if self._shown:
            yield self._dropped()

    def _checked(self, sentence: str) -> Checked:
        words = " ".join(_WORD.findall(_MARKER.sub("", sentence).casefold()))
        if words in self._seen:
            self._repeats += 1
            self._sentences += 1
            return self._dropped()
        checking = self._checker.check(sentence, self._prompt.passages)
        if checking.status == "unsupported" and says_nothing(sentence):
            self._says_nothing = True
            return self._dropped()
        self._seen.add(words)
        self._sentences += 1
        if checking.status == "unsupported":
            if not self._strike:
                return self._dropped()
            one = Unsupported(text=checking.text, reasons=checking.reasons, after=len(self.claims))
            self._unsupported.append(one)
            return Checked(place=self._next(), unsupported=one)
        return self._claim(*self._supported(checking))

    def accounts(self) -> Iterator[Checked]:
        """The verbatim accounts of articles that the model cites nowhere, so that what
        corrects or differs is never left out."""
        cited = {citation.article.id for citation in self.citations.values()}
        by_marker = {citation.marker: citation for citation in self._verbatim.citations}
        for claim in self._verbatim.claims if self.claims else ():
            differs = self._verbatim.form == "accounts" or claim.corrects or claim.earlier
            own = [by_marker[marker] for marker in claim.markers]
            if differs and not any(citation.article.id in cited for citation in own):
                yield self._claim(claim, own)

    def written(self, model: str, failure: str | None) -> Written:
        """What came of it."""
        kinds = [claim.status for claim in self.claims]
        supported, corrected = kinds.count("supported"), kinds.count("corrected")
        return Written(
            model=model,
            prompt=PROMPT,
            messages=self._prompt.messages,
            sentences=self._sentences,
            supported=supported,
            corrected=corrected,
            struck=self._sentences - supported - corrected,
            unsupported=self._shown_struck(failed=failure is not None),
            failure=failure,
            verbatim=self._verbatim,
            usage=self.usage,
            took_ms=_since(self._began),
            first_ms=self._first_ms,
        )

    def _shown_struck(self, *, failed: bool) -> tuple[Unsupported, ...]:
        """What is to be shown struck out: below the verbatim answer where that stands, and
        nothing where what was supported is void too."""
        if not failed:
            return tuple(self._unsupported)
        below = len(self._verbatim.claims)
        return () if self.claims else tuple(replace(one, after=below) for one in self._unsupported)

    def _next(self) -> int:
        """The place of the sentence that has ended."""
        self._shown = ""
        self._place += 1
        return self._place - 1

    def _dropped(self) -> Checked:
        return Checked(place=self._next())

    def _supported(self, checking: Checking) -> tuple[Claim, list[Citation]]:
        citations = [self._cite(support) for support in checking.support]
        days = {day_of(c.article.published) if c.article.published else None for c in citations}
        claim = Claim(
            text=checking.text,
            markers=(),
            day=days.pop() if len(days) == 1 else None,
            dates=_dates(checking.text, citations),
            status="corrected" if checking.status == "corrected" else "supported",
        )
        return claim, citations

    def _cite(self, support: Support) -> Citation:
        passage, span = self._prompt.passages[support.passage], support.span
        held = [s for s in passage.sentences if span.start <= s.span.start < span.end]
        scores = [self._scores.get((passage.article.id, s.span.start), 0.0) for s in held]
        return cite(0, passage.article, span, paragraph=held[0].paragraph, score=max(scores))

    def _claim(self, claim: Claim, citations: Sequence[Citation]) -> Checked:
        """The claim with its citations numbered in order of use, one for each place."""
        new, markers = [], []
        for citation in citations:
            article, span = citation.article, citation.span
            key = (article.id, article.revision, span.start, span.end)
            if key not in self.citations:
                self.citations[key] = replace(citation, marker=len(self.citations) + 1)
                new.append(self.citations[key])
            markers.append(self.citations[key].marker)
        numbered = replace(claim, markers=tuple(dict.fromkeys(markers)))
        self.claims.append(numbered)
        if self._first_ms is None:
            self._first_ms = _since(self._began)
        dated = self.form == "accounts"
        return Checked(place=self._next(), claim=numbered, citations=tuple(new), dated=dated)


def _dates(text: str, citations: Sequence[Citation]) -> tuple[str, ...]:
    """Which days the words in ``text`` are that it has from what it cites; none that could be two."""
    meant: dict[str, set[str]] = {}
    for citation in citations:
        for written, day in days_meant(citation.article, citation.span):
            if re.search(rf"\b{re.escape(written)}\b", text, re.IGNORECASE):
                meant.setdefault(written, set()).add(day)
    return tuple(f"“{written}” is {days.pop()}" for written, days in meant.items() if len(days) == 1)


def _since(began: float) -> float:
    """Milliseconds."""
    return (time.perf_counter() - began) * 1000


def unasked(verbatim: Answer, writer: Writer, reason: str) -> Iterator[Event]:
    """The steps behind ``Asked`` of the ``verbatim`` answer where the model isn't asked to
    write another, for ``reason``."""
    written = Written(
        model=clean_line(writer.llm.name),
        prompt=PROMPT,
        messages=(),
        sentences=0,
        supported=0,
        corrected=0,
        struck=0,
        unsupported=(),
        failure=reason,
        verbatim=verbatim,
        usage=Usage(prompt=0, completion=0, reported=False),
        took_ms=0.0,
        first_ms=None,
    )
    yield Failed(reason=reason)
    yield from told(replace(verbatim, written=written))


def tell(
    verbatim: Answer, writing: Writing | None, earlier: Sequence[str], began: float, halt: Halt
) -> Generator[Event]:
    """All steps of an answer: of ``verbatim``, or of what ``writing`` makes of it. A refusal
    stands, and no model is asked."""
    yield Asked(understood=verbatim.understood, dates=verbatim.dates)
    if writing is None or not verbatim.answered:
        yield from told(verbatim)
    elif not halt.asked:
        yield from writing.steps(verbatim, earlier, began, halt)
