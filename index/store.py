"""SQLite: the only truth. Articles, their revisions and sentences, raw vectors, and a log."""

from __future__ import annotations

import hashlib
import json
import sqlite3
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from index.article import Article, Published, Sentence, Span, day_of, parse_published
from index.embedder import Vectors
from index.errors import IndexDamagedError, StoreError
from index.sentences import Split

__all__ = ["Catalogue", "Held", "Placed", "Store", "digest_of", "text_key"]

FORMAT = 1

_SCHEMA = """
CREATE TABLE meta (key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE vector (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    text_key BLOB NOT NULL UNIQUE,
    vector BLOB NOT NULL
);
CREATE TABLE article (
    key INTEGER PRIMARY KEY AUTOINCREMENT,
    id TEXT NOT NULL UNIQUE,
    revision INTEGER NOT NULL,
    seq INTEGER NOT NULL,
    digest BLOB NOT NULL,
    title_vector INTEGER NOT NULL REFERENCES vector (id),
    first_sentence INTEGER NOT NULL,
    last_sentence INTEGER NOT NULL
);
CREATE TABLE revision (
    article INTEGER NOT NULL REFERENCES article (key) ON DELETE CASCADE,
    number INTEGER NOT NULL,
    title TEXT NOT NULL,
    text TEXT NOT NULL,
    published TEXT,
    url TEXT,
    source TEXT,
    authors TEXT NOT NULL,
    language TEXT,
    origin TEXT NOT NULL,
    known TEXT NOT NULL,
    PRIMARY KEY (article, number)
);
CREATE TABLE sentence (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    article INTEGER NOT NULL REFERENCES article (key),
    ordinal INTEGER NOT NULL,
    paragraph INTEGER NOT NULL,
    start INTEGER NOT NULL,
    end INTEGER NOT NULL,
    vector INTEGER NOT NULL REFERENCES vector (id)
);
CREATE INDEX sentence_by_article ON sentence (article);
CREATE TABLE log (
    seq INTEGER PRIMARY KEY AUTOINCREMENT,
    operation TEXT NOT NULL CHECK (operation IN ('add', 'remove')),
    article INTEGER NOT NULL,
    first_sentence INTEGER NOT NULL,
    last_sentence INTEGER NOT NULL
);
"""

_ARTICLE = """
SELECT a.id, r.number, r.title, r.text, r.published, r.url, r.source, r.authors, r.language
FROM article a JOIN revision r ON r.article = a.key
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Held:
    """What is stored of an article, as far as adding it again needs to know."""

    revision: int
    digest: bytes
    title: str
    origin: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Placed:
    """Sentences of one article and their raw unit vectors, float32, (n, dimension)."""

    key: int
    sentences: tuple[Sentence, ...]
    vectors: Vectors
    title_vector: Vectors


@dataclass(frozen=True, slots=True, kw_only=True)
class Catalogue:
    """Every article at one moment, a column a fact, ordered by key.

    ``day`` is the proleptic ordinal of publication, 0 where unknown; ``instant`` is the
    POSIX time in seconds where a time of day is known, else NaN. Sentence ids run from
    ``first`` to ``last``, both included, and rise with the key only within an article.
    """

    seq: int
    key: NDArray[np.int64]
    article_seq: NDArray[np.int64]
    day: NDArray[np.int64]
    instant: NDArray[np.float64]
    source: tuple[str | None, ...]
    first: NDArray[np.int64]
    last: NDArray[np.int64]
    article_id: tuple[str, ...]


class Store:
    """One SQLite file. Every method that writes is one transaction, durable on return."""

    def __init__(self, path: Path, *, writable: bool) -> None:
        """Open the file at ``path``; a writable one is made where there is none.

        Raises StoreError where the file can't be opened, and IndexDamagedError where it
        is not an index that this version reads.
        """
        self._path = path
        try:
            self._connection = self._connect(writable)
        except sqlite3.DatabaseError as error:
            raise self._unusable(error) from error
        try:
            if writable:
                self._connection.execute("PRAGMA journal_mode = WAL")
                self._connection.execute("PRAGMA synchronous = FULL")
                self._connection.execute("PRAGMA foreign_keys = ON")
                # What is removed is overwritten, not left in the file's free pages.
                self._connection.execute("PRAGMA secure_delete = ON")
                self._create()
            found = self.meta().get("format")
        except sqlite3.Error as error:
            self.close()
            raise self._unusable(error) from error
        except StoreError:
            self.close()
            raise
        if found != str(FORMAT):
            self.close()
            raise IndexDamagedError(
                f"{path}: made by another version of Byline (format {found}, this one reads {FORMAT}): "
                "add the articles to a new index"
            )

    def close(self) -> None:
        """Close the file; nothing may be asked of it afterwards."""
        self._connection.close()

    @contextmanager
    def snapshot(self) -> Iterator[None]:
        """Within it all reads see one moment, whatever a writer does meanwhile."""
        if self._connection.in_transaction:
            yield
            return
        try:
            self._connection.execute("BEGIN")
        except sqlite3.Error as error:
            raise self._unusable(error) from error
        try:
            yield
        finally:
            if self._connection.in_transaction:
                self._connection.rollback()

    def meta(self) -> dict[str, str]:
        """Facts about the index as a whole: its format and its model."""
        return dict(self._rows("SELECT key, value FROM meta"))

    def set_meta(self, values: Mapping[str, str]) -> None:
        """Store facts about the index as a whole."""
        with self._transaction():
            self._connection.executemany(
                "INSERT INTO meta VALUES (?, ?) ON CONFLICT (key) DO UPDATE SET value = excluded.value",
                values.items(),
            )

    def seq(self) -> int:
        """The number of the last change."""
        return int(self._one("SELECT coalesce(max(seq), 0) FROM log")[0])

    def counts(self) -> tuple[int, int]:
        """How many articles and how many sentences there are."""
        articles, sentences = self._one(
            "SELECT count(*), coalesce(sum(last_sentence - first_sentence + 1), 0) FROM article"
        )
        return int(articles), int(sentences)

    def held(self, article_id: str) -> Held | None:
        """What is stored under that id."""
        row = self._one_or_none(
            "SELECT a.revision, a.digest, r.title, r.origin FROM article a"
            " JOIN revision r ON r.article = a.key AND r.number = a.revision WHERE a.id = ?",
            (article_id,),
        )
        return Held(revision=row[0], digest=row[1], title=row[2], origin=row[3]) if row else None

    def article(self, article_id: str, revision: int | None = None) -> Article | None:
        """The article with that id: its newest revision, or the one given."""
        number = "a.revision" if revision is None else "?"
        values = (article_id,) if revision is None else (article_id, revision)
        row = self._one_or_none(f"{_ARTICLE} WHERE a.id = ? AND r.number = {number}", values)
        return _article(row) if row else None

    def key(self, article_id: str) -> int | None:
        """The key of the article with that id."""
        row = self._one_or_none("SELECT key FROM article WHERE id = ?", (article_id,))
        return int(row[0]) if row else None

    def article_by_key(self, key: int) -> Article:
        """The newest revision of the article with that key."""
        return _article(self._one(f"{_ARTICLE} WHERE a.key = ? AND r.number = a.revision", (key,)))

    def article_ids(self) -> list[str]:
        """The ids of all articles, in order."""
        return [row[0] for row in self._rows("SELECT id FROM article ORDER BY id")]

    def titles(self, n: int) -> list[str]:
        """The headlines of at most ``n`` articles, spread evenly over all."""
        rows = self._rows(
            "SELECT title FROM (SELECT r.title, row_number() OVER (ORDER BY a.key) - 1 AS place,"
            " (count(*) OVER () + ? - 1) / ? AS step FROM article a"
            " JOIN revision r ON r.article = a.key AND r.number = a.revision) WHERE place % step = 0",
            (n, n),
        )
        return [row[0] for row in rows]

    def sentences(self, key: int) -> tuple[Sentence, ...]:
        """The sentences of the article with that key, in order."""
        (article_id,) = self._one("SELECT id FROM article WHERE key = ?", (key,))
        rows = self._rows(
            "SELECT id, ordinal, paragraph, start, end FROM sentence WHERE article = ? ORDER BY ordinal", (key,)
        )
        return tuple(_sentence(row, article_id) for row in rows)

    def known(self, keys: Iterable[bytes]) -> dict[bytes, int]:
        """Which of these texts have a vector already, and its id."""
        found = {}
        for key in keys:
            row = self._one_or_none("SELECT id FROM vector WHERE text_key = ?", (key,))
            if row:
                found[key] = int(row[0])
        return found

    def put(
        self,
        article: Article,
        *,
        digest: bytes,
        origin: str,
        sentences: Sequence[Split],
        text_keys: Sequence[bytes],
        vectors: Mapping[bytes, Vectors],
    ) -> None:
        """Store an article, its sentences and the vectors not yet held; a new revision
        where its id is known. ``text_keys`` holds the title's key, then the sentences'.
        """
        with self._transaction():
            ids = self._vector_ids(text_keys, vectors)
            row = self._one_or_none("SELECT key FROM article WHERE id = ?", (article.id,))
            if row is None:
                cursor = self._connection.execute(
                    "INSERT INTO article (id, revision, seq, digest, title_vector, first_sentence, last_sentence)"
                    " VALUES (?, ?, 0, ?, ?, 0, -1)",
                    (article.id, article.revision, digest, ids[0]),
                )
                key = int(cursor.lastrowid or 0)
            else:
                key = int(row[0])
                self._withdraw(key)
            first, last = self._place(key, sentences, ids[1:])
            self._connection.execute(
                "INSERT INTO revision VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
                (
                    key,
                    article.revision,
                    article.title,
                    article.text,
                    article.published.isoformat() if article.published else None,
                    article.url,
                    article.source,
                    json.dumps(article.authors, ensure_ascii=False),
                    article.language,
                    origin,
                    datetime.now(UTC).isoformat(),
                ),
            )
            self._connection.execute(
                "UPDATE article SET revision = ?, seq = ?, digest = ?, title_vector = ?, first_sentence = ?,"
                " last_sentence = ? WHERE key = ?",
                (article.revision, self._log("add", key, first, last), digest, ids[0], first, last, key),
            )

    def remove(self, article_id: str) -> bool:
        """Remove an article with its revisions and sentences; False where there is none."""
        with self._transaction():
            row = self._one_or_none("SELECT key FROM article WHERE id = ?", (article_id,))
            if row is None:
                return False
            self._withdraw(int(row[0]))
            self._connection.execute("DELETE FROM article WHERE key = ?", row)
            return True

    def catalogue(self) -> Catalogue:
        """All articles as columns."""
        rows = self._rows(
            "SELECT a.key, a.seq, r.published, r.source, a.first_sentence, a.last_sentence, a.id FROM article a"
            " JOIN revision r ON r.article = a.key AND r.number = a.revision ORDER BY a.key"
        )
        published = [parse_published(row[2]) if row[2] else None for row in rows]
        return Catalogue(
            seq=self.seq(),
            key=np.array([row[0] for row in rows], np.int64),
            article_seq=np.array([row[1] for row in rows], np.int64),
            day=np.array([day_of(moment).toordinal() if moment else 0 for moment in published], np.int64),
            instant=np.array([_instant(moment) for moment in published], np.float64),
            source=tuple(row[3] for row in rows),
            first=np.array([row[4] for row in rows], np.int64),
            last=np.array([row[5] for row in rows], np.int64),
            article_id=tuple(row[6] for row in rows),
        )

    def removed_since(self, seq: int) -> list[tuple[int, int]]:
        """The ranges of sentence ids, both ends included, withdrawn after change ``seq``."""
        rows = self._rows(
            "SELECT first_sentence, last_sentence FROM log WHERE operation = 'remove' AND seq > ?", (seq,)
        )
        return [(int(first), int(last)) for first, last in rows]

    def placed(self, key: int) -> Placed:
        """The sentences of the article with that key, in order, with their vectors."""
        article_id, title = self._one(
            "SELECT a.id, v.vector FROM article a JOIN vector v ON v.id = a.title_vector WHERE a.key = ?", (key,)
        )
        rows = self._rows(
            "SELECT s.id, s.ordinal, s.paragraph, s.start, s.end, v.vector FROM sentence s"
            " JOIN vector v ON v.id = s.vector WHERE s.article = ? ORDER BY s.ordinal",
            (key,),
        )
        title_vector = _from_blob(title)
        vectors = np.frombuffer(b"".join(row[5] for row in rows), np.float16).astype(np.float32)
        return Placed(
            key=key,
            sentences=tuple(_sentence(row, article_id) for row in rows),
            vectors=vectors.reshape(len(rows), len(title_vector)),
            title_vector=title_vector,
        )

    def _connect(self, writable: bool) -> sqlite3.Connection:
        if writable:
            return self._plain(str(self._path))
        connection = self._plain(f"{self._path.absolute().as_uri()}?mode=ro", uri=True)
        try:
            connection.execute("SELECT 1 FROM sqlite_master").fetchone()
        except sqlite3.OperationalError:
            # A reader of a WAL file needs to write beside it. Where it may not, and no
            # change waits in the WAL, the file alone is the whole truth.
            connection.close()
            wal = self._path.with_name(self._path.name + "-wal")
            if wal.exists() and wal.stat().st_size:
                raise
            connection = self._plain(f"{self._path.absolute().as_uri()}?mode=ro&immutable=1", uri=True)
        return connection

    def _plain(self, name: str, *, uri: bool = False) -> sqlite3.Connection:
        return sqlite3.connect(name, uri=uri, isolation_level=None, check_same_thread=False, timeout=30)

    def _create(self) -> None:
        with self._transaction():
            if self._one_or_none("SELECT 1 FROM sqlite_master LIMIT 1") is None:
                for statement in _SCHEMA.split(";\n"):
                    self._connection.execute(statement)
                self._connection.execute("INSERT INTO meta VALUES ('format', ?)", (str(FORMAT),))

    @contextmanager
    def _transaction(self) -> Iterator[None]:
        try:
            self._connection.execute("BEGIN IMMEDIATE")
            yield
            self._connection.execute("COMMIT")
        except sqlite3.Error as error:
            raise self._unusable(error) from error
        finally:
            if self._connection.in_transaction:
                self._connection.rollback()

    def _vector_ids(self, keys: Sequence[bytes], vectors: Mapping[bytes, Vectors]) -> list[int]:
        ids = self.known(dict.fromkeys(keys))
        for key in dict.fromkeys(keys):
            if key not in ids:
                cursor = self._connection.execute(
                    "INSERT INTO vector (text_key, vector) VALUES (?, ?)",
                    (key, vectors[key].astype(np.float16).tobytes()),
                )
                ids[key] = int(cursor.lastrowid or 0)
        return [ids[key] for key in keys]

    def _place(self, key: int, sentences: Sequence[Split], vector_ids: Sequence[int]) -> tuple[int, int]:
        first, last = 0, -1
        for ordinal, (sentence, vector) in enumerate(zip(sentences, vector_ids, strict=True)):
            cursor = self._connection.execute(
                "INSERT INTO sentence (article, ordinal, paragraph, start, end, vector) VALUES (?, ?, ?, ?, ?, ?)",
                (key, ordinal, sentence.paragraph, sentence.span.start, sentence.span.end, vector),
            )
            last = int(cursor.lastrowid or 0)
            first = first or last
        return first, last

    def _withdraw(self, key: int) -> None:
        first, last = self._one("SELECT first_sentence, last_sentence FROM article WHERE key = ?", (key,))
        self._connection.execute("DELETE FROM sentence WHERE article = ?", (key,))
        self._log("remove", key, first, last)

    def _log(self, operation: str, key: int, first: int, last: int) -> int:
        cursor = self._connection.execute(
            "INSERT INTO log (operation, article, first_sentence, last_sentence) VALUES (?, ?, ?, ?)",
            (operation, key, first, last),
        )
        return int(cursor.lastrowid or 0)

    def _one(self, query: str, values: Sequence[object] = ()) -> tuple[Any, ...]:
        row = self._one_or_none(query, values)
        if row is None:
            raise IndexDamagedError(
                f"{self._path}: a row that must be there is missing ({values!r}): restore it from a copy"
            )
        return row

    def _one_or_none(self, query: str, values: Sequence[object] = ()) -> tuple[Any, ...] | None:
        return next(iter(self._rows(query, values)), None)

    def _rows(self, query: str, values: Sequence[object] = ()) -> list[tuple[Any, ...]]:
        try:
            return self._connection.execute(query, values).fetchall()
        except sqlite3.Error as error:
            raise self._unusable(error) from error

    def _unusable(self, error: sqlite3.Error) -> StoreError:
        if isinstance(error, sqlite3.ProgrammingError):
            return StoreError(f"{self._path}: {error}: open the index again")
        if isinstance(error, sqlite3.OperationalError):
            return StoreError(f"{self._path}: {error}: check that the disk has room and the folder's permissions")
        return IndexDamagedError(f"{self._path}: not a sound SQLite file ({error}): restore it from a copy")


def text_key(text: str) -> bytes:
    """The key under which a text's vector is kept: 16 bytes of BLAKE2b."""
    return hashlib.blake2b(text.encode(), digest_size=16).digest()


def digest_of(article: Article) -> bytes:
    """Changes whenever anything of an article does but its revision."""
    facts = (
        article.title,
        article.text,
        article.published.isoformat() if article.published else None,
        article.url,
        article.source,
        article.authors,
        article.language,
    )
    return hashlib.sha256(json.dumps(facts).encode()).digest()


def _article(row: tuple[Any, ...]) -> Article:
    article_id, number, title, text, published, url, source, authors, language = row
    return Article(
        id=article_id,
        revision=number,
        title=title,
        text=text,
        published=parse_published(published) if published else None,
        url=url,
        source=source,
        authors=tuple(json.loads(authors)),
        language=language,
    )


def _sentence(row: tuple[Any, ...], article_id: str) -> Sentence:
    number, ordinal, paragraph, start, end = row[:5]
    return Sentence(
        id=number, article_id=article_id, ordinal=ordinal, paragraph=paragraph, span=Span(start=start, end=end)
    )


def _instant(moment: Published) -> float:
    return moment.timestamp() if isinstance(moment, datetime) else float("nan")


def _from_blob(blob: bytes) -> Vectors:
    return np.frombuffer(blob, np.float16).astype(np.float32)
