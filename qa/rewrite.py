"""Whether a question that a language model put anew may stand for the one that was asked."""

from __future__ import annotations

import re
from collections.abc import Iterable

from index.article import clean_line
from qa.english import AUXILIARIES, DETERMINERS, OTHERS, PREPOSITIONS, QUESTION_WORDS
from qa.question import MAX_QUESTION_LENGTH

__all__ = ["accepted"]

# Of a question's own words, without names and numbers, the share that has to stay.
_LEAST = 0.5

_WORD = re.compile(r"\w+(?:[’'.,-]\w+)*")
_OWNING = re.compile(r"[’']s?\Z")
_ENDINGS = ("ing", "ed", "es", "s", "e")
_PRONOUNS = {
    "he", "him", "his", "she", "her", "hers", "they", "them", "their", "theirs", "it", "its", "this", "that", "these",
    "those", "there", "then",
}  # fmt: skip
_SMALL = AUXILIARIES | DETERMINERS | OTHERS | PREPOSITIONS | QUESTION_WORDS | _PRONOUNS
_DENIALS = re.compile(r"\b(?:not|never|no|none|nobody|nothing|without)\b|n[’']t\b", re.IGNORECASE)


def accepted(written: str, question: str, earlier: Iterable[str]) -> str | None:
    """The question in what a model wrote for ``question``, None where it can't be used.

    It is one line, no longer than a question may be. Its words, but for the small ones of
    grammar, are from ``question`` or from the texts ``earlier``; it keeps the question's
    own names and numbers, most of its other words, and denies what that denies.
    """
    line = written.strip()
    line = line[1:-1].strip() if line[:1] in ("“", '"') and line[-1:] in ("”", '"') else line
    if not line or len(line) > MAX_QUESTION_LENGTH or clean_line(line) != line:
        return None
    own, new = _words(question), _words(line)
    if not new <= own | _words(" ".join(earlier)):
        return None
    told = {word.casefold() for word in _spoken(line)}
    if not all(word.casefold() in told for word in _firm(question)):
        return None
    if own and len(own & new) < _LEAST * len(own):
        return None
    return line if bool(_DENIALS.search(line)) is bool(_DENIALS.search(question)) else None


def _spoken(text: str) -> list[str]:
    return [_OWNING.sub("", word) for word in _WORD.findall(text)]


def _words(text: str) -> frozenset[str]:
    """Its words but the small ones, without endings."""
    return frozenset(_stem(word) for word in map(str.casefold, _spoken(text)) if word not in _SMALL)


def _stem(word: str) -> str:
    for ending in _ENDINGS:
        if word.endswith(ending) and len(word) - len(ending) > 2:
            return word.removesuffix(ending)
    return word


def _firm(question: str) -> list[str]:
    """The names and numbers in a question; the word that begins it is neither."""
    first, *others = _spoken(question) or [""]
    names = [word for word in others if word[:1].isupper() and word != "I"]
    return [*names, *(word for word in (first, *others) if any(map(str.isdigit, word)))]
