"""Sentences that passages support, and edits of them that they don't: what a check of written answers is measured by.

Both are made by rule, the same by the same seed. Numbers, dates and names are found here by
rules of their own, so that what a check overlooks is edited all the same.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from hashlib import sha256
from random import Random
from typing import Literal, get_args

from eval.makes import MAKES, VERBS, Ground, joined, usable
from eval.questions import Question
from index import Article, Span
from qa.citation import Passage
from qa.dates import MONTHS, WEEKDAYS
from qa.english import BUSINESSES, EITHER_NAMES, GROUPS, HE_NAMES, PLACES, SHE_NAMES, TITLES
from qa.values import ONES, TENS, listed

__all__ = ["KINDS", "SHARES", "Asked", "Half", "Kind", "Rest", "Sample", "edits", "halves", "holds", "supported"]

Kind = Literal["number", "date", "name", "negation", "subject", "marker"]
KINDS: tuple[Kind, ...] = get_args(Kind)
"""What may be edited in a sentence."""
Half = Literal["fit", "test"]

SHARES: Mapping[str, float] = {
    "verbatim": 0.12,
    "cut": 0.15,
    "attributed": 0.17,
    "restated": 0.15,
    "resolved": 0.03,
    "answered": 0.10,
    "voiced": 0.02,
    "merged": 0.16,
    "quotation": 0.10,
}
"""What share of the supported sentences is of each make, where there are enough."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """A question and the passages retrieved for it, in order."""

    question: Question
    passages: tuple[Passage, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Rest:
    """What a sentence rests on: a sentence of the passage at ``place``, from 0."""

    place: int
    span: Span


@dataclass(frozen=True, slots=True, kw_only=True)
class Sample:
    """A sentence to check.

    ``sentence`` has its markers, ``text`` is the same without. ``rests`` are the sentences
    that carry the sentence that was made first, ``article`` is the first of them's.
    ``kind`` is what was edited, None where the sentence is supported as it stands;
    ``change`` says what by what, and ``of`` is the id of the sample that was edited.
    """

    id: str
    article: str
    passages: tuple[Passage, ...]
    sentence: str
    text: str
    markers: tuple[int, ...]
    rests: tuple[Rest, ...]
    make: str
    kind: Kind | None = None
    change: tuple[str, str] | None = None
    of: str | None = None

    @property
    def supported(self) -> bool:
        """Whether the passages that it cites say so."""
        return self.kind is None


def halves(articles: Iterable[str]) -> dict[str, Half]:
    """Which half each article belongs to, by its id alone: one to fit on, one to report on."""
    return {article: ("fit", "test")[sha256(article.encode()).digest()[0] % 2] for article in set(articles)}


def holds(sample: Sample, rest: Rest, place: int, span: Span) -> bool:
    """Whether these words of the passage at ``place`` carry what the sample rests on there:
    they are of that sentence, or of another print of it."""
    article, first = sample.passages[place].article, sample.passages[rest.place].article
    if first.id == article.id and rest.span.start < span.end and span.start < rest.span.end:
        return True
    return _same(first.text[rest.span.start : rest.span.end], article.text[span.start : span.end])


# Supported sentences.


def supported(asked: Sequence[Asked], *, count: int, seed: int) -> tuple[Sample, ...]:
    """``count`` supported sentences or as many as there are, of each make by its share."""
    chance = Random(seed)  # noqa: S311 - to draw the same again, not for secrets
    made: dict[str, list[Sample]] = {make: [] for make in SHARES}
    known: set[tuple[str, str]] = set()
    used: set[tuple[str, Span]] = set()
    for one in asked:
        for sample in _made(one, chance, used):
            if (sample.article, sample.text) not in known:
                known.add((sample.article, sample.text))
                made[sample.make].append(sample)
    chosen: list[Sample] = []
    grounds: dict[tuple[str, int], int] = defaultdict(int)
    # What there is too little of leaves its share to the others.
    makes = sorted(SHARES, key=lambda make: len(made[make]) / SHARES[make])
    for place, make in enumerate(makes):
        left = sum(SHARES[other] for other in makes[place:])
        wanted = round((count - len(chosen)) * SHARES[make] / left)
        chance.shuffle(made[make])
        # So that no sentence of an article is used more often than needs be.
        made[make].sort(key=lambda sample: grounds[sample.article, sample.rests[0].span.start])
        for sample in made[make][:wanted]:
            grounds[sample.article, sample.rests[0].span.start] += 1
            chosen.append(sample)
    return tuple(sorted(chosen, key=lambda sample: sample.id))


def _made(asked: Asked, chance: Random, used: set[tuple[str, Span]]) -> Iterator[Sample]:
    grounds = list(_grounds(asked))
    for place, ground in grounds:
        rest = Rest(place=place, span=ground.span)
        for make, write in MAKES.items():
            fresh = (ground.article.id, ground.span) not in used and usable(ground.text)
            if make == "answered" or fresh:
                found = list(dict.fromkeys(text for text in write(ground) if make == "verbatim" or text != ground.text))
                for text in chance.sample(found, min(len(found), 2)):
                    yield _sample(asked, (rest,), make, text, chance)
        used.add((ground.article.id, ground.span))
    yield from _across(asked, grounds, chance)


def _grounds(asked: Asked) -> Iterator[tuple[int, Ground]]:
    question = asked.question
    for place, passage in enumerate(asked.passages):
        texts = [passage.article.text[one.span.start : one.span.end] for one in passage.sentences]
        for number, one in enumerate(passage.sentences):
            text = texts[number]
            answers = [answer for answer in question.answers if answer in text] if text in question.evidence else []
            yield (
                place,
                Ground(
                    article=passage.article,
                    span=one.span,
                    before=texts[number - 1] if number else None,
                    after=texts[number + 1] if number + 1 < len(texts) else None,
                    question=question.question if answers and question.needs == "any" else None,
                    answer=answers[0] if answers else None,
                ),
            )


def _across(asked: Asked, grounds: Sequence[tuple[int, Ground]], chance: Random) -> Iterator[Sample]:
    """Two sentences of two passages made one, with both markers."""
    pairs = [(a, b) for a in grounds for b in grounds if a[0] != b[0]]
    for (place, ground), (other, second) in chance.sample(pairs, min(len(pairs), 3)):
        text = joined(ground, second.text, second.article)
        if text:
            rests = (Rest(place=place, span=ground.span), Rest(place=other, span=second.span))
            yield _sample(asked, rests, "merged", text, chance)


def _sample(asked: Asked, rests: tuple[Rest, ...], make: str, text: str, chance: Random) -> Sample:
    places = tuple(dict.fromkeys(rest.place for rest in rests))
    article = asked.passages[rests[0].place].article.id
    key = sha256("\0".join((asked.question.id, article, make, text)).encode()).hexdigest()[:12]
    return Sample(
        id=key,
        article=article,
        passages=asked.passages,
        sentence=_marked(text, [place + 1 for place in places], chance.randrange(3)),
        text=text,
        markers=tuple(place + 1 for place in places),
        rests=rests,
        make=make,
    )


def _marked(text: str, markers: Sequence[int], way: int) -> str:
    """The sentence with its markers where models put them: before the stop or behind it."""
    shown = "".join(f"[{marker}]" for marker in markers)
    if way == 0 and len(markers) > 1:
        shown = f"[{', '.join(map(str, markers))}]"
    if way < 2 and text.endswith(".") and not text.endswith(("a.m.", "p.m.")):
        return f"{text[:-1]} {shown}."
    return f"{text} {shown}"


# Edits.


@dataclass(frozen=True, slots=True)
class _Edit:
    """What stands between ``start`` and ``end`` becomes ``by``."""

    start: int
    end: int
    by: str


class _Stock:
    """Names of all articles by sort, to take others from."""

    def __init__(self, articles: Iterable[Article]) -> None:
        self.names: dict[str, list[str]] = defaultdict(list)
        for article in articles:
            for name in _names(article.text):
                self.names[name.sort].append(name.text)
        self.names = {sort: sorted(set(names)) for sort, names in self.names.items()}
        people = [name.split() for name in self.names.get("person", ()) if len(name.split()) == 2]
        self.given = sorted({first for first, _ in people if first.lower() in _GIVEN})
        self.family = sorted({last for _, last in people})


def edits(samples: Sequence[Sample], *, seed: int) -> tuple[Sample, ...]:
    """Edits of supported samples that their passages don't support, about as many of each
    kind: at most one of a kind of each sample."""
    chance = Random(seed)  # noqa: S311 - to draw the same again, not for secrets
    stock = _Stock({p.article.id: p.article for sample in samples for p in sample.passages}.values())
    found: dict[Kind, list[Sample]] = {kind: [] for kind in KINDS}
    for sample in samples:
        for kind, editing in _EDITING.items():
            edit = _true_of_none(sample, kind, editing(sample, stock, chance), chance)
            if edit is not None:
                found[kind].append(edit)
        moved = _moved(sample, chance)
        if moved is not None:
            found["marker"].append(moved)
    most = round(_UNEVEN * min(len(made) for made in found.values() if made)) if any(found.values()) else 0
    return tuple(
        sample
        for made in found.values()
        for sample in sorted(chance.sample(made, min(most, len(made))), key=lambda one: one.id)
    )


# The kind with the most edits has at most so many times as many as that with the fewest.
_UNEVEN = 1.25


def _true_of_none(sample: Sample, kind: Kind, ways: Iterable[Sequence[_Edit]], chance: Random) -> Sample | None:
    """One of the ways to edit, such that no passage says what it makes."""
    tried = list(ways)
    chance.shuffle(tried)
    for way in tried:
        text = sample.text
        for edit in sorted(way, key=lambda edit: -edit.start):
            text = text[: edit.start] + edit.by + text[edit.end :]
        text = text[:1].upper() + text[1:]
        if text != sample.text and not _said(text, way, sample):
            first = way[0]
            return replace(
                sample,
                id=f"{sample.id}-{kind}",
                text=text,
                sentence=_remarked(sample, text),
                kind=kind,
                change=(sample.text[first.start : first.end], first.by),
                of=sample.id,
            )
    return None


def _remarked(sample: Sample, text: str) -> str:
    """The edited words with the markers as they were written."""
    tail = sample.sentence[len(sample.text) - 1 :] if not sample.sentence.startswith(sample.text) else ""
    if tail:
        return text[:-1] + tail
    return text + sample.sentence[len(sample.text) :]


# Articles whose names, and an eighth of the sentences whose words, are remembered.
_REMEMBERED = 1_024
_WORD = re.compile(r"[^\W_]+(?:[.,]\d+)*(?:[’'-][^\W_]+)*")
_EMPTY = frozenset(
    listed(
        "the and that was were for with from had has have been will would said who which his her its their this "
        "they into than but not are she him them there about after before when also more according reported says"
    )
)


@lru_cache(maxsize=8 * _REMEMBERED)
def _stems(text: str) -> frozenset[str]:
    return frozenset(
        word[:6] if word.isalpha() else word
        for word in (re.sub(r"[’']s$", "", found.lower()) for found in _WORD.findall(text))
        if word not in _EMPTY and (len(word) > 2 or word[0].isdigit())
    )


def _same(one: str, other: str) -> bool:
    """Whether two sentences are prints of one, nearly word for word."""
    a, b = _stems(one), _stems(other)
    return bool(a) and len(a & b) >= _PRINT * len(a)


_PRINT = 0.85
# Above this share of its words in one sentence that has the new words too, an edit may be true.
_TRUE = 0.34


def _said(text: str, way: Sequence[_Edit], sample: Sample) -> bool:
    """Whether some passage may say what an edit makes."""
    new = [edit.by for edit in way]
    content = _stems(text) - {stem for words in new for stem in _stems(words)}
    names_only = [words for words in new if re.search(r"\d|[A-Z]", words) or words.lower() in _COUNTS]
    for passage in sample.passages:
        for one in passage.sentences:
            said = passage.article.text[one.span.start : one.span.end]
            if len(way) == 1 and _has(sample.text, new[0]) and _same(sample.text, said):
                continue
            share = len(content & _stems(said)) / max(1, len(content))
            if names_only and all(_has(said, words) for words in names_only) and share >= _TRUE and len(way) == 1:
                return True
            if text.rstrip(".") in said:
                return True
    return False


def _has(text: str, words: str) -> bool:
    """Whether the words stand there, not as a part of longer ones."""
    text, words = text.lower(), words.strip().lower()
    at = text.find(words)
    while words and at >= 0:
        before, after = text[at - 1 : at], text[at + len(words) : at + len(words) + 2]
        if not (before.isalnum() or before in (".", ",")) and not (
            after[:1].isalnum() or (after[:1] in (".", ",") and after[1:].isdigit())
        ):
            return True
        at = text.find(words, at + 1)
    return False


# Numbers.

_COUNTS = [*ONES[1:], *TENS]
_FIGURE = re.compile(
    r"(?<![\w.,/–-])(?P<coin>[£$€]?)(?P<number>\d{1,3}(?:,\d{3})+|\d+(?:\.\d+)?)"
    r"(?P<scale>(?:m|bn|k)\b| (?:million|billion|thousand)\b)?(?P<percent>%| per ?cent\b)?(?![\w–/]|[.,:]\d|-\d)"
)
_COUNTED = re.compile(
    rf"(?<![\w-])(?:{'|'.join(_COUNTS[1:])})(?![\w-])(?! (?:of the|o[’']clock|hundred|thousand))", re.I
)
_CALENDAR = "|".join(MONTHS)
_DATED_BEFORE = re.compile(
    rf"(?:{_CALENDAR}) $|\b(?:No\.?|Article|article|Division|Phase|[Ii]n|[Ss]ince|of|by|until|from) $"
)
_DATED_AFTER = re.compile(rf" (?:{_CALENDAR})\b|\.\d|(?:am|pm)\b| (?:a\.m|p\.m)")
_OVER = re.compile(r"\b(?:more than|over|at least|above|exceed(?:ed|ing)?) $", re.I)
_UNDER = re.compile(r"\b(?:up to|fewer than|less than|under|below|at most|no more than|within) $", re.I)


def _numbers(sample: Sample, stock: _Stock, chance: Random) -> Iterator[Sequence[_Edit]]:
    text = sample.text
    beside = " ".join(sample.passages[rest.place].text for rest in sample.rests)
    everywhere = " ".join(passage.text for passage in sample.passages)
    for found in _figures(text):
        old = float(found["number"].replace(",", ""))
        for other in _figures(beside):
            same = (found["coin"], bool(found["scale"]), bool(found["percent"])) == (
                other["coin"],
                bool(other["scale"]),
                bool(other["percent"]),
            )
            # Where both count the same, the other number may be as true.
            noun = _noun(text, found.end())
            another = not noun or noun != _noun(beside, other.end())
            if same and another and not _has(text, other["number"]) and _differs(text, found, old, _worth(other)):
                yield (_Edit(found.start("number"), found.end("number"), other["number"]),)
        for _ in range(3):
            new = _another(found["number"], chance)
            if new and not _has(everywhere, new) and _differs(text, found, old, float(new.replace(",", ""))):
                yield (_Edit(found.start("number"), found.end("number"), new),)
    for found in _COUNTED.finditer(text):
        old = _COUNTS.index(found[0].lower())
        near = [word for word in _COUNTS[1:20] if word != found[0].lower() and not _has(everywhere, word)]
        near = [
            word
            for word in near
            if _differs(text, found, old, _COUNTS.index(word)) and abs(_COUNTS.index(word) - old) < 8
        ]
        for word in chance.sample(near, min(2, len(near))):
            yield (_Edit(found.start(), found.end(), word.capitalize() if found[0][0].isupper() else word),)


def _figures(text: str) -> Iterator[re.Match[str]]:
    """Numbers in figures that are no dates, times or parts of names."""
    for found in _FIGURE.finditer(text):
        plain = not (found["coin"] or found["scale"] or found["percent"])
        year = plain and re.fullmatch(r"1\d{3}|20\d\d", found["number"])
        if plain and (
            _DATED_AFTER.match(text[found.end() :]) or re.search(rf"(?:{_CALENDAR}) $|\bNo\.? $", text[: found.start()])
        ):
            continue
        if year and not re.match(r" [a-z]+s\b", text[found.end() :]):
            continue
        if _DATED_BEFORE.search(text[: found.start()]) and year:
            continue
        yield found


def _worth(found: re.Match[str]) -> float:
    return float(found["number"].replace(",", ""))


def _differs(text: str, found: re.Match[str], old: float, new: float) -> bool:
    """Whether the new number makes the phrase say another thing."""
    before = text[: found.start()]
    if _OVER.search(before):
        return new >= old * 1.1
    if _UNDER.search(before):
        return new <= old * 0.9
    return abs(new - old) >= 0.1 * old and new > 1


def _another(number: str, chance: Random) -> str | None:
    """A number of the same form: as many digits, commas and places."""
    digits = [place for place, sign in enumerate(number) if sign.isdigit()]
    # A round number stays as round.
    last = len(number.rstrip("0,.")) or 1
    places = [place for place in digits if place < last][: 2 if len(digits) > 1 else 1]
    place = chance.choice(places)
    low = "123456789" if place == digits[0] else "0123456789"
    new = number[:place] + chance.choice([sign for sign in low if sign != number[place]]) + number[place + 1 :]
    return new if new != "1" else None


def _noun(text: str, end: int) -> str:
    """The word that a number counts."""
    found = re.match(r"(?:%| per ?cent)?[ -]([a-z]+)", text[end:])
    return found[1][:5] if found else ""


# Dates.

_DAY = re.compile(
    rf"(?<![–-])\b(?P<d1>\d{{1,2}}) (?P<m1>{_CALENDAR})\b|\b(?P<m2>{_CALENDAR}) (?P<d2>\d{{1,2}})\b(?!\d|,\d)"
)
_MONTH = re.compile(rf"\b(?:{_CALENDAR})\b")
_WEEKDAY = re.compile(rf"\b(?:{'|'.join(WEEKDAYS)})\b")
_YEAR = re.compile(r"(?<![\d,.£$€-])\b(?:1[0-9]\d\d|20\d\d)\b(?![,.]\d|%|-\d| [a-z]+s\b)")
_CENTURY = re.compile(r"\b(\d{1,2})(th|st|nd|rd)(?= (?:century|centuries))")


def _dates(sample: Sample, stock: _Stock, chance: Random) -> Iterator[Sequence[_Edit]]:
    text = sample.text
    beside = " ".join(sample.passages[rest.place].text for rest in sample.rests)
    for found in _DAY.finditer(text):
        day, month = ("d1", "m1") if found["d1"] else ("d2", "m2")
        new = str(chance.choice([n for n in range(2, 29) if n != int(found[day])]))
        yield (_Edit(found.start(day), found.end(day), new),)
        yield (_Edit(found.start(month), found.end(month), chance.choice([m for m in MONTHS if m != found[month]])),)
    for found in _WEEKDAY.finditer(text):
        if re.search(r"(?:Easter|Good|Ash|Black|Bloody) $", text[: found.start()]):
            continue
        yield (_Edit(found.start(), found.end(), chance.choice([day for day in WEEKDAYS if day != found[0]])),)
        for other in _WEEKDAY.findall(beside):
            if other not in text:
                yield (_Edit(found.start(), found.end(), other),)
    yield from _months_and_years(text, beside, chance)


def _months_and_years(text: str, beside: str, chance: Random) -> Iterator[Sequence[_Edit]]:
    for found in _MONTH.finditer(text):
        alone = re.search(
            r"\b(?:[Ii]n|[Ll]ast|[Nn]ext|[Uu]ntil|[Ss]ince|[Bb]y|of|early|late|[Ff]rom) $", text[: found.start()]
        )
        if alone and not _DAY.search(text[max(0, found.start() - 3) : found.end() + 3]):
            others = [month for month in MONTHS if month != found[0]]
            yield (_Edit(found.start(), found.end(), chance.choice(others)),)
    for found in _YEAR.finditer(text):
        year = int(found[0])
        for other in (str(year + chance.choice((-1, 1)) * chance.randint(1, 9)), *_YEAR.findall(beside)):
            if other not in text:
                yield (_Edit(found.start(), found.end(), other),)
    for found in _CENTURY.finditer(text):
        new = chance.choice([str(n) for n in range(11, 20) if str(n) != found[1]])
        yield (_Edit(found.start(), found.end(), f"{new}th"),)


# Names.

_GIVEN = HE_NAMES | SHE_NAMES | EITHER_NAMES
_PAPERS = frozenset(
    ["gazette", "herald", "wire", "post", "courier", "ledger", "tribune", "mercury", "times", "press", "chronicle"]
)
_CAPITALS = re.compile(
    r"(?<![\w’'-])[A-ZÀ-ÖØ-Þ][\w]*(?:[-’'][A-Z]\w+)*(?:(?: of the | of | de | von | van "
    r"| )[A-ZÀ-ÖØ-Þ][\w]*(?:[-’'][A-Z]\w+)*)*"
)
_NO_NAME = frozenset(
    listed(
        "the a an in on at by for from as it he she they this that these those his her its their there and but "
        "after before when while during since until if though although because according some many most more all "
        "both each several one two three four five six seven eight nine ten about around nearly however then thus "
        "also such other another i we you my our mr mrs ms dr sir councillor police residents workers officers no "
        "not none nobody only what who which where how between under over with without to of or so yet councillors "
        "every half today yesterday"
    )
)


@dataclass(frozen=True, slots=True)
class _Name:
    text: str
    start: int
    end: int
    sort: str


@lru_cache(maxsize=_REMEMBERED)
def _names(text: str) -> tuple[_Name, ...]:
    """Runs of capitals with what sort of thing they name, as far as words tell."""
    found = []
    for run in _CAPITALS.finditer(text):
        start, words = run.start(), run[0]
        while words and words.split()[0].lower() in _NO_NAME:
            cut = len(words.split()[0]) + 1
            title = words.split()[0].lower() in ("mr", "mrs", "ms", "dr", "sir", "councillor")
            start, words = start + cut, words[cut:]
            if title and words and " " not in words:
                found.append(_Name(words, start, start + len(words), "surname"))
                words = ""
        if words.isupper() and len(words) > 6:
            continue
        if not words or set(words.split()) & {*MONTHS, *WEEKDAYS} or len(words) < 3:
            continue
        opens = start == 0 or re.search(r"[.!?“\"] ?$|\n$", text[:start])
        if opens and " " not in words:
            continue
        found.append(_Name(words, start, start + len(words), _sort(words, text, start, start + len(words))))
    return tuple(found)


def _sort(words: str, text: str, start: int, end: int) -> str:
    parts = words.split()
    first, last = parts[0].lower(), parts[-1].lower()
    if last in _PAPERS:
        return "paper"
    if len(parts) > 1 and last in GROUPS | BUSINESSES:
        return "group"
    if last in PLACES and len(parts) > 1:
        return "place"
    if len(parts) in (2, 3) and (first in _GIVEN or first in TITLES):
        return "person"
    if re.search(r"(?:ish|ese|ian|ians|ans)$", last) and len(parts) == 1:
        return "people"
    if re.search(r"\b(?:in|at|near|from|to|of|outside|around) $", text[:start]) and len(parts) == 1:
        return "whereabouts"
    if re.match(r" (?:said|told|says|added|was|is|has|had|won|beat)\b", text[end:]) and len(parts) <= 2:
        return "actor"
    return f"other {len(parts)}" if len(parts) < 3 else "other"


_ALIKE = {"whereabouts": ("whereabouts",), "actor": ("actor", "person"), "surname": ("surname",)}


def _name_edits(sample: Sample, stock: _Stock, chance: Random) -> Iterator[Sequence[_Edit]]:
    text = sample.text
    own = [passage.article.text for passage in (sample.passages[rest.place] for rest in sample.rests)]
    near = [name for article in own for name in _names(article)]
    for name in _names(text):
        if name.sort.startswith("other") and name.sort == "other":
            continue
        sorts = _ALIKE.get(name.sort, (name.sort,))
        close = sorted({other.text for other in near if other.sort in sorts})
        far = [other for sort in sorts for other in stock.names.get(sort, ())]
        for others in (close, far):
            for other in chance.sample(others, min(3, len(others))):
                if _other(name.text, other, text):
                    yield (_Edit(name.start, name.end, other),)
        if name.sort == "person" and len(name.text.split()) == 2:
            first, last = name.text.split()
            for part, others in ((first, stock.given), (last, stock.family)):
                fit = [other for other in others if other not in " ".join(own) and other not in text]
                if fit and (part == last or part.lower() in _GIVEN):
                    at = name.start if part is first else name.end - len(last)
                    yield (_Edit(at, at + len(part), chance.choice(fit)),)


def _other(name: str, other: str, text: str) -> bool:
    """Whether they name two things, and the other isn't in the sentence yet."""
    return not set(name.lower().split()) & set(other.lower().split()) and not _has(text, other) and "\n" not in other


# Negation.

_HELPING = re.compile(
    r"\b(?:(?:has|had|have)(?= (?:been|[a-z]+(?:ed|en|wn)|made|won|lost|said|set|put|led|left|paid|sold|found|held"
    r"|told)\b)"
    r"|was|were|is|are|will|would|could|can|should|must|may|might)\b(?! not|n[’']t| to\b| no\b| never| nothing)(?= \w)"
)
# "Whether it is" and "whether it isn't" are the same.
_OPEN = re.compile(r"\b(?:whether|if)\b[^,;.]*$")
_NEGATED = re.compile(
    r"\b(was|were|is|are|has|had|have|will|would|could|can|should|must|may|might) (?:not|never) (?=\w)|\bcannot\b"
)
_UNDONE = re.compile(
    rf"\bdid not ({'|'.join(lemma for lemma, _, _ in VERBS)})\b|\b(?:has|had|have|is|was) (no longer) "
)
_SAID = re.compile(
    r"(?<=\w )(?:said|confirmed|says|announced|reported)(?: that)? (?=(?:it|he|she|they|the|there|a|an|its|his|her"
    r"|their|more|about|[A-Z])\w* )"
)
_SAME = frozenset(("said", "put", "set", "cut", "hit", "bid", "became"))
_DOES = re.compile(
    rf"^((?:[\w’'-]+ ){{1,5}})({'|'.join(past for _, past, _ in VERBS if past not in _SAME)}) "
    r"(?=(?:the|an?|his|her|its|their|to|in|on|at|all|two|three|\d|[A-Z])\b)"
)
_LEMMAS = {past: lemma for lemma, past, _ in VERBS}
_PAIRS = """
rose fell|risen fallen|rise fall|won lost|win lose|approved rejected|accepted rejected|supported opposed|backed opposed
|increased decreased|increase decrease|raised lowered|higher lower|highest lowest|largest smallest|larger smaller|before
after|north south|northern southern|eastern western|opened closed|open closed|opening closing|allowed forbidden|allow
forbid|agreed refused|began ended|gained lost|joined left|reduced increased|alive dead|always never|possible
impossible|able unable|legal illegal|early late|earlier later|success failure|strong weak|public private|victory
defeat|best worst|first last|more less|most least|above below|inside outside|guilty innocent|arrived departed|find
lose|hot cold|hottest coldest|longer shorter|longest shortest|many few|major minor|former current|majority
minority|united divided|encouraged discouraged|permitted prohibited|successful unsuccessful|sufficient
insufficient|started stopped|start stop|upper lower|rising falling|growing shrinking|faster slower|deny
confirm|denied admitted|pleaded not|innate adaptive|internal external|maximum minimum|export import|exports imports
|strengthened weakened|improved worsened|expanded shrank
"""
_OPPOSITE: dict[str, str] = {}
for _pair in " ".join(_PAIRS.split()).split("|"):
    _one, _two = _pair.split()
    _OPPOSITE.setdefault(_one, _two)
    _OPPOSITE.setdefault(_two, _one)
_OPPOSED = re.compile(rf"\b(?:{'|'.join(_OPPOSITE)})\b")
_FIXED = re.compile(
    r"\b(?:at (?:first|last|least|most)|(?:the|last|first) (?:few|most)|once more|no more|more or less|or more) ?$"
    r"|last (?:week|month|year|[A-Z])",
    re.I,
)


def _negations(sample: Sample, stock: _Stock, chance: Random) -> Iterator[Sequence[_Edit]]:
    text = sample.text
    for found in _HELPING.finditer(text):
        if _OPEN.search(text[: found.start()]):
            continue
        by = "cannot" if found[0] == "can" else f"{found[0]} not"
        yield (_Edit(found.start(), found.end(), by),)
    for found in _NEGATED.finditer(text):
        yield (_Edit(found.start(), found.end(), "can" if found[0] == "cannot" else f"{found[1]} "),)
    for found in _UNDONE.finditer(text):
        by = found[0].replace("no longer", "still") if found[2] else _past(found[1])
        yield (_Edit(found.start(), found.end(), by),)
    for found in _SAID.finditer(text):
        yield (_Edit(found.start(), found.end(), "denies that " if found[0].startswith("says") else "denied that "),)
    did = _DOES.match(text)
    if did and not re.search(r"\b(?:was|were|had|has|have|been|be|who|which|that|to|said|is|are)\b", did[1]):
        lemma = _LEMMAS[did[2]]
        for by in (f"failed to {lemma}", f"did not {lemma}", f"never {did[2]}"):
            yield (_Edit(did.start(2), did.end(2), by),)
    for found in _OPPOSED.finditer(text):
        if not _FIXED.search(text[max(0, found.start() - 9) : found.end()]) and not _FIXED.match(text[found.start() :]):
            yield (_Edit(found.start(), found.end(), _OPPOSITE[found[0]]),)


def _past(lemma: str) -> str:
    return next(past for known, past, _ in VERBS if known == lemma)


# Subjects.

_MUTUAL = re.compile(
    r"^(?:,? ?(?:and|or|nor|&|,|to|of|in|-)? ?(?:the )?)$|\b(?:and|or|met|meet|meets|married|with|between|both"
    r"|against|play|played|face|faced|join|joined|beside|like|near)\b"
)
_SUBJECT = re.compile(
    r"(?:^|(?<=that )|(?<=, )|(?<=; ))(?P<subject>(?:[Tt]he|[Aa]n?|[Ii]ts|[Tt]heir) (?:[a-z-]+ )?[a-z-]+)(?= (?:was"
    r"|were|is|are|had|has|will|would|can|said|told|[a-z]+ed|won|made|took|gave|led|fell|rose|began|held|sent)\b)"
)
_BE_DONE = re.compile(r"\b(was|were) (\w+) by (?=(?:the|a|an|[A-Z]))")
_DOERS = listed(
    "beat won arrested attacked accused backed blamed bought captured conquered criticised defeated elected founded"
    " hired invited killed led opposed ordered owned replaced rescued ruled supported told warned followed helped found"
    " caught joined sent taught employed visited caused destroyed approved rejected named paid"
)
_ACTIVE = re.compile(
    rf"(?<=[\w’] )({'|'.join(past for _, past, _ in VERBS if past in _DOERS)}) "
    r"(?=(?:the|a|an|his|her|its|their|[A-Z])\b)"
)
_PARTICIPLES = {past: participle for _, past, participle in VERBS}


def _subjects(sample: Sample, stock: _Stock, chance: Random) -> Iterator[Sequence[_Edit]]:
    text = sample.text
    named = _names(text)
    for one in named:
        for two in named:
            between = text[one.end : two.start]
            if (
                one.end < two.start
                and _alike(one, two)
                and not _MUTUAL.search(between)
                and _other(one.text, two.text, "")
            ):
                yield (_Edit(one.start, one.end, two.text), _Edit(two.start, two.end, one.text))
    beside = "\n".join(sample.passages[rest.place].text for rest in sample.rests)
    yield from _named_subjects(text, beside)
    for found in _SUBJECT.finditer(text):
        for other in _SUBJECT.finditer(beside):
            new = other["subject"]
            if new.split()[-1] not in text and new.split()[0].lower() == "the":
                new = new[0].upper() + new[1:] if found["subject"][0].isupper() else new[0].lower() + new[1:]
                yield (_Edit(found.start(), found.end(), new),)
    yield from _turned(text)


def _named_subjects(text: str, beside: str) -> Iterator[Sequence[_Edit]]:
    """Others of the passage in place of whom the sentence begins with."""
    others = _names(beside)
    for name in _names(text):
        if name.start == 0 or (
            re.search(r"\b(?:that|Councillor|Mr|Mrs|Ms|Dr) $|, $", text[: name.start]) and _verb_follows(text, name.end)
        ):
            for other in others:
                if other.sort == name.sort and other.sort != "other" and _other(name.text, other.text, text):
                    yield (_Edit(name.start, name.end, other.text),)


def _turned(text: str) -> Iterator[Sequence[_Edit]]:
    """Passives made active and actives passive, whoever did it to whom."""
    for found in _BE_DONE.finditer(text):
        if found[2] in _PARTICIPLES.values() or found[2].endswith("ed"):
            past = next((past for past, participle in _PARTICIPLES.items() if participle == found[2]), found[2])
            yield (_Edit(found.start(), found.end(), f"{past} "),)
    for found in _ACTIVE.finditer(text):
        before = text[: found.start()].split()
        if before and before[-1].lower() not in (
            "was",
            "were",
            "been",
            "be",
            "had",
            "has",
            "have",
            "who",
            "is",
            "are",
            "also",
            "and",
            "to",
            "being",
            "that",
            "which",
        ):
            was = "were" if before[-1].endswith("s") and before[-1][0].islower() else "was"
            yield (_Edit(found.start(), found.end(), f"{was} {_PARTICIPLES[found[1]]} by "),)


def _alike(one: _Name, two: _Name) -> bool:
    """Whether each may stand where the other does."""
    people = ("person", "surname", "actor")
    return one.sort == two.sort != "other" or (one.sort in people and two.sort in people)


def _verb_follows(text: str, end: int) -> bool:
    return (
        re.match(r"(?:,| (?:said|was|is|had|has|will|would|told|[a-z]+ed|won|made|took|gave|led)\b)", text[end:])
        is not None
    )


_EDITING: Mapping[Kind, Callable[[Sample, _Stock, Random], Iterable[Sequence[_Edit]]]] = {
    "number": _numbers,
    "date": _dates,
    "name": _name_edits,
    "negation": _negations,
    "subject": _subjects,
}


# Markers.

# A passage that has this share of a sentence's words may support it, unless it lacks a name or number.
_NEAR = 0.45


def _moved(sample: Sample, chance: Random) -> Sample | None:
    """The sample with one marker moved to a passage that doesn't support it."""
    right = chance.randrange(len(sample.markers))
    places = [
        place
        for place in range(len(sample.passages))
        if place + 1 not in sample.markers and not _supports(sample, place)
    ]
    if not places:
        return None
    markers = list(sample.markers)
    # As often the passage nearest to it as any other.
    near = max(places, key=lambda place: len(_stems(sample.text) & _stems(sample.passages[place].text)))
    old, markers[right] = markers[right], chance.choice((near, chance.choice(places))) + 1
    shown = (
        sample.sentence[len(sample.text.rstrip(".")) :]
        if sample.text.endswith(".")
        else sample.sentence[len(sample.text) :]
    )
    head = sample.sentence[: len(sample.sentence) - len(shown)]
    return replace(
        sample,
        id=f"{sample.id}-marker",
        sentence=head + re.sub(rf"\b{old}\b", str(markers[right]), shown),
        markers=tuple(markers),
        kind="marker",
        change=(f"[{old}]", f"[{markers[right]}]"),
        of=sample.id,
    )


def _supports(sample: Sample, place: int) -> bool:
    """Whether the passage at ``place`` may say as much as one that the sample rests on."""
    passage = sample.passages[place]
    if any(holds(sample, rest, place, one.span) for rest in sample.rests for one in passage.sentences):
        return True
    said = f"{passage.article.title} {passage.text}"
    wanted, there = _stems(sample.text), _stems(said)
    values = {word for word in wanted if word[0].isdigit()} | {
        stem for name in _names(sample.text) for stem in _stems(name.text)
    }
    share = len(wanted & there) / max(1, len(wanted))
    return share >= _NEAR and values <= there
