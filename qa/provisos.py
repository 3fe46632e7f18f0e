"""What limits a sentence's words, and may not be left out where they are told anew: conditions,
shares, exceptions, doubts, whose word it is, and the rest of a quotation."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from qa.values import ONES, TENS, listed
from qa.wording import Token

__all__ = ["breaks_off", "joined", "left_out"]

_CONDITIONS = frozenset(listed("if unless provided providing lest"))
_ASKS = frozenset(listed("ask wonder see know doubt question decid check test say"))
_NO_CONDITION = frozenset(listed("as even what"))

# What makes an amount or a thing more, less or a part of it: words of one kind mean nearly the same.
_BOUNDS: dict[str, tuple[tuple[str, ...], ...]] = {
    kind: tuple(tuple(form.split()) for form in forms.split(", "))
    for kind, forms in {
        "about": "about, around, roughly, approximately, some, nearly, almost, close to, just under, just over,"
        " an estimated, estimated, or so, virtually",
        "least": "at least, more than, over, no fewer than, no less than, upwards of, or more",
        "most": "at most, up to, fewer than, less than, no more than, under",
        "share": "half, most, much, many of, some of, part of, several of, few of, majority, third, quarter,"
        " two-thirds, partly, mostly, mainly, largely, all but, a number of, one of, half-",
    }.items()
}
# These bound an amount, and else mean another thing.
_OF_AMOUNTS = frozenset({("some",), ("over",), ("under",), ("about",), ("around",)})
_NUMBERS = frozenset([*ONES[1:], *TENS, *listed("hundred thousand million billion dozen half a")])
# How many words away what is bounded or excepted stands.
_REACH = 4
_FURTHER = 6

_EVERY = frozenset(listed("all every each both always entire whole everyone everybody everything"))
_ALONE = frozenset(listed("only sole solely alone exclusively"))
_POINTS = frozenset(listed("the them those these its his her their our"))
_OF_WHICH = frozenset(listed("which whom"))
_PART = frozenset(listed("which whom them those including among"))

# What takes back a part of what stands before it; some only where that is denied.
_EXCEPTS: tuple[tuple[str, ...], ...] = tuple(
    tuple(form.split())
    for form in [
        *("rather than", "instead of", "other than", "apart from", "aside from", "except", "excluding", "save for"),
        *("but not", "but only", "so much as", "until", "without"),
    ]
)
_INSTEAD = frozenset(listed("rather instead"))
_IF_DENIED = frozenset(listed("until without"))
_DENIES = frozenset(listed("not no never nobody nothing none neither nor cannot without hardly"))
_BREAKS = frozenset(listed(", ; : — – ( ) . ! ?"))
_STOPS = frozenset(listed("stop stopped stops prevent prevented prevents keep kept keeps save saved discourage deter"))

_COURT = frozenset(
    listed("jury court counsel prosecutor prosecutors prosecution barrister lawyer lawyers solicitor inquest tribunal")
)
_SPEECH = frozenset(
    listed(
        "said says say told tells tell heard hears claimed claims claim alleged alleges according argued argues"
        " insisted insists maintained accused charged suggested suggests described reported reports contended evidence"
    )
)
_UNTRUE = frozenset(listed("unfair wrong untrue false nonsense misleading mistaken incorrect absurd ridiculous myth"))
_SAYS = frozenset(listed("say claim suggest think believe argue pretend conclude"))
# Before a verb: what follows is meant, held, or still to come.
_HEDGES = frozenset(
    listed(
        "believed believes believe thought thinks understood expected expects expect hopes hoped hope agreed agrees"
        " agree plans planned plan proposed proposes offered offers promised promises suggested suggests suspected"
        " suspects intends intended wants wanted alleged allegedly reportedly apparently supposedly considering"
        " considered threatened aims aimed likely due scheduled set bid"
    )
)
_AHEAD = frozenset(listed("will would shall may might could should can going to plans planned"))
_HEDGED = 7
_PLANNED = frozenset(listed("plan plans proposal proposals scheme bid"))
_JOINS = frozenset(listed("and but then ;"))
# How near to a number the verb stands that it is said of.
_NEARER = 4
_SPEAKS = frozenset(listed("say said tell told add write wrote ask explain warn insist reply announc call"))
_CLAUSES = frozenset(listed("; : while whereas but although though"))

_YEAR = re.compile(r"1\d{3}|20\d{2}")
_GOES_ON = re.compile(
    r"[,;:]? (?:but|and|so|than|because|if|unless|when|until|till|except|although|though|yet|only|to|or|nor|rather"
    r"|instead|without|provided|as long as)\b",
    re.IGNORECASE,
)
# Fewer words are a name for something, not what somebody says of it.
_SAID = 4


def breaks_off(quoted: str, text: str) -> str:
    """The words with which ``text`` goes on where a quotation of ``quoted``, of some words, breaks
    off in the middle of what was said; "" where it doesn't."""
    at = text.find(quoted)
    if at < 0 or len(quoted.split()) < _SAID:
        return ""
    found = _GOES_ON.match(text, at + len(quoted))
    return found[0].strip(" ,;:") if found else ""


def left_out(
    claim: Sequence[Token], evidence: Sequence[Token], of: Sequence[int], at: Mapping[int, int]
) -> Iterator[str]:
    """What a claim leaves out of what it cites that limits it, in plain words.

    ``evidence`` are the tokens of the sentences cited, each ``of`` the sentence of that
    number; ``at`` tells where each of the claim's words stands among them.
    """
    lows = [token.low for token in claim]
    here = frozenset(lows)
    there = frozenset(token.low for token in evidence)
    for words in (_EVERY, _ALONE):
        yield from (_missing(word) for word in sorted(here & words) if not there & words)
    kept = {place: mine for mine, place in at.items() if claim[mine].content}
    for number in sorted({of[place] for place in kept}):
        start = of.index(number)
        places = range(start, start + of.count(number))
        told = _Told(claim, evidence, places, kept, lows, [evidence[place].low for place in places])
        for rule in (
            _conditions,
            _bounds,
            _parts,
            _partitives,
            _owned,
            _counted,
            _alternatives,
            _stopped,
            _exceptions,
            _held,
        ):
            yield from rule(told)
    yield from _turned(claim, evidence, at)


def joined(
    claim: Sequence[Token], evidence: Sequence[Token], articles: Sequence[str], at: Mapping[int, int]
) -> Iterator[str]:
    """Whether one clause of a claim is put together from several articles, which none of them says.

    ``articles`` tells of which article each token of ``evidence`` is.
    """
    if len(set(articles)) < 2:
        return
    told_by: dict[str, set[str]] = {}
    for token, article in zip(evidence, articles, strict=True):
        told_by.setdefault(token.stem, set()).add(article)
    of: set[str] = set()
    for place, token in enumerate(claim):
        ends = token.low in _CLAUSES or (token.low == "and" and place and claim[place - 1].low == ",")
        if ends:
            of = set()
        elif place in at and token.content and len(told_by[evidence[at[place]].stem]) == 1:
            of.add(articles[at[place]])
            if len(of) > 1:
                yield "it puts together what no one article says"
                return


@dataclass(frozen=True, slots=True)
class _Told:
    """A claim beside one sentence that it cites: the ``places`` of its tokens among all, and
    which of those are ``kept`` in the claim, with their places there; ``here`` and ``there`` are
    the words of both."""

    claim: Sequence[Token]
    evidence: Sequence[Token]
    places: range
    kept: Mapping[int, int]
    here: Sequence[str]
    there: Sequence[str]

    def keeps(self, start: int, stop: int) -> bool:
        """Whether the claim keeps any of the words from ``start`` on, before ``stop``."""
        return any(place in self.kept for place in range(max(start, self.places.start), min(stop, self.places.stop)))

    def clause_end(self, start: int) -> int:
        stop = self.places.stop
        return next((place for place in range(start, stop) if self.evidence[place].low in _BREAKS), stop)


def _says(words: str) -> str:
    return f"what it cites says “{words}” there"


def _missing(word: str) -> str:
    return f"“{word}” doesn't stand in what it cites"


def _at(words: Sequence[str], place: int, form: Sequence[str]) -> bool:
    return tuple(words[place : place + len(form)]) == tuple(form)


def _conditions(told: _Told) -> Iterator[str]:
    if {*told.here} & {*_CONDITIONS, "whether"}:
        return
    for place in told.places:
        word = told.evidence[place].low
        if word not in _CONDITIONS:
            continue
        before = told.evidence[place - 1] if place > told.places.start else None
        if before is not None and (before.stem in _ASKS or before.low in _NO_CONDITION):
            continue
        # "The help provided by …" is no condition.
        if not word.startswith("provid") or (before is not None and before.low in _BREAKS):
            yield _says(word)


def _bounds(told: _Told) -> Iterator[str]:
    here, there = told.here, told.there
    for kind, forms in _BOUNDS.items():
        if any(_at(here, place, form) for form in forms for place in range(len(here))):
            continue
        for place in range(len(there)):
            form = next((form for form in forms if _at(there, place, form)), None)
            if form is None:
                continue
            end = told.places.start + place + len(form)
            reach = _FURTHER if kind == "share" else _REACH
            if _bounded(told, end, end + reach, amount=form in _OF_AMOUNTS) in told.kept:
                yield _says(" ".join(form))
                break


def _bounded(told: _Told, start: int, stop: int, *, amount: bool) -> int | None:
    """The word that is bounded by what ends at ``start``."""
    for place in range(start, min(stop, told.places.stop)):
        token = told.evidence[place]
        if token.low in _BREAKS:
            return None
        if token.content or token.low[0].isdigit():
            return place if not amount or _is_number(token) else None
    return None


def _is_number(token: Token) -> bool:
    return token.low[0].isdigit() or token.low.split("-")[0] in _NUMBERS


def _parts(told: _Told) -> Iterator[str]:
    """ "51 of the 63 households": what is said of 51 isn't said of all."""
    here = told.here
    for place in told.places[:-3]:
        number, of, the = told.evidence[place : place + 3]
        if (
            of.low == "of"
            and the.low in _POINTS
            and number.low not in here
            and _is_number(number)
            and told.keeps(place + 3, place + 3 + _REACH)
        ):
            yield _says(f"{number.low} of")


def _partitives(told: _Told) -> Iterator[str]:
    """ "1,460 comments, of which nine were in favour": no 1,460 are."""
    here = told.here
    if _PART & {*here} or any(_at(here, place, ("of", "the")) for place in range(len(here))):
        return
    for place in told.places[1:]:
        which = told.evidence[place].low
        if (
            which in _OF_WHICH
            and told.evidence[place - 1].low == "of"
            and told.keeps(told.places.start, place - 1)
            and told.keeps(place + 1, told.places.stop)
        ):
            yield _says(f"of {which}")


def _owned(told: _Told) -> Iterator[str]:
    """ "A doctor's surgery" is no doctor."""
    for place in told.places[:-1]:
        owner, owned = told.evidence[place : place + 2]
        if place not in told.kept or place + 1 in told.kept or not owned.content:
            continue
        if owner.low.endswith(("'s", "s'")) and not told.claim[told.kept[place]].low.endswith(("'s", "s'")):
            yield f"it leaves out “{owned.low}” behind “{owner.low}”"


def _counted(told: _Told) -> Iterator[str]:
    """ "23 hectares" is not 23, and who wants a lake dug doesn't want dug."""
    for place in told.places[:-1]:
        if place not in told.kept:
            continue
        mine, token, follows = told.kept[place], told.evidence[place], told.evidence[place + 1]
        beside = told.claim[mine + 1] if mine + 1 < len(told.claim) else None
        if token.low[0].isdigit() and not _YEAR.fullmatch(token.low):
            bare = beside is None or not beside.content
            if bare and follows.content and not follows.verb and place + 1 not in told.kept:
                yield f"it leaves out “{follows.low}” behind “{token.low}”"
        if token.verb and beside is not None and beside.verb and beside.content:
            there = next((p for p, n in told.kept.items() if n == mine + 1 and p in told.places), place)
            lost = [told.evidence[p] for p in range(place + 1, there) if p not in told.kept]
            things = [other for other in lost if other.content and not other.verb]
            if things:
                yield f"it leaves out “{things[0].low}” behind “{token.low}”"


def _alternatives(told: _Told) -> Iterator[str]:
    if "or" in told.here:
        return
    for place in told.places:
        if (
            told.evidence[place].low == "or"
            and place - 1 in told.kept
            and not told.keeps(place + 1, place + 1 + _REACH)
        ):
            yield _says("or")


def _stopped(told: _Told) -> Iterator[str]:
    """ "It stopped the wood from rotting": nothing rotted."""
    for place in told.places:
        if told.evidence[place].low not in _STOPS or place in told.kept:
            continue
        within = range(place + 1, min(place + _HEDGED, told.clause_end(place + 1)))
        kept_from = next((p for p in within if told.evidence[p].low == "from"), None)
        if kept_from is not None and told.keeps(kept_from + 1, kept_from + 3):
            yield _says(f"{told.evidence[place].low} … from")


def _exceptions(told: _Told) -> Iterator[str]:
    here, there = told.here, told.there
    for place in range(len(there)):
        form = next((form for form in _EXCEPTS if _at(there, place, form)), None)
        if form is None:
            continue
        start = told.places.start + place
        before = [p for p in told.kept if told.places.start <= p < start]
        after = [p for p in told.kept if start + len(form) <= p < told.clause_end(start + len(form))]
        words = " ".join(form)
        if form[0] in here:
            mine = here.index(form[0])
            turned = any(told.kept[p] > mine for p in before) and any(told.kept[p] < mine for p in after)
            if mine and turned and form[0] in _INSTEAD:
                yield f"it turns “{words}” round"
        elif form[0] in _IF_DENIED:
            denied = any(word in _DENIES or word.endswith("n't") for word in there[:place])
            if denied and any(p >= start - 2 * _REACH for p in before):
                yield _says(words)
        elif before and (after or (form[0] not in _INSTEAD and any(p >= start - _REACH for p in before))):
            yield _says(words)


def _held(told: _Told) -> Iterator[str]:
    """What is only held or meant to be so."""
    here, there = frozenset(told.here), frozenset(told.there)
    if there & _COURT and there & _SPEECH and not here & _SPEECH:
        yield f"what it cites says whose word it is: “{min(there & _SPEECH)}”"
    if there & _UNTRUE and there & _SAYS and not here & _UNTRUE:
        yield _says(min(there & _UNTRUE))
    if not here & (_PLANNED | _HEDGES | {"would", "may", "might", "could"}):
        for place in told.places[:-2]:
            words = [told.evidence[p].low for p in range(place, place + 3)]
            if words[0] == "under" and words[2] in _PLANNED:
                yield _says(" ".join(words))
    if here & (_HEDGES | _AHEAD):
        return
    for place in told.places:
        hedge = told.evidence[place].low
        if (
            hedge in _HEDGES
            and place not in told.kept
            and told.keeps(place + 1, min(place + _HEDGED, told.clause_end(place + 1)))
        ):
            yield _says(hedge)


def _turned(claim: Sequence[Token], evidence: Sequence[Token], at: Mapping[int, int]) -> Iterator[str]:
    """Who did it and to whom it was done, exchanged; a number that is said of another verb."""
    stands = frozenset(at.values())
    for place, token in enumerate(claim):
        verb = _verb_before(claim, place, at)
        if place not in at or verb is None:
            continue
        there = at[place]
        by = "by" in {evidence[p].low for p in range(max(0, there - 3), there)}
        if token.capital and claim[place - 1].low == "by" and there > at[verb] and not by:
            yield f"what it cites doesn't say “by {token.low}”"
        if not _is_number(token) or not claim[verb].content:
            continue
        between = range(there + 1, at[verb]) if there < at[verb] else range(at[verb] + 1, there)
        joins = any(evidence[p].low in _JOINS for p in between)
        nearer = any(evidence[p].verb and evidence[p].content and p not in stands for p in between[-_NEARER:])
        if joins and (there < at[verb] or nearer):
            yield f"“{token.low}” is said of something else in what it cites"
    for place, token in enumerate(claim):
        # "The treasurer, Hale, stole": where Hale comes after the theft, it was another's.
        if place in at and token.verb and token.content and token.stem not in _SPEAKS:
            near = range(place - 1, max(-1, place - 3), -1)
            doer = next((p for p in near if p in at and claim[p].capital and evidence[at[p]].capital), None)
            if doer is None or at[place] > at[doer] or _is_done(claim, doer, place):
                continue
            if "by" not in {evidence[p].low for p in range(max(0, at[doer] - 3), at[doer])}:
                yield f"it isn't {claim[doer].low} of whom “{token.low}” is said in what it cites"


def _verb_before(claim: Sequence[Token], place: int, at: Mapping[int, int]) -> int | None:
    return next((p for p in range(place - 1, max(-1, place - 5), -1) if p in at and claim[p].verb), None)


def _is_done(claim: Sequence[Token], doer: int, verb: int) -> bool:
    """Whether what stands between them makes it passive."""
    return any(claim[p].stem == "be" for p in range(doer + 1, verb))
