"""A text that is still being written, cut into its sentences as they end."""

from __future__ import annotations

import re

from index.article import clean, clean_line

__all__ = ["Draft"]

# A sentence that doesn't end is cut at white space.
_LONGEST = 1_000

_MARKER = (
    r"[\[【](?:passages?|sources?|articles?|no\.|#|\^)?\s{0,2}\d{1,3}"
    r"(?:\s{0,2}(?:,|;|&|and|[-–])\s{0,2}\d{1,3}){0,5}(?:†\w{0,12})?\s?[\]】]"
)
_BESIDE = re.compile(rf"(?:[ \t]*{_MARKER})+[.!?]*", re.IGNORECASE)
_BELOW = re.compile(rf"(?:\s*{_MARKER})+", re.IGNORECASE)
_BEGUN = re.compile(r"[\[【][^\[\]【】]{0,90}\Z")
_SPACE = re.compile(r"[ \t]*")
_BLANKS = re.compile(r"[ \t]{2,}")
_BREAK = re.compile(r" ?\n\s*")
_ANY_SPACE = re.compile(r"\s*")
_STOPS = re.compile(r"[.!?…。！？]+")
_CLOSING = re.compile(r"[\"”’»)*_]*")
# What opens a line and is no part of its sentence.
_BULLET = re.compile(r"(?:[#>*•·–-]+|\(?\d{1,2}[.)])[ \t]+")
_BULLET_BEGUN = re.compile(r"(?:[#>*•·–-]+|\(?\d{0,2}[.)]?)?[ \t]*\Z")
# What small models write of the frame of a prompt: some before what they say, some instead.
_LABEL = re.compile(
    r"[*_]{0,3}(?:text|(?:the[ ])?(?:final[ ])?answer(?:[ ]is)?)[*_]{0,3}[ ]?:[*_]{0,3}[ \t]*", re.IGNORECASE
)
_OPENINGS = ("answer:", "text:", "question:", "today is ")
_FRAME = re.compile(
    r"[*_]{0,3}(?:today[ ]is[ ]\d{1,2}[ ][a-z]+[ ]\d{4}\W*|question[*_]{0,3}[ ]?:.*"
    r"|[0-9a-f]{8}[ ](?:passage|end[ ]of[ ]the[ ]passage).*"
    r"|answer[ ]the[ ]question[ ]below[ ]in[ ]a[ ]few[ ]short.*)",
    re.IGNORECASE | re.DOTALL,
)
_IMAGE = re.compile(r"!\[[^\[\]\n]{0,300}\]\([^()\n]{0,500}\)")
_IMAGE_BEGUN = re.compile(r"!(?:\[[^\[\]\n]{0,300}(?:\](?:\([^()\n]{0,500})?)?)?\Z")
_SAYING = re.compile(r"\w")
_BEFORE_NAME = re.compile("mr|mrs|ms|dr|prof|sen|rep|gov|gen|col|sgt|capt|lt|st|rev|hon|vs|messrs|cllr|supt")
_BEFORE_NUMBER = re.compile("nos?|pp?|vol|fig|art|jan|feb|mar|apr|jun|jul|aug|sept?|oct|nov|dec|approx")
_LAST_WORD = re.compile(r"(?:[^\W\d_]\.)*[^\W\d_]+\Z")


class Draft:
    """Collects pieces of text. The sentences are the same however the text was cut into pieces.

    A sentence ends with a line, or with a stop, closing marks and citation markers behind
    it, before what may begin another; never within a quotation, unless its line ends. It
    keeps its markers. Bullets are left out, and so are what holds no letter or digit and
    what is of a prompt's frame: "Answer:", "Question: …", "Today is …".
    """

    def __init__(self) -> None:
        self._text = ""
        # Behind a label a number is no bullet.
        self._labelled = False

    def add(self, piece: str) -> list[str]:
        """The sentences that end for certain with ``piece``, in order."""
        # However many lines a model leaves empty, no more than one break is read again and again.
        self._text = _BREAK.sub("\n", _BLANKS.sub(" ", self._text + clean(piece.replace("\r", "\n"))))
        return self._taken(final=False)

    def end(self) -> list[str]:
        """The sentences that are left now that nothing follows."""
        return self._taken(final=True)

    @property
    def pending(self) -> str:
        """What there is of the sentence that hasn't ended, on one line, without its markers."""
        told = clean_line(_BEGUN.sub("", _BELOW.sub("", self._text)))
        if not _SAYING.search(told) or _BULLET_BEGUN.match(told) or _IMAGE_BEGUN.match(told):
            return ""
        opening = told.lower().lstrip("*_")
        return "" if any(one.startswith(opening) or opening.startswith(one) for one in _OPENINGS) else told

    def _taken(self, *, final: bool) -> list[str]:
        found: list[str] = []
        while True:
            self._text = self._text.lstrip()
            bullet = None if self._labelled else _BULLET.match(self._text)
            if bullet:
                self._text = self._text[bullet.end() :]
                continue
            label = _LABEL.match(self._text)
            # Blanks and marks may follow it.
            if label and label.end() < len(self._text):
                self._text = self._text[label.end() :]
                self._labelled = not self._text.startswith("\n")
                continue
            # It may still become a bullet.
            begun = not final and not self._labelled and _BULLET_BEGUN.match(self._text)
            if not self._text or label or begun:
                return found
            end = _end(self._text, final=final)
            if end is None:
                return found
            sentence, self._text = self._text[:end].rstrip(), self._text[end:]
            self._labelled = False
            if _SAYING.search(_BELOW.sub("", sentence)) and not _FRAME.fullmatch(sentence):
                found.append(sentence)


def _end(text: str, *, final: bool) -> int | None:
    """Where the sentence that begins ``text`` ends, behind its markers; None where what
    follows has to tell. Once told, nothing that follows changes it."""
    # An image ends with no stop, and what follows is another thing.
    if image := _IMAGE.match(text):
        return image.end()
    if not final and _IMAGE_BEGUN.match(text):
        return None
    place, quoted = 0, False
    while place < len(text):
        if place >= _LONGEST:
            space = max(text.rfind(" ", 1, place), text.rfind("\t", 1, place))
            return space if space > 0 else place
        char = text[place]
        if char == "\n":
            return _line_end(text, place, final=final)
        if not (stops := _STOPS.match(text, place)):
            quoted = not quoted if char == '"' else char == "“" or (quoted and char != "”")
            place += 1
            continue
        closing = _CLOSING.match(text, stops.end())
        behind = closing.end() if closing else stops.end()
        if behind == len(text) and not final:
            return None
        quoted = quoted and not set(text[stops.end() : behind]) & {"”", '"'}
        if not quoted:
            end = _stop_end(text, place, behind, final=final)
            if end is None or end >= 0:
                return end
        place = behind
    return len(text) if final else None


def _line_end(text: str, place: int, *, final: bool) -> int | None:
    """The end of a sentence whose line ends at ``place``: markers alone on the next one are its own."""
    markers = _BELOW.match(text, place)
    end = markers.end() if markers else place
    rest = _ANY_SPACE.match(text, end)
    behind = rest.end() if rest else end
    if not final and (behind == len(text) or _BEGUN.match(text, behind)):
        return None
    return end if markers and (behind == len(text) or "\n" in text[end:behind]) else place


def _stop_end(text: str, stop: int, behind: int, *, final: bool) -> int | None:
    """The end of a sentence that may end with the stop at ``stop`` and what closes it before
    ``behind``: None where that can't be told yet, -1 where it doesn't end."""
    markers = _BESIDE.match(text, behind)
    end = markers.end() if markers else behind
    space = _SPACE.match(text, end)
    follows = space.end() if space else end
    if not final and (follows == len(text) or _BEGUN.match(text, follows)):
        return None
    if markers:
        return end
    if follows == len(text):
        return end
    if follows == behind or text[follows] == "\n" or text[follows].islower():
        return -1
    word = _LAST_WORD.search(text, 0, stop)
    if text[stop:behind] != "." or word is None:
        return end
    told = word[0].lower()
    initials = "." in told or (len(told) == 1 and told != "i")
    numbered = text[follows].isdigit() and _BEFORE_NUMBER.fullmatch(told)
    return -1 if initials or numbered or _BEFORE_NAME.fullmatch(told) else end
