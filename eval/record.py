"""What came of one question, as a run keeps it: all that measures and reports need."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from typing import Any, get_args

from eval.questions import Question, question_of
from qa.answer import Status

__all__ = ["Card", "Cost", "Quoted", "Result", "Said", "Stretch", "Struck", "Verbatim", "Writing"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Card:
    """What an article is known by; ``published`` is a day or a moment in ISO 8601."""

    id: str
    title: str
    url: str | None = None
    source: str | None = None
    published: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Stretch:
    """Words of an article that were ranked: a sentence or a passage. ``start`` and ``end``
    are offsets in characters, ``score`` is in [0, 1]."""

    article: str
    start: int
    end: int
    text: str
    score: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Quoted:
    """A citation. It is ``exact`` where its quote stands at its offsets in a state of the
    article that the index holds, and ``timely`` where that state is the one that stood on
    the day asked as of (the newest where none was) and passes the limits of the question."""

    marker: int
    article: str
    start: int
    end: int
    quote: str
    paragraph: int
    exact: bool
    timely: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """A claim, the markers of its citations, and whether its words are the article's own or a
    language model's, as ``qa.answer.Claim`` has it."""

    text: str
    markers: tuple[int, ...]
    status: Status = "verbatim"


@dataclass(frozen=True, slots=True, kw_only=True)
class Struck:
    """A sentence that a language model wrote and that nothing supports, and why not; it stands
    after so many of the answer's claims."""

    text: str
    reasons: tuple[str, ...]
    after: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Verbatim:
    """What a question got without a language model: the parts in which answers differ."""

    answered: bool
    reason: str | None
    confidence: float
    claims: tuple[Said, ...]
    citations: tuple[Quoted, ...]
    violations: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Writing:
    """What a language model made of one question, as ``qa.answer.Written`` has it, but for its
    tokens and times, which no two runs share. ``verbatim`` is the answer without it."""

    sentences: int
    supported: int
    corrected: int
    struck: int
    unsupported: tuple[Struck, ...]
    failure: str | None
    verbatim: Verbatim


@dataclass(frozen=True, slots=True, kw_only=True)
class Cost:
    """What it cost to let a language model write one answer.

    ``ms`` is the wall time of writing and checking, ``first_ms`` that until the first claim
    stood, None where none did, and ``verbatim_ms`` that of the answer without it, all in
    milliseconds. ``prompt`` and ``completion`` are tokens, ``reported`` by the endpoint or
    else counted here.
    """

    ms: float
    first_ms: float | None
    verbatim_ms: float
    prompt: int
    completion: int
    reported: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """What one question got.

    ``understood`` is the question as it was searched for, ``dates`` what its words about
    time were taken for. ``articles`` are the ids of the first ten articles by first
    appearance in the passages, ``passages`` and ``sentences`` the first ten of each, best
    first; what a refusal would have said too. ``misdated`` are those of the question's
    articles that only the days read in its words left out. ``violations`` counts broken
    promises; ``cards`` are of every article named here. ``written`` is there where a
    language model was asked: the claims are then those that a reader saw.
    """

    question: Question
    understood: str
    dates: tuple[str, ...]
    answered: bool
    reason: str | None
    confidence: float
    claims: tuple[Said, ...]
    citations: tuple[Quoted, ...]
    articles: tuple[str, ...]
    passages: tuple[Stretch, ...]
    sentences: tuple[Stretch, ...]
    misdated: tuple[str, ...]
    violations: int
    cards: tuple[Card, ...]
    written: Writing | None = None

    @property
    def said(self) -> str:
        """The claims' words, one space between them, without markers; empty for a refusal."""
        return " ".join(claim.text for claim in self.claims)

    @property
    def verbatim(self) -> Result:
        """The result without a language model; itself where none was asked."""
        if self.written is None:
            return self
        without = self.written.verbatim
        return replace(
            self,
            answered=without.answered,
            reason=without.reason,
            confidence=without.confidence,
            claims=without.claims,
            citations=without.citations,
            violations=without.violations,
            written=None,
        )

    def card(self, article: str) -> Card:
        """The card of an article that is named here. Raises KeyError for any other."""
        return {card.id: card for card in self.cards}[article]

    def to_dict(self) -> dict[str, Any]:
        """The line of a run's file of results."""
        return asdict(self) | {"question": self.question.to_dict()}

    @classmethod
    def of(cls, row: Mapping[str, Any]) -> Result:
        """The result of a line. Raises KeyError, TypeError or ValueError for what isn't one."""
        return cls(
            **{
                **row,
                **_answer(row),
                "question": question_of(row["question"]),
                "dates": tuple(row["dates"]),
                "articles": tuple(row["articles"]),
                "passages": tuple(Stretch(**one) for one in row["passages"]),
                "sentences": tuple(Stretch(**one) for one in row["sentences"]),
                "misdated": tuple(row["misdated"]),
                "cards": tuple(Card(**one) for one in row["cards"]),
                # Runs from before there were language models have no such key.
                "written": _writing(row["written"]) if row.get("written") else None,
            }
        )


def _answer(row: Mapping[str, Any]) -> dict[str, Any]:
    """The parts of an answer that aren't in JSON what they are here."""
    if not isinstance(row["answered"], bool) or not 0 <= row["confidence"] <= 1:
        raise ValueError("answered must be true or false, and confidence from 0 to 1")
    return {
        "claims": tuple(_said(one) for one in row["claims"]),
        "citations": tuple(Quoted(**one) for one in row["citations"]),
    }


def _said(row: Mapping[str, Any]) -> Said:
    said = Said(**{**row, "markers": tuple(row["markers"])})
    if said.status not in get_args(Status):
        raise ValueError(f"a claim can't be {said.status!r:.40}")
    return said


def _writing(row: Mapping[str, Any]) -> Writing:
    counts = [row[name] for name in ("sentences", "supported", "corrected", "struck")]
    if not all(isinstance(count, int) and count >= 0 for count in counts):
        raise ValueError("sentences are counted from 0")
    struck = tuple(Struck(**{**one, "reasons": tuple(one["reasons"])}) for one in row["unsupported"])
    verbatim = Verbatim(**{**row["verbatim"], **_answer(row["verbatim"])})
    return Writing(**{**row, "unsupported": struck, "verbatim": verbatim})
