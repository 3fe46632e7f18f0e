"""Vectors by kind and size: exact under any filter, near enough to exact without, whole on disk or not there."""

from __future__ import annotations

import dataclasses
import json
from itertools import pairwise
from pathlib import Path
from random import Random

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from index import vectors
from index.embedder import Vectors, unit
from index.files import sha256
from index.vectors import VectorIndex, VectorSnapshot, ranges_mask

DIMENSION = 32


def stories(n: int, *, seed: int = 0) -> Vectors:
    """Vectors that gather as sentences of articles do: 20 about each of many subjects."""
    rng = np.random.default_rng(seed)
    subjects = rng.normal(size=(n // 20 + 1, DIMENSION))
    rows = np.repeat(subjects, 20, axis=0)[:n] + 0.7 * rng.normal(size=(n, DIMENSION))
    return unit(rows.astype(np.float32))


def asked(n: int) -> Vectors:
    return unit(stories(n * 20, seed=7)[::20] + stories(n * 20, seed=0)[::20])


def indexed(rows: Vectors) -> VectorIndex:
    index = VectorIndex(DIMENSION)
    index.add(np.arange(1, len(rows) + 1), rows)
    return index


def exact(rows: Vectors, question: Vectors, k: int, held: NDArray[np.bool_]) -> list[int]:
    """Ids nearest among those held; row i has id i + 1 and ``held`` is indexed by id."""
    cosines = rows.astype(np.float16).astype(np.float32) @ question
    ids = np.flatnonzero(held[1 : len(rows) + 1]) + 1
    return [int(i) for i in ids[np.lexsort((ids, -cosines[ids - 1]))][:k]]


def overlap(found: NDArray[np.int64], wanted: list[int]) -> float:
    return len(set(found.tolist()) & set(wanted)) / len(wanted) if wanted else 1.0


def saved(index: VectorIndex, folder: Path, generation: int = 1) -> VectorSnapshot:
    return index.save(folder, generation, seq=3, model="m")


def loaded(folder: Path, snapshot: VectorSnapshot) -> VectorIndex:
    index = VectorIndex.load(folder, snapshot)
    assert index is not None
    return index


@pytest.fixture
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    """The policy at a thousandth of its sizes."""
    monkeypatch.setattr(vectors, "_FLAT_TO", 1_000)
    monkeypatch.setattr(vectors, "_PQ_TO", 3_000)
    monkeypatch.setattr(vectors, "_CANDIDATES", 300)
    # Threads that share work this small wait for each other, ten times as long on a busy machine.
    monkeypatch.setattr(vectors, "_THREADS", 1)


KINDS = [
    (900, "IDMap,SQfp16"),
    (2_500, "IDMap,SQfp16 IDMap,PQ16x4fs"),
    (3_100, "IDMap,SQfp16 IVF79_HNSW32,PQ16x4fs"),
    (5_000, "IDMap,SQfp16 IVF128_HNSW32,PQ16x4fs"),
]


@given(
    first=st.lists(st.tuples(st.integers(0, 30), st.integers(0, 6)), max_size=12),
    size=st.integers(0, 250),
    random=st.randoms(use_true_random=False),
)
def test_a_mask_of_ranges_holds_their_numbers_and_no_others(
    first: list[tuple[int, int]], size: int, random: Random
) -> None:
    ranges, start = [], 0
    for gap, length in first:
        start += gap
        ranges.append((start, start + length - 1))
        start += length
    ranges += ranges[:2]
    random.shuffle(ranges)
    firsts, lasts = (np.array([span[side] for span in ranges], np.int64) for side in (0, 1))
    wanted = {number for begin, end in ranges for number in range(begin, end + 1) if number < size}
    mask = ranges_mask(firsts, lasts, size)
    assert (mask.dtype == np.bool_, len(mask)) == (True, size)
    assert set(np.flatnonzero(mask).tolist()) == wanted


@settings(deadline=None, max_examples=60)
@given(
    steps=st.lists(
        st.one_of(
            st.tuples(st.just("add"), st.integers(1, 40)),
            st.tuples(st.just("remove"), st.integers(1, 150)),
            st.just(("save", 0)),
        ),
        min_size=1,
        max_size=12,
    ),
    share=st.sampled_from([None, 1.0, 0.5, 0.05, 0.0]),
)
def test_any_history_is_searched_exactly(
    tmp_path_factory: pytest.TempPathFactory, steps: list[tuple[str, int]], share: float | None
) -> None:
    rows = stories(480)
    rng = np.random.default_rng(len(steps))
    index, held, added = VectorIndex(DIMENSION), np.zeros(500, bool), 0
    for step, number in steps:
        if step == "add":
            index.add(np.arange(added + 1, added + number + 1), rows[added : added + number])
            held[added + 1 : added + number + 1] = True
            added += number
        elif step == "remove":
            index.remove([(number, number + 9), (number + 30, number + 31), (3, 2)])
            held[number : number + 10] = held[number + 30 : number + 32] = False
        else:
            folder = tmp_path_factory.mktemp("snapshot")
            index = loaded(folder, saved(index, folder))
    assert len(index) == np.count_nonzero(held)
    allowed = None if share is None else rng.random(400) < share
    may = held.copy()
    if allowed is not None:
        may[:400] &= allowed
        may[400:] = False
    for question in asked(3):
        ids, cosines = index.search(question, 10, allowed)
        assert ids.tolist() == exact(rows, question, 10, may)
        assert cosines == pytest.approx(rows[ids - 1] @ question, abs=2e-3)


@pytest.mark.usefixtures("small")
@pytest.mark.parametrize(("size", "kind"), KINDS)
def test_each_kind_finds_what_exact_search_finds(tmp_path: Path, size: int, kind: str) -> None:
    rows = stories(size)
    index = indexed(rows)
    snapshot = saved(index, tmp_path)
    assert (snapshot.kind, index.kind, snapshot.count) == (kind, kind, size)
    assert [(tmp_path / file.file).stat().st_size for file in snapshot.files] == [f.size for f in snapshot.files]
    again = loaded(tmp_path, snapshot)
    everything = np.ones(size + 1, bool)
    questions = asked(40)
    for searched in (index, again):
        recall = [overlap(searched.search(q, 10)[0], exact(rows, q, 10, everything)) for q in questions]
        assert np.mean(recall) >= 0.98


@pytest.mark.usefixtures("small")
@pytest.mark.parametrize(("size", "kind"), KINDS)
@pytest.mark.parametrize("share", [0.9, 0.5, 0.25, 0.19, 0.05, 0.002, 0.0])
def test_a_filter_is_exact_whatever_it_passes(tmp_path: Path, size: int, kind: str, share: float) -> None:
    rows = stories(size)
    index = indexed(rows)
    assert saved(index, tmp_path).kind == kind
    # By articles, as filters choose, and with those of the first questions left out:
    # nothing near them may come back.
    rng = np.random.default_rng(3)
    allowed = np.concatenate([[False], np.repeat(rng.random(size // 20 + 1) < share, 20)[:size]])
    allowed[:101] = False
    recalls = []
    for question in asked(25):
        ids, _ = index.search(question, 10, allowed)
        assert allowed[ids].all()
        wanted = exact(rows, question, 10, allowed)
        assert len(ids) == len(wanted)
        recalls.append(overlap(ids, wanted))
    assert np.mean(recalls) >= 0.98


class Deaf:
    """In the place of the index that proposes: it must not be asked."""

    ntotal = 2_500

    def search(self, *_: object) -> None:
        raise AssertionError("the second index was asked")


@pytest.mark.usefixtures("small")
def test_a_filter_that_passes_under_a_fifth_is_searched_exactly(tmp_path: Path) -> None:
    rows = stories(2_500)
    index = indexed(rows)
    saved(index, tmp_path)
    index._near = Deaf()
    allowed = np.zeros(2_501, bool)
    allowed[1::6] = True
    for question in asked(10):
        assert index.search(question, 10, allowed)[0].tolist() == exact(rows, question, 10, allowed)
    with pytest.raises(AssertionError, match="was asked"):
        index.search(rows[0], 10)


@pytest.mark.usefixtures("small")
@pytest.mark.parametrize(("size", "kind"), KINDS[1:])
def test_a_filter_that_passes_only_what_is_far_is_searched_exactly(tmp_path: Path, size: int, kind: str) -> None:
    rows = stories(size)
    index = indexed(rows)
    assert saved(index, tmp_path).kind == kind
    for question in asked(10):
        nearest = exact(rows, question, size * 3 // 5, np.ones(size + 1, bool))
        allowed = np.ones(size + 1, bool)
        allowed[nearest] = False
        assert index.search(question, 10, allowed)[0].tolist() == exact(rows, question, 10, allowed)


@pytest.mark.usefixtures("small")
def test_the_kind_follows_the_size_up_and_down(tmp_path: Path) -> None:
    rows = stories(5_000)
    index, sizes = VectorIndex(DIMENSION), [0, 900, 2_500, 5_000]
    for generation, (before, size) in enumerate(pairwise(sizes)):
        index.add(np.arange(before + 1, size + 1), rows[before:size])
        snapshot = saved(index, tmp_path, generation)
        assert (size, snapshot.kind) in KINDS
        index = loaded(tmp_path, snapshot)
    index.remove([(501, 5_000)])
    snapshot = saved(index, tmp_path, 9)
    assert (snapshot.kind, snapshot.near, snapshot.count) == ("IDMap,SQfp16", None, 500)
    assert index.search(rows[700], 500)[0].max() <= 500


@pytest.mark.usefixtures("small")
@pytest.mark.parametrize(("size", "kind"), KINDS[1:])
def test_what_came_and_went_after_training_leaves_answers_as_they_were(tmp_path: Path, size: int, kind: str) -> None:
    rows, more = stories(size), stories(300, seed=5)
    index = indexed(rows)
    saved(index, tmp_path)
    questions = asked(20)
    before = [index.search(question, 10) for question in questions]
    late = np.arange(size + 1, size + 301)
    index.add(late, more)
    assert index.search(more[0], 1)[0].tolist() == [size + 1]
    index = loaded(tmp_path, saved(index, tmp_path, 2))
    # Now the second index holds them, and has no way to forget.
    assert index.search(more[0], 1)[0].tolist() == [size + 1]
    index.remove([(size + 1, size + 300)])
    reopened = loaded(tmp_path, saved(index, tmp_path, 3))
    for searched in (index, reopened):
        assert searched.kind == kind
        for question, (ids, cosines) in zip(questions, before, strict=True):
            again, same = searched.search(question, 10)
            assert again.tolist() == ids.tolist()
            assert same == pytest.approx(cosines, abs=1e-6)
        assert size >= searched.search(more[0], 50)[0].max()


@pytest.mark.usefixtures("small")
def test_an_index_of_mostly_removed_vectors_is_trained_anew(tmp_path: Path) -> None:
    rows = stories(2_900)
    index = indexed(rows)
    full = saved(index, tmp_path)
    index.remove([(1, 1_500)])
    half = saved(index, tmp_path, 2)
    assert (half.kind, half.count) == (full.kind, 1_400)
    assert full.near is not None
    assert half.near is not None
    assert half.near.size < full.near.size * 0.7


@pytest.mark.usefixtures("small")
@pytest.mark.parametrize("size", [900, 2_500, 5_000])
def test_equal_content_makes_equal_files(tmp_path: Path, size: int) -> None:
    rows = stories(size)
    once = saved(indexed(rows), tmp_path)
    halves = VectorIndex(DIMENSION)
    halves.add(np.arange(1, 400), rows[:399])
    saved(halves, tmp_path, 2)
    halves.add(np.arange(400, size + 1), rows[399:])
    twice = saved(halves, tmp_path, 3)
    assert [file.sha256 for file in twice.files] == [file.sha256 for file in once.files]


@pytest.mark.usefixtures("small")
@pytest.mark.parametrize("place", [0, 1])
@pytest.mark.parametrize("how", ["a bit", "the end", "all"])
def test_a_file_that_is_not_what_was_written_is_not_read(tmp_path: Path, place: int, how: str) -> None:
    snapshot = saved(indexed(stories(2_500)), tmp_path)
    path = tmp_path / snapshot.files[place].file
    content = bytearray(path.read_bytes())
    if how == "all":
        path.unlink()
    else:
        content[len(content) // 2] ^= 1
        path.write_bytes(content if how == "a bit" else content[:-1])
    assert VectorIndex.load(tmp_path, snapshot) is None


def test_a_file_that_fits_its_hash_but_not_the_snapshot_is_not_read(tmp_path: Path) -> None:
    snapshot = saved(indexed(stories(50)), tmp_path)
    for lie in ({"count": 49}, {"dimension": 16}, {"kind": "IDMap,SQfp16 IDMap,PQ16x4fs"}):
        assert VectorIndex.load(tmp_path, dataclasses.replace(snapshot, **lie)) is None
    assert VectorIndex.load(tmp_path, snapshot) is not None


def test_a_file_that_claims_more_than_it_holds_is_refused_before_memory_is_asked_for(tmp_path: Path) -> None:
    snapshot = saved(indexed(stories(50)), tmp_path)
    path = tmp_path / snapshot.exact.file
    content = path.read_bytes()
    # Fifty vectors are 50 · 32 · 2 bytes of codes; their length stands before them.
    length = (50 * DIMENSION * 2).to_bytes(8, "little")
    assert content.count(length) == 1
    path.write_bytes(content.replace(length, (1 << 38).to_bytes(8, "little")))
    lie = dataclasses.replace(snapshot.exact, sha256=sha256(path))
    assert VectorIndex.load(tmp_path, dataclasses.replace(snapshot, exact=lie)) is None


@pytest.mark.usefixtures("small")
@pytest.mark.parametrize("size", [60, 2_500])
def test_a_snapshot_survives_json(tmp_path: Path, size: int) -> None:
    snapshot = saved(indexed(stories(size)), tmp_path)
    written = json.dumps(dataclasses.asdict(snapshot))
    assert VectorSnapshot.read(json.loads(written)) == snapshot
    with pytest.raises((TypeError, KeyError)):
        VectorSnapshot.read({"near": None})


def test_what_was_saved_before_stays_as_it_was(tmp_path: Path) -> None:
    rows = stories(200)
    index = indexed(rows[:100])
    snapshot = saved(index, tmp_path)
    index.add(np.arange(101, 201), rows[100:])
    index.remove([(1, 50)])
    saved(index, tmp_path, 2)
    assert len(loaded(tmp_path, snapshot)) == 100
    assert loaded(tmp_path, snapshot).search(rows[0], 1)[0].tolist() == [1]


def test_an_empty_index_answers_nothing_and_can_be_kept(tmp_path: Path) -> None:
    index = VectorIndex(DIMENSION)
    for searched in (index, loaded(tmp_path, saved(index, tmp_path))):
        ids, cosines = searched.search(stories(1)[0], 10, np.ones(5, bool))
        assert (len(searched), len(ids), len(cosines)) == (0, 0, 0)


def test_what_was_only_added_can_be_read_back() -> None:
    rows = stories(40)
    index = indexed(rows)
    wanted = np.array([7, 3])
    assert index.reconstruct(wanted) == pytest.approx(rows[[6, 2]], abs=1e-3)
    assert index.cosines(rows[6], wanted) == pytest.approx(rows[[6, 2]] @ rows[6], abs=1e-3)


def test_what_is_held_can_be_read_back(tmp_path: Path) -> None:
    """Whether it was loaded, added since, or both; and what was removed is no longer there."""
    rows = stories(300)
    index = loaded(tmp_path, saved(indexed(rows[:200]), tmp_path))
    assert index.reconstruct(np.array([7, 3])) == pytest.approx(rows[[6, 2]], abs=1e-3)
    assert index.reconstruct(np.array([], np.int64)).shape == (0, DIMENSION)
    index.add(np.arange(201, 301), rows[200:])
    index.remove([(1, 50), (290, 400)])
    assert sorted(index.ids().tolist()) == list(range(51, 290))
    wanted = np.array([288, 60, 201, 200])
    assert index.reconstruct(wanted) == pytest.approx(rows[wanted - 1], abs=1e-3)
    question = stories(20, seed=3)[7]
    assert index.cosines(question, wanted) == pytest.approx(rows[wanted - 1] @ question, abs=1e-3)
    assert index.cosines(question, wanted[:0]).shape == (0,)
