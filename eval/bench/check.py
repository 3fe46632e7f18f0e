"""How many edits the sentence check catches, and how many supported sentences it keeps.

``eval.edits`` makes both, from the sample newspapers and from SQuAD's articles where they
are named. Beside it, in the same run and at the same share kept, two plain checks of what
is cited: by the share of a sentence's words in it, and by the cosine of the nearest
sentence of it. Intervals are of 95%, by article. Half of the articles is to fit on; the
newspapers of westmarch and the world are in the other half alone.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory
from time import perf_counter
from typing import Any

import numpy as np

from eval.bench.gazette import NEWSPAPERS
from eval.edits import KINDS, SHARES, Asked, Half, Sample, edits, halves, holds, supported
from eval.machine import this_machine
from eval.questions import Question, read_questions
from eval.statistics import Part, bootstrap, clustered, interval, ratio_of
from index import ArticleIndex
from qa import ArticleQA
from qa.check import Checker, Checking
from qa.citation import Passage
from qa.values import words_of

__all__ = ["Judged", "asked", "judged", "main", "right", "samples_of"]

_PASSAGES = 8
_SEED = 7
_QUESTIONS = 700
# Newspapers that nothing may be fitted on.
_UNSEEN = ("westmarch", "world")


@dataclass(frozen=True, slots=True, kw_only=True)
class Judged:
    """A sample and whether each check did right by it: kept what is supported, caught what isn't."""

    sample: Sample
    right: bool
    overlap: bool
    cosine: bool
    ms: float


def main(argv: Sequence[str] | None = None) -> int:
    """Run the benchmark and print a table; ``--json FILE`` keeps the figures."""
    parser = argparse.ArgumentParser(prog="python -m eval.bench.check", description=__doc__)
    parser.add_argument(
        "--squad",
        metavar="PATH",
        nargs="+",
        help="folder of articles.jsonl.gz and questions.jsonl, and a ready index of it if there is one",
    )
    parser.add_argument("--count", type=int, default=2_000, metavar="N", help="supported sentences (default: 2000)")
    parser.add_argument("--half", choices=["fit", "test", "both"], default="test", help="articles to report on")
    parser.add_argument("--seed", type=int, default=_SEED, metavar="N", help="of what is drawn (default: 7)")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the figures here too")
    args = parser.parse_args(argv)
    if args.count < 1 or (args.squad and len(args.squad) > 2):
        parser.error("--count must be at least 1, and --squad names a folder and at most one index")
    machine = this_machine()
    found: list[Judged] = []
    wanted: Half | None = None if args.half == "both" else args.half
    with TemporaryDirectory(prefix="byline-bench-") as scratch:
        papers: list[Asked] = []
        for name, folder in NEWSPAPERS.items():
            with ArticleIndex.open(Path(scratch) / name, create=True) as index:
                index.add([folder / "articles"])
            papers += asked(Path(scratch) / name, read_questions(folder / "questions.jsonl"))
        unseen = _ids(Path(scratch) / name for name in _UNSEEN)
        share = 2 if args.squad else 1
        drawn = samples_of(papers, count=args.count // share, seed=args.seed, half=wanted, unseen=unseen)
        with ArticleIndex.open(Path(scratch) / "marrowby", read_only=True) as index:
            found += judged(drawn, index)
        if args.squad:
            folder, *ready = map(Path, args.squad)
            path = ready[0] if ready else Path(scratch) / "squad"
            if not ready:
                with ArticleIndex.open(path, create=True) as index:
                    index.add([folder / "articles.jsonl.gz"])
            questions = [one for one in read_questions(folder / "questions.jsonl") if one.answerable]
            some = Random(args.seed).sample(questions, min(_QUESTIONS, len(questions)))  # noqa: S311 - for repeats
            drawn = samples_of(asked(path, some), count=args.count // share, seed=args.seed, half=wanted)
            with ArticleIndex.open(path, read_only=True) as index:
                found += judged(drawn, index)
    figures = {"machine": asdict(machine), "half": args.half, "seed": args.seed, **_figures(found)}
    _print(figures, str(machine))
    if args.json:
        args.json.write_text(json.dumps(figures, indent=2), encoding="utf-8")
    return 0


def asked(index: Path, questions: Sequence[Question]) -> list[Asked]:
    """The questions that can be answered with their passages, as of the days they are asked."""
    with ArticleQA.open(index) as qa:
        return [
            Asked(question=one, passages=qa.retrieve(one.question, k=_PASSAGES, as_of=one.asked_on))
            for one in questions
            if one.answerable
        ]


def samples_of(
    asked: Sequence[Asked], *, count: int, seed: int, half: Half | None = None, unseen: frozenset[str] = frozenset()
) -> tuple[Sample, ...]:
    """So many supported sentences and their edits; of a half of the articles, where it is
    named. ``unseen`` are articles that are in the half to report on, whatever their ids."""
    made = supported(asked, count=count, seed=seed)
    parts = halves(passage.article.id for one in asked for passage in one.passages if passage.article.id not in unseen)
    chosen = made + edits(made, seed=seed)
    return tuple(one for one in chosen if half in (None, parts.get(one.article, "test")))


def right(sample: Sample, checking: Checking) -> bool:
    """Whether the check did right by a sample: called what is supported so, and nothing else.

    What has a wrong marker may be corrected, where all that the sentence rests on is then cited.
    """
    if sample.supported:
        return checking.status == "supported"
    if sample.kind == "marker" and checking.status == "corrected":
        cited = [(one.passage, one.span) for one in checking.support]
        return bool(cited) and all(any(holds(sample, rest, *one) for one in cited) for rest in sample.rests)
    return checking.status == "unsupported"


def judged(samples: Sequence[Sample], index: ArticleIndex) -> list[Judged]:
    """Each sample as the check and the two plain ones judge it."""
    checker = Checker(index.embed)
    outcomes = []
    for sample in samples:
        began = perf_counter()
        checking = checker.check(sample.sentence, sample.passages)
        outcomes.append((right(sample, checking), (perf_counter() - began) * 1000))
    kept = [good for sample, (good, _) in zip(samples, outcomes, strict=True) if sample.supported]
    share = sum(kept) / max(1, len(kept))
    overlap = _at_share(samples, [_overlap(sample) for sample in samples], share)
    cosine = _at_share(samples, _cosines(samples, index), share)
    return [
        Judged(sample=sample, right=good, overlap=words, cosine=near, ms=ms)
        for sample, (good, ms), words, near in zip(samples, outcomes, overlap, cosine, strict=True)
    ]


def _at_share(samples: Sequence[Sample], scores: Sequence[float], share: float) -> list[bool]:
    """Whether a check by scores does right, with its threshold where it keeps that share."""
    of_supported = sorted((s for one, s in zip(samples, scores, strict=True) if one.supported), reverse=True)
    count = round(share * len(of_supported))
    threshold = of_supported[count - 1] if count else float("inf")
    return [(score >= threshold) is sample.supported for sample, score in zip(samples, scores, strict=True)]


def _cited(sample: Sample) -> list[Passage]:
    return [sample.passages[marker - 1] for marker in sample.markers]


def _overlap(sample: Sample) -> float:
    words = set(words_of(sample.text))
    there = {word for passage in _cited(sample) for word in words_of(passage.text)}
    return len(words & there) / max(1, len(words))


def _cosines(samples: Sequence[Sample], index: ArticleIndex) -> list[float]:
    texts: dict[str, int] = {}
    for sample in samples:
        texts.setdefault(sample.text, len(texts))
        for words in _sentences(sample):
            texts.setdefault(words, len(texts))
    vectors = index.embed(list(texts))
    return [
        float(max(vectors[texts[sample.text]] @ vectors[texts[words]] for words in _sentences(sample)))
        for sample in samples
    ]


def _sentences(sample: Sample) -> list[str]:
    return [
        passage.article.text[one.span.start : one.span.end] for passage in _cited(sample) for one in passage.sentences
    ]


def _ids(indexes: Any) -> frozenset[str]:
    found: set[str] = set()
    for path in indexes:
        with ArticleIndex.open(path, read_only=True) as index:
            found |= {article.id for article in index.articles()}
    return frozenset(found)


def _figures(found: Sequence[Judged]) -> dict[str, Any]:
    kept = [one for one in found if one.sample.supported]
    caught = [one for one in found if not one.sample.supported]
    return {
        "supported": len(kept),
        "edits": len(caught),
        "kept": _row(kept),
        "caught": _row(caught),
        "kept by make": _rows(kept, SHARES, lambda one: one.sample.make),
        "caught by kind": _rows(caught, KINDS, lambda one: one.sample.kind),
        "caught by make": _rows(caught, SHARES, lambda one: one.sample.make),
        "ms": _times([one.ms for one in found]),
    }


def _times(ms: Sequence[float]) -> dict[str, float] | None:
    if not ms:
        return None
    p50, p95 = np.percentile(ms, [50, 95])
    return {"mean": float(np.mean(ms)), "p50": float(p50), "p95": float(p95), "most": max(ms)}


def _rows(found: Sequence[Judged], names: Any, key: Callable[[Judged], str | None]) -> dict[str, Any]:
    groups = {name: [one for one in found if key(one) == name] for name in names}
    return {name: _row(group) for name, group in groups.items() if group}


def _row(group: Sequence[Judged]) -> dict[str, Any]:
    """The share that was done right by, and how it stands to the plain checks' shares."""
    if not group:
        return {"n": 0}
    columns = np.array([[one.right, one.overlap, one.cosine, True] for one in group], dtype=np.float64)
    parts = [Part(statistic=ratio_of, columns=columns[:, [0, below]]) for below in (3, 1, 2)]
    drawn = bootstrap(parts, seed=_SEED, clusters=clustered([one.sample.article for one in group]))
    sums = columns.sum(axis=0)
    return {
        "n": len(group),
        "share": sums[0] / len(group),
        "interval": interval(drawn[:, 0]),
        "overlap": sums[1] / len(group),
        "over overlap": sums[0] / sums[1] if sums[1] else None,
        "over overlap interval": interval(drawn[:, 1]),
        "cosine": sums[2] / len(group),
        "over cosine": sums[0] / sums[2] if sums[2] else None,
        "over cosine interval": interval(drawn[:, 2]),
    }


def _print(figures: Mapping[str, Any], machine: str) -> None:
    print(
        f"{machine}; {figures['supported']:,} supported sentences, {figures['edits']:,} edits ({figures['half']} half)"
    )
    print(f"{'':<16}{'n':>6}{'share':>8}{'95%':>16}{'overlap':>9}{'ratio':>7}{'cosine':>8}{'ratio':>7}")
    rows = [("kept", figures["kept"]), *((f"  {k}", v) for k, v in figures["kept by make"].items())]
    rows += [("caught", figures["caught"]), *((f"  {k}", v) for k, v in figures["caught by kind"].items())]
    for name, row in rows:
        if not row["n"]:
            continue
        low, high = row["interval"]
        ratios = [
            f"{row[key]:>7.2f}" if row[key] is not None else f"{'':>7}" for key in ("over overlap", "over cosine")
        ]
        print(
            f"{name:<16}{row['n']:>6,}{row['share']:>8.3f}{f'{low:.3f} to {high:.3f}':>16}"
            f"{row['overlap']:>9.3f}{ratios[0]}{row['cosine']:>8.3f}{ratios[1]}"
        )
    if figures["ms"]:
        print("a check takes, in ms: " + ", ".join(f"{name} {ms:.1f}" for name, ms in figures["ms"].items()))


if __name__ == "__main__":
    sys.exit(main())
