"""Numbers, dates, names and quotations in a sentence, and whether two of them agree.

By form alone and for English: what it doesn't know it doesn't find. Texts in other
languages give their digits, years and capitalised names.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from itertools import dropwhile
from typing import Literal

from index import Span
from qa.dates import MONTHS, WEEKDAYS
from qa.english import DATELINE

__all__ = [
    "ONES",
    "TENS",
    "Value",
    "agree",
    "comparable",
    "dates",
    "listed",
    "names",
    "numbers",
    "quotations",
    "scores",
    "takes_back",
    "words_of",
]

# Sentences whose values are remembered: those of one question are asked for several times over.
_REMEMBERED = 2_048

Kind = Literal["number", "money", "percent", "date", "clock", "score", "name", "quotation"]
Bound = Literal["", "about", "least", "most"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Value:
    """One value and where it stands in the sentence.

    ``key`` is what it comes to, whatever the spelling. ``unit`` is what is measured
    (time, length, age …) where a unit follows. ``bound`` is "about", "least" or "most"
    where the sentence says "about", "more than" or "up to"; ``former`` where it says that
    this was so before or was wrong ("from 120 to 95", "not 83"); ``change`` where it is
    only the difference ("by 25 to 95").
    """

    span: Span
    kind: Kind
    key: tuple[object, ...]
    unit: str = ""
    bound: Bound = ""
    former: bool = False
    change: bool = False


def listed(words: str) -> list[str]:
    """The words of a list written as text."""
    return words.split()


ONES = listed(
    "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen"
    " seventeen eighteen nineteen"
)
TENS = dict(zip(listed("twenty thirty forty fifty sixty seventy eighty ninety"), range(20, 100, 10), strict=True))
"""Numbers in words, from zero on, and the tens with what they come to."""
_SCALES = {
    "dozen": 12,
    "hundred": 100,
    "k": 1_000,
    "thousand": 1_000,
    "lakh": 100_000,
    "crore": 10_000_000,
    "m": 1_000_000,
    "mn": 1_000_000,
    "million": 1_000_000,
    "bn": 1_000_000_000,
    "billion": 1_000_000_000,
    "tn": 1_000_000_000_000,
    "trillion": 1_000_000_000_000,
}
_WORTH = {**{word: value for value, word in enumerate(ONES)}, **TENS}
_WORD = "|".join(
    [*ONES[::-1], *TENS, "dozen", "hundred", "thousand", "lakh", "crore", "million", "billion", "trillion"]
)
_UNITS = {
    "time": "seconds?|minutes?|hours?|days?|nights?|weeks?|fortnights?|months?|years?|decades?|centur(?:y|ies)",
    "length": "millimet(?:re|er)s?|mm|centimet(?:re|er)s?|cm|kilomet(?:re|er)s?|km|met(?:re|er)s?|miles?|yards?|feet"
    "|m(?= (?:long|wide|high|tall|deep))|foot|ft|inch(?:es)?|in(?= (?:tall|long|wide|high|deep))|storeys?|stories",
    "area": "hectares?|acres?|square (?:miles?|met(?:re|er)s?|kilomet(?:re|er)s?|feet|foot)|sq (?:km|m|ft)",
    "temperature": "(?:° ?|degrees? ?)(?:C(?:elsius)?|F(?:ahrenheit)?)?",
    "weight": "tonnes?|tons?|kilograms?|kilos?|kg|grams?|pounds?(?= in weight)|stone|ounces?|lbs?",
    "speed": "mph|km/h|kph|knots|miles an hour|miles per hour|kilomet(?:re|er)s an hour",
    "volume": "lit(?:re|er)s?|gallons?|barrels?|pints?|cubic met(?:re|er)s?",
}
# "She is 52 and an accountant", "he turned 60 in May".
_AGED = 30
_IS_OLD = re.compile(r"\b(?:he|she|who) (?:is|was|turn(?:s|ed)|will be)(?: now| only| just| already)? $", re.I)
_THEN = re.compile(r"\s*(?:[,.;:)]|\Z|(?:and|but|or|when|in|on|this|next|last)\b)")
_SAME_UNIT = {
    "mm": "millimetre",
    "cm": "centimetre",
    "km": "kilometre",
    "m": "metre",
    "feet": "foot",
    "ft": "foot",
    "inche": "inch",
    "in": "inch",
    "storie": "storey",
    "kg": "kilogram",
    "kilo": "kilogram",
    "ton": "tonne",
    "lb": "pound",
    "miles an hour": "mph",
    "miles per hour": "mph",
    "km/h": "kph",
    "kilometres an hour": "kph",
    "sq km": "square kilometre",
    "sq m": "square metre",
    "sq ft": "square foot",
    "square feet": "square foot",
    "centurie": "century",
}
_UNIT = "|".join(f"(?P<{name}>{forms})" for name, forms in reversed(_UNITS.items()))
_COINS = (
    r"pounds?|dollars?|euros?|pence|p|cents?|roubles?|rubles?|yen|yuan|rupees?|shillings?|francs?|hryvnias?"
    r"|kronor|lira|lire|pesos?|rands?|shekels?|rials?|baht|zlotys?|rupiah"
)
_SIGNS = {
    "£": "pound",
    "$": "dollar",
    "€": "euro",
    "¥": "yen",
    "₹": "rupee",
    "₽": "rouble",
    "₴": "hryvnia",
}
_NUMBER = re.compile(
    rf"""
    (?:(?P<sign>(?:\b(?:US|A|C|NZ|HK))?[£$€¥₹₽₴]\ ?|\bRs\.?\ ?)|(?<![\w.,]))
    (?:
      (?P<digits>\d{{1,3}}(?:,\d{{3}})+(?:\.\d+)?|\d+(?:\.\d+)?)
      (?:\ ?(?P<scale>million|billion|trillion|thousand|lakh|crore|hundred|dozen|bn|mn|tn|m|k)\b
        (?!\ (?:long|wide|high|tall|deep)))?
    | (?P<words>(?:half\ a\ |a\ |an\ )?\b(?:{_WORD})\b(?:(?:-|\ and\ |\ )(?:{_WORD})\b)*)
    )
    (?![\d:]|\.\d|,\d)
    (?:\ ?(?P<percent>%|per\ ?cent\b|percentage\ points?\b))?
    (?:(?<=\d)(?P<tight>[CF])\b)?
    (?:[ -]?(?P<coin>{_COINS})\b)?
    (?P<old>[ -]years?[ -]olds?\b)?
    """,
    re.VERBOSE | re.I,
)
_MEASURED = re.compile(rf"[ \u00a0-]?(?:{_UNIT})(?!\w)")
_BOUNDS: tuple[tuple[Bound, str], ...] = (
    ("about", "about|around|some|nearly|almost|roughly|approximately|close to|an estimated|an average of"),
    ("least", "over|more than|at least|above|topp(?:ed|ing)|exceed(?:ed|s|ing)|passed|upwards of"),
    ("most", "up to|fewer than|less than|under|below|as (?:many|much) as|at most|no more than"),
)
_HEDGES = tuple(
    (bound, re.compile(rf"\b(?:{forms})\s+(?:the |an? )?(?:estimated )?$", re.IGNORECASE)) for bound, forms in _BOUNDS
)
_FORMER = re.compile(
    r"(?:\b(?:not|rather than|instead of|previously|originally|formerly|once)(?: (?:in|on|by|at|about|just|only))*"
    r"|\b(?:earlier|previous|original|old|initial|former|first)\b[^,.;:]{0,30}\b(?:of|was|were|at|as)"
    r"|\bfirst (?:given|put|reported|estimated|announced|thought|said)\b[^,.;:]{0,25}\b(?:as|at|to be|in)"
    r"|\bhad (?:previously )?been\b[^,.;:]{0,12}"
    r"|\b(?:had|have) (?:been )?(?:wrongly|mistakenly|incorrectly)\b[^,.;:]{0,30})\s+(?:the )?$",
    re.I,
)
_FORMER_AFTER = re.compile(
    r"(?: \w+){0,2} (?:announced|reported|given|stated|promised|expected|planned|quoted|published)"
    r" (?:last|earlier|previously|before|at first|in our|on)\b",
    re.I,
)
_FROM = re.compile(r"\bfrom (?:about |around |just |the )?$", re.I)
_BY = re.compile(r"\bby (?:a (?:further|third|quarter) |about |another |some )?$", re.I)
_TO = re.compile(
    rf"(?: [\w’'-]+){{0,4}}? to (?:about |around |just |nearly |at least )?(?:[£$€¥₹\d]|(?:{_WORD})\b)", re.I
)
# "130 years earlier than was thought" is how far apart two things are.
_DIFFERENCE = re.compile(
    r" (?:earlier|later|older|younger|longer|shorter|higher|lower|more|less|fewer|cooler|warmer)\b"
)
# A newspaper that says what it had said takes it back.
_WE_SAID = re.compile(
    r"\b(?:we|(?:our|an?|the) (?:\w+ )?(?:report|story|article|headline|caption|version|account)\b[^,.;]{0,40}?)"
    r"(?: had)?(?: (?:wrongly|incorrectly|mistakenly|also)){0,2}"
    r" (?:said|reported|stated|gave|wrote|published|put|printed|quoted|named|called|described|claimed)\b",
    re.I,
)

_CALENDAR = frozenset([*MONTHS, *WEEKDAYS])
_MONTH = "|".join(MONTHS) + r"|(?:Jan|Feb|Mar|Apr|Jun|Jul|Aug|Sept?|Oct|Nov|Dec)(?:\.|\b)"
_PART = r"(?:\ (?:morning|afternoon|evening|night|lunchtime))?"
_PERIOD = "week|month|year|weekend|spring|summer|autumn|fall|winter|season|century|decade|quarter|term"
_DATE = re.compile(
    rf"""
    (?:\b(?:the\ )?(?:end|beginning|start|middle)\ of\ |\b(?:early|late|mid)[- ](?:in\ )?)?
    (?:
      \b(?P<d1>\d{{1,2}})(?:st|nd|rd|th)?(?:\ of)?\ (?P<m1>{_MONTH})\b(?:,?\ (?P<y1>\d{{4}})\b)?
    | \b(?P<m2>{_MONTH})\ (?P<d2>\d{{1,2}})(?:st|nd|rd|th)?\b(?!,?\d)(?:,?\ (?P<y2>\d{{4}})\b)?
    | \b(?P<m3>{_MONTH})(?:\ (?:(?P<y3>\d{{4}})|(?P<r3>(?:next|last|this)\ year))\b)
    | (?<=\b(?:in|by|of|to)\ )(?P<m4>{_MONTH})\b | (?<=\b(?:last|next|this|late|from|till)\ )(?P<m5>{_MONTH})\b
    | (?<=\b(?:since|until|early|after)\ )(?P<m6>{_MONTH})\b | (?<=\bbefore\ )(?P<m7>{_MONTH})\b
    | \b(?P<m8>January|February|April|June|July|August|September|October|November|December)\b
    | (?P<iso>\b\d{{4}}-\d\d-\d\d\b)
    | \b(?:(?:last|next|this)\ )?(?P<w>{"|".join(WEEKDAYS)})\b{_PART}
    | (?<![\d,.£$€-])\b(?P<y5>1[1-9]\d\d|20\d\d)(?P<decade>s)?\b(?!%|[.,]\d|-\w)
    | \b(?P<text>yesterday|today|tonight|tomorrow{_PART}|(?:last|this|tomorrow)\ (?:night|morning|evening|afternoon)
        |(?:last|next|this)\ (?:{_PERIOD})|(?:earlier|later)\ (?:this|that)\ (?:{_PERIOD}|day)
        |\w+\ (?:days?|weeks?|months?|years?|hours?)\ (?:ago|(?:earlier|later)(?!\ than))
        |Christmas(?:\ (?:Day|Eve))?|Easter(?:\ Monday)?|New\ Year(?:['’]s\ (?:Day|Eve))?)\b
    )
    """,
    re.VERBOSE,
)
# Four digits before a plural are a number, unless a word before them says that they are a year.
_COUNTED = re.compile(r" (?:people|men|women|children|(?!was|is|has|this|its)[a-z]+s)\b")
_IN_YEAR = re.compile(r"\b(?:in|since|until|from|by|before|after|during|spring|summer|autumn|winter)\s+$", re.I)
_SCORE = re.compile(r"(?<![\w.,-])(\d{1,3})[-–](\d{1,3})(?![\w-]|[.,]\d)")
_OLDEST = 120
# "About 110" and 108 are one figure.
_ABOUT = 0.05
_CLOCK = re.compile(
    r"\b\d{1,2}(?:[.:]\d{2})?\s?(?:am|pm|a\.m\.|p\.m\.)(?!\w)|\b\d{1,2}:\d{2}\b|\b(?:noon|midnight)\b"
    r"|\b\w+ o[’']clock\b"
)

_CAPITAL = "A-ZÀ-ÖØ-ÞĀĂĄĆĈČĎĐĒĘĚĞĢĦĪĶŁŃŇŐŒŘŚŞŠŤŪŮŰŹŻŽΑ-ΩЀ-Я"
_TITLE = "Mr|Mrs|Ms|Mx|Dr|Prof|Sgt|Sen|Rep|Gov|Gen|Lt|Col|Capt|Rev|Hon|St|Cllr"
_TOKEN = rf"(?:(?:{_TITLE})\.|[{_CAPITAL}]\.(?:[{_CAPITAL}]\.)*|(?:[dlDL][’'])?[{_CAPITAL}]\w*(?:[-’'&]\w+)*)"
_NAME = re.compile(
    rf"(?<![\w’'-]){_TOKEN}"
    rf"(?: (?:(?:of|for)(?: the)? |(?:de|da|del|della|di|du|der|den|van|von|bin|ibn|la|le|al|ter|ten|y|&) "
    rf"(?:(?:la|der|den) )?)?{_TOKEN}){{0,7}}"
)
_TOKENS = re.compile(r"[^\W_]+(?:[’'-][^\W_]+)*")
_OPENING = " \t\"'“”‘’«([–—-"
_TITLES = frozenset(
    listed(
        "mr mrs ms mx miss dr prof professor sir dame lord lady judge justice councillor cllr president minister"
        " prime captain sergeant inspector sen rep gov gen lt col capt rev hon senator governor general king queen"
        " prince princess pope chancellor secretary mayor"
    )
)
# What begins a sentence with a capital and is no name.
_STARTERS = frozenset(
    listed(
        "a about above according across after again against all almost already also although always among an and"
        " another any anyone are around as asked at away back because before behind being below between both but"
        " by can can't could despite did do does don't down during each earlier either elsewhere england's even"
        " every everyone few finally first following for former from further get give given had half has have he"
        " he's her here here's hers his how however i i'm i've if in indeed inside instead into is isn't it it's"
        " its itself just last late later least less let let's like look made make many may maybe meanwhile more"
        " moreover most much my near nearly neither never new next no nobody none nor not nothing now of off often"
        " on once one only onto or other others our out outside over own part people perhaps please police put"
        " rather said say says see several she she's should since sir so some someone something sometimes soon"
        " still such than thanks that that's the their them then there there's therefore these they they're this"
        " those though through throughout thus to today together tomorrow tonight too toward towards two under"
        " unless unlike until up upon us very was we we're we've well were what when where whether which while who"
        " whom whose why will with within without would yes yesterday yet you you're your staff officials"
        " residents workers critics families drivers visitors volunteers members councillors"
    )
)
# What may be "of" something and still be one name.
_JOINT = re.compile(r" (?:of|for)(?: the)? |(?<=[’']s) ")
_OF = frozenset(
    listed(
        "University Bank House Ministry Department Institute Church College Council Court Board Office Bureau"
        " Museum Republic Kingdom States Isle City Port Gulf Bay Duke Duchess Earl Prince Princess Secretary"
        " Archbishop Bishop League Association Federation Society School Academy Chamber Order Centers Centre"
        " Center Hall Lord Confederation Organization Organisation Union Minister President Speaker Director Bill"
        " Declaration Statue Tower Cape Strait Sea Mount Game Fourth Friends Committee Commission Convention"
        " Faculty Network Campaign Foundation"
    )
)
_MARKS = re.compile('[“"‘«]')
_QUOTED = re.compile(r"“[^”]{2,}(?:”|$)|(?<!\w)\"[^\"]{2,}(?:\"|$)|(?<![\w’])‘[^‘]{2,}?’(?!\w)|«[^»]{2,}»")


@lru_cache(maxsize=_REMEMBERED)
def numbers(sentence: str) -> tuple[Value, ...]:
    """Every number of the sentence, in digits or words, that is no date, time, score or name."""
    taken = [*(found.span() for found in _CLOCK.finditer(sentence)), *(v.span_pair for v in _dated(sentence))]
    taken_back = bool(_WE_SAID.search(sentence))
    return tuple(
        value
        for found in _NUMBER.finditer(sentence)
        if not any(start < found.end() and found.start() < end for start, end in taken)
        if (value := _number(sentence, found, taken_back)) is not None
    )


@lru_cache(maxsize=_REMEMBERED)
def dates(sentence: str) -> tuple[Value, ...]:
    """Every day, month, year or time of day that the sentence names, absolute or not."""
    taken_back = bool(_WE_SAID.search(sentence))
    found = [
        Value(
            span=Span(start=dated.start, end=dated.end),
            kind="date",
            key=dated.key,
            former=taken_back or _was(sentence, dated.start),
        )
        for dated in _dated(sentence)
    ]
    found += [
        Value(span=Span(start=m.start(), end=m.end()), kind="clock", key=("clock", _minutes(m[0])))
        for m in _CLOCK.finditer(sentence)
    ]
    return tuple(sorted(found, key=lambda value: value.span.start))


def scores(sentence: str) -> list[Value]:
    """Every result of a match: 3-1."""
    return [
        Value(span=Span(start=m.start(), end=m.end()), kind="score", key=("score", int(m[1]), int(m[2])))
        for m in _SCORE.finditer(sentence)
    ]


@lru_cache(maxsize=_REMEMBERED)
def names(sentence: str) -> tuple[Value, ...]:
    """Every run of capitalised words that isn't merely the beginning of a sentence, a day or a month."""
    dateline = DATELINE.match(sentence)
    begin = dateline.end() if dateline else len(sentence) - len(sentence.lstrip(_OPENING))
    quoted = {m.start() + 1 for m in _QUOTED.finditer(sentence)} if _MARKS.search(sentence) else set()
    taken_back = bool(_WE_SAID.search(sentence))
    found = []
    for start, end in _runs(sentence):
        if start < begin:
            continue
        tokens = list(_TOKENS.finditer(sentence, start, end))
        first = start == begin or start in quoted
        opened = first and bool(tokens) and _plain(tokens[0][0]) in _STARTERS
        if opened:
            tokens = _without_first(tokens)
        while tokens and _is_day(tokens[0][0]):
            tokens = _without_first(tokens)
        start = tokens[0].start() if tokens else end
        while tokens and (_is_day(tokens[-1][0]) or not tokens[-1][0][0].isupper()):
            tokens = tokens[:-1]
        # One capital at the beginning may be any word.
        if not tokens or (first and len(tokens) == 1 and start in (begin, *quoted) and not _is_acronym(tokens[0][0])):
            continue
        end = tokens[-1].end()
        if re.search(r"[’']s$", sentence[start:end]):
            end -= 2
        key = tuple(plain for token in tokens if (plain := _plain(token[0])) not in _TITLES) or ("",)
        if key == ("",) or end <= start:
            continue
        former = taken_back or _was(sentence, start)
        found.append(Value(span=Span(start=start, end=end), kind="name", key=key, former=former))
    return tuple(found)


def takes_back(sentence: str) -> bool:
    """Whether a newspaper says here what it said before, so that it isn't so."""
    return bool(_WE_SAID.search(sentence))


def quotations(sentence: str) -> list[Value]:
    """Every run of quoted words, with its marks."""
    return [
        Value(span=Span(start=m.start(), end=m.end()), kind="quotation", key=words_of(m[0]))
        for m in _QUOTED.finditer(sentence)
    ]


def words_of(text: str) -> tuple[str, ...]:
    """The words of ``text``, lower case, without marks or the possessive."""
    return tuple(_plain(token) for token in _TOKENS.findall(text))


def agree(one: Value, other: Value) -> bool:
    """Whether two values say the same: twenty-six and 26, £4.2m and £4.2 million, Harker and Joan Harker."""
    if one.kind == "name" and other.kind == "name":
        return set(one.key) <= set(other.key) or set(other.key) <= set(one.key)
    if one.kind != other.kind:
        return False
    if one.kind == "date" and one.key[0] == other.key[0] == "day":
        return all(a is None or b is None or a == b for a, b in zip(one.key[1:], other.key[1:], strict=True))
    if one.kind in ("number", "money", "percent"):
        a, b = one.key[-1], other.key[-1]
        if one.key[:-1] != other.key[:-1] or not isinstance(a, float) or not isinstance(b, float):
            return False
        hedged = bool(one.bound or other.bound) and one.kind != "percent"
        return abs(a - b) <= (_ABOUT if hedged else 1e-9) * max(a, b)
    return one.key == other.key


def comparable(one: Value, other: Value) -> bool:
    """Whether two values could contradict each other: one kind, one unit, days with days."""
    if one.kind != other.kind:
        return False
    if one.kind == "date":
        return one.key[0] == other.key[0] and one.key[0] in ("day", "year", "weekday")
    if one.kind in ("number", "money", "percent"):
        return one.key[:-1] == other.key[:-1] and not (_within(one, other) or _within(other, one))
    if one.kind == "clock":
        return isinstance(one.key[1], int) and isinstance(other.key[1], int)
    return one.kind in ("name", "score")


def _within(bounded: Value, other: Value) -> bool:
    """Whether ``other`` may be true as well: "more than 100" and 110, "up to £5" and £3."""
    a, b = bounded.key[-1], other.key[-1]
    if not isinstance(a, float) or not isinstance(b, float):
        return False
    return (bounded.bound == "least" and b >= a) or (bounded.bound == "most" and b <= a)


@dataclass(frozen=True, slots=True)
class _Dated:
    start: int
    end: int
    key: tuple[object, ...]

    @property
    def span_pair(self) -> tuple[int, int]:
        return self.start, self.end


def _dated(sentence: str) -> Iterator[_Dated]:
    for m in _DATE.finditer(sentence):
        month = m["m1"] or m["m2"] or m["m3"] or m["m4"] or m["m5"] or m["m6"] or m["m7"] or m["m8"]
        year = m["y1"] or m["y2"] or m["y3"]
        key: tuple[object, ...]
        if month:
            number = next(place for place, name in enumerate(MONTHS, 1) if name.startswith(month[:3]))
            day = m["d1"] or m["d2"]
            key = ("day", int(year) if year else m["r3"], number, int(day) if day else None)
        elif m["iso"]:
            key = ("day", *(int(part) for part in m["iso"].split("-")))
        elif m["w"]:
            key = ("weekday", m["w"])
        elif m["y5"]:
            if _COUNTED.match(sentence, m.end()) and not _IN_YEAR.search(sentence, 0, m.start()):
                continue
            key = ("decade" if m["decade"] else "year", int(m["y5"]))
        else:
            key = ("text", m["text"].lower())
        yield _Dated(m.start(), m.end(), key)


def _number(sentence: str, m: re.Match[str], taken_back: bool) -> Value | None:
    start, end = m.span()
    before, after = sentence[max(0, start - 60) : start], sentence[end : end + 80]
    # Scores, ranges of a score, and numbers that are names: 3-1, No. 14.
    if m["digits"] and (re.match(r"[-–]\d", after) or re.search(r"\d[-–]$|\b[Nn]o\.? ?$|[A-Za-z]-$", before)):
        return None
    # A number word with a capital in the middle is part of a name: Channel One.
    if (
        m["words"]
        and m["words"][0].isupper()
        and sentence[:start].strip(_OPENING)
        and not re.search(r"[.“\"] ?$", before)
    ):
        return None
    worth = _digits(m) if m["digits"] else _words(m["words"])
    if worth is None:
        return None
    kind, key, unit, end = _measured(sentence, m, worth)
    after = sentence[end : end + 80]
    changes = bool(_TO.match(after))
    return Value(
        span=Span(start=start, end=end),
        kind=kind,
        key=key,
        unit=unit,
        bound=next((bound for bound, form in _HEDGES if form.search(before)), ""),
        former=taken_back
        or _was(sentence, start)
        or bool(_FORMER_AFTER.match(after))
        or (changes and bool(_FROM.search(before))),
        change=(changes and bool(_BY.search(before))) or bool(_DIFFERENCE.match(after)),
    )


def _measured(sentence: str, m: re.Match[str], worth: float) -> tuple[Kind, tuple[object, ...], str, int]:
    """What a number measures: its kind, its key, its unit, and where it ends with the unit."""
    end = m.end()
    if m["sign"] or m["coin"]:
        return "money", ("money", _currency(m["sign"], m["coin"]), worth), "", end
    if m["percent"]:
        return "percent", ("percent", worth), "", end
    if m["old"]:
        return "number", ("number", "age", worth), "age", end
    if m["tight"]:
        return "number", ("number", m["tight"].upper(), worth), "temperature", end
    if found := _MEASURED.match(sentence, end):
        unit = _unit_name(found[0].strip(" \u00a0-").lower())
        return "number", ("number", unit, worth), found.lastgroup or "", found.end()
    # "Ann Lee, 64," and "aged 64": a number alone between commas after a word.
    alone = re.match(r"\s*[,.;)]", sentence[end:]) and worth < _OLDEST
    before = sentence[max(0, m.start() - _AGED) : m.start()]
    if alone and re.search(r"[A-Za-z’'], $|\baged $", before):
        return "number", ("number", "age", worth), "age", end
    if worth < _OLDEST and _IS_OLD.search(before) and _THEN.match(sentence, end):
        return "number", ("number", "age", worth), "age", end
    return "number", ("number", "", worth), "", end


def _currency(sign: str | None, coin: str | None) -> str:
    if sign:
        return _SIGNS.get(sign.strip()[-1], "rupee" if sign[0] in "Rr" else "")
    name = (coin or "").lower().removesuffix("s")
    return {"ruble": "rouble", "lire": "lira"}.get(name, name)


def _unit_name(written: str) -> str:
    """One name for a unit, however it is written: "km", "kilometers" and "kilometres"."""
    if written.startswith(("°", "degree")):
        return {"c": "C", "f": "F"}.get(re.sub(r"^(?:°|degrees?) ?", "", written)[:1], "degree")
    name = re.sub(r"(met|lit)ers?\b", r"\1re", written)
    return _SAME_UNIT.get(name.removesuffix("s"), name.removesuffix("s"))


def _digits(m: re.Match[str]) -> float | None:
    digits = m["digits"].replace(",", "")
    if len(digits) > 18:
        return None
    return float(digits) * _SCALES[(m["scale"] or "").lower()] if m["scale"] else float(digits)


def _words(text: str) -> float | None:
    total = current = 0.0
    half = text.lower().startswith("half ")
    for word in re.split(r"[ -]", text.lower()):
        if word in _WORTH:
            current += _WORTH[word]
        elif word in _SCALES:
            current = (current or 1.0) * _SCALES[word]
            if _SCALES[word] >= 1_000:
                total, current = total + current, 0.0
    worth = total + current
    return worth / 2 if half else worth


def _runs(sentence: str) -> Iterator[tuple[int, int]]:
    """Where capitalised words stand together; "Ann Lee of the University of York" is two runs."""
    for match in _NAME.finditer(sentence):
        start = match.start()
        for joint in _JOINT.finditer(match[0]):
            at = match.start() + joint.start()
            before = _TOKENS.findall(sentence[start:at])
            if joint[0] == " " or (len(before) > 1 and not _OF.intersection(before)):
                yield start, at
                start = match.start() + joint.end()
        yield start, match.end()


def _without_first(tokens: list[re.Match[str]]) -> list[re.Match[str]]:
    """The tokens from the next capital on."""
    return list(dropwhile(lambda token: not token[0][0].isupper(), tokens[1:]))


def _minutes(clock: str) -> int | str:
    """Minutes after midnight; the words themselves where they don't say."""
    found = re.match(r"(\d{1,2})(?:[.:](\d{2}))?\s?([ap])?", clock)
    if not found:
        return {"noon": 720, "midnight": 0}.get(clock, clock)
    return int(found[1]) % (12 if found[3] else 24) * 60 + int(found[2] or 0) + (720 if found[3] == "p" else 0)


def _was(sentence: str, start: int) -> bool:
    """Whether the words before ``start`` say that what stands there held once, or never."""
    return bool(_FORMER.search(sentence[max(0, start - 60) : start]))


def _plain(token: str) -> str:
    token = token.casefold().replace("’", "'")
    return token[:-2] if token.endswith("'s") else token


def _is_day(token: str) -> bool:
    return (token[:-2] if token[-2:] in ("'s", "’s") else token) in _CALENDAR


def _is_acronym(token: str) -> bool:
    return len(token) > 1 and token.isupper()
