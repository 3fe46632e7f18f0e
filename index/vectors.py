"""Context-pooled sentence vectors in FAISS: a cache of what SQLite holds.

Every vector is in an exact index, fp16, which serves filters, removal and rescoring. Past
half a million a second, smaller index proposes candidates, and the exact one scores them:

| vectors | proposes |
|---|---|
| to 500 thousand | nothing: all are compared |
| to 5 million | PQ fast scan, 4 bits for two dimensions: 96 bytes a vector of 384 |
| more | the same codes in inverted lists, found through an HNSW graph |
"""

from __future__ import annotations

import hashlib
import math
import threading
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import faiss
import numpy as np
from numpy.typing import NDArray

from index.embedder import Vectors, unit
from index.files import publish, sha256

__all__ = ["VectorFile", "VectorIndex", "VectorSnapshot", "pool", "ranges_mask"]

# FAISS replaces these classes as it is imported, which its type stubs don't know.
_faiss: Any = faiss

_TITLE = 0.5
_NEIGHBOURS = 1.0
_ARTICLE = 1.0
_WINDOW = 2

_EXACT = "IDMap,SQfp16"
# Up to how many vectors each kind serves.
_FLAT_TO = 500_000
_PQ_TO = 5_000_000
# A filter that passes less than this share is searched exactly: of the candidates too
# few would pass, and there is little to compare.
_EXACT_BELOW = 0.2
# Candidates scored exactly, for each result wanted and at least. On two million vectors
# they hold the exact ten nearest of every question, and .998 of the nearest 300.
_CANDIDATES_EACH = 8
_CANDIDATES = 1_000
# With fewer than this for each result, those that a filter left are too few to trust.
_CANDIDATES_LEAST = 4
# Training samples: what FAISS asks for, for each list and for each of PQ's 16 centroids.
_PER_LIST = 39
_PER_CODEBOOK = 65_536
# The share of removed vectors that the second index may hold: it can't forget them.
_STALE = 0.25
# Lists are searched until this share of the exact nearest is found, a little over the
# .98 promised, since questions are not the sampled vectors that it is tuned on; among
# the nearest 100, so that a filter that passes a fifth or less of those near finds its ten.
_RECALL = 0.99
_TUNED_ON = 200
_TUNED_DEPTH = 100
_SEED = 20221
# Before any search sets it for its thread.
_THREADS = faiss.omp_get_max_threads()
_CHUNK = 65_536

_Ids = NDArray[np.int64]
_Hits = tuple[_Ids, Vectors]


@dataclass(frozen=True, slots=True, kw_only=True)
class VectorFile:
    """A file, and what it must be byte for byte."""

    file: str
    size: int
    sha256: str


@dataclass(frozen=True, slots=True, kw_only=True)
class VectorSnapshot:
    """Vectors on disk: what is checked before a byte of them is believed.

    ``seq`` is the change of the store up to which they are complete, ``kind`` FAISS's
    own name for the indexes held, ``exact`` and ``near`` their files; ``near`` is None
    where all vectors are compared.
    """

    seq: int
    exact: VectorFile
    near: VectorFile | None
    count: int
    dimension: int
    kind: str
    model: str

    @classmethod
    def read(cls, found: Mapping[str, Any]) -> VectorSnapshot:
        """The snapshot that ``dataclasses.asdict`` made ``found`` of.

        Raises TypeError or KeyError where it is of no snapshot.
        """
        near = found["near"]
        files = {"exact": VectorFile(**found["exact"]), "near": VectorFile(**near) if near else None}
        return cls(**{**found, **files})

    @property
    def files(self) -> tuple[VectorFile, ...]:
        """The files, one or two."""
        return (self.exact, self.near) if self.near else (self.exact,)


def pool(sentences: Vectors, title: Vectors) -> Vectors:
    """Each sentence's vector with its context in it: float32, (n, dimension), unit rows.

    ``unit(s + 0.5·title + 1.0·mean(the two sentences before and after) +
    1.0·unit(mean of the article))``, from vectors that are there anyway. On news this
    finds articles that windows of sentences, embedded anew, don't (the README has the
    figures); ``sentences`` and ``title`` are raw unit vectors.
    """
    n = len(sentences)
    total = np.zeros_like(sentences)
    count = np.zeros((n, 1), np.float32)
    for distance in range(1, min(_WINDOW, n - 1) + 1):
        total[distance:] += sentences[:-distance]
        total[:-distance] += sentences[distance:]
        count[distance:] += 1
        count[:-distance] += 1
    neighbours = total / np.maximum(count, 1)
    article = unit(sentences.mean(axis=0, keepdims=True))
    return unit(sentences + _TITLE * title + _NEIGHBOURS * neighbours + _ARTICLE * article)


def ranges_mask(first: _Ids, last: _Ids, size: int) -> NDArray[np.bool_]:
    """Which of the numbers below ``size`` lie in one of the ranges, both ends included.

    Ranges may come in any order and more than once, but don't overlap otherwise; one
    whose last is before its first is empty.
    """
    some = last >= first
    first, where = np.unique(first[some], return_index=True)
    edges = np.zeros(2 * len(first) + 2, np.int64)
    edges[1:-1:2] = first
    edges[2:-1:2] = last[some][where] + 1
    edges[-1] = size
    inside = np.zeros(2 * len(first) + 1, bool)
    inside[1::2] = True
    return np.repeat(inside, np.diff(edges.clip(max=size)))


class VectorIndex:
    """Inner-product search over pooled vectors, by sentence id.

    What was loaded or saved last is never changed: what is added since is kept, and
    searched, beside it, and what is removed is passed over, until the next ``save``.
    """

    def __init__(self, dimension: int) -> None:
        self._dimension = dimension
        self._near: Any | None = None
        self._near_kind: str | None = None
        self._settle(_exact(dimension))

    def _settle(self, base: Any) -> None:
        """Begin anew from one exact index."""
        self._base = base
        self._late = _exact(self._dimension)
        ids = _ids_of(base)
        self._row = np.full(int(ids.max(initial=-1)) + 1, -1, np.int32)
        """By id: the row of ``_base`` that holds it, -1 where none does or it was removed."""
        self._row[ids] = np.arange(len(ids), dtype=np.int32)
        self._gone = 0

    @classmethod
    def load(cls, folder: Path, snapshot: VectorSnapshot) -> VectorIndex | None:
        """The index in a snapshot's files, or None where they aren't byte for byte what
        was written."""
        base = _read(folder, snapshot.exact)
        if base is None or not isinstance(base, _faiss.IndexIDMap):
            return None
        if (base.ntotal, base.d) != (snapshot.count, snapshot.dimension):
            return None
        loaded = cls(snapshot.dimension)
        if snapshot.near is not None:
            loaded._near = _read(folder, snapshot.near)
            loaded._near_kind = snapshot.kind.partition(" ")[2]
            if loaded._near is None or loaded._near.d != snapshot.dimension:
                return None
        if loaded.kind != snapshot.kind:
            return None
        loaded._settle(base)
        return loaded

    @property
    def kind(self) -> str:
        """FAISS's own name for what is held: the exact index, then the one that proposes."""
        return f"{_EXACT} {self._near_kind}" if self._near_kind else _EXACT

    def __len__(self) -> int:
        return int(self._base.ntotal) - self._gone + int(self._late.ntotal)

    def add(self, ids: _Ids, vectors: Vectors) -> None:
        """Add unit vectors, float32, (n, dimension), under new ids."""
        if len(ids):
            self._late.add_with_ids(np.ascontiguousarray(vectors), ids)

    def remove(self, ranges: Iterable[tuple[int, int]]) -> None:
        """Remove ranges of ids, both ends included; absent ids are no error."""
        spans = list(ranges)
        removed = np.zeros(max((last for _, last in spans), default=-1) + 1, bool)
        for first, last in spans:
            removed[first : last + 1] = True
            rows = self._row[first : last + 1]
            self._gone += int(np.count_nonzero(rows >= 0))
            rows[:] = -1
        if self._late.ntotal and len(removed):
            # All at once: each removal moves every vector that stays.
            bits = np.packbits(removed, bitorder="little")
            self._late.remove_ids(_faiss.IDSelectorBitmap(bits))

    def search(self, question: Vectors, k: int, allowed: NDArray[np.bool_] | None = None) -> _Hits:
        """The ids nearest to a unit vector and their cosines, best first, at most ``k``.

        ``allowed``, where given, is indexed by id and says which may be returned; what
        lies past its end may not. Every cosine is exact, and so is the filter: fewer
        than ``k`` come back only where fewer pass.
        """
        k = min(k, len(self))
        if k < 1:
            return np.empty(0, np.int64), np.empty(0, np.float32)
        # A single question is searched faster by one thread than by several, and FAISS
        # keeps that setting a thread.
        faiss.omp_set_num_threads(1)
        mask = allowed
        if self._gone:
            held = self._row >= 0
            mask = held if allowed is None else _both(held, allowed)
        found = self._propose(question, k, mask) or _scan(self._base, question, k, mask)
        return _best(k, found, _scan(self._late, question, k, allowed))

    def _propose(self, question: Vectors, k: int, mask: NDArray[np.bool_] | None) -> _Hits | None:
        """The nearest in ``_base`` by way of candidates, or None where it is better, or
        the only exact way, to compare all."""
        if self._near is None:
            return None
        share = 1.0 if mask is None else np.count_nonzero(mask[: len(self._row)]) / self._near.ntotal
        wanted = max(_CANDIDATES, _CANDIDATES_EACH * k)
        if share < _EXACT_BELOW or wanted > share * self._base.ntotal:
            return None
        _, (ids,) = self._near.search(question[None, :], math.ceil(wanted / share))
        ids = self._held(ids)
        if mask is not None:
            ids = ids[ids < len(mask)]
            ids = ids[mask[ids]]
        # A filter may pass few of those that are near, though many of all.
        if len(ids) < _CANDIDATES_LEAST * k:
            return None
        return self._scored(question, k, ids[:wanted])

    def _held(self, ids: _Ids) -> _Ids:
        """Those of ``ids`` that ``_base`` holds; FAISS says -1 where it found none."""
        ids = ids[(ids >= 0) & (ids < len(self._row))]
        return ids[self._row[ids] >= 0]

    def _scored(self, question: Vectors, k: int, ids: _Ids) -> _Hits:
        """The ``k`` best of ``ids`` in ``_base``, scored as a search of all would."""
        # By FAISS, not as a product of matrices: the library that numpy takes for those
        # shares them between threads, and eight questions at once then wait on each other.
        some = _exact(self._dimension)
        some.add_sa_codes(_codes_of(self._base)[self._row[ids]], ids)
        return _scan(some, question, k, None)

    def ids(self) -> _Ids:
        """The ids of all vectors held, (n,)."""
        return np.concatenate([np.flatnonzero(self._row >= 0), _ids_of(self._late)])

    def cosines(self, question: Vectors, ids: _Ids) -> Vectors:
        """The cosine with ``question`` of each vector held under these ids, (n,)."""
        rows = self._rows_of(ids)
        cosines = np.empty(len(ids), np.float32)
        there = np.flatnonzero(rows >= 0)
        if len(there):
            # By a search of them alone: five times as fast as to decode and multiply.
            some = _exact(self._dimension)
            some.add_sa_codes(_codes_of(self._base)[rows[there]], there.astype(np.int64))
            places, found = _scan(some, question, len(there), None)
            cosines[places] = found
        late = np.flatnonzero(rows < 0)
        if len(late):
            cosines[late] = self.reconstruct(ids[late]) @ question
        return cosines

    def reconstruct(self, ids: _Ids) -> Vectors:
        """The vectors held under these ids, as exactly as they are kept: float32, (n, dimension)."""
        vectors = np.empty((len(ids), self._dimension), np.float32)
        rows = self._rows_of(ids)
        vectors[rows >= 0] = _vectors_at(self._base, rows[rows >= 0])
        if (rows < 0).any():
            late = {number: row for row, number in enumerate(_ids_of(self._late).tolist())}
            kept = np.array([late[number] for number in ids[rows < 0].tolist()], np.int64)
            vectors[rows < 0] = _vectors_at(self._late, kept)
        return vectors

    def _rows_of(self, ids: _Ids) -> _Ids:
        """Their rows in ``_base``; -1 for what isn't there."""
        rows = np.full(len(ids), -1, np.int64)
        known = ids < len(self._row)
        rows[known] = self._row[ids[known]]
        return rows

    def save(self, folder: Path, generation: int, *, seq: int, model: str) -> VectorSnapshot:
        """Write snapshot files of its own, each whole or not at all, in the kind that the
        number of vectors asks for. Where that is another than before, it is trained here.

        Raises OSError where they can't be written.
        """
        kept = self._merge()
        self._renew_near(kept)
        name = f"vectors-{generation}"
        exact = _write(self._base, folder, f"{name}.faiss")
        near = _write(self._near, folder, f"{name}-near.faiss") if self._near is not None else None
        return VectorSnapshot(
            seq=seq,
            exact=exact,
            near=near,
            count=len(self),
            dimension=self._dimension,
            kind=self.kind,
            model=model,
        )

    def _merge(self) -> int:
        """Make one exact index of what was loaded and what changed since; the number of
        its rows that were there before."""
        kept = int(self._base.ntotal) - self._gone
        if kept == self._base.ntotal and not self._late.ntotal:
            return kept
        if not kept:
            self._settle(self._late)
            return 0
        # Sized at once and filled in pieces: growing would hold up to three times as much.
        merged = _exact(self._dimension)
        inner = _faiss.downcast_index(merged.index)
        inner.codes.resize(len(self) * inner.code_size)
        inner.ntotal = merged.ntotal = len(self)
        into, ids = _codes_of(merged), []
        start = 0
        for part in (self._base, self._late):
            codes, own = _codes_of(part), _ids_of(part)
            keep = np.flatnonzero(self._row[own] >= 0) if part is self._base else np.arange(len(own))
            for rows in _chunks(keep):
                into[start : start + len(rows)] = codes[rows]
                start += len(rows)
            ids.append(own[keep])
        faiss.copy_array_to_vector(np.concatenate(ids), merged.id_map)
        self._settle(merged)
        return kept

    def _renew_near(self, kept: int) -> None:
        """Bring the index that proposes up to ``_base``, of which it has the first ``kept``
        rows already."""
        faiss.omp_set_num_threads(_THREADS)
        count = int(self._base.ntotal)
        kind = _near_kind(count, self._dimension)
        if kind is None:
            self._near = self._near_kind = None
            return
        if self._near is None or kind != self._near_kind or self._near.ntotal - kept > _STALE * self._near.ntotal:
            self._near, kept = _trained(kind, self._base), 0
            self._near_kind = kind
        ids = _ids_of(self._base)
        for rows in _chunks(np.arange(kept, count)):
            self._near.add_with_ids(_vectors_at(self._base, rows), ids[rows])
        if kind.startswith("IVF"):
            self._tune(self._near)

    def _tune(self, near: Any) -> None:
        """Search as many lists as exact search shows to be needed."""
        lists = _faiss.extract_index_ivf(near)
        graph = _faiss.downcast_index(lists.quantizer)
        rows = _sample(int(self._base.ntotal), 2 * _TUNED_ON)
        pairs = _vectors_at(self._base, rows)
        # Halfway between two vectors, a question is about as far from the nearest as
        # people's questions are; a vector itself would be found in its own list.
        questions = unit(pairs[: len(pairs) // 2] + pairs[len(pairs) // 2 :][: len(pairs) // 2])
        depth = min(_TUNED_DEPTH, int(self._base.ntotal))
        _, truth = self._base.search(questions, depth)
        wanted = min(max(_CANDIDATES, _CANDIDATES_EACH * depth), int(self._base.ntotal))
        lists.nprobe = 1
        while True:
            graph.hnsw.efSearch = max(64, 2 * lists.nprobe)
            _, found = near.search(questions, wanted)
            hits = 0
            for question, nearest, ids in zip(questions, truth, found, strict=True):
                best, _ = self._scored(question, depth, self._held(ids))
                hits += len(np.intersect1d(best, nearest))
            if hits >= _RECALL * truth.size or lists.nprobe >= lists.nlist:
                return
            lists.nprobe = min(2 * lists.nprobe, lists.nlist)


def _exact(dimension: int) -> Any:
    return faiss.index_factory(dimension, _EXACT, faiss.METRIC_INNER_PRODUCT)


def _near_kind(count: int, dimension: int) -> str | None:
    """FAISS's name for the index that proposes candidates among so many, None for none."""
    if count <= _FLAT_TO or dimension % 2:
        return None
    codes = f"PQ{dimension // 2}x4fs"
    if count <= _PQ_TO:
        return f"IDMap,{codes}"
    # A power of two, so that it changes, and all is trained anew, with every fourth doubling.
    lists = min(2 ** round(math.log2(4 * math.sqrt(count))), count // _PER_LIST)
    return f"IVF{lists}_HNSW32,{codes}"


def _trained(kind: str, base: Any) -> Any:
    """An empty index of that kind, trained on a sample that equal content makes equal."""
    near = faiss.index_factory(base.d, kind, faiss.METRIC_INNER_PRODUCT)
    lists = _faiss.try_extract_index_ivf(near)
    wanted = max(_PER_CODEBOOK, _PER_LIST * lists.nlist if lists else 0)
    near.train(_vectors_at(base, _sample(int(base.ntotal), wanted)))
    return near


def _sample(count: int, wanted: int) -> _Ids:
    if wanted >= count:
        return np.arange(count)
    return np.sort(np.random.default_rng(_SEED).choice(count, wanted, replace=False))


def _chunks(rows: _Ids) -> Iterator[_Ids]:
    for start in range(0, len(rows), _CHUNK):
        yield rows[start : start + _CHUNK]


def _ids_of(exact: Any) -> _Ids:
    ids: _Ids = faiss.vector_to_array(exact.id_map)
    return ids


def _codes_of(exact: Any) -> NDArray[np.uint8]:
    """The vectors as FAISS holds them, (n, bytes of one): a view, gone once it grows."""
    inner = _faiss.downcast_index(exact.index)
    codes: NDArray[np.uint8] = _faiss.rev_swig_ptr(inner.codes.data(), inner.ntotal * inner.code_size)
    return codes.reshape(inner.ntotal, inner.code_size)


def _vectors_at(exact: Any, rows: NDArray[np.integer[Any]]) -> Vectors:
    if not len(rows):
        return np.empty((0, exact.d), np.float32)
    # Three times as fast as FAISS's own way to read many, which asks for each anew.
    vectors: Vectors = exact.index.sa_decode(_codes_of(exact)[rows])
    return vectors


def _scan(exact: Any, question: Vectors, k: int, allowed: NDArray[np.bool_] | None) -> _Hits:
    parameters = None
    if allowed is not None:
        bits = np.packbits(allowed, bitorder="little")
        selector = _faiss.IDSelectorBitmap(bits)
        parameters = _faiss.SearchParameters(sel=selector)
    (scores,), (ids,) = exact.search(question[None, :], min(k, max(1, exact.ntotal)), params=parameters)
    real = ids >= 0
    return ids[real], scores[real]


def _best(k: int, *found: _Hits) -> _Hits:
    """The ``k`` best of all, equal ones by id."""
    ids = np.concatenate([ids for ids, _ in found])
    scores = np.concatenate([scores for _, scores in found])
    order = np.lexsort((ids, -scores))[:k]
    return ids[order], scores[order]


def _both(one: NDArray[np.bool_], other: NDArray[np.bool_]) -> NDArray[np.bool_]:
    size = min(len(one), len(other))
    return one[:size] & other[:size]


_reading = threading.Lock()


def _read(folder: Path, file: VectorFile) -> Any | None:
    """An index, read only once its bytes are known to be those that were written."""
    path = folder / file.file
    try:
        if path.stat().st_size != file.size or sha256(path) != file.sha256:
            return None
        with _reading:
            # Nothing in a file is larger than the file, and what FAISS works out from it
            # not four times as large: what says so is refused before memory is asked for.
            _faiss.set_deserialization_vector_byte_limit(4 * file.size)
            _faiss.set_deserialization_loop_limit(4 * file.size)
            return faiss.read_index(str(path))
    except (OSError, RuntimeError):
        return None


def _write(index: Any, folder: Path, name: str) -> VectorFile:
    written = folder / f"{name}.tmp"
    digest = hashlib.sha256()
    size = 0
    failure: list[OSError] = []
    with written.open("wb") as file:

        def write(data: bytes) -> None:
            nonlocal size
            # FAISS can swallow what its writer raises, so the first failure is kept.
            try:
                file.write(data)
                digest.update(data)
                size += len(data)
            except OSError as error:
                failure.append(error)
                raise

        try:
            writer = _faiss.PyCallbackIOWriter(write, 1 << 20)
            faiss.write_index(index, writer)
        except Exception:
            if not failure:
                raise
        if failure:
            raise failure[0]
    if written.stat().st_size != size or sha256(written) != digest.hexdigest():
        raise OSError(f"{written}: what was read back is not what was written")
    publish(written, folder / name)
    return VectorFile(file=name, size=size, sha256=digest.hexdigest())
