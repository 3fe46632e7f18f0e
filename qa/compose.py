"""From ranked sentences to an answer's: which are shown, in what order, and who else says so."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Literal
from urllib.parse import urlsplit

from index import Article, Span, day_of
from qa.question import Question, asks_for_question, is_question, is_question_or_heading
from qa.retrieve import RankedSentence
from qa.values import Value, agree, comparable, dates, names, numbers, quotations, takes_back, words_of

__all__ = ["Composition", "Form", "Part", "compose"]

Form = Literal["sentences", "list", "sequence", "quotation", "accounts"]

Terms = Callable[[str], frozenset[str]]

# Ranked sentences that are looked at; an answer stands among them or isn't found.
_LOOKED = 40
# What holding the very thing asked for adds to a sentence's log-odds, beyond what ranking gave it.
_FIT = 0.5
_FIT_NAMED = 0.25
# A further sentence must come this near to the best in log-odds, and say something else.
_NEARLY = 2.5
_NEARLY_LISTED = 2.5
# What having all the question's words adds.
_COVERS = 0.5
# What a letter to the editor loses: it repeats what was reported, and holds opinions.
_OF_READERS = 1.5
_MOST = 4
_MOST_ITEMS = 6
_SAME_WORDS = 0.7
_SAME_WORDS_OF_STORY = 0.5
# Accounts are of one thing where the other is this near to the best sentence: by meaning, and by
# its share of the question's words, of the best one's words, or by its score.
_ALIKE_COSINE = 0.72
_ALIKE_NEARLY = 0.65
_ALIKE_MEANING = 0.55
_ALIKE_COVERAGE = 0.75
_ALIKE_WORDS = 0.4
_ALIKE_ODDS = 3.5
_ALIKE_AT_LEAST = 0.3
_AS_WELL = 1.5
_ALIKE_DAYS = 0.6
_OF_DAYS = 2.5
# How far behind a sentence may be that takes the best one back.
_OVERTAKEN_ODDS = 5.0
_OVERTAKEN_COSINE = 0.45
_OVERTAKEN_MEANING = 0.25
# Characters of an article in which it says what is new.
_BEGINNING = 300
_SHARED_AT_LEAST = 0.15
_COVERED_AT_LEAST = 0.2
# Where one names the other's value as the old one, less will do.
_ALIKE_TAKEN_BACK = 0.5
_DIFFER = 2
_MOST_ACCOUNTS = 4
# Days within which two papers differ; after more, the later has the later state.
_RIVALS_WITHIN = 6
# After so many days it is another year's figure, and no state of the same one.
_ONE_STATE = 365
# One amount seldom grows by more in the telling.
_FAR_APART = 30.0
# A month without its year is of another time where it lies so many months back; after more it
# is rather still to come.
_MONTHS_BACK = range(2, 7)
# In January and February last year is not long ago.
_EARLY = 3
# What the first sentence of an article gains as what happened that day.
_OF_BEGINNING = 2.0
# Characters behind a name in which its office stands.
_OFFICE_WITHIN = 60
# Characters around a sentence in which a correction says that it is one.
_CLOSE_BY = 250


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """One sentence of an answer.

    ``emphasis`` are the words that answer, as offsets into ``ranked.text``. ``agreeing``
    are sentences of other articles that say the same, at most one each; ``sources`` the
    distinct names of all of them, this one's first, and ``first_reported`` the first day
    of all. ``corrects`` is set where the article corrects another account, ``earlier``
    where a newer part of the answer has replaced this one.
    """

    ranked: RankedSentence
    emphasis: tuple[Span, ...] = ()
    agreeing: tuple[RankedSentence, ...] = ()
    sources: tuple[str, ...] = ()
    first_reported: date | None = None
    corrects: bool = False
    earlier: bool = False

    @property
    def day(self) -> date | None:
        """The day on which its article was published, None where unknown."""
        return _day(self.ranked)


@dataclass(frozen=True, slots=True, kw_only=True)
class Composition:
    """An answer's parts in the order they are read, and what they are to each other.

    ``accounts`` differ, and stand newest first; a ``sequence`` has one a day, oldest first.
    """

    form: Form
    parts: tuple[Part, ...]


def compose(
    question: Question,
    ranked: Sequence[RankedSentence],
    terms: Terms,
    as_of: date | datetime | None,
    *,
    first: bool = False,
) -> Composition:
    """The answer made of ``ranked``, all the sentences found, best first.

    ``terms`` gives the words of a text as they are indexed. ``as_of`` is the day asked
    about, if one was given: an account that is much older than the newest is then shown
    as an earlier one, and else as another. ``first`` says that the first account is asked
    for, which stands alone.
    No sentence that asks is shown, nor a heading where there is anything else. Without
    sentences there are no parts, nor where somebody's words are asked for whom none names.
    """
    desk = _Desk(question, ranked, terms, as_of)
    if not desk.pool:
        return Composition(form="sentences", parts=())
    if question.wants == "quotation":
        return desk.said()
    if question.wants == "sequence" and len(parts := desk.sequence()) > 1:
        return Composition(form="sequence", parts=parts)
    if question.wants == "list" and len(parts := desk.items()) > 1:
        return Composition(form="list", parts=parts)
    if not first and question.wants in _CAN_DIFFER and (parts := desk.accounts()):
        return Composition(form="accounts", parts=parts)
    return Composition(form="sentences", parts=desk.sentences(first=first))


# Of these a sentence holds few, so that one of the kind is likely the answer; names are everywhere.
_SURE = ("number", "money", "percent", "duration", "date", "quotation", "reason")
_CAN_DIFFER = ("number", "money", "percent", "duration", "date", "person", "place")

_PRONOUN = re.compile(
    r"[\"“”'‘«(\s]*(?:he|she|it|they|his|her|hers|its|their|theirs|this|that|these|those|both|neither|such|him|them)\b"
    r"(?![’'])",
    re.IGNORECASE,
)
_SAID_BY_PRONOUN = re.compile(
    r"[\"”’»],? (?:he|she|they|it) (?:\w+ )?(?:said|says|told|added|wrote|asked|explained|joked|insisted|went on)\b"
    r"|\b(?:he|she|they) (?:\w+ )?(?:said|told|added|wrote|called|described)\b",
    re.IGNORECASE,
)
_ATTRIBUTED = (
    r"(?:said|says|told|added|wrote|explained|joked|insisted|continued|called|described|replied|warned|according)"
)
_REPORTED = re.compile(rf"\b{_ATTRIBUTED}\b[^.]*? that\b")
_DENIED = re.compile(
    r"\b(?:not|never|no longer|nobody|none|neither|den(?:y|ies|ied)|reject(?:s|ed)?|dismiss(?:es|ed)?|false|untrue"
    r"|without|cleared|acquitted)\b|n['’]t\b",
    re.IGNORECASE,
)
_READERS = re.compile(r"\b(?:letter|reader|writer|correspondent|opinion|columnist|editorial)s?\b", re.IGNORECASE)
_LETTER = re.compile(r"(?:readers['’] |your )?letters?(?: to the editor| from readers)?\s*(?:[:–—-]|\Z)", re.IGNORECASE)
_SIR = re.compile(r"\s*(?:sir|madam|dear (?:sir|madam|editor)|editor)\s*(?:[,:–—-]|\Z)", re.IGNORECASE)
# Whom a newspaper calls by a name or an office.
_ANYBODY = frozenset(
    {"woman", "man", "person", "people", "lady", "spokesman", "spokeswoman", "spokesperson", "official", "officials"}
    | {"expert", "experts", "witness", "witnesses", "someone", "somebody", "anyone", "anybody"}
)
_OTHER_OFFICE = frozenset({"deputy", "vice", "former", "ex", "acting", "assistant", "previous", "late"})
# A newspaper that puts right what it or another printed.
_CORRECTION = re.compile(
    r"\b(?:corrections?\b(?= ?[:(]|$| and )|corrected|clarification|gave the wrong|(?:was|were) (?:wrong|incorrect)\b"
    r"|(?:an|our|the) (?:earlier|previous|original) (?:report|article|version|story)|misstated|we apologi[sz]e"
    r"|(?:as|than) we (?:had )?(?:said|reported|stated)|we (?:wrongly|incorrectly)|we (?:said|reported) that"
    r"|wrongly (?:said|reported|stated|gave))\b",
    re.IGNORECASE,
)


# What says that an older figure held once.
_REVISED = re.compile(
    r"\b(?:rose|risen|raised|increased|gone (?:up|down)|fallen|fell to|reduced|lowered|cut|grown|climbed|revised"
    r"|updated|no longer|now (?:known|expected|due|put|thought|estimated|stands?))\b",
    re.IGNORECASE,
)


# What says that something is otherwise than was reported, or than was planned.
_OVERTAKES = re.compile(
    r"\b(?:wrong|wrongly|recount(?:ed)?|overturn(?:ed|s)?|quash(?:ed|es)|mistake|put (?:back|off)|postponed?|delayed"
    r"|brought forward|cancell?ed|scrapped|dropped|revers(?:ed|al)|withdr(?:ew|awn|aws)|reinstated|u-turn|after all"
    r"|called off|instead of|rather than|abandoned|revoked)\b",
    re.IGNORECASE,
)


class _Desk:
    """What is known about one question's sentences, worked out once."""

    def __init__(
        self, question: Question, ranked: Sequence[RankedSentence], terms: Terms, as_of: date | datetime | None
    ) -> None:
        self.question = question
        self._ranked = ranked
        self._terms_of = terms
        self._as_of = as_of
        self._terms: dict[tuple[str, int], frozenset[str]] = {}
        self._values: dict[tuple[str, int], tuple[Value, ...]] = {}
        self._formers: dict[tuple[str, int], tuple[Value, ...]] = {}
        self._beside: dict[tuple[str, int], RankedSentence] = {}
        self._asked = terms(question.text)
        # Whose words are asked for, the surname or the office last: "the head of the ferry
        # company" is its head.
        self._speaker = words_of(re.split(r"\b(?:of|from|at|for)\b", question.speaker or "")[0])
        may_ask = asks_for_question(question)
        usable = [r for r in ranked[: 2 * _LOOKED] if may_ask or not is_question(r.text)]
        said = [r for r in usable if may_ask or not is_question_or_heading(r.text)]
        pool = (said or usable)[:_LOOKED]
        self._weights = self._rarity(pool)
        self._fits: dict[tuple[str, int], float] = {}
        weight = _FIT if question.value in _SURE else _FIT_NAMED
        letter = 0.0 if _READERS.search(question.text) else _OF_READERS
        self.merit = {
            _key(r): _odds(r) + weight * self.fit(r) + _COVERS * self._covers(r) - letter * _is_letter(r.article)
            for r in pool
        }
        self.pool = sorted(pool, key=lambda r: -self.merit[_key(r)])

    # The forms of an answer.

    def sentences(self, *, first: bool) -> tuple[Part, ...]:
        """The best sentence, and those that add to it; unless the ``first`` word on it is asked
        for, with a newer one that takes one back."""
        best = self.pool[0]
        chosen = [best]
        sure = self.fit(best) == 1.0 and self.question.value in _SURE
        least = self.merit[_key(best)] - _NEARLY
        for ranked in self.pool[1:]:
            if len(chosen) == _MOST or self.merit[_key(ranked)] < least:
                break
            if any(self._same(ranked, other) for other in chosen):
                continue
            if sure and not (self._as_good(ranked, best) and self._adds(ranked, chosen)):
                continue
            chosen.append(ranked)
        later = None if first else self._overtaking(chosen)
        if later is not None and later not in chosen:
            chosen = [*chosen[: _MOST - 1], later]
        return self._parts(self._in_order(chosen))

    def _as_good(self, ranked: RankedSentence, best: RankedSentence) -> bool:
        """Whether it gives the kind of thing wanted as clearly, and in the same unit."""
        units = {value.unit for value in self.values(best)}
        return self.fit(ranked) == 1.0 and any(value.unit in units for value in self.values(ranked))

    def items(self) -> tuple[Part, ...]:
        """One sentence for each of the things asked for, in reading order."""
        least = self.merit[_key(self.pool[0])] - _NEARLY_LISTED
        chosen: list[RankedSentence] = []
        for ranked in self.pool:
            if len(chosen) == _MOST_ITEMS or self.merit[_key(ranked)] < least:
                break
            if self.values(ranked) and self._adds(ranked, chosen):
                chosen.append(ranked)
        return self._parts(self._in_order(chosen))

    def sequence(self) -> tuple[Part, ...]:
        """The best sentence of each day on which the story was told, oldest first."""
        best = self.pool[0]
        least = 0.6 * self._coverage(best)
        of_day: dict[date, RankedSentence] = {}
        # What is new stands at an article's beginning.
        told = (r for r in self.pool if not takes_back(r.text))
        for ranked in sorted(told, key=lambda r: -(self.merit[_key(r)] + _OF_BEGINNING / (1 + r.sentence.ordinal))):
            day = _day(ranked)
            if day is None or day in of_day or self._coverage(ranked) < least:
                continue
            if ranked.cosine < 0.55 * best.cosine or any(self._same(ranked, other) for other in of_day.values()):
                continue
            of_day[day] = ranked
            if len(of_day) == _MOST_ITEMS:
                break
        return tuple(self._part(of_day[day]) for day in sorted(of_day))

    def said(self) -> Composition:
        """What the speaker said, in quotation marks or reported; what else is told of the
        speaker where there is none of that; nothing where the speaker isn't named."""
        if parts := self.quoted():
            return Composition(form="quotation", parts=parts)
        speaker = self._speaker
        if not speaker or _READERS.search(self.question.speaker or "") or speaker[-1] in _ANYBODY:
            return Composition(form="sentences", parts=self.sentences(first=True))
        of_paper = [r for r in self.pool if set(speaker) <= set(words_of(_source(r.article)))]
        self.pool = of_paper or [r for r in self.pool if _names_speaker(r.text, speaker)]
        return Composition(form="sentences", parts=self.sentences(first=True) if self.pool else ())

    def quoted(self) -> tuple[Part, ...]:
        """The sentences with the speaker's own words, or that report them, each after the one
        that names who speaks."""
        found: list[list[RankedSentence]] = []
        top = None
        for ranked in sorted(self._ranked[: 4 * _LOOKED], key=lambda r: -r.score):
            if top is not None and _odds(ranked) < top - _NEARLY:
                break
            said = quotations(ranked.text) or _REPORTED.search(ranked.text)
            if said and (run := self._spoken(ranked)) is not None:
                top = _odds(ranked) if top is None else top
                if not any(self._same(ranked, others[-1]) for others in found):
                    found.append(run)
            if len(found) == 2:
                break
        chosen = list(dict.fromkeys(ranked for run in found for ranked in run))
        return tuple(self._part(ranked) for ranked in self._in_order(chosen, first_leads=False))

    def accounts(self) -> tuple[Part, ...]:
        """Sentences of different articles that give different values for the very same
        thing, newest first; none where they don't differ."""
        least = self.merit[_key(self.pool[0])] - _AS_WELL
        near = (ranked for ranked in self.pool if self.merit[_key(ranked)] >= least)
        best = next((ranked for ranked in near if self.fit(ranked) == 1.0), None)
        if best is None or self._one_value(best) is None:
            return ()
        told = [best]
        seen = {best.article.id}
        for ranked in self.pool[1:]:
            if ranked.article.id in seen or self.fit(ranked) < 1.0 or _is_letter(ranked.article):
                continue
            if self._on_the_same(best, ranked) or any(self._on_the_very_same(one, ranked) for one in told):
                told.append(ranked)
                seen.add(ranked.article.id)
        told.sort(key=lambda r: (-(_day(r) or date.min).toordinal(), -self.merit[_key(r)]))
        groups: list[list[RankedSentence]] = []
        for ranked in told:
            group = next((g for g in groups if self._say_one_thing(g[0], ranked)), None)
            if group is None:
                groups.append([ranked])
            else:
                group.append(ranked)
        if len(groups) < _DIFFER:
            return ()
        newest = groups[0][0]
        parts = []
        for group in groups[:_MOST_ACCOUNTS]:
            best_of = max(self.merit[_key(r)] for r in group)
            shown = next(r for r in group if self.merit[_key(r)] >= best_of - _NEARLY)
            part = self._part(shown, [r for r in group if r is not shown])
            parts.append(replace(part, earlier=group is not groups[0] and self._replaces(newest, shown)))
        return tuple(parts)

    def _overtaking(self, chosen: Sequence[RankedSentence]) -> RankedSentence | None:
        """The best sentence of a newer article that says that what one ``chosen`` says is no
        longer so: that a count was wrong, a date put off, a plan dropped."""
        return next((r for r in self.pool[1:] if any(self._overtakes(old, r) for old in chosen)), None)

    def _overtakes(self, older: RankedSentence, newer: RankedSentence) -> bool:
        then, now = _day(older), _day(newer)
        if then is None or now is None or not 0 < (now - then).days <= _ONE_STATE:
            return False
        if newer.cosine < _OVERTAKEN_COSINE * older.cosine or _odds(newer) < _odds(older) - _OVERTAKEN_ODDS:
            return False
        if _meaning(older, newer) < _OVERTAKEN_MEANING:
            return False
        says_so = [form.search(newer.text) for form in (_OVERTAKES, _REVISED, _CORRECTION)]
        if self.question.value not in _CAN_DIFFER:
            return any(says_so)
        if self.fit(newer) < 1.0 or any(agree(a, b) for a in self.values(older) for b in self.values(newer)):
            return False
        beginning = f"{newer.article.title}. {newer.article.text[:_BEGINNING]}"
        return any(says_so) or any(form.search(beginning) for form in (_OVERTAKES, _CORRECTION))

    # What the forms are made of.

    def values(self, ranked: RankedSentence) -> tuple[Value, ...]:
        """What the sentence says of the kind wanted."""
        key = _key(ranked)
        if key not in self._values:
            self._values[key] = self.question.values(ranked.text)
        return self._values[key]

    def _former(self, ranked: RankedSentence) -> tuple[Value, ...]:
        key = _key(ranked)
        if key not in self._formers:
            self._formers[key] = self.question.former(ranked.text)
        return self._formers[key]

    def fit(self, ranked: RankedSentence) -> float:
        """How well the sentence holds the kind of thing wanted, in [0, 1]."""
        key = _key(ranked)
        if key not in self._fits:
            of_another = self.question.unit == "age" and not self._of_whom(ranked)
            self._fits[key] = 0.0 if of_another else self.question.fit(ranked.text)
        return self._fits[key]

    def _of_whom(self, ranked: RankedSentence) -> bool:
        """Whether the sentence, or the one that its pronoun means, names who is asked about."""
        asked = [tuple(map(str, name.key)) for name in names(self.question.text)]
        told = [r.text for r in (ranked, self._before(ranked)) if r is not None]
        return not asked or any(_names_speaker(text, name) for name in asked for text in told)

    def _rarity(self, pool: Sequence[RankedSentence]) -> dict[str, float]:
        """What each word of the question says: the fewer of the sentences have it, the more."""
        counts = {term: sum(term in self._words(r) for r in pool) for term in sorted(self._asked)}
        return {term: math.log(1 + len(pool) / (1 + count)) for term, count in counts.items()}

    def _covers(self, ranked: RankedSentence) -> float:
        """The share, by rarity, of the question's words that the sentence has itself."""
        total = sum(self._weights.values())
        own = self._words(ranked)
        return sum(weight for term, weight in self._weights.items() if term in own) / total if total else 0.0

    def _words(self, ranked: RankedSentence) -> frozenset[str]:
        key = _key(ranked)
        if key not in self._terms:
            self._terms[key] = self._terms_of(ranked.text)
        return self._terms[key]

    def _same(self, one: RankedSentence, other: RankedSentence) -> bool:
        a, b = self._words(one), self._words(other)
        # Two papers change the words of one report.
        share = _SAME_WORDS_OF_STORY if one.story == other.story else _SAME_WORDS
        return one.text == other.text or len(a & b) > share * len(a | b)

    def _one_value(self, ranked: RankedSentence) -> Value | None:
        """The value that the sentence gives, if it gives one."""
        values = self.values(ranked)
        return values[0] if values and all(agree(values[0], value) for value in values[1:]) else None

    def _say_one_thing(self, one: RankedSentence, other: RankedSentence) -> bool:
        a, b = self._one_value(one), self._one_value(other)
        return a is not None and b is not None and agree(a, b)

    def _on_the_same(self, best: RankedSentence, other: RankedSentence) -> bool:
        """Whether ``other`` gives a value for what ``best`` gives one for."""
        a, b = self._one_value(best), self._one_value(other)
        if a is None or b is None or not (agree(a, b) or comparable(a, b)) or _far_apart(a, b):
            return False
        if self._of_another_time(other) or _days_apart(best, other) > _ONE_STATE:
            return False
        if any(agree(old, b) for old in self._former(best)) or any(agree(old, a) for old in self._former(other)):
            return self._near(best, other, _ALIKE_TAKEN_BACK)
        # The figures differ: that is the point.
        own, theirs = ({w for w in self._words(r) if not w.isdigit()} for r in (best, other))
        shared = len(own & theirs) / max(1, min(len(own), len(theirs)))
        if self.question.value in ("person", "place", "thing"):
            # Who and where change with each event; only reports of one event can differ, and
            # not where one names both: Taipei is in Taiwan.
            if not agree(a, b) and (_names(best.text, b) or _names(other.text, a)):
                return False
            return (
                shared >= _ALIKE_WORDS
                and self._near(best, other, _ALIKE_COSINE, _ALIKE_AT_LEAST)
                and self._rivals(best, other)
            )
        # The same weekday of another week is another day.
        if a.key[0] == "weekday" and not self._rivals(best, other):
            return False
        return self._measures_the_same(best, other, shared)

    def _on_the_very_same(self, one: RankedSentence, other: RankedSentence) -> bool:
        """The same, where they are as near to each other in meaning as to the question."""
        return _meaning(one, other) >= _ALIKE_MEANING and self._on_the_same(one, other)

    def _measures_the_same(self, best: RankedSentence, other: RankedSentence, shared: float) -> bool:
        """Whether two sentences that share so much of their words measure or count one thing."""
        rivals = self._rivals(best, other)
        if (
            shared >= _ALIKE_WORDS
            and rivals
            and _share_name(best, other)
            and self._near(best, other, _ALIKE_TAKEN_BACK)
        ):
            return True
        if self._moves_on(best, other):
            return True
        # Days are put off in other words: "ready by October", "not before March".
        days = all(value.key[0] == "day" for r in (best, other) for value in self.values(r))
        near = self._near(best, other, _ALIKE_DAYS, _ALIKE_AT_LEAST) and _odds(other) >= _odds(best) - _OF_DAYS
        if self.question.value == "date" and days and near and _of_one_story(best, other):
            return True
        if self._near(best, other, _ALIKE_NEARLY, _ALIKE_AT_LEAST) and _meaning(best, other) >= _ALIKE_MEANING:
            return True
        if not self._near(best, other, _ALIKE_COSINE, _ALIKE_AT_LEAST):
            return False
        if shared >= _ALIKE_WORDS:
            return True
        # What is counted or measured, in an article as near: "the crowd was", "the attendance was".
        if _odds(other) < _odds(best) - _ALIKE_ODDS:
            return False
        if (self.question.counted or self.question.unit or self.question.value == "money") and rivals:
            return _of_one_story(best, other)
        covered = self._coverage(other)
        return shared >= _SHARED_AT_LEAST and covered >= max(_COVERED_AT_LEAST, _ALIKE_COVERAGE * self._coverage(best))

    @staticmethod
    def _moves_on(best: RankedSentence, other: RankedSentence) -> bool:
        """Whether a newer sentence answers as well, though in words that are further from the question's."""
        now, then = _day(other), _day(best)
        newer = now is not None and then is not None and now > then
        near = _Desk._near(best, other, _OVERTAKEN_COSINE) and _meaning(best, other) >= _OVERTAKEN_MEANING
        return newer and near and _odds(other) >= _odds(best) - _AS_WELL and _of_one_story(best, other)

    @staticmethod
    def _near(best: RankedSentence, other: RankedSentence, share: float, least: float = 0.0) -> bool:
        return other.cosine >= max(least, share * best.cosine)

    def _of_another_time(self, ranked: RankedSentence) -> bool:
        """Whether a sentence speaks of a month or a year well before it was printed, which the
        question doesn't name: what held then."""
        day = _day(ranked)
        if day is None or self.question.value == "date":
            return False
        asked = set(words_of(self.question.text))
        for value in dates(ranked.text):
            kind, *parts = value.key
            year, month = (parts[0], parts[1]) if kind == "day" else (parts[0] if kind == "year" else None, None)
            if asked.intersection(words_of(ranked.text[value.span.start : value.span.end])):
                continue
            if isinstance(year, int) and year < day.year - (day.month < _EARLY):
                return True
            if year is None and isinstance(month, int) and (day.month - month) % 12 in _MONTHS_BACK:
                return True
        return False

    def _rivals(self, one: RankedSentence, other: RankedSentence) -> bool:
        """Whether two papers speak of it within a few days of each other, or one corrects."""
        apart = _days_apart(one, other)
        rivals = _source(one.article) != _source(other.article) or self._corrects(one) or self._corrects(other)
        return rivals and apart <= _RIVALS_WITHIN

    def _replaces(self, newest: RankedSentence, older: RankedSentence) -> bool:
        """Whether the newest account is a later state of the older one, and no rival to it."""
        new, old = _day(newest), _day(older)
        if new is None or old is None or new <= old:
            return False
        one, other = _source(newest.article), _source(older.article)
        if self._corrects(newest) or not one or not other or one == other or _REVISED.search(newest.text):
            return True
        return self._as_of is not None and (new - old).days > _RIVALS_WITHIN

    def _corrects(self, ranked: RankedSentence) -> bool:
        """Whether it stands in a correction: the headline, or a sentence close by, says so."""
        if _CORRECTION.search(ranked.article.title):
            return True
        start = max(0, ranked.sentence.span.start - _CLOSE_BY)
        return bool(_CORRECTION.search(ranked.article.text[start : ranked.sentence.span.end + _CLOSE_BY]))

    def _adds(self, ranked: RankedSentence, chosen: Iterable[RankedSentence]) -> bool:
        known = [value for other in chosen for value in self.values(other)]
        return any(not any(agree(value, old) for old in known) for value in self.values(ranked))

    def _coverage(self, ranked: RankedSentence) -> float:
        total = sum(self._weights.values())
        key = (ranked.article.id, -1)
        if key not in self._terms:
            self._terms[key] = self._terms_of(ranked.article.title)
        present = self._words(ranked) | self._terms[key]
        return sum(weight for term, weight in self._weights.items() if term in present) / total if total else 1.0

    def _in_order(self, chosen: Sequence[RankedSentence], *, first_leads: bool = True) -> list[RankedSentence]:
        """The best first, then each article's in the order it is read."""
        order = {article_id: place for place, article_id in enumerate(dict.fromkeys(r.article.id for r in chosen))}
        lead = 1 if first_leads else 0
        rest = sorted(chosen[lead:], key=lambda r: (order[r.article.id], r.sentence.ordinal))
        return [*chosen[:lead], *rest]

    def _before(self, ranked: RankedSentence) -> RankedSentence | None:
        """The sentence before, in the same article."""
        return self._next_to(ranked, -1)

    def _after(self, ranked: RankedSentence) -> RankedSentence | None:
        """The sentence after, in the same article."""
        return self._next_to(ranked, 1)

    def _next_to(self, ranked: RankedSentence, by: int) -> RankedSentence | None:
        if not self._beside:
            self._beside = {_key(r): r for r in self._ranked}
        return self._beside.get((ranked.article.id, ranked.sentence.ordinal + by))

    def _named_before(self, ranked: RankedSentence) -> RankedSentence | None:
        """Where the sentence begins with a pronoun, the one before that says who or what."""
        before = self._before(ranked)
        if before is None or is_question_or_heading(before.text) or _PRONOUN.match(before.text):
            return None
        return before if names(before.text) else None

    def _spoken(self, ranked: RankedSentence) -> list[RankedSentence] | None:
        """The sentence where the speaker is quoted in it, after the one that names the speaker."""
        speaker = self._speaker
        if not speaker:
            return None
        unquoted = ranked.text
        for quote in reversed(quotations(ranked.text)):
            unquoted = unquoted[: quote.span.start] + " " + unquoted[quote.span.end :]
        if _names_speaker(unquoted, speaker):
            return [ranked]
        if unquoted.strip(" ,.") and not _SAID_BY_PRONOUN.search(ranked.text) and re.search(_ATTRIBUTED, unquoted):
            return None
        before: RankedSentence | None = ranked
        for _ in range(3):
            before = self._before(before) if before else None
            if before is None or is_question_or_heading(before.text):
                return None
            if _names_speaker(before.text, speaker):
                # "He" is whom the sentence names first: "Ann Lee, the director, ..."
                first = next(iter(names(before.text)), None)
                begins = before.text[: first.span.end + _OFFICE_WITHIN] if first else before.text
                return [before, ranked] if _names_speaker(begins, speaker) else None
            if names(before.text):
                return None
        return None

    def _parts(self, chosen: Sequence[RankedSentence]) -> tuple[Part, ...]:
        """The parts of an answer, each pronoun at a beginning after the sentence that explains it."""
        shown: dict[tuple[str, int], RankedSentence] = {}
        for ranked in chosen:
            if _PRONOUN.match(ranked.text) and (before := self._named_before(ranked)) is not None:
                shown.setdefault(_key(before), before)
            shown.setdefault(_key(ranked), ranked)
            # What was wrong is never shown without what is right.
            if takes_back(ranked.text) and (after := self._after(ranked)) is not None:
                shown.setdefault(_key(after), after)
        return tuple(self._part(ranked) for ranked in shown.values())

    def _part(self, ranked: RankedSentence, agreeing: Sequence[RankedSentence] | None = None) -> Part:
        others = tuple(self._agreeing(ranked) if agreeing is None else agreeing)
        days = [day for r in (ranked, *others) for day in (_day(r), *(day for _, day in r.printed)) if day]
        return Part(
            ranked=ranked,
            emphasis=tuple(value.span for value in self.values(ranked)) if self.fit(ranked) == 1.0 else (),
            agreeing=others,
            sources=tuple(dict.fromkeys(name for r in (ranked, *others) for name in _named(r) if name)),
            first_reported=min(days, default=None),
            corrects=(bool(self.values(ranked)) or takes_back(ranked.text)) and self._corrects(ranked),
        )

    def _agreeing(self, ranked: RankedSentence) -> list[RankedSentence]:
        """At most one sentence of each other article that says the same."""
        found: dict[str, RankedSentence] = {}
        for other in self.pool:
            if other.article.id == ranked.article.id or other.article.id in found:
                continue
            alike = self._same(ranked, other) or self._confirms(ranked, other)
            if alike and not _at_odds(ranked.text, other.text):
                found[other.article.id] = other
        return list(found.values())

    def _confirms(self, ranked: RankedSentence, other: RankedSentence) -> bool:
        """Whether ``other`` gives the same value for the same thing, in its own words."""
        if self.fit(ranked) < 1.0 or self.fit(other) < 1.0 or not self._say_one_thing(ranked, other):
            return False
        return self._on_the_same(ranked, other)


def _is_letter(article: Article) -> bool:
    """Whether a reader wrote it, as far as its headline or its first words show."""
    return bool(_LETTER.match(article.title) or _SIR.match(article.text))


def _named(ranked: RankedSentence) -> Iterator[str | None]:
    """The sources that print a sentence in these words, its own first."""
    yield _source(ranked.article)
    for source, _ in ranked.printed:
        yield source


def _at_odds(one: str, other: str) -> bool:
    """Whether one denies where the other doesn't, or their figures of one kind all differ."""
    if bool(_DENIED.search(one)) != bool(_DENIED.search(other)):
        return True
    for value in numbers(one):
        rivals = [v for v in numbers(other) if comparable(value, v)]
        if rivals and not any(agree(value, v) for v in rivals):
            return True
    return False


def _names(text: str, value: Value) -> bool:
    return {str(part) for part in value.key} <= set(words_of(text))


def _odds(ranked: RankedSentence) -> float:
    chance = min(max(ranked.score, 1e-9), 1 - 1e-9)
    return math.log(chance / (1 - chance))


def _meaning(one: RankedSentence, other: RankedSentence) -> float:
    """The cosine of two sentences with each other."""
    return float(one.vector @ other.vector)


def _share_name(one: RankedSentence, other: RankedSentence) -> bool:
    return any(agree(a, b) for a in names(one.text) for b in names(other.text))


def _of_one_story(one: RankedSentence, other: RankedSentence) -> bool:
    """Whether the beginnings of two articles, with their headlines, name the same."""
    a, b = (
        {name.key for name in names(f"{r.article.title}. {r.article.text[:_BEGINNING]}"[:_BEGINNING])}
        for r in (one, other)
    )
    return one.story == other.story or not a.isdisjoint(b) or _share_name(one, other)


def _days_apart(one: RankedSentence, other: RankedSentence) -> int:
    a, b = _day(one), _day(other)
    return abs((a - b).days) if a and b else 0


def _far_apart(one: Value, other: Value) -> bool:
    """Whether two amounts differ so much that they can hardly be of one thing."""
    a, b = one.key[-1], other.key[-1]
    return isinstance(a, float) and isinstance(b, float) and max(a, b) > _FAR_APART * max(min(a, b), 1.0)


def _key(ranked: RankedSentence) -> tuple[str, int]:
    return ranked.article.id, ranked.sentence.ordinal


def _day(ranked: RankedSentence) -> date | None:
    article = ranked.article
    # What a revision says was said when it was revised.
    printed = article.modified if article.revision > 1 and article.modified else article.published
    return None if printed is None else day_of(printed)


def _source(article: Article) -> str:
    if article.source and article.source.strip():
        return article.source
    try:
        return urlsplit(article.url or "").hostname or ""
    except ValueError:
        return ""


def _names_speaker(text: str, speaker: Sequence[str]) -> bool:
    """Whether ``text`` names the speaker: has the last word of the name, which is the surname or
    the office, and neither another first name with it nor a deputy or former one's office."""
    told, own = words_of(text), set(speaker)
    places = [place for place, word in enumerate(told) if word == speaker[-1]]
    if not any(_office(told[: place + 1], own) == _office(speaker, own) for place in places):
        return False
    full = [set(name.key) for name in names(text) if speaker[-1] in name.key]
    return len(speaker) == 1 or not full or any(name <= own or own <= name for name in full)


def _office(words: Sequence[str], own: set[str]) -> str:
    """The word before a name or an office, at the end of ``words``, where it makes another of it."""
    start = len(words) - 1
    while start > 0 and words[start - 1] in own - _OTHER_OFFICE:
        start -= 1
    return words[start - 1] if start > 0 and words[start - 1] in _OTHER_OFFICE else ""
