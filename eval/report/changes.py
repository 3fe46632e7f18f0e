"""Two sides of the same questions, as reports show them: what changed, what was won and what was lost."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

from eval.measures import Change, judged
from eval.record import Result
from eval.report.document import Column, Row, Table, figured, interval
from eval.report.plots import change as draw_change

__all__ = ["ALPHA", "Outcome", "changes_table", "outcome", "sides_tables", "told_p"]

Outcome = Literal["won", "lost"]
"""What became of a question from A to B: wrong before and right now, or the other way about."""

ALPHA = 0.05
"""A change with a p below this is told first."""

# Most of all changes in a measure stay within this, and a drawing needs some scale.
_LEAST_REACH = 0.05


def outcome(a: Result, b: Result) -> Outcome | None:
    """What became of a question, None where it is as right or as wrong as it was."""
    before, after = judged(a), judged(b)
    if before.right == after.right:
        return None
    return "won" if after.right else "lost"


def changes_table(caption: str, changes: Sequence[Change], sides: tuple[str, str] = ("A", "B")) -> Table:
    """A row a measure: its value on both ``sides``, and the change with its interval and p."""
    drawn = [
        abs(end) for one in changes for end in (one.low, one.high, one.difference) if end is not None and _share(one)
    ]
    reach = max([_LEAST_REACH, *drawn])
    columns = (
        Column(name="measure"),
        *(Column(name=name, number=True) for name in (*sides, "change", "95% interval", "p", "over")),
    )
    return Table(caption=caption, columns=columns, rows=tuple(_change(one, reach) for one in changes))


def sides_tables(names: tuple[str, str], a: Sequence[Result], b: Sequence[Result]) -> tuple[Table, Table]:
    """The questions that were won and those that were lost, a row each, with both answers."""
    pairs = [(one, other, outcome(one, other)) for one, other in zip(a, b, strict=True)]
    columns = tuple(Column(name=name) for name in ("question", *names, "accepted"))
    won, lost = (
        Table(
            caption=what.capitalize(),
            columns=columns,
            rows=tuple(_sides(one, other) for one, other, became in pairs if became == what),
        )
        for what in ("won", "lost")
    )
    return won, lost


def told_p(p: float | None) -> str:
    """A p as reports write it."""
    return "–" if p is None else "<0.001" if p < 0.001 else f"{p:.3f}"


def _change(one: Change, reach: float) -> Row:
    better = None
    if one.p is not None and one.p < ALPHA and one.difference:
        better = (one.difference > 0) == (one.better == "higher")
    mark = ""
    if one.difference is not None and _share(one):
        mark = draw_change(one.low, one.difference, one.high, reach=reach, better=better)
    return Row(
        cells=(
            one.name,
            figured(one.a),
            figured(one.b),
            figured(one.difference, signed=True),
            interval(one.low, one.high, signed=True),
            told_p(one.p),
            f"{one.over:,}",
        ),
        mark=mark,
        group=one.group,
    )


def _share(change: Change) -> bool:
    return change.name != "violations"


def _sides(a: Result, b: Result) -> Row:
    return Row(cells=(f"{a.question.id}: {a.question.question}", _answer(a), _answer(b), _accepted(a)))


def _answer(result: Result) -> str:
    return result.said if result.answered else "refused"


def _accepted(result: Result) -> str:
    question = result.question
    if not question.answerable:
        return "a refusal"
    return (" and " if question.needs == "all" else " or ").join(
        question.answers or question.evidence or question.articles
    )
