"""``byline eval``: put a question set to an index and print or write the measures."""

from __future__ import annotations

import argparse
import json
import os
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from eval.questions import Question, read_questions
from eval.run import Report, evaluate
from index import ArticleError, ArticleIndex, BylineError
from index.progress import bar
from qa import ArticleQA

__all__ = ["main"]

_DESCRIPTION = """\
Ask every question of a set and measure what comes back: whether the right articles and
the right sentences are found, whether the answer holds the accepted words, whether
Byline refuses what the articles don't say, and how long an answer takes.

QUESTIONS is a file of JSON objects, one a line, plain or gzipped. Each has an id and a
question, and may have asked_on (YYYY-MM-DD: answer as of that day), answerable (false
where the articles hold no answer), answers, articles (ids or urls) and evidence
(sentences, any one of which answers). Earlier turns (history) are the conversation that
the question is asked in.
"""

_EPILOG = """\
examples:
  byline eval questions.jsonl                        the index in $BYLINE_INDEX or ./byline-index
  byline eval questions.jsonl --index ~/news-index   another index
  byline eval questions.jsonl --articles news/       an index of these articles, removed afterwards
  byline eval questions.jsonl --json report.json     the measures as JSON as well
  byline eval questions.jsonl --json -               the measures as JSON only, on standard output

exit codes:
  0  done
  1  done, but some of the articles could not be read
  2  wrong usage, or an index or question set that can't be read
"""

_DONE, _REJECTED, _FAILED = 0, 1, 2


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command on ``argv`` (the process's own arguments where None).

    Returns the exit code that ``--help`` documents; wrong usage leaves by SystemExit(2),
    as argparse does.
    """
    parser = _parser()
    args = parser.parse_args(argv)
    target: Path | None = None if args.json in (None, "-") else Path(args.json)
    if target is not None and (target.is_dir() or not target.absolute().parent.is_dir()):
        # Said before the run, since a run may take minutes that would then be lost.
        parser.error(f"--json {target}: not a file in a folder that exists")
    try:
        return _evaluate(args, target)
    except BylineError as error:
        print(f"byline eval: {error}", file=sys.stderr)
    except OSError as error:
        print(f"byline eval: {error.filename or 'error'}: {error.strerror or error}", file=sys.stderr)
    return _FAILED


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="byline eval",
        description=_DESCRIPTION,
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("questions", metavar="QUESTIONS", type=Path, help="the question set, JSONL")
    where = parser.add_mutually_exclusive_group()
    where.add_argument(
        "--index",
        metavar="DIR",
        type=Path,
        help="the index to ask (default: $BYLINE_INDEX or ./byline-index)",
    )
    where.add_argument(
        "--articles",
        metavar="PATH",
        nargs="+",
        type=Path,
        help="index these files and folders for this run only",
    )
    parser.add_argument("--json", metavar="FILE", help="write the measures to FILE as JSON; - for standard output")
    return parser


def _evaluate(args: argparse.Namespace, target: Path | None) -> int:
    # Before any article is indexed: a broken set should say so at once.
    questions = read_questions(args.questions)
    with _index(args) as (folder, rejected):
        report = _run(folder, questions)
    document = json.dumps(report.to_dict(), indent=2) + "\n"
    if target is not None:
        target.write_text(document, encoding="utf-8")
    if args.json == "-":
        sys.stdout.write(document)
    else:
        _print_table(report, args.questions)
    return _REJECTED if rejected else _DONE


@contextmanager
def _index(args: argparse.Namespace) -> Iterator[tuple[Path, int]]:
    """The folder of the index to ask, and how many articles were rejected on the way."""
    if not args.articles:
        yield args.index or Path(os.environ.get("BYLINE_INDEX") or "byline-index"), 0
        return
    with TemporaryDirectory(prefix="byline-eval-") as scratch:
        folder = Path(scratch) / "index"
        with ArticleIndex.open(folder, create=True) as index:
            report = index.add(args.articles)
            for outcome in report.rejected:
                print(f"byline eval: {outcome.name}: {outcome.reason}", file=sys.stderr)
            if not index.article_count:
                raise ArticleError(str(args.articles[0]), "no article could be read, so there is nothing to ask")
        yield folder, len(report.rejected)


def _run(folder: Path, questions: Sequence[Question]) -> Report:
    with ArticleQA.open(folder) as qa, bar("asking", "questions", len(questions)) as shown:
        return evaluate(qa, questions, progress=lambda done, _: shown.update(done - shown.n))


def _print_table(report: Report, questions: Path) -> None:
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    numbers = report.to_dict()
    # Text, since rich would read a file's name with brackets in it as markup.
    title = Text(f"{questions.name}: {report.questions} questions")
    table = Table(title=title, title_justify="left")
    table.add_column("measure")
    table.add_column("value", justify="right")
    table.add_column("over", justify="right")
    for group in ("retrieval", "evidence", "answer", "refusal"):
        for name, value in numbers[group].items():
            over = numbers["applies"].get(name, numbers["applies"][group])
            table.add_row(f"{group} {name}", "-" if value is None else f"{value:.3f}", str(over))
        table.add_section()
    for name, value in numbers["latency_ms"].items():
        table.add_row(f"latency {name}", "-" if value is None else f"{value:.1f} ms", str(report.questions))
    table.add_row("violations", str(report.violations), str(report.questions))
    console = Console()
    console.print(table)
    console.print(f"{report.articles} articles, {report.sentences} sentences", highlight=False)
