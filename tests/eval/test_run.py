"""Evaluation: its arithmetic on fixed results, and the whole of it on a small index."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path
from typing import Any, cast

import pytest

from eval.questions import Question, read_questions
from eval.run import evaluate, violations
from index import Article, Filter, Sentence, Span
from index.errors import QuestionError, QuestionSetError
from qa import Answer, ArticleQA, Citation, Claim, Conversation, Passage


def article(name: str, text: str = "One word.", published: date | None = date(2025, 1, 1)) -> Article:
    return Article(id=name, url=f"https://paper.example/{name}", title=name, text=text, published=published)


def sentence(of: Article) -> Sentence:
    return Sentence(id=1, article_id=of.id, ordinal=0, paragraph=1, span=Span(start=0, end=len(of.text)))


def passage(of: Article, rank: int) -> Passage:
    return Passage(
        article=of,
        span=Span(start=0, end=len(of.text)),
        sentences=(sentence(of),),
        best=0,
        score=1 / rank,
        meaning=0,
        words=0,
        time=1,
        rank=rank,
    )


def citation(of: Article, marker: int = 1) -> Citation:
    return Citation(
        marker=marker,
        article=of,
        span=Span(start=0, end=len(of.text)),
        quote=of.text,
        paragraph=1,
        score=1,
        link=None,
    )


def answer(*citations: Citation, answered: bool = True, confidence: float = 0.5) -> Answer:
    return Answer(
        question="?",
        understood="?",
        answered=answered,
        claims=tuple(Claim(text=one.quote, markers=(one.marker,)) for one in citations),
        citations=citations,
        passages=(),
        reason=None if answered else "The articles don't say.",
        confidence=confidence,
        as_of=None,
        took_ms=1,
    )


@dataclass(frozen=True)
class Hit:
    article: Article
    sentence: Sentence
    score: float = 1.0


@dataclass
class Fixed:
    """Stands in for ArticleQA where a test must know the results to the last place."""

    answers: dict[str, Answer]
    articles: Sequence[Article] = ()
    sentences: Sequence[Article] = ()
    article_count: int = 3
    sentence_count: int = 9

    def __post_init__(self) -> None:
        self.asked: list[tuple[str, Any]] = []
        self.wanted: list[int] = []

    def ask(self, question: str, *, as_of: date | None = None, **limits: Any) -> Answer:
        assert not any(limits.values())
        self.asked.append((question, as_of))
        return self.answers[question]

    def chat(self, history: Iterable[tuple[str, str]] = ()) -> Conversation:
        return Conversation(lambda question, _, **limits: self.ask(question, **limits), history)

    def retrieve(self, question: str, *, k: int, as_of: date | None = None) -> tuple[Passage, ...]:
        self.wanted.append(k)
        return tuple(passage(one, rank) for rank, one in enumerate(self.articles[:k], start=1))

    def rank_sentences(self, question: str, *, k: int, as_of: date | None = None) -> tuple[Hit, ...]:
        return tuple(Hit(article=one, sentence=sentence(one)) for one in self.sentences[:k])

    def evaluate(self, *questions: Question) -> dict[str, Any]:
        return evaluate(cast(ArticleQA, self), questions).to_dict()


REFUSAL = answer(answered=False, confidence=0.2)
A, B, C = article("a"), article("b"), article("c")


class TestArithmetic:
    def test_a_question_without_results_counts_as_zero(self) -> None:
        found = Fixed({"x": REFUSAL}).evaluate(
            Question(id="1", question="x", answers=("word",), articles=("a",), evidence=("One word.",))
        )
        assert set(found["retrieval"].values()) == {0}
        assert set(found["evidence"].values()) == {0}
        assert found["answer"]["contains"] == 0
        assert found["applies"] == {
            "retrieval": 1,
            "evidence": 1,
            "answer": 1,
            "pairs": 0,
            "accounts": 0,
            "refusal": 0,
        }

    def test_measures_that_apply_to_nothing_are_null(self) -> None:
        found = Fixed({"x": REFUSAL}).evaluate(Question(id="1", question="x"))
        for group in ("retrieval", "evidence", "answer", "refusal"):
            assert set(found[group].values()) == {None}
            assert found["applies"][group] == 0
        assert found["latency_ms"]["p50"] is not None

    def test_no_questions_at_all(self) -> None:
        found = Fixed({}).evaluate()
        assert found["questions"] == 0
        assert found["latency_ms"] == {"p50": None, "p95": None}

    def test_articles_rank_by_first_appearance_and_go_by_id_or_url(self) -> None:
        qa = Fixed({"x": REFUSAL}, articles=[A, A, A, B, A, C])
        by_id = qa.evaluate(Question(id="1", question="x", articles=("b",)))
        by_url = qa.evaluate(Question(id="1", question="x", articles=("https://paper.example/b",)))
        assert by_id["retrieval"] == by_url["retrieval"]
        assert by_id["retrieval"]["mrr@10"] == 1 / 2
        assert by_id["retrieval"]["hit@1"] == 0
        assert by_id["retrieval"]["hit@5"] == 1

    def test_the_eleventh_article_is_out_and_more_passages_are_fetched_for_the_tenth(self) -> None:
        others = [article(f"o{n}") for n in range(9)]
        gold = Question(id="1", question="x", articles=("a",))
        crowded = Fixed({"x": REFUSAL}, articles=[*[others[0]] * 60, *others, A])
        assert crowded.evaluate(gold)["retrieval"]["mrr@10"] == pytest.approx(1 / 10)
        assert crowded.wanted == [50, 200]
        late = Fixed({"x": REFUSAL}, articles=[*others, article("o9"), A])
        assert late.evaluate(gold)["retrieval"]["hit@10"] == 0

    def test_a_gold_article_that_was_not_found_still_counts(self) -> None:
        found = Fixed({"x": REFUSAL}, articles=[A, C]).evaluate(Question(id="1", question="x", articles=("a", "b")))
        assert found["retrieval"]["hit@1"] == 1
        assert found["retrieval"]["ndcg@10"] == pytest.approx(1 / (1 + 0.6309), abs=1e-4)

    def test_evidence_counts_in_a_gold_article_only(self) -> None:
        said = Question(id="1", question="x", articles=("b",), evidence=("One word.",))
        qa = Fixed({"x": REFUSAL}, sentences=[A, C, B])
        assert qa.evaluate(said)["evidence"] == {
            "recall@1": 0,
            "recall@3": 1,
            "recall@5": 1,
            "recall@10": 1,
        }
        assert qa.evaluate(replace(said, articles=()))["evidence"]["recall@1"] == 1

    def test_an_answer_holds_words_not_markers(self) -> None:
        found = Fixed({"x": answer(citation(A))}).evaluate(
            Question(id="1", question="x", answers=("one word",)),
            Question(id="2", question="x", answers=("1",)),
        )
        assert found["answer"]["contains"] == 0.5

    def test_unanswerable_questions_count_for_refusal_alone(self) -> None:
        sure, unsure = answer(citation(A), confidence=0.9), answer(citation(A), confidence=0.2)
        qa = Fixed({"known": sure, "unknown": REFUSAL, "guessed": unsure}, articles=[A])
        found = qa.evaluate(
            Question(id="1", question="known", articles=("a",)),
            Question(id="2", question="unknown", answerable=False, articles=("b",), answers=("no",)),
            Question(id="3", question="guessed", answerable=False, evidence=("One word.",)),
            Question(id="4", question="unknown"),
        )
        assert found["applies"] == {
            "retrieval": 1,
            "evidence": 0,
            "answer": 0,
            "pairs": 0,
            "accounts": 0,
            "refusal": 4,
        }
        # Of two refusals one is right, of two unanswerable questions one is refused. Of the
        # four pairs, two are in order (against .9) and two tie (against .2).
        calibration = found["refusal"].pop("calibration error")
        assert 0 < calibration < 1
        assert found["refusal"] == {"precision": 0.5, "recall": 0.5, "f1": 0.5, "auroc": 0.75}

    def test_only_unanswerable_questions_leave_nothing_to_tell_apart(self) -> None:
        found = Fixed({"x": REFUSAL}).evaluate(Question(id="1", question="x", answerable=False))
        calibration = found["refusal"].pop("calibration error")
        assert calibration == pytest.approx(REFUSAL.confidence)
        assert found["refusal"] == {"precision": 1, "recall": 1, "f1": 1, "auroc": None}

    def test_the_first_question_is_asked_once_more_to_warm_up_and_each_as_of_its_day(self) -> None:
        day = date(2025, 1, 1)
        qa = Fixed({"x": REFUSAL, "y": REFUSAL})
        done: list[tuple[int, int]] = []
        questions = [Question(id="1", question="x", asked_on=day), Question(id="2", question="y")]
        evaluate(cast(ArticleQA, qa), questions, progress=lambda *step: done.append(step))
        assert qa.asked == [("x", day), ("x", day), ("y", None)]
        assert done == [(1, 2), (2, 2)]

    def test_a_question_that_cannot_be_asked_is_named(self) -> None:
        class Picky(Fixed):
            def ask(self, question: str, *, as_of: date | None = None, **limits: Any) -> Answer:
                raise QuestionError("too long")

        with pytest.raises(QuestionSetError, match="question 'q-7' can't be asked: too long"):
            Picky({}).evaluate(Question(id="q-7", question="x"))


class TestViolations:
    anything = Filter()

    def test_a_kept_promise_is_none(self) -> None:
        assert violations(answer(citation(A), citation(B, 2)), Filter(as_of=date(2025, 1, 1))) == 0
        assert violations(REFUSAL, self.anything) == 0

    @pytest.mark.parametrize(
        "broken",
        [
            replace(citation(A), quote="Another word."),
            replace(citation(A), span=Span(start=0, end=3)),
            replace(citation(A), span=Span(start=-9, end=9)),
            replace(citation(A), span=Span(start=0, end=0), quote=""),
            replace(citation(A), marker=2),
        ],
    )
    def test_a_quote_that_is_not_there_and_a_marker_out_of_place(self, broken: Citation) -> None:
        assert violations(answer(broken), self.anything) == 1

    def test_markers_and_citations_must_match(self) -> None:
        good = answer(citation(A))
        assert violations(replace(good, claims=(Claim(text="x", markers=(1, 2)),)), self.anything) == 1
        assert violations(replace(good, claims=(*good.claims, Claim(text="x", markers=()))), self.anything) == 1
        assert violations(replace(good, citations=(*good.citations, citation(B, 2))), self.anything) == 1

    def test_nothing_later_than_the_day_or_of_unknown_date_is_cited(self) -> None:
        before = Filter(as_of=date(2024, 12, 31))
        assert violations(answer(citation(A)), before) == 1
        undated = article("u", published=None)
        assert violations(answer(citation(undated)), before) == 1
        assert violations(answer(citation(undated)), self.anything) == 0


def test_a_small_index_end_to_end(paper_index: Path, paper_questions: Path) -> None:
    with ArticleQA.open(paper_index) as qa:
        report = evaluate(qa, read_questions(paper_questions))
    assert report.questions == 5
    assert report.articles == 4
    assert report.sentences == 9
    assert report.violations == 0
    assert report.applies.retrieval == 3
    assert report.applies.evidence == 2
    assert report.applies.answer == 4
    assert report.applies.refusal == 5
    assert report.retrieval.hit_5 == 1
    assert report.evidence.recall_5 == 1
    assert report.refusal.auroc == 1
    assert report.latency_ms.p50 is not None
    assert report.latency_ms.p95 is not None
    assert 0 < report.latency_ms.p50 <= report.latency_ms.p95
