"""The numbers that place a sentence, and the chances made of them."""

from __future__ import annotations

import json
from datetime import date
from importlib.resources import files
from pathlib import Path

import numpy as np
import pytest

from index import Article, ArticleIndex, Filter
from qa import ArticleQA
from qa.confidence import CONFIDENCE_SIGNALS, confidence, measure_confidence
from qa.question import understand
from qa.retrieve import Ranking, rank
from qa.signals import PLACE, SIGNALS, weights

ARTICLES = [
    Article(
        id="ferry",
        title="Ferry to Ebben stopped by a cracked shaft",
        text="The ferry Kestrel was taken out of service.\nDid nobody look? Engineers found a crack in the shaft.\n"
        "It will cost £90,000 to mend, the harbour master Ivo Brandt said.\nThe ferry carries 300 people a day.",
        published=date(2025, 3, 4),
        source="Echo",
    ),
    Article(
        id="bees",
        title="Bees return to the rectory",
        text="A swarm of bees came back to the rectory roof.\nThe rector, Una Peel, counted 40 hives in 2019.",
        published=date(2025, 6, 1),
        source="Wire",
    ),
]


@pytest.fixture(scope="module")
def index(tmp_path_factory: pytest.TempPathFactory) -> ArticleIndex:
    made = ArticleIndex.open(tmp_path_factory.mktemp("signals") / "index", create=True)
    made.add(ARTICLES)
    return made


def ranked(index: ArticleIndex, question: str, where: Filter | None = None) -> Ranking:
    with index.moment():
        return rank(index, understand(question), where or Filter())


def signal(ranking: Ranking, text: str, name: str) -> float:
    (found,) = [r for r in ranking.sentences if text in r.text]
    return found.signals[PLACE[name]]


def test_each_signal_measures_what_it_says(index: ArticleIndex) -> None:
    found = ranked(index, "How much will it cost to mend the shaft of the Kestrel?")
    cost, crack, asks = "£90,000", "found a crack", "Did nobody look"
    assert signal(found, cost, "wanted") == 1.0 > signal(found, crack, "wanted")
    assert signal(found, asks, "asks") == 1.0
    assert signal(found, cost, "asks") == 0.0
    assert signal(found, crack, "covers") < signal(found, crack, "covers with both beside")
    assert signal(found, crack, "covers with both beside") <= signal(found, crack, "article covers") <= 1.0
    assert signal(found, "Kestrel was taken", "names") == 1.0 > signal(found, crack, "names")
    assert signal(found, "swarm", "article covers") == 0.0
    assert signal(found, "Kestrel was taken", "early") == 1.0
    best = max(r.signals[PLACE["nearest"]] for r in found.sentences)
    assert best == pytest.approx(1.0)


def test_recency_is_strong_where_a_day_is_given_and_gentle_where_none_is(index: ArticleIndex) -> None:
    asked = ranked(index, "What came back?", Filter(as_of=date(2025, 6, 2)))
    free = ranked(index, "What came back?")
    assert signal(asked, "300 people", "recency as of") < signal(asked, "swarm", "recency as of") < 0
    assert signal(asked, "300 people", "recency") == 0
    assert signal(free, "300 people", "recency") < signal(free, "swarm", "recency") == 0


def test_names_and_numbers_that_are_missing_count_against(index: ArticleIndex) -> None:
    held = ranked(index, "What did Una Peel count in 2019?")
    assert signal(held, "40 hives", "names") == 1.0
    assert signal(held, "40 hives", "numbers around") == 1.0
    assert signal(held, "300 people", "numbers around") == 0.0


def test_the_weights_are_of_signals_that_exist_and_say_where_they_come_from() -> None:
    held = json.loads(files("qa").joinpath("weights.json").read_text("utf-8"))
    assert set(held["sentence"]["signals"]) == set(SIGNALS)
    assert set(held["confidence"]["signals"]) == set(CONFIDENCE_SIGNALS)
    assert held["made by"].startswith("python -m eval.fit")
    assert 0 < held["confidence"]["threshold"] < 1


def test_scores_are_chances_and_shares_add_up(index: ArticleIndex) -> None:
    found = ranked(index, "Who counted the hives?")
    scores = [r.score for r in found.sentences]
    assert scores == sorted(scores, reverse=True)
    assert all(0 < score < 1 for score in scores)
    shares = weights().shares(found.sentences[0].signals)
    assert sum(map(abs, shares.values())) == pytest.approx(1.0)
    assert list(shares.values()) == sorted(shares.values(), key=lambda share: -abs(share))
    assert set(shares) <= set(SIGNALS)


def test_scores_are_the_weights_applied(index: ArticleIndex) -> None:
    best = ranked(index, "Who counted the hives?").sentences[0]
    odds = float(np.array(best.signals) @ weights().of) + weights().bias
    assert best.score == pytest.approx(1 / (1 + np.exp(-odds)))


def test_confidence_rises_with_what_is_there(index: ArticleIndex) -> None:
    with ArticleQA(index) as qa:
        there = qa.ask("How many hives did Una Peel count?")
        other = qa.ask("How many hives did Una Peel paint in 1742?")
        nothing = qa.ask("Which planet has the most moons?")
    assert there.confidence > other.confidence > nothing.confidence
    assert there.answered
    assert not nothing.answered


def test_no_question_is_certain() -> None:
    row = [1e9] * len(SIGNALS)
    signals = measure_confidence("Who?", [row], 1.0)
    assert np.isfinite(signals).all()
    assert 0 <= confidence().chance(signals) <= 1


def test_explained_passages_show_their_signals(tmp_path: Path) -> None:
    with ArticleIndex.open(tmp_path / "index", create=True) as index:
        index.add(ARTICLES)
    with ArticleQA.open(tmp_path / "index") as qa:
        explained = qa.ask("Who counted the hives?").explain()
        assert [passage.rank for passage, _ in explained] == list(range(1, len(explained) + 1))
        for passage, shares in explained:
            assert shares == weights().shares(passage.signals)
            assert "context" in shares
        assert qa.ask("Who?", sources=["Nobody"]).explain() == ()
