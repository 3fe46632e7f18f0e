"""How sure it is that the articles answer a question: a chance that keeps its word."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

import numpy as np
from numpy.typing import NDArray

from qa.signals import PLACE, SIGNALS

__all__ = ["CONFIDENCE_SIGNALS", "Confidence", "confidence", "measure_confidence"]

CONFIDENCE_SIGNALS: dict[str, str] = {
    "meaning": "cosine of the best sentence with the question",
    "nearest meaning": "the highest cosine of the five best sentences",
    "names in context": "the best sentence's pooled cosine times the share of the names asked about around it",
    "numbers missing": "share of the numbers asked about that are missing around the best sentence",
    "denies": "1 where the question asks what isn't so, which few sentences answer as it stands",
    "length": "logarithm of the best sentence's length in words",
    "words": "the best sentence's BM25, 1 for the best of those looked at",
    "rarest missing": "how rare the rarest word of the question is that the best sentence lacks",
    "covers": "share, by rarity, of the question's words in the best sentence and those beside it",
    "wanted": "how well the best sentence fits what is asked for: 0, .5 or 1",
    "score": "log-odds that the best sentence answers, if one does",
}
"""Every signal of confidence, by name, with what it measures."""

_BEST = 5
_DENIES = re.compile(r"\b(?:not|never|no|none|without|except|neither|nor|unlikely)\b(?! \d)|n['’]t\b", re.I)
_WHY = re.compile(r"\bwhy\b", re.I)
_NUMBER = re.compile(r"\d")


@dataclass(frozen=True, slots=True, kw_only=True)
class Confidence:
    """A logistic regression over the signals of confidence, and the chance under which a
    question is refused."""

    of: NDArray[np.float64]
    bias: float
    threshold: float

    def chance(self, signals: NDArray[np.float64]) -> float:
        """The chance that the articles answer, in (0, 1)."""
        return float(1 / (1 + np.exp(-np.clip(signals @ self.of + self.bias, -60, 60))))


@cache
def confidence() -> Confidence:
    """The one that comes with Byline, made by ``python -m eval.fit``."""
    held = json.loads(files("qa").joinpath("weights.json").read_text("utf-8"))["confidence"]
    of = np.array([held["signals"].get(name, 0.0) for name in CONFIDENCE_SIGNALS])
    return Confidence(of=of, bias=held["bias"], threshold=held["threshold"])


def measure_confidence(question: str, rows: Sequence[Sequence[float]], chance: float) -> NDArray[np.float64]:
    """The signals of confidence, (n,).

    ``rows`` are the signals of the best sentences, best first, at least one; ``chance`` is
    the first one's score.
    """
    best = dict(zip(SIGNALS, rows[0], strict=True))
    odds = min(max(chance, 1e-9), 1 - 1e-9)
    values = {
        "meaning": best["meaning"],
        "nearest meaning": max(row[PLACE["meaning"]] for row in rows[:_BEST]),
        "names in context": best["context"] * best["names around"],
        "numbers missing": (1 - best["numbers around"]) if _NUMBER.search(question) else 0.0,
        "denies": float(bool(_DENIES.search(question)) and not _WHY.search(question)),
        "length": best["length"],
        "words": best["wordiest"],
        "rarest missing": best["rarest missing"],
        "covers": best["covers with both beside"],
        "wanted": best["wanted"],
        "score": math.log(odds / (1 - odds)),
    }
    return np.array([values[name] for name in CONFIDENCE_SIGNALS])
