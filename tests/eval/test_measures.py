"""The catalogue of measures: what is right, over which questions, and how sure it is."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from eval import metrics
from eval.measures import Measured, Tally, by, compare, judged, measure
from eval.questions import Question, Turn
from eval.record import Card, Cost, Quoted, Result, Said, Stretch, Verbatim, Writing
from index import SettingsError

POOL = "The council voted on Monday to close the old swimming pool."
BATH = "The baths of Marrowby opened in 1911 and held forty swimmers."
RAIN = "It rained for the whole of the week before the vote was taken."


def stretch(text: str, article: str = "a") -> Stretch:
    return Stretch(article=article, start=0, end=len(text), text=text, score=0.5)


def quoted(text: str, marker: int = 1, article: str = "a", *, exact: bool = True, timely: bool = True) -> Quoted:
    return Quoted(
        marker=marker,
        article=article,
        start=0,
        end=len(text),
        quote=text,
        paragraph=1,
        exact=exact,
        timely=timely,
    )


def result(
    *claims: str,
    citations: Sequence[Quoted] | None = None,
    gold: Sequence[str] = ("a",),
    articles: Sequence[str] = (),
    passages: Sequence[Stretch] = (),
    sentences: Sequence[Stretch] = (),
    confidence: float = 0.5,
    violations: int = 0,
    **question: Any,
) -> Result:
    """A result of claims that quote themselves from article "a"; no claims are a refusal."""
    said = tuple(Said(text=text, markers=(place,)) for place, text in enumerate(claims, start=1))
    if citations is None:
        citations = [quoted(text, place) for place, text in enumerate(claims, start=1)]
    gold = gold if question.get("answerable", True) else ()
    return Result(
        question=Question(**{"id": "q", "question": "What?", "articles": tuple(gold), **question}),
        understood="What?",
        dates=(),
        answered=bool(said),
        reason=None if said else "The articles don't say.",
        confidence=confidence,
        claims=said,
        citations=tuple(citations),
        articles=tuple(articles),
        passages=tuple(passages),
        sentences=tuple(sentences),
        misdated=(),
        violations=violations,
        cards=tuple(Card(id=name, title=name, url=f"https://paper.example/{name}") for name in "abcdefghij"),
    )


def made(count: int, seed: int) -> list[Result]:
    """Results of every kind, some right, of questions that are the same for every seed."""
    chance, same = np.random.default_rng(seed), np.random.default_rng(99)
    results = []
    for number in range(count):
        answerable, needs = bool(same.random() < 0.7), "all" if same.random() < 0.2 else "any"
        texts = [[POOL, BATH, RAIN][place] for place in chance.permutation(3)]
        where = ["abcd"[int(place)] for place in chance.integers(4, size=10)]
        results.append(
            result(
                *texts[: int(chance.integers(3))],
                gold=("a", "https://paper.example/b"),
                articles=[str(name) for name in chance.permutation(list("abcdefghij"))],
                passages=[stretch(f"{text} {RAIN}", name) for text, name in zip(texts * 4, where, strict=False)],
                sentences=[stretch(text, name) for text, name in zip(texts * 4, where, strict=False)],
                confidence=round(float(chance.random()), 2),
                violations=int(chance.random() < 0.1),
                id=f"q{number}",
                answerable=answerable,
                answers=("Monday", "1911") if answerable else (),
                evidence=(POOL, BATH) if answerable else (),
                needs=needs,
                pair=f"p{number // 2}" if number % 10 < 4 else None,
                history=(Turn(role="user", content="Hello"),) if number % 3 == 0 else (),
            )
        )
    return results


def in_words(found: Result, *sentences: str, corrected: int = 0, struck: int = 0, failure: str | None = None) -> Result:
    """What a model made of that verbatim result, each sentence with all of its citations; the
    verbatim one where it failed."""
    markers = tuple(one.marker for one in found.citations)
    writing = Writing(
        sentences=len(sentences) + struck,
        supported=len(sentences) - corrected,
        corrected=corrected,
        struck=struck,
        unsupported=(),
        failure=failure,
        verbatim=Verbatim(
            answered=found.answered,
            reason=found.reason,
            confidence=found.confidence,
            claims=found.claims,
            citations=found.citations,
            violations=found.violations,
        ),
    )
    claims = tuple(Said(text=text, markers=markers, status="supported") for text in sentences)
    return replace(found, claims=found.claims if failure else claims, answered=True, written=writing)


def cost(ms: float, *, first_ms: float | None = None, prompt: int = 0, completion: int = 0) -> Cost:
    return Cost(ms=ms, first_ms=first_ms, verbatim_ms=25, prompt=prompt, completion=completion, reported=True)


def repeated(claim: str, quotes: Sequence[str]) -> bool:
    """A judge that finds supported what the quotes hold."""
    return claim in " ".join(quotes)


def made_in_words(count: int, seed: int) -> list[Result]:
    """The same as a model made of them, now and then in vain."""
    return [
        in_words(one, POOL, BATH, corrected=1, struck=place * seed % 3, failure="No." if place % 5 == seed else None)
        for place, one in enumerate(made(count, seed))
    ]


def value(results: Sequence[Result], name: str, **more: Any) -> tuple[float | None, int]:
    found = measure(results, **more)[name]
    return found.value, found.over


class TestJudged:
    def test_an_accepted_answer_stands_in_the_claims(self) -> None:
        verdict = judged(result(POOL, answers=("Tuesday", "monday")))
        assert (verdict.right, verdict.predicted, verdict.answers) == (True, True, ("monday",))
        assert not judged(result(POOL, answers=("Tuesday",))).right

    def test_all_of_them_where_the_question_needs_all(self) -> None:
        assert not judged(result(POOL, answers=("Monday", "1911"), needs="all")).right
        assert judged(result(POOL, BATH, answers=("Monday", "1911"), needs="all")).right

    def test_without_answers_cited_evidence_is_right(self) -> None:
        verdict = judged(result("So it was.", citations=[quoted(POOL)], evidence=(BATH, POOL)))
        assert (verdict.right, verdict.citations) == (True, (frozenset({POOL}),))
        assert not judged(result("So.", citations=[quoted(POOL)], evidence=(BATH, POOL), needs="all")).right
        assert not judged(result("So.", citations=[quoted(RAIN)], evidence=(BATH, POOL))).right

    def test_the_same_words_in_another_article_are_not_the_evidence(self) -> None:
        elsewhere = [quoted(POOL, article="b")]
        assert not judged(result(POOL, citations=elsewhere, evidence=(POOL,))).right
        assert judged(result(POOL, citations=elsewhere, evidence=(POOL,), gold=())).right

    def test_without_either_a_cited_gold_article_is_right(self) -> None:
        by_url = ["https://paper.example/b"]
        assert judged(result(RAIN, citations=[quoted(RAIN, article="b")], gold=by_url)).right
        assert not judged(result(RAIN, gold=by_url)).right

    def test_refusing_is_right_where_there_is_no_answer_and_only_there(self) -> None:
        assert judged(result(answerable=False)).right
        assert not judged(result(POOL, answerable=False)).right
        assert not judged(result(answers=("Monday",))).right

    def test_what_was_refused_is_predicted_by_the_first_passage(self) -> None:
        passages = [stretch(POOL), stretch(BATH)]
        assert judged(result(passages=passages, answers=("Monday",))).predicted
        assert not judged(result(passages=passages, answers=("1911",))).predicted
        assert judged(result(passages=passages, evidence=(POOL,))).predicted
        assert not judged(result(answers=("Monday",))).predicted
        assert not judged(result(passages=passages, answerable=False)).predicted

    def test_a_question_of_which_nothing_is_known_is_neither(self) -> None:
        verdict = judged(result(POOL, gold=()))
        assert (verdict.known, verdict.right, verdict.passage_rank) == (False, False, None)

    def test_ranks_are_of_the_first_to_be_found(self) -> None:
        found = result(
            articles=["b", "a", "c"],
            passages=[stretch(POOL, "b"), stretch(RAIN), stretch(f"{POOL} {RAIN}")],
            sentences=[stretch(RAIN), stretch(POOL, "b")],
            evidence=(POOL,),
        )
        verdict = judged(found)
        assert (verdict.article_rank, verdict.passage_rank, verdict.sentence_rank) == (2, 3, None)
        assert list(map(set, verdict.articles)) == [set(), {"a"}, set()]
        assert list(map(set, verdict.passages)) == [set(), set(), {POOL}]

    def test_markers_don_t_pass_for_an_answer(self) -> None:
        assert not judged(result(POOL, answers=("1",))).right


class TestDenominators:
    def test_each_measure_says_over_how_many(self) -> None:
        results = [
            result(POOL, answers=("Monday",)),
            result(POOL, evidence=(POOL,), gold=()),
            result(POOL, gold=()),
            result(answerable=False),
        ]
        over = {one.name: one.over for one in measure(results).values}
        assert over["answer right"] == over["refusal risk-coverage area"] == 3
        assert over["answer contains"] == over["articles hit@1"] == 1
        assert over["sentences recall@5"] == over["passages mrr@10"] == over["citation recall"] == 1
        assert over["refusal precision"] == over["confidence error"] == over["violations"] == 4
        assert over["answer complete"] == over["answer pairs"] == over["turns right"] == over["latency p50"] == 0

    def test_nothing_found_and_refusing_are_zero_and_not_left_out(self) -> None:
        right = result(POOL, articles=["a"], sentences=[stretch(POOL)], evidence=(POOL,), answers=("Monday",))
        silent = result(evidence=(POOL,), answers=("Monday",))
        measured = measure([right, silent])
        for name in ("answer right", "answer contains", "articles ndcg@10", "sentences map@10", "citation recall"):
            assert (measured[name].value, measured[name].over) == (0.5, 2), name
        assert measured["citation precision"].value == 0.5
        assert measured["quotes exact"].value == 1

    def test_a_measure_that_applies_to_nothing_has_no_value(self) -> None:
        for measured in (measure([]), measure([result(POOL, gold=())])):
            for one in measured.values:
                assert (one.value is None) == (one.over == 0), one.name
                assert (one.low is None) == (one.high is None) == (one.value is None)

    @given(st.integers(0, 1000))
    @settings(max_examples=10, deadline=None)
    def test_they_depend_on_the_questions_alone(self, seed: int) -> None:
        def over(which: int) -> dict[str, int]:
            return {one.name: one.over for one in measure(made(20, which)).values}

        assert over(seed) == over(seed + 1)


class TestValues:
    def test_evidence_that_any_one_is_enough_of_is_one_thing_to_find(self) -> None:
        found = [result(sentences=[stretch(RAIN), stretch(POOL), stretch(BATH)], evidence=(POOL, BATH))]
        assert value(found, "sentences recall@3") == (1, 1)
        assert value(found, "sentences ndcg@10")[0] == pytest.approx(1 / np.log2(3))
        assert value(found, "sentences map@10")[0] == 0.5
        assert value(found, "sentences precision@5")[0] == pytest.approx(2 / 5)

    def test_evidence_that_all_is_needed_of_is_as_many(self) -> None:
        ranked = [stretch(POOL), stretch(POOL), stretch(BATH)]
        found = [result(sentences=ranked, evidence=(POOL, f" {POOL} ", BATH, RAIN), needs="all")]
        assert value(found, "sentences recall@1")[0] == pytest.approx(1 / 3)
        assert value(found, "sentences recall@5")[0] == pytest.approx(2 / 3)
        assert value(found, "sentences map@10")[0] == pytest.approx((1 + 2 / 3) / 3)

    def test_a_passage_that_holds_all_at_once_is_the_best_there_can_be(self) -> None:
        found = [result(passages=[stretch(f"{POOL} {BATH}")], evidence=(POOL, BATH), needs="all")]
        for name in ("recall@1", "ndcg@10", "map@10", "mrr@10"):
            assert value(found, f"passages {name}")[0] == pytest.approx(1)

    def test_grades_are_gains(self) -> None:
        found = [result(articles=["b", "a"], gold=("a", "b"), grades={"a": 3})]
        expected = metrics.ndcg_at_k([1, 3], [3, 1], 10)
        assert value(found, "articles ndcg@10")[0] == pytest.approx(expected)
        assert value(found, "articles map@10")[0] == 1

    def test_pairs_are_right_where_every_question_is(self) -> None:
        right, wrong = result(POOL, answers=("Monday",), pair="x"), result(POOL, answers=("Friday",), pair="y")
        refused = replace(result(answerable=False), question=replace(result(answerable=False).question, pair="x"))
        alone = result(POOL, answers=("Monday",), pair="z")
        assert value([right, refused, wrong, replace(right, question=wrong.question), alone], "answer pairs") == (
            0.5,
            2,
        )

    def test_complete_needs_every_answer_where_contains_needs_one(self) -> None:
        found = [result(POOL, answers=("Monday", "1911"), needs="all")]
        assert (value(found, "answer contains"), value(found, "answer complete")) == ((1, 1), (0, 1))

    def test_turns_are_questions_with_a_history(self) -> None:
        said = (Turn(role="user", content="Hello"),)
        results = [
            result(answerable=False, history=said),
            result(POOL, answers=("Friday",), history=said),
            result(POOL),
        ]
        assert (value(results, "turns right"), value(results, "turns contains")) == ((0.5, 2), (0, 1))

    def test_citations_by_evidence(self) -> None:
        idle = replace(result(POOL, RAIN, evidence=(POOL,)), claims=(Said(text=POOL, markers=(1, 2)),))
        assert value([idle], "citation recall")[0] == 1
        assert value([idle], "citation precision")[0] == 0.5
        # Evidence decides where there is some, whatever a judge would say.
        assert value([result(RAIN, evidence=(POOL,))], "citation recall", judge=lambda *_: True) == (0, 1)

    def test_two_sentences_of_the_evidence_that_say_the_same_support_each_other(self) -> None:
        both = replace(result(POOL, BATH, evidence=(POOL, BATH)), claims=(Said(text=POOL, markers=(1, 2)),))
        assert value([both], "citation precision")[0] == 1
        parts = replace(both, question=replace(both.question, needs="all"))
        assert value([parts], "citation precision")[0] == 0.5

    def test_citations_by_a_judge_where_no_evidence_is_given(self) -> None:
        asked = []

        def judge(claim: str, quotes: Sequence[str]) -> bool:
            asked.append((claim, tuple(quotes)))
            return claim == POOL

        results = [result(POOL, RAIN), result(POOL, answerable=False)]
        assert value(results, "citation recall", judge=judge) == (0.5, 1)
        assert asked == [(POOL, (POOL,)), (RAIN, (RAIN,))]
        assert value(results, "citation recall") == (None, 0)

    def test_quotes_are_exact_and_timely(self) -> None:
        cites = [quoted(POOL), quoted(BATH, 2, exact=False), quoted(RAIN, 3, timely=False)]
        assert value([result(POOL, citations=cites), result()], "quotes exact") == (1 / 3, 2)

    def test_violations_are_counted(self) -> None:
        assert value([result(violations=2), result(violations=1), result()], "violations") == (3, 3)

    def test_speed(self) -> None:
        results = [result() for _ in range(4)]
        measured = measure(results, [100, 200, 300, 400])
        assert (measured["latency p50"].value, measured["latency p50"].unit) == (250, "ms")
        assert (measured["throughput"].value, measured["throughput"].unit) == (4, "/s")
        assert measure(results, [100, 200, 300, 400], jobs=2)["throughput"].value == 8
        with pytest.raises(ValueError, match="3 times for 4 results"):
            measure(results, [1, 2, 3])

    def test_refusals_agree_with_the_plain_measures(self) -> None:
        results = made(60, 3)
        measured = measure(results)
        lacking = [not one.question.answerable for one in results]
        scores = metrics.refusal_scores(lacking, [not one.answered for one in results])
        confidence = [one.confidence for one in results]
        assert measured["refusal precision"].value == scores.precision
        assert measured["refusal recall"].value == scores.recall
        assert measured["refusal f1"].value == scores.f1
        assert measured["refusal auroc"].value == metrics.auroc(lacking, [1 - sure for sure in confidence])
        area = metrics.risk_coverage_area([not judged(one).predicted for one in results], confidence)
        assert measured["refusal risk-coverage area"].value == area


class TestWritten:
    both = result(POOL, BATH, citations=[quoted(POOL), quoted(BATH, 2)], evidence=(POOL,), id="both")

    def test_of_the_written_sentences_the_judge_tells_what_their_citations_support(self) -> None:
        half = in_words(self.both, "The council voted", "It snowed")
        # The second citation adds nothing to the one sentence, and neither does anything to the other.
        assert value([half], "written citation recall", judge=repeated) == (0.5, 1)
        assert value([half], "written citation precision", judge=repeated) == (0.25, 1)
        # Verbatim answers, and verbatim accounts within written ones, are what they cite.
        beside = replace(half, claims=(*half.claims, Said(text=RAIN, markers=(1,))))
        assert value([beside, self.both], "written citation recall", judge=repeated) == (0.5, 1)
        failed = in_words(self.both, failure="It was too slow.")
        assert value([failed, self.both], "written citation recall", judge=repeated) == (None, 0)

    def test_a_sentence_says_what_the_evidence_says_where_the_judge_finds_it_does(self) -> None:
        said, unsaid = in_words(self.both, "The council voted"), in_words(self.both, "The baths of Marrowby")
        assert value([said], "citation recall", judge=repeated) == (1, 1)
        assert value([unsaid], "citation recall", judge=repeated) == (0, 1)
        elsewhere = replace(said, citations=said.citations[1:])
        assert value([elsewhere], "citation recall", judge=repeated) == (0, 1)
        both = replace(said, question=replace(said.question, evidence=(POOL, RAIN), needs="all"))
        assert value([both], "citation recall", judge=repeated) == (1, 1)

    def test_shares_are_of_all_sentences_written_and_of_all_questions_asked(self) -> None:
        found = [
            in_words(self.both, "a", "b", corrected=1, struck=1),
            in_words(self.both, "a", struck=6),
            in_words(self.both, struck=2, failure="Nothing was supported."),
            in_words(self.both, failure="It was too slow."),
            self.both,
        ]
        assert value(found, "written struck", judge=repeated) == (9 / 12, 3)
        assert value(found, "written corrected", judge=repeated) == (1 / 12, 3)
        assert value(found, "written stands", judge=repeated) == (0.5, 4)
        for name in ("struck", "corrected", "stands"):
            assert value([self.both], f"written {name}") == (None, 0)

    def test_costs_are_of_the_questions_of_which_a_model_was_asked(self) -> None:
        costs = [cost(1_000, first_ms=400, prompt=800, completion=30), None, cost(3_000, prompt=900, completion=50)]
        found = measure([self.both] * 3, costs=costs)
        told = {one.name: (one.value, one.over, one.unit) for one in found.values if one.group == "cost"}
        assert told == {
            "prompt tokens": (850, 2, "tokens"),
            "completion tokens": (40, 2, "tokens"),
            "writing p50": (2_000, 2, "ms"),
            "writing p95": (2_900, 2, "ms"),
            "first claim p50": (400, 1, "ms"),
            "first claim p95": (400, 1, "ms"),
            "without writing p50": (25, 2, "ms"),
            "without writing p95": (25, 2, "ms"),
        }
        with pytest.raises(ValueError, match="2 costs for 3 results"):
            measure([self.both] * 3, costs=costs[:2])

    def test_compared_with_a_verbatim_run_what_only_one_has_did_not_change(self) -> None:
        written = in_words(self.both, "The council voted", "It snowed", struck=2)
        changes = {one.name: one for one in compare([self.both], [written], judge=repeated)}
        struck = changes["written struck"]
        assert (struck.a, struck.b, struck.difference, struck.p, struck.over) == (None, 0.5, None, None, 1)
        recall = changes["citation recall"]
        assert (recall.a, recall.b, recall.difference) == (0.5, 0.5, 0)
        assert compare([written.verbatim], [self.both], judge=repeated) == compare([self.both], [self.both])


@pytest.fixture(scope="module")
def measured() -> Measured:
    chance = np.random.default_rng(0)
    times = chance.random(200).tolist()
    found = made_in_words(200, 1)
    costs = [cost(took, first_ms=took / 2, prompt=int(took * 100), completion=int(took * 10)) for took in times]
    return measure(found, times, costs=costs, judge=repeated)


class TestIntervals:
    def test_every_measure_that_applies_has_one_around_its_value(self, measured: Measured) -> None:
        for one in measured.values:
            assert one.value is not None
            assert one.low is not None
            assert one.high is not None
            assert one.low - 1e-9 <= one.value <= one.high + 1e-9, one.name

    def test_they_are_the_same_for_a_seed(self) -> None:
        times = np.random.default_rng(0).random(200).tolist()
        measured = measure(made(200, 1), times)
        assert measure(made(200, 1), times) == measured
        assert measure(made(200, 1), times, seed=1) != measured

    def test_their_width_is_that_of_theory(self, measured: Measured) -> None:
        one = measured["answer contains"]
        assert one.value is not None
        assert one.low is not None
        assert one.high is not None
        error = np.sqrt(one.value * (1 - one.value) / one.over)
        assert one.high - one.low == pytest.approx(2 * 1.96 * error, rel=0.15)

    def test_groups_stand_together_and_names_are_their_own(self, measured: Measured) -> None:
        names = [one.name for one in measured.values]
        groups = [one.group for one in measured.values]
        assert len(set(names)) == len(names)
        assert list(dict.fromkeys(groups)) == [
            "answer",
            "turns",
            "refusal",
            "citations",
            "written",
            "articles",
            "passages",
            "sentences",
            "speed",
            "cost",
        ]
        assert sorted(groups, key=list(dict.fromkeys(groups)).index) == groups

    def test_an_unknown_name_is_told_near_ones(self, measured: Measured) -> None:
        with pytest.raises(SettingsError, match=r"'answer contain'.*answer contains"):
            measured["answer contain"]


class TestCompare:
    def test_equal_runs_differ_in_nothing(self) -> None:
        for change in compare(made(40, 1), made(40, 1)):
            if change.a is not None:
                assert (change.difference, change.low, change.high, change.p) == (0, 0, 0, 1), change.name

    def test_a_run_against_another(self) -> None:
        a, b = made_in_words(60, 1), made_in_words(60, 2)
        before, after = measure(a, judge=repeated), measure(b, judge=repeated)
        for change in compare(a, b, judge=repeated):
            assert (change.a, change.b, change.over) == (
                before[change.name].value,
                after[change.name].value,
                before[change.name].over,
            )
            assert change.a is not None
            assert change.b is not None
            assert change.difference == change.b - change.a
            assert change.low is not None
            assert change.high is not None
            assert change.p is not None
            assert change.low - 1e-9 <= change.difference <= change.high + 1e-9, change.name
            assert 0 < change.p <= 1
        assert compare(a, b, judge=repeated) == compare(a, b, judge=repeated)

    def test_the_other_way_round_is_the_mirror(self) -> None:
        a, b = made_in_words(40, 1), made_in_words(40, 2)
        for one, other in zip(compare(a, b, judge=repeated), compare(b, a, judge=repeated), strict=True):
            assert one.difference == -(other.difference or 0)
            assert one.p == pytest.approx(other.p)

    def test_a_plain_gain_is_found(self) -> None:
        before, after = ([result(text, id=f"q{n}", answers=("Monday",)) for n in range(20)] for text in (RAIN, POOL))
        change = {one.name: one for one in compare(before, after)}["answer right"]
        assert (change.a, change.b, change.difference, change.low, change.high) == (0, 1, 1, 1, 1)
        assert change.p is not None
        assert change.p < 0.001

    def test_few_pairs_are_swapped_whole(self) -> None:
        def run(text: str) -> list[Result]:
            return [result(text, id=f"q{n}", pair=f"p{n // 2}", answers=("Monday",)) for n in range(8)]

        change = {one.name: one for one in compare(run(RAIN), run(POOL))}["answer pairs"]
        assert (change.over, change.p) == (4, 2 / 2**4)

    def test_the_questions_of_a_pair_are_one_draw(self) -> None:
        def run(seed: int, times: int) -> list[Result]:
            right = np.random.default_rng(seed).random(40) < 0.5
            return [
                result(POOL if one else RAIN, id=f"q{n} {time}", pair=f"p{n}", answers=("Monday",))
                for n, one in enumerate(right)
                for time in range(times)
            ]

        once, twice = measure(run(1, 1))["answer right"], measure(run(1, 2))["answer right"]
        assert (twice.low, twice.high) == (once.low, once.high)
        one, two = ({c.name: c for c in compare(run(1, n), run(2, n))}["answer right"] for n in (1, 2))
        assert (two.low, two.high, two.p) == (one.low, one.high, one.p)

    def test_other_questions_are_told(self) -> None:
        a = made(5, 1)
        with pytest.raises(SettingsError, match=r"question 2 .*'q1'.*'q2'"):
            compare(a, [a[0], *a[2:], a[1]])
        changed = replace(a[3], question=replace(a[3].question, question="Who?"))
        with pytest.raises(SettingsError, match=r"question 4 .*'q3'"):
            compare(a, [*a[:3], changed, a[4]])
        with pytest.raises(SettingsError, match=r"5 questions.*4.*'q4'"):
            compare(a, a[:4])


def test_by_kind() -> None:
    results = [
        result(POOL, answers=("Monday",), kind="plain"),
        result(kind="plain", answers=("Monday",)),
        result(answerable=False, kind="absent"),
        result(POOL, gold=(), kind="plain"),
        result(POOL),
    ]
    kinds = by(results, list(map(judged, results)), lambda one: one.question.kind)
    assert kinds == {
        "absent": Tally(count=1, known=1, right=1, contains=None, refused=1),
        "plain": Tally(count=3, known=2, right=0.5, contains=0.5, refused=1 / 3),
    }
    assert list(kinds) == ["absent", "plain"]


def test_by_number_is_in_the_order_of_numbers() -> None:
    results = [result(id=str(number)) for number in (10, 2, 1)]
    assert list(by(results, list(map(judged, results)), lambda one: int(one.question.id))) == [1, 2, 10]


def test_verdicts_that_are_known_are_not_made_again() -> None:
    results = made(20, 1)
    verdicts = [replace(judged(one), right=True, known=True) for one in results]
    assert measure(results)["answer right"].value != 1
    assert measure(results, verdicts=verdicts)["answer right"].value == 1
