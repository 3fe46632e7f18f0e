"""What a language model made of a run's questions, beside what they got without it."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from eval.judge import Judge
from eval.measures import Change, Measured, compare
from eval.record import Result
from eval.report.changes import changes_table, outcome, sides_tables
from eval.report.document import Column, Row, Section, Table, counted, figured
from eval.run import Run

__all__ = ["Beside", "beside", "written_sections"]

# What writing can change: the search before it is the same.
_GROUPS = ("answer", "turns", "refusal", "citations")
_SIDES = ("verbatim", "written")
_SHOWN = 20
# How long a failure took is another reason each time, and the times tell it.
_SECONDS = re.compile(r"\b\d+(?:\.\d+)? s\b")


@dataclass(frozen=True, slots=True, kw_only=True)
class Beside:
    """A run's answers with a language model beside the verbatim ones of the same questions.

    ``asked`` counts the questions of which it was asked. Of the ``sentences`` that it wrote
    ``supported`` were shown as they stood, ``corrected`` with other markers, ``struck`` not
    at all; to ``unsaid`` questions it wrote that the articles don't say. ``stood`` are the
    ids of the questions whose verbatim answer stands instead, by the reason (without its
    seconds), the commonest first. ``changes`` are from verbatim answers to written ones, over all questions of the
    run; ``won`` and ``lost`` hold ids.
    """

    model: str
    prompt: str
    asked: int
    sentences: int
    supported: int
    corrected: int
    struck: int
    unsaid: int
    stood: Mapping[str, tuple[str, ...]]
    changes: tuple[Change, ...]
    won: tuple[str, ...]
    lost: tuple[str, ...]

    def to_dict(self) -> dict[str, Any]:
        """As JSON can hold it; keys are added to it, and none is renamed."""
        return {
            "asked": self.asked,
            "sentences": self.sentences,
            "supported": self.supported,
            "corrected": self.corrected,
            "struck": self.struck,
            "unsaid": self.unsaid,
            "verbatim stood": {reason: list(ids) for reason, ids in self.stood.items()},
            "changes": {
                one.name: {
                    "verbatim": one.a,
                    "written": one.b,
                    **{key: value for key, value in asdict(one).items() if key not in ("name", "a", "b")},
                }
                for one in self.changes
            },
            "won": list(self.won),
            "lost": list(self.lost),
        }


def beside(run: Run, *, judge: Judge | None = None) -> Beside | None:
    """Both answers to a run's questions; None where no language model was to write any."""
    if run.manifest.writer is None:
        return None
    asked = [(result, result.written) for result in run.results if result.written]
    stood: dict[str, list[str]] = {}
    for result, written in asked:
        if written.failure is not None:
            stood.setdefault(_SECONDS.sub("… s", written.failure), []).append(result.question.id)
    without = [result.verbatim for result in run.results]
    outcomes = {one.question.id: outcome(one, other) for one, other in zip(without, run.results, strict=True)}
    changes = compare(without, run.results, judge=judge, seed=run.manifest.settings.seed)
    return Beside(
        model=run.manifest.writer.model,
        prompt=run.manifest.writer.prompt,
        asked=len(asked),
        sentences=sum(written.sentences for _, written in asked),
        supported=sum(written.supported for _, written in asked),
        corrected=sum(written.corrected for _, written in asked),
        struck=sum(written.struck for _, written in asked),
        unsaid=sum(written.failure is None and not result.answered for result, written in asked),
        stood={reason: tuple(stood[reason]) for reason in sorted(stood, key=lambda reason: -len(stood[reason]))},
        changes=tuple(one for one in changes if one.group in _GROUPS),
        won=tuple(name for name, what in outcomes.items() if what == "won"),
        lost=tuple(name for name, what in outcomes.items() if what == "lost"),
    )


def written_sections(
    found: Beside, results: Sequence[Result], measured: Measured, *, named_judge: bool
) -> list[Section]:
    """The part of a report that is about written answers, and the questions in which they differ.

    ``named_judge`` is whether ``measured`` is by the user's judge, and not by the built-in one.
    """
    same = len(results) - len(found.won) - len(found.lost)
    return [
        Section(
            title="Written answers",
            text=tuple(_told(found, results, measured, named_judge)),
            tables=(
                changes_table("Side by side", [one for one in found.changes if one.over], _SIDES),
                _stood(found),
            ),
        ),
        Section(
            title="Written answers against verbatim ones",
            text=(
                f"{counted(len(found.won), 'question')} won; {len(found.lost):,} lost; {same:,} as right as before.",
            ),
            tables=(*sides_tables(_SIDES, [result.verbatim for result in results], results), _struck(results)),
            listed=True,
        ),
    ]


def _told(found: Beside, results: Sequence[Result], measured: Measured, named_judge: bool) -> Iterator[str]:
    stands = found.asked - sum(map(len, found.stood.values()))
    rest = len(results) - found.asked
    others = f"; the other {rest:,} got a refusal without it" if rest else ""
    unsaid = f", {found.unsaid:,} of them that the articles don’t say" if found.unsaid else ""
    yield (
        f"{found.model} (prompt {found.prompt}) was asked to write the answer to "
        f"{found.asked:,} of {counted(len(results), 'question')}{others}. What it wrote stands for {stands:,}{unsaid}; "
        f"for {found.asked - stands:,} the verbatim answer stands instead."
    )
    if found.sentences:
        supported, corrected, struck = (
            f"{count:,} ({count / found.sentences:.0%})" for count in (found.supported, found.corrected, found.struck)
        )
        yield (
            f"Of {counted(found.sentences, 'sentence')} that it wrote, {supported} were supported by what they cite, "
            f"{corrected} by what their markers were corrected to, and {struck} struck: they are part of no answer."
        )
    recall, precision = measured["written citation recall"], measured["written citation precision"]
    if recall.value is not None:
        who = (
            "the judge that was named" if named_judge else "the built-in judge, whose rules are much those of the check"
        )
        yield (
            f"Of the sentences shown as supported, citation recall is {figured(recall.value)} and precision "
            f"{figured(precision.value)}, by {who}, from what is cited alone."
        )
    if measured["writing p50"].value is not None:
        yield _cost(measured)


def _cost(measured: Measured) -> str:
    def seconds(name: str) -> str:
        value = measured[name].value
        return "–" if value is None else f"{value / 1000:,.2f} s"

    first = (
        f" The first claim stood after {seconds('first claim p50')} in half of those that had one, after less than "
        f"{seconds('first claim p95')} in 95%."
        if measured["first claim p50"].value is not None
        else ""
    )
    return (
        f"Writing cost {measured['prompt tokens'].value:,.0f} tokens of prompt and "
        f"{measured['completion tokens'].value:,.0f} of text a question, and took less than {seconds('writing p50')} "
        f"for half of them and less than {seconds('writing p95')} for 95%.{first}"
    )


def _stood(found: Beside) -> Table:
    rows = tuple(
        Row(cells=(reason, f"{len(ids):,}", f"{len(ids) / found.asked:.0%}"), questions=ids)
        for reason, ids in found.stood.items()
    )
    columns = (
        Column(name="because"),
        Column(name="questions", number=True),
        Column(name="of those asked", number=True),
    )
    return Table(caption="Why the verbatim answer stands", columns=columns, rows=rows)


def _struck(results: Sequence[Result]) -> Table:
    rows = [
        Row(cells=(result.question.id, one.text, "; ".join(one.reasons)))
        for result in results
        if result.written
        for one in result.written.unsupported
    ]
    of = f", {_SHOWN} of {len(rows):,}" if len(rows) > _SHOWN else ""
    columns = (Column(name="question"), Column(name="struck"), Column(name="because"))
    return Table(caption=f"Struck sentences{of}", columns=columns, rows=tuple(rows[:_SHOWN]))
