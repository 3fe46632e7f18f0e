"""Each measure against values worked out by hand, its limits, and other implementations."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from eval.metrics import (
    auroc,
    calibration_error,
    contains_answer,
    evidence_recall_at_k,
    hit_at_k,
    mean,
    ndcg_at_k,
    normalise_answer,
    percentile,
    reciprocal_rank,
    refusal_scores,
    sentence_matches,
)

rankings = st.lists(st.booleans(), max_size=30)
cutoffs = st.integers(min_value=1, max_value=40)
# Few distinct values, so that ties are the rule.
scored = st.lists(st.tuples(st.booleans(), st.sampled_from([0.0, 0.25, 0.5, 0.75, 1.0])), max_size=60)


@pytest.fixture(scope="module")
def sklearn_metrics() -> Any:
    """Loaded once and apart, since loading takes longer than hypothesis lets a test run."""
    return pytest.importorskip("sklearn.metrics")


class TestRanking:
    def test_hit_is_about_the_first_k_only(self) -> None:
        assert hit_at_k([False, False, True], 2) == 0
        assert hit_at_k([False, False, True], 3) == 1

    def test_reciprocal_rank_is_that_of_the_first_right_result(self) -> None:
        assert reciprocal_rank([False, True, True], 10) == 1 / 2
        assert reciprocal_rank([False] * 10 + [True], 10) == 0

    def test_ndcg_by_hand(self) -> None:
        # Right at ranks 2 and 3 of 2: (1/log2 3 + 1/log2 4) / (1/log2 2 + 1/log2 3)
        expected = (1 / math.log2(3) + 1 / 2) / (1 + 1 / math.log2(3))
        assert ndcg_at_k([False, True, True], 2, 10) == pytest.approx(expected)
        assert ndcg_at_k([True], 1, 10) == 1

    def test_ndcg_counts_what_was_never_found(self) -> None:
        assert ndcg_at_k([True], 2, 10) == pytest.approx(1 / (1 + 1 / math.log2(3)))

    def test_ndcg_ideal_holds_no_more_than_k(self) -> None:
        assert ndcg_at_k([True, True], 5, 2) == pytest.approx(1)

    def test_no_result_and_nothing_to_find_are_zero_and_divide_by_nothing(self) -> None:
        assert hit_at_k([], 1) == reciprocal_rank([], 1) == ndcg_at_k([], 1, 1) == 0
        assert ndcg_at_k([], 0, 10) == ndcg_at_k([False], 0, 10) == 0

    @pytest.mark.parametrize("k", [0, -1])
    def test_ranks_count_from_one(self, k: int) -> None:
        for measure in (hit_at_k, reciprocal_rank):
            with pytest.raises(ValueError, match="count from 1"):
                measure([True], k)
        with pytest.raises(ValueError, match="count from 1"):
            ndcg_at_k([True], 1, k)
        with pytest.raises(ValueError, match="count from 1"):
            evidence_recall_at_k(["a"], ["a"], k)

    @given(rankings, cutoffs)
    def test_in_order_and_within_bounds(self, ranking: list[bool], k: int) -> None:
        right = sum(ranking)
        hit, first, gain = hit_at_k(ranking, k), reciprocal_rank(ranking, k), ndcg_at_k(ranking, right, k)
        assert 0 <= first <= hit <= 1
        assert -1e-9 <= gain <= 1 + 1e-9
        assert (gain > 0) == (first > 0) == (hit > 0)

    @given(rankings, cutoffs)
    def test_a_later_cutoff_never_lowers_hit_or_reciprocal_rank(self, ranking: list[bool], k: int) -> None:
        assert hit_at_k(ranking, k + 1) >= hit_at_k(ranking, k)
        assert reciprocal_rank(ranking, k + 1) >= reciprocal_rank(ranking, k)

    @given(rankings.filter(lambda ranking: len(ranking) > 1 and any(ranking)), cutoffs)
    def test_ndcg_agrees_with_scikit_learn(self, sklearn_metrics: Any, ranking: list[bool], k: int) -> None:
        by_rank = [[-rank for rank in range(len(ranking))]]
        expected = sklearn_metrics.ndcg_score([[float(right) for right in ranking]], by_rank, k=k)
        assert ndcg_at_k(ranking, sum(ranking), k) == pytest.approx(expected)


class TestEvidence:
    whole = "The council voted on Monday to close the old swimming pool for good."

    @pytest.mark.parametrize(
        "ranked",
        [
            whole,
            "  The council voted\n on Monday to close the old\tswimming pool for good. ",
            "The council voted on Monday",
            f"It rained. {whole} Nobody spoke.",
        ],
    )
    def test_the_same_sentence_however_it_was_split(self, ranked: str) -> None:
        assert sentence_matches(ranked, self.whole)
        assert sentence_matches(self.whole, ranked)

    @pytest.mark.parametrize("ranked", ["", " ", "on Monday", "the old swimming pool", "The council voted on Mon"])
    def test_too_little_of_a_sentence_is_not_the_sentence(self, ranked: str) -> None:
        assert not sentence_matches(ranked, self.whole)

    def test_a_short_fragment_counts_where_it_is_most_of_the_sentence(self) -> None:
        assert sentence_matches("It closed on Monday.", "“It closed on Monday.”")
        assert not sentence_matches("Yes.", "“Yes.” He left the room at once.")

    def test_words_are_not_cut(self) -> None:
        assert not sentence_matches("1 million pounds", "11 million pounds")

    def test_characters_of_patterns_are_plain(self) -> None:
        assert sentence_matches("It costs $3 (or 4) a day.", "It costs $3 (or 4) a day. [1]")

    def test_any_one_evidence_sentence_is_enough(self) -> None:
        ranked = ["Something else entirely.", self.whole]
        assert evidence_recall_at_k(ranked, ["Never found at all.", self.whole], 2) == 1
        assert evidence_recall_at_k(ranked, [self.whole], 1) == 0
        assert evidence_recall_at_k([], [self.whole], 5) == 0
        assert evidence_recall_at_k(ranked, [], 5) == 0

    @given(st.text(max_size=40), st.text(max_size=40))
    def test_matching_is_symmetric_and_holds_for_itself(self, one: str, other: str) -> None:
        assert sentence_matches(one, other) == sentence_matches(other, one)
        assert sentence_matches(one, one) == bool(one.split())


class TestContains:
    @pytest.mark.parametrize(
        ("text", "normal"),
        [
            ("The  Quick, brown a FOX!", "quick brown fox"),
            ("a theatre an anthem", "theatre anthem"),
            ("“Squid Game”", "squid game"),
            ("well-known", "wellknown"),
            ("the pool—which leaked", "pool which leaked"),
            ("£6m, or $8m", "£6m or 8m"),
            ("", ""),
        ],
    )
    def test_normalising(self, text: str, normal: str) -> None:
        assert normalise_answer(text) == normal

    def test_words_must_be_whole(self) -> None:
        assert contains_answer("It took 31 days.", ["31 days"])
        assert not contains_answer("It took 131 days.", ["31 days"])
        assert not contains_answer("Joanna won.", ["Joan"])

    def test_any_accepted_answer_will_do(self) -> None:
        assert contains_answer("It was the Corn Hall.", ["Town Hall", "corn hall"])
        assert not contains_answer("It was the Corn Hall.", [])

    @pytest.mark.parametrize("empty", ["", "the", "...", " A "])
    def test_an_answer_of_nothing_is_nowhere(self, empty: str) -> None:
        assert not contains_answer("The cat sat. A dog ran...", [empty])

    @given(st.text(max_size=60))
    def test_normalising_once_or_twice_is_the_same_but_for_bared_articles(self, text: str) -> None:
        normal = normalise_answer(text)
        assert normal == " ".join(normal.split())
        assert contains_answer(text, [text]) == bool(normal)


class TestRefusal:
    def test_by_hand(self) -> None:
        # 3 unanswerable, 2 of them refused, and 1 answerable one refused besides.
        scores = refusal_scores([True, True, True, False, False], [True, True, False, True, False])
        assert scores.precision == pytest.approx(2 / 3)
        assert scores.recall == pytest.approx(2 / 3)
        assert scores.f1 == pytest.approx(2 / 3)

    @pytest.mark.parametrize(
        ("unanswerable", "refused"),
        [([], []), ([True], [False]), ([False], [True]), ([False, False], [False, False])],
    )
    def test_nothing_caught_is_zero_and_divides_by_nothing(self, unanswerable: list[bool], refused: list[bool]) -> None:
        scores = refusal_scores(unanswerable, refused)
        assert scores.precision == scores.recall == scores.f1 == 0

    def test_lists_must_pair_up(self) -> None:
        with pytest.raises(ValueError, match="shorter"):
            refusal_scores([True, False], [True])

    @given(st.lists(st.tuples(st.booleans(), st.booleans()), min_size=1, max_size=40))
    def test_agrees_with_scikit_learn(self, sklearn_metrics: Any, pairs: list[tuple[bool, bool]]) -> None:
        unanswerable, refused = [one for one, _ in pairs], [other for _, other in pairs]
        scores = refusal_scores(unanswerable, refused)
        expected = sklearn_metrics.precision_recall_fscore_support(
            unanswerable, refused, average="binary", pos_label=True, zero_division=0
        )
        assert (scores.precision, scores.recall, scores.f1) == pytest.approx(expected[:3])


class TestAuroc:
    def test_by_hand(self) -> None:
        # Of the four pairs, .9 > .5, .9 > .1 and .4 > .1 are in order, .4 < .5 is not.
        assert auroc([True, False, True, False], [0.9, 0.5, 0.4, 0.1]) == pytest.approx(3 / 4)

    def test_a_tie_is_half(self) -> None:
        assert auroc([True, False], [0.5, 0.5]) == 0.5
        # .5 = .5 counts a half, .5 > .1 and 1 > both count one each.
        assert auroc([True, True, False, False], [0.5, 1.0, 0.5, 0.1]) == pytest.approx(3.5 / 4)

    @pytest.mark.parametrize("positive", [[], [True], [False, False]])
    def test_one_class_alone_has_none(self, positive: list[bool]) -> None:
        assert auroc(positive, [0.5] * len(positive)) is None

    @given(scored)
    def test_agrees_with_scikit_learn_and_mirrors(self, sklearn_metrics: Any, pairs: list[tuple[bool, float]]) -> None:
        positive, scores = [one for one, _ in pairs], [score for _, score in pairs]
        found = auroc(positive, scores)
        if found is None:
            assert len(set(positive)) < 2
            return
        assert found == pytest.approx(sklearn_metrics.roc_auc_score(positive, scores))
        assert auroc(positive, [-score for score in scores]) == pytest.approx(1 - found)


class TestCalibrationError:
    def test_by_hand(self) -> None:
        # Two bins: of .9 and .8 one happened, of .1 none did.
        found = calibration_error([True, False, False], [0.9, 0.85, 0.1])
        assert found == pytest.approx((abs(0.9 - 1) + 0.85 + 0.1) / 3)
        # In one bin the two gaps make up for each other.
        assert calibration_error([True, False], [0.55, 0.55]) == pytest.approx(0.05)

    def test_what_keeps_its_word_has_none(self) -> None:
        assert calibration_error([True] * 7 + [False] * 3, [0.7] * 10) == pytest.approx(0)
        assert calibration_error([True, False], [1.0, 0.0]) == 0
        assert calibration_error([], []) == 0

    @given(scored)
    def test_is_a_share(self, pairs: list[tuple[bool, float]]) -> None:
        chances = [abs(score) % 1 for _, score in pairs]
        assert 0 <= calibration_error([one for one, _ in pairs], chances) <= 1


class TestPercentile:
    def test_by_hand(self) -> None:
        assert percentile([4, 1, 3, 2], 0.5) == 2.5
        assert percentile([1, 2, 3, 4, 5], 0.95) == pytest.approx(4.8)
        assert percentile([7], 0.95) == 7
        assert percentile([1, 9], 1) == 9

    def test_of_nothing_is_none(self) -> None:
        assert percentile([], 0.5) is None
        assert mean([]) is None

    @pytest.mark.parametrize("share", [-0.1, 1.1, 95])
    def test_a_share_is_from_0_to_1(self, share: float) -> None:
        with pytest.raises(ValueError, match="from 0 to 1"):
            percentile([1.0], share)

    @given(
        st.lists(st.floats(min_value=0, max_value=1e6), min_size=1, max_size=50),
        st.floats(min_value=0, max_value=1),
    )
    def test_agrees_with_numpy_and_leaves_its_input(self, values: list[float], share: float) -> None:
        before = list(values)
        found = percentile(values, share)
        assert found == pytest.approx(np.percentile(values, share * 100), rel=1e-6, abs=1e-6)
        assert found is not None
        assert min(values) <= found <= max(values)
        assert values == before
