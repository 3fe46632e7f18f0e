"""Time in questions and in articles: which days are meant, and how well a day fits."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import date, datetime
from functools import cache
from itertools import islice
from threading import Lock
from typing import Any, Literal

from index import Article, Span, day_of
from qa.dates import COUNTS, MONTHS, WEEKDAYS, Days, Expression, Way, day_in_words, expressions, moved

__all__ = [
    "LOWEST",
    "DateInText",
    "EventRelative",
    "Mention",
    "Order",
    "When",
    "dates_in",
    "days_meant",
    "preference",
    "read",
    "shown",
]

Order = Literal["latest", "first", "original"]
"""Which of several reports is asked for: the newest, the first of it, or what was said
before it was changed."""

LOWEST = 0.5
"""What ``preference`` comes down to for a day that doesn't fit at all: halved, never lost."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Mention:
    """A date in a question: where it stands, and the days it leaves, both included.

    ``begin`` or ``end`` is None where it is open ("since 2021"). ``strength``: "filter"
    where the question says when articles were published; "prefer" where what is asked about
    happened then, so that articles of those days and the few after tell of it; "fact" where
    it lies ahead, or is what something is compared with, and says nothing about when that
    was written.
    """

    span: Span
    begin: date | None
    end: date | None
    relation: Literal["within", "since", "until", "before", "after", "around"]
    strength: Literal["filter", "prefer", "fact"]

    @property
    def shown(self) -> str:
        """The days as a reader reads them: "June 2025", "since 3 March 2025"."""
        if self.begin and self.end:
            return shown(self.begin, self.end)
        return (
            f"since {day_in_words(self.begin)}"
            if self.begin
            else f"until {day_in_words(self.end)}"
            if self.end
            else "any day"
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class EventRelative:
    """A time told by an event ("two days before the vote"), whose day a search must find.

    ``event`` is the event's words, ``span`` where the whole stands in the question.
    ``offset`` is how far from it in days, None where the question says only before or after.
    ``slack`` is by how many days that may be off.
    """

    span: Span
    event: str
    direction: Literal["before", "after"]
    offset: int | None
    slack: int

    def days(self, day: date) -> tuple[date | None, date | None]:
        """The days meant, where the event was on ``day``: first and last, None where open."""
        sign = 1 if self.direction == "after" else -1
        if self.offset is None:
            return (day, None) if sign > 0 else (None, day)
        middle = moved(day, sign * self.offset)
        return moved(middle, -self.slack), moved(middle, self.slack)


@dataclass(frozen=True, slots=True, kw_only=True)
class When:
    """What a question says about time."""

    mentions: tuple[Mention, ...] = ()
    order: Order | None = None
    event: EventRelative | None = None

    @property
    def published(self) -> tuple[date | None, date | None]:
        """First and last day of publication that the question itself demands; None where
        open, both None where it demands nothing."""
        demanded = [mention for mention in self.mentions if mention.strength == "filter"]
        begins = [mention.begin for mention in demanded if mention.begin]
        ends = [mention.end for mention in demanded if mention.end]
        begin, end = max(begins, default=None), min(ends, default=None)
        if begin and end and begin > end:
            # "In March or in June": both, and what lies between them.
            begin = None if len(begins) < len(demanded) else min(begins)
            end = None if len(ends) < len(demanded) else max(ends)
        return begin, end

    @property
    def dated(self) -> bool:
        """Whether ``preference`` tells days apart."""
        return any(mention.strength != "fact" for mention in self.mentions)

    def telling(self, today: date, other: When | None) -> When:
        """The same with only what tells days of publication apart: not what holds ``today``
        too ("this week", "over the past year"), where recency says as much and more finely;
        and, where the question was read for another day as well, nothing that depends on it."""
        same = None if other is None else {(m.span, m.begin, m.end) for m in other.mentions}
        told = tuple(
            mention
            for mention in self.mentions
            if not (mention.end and mention.end >= today and (mention.begin or date.min) <= today)
            and (same is None or (mention.span, mention.begin, mention.end) in same)
        )
        return replace(self, mentions=told)

    def resolved(self, day: date) -> When:
        """The same once the event's day is known: the days it stands for are a preference."""
        if self.event is None:
            return self
        begin, end = self.event.days(day)
        relation: Literal["within", "since", "until"] = "within" if begin and end else "since" if begin else "until"
        found = Mention(span=self.event.span, begin=begin, end=end, relation=relation, strength="prefer")
        return replace(self, mentions=(*self.mentions, found), event=None)


@dataclass(frozen=True, slots=True, kw_only=True)
class DateInText:
    """A date in an article's words: ``text[span.start:span.end]`` is ``written``, and means
    the days from ``begin`` to ``end``, both included. ``complete`` where the words name
    their year themselves, so that there is nothing to add for a reader."""

    span: Span
    begin: date
    end: date
    written: str
    complete: bool


def read(question: str, *, today: date, explicit: bool) -> When:
    """What ``question`` says about time, asked on ``today``.

    ``explicit`` says that ``today`` was given by the asker. Where it was not, what must be
    reckoned from it ("last month", "in June") never demands a day of publication: a guess
    may prefer articles, it may not leave them out.
    """
    today = today.date() if isinstance(today, datetime) else today
    order = _order(question)
    found: list[tuple[Expression, Days]] = []
    verbs = _Verbs(question) if _AHEAD.search(question) else None
    for hit in expressions(question):
        if question[hit.start : hit.end].lower() == "today" and not _HAPPENED.search(question):
            # "Who leads it today?" asks for the state of things, not for a day's events.
            order = order or "latest"
            continue
        days = hit.days(today, "ahead" if verbs and verbs.tense(hit) != "past" else "past")
        if days is not None:
            found.append((hit, days))
    del found[_MOST:]
    mentions = _foreign(question, found, today) or _mentions(question, found, today, explicit=explicit)
    return When(mentions=tuple(mentions), order=order, event=_event(question, mentions))


def preference(when: When, day: date) -> float:
    """How well a day of publication fits what the question says, in [``LOWEST``, 1].

    1 on the days meant and on those just after, when what happened is written about; it
    falls off smoothly on both sides. Without a mention that tells days apart it is 1.
    """
    told = [mention for mention in when.mentions if mention.strength != "fact"]
    # "In 2022 or 2023": either will do. "On 4 July this year": the narrower says it all.
    days = [(m.begin, m.end, m) for m in told if m.begin and m.end]
    narrow = [
        m for begin, end, m in days if not any(begin <= b and e <= end and (b, e) != (begin, end) for b, e, _ in days)
    ]
    either = max((_fit(mention, day) for mention in narrow), default=1.0)
    bounds = min((_fit(mention, day) for mention in told if not (mention.begin and mention.end)), default=1.0)
    return LOWEST + (1 - LOWEST) * min(either, bounds)


def shown(begin: date, end: date) -> str:
    """Days as a reader reads them: "Sunday 2 March 2025", "March 2025", "2–9 May 2025"."""  # noqa: RUF002 - it is what is written
    if begin == end:
        return f"{WEEKDAYS[begin.weekday()]} {day_in_words(begin)}"
    whole = begin.day == 1 and (end == date.max or moved(end, 1).day == 1)
    if whole and (begin.month, end.month) == (1, 12):
        return f"{begin.year}" if begin.year == end.year else f"{begin.year}–{end.year}"
    first, last = MONTHS[begin.month - 1], MONTHS[end.month - 1]
    if begin.year != end.year:
        return f"{first} {begin.year} – {last} {end.year}" if whole else f"{day_in_words(begin)} – {day_in_words(end)}"
    if whole:
        return f"{first} {begin.year}" if first == last else f"{first}–{last} {end.year}"
    return f"{begin.day}–{day_in_words(end)}" if first == last else f"{begin.day} {first} – {day_in_words(end)}"


# Questions.

# A question with more dates is a list of dates; each costs every article a comparison.
_MOST = 10
_AHEAD = re.compile(
    r"\b(will|shall|won[’']t|going\s+to|upcoming|forthcoming|supposed\s+to|must|ha(?:s|ve)\s+to"
    r"|(is|are|be)\s+(\w+\s+){0,4}?(due|set|scheduled|expected|planned|about))\b|\w[’']ll\b",
    re.IGNORECASE,
)
_HAPPENED = re.compile(r"\b(?:did|was|were|had|has|have|happened|happening|announced|said)\b", re.IGNORECASE)
# What something is held against was then; what is said of it is said later.
_COMPARED = re.compile(r"\b(?:compared\s+(?:to|with)|than(?:\s+in)?|versus)\s+(?:that\s+|those\s+)?\Z", re.IGNORECASE)
# The words before a date that say how it is meant; the longest that fits.
_BEFORE = re.compile(
    r"(?<!\w)(?P<since>(?:ever\s+)?since)\s+(?:the\s+)?\Z"
    r"|(?<!\w)(?P<asof>as\s+(?:of|at))\s+(?:the\s+)?\Z"
    r"|(?<!\w)(?P<until>until|till|up\s+(?:un)?til|up\s+to|by|no\s+later\s+than)\s+(?:the\s+)?\Z"
    r"|(?<!\w)(?P<before>before|prior\s+to|earlier\s+than)\s+(?:the\s+)?\Z"
    r"|(?<!\w)(?P<after>after|later\s+than|following)\s+(?:the\s+)?\Z"
    r"|(?<!\w)(?P<around>around|about|circa|roughly|close\s+to|near)\s+(?:the\s+)?\Z"
    r"|(?<!\w)(?P<within>in|on|at|from|during|of|for|over|within|between|through|throughout|and|the)\s+(?:the\s+)?\Z",
    re.IGNORECASE,
)
# How far before a date the words that say how it is meant may stand.
_LOOK = 160
_JOIN = re.compile(r"\s*(?:to|and|until|till|through|up\s+to|[-–—])\s*(?:the\s+)?", re.IGNORECASE)
# "After the 2020 election" may be in 2020 still.
_NAMES_EVENT = re.compile(r"(?:before|after)\s+the\s+(?:[a-z]+\s+)?\d{4}\s+(?!and\b|or\b)[a-z]", re.IGNORECASE)
_FURTHER = re.compile(r"\s*,?\s*(?:and|or|but)?\s*", re.IGNORECASE)
_ONWARDS = re.compile(r"\s+(?:on|onwards?|to\s+(?:now|date|today))\b(?!\s+(?:the|a)\b)", re.IGNORECASE)
_FROM = re.compile(r"(?<!\w)(?P<word>from|between)\s+(?:the\s+)?\Z", re.IGNORECASE)

_PAPERS = (
    r"(?:papers?|newspapers?|(?-i:Gazette|Herald|Times|Post|Guardian|Chronicle|Tribune|Journal)|press|journalists"
    r"|reporters|news|bulletins?|media|website)"
)
_ARTICLES = r"(?:articles|stories|headlines|coverage|editorials|columns|news\s+reports)"
_ABOUT = r"(?:\s+(?:about|on|of|by|regarding|concerning|mentioning)\b[^,;.?!]{0,80})?"
_PRINTED = r"(?:\s+(?:that\s+)?(?:were\s+|was\s+)?(?:published|printed|written|appeared|appearing|quit|ran|dated))?"
# Ways of saying when something was published: before the date, in its clause.
_REPORTED = tuple(
    re.compile(form, re.IGNORECASE)
    for form in (
        rf"\b{_ARTICLES}\b(?!\s+(?:of\s+the|\d|state|say)){_ABOUT}{_PRINTED}\s+\Z",
        r"\b(?:article|story|editorial|column|report|piece|letter)\b[^,;.?!]{0,80}\b(?:published|printed|dated)\s+\Z",
        rf"\bwhat\s+(?:was|were|has\s+been|had\s+been|is)\s+(?:being\s+)?reported{_ABOUT}\s+\Z",
        rf"\b(?:the|your|this|our)\s+(?:\w+\s+)?{_PAPERS}\s+(?:report|say|write|publish|print|cover|run|carry)\w*{_ABOUT}\s+\Z",
        rf"\b(?:printed|published|reported|appeared|ran|written)\s+in\s+(?:the|your)\s+(?:\w+\s+)?{_PAPERS}{_ABOUT}\s+\Z",
        rf"\bnews{_ABOUT}\s+\Z",
        rf"\byou\s+(?:report|write|publish|print)\w*{_ABOUT}\s+\Z",
    )
)
_TOLD = re.compile(
    r"\b(?:happened|occurred|would|who|(?:was|were)\b(?!\s+(?:being\s+)?(?:published|printed|written|reported)))\b[^,;.?!]*\Z",
    re.IGNORECASE,
)


def _mentions(question: str, found: list[tuple[Expression, Days]], today: date, *, explicit: bool) -> list[Mention]:
    mentions: list[Mention] = []
    place = 0
    while place < len(found):
        expression, days = found[place]
        span = Span(start=expression.start, end=expression.end)
        reckoned, unsure = expression.tie != "full", expression.unsure
        joined = _joined(question, found, place)
        if joined is not None:
            place += 1
            days, span = joined
            reckoned, unsure = reckoned or found[place][0].tie != "full", unsure or found[place][0].unsure
        place += 1
        led = _BEFORE.search(question, max(0, span.start - _LOOK), span.start)
        word = led.lastgroup if led and joined is None else None
        if word == "within" and _ONWARDS.match(question, span.end):
            word = "since"
        elif led and word in ("before", "after") and _NAMES_EVENT.match(question, led.start()):
            word = "since" if word == "after" else "until"
        start = led.start() if led else span.start
        if word == "since" and expression.tie == "weekday" and days[0] == today:
            # On a Tuesday, what has been so since Tuesday has been so for a week.
            days = moved(today, -7), moved(today, -7)
        begin, end, relation = _bounded(word, days)
        sure = not unsure and (explicit or not reckoned)
        strength = _strength(question, start, word, begin, today, sure=sure)
        if sure and mentions and mentions[-1].strength == "filter" and strength == "prefer":
            # "Published after 1 May and before 1 June" says "published" once.
            further = _FURTHER.fullmatch(question, mentions[-1].span.end, start)
            strength = "filter" if further else "prefer"
        mentions.append(
            Mention(
                span=Span(start=start, end=span.end),
                begin=begin,
                end=end,
                relation=relation,
                strength=strength,
            )
        )
    return mentions


def _joined(question: str, found: list[tuple[Expression, Days]], place: int) -> tuple[Days, Span] | None:
    """The days from this expression to the next, where the words between join them."""
    if place + 1 == len(found):
        return None
    (first, days), (second, (_, end)) = found[place], found[place + 1]
    between = question[first.end : second.start]
    led = _FROM.search(question, max(0, first.start - _LOOK), first.start)
    if not _JOIN.fullmatch(between) or ("and" in between.lower() and not (led and led["word"].lower() == "between")):
        return None
    if first.tie == "yearless":
        # Its year is that of the second, or the one before: "from November to 4 February 2025".
        days = first.days(end, "past") or days
    elif first.tie == "full" and second.tie == "yearless":
        end = (second.days(days[0], "ahead") or (end, end))[1]
    if days[0] > end:
        return None
    return (days[0], end), Span(start=led.start() if led else first.start, end=second.end)


def _bounded(
    word: str | None, days: Days
) -> tuple[date | None, date | None, Literal["within", "since", "until", "before", "after", "around"]]:
    begin, end = days
    if word == "since":
        return begin, None, "since"
    if word in ("until", "asof"):
        return None, end, "until"
    if word == "before":
        return None, moved(begin, -1), "before"
    if word == "after":
        return moved(end, 1), None, "after"
    if word == "around":
        width = (end - begin).days + 1
        margin = 3 if width == 1 else min(width // 2, 3_650)
        return moved(begin, -margin), moved(end, margin), "around"
    return begin, end, "within"


def _strength(
    question: str, start: int, word: str | None, begin: date | None, today: date, *, sure: bool
) -> Literal["filter", "prefer", "fact"]:
    before = question[max(0, start - _LOOK) : start]
    if (begin is not None and begin > today) or _COMPARED.search(before):
        return "fact"
    if sure and (
        word == "asof" or any((m := form.search(before)) and not _TOLD.search(m.group()) for form in _REPORTED)
    ):
        return "filter"
    return "prefer"


_LATEST = re.compile(
    r"\b(latest|most\s+recent(?:ly)?|newest|currently|(?:right|just|by)\s+now|now|nowadays|these\s+days|presently"
    r"|any\s+(?:news|updates?)(?=\s+(?:on|about|of|from|in|with)\b|\W*\Z)|(?:is|['’]s)\s+new(?=\s+(?:on|about|with|in|at)\b)|at\s+(?:present|the\s+moment)|so\s+far|to\s+date|up\s+to\s+date|as\s+(?:things|it)\s+stands?|still"
    r"|(?<!alternating )(?<!direct )(?<!electric )(?<!ocean )current(?=\s+[a-z])"
    r"(?!\s+(?:flow|in|of|is|was|through|direction|density|and|between)))\b",
    re.IGNORECASE,
)
_FIRST = re.compile(
    r"\b(first\s+(?:be(?:en|ing)?\s+)?(?:reported|report|announced|published|mentioned|mention|said|told|heard|emerged|appeared"
    r"|noticed|revealed|disclosed|named|known|came\s+to\s+light|come\s+to\s+light|reports)"
    r"|(?:reported|announced|mentioned|appear|emerge|reveal\w*|hear|report|announce|mention|come\s+to\s+light)\s+first"
    r"|first\s+(?:appear|emerge|hear|announce|reveal)|earliest\s+(?:reports?|articles?|mentions?|stories|story|news))\b",
    re.IGNORECASE,
)
_ORIGINAL = re.compile(
    r"\b(originally|initially|at\s+first|at\s+the\s+(?:outset|start|beginning)(?!\s+of)|to\s+begin\s+with|in\s+the\s+beginning"
    r"|first\s+(?:thought|estimated|estimate|given|put\s+at|planned|expected|proposed|claimed|figure|count|quoted|believed)"
    r"|(?:original|initial|earlier|earliest|first)\s+(?:\w+\s+)?(?:estimates?|figures?|plans?|costs?|prices?|numbers?|counts?|budgets?"
    r"|deadlines?|forecasts?|claims?|offers?|proposals?|totals?|results?|schedules?|amounts?|versions?))\b",
    re.IGNORECASE,
)


def _order(question: str) -> Order | None:
    forms: tuple[tuple[Order, re.Pattern[str]], ...] = (("first", _FIRST), ("original", _ORIGINAL), ("latest", _LATEST))
    return next((order for order, form in forms if form.search(question)), None)


_EVENT = re.compile(
    r"(?<!\w)(?:(?P<count>\d{1,3}|an?|one|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|the|the\s+same)\s+"
    r"(?P<unit>day|night|morning|evening|afternoon|week|fortnight|month|year)s?\s+)?"
    r"(?P<soon>(?:shortly|immediately|right|just|soon|straight)\s+)?"
    r"(?P<word>before|after|following|prior\s+to|ahead\s+of|since)\s+"
    r"(?P<event>(?:(?:the|this|that|his|her|their|its)\s+\w|(?-i:[A-Z])[\w’'.-]*\s*\w)[^,;?!]*)",
    re.IGNORECASE,
)
# What isn't told by an event: "named after the", "look after the", "appear before the court".
_NO_EVENT = re.compile(
    r"\b(named|called|look(?:s|ed|ing)?|take[sn]?|took|go|goes|went|run|ran|chas\w+|appear\w*|c[ao]me|brought|put|went|modelled"
    r"|modeled|sought|sworn)\s+\Z",
    re.IGNORECASE,
)
_COURT = re.compile(
    r"(?:the|a)\s+(?:\w+\s+)?(?:court|judge|jury|magistrates?|tribunal|committee|council|panel|inquiry|congress|world)\b",
    re.IGNORECASE,
)
_OPENS = re.compile(r"\W*(?:how\s+(?:long|soon|many\s+\w+|much\s+\w+)\s+)?", re.IGNORECASE)
_STOPS = re.compile(r"\s+(?:did|does|do|was|were|is|are|has|have|had|will|would|can|could)\s", re.IGNORECASE)
_SPANS = {"week": (7, 2), "fortnight": (14, 3), "month": (30, 7), "year": (365, 45)}


def _event(question: str, mentions: list[Mention]) -> EventRelative | None:
    for match in _EVENT.finditer(question):
        text = _event_text(question, match)
        end = match.start("event") + len(text)
        if not text or any(m.span.start < end and m.span.end > match.start("word") for m in mentions):
            continue
        if match["count"] is None and _NO_EVENT.search(question, 0, match.start()):
            continue
        direction: Literal["before", "after"] = (
            "after" if match["word"].lower() in ("after", "following", "since") else "before"
        )
        if match["count"] is None and direction == "before" and _COURT.match(text):
            continue
        offset, slack = _offset(match)
        return EventRelative(
            span=Span(start=match.start(), end=end), event=text, direction=direction, offset=offset, slack=slack
        )
    return None


def _event_text(question: str, match: re.Match[str]) -> str:
    """The event's words: to the end of the clause; where they come first and no comma ends
    them, the question's verb does."""
    text = match["event"]
    if _OPENS.fullmatch(question, 0, match.start()) and "," not in question and (stop := _STOPS.search(text)):
        text = text[: stop.start()]
    return re.sub(r"[\s.:]+\Z", "", re.split(r"\.\s", text, maxsplit=1)[0])


def _offset(match: re.Match[str]) -> tuple[int | None, int]:
    count, unit = (match["count"] or "").lower(), (match["unit"] or "").lower()
    if not count:
        return (1, 2) if match["soon"] else (None, 0)
    if count in ("the same", "the") and unit not in _SPANS:
        # "The night before", "the day after"; "the evening after" a vote may be its own.
        return 1, 0 if unit == "day" else 1
    number = int(count) if count.isdigit() else COUNTS.get(count, 1)
    length, slack = _SPANS.get(unit, (1, 0))
    return number * length, slack


def _fit(mention: Mention, day: date) -> float:
    """1 within the days meant and the days after in which they are written about; falling
    towards 0 outside, faster before, when nobody could know."""
    begin, end = mention.begin, mention.end
    width = (end - begin).days + 1 if begin and end else 30
    lag = 0 if mention.strength == "filter" else 3 if width <= 3 else min(14, 2 + width // 4)
    scale = max(4.0, min(width, 365) / 2)
    away = 0.0
    if begin is not None and day < begin:
        away = 2.0 * (begin - day).days
    elif end is not None and (day - end).days > lag:
        away = (day - end).days - lag
    # Not exp: its tail would be lost to rounding, and days far off would still be told apart
    # by what no one can read from them.
    return 1 / (1 + (away / scale) ** 2)


# Other languages.

_ENGLISH = re.compile(r"\b(the|what|who|whose|when|where|which|why|how|did|does|any|there)\b", re.IGNORECASE)
# How months begin in the languages below where English has none that begins so: a number
# and a word are seldom a date, and asking dateparser costs more than answering.
_WORD = (
    r"(?:januar|janv|janei|jän|enero|genn|stycz|ledn|янв|січ|ocak|febr|fév|fever|feve|lute|únor|фев|лют|şub"
    r"|mars|marz|märz|març|maart|mart[ae]?\b|mrt|bře|мар|бер|abril|avril|aprile?\b|kwie|dub|апр|кві|nisan|mai[oa]?\b|mayo|mayıs"
    r"|maj[ae]?\b|maggio|mei\b|kvě|ма[йя]|трав|juni|juin|junh|giug|czer|červ|июн|черв|haz|juli|juil|julh|lugl|lip|июл|temm"
    r"|agost|août|aout|augus|sierp|srp|авг|серп|ağus|septe|seti|sette|sete|wrze|zář|сент|верес|eyl|okto|outub|octub|octob|ottob"
    r"|paźd|říj|окт|жовт|ekim|nove|novi|listop|ноя|kasım|deze|déc|dece|dici|dezem|grud|pros|дек|aral)[^\W\d_]*\.?"
)
_ELSEWHERE = re.compile(
    rf"(?<![\w.,])\d{{1,2}}(?:\.|er|º|ª)?\s+(?:de\s+|d[’'])?{_WORD}(?:,?\s+(?:de\s+|del\s+)?\d{{4}}(?!\d))?"
    rf"|(?<!\w){_WORD}\s+(?:de\s+|del\s+)?[12]\d{{3}}(?!\d)"
    r"|\d{4}[年년]\s*\d{1,2}[月월](?:\s*\d{1,2}[日일])?"
    r"|\b(?:gestern|vorgestern|hier|avant-hier|ayer|anteayer|ieri|ontem|anteontem|gisteren|eergisteren|wczoraj|вчера|вчора)\b",
    re.IGNORECASE,
)
_LANGUAGES = ["de", "fr", "es", "it", "pt", "nl", "sv", "da", "pl", "cs", "ru", "uk", "tr", "zh", "ja", "ko"]
_parsing = Lock()


def _foreign(question: str, found: list[tuple[Expression, Days]], today: date) -> list[Mention]:
    """Dates in a question that isn't English, of forms that can't well be anything else."""
    if _ENGLISH.search(question):
        return []
    mentions = []
    for match in islice(_ELSEWHERE.finditer(question), _MOST):
        if any(e.start <= match.start() and e.end >= match.end() for e, _ in found):
            # April is April in German too.
            continue
        days = _parsed(match.group(), today)
        if days is not None:
            span = Span(start=match.start(), end=match.end())
            strength: Literal["prefer", "fact"] = "fact" if days[0] > today else "prefer"
            mentions.append(Mention(span=span, begin=days[0], end=days[1], relation="within", strength=strength))
    return mentions


def _parsed(words: str, today: date) -> Days | None:
    numbered = bool(re.search(r"\d", words))
    base = datetime(today.year, today.month, today.day)  # noqa: DTZ001 - dateparser's are naive
    settings = {
        "RELATIVE_BASE": base,
        "PREFER_DATES_FROM": "past",
        "DATE_ORDER": "DMY",
        "PREFER_DAY_OF_MONTH": "first",
        "REQUIRE_PARTS": ["month"] if numbered else [],
        "PARSERS": ["absolute-time"] if numbered else ["relative-time"],
    }
    # It keeps what it learnt of a language in dictionaries that two threads may not fill.
    with _parsing:
        try:
            found = _parser()(languages=_LANGUAGES, settings=settings).get_date_data(words)
        except (ValueError, OverflowError, TypeError, AttributeError):
            # Whatever it stumbles over in a stranger's text is no date.
            return None
    if found is None or found.date_obj is None:
        return None
    day: date = found.date_obj.date()
    if found.period == "month":
        first = day.replace(day=1)
        return first, moved(moved(first, 32).replace(day=1), -1)
    return (day, day) if found.period == "day" else None


@cache
def _parser() -> Callable[..., Any]:
    # Loading it takes longer than answering a question, and few questions need it.
    from dateparser.date import DateDataParser

    return DateDataParser  # type: ignore[no-any-return]


# Articles.

_CLAUSE = re.compile(r"[,;:()—–“”\"]|\b(?:that|which|who|because|but|if|when|while|although|as)\b", re.IGNORECASE)
# A stop after a title, an initial or a short month ends nothing.
_SENTENCE = re.compile(
    r"(?<=[.!?])(?<!\b[A-Z]\.)(?<!\b(?:Mr|Ms|Dr|St|Lt|Jr|Sr|No|vs)\.)"
    r"(?<!\b(?:Gov|Sen|Rep|Mrs|Gen|Sgt|Rev|Inc|Jan|Feb|Mar|Apr|Jun|Jul|Aug|Sep|Oct|Nov|Dec)\.)"
    r"(?<!\b(?:Sept|Capt|Prof|Corp)\.)"
    r"[”\"’')\]]*\s+(?=[A-Z“\"‘'(])|\n+"
)
_IRREGULAR = (
    "said|told|was|were|had|did|went|came|took|gave|got|made|won|lost|beat|began|broke|brought|"
    "built|bought|caught|chose|drew|drove|fell|felt|fled|flew|found|fought|grew|held|heard|kept|"
    "knew|led|left|met|paid|ran|rose|sat|sold|sent|shot|sank|spent|spoke|stood|stole|struck|"
    "swept|swore|taught|thought|threw|woke|wore|wrote|became|sought|slid|rang|overcame|withdrew|"
    "underwent|undertook|oversaw|overthrew"
)
_NOT_PAST = (
    "need|needed|speed|indeed|hundred|feed|bed|red|seed|breed|exceed|proceed|succeed|shed|deed|weed|embed|united|bleed"
)
_ADVERBS = r"(?:\s+(?:not|also|now|then|only|likely|probably|soon|first|\w+ly))*"
# What says when: the parts of a verb, in order of trial.
_VERB = re.compile(
    r"(?P<undone>\b(?:was|were|been)\s+(?:\w+ly\s+)?(?:due|set|scheduled|slated|expected|planned|about|going|to)\b"
    r"(?:\s+to\s+(?:be\s+)?\w+)?)"
    rf"|(?P<ahead>\b(?:will|shall|won[’']t)\b{_ADVERBS}(?:\s+(?:be|have|get|been|being))*{_ADVERBS}(?:\s+[a-z]+)?"
    r"|\w[’']ll\b|\bgoing\s+to\b|\b(?:is|are)\s+to\s+(?:be\s+)?\w+"
    r"|\b(?:due|set|scheduled|slated|expected|planned|planning|preparing|about)\s+to\s+(?:be\s+)?\w+"
    r"|\b(?:plans?|hopes?|intends?|expects?|wants?)\s+to\s+(?:be\s+)?\w+"
    r"|\b(?:is|are)\s+(?:due|scheduled|planned|expected)\b|\b(?:due|scheduled|slated|planned|expected)\s+(?:for|on|in|by)\b)"
    rf"|(?P<reported>\b(?:would|[’']d)\b{_ADVERBS}(?:\s+(?:be|have|been))*{_ADVERBS}(?:\s+[a-z]+)?)"
    r"|(?P<infinitive>\bto\s+(?!(?:prison|jail|court|hospital|power|work|office|trial|school|death|life|town|bed|the|an?"
    r"|his|her|their|its|our|my|your|this|that|these|those|some|all|more|many|most|both|each|about|around|nearly"
    r"|almost|at|him|them|us|me|you|it|staff|people|first|second|third|fourth|fifth|sixth|last|next|[a-z]+[^su\s]s)\b)(?:be\s+|have\s+)?[a-z]+)"
    r"|(?P<unknown>\b(?:could|may|might|should|must|can|cannot|can[’']t|couldn[’']t)\b\s+(?:not\s+)?(?:be\s+|have\s+)?[a-z]+"
    r"|\b(?:has|have)\s+(?:\w+\s+)?\w+|\b(?:is|are)\s+(?:\w+ly\s+)?[a-z]+ed\b)"
    rf"|(?P<past>\b(?:{_IRREGULAR})\b|\b(?!(?:{_NOT_PAST})\b)[a-z]{{2,}}ed\b)"
    r"|(?P<present>\b(?:begins?|opens?|starts?|takes\s+place|closes?|resumes?|kicks?\s+off|gets\s+under\s+way)\b)"
    r"|(?P<other>\b(?:is|are|am|be|says?|\w+n[’']t)\b)"
)
_SAID = re.compile(r"\b(?:said|told|announced|added|confirmed|promised|warned|ruled|decided|agreed)\b")
_HAD = re.compile(r"\bhad\b")
_QUOTED = re.compile(r"[“\"][^“”\"\n]*(?:[”\"]|\Z|\n)|(?<!\w)‘[^’\n]*’(?!\w)")
# "Since 1978" tells how long; other years tell a story of then.
_ANY_YEAR = re.compile(r"(?<![\d,.£$€])(?<!since )(?<!Since )(?:1[0-9]|20|21)\d{2}(?![\d,]*\d|s\b)")
# Before a bare weekday: what makes it a day of this week or the last.
_ON = re.compile(
    r"(?<!\w)(?:on|since|by|until|late|early)\s+\Z|(?<!\w)(?:said|[a-z]+ed|told\s+\w+|later|earlier)\s+\Z",
    re.IGNORECASE,
)
_TODAY = re.compile(r"\b(?:will|due|set|scheduled|expected|opens?|begins?|starts?)\b")
# A paragraph of a running page bears a day of its own.
_DATELINE = re.compile(rf"\W*(?:{'|'.join(MONTHS)})\s+\d{{1,2}}(?:,\s+\d{{4}})?\s*:", re.IGNORECASE)
# In a list of years, the days below one are of it.
_CHRONICLE = re.compile(r"^\W*(?:1\d|20)\d\d\s*[:–—-]", re.MULTILINE)
_HELD_IN = re.compile(r"\b(?:in|after|following|since|during|from)\s+\Z", re.IGNORECASE)
_NOT_ONE = re.compile(
    r"\b(?:every|each|most|some|any|that|one|a|an|the|all|another|or|and|to|through|other|between)\s+\Z", re.IGNORECASE
)
_VAGUE = re.compile(
    r"\b(?:than|nearly|almost|about|around|over|some|roughly|under|just|least|most|approximately|every|same\s+time|since)\s+\Z",
    re.IGNORECASE,
)
_SPOKEN_OF = re.compile(r"\b(?:later|earlier|announced?|said|told\s+\w+|issued|released|published)\s+\Z")
_USUAL = re.compile(
    r"\b(?:usually|every|each|annually|sometimes|often|typically|always|traditionally|normally|generally)\b",
    re.IGNORECASE,
)
_SEASON = re.compile(r"spring|summer|autumn|fall|winter", re.IGNORECASE)
# Days that have become names of what happened on them, in whatever year.
_NAMES = frozenset({(1, 6), (9, 11), (10, 7)})
# Nearer than this, a day needs no year to be known; farther than the other, it has one.
_NEAR = 90
_LONGEST = 2_000
_LIST = 200
_FAR = {"past": 190, "ahead": 300}


class _Verbs:
    """What the verbs of one sentence say about when its dates are."""

    def __init__(self, sentence: str) -> None:
        self.sentence = sentence
        self._verbs = list(_VERB.finditer(sentence))
        self._breaks = [found.span() for found in _CLAUSE.finditer(sentence)]
        # "Said it would" lies ahead of the saying; where it "had said", no one knows.
        self._told_ahead = bool(_SAID.search(sentence)) and not _HAD.search(sentence)

    def tense(self, hit: Expression) -> Way | None:
        """By the nearest verb: in the date's clause before it, else after it, else earlier
        in the sentence."""
        begins = max((end for _, end in self._breaks if end <= hit.start), default=0)
        ends = min((start for start, _ in self._breaks if start >= hit.end), default=len(self.sentence))
        before = [verb for verb in self._verbs if verb.end() <= hit.start]
        after = [verb for verb in self._verbs if verb.start() >= hit.end]
        within = [verb for verb in before if verb.start() >= begins]
        near = [verb for verb in after if verb.start() < ends]
        nearest = within[-1:] or near[:1] or before[-1:]
        if not nearest and not self.sentence[: hit.start].strip("“‘\"' ").count(" "):
            # A date that opens its sentence belongs to whatever verb comes first.
            nearest = after[:1]
        if not nearest:
            return None
        tense = self._way(nearest[0])
        # "After a recount on Thursday turned it": the verb right behind may own the date.
        beside = re.fullmatch(r"\s*(?:(?:late|early)\s+)?(?:on\s+)?", self.sentence[nearest[0].end() : hit.start])
        if within and near and not beside and near[0].start() - hit.end <= 2:
            return tense if self._way(near[0]) in (None, tense) else None
        return tense

    def _way(self, verb: re.Match[str]) -> Way | None:
        kind = verb.lastgroup
        if kind == "infinitive":
            # What will be done to end something ends ahead.
            led = [other.lastgroup for other in self._verbs if other.end() <= verb.start()][-1:]
            return "ahead" if led == ["ahead"] else None
        if kind == "past":
            return "past"
        if kind in ("ahead", "present") or (kind == "reported" and self._told_ahead):
            return "ahead"
        return None


def dates_in(text: str, span: Span, published: date) -> tuple[DateInText, ...]:
    """The dates that ``text[span.start:span.end]`` names, as days, for an article of the
    day ``published``; offsets are into ``text``.

    A date that leaves something out is reckoned by the verb beside it: the latest Sunday
    for what was said, the next for what will be. What two readers could take for two days
    is left out, as is what someone is quoted as calling "tomorrow".
    """
    published = published.date() if isinstance(published, datetime) else published
    found = []
    for start, end in _sentences(text, span):
        sentence = text[start:end]
        hits = expressions(sentence)
        if not hits:
            continue
        opens = max(text.rfind("\n", 0, start) + 1, start - _LONGEST)
        verbs = _Verbs(sentence)
        quotes = [quote.span() for quote in _QUOTED.finditer(text, opens, end)]
        for hit in hits:
            quoted = any(a <= start + hit.start < b for a, b in quotes)
            told = text[opens if hit.tie == "yearless" else start : start + hit.start]
            elsewhen = (
                any(abs(int(year) - published.year) > 1 for year in _ANY_YEAR.findall(told))
                or (hit.tie != "yearless" and bool(_DATELINE.match(text, opens, start + hit.start)))
                or bool(_CHRONICLE.search(text, max(0, start - _LIST), start))
            )
            days = _told(verbs, hit, published, quoted=quoted, elsewhen=elsewhen)
            if days is not None:
                found.append(
                    DateInText(
                        span=Span(start=start + hit.start, end=start + hit.end),
                        begin=days[0],
                        end=days[1],
                        written=sentence[hit.start : hit.end],
                        complete=hit.tie == "full",
                    )
                )
    return tuple(found)


def days_meant(article: Article, span: Span) -> tuple[tuple[str, str], ...]:
    """What the days in the words of ``article`` at ``span`` are that they don't write out:
    the words, and the days in words."""
    # A page that was rewritten later may say "on Sunday" of either day.
    if not article.published or (article.modified and day_of(article.modified) != day_of(article.published)):
        return ()
    found = dates_in(article.text, span, day_of(article.published))
    return tuple((one.written, shown(one.begin, one.end)) for one in found if not one.complete)


def _sentences(text: str, span: Span) -> list[tuple[int, int]]:
    start, stop = max(0, span.start), min(len(text), span.end)
    ends = [(m.start(), m.end()) for m in _SENTENCE.finditer(text, start, stop)]
    starts = [start, *(end for _, end in ends)]
    stops = [*(begin for begin, _ in ends), stop]
    # What runs on for ever is no sentence, and would cost its length for each date in it.
    return [(c, min(b, c + _LONGEST)) for a, b in zip(starts, stops, strict=True) for c in range(a, b, _LONGEST)]


def _told(verbs: _Verbs, hit: Expression, published: date, *, quoted: bool, elsewhen: bool) -> Days | None:
    words = verbs.sentence[hit.start : hit.end]
    if hit.unsure:
        return None
    if hit.tie == "full":
        return hit.days(published, "past") if re.search(r"[A-Za-z]{3}|\d-\d\d-", words) and _named(words) else None
    if quoted or (elsewhen and not re.search(r"year|ago", words)):
        return None
    if hit.tie == "yearless":
        return _in_year(verbs, hit, published)
    if hit.tie == "weekday":
        return _in_week(verbs, hit, published)
    return _reckoned(verbs, hit, published)


def _named(words: str) -> bool:
    """Whether a full date has a month: a year or a century by itself is there to be read."""
    return bool(
        re.search("|".join(month[:3] for month in MONTHS), words, re.IGNORECASE) or re.search(r"\d-\d\d-", words)
    )


def _in_year(verbs: _Verbs, hit: Expression, published: date) -> Days | None:
    sentence = verbs.sentence
    words, before, after = sentence[hit.start : hit.end], sentence[: hit.start], sentence[hit.end :]
    past, ahead = hit.days(published, "past"), hit.days(published, "ahead")
    if past is None or ahead is None or _SEASON.search(words) or _USUAL.search(sentence):
        return None
    if re.match(r"(?:last|past|this|next|coming)\b", words, re.IGNORECASE):
        # "Last May" in June is a month ago to some, thirteen to others.
        return past if past == ahead and past[0].year != published.year else None
    if words == "May" and re.search(r"\bby\s+\Z", before):
        # A prime minister's name.
        return None
    named = past[0] == past[1] and (past[0].month, past[0].day) in _NAMES
    attribute = re.search(r"(?:\bthe|[’']s)\s+\Z", before, re.IGNORECASE) and re.match(r"\s+[A-Za-z]", after)
    if named or attribute or (past[0] != past[1] and past[0] <= published <= past[1]):
        return None
    tense = verbs.tense(hit)
    gaps = {"past": (published - past[0]).days, "ahead": (ahead[0] - published).days}
    days = {"past": past, "ahead": ahead}
    if tense is None:
        near = [way for way in ("past", "ahead") if gaps[way] <= _NEAR // 2]
        return days[near[0]] if past[0] == past[1] and (len(near) == 1 or past == ahead) else None
    # A verb that says one thing and a day close by that says another leave it open.
    other = "ahead" if tense == "past" else "past"
    return days[tense] if gaps[tense] <= _FAR[tense] and (gaps[tense] <= _NEAR or gaps[other] > _NEAR) else None


def _in_week(verbs: _Verbs, hit: Expression, published: date) -> Days | None:
    sentence = verbs.sentence
    words, before, after = sentence[hit.start : hit.end].lower(), sentence[: hit.start], sentence[hit.end :]
    monday = moved(published, -published.weekday())
    which = words.split()[0]
    if _NOT_ONE.search(before) or re.match(
        rf"\s+(?:[A-Z]|(?:and|or|to|through|until)\s+(?:{'|'.join(WEEKDAYS)})|week\b)|[-–]|s\b", after
    ):
        return None
    if which in ("last", "past", "previous"):
        days = hit.days(published, "past")
        # "Last Tuesday" on a Thursday is two days ago to some and nine to others.
        return days if days and days[1] < monday else None
    if which == "next":
        days = hit.days(published, "ahead")
        return days if days and monday < moved(days[0], -6) <= moved(monday, 7) else None
    tense = "past" if re.search(r"\bsince\s+\Z", before, re.IGNORECASE) else verbs.tense(hit)
    if which == "coming" or words.startswith("this coming"):
        return hit.days(published, "ahead")
    if which == "this" and "weekend" not in words:
        days = hit.days(published, tense or "past")
        fits = days and ((tense == "ahead" and days[0] > published) or (tense == "past" and days[0] <= published))
        return days if fits else None
    possessive = re.match(r"[’']s\b", after)
    if tense is None or (possessive and not _HELD_IN.search(before)):
        return None
    if "weekend" not in words and not possessive and not _ON.search(before) and before.strip():
        return None
    if tense == "past" and re.search(r"\b(?:until|till|by|through)\s+\Z", before, re.IGNORECASE):
        # What was put off until Monday may be so still.
        return None
    days = hit.days(published, tense)
    if days and tense == "past" and (published - days[1]).days == 6:
        # On a Saturday, six days ago is "last Sunday": a bare one tells of tomorrow, in an
        # article that was written on after the day it bears.
        return None
    # On a Thursday, what will be "on Thursday" may be hours or a week away.
    return None if days and tense == "ahead" and days[0] <= published else days


def _reckoned(verbs: _Verbs, hit: Expression, published: date) -> Days | None:
    sentence = verbs.sentence
    words, before, after = sentence[hit.start : hit.end].lower(), sentence[: hit.start], sentence[hit.end :]
    if hit.tie == "count":
        if "ago" not in words or "decade" in words or re.search(r"\bcouple\b", words) or _VAGUE.search(before):
            return None
        return hit.days(published, "past")
    if hit.tie == "day":
        if sentence[hit.start : hit.end].istitle() and before.strip("“‘\"' "):
            # "Russia Today" is a name, as is "USA TODAY".
            return None
        if sentence[hit.start : hit.end].isupper():
            return None
        if words in ("today", "this morning", "this afternoon", "this evening", "tonight"):
            tense = verbs.tense(hit)
            if sentence[hit.start : hit.end] in ("today", "Today") and not _SPOKEN_OF.search(before):
                # "Today" may be these days; what will be done today is done today.
                tense = tense if tense == "ahead" and _TODAY.search(before) else None
            return hit.days(published, "past") if tense else None
        return None if re.match(r"[’']s\b", after) and "tomorrow" in words else hit.days(published, "past")
    if re.match(r"(?:the|coming)\b", words) or _VAGUE.search(before) or "quarter" in words or "centur" in words:
        return None
    if "week" in words and published.weekday() >= (5 if "this" not in words else 6):
        # Whether a week begins or ends with Sunday, readers don't agree; nor whether the
        # one that is ending is this or the last.
        return None
    return hit.days(published, "past")
