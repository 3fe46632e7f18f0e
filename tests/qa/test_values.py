"""Values in sentences: what each comes to, and which agree."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from qa.values import Value, agree, comparable, dates, names, numbers, quotations


def one(found: Sequence[Value]) -> Value:
    (value,) = found
    return value


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ("twenty-six boats", "26 boats"),
        ("one hundred and ten boats", "110 boats"),
        ("£4.2m", "£4.2 million"),
        ("£4,200,000", "£4.2 million"),
        ("half a dozen boats", "six boats"),
        ("45%", "45 per cent"),
        ("about 110 boats", "108 boats"),
        ("38 metres", "38 metres"),
        ("Rs 40 crore", "₹400 million"),
        ("two lakh votes", "200,000 votes"),
    ],
)
def test_numbers_agree_whatever_their_spelling(first: str, second: str) -> None:
    assert agree(one(numbers(f"It was {first} in all.")), one(numbers(f"There was {second} there.")))


@pytest.mark.parametrize(
    ("first", "second", "contrary"),
    [
        ("110 boats", "150 boats", True),
        ("about 110 boats", "more than 150 boats", True),
        ("more than 100 boats", "150 boats", False),
        ("up to £20,000", "£10,000", False),
        ("£5", "$6", False),
        ("£5", "6 boats", False),
        ("38 metres", "38 miles", False),
        ("71%", "some 64%", True),
    ],
)
def test_only_numbers_of_one_kind_that_cannot_both_hold_are_contrary(first: str, second: str, contrary: bool) -> None:
    a, b = one(numbers(f"It was {first} in all.")), one(numbers(f"It was {second} in all."))
    assert not agree(a, b)
    assert comparable(a, b) == contrary


@pytest.mark.parametrize(
    ("sentence", "former"),
    [
        ("It fell from 120 to 95.", [True, False]),
        ("It costs £1.20, not £1.50.", [False, True]),
        ("It beat the previous record of 30.7C with 31.2C.", [True, False]),
        ("We said that it was 83 metres.", [True]),
        ("He was paid 12 shillings.", [False]),
    ],
)
def test_what_held_once_is_known(sentence: str, former: list[bool]) -> None:
    assert [value.former for value in numbers(sentence)] == former


@pytest.mark.parametrize(
    "sentence", ["They won 3-1 at 9.40pm.", "He lives at No. 14.", "Covid-19 came.", "On 3 May 2024."]
)
def test_scores_times_and_names_are_no_numbers(sentence: str) -> None:
    assert numbers(sentence) == ()


@pytest.mark.parametrize(
    ("first", "second", "same"),
    [
        ("8 September 2025", "September 8", True),
        ("8 September", "9 September", False),
        ("in 1884", "in 1953", False),
        ("next Saturday", "Saturday night", True),
    ],
)
def test_days_agree_where_they_name_the_same_day(first: str, second: str, same: bool) -> None:
    assert agree(one(dates(f"It was {first}.")), one(dates(f"It was {second}."))) == same


def test_a_year_is_no_number_and_a_count_no_year() -> None:
    sentence = "In 2021 there were 2000 people here."
    assert [sentence[v.span.start : v.span.end] for v in dates(sentence)] == ["2021"]
    assert [sentence[v.span.start : v.span.end] for v in numbers(sentence)] == ["2000"]


@pytest.mark.parametrize(
    ("sentence", "expected"),
    [
        ("The New York Times met Ann Lee's brother on Monday in May.", ["New York Times", "Ann Lee"]),
        (
            "Last Saturday Dr. Ludwig van Beek of the University of York sang.",
            ["Dr. Ludwig van Beek", "University of York"],
        ),
        ("Workers met in Dunmere's Market Square.", ["Dunmere", "Market Square"]),
        ("Émile Zola saw Żaneta.", ["Émile Zola", "Żaneta"]),
        ("Twelve boats sank.", []),
    ],
)
def test_names_are_capitals_that_do_not_merely_begin(sentence: str, expected: list[str]) -> None:
    assert [sentence[v.span.start : v.span.end] for v in names(sentence)] == expected


def test_a_surname_agrees_with_the_full_name() -> None:
    full, short, other = (one(names(f"It was {name}.")) for name in ("Ann Lee", "Ms Lee", "Bo Lee"))
    assert agree(full, short)
    assert not agree(full, other)
    assert comparable(full, other)


HOSTILE = st.text(st.sampled_from('A“"‘’ 1,.-£% of the Mayor million'), max_size=400) | st.text(max_size=200)


@given(sentence=HOSTILE)
def test_any_text_can_be_read(sentence: str) -> None:
    for find in (numbers, dates, names, quotations):
        spans = [(value.span.start, value.span.end) for value in find(sentence)]
        assert all(0 <= start < end <= len(sentence) for start, end in spans)


@pytest.mark.parametrize("piece", ["A ", "A’", "1,", "“", "one ", "9", "of the ", "from 1 to ", "«", "‘a"])
def test_a_very_long_text_is_read_in_one_go(piece: str) -> None:
    sentence = piece * (20_000 // len(piece))
    for find in (numbers, dates, names, quotations):
        find(sentence)
