"""What the server remembers of one reader's conversation."""

from __future__ import annotations

from dataclasses import dataclass, replace

from index.article import Filter
from qa.answer import Answer
from ui.web.render import Mark, Panel, answer_html, find_cited, missing_panel, panel, question_html

__all__ = ["MAX_TURNS", "Message", "Session", "Turn"]

MAX_TURNS = 40
"""Questions kept: an answer holds whole articles, and a page may stay open for days."""

Message = dict[str, str]
"""A chat message in Gradio's form: ``role`` and ``content``."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Turn:
    """A question as it was typed, and its answer. ``number`` counts from 1, never used again."""

    number: int
    question: str
    answer: Answer
    limits: Filter


@dataclass(frozen=True, slots=True, kw_only=True)
class Session:
    """The latest turns, oldest first: the only truth about what was answered.

    The page posts its own copy of the conversation, which it may have changed; nothing
    of that is read.
    """

    turns: tuple[Turn, ...] = ()
    asked: int = 0

    def add(self, question: str, answer: Answer, limits: Filter) -> Session:
        """The session with one more turn, and without its oldest where it was full."""
        turn = Turn(number=self.asked + 1, question=question, answer=answer, limits=limits)
        return Session(turns=(*self.turns, turn)[-MAX_TURNS:], asked=turn.number)

    def cleared(self) -> Session:
        """No turns; the numbers go on, so that an old link can't open a new source."""
        return replace(self, turns=())

    def history(self) -> list[Answer]:
        """What a follow-up may lean on, oldest first."""
        return [turn.answer for turn in self.turns]

    def messages(self) -> list[Message]:
        """The conversation, as escaped HTML."""
        messages = []
        for turn in self.turns:
            messages += exchange(question_html(turn.question), answer_html(turn.answer, turn.limits, turn.number))
        return messages

    def open(self, cited: object) -> Panel:
        """The source panel for what the page says was clicked, or a polite "not found"."""
        mark = Mark.parse(cited)
        for turn in self.turns:
            if mark is not None and turn.number == mark.turn:
                found = find_cited(turn.answer, mark)
                if found is not None:
                    return panel(found, mark)
        return missing_panel()


def exchange(question: str, answer: str) -> list[Message]:
    """A question and its answer as two chat messages, both already escaped."""
    return [{"role": "user", "content": question}, {"role": "assistant", "content": answer}]
