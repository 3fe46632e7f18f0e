from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from index.sentences import MAX_SENTENCE, split

# Any code point at all, lone surrogates included, and text dense in what splitters trip over.
ANYTHING = st.text(st.characters(), max_size=300) | st.text('ab .!?"\n”“  \ud800é。！？Mr', max_size=300)


@given(ANYTHING)
@settings(max_examples=500, deadline=None)
def test_offsets_reproduce_every_sentence(text: str) -> None:
    end = 0
    for sentence in split(text):
        span = sentence.span
        assert end <= span.start < span.end
        assert not text[end : span.start].strip(), "something between two sentences was lost"
        quoted = text[span.start : span.end]
        assert quoted == quoted.strip()
        assert "\n" not in quoted
        assert len(quoted) <= MAX_SENTENCE
        end = span.end
    assert not text[end:].strip()


@given(ANYTHING)
@settings(max_examples=200, deadline=None)
def test_paragraphs_are_the_lines_that_say_something(text: str) -> None:
    lines = [line for line in text.split("\n") if line.strip()]
    numbers = [sentence.paragraph for sentence in split(text)]
    assert sorted(set(numbers)) == list(range(1, len(lines) + 1))
    assert numbers == sorted(numbers)


def test_abbreviations_do_not_end_sentences() -> None:
    text = "Mr. Hale met Dr. Ode at 3 p.m. on Friday. They agreed."
    assert [text[s.span.start : s.span.end] for s in split(text)] == [
        "Mr. Hale met Dr. Ode at 3 p.m. on Friday.",
        "They agreed.",
    ]


def test_a_quotation_begins_where_it_opens() -> None:
    text = '"We see a united effort to stop him," she said. "Because this is war. We cannot allow it'
    assert [text[s.span.start : s.span.end] for s in split(text)] == [
        '"We see a united effort to stop him," she said.',
        '"Because this is war.',
        "We cannot allow it",
    ]


def test_a_line_without_end_is_cut_at_white_space() -> None:
    text = "word " * 300_000
    sentences = split(text)
    assert len(sentences) > 1_000
    assert all(text[s.span.end : s.span.end + 1] in (" ", "") for s in sentences)
