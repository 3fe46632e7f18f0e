"""FAISS and tantivy beside the store: published together, checked, replayed, rebuilt.

A generation is a file of vectors and a folder of words, named in ``CURRENT`` with their
sizes and hashes. ``CURRENT`` is replaced by rename, so a reader finds one generation or
the next, whole. Vectors may lag behind words: what came since is replayed from the log.
"""

from __future__ import annotations

import dataclasses
import hashlib
import json
import shutil
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from index.article import Sentence
from index.files import publish
from index.progress import bar
from index.store import Catalogue, Store
from index.vectors import VectorIndex, VectorSnapshot, pool
from index.words import WordIndex, branch, files_of, intact

__all__ = ["Caches", "Generation", "build", "current", "load", "renew"]

_CURRENT = "CURRENT"
_FORMAT = 2
# Vectors not in the file are replayed at each opening. Past this share of what is in it,
# it is written anew: a share, so that a growing index is not rewritten again and again.
_REPLAY_SHARE = 0.1
_REPLAY_FEW = 5_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Generation:
    """What ``CURRENT`` says. ``seq`` is the change up to which words are complete;
    ``articles`` and ``sentences`` are how many the words hold."""

    number: int
    seq: int
    articles: int
    sentences: int
    words: str
    word_files: dict[str, tuple[int, str]]
    vectors: VectorSnapshot


@dataclass(frozen=True, slots=True, kw_only=True)
class Caches:
    """Vectors and words, both complete up to change ``seq`` of the store, and the
    generation they came from, None where they were built in memory."""

    seq: int
    generation: Generation | None
    vectors: VectorIndex
    words: WordIndex


def current(folder: Path) -> Generation | None:
    """The generation last published, or None where there is none that can be read."""
    try:
        digest, _, written = (folder / _CURRENT).read_text("utf-8").partition("\n")
        found: dict[str, Any] = json.loads(written)
        if digest != _digest(written) or found.pop("format") != _FORMAT:
            return None
        vectors = VectorSnapshot.read(found.pop("vectors"))
        files = {name: (size, digest) for name, (size, digest) in found.pop("word_files").items()}
        return Generation(vectors=vectors, word_files=files, **found)
    except (OSError, ValueError, TypeError, KeyError, AttributeError):
        return None


def load(folder: Path, generation: Generation, store: Store, model: str, seen: Caches | None = None) -> Caches | None:
    """The caches of a published generation with the log replayed, or None where they are
    not what was written and must be rebuilt.

    Call it within a snapshot of the store begun after ``generation`` was read. ``seen``
    are the caches loaded before, used up by the call: what they share with this
    generation is not read again.
    """
    if generation.seq > store.seq() or generation.vectors.model != model:
        return None
    before = seen.generation if seen else None
    if not intact(folder / generation.words, generation.word_files):
        return None
    if seen and before and before.vectors == generation.vectors and seen.seq <= generation.seq:
        vectors, since = seen.vectors, seen.seq
    else:
        found = VectorIndex.load(folder, generation.vectors)
        if found is None:
            return None
        vectors, since = found, generation.vectors.seq
    try:
        words = WordIndex(folder / generation.words, create=False)
    except (OSError, ValueError):
        return None
    if words.counts != (generation.articles, generation.sentences):
        return None
    _replay(store, vectors, store.catalogue(), since=since, until=generation.seq)
    return Caches(seq=generation.seq, generation=generation, vectors=vectors, words=words)


def build(store: Store, dimension: int) -> Caches:
    """Caches of everything in the store, in memory only."""
    catalogue = store.catalogue()
    vectors, words = VectorIndex(dimension), WordIndex(None)
    _replay(store, vectors, catalogue, since=0, until=catalogue.seq)
    words.add(_articles(store, catalogue.key))
    return Caches(seq=catalogue.seq, generation=None, vectors=vectors, words=words)


def renew(folder: Path, store: Store, model: str, dimension: int, *, rebuild: bool = False) -> None:
    """Publish caches that are complete up to the store's last change.

    What is published already is built upon where it is whole, unless ``rebuild``. The
    caller holds the writer's lock and is in no snapshot of the store: an older one would
    publish an older state. Raises OSError where files can't be written; the last
    generation stands then.
    """
    with store.snapshot():
        catalogue = store.catalogue()
        base = current(folder)
        if rebuild or (base and (base.seq > catalogue.seq or base.vectors.model != model)):
            base = None
        if base and base.seq == catalogue.seq:
            return
        number = _next_number(folder)
        words = _add_words(folder, store, catalogue, number, base) if base else None
        words = words or _all_words(folder, store, catalogue, number)
        files = files_of(folder / _words_name(number), base.word_files if base else {})
        vectors = base.vectors if base else None
        if vectors is None or _far_behind(store, catalogue, vectors):
            vectors = _write_vectors(folder, store, catalogue, number, vectors, model, dimension)
    articles, sentences = words.counts
    generation = Generation(
        number=number,
        seq=catalogue.seq,
        articles=articles,
        sentences=sentences,
        words=_words_name(number),
        word_files=files,
        vectors=vectors,
    )
    _publish(folder, generation, previous=base)


def _add_words(folder: Path, store: Store, catalogue: Catalogue, number: int, base: Generation) -> WordIndex | None:
    """The words of ``base`` and what came since, or None where they must be made anew:
    something was removed, or ``base`` is damaged."""
    if store.removed_since(base.seq) or not intact(folder / base.words, base.word_files):
        return None
    new = catalogue.key[catalogue.article_seq > base.seq]
    target = folder / _words_name(number)
    try:
        target.mkdir()
        branch(folder / base.words, target)
        words = WordIndex(target)
        words.add(_articles(store, new))
        if words.counts == _counts(catalogue):
            return words
    except ValueError:
        # tantivy's word for an index that it can't read.
        pass
    shutil.rmtree(target)
    return None


def _all_words(folder: Path, store: Store, catalogue: Catalogue, number: int) -> WordIndex:
    target = folder / _words_name(number)
    try:
        target.mkdir()
        words = WordIndex(target)
        words.add(_articles(store, catalogue.key))
    except ValueError as error:
        raise OSError(f"{target}: {error}") from error
    if words.counts != _counts(catalogue):
        raise OSError(f"{target}: tantivy holds {words.counts} of {_counts(catalogue)} articles and sentences")
    return words


def _counts(catalogue: Catalogue) -> tuple[int, int]:
    return len(catalogue.key), int((catalogue.last - catalogue.first + 1).sum())


def _write_vectors(
    folder: Path,
    store: Store,
    catalogue: Catalogue,
    number: int,
    before: VectorSnapshot | None,
    model: str,
    dimension: int,
) -> VectorSnapshot:
    index = VectorIndex.load(folder, before) if before else None
    since = before.seq if index and before else 0
    index = index or VectorIndex(dimension)
    _replay(store, index, catalogue, since=since, until=catalogue.seq)
    return index.save(folder, number, seq=catalogue.seq, model=model)


def _replay(store: Store, vectors: VectorIndex, catalogue: Catalogue, *, since: int, until: int) -> None:
    vectors.remove(store.removed_since(since))
    late = (catalogue.article_seq > since) & (catalogue.article_seq <= until)
    for key in catalogue.key[late]:
        placed = store.placed(int(key))
        ids = np.array([sentence.id for sentence in placed.sentences], np.int64)
        vectors.add(ids, pool(placed.vectors, placed.title_vector))


def _articles(store: Store, keys: Iterable[int]) -> Iterator[tuple[int, Sequence[Sentence], str, str]]:
    with bar("indexing words", "articles") as shown:
        for key in keys:
            article = store.article_by_key(int(key))
            yield int(key), store.sentences(int(key)), article.title, article.text
            shown.update()


def _far_behind(store: Store, catalogue: Catalogue, snapshot: VectorSnapshot) -> bool:
    late = catalogue.article_seq > snapshot.seq
    waiting = int((catalogue.last[late] - catalogue.first[late] + 1).sum())
    waiting += sum(last - first + 1 for first, last in store.removed_since(snapshot.seq))
    return waiting > max(_REPLAY_FEW, _REPLAY_SHARE * snapshot.count)


def _publish(folder: Path, generation: Generation, previous: Generation | None) -> None:
    written = folder / f"{_CURRENT}.tmp"
    content = json.dumps({"format": _FORMAT, **dataclasses.asdict(generation)})
    written.write_text(f"{_digest(content)}\n{content}", "utf-8")
    publish(written, folder / _CURRENT)
    keep = set()
    for kept in (generation, previous) if previous else (generation,):
        keep |= {kept.words, *(file.file for file in kept.vectors.files)}
    for path in folder.iterdir():
        if path.name.startswith(("words-", "vectors-")) and path.name not in keep:
            # A reader may hold it open still; what can't go now goes next time.
            with suppress(OSError):
                shutil.rmtree(path) if path.is_dir() else path.unlink()


def _next_number(folder: Path) -> int:
    # Past every name in use, so that nothing published or half written is overwritten.
    taken = [
        int(digits)
        for path in folder.iterdir()
        if path.name.startswith(("words-", "vectors-")) and (digits := path.name.split("-")[1].split(".")[0]).isdigit()
    ]
    return max(taken, default=0) + 1


def _digest(content: str) -> str:
    return hashlib.sha256(content.encode()).hexdigest()


def _words_name(number: int) -> str:
    return f"words-{number}"
