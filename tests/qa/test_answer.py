"""``Answer``: how its claims read as plain text, and as JSON."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import date

import pytest

from index import Span
from qa import Claim
from tests.ui.samples import answer, article, citation, passage, refusal, written

COST = "It will spend £4.2 million on the wall."
START = "Work starts in May, said Ellen Voss."
OLD = Claim(text=COST, markers=(1,), emphasis=(Span(start=14, end=26),), day=date(2025, 3, 4), earlier=True)
NEW = Claim(text=START, markers=(2, 3), day=date(2025, 5, 22), sources=("A", "B"), first_reported=date(2025, 5, 21))
CITED = tuple(citation(article(), COST, marker=marker) for marker in (1, 2, 3))


def test_claims_of_one_answer_are_one_text() -> None:
    plain = replace(OLD, earlier=False)
    assert answer(*CITED, claims=(plain, replace(NEW, sources=("A",)))).text == f"{COST} [1] {START} [2][3]"


def test_accounts_have_a_line_each_with_its_day_and_sources() -> None:
    shown = replace(answer(*CITED, claims=(NEW, OLD)), form="accounts")
    assert shown.text.split("\n") == [
        f"22 May 2025: {START} [2][3] (2 sources, first reported 21 May 2025)",
        f"Earlier, 4 March 2025: {COST} [1]",
    ]


def test_a_correction_is_named_in_any_form() -> None:
    shown = answer(*CITED, claims=(replace(OLD, earlier=False, corrects=True),))
    assert shown.text == f"Correction, 4 March 2025: {COST} [1]"


def test_what_has_no_day_is_shown_without() -> None:
    undated = replace(NEW, day=None, first_reported=None)
    shown = replace(answer(*CITED, claims=(undated,)), form="sequence")
    assert shown.text == f"{START} [2][3] (2 sources)"


def test_all_of_a_claim_is_in_the_json() -> None:
    made = json.loads(json.dumps(replace(answer(*CITED, claims=(OLD,)), form="accounts").to_dict()))
    assert made["form"] == "accounts"
    assert made["claims"] == [
        {
            "text": COST,
            "citations": [1],
            "emphasis": [[14, 26]],
            "day": "2025-03-04",
            "sources": [],
            "first_reported": None,
            "corrects": False,
            "earlier": True,
            "dates": [],
            "label": "Earlier, 4 March 2025",
            "note": "",
            "status": "verbatim",
        }
    ]


@pytest.mark.parametrize(
    ("confidence", "said"),
    [
        (0.95, "Very likely right"),
        (0.9, "Very likely right"),
        (0.7, "Likely right"),
        (0.5, "Possibly right: check"),
        (0.2, "Doubtful: check"),
    ],
)
def test_confidence_is_said_in_words(confidence: float, said: str) -> None:
    shown = replace(answer(*CITED), confidence=confidence)
    assert shown.sureness == said
    assert shown.to_dict()["sureness"] == said


@pytest.mark.parametrize(
    ("confidence", "said"),
    [
        (0.9, "Very likely answered by the articles"),
        (0.7, "Likely answered by the articles"),
        (0.5, "Possibly answered by the articles: check"),
        (0.2, "Doubtful whether the articles answer: check"),
    ],
)
def test_of_a_model_s_words_it_is_not_said_that_they_are_right(confidence: float, said: str) -> None:
    models = replace(answer(*CITED), confidence=confidence, written=written("tiny-1"))
    assert models.sureness == said
    assert models.to_dict()["sureness"] == said
    verbatim = replace(models, written=written("tiny-1", failure="nothing listens there"))
    assert verbatim.sureness == replace(models, written=None).sureness != said
    assert replace(refusal(), written=written("tiny-1")).sureness == "The articles don't say, as the model reads them"


def test_a_refusal_s_confidence_is_that_the_articles_do_not_say() -> None:
    assert refusal().sureness == "The articles probably don't say"


def test_the_passages_considered_are_in_the_json() -> None:
    near = passage(article(), COST)
    made = json.loads(json.dumps(replace(answer(*CITED), passages=(near,)).to_dict()))
    assert made["passages"] == [near.to_dict()]
    assert made["passages"][0]["text"] == COST
