"""The sentence check keeps what the gazette supports and catches edits of it; the benchmark measures it."""

from __future__ import annotations

from pathlib import Path

import pytest

from eval.bench.check import asked, judged, right, samples_of
from eval.bench.gazette import NEWSPAPERS
from eval.edits import KINDS, Sample
from eval.questions import read_questions
from index import ArticleIndex
from qa.check import Checking, Support

CAUGHT, KEPT = 0.90, 0.95


@pytest.fixture(scope="module")
def samples(gazette_index: Path) -> tuple[Sample, ...]:
    questions = read_questions(NEWSPAPERS["marrowby"] / "questions.jsonl")
    return samples_of(asked(gazette_index, questions), count=150, seed=11)


def test_the_check_catches_edits_and_keeps_the_rest(gazette_index: Path, samples: tuple[Sample, ...]) -> None:
    with ArticleIndex.open(gazette_index, read_only=True) as index:
        found = judged(samples, index)
    kept = [one for one in found if one.sample.supported]
    caught = [one for one in found if not one.sample.supported]
    assert len(kept) == 150
    assert {one.sample.kind for one in caught} == set(KINDS)
    lost = [one.sample.sentence for one in kept if not one.right]
    missed = [one.sample.sentence for one in caught if not one.right]
    assert len(lost) <= (1 - KEPT) * len(kept), lost
    assert len(missed) <= (1 - CAUGHT) * len(caught), missed
    # The plain checks keep as many.
    for plain in ([one.overlap for one in kept], [one.cosine for one in kept]):
        assert sum(plain) >= len(kept) - len(lost)
    assert all(one.ms > 0 for one in found)


def test_a_moved_marker_is_caught_only_by_what_carries_the_sentence(samples: tuple[Sample, ...]) -> None:
    moved = next(one for one in samples if one.kind == "marker" and len(one.rests) == 1)
    rest = moved.rests[0]
    wrong = int(moved.change[1][1:-1]) - 1 if moved.change else -1
    elsewhere = moved.passages[wrong].sentences[0].span

    def checking(place: int, span: object) -> Checking:
        return Checking(text=moved.text, status="corrected", support=(Support(passage=place, span=span),), reasons=())  # type: ignore[arg-type]

    assert right(moved, checking(rest.place, rest.span))
    assert not right(moved, checking(wrong, elsewhere))
    first = next(one for one in samples if one.id == moved.of)
    assert not right(first, checking(rest.place, rest.span))
