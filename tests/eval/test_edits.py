"""What the sentence check is measured by: supported sentences and their edits."""

from __future__ import annotations

from collections import Counter

import pytest

from eval.edits import KINDS, SHARES, Asked, Sample, edits, halves, holds, supported
from eval.makes import Ground, usable
from eval.questions import read_questions
from index import Article, Span
from qa import ArticleQA
from tests.conftest import GAZETTE

COUNT = 250


@pytest.fixture(scope="module")
def asked(gazette: ArticleQA) -> list[Asked]:
    questions = [one for one in read_questions(GAZETTE / "questions.jsonl") if one.answerable]
    return [Asked(question=one, passages=gazette.retrieve(one.question, k=8, as_of=one.asked_on)) for one in questions]


@pytest.fixture(scope="module")
def made(asked: list[Asked]) -> tuple[Sample, ...]:
    return supported(asked, count=COUNT, seed=3)


@pytest.fixture(scope="module")
def edited(made: tuple[Sample, ...]) -> tuple[Sample, ...]:
    return edits(made, seed=3)


def words(sample: Sample) -> Counter[str]:
    return Counter(sample.text.lower().replace(",", " ").replace(".", " ").replace(";", " ").split())


def test_every_make_and_kind_occurs(made: tuple[Sample, ...], edited: tuple[Sample, ...]) -> None:
    assert len(made) == COUNT
    assert {sample.make for sample in made} == set(SHARES)
    kinds = Counter(sample.kind for sample in edited)
    assert set(kinds) == set(KINDS)
    assert max(kinds.values()) <= 1.25 * min(kinds.values()) + 1


def test_the_same_seed_makes_the_same(asked: list[Asked], made: tuple[Sample, ...]) -> None:
    again = supported(asked, count=COUNT, seed=3)
    assert again == made
    assert edits(again[:50], seed=3) == edits(made[:50], seed=3)
    assert supported(asked, count=50, seed=4) != supported(asked, count=50, seed=3)


def test_a_sentence_rests_on_the_passages_it_cites(made: tuple[Sample, ...]) -> None:
    assert len({sample.id for sample in made}) == len(made)
    for sample in made:
        assert sample.supported
        assert {rest.place + 1 for rest in sample.rests} == set(sample.markers)
        for rest in sample.rests:
            assert holds(sample, rest, rest.place, rest.span)
        shown = sample.sentence
        assert all(f"{marker}" in shown.rpartition(sample.text[-12:-1])[2] for marker in sample.markers)


def test_a_verbatim_sentence_stands_in_its_passage(made: tuple[Sample, ...]) -> None:
    verbatim = [sample for sample in made if sample.make == "verbatim"]
    assert len(verbatim) > COUNT // 20
    for sample in verbatim:
        assert sample.text in sample.passages[sample.markers[0] - 1].text
    assert all(sample.text != sample.passages[sample.rests[0].place].text for sample in made if sample.make == "cut")


def test_an_edit_changes_what_it_names_and_nothing_else(made: tuple[Sample, ...], edited: tuple[Sample, ...]) -> None:
    first = {sample.id: sample for sample in made}
    for sample in edited:
        assert sample.of is not None
        assert sample.kind is not None
        assert sample.change is not None
        before, (old, new) = first[sample.of], sample.change
        assert not sample.supported
        assert (sample.passages, sample.rests, sample.make) == (before.passages, before.rests, before.make)
        assert sample.sentence != before.sentence
        if sample.kind == "marker":
            assert sample.text == before.text
            assert sample.sentence.replace(new, old) == before.sentence or len(sample.markers) > 1
            assert sum(a != b for a, b in zip(sample.markers, before.markers, strict=True)) == 1
            continue
        assert sample.markers == before.markers
        gone, come = words(before) - words(sample), words(sample) - words(before)
        if sample.kind in ("number", "date", "name"):
            assert old in before.text
            assert new in sample.text
            places = [at for at in range(len(before.text)) if before.text.startswith(old, at)]
            made_of = [before.text[:at] + new + before.text[at + len(old) :] for at in places]
            assert any(text[1:] == sample.text[1:] for text in made_of)
        if sample.kind == "number":
            assert gone.total() <= 3
            assert come.total() <= 3
        if sample.kind == "negation":
            assert gone.total() <= 4


def test_the_marker_of_an_edit_is_of_a_passage_that_does_not_carry_it(edited: tuple[Sample, ...]) -> None:
    for sample in edited:
        if sample.kind == "marker" and sample.change:
            place = int(sample.change[1][1:-1]) - 1
            sentences = sample.passages[place].sentences
            assert not any(holds(sample, rest, place, one.span) for rest in sample.rests for one in sentences)


def test_an_article_is_in_one_half_whatever_the_others(made: tuple[Sample, ...]) -> None:
    parts = halves(sample.article for sample in made)
    assert set(parts.values()) == {"fit", "test"}
    some = list(parts)[::3]
    assert halves(some) == {article: parts[article] for article in some}
    even = Counter(halves(map(str, range(1_000))).values())
    assert min(even.values()) > 400


@pytest.mark.parametrize(
    ("text", "whole"),
    [
        ("The wall was built in 1884 and last strengthened in 1953.", True),
        ("Joan Harker", False),
        ("I read in the Gazette that the wall will cost more.", False),
        ("“We were an inch from losing the street,” Mr Threapland said.", True),
        ("and the wall was built in 1884 and strengthened.", False),
    ],
)
def test_only_whole_sentences_are_used(text: str, whole: bool) -> None:
    assert usable(text) is whole


def test_a_ground_is_the_words_of_its_span() -> None:
    article = Article(id="a", title="A", text="One. The wall was built.")
    assert Ground(article=article, span=Span(start=5, end=24)).text == "The wall was built."
