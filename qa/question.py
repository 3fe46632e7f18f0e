"""A question as it will be searched for: checked, and what kind of answer it wants."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date, datetime

from index import Filter, QuestionError
from index.article import clean_line

__all__ = ["MAX_QUESTION_LENGTH", "Question", "check_filter", "understand"]

MAX_QUESTION_LENGTH = 2_000
"""Code points; more is a text, not a question."""

_MONTHS = "January|February|March|April|May|June|July|August|September|October|November|December"
_DAYS = "Monday|Tuesday|Wednesday|Thursday|Friday|Saturday|Sunday"
_UNITS = "one|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|dozen|hundred|thousand|million|billion|half"

_WANTS = {
    "number": re.compile(
        r"\b(how (many|much|old|long|far|tall|big|large|high|fast|often)"
        r"|what (percentage|number|proportion|share|fraction|amount)|number of)\b",
        re.IGNORECASE,
    ),
    "date": re.compile(r"\b(when|(what|which) (day|date|year|month|time)|how long ago)\b", re.IGNORECASE),
    "name": re.compile(
        r"\b(who|whom|whose|where|(what|which) (city|country|town|state|continent|place))\b", re.IGNORECASE
    ),
}
# In lower case, or at the beginning: a number word with a capital elsewhere is part of a name.
_NUMBER = re.compile(rf"\d|\b({_UNITS})\b|^({_UNITS.title()})\b")
_DATE = re.compile(rf"\b([12]\d{{3}}|{_MONTHS}|{_DAYS}|yesterday|today|tomorrow|century)\b")
# A capital that doesn't merely begin a sentence or a quotation.
_NAME = re.compile(r"(?<=[\w,;:’'] )[A-Z][\w’'-]+|^[A-Z][\w’'-]+ [A-Z][\w’'-]+")


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """``wants`` is the kind of answer asked for: number, date, name, or None where open."""

    text: str
    wants: str | None

    def is_met_by(self, sentence: str) -> bool:
        """Whether ``sentence`` has something of the kind wanted that the question lacks."""
        if self.wants == "number":
            return bool(_NUMBER.search(sentence))
        if self.wants == "date":
            return bool(_DATE.search(sentence))
        if self.wants == "name":
            asked = self.text.lower()
            return any(found.lower() not in asked for found in _NAME.findall(sentence))
        return False


def understand(text: str) -> Question:
    """The question in ``text``.

    Raises QuestionError where it is blank or longer than ``MAX_QUESTION_LENGTH``.
    """
    if not isinstance(text, str):
        raise QuestionError(f"the question is {type(text).__name__}, not text: give a string")
    text = clean_line(text)
    if not text:
        raise QuestionError("the question is empty: ask something, such as “What did the council decide?”")
    if len(text) > MAX_QUESTION_LENGTH:
        raise QuestionError(
            f"the question has {len(text):,} characters (at most {MAX_QUESTION_LENGTH:,}): ask something shorter"
        )
    return Question(text=text, wants=next((kind for kind, form in _WANTS.items() if form.search(text)), None))


def check_filter(where: Filter) -> None:
    """Raises QuestionError where a filter can let nothing through, or can't be applied."""
    begin, end, as_of = where.published_from, where.published_to, where.as_of
    for name, day in (("published from", begin), ("published to", end)):
        if day is not None and (isinstance(day, datetime) or not isinstance(day, date)):
            raise QuestionError(f"{name} is {day!r}: give a datetime.date")
    if as_of is not None and not isinstance(as_of, date):
        raise QuestionError(f"as of is {as_of!r}: give a datetime.date, or an aware datetime.datetime")
    if isinstance(as_of, datetime) and as_of.tzinfo is None:
        raise QuestionError(f"as of {as_of.isoformat()} has no time zone: give an aware datetime, or a date")
    if begin and end and begin > end:
        raise QuestionError(f"published from {begin} is after published to {end}: swap them")
    day = as_of.date() if isinstance(as_of, datetime) else as_of
    if begin and day and begin > day:
        raise QuestionError(f"published from {begin} is after the day asked as of, {day}: nothing can pass")
    if where.sources is not None and not all(isinstance(source, str) for source in where.sources):
        raise QuestionError(f"sources are {where.sources!r}: give their names as strings")
    if where.sources is not None and not where.sources:
        raise QuestionError("no source is named: name at least one, or leave the filter out")
