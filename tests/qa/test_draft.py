"""``Draft``: a text is cut into the same sentences however it comes."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from qa.draft import Draft


def sentences(*pieces: str) -> list[str]:
    draft = Draft()
    return [*(sentence for piece in pieces for sentence in draft.add(piece)), *draft.end()]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("It sank. [1] It was old [2]. Ann wept.[3][4]", ["It sank. [1]", "It was old [2].", "Ann wept.[3][4]"]),
        ("Sold for £4.2 million [1, 3]. Then 5 left.", ["Sold for £4.2 million [1, 3].", "Then 5 left."]),
        ("Dr. Ann B. Lee of the U.S. Navy left. No. 5 won.", ["Dr. Ann B. Lee of the U.S. Navy left.", "No. 5 won."]),
        ("He said no. She left on Sept. 5 at noon.", ["He said no.", "She left on Sept. 5 at noon."]),
        ("“I quit. I am done,” she said. “Why?” he asked.", ["“I quit. I am done,” she said.", "“Why?” he asked."]),
        ('"I quit. I am done." [2] He stayed.', ['"I quit. I am done." [2]', "He stayed."]),
        ("- One boat [1]\n* Two boats [2]\n3. Three boats", ["One boat [1]", "Two boats [2]", "Three boats"]),
        ("## The ferry\n\nIt sank.\n[1]\n\nIt was old.", ["The ferry", "It sank.\n[1]", "It was old."]),
        ("It sank.\n[1] It was old.", ["It sank.", "[1] It was old."]),
        ("It sank on monday. [1] the crew wept.", ["It sank on monday. [1]", "the crew wept."]),
        ("It sank [passage 2]. It rose. 【1†source】 So.", ["It sank [passage 2].", "It rose. 【1†source】", "So."]),
        ("“It sank. It was\nold. Yes.", ["“It sank. It was", "old.", "Yes."]),
        ("It sank... slowly! Yes?! No…", ["It sank... slowly!", "Yes?!", "No…"]),
        ("It sank.\r\nIt rose.\u2028It sank.", ["It sank.", "It rose.", "It sank."]),
        ("**It sank.** [1] **It was old.** Yes.", ["**It sank.** [1]", "**It was old.**", "Yes."]),
        ("1. It sank.\n2) It rose.\n(3) It was old.", ["It sank.", "It rose.", "It was old."]),
        ("Answer: It sank [1].\n**Text:** It rose.\nThe answer is: 6. No.", ["It sank [1].", "It rose.", "6.", "No."]),
        ("Final answer:\n1. One boat\n2. Two boats", ["One boat", "Two boats"]),
        ("Today is 5 May 2024.\nQuestion: Who sank? Answer: Ann. Today is 5 May 2024, a Sunday.",
         ["Ann.", "Today is 5 May 2024, a Sunday."]),
        ("--- 88a50182 passage [5]\nAnswer the question below in a few short sentences.", []),
        ("Question: When did it sink\nIt sank. Text", ["It sank.", "Text"]),
        ("![badge](http://x.example/b.png?q=s) A library opened. So.",
         ["![badge](http://x.example/b.png?q=s)", "A library opened.", "So."]),
        ("![badge(] It sank! [1] So.", ["![badge(] It sank! [1]", "So."]),
        ("```\n---\n[1]\n\n", []),
        ("", []),
        ("It sank [1", ["It sank [1"]),
        ("no end here", ["no end here"]),
    ],
)  # fmt: skip
def test_sentences_end_where_a_reader_would_end_them(text: str, expected: list[str]) -> None:
    assert sentences(text) == expected
    assert sentences(*text) == expected


def test_a_sentence_is_given_as_soon_as_its_end_is_certain() -> None:
    draft = Draft()
    assert draft.add("The ferry sank.") == []
    assert draft.add(" [1]") == []
    assert draft.add(" It") == ["The ferry sank. [1]"]
    assert draft.pending == "It"


def test_what_is_pending_is_one_plain_line_without_markers() -> None:
    draft = Draft()
    seen = [(draft.add(piece), draft.pending)[1] for piece in ["1", ". ", "The [2]", " ferry", "\u202e sank [", "3"]]
    assert seen == ["", "", "The", "The ferry", *["The ferry\N{REPLACEMENT CHARACTER} sank"] * 2]
    draft = Draft()
    frame = ["Question", ": Who", " sank?", "\nAns", "wer", ":", " Ann", " sank"]
    seen = [(draft.add(piece), draft.pending)[1] for piece in frame]
    assert seen == ["", "", "", "", "", "", "Ann", "Ann sank"]


def test_what_never_ends_is_cut() -> None:
    found = sentences("ferry " * 1_000)
    assert {len(sentence) <= 1_000 for sentence in found} == {True}
    assert " ".join(found).split() == ["ferry"] * 1_000
    assert sentences("x" * 2_500) == ["x" * 1_000, "x" * 1_000, "x" * 500]


# What decides where a sentence ends stands close together in these.
TEXT = st.lists(
    st.sampled_from(
        ["The", "sank", ".", "!", " ", " ", "\n", "[1]", "[2", ", 3]", "[", "]", "“", "”", '"', "Mr", "a", "No", "5"]
    ),
    max_size=40,
).map("".join) | st.text(max_size=200)  # fmt: skip


FRAMES = st.lists(
    st.sampled_from(["Answer", "The answer is", ":", "**", " ", "\n", "1", ".", "Text: ", "Question", "Today is 5 May",
                     "It sank", "![a](b) ", "![", "](", ")", "--- 0a1b2c3d passage", "*", "(2)"]),
    max_size=24,
).map("".join)  # fmt: skip


@given(text=TEXT | FRAMES, cuts=st.lists(st.integers(0, 400), max_size=12))
def test_how_the_text_is_cut_into_pieces_changes_nothing(text: str, cuts: list[int]) -> None:
    places = sorted({0, len(text), *(cut for cut in cuts if cut < len(text))})
    pieces = [text[a:b] for a, b in pairwise(places)]
    assert sentences(*pieces) == sentences(text) == sentences(*text)


@given(text=TEXT)
def test_no_letter_is_lost_or_made_up(text: str) -> None:
    kept = "".join(c for sentence in sentences(text) for c in sentence if c.isalpha())
    # Bullets hold none, so that all of them stay.
    assert kept == "".join(c for c in text if c.isalpha())


def test_empty_lines_don_t_pile_up() -> None:
    draft = Draft()
    draft.add("The wall ")
    for _ in range(5_000):
        assert draft.add("\n \t") == []
    assert len(draft._text) < 20
    assert draft.end() == ["The wall"]
