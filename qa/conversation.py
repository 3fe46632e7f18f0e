"""Follow-ups: what a question means after those before it, without a language model.

A pronoun stands for the person or thing most spoken of; a question cut short takes the
rest from the last one; what stands by itself takes nothing.
"""

from __future__ import annotations

import re
import time
from collections.abc import AsyncGenerator, Callable, Coroutine, Generator, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date
from functools import lru_cache
from itertools import pairwise
from typing import Any, Literal, Unpack, overload

from index import QuestionError, day_of
from index.article import clean_line
from qa.answer import Answer
from qa.asynchronous import Halt, in_thread, last_answer
from qa.english import (
    AUXILIARIES,
    DECISIONS,
    DETERMINERS,
    GENERIC,
    LEANING,
    LINKING,
    POINTING,
    PREPOSITIONS,
    QUESTION_WORDS,
)
from qa.events import Event, Finished, finished
from qa.phrases import (
    Mention,
    Word,
    full_names,
    is_role,
    is_time,
    is_verb,
    mentions,
    words,
)
from qa.question import MAX_QUESTION_LENGTH, Limits, understand
from qa.writer import Writing, tell

__all__ = ["Conversation", "Exchange", "Understood", "resolve"]

_TURNS = 8
"""Exchanges that are remembered: nobody means by "he" someone named longer ago."""

# Exchanges whose articles a follow-up is likely answered by.
_STORY = 2

# What a wrong topic takes from the confidence is .15 as a rule, and what a right one does
# is nothing: only a plain question that is clearly surer stands by itself.
_AS_SURE = 0.02

_PERSONAL = {
    "he": "he", "him": "he", "his": "he", "she": "she", "her": "she", "hers": "she",
    "they": "they", "them": "they", "their": "they", "theirs": "they", "it": "it", "its": "it",
}  # fmt: skip
_OWNING = {"his", "her", "hers", "their", "theirs", "its"}
_OBJECTS = {"him", "them"}
_CLAUSE = {"who", "that", "why", "if", "whether", "when", "after", "before", "because", "how", "what", "where", "while"}
_DO = {"do", "does", "did", "don't", "doesn't", "didn't"}
_BE = {"is", "are", "was", "were", "be", "been"}
# Before these "it" means nothing: "is it true that", "how much will it cost to".
_EMPTY_IT = re.compile(
    r"\bit\s+(?:be\s+|been\s+|going\s+to\s+)?(?:(?:\w+\s+){0,2}?(?:cost|costs|takes?|took|taken|mean|help|matter)\s+"
    r"(?:[^?]*\s)?to\s+\w|(?:\w+\s+){0,2}?(?:true|likely|possible|safe|legal|illegal|worth|necessary|important|clear|"
    r"fair|time|hot|cold|rain|raining|snow|snowing|that|because)\b|get\b|from\b.*\bto\b|called\s+(?:when|if)\b"
    r"|(?:is|was)\s+(?:\w+ly\s+)?\w+ed\s+(?:that|to)\b)"
    r"|\bma(?:ke|kes|king|de)\s+it\s+(?:\w+\s+)?to\b",
    re.IGNORECASE,
)
_LEAD = re.compile(
    r"^(?:(?:and|but|so|or|also|then|ok|okay|well|yes|no|right|thanks|thank you|great|hmm|oh)\b[\s,.!…-]*)+",
    re.IGNORECASE,
)
_ABOUT = re.compile(
    r"^(?:what|how)\s+about\s+(?P<a>.+?)\s*\??$|^(?:what|how)\s+(?P<b>(?:in|at|on|for|during|after|before)\s+.+?)\s*\??$",
    re.IGNORECASE,
)
_TELL = re.compile(r"(?:please\s+)?(?:tell|list|explain|describe|give|show|name|say|summari[sz]e)\b", re.IGNORECASE)
_VERBLESS = re.compile(
    r"(?:why|when|where|how)\s+(?:did|does|do|will|has|have|would|can|could)\s+(?:he|she|it|they)\s*\??$",
    re.IGNORECASE,
)
_CARRIED = re.compile(r"\s*\(about: (?P<what>[^()]*)\)")
_DATE = re.compile(
    r"\b(?:(?:in|on|by|since|during|for|from|until)\s+)?(?:(?:the\s+)?(?:last|this|next|previous|following|same)\s+"
    r"(?:year|month|week|weekend|season|spring|summer|autumn|fall|winter|quarter|decade|century|night|time|"
    r"monday|tuesday|wednesday|thursday|friday|saturday|sunday|january|february|march|april|may|june|july|august|"
    r"september|october|november|december)"
    r"|the\s+(?:year|month|week|day|season)\s+(?:before|after)|(?:\d{1,2}\s+)?(?:january|february|march|april|may|june|"
    r"july|august|september|october|november|december)(?:\s+\d{1,2})?(?:,?\s+\d{4})?|(?:1[5-9]|20)\d\d|yesterday|today|"
    r"tomorrow|monday|tuesday|wednesday|thursday|friday|saturday|sunday)\b",
    re.IGNORECASE,
)
_NOW = re.compile(r"now|today|currently|at the moment|so far|these days|nowadays|since(?: then)?", re.IGNORECASE)
# "A new one", "the one they chose": what of, earlier turns say.
_ONE = re.compile(
    r"\b(?:[Aa]n?|[Tt]he|[Aa]nother|[Tt]his|[Tt]hat|[Ww]hich|other)\s+(?:[a-z]\w*\s+)?ones?\b(?![-\w])"
    r"(?!\s+(?:of|hundred|thousand|million|day|man|woman|person|hour|year|week|month)\b)"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Exchange:
    """An earlier question, as understood, with the answer's words, none for a refusal.

    ``titles`` are the headlines of the articles cited, ``articles`` their ids, and ``day``
    is when the newest of them was published.
    """

    question: str
    answer: str = ""
    titles: tuple[str, ...] = ()
    articles: frozenset[str] = frozenset()
    day: date | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Understood:
    """A question that stands by itself, and what was ``carried`` into it from earlier turns.

    ``new_topic`` says that the question needed nothing; nothing was carried then.
    ``certain`` is False where only "the verdict" or the like hints at earlier turns, so
    that the question may stand by itself as well.
    """

    text: str
    carried: tuple[str, ...]
    new_topic: bool
    certain: bool = True


def resolve(question: str, turns: Sequence[Exchange]) -> Understood:
    """What ``question`` means after ``turns``, oldest first. Takes any text, raises nothing."""
    text = " ".join(question.split())
    if not turns or not text or len(text) > MAX_QUESTION_LENGTH:
        return _alone(text)
    reading = _Resolver(text, turns[-_TURNS:]).read()
    return reading if len(reading.text) <= MAX_QUESTION_LENGTH else _alone(text)


def _alone(text: str) -> Understood:
    return Understood(text=text, carried=(), new_topic=True)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Earlier:
    """An exchange with what its question and its answer speak of."""

    question: str
    known: frozenset[str]
    asked: tuple[Mention, ...]
    said: tuple[Mention, ...]

    def answers_who(self) -> bool:
        return bool(re.match(r"(?:and\s+|by\s+)?(?:who|whom|whose|which|what)\b", self.question, re.IGNORECASE))


class _Resolver:
    """One question against the turns before it."""

    def __init__(self, text: str, turns: Sequence[Exchange]) -> None:
        self._earlier = [_earlier(turn) for turn in reversed(turns)]
        self._given = text
        self._lead = bool(_LEAD.match(text)) and _LEAD.sub("", text) != ""
        self._text = _LEAD.sub("", text) if self._lead else text
        self._known = frozenset().union(*(one.known for one in self._earlier))
        named = [m for one in self._earlier for m in (*one.said, *one.asked)]
        self._full = full_names(named)
        self._own = _spelled(mentions(self._text, question=True, known=self._known), self._text, named)
        self._carried: list[str] = []

    def read(self) -> Understood:
        cut = self._ellipsis()
        if cut is not None:
            return self._made(cut)
        text, open_ended = self._pronouns()
        if self._carried and not open_ended:
            return self._made(text)
        if open_ended:
            return self._made(self._with_topic(text, pointing=True))
        other = self._other_one()
        if other is not None:
            return self._made(other)
        grown = self._same_heads()
        if grown is not None:
            return self._made(grown)
        if self._leans():
            return self._made(self._with_topic(self._text), certain=False)
        return Understood(text=self._given, carried=(), new_topic=True)

    def _made(self, text: str, *, certain: bool = True) -> Understood:
        carried = tuple(dict.fromkeys(self._carried))
        if not carried:
            return Understood(text=self._given, carried=(), new_topic=False)
        text = text.strip()
        text = text[:1].upper() + text[1:]
        if not text.endswith(("?", ".", "!", "…")) and not _TELL.match(text):
            text += "?"
        return Understood(text=text, carried=carried, new_topic=False, certain=certain)

    # -- pronouns ----------------------------------------------------------------------

    def _pronouns(self) -> tuple[str, bool]:
        """The text with its pronouns replaced, and whether something is still left open."""
        pieces: list[str] = []
        place, open_ended = 0, False
        done: dict[str, Mention] = {}
        found = words(self._text)
        empty = [match.span() for match in _EMPTY_IT.finditer(self._text)]
        for number, word in enumerate(found):
            low = word.low
            before = found[number - 1].low if number else ""
            after = found[number + 1].low if number + 1 < len(found) else ""
            stem = low.split("'")[0] if low.split("'")[0] in _PERSONAL else low
            if stem in _PERSONAL:
                sort = _PERSONAL[stem]
                if sort in done or any(low_ <= word.start < high for low_, high in empty if sort == "it"):
                    continue
                owning = stem in _OWNING and not (stem in {"her", "his"} and not _is_noun(after))
                object_ = stem in _OBJECTS or (stem == "her" and not owning)
                told = after in AUXILIARIES or is_verb(after)
                object_ = object_ or (stem == "it" and before in _DO and after in {"", "?"})
                object_ = object_ or (stem == "it" and before not in AUXILIARIES | _CLAUSE | {""} and not told)
                if self._within(sort, word, owning, object_):
                    continue
                chosen = self._antecedent(sort, object_=object_, but=tuple(done.values()))
                if chosen is None:
                    open_ended = True
                    continue
                done[sort] = chosen
                name = self._name(chosen)
                pieces += [self._text[place : word.start], _owner(name) if owning else name]
                place = word.start + len(stem)
                self._carried.append(name)
            elif low == "there" and self._is_place(before, after):
                where = self._place()
                if where is None:
                    open_ended = True
                else:
                    pieces += [self._text[place : word.start], where]
                    place = word.end
                    self._carried.append(where)
            elif low in {"this", "that", "these", "those"} and self._points(number, found):
                open_ended = True
            elif low in {"then", "so"} and after in {"", "?"} and number:
                open_ended = open_ended or not (self._carried or self._named())
        open_ended = open_ended or (bool(_ONE.search(self._text)) and not self._named())
        return "".join([*pieces, self._text[place:]]), open_ended

    def _within(self, sort: str, word: Word, owning: bool, object_: bool) -> bool:
        """Whether a pronoun's antecedent stands before it in the question itself."""
        before = [m for m in self._own if m.end <= word.start]
        if owning and re.match(r"\w+\s+own\b", self._text[word.start :]):
            return True
        fits = [m for m in before if _fit(sort, m) > 0 or m.asked]
        if owning and sort != "it":
            fits = [m for m in fits if m.named or m.kind == "person" or m.many or m.asked]
        if not fits:
            return False
        behind = words(self._text[fits[0].end : word.start])
        parted = any(w.low in _CLAUSE or w.text in ".?!;" for w in behind)
        # "The bank announced it will": a subject behind a verb begins a clause of its own.
        parted = parted or (not object_ and not owning and bool(behind) and behind[-1].low not in AUXILIARIES)
        # "With the aim of selling it": the verb's object was named before.
        parted = parted or (len(behind) > 1 and behind[-1].low.endswith("ing") and behind[-2].low in PREPOSITIONS)
        return owning or parted

    def _antecedent(self, sort: str, *, object_: bool, but: Sequence[Mention]) -> Mention | None:
        """The best antecedent of the newest turn that has one; two pronouns mean two things."""
        for distance, earlier in enumerate(self._earlier):
            scored = [pair for pair in _scored(sort, earlier, object_=object_) if not _among(pair[1], but)]
            if scored:
                best = max(scored, key=lambda pair: pair[0])
                if best[0] > 0 and (best[0] >= 1 or distance == len(self._earlier) - 1):
                    return best[1]
        return None

    def _name(self, mention: Mention) -> str:
        text = mention.text
        if mention.kind in {"person", "name"} and mention.named:
            parts = text.split()
            plain = [part for part in parts if part.lower().strip(".") not in {"mr", "mrs", "ms", "miss", "dr"}]
            if len(plain) == 1:
                text = self._full.get(plain[0], text)
        elif not mention.named and mention.text.lower().startswith(("a ", "an ")):
            text = "the " + text.split(" ", 1)[1]
        elif not mention.named and mention.many and text.split()[0].lower() not in {"the", "these", "those"}:
            text = "the " + text
        if text.startswith(("The ", "A ", "An ")):
            text = text[0].lower() + text[1:]
        return text

    def _is_place(self, before: str, after: str) -> bool:
        if before in _BE or before in {"been", "s", "'s"} or before in AUXILIARIES:
            return False
        return after in {"", "?", ",", "."} or after in PREPOSITIONS or after in {"and", "now", "then"} or before in _BE

    def _place(self) -> str | None:
        for earlier in self._earlier:
            where = earlier.question.lower().startswith("where")
            both = (*earlier.said, *earlier.asked) if where else (*earlier.asked, *earlier.said)
            spots = [m for m in both if m.kind == "place" or (m.named and m.lead in {"in", "at", "near", "on", "to"})]
            spots = spots or [m for m in both if m.lead in {"in", "at", "near"}]
            if spots:
                lead = spots[0].lead if spots[0].lead in {"in", "at", "near", "on"} else "in"
                return f"{lead} {spots[0].text}"
        return None

    def _points(self, number: int, found: Sequence[Word]) -> bool:
        """Whether "this" or "that" points back, alone or before a noun."""
        before = found[number - 1].low if number else ""
        after = found[number + 1].low if number + 1 < len(found) else ""
        if is_time(after) or after == "who" or (is_verb(after) and found[number].low in {"these", "those"}):
            return False
        free = before == "" or before in PREPOSITIONS | AUXILIARIES | QUESTION_WORDS or is_verb(before)
        if after in {"", "?", ".", ",", "!"} or after in PREPOSITIONS - {"of"}:
            return free
        if before in AUXILIARIES | {""}:
            return True
        return (before in PREPOSITIONS and _is_noun(after)) or (free and after in LEANING)

    # -- questions cut short ------------------------------------------------------------

    def _ellipsis(self) -> str | None:
        found = [word for word in words(self._text) if word.text[0].isalnum()]
        if not found:
            return None
        if _VERBLESS.match(self._text) and _Clause.of(self._earlier[0]).inverted(self._focus(self._earlier[0])):
            # "Why did she?" is "why?".
            return self._bare([found[0].low], found[0].text)
        about = _ABOUT.match(self._text)
        if about and not (about["b"] and any(word.low in AUXILIARIES for word in found)):
            slot = about["a"] or about["b"]
            return self._slotted(slot) if not self._depends(slot) else None
        lows = [word.low for word in found]
        if _DATE.fullmatch(self._text.rstrip(" ?.!")) or _NOW.fullmatch(self._text.rstrip(" ?.!")):
            return self._slotted(self._text)
        verbs = [low for low in lows if low in AUXILIARIES or is_verb(low)]
        if not verbs and self._is_bare(lows):
            return self._bare(lows)
        asks = any(low in QUESTION_WORDS for low in lows[1:])
        if not verbs and not asks and len(lows) <= 8 and not self._depends(self._text):
            fragment = self._text.rstrip(" ?.!")
            is_slot = self._lead or lows[0] in PREPOSITIONS or bool(_DATE.fullmatch(fragment))
            if is_slot:
                return self._slotted(fragment)
            if lows[0] in {"the", "any"}:
                return self._with_topic(self._text)
        return None

    def _depends(self, text: str) -> bool:
        return any(word.low in _PERSONAL for word in words(text))

    def _is_bare(self, lows: Sequence[str]) -> bool:
        """Whether this is only what is asked for: "why", "how much", "on what charge"."""
        start = 1 if lows[0] in PREPOSITIONS and len(lows) > 1 else 0
        if lows[start] not in QUESTION_WORDS or self._named() or self._depends(self._text) or "there" in lows:
            return False
        return len(lows) - start <= (3 if lows[start] in {"how", "why"} or "else" in lows else 2)

    def _bare(self, lows: Sequence[str], asks: str | None = None) -> str:
        last = self._earlier[0]
        asks = asks or self._text.rstrip(" ?.!")
        clause = _Clause.of(last)
        focus = self._focus(last)
        if lows[-1] == "else" and clause.asks.lower().split()[:1] == [lows[0]]:
            rest = f"{clause.aux} {clause.rest}".strip()
            self._carried.append(rest)
            return f"{asks} {rest}"
        same = clause.asks.lower() == asks.lower()
        same = same or (len(lows) > 1 and lows[0] in {"which", "what"} and lows[1] not in PREPOSITIONS)
        if not same and lows[-1] not in {"not", "else"} and "so" not in lows:
            inverted = clause.inverted(focus)
            if inverted:
                self._carried.append(inverted)
                if lows[0] in {"what", "who", "whom", "where"} and len(lows) == 2 and lows[1] in PREPOSITIONS:
                    return f"{lows[0]} {inverted} {lows[1]}"
                return f"{asks} {inverted}"
        topic = clause.statement(focus)
        self._carried.append(topic)
        return f"{asks} (about: {topic})"

    def _focus(self, earlier: _Earlier) -> str | None:
        """The name that answers "who", where the last question asked that."""
        if not earlier.answers_who():
            return None
        told = [m for m in earlier.said if m.named and m.kind != "place" and not _among(m, earlier.asked)]
        if re.match(r"who|whom", earlier.question, re.IGNORECASE):
            told = [m for m in told if m.kind in {"person", "group", "name"}]
        elif not any(m.asked and (is_role(m.head) or m.kind == "group") for m in earlier.asked):
            told = []
        return self._name(told[0]) if told else None

    def _slotted(self, slot: str) -> str:
        """The last question with ``slot`` where it named something else of the same kind."""
        last = self._earlier[0]
        question = _CARRIED.sub("", last.question).rstrip(" ?.!")
        slot = slot.rstrip(" ?.!")
        dated = _DATE.fullmatch(slot) or _NOW.fullmatch(slot)
        old = self._old_date(question) if dated else self._old_slot(slot, last, question)
        if dated:
            slot = _year_beside(slot, question)
        if old is not None:
            start, end = old
            self._carried.append(f"{question[:start].strip()} … {question[end:].strip()}".strip(" …"))
            return f"{question[:start]}{slot}{question[end:]}"
        first = words(slot)[0].low if words(slot) else ""
        self._carried.append(question)
        if dated or first in PREPOSITIONS:
            return f"{question} {slot}"
        return f"{question} (about: {slot})"

    def _old_date(self, question: str) -> tuple[int, int] | None:
        found = list(_DATE.finditer(question))
        return found[-1].span() if found else None

    def _old_slot(self, slot: str, last: _Earlier, question: str) -> tuple[int, int] | None:
        new = mentions(f"What about {slot}?", question=True, known=self._known)
        first = words(slot)[0].low if words(slot) else ""
        there = [
            m for m in last.asked if m.end <= len(question) and question[m.start : m.end] == m.text and not m.asked
        ]
        if first in PREPOSITIONS:
            same = [m for m in there if m.lead == first]
            near = [m for m in there if m.lead in {"in", "at", "near", "on"} and first in {"in", "at", "near", "on"}]
            for one in (*same[-1:], *near[-1:]):
                start = question.lower().rfind(first if one in same else one.lead, 0, one.start)
                return start, one.end
            return None
        kinds = [m.kind for m in new] or ["thing"]
        named = any(m.named for m in new)
        alike = [m for m in there if m.named == named and _alike(kinds[0], m.kind)]
        if not alike and not named:
            alike = [m for m in there if m.slot != "inner" and not m.named]
        if not alike and named:
            alike = [m for m in there if m.slot == "subject"]
        counted = [m for m in last.asked if m.asked and m.many and question[m.start : m.end] == m.text]
        if not named and any(m.many for m in new) and counted and not any(m.many for m in alike):
            alike = counted if len(words(slot)) == 1 else alike
        alike.sort(key=lambda m: ("subject", "object", "inner").index(m.slot))
        # "The permit for Market Square" becomes "the badge for Market Square".
        return (alike[0].start, alike[0].start + len(alike[0].core)) if alike else None

    # -- leaning ------------------------------------------------------------------------

    def _named(self) -> bool:
        return any(m.named for m in self._own)

    def _leans(self) -> bool:
        """Whether the question, complete as it is, speaks of something known already."""
        found = words(self._text)
        lows = [word.low for word in found]
        if self._named():
            pointing = [m for m in self._own if not (m.whole or m.named or m.asked) and m.head in DECISIONS]
            names = [m for m in self._own if m.named]
            last = (*self._earlier[0].asked, *self._earlier[0].said)
            return any(_is_the(m) for m in pointing) and all(_among(m, last) for m in names)
        if any(_is_rich(m) for m in self._own):
            return False
        bare = [m for m in self._own if _is_the(m)]
        if any(m.head in LEANING or is_role(m.head) or len(m.text.split()) > 2 for m in bare):
            return True
        if len(self._own) == 1 and bare and len(lows) <= 7 and any(low in _BE for low in lows[:2]):
            return True
        return self._lead or all(m.head in GENERIC for m in self._own) or any(low in LINKING for low in lows)

    def _other_one(self) -> str | None:
        """ "The other candidate" by name: someone of the last answer whom its question left out."""
        for mention in self._own:
            parts = mention.text.lower().split()
            if parts[:2] != ["the", "other"] or len(parts) > 3 or mention.many or not is_role(mention.head):
                continue
            last = self._earlier[0]
            told = [m for m in last.said if m.named and _fit("they", m) < 2 and m.kind != "place"]
            told = [m for m in told if len(m.text.split()) > 1 and not _among(m, last.asked)]
            if not any(m.named and m.kind == "person" for m in last.asked):
                told = told[1:]
            if told:
                name = self._name(told[0])
                self._carried.append(name)
                return self._text[: mention.start] + name + self._text[mention.end :]
        return None

    def _same_heads(self) -> str | None:
        """ "The wall" as the fuller phrase that an earlier turn had for it."""
        if any(m.whole for m in self._own):
            return None
        for mention in self._own:
            if mention.named or len(mention.text.split()) != 2 or not _is_the(mention):
                continue
            for earlier in self._earlier[:2]:
                for other in (*earlier.asked, *earlier.said):
                    longer = len(other.text.split()) > 2 or not _is_the(other)
                    if other.head == mention.head and longer and not other.whole and not other.asked:
                        if len(other.text.split()) < 2:
                            continue
                        name = self._name(other)
                        self._carried.append(name)
                        return self._text[: mention.start] + name + self._text[mention.end :]
        return None

    def _with_topic(self, text: str, *, pointing: bool = False) -> str:
        topic = self._topic(text)
        if pointing and topic:
            topic += self._told(topic, text)
        if not topic:
            return text
        self._carried += topic
        ended = re.search(r"[?.!…]*$", text)
        cut = ended.start() if ended else len(text)
        return f"{text[:cut].rstrip()} (about: {', '.join(topic)})?"

    def _told(self, topic: Sequence[str], text: str) -> list[str]:
        """What the last answer was about, where its question names people alone: "about that"."""
        last = self._earlier[0]
        if not last.asked or any(m.kind != "person" for m in last.asked):
            return []
        told = (m for m in last.said if m.kind not in {"person", "place"} and m.slot != "inner")
        names = [self._name(m) for m in told if self._name(m).lower() not in text.lower()]
        return [name for name in names[:1] if name not in topic]

    def _topic(self, text: str) -> list[str]:
        """What the last question was about, or its answer where it names nothing."""
        low = text.lower()
        for earlier in self._earlier:
            chosen: list[str] = []
            asked = [m for m in earlier.asked if not m.asked] or list(earlier.asked)
            for pool in (asked, earlier.said):
                for mention in pool:
                    name = self._name(mention)
                    inside = any(name.lower() in other.lower() or other.lower() in name.lower() for other in chosen)
                    if not inside and name.lower() not in low:
                        chosen.append(name)
                    if len(chosen) == 3:
                        break
                if pool is asked and asked and not chosen and earlier is self._earlier[0] and self._carried:
                    last = _CARRIED.sub("", earlier.question).rstrip(" ?.!")
                    return [last[:1].lower() + last[1:]]
                if chosen:
                    focus = self._focus(earlier)
                    if focus and focus not in chosen and focus.lower() not in low:
                        chosen.append(focus)
                    return chosen
        return []


@dataclass(frozen=True, slots=True, kw_only=True)
class _Clause:
    """A question in its parts: "When | did | Peter Harker resign". ``asks`` and ``aux`` may be empty."""

    asks: str
    aux: str
    rest: str

    @classmethod
    def of(cls, earlier: _Earlier) -> _Clause:
        text = _CARRIED.sub("", earlier.question).rstrip(" ?.!")
        found = [word for word in words(text) if word.text[0].isalnum() or word.text[0] in "'’"]
        if not found:
            return cls(asks="", aux="", rest=text)
        if found[0].low in AUXILIARIES:
            return cls(asks="", aux=found[0].low, rest=text[found[0].end :].strip())
        start = 1 if found[0].low in PREPOSITIONS and len(found) > 1 else 0
        if found[start].low not in QUESTION_WORDS:
            return cls(asks="", aux="", rest=text)
        for number, word in enumerate(found[start + 1 : start + 7], start + 1):
            if word.low in AUXILIARIES:
                return cls(asks=text[: word.start].strip(), aux=word.low, rest=text[word.end :].strip())
            if is_verb(word.low) and number == start + 1:
                break
        end = found[start].end
        return cls(asks=text[:end].strip(), aux="", rest=text[end:].strip())

    def inverted(self, focus: str | None) -> str | None:
        """Auxiliary, subject and the rest, to be put behind another question word."""
        if not self.aux or not self.rest:
            return None
        first = words(self.rest)[0] if words(self.rest) else None
        if first is None:
            return None
        subject = self.asks.lower().split()[:1]
        partly = is_verb(first.low) and not first.text[0].isupper()
        second = words(self.rest)[1:2]
        partly = partly or (first.low.endswith("ing") and bool(second) and second[0].low in DETERMINERS)
        partly = partly or first.low in PREPOSITIONS | {"been", "be", "going", "not"}
        if partly and self.aux not in _DO:
            who = focus or " ".join(self.asks.split()[2:] if subject == ["how"] else self.asks.split()[1:])
            return f"{self.aux} {who} {self.rest}" if who else None
        if subject in (["who"], ["what"]) and self.aux in _BE and not any(is_verb(w.low) for w in words(self.rest)):
            return f"{self.aux} {focus} {self.rest}" if focus else None
        return f"{self.aux} {self.rest}"

    def statement(self, focus: str | None) -> str:
        """What the question is about, without its question word."""
        if not self.aux:
            low = self.asks.lower()
            rest = self.rest
            if low in {"who", "whom", "which", "what", "whose"}:
                return f"{focus}, who {rest}" if focus and low == "who" else f"{low} {rest}"
            return re.sub(r"^(?:many|much)\s+", "", rest)
        # "Will the wall be finished" is about the wall, finished.
        rest = re.sub(r"\b(?:be|been)\s+", "", self.rest)
        return f"{focus}, {rest}" if focus and focus not in rest else rest


def _capitals(text: str) -> frozenset[str]:
    """Words with a capital that no beginning of a sentence explains."""
    found = words(text)
    pairs = pairwise(found)
    return frozenset(b.text for a, b in pairs if b.text[0].isupper() and (a.text[0].isalnum() or a.text == ","))


# Each question of a conversation reads the same turns again.
@lru_cache(maxsize=512)
def _earlier(turn: Exchange) -> _Earlier:
    known = _capitals(" ".join((turn.question, turn.answer, *turn.titles)))
    asked = list(mentions(turn.question, question=True, known=known))
    said = mentions(turn.answer, question=False, known=known)
    titled = [m for title in turn.titles for m in mentions(title, question=False, known=known) if m.named]
    spoken = [m for m in said if m.named and m.kind in {"person", "name"}]
    # What the answer shows of someone holds for the question too: her, she, and who it is.
    sure = {m.text.split()[-1]: m for m in spoken if m.gender or m.kind == "person"}
    for place, mention in enumerate(asked):
        other = sure.get(mention.text.split()[-1])
        if mention.named and mention.kind == "name" and other:
            asked[place] = replace(mention, kind="person", gender=mention.gender or other.gender)
        elif mention.kind == "person" and mention.named and not mention.gender and other:
            asked[place] = replace(mention, gender=other.gender)
    return _Earlier(
        question=turn.question,
        known=known,
        asked=_spelled(asked, turn.question, [*said, *titled]),
        said=(*said, *titled[:2]),
    )


def _spelled(found: Iterable[Mention], text: str, named: Sequence[Mention]) -> tuple[Mention, ...]:
    """The mentions, with names that ``text`` has in small letters and other turns in capitals."""
    made = list(found)
    if text != text.lower():
        return tuple(made)
    for other in named:
        at = re.search(rf"\b{re.escape(other.text.lower())}\b", text) if other.named and len(other.text) > 2 else None
        if at and not any(m.named and m.start < at.end() and at.start() < m.end for m in made):
            made = [m for m in made if m.end <= at.start() or m.start >= at.end()]
            made.append(replace(other, start=at.start(), end=at.end(), slot="subject", lead="", asked=False))
    return tuple(sorted(made, key=lambda m: m.start))


_OF_SUBJECTS = {"subject": 1.0, "object": 0.7, "inner": 0.4}
_OF_OBJECTS = {"subject": 0.6, "object": 1.0, "inner": 0.8}


def _scored(sort: str, earlier: _Earlier, *, object_: bool) -> Iterable[tuple[float, Mention]]:
    who = earlier.answers_who() and bool(re.match(r"(?:and )?who", earlier.question, re.IGNORECASE))
    who = who or any(m.asked and (is_role(m.head) or m.kind == "group") for m in earlier.asked)
    # "How much did the treasurer steal?" "Sleath, 58, took ...": he has a name now.
    roles = [m for m in earlier.asked if m.kind == "person"]
    who = who or (bool(roles) and not any(m.named for m in roles))
    focused = False
    for place, mention in enumerate(earlier.asked):
        fit = _fit(sort, mention)
        if fit > 0 and not (mention.asked and sort != "they"):
            slot = (_OF_OBJECTS if object_ and sort == "it" else _OF_SUBJECTS)[mention.slot]
            if object_ and sort == "it":
                fit -= _less_as_object(mention)
            yield fit + slot + 1.0 - place * 0.05, mention
    for place, mention in enumerate(earlier.said):
        fit = _fit(sort, mention)
        if object_ and sort == "it":
            fit -= _less_as_object(mention)
        if fit <= 0 or _among(mention, earlier.asked):
            continue
        bonus = 0.0
        if who and sort != "it" and mention.named and fit >= 1 and not focused:
            bonus, focused = 2.5, True
        slot = {"subject": 0.6, "object": 0.4, "inner": -0.4}[mention.slot]
        yield fit + bonus + slot - min(place, 20) * 0.05, mention


def _less_as_object(mention: Mention) -> float:
    """ "Who voted against it" seldom means the council, and never a town."""
    if mention.kind == "place":
        return 3.0
    return 1.5 if mention.kind == "group" and not mention.named else 0.0


def _fit(sort: str, mention: Mention) -> float:
    """How well a mention can be meant by he, she, it or they; 0 where it can't."""
    if sort in {"he", "she"}:
        if mention.many or mention.kind in {"place", "group", "thing"} or mention.gender not in {None, sort}:
            return 0.0
        if mention.kind == "person":
            return (3.0 if mention.gender else 2.2) if mention.named else 1.2
        return 1.4 if len(mention.text.split()) > 1 else 0.4
    if sort == "they":
        if mention.many:
            return 2.5
        if mention.kind == "group":
            return 2.3
        return {"person": 0.3, "name": 1.2, "thing": 0.0, "place": 0.2}[mention.kind]
    if mention.many:
        return 0.0
    return {"person": 0.0, "thing": 2.4, "group": 2.2, "name": 2.0, "place": 0.8}[mention.kind]


def _among(mention: Mention, others: Iterable[Mention]) -> bool:
    """Whether one of ``others`` is the same by its name or a part of it."""
    own = set(mention.text.lower().split()) - {"the", "a", "an", "mr", "mrs", "ms", "dr"}
    return any(own <= set(other.text.lower().split()) or mention.text in other.text for other in others)


def _alike(one: str, other: str) -> bool:
    return one == other or "name" in {one, other} or {one, other} <= {"thing", "group", "person"}


def _is_the(mention: Mention) -> bool:
    return mention.text.lower().startswith("the ")


def _is_rich(mention: Mention) -> bool:
    """Whether a phrase says by itself which is meant: "the leadership vote", not "the first vote"."""
    parts = mention.text.lower().split()
    own = parts[1:] if _is_the(mention) or parts[0] in {"a", "an"} else parts
    return mention.whole or len([part for part in own[:-1] if part not in POINTING and not part.isdigit()]) > 0


def _is_noun(word: str) -> bool:
    return (
        bool(word)
        and word[0].isalnum()
        and word not in PREPOSITIONS | AUXILIARIES | QUESTION_WORDS | _CLAUSE
        and (word not in {"and", "or", "to", "then", "now", "again", "too", "there", "so", "not", "ever", "the", "a"})
    )


def _owner(name: str) -> str:
    return f"{name}'" if name.endswith("s") and not name[:1].isupper() else f"{name}'s"


def _year_beside(slot: str, question: str) -> str:
    """ "The year before" as that year's number, where the question has one."""
    beside = re.fullmatch(
        r"(?:in\s+)?the\s+(?:previous year|year before|(following year|year after))", slot, re.IGNORECASE
    )
    year = re.search(r"\b(?:1[5-9]|20)\d\d\b", question)
    if not beside or not year:
        return slot
    return f"in {int(year[0]) + (1 if beside[1] else -1)}"


class Conversation:
    """Questions that follow on each other. ``ArticleQA.chat`` makes one; a reader each.

    Not for several threads at once: an answer needs the one before it.
    """

    def __init__(
        self,
        find: Callable[..., Answer],
        history: Iterable[tuple[str, str] | Answer | Exchange] = (),
        writing: Writing | None = None,
    ) -> None:
        """``find`` takes a question, the exchanges just before it and limits, and gives the
        verbatim answer; ``writing`` makes another of it."""
        self._find = find
        self._writing = writing
        self._turns: tuple[Exchange, ...] = _exchanges(history)

    @property
    def turns(self) -> tuple[Exchange, ...]:
        """The exchanges that later questions may lean on, oldest first."""
        return self._turns

    @overload
    def ask(
        self,
        question: str,
        *,
        as_understood: str | None = None,
        stream: Literal[False] = False,
        **limits: Unpack[Limits],
    ) -> Answer: ...
    @overload
    def ask(
        self, question: str, *, as_understood: str | None = None, stream: Literal[True], **limits: Unpack[Limits]
    ) -> Generator[Event]: ...
    def ask(
        self, question: str, *, as_understood: str | None = None, stream: bool = False, **limits: Unpack[Limits]
    ) -> Answer | Generator[Event]:
        """The answer to ``question`` as it is meant after the turns before it.

        ``Answer.understood`` says how it was understood; ``as_understood`` is the asker's
        correction of that, and is asked as it stands. Limits hold for this question
        alone. With ``stream`` the steps of the answer, which is remembered as a turn where
        they come to their end. Limits and errors are those of ``ArticleQA.ask``.
        """
        steps = self._steps(question, as_understood, limits, Halt())
        return steps if stream else finished(steps)

    @overload
    def aask(
        self,
        question: str,
        *,
        as_understood: str | None = None,
        stream: Literal[False] = False,
        **limits: Unpack[Limits],
    ) -> Coroutine[Any, Any, Answer]: ...
    @overload
    def aask(
        self, question: str, *, as_understood: str | None = None, stream: Literal[True], **limits: Unpack[Limits]
    ) -> AsyncGenerator[Event]: ...
    def aask(
        self, question: str, *, as_understood: str | None = None, stream: bool = False, **limits: Unpack[Limits]
    ) -> Coroutine[Any, Any, Answer] | AsyncGenerator[Event]:
        """``ask`` in a thread, for asyncio. Where the task is cancelled, or the steps are
        closed early, the writing ends and no turn is remembered."""
        halt = Halt()
        steps = in_thread(self._steps(question, as_understood, limits, halt), halt)
        return steps if stream else last_answer(steps)

    def _steps(self, question: str, as_understood: str | None, limits: Limits, halt: Halt) -> Generator[Event]:
        """The steps of an answer. A question that can't be used is told before the first of them."""
        typed = understand(question).text
        corrected = None if as_understood is None else _alone(understand(as_understood).text)
        # What came after the day asked as of stays unknown, as what "she" may mean too.
        as_of = limits.get("as_of")
        today = None if as_of is None else day_of(as_of)
        turns = [turn for turn in self._turns if today is None or turn.day is None or turn.day <= today]

        def steps() -> Generator[Event]:
            began = time.perf_counter()
            meant = corrected or self._meant(typed, turns, began, halt)
            before = turns[-_STORY:]
            answer = self._find(meant.text, before, **limits)
            if not meant.certain:
                plain = self._find(typed, before, **limits)
                if plain.confidence > answer.confidence + _AS_SURE:
                    answer = plain
            earlier = [turn.question for turn in turns]
            for step in tell(replace(answer, question=typed), self._writing, earlier, began, halt):
                if isinstance(step, Finished):
                    self._turns = (*self._turns, _exchange(step.answer))[-_TURNS:]
                yield step

        return steps()

    def _meant(self, question: str, turns: Sequence[Exchange], began: float, halt: Halt) -> Understood:
        meant = resolve(question, turns)
        if self._writing is None or not turns or meant.new_topic:
            return meant
        told = [(turn.question, turn.titles) for turn in turns]
        reworded = self._writing.reworded(question, told, " ".join(turn.answer for turn in turns), began, halt)
        return meant if reworded is None else Understood(text=reworded, carried=(), new_topic=False)


def _exchange(answer: Answer) -> Exchange:
    # A refusal names what isn't there: nothing that a later question could mean.
    said = " ".join(claim.text for claim in answer.claims)
    titles = tuple(dict.fromkeys(citation.article.title for citation in answer.citations))
    articles = frozenset(citation.article.id for citation in answer.citations)
    days = [day_of(c.article.published) for c in answer.citations if c.article.published]
    return Exchange(
        question=answer.understood, answer=said, titles=titles, articles=articles, day=max(days, default=None)
    )


def _exchanges(history: Iterable[tuple[str, str] | Answer | Exchange]) -> tuple[Exchange, ...]:
    """Earlier turns: answers, exchanges, or pairs of role and content, where "user" asks and any other role answers."""
    said: list[list[str] | Answer | Exchange] = []
    for turn in history:
        if isinstance(turn, Answer | Exchange):
            said.append(turn)
            continue
        if not (isinstance(turn, tuple | list) and len(turn) == 2 and all(isinstance(part, str) for part in turn)):
            raise QuestionError(f"an earlier turn is {turn!r:.80}: give pairs of role and content, both strings")
        role, content = turn
        if role == "user":
            said.append([content])
        elif said and isinstance(said[-1], list):
            said[-1].append(content)
    turns: tuple[Exchange, ...] = ()
    for exchange in said[-_TURNS:]:
        if isinstance(exchange, Answer | Exchange):
            turns = (*turns, _exchange(exchange) if isinstance(exchange, Answer) else exchange)
            continue
        question, *answers = exchange
        answer = clean_line(" ".join(answers))
        understood = resolve(clean_line(question), turns).text
        turns = (*turns, Exchange(question=understood, answer=answer))
    return turns
