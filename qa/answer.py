"""What a question gets: claims, each with the citations it rests on, or a refusal."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from qa.citation import Citation, Passage

__all__ = ["Answer", "Claim"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Claim:
    """One sentence of an answer and the markers of the citations that support it."""

    text: str
    markers: tuple[int, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """The answer to one question.

    ``answered`` is False for a refusal; ``reason`` then says why, ``claims`` and
    ``citations`` are empty, and ``passages`` holds the nearest ones, which don't answer.
    ``confidence`` is in [0, 1]; ``took_ms`` is wall time in milliseconds.
    """

    question: str
    answered: bool
    claims: tuple[Claim, ...]
    citations: tuple[Citation, ...]
    passages: tuple[Passage, ...]
    reason: str | None
    confidence: float
    as_of: date | datetime | None
    took_ms: float

    @property
    def text(self) -> str:
        """The answer as one string with its markers, or the reason for refusing."""
        if not self.answered:
            return self.reason or ""
        return " ".join(f"{claim.text} {''.join(f'[{m}]' for m in claim.markers)}" for claim in self.claims)

    def to_dict(self) -> dict[str, Any]:
        """The answer as JSON can hold it; the shape that ``byline ask --json`` prints."""
        return {
            "question": self.question,
            "answered": self.answered,
            "answer": self.text,
            "confidence": round(self.confidence, 4),
            "claims": [{"text": claim.text, "citations": list(claim.markers)} for claim in self.claims],
            "citations": [
                {
                    "marker": c.marker,
                    "quote": c.quote,
                    "start": c.span.start,
                    "end": c.span.end,
                    "paragraph": c.paragraph,
                    "score": round(c.score, 4),
                    "link": c.link,
                    "article": article_facts(c.article),
                }
                for c in self.citations
            ],
            "as_of": self.as_of.isoformat() if self.as_of else None,
            "took_ms": round(self.took_ms, 1),
        }


def article_facts(article: Any) -> Mapping[str, Any]:
    """What identifies an article to a reader, as JSON can hold it."""
    return {
        "id": article.id,
        "title": article.title,
        "source": article.source,
        "published": article.published.isoformat() if article.published else None,
        "url": article.url,
        "authors": list(article.authors),
    }
