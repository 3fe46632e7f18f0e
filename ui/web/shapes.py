"""The shapes of what the HTTP API takes and gives, for its checks and its OpenAPI document."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import ConfigDict, Field, with_config
from typing_extensions import TypedDict

from qa.answer import Status
from qa.compose import Form
from qa.question import MAX_QUESTION_LENGTH
from ui.desk import MAX_PASSAGES, MAX_TURNS
from ui.feedback import MAX_REASON, Kind

__all__ = [
    "AnswerShape",
    "ArticlePage",
    "ArticleWhole",
    "Asked",
    "Collection",
    "Exported",
    "Feedback",
    "Outcomes",
    "Passages",
    "Problem",
    "Searched",
]

_Text = Annotated[str, Field(max_length=MAX_QUESTION_LENGTH)]
_Date = Annotated[str, Field(max_length=40, examples=["2025-05-13"])]
_Names = Annotated[list[_Text], Field(max_length=1000)]
_Strict = ConfigDict(extra="forbid", strict=True)


class _Facts(TypedDict):
    id: str
    title: str
    source: str | None
    published: str | None
    url: str | None
    authors: list[str]
    revision: int


class _ExchangeAtLeast(TypedDict):
    question: _Text


class _Exchange(_ExchangeAtLeast, total=False):
    """An earlier exchange: the question as it was understood, what was answered, and the
    ids of the articles cited."""

    answer: Annotated[str, Field(max_length=20 * MAX_QUESTION_LENGTH)]
    articles: _Names


class _Limits(TypedDict, total=False):
    as_of: Annotated[_Date | None, Field(description="Nothing published later is used: a day, all of it, or a moment.")]
    published_from: Annotated[_Date | None, Field(description="The first day, included.")]
    published_to: Annotated[_Date | None, Field(description="The last day, included.")]
    sources: Annotated[_Names | None, Field(description="Names of sources, as the articles have them.")]
    languages: Annotated[_Names | None, Field(description="Codes of languages, as “en”.")]


@with_config(_Strict)
class _AskedAtLeast(TypedDict):
    question: _Text


@with_config(_Strict)
class Asked(_AskedAtLeast, _Limits, total=False):
    """A question. ``stream`` asks for the answer claim by claim, as lines of JSON."""

    as_understood: Annotated[_Text | None, Field(description="What it was meant as, where it was misunderstood.")]
    history: Annotated[list[_Exchange], Field(max_length=10 * MAX_TURNS)]
    stream: bool


@with_config(_Strict)
class Searched(_AskedAtLeast, _Limits, total=False):
    """A question whose passages are wanted."""

    k: Annotated[int, Field(ge=1, le=MAX_PASSAGES)]


class _Claim(TypedDict):
    """A sentence of the answer. ``citations`` are markers, ``emphasis`` the words that answer
    as offsets into ``text``, ``label`` and ``note`` what stands before and after it."""

    text: str
    citations: list[int]
    emphasis: list[tuple[int, int]]
    day: str | None
    sources: list[str]
    first_reported: str | None
    corrects: bool
    earlier: bool
    dates: list[str]
    label: str
    note: str
    status: Status


class _Citation(TypedDict):
    """The exact words of an article: ``start`` to ``end`` of the text of that revision, in
    code points. ``link`` opens the original at them."""

    marker: int
    quote: str
    start: int
    end: int
    paragraph: int
    score: float
    link: str | None
    article: _Facts


class _Passage(TypedDict):
    rank: int
    text: str
    start: int
    end: int
    paragraph: int
    score: float
    meaning: float
    words: float
    time: float
    reranked: float | None
    sources: list[str]
    article: _Facts


class _Unsupported(TypedDict):
    """A sentence of a language model that no passage supports, ``after`` so many claims."""

    text: str
    reasons: list[str]
    after: int


class _Tokens(TypedDict):
    prompt: int
    completion: int
    reported: bool


class _Written(TypedDict):
    """What came of letting a language model write. ``failure`` says why the verbatim answer
    stands instead, where it does."""

    model: str
    prompt: str
    sentences: int
    supported: int
    corrected: int
    struck: int
    unsupported: list[_Unsupported]
    failure: str | None
    tokens: _Tokens
    took_ms: float
    first_ms: float | None


class AnswerShape(TypedDict):
    """An answer, or where ``answered`` is false a refusal with its ``reason``."""

    question: str
    understood: str
    dates: list[str]
    answered: bool
    answer: str
    reason: str | None
    confidence: float
    sureness: str
    form: Form
    claims: list[_Claim]
    citations: list[_Citation]
    passages: list[_Passage]
    as_of: str | None
    took_ms: float
    written: _Written | None


class Passages(TypedDict):
    """The passages most likely to answer, best first."""

    question: str
    passages: list[_Passage]


class _Words(TypedDict):
    start: int
    end: int
    quote: str
    paragraph: int
    link: str | None
    references: dict[str, str]


class _Revision(TypedDict):
    revision: int
    known: str
    since: str | None


class _Segment(TypedDict):
    kind: Literal["same", "added", "removed"]
    text: str


_Changes = TypedDict("_Changes", {"from": int, "title": str | None, "paragraphs": list[list[_Segment]]})


class _Copy(_Facts):
    similarity: float


class ArticleWhole(_Facts):
    """An article with its text, a paragraph a line."""

    modified: str | None
    language: str | None
    text: str
    cited: _Words | None
    revisions: list[_Revision]
    changes: _Changes | None
    copies: list[_Copy]


class _Listed(_Facts):
    language: str | None


class ArticlePage(TypedDict):
    """Some of the articles, and how many there are in all that fit."""

    total: int
    articles: list[_Listed]


class _Count(TypedDict):
    name: str | None
    articles: int


class Collection(TypedDict):
    """What is there to be asked. ``ready`` says whether the model has been loaded, ``writer``
    which language model writes answers, null where none does."""

    articles: int
    sentences: int
    first: str | None
    last: str | None
    by_month: list[_Count]
    by_source: list[_Count]
    by_language: list[_Count]
    examples: list[str]
    may_add: bool
    ready: bool
    writer: str | None


class _Outcome(TypedDict):
    name: str
    status: str
    id: str | None
    reason: str | None


class Outcomes(TypedDict):
    """What became of each article of a file."""

    outcomes: list[_Outcome]


class Exported(TypedDict):
    """A conversation to be written as a document."""

    style: Literal["markdown", "html", "json"]
    conversation: dict[str, Any]


class Feedback(TypedDict):
    """What a reader thinks of an answer: ``verdict``, ``kind`` and ``reason`` with the
    question, its limits and the answer."""

    verdict: Literal["up", "down"]
    kind: Kind
    reason: Annotated[str, Field(max_length=MAX_REASON)]
    question: _Text
    limits: dict[str, Any]
    answer: dict[str, Any]
    answer_id: Annotated[str, Field(max_length=80)]


class Problem(TypedDict):
    """What went wrong and what to do."""

    error: str
