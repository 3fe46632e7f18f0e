"""Sentences with exact offsets."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from sentencex import get_sentence_boundaries

from index.article import Span

__all__ = ["Split", "split"]

MAX_SENTENCE = 1000
"""Code points; longer ones are cut at white space. Models read about this much."""

_PARAGRAPH = re.compile(r"[^\n]+")
_SURROGATE = re.compile("[\ud800-\udfff]")
# The end of a sentence that is really the beginning of the next.
_OPENING = re.compile(r"(?<=\s)[\"“‘«(\[]+\s*\Z")
# sentencex looks back over the whole string at each stop, so a line without end is
# handed to it in pieces.
_PIECE = 20_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Split:
    """A sentence's place: its paragraph, counted from 1, and its span in the text."""

    paragraph: int
    span: Span


def split(text: str, language: str | None = None) -> list[Split]:
    """The sentences of ``text`` in order, by the rules of ``language`` (ISO 639-1, English
    where unknown).

    A paragraph is a line that isn't blank. Spans don't overlap, neither begin nor end
    with white space, and together hold every character that isn't white space; none is
    longer than ``MAX_SENTENCE``.
    """
    found: list[Split] = []
    paragraph = 0
    for line in _PARAGRAPH.finditer(text):
        if line.group().isspace():
            continue
        paragraph += 1
        found.extend(
            Split(paragraph=paragraph, span=span)
            for piece in _cut(line.group(), line.start(), _PIECE)
            for sentence in _sentences(text, piece, language or "en")
            for span in _cut(text[sentence.start : sentence.end], sentence.start, MAX_SENTENCE)
        )
    return found


def _sentences(text: str, piece: Span, language: str) -> Iterator[Span]:
    # sentencex raises on lone surrogates; a stand-in of the same length keeps offsets.
    plain = _SURROGATE.sub("\N{REPLACEMENT CHARACTER}", text[piece.start : piece.end])
    start = piece.start
    for boundary in get_sentence_boundaries(language, plain):
        end = piece.start + boundary["end_index"]
        # A quotation mark or bracket after a space opens what follows; sentencex leaves it
        # at the end of what it follows.
        opening = _OPENING.search(text, start, end)
        if opening and end < piece.end:
            end = opening.start()
        span = _trim(text, start, end)
        start = end
        if span.start < span.end:
            yield span


def _trim(text: str, start: int, end: int) -> Span:
    while start < end and text[start].isspace():
        start += 1
    while end > start and text[end - 1].isspace():
        end -= 1
    return Span(start=start, end=end)


def _cut(text: str, offset: int, limit: int) -> Iterator[Span]:
    """``text``, which stands at ``offset``, in trimmed spans of at most ``limit``."""
    start = 0
    while start < len(text):
        end = len(text)
        if end - start > limit:
            end = start + limit
            space = max(text.rfind(" ", start + 1, end), text.rfind("\t", start + 1, end))
            end = space if space > start else end
        span = _trim(text, start, end)
        if span.start < span.end:
            yield Span(start=offset + span.start, end=offset + span.end)
        start = end
