"""``byline eval report``: a run's measures, diagnosis and questions, to be read."""

from __future__ import annotations

import argparse
from pathlib import Path

from eval.judge import add_judge_alone, claims_judge, load_judge
from eval.report.browse import browsable
from eval.report.output import add_outputs, check_outputs, put
from eval.report.summary import document, set_name, summarise
from eval.run import read_run

__all__ = ["add_arguments", "run"]


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The arguments of ``byline eval report``."""
    parser.description = (
        "Show what a run found: its measures with their intervals, at which stage questions failed, and results by "
        "kind and month. The HTML page is one file that loads nothing; it adds plots, and every question to browse."
    )
    parser.add_argument("run", type=Path, metavar="RUN", help="the folder that a run is kept in")
    add_judge_alone(parser)
    add_outputs(parser)


def run(args: argparse.Namespace) -> int:
    """Writes the report; the exit code is 0. Raises RunError for a run that can't be read,
    SettingsError for a judge that can't be loaded or is named twice, and ModelError for a cross-encoder
    that can't be."""
    check_outputs(args, args.run)
    found = read_run(args.run)
    summary = summarise(found, judge=load_judge(claims_judge(args)))
    questions = browsable({set_name(found.manifest): found.results})
    put(args, document(summary), summary.to_dict(), questions, "Every question")
    return 0
