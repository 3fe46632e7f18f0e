"""``ArticleIndex``: articles in, sentences found; files, vectors and locks out of sight."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, replace
from datetime import date, datetime
from pathlib import Path
from types import TracebackType
from typing import Literal

import numpy as np
from filelock import FileLock, Timeout
from numpy.typing import NDArray

import index.caches as caches
from index.article import Article, Filter, Sentence, clean, clean_line, day_of
from index.caches import Caches
from index.embedder import DEFAULT_MODEL, Embedder, Vectors
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
from index.progress import bar
from index.readers import Reading, read_all
from index.readers.facts import MAX_TEXT
from index.sentences import Split, split
from index.store import Catalogue, Store, digest_of, text_key
from index.vectors import pool

__all__ = ["AddReport", "ArticleHit", "ArticleIndex", "Outcome", "SearchResult", "SentenceHit"]

_STORE = "articles.sqlite"
_LOCK = "writer.lock"
_HOLDER = "writer.pid"
# Sentences embedded at a time: enough to fill sorted batches, little enough that what
# is read so far is durable every few seconds.
_CHUNK = 2_048
# Sentences stored between two publications, so that readers see a long add grow.
_PUBLISH_EVERY = 30_000

# Seconds that a writer waits for a reader which is mending the caches.
_PATIENCE = 3.0

_NEAREST = 300
_WORDIEST = 300
_MEASURED = 100
_MOST_SENTENCES = 100_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What became of one thing given to ``add``. ``reason`` says why it was rejected, or
    what had to be made good in it."""

    name: str
    status: Literal["added", "updated", "unchanged", "rejected"]
    article_id: str | None = None
    reason: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class AddReport:
    """What became of everything given to one ``add``, in the order it was read."""

    outcomes: tuple[Outcome, ...]

    @property
    def added(self) -> tuple[Outcome, ...]:
        """Articles that were not there before."""
        return self._of("added")

    @property
    def updated(self) -> tuple[Outcome, ...]:
        """Articles of which a new revision was stored."""
        return self._of("updated")

    @property
    def unchanged(self) -> tuple[Outcome, ...]:
        """Articles that were there already, word for word."""
        return self._of("unchanged")

    @property
    def rejected(self) -> tuple[Outcome, ...]:
        """What could not be taken, each with its reason."""
        return self._of("rejected")

    def _of(self, status: str) -> tuple[Outcome, ...]:
        return tuple(outcome for outcome in self.outcomes if outcome.status == status)


@dataclass(frozen=True, slots=True, kw_only=True)
class ArticleHit:
    """An article that may hold the answer, with what speaks for it.

    ``key`` is the article's number in this index, as ``look_into`` takes it;
    ``meaning`` is the highest cosine of its context-pooled sentences with the question
    (None where none was among the nearest), ``words`` its BM25, ``day`` its day of
    publication.
    """

    key: int
    article_id: str
    meaning: float | None
    words: float
    day: date | None


@dataclass(frozen=True, slots=True, kw_only=True)
class SentenceHit:
    """A sentence of an article that may hold the answer.

    ``meaning`` is the cosine of its own vector with the question, ``context`` that of
    its context-pooled one, ``words`` its BM25.
    """

    key: int
    sentence: Sentence
    meaning: float
    context: float
    words: float


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


@dataclass(frozen=True, slots=True, kw_only=True)
class _Pending:
    place: int
    name: str
    article: Article
    origin: str
    digest: bytes
    status: Literal["added", "updated"]
    note: str | None
    sentences: tuple[Split, ...]
    texts: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Moment:
    """What a question sees: caches, and the catalogue of the same or a later change."""

    caches: Caches
    catalogue: Catalogue
    visible: NDArray[np.bool_]
    by_first: NDArray[np.int64]

    def rows(self, keys: Sequence[int] | NDArray[np.int64]) -> NDArray[np.int64]:
        """The rows of articles by key, -1 for one that is gone or not to be seen yet."""
        wanted = np.asarray(keys, np.int64)
        held = self.catalogue.key
        if not len(held):
            return np.full(len(wanted), -1, np.int64)
        rows = np.searchsorted(held, wanted).clip(max=len(held) - 1)
        return np.where((held[rows] == wanted) & self.visible[rows], rows, -1)

    def rows_of_sentences(self, ids: NDArray[np.int64]) -> NDArray[np.int64]:
        """The rows of the articles that hold these sentences, -1 likewise."""
        if not len(self.catalogue.key):
            return np.full(len(ids), -1, np.int64)
        place = np.searchsorted(self.catalogue.first[self.by_first], ids, side="right") - 1
        rows = self.by_first[place.clip(min=0)]
        inside = (place >= 0) & (ids <= self.catalogue.last[rows]) & self.visible[rows]
        return np.where(inside, rows, -1)


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
        self._seen: _Moment | None = None
        self._now: _Moment | None = None
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
        or ModelError.
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
            try:
                folder.mkdir(parents=True, exist_ok=True)
            except OSError as error:
                raise StoreError(
                    f"{folder}: can't make the index's folder ({error.strerror}): check the path"
                ) from error
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

    def sentences(self, article_id: str) -> tuple[Sentence, ...]:
        """The sentences of one article's newest revision, in order.

        Raises ArticleNotFoundError.
        """
        with self._turn, self._store.snapshot():
            return self._store.sentences(self._key(article_id))

    def titles(self, n: int) -> tuple[str, ...]:
        """The headlines of at most ``n`` articles, spread evenly over all."""
        with self._turn:
            return tuple(self._store.titles(n)) if n > 0 else ()

    def _key(self, article_id: str) -> int:
        key = self._store.key(article_id) if _is_id(article_id) else None
        if key is None:
            raise ArticleNotFoundError(f"{str(article_id)[:200]}: no such article in {self._path}: see `byline list`")
        return key

    def add(self, sources: str | os.PathLike[str] | Article | Iterable[str | os.PathLike[str] | Article]) -> AddReport:
        """Read, embed and store files, folders, or articles made by the caller.

        Each article is durable once stored, whatever happens to the rest; what can't be
        read is rejected by name and stops nothing. An article whose id is known and whose
        words or facts differ becomes a new revision; one that doesn't differ costs no
        embedding.

        Raises IndexReadOnlyError, ModelError, or StoreError where the disk fails.
        """
        with self._turn:
            self._must_write()
            outcomes: list[Outcome | None] = []
            waiting: list[_Pending] = []
            ids: dict[str, bytes] = {}
            unpublished = 0
            try:
                with bar("reading and embedding", "sentences") as shown:
                    for reading in _readings(sources):
                        considered = self._consider(reading, ids, len(outcomes))
                        outcomes.append(considered if isinstance(considered, Outcome) else None)
                        if isinstance(considered, _Pending):
                            waiting.append(considered)
                        if sum(len(pending.texts) for pending in waiting) >= _CHUNK:
                            unpublished += self._put(waiting, outcomes, shown.update)
                        if unpublished >= max(_PUBLISH_EVERY, self._store.counts()[1] // 4):
                            self._publish()
                            unpublished = 0
                    self._put(waiting, outcomes, shown.update)
            except BaseException:
                # What was stored is made searchable; what went wrong is what is reported.
                with suppress(OSError):
                    self._publish()
                raise
            self._publish()
            return AddReport(outcomes=tuple(outcome for outcome in outcomes if outcome is not None))

    def remove(self, *article_ids: str) -> None:
        """Remove articles with all their revisions; all or, where one is not there, none.

        The words of the others are indexed anew, so remove many at once rather than one
        by one. Raises ArticleNotFoundError, IndexReadOnlyError, or StoreError.
        """
        with self._turn:
            self._must_write()
            for article_id in article_ids:
                self._key(article_id)
            for article_id in dict.fromkeys(article_ids):
                self._store.remove(article_id)
            self._publish()

    def terms(self, text: str) -> frozenset[str]:
        """The words of ``text`` in the form of ``SearchResult.terms``.

        Raises StoreError where the index can't be read.
        """
        with self._moment() as now:
            return frozenset(now.caches.words.terms(text)) if now else frozenset()

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
            passing, undated = _passing(now.catalogue, where)
            passing &= now.visible
            words, every = now.caches.words, bool(passing.all())
            vector = self._embedding().embed_question(question)
            terms = words.terms_asked(question)
            ids, cosines = now.caches.vectors.search(
                vector, _NEAREST, None if every else _allowed(now.catalogue, passing)
            )
            meaning = _best_by_article(now, ids, cosines)
            keys, scores = words.search_articles(terms, _WORDIEST, None if every else now.catalogue.key[passing])
            by_words = dict(zip(now.rows(keys).tolist(), scores.tolist(), strict=True))
            # What only words found has a meaning too; without it such articles would
            # stand as if they had none, which costs 3 points of hit@1 on news.
            missing = [row for row in by_words if row >= 0 and row not in meaning][:_MEASURED]
            if missing:
                among = np.zeros(len(now.catalogue.key), bool)
                among[missing] = True
                size = int((now.catalogue.last[missing] - now.catalogue.first[missing] + 1).sum())
                meaning |= _best_by_article(
                    now, *now.caches.vectors.search(vector, size, _allowed(now.catalogue, among))
                )
            return SearchResult(
                articles=tuple(
                    ArticleHit(
                        key=int(now.catalogue.key[row]),
                        article_id=now.catalogue.article_id[row],
                        meaning=meaning.get(row),
                        words=by_words.get(row, 0.0),
                        day=_day(now.catalogue.day[row]),
                    )
                    for row in dict.fromkeys([*meaning, *by_words])
                    if row >= 0
                ),
                terms=terms,
                weights=tuple(words.weights(terms).tolist()),
                passing=int(passing.sum()),
                undated=int((undated & now.visible).sum()),
                total=int(now.visible.sum()),
                question=vector,
            )

    def look_into(self, found: SearchResult, keys: Sequence[int]) -> tuple[SentenceHit, ...]:
        """Every sentence of some of the articles found, article by article, in order.

        Raises StoreError where the index can't be read.
        """
        with self._moment() as now:
            if now is None:
                return ()
            there = [key for key, row in zip(keys, now.rows(keys).tolist(), strict=True) if row >= 0]
            ids, scores = now.caches.words.search_sentences(
                found.terms, _MOST_SENTENCES, np.array(sorted(there), np.int64)
            )
            by_words = dict(zip(ids.tolist(), scores.tolist(), strict=True))
            hits: list[SentenceHit] = []
            for key in there:
                placed = self._store.placed(key)
                meaning = (placed.vectors @ found.question).tolist()
                context = (pool(placed.vectors, placed.title_vector) @ found.question).tolist()
                hits.extend(
                    SentenceHit(
                        key=key, sentence=sentence, meaning=own, context=pooled, words=by_words.get(sentence.id, 0.0)
                    )
                    for sentence, own, pooled in zip(placed.sentences, meaning, context, strict=True)
                )
            return tuple(hits)

    @contextmanager
    def _moment(self) -> Iterator[_Moment | None]:
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

    def _enter(self, stack: ExitStack) -> _Moment | None:
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
            if held is None or (held.seq < self._store.seq() and behind):
                # Nobody will write them, or they can't be read back: they live in memory.
                held = caches.build(self._store, int(meta["dimension"]))
            return self._look(held)
        raise AssertionError("the last try returns")

    def _behind(self) -> bool:
        seq = self._store.seq()
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

    def _look(self, held: Caches) -> _Moment:
        seen, seq = self._seen, self._store.seq()
        if seen and seen.caches is held and seen.catalogue.seq == seq:
            return seen
        catalogue = self._store.catalogue()
        self._seen = _Moment(
            caches=held,
            catalogue=catalogue,
            visible=catalogue.article_seq <= held.seq,
            by_first=np.argsort(catalogue.first, kind="stable"),
        )
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
            embedder = Embedder(self._model or meta["model"])
            self._check(meta, embedder)
            self._embedder = embedder
        return self._embedder

    def _check(self, meta: Mapping[str, str], embedder: Embedder) -> None:
        if embedder.fingerprint != meta["fingerprint"]:
            raise ModelMismatchError(
                f"{self._path}: made with the model {meta['model']} ({meta['fingerprint'][:12]}), not with "
                f"{embedder.name} ({embedder.fingerprint[:12]}): leave the model out, or make a new index for it"
            )

    def _consider(self, reading: Reading, ids: dict[str, bytes], place: int) -> _Pending | Outcome:
        article = reading.article
        if article is None:
            reason = reading.error.reason if reading.error else None
            return Outcome(name=reading.name, status="rejected", reason=reason)
        digest = digest_of(article)
        if ids.get(article.id) == digest:
            return Outcome(name=reading.name, status="unchanged", article_id=article.id, reason=reading.note)
        if ids.setdefault(article.id, digest) != digest:
            reason = f"another article given with it has the same id, {article.id}: give each its own url or name"
            return Outcome(name=reading.name, status="rejected", article_id=article.id, reason=reason)
        held = self._store.held(article.id)
        if held and held.digest == digest:
            return Outcome(name=reading.name, status="unchanged", article_id=article.id, reason=reading.note)
        if held and _is_another(held.origin, reading, article):
            reason = (
                f"its id, {article.id}, is that of another article, from {held.origin}: give it a url, or rename it"
            )
            return Outcome(name=reading.name, status="rejected", article_id=article.id, reason=reason)
        sentences = split(article.text, article.language)
        return _Pending(
            place=place,
            name=reading.name,
            article=replace(article, revision=held.revision + 1 if held else 1),
            origin=reading.origin,
            digest=digest,
            status="updated" if held else "added",
            note=reading.note,
            sentences=tuple(sentences),
            texts=(article.title, *(article.text[s.span.start : s.span.end] for s in sentences)),
        )

    def _put(self, waiting: list[_Pending], outcomes: list[Outcome | None], progress: Callable[[int], object]) -> int:
        """Embed and store what waits, one transaction an article; returns its sentences."""
        texts = {text_key(text): text for pending in waiting for text in pending.texts}
        for key in self._store.known(texts):
            del texts[key]
        vectors: dict[bytes, Vectors] = {}
        if texts:
            embedder = self._embedding()
            vectors = dict(zip(texts, embedder.embed(list(texts.values()), progress), strict=True))
            if "dimension" not in self._store.meta():
                self._store.set_meta({"dimension": str(embedder.dimension)})
        for pending in waiting:
            self._store.put(
                pending.article,
                digest=pending.digest,
                origin=pending.origin,
                sentences=pending.sentences,
                text_keys=[text_key(text) for text in pending.texts],
                vectors=vectors,
            )
            outcomes[pending.place] = Outcome(
                name=pending.name, status=pending.status, article_id=pending.article.id, reason=pending.note
            )
        stored = sum(len(pending.sentences) for pending in waiting)
        waiting.clear()
        return stored

    def _publish(self) -> None:
        meta = self._store.meta()
        if "dimension" not in meta:
            return
        try:
            caches.renew(self._path, self._store, meta["fingerprint"], int(meta["dimension"]))
        except StoreError:
            raise
        except OSError as error:
            raise StoreError(
                f"{self._path}: the articles are stored, but the search caches can't be written ({error}): "
                "make room on the disk; they are rebuilt at the next opening"
            ) from error


def _readings(
    sources: str | os.PathLike[str] | Article | Iterable[str | os.PathLike[str] | Article],
) -> Iterator[Reading]:
    # A string is a path, never a series of one-letter paths, the last of which may be "/".
    for source in [sources] if isinstance(sources, str | os.PathLike | Article) else sources:
        if isinstance(source, Article):
            yield _given(source)
        else:
            yield from read_all([source])


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
        language=line(article.language),
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
    if isinstance(cleaned.published, datetime) and cleaned.published.tzinfo is None:
        error = ArticleError(cleaned.id, "`published` has no time zone: give an aware datetime, or a date")
        return Reading(name=cleaned.id, origin="", error=error)
    return Reading(name=cleaned.id, origin="", article=cleaned)


def _is_id(article_id: object) -> bool:
    return isinstance(article_id, str) and article_id == clean(article_id)


def _is_another(origin: str, reading: Reading, article: Article) -> bool:
    """Whether a file of the same relative name in another folder is another article, not
    a newer state of the one held: the first is still there."""
    return article.url is None and bool(origin) and origin != reading.origin and Path(origin).exists()


def _passing(catalogue: Catalogue, where: Filter) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
    """Which articles pass, and which fail only because their date is unknown.

    Equal, article by article, to ``Filter.passes``.
    """
    day = catalogue.day
    known = np.ones(len(day), bool)
    if where.sources is not None:
        known &= np.array([source in where.sources for source in catalogue.source], bool)
    if not where.dated:
        return known, np.zeros(len(day), bool)
    passing = known & (day > 0)
    if where.published_from is not None:
        passing &= day >= where.published_from.toordinal()
    if where.published_to is not None:
        passing &= day <= where.published_to.toordinal()
    if where.as_of is not None:
        by_day = day <= day_of(where.as_of).toordinal()
        if isinstance(where.as_of, datetime):
            timed = ~np.isnan(catalogue.instant)
            by_day = np.where(timed, catalogue.instant <= where.as_of.timestamp(), by_day)
        passing &= by_day
    return passing, known & (day == 0)


def _best_by_article(now: _Moment, ids: NDArray[np.int64], cosines: Vectors) -> dict[int, float]:
    best: dict[int, float] = {}
    for row, cosine in zip(now.rows_of_sentences(ids).tolist(), cosines.tolist(), strict=True):
        best[row] = max(best.get(row, -1.0), cosine)
    return best


def _allowed(catalogue: Catalogue, passing: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Which sentences, by id, belong to articles that pass."""
    edges = np.zeros(int(catalogue.last.max(initial=0)) + 2, np.int64)
    np.add.at(edges, catalogue.first[passing], 1)
    np.add.at(edges, catalogue.last[passing] + 1, -1)
    return np.cumsum(edges)[:-1] > 0


def _day(ordinal: int) -> date | None:
    return date.fromordinal(int(ordinal)) if ordinal else None


def _absolute(name: str) -> str:
    folder = Path(name).expanduser()
    return str(folder.absolute()) if folder.is_dir() else name


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


_NOTHING = SearchResult(
    articles=(), terms=(), weights=(), passing=0, undated=0, total=0, question=np.empty(0, np.float32)
)
