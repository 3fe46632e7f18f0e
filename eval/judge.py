"""Whether the words that a claim cites support it: the built-in judge, or one that the user names."""

from __future__ import annotations

import argparse
import importlib
import re
import sys
from collections.abc import Callable, Sequence
from datetime import date, datetime
from functools import cache, lru_cache, partial
from pathlib import Path

from eval.record import Card
from index import Article, Sentence, SettingsError, Span
from index.embedder import shared
from index.sentences import split
from qa.check import Checker
from qa.citation import Passage
from qa.entail import Entails

__all__ = ["Judge", "add_judge", "add_judge_alone", "built_in", "claims_judge", "load_judge", "names_function"]

Judge = Callable[[str, Sequence[str]], bool]
"""Takes a claim and the quotes that it cites, and says whether they support it."""

_FUNCTION = re.compile(r"[\w.]*:\w*")
# Claims with what they cite that are remembered: a report asks the same more than once.
_REMEMBERED = 1 << 14


def add_judge(parser: argparse.ArgumentParser) -> None:
    """The option that names the judge of claims. A run only records the name: a file that
    says which code to load would be code itself."""
    parser.add_argument(
        "--claims-judge",
        metavar="PATH_OR_NAME|MODULE:FUNCTION",
        help="for the measures, let this NLI cross-encoder, or this function, (claim, quotes) -> bool, say whether "
        "the quotes (a list) that a claim cites support it",
    )


def add_judge_alone(parser: argparse.ArgumentParser) -> None:
    """That option, and its older name, where nothing is written that another judge could check."""
    add_judge(parser)
    parser.add_argument(
        "--judge", metavar="MODULE:FUNCTION", type=_function, help="the same, for a function: its older name"
    )


def _function(name: str) -> str:
    if names_function(name):
        return name
    raise argparse.ArgumentTypeError(
        f"{name!r:.200} is no MODULE:FUNCTION, and a cross-encoder of this name checks what a model writes, which "
        "is done here already: give --claims-judge, for the measures"
    )


def claims_judge(args: argparse.Namespace) -> str | None:
    """The name of the judge of claims that ``args`` give, by either option.

    Raises SettingsError where both name one.
    """
    named: str | None = args.claims_judge
    function: str | None = args.judge if names_function(args.judge) else None
    if named is not None and function is not None:
        raise SettingsError(f"--judge {function}, --claims-judge {named}: both name what scores claims; give one")
    return function if named is None else named


def names_function(name: str | None) -> bool:
    """Whether a judge is a function, "module:function", and not a cross-encoder."""
    return name is not None and _FUNCTION.fullmatch(name) is not None


def load_judge(name: str | None) -> Judge | None:
    """The judge ``name``: "module:function", from what is installed or the working folder, or
    else the folder or name of a cross-encoder for natural language inference; None of None.

    Raises SettingsError where there is no such function, or loading its module fails; so
    does the judge itself, where the function fails or says neither True nor False. Raises
    ModelError where the cross-encoder can't be loaded.
    """
    if name is None:
        return None
    if not names_function(name):
        return _entailed_by(Entails(name))
    module, _, function = name.partition(":")
    if not module or not function:
        raise SettingsError(f"judge {name!r}: name a function as module:function")
    here = str(Path.cwd())
    if here not in sys.path:
        # Last, so that a file there can't stand in for what is installed.
        sys.path.append(here)
    try:
        found = getattr(importlib.import_module(module), function, None)
    except Exception as error:
        # The user's own code raises what it likes.
        raise SettingsError(f"judge {name!r}: its module can't be loaded ({error!s:.200})") from error
    if not callable(found):
        raise SettingsError(f"judge {name!r}: {module} has no function {function}")
    return partial(_judged, name, found)


def built_in(claim: str, cited: Sequence[tuple[str, Card]]) -> bool:
    """Whether ``qa.check.Checker`` finds ``claim`` supported by the words ``cited``, each with
    the card of its article.

    It is given what a reader of the citations sees, and less than while the answer was
    written: none of the words around a quote. So it tells what the quotes don't say without
    these, and which of them aren't needed; what its rules overlook it overlooks here as well.
    Raises ModelError where the sentence model can't be loaded.
    """
    return _checked(claim, tuple(cited))


@lru_cache(_REMEMBERED)
def _checked(claim: str, cited: tuple[tuple[str, Card], ...]) -> bool:
    markers = "".join(f"[{number}]" for number in range(1, len(cited) + 1))
    passages = [_passage(number, quote, card) for number, (quote, card) in enumerate(cited, start=1)]
    return bool(_checker().check(f"{claim} {markers}", passages).support)


@cache
def _checker() -> Checker:
    return Checker(shared().embed)


def _passage(number: int, quote: str, card: Card) -> Passage:
    return Passage(
        article=Article(
            id=card.id, title=card.title, text=quote, source=card.source, published=_published(card.published)
        ),
        span=Span(start=0, end=len(quote)),
        sentences=tuple(
            Sentence(id=place, article_id=card.id, ordinal=place, paragraph=one.paragraph, span=one.span)
            for place, one in enumerate(split(quote))
        ),
        best=0,
        score=1.0,
        meaning=1.0,
        words=1.0,
        time=1.0,
        rank=number,
    )


def _published(written: str | None) -> date | datetime | None:
    if written is None:
        return None
    try:
        return datetime.fromisoformat(written) if "T" in written else date.fromisoformat(written)
    except ValueError:
        # A run's files may have been edited.
        return None


def _entailed_by(entails: Entails) -> Judge:
    @lru_cache(_REMEMBERED)
    def entailed(claim: str, quotes: tuple[str, ...]) -> bool:
        return entails.entailed(" ".join(quotes), claim)

    return lambda claim, quotes: entailed(claim, tuple(quotes))


def _judged(name: str, judge: Judge, claim: str, quotes: Sequence[str]) -> bool:
    try:
        supported = judge(claim, quotes)
    except Exception as error:
        raise SettingsError(f"judge {name!r}: failed on the claim {claim!r:.200} ({error!s:.200})") from error
    if not isinstance(supported, bool):
        raise SettingsError(
            f"judge {name!r}: gave {supported!r:.40} for the claim {claim!r:.200}; it must say True or False"
        )
    return supported
