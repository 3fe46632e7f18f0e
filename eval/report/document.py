"""A report as its readers see it, before it is put into a format: sections of text, tables and plots."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["Column", "Document", "Figure", "Row", "Section", "Table", "counted", "figured", "interval"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Column:
    """A column of a table. A ``number`` column is set flush right."""

    name: str
    number: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """A row: a cell a column, in plain text.

    ``note`` says in a sentence what the row tells and ``mark`` is a small SVG that shows its
    number; only the page has room for them. ``questions`` are the ids of questions that the
    row speaks of. Rows of one ``group`` stand together.
    """

    cells: tuple[str, ...]
    note: str = ""
    mark: str = ""
    questions: tuple[str, ...] = ()
    group: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """A table; ``examples`` heads the column of the rows' questions, where any has some."""

    caption: str
    columns: tuple[Column, ...]
    rows: tuple[Row, ...]
    examples: str = "for example"


@dataclass(frozen=True, slots=True, kw_only=True)
class Figure:
    """A plot, as SVG, with what it shows in words and the table of its numbers."""

    title: str
    text: str
    svg: str
    table: Table


@dataclass(frozen=True, slots=True, kw_only=True)
class Section:
    """A part of a document. Its ``figures`` are for the page alone, where an ``appendix``
    stands after the other parts, and where what is ``listed`` stands in the list of questions
    instead."""

    title: str
    text: tuple[str, ...] = ()
    tables: tuple[Table, ...] = ()
    figures: tuple[Figure, ...] = ()
    appendix: bool = False
    listed: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Document:
    """A report: its title, what it found in a sentence or two, and its sections.

    ``origin`` says what was asked of what, a line a run. ``headline`` is what the page
    begins with, taken from the sections that follow.
    """

    title: str
    lede: str
    origin: tuple[str, ...]
    sections: tuple[Section, ...]
    headline: Section | None = None


def figured(value: float | None, unit: str = "", *, signed: bool = False) -> str:
    """A number as reports write it, a dash where there is none.

    ``unit`` is "" for a share or a score, "ms" for milliseconds, "tokens", "/s" for a rate.
    """
    if value is None:
        return "–"
    number = _digits(value, unit, signed=signed)
    return f"{number}{unit}" if unit in ("", "/s") else f"{number} {unit}"


def interval(low: float | None, high: float | None, unit: str = "", *, signed: bool = False) -> str:
    """The two ends of an interval, a dash where there is none."""
    if low is None or high is None:
        return "–"
    ends = [_digits(end, unit, signed=signed) for end in (low, high)]
    return (" to " if signed else "–").join(ends)


def counted(count: int, noun: str) -> str:
    """A count with its noun: 1 question, 2 questions."""
    return f"{count:,} {noun}{'' if count == 1 else 's'}"


def _digits(value: float, unit: str, *, signed: bool) -> str:
    written = f"{value:{'+' if signed else ''}.{1 if unit else 3}f}"
    # What rounds to nothing is neither a rise nor a fall.
    return written.lstrip("+-") if float(written) == 0 else written
