"""How long a question takes from a cold process, and how much of that is imports.

``byline ask`` is run as a user runs it, over and over, on an index of the sample
newspaper. Imports are timed by Python itself (PYTHONPROFILEIMPORTTIME) in runs of their
own, since being timed slows them.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from time import perf_counter

from eval.bench.machine import this_machine
from index import ArticleIndex

__all__ = ["main"]

GAZETTE = Path(__file__).parents[1] / "gazette" / "articles"
_QUESTION = "How much will it cost to repair the harbour wall?"


@dataclass(frozen=True, slots=True, kw_only=True)
class _Run:
    """One process: wall time and, where they were timed, the imports in it, in milliseconds."""

    wall_ms: float
    imports_ms: float


def main(argv: Sequence[str] | None = None) -> int:
    """Run the benchmark and print a table, or JSON with ``--json``."""
    parser = argparse.ArgumentParser(prog="python -m eval.bench.startup", description=__doc__)
    parser.add_argument("--runs", type=int, default=5, metavar="N", help="timed runs of each kind (default: 5)")
    parser.add_argument("--json", action="store_true", help="print JSON instead of a table")
    args = parser.parse_args(argv)
    if args.runs < 1:
        parser.error("--runs must be at least 1")
    command = _byline()
    if command is None:
        parser.error("no byline command beside this Python or on the PATH: install the project first")

    machine = this_machine()
    with TemporaryDirectory(prefix="byline-bench-") as scratch:
        folder = Path(scratch) / "index"
        with ArticleIndex.open(folder, create=True) as index:
            index.add([GAZETTE])
        ask = [command, "ask", "--index", str(folder), _QUESTION]
        # The first run fills the file cache, which the second user of the day finds filled.
        _run(ask)
        walls = [_run(ask).wall_ms for _ in range(args.runs)]
        imports = [_run(ask, time_imports=True) for _ in range(args.runs)]
        helps = [_run([command, "--help"]).wall_ms for _ in range(args.runs)]
        bare = [_run([sys.executable, "-c", "pass"]).wall_ms for _ in range(args.runs)]

    rows = {
        "byline ask, cold process": walls,
        "of that, imports": [run.imports_ms for run in imports],
        "byline --help": helps,
        "python alone": bare,
    }
    if args.json:
        document = {
            "machine": asdict(machine),
            "runs": args.runs,
            "ms": {
                name: {"median": median(values), "min": min(values), "max": max(values)}
                for name, values in rows.items()
            },
        }
        print(json.dumps(document, indent=2))
        return 0
    print(f"{machine}; {args.runs} runs each, after one uncounted")
    print(f"{'':<28}{'median ms':>11}{'min':>9}{'max':>9}")
    for name, values in rows.items():
        print(f"{name:<28}{median(values):>11.0f}{min(values):>9.0f}{max(values):>9.0f}")
    return 0


def _byline() -> str | None:
    """The command installed with this Python, else the one on the PATH."""
    beside = str(Path(sys.executable).parent)
    return shutil.which("byline", path=beside) or shutil.which("byline")


def _run(command: list[str], *, time_imports: bool = False) -> _Run:
    environment = {**os.environ, **({"PYTHONPROFILEIMPORTTIME": "1"} if time_imports else {})}
    start = perf_counter()
    done = subprocess.run(command, capture_output=True, text=True, check=False, env=environment)
    wall_ms = (perf_counter() - start) * 1000
    if done.returncode != 0:
        raise SystemExit(f"{' '.join(command)} left by {done.returncode}: {done.stderr[-2000:]}")
    return _Run(wall_ms=wall_ms, imports_ms=_imports_ms(done.stderr))


def _imports_ms(stderr: str) -> float:
    """The sum of the modules' own times; lines read ``import time: self | cumulative | name``."""
    own_us = 0
    for line in stderr.splitlines():
        label, _, numbers = line.partition(":")
        own = numbers.split("|")[0].strip()
        if label == "import time" and own.isdecimal():
            own_us += int(own)
    return own_us / 1000


if __name__ == "__main__":
    sys.exit(main())
