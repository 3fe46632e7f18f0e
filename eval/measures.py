"""The catalogue of measures: what is computed of a run's results, over which questions.

Every measure names its denominator, the questions to which it applies, and that depends on
the question set alone: who finds nothing or refuses scores 0 there and is never left out.
Two are shares of what was said, as their names say: "refusal precision" of the refusals,
and "quotes exact" of the citations, which is None where there are none. Those that begin
with "written", and those of cost, are over the questions of which a language model was asked
to write the answer, or of those that have what they are shares of; None where none was.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from difflib import get_close_matches
from functools import partial
from typing import Literal, TypeVar

import numpy as np

from eval.gold import Gold
from eval.judge import Judge, built_in
from eval.metrics import (
    CitationScores,
    answers_held,
    auroc,
    average_precision_at_k,
    calibration_error,
    citation_scores,
    exact_match,
    first_finds,
    hit_at_k,
    mean,
    ndcg_at_k,
    percentile,
    precision_at_k,
    recall_at_k,
    reciprocal_rank,
    refusal_scores,
    risk_coverage_area,
    sentence_matches,
    spread,
    word_f1,
)
from eval.questions import Question
from eval.record import Cost, Quoted, Result, Said
from eval.statistics import (
    Clusters,
    Matrix,
    Part,
    Statistic,
    auroc_of,
    bootstrap,
    calibration_error_of,
    clustered,
    interval,
    percentile_of,
    randomisation,
    ratio_of,
    ratio_or_zero_of,
    risk_coverage_area_of,
)
from index import SettingsError

__all__ = [
    "DEPTHS",
    "Better",
    "Change",
    "Measured",
    "Tally",
    "Unit",
    "Value",
    "Verdict",
    "by",
    "compare",
    "judged",
    "measure",
]

Better = Literal["higher", "lower"]
Unit = Literal["", "ms", "/s", "tokens"]

DEPTHS = (1, 3, 5, 10)
"""The k of each hit@k and recall@k."""

_PRECISIONS = (5, 10)
_DEEPEST = 10

Key = TypeVar("Key", str, int)


@dataclass(frozen=True, slots=True, kw_only=True)
class Value:
    """One measure: its value, the 95% interval from ``low`` to ``high``, and the number of
    questions it is ``over`` (pairs of them for "answer pairs"). All three numbers are None
    where it applies to none."""

    name: str
    group: str
    value: float | None
    low: float | None
    high: float | None
    over: int
    better: Better
    unit: Unit


@dataclass(frozen=True, slots=True, kw_only=True)
class Measured:
    """All measures of a run, in the catalogue's order; those of a group stand together."""

    values: tuple[Value, ...]

    def __getitem__(self, name: str) -> Value:
        """The value of that name. Raises SettingsError, naming near names, where there is none."""
        for value in self.values:
            if value.name == name:
                return value
        names = [value.name for value in self.values]
        near = get_close_matches(name, names, n=3, cutoff=0.5) or names
        raise SettingsError(f"no measure is named {name!r}; name one of: {', '.join(near)}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """What became of a measure from run ``a`` to run ``b``: the ``difference`` b - a, its 95%
    interval, and ``p``, the chance of one as great between equal systems (two-sided)."""

    name: str
    group: str
    a: float | None
    b: float | None
    difference: float | None
    low: float | None
    high: float | None
    p: float | None
    over: int
    better: Better


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """What is right about one question's result.

    It is ``known`` where the question set says anything by which to tell; where it doesn't,
    ``right`` is False and the question is left out of every measure of being right.
    ``predicted`` is whether the answer would be right had none been refused: that of a
    refused question is its first passage, and to one without an answer every answer is
    wrong. ``answers`` are the accepted ones that stand in the claims. ``articles`` are the
    gold articles that stand at each rank of the result's, under the question's names, and
    ``passages``, ``sentences`` and ``citations`` the evidence in each of those.
    """

    known: bool
    right: bool
    predicted: bool
    answers: tuple[str, ...]
    articles: tuple[frozenset[str], ...]
    passages: tuple[frozenset[str], ...]
    sentences: tuple[frozenset[str], ...]
    citations: tuple[frozenset[str], ...]

    @property
    def article_rank(self) -> int | None:
        """The rank, from 1, of the first gold article, or None."""
        return _rank(self.articles)

    @property
    def passage_rank(self) -> int | None:
        """The rank, from 1, of the first passage with evidence, or None."""
        return _rank(self.passages)

    @property
    def sentence_rank(self) -> int | None:
        """The rank, from 1, of the first sentence that is evidence, or None."""
        return _rank(self.sentences)


@dataclass(frozen=True, slots=True, kw_only=True)
class Tally:
    """Some of a run's questions: how many (``count``), how many of them can be told right
    from wrong (``known``), and shares: ``right`` of those, ``contains`` of those that are
    answerable and list answers, ``refused`` of all. None of none."""

    count: int
    known: int
    right: float | None
    contains: float | None
    refused: float


def judged(result: Result) -> Verdict:
    """Whether one question was answered rightly, and what of it was found.

    An unanswerable question is right where it is refused. An answerable one is right where
    an accepted answer stands in the claims, every one where it needs "all"; where the set
    gives no answers, where evidence is cited; and where it gives no evidence either, where
    a gold article is cited.
    """
    question, gold = result.question, Gold.of_result(result)
    # The claims rather than the answer as it is printed, whose markers would pass for the answer "1".
    answers = answers_held(result.said, question.answers)
    articles, passages, sentences, citations = (
        tuple(gold.articles_at(article) for article in result.articles),
        tuple(gold.evidence_at(one.article, one.text) for one in result.passages),
        tuple(gold.evidence_at(one.article, one.text) for one in result.sentences),
        tuple(gold.evidence_at(one.article, one.quote) for one in result.citations),
    )
    if not question.answerable:
        right, predicted = not result.answered, False
    elif result.answered:
        cited = [gold.articles_at(one.article) for one in result.citations]
        right = predicted = _is_answer(question, gold, answers, citations, cited)
    else:
        first = result.passages[:1]
        held = answers_held(" ".join(one.text for one in first), question.answers)
        read = [gold.articles_at(one.article) for one in first]
        right, predicted = False, _is_answer(question, gold, held, passages[:1], read)
    return Verdict(
        known=not question.answerable or bool(question.answers or gold.evidence or gold.articles),
        right=right,
        predicted=predicted,
        answers=answers,
        articles=articles,
        passages=passages,
        sentences=sentences,
        citations=citations,
    )


def _is_answer(
    question: Question,
    gold: Gold,
    answers: Collection[str],
    evidence: Iterable[frozenset[str]],
    articles: Iterable[frozenset[str]],
) -> bool:
    """Whether what holds those answers, and is drawn from that evidence and those articles,
    is a right answer, as ``judged`` says."""
    wanted: Collection[str]
    if question.answers:
        wanted, found = set(question.answers), set(answers)
    elif gold.evidence:
        wanted, found = gold.evidence, set().union(*evidence)
    else:
        wanted, found = gold.articles, set().union(*articles)
    return len(found) == len(wanted) > 0 if question.needs == "all" else bool(found)


def measure(
    results: Sequence[Result],
    latency_ms: Sequence[float] = (),
    *,
    costs: Sequence[Cost | None] = (),
    jobs: int = 1,
    verdicts: Sequence[Verdict] | None = None,
    judge: Judge | None = None,
    seed: int = 0,
) -> Measured:
    """Every measure of a run, with 95% bootstrap intervals that are the same for the same seed.

    ``latency_ms`` is the wall time of each question in milliseconds, one for each result or
    none at all, where ``jobs`` asked side by side; ``costs`` likewise, as ``Run`` has them.
    ``verdicts`` are those on each result, where they are known already. ``judge`` tells
    whether quotes support a claim, where a question has no evidence to tell by, and of what a
    language model wrote, where the built-in one does without it. Questions are what is
    resampled, those of a pair together.
    Raises ValueError where there are times or costs, but not one for each result; and what
    the judge raises.
    """
    for what, several in (("times", latency_ms), ("costs", costs)):
        if len(several) not in (0, len(results)):
            raise ValueError(f"{len(several)} {what} for {len(results)} results; give one for each, or none")
    if verdicts is None:
        verdicts = list(map(judged, results))
    columns = (*_columns(results, verdicts, judge), *_speed_columns(latency_ms, jobs), *_cost_columns(costs))
    samples = _samples(columns, _clusters(results), seed)
    return Measured(values=tuple(_valued(one, samples.get(one.name)) for one in columns))


def compare(
    a: Sequence[Result], b: Sequence[Result], *, judge: Judge | None = None, seed: int = 0
) -> tuple[Change, ...]:
    """What changed from ``a`` to ``b``, two runs of the same questions in the same order.

    Speed is left out: the same machine is seldom as busy twice. Raises SettingsError, naming
    the first question that isn't the same in both.
    """
    _check_same(a, b)
    before, after = (_columns(results, list(map(judged, results)), judge) for results in (a, b))
    clusters = _clusters(a)
    samples_a, samples_b = _samples(before, clusters, seed), _samples(after, clusters, seed)
    chances = _chances(before, after, clusters, seed)
    changes = []
    for old, new in zip(before, after, strict=True):
        difference = low = high = None
        if old.value is not None and new.value is not None:
            difference = new.value - old.value
            low, high = interval(samples_b[new.name] - samples_a[old.name]) or (None, None)
        changes.append(
            Change(
                name=old.name,
                group=old.group,
                a=old.value,
                b=new.value,
                difference=difference,
                low=low,
                high=high,
                p=chances.get(old.name),
                over=old.over or new.over,
                better=old.better,
            )
        )
    return tuple(changes)


def by(results: Sequence[Result], verdicts: Sequence[Verdict], key: Callable[[Result], Key | None]) -> dict[Key, Tally]:
    """The results, and the verdicts on them, grouped by a key, such as their question's kind,
    in the order of the keys.

    Results whose key is None are left out.
    """
    grouped: dict[Key, list[tuple[Result, Verdict]]] = {}
    for result, verdict in zip(results, verdicts, strict=True):
        if (name := key(result)) is not None:
            grouped.setdefault(name, []).append((result, verdict))
    return {name: _tally(grouped[name]) for name in sorted(grouped)}


def _tally(judgements: Sequence[tuple[Result, Verdict]]) -> Tally:
    known = [verdict for _, verdict in judgements if verdict.known]
    contains = [_contains(result, verdict) for result, verdict in judgements]
    return Tally(
        count=len(judgements),
        known=len(known),
        right=mean([float(verdict.right) for verdict in known]),
        contains=mean([one for one in contains if one is not None]),
        refused=sum(not result.answered for result, _ in judgements) / len(judgements),
    )


def _rank(found: Sequence[frozenset[str]]) -> int | None:
    return next((rank for rank, here in enumerate(found, start=1) if here), None)


def _has_answers(result: Result) -> bool:
    return result.question.answerable and bool(result.question.answers)


def _contains(result: Result, verdict: Verdict) -> float | None:
    return float(bool(verdict.answers)) if _has_answers(result) else None


@dataclass(frozen=True, slots=True, kw_only=True)
class _Column:
    """A measure of one run: its value, and what it is computed from, a row a question or pair."""

    name: str
    group: str
    value: float | None
    over: int
    part: Part | None
    better: Better = "higher"
    unit: Unit = ""


def _columns(results: Sequence[Result], verdicts: Sequence[Verdict], judge: Judge | None) -> tuple[_Column, ...]:
    """The catalogue but for speed; the order of groups and measures is the one that reports keep."""
    both = list(zip(results, verdicts, strict=True))
    return (
        *_answer_columns(both),
        *_turn_columns(both),
        *_refusal_columns(both),
        *_citation_columns(both, judge),
        *_written_columns(results, judge),
        *_ranking_columns("articles", [_article_finds(r.question, v.articles) for r, v in both]),
        *_ranking_columns("passages", [_finds(r.question, v.passages) for r, v in both]),
        *_ranking_columns("sentences", [_finds(r.question, v.sentences) for r, v in both]),
    )


_Both = Sequence[tuple[Result, Verdict]]


def _mean(name: str, group: str, values: Sequence[float | None]) -> _Column:
    """The mean over the questions to which it applies; None is one to which it doesn't."""
    there = [value for value in values if value is not None]
    columns = [(0.0, 0.0) if value is None else (value, 1.0) for value in values]
    return _Column(name=name, group=group, value=mean(there), over=len(there), part=_part(ratio_of, columns, there))


def _part(statistic: Statistic, columns: Sequence[Sequence[float]], there: Collection[object]) -> Part | None:
    return Part(statistic=statistic, columns=np.array(columns, dtype=np.float64)) if there else None


def _answer_columns(both: _Both) -> Iterator[_Column]:
    yield _mean("answer right", "answer", [float(v.right) if v.known else None for _, v in both])
    yield _mean("answer contains", "answer", [_contains(r, v) for r, v in both])
    for name, score in (("answer em", exact_match), ("answer f1", word_f1)):
        yield _mean(
            name,
            "answer",
            [(score(r.said, r.question.answers) if r.answered else 0.0) if _has_answers(r) else None for r, _ in both],
        )
    whole = [v.known and r.question.answerable and r.question.needs == "all" for r, v in both]
    yield _mean(
        "answer complete", "answer", [float(v.right) if one else None for (_, v), one in zip(both, whole, strict=True)]
    )
    pairs: dict[str, list[Verdict]] = {}
    for result, verdict in both:
        if result.question.pair:
            pairs.setdefault(result.question.pair, []).append(verdict)
    yield _mean(
        "answer pairs",
        "answer",
        [
            float(all(verdict.right for verdict in pair))
            for pair in pairs.values()
            if len(pair) > 1 and all(verdict.known for verdict in pair)
        ],
    )


def _turn_columns(both: _Both) -> Iterator[_Column]:
    """Questions asked within a conversation."""
    yield _mean("turns right", "turns", [float(v.right) if r.question.history and v.known else None for r, v in both])
    yield _mean("turns contains", "turns", [_contains(r, v) if r.question.history else None for r, v in both])


def _refusal_columns(both: _Both) -> Iterator[_Column]:
    """Over all questions, where one at least can't be answered: refusing can't be right otherwise."""
    results = [result for result, _ in both]
    unanswerable = [not result.question.answerable for result in results]
    refused = [not result.answered for result in results]
    confidence = [result.confidence for result in results]
    there = results if any(unanswerable) else ()
    scores = refusal_scores(unanswerable, refused)
    caught = [float(lacking and said) for lacking, said in zip(unanswerable, refused, strict=True)]
    # F1 is twice the caught over the refused and the unanswerable together: a ratio as well.
    doubled = [2 * one for one in caught]
    either = [lacking + said for lacking, said in zip(unanswerable, refused, strict=True)]
    unsure = [1 - chance for chance in confidence]

    def column(
        name: str, value: float | None, statistic: Statistic, *of: Sequence[float], better: Better = "higher"
    ) -> _Column:
        applies = there if value is not None else ()
        return _Column(
            name=name,
            group="refusal",
            value=value if applies else None,
            over=len(applies),
            part=_part(statistic, list(zip(*of, strict=True)), applies),
            better=better,
        )

    yield column("refusal precision", scores.precision, ratio_or_zero_of, caught, refused)
    yield column("refusal recall", scores.recall, ratio_of, caught, unanswerable)
    yield column("refusal f1", scores.f1, ratio_of, doubled, either)
    yield column("refusal auroc", auroc(unanswerable, unsure), auroc_of, unanswerable, unsure)
    known = [(not v.predicted, r.confidence) for r, v in both if v.known]
    rows = [(not v.predicted, r.confidence, v.known) for r, v in both]
    yield _Column(
        name="refusal risk-coverage area",
        group="refusal",
        value=risk_coverage_area([wrong for wrong, _ in known], [chance for _, chance in known]),
        over=len(known),
        part=_part(risk_coverage_area_of, rows, known),
        better="lower",
    )
    happened = [not lacking for lacking in unanswerable]
    error = calibration_error(happened, confidence)
    yield column("confidence error", error, calibration_error_of, happened, confidence, better="lower")


def _citation_columns(both: _Both, judge: Judge | None) -> Iterator[_Column]:
    results = [result for result, _ in both]
    scores = [_citation_scores(result, verdict, judge) for result, verdict in both]
    yield _mean("citation recall", "citations", [None if one is None else one.recall for one in scores])
    yield _mean("citation precision", "citations", [None if one is None else one.precision for one in scores])
    exact = [sum(one.exact and one.timely for one in result.citations) for result in results]
    cited = [len(result.citations) for result in results]
    there = results if any(cited) else ()
    yield _Column(
        name="quotes exact",
        group="citations",
        value=sum(exact) / sum(cited) if there else None,
        over=len(there),
        part=_part(ratio_of, list(zip(exact, cited, strict=True)), there),
    )
    # The shares are of one run's questions, so that they add up to their number.
    broken = [(result.violations, 1 / len(results)) for result in results]
    yield _Column(
        name="violations",
        group="citations",
        value=float(sum(result.violations for result in results)) if results else None,
        over=len(results),
        part=_part(ratio_of, broken, results),
        better="lower",
    )


def _citation_scores(result: Result, verdict: Verdict, judge: Judge | None) -> CitationScores | None:
    """None where nobody can tell what supports a claim; a refusal supports nothing and scores 0."""
    question = result.question
    if not question.answerable or not (question.evidence or judge):
        return None
    evidence = dict(zip(result.citations, verdict.citations, strict=True))
    written = {claim.text for claim in result.claims if claim.status != "verbatim"}

    def supports(claim: str, quotes: Sequence[Quoted]) -> bool:
        if question.evidence and claim in written:
            # A model's sentence is in its own words, and no evidence sentence is the same.
            proven = [quote for quote in quotes if evidence[quote]]
            return bool(proven) and _entailed(result, claim, proven, judge)
        if question.evidence and question.needs == "any":
            # Each evidence sentence says the same, so that either supports the other.
            return any(sentence_matches(claim, one) for one in question.evidence) and any(map(evidence.get, quotes))
        if question.evidence:
            return any(sentence_matches(claim, one) for quote in quotes for one in evidence[quote])
        return judge is not None and judge(claim, [quote.quote for quote in quotes])

    return citation_scores(_with_citations(result, result.claims), supports)


def _with_citations(result: Result, claims: Sequence[Said]) -> list[tuple[str, list[Quoted]]]:
    by_marker = {citation.marker: citation for citation in result.citations}
    return [(c.text, [by_marker[marker] for marker in c.markers if marker in by_marker]) for c in claims]


def _written_columns(results: Sequence[Result], judge: Judge | None) -> Iterator[_Column]:
    """Sentences that a language model wrote: those that stand, those that don't."""
    scores = [_written_scores(result, judge) for result in results]
    yield _mean("written citation recall", "written", [None if one is None else one.recall for one in scores])
    yield _mean("written citation precision", "written", [None if one is None else one.precision for one in scores])
    wrote = [result.written.sentences if result.written else 0 for result in results]
    there = [count for count in wrote if count]
    for name, counts in (
        ("written struck", [result.written.struck if result.written else 0 for result in results]),
        ("written corrected", [result.written.corrected if result.written else 0 for result in results]),
    ):
        yield _Column(
            name=name,
            group="written",
            value=sum(counts) / sum(wrote) if there else None,
            over=len(there),
            part=_part(ratio_of, list(zip(counts, wrote, strict=True)), there),
            better="lower",
        )
    stands = [float(result.written.failure is None) if result.written else None for result in results]
    yield _mean("written stands", "written", stands)


def _written_scores(result: Result, judge: Judge | None) -> CitationScores | None:
    """Those of the sentences that a model wrote, None of none: verbatim ones are what they cite."""
    written = [claim for claim in result.claims if claim.status != "verbatim"]
    if not written:
        return None
    return citation_scores(
        _with_citations(result, written), lambda claim, quotes: _entailed(result, claim, quotes, judge)
    )


def _entailed(result: Result, claim: str, quotes: Sequence[Quoted], judge: Judge | None) -> bool:
    if judge is not None:
        return judge(claim, [quote.quote for quote in quotes])
    return built_in(claim, [(quote.quote, result.card(quote.article)) for quote in quotes])


@dataclass(frozen=True, slots=True, kw_only=True)
class _Finds:
    """What stands at each rank: whether anything to find, how many things not found before,
    and those spread out, or the gains of a graded question; and all that there is to find."""

    relevant: tuple[bool, ...]
    new: tuple[int, ...]
    gains: tuple[int, ...]
    right: int
    ideal: int | tuple[int, ...]


def _article_finds(question: Question, found: Sequence[frozenset[str]]) -> _Finds | None:
    """Every gold article is a thing to find, whatever the question needs, as in BEIR and TREC."""
    if not question.answerable or not question.articles:
        return None
    wanted = frozenset(question.articles)
    if not question.grades:
        return _found(found, len(wanted))
    graded = dict(question.grades)
    grades = {name: graded.get(name, 1) for name in wanted}
    new = first_finds(found)
    return _Finds(
        relevant=tuple(map(bool, found)),
        new=new,
        gains=tuple(
            max((grades[n] for n in names), default=0) if one else 0 for names, one in zip(found, new, strict=True)
        ),
        right=len(wanted),
        ideal=tuple(grades.values()),
    )


def _finds(question: Question, found: Sequence[frozenset[str]]) -> _Finds | None:
    """Each evidence sentence is a thing to find where the question needs all; where any one
    is enough, they are one thing between them."""
    if not question.answerable or not question.evidence:
        return None
    if question.needs == "all":
        return _found(found, len(Gold.of(question, {}).evidence))
    return _found([("any",) if here else () for here in found], 1)


def _found(found: Sequence[Collection[str]], right: int) -> _Finds:
    new = first_finds(found)
    return _Finds(relevant=tuple(map(bool, found)), new=new, gains=spread(new), right=right, ideal=right)


def _ranking_columns(group: str, finds: Sequence[_Finds | None]) -> Iterator[_Column]:
    def column(name: str, score: Callable[[_Finds], float]) -> _Column:
        return _mean(f"{group} {name}", group, [None if one is None else score(one) for one in finds])

    yield from (column(f"hit@{k}", partial(_hit, k=k)) for k in DEPTHS)
    yield from (column(f"recall@{k}", partial(_recall, k=k)) for k in DEPTHS)
    yield from (column(f"precision@{k}", partial(_precision, k=k)) for k in _PRECISIONS)
    k = _DEEPEST
    yield column(f"mrr@{k}", lambda one: reciprocal_rank(one.relevant, k))
    yield column(f"ndcg@{k}", lambda one: ndcg_at_k(one.gains, one.ideal, k))
    yield column(f"map@{k}", lambda one: average_precision_at_k(spread(one.new), one.right, k))


def _hit(finds: _Finds, k: int) -> float:
    return hit_at_k(finds.relevant, k)


def _recall(finds: _Finds, k: int) -> float:
    return recall_at_k(finds.new, finds.right, k)


def _precision(finds: _Finds, k: int) -> float:
    return precision_at_k(finds.relevant, k)


def _speed_columns(latency_ms: Sequence[float], jobs: int) -> Iterator[_Column]:
    yield from _time_columns("latency", "speed", latency_ms)
    # Little's law: what is asked side by side, over how long each takes.
    yield _Column(
        name="throughput",
        group="speed",
        value=jobs * len(latency_ms) / (math.fsum(latency_ms) / 1000) if latency_ms else None,
        over=len(latency_ms),
        part=_part(ratio_of, [(jobs, took / 1000) for took in latency_ms], latency_ms),
        unit="/s",
    )


def _cost_columns(costs: Sequence[Cost | None]) -> Iterator[_Column]:
    """What writing cost, over the questions of which a language model was asked."""
    for name, tokens in (
        ("prompt tokens", [None if one is None else float(one.prompt) for one in costs]),
        ("completion tokens", [None if one is None else float(one.completion) for one in costs]),
    ):
        yield replace(_mean(name, "cost", tokens), better="lower", unit="tokens")
    there = [one for one in costs if one]
    yield from _time_columns("writing", "cost", [one.ms for one in there])
    yield from _time_columns("first claim", "cost", [one.first_ms for one in there if one.first_ms is not None])
    yield from _time_columns("without writing", "cost", [one.verbatim_ms for one in there])


def _time_columns(name: str, group: str, took_ms: Sequence[float]) -> Iterator[_Column]:
    for rank, share in (("p50", 0.5), ("p95", 0.95)):
        yield _Column(
            name=f"{name} {rank}",
            group=group,
            value=percentile(took_ms, share),
            over=len(took_ms),
            part=_part(percentile_of(share), [(took,) for took in took_ms], took_ms),
            better="lower",
            unit="ms",
        )


def _valued(column: _Column, samples: Matrix | None) -> Value:
    low, high = (None, None) if samples is None else interval(samples) or (None, None)
    return Value(
        name=column.name,
        group=column.group,
        value=column.value,
        low=low,
        high=high,
        over=column.over,
        better=column.better,
        unit=column.unit,
    )


def _clusters(results: Sequence[Result]) -> Clusters:
    """The questions of a pair stand or fall together, so that they count as one draw."""
    return clustered([result.question.pair or None for result in results])


def _samples(columns: Sequence[_Column], clusters: Clusters, seed: int) -> dict[str, Matrix]:
    """Bootstrap values of the measures that apply, by name."""
    found: dict[str, Matrix] = {}
    by_units: dict[int, list[tuple[str, Part]]] = {}
    for column in columns:
        if column.part is not None:
            by_units.setdefault(len(column.part.columns), []).append((column.name, column.part))
    for units, named in by_units.items():
        drawn = bootstrap([part for _, part in named], seed=seed, clusters=_fitting(clusters, units))
        found |= {name: drawn[:, place] for place, (name, _) in enumerate(named)}
    return found


def _fitting(clusters: Clusters, units: int) -> Clusters | None:
    # Rows that aren't questions are pairs, each by itself.
    return clusters if len(clusters) == units else None


def _chances(a: Sequence[_Column], b: Sequence[_Column], clusters: Clusters, seed: int) -> dict[str, float]:
    """The p of each measure that applies to both runs, by name."""
    found: dict[str, float] = {}
    by_units: dict[int, list[tuple[str, tuple[Part, Part]]]] = {}
    for old, new in zip(a, b, strict=True):
        if old.part is not None and new.part is not None:
            by_units.setdefault(len(old.part.columns), []).append((old.name, (old.part, new.part)))
    for units, named in by_units.items():
        ps = randomisation([two for _, two in named], seed=seed, clusters=_fitting(clusters, units))
        found |= dict(zip([name for name, _ in named], ps, strict=True))
    return found


def _check_same(a: Sequence[Result], b: Sequence[Result]) -> None:
    for place, (one, other) in enumerate(zip(a, b, strict=False), start=1):
        if one.question != other.question:
            what = (
                f"{one.question.id!r} isn't as it was"
                if one.question.id == other.question.id
                else f"the first has {one.question.id!r} there, the second {other.question.id!r}"
            )
            raise SettingsError(
                f"question {place} of the two runs differs: {what}; compare runs of the same question set"
            )
    if len(a) != len(b):
        extra = (a if len(a) > len(b) else b)[min(len(a), len(b))].question.id
        raise SettingsError(
            f"one run has {len(a)} questions and the other {len(b)}: only one has {extra!r}; "
            "compare whole runs of the same question set"
        )
