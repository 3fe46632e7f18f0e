"""``byline eval``: put a question set to an index and report the measures; and what helps with sets and runs."""

from __future__ import annotations

import argparse
import math
import os
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from eval.judge import add_judge, claims_judge, load_judge, names_function
from eval.measures import Measured, measure
from eval.questions import read_questions
from eval.run import Settings, evaluate
from eval.sets.shelf import add_shelf_arguments, index_folder
from index import ArticleError, ArticleIndex, BylineError, SettingsError
from index.progress import bar
from qa import ArticleQA

if TYPE_CHECKING:
    from qa.writer import Writer

__all__ = ["main"]

_DESCRIPTION = """\
Ask every question of a set and measure what comes back: whether the right articles and
the right sentences are found, whether the answer holds the accepted words, whether
Byline refuses what the articles don't say, and how long an answer takes.

QUESTIONS is a file of JSON objects, one a line, plain or gzipped. Each has an id and a
question, and may have asked_on (YYYY-MM-DD: answer as of that day), answerable (false
where the articles hold no answer), answers, articles (ids or urls) and evidence
(sentences), any one of which is enough unless needs is "all". Earlier turns (history)
are the conversation that the question is asked in.
"""

_EPILOG = """\
other commands, each with its own --help (a question set of such a name is ./NAME):
  byline eval new        draft a question set from your articles
  byline eval check      find mistakes in a question set
  byline eval import     make a question set of BEIR, SQuAD, MultiHop-RAG and other data
  byline eval export     write a question set or a run in such a format
  byline eval compare    compare two runs, with intervals and p
  byline eval report     report on a run that was kept
  byline eval sample     draw sentences that a language model wrote, for a person to judge

examples:
  byline eval questions.jsonl                        the index in $BYLINE_INDEX or ./byline-index
  byline eval questions.jsonl --index ~/news-index   another index
  byline eval questions.jsonl --articles news/       an index of these articles, removed afterwards
  byline eval questions.jsonl --html report.html     a page with plots and every question
  byline eval questions.jsonl --json -               JSON only, on standard output
  byline eval questions.jsonl --run runs/monday      keep the run, to compare it or report on it
  byline eval questions.jsonl --run runs/monday --resume   go on with it after an interruption
  byline eval questions.jsonl --llm-base-url http://localhost:11434/v1 --llm-model qwen3
                                                     and answers written by a model, beside the verbatim ones
  byline eval questions.jsonl --fail-under "answer contains=0.8" --fail-under "latency p95=500"

exit codes:
  0    done
  1    done, but some of the articles could not be read, or a measure is past its --fail-under
  2    wrong usage, or an index, question set or run that can't be read or written
  130  interrupted; a run that is kept can be taken up with --resume
"""

_KEY = "BYLINE_LLM_API_KEY"
_DONE, _SHORT, _FAILED, _INTERRUPTED = 0, 1, 2, 130

_COMMANDS = {
    "new": "eval.drafting",
    "check": "eval.checking",
    "import": "eval.sets.importing",
    "export": "eval.sets.exporting",
    "compare": "eval.compare",
    "report": "eval.report.command",
    "sample": "eval.sampling",
}


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command on ``argv`` (the process's own arguments where None).

    Returns the exit code that ``--help`` documents; wrong usage leaves by SystemExit(2),
    as argparse does.
    """
    arguments = list(sys.argv[1:] if argv is None else argv)
    try:
        if arguments and arguments[0] in _COMMANDS:
            command = import_module(_COMMANDS[arguments[0]])
            parser = argparse.ArgumentParser(
                prog=f"byline eval {arguments[0]}", formatter_class=argparse.RawDescriptionHelpFormatter
            )
            command.add_arguments(parser)
            return int(command.run(parser.parse_args(arguments[1:])))
        parser = _parser()
        return _evaluate(parser.parse_args(arguments), parser)
    except BylineError as error:
        print(f"byline eval: {error}", file=sys.stderr)
    except OSError as error:
        print(f"byline eval: {error.filename or 'error'}: {error.strerror or error}", file=sys.stderr)
    except KeyboardInterrupt:
        print("byline eval: stopped", file=sys.stderr)
        return _INTERRUPTED
    return _FAILED


def _parser() -> argparse.ArgumentParser:
    from eval.report.output import add_outputs

    parser = argparse.ArgumentParser(
        prog="byline eval",
        description=_DESCRIPTION,
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("questions", metavar="QUESTIONS", type=Path, help="the question set, JSONL")
    add_shelf_arguments(parser, index="the index to ask", articles="index these files and folders for this run only")
    parser.add_argument("--skip-broken", action="store_true", help="name the set's broken lines and ask the others")
    parser.add_argument("--jobs", metavar="N", type=int, default=1, help="ask so many at a time (default: 1)")
    parser.add_argument("--run", metavar="DIR", type=Path, help="keep the run in this folder, as it goes")
    parser.add_argument("--resume", action="store_true", help="take up the run in --run where it was interrupted")
    parser.add_argument("--seed", metavar="N", type=int, default=0, help="draw intervals from this seed (default: 0)")
    add_judge(parser)
    _add_writer(parser)
    parser.add_argument(
        "--fail-under",
        metavar="NAME=VALUE",
        action="append",
        default=[],
        type=_bound,
        help="leave by 1 where a measure is worse than this: below it, or above it where lower is better",
    )
    add_outputs(parser)
    return parser


def _add_writer(parser: argparse.ArgumentParser) -> None:
    group = parser.add_argument_group("answers written by a language model, beside the verbatim ones")
    group.add_argument(
        "--llm-base-url",
        metavar="URL",
        help=f"the OpenAI-compatible endpoint to ask, such as http://localhost:11434/v1; a key, if it wants one, "
        f"comes from ${_KEY}",
    )
    group.add_argument("--llm-model", metavar="NAME", help="the model to ask, as the endpoint names it")
    group.add_argument(
        "--llm-timeout", metavar="SECONDS", type=float, help="then the verbatim answer stands (default: 30)"
    )
    group.add_argument(
        "--llm-context",
        metavar="TOKENS",
        type=int,
        help="what the model can read and write at a time (default: 4096)",
    )
    group.add_argument(
        "--llm-rewrite", action="store_true", help="let the model put follow-ups as questions of their own"
    )
    group.add_argument(
        "--judge",
        metavar="PATH_OR_NAME",
        help="let this NLI cross-encoder check each sentence too, as in `byline ask`; MODULE:FUNCTION, a function by "
        "the colon in it, scores claims instead, as --claims-judge does",
    )
    group.add_argument(
        "--unsupported",
        choices=("drop", "strike"),
        help="only count the sentences that nothing supports, or keep them (default: strike, and not drop as in "
        "`byline ask`, since a report is there to show what the check struck, and why)",
    )


def _writer(args: argparse.Namespace, parser: argparse.ArgumentParser) -> Writer | None:
    if (args.llm_base_url is None) != (args.llm_model is None):
        parser.error("--llm-base-url and --llm-model go together: give both, or neither")
    judge = None if names_function(args.judge) else args.judge
    if args.llm_base_url is None:
        _check_unwritten(args, judge)
        return None
    from qa.llm import LanguageModel
    from qa.writer import Writer

    limits = {"timeout": args.llm_timeout, "context": args.llm_context}
    llm = LanguageModel(
        args.llm_base_url,
        args.llm_model,
        key=os.environ.get(_KEY) or None,
        **{name: value for name, value in limits.items() if value is not None},
    )
    return Writer(llm, judge=judge, unsupported=args.unsupported or "strike", rewrites=args.llm_rewrite)


def _check_unwritten(args: argparse.Namespace, judge: str | None) -> None:
    """Raises SettingsError where an option is about what a language model writes, and none is named."""
    given = {
        "--llm-timeout": args.llm_timeout,
        "--llm-context": args.llm_context,
        "--llm-rewrite": args.llm_rewrite or None,
        "--judge": judge,
        "--unsupported": args.unsupported,
    }
    for option, value in given.items():
        if value is not None:
            other = f", or score claims by --claims-judge {value}" if option == "--judge" else ""
            raise SettingsError(
                f"{option}: there is no language model: name one by --llm-base-url and --llm-model{other}"
            )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Bound:
    """How good a measure must be."""

    name: str
    value: float


def _bound(text: str) -> _Bound:
    name, _, value = text.rpartition("=")
    try:
        number = float(value)
    except ValueError:
        number = math.nan
    if not name.strip() or not math.isfinite(number):
        raise argparse.ArgumentTypeError(f'{text!r}: give a measure\'s name and a number, as in "answer contains=0.8"')
    return _Bound(name=name.strip(), value=number)


def _evaluate(args: argparse.Namespace, parser: argparse.ArgumentParser) -> int:
    # Loaded where it is needed: help loads nothing heavy.
    from eval.report.browse import browsable
    from eval.report.output import check_outputs, put
    from eval.report.summary import document, set_name, summarise

    if args.resume and args.run is None:
        parser.error("--resume: name the folder of the run with --run DIR")
    if args.seed < 0:
        parser.error(f"--seed {args.seed}: give 0 or more")
    for name in ("html", "markdown", "json"):
        _check_target(parser, name, getattr(args, name))
    check_outputs(args, args.questions, *filter(None, (args.run, *(args.articles or (index_folder(args),)))))
    _check_bounds(args.fail_under)
    judged_by = claims_judge(args)
    writer = _writer(args, parser)
    judge = load_judge(judged_by)
    # Before any article is indexed: a broken set should say so at once.
    broken: list[str] = []

    def left_out(line: str) -> None:
        broken.append(line)
        print(f"byline eval: left out {line}", file=sys.stderr)

    questions = read_questions(args.questions, broken=left_out if args.skip_broken else None)
    if drafts := sum(question.draft for question in questions):
        print(f"byline eval: {drafts} of {len(questions)} questions are drafts that nobody has read", file=sys.stderr)
    settings = Settings(
        questions=args.questions.name,
        index=None if args.articles else index_folder(args).resolve().name,
        left_out=len(broken),
        seed=args.seed,
        judge=judged_by,
    )
    try:
        with (
            writer.llm if writer else nullcontext(),
            _index(args) as (folder, rejected),
            ArticleQA.open(folder, writer=writer) as qa,
            bar("asking", "questions", len(questions)) as shown,
        ):
            found = evaluate(
                qa,
                questions,
                jobs=args.jobs,
                run=args.run,
                resume=args.resume,
                progress=lambda done, _: shown.update(done - shown.n),
                settings=settings,
            )
    except KeyboardInterrupt:
        how = f": the same command with --resume goes on with the run in {args.run}" if args.run else ""
        print(f"byline eval: interrupted{how}", file=sys.stderr)
        return _INTERRUPTED
    summary = summarise(found, judge=judge)
    questions_shown = browsable({set_name(found.manifest): found.results})
    put(args, document(summary), summary.to_dict(), questions_shown, "Every question")
    short = list(_shortfalls(summary.measured, args.fail_under))
    for line in short:
        print(f"byline eval: {line}", file=sys.stderr)
    return _SHORT if rejected or short else _DONE


def _check_target(parser: argparse.ArgumentParser, name: str, target: str | None) -> None:
    # Said before the run, since a run may take minutes that would then be lost.
    if target not in (None, "-"):
        path = Path(target)
        if path.is_dir() or not path.absolute().parent.is_dir():
            parser.error(f"--{name} {target}: not a file in a folder that exists")


@contextmanager
def _index(args: argparse.Namespace) -> Iterator[tuple[Path, int]]:
    """The folder of the index to ask, and how many articles were rejected on the way."""
    if not args.articles:
        yield index_folder(args), 0
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


def _check_bounds(bounds: Sequence[_Bound]) -> None:
    known = measure(())
    for bound in bounds:
        measure_of = known[bound.name]
        if measure_of.better == "higher" and not measure_of.unit and bound.value > 1:
            raise SettingsError(f"--fail-under {bound.name}={bound.value:g}: it is a share; give one from 0 to 1")


def _shortfalls(measured: Measured, bounds: Sequence[_Bound]) -> Iterator[str]:
    """A line for each measure that isn't as good as its bound."""
    for bound in bounds:
        found = measured[bound.name]
        if found.value is None:
            # Passing what was never measured would be a gate that stands open.
            yield f"{bound.name} applies to no question of this set, and {bound.value:g} was asked for"
        elif found.better == "lower" and found.value > bound.value:
            yield f"{bound.name} is {found.value:.4g}{found.unit}, above {bound.value:g}"
        elif found.better == "higher" and found.value < bound.value:
            yield f"{bound.name} is {found.value:.4g}{found.unit}, below {bound.value:g}"
