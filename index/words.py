"""BM25 over articles and over sentences in tantivy: a cache of what SQLite holds."""

from __future__ import annotations

import math
import os
import shutil
import time
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

import numpy as np
import tantivy
from numpy.typing import NDArray

from index.files import sha256, sync, sync_folder

__all__ = ["Terms", "WordIndex", "branch", "files_of", "intact"]

Terms = tuple[str, ...]
"""A question's words as the index knows them: folded, without stop words, stemmed."""

_ANALYZER = "byline"
# One thread puts documents in order, so that equal content makes equal indexes.
_THREADS = 1
_HEAP = 64_000_000

# What a question is made of whatever it is about. tantivy's own list leaves these in.
_QUESTION_WORDS = (
    "how many much what who whom whose when where why which do does did is are was were be been can could will would"
    " should has have had any me tell"
)

# Looked at beyond what a filter is expected to need.
_SPARE = 50
# A file younger than this may change again without its time of change moving on.
_SETTLED_NS = 1_000_000_000

_Keys = NDArray[np.int64]
_Hits = tuple[NDArray[np.int64], NDArray[np.float64]]
_occur = tantivy.Occur
_query = tantivy.Query


def _analyzer() -> tantivy.TextAnalyzer:
    return (
        tantivy.TextAnalyzerBuilder(tantivy.Tokenizer.simple())
        .filter(tantivy.Filter.remove_long(60))
        .filter(tantivy.Filter.lowercase())
        .filter(tantivy.Filter.ascii_fold())
        .filter(tantivy.Filter.stopword("english"))
        .filter(tantivy.Filter.stemmer("english"))
        .build()
    )


class _Part:
    """One tantivy index: texts, each with a key and the article it belongs to."""

    def __init__(self, folder: Path | None, *, create: bool) -> None:
        builder = tantivy.SchemaBuilder()
        builder.add_text_field("body", tokenizer_name=_ANALYZER, index_option="freq")
        builder.add_integer_field("key", fast=True, indexed=True)
        builder.add_integer_field("article", indexed=True)
        self._schema = builder.build()
        if folder is None:
            self._index = tantivy.Index(self._schema)
        elif create:
            folder.mkdir(parents=True, exist_ok=True)
            self._index = tantivy.Index(self._schema, path=str(folder))
        else:
            self._index = tantivy.Index.open(str(folder))
        self._index.register_tokenizer(_ANALYZER, _analyzer())
        self._searcher = self._index.searcher()

    def __len__(self) -> int:
        return int(self._searcher.num_docs)

    def writer(self) -> tantivy.IndexWriter:
        return self._index.writer(_HEAP, _THREADS)

    def commit(self, writer: tantivy.IndexWriter) -> None:
        writer.commit()
        writer.wait_merging_threads()
        self._index.reload()
        self._searcher = self._index.searcher()

    def search(self, terms: Terms, k: int, articles: _Keys | None) -> _Hits:
        """Keys and BM25 scores of those in ``articles``, best first, equal scores by key."""
        query = self._asks(terms)
        if articles is not None:
            within = _query.const_score_query(_query.term_set_query(self._schema, "article", articles.tolist()), 0.0)
            query = _query.boolean_query([(_occur.Must, query), (_occur.Must, within)])
        return _ordered(*self._best(query, k))

    def sift(self, terms: Terms, k: int, keys: _Keys) -> _Hits:
        """What ``search`` finds where ``keys`` are those of texts, and most pass: by looking
        through the best of all until enough of them do."""
        query = self._asks(terms)
        wanted = _SPARE + int(1.25 * k * len(self) / len(keys))
        while True:
            found, scores = self._best(query, wanted)
            passing = keys[np.searchsorted(keys, found).clip(max=len(keys) - 1)] == found
            if len(found) < wanted or np.count_nonzero(passing) >= k:
                keys_found, best = _ordered(found[passing], scores[passing])
                return keys_found[:k], best[:k]
            wanted *= 4

    def _asks(self, terms: Terms) -> tantivy.Query:
        return _query.boolean_query(
            [(_occur.Should, _query.term_query(self._schema, "body", term, "freq")) for term in terms]
        )

    def _best(self, query: tantivy.Query, k: int) -> _Hits:
        if k < 1 or len(self) == 0:
            return np.empty(0, np.int64), np.empty(0, np.float64)
        hits = self._searcher.search(query, min(k, len(self)), count=False).hits
        keys = np.array(self._searcher.fast_field_values("key", [address for _, address in hits]), np.int64)
        return keys, np.array([score for score, _ in hits], np.float64)

    def keys(self) -> set[int]:
        hits = self._searcher.search(_query.all_query(), max(1, len(self)), count=False).hits
        found = np.array(self._searcher.fast_field_values("key", [address for _, address in hits]), np.int64)
        return set(found.tolist())

    def frequency(self, term: str) -> int:
        return int(self._searcher.doc_freq("body", term))


class WordIndex:
    """Articles by key and sentences by id, ranked by BM25 (k1 = 1.2, b = 0.75).

    Nothing is ever deleted from one: tantivy goes on counting deleted texts in its word
    statistics, which would leave a trace of a removed article in every score. After a
    removal it is built anew.
    """

    def __init__(self, folder: Path | None, *, create: bool = True) -> None:
        """Open the index in ``folder``, or make it where ``create``; None keeps it in memory.

        Raises ValueError where tantivy can't open or make it.
        """
        self._analyzer = _analyzer()
        self._asking = frozenset(self._analyzer.analyze(_QUESTION_WORDS))
        self._articles = _Part(folder / "articles" if folder else None, create=create)
        self._sentences = _Part(folder / "sentences" if folder else None, create=create)

    @property
    def counts(self) -> tuple[int, int]:
        """How many articles and how many sentences are held."""
        return len(self._articles), len(self._sentences)

    def keys(self) -> tuple[set[int], set[int]]:
        """The keys of all articles and the ids of all sentences held."""
        return self._articles.keys(), self._sentences.keys()

    def frequency(self, term: str) -> tuple[int, int]:
        """How many articles and how many sentences hold a term."""
        return self._articles.frequency(term), self._sentences.frequency(term)

    def add(self, articles: Iterable[tuple[int, Sequence[tuple[int, int, int]], str, str]]) -> None:
        """Add articles: each one's key, its sentences (id, start, end), its title and its text."""
        whole, parts = self._articles.writer(), self._sentences.writer()
        for key, sentences, title, text in articles:
            whole.add_document(tantivy.Document(key=key, article=key, body=f"{title}\n{text}"))
            for number, start, end in sentences:
                parts.add_document(tantivy.Document(key=number, article=key, body=text[start:end]))
        self._articles.commit(whole)
        self._sentences.commit(parts)

    def terms(self, text: str) -> Terms:
        """The distinct words of ``text`` as they are indexed, in order."""
        return tuple(dict.fromkeys(self._analyzer.analyze(text)))

    def terms_asked(self, question: str) -> Terms:
        """The words of a question that say what it is about; all, where none does."""
        terms = self.terms(question)
        return tuple(term for term in terms if term not in self._asking) or terms

    def weights(self, terms: Terms) -> NDArray[np.float64]:
        """Each term's BM25 inverse document frequency over sentences, (n,)."""
        n = len(self._sentences)
        found = [self._sentences.frequency(term) for term in terms]
        return np.array([math.log(1 + (n - f + 0.5) / (f + 0.5)) for f in found], np.float64)

    def search_articles(self, terms: Terms, k: int, allowed: _Keys | None = None) -> _Hits:
        """The ``k`` best articles by key, of those allowed, with their BM25.

        ``allowed`` is in order. Whatever share of the articles it is, it costs about what
        no filter costs, or less than 2 ms for 25,000 articles.
        """
        # tantivy looks up every key of a filter; of the best texts as many more must be
        # looked at as the filter leaves out. Looking at two costs about one look-up.
        if allowed is not None and k * len(self._articles) < 2 * len(allowed) ** 2:
            return self._articles.sift(terms, k, allowed)
        return self._articles.search(terms, k, allowed)

    def search_sentences(self, terms: Terms, k: int, allowed: _Keys | None = None) -> _Hits:
        """The ``k`` best sentences by id, of the articles allowed, with their BM25.

        Meant for the few articles that are looked into: every key costs a look-up.
        """
        return self._sentences.search(terms, k, allowed)


def files_of(folder: Path, known: Mapping[str, tuple[int, str]]) -> dict[str, tuple[int, str]]:
    """Every file below ``folder`` by relative name, with its size and SHA-256.

    ``known`` spares hashing again what tantivy never rewrites: its segment files.
    """
    found = {}
    for path in sorted(folder.rglob("*")):
        name = path.relative_to(folder).as_posix()
        if not path.is_file() or path.suffix == ".lock":
            continue
        size = path.stat().st_size
        before = known.get(name)
        if before and before[0] == size and _is_segment(path):
            found[name] = before
        else:
            sync(path)
            found[name] = (size, _sha256_once(path))
    return found


def intact(folder: Path, files: Mapping[str, tuple[int, str]], *, afresh: bool = False) -> bool:
    """Whether every file is byte for byte what was recorded.

    A file that this process has read before, and that no one has written to since by its
    time of change, is not read again unless ``afresh``: adding an article would cost the
    more the more there are.
    """
    try:
        return all(
            (folder / name).stat().st_size == size
            and (sha256(folder / name) if afresh else _sha256_once(folder / name)) == digest
            for name, (size, digest) in files.items()
        )
    except OSError:
        return False


def branch(old: Path, new: Path) -> None:
    """A copy of a word index that shares its segment files, so that adding to one leaves
    the other as it was."""
    for path in sorted(old.rglob("*")):
        target = new / path.relative_to(old)
        if path.is_dir():
            target.mkdir(parents=True, exist_ok=True)
        elif _is_segment(path):
            try:
                os.link(path, target)
            except OSError:
                # Some file systems have no hard links.
                shutil.copy2(path, target)
        elif path.suffix != ".lock":
            shutil.copy2(path, target)
    sync_folder(new)


def _is_segment(path: Path) -> bool:
    return path.suffix != ".json" and path.suffix != ".lock"


def _ordered(keys: _Keys, scores: NDArray[np.float64]) -> _Hits:
    order = np.lexsort((keys, -scores))
    return keys[order], scores[order]


_read: dict[tuple[int, int, int, int], str] = {}
"""SHA-256 of files read by this process, by device, inode, size and time of change: a
name says too little, since one file has a name in every generation that shares it."""
_READ_MOST = 10_000


def _sha256_once(path: Path) -> str:
    now, state = time.time_ns(), path.stat()
    key = (state.st_dev, state.st_ino, state.st_size, state.st_mtime_ns)
    digest = _read.get(key)
    if digest is None:
        digest = sha256(path)
        if len(_read) >= _READ_MOST:
            _read.clear()
        if state.st_ino and now - state.st_mtime_ns > _SETTLED_NS:
            _read[key] = digest
    return digest
