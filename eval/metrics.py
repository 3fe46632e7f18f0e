"""The measures, as pure functions from lists to numbers.

A ranking is a list of booleans, best first: whether what stands at that rank is right.
Every function judges one question or one list of questions, and none leaves a question
out: an empty ranking scores 0, so finding nothing never raises a mean.
"""

from __future__ import annotations

import math
import re
import string
import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

__all__ = [
    "RefusalScores",
    "auroc",
    "calibration_error",
    "contains_answer",
    "evidence_recall_at_k",
    "hit_at_k",
    "mean",
    "ndcg_at_k",
    "normalise_answer",
    "percentile",
    "reciprocal_rank",
    "refusal_scores",
    "sentence_matches",
]

_ARTICLES = re.compile(r"\b(a|an|the)\b")
# A fragment this long, or this large a share of the whole, still says what the whole says.
_ENOUGH_WORDS = 5
_ENOUGH_SHARE = 0.6


@dataclass(frozen=True, slots=True, kw_only=True)
class RefusalScores:
    """How well refusals fall on the questions that the articles don't answer."""

    precision: float
    recall: float
    f1: float


def mean(values: Sequence[float]) -> float | None:
    """The arithmetic mean, or None of no values: nothing measured is not a zero."""
    return math.fsum(values) / len(values) if values else None


def hit_at_k(ranking: Sequence[bool], k: int) -> float:
    """1 where a right result is among the first ``k``, else 0.

    Source: "success at n" in Craswell, "Success at n", Encyclopedia of Database Systems
    (2009).
    """
    return float(any(ranking[: _rank(k)]))


def reciprocal_rank(ranking: Sequence[bool], k: int) -> float:
    """1 / rank of the first right result, or 0 where none is among the first ``k``.

    Its mean over questions is MRR@k. Source: Voorhees, "The TREC-8 Question Answering
    Track Report" (1999).
    """
    return next((1 / rank for rank, right in enumerate(ranking[: _rank(k)], start=1) if right), 0.0)


def ndcg_at_k(ranking: Sequence[bool], right: int, k: int) -> float:
    """Normalised discounted cumulative gain of the first ``k`` with gain 1 or 0.

    ``right`` is how many right results exist, found or not. DCG is the sum of
    1 / log2(rank + 1) over right results, divided by that of the best ranking there can
    be, min(right, k) right results first. Returns 0 where ``right`` is 0. Source:
    Järvelin and Kekäläinen, "Cumulated gain-based evaluation of IR techniques", ACM TOIS
    20 (2002), with the discount of Burges et al., ICML 2005.
    """
    ideal = math.fsum(1 / math.log2(rank + 1) for rank in range(1, min(right, _rank(k)) + 1))
    gained = math.fsum(1 / math.log2(rank + 1) for rank, hit in enumerate(ranking[:k], start=1) if hit)
    return gained / ideal if ideal else 0.0


def sentence_matches(ranked: str, evidence: str) -> bool:
    """Whether a ranked sentence is the evidence sentence.

    A splitter may cut an evidence sentence in two or join it to its neighbour, and a
    question set can't know. So two sentences match where, with every run of whitespace
    read as one space, they are equal, or one holds the other at word boundaries and the
    one held has at least five words or 60% of the characters of the one that holds it.
    This definition is Byline's own.
    """
    short, long = sorted((" ".join(ranked.split()), " ".join(evidence.split())), key=len)
    if not short:
        return False
    if short == long:
        return True
    # Word boundaries, because "1 of them" is inside "11 of them" and says something else.
    if not re.search(rf"(?<!\w){re.escape(short)}(?!\w)", long):
        return False
    return len(short.split()) >= _ENOUGH_WORDS or len(short) >= _ENOUGH_SHARE * len(long)


def evidence_recall_at_k(ranked: Sequence[str], evidence: Iterable[str], k: int) -> float:
    """1 where any evidence sentence is among the first ``k`` ranked sentences, else 0.

    Any one of a question's evidence sentences answers it, so finding one is finding all
    there is to find; ``sentence_matches`` says when one is found. Source: the top-k
    retrieval accuracy of Karpukhin et al., "Dense Passage Retrieval", EMNLP 2020, with
    sentences for passages.
    """
    evidence = tuple(evidence)
    return hit_at_k([any(sentence_matches(text, one) for one in evidence) for text in ranked[: _rank(k)]], k)


def normalise_answer(text: str) -> str:
    """Lower case, without punctuation, without a, an, the, one space between words.

    Source: ``normalize_answer`` of the evaluation script of SQuAD (Rajpurkar et al.,
    EMNLP 2016). Two departures, since news is set in typographic characters: punctuation
    outside ASCII goes too, and dashes outside ASCII part words.
    """
    kept = []
    for character in text.lower():
        kind = unicodedata.category(character)
        if kind == "Pd" and character != "-":
            kept.append(" ")
        elif not (kind.startswith("P") or character in string.punctuation):
            kept.append(character)
    return " ".join(_ARTICLES.sub(" ", "".join(kept)).split())


def contains_answer(text: str, answers: Iterable[str]) -> bool:
    """Whether ``text`` holds one of ``answers``, word for word once both are normalised.

    An answer of which normalising leaves nothing is held by no text. Source: the accuracy
    of Mallen et al., "When Not to Trust Language Models", ACL 2023 (a gold answer is
    included in what was said), here at word boundaries and with SQuAD's normalisation.
    """
    padded = f" {normalise_answer(text)} "
    return any(f" {answer} " in padded for answer in map(normalise_answer, answers) if answer)


def refusal_scores(unanswerable: Sequence[bool], refused: Sequence[bool]) -> RefusalScores:
    """Precision, recall and F1 with "the articles don't say" as the positive class.

    A ratio of nothing to nothing is 0: who never refuses has no precision to show.
    Source: van Rijsbergen, "Information Retrieval" (1979), chapter 7.
    """
    caught = sum(1 for is_positive, said in zip(unanswerable, refused, strict=True) if is_positive and said)
    precision = caught / max(1, sum(refused))
    recall = caught / max(1, sum(unanswerable))
    f1 = 2 * precision * recall / (precision + recall) if caught else 0.0
    return RefusalScores(precision=precision, recall=recall, f1=f1)


def auroc(positive: Sequence[bool], scores: Sequence[float]) -> float | None:
    """The chance that a positive scores above a negative, a tie counting one half.

    This is the area under the ROC curve, computed as the Mann-Whitney U statistic over
    midranks. Returns None where either class is empty: there is nothing to compare.
    Source: Hanley and McNeil, "The meaning and use of the area under a receiver operating
    characteristic (ROC) curve", Radiology 143 (1982).
    """
    pairs = sorted(zip(scores, positive, strict=True))
    positives = sum(positive)
    negatives = len(pairs) - positives
    if not positives or not negatives:
        return None
    rank_sum = 0.0
    start = 0
    while start < len(pairs):
        end = start
        while end < len(pairs) and pairs[end][0] == pairs[start][0]:
            end += 1
        midrank = (start + 1 + end) / 2
        rank_sum += midrank * sum(is_positive for _, is_positive in pairs[start:end])
        start = end
    return (rank_sum - positives * (positives + 1) / 2) / (positives * negatives)


def calibration_error(happened: Sequence[bool], chances: Sequence[float], bins: int = 10) -> float:
    """The expected calibration error: how far what is said is from what happens.

    Chances are put in ``bins`` equally wide ones; the gaps between the mean chance and the
    share that happened are averaged, each bin weighing what it holds. 0 of no chances.
    Source: Naeini, Cooper and Hauskrecht, "Obtaining well calibrated probabilities using
    Bayesian binning", AAAI 2015.
    """
    held: dict[int, list[tuple[float, bool]]] = {}
    for chance, did in zip(chances, happened, strict=True):
        held.setdefault(min(int(chance * bins), bins - 1), []).append((chance, did))
    gaps = [abs(math.fsum(chance - did for chance, did in several)) for several in held.values()]
    return math.fsum(gaps) / max(1, len(chances))


def percentile(values: Sequence[float], share: float) -> float | None:
    """The value below which ``share`` (in [0, 1]) of the values lie; None of no values.

    Linear interpolation between the two nearest ranks. Source: type 7 of Hyndman and Fan,
    "Sample Quantiles in Statistical Packages", The American Statistician 50 (1996).
    """
    if not 0 <= share <= 1:
        raise ValueError(f"a share of the values is asked for, from 0 to 1, not {share}")
    if not values:
        return None
    ordered = sorted(values)
    place = share * (len(ordered) - 1)
    below = math.floor(place)
    low, high = ordered[below], ordered[min(below + 1, len(ordered) - 1)]
    # Rounding may carry the sum past the upper value, which no percentile between the two can exceed.
    return min(high, low + (high - low) * (place - below))


def _rank(k: int) -> int:
    if k < 1:
        raise ValueError(f"ranks count from 1, so k can't be {k}")
    return k
