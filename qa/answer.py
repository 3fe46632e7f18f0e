"""What a question gets: claims, each with the citations it rests on, or a refusal."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any, Literal

from index import Span
from qa.citation import Citation, Passage
from qa.compose import Form
from qa.dates import day_in_words
from qa.retrieve import RankedSentence, passages
from qa.signals import weights

__all__ = ["Answer", "Claim", "Status", "Unsupported", "Usage", "Written"]

Status = Literal["verbatim", "supported", "corrected"]
"""Where a claim's words come from: from the article, or from a language model whose sentence
the words cited support, with the markers that it wrote or with corrected ones."""

# What is said of a chance of at least so much.
_SURENESS = (
    (0.9, "Very likely right"),
    (0.7, "Likely right"),
    (0.4, "Possibly right: check"),
    (0.0, "Doubtful: check"),
)
# A language model's words aren't what the chance was measured on.
_ANSWERED = (
    (0.9, "Very likely answered by the articles"),
    (0.7, "Likely answered by the articles"),
    (0.4, "Possibly answered by the articles: check"),
    (0.0, "Doubtful whether the articles answer: check"),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Claim:
    """One sentence of an answer and the markers of the citations that support it.

    ``status`` says whether it is the article's own sentence or one that a language model
    wrote and that the words cited were found to support.
    ``emphasis`` are the words that answer, as offsets into ``text``. ``day`` is when its
    article appeared, ``sources`` the names of all that say so, ``first_reported`` the first
    day on which one did. ``corrects`` is set where it corrects what was printed before,
    ``earlier`` where another claim of the answer has replaced it. ``dates`` say which days
    its words such as "on Sunday" are.
    """

    text: str
    markers: tuple[int, ...]
    emphasis: tuple[Span, ...] = ()
    day: date | None = None
    sources: tuple[str, ...] = ()
    first_reported: date | None = None
    corrects: bool = False
    earlier: bool = False
    dates: tuple[str, ...] = ()
    status: Status = "verbatim"

    def label(self, *, dated: bool) -> str:
        """What stands before it: "Correction, 22 May 2025", "Earlier, 4 March 2025", or the day
        where its answer is ``dated``; else nothing."""
        kind = "Correction" if self.corrects else "Earlier" if self.earlier else ""
        day = day_in_words(self.day) if self.day and (dated or kind) else ""
        return ", ".join(part for part in (kind, day) if part)

    @property
    def note(self) -> str:
        """What stands after it: "3 sources, first reported 12 June 2025", and which days its
        words are; nothing where there is nothing to say."""
        told = list(self.dates)
        if len(self.sources) > 1:
            first = f", first reported {day_in_words(self.first_reported)}" if self.first_reported else ""
            told.insert(0, f"{len(self.sources)} sources{first}")
        return "; ".join(told)

    def to_dict(self, *, dated: bool) -> dict[str, Any]:
        """The claim as JSON can hold it, with the label it has where its answer is ``dated``."""
        return {
            "text": self.text,
            "citations": list(self.markers),
            "emphasis": [[span.start, span.end] for span in self.emphasis],
            "day": self.day.isoformat() if self.day else None,
            "sources": list(self.sources),
            "first_reported": self.first_reported.isoformat() if self.first_reported else None,
            "corrects": self.corrects,
            "earlier": self.earlier,
            "dates": list(self.dates),
            "label": self.label(dated=dated),
            "note": self.note,
            "status": self.status,
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Unsupported:
    """A sentence that a language model wrote and that no passage supports: never part of an answer.

    ``reasons`` say why, ``after`` is the number of the answer's claims that stand before it.
    """

    text: str
    reasons: tuple[str, ...]
    after: int

    def to_dict(self) -> dict[str, Any]:
        """As JSON can hold it."""
        return {"text": self.text, "reasons": list(self.reasons), "after": self.after}


@dataclass(frozen=True, slots=True, kw_only=True)
class Usage:
    """What a language model was given and what it wrote, in tokens: ``reported`` by its
    endpoint, or else counted here."""

    prompt: int
    completion: int
    reported: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Written:
    """What came of letting a language model write the answer.

    ``model`` is its name, ``prompt`` the version of the prompt, ``messages`` what it was
    sent, as pairs of role and content. Of the ``sentences`` that it wrote, ``supported``
    were found so with the markers it gave them, ``corrected`` with others, and ``struck`` are
    no part of an answer. ``failure`` says why the verbatim answer stands instead, and none of
    the model's sentences; None where those that are supported do. ``unsupported`` holds what
    is to be shown struck out: none where that is to be dropped, or where supported sentences
    are void with it. ``verbatim`` is the answer without a model. ``took_ms`` is the wall time
    of writing and checking, ``first_ms`` until the first claim stood, in milliseconds.
    """

    model: str
    prompt: str
    messages: tuple[tuple[str, str], ...] = field(repr=False)
    sentences: int
    supported: int
    corrected: int
    struck: int
    unsupported: tuple[Unsupported, ...]
    failure: str | None
    verbatim: Answer = field(repr=False, compare=False)
    usage: Usage
    took_ms: float
    first_ms: float | None

    def to_dict(self) -> dict[str, Any]:
        """As JSON can hold it, without ``messages`` and ``verbatim``."""
        return {
            "model": self.model,
            "prompt": self.prompt,
            "sentences": self.sentences,
            "supported": self.supported,
            "corrected": self.corrected,
            "struck": self.struck,
            "unsupported": [one.to_dict() for one in self.unsupported],
            "failure": self.failure,
            "tokens": {
                "prompt": self.usage.prompt,
                "completion": self.usage.completion,
                "reported": self.usage.reported,
            },
            "took_ms": round(self.took_ms, 1),
            "first_ms": None if self.first_ms is None else round(self.first_ms, 1),
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """The answer to one question.

    ``understood`` is the question as it was put to the articles: ``question``, or in a
    conversation that with what earlier turns add to it. ``dates`` say what days its words
    about time were taken for. ``answered`` is False for a
    refusal; ``reason`` then says why, ``claims`` and ``citations`` are empty, and
    ``passages`` holds the nearest ones, which don't answer. ``confidence`` is in [0, 1];
    ``took_ms`` is wall time in milliseconds. ``form`` says what the claims are to each
    other: "accounts" differ and stand newest first, a "sequence" has one a day, oldest
    first. ``demanded`` are the first and the last day of publication that its words ask for,
    None where open: nothing else was searched. ``ranked`` are the sentences that it was drawn
    from and those beside them, best first. ``written`` tells what a language model made of
    it, None where none was asked.
    """

    question: str
    understood: str
    answered: bool
    claims: tuple[Claim, ...]
    citations: tuple[Citation, ...]
    passages: tuple[Passage, ...]
    reason: str | None
    confidence: float
    as_of: date | datetime | None
    took_ms: float
    form: Form = "sentences"
    dates: tuple[str, ...] = ()
    demanded: tuple[date | None, date | None] = (None, None)
    ranked: tuple[RankedSentence, ...] = field(default=(), repr=False, compare=False)
    written: Written | None = None

    @property
    def dated(self) -> bool:
        """Whether each claim is shown with its day."""
        return self.form in ("accounts", "sequence")

    @property
    def sureness(self) -> str:
        """The confidence in words: the chance that the articles answer and this does, or where a
        language model wrote the answer, that the articles do."""
        models = self.written is not None and self.written.failure is None
        if not self.answered:
            return "The articles don't say, as the model reads them" if models else "The articles probably don't say"
        return next(words for least, words in (_ANSWERED if models else _SURENESS) if self.confidence >= least)

    @property
    def text(self) -> str:
        """The answer as one string with its markers, or the reason for refusing."""
        if not self.answered:
            return self.reason or ""
        return self.separator.join(map(self.line, self.claims))

    @property
    def separator(self) -> str:
        """What stands between its claims: a blank, or where each has a line of its own a line's end."""
        return "\n" if self.dated or self.form == "list" else " "

    def line(self, claim: Claim) -> str:
        """A claim of it with its label, markers and note."""
        label, markers = claim.label(dated=self.dated), "".join(f"[{marker}]" for marker in claim.markers)
        return f"{f'{label}: ' if label else ''}{claim.text} {markers}{f' ({claim.note})' if claim.note else ''}"

    def retrieved(self, k: int) -> tuple[Passage, ...]:
        """The ``k`` best passages, whether or not they answer; the first five are ``passages``."""
        return passages(self.ranked, k)

    def explain(self) -> tuple[tuple[Passage, dict[str, float]], ...]:
        """The nearest passages, each with the share that each signal has in its score, weightiest
        first; below 0 where it speaks against it. ``qa.signals.SIGNALS`` says what each measures.
        A cross-encoder's part stands in ``Passage.reranked``."""
        return tuple((passage, weights().shares(passage.signals)) for passage in self.passages)

    def to_dict(self) -> dict[str, Any]:
        """The answer as JSON can hold it; the shape that ``byline ask --json`` prints."""
        return {
            "question": self.question,
            "understood": self.understood,
            "dates": list(self.dates),
            "answered": self.answered,
            "answer": self.text,
            "reason": self.reason,
            "confidence": round(self.confidence, 4),
            "sureness": self.sureness,
            "form": self.form,
            "claims": [claim.to_dict(dated=self.dated) for claim in self.claims],
            "citations": [citation.to_dict() for citation in self.citations],
            "passages": [passage.to_dict() for passage in self.passages],
            "as_of": self.as_of.isoformat() if self.as_of else None,
            "took_ms": round(self.took_ms, 1),
            "written": self.written.to_dict() if self.written else None,
        }
