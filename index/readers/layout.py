"""What pages for print need: their paragraphs made whole, and the date found on them."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from itertools import islice

from index.readers.dates import parse_moment

__all__ = ["OWN_DATE", "paragraphs", "stated_day", "without_furniture"]

OWN_DATE = "it states no date, so its file's stands for it"
"""The note on an article that is dated by the properties of its file."""

# Lines of a first page among which a headline, an author and a date stand.
_OPENING = 12
_DATED = re.compile(r"(?:published|posted|updated|date|dated|on)?\s*:?\s*(?P<date>\S.*)", re.IGNORECASE)

# A header or footer stands among a page's outermost lines.
_EDGE = 3
_LONG = 60
_NUMBER = re.compile(r"\d{1,9}")
# Numbers of a line that may be its page's: enough for a date beside it.
_NUMBERS = 6
_PAGE_NUMBER = re.compile(
    r"[-–—\s]*(?:page|p\.|seite|página)?\s*\d{1,4}(?:\s*(?:of|/|von|de)\s*\d{1,4})?[-–—\s]*", re.IGNORECASE
)
_STOP = re.compile(r"[.!?:;…。！？।][\"'”’»)\]]*\Z")
_BULLET = re.compile(r"[•●▪◦‣–—*]\s")
_HYPHEN = re.compile(r"(?<=[^\W\d_])[-\u00ad\u2010]\Z")
_WORD = re.compile(r"[^\W\d_]+(?:-[^\W\d_]+)*")
# Of the widest usual line; a line that is shorter ended because its paragraph did.
_SHORT = 0.75


def stated_day(lines: Sequence[str]) -> str | None:
    """The first of an article's opening lines that is a date and nothing else."""
    for line in lines[:_OPENING]:
        found = _DATED.fullmatch(line.strip())
        if found and len(line) <= 60:
            try:
                return parse_moment(found["date"]).isoformat()
            except ValueError:
                continue
    return None


def without_furniture(pages: Sequence[Sequence[str]]) -> list[list[str]]:
    """Each page's lines but for headers, footers and page numbers: what stands at the edge
    of half the pages or more, alike but for a number that counts the pages.

    What reads as running text may end two pages alike by chance: it must stand on three,
    and on most.
    """
    several = len(pages) > 1
    counts: Counter[tuple[bool, str]] = Counter()
    for number, page in enumerate(pages):
        counts.update({(top, shape) for place, top in _edges(page) for shape in _shapes(page[place], number)})
    half, most = max(2, (len(pages) + 1) // 2), max(3, len(pages) // 2 + 1)
    kept = []
    for number, page in enumerate(pages):
        dropped = set()
        for place, top in _edges(page):
            line = page[place]
            repeated = max(counts[top, shape] for shape in _shapes(line, number))
            if several and (_PAGE_NUMBER.fullmatch(line) or repeated >= (most if _is_running(line) else half)):
                dropped.add(place)
        kept.append([line for place, line in enumerate(page) if place not in dropped])
    return kept


def paragraphs(lines: Sequence[str]) -> list[str]:
    """Lines joined to paragraphs, words that a line's end parted made whole.

    A paragraph ends at a blank line, before a bullet, and after a short line that ends a
    sentence or is followed by a longer one that begins anew.
    """
    widths = sorted(len(line) for line in lines if line)
    width = widths[int(len(widths) * 0.9)] if widths else 0
    words = Counter(word.lower() for line in lines for word in _WORD.findall(line))
    found: list[str] = []
    current = ""
    for line, after in zip(lines, [*lines[1:], ""], strict=True):
        current = _joined(current, line, words) if line else current
        if current and (not line or _ends(line, after, width)):
            found.append(current)
            current = ""
    return [*found, current] if current else found


def _ends(line: str, after: str, width: int) -> bool:
    if not after or _BULLET.match(after):
        return True
    if len(line) >= _SHORT * width:
        return False
    # A short line without a stop is a heading, unless what follows goes on in its middle.
    return bool(_STOP.search(line)) or not after[0].islower()


def _joined(before: str, line: str, words: Counter[str]) -> str:
    if not before:
        return line
    if not _HYPHEN.search(before) or not line[0].islower():
        return f"{before} {line}"
    head = before[:-1]
    first, last = _WORD.findall(head)[-1:], _WORD.match(line)
    if first and last and before[-1] != "\u00ad":
        whole, parted = f"{first[0]}{last[0]}".lower(), f"{first[0]}-{last[0]}".lower()
        # The article itself tells well-known from won-derful.
        if words[parted] > words[whole]:
            return f"{before}{line}"
    return f"{head}{line}"


def _edges(page: Sequence[str]) -> Iterator[tuple[int, bool]]:
    """The places of a page's outermost lines, and whether each is at its top."""
    for place in range(min(_EDGE, len(page))):
        yield place, True
        if len(page) - 1 - place >= _EDGE:
            yield len(page) - 1 - place, False


def _shapes(line: str, page: int) -> Iterator[str]:
    """A line as it is, and with each of its numbers as what it is more than its page's."""
    line = line.strip().lower()
    yield line
    for found in islice(_NUMBER.finditer(line), _NUMBERS):
        yield f"{line[: found.start()]}#{int(found[0]) - page}#{line[found.end() :]}"


def _is_running(line: str) -> bool:
    """Whether a line reads as part of a text rather than as a header or footer."""
    return len(line) > _LONG or bool(_STOP.search(line)) or line[:1].islower() or line.endswith(",")
