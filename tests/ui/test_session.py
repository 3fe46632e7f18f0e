"""The conversation that the server remembers."""

from __future__ import annotations

from dataclasses import replace

import pytest

from index.article import Filter
from tests.ui.samples import answer, article, citation, passage, refusal
from ui.web.session import MAX_TURNS, Session

QUOTE = "Nobody spoke against it."


def asked(times: int) -> Session:
    session = Session()
    for number in range(times):
        session = session.add(f"Question {number}?", answer(citation(article(), QUOTE)), Filter())
    return session


def test_a_source_opens_from_what_was_answered() -> None:
    opened = asked(2).open("2-1")
    assert opened["problem"] is None
    assert opened["title"] == "Wall to be mended"


def test_a_nearest_passage_opens() -> None:
    session = Session().add("Who?", refusal(passage(article(), QUOTE)), Filter())
    assert "not an answer" in session.open("1-n1")["label"]


def test_what_was_understood_and_said_is_what_a_follow_up_leans_on() -> None:
    refused, told = replace(refusal(), understood="Who is Ann Lee?"), answer(citation(article(), QUOTE))
    session = Session().add("Who?", refused, Filter()).add("And?", told, Filter())
    assert session.history() == [refused, told]


@pytest.mark.parametrize("forged", ["3-1", "1-2", "1-n1", "0-0", None, {"id": "1-1"}, ["1-1"], "x" * 9999])
def test_what_was_not_answered_is_not_found(forged: object) -> None:
    opened = asked(2).open(forged)
    assert opened["problem"] is not None
    assert opened["paragraphs"] == []
    assert opened["link"] is None


def test_the_oldest_turns_are_forgotten() -> None:
    session = asked(MAX_TURNS + 5)
    assert len(session.turns) == MAX_TURNS
    assert len(session.messages()) == 2 * MAX_TURNS
    assert session.open("5-1")["problem"] is not None
    assert session.open("6-1")["problem"] is None


def test_numbers_go_on_after_clearing() -> None:
    session = asked(3).cleared()
    assert session.messages() == []
    assert session.open("3-1")["problem"] is not None
    session = session.add("Again?", answer(citation(article(), QUOTE)), Filter())
    assert session.turns[0].number == 4


def test_the_question_is_shown_as_typed() -> None:
    session = Session().add("<b>Who?</b>", refusal(), Filter())
    assert session.messages()[0]["content"].count("<") == 2
