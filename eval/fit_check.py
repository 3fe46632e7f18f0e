"""Where the threshold in ``qa/check.json`` comes from: ``python -m eval.fit_check``.

A logistic regression over ``qa.carries.CARRY_SIGNALS`` is learned on sentences in which no
rule finds a fault: those that passages support and their edits (``eval.edits``), and
sentences with words of other articles in them. Half of the articles are learned from; all
is told of the other half.
"""

from __future__ import annotations

import argparse
import json
import re
import sys
import time
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, replace
from pathlib import Path
from random import Random

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize

from eval.edits import Asked, Sample, edits, halves, supported
from eval.machine import this_machine
from eval.questions import read_questions
from index import ArticleIndex, BylineError
from qa import ArticleQA
from qa.carries import CARRY_SIGNALS
from qa.check import Checker, Threshold
from qa.wording import SMALL

__all__ = ["main"]

Matrix = NDArray[np.float64]
_Embed = Callable[[Sequence[str]], NDArray[np.float32]]

# A sentence that isn't supported but is shown costs so many times one that is kept back.
_COST = 4.0
_PRIOR = 0.1
# Of the supported sentences the share that may be farther in meaning from what they cite.
_LEFT_BEHIND = 0.01
_SEED = 20_250_503


@dataclass(frozen=True, slots=True, kw_only=True)
class _Invented:
    """A sentence with words of other articles in it."""

    kind: str
    text: str
    sample: Sample


def main(argv: Sequence[str] | None = None) -> int:
    """Make the sentences, learn, print the measures, write the threshold; returns the exit code."""
    parser = argparse.ArgumentParser(prog="python -m eval.fit_check", description=__doc__.splitlines()[0])
    parser.add_argument("--set", nargs=2, action="append", required=True, metavar=("INDEX", "QUESTIONS"))
    parser.add_argument("--most", type=int, default=800, help="questions of each set (default 800)")
    parser.add_argument("--count", type=int, default=4_000, help="supported sentences (default 4000)")
    parser.add_argument("--show", type=int, default=0, help="show so many of each kind that are judged wrongly")
    parser.add_argument("--write", metavar="FILE", type=Path, help="write the threshold there")
    options = parser.parse_args(argv)
    try:
        with ExitStack() as stack:
            indexes = [stack.enter_context(ArticleIndex.open(path, read_only=True)) for path, _ in options.set]
            asked = [
                one
                for index, (_, path) in zip(indexes, options.set, strict=True)
                for one in _asked(index, Path(path), options.most)
            ]
            _fit(asked, indexes[0].embed, options)
    except BylineError as error:
        print(f"eval.fit_check: {error}", file=sys.stderr)
        return 2
    return 0


def _asked(index: ArticleIndex, path: Path, most: int) -> Iterator[Asked]:
    engine = ArticleQA(index)
    questions = [question for question in read_questions(path) if question.answerable]
    for question in Random(_SEED).sample(questions, min(most, len(questions))):  # noqa: S311
        passages = engine.ask(question.question, as_of=question.asked_on).passages
        if passages:
            yield Asked(question=question, passages=passages)


def _fit(asked: Sequence[Asked], embed: _Embed, options: argparse.Namespace) -> None:
    good = supported(asked, count=options.count, seed=_SEED)
    samples = (*good, *edits(good, seed=_SEED))
    half = halves(sample.article for sample in samples)
    fitted = [sample for sample in samples if half[sample.article] == "fit"]
    told = [sample for sample in samples if half[sample.article] == "test"]
    checker = Checker(embed)
    rows, right, kinds, nearness = [], [], [], []
    for text, sample, kind in (
        *((sample.text, sample, sample.kind or "") for sample in fitted if sample.kind != "marker"),
        *((one.text, one.sample, one.kind) for one in _invented([s for s in fitted if s.supported])),
    ):
        cited = tuple(sample.passages[marker - 1] for marker in sample.markers)
        measured = checker.measured(text, cited)
        if measured and not measured[0]:
            rows.append(measured[1])
            nearness.append(measured[2])
            right.append(not kind)
            kinds.append(kind or sample.make)
    signals, is_good = np.array(rows), np.array(right)
    weights, bias = _regression(signals, is_good)
    chances = 1 / (1 + np.exp(-(signals @ weights + bias)))
    least = _threshold(chances, is_good)
    near = float(np.quantile(np.array(nearness)[is_good], _LEFT_BEHIND))
    print(f"learned from {len(rows)} sentences without a fault, {sum(right)} of them supported")
    print(f"threshold {least:.3f}, near {near:.3f}")
    for name, weight in zip(CARRY_SIGNALS, weights, strict=True):
        print(f"  {name:14} {weight:7.3f}")
    for kind in dict.fromkeys(kinds):
        these = chances[[one == kind for one in kinds]]
        print(f"  {kind:14} {len(these):5} {np.mean(these >= least):.3f} pass")
    learned = Threshold(of=weights, bias=bias, least=least, near=near)
    _report(told, Checker(embed, least=learned), options.show)
    if options.write:
        document = {
            "made by": "python -m eval.fit_check --set INDEX QUESTIONS --set … --write FILE",
            "on": str(this_machine().date),
            "signals": {name: round(float(w), 4) for name, w in zip(CARRY_SIGNALS, weights, strict=True)},
            "bias": round(bias, 4),
            "threshold": round(least, 4),
            "near": round(near, 4),
        }
        options.write.write_text(json.dumps(document, indent=2) + "\n", "utf-8")


def _invented(samples: Sequence[Sample]) -> Iterator[_Invented]:
    """Sentences with words of another sample's article, or half of it, or a phrase of it."""
    chance = Random(_SEED)  # noqa: S311
    for sample in samples:
        other = chance.choice(samples)
        known = " ".join(passage.text for passage in sample.passages)
        if other.article == sample.article or '"' in sample.text or "“" in sample.text:
            continue
        own, theirs = sample.text.split(), other.text.split()
        kind = chance.choice(["words", "mixed", "added"])
        if kind == "mixed" and len(own) > 8 and len(theirs) > 8:
            text = " ".join([*own[: len(own) // 2], *theirs[len(theirs) // 2 :]])
            yield _Invented(kind=kind, text=text, sample=sample)
        phrase = re.search(
            r" (?:after|because of|in|for|with|over|despite|to|by|from) [^,.“”\"]{12,50}(?=[,.])", other.text
        )
        if kind == "added" and phrase and sample.text.endswith("."):
            yield _Invented(kind=kind, text=f"{sample.text[:-1]}{phrase[0]}.", sample=sample)
        places = [place for place, word in enumerate(own) if place and _plain(word)]
        new = [word for word in theirs[1:] if _plain(word) and word not in known]
        count = chance.randint(1, 3)
        if kind == "words" and min(len(places), len(new)) >= count:
            for place, word in zip(chance.sample(places, count), chance.sample(new, count), strict=True):
                own[place] = word
            yield _Invented(kind=kind, text=" ".join(own), sample=sample)


def _plain(word: str) -> bool:
    return word.isalpha() and word.islower() and len(word) > 4 and word not in SMALL


def _regression(signals: Matrix, right: NDArray[np.bool_]) -> tuple[Matrix, float]:
    """The weights and the bias of a logistic regression in which nothing can speak for a
    claim; both classes weigh alike."""
    share = np.where(right, 0.5 / right.mean(), 0.5 / (1 - right.mean()))

    def loss(at: Matrix) -> tuple[float, Matrix]:
        odds = signals @ at[:-1] + at[-1]
        chance = 1 / (1 + np.exp(-np.clip(odds, -60, 60)))
        of = float((share * np.logaddexp(0, np.where(right, -odds, odds))).sum()) + _PRIOR * float(at[:-1] @ at[:-1])
        slope = share * (chance - right)
        return of, np.r_[signals.T @ slope + 2 * _PRIOR * at[:-1], slope.sum()]

    bounds = [(None, 0)] * len(CARRY_SIGNALS)
    found = minimize(loss, np.zeros(len(bounds) + 1), jac=True, method="L-BFGS-B", bounds=[*bounds, (None, None)])
    return found.x[:-1], float(found.x[-1])


def _threshold(chances: Matrix, right: NDArray[np.bool_]) -> float:
    """Where keeping back what is supported and showing what isn't cost least together."""
    cuts = np.unique(np.round(chances, 3))
    costs = [float((right & (chances < cut)).sum() + _COST * (~right & (chances >= cut)).sum()) for cut in cuts]
    return float(cuts[int(np.argmin(costs))])


def _report(samples: Sequence[Sample], checker: Checker, show: int) -> None:
    told: dict[str, list[bool]] = defaultdict(list)
    taken, spent = [], time.process_time()
    invented = [
        (replace(one.sample, text=one.text, sentence=f"{one.text} [{one.sample.markers[0]}]"), one.kind)
        for one in _invented([sample for sample in samples if sample.supported])
    ]
    for sample, kind in (*((sample, sample.kind or "") for sample in samples), *invented):
        began = time.perf_counter()
        found = checker.check(sample.sentence, sample.passages)
        taken.append((time.perf_counter() - began) * 1_000)
        fine = (
            (found.status == "unsupported" or (kind == "marker" and found.status != "supported"))
            if kind
            else (found.status != "unsupported")
        )
        for name in (f"caught {kind}", "caught in all") if kind else (f"kept {sample.make}", "kept in all"):
            told[name].append(fine)
        if not fine and len(told[f"shown {kind or sample.make}"]) < show:
            told[f"shown {kind or sample.make}"].append(True)
            print(
                f"[{kind or sample.make}] {sample.sentence}\n    {sample.change or ''} {found.status} {found.reasons}"
            )
            print(
                "    IN: "
                + " || ".join(
                    sample.passages[rest.place].article.text[rest.span.start : rest.span.end] for rest in sample.rests
                )
            )
    for name, every in sorted(told.items()):
        if not name.startswith("shown"):
            print(f"{name:22} {np.mean(every):.3f} of {len(every)}")
    print(f"milliseconds a check: {np.mean(taken):.1f} on average, {np.percentile(taken, 95):.1f} for 19 of 20")
    print(f"of the processor's time: {(time.process_time() - spent) / len(taken) * 1_000:.1f} ms a check")


if __name__ == "__main__":
    sys.exit(main())
