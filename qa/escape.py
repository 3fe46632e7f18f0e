"""Foreign text made safe to read, and to stand in HTML, Markdown and TeX; each is the only escape of its format."""

from __future__ import annotations

import re
import unicodedata
from html import escape as _escape_html

from index.article import clean

__all__ = ["escape_html", "escape_markdown", "escape_tex", "visible"]

# What Unicode calls a letter or a mark though nothing is seen of it.
_BLANK = re.compile("[\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180f\u2800\u3164\ufe00-\ufe0f\uffa0\U000e0100-\U000e01ef]")
_UNSEEN = ("Cf", "Cs", "Co", "Cn")
_LINE_ENDS = "\t\n\x0b\x0c\r\x85"

_WORD = re.compile(r"\S+")
# What GitHub's flavour links without being asked. It looks for some of these after escapes
# are undone, so that only a code span keeps them as they are.
_LINKED = re.compile(r"://|www\.|@", re.IGNORECASE)
_TICKS = re.compile(r"`+")
_MARKDOWN = re.compile(r"[\\`*_\[\]<>#|~$]|&(?=[#\w])")
# What opens a block at the beginning of a line.
_BLOCK = re.compile(r"^(\d{1,9}|)(?=[-+=.)])", re.ASCII)

_TEX = {
    "\\": r"\textbackslash{}",
    # BibTeX counts braces even after a backslash, so none may be left alone.
    "{": r"\textbraceleft{}",
    "}": r"\textbraceright{}",
    "#": r"\#",
    "$": r"\$",
    "%": r"\%",
    "&": r"\&",
    "_": r"\_",
    "^": r"\textasciicircum{}",
    "~": r"\textasciitilde{}",
    "<": r"\textless{}",
    ">": r"\textgreater{}",
    "|": r"\textbar{}",
    "`": r"\textasciigrave{}",
    # Two in a row become another character in most fonts of TeX.
    "-": "-{}",
    "'": "'{}",
    ",": ",{}",
}
_TEX_ACTIVE = re.compile(r"[\\{}#$%&_^~<>|`]|-(?=-)|'(?=')|,(?=,)")


def visible(text: str) -> str:
    """Text without what a reader doesn't see: what hides, joins or turns letters around, tags,
    and what no font has; a blank for each control character that is no white space."""
    if text.isascii() and text.isprintable():
        return text
    return "".join(map(_seen, _BLANK.sub("", text)))


def _seen(letter: str) -> str:
    kind = unicodedata.category(letter)
    if kind == "Cc" and letter not in _LINE_ENDS:
        return " "
    return "" if kind in _UNSEEN else letter


def escape_html(text: str) -> str:
    """Text that HTML shows as it is, within an element or a quoted attribute."""
    return _escape_html(clean(text))


def escape_markdown(text: str) -> str:
    """Text that CommonMark and GitHub's flavour show as it is, anywhere within one line.

    An address becomes a code span, which no flavour turns into a link.
    Sources: the CommonMark Spec 0.31.2 (2.4 Backslash escapes), and the GitHub Flavored
    Markdown Spec 0.29 (6.9 Autolinks).
    """
    escaped = _WORD.sub(_markdown_word, clean(text))
    escaped = _BLOCK.sub(r"\1\\", escaped)
    if escaped.startswith(" "):
        escaped = f"&#32;{escaped[1:]}"
    if escaped.endswith("!"):
        # It would make an image of a link that follows.
        escaped = f"{escaped[:-1]}\\!"
    return escaped.replace("\n", "&#10;").replace("\t", "&#9;")


def escape_tex(text: str) -> str:
    """Text that TeX prints as it is, with balanced braces; it needs UTF-8."""
    return _TEX_ACTIVE.sub(lambda found: _TEX[found[0]], clean(text))


def _markdown_word(word: re.Match[str]) -> str:
    if not _LINKED.search(word[0]):
        return _MARKDOWN.sub(r"\\\g<0>", word[0])
    fence = "`" * (1 + max((len(run) for run in _TICKS.findall(word[0])), default=0))
    # One blank at each end is not part of the span.
    edge = " " if word[0].startswith("`") or word[0].endswith("`") else ""
    return f"{fence}{edge}{word[0]}{edge}{fence}"
