"""Context-pooled sentence vectors in FAISS: a cache of what SQLite holds."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import faiss
import numpy as np
from numpy.typing import NDArray

from index.embedder import Vectors, unit
from index.files import publish, sha256

__all__ = ["VectorIndex", "VectorSnapshot", "pool"]

# FAISS replaces these classes as it is imported, which its type stubs don't know.
_faiss: Any = faiss

_TITLE = 0.5
_NEIGHBOURS = 1.0
_ARTICLE = 1.0
_WINDOW = 2
_KIND = "IDMap2,SQfp16"


@dataclass(frozen=True, slots=True, kw_only=True)
class VectorSnapshot:
    """A file of vectors: what is checked before a byte of it is believed.

    ``seq`` is the change of the store up to which it is complete.
    """

    file: str
    seq: int
    size: int
    sha256: str
    count: int
    dimension: int
    kind: str
    model: str


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


class VectorIndex:
    """Exact inner-product search over pooled vectors, by sentence id."""

    def __init__(self, dimension: int) -> None:
        self._index: Any = faiss.index_factory(dimension, _KIND, faiss.METRIC_INNER_PRODUCT)
        # Scalar quantisers of this kind only round, but FAISS asks to train them all.
        self._index.train(np.zeros((1, dimension), np.float32))

    @classmethod
    def load(cls, folder: Path, snapshot: VectorSnapshot) -> VectorIndex | None:
        """The index in a file, or None where it isn't byte for byte what was written."""
        path = folder / snapshot.file
        try:
            if path.stat().st_size != snapshot.size or sha256(path) != snapshot.sha256:
                return None
            index = faiss.read_index(str(path))
        except (OSError, RuntimeError):
            return None
        if (index.ntotal, index.d, snapshot.kind) != (snapshot.count, snapshot.dimension, _KIND):
            return None
        loaded = cls(snapshot.dimension)
        loaded._hold(index)
        return loaded

    def _hold(self, index: Any) -> None:
        self._index = index

    def __len__(self) -> int:
        return int(self._index.ntotal)

    def add(self, ids: NDArray[np.int64], vectors: Vectors) -> None:
        """Add unit vectors, float32, (n, dimension), under new ids."""
        if len(ids):
            self._index.add_with_ids(np.ascontiguousarray(vectors), ids)

    def remove(self, ranges: Iterable[tuple[int, int]]) -> None:
        """Remove ranges of ids, both ends included; absent ids are no error."""
        for first, last in ranges:
            if last >= first:
                self._index.remove_ids(faiss.IDSelectorRange(first, last + 1))

    def search(
        self, question: Vectors, k: int, allowed: NDArray[np.bool_] | None = None
    ) -> tuple[NDArray[np.int64], Vectors]:
        """The ids nearest to a unit vector and their cosines, best first, at most ``k``.

        ``allowed``, where given, is indexed by id and says which may be returned.
        """
        k = min(k, len(self))
        if k == 0:
            return np.empty(0, np.int64), np.empty(0, np.float32)
        parameters = None
        if allowed is not None:
            bits = np.packbits(allowed, bitorder="little")
            selector = _faiss.IDSelectorBitmap(bits)
            parameters = _faiss.SearchParameters(sel=selector)
        # A single question is searched faster by one thread than by several, and FAISS
        # keeps that setting a thread.
        faiss.omp_set_num_threads(1)
        scores, ids = self._index.search(question[None, :], k, params=parameters)
        real = ids[0] >= 0
        return ids[0][real], scores[0][real]

    def ids(self) -> NDArray[np.int64]:
        """The ids of all vectors held, (n,)."""
        ids: NDArray[np.int64] = _faiss.vector_to_array(self._index.id_map)
        return ids

    def reconstruct(self, ids: NDArray[np.int64]) -> Vectors:
        """The vectors held under these ids, as far as they are kept: float32, (n, dimension)."""
        vectors: Vectors = self._index.reconstruct_batch(ids)
        return vectors

    def save(self, folder: Path, generation: int, *, seq: int, model: str) -> VectorSnapshot:
        """Write a snapshot file of its own, whole or not at all.

        Raises OSError where it can't be written.
        """
        name = f"vectors-{generation}.faiss"
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
                faiss.write_index(self._index, writer)
            except Exception:
                if not failure:
                    raise
            if failure:
                raise failure[0]
        if written.stat().st_size != size or sha256(written) != digest.hexdigest():
            raise OSError(f"{written}: what was read back is not what was written")
        publish(written, folder / name)
        return VectorSnapshot(
            file=name,
            seq=seq,
            size=size,
            sha256=digest.hexdigest(),
            count=len(self),
            dimension=int(self._index.d),
            kind=_KIND,
            model=model,
        )
