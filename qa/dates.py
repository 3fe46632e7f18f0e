"""Dates as English writes them: what they look like, and the days they stand for."""

from __future__ import annotations

import calendar
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from functools import partial
from typing import Literal

__all__ = ["COUNTS", "MONTHS", "WEEKDAYS", "Days", "Expression", "Tie", "Way", "day_in_words", "expressions", "moved"]

Days = tuple[date, date]
"""First and last day, both included."""

Tie = Literal["full", "yearless", "weekday", "period", "count", "day"]
"""What an expression needs to become days: nothing, a year ("14 May"), a week ("Sunday"), or
the day it was said: "last month", "two weeks ago", "yesterday"."""

Way = Literal["past", "ahead"]
"""Where a date lies that doesn't say it itself."""

MONTHS = (
    *("January", "February", "March", "April", "May", "June"),
    *("July", "August", "September", "October", "November", "December"),
)
WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")

_ONES = ("one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve")
COUNTS = {word: n for n, word in enumerate(_ONES, 1)} | {"a": 1, "an": 1, "couple": 2, "few": 4, "several": 5}
"""What the words that count days, weeks and years come to."""

_ORDINALS = {"first": 1, "1st": 1, "second": 2, "2nd": 2, "third": 3, "3rd": 3, "fourth": 4, "4th": 4}
_CENTURIES = {
    "eleventh": 11,
    "twelfth": 12,
    "thirteenth": 13,
    "fourteenth": 14,
    "fifteenth": 15,
    "sixteenth": 16,
    "seventeenth": 17,
    "eighteenth": 18,
    "nineteenth": 19,
    "twentieth": 20,
    "twenty-first": 21,
}
_TENS = {
    "twenties": 20,
    "thirties": 30,
    "forties": 40,
    "fifties": 50,
    "sixties": 60,
    "seventies": 70,
    "eighties": 80,
    "nineties": 90,
}
# Seasons as the north has them, by first month and how many.
_SEASONS = {"spring": 3, "summer": 6, "autumn": 9, "fall": 9, "winter": 12}

_LONG = "|".join(MONTHS)
_SHORT = "Jan|Feb|Mar|Apr|Jun|Jul|Aug|Sept?|Oct|Nov|Dec"
# Beside the number of a day, a month may be short and in any case.
_MONTH = rf"(?P<month>{_LONG}|(?:{_SHORT})\b\.?)"
_WEEKDAY = "|".join(WEEKDAYS)
_WEEKDAY_SHORT = r"(?:Mon|Tues?|Wed|Thurs?|Thu|Fri|Sat|Sun)\.?"
_YEAR = r"(?:1\d{3}|20\d{2}|21\d{2})"
_DAY = r"(?:0?[1-9]|[12]\d|3[01])(?!\d)(?:st|nd|rd|th)?"
_OF_YEAR = rf"(?:,?\s+(?:of\s+|in\s+)?(?:(?P<year>{_YEAR})(?![\d,.]*\d)|(?P<which>last|this|next)\s+year))?"
_DASH = r"\s*(?:[-–—]|to|and|until|till|through)\s*"
_NUMBER = rf"(?:\d{{1,3}}|an?|(?:a\s+)?couple\s+of|{'|'.join(_ONES)})"
_UNIT = r"day|week|fortnight|month|quarter|year|decade"
_PART = (
    r"(?:(?:the\s+)?(?:early|mid|middle|late|later|beginning|start|end|close"
    r"|(?:first|second|third|last|final|opening)\s+(?:half|weeks?|weekend|days?))"
    r"(?:\s+(?:in|of))?(?:\s+|-))?"
)

_Reader = Callable[["re.Match[str]", date, bool], Days | None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Expression:
    """A date as written: ``text[start:end]``.

    ``days`` gives its days as of a day, the latest or the next of them where the expression
    itself says neither; None where there are none. ``unsure`` marks what two people read as
    two dates.
    """

    start: int
    end: int
    tie: Tie
    days: Callable[[date, Way], Days | None]
    unsure: bool


def day_in_words(day: date) -> str:
    """A day as a reader writes it: 22 May 2025."""
    # Not strftime: its month names follow the server's locale.
    return f"{day.day} {MONTHS[day.month - 1]} {day.year}"


def moved(day: date, days: int) -> date:
    """``day`` moved by ``days``, held within what a date can be."""
    try:
        return day + timedelta(days=days)
    except OverflowError:
        return date.max if days > 0 else date.min


# Letters that match others where case doesn't matter, and aren't them in lower case.
_FOLDED = {0x17F: "s", 0x130: "i", 0x131: "i", 0x212A: "k"}


def expressions(text: str) -> list[Expression]:
    """The dates in ``text``, in order, none overlapping; the longest reading of each."""
    text = text.translate(_FOLDED)
    found = [hit for form in _FORMS if form.needs(text) for hit in form.find(text)]
    found.sort(key=lambda hit: (hit.start, -hit.end))
    kept: list[Expression] = []
    for hit in found:
        if not kept or hit.start >= kept[-1].end:
            kept.append(hit)
    return kept


def _year(year: int) -> Days | None:
    return (date(year, 1, 1), date(year, 12, 31)) if date.min.year <= year <= date.max.year else None


def _month(year: int, month: int, count: int = 1) -> Days | None:
    """``count`` months from ``month`` on, which may lie outside 1 to 12."""
    year, month = year + (month - 1) // 12, (month - 1) % 12 + 1
    last = year + (month + count - 2) // 12, (month + count - 2) % 12 + 1
    if not date.min.year <= year <= last[0] <= date.max.year:
        return None
    return date(year, month, 1), date(*last, calendar.monthrange(*last)[1])


def _week(day: date, weeks: int) -> Days:
    monday = moved(day, 7 * weeks - day.weekday())
    return monday, moved(monday, 6)


def _one(year: int, month: int, day: int) -> Days | None:
    try:
        return (date(year, month, day),) * 2
    except ValueError:
        return None


def _number_of(month: str) -> int:
    return next(n for n, name in enumerate(MONTHS, 1) if name.lower().startswith(month.lower().rstrip(".")[:3]))


def _dated(match: re.Match[str], today: date, ahead: bool, of: Callable[[int], Days | None]) -> Days | None:
    """``of`` the year that the match names, else of the year that puts it last before
    ``today``, or next where ``ahead``."""
    if match["year"]:
        return of(int(match["year"]))
    if match["which"]:
        return of(today.year + ("last", "this", "next").index(match["which"].lower()) - 1)
    for step in range(9):  # 29 February may be eight years away
        days = of(today.year + step if ahead else today.year - step)
        if days and (days[1] >= today if ahead else days[0] <= today):
            return days
    return None


def _day_month(match: re.Match[str], today: date, ahead: bool) -> Days | None:
    month = _number_of(match["month"])
    first = int(re.sub(r"\D", "", match["day"]))
    last = int(re.sub(r"\D", "", match["to"])) if match["to"] else first

    def of(year: int) -> Days | None:
        begin, end = _one(year, month, first), _one(year, month, last)
        return (begin[0], end[1]) if begin and end and begin <= end else None

    return _dated(match, today, ahead, of)


def _month_of(match: re.Match[str], today: date, ahead: bool) -> Days | None:
    month = _number_of(match["month"])
    if (which := match["nearest"]) and not match["year"]:
        # "last June" is the latest that is over, "next June" the first not begun.
        ahead = which.lower() in ("next", "coming") or (which.lower() == "this" and ahead)
        days = _dated(match, today, ahead, lambda year: _month(year, month))
        if days and which.lower() in ("last", "past", "next") and days[0] <= today <= days[1]:
            return _month(days[0].year + (1 if ahead else -1), month)
        return days
    return _dated(match, today, ahead, lambda year: _month(year, month))


def _season(match: re.Match[str], today: date, ahead: bool) -> Days | None:
    month = _SEASONS[match["season"].lower()]
    which = (match["nearest"] or "").lower()
    days = _dated(match, today, ahead or which == "next", lambda year: _month(year, month, 3))
    if not match["year"] and not match["which"] and days and days[0] <= today <= days[1] and which in ("last", "next"):
        return _month(days[0].year + (1 if which == "next" else -1), month, 3)
    return days


def _quarter(match: re.Match[str], today: date, ahead: bool) -> Days | None:
    name, half = match["number"].lower(), match["half"]
    number = int(name) if name.isdigit() else _ORDINALS[name]
    months = 6 if half else 3
    if number * months > 12:
        return None
    return _dated(match, today, ahead, lambda year: _month(year, months * (number - 1) + 1, months))


def _holiday(match: re.Match[str], today: date, ahead: bool) -> Days | None:
    name = re.sub(r"[^a-z]", "", match["name"].lower())
    of = next(rule for start, rule in _HOLIDAYS.items() if name.startswith(start))
    which = (match["nearest"] or "").lower()
    return _dated(match, today, (ahead and which != "last") or which == "next", of)


def _easter(year: int) -> date:
    # The anonymous Gregorian rule.
    a, b, c = year % 19, year // 100, year % 100
    h = (19 * a + b - b // 4 - (b - (b + 8) // 25 + 1) // 3 + 15) % 30
    k = (32 + 2 * (b % 4) + 2 * (c // 4) - h - c % 4) % 7
    m = (a + 11 * h + 22 * k) // 451
    return date(year, (h + k - 7 * m + 114) // 31, (h + k - 7 * m + 114) % 31 + 1)


def _from_easter(first: int, last: int) -> Callable[[int], Days | None]:
    return lambda year: (moved(_easter(year), first), moved(_easter(year), last)) if _year(year) else None


def _thanksgiving(year: int) -> Days | None:
    if not _year(year):
        return None
    first = date(year, 11, 1)
    return (moved(first, (3 - first.weekday()) % 7 + 21),) * 2


_HOLIDAYS: dict[str, Callable[[int], Days | None]] = {
    "newyearseve": lambda year: _one(year, 12, 31),
    "newyear": lambda year: _one(year, 1, 1),
    "christmaseve": lambda year: _one(year, 12, 24),
    "christmasday": lambda year: _one(year, 12, 25),
    "christmas": lambda year: (date(year, 12, 24), date(year, 12, 26)) if _year(year) else None,
    "boxingday": lambda year: _one(year, 12, 26),
    "valentine": lambda year: _one(year, 2, 14),
    "halloween": lambda year: _one(year, 10, 31),
    "fourthofjuly": lambda year: _one(year, 7, 4),
    "thanksgiving": _thanksgiving,
    "goodfriday": _from_easter(-2, -2),
    "eastersunday": _from_easter(0, 0),
    "eastermonday": _from_easter(1, 1),
    "easter": _from_easter(-2, 1),
}


def _weekday(match: re.Match[str], today: date, ahead: bool) -> Days | None:
    which = (match["nearest"] or "").lower()
    day = next(n for n, name in enumerate(WEEKDAYS) if name.lower().startswith(match["weekday"].lower()[:3]))
    back = (today.weekday() - day) % 7
    if which in ("last", "past", "previous"):
        return (moved(today, -(back or 7)),) * 2
    if which in ("next", "coming", "this coming"):
        return (moved(today, 7 - back),) * 2
    if ahead:
        return (moved(today, -back % 7),) * 2
    if which == "this":
        return (moved(today, day - today.weekday()),) * 2
    return (moved(today, -back),) * 2


def _weekend(match: re.Match[str], today: date, ahead: bool) -> Days | None:
    which = (match["nearest"] or "").lower()
    saturday = moved(today, 5 - today.weekday())
    if which in ("last", "past", "previous") or (which != "this" and not ahead and saturday > today):
        saturday = moved(saturday, -7)
    elif which == "next":
        saturday = moved(saturday, 7)
    return saturday, moved(saturday, 1)


def _period(match: re.Match[str], today: date, _ahead: bool) -> Days | None:
    """ "last month": the calendar's month before this; "the past month": up to today."""
    which, unit = match["nearest"].lower(), match["unit"].lower()
    step = {"last": -1, "previous": -1, "this": 0, "current": 0, "next": 1, "coming": 1}.get(which)
    if step is None or (unit == "fortnight" and step < 0) or (match["rolling"] and step):
        return _rolling(today, 1, unit, ahead=step == 1)
    if unit in ("week", "fortnight"):
        first = _week(today, step)
        return first if unit == "week" else (first[0], moved(first[1], 7))
    if unit == "month":
        return _month(today.year, today.month + step)
    if unit == "quarter":
        return _month(today.year, (today.month - 1) // 3 * 3 + 1 + 3 * step, 3)
    if unit == "year":
        return _year(today.year + step)
    span = 10 if unit == "decade" else 100
    first_year = today.year // span * span + span * step
    begin, end = _year(first_year), _year(first_year + span - 1)
    return (begin[0], end[1]) if begin and end else None


_LENGTHS = {"day": 1, "week": 7, "fortnight": 14, "month": 30.44, "quarter": 91.3, "year": 365.24, "decade": 3652.4}


def _rolling(today: date, count: int, unit: str, *, ahead: bool) -> Days:
    days = round(count * _LENGTHS.get(unit, 36524))
    return (today, moved(today, days)) if ahead else (moved(today, -days), today)


def _count(words: str) -> int:
    return int(words) if words.isdigit() else COUNTS[words.lower().removeprefix("a ").split()[0]]


def _past(match: re.Match[str], today: date, _ahead: bool) -> Days | None:
    ahead = match["nearest"].lower() in ("next", "coming")
    return _rolling(today, _count(match["count"]), match["unit"].lower(), ahead=ahead)


def _ago(match: re.Match[str], today: date, _ahead: bool) -> Days | None:
    """As exact as the unit: a day, a week of days, a month, a year."""
    count, unit = _count(match["count"]), match["unit"].lower()
    if unit == "day":
        return (moved(today, -count),) * 2
    if unit in ("week", "fortnight"):
        middle = moved(today, -7 * count * (1 if unit == "week" else 2))
        return moved(middle, -3), moved(middle, 3)
    if unit in ("month", "quarter"):
        return _month(today.year, today.month - count * (1 if unit == "month" else 3))
    if unit == "year":
        return _year(today.year - count)
    begin, end = _year(today.year - 10 * count - 3), _year(today.year - 10 * count + 3)
    return (begin[0], end[1]) if begin and end else None


def _near(match: re.Match[str], today: date, _ahead: bool) -> Days | None:
    words = re.sub(r"\s+", " ", match.group().lower())
    if "day before yesterday" in words:
        return (moved(today, -2),) * 2
    if "day after tomorrow" in words:
        return (moved(today, 2),) * 2
    if "yesterday" in words or words == "last night":
        return (moved(today, -1),) * 2
    return (moved(today, 1 if "tomorrow" in words else 0),) * 2


def _iso(match: re.Match[str], _today: date, _ahead: bool) -> Days | None:
    if match["day"]:
        return _one(int(match["year"]), int(match["month"]), int(match["day"]))
    return _month(int(match["year"]), int(match["month"]))


def _slashed(match: re.Match[str], _today: date, _ahead: bool) -> Days | None:
    first, second, year = int(match["first"]), int(match["second"]), int(match["year"])
    if len(match["year"]) == 2:
        year += 2000 if year < 70 else 1900
    return _one(year, second, first) or _one(year, first, second)


def _years(match: re.Match[str], _today: date, _ahead: bool) -> Days | None:
    begin, end = _year(int(match["year"])), _year(int(match["to"] or match["year"]))
    return (begin[0], end[1]) if begin and end and begin <= end else None


def _season_of_play(match: re.Match[str], _today: date, _ahead: bool) -> Days | None:
    begin, end = _year(int(match["year"])), _year(int(match["year"]) + 1)
    return (begin[0], end[1]) if begin and end and int(match["to"]) == end[1].year % 100 else None


def _decade(match: re.Match[str], _today: date, _ahead: bool) -> Days | None:
    if match["word"]:
        first = 1900 + _TENS[match["word"].lower()]
    elif match["short"]:
        first = int(match["short"]) + (1900 if int(match["short"]) > 10 else 2000)
    else:
        first = int(match["year"])
    # "the 1900s" and "the 1600s" are a hundred years more often than ten.
    begin, end = _year(first), _year(first + (99 if first % 100 == 0 and first < 2000 else 9))
    return (begin[0], end[1]) if begin and end else None


def _century(match: re.Match[str], _today: date, _ahead: bool) -> Days | None:
    number = int(match["number"]) if match["number"] else _CENTURIES[match["word"].lower()]
    begin, end = _year(max(1, 100 * (number - 1))), _year(100 * number - 1)
    return (begin[0], end[1]) if begin and end else None


@dataclass(frozen=True, slots=True, kw_only=True)
class _Form:
    pattern: re.Pattern[str]
    # A cheap look that spares the pattern where nothing like it is there.
    hint: re.Pattern[str]
    tie: Tie
    read: _Reader

    def needs(self, text: str) -> bool:
        return self.hint.search(text) is not None

    def find(self, text: str) -> Iterator[Expression]:
        for match in self.pattern.finditer(text):
            names = match.groupdict()
            tie: Tie = "full" if names.get("year") else self.tie
            if tie == "yearless" and names.get("which"):
                tie = "period"
            yield Expression(
                start=match.start(),
                end=match.end(),
                tie=tie,
                days=partial(self._days, match),
                unsure=_ambiguous(names),
            )

    def _days(self, match: re.Match[str], today: date, way: Way) -> Days | None:
        return self.read(match, today, way == "ahead")


def _ambiguous(names: dict[str, str | None]) -> bool:
    first, second = names.get("first"), names.get("second")
    return bool(first and second and int(first) <= 12 and int(second) <= 12 and int(first) != int(second))


def _form(tie: Tie, read: _Reader, pattern: str, hint: str, *, case: bool = False) -> _Form:
    flags = re.NOFLAG if case else re.IGNORECASE
    return _Form(
        pattern=re.compile(rf"(?<![\w£$€])(?:{pattern})(?!\w)", flags),
        hint=re.compile(hint, re.IGNORECASE),
        tie=tie,
        read=read,
    )


_MONTHISH = "jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec"
_ON_WEEKDAY = rf"(?:(?:{_WEEKDAY}|{_WEEKDAY_SHORT}),?\s+(?:the\s+)?)?"
_NEAREST = r"(?P<nearest>last|past|this|next|coming)"

_FORMS = (
    _form("full", _iso, rf"(?P<year>{_YEAR})[-/](?P<month>0[1-9]|1[0-2])(?:[-/](?P<day>\d\d))?(?![-/]\d)", r"\d[-/]\d"),
    _form(
        "full",
        _slashed,
        r"(?P<first>\d\d?)(?P<s>[/.])(?P<second>\d\d?)(?P=s)(?P<year>\d{4}|\d\d)(?![/.]\d)",
        r"\d[/.]\d",
    ),
    _form(
        "yearless",
        _day_month,
        rf"{_ON_WEEKDAY}(?:the\s+)?(?P<day>{_DAY})(?:{_DASH}(?P<to>{_DAY}))?\.?\s+(?:of\s+)?{_MONTH}{_OF_YEAR}",
        rf"\d[\w.]*\s+(?:of\s+)?(?:{_MONTHISH})",
    ),
    _form(
        "yearless",
        _day_month,
        rf"{_ON_WEEKDAY}{_MONTH}\s+(?:the\s+)?(?P<day>{_DAY})(?![\d,]*\d|:\d|\s*(?:%|per\s|percent|million|billion))"
        rf"(?:{_DASH}(?P<to>{_DAY})(?!\d))?{_OF_YEAR}",
        rf"(?:{_MONTHISH})[\w.]*\s+(?:the\s+)?\d",
    ),
    # A month by itself has a capital, and something that makes it more than a name or verb.
    _form(
        "full",
        _month_of,
        rf"{_PART}(?P<nearest>)(?P<which>)(?P<month>{_LONG}|(?:{_SHORT})\b\.?)(?:,?\s+|\s+of\s+|-)(?P<year>{_YEAR})(?!\d)",
        rf"(?:{_MONTHISH})[\w.,]*(?:\s+(?:of\s+)?|-)\d{{4}}",
    ),
    _form(
        "yearless",
        _month_of,
        rf"(?:(?<=in )|(?<=since )|(?<=until )|(?<=till )|(?<=by )|(?<=before )|(?<=after )|(?<=from )|(?<=during )"
        rf"|(?:(?<=to )|(?<=between )|(?<=throughout )|(?<=through )|(?<=around )|(?<=and )|(?<=for ))(?-i:(?=[A-Z])))"
        rf"{_PART}(?P<nearest>)(?P<month>{_LONG}){_OF_YEAR}(?!(?-i:\s+[A-Z])|\s+\d|[’']s\b)",
        rf"\b(?:{_LONG})\b",
    ),
    _form(
        "yearless",
        _month_of,
        rf"(?:the\s+)?(?:early|mid|late|beginning\s+of|start\s+of|end\s+of|middle\s+of|month\s+of)[\s-]+(?P<nearest>)"
        rf"(?P<month>{_LONG}){_OF_YEAR}",
        rf"\b(?:{_LONG})\b",
    ),
    _form("yearless", _month_of, rf"{_NEAREST}\s+(?P<month>{_LONG}){_OF_YEAR}(?!\s+\d)", rf"\b(?:{_LONG})\b"),
    _form(
        "yearless",
        _month_of,
        rf"(?<=the )(?P<nearest>)(?P<year>)(?P<which>)(?P<month>{_LONG})"
        r"(?=\s+(?!(?:on|of|to|for|from|through|in|into|and|was|is)\b)[a-z]+\b|\s*$)",
        rf"\bthe\s+(?:{_LONG})\b",
        case=True,
    ),
    _form(
        "yearless",
        _quarter,
        rf"(?:(?P<half>H)(?=\d)|Q)(?P<number>[1-4]){_OF_YEAR}",
        r"\b[qh][1-4]\b",
    ),
    _form(
        "yearless",
        _quarter,
        rf"(?:the\s+)?(?P<number>first|second|third|fourth|1st|2nd|3rd|4th)\s+(?:quarter|(?P<half>half))"
        rf"(?=\s+of\s+(?:{_YEAR}|last|this|next|the\s+year)){_OF_YEAR}",
        r"quarter|half",
    ),
    _form(
        "yearless",
        _season,
        rf"{_PART}(?:the\s+)?(?P<nearest>)(?P<season>spring|summer|autumn|fall|winter)"
        rf"\s+(?:(?:of\s+)?(?P<year>{_YEAR})(?!\d)|(?P<which>last|this|next)\s+year)",
        r"spring|summer|autumn|fall|winter",
    ),
    _form(
        "yearless",
        _season,
        r"(?:(?P<nearest>last|this|next)\s+|(?<=in )|(?:(?<=in )|(?<=during )|(?<=over )|(?<=since ))the\s+)"
        r"(?P<season>spring|summer|autumn|winter)(?P<year>)(?P<which>)(?!\s+(?:of|school|olympics|games|fuel))",
        r"spring|summer|autumn|winter",
    ),
    _form(
        "yearless",
        _holiday,
        rf"(?:(?P<nearest>last|this|next)\s+)?(?P<name>New\s+Year[’']?s?[’']?\s+(?:Eve|Day)|Christmas(?:\s+(?:Eve|Day))?"
        rf"|Boxing\s+Day|(?:St\.?\s+)?Valentine[’']?s\s+Day|Hallowe[’']?en|(?:Fourth|4th)\s+of\s+July"
        rf"|(?-i:Thanksgiving)|Good\s+Friday|Easter(?:\s+(?:Sunday|Monday))?)(?!\s+(?:Island|Rising|Rebellion|egg|tree|card))"
        rf"{_OF_YEAR}",
        r"new\s+year|christmas|boxing|valentine|hallow|july|thanks|good|easter",
    ),
    _form(
        "weekday",
        _weekday,
        rf"(?:(?P<nearest>last|past|this\s+coming|this|next|coming|previous)\s+)?(?P<weekday>{_WEEKDAY})"
        r"(?:\s+(?:morning|afternoon|evening|night|lunchtime)\b)?(?!-)",
        r"[a-z]day\b",
    ),
    _form(
        "weekday",
        _weekend,
        r"(?:(?P<nearest>last|past|previous|this|next)|(?:at|over|on|during)\s+the)\s+weekend",
        "weekend",
    ),
    _form(
        "period",
        _period,
        r"(?:(?P<rolling>the\s+)|later\s+|earlier\s+|early\s+|late\s+)?(?P<nearest>last|past|previous|this|current|next|coming)\s+"
        r"(?P<unit>week|fortnight|month|quarter|year|decade|century)(?!-|s\b|\s+(?:of|to|before|after|later|earlier)\b)",
        r"week|fortnight|month|quarter|year|decade|century",
    ),
    _form(
        "count",
        _past,
        rf"(?:the\s+)?(?P<nearest>last|past|next|coming)\s+(?P<count>{_NUMBER}|few|several)\s+(?P<unit>{_UNIT})s?(?!\s+(?:of|to)\b)",
        r"days?\b|weeks?\b|months?\b|years?\b|fortnight|decades?|quarters?",
    ),
    _form(
        "count",
        _ago,
        rf"(?P<count>{_NUMBER})\s+(?P<unit>{_UNIT})s?\s+ago",
        r"\bago\b",
    ),
    _form(
        "day",
        _near,
        r"(?:the\s+day\s+before\s+yesterday|the\s+day\s+after\s+tomorrow|(?:yesterday|tomorrow)"
        r"(?:\s+(?:morning|afternoon|evening|night)\b)?|last\s+night|today|tonight|this\s+(?:morning|afternoon|evening))",
        r"day\b|night|tomorrow|this\s",
    ),
    # A year is one where something makes it so: a number of four digits may count anything.
    _form(
        "full",
        _years,
        rf"(?:(?<=in )|(?<=since )|(?<=until )|(?<=till )|(?<=by )|(?<=before )|(?<=after )|(?<=from )|(?<=during )"
        rf"|(?<=of )|(?<=between )|(?<=throughout )|(?<=through )|(?<=around )|(?<=circa )|(?<=the )|(?<=to )|(?<=and )"
        # After a name that has one, or before one: "Eurovision 2023", "won 2022 World Cup".
        rf"|(?<=[a-z] )(?=(?:19|20)\d\d(?:\s*(?:[?.!]|\Z)|(?-i:\s+[A-Z]))))"
        rf"{_PART}(?:the\s+year\s+)?(?P<year>{_YEAR})(?:[-–](?P<to>{_YEAR}))?"
        r"(?![-–/]?\d|[,.]\d|\s*(?:%|per\s?cent|BCE?\b|people|men|women|miles|km|kilomet|met(?:re|er)s|feet|tons|tonnes"
        r"|million|jobs|homes|houses|words|dollars|pounds|euros|years|days|copies|cases|troops|soldiers))",
        r"\d{4}",
    ),
    _form("full", _season_of_play, rf"(?P<year>{_YEAR})[-–/](?P<to>\d\d)(?![-/\d])", r"\d[-–/]\d\d"),
    _form(
        "full",
        _decade,
        rf"{_PART}(?:the\s+)?{_PART}(?:(?P<year>{_YEAR}(?<=0))[’']?s)|(?<=the )[’']?(?P<short>\d0)[’']?s"
        rf"|(?<=the )(?:early\s+|mid\s+|late\s+)?(?P<word>{'|'.join(_TENS)})",
        r"0[’']?s\b|ies\b",
    ),
    _form(
        "full",
        _century,
        rf"{_PART}(?:the\s+)?{_PART}(?:(?P<number>\d\d?)(?:st|nd|rd|th)|(?P<word>{'|'.join(_CENTURIES)}))[\s-]+century"
        r"(?!\s+(?:B\.?C|Fox))",
        r"century",
    ),
)
