"""Where the weights come from: the fit finds what speaks for an answer, on questions made for it."""

from __future__ import annotations

import numpy as np

from eval.fit import _PRIOR, _Asked, _choice
from qa.signals import PLACE, SIGNALS


def asked(chance: np.random.Generator, signal: str) -> _Asked:
    """Twenty sentences of which the right one has more of ``signal``; all else is noise."""
    rows = chance.normal(size=(20, len(SIGNALS)))
    right = np.zeros(20, np.bool_)
    right[int(chance.integers(20))] = True
    rows[right, PLACE[signal]] += 4
    return _Asked(
        name="made",
        signals=rows,
        right=right,
        articles=("a",) * 20,
        gold=frozenset({"a"}),
        by_article=False,
        question="?",
        answerable=True,
        fold=0,
    )


def test_the_weights_find_the_signal_that_tells() -> None:
    chance = np.random.default_rng(3)
    weights = _choice([asked(chance, "early") for _ in range(300)], {})
    assert max(SIGNALS, key=lambda name: weights[PLACE[name]]) == "early"
    held_out = [asked(chance, "early") for _ in range(50)]
    assert np.mean([a.right[np.argmax(a.signals @ weights)] for a in held_out]) > 0.8


def test_a_signal_left_out_weighs_nothing() -> None:
    chance = np.random.default_rng(4)
    weights = _choice([asked(chance, "early") for _ in range(50)], _PRIOR, left_out="context")
    assert weights[PLACE["context"]] == 0
    assert set(_PRIOR) <= set(SIGNALS)
