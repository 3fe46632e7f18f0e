"""Promises checked, caches mended, room given back."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from index import Article, ArticleIndex, IndexReadOnlyError, caches
from index.vectors import VectorIndex
from index.words import WordIndex

COUNCIL = Article(
    id="council", title="Council votes", text="The council voted on Monday.\nThe zeppelinard was refused."
)
BEES = Article(id="bees", title="Bees die", text="A third of the hives were lost. A mite is to blame.", source="Herald")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    with ArticleIndex.open(tmp_path / "index", create=True) as index:
        index.add([COUNCIL, BEES])
    return tmp_path / "index"


def change(folder: Path, statement: str, *values: object) -> None:
    with closing(sqlite3.connect(folder / "articles.sqlite")) as connection:
        assert connection.execute(statement, values).rowcount
        connection.commit()


def problems(folder: Path) -> tuple[tuple[str, ...], tuple[str, ...]]:
    with ArticleIndex.open(folder, read_only=True) as index:
        report = index.verify()
    assert report.sound == (report.stored == report.cached == ())
    return report.stored, report.cached


def test_a_sound_index_verifies(folder: Path) -> None:
    assert problems(folder) == ((), ())


@pytest.mark.parametrize(
    ("statement", "complaint"),
    [
        ("UPDATE body SET text = replace(text, 'Monday', 'Friday')", "hash differs"),
        ("UPDATE body SET title = 'Council votes again' WHERE title = 'Council votes'", "title's vector"),
        ("UPDATE revision SET source = 'Somebody' WHERE source = 'Herald'", "not what was stored"),
        ("UPDATE revision SET number = 2 WHERE source = 'Herald'", "not 1 to 1"),
        ("DELETE FROM revision WHERE source = 'Herald'", "no revision has it"),
        ("DELETE FROM sentence WHERE ordinal = 1", "its sentences are not"),
        ("UPDATE sentence SET start = start + 1 WHERE ordinal = 0", "vector is that of another text"),
        ("UPDATE sentence SET end = 9999 WHERE ordinal = 1", "don't follow"),
        ("UPDATE sentence SET vector = (SELECT max(id) FROM vector) WHERE ordinal = 0", "another text"),
        ("UPDATE vector SET vector = zeroblob(768) WHERE id = 2", "its length is 0.0000"),
        ("UPDATE vector SET vector = zeroblob(10) WHERE id = 2", "10 bytes, not 768"),
        ("DELETE FROM band WHERE hash = (SELECT min(hash) FROM band)", "near copies are found by"),
        ("UPDATE band SET hash = 7 WHERE hash = (SELECT max(hash) FROM band)", "near copies are found by"),
        ("INSERT INTO band VALUES (7, 77)", "isn't there"),
        ("INSERT INTO near VALUES (1, 77, 0.9)", "isn't there"),
        ("UPDATE sentence SET body = 77 WHERE ordinal = 1", "isn't there"),
    ],
)
def test_what_contradicts_itself_is_found(folder: Path, statement: str, complaint: str) -> None:
    change(folder, statement)
    stored, _ = problems(folder)
    assert any(complaint in problem for problem in stored), stored


@pytest.mark.parametrize("pattern", ["vectors-*", "words-*/sentences/*.store", "words-*/articles/*.idx", "CURRENT"])
@pytest.mark.parametrize("how", ["flip", "gone"])
def test_a_damaged_cache_is_found_and_repaired(folder: Path, pattern: str, how: str) -> None:
    for path in folder.glob(pattern):
        data = bytearray(path.read_bytes())
        data[len(data) // 2] ^= 4
        path.unlink()
        if how == "flip":
            path.write_bytes(data)
    stored, cached = problems(folder)
    assert not stored
    assert len(cached) == 1
    with ArticleIndex.open(folder) as index:
        index.repair()
    assert problems(folder) == ((), ())


def test_caches_that_are_whole_but_wrong_are_found(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Their files are what was published; what was published is not what is stored."""
    add = WordIndex.add

    def adding_other_words(self: WordIndex, articles: object) -> None:
        add(self, [(key, spans, title, text.replace("zeppelinard", "tram")) for key, spans, title, text in articles])  # type: ignore[attr-defined]

    with ArticleIndex.open(folder) as index, monkeypatch.context() as patch:
        patch.setattr(WordIndex, "add", adding_other_words)
        index.repair()
    assert any("'zeppelinard' is in (0, 0)" in problem for problem in problems(folder)[1])
    with ArticleIndex.open(folder) as index, monkeypatch.context() as patch:
        patch.setattr(caches, "pool", lambda sentences, title: sentences)
        index.repair()
    assert any("not the pooled one" in problem for problem in problems(folder)[1])
    with ArticleIndex.open(folder) as index, monkeypatch.context() as patch:
        patch.setattr(VectorIndex, "add", lambda *_: None)
        index.repair()
    assert any("vectors: 4 differ" in problem for problem in problems(folder)[1])


def test_an_empty_index_is_sound_and_compact(tmp_path: Path) -> None:
    with ArticleIndex.open(tmp_path / "index", create=True) as index:
        assert index.verify().sound
        index.compact()
        index.repair()
        assert index.verify().sound
        assert index.stats().facts.articles == 0


def test_compacting_leaves_nothing_of_what_was_removed(folder: Path) -> None:
    with ArticleIndex.open(folder) as index:
        before = index.search("What was lost?")
        index.remove("council")
        index.compact()
        assert index.verify().sound
        assert index.stats().facts.texts == 3
        after = index.search("What was lost?")
        assert [hit.article_id for hit in after.articles] == ["bees"]
        (bees,) = [hit for hit in before.articles if hit.article_id == "bees"]
        assert bees.meaning == pytest.approx(after.articles[0].meaning, abs=1e-3)
    for path in folder.rglob("*"):
        if path.is_file():
            assert b"zeppelinard" not in path.read_bytes().lower(), path


def test_compacting_changes_no_answer_and_adding_goes_on(folder: Path) -> None:
    with ArticleIndex.open(folder) as index:
        before = index.search("What did the council refuse?")
        index.compact()
        assert index.search("What did the council refuse?").articles == before.articles
        index.add(Article(id="tram", title="Tram", text="A tram was refused too."))
        index.remove("bees")
        assert index.verify().sound


def test_a_reader_of_before_sees_what_is_after(folder: Path) -> None:
    """Also where the log that it would replay is gone."""
    with ArticleIndex.open(folder, read_only=True) as reader:
        assert len(reader.search("council").articles) == 2
        with ArticleIndex.open(folder) as writer:
            writer.remove("council")
            writer.compact()
            writer.add(Article(id="tram", title="Tram", text="A tram was refused."))
        assert {hit.article_id for hit in reader.search("council").articles} == {"bees", "tram"}
        assert reader.verify().sound


def test_a_copy_of_before_that_is_put_back_is_not_believed(folder: Path) -> None:
    """Caches older than the log reaches can't be brought up to date."""
    kept = {path.relative_to(folder): path.read_bytes() for path in folder.rglob("*") if path.is_file()}
    with ArticleIndex.open(folder) as index:
        index.remove("council")
        index.compact()
    for name, data in kept.items():
        if name.name != "articles.sqlite":
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            (folder / name).write_bytes(data)
    with ArticleIndex.open(folder, read_only=True) as index:
        assert {hit.article_id for hit in index.search("council").articles} == {"bees"}
        assert index.verify().sound


def test_stats_count_what_is_there(folder: Path) -> None:
    with ArticleIndex.open(folder) as index:
        index.add(Article(id="council", title="Council votes", text="The council voted.", source="Post"))
        stats = index.stats()
        assert sum(stats.sizes.values()) == sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())
    assert (stats.facts.articles, stats.facts.revisions, stats.facts.sentences) == (2, 3, 3)
    assert stats.facts.by_source == {"Herald": 1, "Post": 1}
    assert stats.facts.by_month == {None: 2}
    assert stats.vectors == "IDMap,SQfp16"
    assert stats.generation == 2


def test_only_a_writer_compacts_and_repairs(folder: Path) -> None:
    with ArticleIndex.open(folder, read_only=True) as index:
        for change_it in (index.compact, index.repair):
            with pytest.raises(IndexReadOnlyError):
                change_it()
