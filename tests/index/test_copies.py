"""The same story printed twice."""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from index import Article, ArticleIndex, Filter
from index.copies import NEAR, bands, similarity

STORY = (
    "A storm tore the roof off the covered market on Tuesday night.\n"
    "Nobody was hurt, the fire service said, since the market had closed an hour before.\n"
    "Stallholders were let in on Wednesday morning to fetch what the rain had left of their goods.\n"
    "The town will decide next week whether the hall, built in 1911, can be mended."
)
WIRE = Article(id="wire", title="Storm unroofs market", text=STORY, published=date(2024, 5, 2), source="Wire")
REPRINT = Article(id="post", title="Storm unroofs market", text=STORY, published=date(2024, 5, 1), source="Post")
EDITED = Article(
    id="echo",
    title="Market loses roof",
    text=STORY.replace("on Tuesday night", "late on Tuesday").replace("next week", "soon"),
    published=date(2024, 5, 3),
    source="Echo",
)
OTHER = Article(
    id="bees",
    title="Bees in the park",
    text="Bees swarmed in the park on Sunday.\nA keeper took them home in a box.",
    published=date(2024, 5, 3),
    source="Echo",
)


@pytest.fixture
def printed(tmp_path: Path) -> Iterator[ArticleIndex]:
    with ArticleIndex.open(tmp_path / "index", create=True) as index:
        report = index.add([WIRE, REPRINT, EDITED, OTHER])
        assert [outcome.status for outcome in report.outcomes] == ["added", "duplicate", "added", "added"]
        assert report.duplicate[0].reason == "the same words as wire"
        yield index


def test_the_same_words_are_stored_once(printed: ArticleIndex) -> None:
    assert printed.article("post").source == "Post"
    with printed.moment():
        found = printed.search("What did the storm do?")
    assert [hit.article_id for hit in found.articles].count("post") == 1
    assert "wire" not in [hit.article_id for hit in found.articles], "first reported by the Post"
    assert found.total == 4


def test_each_source_answers_for_itself(printed: ArticleIndex) -> None:
    for where, expected in (
        (Filter(sources=("Wire",)), {"wire"}),
        (Filter(sources=("Post",)), {"post"}),
        (Filter(as_of=date(2024, 5, 1)), {"post"}),
        (Filter(published_from=date(2024, 5, 2), sources=("Wire", "Post")), {"wire"}),
        (Filter(sources=("Nobody",)), set()),
    ):
        assert {hit.article_id for hit in printed.search("What did the storm do?", where).articles} == expected


def test_near_copies_are_one_story(printed: ArticleIndex) -> None:
    stories = {hit.article_id: hit.story for hit in printed.search("What did the storm do in the park?").articles}
    assert stories["post"] == stories["echo"] != stories["bees"]
    assert [(copy.article_id, copy.similarity == 1) for copy in printed.copies("post")] == [
        ("wire", True),
        ("echo", False),
    ]
    assert {copy.article_id for copy in printed.copies("echo")} == {"wire", "post"}
    assert printed.copies("bees") == ()


def test_one_source_may_go_or_change_without_the_other(printed: ArticleIndex) -> None:
    printed.remove("wire")
    assert printed.article("post").text == STORY
    assert [hit.article_id for hit in printed.search("storm", Filter(sources=("Post",))).articles] == ["post"]
    printed.add(Article(id="wire", title="Storm unroofs market", text=STORY, source="Wire"))
    printed.add(Article(id="wire", title="Correction", text="It was a gale that unroofed the market.", source="Wire"))
    assert printed.article("post").text == STORY
    assert printed.article("wire").revision == 2
    assert [copy.article_id for copy in printed.copies("post")] == ["echo"]
    assert printed.verify().sound


def test_a_print_that_is_corrected_stays_of_the_story(printed: ArticleIndex) -> None:
    printed.add(Article(id="wire", title=WIRE.title, text=STORY.replace("1911", "1912"), source="Wire"))
    stories = {hit.article_id: hit.story for hit in printed.search("What did the storm do?").articles}
    assert stories["wire"] == stories["post"] == stories["echo"]
    assert {copy.article_id for copy in printed.copies("wire")} == {"post", "echo"}


def test_articles_may_come_from_the_index_itself(printed: ArticleIndex) -> None:
    report = printed.add(replace(article, source="Archive") for article in printed.articles())
    assert len(report.updated) == 4
    assert printed.verify().sound


def test_form_letters_are_told_in_bounded_time(tmp_path: Path) -> None:
    letters = [Article(id=str(n), title="Weather", text=f"{STORY} It was day {n} of the storm.") for n in range(120)]
    with ArticleIndex.open(tmp_path / "index", create=True) as index:
        index.add(letters)
        assert len({hit.story for hit in index.search("storm").articles}) == 1
        assert len(index.copies("119")) == 20
        assert index.verify().sound


def test_adding_a_copy_then_removing_it_leaves_every_answer_as_it_was(printed: ArticleIndex) -> None:
    question = "What did the storm do to the market?"
    before = printed.search(question)
    printed.add([Article(id="copy", title=EDITED.title, text=STORY, source="Echo")])
    assert printed.search(question).articles != before.articles
    printed.remove("copy")
    after = printed.search(question)
    assert [(h.key, h.edition, h.meaning, h.words) for h in after.articles] == [
        (h.key, h.edition, h.meaning, h.words) for h in before.articles
    ]


def test_articles_of_one_run_that_share_an_id(tmp_path: Path) -> None:
    """Versions of one article are revisions; different articles are told apart."""
    url = "https://news.example/market"
    versions = [
        Article(id=url, url=url, title="Storm", text=text) for text in (STORY, STORY.replace("1911", "1912"), STORY)
    ]
    with ArticleIndex.open(tmp_path / "index", create=True) as index:
        report = index.add([*versions, Article(id=url, url=url, title="Bees", text=OTHER.text)])
        assert [outcome.status for outcome in report.outcomes] == ["added", "updated", "updated", "rejected"]
        assert "same id" in (report.rejected[0].reason or "")
        assert index.article(url).text == STORY
        assert index.article(url).revision == 3


@given(st.text(), st.text())
def test_similarity_is_a_jaccard_index(one: str, other: str) -> None:
    alike = similarity(one, other)
    assert 0 <= alike <= 1
    assert alike == similarity(other, one)
    assert similarity(one, one) in (0, 1)


@given(seed=st.integers(0, 10_000), changes=st.integers(0, 12))
@settings(max_examples=60, deadline=None)
def test_what_is_similar_shares_a_band(seed: int, changes: int) -> None:
    rng = random.Random(seed)
    words = [str(rng.randrange(5_000)) for _ in range(300)]
    edited = list(words)
    for place in rng.sample(range(300), changes):
        edited[place] = "edited"
    one, other = " ".join(words), " ".join(edited)
    if similarity(one, other) >= NEAR + 0.1:
        assert set(bands(one)) & set(bands(other))


def test_bands_fit_and_are_the_same_everywhere() -> None:
    found = bands(STORY)
    assert len(found) == len(set(found)) == 64
    assert all(-(2**63) <= band < 2**63 for band in found)
    assert found == bands(STORY.upper())
    assert found[0] == 992559412043684860
    assert bands("") == bands("…!") == []
    assert len(bands("風が屋根を飛ばした")) == 64


def test_the_gazette_reprints_one_wire_story(gazette_index: Path) -> None:
    """Its other reports on one affair share names and numbers, but are not copies."""
    with ArticleIndex.open(gazette_index, read_only=True) as index:
        grouped = {article.id: [copy.article_id for copy in index.copies(article.id)] for article in index.articles()}
    wire, reprint = (
        "https://wire.example/business/2025/05/29/sandholme-buys-tollard",
        "https://gazette.example/2025/05/30/rope-works-rescued",
    )
    assert {name: copies for name, copies in grouped.items() if copies} == {wire: [reprint], reprint: [wire]}


def test_an_id_given_twice_in_one_run_is_a_slip(tmp_path: Path) -> None:
    """Without an address nothing says that the second is a later state of the first."""
    with ArticleIndex.open(tmp_path / "index", create=True) as index:
        report = index.add([WIRE, replace(WIRE, text=STORY.replace("1911", "1912"))])
        assert [outcome.status for outcome in report.outcomes] == ["added", "rejected"]
        assert index.article("wire").text == STORY
