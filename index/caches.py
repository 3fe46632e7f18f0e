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
from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from index.files import publish
from index.progress import bar
from index.store import BodyPlace, Store
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
    """What ``CURRENT`` says. ``seq`` is the change of bodies up to which words are complete;
    ``bodies`` and ``sentences`` are how many the words hold."""

    number: int
    seq: int
    bodies: int
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
    if generation.seq > store.body_seq() or generation.vectors.model != model:
        return None
    if generation.vectors.seq < store.log_begin():
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
    if words.counts != (generation.bodies, generation.sentences):
        return None
    _replay(store, vectors, store.bodies(since=since, until=generation.seq), since=since)
    return Caches(seq=generation.seq, generation=generation, vectors=vectors, words=words)


def build(store: Store, dimension: int) -> Caches:
    """Caches of everything in the store, in memory only."""
    bodies = store.bodies()
    vectors, words = VectorIndex(dimension), WordIndex(None)
    _replay(store, vectors, bodies, since=0)
    words.add(_texts(store, bodies))
    return Caches(seq=store.body_seq(), generation=None, vectors=vectors, words=words)


def renew(folder: Path, store: Store, model: str, dimension: int, *, rebuild: bool = False) -> None:
    """Publish caches that are complete up to the store's last change of a body.

    What is published already is built upon where it is whole, unless ``rebuild``. The
    caller holds the writer's lock and is in no snapshot of the store: an older one would
    publish an older state. Raises OSError where files can't be written; the last
    generation stands then.
    """
    with store.snapshot():
        seq = store.body_seq()
        base = current(folder)
        if rebuild or (base and not _replayable(base, store, seq, model)):
            base = None
        if base and base.seq == seq:
            return
        number = _next_number(folder)
        words = _add_words(folder, store, number, base) if base else None
        words = words or _all_words(folder, store, number)
        files = files_of(folder / _words_name(number), base.word_files if base else {})
        vectors = base.vectors if base else None
        if vectors is None or _far_behind(store, vectors):
            vectors = _write_vectors(folder, store, number, vectors, seq, model, dimension)
    bodies, sentences = words.counts
    generation = Generation(
        number=number,
        seq=seq,
        bodies=bodies,
        sentences=sentences,
        words=_words_name(number),
        word_files=files,
        vectors=vectors,
    )
    _publish(folder, generation, previous=base)


def _replayable(base: Generation, store: Store, seq: int, model: str) -> bool:
    return base.seq <= seq and base.vectors.seq >= store.log_begin() and base.vectors.model == model


def _add_words(folder: Path, store: Store, number: int, base: Generation) -> WordIndex | None:
    """The words of ``base`` and what came since, or None where they must be made anew:
    something was removed, or ``base`` is damaged."""
    if store.removed_since(base.seq) or not intact(folder / base.words, base.word_files):
        return None
    new = store.bodies(since=base.seq)
    target = folder / _words_name(number)
    try:
        target.mkdir()
        branch(folder / base.words, target)
        words = WordIndex(target)
        words.add(_texts(store, new))
        if words.counts == (base.bodies + len(new), base.sentences + sum(len(body) for body in new)):
            return words
    except ValueError:
        # tantivy's word for an index that it can't read.
        pass
    shutil.rmtree(target)
    return None


def _all_words(folder: Path, store: Store, number: int) -> WordIndex:
    bodies = store.bodies()
    target = folder / _words_name(number)
    try:
        target.mkdir()
        words = WordIndex(target)
        words.add(_texts(store, bodies))
    except ValueError as error:
        raise OSError(f"{target}: {error}") from error
    counts = len(bodies), sum(len(body) for body in bodies)
    if words.counts != counts:
        raise OSError(f"{target}: tantivy holds {words.counts} of {counts} bodies and sentences")
    return words


def _write_vectors(
    folder: Path,
    store: Store,
    number: int,
    before: VectorSnapshot | None,
    seq: int,
    model: str,
    dimension: int,
) -> VectorSnapshot:
    index = VectorIndex.load(folder, before) if before else None
    since = before.seq if index and before else 0
    index = index or VectorIndex(dimension)
    _replay(store, index, store.bodies(since=since), since=since)
    return index.save(folder, number, seq=seq, model=model)


def _replay(store: Store, vectors: VectorIndex, bodies: Iterable[BodyPlace], *, since: int) -> None:
    vectors.remove(store.removed_since(since))
    for body in bodies:
        placed = store.placed(body.key)
        ids = np.array([sentence[0] for sentence in placed.sentences], np.int64)
        vectors.add(ids, pool(placed.vectors, placed.title_vector))


def _texts(store: Store, bodies: Iterable[BodyPlace]) -> Iterator[tuple[int, list[tuple[int, int, int]], str, str]]:
    with bar("indexing words", "articles") as shown:
        for body in bodies:
            title, text = store.body(body.key)
            spans = [(number, start, end) for number, _, _, start, end in store.sentences(body.key)]
            yield body.key, spans, title, text
            shown.update()


def _far_behind(store: Store, snapshot: VectorSnapshot) -> bool:
    waiting = sum(len(body) for body in store.bodies(since=snapshot.seq))
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
