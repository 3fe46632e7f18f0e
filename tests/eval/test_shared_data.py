"""What must hold on real articles, kept outside the repository beside it."""

from __future__ import annotations

from pathlib import Path

import pytest

from eval.questions import read_questions
from eval.run import Report, evaluate
from index import ArticleIndex
from qa import ArticleQA

DATA = Path(__file__).parents[3] / "shared" / "data"

pytestmark = pytest.mark.slow


def measured(name: str, folder: Path) -> Report:
    source = DATA / name
    if not source.is_dir():
        pytest.skip(f"the articles of {name} are not on this machine: {source} is absent")
    with ArticleIndex.open(folder, create=True) as index:
        report = index.add([source / "articles.jsonl.gz"])
    assert not report.rejected
    questions = [question for question in read_questions(source / "questions.jsonl") if question.answerable]
    with ArticleQA.open(folder) as qa:
        return evaluate(qa, questions)


@pytest.fixture(scope="session")
def realtimeqa(tmp_path_factory: pytest.TempPathFactory) -> Report:
    """News of the summer of 2022; some minutes to index."""
    return measured("realtimeqa-2022-summer", tmp_path_factory.mktemp("realtimeqa") / "index")


@pytest.fixture(scope="session")
def squad(tmp_path_factory: pytest.TempPathFactory) -> Report:
    """Encyclopedia articles; their questions that can be answered."""
    return measured("squad2-dev-a", tmp_path_factory.mktemp("squad") / "index")


def at_least(value: float | None, floor: float) -> bool:
    return value is not None and value >= floor


def test_news_as_of_the_day_of_the_question(realtimeqa: Report) -> None:
    assert at_least(realtimeqa.retrieval.hit_1, 0.70), realtimeqa.retrieval
    assert at_least(realtimeqa.retrieval.hit_10, 0.97), realtimeqa.retrieval
    assert at_least(realtimeqa.retrieval.mrr_10, 0.81), realtimeqa.retrieval
    assert realtimeqa.violations == 0


def test_the_sentence_that_answers(squad: Report) -> None:
    assert at_least(squad.evidence.recall_1, 0.69), squad.evidence
    assert at_least(squad.evidence.recall_5, 0.89), squad.evidence
    assert squad.violations == 0
