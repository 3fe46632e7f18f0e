"""``ArticleIndex``: articles in, sentences found; files, vectors and locks out of sight."""

from __future__ import annotations

import os
import threading
from collections import Counter
from collections.abc import Callable, Generator, Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, replace
from datetime import date, datetime
from itertools import groupby
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING

import numpy as np
from filelock import FileLock, Timeout
from numpy.typing import NDArray

import index.caches as caches
from index.adding import Adding, AddReport, ahead
from index.article import Article, Filter, Published, Sentence, clean, clean_line, is_url, parse_published
from index.caches import Caches
from index.embedder import DEFAULT_MODEL, Embedder, Vectors, shared
from index.errors import (
    ArticleError,
    ArticleNotFoundError,
    IndexDamagedError,
    IndexLockedError,
    IndexMissingError,
    IndexReadOnlyError,
    ModelMismatchError,
    StoreError,
)
from index.language import normalise
from index.listing import Listing, Order, check_page
from index.moment import Moment, Passing
from index.readers import Reading, Upload, read_all, read_uploads, read_within
from index.readers.facts import MAX_TEXT
from index.store import Store, StoreFacts, sentence_from
from index.upkeep import Fingerprint, Stats, VerifyReport, fingerprint, measure, verify
from index.vectors import pool

if TYPE_CHECKING:
    from index.web import Fetched

__all__ = ["ArticleHit", "ArticleIndex", "Copy", "Look", "Revision", "SearchResult"]

_STORE = "articles.sqlite"
_LOCK = "writer.lock"
_HOLDER = "writer.pid"
_ENGINE = "engine"
# Sentences stored between two publications, so that readers see a long add grow.
_PUBLISH_EVERY = 30_000

# Seconds that a writer waits for a reader which is mending the caches.
_PATIENCE = 3.0

_NEAREST = 300
_WORDIEST = 300
_MEASURED = 100
_MOST_SENTENCES = 100_000

_Source = str | os.PathLike[str] | Article | Upload


@dataclass(frozen=True, slots=True, kw_only=True)
class Revision:
    """One state of an article: its words and facts, when this index came to know them, and
    since when they are taken to have stood, None where nothing tells."""

    article: Article
    known: datetime
    since: Published


@dataclass(frozen=True, slots=True, kw_only=True)
class Copy:
    """Another article that prints the same story. ``similarity`` is the share of runs of
    three words in common, in [.5, 1]; 1 for the same words."""

    article_id: str
    similarity: float


@dataclass(frozen=True, slots=True, kw_only=True)
class ArticleHit:
    """An article that may hold the answer, with what speaks for it.

    ``key`` numbers its words in this index, as ``look_into`` takes it, and ``edition`` the
    revision that they are read in, as ``read`` takes it; articles of one ``story`` are near
    copies of each other. ``meaning`` is the highest cosine of its context-pooled sentences
    with the question (None where none was among the nearest), ``words`` its BM25, ``day``
    its day of publication. ``printed`` are source and day of each article that passes and has
    the same words, this one among them.
    """

    key: int
    edition: int
    story: int
    article_id: str
    meaning: float | None
    words: float
    day: date | None
    printed: tuple[tuple[str | None, date | None], ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Look:
    """Every sentence of some of the articles found, article by article, in order, as
    columns: each of n values, one a sentence.

    ``keys`` are the articles', as ``ArticleHit.key``; ``ordinals`` count from 0 and
    ``paragraphs`` from 1. ``vectors``, (n, dimension), are the sentences' own, of unit
    length; ``meaning`` is their cosine with the question, ``context`` that of the
    context-pooled ones, ``words`` the BM25. ``holds``, (n, terms), says which of the
    question's terms a sentence has.
    """

    keys: NDArray[np.int64]
    ordinals: NDArray[np.int64]
    paragraphs: NDArray[np.int64]
    vectors: Vectors
    meaning: Vectors
    context: Vectors
    words: NDArray[np.float64]
    holds: NDArray[np.bool_]
    rows: tuple[tuple[int, int, int, int, int], ...]
    article_ids: Mapping[int, str]

    def __len__(self) -> int:
        return len(self.rows)

    def sentence(self, place: int) -> Sentence:
        """The sentence at one place, counted from 0."""
        return sentence_from(self.rows[place], self.article_ids[int(self.keys[place])])


@dataclass(frozen=True, slots=True, kw_only=True)
class SearchResult:
    """Articles found for a question, in no order that means anything: rank them.

    ``terms`` are the question's words as indexed and ``weights`` how rare each is.
    ``passing`` counts the articles that the filter lets through, ``undated`` those it
    leaves out only because their date is unknown, ``total`` all.
    """

    articles: tuple[ArticleHit, ...]
    terms: tuple[str, ...]
    weights: tuple[float, ...]
    passing: int
    undated: int
    total: int
    question: Vectors


class ArticleIndex:
    """Articles on disk, searchable. One process may write to an index, any number read.

    Safe to share between threads: calls take turns.
    """

    def __init__(self, path: Path, store: Store, lock: FileLock | None, model: str | None) -> None:
        self._path = path
        self._store = store
        self._writer_lock = lock
        self._turn = threading.RLock()
        self._embedder: Embedder | None = None
        self._model = model
        self._seen: Moment | None = None
        self._now: Moment | None = None
        self._inside = False
        self._closed = False

    @classmethod
    def open(
        cls,
        path: str | os.PathLike[str],
        *,
        create: bool = False,
        read_only: bool = False,
        model: str | None = None,
    ) -> ArticleIndex:
        """Open the index in the folder ``path``, to write unless ``read_only``.

        ``create`` makes it where there is none. ``model`` is any sentence-transformers
        model by path or name; an index keeps the one it was made with.

        Raises IndexMissingError, IndexLockedError, IndexDamagedError, ModelMismatchError
        or ModelError; StoreError where it would be made among other files.
        """
        folder = Path(path)
        try:
            exists = (folder / _STORE).is_file()
        except OSError as error:
            raise StoreError(f"{folder}: can't be opened ({error.strerror}): check the path") from error
        if folder.is_file():
            raise StoreError(f"{folder}: a file, not a folder: give the index a folder of its own")
        if caches.current(folder) and not (exists and (folder / _STORE).stat().st_size):
            raise IndexDamagedError(
                f"{folder / _STORE}: lost, though the index was made: restore it from a copy, "
                "or remove the folder to begin anew"
            )
        if not exists and (read_only or not create):
            raise IndexMissingError(
                f"{folder}: no index here: make one with `byline add PATH… --index {folder}`, or check the path"
            )
        lock = None
        if not read_only:
            _make(folder, new=not exists)
            lock = _lock(folder, wait=_PATIENCE)
        try:
            store = Store(folder / _STORE, writable=not read_only)
        except BaseException:
            if lock:
                lock.release()
            raise
        index = cls(folder, store, lock, model)
        try:
            index._settle_model()
        except BaseException:
            index.close()
            raise
        return index

    def close(self) -> None:
        """Close the index. Nothing stored depends on it: what was added is safe already."""
        with self._turn:
            self._closed = True
            self._store.close()
            self._seen = None
            if self._writer_lock is not None:
                _unlock(self._path, self._writer_lock)
                self._writer_lock = None

    def __enter__(self) -> ArticleIndex:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    @property
    def path(self) -> Path:
        """The index's folder."""
        return self._path

    @property
    def model(self) -> str | None:
        """The model that it was opened with, by path or name; None where it was left to the index."""
        return self._model

    @property
    def article_count(self) -> int:
        """How many articles are stored."""
        with self._turn:
            return self._store.counts()[0]

    @property
    def sentence_count(self) -> int:
        """How many sentences their newest revisions have."""
        with self._turn:
            return self._store.counts()[1]

    def articles(self) -> Iterator[Article]:
        """The newest revision of every article, in order of id."""
        with self._turn:
            ids = self._store.article_ids()
        for article_id in ids:
            with self._turn:
                article = self._store.article(article_id)
            if article is not None:
                yield article

    def article(self, article_id: str, *, revision: int | None = None) -> Article:
        """One article: its newest revision, or the one given.

        Raises ArticleNotFoundError.
        """
        with self._turn:
            article = self._store.article(article_id, revision) if _is_id(article_id) else None
        if article is None:
            which = "" if revision is None else f" with a revision {revision}"
            raise ArticleNotFoundError(
                f"{str(article_id)[:200]}: no such article{which} in {self._path}: see `byline list`"
            )
        return article

    def revisions(self, article_id: str) -> tuple[Revision, ...]:
        """Every state of one article that was ever added, the first first.

        Raises ArticleNotFoundError.
        """
        with self._turn, self._store.snapshot():
            self._must_have(article_id)
            return tuple(
                Revision(
                    article=self.article(article_id, revision=number),
                    known=datetime.fromisoformat(known),
                    since=parse_published(since) if since else None,
                )
                for number, known, since in self._store.revisions(article_id)
            )

    def copies(self, article_id: str) -> tuple[Copy, ...]:
        """The articles that print the same story, the most similar first: those with the same
        words, and those with half or more of their runs of three words in common.

        Raises ArticleNotFoundError.
        """
        with self._turn, self._store.snapshot():
            self._must_have(article_id)
            return tuple(Copy(article_id=other, similarity=alike) for other, alike in self._store.copies(article_id))

    def sentences(self, article_id: str) -> tuple[Sentence, ...]:
        """The sentences of one article's newest revision, in order.

        Raises ArticleNotFoundError.
        """
        with self._turn, self._store.snapshot():
            self._must_have(article_id)
            return self._store.sentences_of(article_id)

    def browse(
        self,
        words: str = "",
        *,
        source: str | None = None,
        language: str | None = None,
        order: Order = "newest",
        offset: int = 0,
        limit: int = 50,
    ) -> Listing:
        """A page of articles for a table: ``limit`` of them, 1 to 200, after the first ``offset``.

        Each of the ``words`` occurs in its title, authors, source or id, in upper or lower
        case; ``source`` and ``language`` are as ``Article`` has them. Undated articles come
        last, and equal ones in order of id.

        Raises QuestionError where it can't be asked so, and StoreError where the index can't
        be read.
        """
        check_page(words, source, language, order, offset, limit)
        # What no article can have SQLite may not be able to take either.
        if any(value != clean(value) for value in (source, language) if value is not None):
            return Listing(total=0, articles=())
        with self._turn, self._store.snapshot():
            return self._store.browse(words, source=source, language=language, order=order, offset=offset, limit=limit)

    def by_origin(self, prefix: str) -> dict[str, tuple[str, ...]]:
        """The ids of the articles that came from each file or address, as of their newest
        revision, of those whose name begins with ``prefix``."""
        with self._turn:
            return self._store.origins(prefix)

    def marks(self, prefix: str) -> dict[str, str]:
        """What was noted about files and addresses whose name begins with ``prefix``, so
        that only what changed is read again."""
        with self._turn:
            return self._store.marks(prefix)

    def set_marks(self, marks: Mapping[str, str | None]) -> None:
        """Note something about files and addresses, by name; None forgets it.

        Raises IndexReadOnlyError, or StoreError where the disk fails.
        """
        with self._turn:
            self._must_write()
            self._store.set_marks(marks)

    def _must_have(self, article_id: str) -> None:
        if not (_is_id(article_id) and self._store.has(article_id)):
            raise ArticleNotFoundError(f"{str(article_id)[:200]}: no such article in {self._path}: see `byline list`")

    def add(
        self,
        sources: _Source | Iterable[_Source],
        *,
        root: str | os.PathLike[str] | None = None,
        fields: Mapping[str, str] | None = None,
        allow_private: bool = False,
        stop: Callable[[], bool] = lambda: False,
    ) -> AddReport:
        """Read, embed and store files, folders, what addresses of the web lead to (a page, or
        each page of a feed or sitemap), files that somebody sent, or articles made by the
        caller.

        Of an address that was added before only what has changed is fetched; none of a
        private network is, nor led to, unless ``allow_private``. ``fields`` names the fields
        of records (JSON, CSV, Parquet…) that facts stand in, as ``{"text": "body"}``, where
        they aren't recognised. Where a ``root`` is given,
        ``sources`` are files below it, known as if that folder were added. ``stop`` is asked
        between two articles: once it says True no more are read, and what was is stored.

        Each article is durable once stored, whatever happens to the rest; what can't be
        read is rejected by name and stops nothing. An article whose id is known and whose
        words or facts differ becomes a new revision; one that doesn't differ costs no
        embedding.

        Raises IndexReadOnlyError, ModelError, or StoreError where the disk fails.
        """
        with self._turn:
            self._must_write()
            unpublished = 0

            def publish(sentences: int) -> None:
                nonlocal unpublished
                unpublished += sentences
                if unpublished >= _PUBLISH_EVERY and unpublished >= self._store.counts()[1] // 4:
                    self._publish()
                    unpublished = 0

            # A string is one source, never a series of one-letter paths, the last of which may be "/".
            listed = [sources] if isinstance(sources, str | os.PathLike | Article | Upload) else sources
            marking = _Marking(self._store.set_marks)
            # Read before another thread does the fetching: the store is this one's. What is
            # given bit by bit may have addresses in it.
            fetching = not isinstance(listed, Sequence) or any(map(is_url, listed))
            marks = self._store.marks("http") if fetching else {}
            if root is not None:
                files = [os.fspath(source) for source in listed if not isinstance(source, Article | Upload)]
                readings: Generator[Reading] = ahead(read_within(Path(root), files, fields=fields))
            else:
                readings = _readings(listed, marks, marking, fields=fields, allow_private=allow_private)
            try:
                report = Adding(self._store, self._embedding, publish).run(_until(stop, readings), marking.stored)
                marking.finish()
            except BaseException:
                # What was stored is made searchable; what went wrong is what is reported.
                with suppress(OSError):
                    self._publish()
                raise
            finally:
                readings.close()
            self._publish()
            return report

    def remove(self, *article_ids: str) -> None:
        """Remove articles with all their revisions; all or, where one is not there, none.

        The words of the others are indexed anew, so remove many at once rather than one
        by one. Raises ArticleNotFoundError, IndexReadOnlyError, or StoreError.
        """
        with self._turn:
            self._must_write()
            for article_id in article_ids:
                self._must_have(article_id)
            for article_id in dict.fromkeys(article_ids):
                self._store.remove(article_id)
            self._publish()

    def compact(self) -> None:
        """Leave nothing on disk of what was removed, and give back its room.

        Takes as long as writing the caches anew. Raises IndexReadOnlyError, or StoreError
        where the disk fails; what is stored is whole then.
        """
        with self._turn:
            self._must_write()
            self._publish(rebuild=True)
            self._store.forget()

    def verify(self) -> VerifyReport:
        """Check every promise of the store (hashes, counts, references, offsets, lengths of
        vectors, what copies are found by) and the search caches against it.

        Raises StoreError where it can't be read at all.
        """
        with self._turn, self._store.snapshot():
            return verify(self._path, self._store)

    def repair(self) -> None:
        """Write the search caches anew from what is stored.

        Raises IndexReadOnlyError, or StoreError where the disk fails.
        """
        with self._turn:
            self._must_write()
            self._publish(rebuild=True)

    def facts(self) -> StoreFacts:
        """What the index holds, counted, of the newest revisions.

        Raises StoreError where the index can't be read.
        """
        with self._turn, self._store.snapshot():
            return self._store.facts()

    def last_day(self) -> date | None:
        """The day of the newest article as it stands now, None where none has one.

        Raises StoreError where the index can't be read.
        """
        with self._moment() as now:
            return now.last_day() if now else None

    def stats(self) -> Stats:
        """What the index holds, and how.

        Raises ModelError where its model isn't to be had.
        """
        with self._turn:
            engine = self._embedding().engine
            with self._store.snapshot():
                return measure(self._path, self._store, engine)

    def fingerprint(self) -> Fingerprint:
        """What tells whether another index, or this one at another time, answers alike.

        Raises ModelError where its model isn't to be had, or StoreError where the index
        can't be read.
        """
        with self._turn:
            engine = self._embedding().engine
            with self._store.snapshot():
                return fingerprint(self._store, engine)

    def has(self, term: str, where: Filter | None = None) -> bool:
        """Whether an article that passes ``where`` has a term in the form of
        ``SearchResult.terms``, in its text or its headline.

        Raises StoreError where the index can't be read.
        """
        with self._moment() as now:
            if now is None or not any(now.caches.words.frequency(term)):
                return False
            passing = now.passing(where or Filter())
            return passing.every or len(now.caches.words.search_articles((term,), 1, passing.bodies)[0]) > 0

    def terms(self, text: str) -> frozenset[str]:
        """The words of ``text`` in the form of ``SearchResult.terms``.

        Raises StoreError where the index can't be read.
        """
        with self._moment() as now:
            return frozenset(now.caches.words.terms(text)) if now else frozenset()

    def embed(self, texts: Sequence[str]) -> Vectors:
        """Unit vectors of ``texts`` by the index's model: float32, (n, dimension), rows in order.

        Raises ModelError or ModelMismatchError where the model can't be used, StoreError
        where the index can't be read.
        """
        with self._turn:
            embedder = self._embedding()
        return embedder.embed(texts)

    @contextmanager
    def moment(self) -> Iterator[None]:
        """Within it every call sees the index as of one moment, whatever is written
        meanwhile; other threads wait."""
        with self._moment():
            yield

    def search(self, question: str, where: Filter | None = None) -> SearchResult:
        """The articles most likely to hold the answer, of those that pass ``where``.

        They are those with one of the 300 sentences nearest in context-pooled meaning,
        and the 300 best by BM25.

        Raises ModelError, ModelMismatchError, or StoreError where the index can't be read.
        """
        where = where or Filter()
        question = clean(question)
        with self._moment() as now:
            if now is None:
                return _NOTHING
            passing = now.passing(where)
            words, every = now.caches.words, passing.every
            vector = self._embedding().embed_question(question)
            terms = words.terms_asked(question)
            ids, cosines = now.caches.vectors.search(vector, _NEAREST, None if every else passing.sentences)
            meaning = _best_by_body(now, ids, cosines)
            keys, scores = words.search_articles(terms, _WORDIEST, None if every else passing.bodies)
            by_words = dict(zip(now.body_rows(keys).tolist(), scores.tolist(), strict=True))
            # What only words found has a meaning too; without it such articles would
            # stand as if they had none, which costs 3 points of hit@1 on news.
            missing = [row for row in by_words if row >= 0 and passing.edition[row] >= 0 and row not in meaning]
            missing = missing[:_MEASURED]
            if missing:
                first, last = now.catalogue.first[missing], now.catalogue.last[missing]
                numbers = np.concatenate([np.arange(a, b + 1) for a, b in zip(first, last, strict=True)])
                meaning |= _best_by_body(now, numbers, now.caches.vectors.cosines(vector, numbers))
            return SearchResult(
                articles=tuple(
                    self._hit(now, passing, row, meaning.get(row), by_words.get(row, 0.0))
                    for row in dict.fromkeys([*meaning, *by_words])
                    if row >= 0 and passing.edition[row] >= 0
                ),
                terms=terms,
                weights=tuple(words.weights(terms).tolist()),
                passing=passing.articles,
                undated=passing.undated,
                total=passing.total,
                question=vector,
            )

    def _hit(self, now: Moment, passing: Passing, body: int, meaning: float | None, words: float) -> ArticleHit:
        held, edition = now.catalogue, int(passing.edition[body])
        return ArticleHit(
            key=int(held.body_key[body]),
            edition=int(held.key[edition]),
            story=int(held.story[body]),
            article_id=held.article_id[held.article[edition]],
            meaning=meaning,
            words=words,
            day=_day(held.day[edition]),
            printed=tuple((held.source[row], _day(held.day[row])) for row in now.printings(passing, body)),
        )

    def read(self, hit: ArticleHit) -> Article:
        """The article that was found, in the revision that it was found in.

        Raises ArticleNotFoundError where it was removed since, which can't be within the
        moment that it was found in, and StoreError where the index can't be read.
        """
        with self._turn:
            article = self._store.edition(hit.edition)
        if article is None:
            raise ArticleNotFoundError(f"{hit.article_id}: removed from {self._path} since it was found: ask again")
        return article

    def look_into(self, found: SearchResult, keys: Sequence[int]) -> Look:
        """Look at every sentence of some of the articles found.

        Raises StoreError where the index can't be read.
        """
        with self._moment() as now:
            there = (
                []
                if now is None
                else [k for k, row in zip(keys, now.body_rows(keys).tolist(), strict=True) if row >= 0]
            )
            if now is None or not there:
                return _NO_LOOK
            article_ids = {hit.key: hit.article_id for hit in found.articles}
            words, within = now.caches.words, np.array(sorted(there), np.int64)
            placed = [self._store.placed(key) for key in there]
            rows = tuple(row for body in placed for row in body.sentences)
            numbers = np.array([row[0] for row in rows], np.int64)
            ids, scores = words.search_sentences(found.terms, _MOST_SENTENCES, within)
            by_words = dict(zip(ids.tolist(), scores.tolist(), strict=True))
            holds = np.zeros((len(rows), len(found.terms)), np.bool_)
            for place, term in enumerate(found.terms):
                holding, _ = words.search_sentences((term,), _MOST_SENTENCES, within)
                holds[:, place] = np.isin(numbers, holding)
            vectors = np.concatenate([body.vectors for body in placed])
            return Look(
                keys=np.repeat(np.array(there, np.int64), [len(body.sentences) for body in placed]),
                ordinals=np.array([row[1] for row in rows], np.int64),
                paragraphs=np.array([row[2] for row in rows], np.int64),
                vectors=vectors,
                meaning=vectors @ found.question,
                context=np.concatenate([pool(body.vectors, body.title_vector) @ found.question for body in placed]),
                words=np.array([by_words.get(number, 0.0) for number in numbers.tolist()], np.float64),
                holds=holds,
                rows=rows,
                article_ids=article_ids,
            )

    @contextmanager
    def _moment(self) -> Iterator[Moment | None]:
        """The present state, None while nothing has been added. Within another moment it
        is that one."""
        with self._turn:
            if self._inside:
                yield self._now
                return
            self._inside = True
            try:
                with ExitStack() as stack:
                    self._now = self._enter(stack)
                    yield self._now
            finally:
                self._inside, self._now = False, None

    def _enter(self, stack: ExitStack) -> Moment | None:
        meta = self._store.meta()
        if "dimension" not in meta:
            return None
        # Published before the snapshot begins, since a snapshot sees no later change; and
        # read before it too, so that what is read is never ahead of it.
        behind = self._behind() and not self._renew(meta, rebuild=False)
        for last_try in (False, True):
            generation = caches.current(self._path)
            stack.enter_context(self._store.snapshot())
            held = self._caches(generation, meta["fingerprint"])
            if held is None and not last_try:
                stack.close()
                behind = not self._renew(meta, rebuild=True)
                continue
            if held is None or (held.seq < self._store.body_seq() and behind):
                # Nobody will write them, or they can't be read back: they live in memory.
                held = caches.build(self._store, int(meta["dimension"]))
            return self._look(held)
        raise AssertionError("the last try returns")

    def _behind(self) -> bool:
        seq = self._store.body_seq()
        if self._seen and self._seen.caches.seq == seq:
            return False
        generation = caches.current(self._path)
        return generation is None or generation.seq < seq

    def _renew(self, meta: Mapping[str, str], *, rebuild: bool) -> bool:
        """Publish caches up to the last change; False where nobody can."""
        try:
            with self._writing():
                caches.renew(self._path, self._store, meta["fingerprint"], int(meta["dimension"]), rebuild=rebuild)
        except IndexLockedError:
            # A writer is at work and will publish; until then its last word stands.
            return True
        except OSError:
            return False
        return True

    def _caches(self, generation: caches.Generation | None, model: str) -> Caches | None:
        held = self._seen.caches if self._seen else None
        if held and (generation is None or held.seq >= generation.seq):
            return held
        # What was seen is used up by loading what came after it.
        self._seen = None
        return caches.load(self._path, generation, self._store, model, held) if generation else None

    def _look(self, held: Caches) -> Moment:
        seen, seq = self._seen, self._store.seq()
        if seen and seen.caches is held and seen.catalogue.seq == seq:
            return seen
        self._seen = Moment.of(held, self._store.catalogue())
        return self._seen

    @contextmanager
    def _writing(self) -> Iterator[None]:
        if self._writer_lock is not None:
            yield
            return
        lock = _lock(self._path, wait=0)
        try:
            yield
        finally:
            _unlock(self._path, lock)

    def _must_write(self) -> None:
        if self._closed:
            raise StoreError(f"{self._path}: closed: open the index again")
        if self._writer_lock is None:
            raise IndexReadOnlyError(f"{self._path}: opened to be read only: open it without `read_only`")
        if self._inside:
            raise StoreError(f"{self._path}: a change within a moment: make it after the moment ends")

    def _settle_model(self) -> None:
        """Hold to the model that the index was made with, or make it one with this model."""
        meta = self._store.meta()
        if "fingerprint" in meta:
            if self._model is not None:
                self._check(meta, Embedder(self._model))
        elif self._writer_lock is not None:
            embedder = Embedder(self._model or DEFAULT_MODEL)
            name = embedder.name if embedder.name == DEFAULT_MODEL else _absolute(embedder.name)
            self._store.set_meta({"model": name, "fingerprint": embedder.fingerprint})

    def _embedding(self) -> Embedder:
        if self._embedder is None:
            meta = self._store.meta()
            embedder = shared(self._model or meta["model"], self._path / _ENGINE)
            self._check(meta, embedder)
            self._embedder = embedder
        return self._embedder

    def _check(self, meta: Mapping[str, str], embedder: Embedder) -> None:
        if embedder.fingerprint != meta["fingerprint"]:
            raise ModelMismatchError(
                f"{self._path}: made with the model {meta['model']} ({meta['fingerprint'][:12]}), not with "
                f"{embedder.name} ({embedder.fingerprint[:12]}): leave the model out, or make a new index for it"
            )

    def _publish(self, *, rebuild: bool = False) -> None:
        meta = self._store.meta()
        if "dimension" not in meta:
            return
        try:
            caches.renew(self._path, self._store, meta["fingerprint"], int(meta["dimension"]), rebuild=rebuild)
        except StoreError:
            raise
        except OSError as error:
            raise StoreError(
                f"{self._path}: the articles are stored, but the search caches can't be written ({error}): "
                "make room on the disk; they are rebuilt at the next opening"
            ) from error


def _until(stop: Callable[[], bool], readings: Iterator[Reading]) -> Iterator[Reading]:
    while not stop() and (reading := next(readings, None)) is not None:
        yield reading


def _readings(
    sources: Iterable[_Source],
    marks: Mapping[str, str],
    marking: _Marking,
    *,
    fields: Mapping[str, str] | None,
    allow_private: bool,
) -> Generator[Reading]:
    # Addresses together: what is learnt of a host serves for all that lie there. Paths
    # together: one child process reads them.
    for kind, several in groupby(sources, _kind):
        if kind == "address":
            yield from ahead(_fetched(list(map(str, several)), marks, marking, allow_private=allow_private))
        elif kind == "path":
            paths = [source for source in several if not isinstance(source, Article | Upload)]
            yield from ahead(read_all(paths, fields=fields))
        elif kind == "upload":
            uploads = [source for source in several if isinstance(source, Upload)]
            yield from ahead(read_uploads(uploads, fields=fields))
        else:
            # Articles may come from a generator that asks this index, so they are drawn here.
            yield from (_given(source) for source in several if isinstance(source, Article))


def _fetched(
    urls: Sequence[str], marks: Mapping[str, str], marking: _Marking, *, allow_private: bool
) -> Iterator[Reading]:
    # Loaded where it is needed: an HTTP client takes a while.
    from index.readers.sandbox import Sandbox
    from index.web import fetch_all

    with Sandbox() as sandbox:
        yield from marking.readings(fetch_all(urls, known=marks.get, sandbox=sandbox, allow_private=allow_private))


def _kind(source: _Source) -> str:
    if isinstance(source, Article):
        return "article"
    if isinstance(source, Upload):
        return "upload"
    return "address" if is_url(source) else "path"


class _Marking:
    """What was fetched as readings, whose marks are kept as soon as all that they stand
    for is stored, never before."""

    def __init__(self, keep: Callable[[Mapping[str, str]], None]) -> None:
        self._keep = keep
        self._lists: dict[str, str] = {}
        self._marks: dict[str, str] = {}
        self._waiting: Counter[str] = Counter()
        # One thread reads, another stores.
        self._turn = threading.Lock()

    def readings(self, fetched: Iterable[Fetched]) -> Iterator[Reading]:
        """What was fetched, article by article, and what was refused."""
        for found in fetched:
            if found.status == "refused":
                error = ArticleError(found.url, found.reason or "")
                yield Reading(name=found.url, origin=found.url, error=error)
                continue
            if found.reading is None and found.status == "read":
                if found.mark:
                    self._lists[found.url] = found.mark
                continue
            with self._turn:
                self._waiting[found.url] += 1
                if found.mark:
                    # It comes with the last reading of its address.
                    self._marks[found.url] = found.mark
            yield found.reading or Reading(name=found.url, origin=found.url)

    def stored(self, reading: Reading) -> None:
        """Note that nothing more is to be done for ``reading``."""
        url = reading.origin
        with self._turn:
            if url not in self._waiting:
                return
            self._waiting[url] -= 1
            mark = None if self._waiting[url] else self._marks.pop(url, None)
        if mark:
            self._keep({url: mark})

    def finish(self) -> None:
        """Keep the marks of feeds and sitemaps, now that all their pages are stored."""
        if self._lists:
            self._keep(self._lists)


def _given(article: Article) -> Reading:
    """An article that a program made, held to what readers promise."""

    def line(value: str | None) -> str | None:
        return clean_line(value) or None if value is not None else None

    cleaned = replace(
        article,
        id=line(article.id) or "",
        title=line(article.title) or "",
        text=clean(article.text).strip(),
        url=line(article.url),
        source=line(article.source),
        authors=tuple(name for author in article.authors if (name := line(author))),
        language=normalise(article.language) if article.language else None,
    )
    if len(cleaned.text) > MAX_TEXT:
        error = ArticleError(
            cleaned.id, f"{len(cleaned.text):,} characters are too many (at most {MAX_TEXT:,}): split it"
        )
        return Reading(name=cleaned.id, origin="", error=error)
    for value, what in ((cleaned.id, "id"), (cleaned.title, "title"), (cleaned.text, "text")):
        if not value:
            return Reading(
                name=cleaned.id or "article",
                origin="",
                error=ArticleError(cleaned.id or "article", f"no {what}: give it one"),
            )
    for moment, what in ((cleaned.published, "published"), (cleaned.modified, "modified")):
        if isinstance(moment, datetime) and moment.tzinfo is None:
            error = ArticleError(cleaned.id, f"`{what}` has no time zone: give an aware datetime, or a date")
            return Reading(name=cleaned.id, origin="", error=error)
    return Reading(name=cleaned.id, origin="", article=cleaned)


def _is_id(article_id: object) -> bool:
    return isinstance(article_id, str) and article_id == clean(article_id)


def _best_by_body(now: Moment, ids: NDArray[np.int64], cosines: Vectors) -> dict[int, float]:
    rows = now.body_rows_of_sentences(ids)
    # One past the end takes what is held by no body, and is left out.
    best = np.full(len(now.catalogue.body_key) + 1, -1.0, np.float32)
    np.maximum.at(best, rows, cosines)
    found = np.unique(rows[rows >= 0])
    return dict(zip(found.tolist(), best[found].tolist(), strict=True))


def _day(ordinal: int) -> date | None:
    return date.fromordinal(int(ordinal)) if ordinal else None


def _absolute(name: str) -> str:
    folder = Path(name).expanduser()
    return str(folder.absolute()) if folder.is_dir() else name


def _make(folder: Path, *, new: bool) -> None:
    """Make an index's folder where there is none; a ``new`` index is made among no other files."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        foreign = [path.name for path in folder.iterdir() if not _is_own(path.name)] if new else []
    except OSError as error:
        raise StoreError(f"{folder}: can't make the index's folder ({error.strerror}): check the path") from error
    if foreign:
        some = clean_line(min(foreign))[:100]
        raise StoreError(f"{folder}: no index, and not empty ({some} is in it): give the index a new folder")


def _is_own(name: str) -> bool:
    """Whether an index that was killed at its birth leaves a file of that name, or any folder has it."""
    return name.startswith((".", _STORE)) or name in (_LOCK, _HOLDER, _ENGINE, "lost+found")


def _lock(folder: Path, *, wait: float) -> FileLock:
    lock = FileLock(folder / _LOCK)
    try:
        lock.acquire(timeout=wait)
    except Timeout:
        holder = ""
        with suppress(OSError):
            holder = (folder / _HOLDER).read_text("ascii").strip()
        by = f"process {holder}" if holder else "another process"
        raise IndexLockedError(f"{folder}: {by} is writing to it: wait for it to end, then try again") from None
    except OSError as error:
        raise StoreError(f"{folder}: can't be written ({error.strerror or error}): check its permissions") from error
    try:
        (folder / _HOLDER).write_text(str(os.getpid()), "ascii")
    except OSError as error:
        lock.release()
        raise StoreError(f"{folder}: can't be written ({error.strerror or error}): check its permissions") from error
    return lock


def _unlock(folder: Path, lock: FileLock) -> None:
    with suppress(OSError):
        (folder / _HOLDER).unlink()
    lock.release()


_NO_LOOK = Look(
    keys=np.empty(0, np.int64),
    ordinals=np.empty(0, np.int64),
    paragraphs=np.empty(0, np.int64),
    vectors=np.empty((0, 0), np.float32),
    meaning=np.empty(0, np.float32),
    context=np.empty(0, np.float32),
    words=np.empty(0, np.float64),
    holds=np.zeros((0, 0), np.bool_),
    rows=(),
    article_ids={},
)
_NOTHING = SearchResult(
    articles=(), terms=(), weights=(), passing=0, undated=0, total=0, question=np.empty(0, np.float32)
)
