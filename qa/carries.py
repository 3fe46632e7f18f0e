"""Whether sentences of an article carry a claim: what speaks against it, and how near they come."""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Container, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from itertools import pairwise

from index import Article, Sentence, Span, day_of
from qa.dates import WEEKDAYS
from qa.english import HE_NAMES, PREPOSITIONS, SHE_NAMES
from qa.provisos import breaks_off, joined, left_out
from qa.values import Value, dates, listed, numbers, quotations, scores
from qa.when import DateInText, dates_in
from qa.wording import MUST, Reading, Token, opposites, read, related, same_meaning

__all__ = ["CARRY_SIGNALS", "Carried", "Ground", "carries", "flat", "spelled", "weight_of"]

CARRY_SIGNALS: dict[str, str] = {
    "missing": "share, by weight, of the claim's words that stand nowhere in the words cited",
    "words missing": "logarithm of one more than their number, but for those of headline and sentences before",
    "replaced": "logarithm of one more than the number of those that stand where, between the same words, others stand",
    "sentences": "sentences cited, less one",
}
"""Every signal of whether words cited carry a claim, by name, with what it measures."""

_NOT = frozenset(listed("not never no nor neither nobody none nothing without cannot hardly nowhere"))
_ENDS_SCOPE = frozenset(listed(". ! ? , ; : ( ) — – but that which who because although while and"))
# Verbs and adjectives that say that what follows is not so.
_UNDOES = frozenset(
    listed(
        "fail refus deni deny unabl declin fals untru wrong wrongly mistak mistaken incorrect incorrectly unlik "
        "unlikely dismis dismiss reject abandon cancel scrap prevent avoid halt block ban lack impossibl lie rul"
    )
)
_MAYBE = frozenset(
    listed(
        "may might could should plan hop hope expect intend propos consid consider want ask urg urge threat "
        "threaten likely possibl possible possibly perhap perhaps probably probabl alleg alleged allegedly accus "
        "suspect claim believ thought think if unless rumour seek try aim call demand charg propose proposal "
        "potential potentially suppos supposed estimat forecast predict apparently reportedly fear doubt whether "
        "attempt offer invit invite apply agre request recommend"
    )
)
_FUTURE = frozenset(["will", "would", "shall", "'ll", "due", "set", "going"])
_BE = frozenset(listed("be is are was were been being am get got gets"))
_CLAUSE = frozenset(listed("; : ( ) — – that because although while but when before after if as until though"))
_PRONOUNS = frozenset(listed("he she they it him her them his hers their its who whose i we my our"))
_HE, _SHE = frozenset(["he", "him", "his", "mr"]), frozenset(["she", "her", "hers", "mrs", "ms", "miss"])
_POINTS = frozenset(["the", "this", "that", "these", "those", "its", "his", "her", "their"])
_NOW = frozenset(["is", "are", "am", "'re"])
_DIRECTION = frozenset(["by", "to", "from"])
_LIGHT = frozenset(
    listed(
        "say tell hav do mak get tak go com us becom giv also mr mrs ms dr add accord accordingly however nam call "
        "know locat main peopl person plac hold bas typ kind part number amount time total includ follow occur "
        "happen involv various several certain fact new event situation way thing speak word quot used"
    )
)
_SELF = frozenset(["i", "me", "my", "mine", "we", "us", "our", "you", "your"])
_SAYING = frozenset(listed("say tell add warn argu insist claim writ announc explain not reply repli accord"))
_SPEAKING = _SAYING | frozenset(
    [
        "call",
        "describ",
        "speak",
        "us",
        "ask",
        "jok",
        "recall",
        "comment",
        "declar",
        "stat",
        "report",
        "admit",
        "promis",
        "remark",
    ]
)
_PARTS = frozenset([",", ";", ":", "(", ")", "—", "–"])
_JOINS = frozenset(
    listed("and but or while after before because as who which when where since although though so then")
)
_STOPS = frozenset(listed(". ! ? ; : , ( ) — –"))
# Words of a claim that headline and sentences before may give.
_KNOWN = 2
# Neighbours from which on an order can be told.
_RUN = 5
_FAR = 14
_NEAR = 4
_COUNTS = {
    word: str(n)
    for n, word in enumerate(["one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten"], 1)
}
_COUNTS |= {"a": "1", "an": "1"}
_ONE = re.compile(r"\b(?:two|three|four|five|six|seven|eight|nine|ten|an?|one|\d+)\b", re.I)
_QUOTE_MARKS = str.maketrans(
    {"“": '"', "”": '"', "„": '"', "«": '"', "»": '"', "‘": "'", "’": "'", "‚": "'", "`": "'", "‑": "-"}
)


def flat(text: str) -> str:
    """``text`` for comparing to the character: one kind of quotation marks, single spaces."""
    return " ".join(text.translate(_QUOTE_MARKS).split())


@dataclass(frozen=True, slots=True, kw_only=True)
class Ground:
    """A sentence that may carry a claim: of passage number ``passage``, from 0, at ``place``
    among its sentences. ``before`` are the texts of those before it, nearest first."""

    passage: int
    place: int
    sentence: Sentence
    article: Article
    text: str
    before: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Carried:
    """What came of laying a claim beside sentences: ``faults`` say in plain words what speaks
    against it, ``signals`` how near they come, without meaning. ``leans`` are the grounds
    whose sentence before is needed to know whom they speak of."""

    grounds: tuple[Ground, ...]
    faults: tuple[str, ...]
    signals: Mapping[str, float]
    leans: frozenset[tuple[int, int]] = frozenset()


def weight_of(token: Token, *, named: bool) -> float:
    """What a word counts for: names and numbers twice, words of little meaning a third."""
    if named or token.low[0].isdigit():
        return 2.0
    return 0.3 if token.stem in _LIGHT else 1.0


@dataclass(frozen=True, slots=True)
class _Evidence:
    """Sentences laid end to end: their tokens, and of which ground each is."""

    grounds: tuple[Ground, ...]
    readings: tuple[Reading, ...]
    tokens: tuple[Token, ...]
    of: tuple[int, ...]
    starts: tuple[int, ...]
    places: Mapping[str, tuple[int, ...]]

    @classmethod
    def of_grounds(cls, grounds: Sequence[Ground]) -> _Evidence:
        readings = tuple(read(ground.text) for ground in grounds)
        tokens = tuple(token for reading in readings for token in reading.tokens)
        of = tuple(number for number, reading in enumerate(readings) for _ in reading.tokens)
        starts, at = [], 0
        for reading in readings:
            starts.append(at)
            at += len(reading.tokens)
        places: dict[str, list[int]] = {}
        for place, token in enumerate(tokens):
            places.setdefault(token.stem, []).append(place)
        return cls(
            tuple(grounds), readings, tokens, of, tuple(starts), {word: tuple(found) for word, found in places.items()}
        )

    def names(self) -> Iterator[tuple[int, int, frozenset[str]]]:
        for start, reading in zip(self.starts, self.readings, strict=True):
            for a, b, lows in reading.names:
                yield start + a, start + b, lows


@dataclass(frozen=True, slots=True)
class _Laid:
    """A claim laid beside its evidence: ``at`` tells where each of its words stands there."""

    claim: Reading
    evidence: _Evidence
    at: Mapping[int, int]

    def home(self, start: int, end: int) -> frozenset[int]:
        """Of which grounds the words beside ``claim.tokens[start:end]`` are: all, where none is told."""
        found = {self._beside(end, 1, within=True), self._beside(start - 1, -1, within=True)}
        if found == {None}:
            found = {self._beside(end, 1, within=False), self._beside(start - 1, -1, within=False)}
        told = frozenset(number for number in found if number is not None)
        return told or frozenset(range(len(self.evidence.grounds)))

    def _beside(self, place: int, step: int, *, within: bool) -> int | None:
        """Of which ground most of the next three words are that way, ``within`` the clause."""
        votes: list[int] = []
        while 0 <= place < len(self.claim.tokens) and len(votes) < 3:
            token = self.claim.tokens[place]
            if within and token.low in _PARTS:
                break
            if place in self.at and token.content and place not in self.claim.named and not token.low[0].isdigit():
                votes.append(self.evidence.of[self.at[place]])
            place += step
        return Counter(votes).most_common(1)[0][0] if votes else None


def carries(claim: Reading, grounds: Sequence[Ground]) -> Carried:
    """Lay ``claim`` beside ``grounds``, of any passages, in order."""
    evidence = _Evidence.of_grounds(grounds)
    laid = _lay(claim, evidence)
    leans: dict[int, tuple[int, int]] = {}
    faults = [
        *_quote_faults(laid),
        *_number_faults(laid),
        *_date_faults(laid),
        *_name_faults(laid, leans),
        *_place_faults(laid),
        *_order_faults(laid),
        *_negation_faults(laid),
        *_undone_faults(laid),
        *_modal_faults(laid),
        *_word_faults(laid),
        *left_out(claim.tokens, evidence.tokens, evidence.of, laid.at),
        *joined(claim.tokens, evidence.tokens, [evidence.grounds[n].article.id for n in evidence.of], laid.at),
        *_switch_faults(laid),
        *_again_faults(laid),
        *_backward_faults(laid),
        *_done_faults(laid),
    ]
    grounds_leaning = frozenset((evidence.grounds[n].passage, evidence.grounds[n].place) for _, n in leans.values())
    return Carried(
        grounds=evidence.grounds,
        faults=tuple(dict.fromkeys(faults)),
        signals=_signals(laid, leans),
        leans=grounds_leaning,
    )


def _lay(claim: Reading, evidence: _Evidence) -> _Laid:
    options: dict[int, tuple[int, ...]] = {}
    for place, token in enumerate(claim.tokens):
        if not token.low[0].isalnum():
            continue
        exact = evidence.places.get(token.stem, ())
        if not exact and token.content and not token.low[0].isdigit():
            exact = tuple(
                at
                for word, places in evidence.places.items()
                if (place not in claim.named and same_meaning(token.stem, word)) or related(token.stem, word)
                for at in places
            )
        if exact:
            options[place] = exact
    at = {place: found[0] for place, found in options.items() if len(found) == 1 and claim.tokens[place].content}
    for place in sorted(options):
        if place not in at:
            at[place] = _nearest(place, options[place], at)
    return _Laid(claim, evidence, at)


def _nearest(place: int, options: Sequence[int], at: Mapping[int, int]) -> int:
    """Which of several places fits best with the neighbours' places."""
    fixed = [at[place + step] - step for step in (-1, 1, -2, 2, -3, 3) if place + step in at]
    if not fixed:
        return options[0]
    return min(options, key=lambda option: min(abs(option - wanted) for wanted in fixed))


def _replaced(laid: _Laid, place: int) -> bool:
    used = set(laid.at.values())
    return any(laid.evidence.tokens[p].content and p not in used for p in _gap(laid, place, place + 1))


def _switch_faults(laid: _Laid) -> Iterator[str]:
    """Where it goes from the words of one sentence to those of another within a clause."""
    of, tokens = laid.evidence.of, laid.claim.tokens
    told = [p for p, token in enumerate(tokens) if token.content and p in laid.at]
    stems = [{token.stem for token in reading.tokens} for reading in laid.evidence.readings]
    # A name is of a sentence that has the whole of it.
    runs = {
        p: {tokens[n].stem for n in range(a, b) if n in laid.at} for a, b, _ in laid.claim.names for p in range(a, b)
    }
    for a, b in pairwise(told):
        one, other = of[laid.at[a]], of[laid.at[b]]
        if one == other or any(tokens[p].low in _PARTS or tokens[p].low in _JOINS for p in range(a + 1, b)):
            continue
        # A word that both sentences have is of either.
        if (
            not runs.get(a, {tokens[a].stem}) <= stems[other]
            and not runs.get(b, {tokens[b].stem}) <= stems[one]
            and not (a in runs and runs[a] is runs.get(b))
        ):
            yield f"“{_short(laid.claim.text[tokens[a].start : tokens[b].end])}” is put together from two sentences"
            return


def _again_faults(laid: _Laid) -> Iterator[str]:
    """Words that stand more often than in what is cited: put where others stood, or written without end."""
    tokens, evidence = laid.claim.tokens, laid.evidence
    valued = spelled(laid.claim)
    plain = [
        p
        for p, token in enumerate(tokens)
        if token.content and p not in laid.claim.named and p not in valued and token.stem not in _LIGHT
    ]
    for word, count in Counter(tokens[p].stem for p in plain).items():
        there = len(evidence.places.get(word, ()))
        if count > 1 and count > max(there, 1) and not word[0].isdigit():
            low = next(tokens[p].low for p in plain if tokens[p].stem == word)
            yield f"“{_short(low)}” stands more often than in what it cites"


def _backward_faults(laid: _Laid) -> Iterator[str]:
    """Words in reverse, which say nothing."""
    content = [p for p, token in enumerate(laid.claim.tokens) if token.content and p in laid.at]
    gaps = [laid.at[b] - laid.at[a] for a, b in pairwise(content)]
    if len(gaps) >= _RUN and sum(-_NEAR <= gap < 0 for gap in gaps) > 0.75 * len(gaps):
        yield "its words stand in another order"


def _done_faults(laid: _Laid) -> Iterator[str]:
    """What is going on, told as done: "is buying" isn't "has bought"."""
    claim, evidence = laid.claim.tokens, laid.evidence.tokens
    for place, at in laid.at.items():
        here, there = claim[place], evidence[at]
        if not there.low.endswith("ing") or here.low.endswith("ing") or there.stem != here.stem or not here.verb:
            continue
        before = {token.low for token in evidence[max(0, at - 3) : at]}
        if before & _NOW and here.low not in (there.stem, f"{there.stem}e") and not here.low.endswith("s"):
            yield f"“{_short(here.low)}” is still going on in what it cites"


def spelled(claim: Reading) -> frozenset[int]:
    """The places of a claim's words of amounts and dates, which stand for what they come to."""
    values = (*_amounts(claim.text), *dates(claim.text))
    return frozenset(p for value in values for p in claim.within(value.span.start, value.span.end))


# Quotations.


def _quote_faults(laid: _Laid) -> Iterator[str]:
    claim = laid.claim
    for quote in quotations(claim.text):
        words = flat(claim.text[quote.span.start : quote.span.end]).strip("\"' ").rstrip(".,;:!?… ")
        if not words:
            continue
        homes = [number for number, ground in enumerate(laid.evidence.grounds) if _holds(flat(ground.text), words)]
        if not homes and not _holds(" ".join(flat(ground.text) for ground in laid.evidence.grounds), words):
            yield f"“{_short(words)}” doesn't stand in what it cites"
            continue
        for number in homes:
            if on := breaks_off(words, flat(laid.evidence.grounds[number].text)):
                yield f"the one quoted goes on: “{on} …”"
        speaker = _speaker(claim, quote)
        if speaker and homes and not any(_speaks(laid.evidence, number, speaker, words) for number in homes):
            yield f"“{_short(words)}” isn't said there by {_shown(claim, speaker)}"


def _holds(text: str, words: str) -> bool:
    if words in text:
        return True
    other = words[0].swapcase() + words[1:]
    return other in text


def _speaker(claim: Reading, quote: Value) -> frozenset[str]:
    """The words of the name that is said to have said it: none where there is only a pronoun."""
    tokens = claim.tokens
    behind = [p for p, token in enumerate(tokens) if token.start >= quote.span.end][:9]
    clause: list[int] = []
    for place in behind:
        if tokens[place].low in _ENDS_SCOPE and clause:
            break
        clause.append(place)
    if any(tokens[p].stem in _SPEAKING for p in clause):
        return _first_name(claim, clause)
    ahead = [p for p, token in enumerate(tokens) if token.end <= quote.span.start]
    said = next((p for p in reversed(ahead) if tokens[p].stem in _SPEAKING), None)
    if said is None:
        return frozenset()
    return _first_name(claim, range(said - 1, max(-1, said - 12), -1)) or (
        _first_name(claim, range(said + 1, said + 5)) if tokens[said].stem == "accord" else frozenset()
    )


def _first_name(claim: Reading, places: Sequence[int]) -> frozenset[str]:
    for place in places:
        if 0 <= place < len(claim.tokens):
            if claim.tokens[place].low in _PRONOUNS - {"who"}:
                return frozenset()
            for start, end, lows in claim.names:
                if start <= place < end:
                    return lows
    return frozenset()


def _inside(reading: Reading, run: tuple[int, int, frozenset[str]], quote: Value) -> bool:
    return quote.span.start <= reading.tokens[run[0]].start < quote.span.end


def _speaks(evidence: _Evidence, number: int, speaker: frozenset[str], words: str) -> bool:
    """Whether the sentence's own words outside the quotation may be of ``speaker``."""
    reading = evidence.readings[number]
    quoted = quotations(reading.text)
    if not any(words.casefold() in flat(reading.text[q.span.start : q.span.end]).casefold() for q in quoted):
        # In what is not quoted there, nobody says these words, unless all around them is one quotation.
        ground = evidence.grounds[number]
        return not quoted and any(mark in "".join(ground.before) for mark in '“"')
    around = [run for run in reading.names if not any(_inside(reading, run, q) for q in quoted)]
    if around:
        return any(speaker & lows for _, _, lows in around) or bool(
            _PRONOUNS & {token.low for place, token in enumerate(reading.tokens) if not _token_in(token, quoted)}
            and any(speaker & run[2] for text in evidence.grounds[number].before[:2] for run in read(text).names)
        )
    # It is the one who was spoken of last.
    named = next((names for text in evidence.grounds[number].before[:3] if (names := read(text).names)), ())
    return any(speaker & run[2] for run in named)


def _token_in(token: Token, quoted: Sequence[Value]) -> bool:
    return any(q.span.start <= token.start < q.span.end for q in quoted)


# Numbers.


@lru_cache(maxsize=2_048)
def _amounts(text: str) -> tuple[Value, ...]:
    return (*numbers(text), *scores(text))


def _number_faults(laid: _Laid) -> Iterator[str]:
    claim, evidence = laid.claim, laid.evidence
    told: set[int] = set()
    for value in _amounts(claim.text):
        where = claim.within(value.span.start, value.span.end)
        told.update(where)
        shown = claim.text[value.span.start : value.span.end]
        if value.key == ("number", "", 1.0) and not shown[0].isdigit():
            continue
        home = laid.home(where.start, where.stop)
        matched = [
            (number, other)
            for number in home
            for other in _amounts(evidence.grounds[number].text)
            if _equals(value, other)
        ]
        if not matched:
            yield f"“{_short(shown)}” doesn't stand in what it cites"
            continue
        if not any(_same_way(laid, value, number, other) for number, other in matched):
            yield f"“{_short(shown)}” is said of something else in what it cites"
    dated = [value.span for value in dates(claim.text)]
    for place, token in enumerate(claim.tokens):
        if place in told or not any(mark.isdigit() for mark in token.low):
            continue
        if any(span.start <= token.start < span.end for span in dated):
            continue
        if not any(token.low == other.low for other in evidence.tokens):
            yield f"“{_short(token.low)}” doesn't stand in what it cites"


def _equals(value: Value, other: Value) -> bool:
    """Whether two amounts are one, or the first the second, rounded and said to be so."""
    if value.kind == "score" or other.kind == "score":
        return value.kind == other.kind and (value.key == other.key or value.key[1:] == other.key[:0:-1])
    if value.kind != other.kind:
        return False
    a, b = value.key[-1], other.key[-1]
    if not isinstance(a, float) or not isinstance(b, float):
        return False
    units = value.key[1:-1], other.key[1:-1]
    if units[0] != units[1] and not {("",), ("age",)} & set(units):
        return False
    if abs(a - b) <= 1e-9 * max(a, b, 1.0):
        return _bounds_agree(value, other)
    if not value.bound or other.bound or not a or not b:
        return False
    digits = len(str(int(a)).rstrip("0")) if a >= 1 else 1
    return value.bound == "about" and digits < len(f"{b:g}".replace(".", "")) and _rounded(b, digits) == a


def _rounded(amount: float, digits: int) -> float:
    return float(f"{amount:.{max(0, digits - 1)}e}")


def _bounds_agree(value: Value, other: Value) -> bool:
    """Whether "more than 100" isn't made of "up to 100", nor 100 of "more than 100"."""
    if value.bound == other.bound or "about" in (value.bound, other.bound):
        return True
    return not (value.bound and other.bound) and not value.bound


def _same_way(laid: _Laid, value: Value, number: int, other: Value) -> bool:
    """Whether two equal amounts count the same, and both hold now."""
    claim, reading = laid.claim, laid.evidence.readings[number]
    if other.former and not value.former:
        return False
    mine, theirs = claim.within(value.span.start, value.span.end), reading.within(other.span.start, other.span.end)
    ways = {_lead(claim, mine.start), _lead(reading, theirs.start)}
    if len(ways) == 2 and ways <= _DIRECTION:
        return False
    start = laid.evidence.starts[number]
    verb = next(
        (
            p
            for p in range(mine.stop, min(mine.stop + 4, len(claim.tokens)))
            if claim.tokens[p].verb and claim.tokens[p].content
        ),
        None,
    )
    if verb is not None and verb in laid.at and laid.at[verb] - start in range(len(reading.tokens)):
        done = laid.at[verb] - start
        counts = [
            amount
            for amount in _amounts(reading.text)
            if 0 <= done - reading.within(amount.span.start, amount.span.end).stop <= 3
        ]
        if counts and counts[-1] is not other and not _equals(counts[-1], value):
            return False
    counted = next(
        (p for p in range(mine.stop, min(mine.stop + 3, len(claim.tokens))) if claim.tokens[p].content), None
    )
    if counted is None or counted not in laid.at or counted in claim.named:
        return True
    stems = claim.tokens[counted].stem
    before = [
        amount
        for amount in _amounts(reading.text)
        for last in [reading.within(amount.span.start, amount.span.end).stop]
        if any(reading.tokens[p].stem == stems for p in range(last, min(last + 2, len(reading.tokens))))
    ]
    near = any(
        reading.tokens[p].stem == stems
        for p in range(max(0, theirs.start - 3), min(theirs.stop + 4, len(reading.tokens)))
    )
    return near or not before or other in before


def _lead(reading: Reading, place: int) -> str:
    return reading.tokens[place - 1].low if place else ""


# Dates.


def _date_faults(laid: _Laid) -> Iterator[str]:
    claim, evidence = laid.claim, laid.evidence
    for value in dates(claim.text):
        where = claim.within(value.span.start, value.span.end)
        home = laid.home(where.start, where.stop)
        if not any(_dated(value, evidence.grounds[number]) for number in home):
            yield f"“{_short(claim.text[value.span.start : value.span.end])}” doesn't stand in what it cites"


@lru_cache(maxsize=2_048)
def _days(text: str, span: tuple[int, int], published: date | None) -> tuple[DateInText, ...]:
    return dates_in(text, Span(start=span[0], end=span[1]), published) if published else ()


def _dated(value: Value, ground: Ground) -> bool:
    cited = [other for other in dates(ground.text) if not other.former or value.former]
    published = day_of(ground.article.published) if ground.article.published else None
    span = ground.sentence.span
    days = _days(ground.article.text, (span.start, span.end), published)
    kind = value.key[0]
    if kind == "day":
        return _day_stands(value.key, cited, days, published)
    if kind == "year":
        year = value.key[1]
        return (
            any(year in other.key[1:2] for other in cited)
            or any(d.begin.year == d.end.year == year for d in days)
            or any(other.key[-1] == year for other in numbers(ground.text))
        )
    if kind == "weekday":
        name = value.key[1]
        return any(other.key == value.key for other in cited) or any(
            d.begin == d.end and WEEKDAYS[d.begin.weekday()] == name for d in days
        )
    if kind == "text":
        words = _plain_count(str(value.key[1]))
        return any(other.key[0] == "text" and _plain_count(str(other.key[1])) == words for other in cited)
    return any(other.key == value.key for other in cited)


def _plain_count(words: str) -> str:
    return _ONE.sub(lambda found: _COUNTS.get(found[0].lower(), found[0]), words.replace("a couple of", "two"))


def _day_stands(
    key: tuple[object, ...], cited: Sequence[Value], days: Sequence[DateInText], published: date | None
) -> bool:
    _, year, month, day = key
    for other in cited:
        if other.key[0] != "day":
            continue
        _, other_year, other_month, other_day = other.key
        same_year = year is None or year == other_year
        if not same_year and other_year is None and published is not None:
            reckoned = [d.begin.year for d in days if d.begin.month == other_month]
            same_year = year in (reckoned or [published.year])
        if same_year and month == other_month and (day is None or day == other_day):
            return True
    for d in days:
        first, last = (d.begin.year, d.begin.month), (d.end.year, d.end.month)
        fits = month == d.begin.month and (year is None or year == d.begin.year) and first == last
        if fits and (day is None or (d.begin == d.end and d.begin.day == day)):
            return True
    return False


# Names.


def _name_faults(laid: _Laid, leans: dict[int, tuple[int, int]]) -> Iterator[str]:
    claim, evidence = laid.claim, laid.evidence
    lows = [{token.low.removesuffix("'s") for token in reading.tokens} for reading in evidence.readings]
    stems = [{token.stem for token in reading.tokens} for reading in evidence.readings]
    yield from _too_often(laid)
    for start, end, name in claim.names:
        home = sorted(laid.home(start, end))
        if any(_stands(name, lows[n], stems[n], evidence.grounds[n]) for n in home):
            continue
        if start == 0 and end == 1 and 0 in laid.at:
            continue
        meant = [n for n in home if _meant(name, claim, evidence, n)]
        if meant:
            leans[start] = (end, meant[0])
            continue
        yield f"“{_short(_shown(claim, name))}” isn't what the words cited say there"


def _too_often(laid: _Laid) -> Iterator[str]:
    """A name put where another stood, so that it stands twice where it did once."""
    here = Counter(name for _, _, name in laid.claim.names)
    for name, count in here.items():
        if count > 1:
            evidence = laid.evidence
            there = min(sum(token.low.removesuffix("'s") == word for token in evidence.tokens) for word in name)
            others = sum(token.low in _PRONOUNS or token.low in _POINTS for token in evidence.tokens)
            if count > there + others:
                yield f"“{_short(_shown(laid.claim, name))}” stands more often than in what it cites"


def _stands(name: frozenset[str], lows: set[str], stems: set[str], ground: Ground) -> bool:
    """Whether the sentence has the name, or enough of it for the rest to come from around."""
    missing = {word for word in name if word not in lows and word.removesuffix("s") not in stems}
    if not missing:
        return True
    if missing == name:
        return len(name) == 1 and _initials(next(iter(name)), ground.text)
    around = [run[2] for text in (*ground.before, ground.article.title) for run in read(text).names]
    kept = name - missing
    if any(missing <= run and kept & run for run in around):
        return True
    # "Marrowby council", where the title says which town's.
    title = {
        token.low.removesuffix("'s") for text in (ground.article.title, *ground.before) for token in read(text).tokens
    }
    group = any(not (word in HE_NAMES or word in SHE_NAMES) for word in missing)
    return group and missing <= title and not any(kept & run for run in around)


def _place_faults(laid: _Laid) -> Iterator[str]:
    """Names and amounts that stand where, between the same words, others stand."""
    claim, evidence = laid.claim, laid.evidence
    names = list(evidence.names())
    # A sentence in the passive has its names in the other order.
    turned = _otherwise_voiced(laid)
    for start, end, name in () if turned else claim.names:
        gap = _gap(laid, start, end)
        lows = {evidence.tokens[p].low.removesuffix("'s") for p in gap}
        other = next((run for run in names if run[0] in gap and run[1] - 1 in gap), None)
        if other and not name & lows and not name & other[2] and not _listed(claim, start, end, other[2]):
            yield f"“{_short(_shown(claim, name))}” stands where what it cites has another name"
    for value in _amounts(claim.text):
        where = claim.within(value.span.start, value.span.end)
        gap = _gap(laid, where.start, where.stop)
        found = [
            other
            for number, reading in enumerate(evidence.readings)
            for other in _amounts(reading.text)
            for p in reading.within(other.span.start, other.span.end)[:1]
            if evidence.starts[number] + p in gap
        ]
        if found and not any(_equals(value, other) for other in found) and value.kind in {f.kind for f in found}:
            shown = _short(claim.text[value.span.start : value.span.end])
            yield f"“{shown}” stands where what it cites has another number"


def _otherwise_voiced(laid: _Laid) -> bool:
    """Whether a verb of the claim is in the passive and its own there isn't, or the other way."""
    claim, cited = laid.claim.tokens, laid.evidence.tokens
    return any(
        claim[place].verb and claim[place].content and _is_passive(claim, place) != _is_passive(cited, at)
        for place, at in laid.at.items()
    )


def _listed(claim: Reading, start: int, end: int, name: frozenset[str]) -> bool:
    """Whether a name stands in a list with the one at ``start``, where order says nothing."""
    for first, last, other in claim.names:
        if other & name:
            between = claim.tokens[last:start] if last <= start else claim.tokens[end:first]
            if between and all(token.low in {"and", "or", ",", "&"} for token in between):
                return True
    return False


def _gap(laid: _Laid, start: int, end: int) -> range:
    """What stands in the evidence between the words beside ``claim.tokens[start:end]``:
    nothing where these don't stand near each other there."""
    tokens = laid.evidence.tokens
    before = next((p for p in range(start - 1, max(-1, start - 3), -1) if p in laid.at), None)
    after = next((p for p in range(end, min(len(laid.claim.tokens), end + 3)) if p in laid.at), None)
    left = laid.at[before] if before is not None else None
    right = laid.at[after] if after is not None else None
    if before is not None and left is not None and right is not None and not 0 < right - left <= 7:
        # One "the" of several says nothing of the place.
        left = left if laid.claim.tokens[before].content else None
    if left is None and right is None:
        return range(0)
    if left is None and right is not None:
        left = next((p for p in range(right - 1, max(-1, right - 6), -1) if tokens[p].low in _STOPS), right - 6)
    if right is None and left is not None:
        right = next((p for p in range(left + 1, min(len(tokens), left + 6)) if tokens[p].low in _STOPS), left + 1)
    if left is None or right is None or not 0 < right - left <= 7:
        return range(0)
    return range(max(0, left + 1), right)


def _initials(word: str, text: str) -> bool:
    return 2 < len(word) < 6 and any(
        "".join(low[0] for low in re.findall(r"[A-Z]\w+", text[m.start() : m.end()])).lower() == word
        for m in re.finditer(r"[A-Z]\w+(?: (?:of |the |and |for )*[A-Z]\w+){2,5}", text)
    )


def _meant(name: frozenset[str], claim: Reading, evidence: _Evidence, number: int) -> bool:
    """Whether a pronoun or a description of the sentence stands for ``name``, the one that
    the words before it speak of."""
    reading, ground = evidence.readings[number], evidence.grounds[number]
    own = Counter(token.low for token in claim.tokens)
    lows = [token.low for token in reading.tokens]
    pronouns = {
        low
        for low, count in Counter(lows).items()
        if low in _PRONOUNS - {"who", "whose", "i", "we", "my", "our"} and count > own[low]
    }
    points = (
        len(lows) > 1
        and lows[0] in _POINTS
        and reading.tokens[1].content
        and 1 not in reading.named
        and not own[lows[1]]
    )
    if not pronouns and not points:
        return False
    gender = "he" if pronouns & _HE else "she" if pronouns & _SHE else ""
    for text in ground.before[:2]:
        runs = [run for run in read(text).names if not (gender and _clashes(run[2], gender))]
        if not runs:
            continue
        return bool(name & runs[0][2] and name <= runs[0][2] | _all_names(ground))
    return not ground.before and name <= _all_names(ground) and bool(pronouns or points)


def _all_names(ground: Ground) -> frozenset[str]:
    return frozenset(
        word for text in (*ground.before, ground.article.title) for run in read(text).names for word in run[2]
    )


def _clashes(name: frozenset[str], gender: str) -> bool:
    return bool(name & (SHE_NAMES if gender == "he" else HE_NAMES)) and not name & (
        HE_NAMES if gender == "he" else SHE_NAMES
    )


def _shown(claim: Reading, name: frozenset[str]) -> str:
    for start, end, lows in claim.names:
        if lows == name:
            return claim.text[claim.tokens[start].start : claim.tokens[end - 1].end]
    return " ".join(sorted(name))


# Who does what to whom.


@dataclass(frozen=True, slots=True)
class _Sides:
    doers: tuple[frozenset[str], ...]
    done_to: tuple[frozenset[str], ...]
    left: tuple[int, ...]
    right: tuple[int, ...]
    passive: bool


def _sides(tokens: Sequence[Token], names: Sequence[tuple[int, int, frozenset[str]]], verb: int) -> _Sides:
    """The names before and behind a verb in its clause, by who does it and to whom it is done."""
    of = {place: lows for start, end, lows in names for place in range(start, end)}
    left, right = _leftwards(tokens, of, verb), _rightwards(tokens, of, verb)
    passive = _is_passive(tokens, verb)
    lefts, rights = _in_order(left, of), _in_order(right, of)
    if not passive:
        return _Sides(lefts, rights, tuple(left), tuple(right), passive)
    by = next((p for p in right if tokens[p].low == "by"), None)
    # "By the Mongols at Yamen": who did it, not where.
    until = next((p for p in right if by is not None and p > by and tokens[p].low in PREPOSITIONS), len(tokens))
    behind = _in_order([p for p in right if by is not None and by < p < until], of)
    return _Sides(behind, lefts, tuple(left), tuple(right), passive)


def _is_passive(tokens: Sequence[Token], verb: int) -> bool:
    """Whether a form of "be" stands right before the verb, but for adverbs."""
    if tokens[verb].low.endswith(("ing", "s")):
        return False
    for place in range(verb - 1, max(-1, verb - 4), -1):
        low = tokens[place].low
        if low in _BE:
            return True
        if not (
            low.endswith("ly") or low in {"not", "also", "already", "now", "then", "never", "still", "later", "first"}
        ):
            return False
    return False


def _in_order(places: Sequence[int], of: Mapping[int, frozenset[str]]) -> tuple[frozenset[str], ...]:
    return tuple(dict.fromkeys(of[place] for place in places if place in of))


def _leftwards(tokens: Sequence[Token], of: Mapping[int, frozenset[str]], verb: int) -> list[int]:
    found: list[int] = []
    place, seen = verb - 1, False
    while place >= 0 and verb - place <= _FAR:
        token = tokens[place]
        if token.low == ")":
            place = next((p for p in range(place - 1, max(-1, place - 30), -1) if tokens[p].low == "("), 0) - 1
            continue
        if token.low == "," and not any(tokens[p].content for p in found):
            opening = next((p for p in range(place - 1, max(-1, place - 30), -1) if tokens[p].low == ","), None)
            if opening is None:
                break
            place = opening - 1
            continue
        if token.low in _CLAUSE or token.low in {".", ","} or (seen and token.verb and place not in of):
            break
        seen = seen or place in of
        found.append(place)
        place -= 1
    return found


def _rightwards(tokens: Sequence[Token], of: Mapping[int, frozenset[str]], verb: int) -> list[int]:
    found: list[int] = []
    seen = False
    for place in range(verb + 1, min(len(tokens), verb + _FAR)):
        token = tokens[place]
        if (
            token.low in _CLAUSE
            or token.low in {".", ",", "who", "which", "to", "and"}
            or (token.verb and place not in of)
        ):
            break
        seen = seen or place in of
        found.append(place)
    return found


def _order_faults(laid: _Laid) -> Iterator[str]:
    claim, evidence = laid.claim, laid.evidence
    names = list(evidence.names())
    for place, token in enumerate(claim.tokens):
        at = laid.at.get(place)
        if at is None or not token.verb or not token.content or not evidence.tokens[at].verb:
            continue
        if place in claim.named:
            continue
        mine = _sides(claim.tokens, claim.names, place)
        theirs = _sides(evidence.tokens, names, at)
        said = evidence.tokens[at].stem in _SAYING
        doers = theirs.doers + (theirs.done_to[:1] if said and not theirs.passive else ())
        for name in mine.doers:
            if _fits(name, theirs.done_to) and not _fits(name, doers):
                yield f"who {token.low} and whom isn't as in what it cites"
            elif doers and not _fits(name, doers) and not _among(name, evidence.tokens, theirs):
                yield f"it isn't {_shown(claim, name)} of whom “{token.low}” is said in what it cites"
        for name in mine.done_to:
            if _fits(name, theirs.doers) and not _fits(name, theirs.done_to) and not said:
                yield f"who {token.low} and whom isn't as in what it cites"
        if _kept(laid, mine, theirs) if mine.passive != theirs.passive else not said and _turned(laid, mine, theirs):
            yield f"who {token.low} and whom isn't as in what it cites"


def _fits(name: frozenset[str], others: Sequence[frozenset[str]]) -> bool:
    return any(name & other for other in others)


def _among(name: frozenset[str], tokens: Sequence[Token], sides: _Sides) -> bool:
    """Whether a name stands beside the verb, though there it may be any word with a capital."""
    beside = (*sides.left, *sides.right) if sides.passive else sides.left
    return any(tokens[p].low.removesuffix("'s") in name for p in beside)


def _turned(laid: _Laid, mine: _Sides, theirs: _Sides) -> bool:
    """Whether words on the verb's left have gone to its right, and others the other way."""
    tokens, cited = laid.claim.tokens, laid.evidence.tokens
    content = {p for p in (*mine.left, *mine.right) if tokens[p].content and p in laid.at}
    left = any(laid.at[p] in _close(cited, theirs.right) for p in _close(tokens, mine.left) & content)
    right = any(laid.at[p] in _close(cited, theirs.left) for p in _close(tokens, mine.right) & content)
    return left and right


def _kept(laid: _Laid, mine: _Sides, theirs: _Sides) -> bool:
    """Whether what was done is now suffered, or the other way: "told the jury", "was told by the jury"."""
    passive, tokens = (mine, laid.claim.tokens) if mine.passive else (theirs, laid.evidence.tokens)
    if not any(tokens[p].low == "by" for p in passive.right[:6]):
        return False
    before = [
        laid.at[p]
        for p in mine.left[:4]
        if p in laid.at and (laid.claim.tokens[p].content or laid.claim.tokens[p].low in _PRONOUNS)
    ]
    behind = [laid.at[p] for p in mine.right[:5] if p in laid.at and laid.claim.tokens[p].content]
    return bool(before) and before[0] in theirs.left[:6] and (not behind or behind[0] in theirs.right)


def _close(tokens: Sequence[Token], places: Sequence[int]) -> frozenset[int]:
    """The words next to a verb, as far as the first preposition."""
    found = []
    for place in places[:5]:
        if tokens[place].low in PREPOSITIONS:
            break
        found.append(place)
    return frozenset(found)


# What is denied, and what is only possible.


def _denied(tokens: Sequence[Token]) -> list[tuple[int, int | None]]:
    """Each negation, with the first word of meaning in its reach."""
    return [(place, _governed(tokens, place)) for place in range(len(tokens)) if _is_not(tokens, place)]


def _is_not(tokens: Sequence[Token], place: int) -> bool:
    low = tokens[place].low
    # "No. 14" is a number.
    numbered = low == "no" and tokens[place].capital and place + 1 < len(tokens) and tokens[place + 1].low == "."
    return (low in _NOT or low.endswith("n't")) and not numbered


def _governed(tokens: Sequence[Token], place: int) -> int | None:
    for p in range(place + 1, min(len(tokens), place + 7)):
        if tokens[p].low in _ENDS_SCOPE and (p > place + 1 or not tokens[p].low.isalpha()):
            return None
        if (
            tokens[p].content
            and not (tokens[p].low.endswith("ly") and tokens[p].stem not in _UNDOES)
            and tokens[p].low not in {"long", "longer"}
        ):
            return p
    return None


def _negated(tokens: Sequence[Token], place: int, shared: Container[int]) -> bool:
    """Whether a negation stands before ``place``, in its clause, or a word that undoes and
    that the other text hasn't too."""
    for p in range(place - 1, max(-1, place - 7), -1):
        low = tokens[p].low
        if _is_not(tokens, p) or (tokens[p].stem in _UNDOES and p not in shared):
            return True
        if low in _ENDS_SCOPE:
            return False
    return place + 1 < len(tokens) and tokens[place + 1].low in {"no", "not", "nothing", "nobody", "none"}


def _negation_faults(laid: _Laid) -> Iterator[str]:
    claim, evidence = laid.claim.tokens, laid.evidence.tokens
    back = {at: place for place, at in laid.at.items() if claim[place].content}
    any_there = any(_is_not(evidence, p) or token.stem in _UNDOES for p, token in enumerate(evidence))
    mine, theirs, shared = _denied(claim), _denied(evidence), frozenset(laid.at.values())
    reach = dict(theirs)
    for place, governed in mine:
        same = laid.at.get(place)
        if same in reach and (governed is None or reach[same] is None):
            continue
        at = laid.at.get(governed) if governed is not None else None
        if (at is not None and at not in reach.values() and not _negated(evidence, at, shared)) or (
            at is None and not any_there
        ):
            yield f"“{claim[place].low}” doesn't stand in what it cites"
    if len(mine) > len(theirs) and any_there and not any(token.stem in _UNDOES for token in evidence):
        yield "it denies what it cites doesn't deny"
    for place, governed in theirs:
        here = back.get(governed) if governed is not None else None
        if here is not None and here not in dict(mine).values() and not _negated(claim, here, laid.at):
            yield f"what it cites says “{evidence[place].low}” there"


def _undone_faults(laid: _Laid) -> Iterator[str]:
    """Words that undo what follows, left out or put in: denied, failed to."""
    claim, evidence = laid.claim.tokens, laid.evidence.tokens
    back = {at: place for place, at in laid.at.items() if claim[place].content}
    any_there = any(_is_not(evidence, p) or token.stem in _UNDOES for p, token in enumerate(evidence))
    any_here = any(_is_not(claim, p) or token.stem in _UNDOES for p, token in enumerate(claim))
    shared = frozenset(laid.at.values())
    for place, token in enumerate(evidence):
        if token.stem not in _UNDOES or token.low in {"lie", "ban", "block", "rule", "rules"}:
            continue
        governed = _governed(evidence, place)
        here = back.get(governed) if governed is not None else None
        if here is not None and place not in shared and not any_here:
            yield f"what it cites says “{token.low}” there"
    for place, token in enumerate(claim):
        if token.stem in _UNDOES and place not in laid.at and not any_there:
            yield f"“{token.low}” doesn't stand in what it cites"


def _modal_faults(laid: _Laid) -> Iterator[str]:
    claim, evidence = laid.claim.tokens, laid.evidence.tokens
    back = {at: place for place, at in laid.at.items() if claim[place].content}
    maybe_here = {place for place, token in enumerate(claim) if _is_maybe(claim, place)}
    future_here = any(token.low in _FUTURE or token.low.endswith("'ll") for token in claim)
    for place in range(len(evidence)):
        maybe, future = _is_maybe(evidence, place), _is_future(evidence, place)
        if not maybe and not future:
            continue
        governed = _governed_verbs(evidence, place)
        kept = [back[g] for g in governed if g in back]
        if not kept or back.get(place) is not None:
            continue
        if (maybe and not maybe_here) or (future and not maybe_here and not future_here and not _ahead(claim, kept[0])):
            yield f"what it cites says “{evidence[place].low}” there"
    maybe_there = any(_is_maybe(evidence, place) or _is_future(evidence, place) for place in range(len(evidence)))
    for place in maybe_here:
        if place not in laid.at and not maybe_there:
            yield f"“{claim[place].low}” doesn't stand in what it cites"
    if not maybe_there:
        for place, token in enumerate(claim):
            if token.low in ("will", "would", "shall") and place not in laid.at:
                yield f"“{token.low}” doesn't stand in what it cites"


def _is_maybe(tokens: Sequence[Token], place: int) -> bool:
    token = tokens[place]
    if token.stem not in _MAYBE and token.low not in _MAYBE:
        return False
    if token.low == "may" and token.capital and place:
        return False
    # "The plan", "a claim": things, unless something is planned or claimed behind them.
    return token.low != "set"


def _is_future(tokens: Sequence[Token], place: int) -> bool:
    token = tokens[place]
    after = tokens[place + 1].low if place + 1 < len(tokens) else ""
    if token.low in ("due", "set", "going"):
        return after == "to"
    return token.low in _FUTURE or token.low.endswith("'ll")


def _governed_verbs(tokens: Sequence[Token], place: int) -> list[int]:
    found = []
    for p in range(place + 1, min(len(tokens), place + 7)):
        if tokens[p].low in _ENDS_SCOPE and tokens[p].low not in {"that", "and"}:
            break
        if tokens[p].content and tokens[p].verb:
            return [p]
        if tokens[p].content and not tokens[p].low.endswith("ly"):
            found.append(p)
    return found[:1]


def _ahead(tokens: Sequence[Token], place: int) -> bool:
    """Whether "to" stands before it, or it is in the present."""
    before = [tokens[p].low for p in range(max(0, place - 3), place)]
    low = tokens[place].low
    return "to" in before or low.endswith("ing") or (tokens[place].verb and low.endswith("s"))


# Words by themselves.


def _word_faults(laid: _Laid) -> Iterator[str]:
    claim, evidence = laid.claim.tokens, laid.evidence.tokens
    here, there = {token.stem for token in claim}, {token.stem for token in evidence}
    for place, token in enumerate(claim):
        if token.stem in there and (_still_same(laid, place) or opposites(token.stem) & here):
            continue
        against = opposites(token.stem) & there - here if token.stem not in there else opposites(token.stem) & there
        if against and place not in laid.at:
            yield f"“{token.low}” is the contrary of what it cites"
        elif against and not _still_same(laid, place):
            yield f"“{token.low}” is the contrary of what it cites there"
        if token.low in MUST and not MUST[token.low] & {other.low for other in evidence}:
            yield f"“{token.low}” doesn't stand in what it cites"
        if token.low in _SELF and token.low not in {other.low for other in evidence}:
            yield f"“{token.low}” is nobody that it cites"


def _still_same(laid: _Laid, place: int) -> bool:
    """Whether, beside the same words, no contrary of the word stands nearer than itself."""
    token = laid.claim.tokens[place]
    against = opposites(token.stem)
    if not against:
        return True
    beside = next((laid.at[p] for p in (place + 1, place - 1, place + 2, place - 2) if _anchors(laid, p)), None)
    if beside is None:
        return True
    tokens = laid.evidence.tokens
    near = [
        (abs(p - beside), tokens[p].stem in against)
        for p in range(max(0, beside - _NEAR), min(len(tokens), beside + _NEAR + 1))
        if tokens[p].stem == token.stem or tokens[p].stem in against
    ]
    return not near or not min(near)[1]


def _anchors(laid: _Laid, place: int) -> bool:
    return place in laid.at and laid.claim.tokens[place].content


def _signals(laid: _Laid, leans: dict[int, tuple[int, int]]) -> dict[str, float]:
    claim, evidence = laid.claim, laid.evidence
    content = [p for p, token in enumerate(claim.tokens) if token.content]
    weights = {p: weight_of(claim.tokens[p], named=p in claim.named) for p in content}
    whole = sum(weights.values()) or 1.0
    around = {
        token.stem
        for ground in evidence.grounds
        for text in (*ground.before, ground.article.title)
        for token in read(text).tokens
    }
    valued = spelled(claim) | {p for start, (end, _) in leans.items() for p in range(start, end)}
    lost = [p for p in content if p not in laid.at and p not in valued]
    quoting = bool(quotations(claim.text))
    replaced = [p for p in lost if _replaced(laid, p) and not (quoting and claim.tokens[p].stem in _LIGHT | _SPEAKING)]
    # A headline may say of which thing it is said, not what is said of it.
    known = [p for p in lost if claim.tokens[p].stem in around and not claim.tokens[p].verb and p not in replaced][
        :_KNOWN
    ]
    missing = sum(weights[p] * (0.5 if p in known else 1.0) for p in lost)
    return {
        "missing": missing / whole,
        "words missing": math.log1p(sum(p not in known and claim.tokens[p].stem not in _LIGHT for p in lost)),
        "replaced": math.log1p(len(replaced)),
        "sentences": float(len(evidence.grounds) - 1),
    }


def _short(words: str) -> str:
    return words if len(words) <= 60 else words[:59] + "…"
