from __future__ import annotations

from datetime import UTC, date, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from index import Filter, QuestionError
from qa.question import MAX_QUESTION_LENGTH, check_filter, understand


@pytest.mark.parametrize("blank", ["", " ", "\n\t", "\x00", "\u2003"])
def test_a_blank_question_is_refused(blank: str) -> None:
    with pytest.raises(QuestionError, match="empty"):
        understand(blank)


def test_a_question_too_long_is_refused() -> None:
    with pytest.raises(QuestionError, match="10,000 characters"):
        understand("a" * 10_000)
    assert len(understand("a" * MAX_QUESTION_LENGTH).text) == MAX_QUESTION_LENGTH


@given(st.text(st.characters(), min_size=1, max_size=200))
def test_any_other_text_is_a_question(text: str) -> None:
    try:
        question = understand(text)
    except QuestionError:
        return
    question.text.encode()
    assert "\n" not in question.text


@pytest.mark.parametrize(
    ("asked", "yes", "no"),
    [
        ("How many people live there?", "It has 1.4 million residents.", "It is large."),
        ("How many came?", "Some forty, or three dozen, came.", "Many came."),
        ("How many came?", "Twelve came by bus.", "She told Channel One that many came."),
        ("When did it open?", "It opened on Friday.", "It opened late."),
        ("Who is Ann Hale's doctor?", "Her doctor is Bo Ode.", "Ann Hale saw her doctor."),
    ],
)
def test_what_kind_of_answer_is_wanted(asked: str, yes: str, no: str) -> None:
    question = understand(asked)
    assert question.is_met_by(yes)
    assert not question.is_met_by(no)


def test_an_open_question_wants_nothing_in_particular() -> None:
    assert understand("Why did it close?").wants is None


@pytest.mark.parametrize(
    ("where", "expected"),
    [
        (Filter(published_from=date(2024, 2, 1), published_to=date(2024, 1, 1)), "swap"),
        (Filter(published_from=date(2024, 2, 1), as_of=date(2024, 1, 1)), "nothing can pass"),
        (Filter(as_of=datetime(2024, 1, 1)), "no time zone"),  # noqa: DTZ001
        (Filter(sources=()), "no source"),
    ],
)
def test_filters_that_let_nothing_through_are_refused(where: Filter, expected: str) -> None:
    with pytest.raises(QuestionError, match=expected):
        check_filter(where)


def test_filters_that_can_be_met_pass() -> None:
    check_filter(Filter())
    check_filter(Filter(as_of=datetime(2024, 1, 1, tzinfo=UTC), published_from=date(2024, 1, 1), sources=("A",)))
