"""Answers in a terminal or a pipe: as they come, whole, and with what speaks for them."""

from __future__ import annotations

import sys
import textwrap
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING

from index.article import Article, clean, clean_line

if TYPE_CHECKING:
    from rich.text import Text

    from qa import Answer, Citation, Claim, Event, Unsupported, Written

__all__ = ["named", "print_answer", "print_explanation", "watched"]

# Signals with a smaller share of a passage's score aren't worth a reader's time.
_TELLING = 0.01

_Piece = list[tuple[str, str]]
"""Text with the styles of its parts, as rich names them."""

_OWN_WORDS = "In the articles' own words:"


def named(article: Article) -> str:
    """An article on one line: its day, source and title."""
    published = article.published.isoformat() if article.published else "undated"
    return " · ".join(part for part in (published, article.source, article.title) if part)


def watched(steps: Iterable[Event]) -> Answer:
    """The answer that ``steps`` end in. Until then the terminal shows what has come, in dim
    letters what isn't checked yet; nothing of it stays, but where KeyboardInterrupt stops it
    what was checked."""
    from rich.live import Live

    from qa import Checked, Failed, Finished, Pending

    told: list[_Piece] = []
    pending: _Piece = []
    cited: list[Citation] = []
    with _kept(told, cited), Live(transient=True) as live:
        for step in steps:
            if isinstance(step, Finished):
                return step.answer
            if isinstance(step, Pending):
                pending = [(clean_line(step.text), "dim")]
            elif isinstance(step, Failed):
                told.clear()
                cited.clear()
                pending = []
            elif isinstance(step, Checked):
                pending = []
                cited += step.citations
                if step.claim:
                    label = step.claim.label(dated=step.dated)
                    markers = "".join(f"[{marker}]" for marker in step.claim.markers)
                    told.append([(f"{label}: " if label else "", ""), *_emphasised(step.claim), (f" {markers}", "")])
                elif step.unsupported:
                    told.append(_struck(step.unsupported, plain=False))
            live.update(_styled(_joined([*told, pending], " ")))
    raise AssertionError("the steps of an answer end with the answer")


@contextmanager
def _kept(told: Sequence[_Piece], cited: Sequence[Citation]) -> Iterator[None]:
    """Print what was ``told`` of an answer where it is stopped."""
    from rich.console import Console

    try:
        yield
    except KeyboardInterrupt:
        if told:
            Console().print(_styled(_joined(told, " ")), end="\n\n")
            _print_citations(cited)
            print("Stopped: not a whole answer.")
        raise


def print_answer(answer: Answer) -> None:
    """Print an answer with its references: on a terminal the words that answer in bold, and
    what a language model wrote and nothing supports struck out."""
    plain = not sys.stdout.isatty()
    body = _body(answer, plain=plain)
    if plain:
        print("".join(text for text, _ in body), end="\n\n")
    else:
        from rich.console import Console

        Console().print(_styled(body), end="\n\n")
    if answer.dates:
        print(f"Read {'; '.join(answer.dates)}.", end="\n\n")
    _print_citations(answer.citations)
    if not answer.answered and answer.passages:
        print("Nearest, though they don't answer:")
        for passage in answer.passages[:3]:
            print(f"  {named(passage.article)}, paragraph {passage.paragraph}")
            print(textwrap.indent(textwrap.shorten(passage.text, 200, placeholder=" …"), "    "))
    if answer.written:
        print(f"\n{_account(answer.written)}")


def _print_citations(citations: Iterable[Citation]) -> None:
    for citation in citations:
        print(f"[{citation.marker}] {named(citation.article)}, paragraph {citation.paragraph}")
        print(f"    {citation.link or citation.article.id}")


def print_explanation(answer: Answer) -> None:
    """Print what speaks for each passage, and what a language model was sent."""
    print("\nWhat speaks for each passage (+) and against it (-), as shares of its score:")
    for passage, shares in answer.explain():
        print(f"{passage.rank}. {named(passage.article)}, paragraph {passage.paragraph} ({passage.score:.2f})")
        told = ", ".join(f"{name} {share:+.0%}" for name, share in shares.items() if abs(share) >= _TELLING)
        if passage.reranked is not None:
            told = f"placed by the cross-encoder, which gave it {passage.reranked:.3g}; before it: {told}"
        print(textwrap.fill(told, 100, initial_indent="   ", subsequent_indent="   "))
    if answer.written and answer.written.messages:
        print(f"\nWhat {clean_line(answer.written.model)} was sent (prompt {answer.written.prompt}):")
        for role, content in answer.written.messages:
            print(f"{role}:\n{textwrap.indent(clean(content), '   ')}")


def _body(answer: Answer, *, plain: bool) -> _Piece:
    """What was answered. What is in the articles' own words stands apart from what a model wrote."""
    struck = answer.written.unsupported if answer.written else ()
    own: list[_Piece] = []
    models: list[_Piece] = []
    for place, claim in enumerate(answer.claims):
        models += (_struck(one, plain=plain) for one in struck if one.after == place)
        (own if claim.status == "verbatim" else models).append(_line(answer, claim))
    models += (_struck(one, plain=plain) for one in struck if one.after >= len(answer.claims))
    if not answer.answered:
        own.append([(answer.reason or "", "")])
    failed = answer.written is not None and answer.written.failure is not None
    if models and own and not failed:
        own.insert(0, [(_OWN_WORDS, "")])
    # What was struck out of an answer that can't stand stands below the one that does.
    ordered = (own, models) if failed else (models, own)
    blocks = [_joined(pieces, answer.separator) for pieces in ordered if pieces]
    return _joined(blocks, "\n")


def _line(answer: Answer, claim: Claim) -> _Piece:
    line, label = answer.line(claim), claim.label(dated=answer.dated)
    start = line.index(claim.text, len(label))
    return [(line[:start], ""), *_emphasised(claim), (line[start + len(claim.text) :], "")]


def _emphasised(claim: Claim) -> _Piece:
    piece, place = [], 0
    for span in claim.emphasis:
        piece += [(claim.text[place : span.start], ""), (claim.text[span.start : span.end], "bold")]
        place = span.end
    return [*piece, (claim.text[place:], "")]


def _struck(one: Unsupported, *, plain: bool) -> _Piece:
    text, why = clean_line(one.text), f" ({clean_line('; '.join(one.reasons))})" if one.reasons else ""
    return [(f"[not supported: {text}{why}]", "")] if plain else [(text, "strike"), (why, "dim")]


def _joined(pieces: Iterable[_Piece], glue: str) -> _Piece:
    joined: _Piece = []
    for piece in pieces:
        joined += [(glue, ""), *piece] if joined else piece
    return joined


def _styled(piece: _Piece) -> Text:
    from rich.text import Text

    # Text, since rich would read brackets in an article as markup.
    shown = Text()
    for text, style in piece:
        shown.append(text, style)
    return shown


def _account(written: Written) -> str:
    """What came of letting a language model write."""
    model, usage = clean_line(written.model), written.usage
    sentences = f"{written.sentences:,} sentence{'' if written.sentences == 1 else 's'}"
    told = (
        f"{model} wrote {sentences}: {written.supported:,} supported, {written.corrected:,} corrected, "
        f"{written.struck:,} struck; {'' if usage.reported else 'about '}{usage.prompt:,} tokens read, "
        f"{usage.completion:,} written, {written.took_ms / 1000:.1f} s."
    )
    if written.failure is None:
        return told
    return f"{told}\nThe articles' own words stand, since its answer can't: {clean_line(written.failure)}"
