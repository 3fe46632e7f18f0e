"""Ask, search and read, with arguments that may be anything JSON can hold."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from index import Article, ArticleIndex, ArticleNotFoundError, BylineError, QuestionError
from qa import ArticleQA, Writer
from qa.llm import LanguageModel
from tests.ui.test_export import JSON
from ui.desk import MAX_PASSAGES, MAX_TURNS, Desk
from ui.turnstile import BusyError, Turnstile

FINED = "Was Walter Imber fined?"
WALL = "https://gazette.example/2025/03/04/harbour-wall-repair-estimate"
BEFORE = "The pier was closed on Friday.\nIt will open again in May."
AFTER = "The pier was closed on Friday.\nIt will open again in June, the harbour board said."
FIELDS = ("as_understood", "history", "as_of", "published_from", "published_to", "sources", "languages")


@pytest.fixture(scope="module")
def desk(gazette: ArticleQA) -> Desk:
    return Desk(gazette)


@pytest.fixture
def revised(tmp_path: Path) -> Path:
    """An index of one article in two revisions, and of a copy of it elsewhere."""
    with ArticleIndex.open(tmp_path / "index", create=True) as index:
        index.add([Article(id="pier", title="Pier shut", text=BEFORE, source="The Post")])
        index.add([Article(id="pier", title="Pier to open in June", text=AFTER, source="The Post")])
        index.add([Article(id="again", title="Pier to open in June", text=AFTER, source="The Herald")])
    return tmp_path / "index"


async def stepped(desk: Desk, question: str, **put: Any) -> list[dict[str, Any]]:
    """The steps of an answer while the model is busy."""
    return [step async for step in desk.steps(question, searching=Turnstile().passed, writing=busy, **put)]


@asynccontextmanager
async def busy() -> AsyncIterator[None]:
    raise BusyError
    yield


def timeless(answer: dict[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in answer.items() if key != "took_ms"}


def test_an_answer_is_that_of_the_library(desk: Desk, gazette: ArticleQA) -> None:
    assert timeless(desk.ask(FINED)) == timeless(gazette.ask(FINED).to_dict())


@pytest.mark.parametrize("rewrites", [False, True])
def test_of_a_busy_model_only_an_answer_tells(gazette: ArticleQA, rewrites: bool) -> None:
    history = [{"question": FINED, "answer": "He was fined.", "articles": []}]
    with LanguageModel("http://127.0.0.1:9/v1", "tiny-1") as llm:
        desk = Desk(ArticleQA(gazette.index, writer=Writer(llm, rewrites=rewrites)))
        answered = asyncio.run(stepped(desk, FINED, history=history))
        refused = asyncio.run(stepped(desk, "What is the capital of Mongolia?", history=history))
    reason = "too many questions wait for the language model just now"
    written = answered[-1]["answer"]["written"]
    assert (answered[1], written["failure"], written["model"]) == ({"failed": reason}, reason, "tiny-1")
    assert len(refused) == 2
    assert (refused[-1]["answer"]["answered"], refused[-1]["answer"]["written"]) == (False, None)


def test_a_history_takes_the_place_of_a_conversation(desk: Desk, gazette: ArticleQA) -> None:
    conversation = gazette.chat()
    history: list[dict[str, Any]] = []
    for question in (FINED, "How much?", "Why was he fined?", "And the lifeboat fund?"):
        expected = conversation.ask(question).to_dict()
        told = desk.ask(question, history=history)
        assert timeless(told) == timeless(expected)
        history.append(
            {
                "question": told["understood"],
                "answer": " ".join(claim["text"] for claim in told["claims"]),
                "articles": [citation["article"]["id"] for citation in told["citations"]],
            }
        )


def test_a_correction_is_asked_as_it_stands(desk: Desk) -> None:
    history = [{"question": FINED, "answer": "Yes."}]
    told = desk.ask("How much?", history=history, as_understood="How much will the harbour wall cost?")
    assert (told["question"], told["understood"]) == ("How much?", "How much will the harbour wall cost?")


def test_of_a_long_history_only_the_end_is_read(desk: Desk) -> None:
    read = [{"question": FINED}] * MAX_TURNS
    assert timeless(desk.ask("How much?", history=["no exchange", *read])) == timeless(
        desk.ask("How much?", history=read)
    )
    with pytest.raises(QuestionError, match=r"^history\[1\] is 'no exchange'"):
        desk.ask("How much?", history=[*read[:1], "no exchange", *read[2:]])


def test_a_search_gives_the_passages_of_the_library(desk: Desk, gazette: ArticleQA) -> None:
    told = desk.search(FINED, k=2, sources=["The Marrowby Gazette"])
    expected = gazette.retrieve(FINED, k=2, sources=["The Marrowby Gazette"])
    assert told == {"question": FINED, "passages": [passage.to_dict() for passage in expected]}
    assert len(desk.search(FINED, k=MAX_PASSAGES)["passages"]) > 5


@pytest.mark.parametrize("k", [0, -1, MAX_PASSAGES + 1, 1.0, True, "5", None, 10**30, float("inf")])
def test_a_number_of_passages_out_of_range_is_refused(desk: Desk, k: object) -> None:
    with pytest.raises(QuestionError, match=r"^k is .* from 1 to 50"):
        desk.search(FINED, k=k)


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("as_of", "yesterday"),
        ("as_of", ""),
        ("as_of", 20250304),
        ("as_of", ["2025-03-04"]),
        ("published_from", "2025-02-30"),
        ("published_from", "2025-03-04T10:00:00Z"),
        ("published_to", "\uff12025-03-04"),
        ("sources", "The Gazette"),
        ("sources", {"The Gazette": 1}),
        ("sources", [b"x"]),
        ("sources", ["x"] * 1_001),
        ("languages", [["en"]]),
        ("as_understood", 7),
        ("as_understood", "x" * 2_001),
        ("history", None),
        ("history", "x"),
    ],
)
def test_what_cannot_be_used_is_refused_by_name(desk: Desk, field: str, value: Any) -> None:
    with pytest.raises(QuestionError, match=f"^{field}") as refused:
        desk.ask(FINED, **{field: value})
    assert len(str(refused.value)) < 200


def test_an_article_has_its_revisions_changes_and_copies(revised: Path) -> None:
    with ArticleQA.open(revised) as qa:
        told = Desk(qa).article("pier", changes=True)
        first = Desk(qa).article("pier", revision=1, changes=True)
    assert (told["text"], told["revision"], told["cited"]) == (AFTER, 2, None)
    assert [one["revision"] for one in told["revisions"]] == [1, 2]
    assert (told["changes"]["from"], told["changes"]["title"]) == (1, "Pier shut")
    for text, gone in ((BEFORE, "added"), (AFTER, "removed")):
        kept = ["".join(s["text"] for s in p if s["kind"] != gone) for p in told["changes"]["paragraphs"]]
        assert "\n".join(kept) == text
    assert [one["id"] for one in told["copies"]] == ["again"]
    assert (first["text"], first["changes"]) == (BEFORE, None)


def test_cited_words_are_placed_and_referenced(revised: Path) -> None:
    start = AFTER.index("It will open")
    with ArticleQA.open(revised) as qa:
        cited = Desk(qa).article("pier", start=start, end=len(AFTER))["cited"]
    assert (cited["quote"], cited["paragraph"], cited["link"]) == (AFTER[start:], 2, None)
    assert all(text.strip() for text in cited["references"].values())


@pytest.mark.parametrize(
    ("start", "end"), [(0, 0), (5, 3), (0, 10**6), (-1, 4), (0, None), (None, 4), (0, 2**31), (0.0, 4), ("0", 4)]
)
def test_a_place_outside_the_text_is_refused(desk: Desk, start: object, end: object) -> None:
    with pytest.raises(QuestionError):
        desk.article(WALL, start=start, end=end)


@pytest.mark.parametrize("article_id", ["nope", "", "\0", "\ud800", "../../etc/passwd", "x" * 10_000])
def test_an_article_that_is_not_there_is_not_found(desk: Desk, gazette: ArticleQA, article_id: str) -> None:
    for revision in (None, 1):
        with pytest.raises(ArticleNotFoundError) as missing:
            desk.article(article_id, revision=revision)
        assert str(gazette.index.path) not in str(missing.value)
        assert len(str(missing.value)) < 300


@pytest.mark.parametrize("gone", ["again", "pier"])
def test_what_is_removed_while_an_article_is_read_is_passed_over(
    revised: Path, monkeypatch: pytest.MonkeyPatch, gone: str
) -> None:
    """Another process may remove a copy, or the article itself, between two looks at the index."""
    with ArticleQA.open(revised) as qa:
        copies, revisions = ArticleIndex.copies, ArticleIndex.revisions

        def remove() -> None:
            with ArticleIndex.open(revised) as writer:
                writer.remove(gone)

        def found(self: ArticleIndex, article_id: str) -> Any:
            told = copies(self, article_id)
            if gone == "again":
                remove()
            return told

        def read(self: ArticleIndex, article_id: str) -> Any:
            told = revisions(self, article_id)
            if gone == "pier":
                remove()
            return told

        monkeypatch.setattr(ArticleIndex, "copies", found)
        monkeypatch.setattr(ArticleIndex, "revisions", read)
        told = Desk(qa).article("pier")
    assert (told["text"], told["copies"]) == (AFTER, [])


def test_of_many_copies_the_most_similar_are_told(tmp_path: Path) -> None:
    with ArticleIndex.open(tmp_path / "index", create=True) as index:
        index.add([Article(id=f"{n}", title="Pier shut", text=AFTER, source=f"Paper {n}") for n in range(60)])
    with ArticleQA.open(tmp_path / "index") as qa:
        assert len(Desk(qa).article("0")["copies"]) == 50


@settings(max_examples=150, deadline=None)
@given(st.text() | JSON, st.dictionaries(st.sampled_from(FIELDS), JSON))
@example("\ud800", {"sources": ["\ud800"], "history": [{"question": "\ud800", "articles": ["\ud800", "\0"]}]})
@example(FINED, {"as_of": "0001-01-01T00:00:00+14:00"})
@example("What happened next year?", {"as_of": "9999-12-31T23:59:59-14:00"})
def test_any_json_gives_an_answer_or_an_error_with_a_message(desk: Desk, question: Any, limits: Any) -> None:
    for call in (
        lambda: desk.ask(question, **limits),
        lambda: desk.search(question, **{k: v for k, v in limits.items() if k not in ("as_understood", "history")}),
        lambda: desk.article(question, revision=limits.get("as_of"), start=limits.get("history")),
    ):
        told = outcome(call)
        assert isinstance(told, dict) or len(str(told)) < 500


def outcome(call: Callable[[], dict[str, Any]]) -> dict[str, Any] | BylineError:
    try:
        told = call()
    except (QuestionError, ArticleNotFoundError) as error:
        return error
    json.dumps(told, allow_nan=False)
    return told
