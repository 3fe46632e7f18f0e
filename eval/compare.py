"""``byline eval compare``: what changed from one run to another of the same questions."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from eval.judge import Judge, add_judge_alone, claims_judge, load_judge
from eval.measures import Change, compare
from eval.metrics import percentile
from eval.record import Result
from eval.report.browse import browsable
from eval.report.changes import ALPHA, changes_table, outcome, sides_tables, told_p
from eval.report.document import Column, Document, Row, Section, Table, counted, figured, interval
from eval.report.output import add_outputs, check_outputs, put
from eval.report.summary import flat, origin
from eval.run import Manifest, Run, read_run
from index import SettingsError
from index.article import clean_line

__all__ = ["Comparison", "Difference", "add_arguments", "compare_runs", "document", "run"]

_NAMED = 20
# What differs between any two runs and says nothing about why their results do.
_PASSING = ("began", "machine load", "machine date")


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """A part of two runs' manifests in which they differ, None where one hasn't got it."""

    name: str
    a: str | None
    b: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """What changed from run A to run B, over the questions that are the same in both.

    ``names`` are what the runs are called, ``origins`` what each asked of what; ``a`` and
    ``b`` are the results of those questions, in the order of A. ``only_a``, ``only_b`` and
    ``changed`` are the ids of the questions left out: in one run alone, or with another text
    or other right answers in each. ``won`` and ``lost`` hold ids. ``latency_ms`` are the
    medians of A and of B, where there are any.
    """

    names: tuple[str, str]
    origins: tuple[str, str]
    differences: tuple[Difference, ...]
    a: tuple[Result, ...]
    b: tuple[Result, ...]
    only_a: tuple[str, ...]
    only_b: tuple[str, ...]
    changed: tuple[str, ...]
    changes: tuple[Change, ...]
    won: tuple[str, ...]
    lost: tuple[str, ...]
    latency_ms: tuple[float, float] | None

    @property
    def tested(self) -> int:
        """How many measures a p was computed for."""
        return sum(change.p is not None for change in self.changes)

    def to_dict(self) -> dict[str, Any]:
        """The comparison as JSON can hold it; keys are added to it, and none is renamed."""
        return {
            "runs": list(self.names),
            "questions": len(self.a),
            "left out": {"only in a": list(self.only_a), "only in b": list(self.only_b), "changed": list(self.changed)},
            "differences": [asdict(one) for one in self.differences],
            "tested": self.tested,
            "measures": {
                one.name: {key: value for key, value in asdict(one).items() if key != "name"} for one in self.changes
            },
            "won": list(self.won),
            "lost": list(self.lost),
            "latency ms": list(self.latency_ms) if self.latency_ms else None,
        }


def compare_runs(a: Run, b: Run, *, names: tuple[str, str] = ("A", "B"), judge: Judge | None = None) -> Comparison:
    """What changed from ``a`` to ``b``, over the questions with the same id, text and right answers.

    Raises SettingsError where they have no such question in common.
    """
    theirs = {result.question.id: (result, took) for result, took in _timed(b)}
    both, changed = [], []
    for result, took in _timed(a):
        other = theirs.get(result.question.id)
        if other is None:
            continue
        if replace(result.question, kind=None, draft=False) == replace(other[0].question, kind=None, draft=False):
            both.append((result, took, replace(other[0], question=result.question), other[1]))
        else:
            changed.append(result.question.id)
    if not both:
        raise SettingsError(
            f"{names[0]} and {names[1]} have no question in common, so there is nothing to compare: "
            "name two runs of the same question set"
        )
    ours = {result.question.id for result in a.results}
    before, after = tuple(one[0] for one in both), tuple(one[2] for one in both)
    outcomes = {result.question.id: outcome(result, other) for result, other in zip(before, after, strict=True)}
    times = [(one[1], one[3]) for one in both if one[1] is not None and one[3] is not None]
    medians = [percentile([pair[side] for pair in times if pair[side] is not None], 0.5) for side in (0, 1)]
    return Comparison(
        names=names,
        origins=(origin(a.manifest), origin(b.manifest)),
        differences=tuple(_differences(a.manifest, b.manifest)),
        a=before,
        b=after,
        only_a=tuple(result.question.id for result in a.results if result.question.id not in theirs),
        only_b=tuple(name for name in theirs if name not in ours),
        changed=tuple(changed),
        changes=compare(before, after, judge=judge, seed=a.manifest.settings.seed),
        won=tuple(name for name, what in outcomes.items() if what == "won"),
        lost=tuple(name for name, what in outcomes.items() if what == "lost"),
        latency_ms=(medians[0], medians[1]) if medians[0] is not None and medians[1] is not None else None,
    )


def document(found: Comparison) -> Document:
    """The report of a comparison."""
    a, b = found.names
    moved = [one for one in found.changes if one.p is not None and one.p < ALPHA]
    sections = [
        Section(title="What differs between the runs", text=_left_out(found), tables=(_settings(found),)),
        Section(
            title="What changed",
            text=() if moved else (f"No measure changed with p below {ALPHA}.",),
            tables=(changes_table(f"Changes with p below {ALPHA}", moved),),
        ),
        Section(
            title="Every measure",
            text=(_tested(found),),
            tables=(changes_table("Measures", _applying(found.changes)),),
            appendix=True,
        ),
    ]
    if found.latency_ms:
        before, after = found.latency_ms
        ratio = f", {after / before:.2f} times as long" if before else ""
        text = f"Half of the questions took less than {before:,.1f} ms in {a} and {after:,.1f} ms in {b}{ratio}."
        sections.append(Section(title="Latency", text=(text,)))
    sections.append(
        Section(
            title="Questions won and lost",
            text=(_outcomes(found),),
            tables=sides_tables(found.names, found.a, found.b),
            listed=True,
        )
    )
    return Document(
        title=f"{a} and {b} compared",
        lede=_lede(found),
        origin=tuple(f"{name}: {told}" for name, told in zip(found.names, found.origins, strict=True)),
        sections=tuple(sections),
    )


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The arguments of ``byline eval compare``."""
    parser.description = (
        "Show what changed from run A to run B of the same questions: each measure with its interval and p, and the "
        "questions won and lost, side by side."
    )
    parser.add_argument("a", type=Path, metavar="A", help="the folder of the run before")
    parser.add_argument("b", type=Path, metavar="B", help="the folder of the run after")
    add_judge_alone(parser)
    add_outputs(parser)


def run(args: argparse.Namespace) -> int:
    """Writes the comparison; the exit code is 0. Raises RunError for a run that can't be read,
    and SettingsError where the two have no question in common, or for a judge that can't be loaded or is
    named twice, and ModelError for a cross-encoder that can't be."""
    check_outputs(args, args.a, args.b)
    names = (_name(args.a), _name(args.b))
    if names[0] == names[1]:
        names = (f"{names[0]} (A)", f"{names[1]} (B)")
    found = compare_runs(read_run(args.a), read_run(args.b), names=names, judge=load_judge(claims_judge(args)))
    pairs = [(one, other, outcome(one, other)) for one, other in zip(found.a, found.b, strict=True)]
    moved = [(one, other, what) for one, other, what in pairs if what]
    questions = browsable(
        {names[0]: [one for one, _, _ in moved], names[1]: [other for _, other, _ in moved]},
        [what for _, _, what in moved],
    )
    put(args, document(found), found.to_dict(), questions, "Questions won and lost")
    return 0


def _name(folder: Path) -> str:
    return clean_line(folder.resolve().name)


def _timed(run: Run) -> list[tuple[Result, float | None]]:
    times: Sequence[float | None] = run.latency_ms or [None] * len(run.results)
    return list(zip(run.results, times, strict=True))


def _differences(a: Manifest, b: Manifest) -> list[Difference]:
    before, after = dict(flat(a.told())), dict(flat(b.told()))
    return [
        Difference(name=name, a=before.get(name), b=after.get(name))
        for name in dict.fromkeys([*before, *after])
        if before.get(name) != after.get(name) and name not in _PASSING
    ]


def _lede(found: Comparison) -> str:
    right = next((one for one in found.changes if one.name == "answer right"), None)
    told = (
        f"Of {counted(len(found.a), 'question')}, {found.names[1]} wins {len(found.won)} and loses {len(found.lost)}."
    )
    if right is None or right.difference is None:
        return told
    within = interval(right.low, right.high, signed=True)
    by = f"{figured(right.difference, signed=True)} ({within}, p {told_p(right.p)})"
    return f"{told} The share that is right went from {figured(right.a)} to {figured(right.b)}, by {by}."


def _tested(found: Comparison) -> str:
    tested = f"{counted(found.tested, 'measure')} {'was' if found.tested == 1 else 'were'} tested"
    return (
        "p is the chance of a change as great between two systems that are equally good (paired randomisation test, "
        f"two-sided). {tested}: of so many, about {found.tested * ALPHA:.0f} would fall below {ALPHA} by chance "
        "alone, and p is not corrected for that."
    )


def _applying(changes: Sequence[Change]) -> list[Change]:
    """The changes but for those of written sentences where neither run has any."""
    return [one for one in changes if one.group != "written" or one.a is not None or one.b is not None]


def _left_out(found: Comparison) -> tuple[str, ...]:
    told = []
    for ids, what in (
        (found.only_a, f"only in {found.names[0]}"),
        (found.only_b, f"only in {found.names[1]}"),
        (found.changed, "with another text or other right answers in each"),
    ):
        if ids:
            more = f" and {len(ids) - _NAMED:,} more" if len(ids) > _NAMED else ""
            told.append(f"Left out: {counted(len(ids), 'question')} {what}: {', '.join(ids[:_NAMED])}{more}.")
    if not found.differences:
        told.append("Nothing that the runs record of themselves differs.")
    return tuple(told)


def _settings(found: Comparison) -> Table:
    rows = tuple(
        Row(cells=(one.name, "–" if one.a is None else one.a, "–" if one.b is None else one.b))
        for one in found.differences
    )
    columns = (Column(name="setting"), *(Column(name=name) for name in found.names))
    return Table(caption="Settings that differ", columns=columns, rows=rows)


def _outcomes(found: Comparison) -> str:
    same = len(found.a) - len(found.won) - len(found.lost)
    return (
        f"{counted(len(found.won), 'question')} won, wrong in {found.names[0]} and right in {found.names[1]}; "
        f"{len(found.lost):,} lost; {same:,} as before."
    )
