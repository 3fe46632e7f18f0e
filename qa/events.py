"""How an answer comes: the steps that ``ask(stream=True)`` and the HTTP API tell alike."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from qa.answer import Answer, Claim, Unsupported
from qa.citation import Citation

__all__ = ["Asked", "Checked", "Event", "Failed", "Finished", "Pending", "finished", "told"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """The first step: the question as it was understood, and what its words about time were taken for."""

    understood: str
    dates: tuple[str, ...]

    def to_dict(self) -> dict[str, Any]:
        """The step as JSON can hold it: a line of the HTTP API's stream."""
        return {"understood": self.understood, "dates": list(self.dates)}


@dataclass(frozen=True, slots=True, kw_only=True)
class Pending:
    """What a language model has written so far of sentence number ``place``, from 0: not
    checked, and in no answer. Each replaces the one before it of the same place."""

    place: int
    text: str

    def to_dict(self) -> dict[str, Any]:
        """The step as JSON can hold it."""
        return {"pending": {"place": self.place, "text": self.text}}


@dataclass(frozen=True, slots=True, kw_only=True)
class Checked:
    """What became of sentence number ``place``: a ``claim`` with the ``citations`` that no
    claim before it has, or ``unsupported`` where it is to be shown struck out; neither where
    it is dropped. ``dated`` says whether the claim is shown with its day."""

    place: int
    claim: Claim | None = None
    citations: tuple[Citation, ...] = ()
    unsupported: Unsupported | None = None
    dated: bool = False

    def to_dict(self) -> dict[str, Any]:
        """The step as JSON can hold it."""
        return {
            "place": self.place,
            "claim": self.claim.to_dict(dated=self.dated) if self.claim else None,
            "citations": [citation.to_dict() for citation in self.citations],
            "unsupported": self.unsupported.to_dict() if self.unsupported else None,
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Failed:
    """The language model's answer can't stand, for ``reason``: all that was told since
    ``Asked`` is void, and the steps of the verbatim answer follow, from place 0."""

    reason: str

    def to_dict(self) -> dict[str, Any]:
        """The step as JSON can hold it."""
        return {"failed": self.reason}


@dataclass(frozen=True, slots=True, kw_only=True)
class Finished:
    """The last step: the whole answer."""

    answer: Answer

    def to_dict(self) -> dict[str, Any]:
        """The step as JSON can hold it."""
        return {"answer": self.answer.to_dict()}


Event = Asked | Pending | Checked | Failed | Finished
"""A step. ``Asked`` comes first and ``Finished`` last; without a language model there is one
``Checked`` for each claim between them, and nothing else."""


def told(answer: Answer) -> Iterator[Checked | Finished]:
    """The steps behind ``Asked`` of an answer that is all there."""
    new = {citation.marker: citation for citation in answer.citations}
    for place, claim in enumerate(answer.claims):
        citations = tuple(new.pop(marker) for marker in claim.markers if marker in new)
        yield Checked(place=place, claim=claim, citations=citations, dated=answer.dated)
    yield Finished(answer=answer)


def finished(steps: Iterable[Event]) -> Answer:
    """The answer that the steps end with."""
    *_, last = steps
    if not isinstance(last, Finished):
        raise TypeError(f"the last step is {type(last).__name__}: an answer's steps end with Finished")
    return last.answer
