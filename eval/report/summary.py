"""What a run found: its measures, its failures by stage, its results by kind and by month."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import PurePath
from typing import Any

from eval.diagnosis import Stage, stages
from eval.judge import Judge
from eval.measures import DEPTHS, Measured, Tally, Value, Verdict, by, judged, measure
from eval.metrics import mean, percentile, reliability, risk_coverage
from eval.record import Result
from eval.report.document import Column, Document, Figure, Row, Section, Table, counted, figured, interval
from eval.report.plots import Curve, Point, bar, curves, latencies, whisker
from eval.report.plots import reliability as draw_reliability
from eval.report.plots import risk_coverage as draw_risk_coverage
from eval.report.written import Beside, beside, written_sections
from eval.run import Manifest, Run
from index.article import clean_line

__all__ = ["Summary", "document", "flat", "origin", "set_name", "settings", "summarise"]

_RANKS = range(1, 11)
_BINS = 24
# So much of a hash tells one from another, for a reader.
_SHORT = 12

# The measures that the page begins with, and what each tells.
_HEADLINES: Mapping[str, str] = {
    "answer right": "How often the answer is one that the set accepts, or a refusal where the articles don’t say.",
    "answer contains": "How often an accepted answer stands, word for word, in what Byline said.",
    "articles hit@5": "How often an article that the set names is among the first 5 found.",
    "sentences recall@5": "How much of the evidence that a question needs is among the first 5 sentences found.",
    "citation precision": "How many of the citations are needed for their claim, as far as the set’s evidence, or the "
    "judge where it has none, tells.",
    "quotes exact": "How many of the quotations are their article’s words to the letter, of an article that the "
    "question allows. Less than 1 is a fault of Byline’s.",
    "written citation recall": "Of the sentences that a language model wrote and the answer keeps, how many the words "
    "that they cite support, as far as the judge can tell.",
    "written struck": "How many of the sentences that a language model wrote were struck, as nothing supports them.",
    "refusal f1": "How well refusals fall on what the articles don’t answer: 1 is all of those and no others.",
    "confidence error": "How far the confidence that Byline tells is from how often the articles answer. 0 is best.",
    "latency p50": "Half of the questions took less than this.",
}

_STAGES: Mapping[Stage, str] = {
    "date misread": "Words about time in the question were taken for days that leave out its articles.",
    "article not found": "What is needed of the accepted articles was not among the first ten.",
    "passage not found": "The article was found, but no passage of the first ten has the evidence.",
    "refused wrongly": "What was needed was found, and Byline said that the articles don’t say.",
    "sentence not chosen": "What was needed stood in the passages, and the answer was made of other sentences.",
    "answered wrongly": "Byline answered what the articles don’t, or without the words that are accepted.",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Summary:
    """All that a report of a run is made of.

    ``named_judge`` is whether the user's judge was asked, and not the built-in one. ``beside``
    has the verbatim answers beside those that a language model wrote, None where none was to
    write any. ``verdicts`` are those on each result; ``stages`` are the ids of the
    questions that failed at each stage, the commonest stage first; ``kinds``, ``months``
    and ``turns`` are tallies by what the questions say of themselves.
    """

    manifest: Manifest
    results: tuple[Result, ...]
    latency_ms: tuple[float, ...]
    named_judge: bool
    measured: Measured
    beside: Beside | None
    verdicts: tuple[Verdict, ...]
    stages: Mapping[Stage, tuple[str, ...]]
    kinds: Mapping[str, Tally]
    months: Mapping[str, Tally]
    turns: Mapping[str, Tally]

    def to_dict(self) -> dict[str, Any]:
        """The summary as JSON can hold it; keys are added to it, and none is renamed."""
        return {
            "manifest": self.manifest.told(),
            "questions": len(self.results),
            "right": sum(verdict.right for verdict in self.verdicts),
            "measures": {
                value.name: {key: part for key, part in asdict(value).items() if key != "name"}
                for value in self.measured.values
            },
            "by kind": _tallied(self.kinds),
            "by month": _tallied(self.months),
            "by turn": _tallied(self.turns),
            "stages": {stage: list(ids) for stage, ids in self.stages.items()},
            "written": self.beside.to_dict() if self.beside else None,
        }


def summarise(run: Run, *, judge: Judge | None = None) -> Summary:
    """The summary of a run, from its results alone; ``judge`` is as in `eval.measures.measure`."""
    results, verdicts = run.results, tuple(map(judged, run.results))
    failed = stages(results, verdicts)
    return Summary(
        manifest=run.manifest,
        results=results,
        latency_ms=run.latency_ms,
        named_judge=judge is not None,
        beside=beside(run, judge=judge),
        measured=measure(
            results,
            run.latency_ms,
            costs=run.costs,
            jobs=run.manifest.jobs,
            verdicts=verdicts,
            judge=judge,
            seed=run.manifest.settings.seed,
        ),
        verdicts=verdicts,
        stages={
            stage: tuple(result.question.id for result in failed[stage])
            for stage in sorted(failed, key=lambda stage: -len(failed[stage]))
        },
        kinds=by(results, verdicts, _kind),
        months=by(results, verdicts, _month),
        turns={str(turn): tally for turn, tally in by(results, verdicts, _turn).items()},
    )


def document(summary: Summary) -> Document:
    """The report of a run."""
    values = {value.name: value for value in summary.measured.values if value.value is not None}
    headline = [_row(values[name], note=note) for name, note in _HEADLINES.items() if name in values]
    return Document(
        title=f"{set_name(summary.manifest)}: {counted(len(summary.results), 'question')}",
        lede=_lede(summary),
        origin=(origin(summary.manifest),),
        headline=Section(title="In short", tables=(_measures("The main measures", headline),)),
        sections=(
            Section(
                title="Every measure",
                text=(_INTERVALS,),
                tables=(_measures("Measures", [_row(value, group=value.group) for value in _applying(summary)]),),
                appendix=True,
            ),
            *(
                written_sections(summary.beside, summary.results, summary.measured, named_judge=summary.named_judge)
                if summary.beside
                else ()
            ),
            _diagnosis(summary),
            Section(title="By kind, month and turn", tables=tuple(_tallies(summary))),
            Section(title="Curves", figures=tuple(_figures(summary))),
            Section(title="How it was run", tables=(settings(summary.manifest),), appendix=True),
        ),
    )


_INTERVALS = (
    "The 95% intervals are bootstrapped over questions, those of a pair together: how far a measure would move with "
    "another choice of as many questions of the same sort. One without width, as from 1.000 to 1.000, says that no "
    "question differed from the others, not that there is no doubt. “Over” is the number of questions that a "
    "measure applies to; none of those is left out, and one that got no answer counts as a failure."
)


def _applying(summary: Summary) -> list[Value]:
    """The measures, without those of writing where no language model was to write."""
    return [value for value in summary.measured.values if summary.beside or value.group not in ("written", "cost")]


def set_name(manifest: Manifest) -> str:
    """What the question set of a run is called: the name of its file."""
    return PurePath(manifest.settings.questions or "questions").name


def origin(manifest: Manifest) -> str:
    """What was asked of what, in a sentence; `settings` has the rest."""
    index = manifest.index
    return (
        f"{set_name(manifest)} ({manifest.sha256[:_SHORT]}) put to an index of {counted(index.articles, 'article')} "
        f"and {counted(index.sentences, 'sentence')} ({index.contents[:_SHORT]}) with {index.model}, on "
        f"{manifest.began[: len('YYYY-MM-DD')]}, by Byline {manifest.versions.get('byline') or 'of no known version'}; "
        f"seed {manifest.settings.seed}.{_writer(manifest)}"
    )


def _writer(manifest: Manifest) -> str:
    if manifest.writer is None:
        return ""
    return f" Answers written by {manifest.writer.model}."


def settings(manifest: Manifest) -> Table:
    """What was asked of what, and with what, a row a part of the manifest."""
    rows = []
    for name, value in manifest.told().items():
        parts = ", ".join(f"{key} {part}".strip() for key, part in flat(value))
        rows.append(Row(cells=(name.replace("_", " "), parts)))
    return Table(caption="Settings", columns=(Column(name="setting"), Column(name="value")), rows=tuple(rows))


def flat(value: object, name: str = "") -> list[tuple[str, str]]:
    """The parts of a manifest with their names: {"a": {"b": 1}} is [("a b", "1")]."""
    if isinstance(value, Mapping):
        return [pair for key, part in value.items() for pair in flat(part, f"{name} {key}".strip())]
    return [(name.replace("_", " "), "none" if value is None else str(value))]


def _lede(summary: Summary) -> str:
    known: list[bool] = []
    unknown: list[bool] = []
    for result, verdict in zip(summary.results, summary.verdicts, strict=True):
        if verdict.known:
            (known if result.question.answerable else unknown).append(verdict.right)
    told = [f"{sum(known):,} of {counted(len(known), 'question')} that the articles answer came out right"] * bool(
        known
    )
    if unknown:
        told.append(
            f"{sum(unknown):,} of {len(unknown):,} that they don’t answer "
            f"{'was' if sum(unknown) == 1 else 'were'} refused"
        )
    failures = [f"{stage} ({len(ids)})" for stage, ids in summary.stages.items()]
    rest = f" The commonest failure: {failures[0]}." if failures else " None failed."
    return f"{', and '.join(told)}.{rest}"


def _row(value: Value, *, note: str = "", group: str = "") -> Row:
    counts = value.name == "violations"
    number = figured(value.value, value.unit) if value.value is None or not counts else f"{value.value:,.0f}"
    drawn = value.value is not None and not value.unit and not counts
    return Row(
        cells=(
            value.name,
            number,
            interval(value.low, value.high, value.unit),
            f"{value.over:,}",
        ),
        note=note,
        mark=whisker(value.low, value.value or 0, value.high) if drawn else "",
        group=group,
    )


def _measures(caption: str, rows: Sequence[Row]) -> Table:
    columns = (
        Column(name="measure"),
        Column(name="value", number=True),
        Column(name="95% interval", number=True),
        Column(name="over", number=True),
    )
    return Table(caption=caption, columns=columns, rows=tuple(rows))


def _diagnosis(summary: Summary) -> Section:
    failed = sum(map(len, summary.stages.values()))
    rows = tuple(
        Row(
            cells=(stage, str(len(ids)), f"{len(ids) / failed:.0%}"),
            note=_STAGES[stage],
            mark=bar(len(ids) / failed),
            questions=ids,
        )
        for stage, ids in summary.stages.items()
    )
    columns = (
        Column(name="failed at"),
        Column(name="questions", number=True),
        Column(name="of failures", number=True),
    )
    told = (
        f"{failed:,} of {counted(len(summary.results), 'question')} failed; each is put down to the first stage "
        "that lost what the next one needed."
    )
    return Section(
        title="Why answers fail",
        text=(told,),
        tables=(Table(caption="Failures by stage", columns=columns, rows=rows),),
    )


def _tallies(summary: Summary) -> list[Table]:
    several = (("Kind", summary.kinds), ("Month", summary.months), ("Turn", summary.turns))
    return [_tally_table(name, tallies) for name, tallies in several if len(tallies) > 1]


def _tally_table(name: str, tallies: Mapping[str, Tally]) -> Table:
    rows = tuple(
        Row(
            cells=(key, f"{one.count:,}", _percent(one.refused), _percent(one.right)),
            mark="" if one.right is None else bar(one.right),
        )
        for key, one in tallies.items()
    )
    columns = (
        Column(name=name.lower()),
        Column(name="questions", number=True),
        Column(name="refused", number=True),
        Column(name="right", number=True),
    )
    return Table(caption=f"Results by {name.lower()}", columns=columns, rows=rows)


def _percent(share: float | None) -> str:
    return "–" if share is None else f"{share:.0%}"


def _kind(result: Result) -> str | None:
    return clean_line(result.question.kind or "") or None


def _month(result: Result) -> str | None:
    return f"{result.question.asked_on:%Y-%m}" if result.question.asked_on else None


def _turn(result: Result) -> int:
    return 1 + sum(turn.role == "user" for turn in result.question.history)


def _figures(summary: Summary) -> Iterator[Figure]:
    yield from _rankings(summary)
    yield from _confidences(summary)
    if summary.latency_ms:
        yield _latency(summary.latency_ms)


def _rankings(summary: Summary) -> Iterator[Figure]:
    ranks: dict[str, list[int | None]] = {"articles": [], "passages": [], "sentences": []}
    for result, verdict in zip(summary.results, summary.verdicts, strict=True):
        if result.question.answerable and result.question.articles:
            ranks["articles"].append(verdict.article_rank)
        if result.question.answerable and result.question.evidence:
            ranks["passages"].append(verdict.passage_rank)
            ranks["sentences"].append(verdict.sentence_rank)
    ranks = {name: several for name, several in ranks.items() if several}
    if not ranks:
        return
    over = ", ".join(f"{name} over {counted(len(several), 'question')}" for name, several in ranks.items())
    yield _ranking(
        "Is anything that answers found?",
        f"Hit at k: the share of questions with an accepted article, or with evidence, among the first k; {over}.",
        "hit at k",
        [
            Curve(
                name=name,
                shares={k: mean([float(one is not None and one <= k) for one in several]) or 0.0 for k in _RANKS},
            )
            for name, several in ranks.items()
        ],
    )
    yield _ranking(
        "How much of it is found?",
        "Recall at k: the share of all accepted articles, or of the evidence that a question needs, among the first k.",
        "recall at k",
        [
            Curve(name=name, shares={k: summary.measured[f"{name} recall@{k}"].value or 0.0 for k in DEPTHS})
            for name in ranks
        ],
    )


def _ranking(title: str, text: str, caption: str, lines: Sequence[Curve]) -> Figure:
    columns = (Column(name="k"), *(Column(name=line.name, number=True) for line in lines))
    rows = tuple(Row(cells=(str(k), *(figured(line.shares[k]) for line in lines))) for k in lines[0].shares)
    table = Table(caption=caption.capitalize(), columns=columns, rows=rows)
    return Figure(title=title, text=text, svg=curves(f"{title} {_in_words(lines)}", lines), table=table)


def _in_words(lines: Sequence[Curve]) -> str:
    ends = (min(lines[0].shares), max(lines[0].shares))
    return " ".join(
        f"{line.name.capitalize()}: {', '.join(f'{line.shares[k]:.0%} at {k}' for k in ends)}." for line in lines
    )


def _confidences(summary: Summary) -> Iterator[Figure]:
    answerable = [result.question.answerable for result in summary.results]
    bins = reliability(answerable, [result.confidence for result in summary.results])
    points = [
        Point(x=one.said, y=one.happened, count=one.count)
        for one in bins
        if one.said is not None and one.happened is not None
    ]
    if not all(answerable):
        title = "Does its confidence hold?"
        rows = tuple(
            Row(cells=(f"{one.low:.1f} to {one.high:.1f}", str(one.count), figured(one.said), figured(one.happened)))
            for one in bins
        )
        yield Figure(
            title=title,
            text="Confidence is the chance, as told, that the articles answer. A point below the broken line is one "
            "where Byline was too sure, a point above it one where it was not sure enough.",
            svg=draw_reliability(f"{title} {counted(len(points), 'point')}, in the table below.", points),
            table=_numbers(
                "Reliability", ("confidence", "questions", "mean confidence", "share answered by articles"), rows
            ),
        )
    known = [
        (not verdict.predicted, result.confidence, result.answered)
        for result, verdict in zip(summary.results, summary.verdicts, strict=True)
        if verdict.known
    ]
    if known:
        yield _coverage(known)


def _coverage(known: Sequence[tuple[bool, float, bool]]) -> Figure:
    curve = risk_coverage([wrong for wrong, _, _ in known], [confidence for _, confidence, _ in known])
    given = [wrong for wrong, _, answered in known if answered]
    here = Point(x=len(given) / len(known), y=sum(given) / len(given), count=len(given)) if given else None
    title = "What would fewer answers be worth?"
    told = f"This run answered {len(given):,} of {counted(len(known), 'question')}, {sum(given):,} of them wrongly."
    # A point for each confidence would be a table of as many rows as questions.
    rows = []
    for tenth in range(1, 11):
        point = next(one for one in curve if one.coverage >= tenth / 10 - 1e-9)
        rows.append(Row(cells=(f"{point.coverage:.0%}", figured(point.risk), figured(point.confidence))))
    return Figure(
        title=title,
        text="Risk and coverage: the share of answers that would be wrong, were only so many questions answered, "
        f"those with the highest confidence first. {told}",
        svg=draw_risk_coverage(
            f"{title} {told}", [Point(x=one.coverage, y=one.risk, count=1) for one in curve], here=here
        ),
        table=_numbers("Risk and coverage", ("answered", "wrong", "confidence at least"), tuple(rows)),
    )


def _latency(took_ms: Sequence[float]) -> Figure:
    half, most_of = percentile(took_ms, 0.5) or 0.0, percentile(took_ms, 0.95) or 0.0
    # A few that took far longer would press all others into one bar.
    end = min(max(*took_ms, 1.5 * most_of), 2 * most_of) or 1.0
    wide = end / _BINS
    counts = [0] * _BINS
    for one in took_ms:
        if one <= end:
            counts[min(int(one / wide), _BINS - 1)] += 1
    beyond = len(took_ms) - sum(counts)
    longer = f" {counted(beyond, 'question')} took longer than is drawn, {max(took_ms):,.0f} ms at most." * bool(beyond)
    bins = [(place * wide, (place + 1) * wide, count) for place, count in enumerate(counts)]
    title = "How long does an answer take?"
    told = (
        f"Half of {counted(len(took_ms), 'question')} took less than {half:,.0f} ms, 95% less than {most_of:,.0f} ms."
    )
    rows = tuple(Row(cells=(f"{low:,.0f} to {high:,.0f} ms", str(count))) for low, high, count in bins)
    return Figure(
        title=title,
        text=f"{told}{longer}",
        svg=latencies(f"{title} {told}", bins, half=half, most_of=most_of),
        table=_numbers("Latency", ("took", "questions"), rows),
    )


def _numbers(caption: str, names: Sequence[str], rows: tuple[Row, ...]) -> Table:
    columns = (Column(name=names[0]), *(Column(name=name, number=True) for name in names[1:]))
    return Table(caption=caption, columns=columns, rows=rows)


def _tallied(tallies: Mapping[str, Tally]) -> dict[str, Any]:
    return {key: asdict(tally) for key, tally in tallies.items()}
