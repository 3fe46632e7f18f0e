"""Dates as news tools write them, where what they mean is certain."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime
from email.utils import parsedate_to_datetime

from index.article import parse_published

__all__ = ["parse_moment"]

_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_FULL = (
    "january february march april may june july august september october november december sept".split()  # noqa: SIM905
)
_MONTH = "|".join((*_FULL, *_MONTHS))
_WEEKDAY = r"(?:(?:mon|tues?|wed(?:nes)?|thu(?:rs)?|fri|sat(?:ur)?|sun)(?:day)?\.?,?\s+)?"
_CLOCK = (
    r"(?:(?:,|\s+at|\s*[-|•·])?\s+(?P<hour>\d{1,2})[:.](?P<minute>\d{2})(?::(?P<second>\d{2}))?\s*(?P<half>[ap]\.?m\.?)?"
    r"(?:\s*(?P<zone>utc|gmt|z|[+-]\d{2}:?\d{2}))?)?"
)
_DAY = r"(?P<day>\d{1,2})(?:st|nd|rd|th)?"
_WRITTEN = tuple(
    re.compile(_WEEKDAY + form + _CLOCK, re.IGNORECASE)
    for form in (
        rf"(?P<month>{_MONTH})\.?\s+{_DAY},?\s+(?P<year>\d{{4}})",
        rf"{_DAY}(?:\s+of)?[\s-]+(?P<month>{_MONTH})\.?,?[\s-]+(?P<year>\d{{4}})",
        r"(?P<year>\d{4})[/.](?P<month>\d{1,2})[/.](?P<day>\d{1,2})",
        r"(?P<year>\d{4})-(?P<month>\d{1,2})-(?P<day>\d{1,2})",
    )
)
_DIGITS = re.compile(r"\d{14}")
_SLASHED = re.compile(r"(?P<first>\d{1,2})[/.-](?P<second>\d{1,2})[/.-](?P<year>\d{4})" + _CLOCK.replace("second", "s"))
_NUMBER = re.compile(r"\d{9,19}(?:\.\d+)?")
# 1980 and 2100: what lies between, read as seconds, milliseconds and so on, is one moment.
_EARLIEST, _LATEST = 315_532_800, 4_102_444_800


def parse_moment(value: str | float) -> date | datetime:
    """The day or aware moment that ``value`` means: ISO 8601, RFC 2822, seconds (or milli-,
    micro- or nanoseconds) since 1970, or a date in words or digits whose order is plain.

    Without a zone a time is read as UTC. Raises ValueError where it is none of these, no
    such day exists, or day and month could be either ("03/04/2022").
    """
    if not isinstance(value, str):
        return _since_1970(float(value), str(value))
    text = value.strip()
    if _NUMBER.fullmatch(text):
        # Before ISO 8601, whose basic form would take 1612011231015 for a day of 1612.
        return _digits(text) if _DIGITS.fullmatch(text) else _since_1970(float(text), text)
    for parse in (parse_published, _written, _slashed, _mail):
        try:
            return parse(text)
        except _AmbiguousError:
            raise
        except ValueError:
            continue
    return parse_published(text)


class _AmbiguousError(ValueError):
    """Day and month could be either."""


def _written(text: str) -> date | datetime:
    for form in _WRITTEN:
        if found := form.fullmatch(text):
            month = found["month"].lower()
            number = int(month) if month.isdigit() else _MONTHS.index(month[:3]) + 1
            return _built(int(found["year"]), number, int(found["day"]), found)
    raise ValueError(text)


def _slashed(text: str) -> date | datetime:
    found = _SLASHED.fullmatch(text)
    if found is None:
        raise ValueError(text)
    first, second = int(found["first"]), int(found["second"])
    if first <= 12 and second <= 12 and first != second:
        raise _AmbiguousError(f"{text[:40]!r} may be day or month first: write YYYY-MM-DD")
    day, month = (first, second) if first > 12 else (second, first)
    return _built(int(found["year"]), month, day, found)


def _built(year: int, month: int, day: int, found: re.Match[str]) -> date | datetime:
    if found["hour"] is None:
        return date(year, month, day)
    groups = found.groupdict()
    hour, second = int(groups["hour"]), int(groups.get("s") or (groups["second"] if "s" not in groups else 0) or 0)
    if half := groups["half"]:
        if not 1 <= hour <= 12:
            raise ValueError(found.string)
        hour = hour % 12 + (12 if half.lower().startswith("p") else 0)
    zone = (groups["zone"] or "z").lower()
    offset = "+00:00" if zone in ("utc", "gmt", "z") else zone
    return datetime.fromisoformat(f"{year:04}-{month:02}-{day:02}T{hour:02}:{groups['minute']}:{second:02}{offset}")


def _digits(text: str) -> datetime:
    try:
        return datetime.strptime(text, "%Y%m%d%H%M%S").replace(tzinfo=UTC)
    except ValueError:
        raise ValueError(f"{text!r} is not a date: write YYYY-MM-DD or an ISO 8601 time") from None


def _mail(text: str) -> datetime:
    try:
        moment = parsedate_to_datetime(text)
    except (TypeError, IndexError, OverflowError):
        raise ValueError(text) from None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def _since_1970(number: float, written: str) -> datetime:
    for unit in (1, 1e3, 1e6, 1e9):
        if _EARLIEST <= number / unit < _LATEST:
            return datetime.fromtimestamp(number / unit, UTC)
    raise ValueError(f"{written[:40]!r} is not a date: write YYYY-MM-DD or an ISO 8601 time")
