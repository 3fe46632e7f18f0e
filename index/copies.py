"""What is printed twice: texts that share most of their runs of words."""

from __future__ import annotations

import hashlib
import re
import zlib
from collections.abc import Iterator
from itertools import islice

__all__ = ["NEAR", "bands", "similarity"]

NEAR = 0.5
"""From this share of common runs on, two texts are the same story printed twice. Of 2,185
news articles, pairs above it were reprints; from .25 to .5 most were follow-ups that repeat
their background, and unrelated ones stayed below .06."""

_RUN = 3
# Two texts meet in one band at least with the chance 1 - (1 - s³)^64 where they share s of
# their runs: .9998 at s = .5, and 1 in 15,000 at the .01 of unrelated news.
_ROWS = 3
_BANDS = 64
_SLICE = 4_096
# Scripts that don't part words by spaces count each sign as one.
_WORD = re.compile(r"[\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af]|[^\W\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af]+")


def bands(text: str) -> list[int]:
    """Numbers of which two texts share at least one where they are likely near copies:
    MinHash signatures over runs of three words (Broder 1997), banded for locality-sensitive
    hashing (Leskovec, Rajaraman and Ullman, Mining of Massive Datasets, 3.4). Each fits in
    SQLite's signed 64 bits. A text without a word has none.
    """
    from datasketch import MinHash

    minhash = MinHash(num_perm=_ROWS * _BANDS, hashfunc=zlib.crc32, scheme="affine32")
    runs = iter(_runs(text))
    # datasketch makes a matrix of runs times permutations, which a long text would burst.
    while some := [run.encode() for run in islice(runs, _SLICE)]:
        minhash.update_batch(some)
    if minhash.is_empty():
        return []
    rows = minhash.hashvalues.reshape(_BANDS, _ROWS)
    return [_number(place, row.tobytes()) for place, row in enumerate(rows)]


def similarity(one: str, other: str) -> float:
    """The share of runs of three words that two texts have in common, of all that either
    has (Jaccard), in [0, 1]."""
    left, right = _runs(one), _runs(other)
    either = len(left | right)
    return len(left & right) / either if either else 0.0


def _runs(text: str) -> frozenset[str]:
    return frozenset(_consecutive([word.group().casefold() for word in _WORD.finditer(text)]))


def _consecutive(words: list[str]) -> Iterator[str]:
    if words:
        for start in range(max(1, len(words) - _RUN + 1)):
            yield " ".join(words[start : start + _RUN])


def _number(place: int, row: bytes) -> int:
    digest = hashlib.blake2b(row, digest_size=8, salt=place.to_bytes(16, "little")).digest()
    return int.from_bytes(digest, "little", signed=True)
