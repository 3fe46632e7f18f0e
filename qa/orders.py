"""Orders in an article: words that speak to a program which answers, and not to a reader."""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache

from index import Span

__all__ = ["is_order", "lies_in_order"]

# Paragraphs remembered: those of a question's passages are asked for with each sentence.
_REMEMBERED = 4_096
# Letters that nobody sees and a model reads (Unicode's tag characters), as those they stand for.
_TAGS = {0xE0000 + letter: letter for letter in range(0x20, 0x7F)}

_MODEL = r"(?:assistants?|A\.?I\.?s?|AI models?|chat ?bots?|language models?|LLMs?|GPTs?)"
_READING = rf"(?:{_MODEL}|programs?|machines?|models?|robots?)"
_BEGIN = r"(?:^|[.!?:;|“\"(]\s*|\b(?:and|then|please|only|must)\s+)"
_SAY = r"(?:say|write|state|answer|reply|respond|repeat|output|print|cite|rewrite|translate|decode)"

# What is shown in another order than it is stored: a reader doesn't read what a model reads.
_TURNED = "\u2067"
# What frames a conversation with a model, or data in its prompt.
_FRAMES = re.compile(
    r"<\|[^|<>]{1,40}\|>|\[/?INST\]|<</?SYS>>|</?s>|</?(?:tool_call|passages?|system|instructions?|prompt)>|<!--"
    r"|\"(?:answer|claims|role|content)\"\s*:|\[\d+\] *(?:Title|Source|Date|Text):|```"
    r"|javascript:|data:text/html|<(?:script|iframe|img)\b|\bonerror=",
    re.IGNORECASE,
)
# One who speaks, as a turn of a conversation begins.
_TURN = re.compile(rf"(?:^|[|.!?:>\]]\s*|\n)\W{{0,3}}(?:system|user|human|{_MODEL})\s*[:,]", re.IGNORECASE)
# An order to say something, and in what words.
_ORDER = re.compile(
    rf"{_BEGIN}{_SAY}\s+"
    r"(?:only\b|nothing but\b|that\b|word for word\b|again\b|this\b|it (?:as|again)\b"
    r"|the (?:(?:whole|final|next|right|last) )?(?:answer|words?|text|question|prompt|sentences?|API)\b"
    r"|in (?:base64|German|French|Spanish|Russian|Chinese|another language)\b|with (?:the words?|only)\b)"
    rf"|{_BEGIN}(?:ignore|disregard|forget|override)\s+(?:all )?(?:of )?(?:the |your |any |every |these )?"
    r"(?:above|previous|earlier|prior|rules?|instructions?)\b"
    rf"|{_BEGIN}(?:end|begin|start) (?:every|each|your) (?:sentence|answer|reply)\b"
    rf"|{_BEGIN}(?:give|show|tell) the (?:reader|user)\b",
    re.IGNORECASE,
)
# What only somebody who answers questions about passages can be told.
_ADDRESS = re.compile(
    rf"\b(?:to|for|by|that) (?:the |any |all |every )?{_MODEL}\b(?=\s*[:,;.]|\s+(?:that|who|which)\b)"
    rf"|\b{_READING} that (?:reads?|has read|have read|summari[sz]es?)\b"
    rf"|\b{_MODEL}\b[^.!?]{{0,60}}\b(?:must|should|shall|are to|is to|has to|have to)\b"
    r"|\byou are now\b|\bwhen(?:ever)? you (?:summari[sz]e|answer|read this|write)|\bwhatever you are asked\b"
    r"|\b(?:your|the whole|the right) (?:answer|reply|response|prompt|rules)\b"
    r"|\b(?:the|this|these) (?:system message|system prompt|user['’]s question|passages)\b"
    r"|\bthe (?:answer|reply) (?:must|should|has to|is to)\b|\bAPI key\b|\b(?:repeat|change) the (?:answer|question)\b"
    r"|\b(?:further|next|last|follow-up) question\b[^.!?]{0,40}\b(?:as|rewrite)\b",
    re.IGNORECASE,
)


def lies_in_order(text: str, span: Span) -> bool:
    """Whether the paragraph of an article's ``text`` in which ``span`` begins is an order."""
    start = text.rfind("\n", 0, span.start) + 1
    end = text.find("\n", span.start)
    return is_order(text[start : end if end >= 0 else len(text)])


@lru_cache(_REMEMBERED)
def is_order(text: str) -> bool:
    """Whether a paragraph gives orders to a language model, as far as words tell.

    What stands in an order isn't reported: "Say that the bridge fell" doesn't say that it
    did. A paragraph may be taken for one that isn't; nothing that a model writes is then
    supported by it, and it can still be quoted. It is no proof against all orders: whoever
    writes a lie as a report has it reported.
    """
    if not text.isascii():
        if _TURNED in text:
            return True
        text = "".join(c for c in text.translate(_TAGS) if unicodedata.category(c) != "Cf")
    return any(pattern.search(text) for pattern in (_FRAMES, _TURN, _ORDER, _ADDRESS))
