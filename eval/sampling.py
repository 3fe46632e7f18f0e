"""``byline eval sample``: written sentences shown as supported, for a person to judge."""

from __future__ import annotations

import argparse
import random
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from eval.record import Card, Quoted, Result
from eval.run import read_run
from eval.sets.form import new_file
from index import SettingsError
from index.article import clean_line
from qa.escape import escape_markdown

__all__ = ["Shown", "add_arguments", "run", "sample", "sheet"]

_COUNT = 100

_DESCRIPTION = """\
Draw sentences that a language model wrote and that Byline showed as supported, each with
the exact words that it cites, and write them as a sheet in Markdown, to a file or to
standard output. Read the cited words
alone, and put an x between the brackets where they don't support the sentence: the share of
those is what the check lets through.
"""

_EPILOG = """\
examples:
  byline eval sample runs/monday
  byline eval sample runs/monday --n 100 -o sheet.md
  grep -c '^- \\[x\\]' sheet.md

exit codes:
  0  done
  2  wrong usage, or a run that can't be read or has no such sentence
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """A sentence of a model's that was shown as supported, the question that it answers, and
    each citation with its article's card."""

    question: str
    asked: str
    text: str
    cited: tuple[tuple[Quoted, Card], ...]


def sample(results: Sequence[Result], count: int, *, seed: int = 0) -> tuple[Shown, ...]:
    """``count`` of the sentences, or all where there are fewer, in the order of the run; each
    as likely as any other, and the same for the same seed.

    Raises SettingsError where ``count`` is below 1, or there is none.
    """
    if count < 1:
        raise SettingsError(f"{count} sentences can't be drawn; ask for 1 or more")
    found = [one for result in results for one in _shown(result)]
    if not found:
        raise SettingsError(
            "no sentence of this run was written by a language model and kept: "
            "run the set with --llm-base-url and --llm-model"
        )
    chance = random.Random(seed)  # noqa: S311 - it draws sentences, not secrets
    drawn = sorted(chance.sample(range(len(found)), min(count, len(found))))
    return tuple(found[place] for place in drawn)


def sheet(drawn: Sequence[Shown]) -> str:
    """The sheet, in Markdown; foreign text stays text."""
    parts = ["# Are these sentences supported by the words they cite?"]
    for number, one in enumerate(drawn, start=1):
        parts.append(f"## {number}. {_line(one.question)}: {_line(one.asked)}")
        parts.append(f"**{_line(one.text)}**")
        parts += (f"> {_line(quoted.quote)}\n>\n> {_line(_origin(card))}" for quoted, card in one.cited)
        parts.append("- [ ] not supported")
    return "\n\n".join(parts) + "\n"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The arguments of ``byline eval sample``."""
    parser.description, parser.epilog = _DESCRIPTION, _EPILOG
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    parser.add_argument("run", type=Path, metavar="RUN", help="the folder that a run is kept in")
    parser.add_argument(
        "--n", metavar="N", dest="count", type=int, default=_COUNT, help=f"how many sentences (default: {_COUNT})"
    )
    parser.add_argument("--seed", metavar="N", type=int, default=0, help="draw others (default: 0)")
    parser.add_argument(
        "-o", metavar="FILE", dest="output", type=Path, help="a new file to write (default: standard output)"
    )


def run(args: argparse.Namespace) -> int:
    """Writes the sheet that ``args`` ask for; the exit code is 0. Raises as ``sample`` does, RunError
    for a run that can't be read, and QuestionSetError where the file is already there."""
    drawn = sample(read_run(args.run).results, args.count, seed=args.seed)
    if args.output is None:
        sys.stdout.write(sheet(drawn))
        return 0
    with new_file(args.output) as target:
        target.write_text(sheet(drawn), encoding="utf-8", newline="\n")
    noun = "sentence" if len(drawn) == 1 else "sentences"
    print(clean_line(f"{len(drawn)} {noun} written to {args.output}"))
    return 0


def _shown(result: Result) -> Iterator[Shown]:
    cited = {one.marker: one for one in result.citations}
    for claim in result.claims:
        if claim.status != "verbatim":
            quotes = [cited[marker] for marker in claim.markers if marker in cited]
            yield Shown(
                question=result.question.id,
                asked=result.question.question,
                text=claim.text,
                cited=tuple((quote, result.card(quote.article)) for quote in quotes),
            )


def _origin(card: Card) -> str:
    return " · ".join(filter(None, (card.title, card.source, card.published)))


def _line(text: str) -> str:
    return escape_markdown(clean_line(text))
