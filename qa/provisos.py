"""What limits a sentence's words, and may not be left out where they are told anew: conditions,
doubts, shares, exceptions, and who only claims them."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence

from qa.values import listed
from qa.wording import Token

__all__ = ["breaks_off", "left_out"]

_CONDITIONS = frozenset({"if", "unless", "provided", "providing", "lest", "otherwise"})
_ASKS = frozenset({"ask", "wonder", "see", "know", "doubt", "question", "decid", "check", "test", "say"})

# What stands before an amount or a thing and makes it more, less or a part: words that mean
# the same to the left of the class they are of.
_BOUNDS: tuple[tuple[str, tuple[tuple[str, ...], ...]], ...] = (
    (
        "about",
        (("about",), ("around",), ("roughly",), ("approximately",), ("some",), ("nearly",), ("almost",), ("close", "to"))
        + (("just", "under"), ("just", "over"), ("an", "estimated"), ("estimated",), ("or", "so"), ("virtually",)),
    ),
    (
        "least",
        (("at", "least"), ("more", "than"), ("over",), ("no", "fewer", "than"), ("no", "less", "than"), ("upwards", "of"))
        + (("or", "more"),),
    ),
    ("most", (("at", "most"), ("up", "to"), ("fewer", "than"), ("less", "than"), ("no", "more", "than"), ("under",))),
    (
        "share",
        (("half",), ("most",), ("much",), ("many", "of"), ("some", "of"), ("part", "of"), ("several", "of"), ("few", "of"))
        + (("majority",), ("third",), ("quarter",), ("two-thirds",), ("partly",), ("mostly",), ("mainly",), ("largely",))
        + (("all", "but"), ("a", "number", "of"), ("one", "of"), ("half-",)),
    ),
)
# "Some", "over" and "under" bound an amount, and else mean another thing.
_ONLY_AMOUNTS = frozenset({("some",), ("over",), ("under",), ("about",), ("around",)})
_REACH = 4
_FURTHER = 6
_EVERY = frozenset(listed("all every each both always entire whole everyone everybody everything"))
_ALONE = frozenset(listed("only sole solely alone exclusively"))
_POINTS = frozenset(listed("the them those these its his her their our"))
_PARTITIVE = frozenset({"which", "whom"})
_PART = frozenset(listed("which whom them those including including: among"))

# What follows takes something back; with a denial what follows "until" does.
_EXCEPTS: tuple[tuple[str, ...], ...] = (
    ("rather", "than"),
    ("instead", "of"),
    ("other", "than"),
    ("apart", "from"),
    ("aside", "from"),
    ("except",),
    ("excluding",),
    ("save", "for"),
    ("but", "not"),
    ("but", "only"),
    ("so", "much", "as"),
    ("until",),
    ("without",),
)
_INSTEAD = frozenset({"rather", "instead"})
_IF_DENIED = frozenset({"until", "without"})
_DENIES = frozenset(listed("not no never nobody nothing none neither nor cannot without n't hardly"))
_BREAKS = frozenset({",", ";", ":", "—", "–", "(", ")", ".", "!", "?"})

_COURT = frozenset(
    listed("jury court counsel prosecutor prosecutors prosecution barrister lawyer lawyers solicitor inquest tribunal")
)
_SPEECH = frozenset(
    listed(
        "said says say told tells tell heard hears claimed claims claim alleged alleges according argued argues insisted"
        " insists maintained accused charged suggested suggests described reported reports contended evidence"
    )
)
_UNTRUE = frozenset(listed("unfair wrong untrue false nonsense misleading mistaken incorrect absurd ridiculous myth"))
_SAYS = frozenset(listed("say claim suggest think believe argue pretend conclude"))
# Before a verb: what follows is meant, held, or still to come.
_HEDGES = frozenset(
    listed(
        "believed believes believe thought thinks understood expected expects expect hopes hoped hope agreed agrees agree"
        " plans planned plan proposed proposes offered offers promised promises suggested suggests suspected suspects"
        " intends intended wants wanted alleged allegedly reportedly apparently supposedly considering considered"
        " threatened aims aimed likely due scheduled set bid"
    )
)
_AHEAD = frozenset(listed("will would shall may might could should can going to plans planned"))
_HEDGED = 7


_GOES_ON = re.compile(
    r"[,;:]? (?:but|and|so|than|because|if|unless|when|until|till|except|although|though|yet|only|to|or|nor|rather"
    r"|instead|without|provided|as long as)\b",
    re.IGNORECASE,
)
# Fewer words are a name for something, not what somebody says of it.
_WHOLE = 4


def breaks_off(quoted: str, text: str) -> str:
    """The words with which ``text`` goes on where a quotation of ``quoted``, of some words, breaks
    off in the middle of what was said; "" where it doesn't."""
    at = text.find(quoted)
    if at < 0 or len(quoted.split()) < _WHOLE:
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
    kept = {place: mine for mine, place in at.items() if claim[mine].content}
    yield from _universal(here, {token.low for token in evidence})
    for number in sorted(set(of[place] for place in kept)):
        places = [place for place in range(len(evidence)) if of[place] == number]
        sentence = range(places[0], places[-1] + 1)
        yield from _conditions(here, evidence, sentence, kept)
        yield from _bounds(lows, evidence, sentence, kept)
        yield from _parts(evidence, sentence, kept)
        yield from _partitives(lows, evidence, sentence, kept)
        yield from _attached(claim, evidence, sentence, kept)
        yield from _exceptions(lows, evidence, sentence, kept)
        yield from _held(here, evidence, sentence, kept)
    yield from _turned(claim, evidence, at)


def _universal(here: frozenset[str], there: set[str]) -> Iterator[str]:
    for words in (_EVERY, _ALONE):
        for word in sorted(here & words):
            if not there & words:
                yield f"“{word}” doesn't stand in what it cites"


def _conditions(
    here: frozenset[str], evidence: Sequence[Token], sentence: range, kept: Mapping[int, int]
) -> Iterator[str]:
    for place in sentence:
        word = evidence[place].low
        if word not in _CONDITIONS or here & _CONDITIONS or "whether" in here:
            continue
        before = evidence[place - 1] if place > sentence.start else None
        if before is not None and (before.stem in _ASKS or before.low in ("as", "even", "what")):
            continue
        if word in ("provided", "providing") and (before is None or before.low not in _BREAKS):
            continue
        yield f"what it cites says “{word}” there"


def _starts(tokens: Sequence[str], place: int, words: Sequence[str]) -> bool:
    return list(tokens[place : place + len(words)]) == list(words)


def _bounds(lows: Sequence[str], evidence: Sequence[Token], sentence: range, kept: Mapping[int, int]) -> Iterator[str]:
    there = [evidence[place].low for place in sentence]
    for kind, forms in _BOUNDS:
        if any(_starts(lows, place, form) for form in forms for place in range(len(lows))):
            continue
        for place in range(len(there)):
            form = next((form for form in forms if _starts(there, place, form)), None)
            if form is None:
                continue
            end = sentence.start + place + len(form)
            reach = _FURTHER if kind == "share" else _REACH
            limited = _limited(evidence, end, min(end + reach, sentence.stop), amount=form in _ONLY_AMOUNTS)
            if limited is not None and limited in kept:
                yield f"what it cites says “{' '.join(form)}” there"
                break


def _limited(evidence: Sequence[Token], start: int, stop: int, *, amount: bool) -> int | None:
    """The word that what ends at ``start`` bounds."""
    for place in range(start, stop):
        token = evidence[place]
        if token.low in _BREAKS:
            return None
        if token.low[0].isdigit():
            return place
        if token.content:
            return None if amount and not _is_number(token) else place
    return None


def _is_number(token: Token) -> bool:
    return token.low in _NUMBERS or token.low.split("-")[0] in _NUMBERS


_NUMBERS = frozenset(
    listed(
        "one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen seventeen eighteen"
        " nineteen twenty thirty forty fifty sixty seventy eighty ninety hundred thousand million billion dozen half a"
    )
)


def _parts(evidence: Sequence[Token], sentence: range, kept: Mapping[int, int]) -> Iterator[str]:
    """ "51 of the 63 households": what is said of 51 isn't said of all."""
    for place in sentence[:-3]:
        of, the = evidence[place + 1], evidence[place + 2]
        if of.low != "of" or the.low not in _POINTS or place in kept:
            continue
        if not (evidence[place].low[0].isdigit() or _is_number(evidence[place])):
            continue
        if any(p in kept for p in range(place + 3, min(place + 3 + _REACH, sentence.stop))):
            yield f"what it cites says “{evidence[place].low} of” there"


def _partitives(
    lows: Sequence[str], evidence: Sequence[Token], sentence: range, kept: Mapping[int, int]
) -> Iterator[str]:
    """ "1,460 comments, of which nine were in favour": no comments in favour are 1,460."""
    if _PART & set(lows) or any(_starts(lows, place, ("of", "the")) for place in range(len(lows))):
        return
    for place in sentence:
        if evidence[place].low not in _PARTITIVE or place == sentence.start or evidence[place - 1].low != "of":
            continue
        before = any(other in kept for other in range(sentence.start, place - 1))
        after = any(other in kept for other in range(place + 1, sentence.stop))
        if before and after:
            yield f"what it cites says “of {evidence[place].low}” there"


def _exceptions(
    lows: Sequence[str], evidence: Sequence[Token], sentence: range, kept: Mapping[int, int]
) -> Iterator[str]:
    there = [evidence[place].low for place in sentence]
    for at, _ in enumerate(there):
        form = next((form for form in _EXCEPTS if _starts(there, at, form)), None)
        if form is None:
            continue
        place = sentence.start + at
        before = [p for p in kept if sentence.start <= p < place]
        after = [p for p in kept if place + len(form) <= p < _clause_end(evidence, place + len(form), sentence)]
        mine = next((n for n in range(len(lows)) if _starts(lows, n, form[:1])), None)
        if mine is not None:
            if mine and form[0] in _INSTEAD and any(kept[p] > mine for p in before) and any(kept[p] < mine for p in after):
                yield f"it turns “{' '.join(form)}” round"
            continue
        denied = bool(_DENIES & set(there[:at])) or any(word.endswith("n't") for word in there[:at])
        if form[0] in _IF_DENIED and not denied:
            continue
        near = any(place - _REACH <= p < place for p in before) and not _DENIES & set(lows) - {"without"} or False
        if after and before and form[0] not in _IF_DENIED:
            yield f"what it cites says “{' '.join(form)}” there"
        elif form[0] in _IF_DENIED and before and any(place - 2 * _REACH <= p for p in before):
            yield f"what it cites says “{' '.join(form)}” there"
        elif form[0] not in _INSTEAD and before and (near or any(place - _REACH <= p for p in before)):
            yield f"what it cites says “{' '.join(form)}” there"


def _clause_end(evidence: Sequence[Token], start: int, sentence: range) -> int:
    return next((p for p in range(start, sentence.stop) if evidence[p].low in _BREAKS), sentence.stop)


_STOPS = frozenset(listed("stop stopped stops prevent prevented prevents keep kept keeps save saved discourage deter"))


def _attached(
    claim: Sequence[Token], evidence: Sequence[Token], sentence: range, kept: Mapping[int, int]
) -> Iterator[str]:
    """What can't be parted: "a doctor's surgery", "hotels or with relatives", "stopped it from rotting"."""
    for place in sentence:
        token = evidence[place]
        follows = place + 1
        if place in kept and token.low.endswith(("'s", "s'")) and not claim[kept[place]].low.endswith(("'s", "s'")):
            if follows < sentence.stop and evidence[follows].content and follows not in kept:
                yield f"it leaves out “{evidence[follows].low}” behind “{token.low}”"
        if token.low == "or" and place - 1 in kept and "or" not in {other.low for other in claim}:
            if not any(p in kept for p in range(follows, min(follows + _REACH, sentence.stop))):
                yield "what it cites says “or” there"
        if token.low in _STOPS and place not in kept:
            end = _clause_end(evidence, follows, sentence)
            at = next((p for p in range(follows, min(follows + _HEDGED, end)) if evidence[p].low == "from"), None)
            if at is not None and any(p in kept for p in range(at + 1, min(at + 3, sentence.stop))):
                yield f"what it cites says “{token.low} … from” there"


_SAYING = frozenset(listed("said says say told tells asked asks added wrote writes replied explained warned insisted"))


def _turned(claim: Sequence[Token], evidence: Sequence[Token], at: Mapping[int, int]) -> Iterator[str]:
    """Who did it and to whom it was done, exchanged; a number that is said of another verb."""
    for place, token in enumerate(claim):
        if place not in at:
            continue
        there = at[place]
        if token.capital and place and claim[place - 1].low == "by":
            verb = next((p for p in range(place - 2, max(-1, place - 5), -1) if p in at and claim[p].verb), None)
            near = {evidence[p].low for p in range(max(0, there - 3), there)}
            if verb is not None and "by" not in near and there > at[verb]:
                yield f"what it cites doesn't say “by {token.low}”"
        if token.low[0].isdigit() or _is_number(token):
            verb = next((p for p in range(place - 1, max(-1, place - 5), -1) if p in at and claim[p].verb), None)
            if verb is not None and claim[verb].content and there < at[verb]:
                between = {evidence[p].low for p in range(there + 1, at[verb])}
                if between & {"and", "but", "then", ";"}:
                    yield f"“{token.low}” is said of something else in what it cites"


_PLANNED = frozenset(listed("plan plans proposal proposals scheme bid"))


def _held(here: frozenset[str], evidence: Sequence[Token], sentence: range, kept: Mapping[int, int]) -> Iterator[str]:
    """What is only held to be so."""
    there = {evidence[place].low for place in sentence}
    if there & _COURT and there & _SPEECH and not here & _SPEECH:
        yield f"what it cites says whose word it is: “{min(there & _SPEECH)}”"
    if there & _UNTRUE and there & _SAYS and not here & _UNTRUE:
        yield f"what it cites says “{min(there & _UNTRUE)}” there"
    if not here & (_PLANNED | _HEDGES | {"would", "may", "might", "could"}):
        for place in sentence[:-2]:
            words = [evidence[p].low for p in range(place, place + 3)]
            if words[0] == "under" and words[2] in _PLANNED:
                yield f"what it cites says “{' '.join(words)}”"
    if here & (_HEDGES | _AHEAD):
        return
    for place in sentence:
        if evidence[place].low not in _HEDGES or place in kept:
            continue
        follows = range(place + 1, min(place + _HEDGED, _clause_end(evidence, place + 1, sentence)))
        if any(p in kept for p in follows):
            yield f"what it cites says “{evidence[place].low}” there"
