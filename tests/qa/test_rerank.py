"""The optional cross-encoder: a real one, made small."""

from __future__ import annotations

import shutil
from datetime import date
from pathlib import Path

import pytest

from index import Article, ArticleIndex, Filter, ModelError
from qa import ArticleQA
from qa.question import understand
from qa.rerank import Reranker
from qa.retrieve import rank, surroundings
from tests import crossencoder

ARTICLES = [
    Article(
        id=f"a{number}",
        title=f"Report {number} on the ferry",
        text=f"The ferry sailed on day {number}.\nThe ferry carried {number * 10} people.\nThe ferry came back.",
        published=date(2025, 3, number),
    )
    for number in range(1, 5)
]


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return crossencoder.make(tmp_path_factory.mktemp("cross-encoder"))


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("reranked") / "index"
    with ArticleIndex.open(folder, create=True) as index:
        index.add(ARTICLES)
    return folder


def test_the_first_sentences_come_in_the_models_order(model: Path, made: Path) -> None:
    question = understand("How many people did the ferry carry?")
    reranker = Reranker(str(model))
    with ArticleIndex.open(made, read_only=True) as index, index.moment():
        before = rank(index, question, Filter())
        after = reranker.reordered(question.text, before, lambda ranked: surroundings(before, ranked))
        scored = reranker._scores(question.text, [surroundings(before, r) for r in after.sentences])
    assert {r.text for r in after.sentences} == {r.text for r in before.sentences}
    assert [r.text for r in after.sentences] != [r.text for r in before.sentences]
    assert scored == sorted(scored, reverse=True)
    assert [r.score for r in after.sentences] == [r.score for r in before.sentences]


def test_a_passage_is_the_sentence_with_those_beside_it(made: Path) -> None:
    with ArticleIndex.open(made, read_only=True) as index, index.moment():
        ranking = rank(index, understand("How many people did the ferry carry?"), Filter())
    (middle,) = [r for r in ranking.sentences if "carried 20 people" in r.text]
    assert surroundings(ranking, middle) == f"{ARTICLES[1].title}\n{ARTICLES[1].text}"


def test_answers_stay_verbatim_with_it(model: Path, made: Path) -> None:
    with ArticleQA.open(made, reranker=str(model)) as qa:
        assert qa.reranker == str(model)
        answer = qa.ask("How many people did the ferry carry?")
        passages = qa.retrieve("How many people did the ferry carry?")
    assert all(c.article.text[c.span.start : c.span.end] == c.quote for c in answer.citations)
    assert [passage.rank for passage in passages] == list(range(1, len(passages) + 1))
    assert all(passage.reranked is not None for passage, _ in answer.explain())


def test_what_is_no_cross_encoder_is_named(tmp_path: Path, made: Path) -> None:
    (tmp_path / "empty-folder").mkdir()
    with pytest.raises(ModelError, match=r"empty-folder.*cross-encoder"):
        ArticleQA.open(made, reranker=str(tmp_path / "empty-folder"))


def test_a_model_with_several_scores_is_refused(model: Path, made: Path, tmp_path: Path) -> None:
    from transformers import BertForSequenceClassification

    several = BertForSequenceClassification.from_pretrained(model, num_labels=3, ignore_mismatched_sizes=True)
    shutil.copytree(model, tmp_path, dirs_exist_ok=True)
    several.save_pretrained(tmp_path)
    with pytest.raises(ModelError, match="3 scores"):
        ArticleQA.open(made, reranker=str(tmp_path))
