"""How fast articles become searchable, beside a plain SentenceTransformer on the same sentences.

In turn, round by round: ``ArticleIndex.add`` on some articles, end to end (reading,
splitting, embedding titles and sentences, storing, committing), and
``SentenceTransformer.encode`` at its defaults on exactly the sentences that these
articles were split into. Each round takes other articles and a fresh index, so nothing
embedded before is met again. Loading and preparing the model is counted for neither.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from time import perf_counter
from typing import TYPE_CHECKING

from eval.bench.machine import Machine, this_machine
from index import Article, ArticleIndex, default_model_path
from index.readers import read_all
from index.sentences import split

if TYPE_CHECKING:
    from sentence_transformers import SentenceTransformer

__all__ = ["main"]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Round:
    """One turn of each; seconds of wall time."""

    articles: int
    sentences: int
    index_s: float
    plain_s: float

    @property
    def ratio(self) -> float:
        """How many times as fast the index is."""
        return self.plain_s / self.index_s


def main(argv: Sequence[str] | None = None) -> int:
    """Run the benchmark and print a table, or JSON with ``--json``."""
    parser = argparse.ArgumentParser(prog="python -m eval.bench.embedding", description=__doc__)
    parser.add_argument("--articles", metavar="PATH", nargs="+", required=True, help="files and folders to read")
    parser.add_argument(
        "--sentences",
        type=int,
        default=9_000,
        metavar="N",
        help="sentences over all rounds (default: 9000)",
    )
    parser.add_argument("--rounds", type=int, default=6, metavar="N", help="turns of each (default: 6)")
    parser.add_argument("--json", action="store_true", help="print JSON instead of a table")
    args = parser.parse_args(argv)
    if args.rounds < 1 or args.sentences < args.rounds:
        parser.error("--rounds must be at least 1, and --sentences no fewer than the rounds")

    articles = (reading.article for reading in read_all(args.articles) if reading.article)
    batches = list(_batches(articles, args.rounds, args.sentences // args.rounds))
    if len(batches) < 2:
        parser.error("too few articles for a round: name more of them, or ask for fewer sentences")

    from sentence_transformers import SentenceTransformer

    machine = this_machine()
    model = SentenceTransformer(str(default_model_path()))
    warm_up, *timed = batches
    rounds = [_round(model, warm_up, batch) for batch in timed]
    _print(rounds, machine, str(model.device), as_json=args.json)
    return 0


def _batches(articles: Iterable[Article], rounds: int, size: int) -> Iterator[list[Article]]:
    """A few articles to warm up with, then up to ``rounds`` lots of at least ``size`` sentences."""
    batch: list[Article] = []
    sentences = made = 0
    for article in articles:
        batch.append(article)
        sentences += len(split(article.text, article.language))
        if sentences >= (size if made else 1):
            yield batch
            batch, sentences, made = [], 0, made + 1
            if made > rounds:
                return


def _round(model: SentenceTransformer, warm_up: Sequence[Article], batch: Sequence[Article]) -> _Round:
    sentences = _sentences(batch)
    index_s = _index(warm_up, batch, expected=len(sentences) + len(_sentences(warm_up)))
    model.encode(_sentences(warm_up))
    start = perf_counter()
    model.encode(sentences)
    plain_s = perf_counter() - start
    return _Round(articles=len(batch), sentences=len(sentences), index_s=index_s, plain_s=plain_s)


def _index(warm_up: Sequence[Article], batch: Sequence[Article], *, expected: int) -> float:
    """Seconds to add ``batch`` to a new index whose model ``warm_up`` has made ready."""
    with TemporaryDirectory(prefix="byline-bench-") as scratch:
        first = _written(Path(scratch) / "first.jsonl", warm_up)
        rest = _written(Path(scratch) / "rest.jsonl", batch)
        with ArticleIndex.open(Path(scratch) / "index", create=True) as index:
            index.add([first])
            start = perf_counter()
            index.add([rest])
            took = perf_counter() - start
            if index.sentence_count != expected:
                # The two would be timed on different work.
                raise SystemExit(f"the index holds {index.sentence_count} sentences, not {expected}")
    return took


def _sentences(articles: Iterable[Article]) -> list[str]:
    return [
        article.text[found.span.start : found.span.end]
        for article in articles
        for found in split(article.text, article.language)
    ]


def _written(path: Path, articles: Iterable[Article]) -> Path:
    lines = (
        json.dumps(
            {
                "id": article.id,
                "title": article.title,
                "text": article.text,
                "published": article.published.isoformat() if article.published else None,
                "language": article.language,
            }
        )
        for article in articles
    )
    path.write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")
    return path


def _print(rounds: Sequence[_Round], machine: Machine, device: str, *, as_json: bool) -> None:
    ratio = median(one.ratio for one in rounds)
    if as_json:
        document = {
            "machine": asdict(machine),
            "device": device,
            "rounds": [asdict(one) | {"ratio": one.ratio} for one in rounds],
            "median_ratio": ratio,
        }
        print(json.dumps(document, indent=2))
        return
    print(f"{machine}; plain SentenceTransformer on {device}")
    print(f"{'':<7}{'':>10}{'':>11}{'ArticleIndex.add':^24}{'encode':^24}")
    per = f"{'sentences/s':>12}{'articles/s':>12}"
    print(f"{'round':<7}{'articles':>10}{'sentences':>11}{per}{per}{'ratio':>8}")
    for number, one in enumerate(rounds, start=1):
        figures = "".join(
            f"{count / seconds:>12.1f}"
            for seconds in (one.index_s, one.plain_s)
            for count in (one.sentences, one.articles)
        )
        print(f"{number:<7}{one.articles:>10}{one.sentences:>11}{figures}{one.ratio:>8.2f}")
    print(f"median ratio {ratio:.2f}")


if __name__ == "__main__":
    sys.exit(main())
