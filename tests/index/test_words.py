"""BM25 under filters of every size, and files that are hashed no oftener than they must be."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from random import Random

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from index import words
from index.files import sha256
from index.words import WordIndex, branch, files_of, intact

_VOCABULARY = [
    *("harbour", "wall", "ferry", "storm", "council", "engine", "bridge", "tide"),
    *("crew", "repair", "Tarn", "Orrin", "bees", "library", "vote"),
]


def _texts(n: int) -> Iterator[tuple[int, list[tuple[int, int, int]], str, str]]:
    """Articles of two sentences with keys 10, 20, 30…; every text is another."""
    rng = Random(4)
    for key in range(10, 10 * n + 1, 10):
        parts = [" ".join(rng.choices(_VOCABULARY, k=rng.randint(4, 14))) + f" w{key}." for _ in range(2)]
        text = "\n".join(parts)
        sentences = [(key, 0, len(parts[0])), (key + 1, len(parts[0]) + 1, len(text))]
        yield key, sentences, rng.choice(_VOCABULARY), text


@pytest.fixture(scope="module")
def held() -> WordIndex:
    index = WordIndex(None)
    index.add(_texts(300))
    return index


@settings(deadline=None, max_examples=80)
@given(
    question=st.lists(st.sampled_from([*_VOCABULARY, "w70", "absent"]), max_size=4),
    k=st.sampled_from([0, 1, 5, 40, 500]),
    share=st.sampled_from([0.0, 0.01, 0.1, 0.5, 0.99, 1.0]),
    seed=st.integers(0, 3),
)
def test_a_filter_takes_away_and_changes_nothing_else(
    held: WordIndex, question: list[str], k: int, share: float, seed: int
) -> None:
    terms = held.terms(" ".join(question))
    keys, scores = held.search_articles(terms, 1_000)
    rng = np.random.default_rng(seed)
    # Some keys are of articles that the words don't hold, as a newer catalogue has.
    allowed = np.arange(10, 3_200, 10, dtype=np.int64)
    allowed = allowed[rng.random(len(allowed)) < share]
    passing = np.isin(keys, allowed)
    got, own = held.search_articles(terms, k, allowed)
    assert own.tolist() == scores[passing][:k].tolist()
    # Which of those that score the same as the last comes in is tantivy's to choose.
    sure = own > own[-1] if len(own) else own > 0
    assert got[sure].tolist() == keys[passing][:k][sure].tolist()
    assert set(got.tolist()) <= set(allowed.tolist())

    ids, own = held.search_sentences(terms, 1_000)
    passing = np.isin(ids // 10 * 10, allowed)
    few, few_scores = held.search_sentences(terms, 1_000, allowed)
    assert (few.tolist(), few_scores.tolist()) == (ids[passing].tolist(), own[passing].tolist())


def test_both_ways_to_filter_are_taken(held: WordIndex, monkeypatch: pytest.MonkeyPatch) -> None:
    terms = held.terms("harbour wall")
    taken: list[str] = []
    for name in ("sift", "search"):
        _note(monkeypatch, name, taken)
    most = np.arange(10, 3_000, 10, dtype=np.int64)
    one_way = held.search_articles(terms, 20, most)
    other_way = held.search_articles(terms, 20, most[::40])
    assert taken == ["sift", "search"]
    assert len(one_way[0]) == 20
    assert set(other_way[0].tolist()) <= set(most[::40].tolist())


def _note(monkeypatch: pytest.MonkeyPatch, name: str, taken: list[str]) -> None:
    way = getattr(words._Part, name)

    def noting(*args: object) -> object:
        taken.append(name)
        return way(*args)

    monkeypatch.setattr(words._Part, name, noting)


def test_looking_further_finds_what_passes_far_down(held: WordIndex) -> None:
    terms = held.terms("harbour wall ferry storm council engine bridge")
    keys, scores = held.search_articles(terms, 1_000)
    # The half that passes is the worse half.
    allowed = np.sort(keys[len(keys) // 2 :])
    got, own = held.search_articles(terms, 30, allowed)
    assert own.tolist() == scores[len(keys) // 2 :][:30].tolist()
    assert set(got.tolist()) <= set(allowed.tolist())


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    WordIndex(tmp_path / "words").add(_texts(5))
    for path in _files(tmp_path / "words"):
        _age(path)
    return tmp_path / "words"


def _files(folder: Path) -> list[Path]:
    return [path for path in sorted(folder.rglob("*")) if path.is_file() and path.suffix != ".lock"]


def _age(path: Path) -> None:
    state = path.stat()
    os.utime(path, ns=(state.st_atime_ns, state.st_mtime_ns - 10_000_000_000))


@pytest.fixture
def read(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Names of the files hashed."""
    names: list[str] = []

    def counting(path: Path) -> str:
        names.append(path.name)
        return sha256(path)

    monkeypatch.setattr(words, "sha256", counting)
    return names


def test_files_are_read_once_though_they_get_other_names(folder: Path, read: list[str]) -> None:
    files = files_of(folder, {})
    assert len(read) == len(files) == len(_files(folder))
    branch(folder, folder.parent / "next")
    read.clear()
    assert intact(folder, files)
    assert read == []
    assert intact(folder.parent / "next", files)
    assert all(name.endswith(".json") for name in read)
    read.clear()
    assert intact(folder, files, afresh=True)
    assert len(read) == len(files)


@pytest.mark.parametrize("when", ["at once", "later"])
def test_a_changed_file_is_read_again(folder: Path, when: str) -> None:
    files = files_of(folder, {})
    for path in _files(folder):
        assert intact(folder, files)
        before = path.read_bytes()
        path.write_bytes(bytes([before[0] ^ 1]) + before[1:])
        if when == "later":
            state = path.stat()
            os.utime(path, ns=(state.st_atime_ns, state.st_mtime_ns - 5_000_000_000))
        assert not intact(folder, files)
        path.write_bytes(before)
    assert intact(folder, files)


def test_a_file_written_just_now_is_not_trusted_by_its_time(folder: Path) -> None:
    """Two writes within one tick of the clock leave one time of change."""
    path = _files(folder)[0]
    path.write_bytes(before := path.read_bytes())
    files = files_of(folder, {})
    state = path.stat()
    path.write_bytes(bytes([before[0] ^ 1]) + before[1:])
    os.utime(path, ns=(state.st_atime_ns, state.st_mtime_ns))
    assert not intact(folder, files)


def test_a_missing_file_is_not_intact(folder: Path) -> None:
    files = files_of(folder, {})
    _files(folder)[0].unlink()
    assert not intact(folder, files)


def test_adding_to_a_branch_leaves_the_other_as_it_was(folder: Path) -> None:
    files = files_of(folder, {})
    target = folder.parent / "next"
    target.mkdir()
    branch(folder, target)
    grown = WordIndex(target)
    grown.add(list(_texts(9))[5:])
    assert grown.counts == (9, 18)
    assert intact(folder, files)
    assert WordIndex(folder, create=False).counts == (5, 10)
