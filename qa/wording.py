"""A text as the words that carry its meaning: stems, names, negations, verbs and who does them."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache

from qa.english import (
    AUXILIARIES,
    DETERMINERS,
    EITHER,
    HE_NAMES,
    OTHERS,
    PREPOSITIONS,
    QUESTION_WORDS,
    SHE_NAMES,
    TITLES,
)
from qa.phrases import is_verb
from qa.values import Value, listed, names

__all__ = ["MUST", "SMALL", "Reading", "Token", "opposites", "read", "related", "same_meaning", "stem"]

# Sentences whose words are remembered: a passage's are asked for with each claim.
_REMEMBERED = 4_096
_TOKEN = re.compile(r"[^\W_]+(?:[.,](?=\d)\d+|[-’'&](?=[^\W_])[^\W_]+)*|[^\w\s]")

_IRREGULAR = {
    form: base
    for base, forms in (
        entry.split(":")
        for entry in (
            "say:said|be:was,were,is,are,been,am|have:has,had,having|do:did,does,done|go:went,gone,goes|rise:rose,risen"
            "|fall:fell,fallen|win:won|lose:lost|buy:bought|sell:sold|bring:brought|take:took,taken|give:gave,given"
            "|get:got,gotten|come:came|become:became|begin:began,begun|know:knew,known|find:found|found:founded,founding"
            "|tell:told|make:made|meet:met|lead:led|leave:left|keep:kept|hold:held|build:built|send:sent|spend:spent"
            "|speak:spoke,spoken|steal:stole,stolen|break:broke,broken|choose:chose,chosen|freeze:froze,frozen"
            "|write:wrote,written|drive:drove,driven|grow:grew,grown|show:shown|throw:threw,thrown|draw:drew,drawn"
            "|fly:flew,flown,flies|see:saw,seen|eat:ate,eaten|catch:caught|teach:taught|think:thought|seek:sought"
            "|fight:fought|strike:struck,stricken|stick:stuck|swim:swam,swum|sink:sank,sunk|sing:sang,sung|run:ran"
            "|pay:paid|lay:laid|lie:lain|die:died,dying,dies|shoot:shot|sit:sat|stand:stood|understand:understood"
            "|wear:wore,worn|tear:tore,torn|bear:bore,borne,born|swear:swore,sworn|wake:woke,woken|forget:forgot,forgotten"
            "|hide:hid,hidden|bite:bit,bitten|ride:rode,ridden|feel:felt|deal:dealt|mean:meant|sleep:slept|sweep:swept"
            "|hear:heard|lend:lent|bend:bent|light:lit|shake:shook,shaken|withdraw:withdrew,withdrawn|hang:hung"
            "|feed:fed|flee:fled|breed:bred|bid:bade|bind:bound|wind:wound|dig:dug|spin:spun|hurt:hurting"
            "|child:children|man:men|woman:women|person:people|foot:feet|tooth:teeth|mouse:mice|life:lives|wife:wives"
            "|half:halves|leaf:leaves|shelf:shelves|thief:thieves|knife:knives|crisis:crises|police:policed"
            "|further:farther|good:better,best|bad:worse,worst|news:news|series:series|species:species|means:means"
            "|council:councils|councillor:councillors,cllr|percent:percentage"
        ).split("|")
    )
    for form in forms.split(",")
}
_NOT_ED = frozenset(
    ["need", "speed", "feed", "seed", "breed", "weed", "exceed", "proceed", "succeed", "indeed", "hundred"]
)
_NOT_ING = frozenset(
    ["king", "ring", "sing", "thing", "wing", "bring", "spring", "string", "swing", "nothing", "during"]
)
_SUFFIXES = (
    "ation ition tion ion ment er or r al ance ence ant ent ist ity ive ful ness ship ian an n ing ed y ly s es d ary ure age"
).split()

SMALL = (
    AUXILIARIES
    | PREPOSITIONS
    | DETERMINERS
    | QUESTION_WORDS
    | OTHERS
    | frozenset(
        listed(
            "s t re ll ve not additionally moreover furthermore however meanwhile subsequently approximately nearly owing accordingly also overall specifically like such"
        )
    )
)
# They say how much, and of how many, is said: what has them must rest on words that have them.
MUST = {
    word: frozenset(group.split())
    for group in (
        "only sole solely just single",
        "all every each both entire whole always everyone everybody everything",
        "most majority",
        "half",
        "third",
        "quarter",
        "twice double doubled",
        "triple tripled",
        "first",
        "second",
        "fourth",
        "fifth",
        "sixth",
        "seventh",
        "eighth",
        "ninth",
        "tenth",
        "because therefore thus hence since due after cause caused causing result resulted so from for owing thanks as reason",
    )
    for word in group.split()
    if not group.startswith("because") or word in {"because", "therefore", "thus", "hence"}
}
_MEANINGS = [
    frozenset(map(str, group.split()))
    for group in (
        "say tell state report add announce explain note reveal confirm write accord speak",
        "cost price bill",
        "buy purchase acquire",
        "resign quit",
        "die death dead",
        "kill die",
        "begin start commence",
        "end finish complete conclude",
        "repair mend fix restore",
        "rise increase climb grow jump up higher gain",
        "fall drop decrease decline lower down",
        "big large huge",
        "child kid",
        "home house",
        "job post role position",
        "approve pass back agree",
        "reject refuse",
        "show reveal find",
        "beat defeat",
        "receive get",
        "plan scheme proposal",
        "company firm business",
        "need require",
        "build construct",
        "hold happen occur",
        "author writer",
        "film movie",
        "car vehicle",
        "choose select pick",
        "try attempt",
        "remain stay keep",
        "worker employee staff",
        "doctor physician",
        "hurt injure wound",
        "destroy wreck ruin",
        "damage harm",
        "help assist aid",
        "name call",
        "found establish create",
        "discover find",
        "leader head",
        "join enter",
        "leave depart",
        "last final",
        "town city",
        "person man woman resident",
        "vote ballot",
        "shut close",
        "reopen open",
        "see watch",
        "road street",
        "boat ship vessel",
        "theft steal",
        "murder kill",
        "run manage operate",
        "own owner",
        "locate situate",
        "year annual",
        "use usage",
        "move relocate",
        "replace succeed",
        "record count",
        "probable likely",
        "trip journey",
        "sum amount total",
        "spend spending expenditure",
        "allow permit let",
        "ban forbid prohibit",
        "charge accuse",
        "win victory",
        "lose defeat",
        "storm gale",
        "blaze fire",
        "due expect",
    )
]
_MEANING: dict[str, frozenset[str]] = {}
for _group in _MEANINGS:
    for _word in _group:
        _MEANING[_word] = _MEANING.get(_word, frozenset()) | _group
_OPPOSITES = (
    "rise increase climb grow jump gain up higher grew | fall drop decrease decline lower down shrink cut",
    "win | lose",
    "approve accept pass agree back support | reject refuse oppose dismiss",
    "open reopen | close shut",
    "before earlier | after later",
    "more over above most greater | less fewer under below least",
    "first | last",
    "begin start | end finish stop",
    "buy | sell",
    "arrive enter join | leave depart",
    "alive live survive | dead die",
    "guilty | innocent",
    "convict | acquit clear",
    "north northern | south southern",
    "east eastern | west western",
    "left | right",
    "best | worst",
    "better | worse",
    "large big largest biggest | small little smallest",
    "long longer longest | short shorter shortest",
    "high highest | low lowest",
    "old older oldest | young new younger youngest newest",
    "early earliest | late latest",
    "hot warm | cold cool",
    "rich | poor",
    "strong | weak",
    "with | without",
    "for | against",
    "inside | outside",
    "male man boy he | female woman girl she",
    "hire appoint | sack fire dismiss",
    "build | demolish",
    "love like | hate dislike",
    "true | false",
    "legal | illegal",
    "possible | impossible",
    "likely | unlikely",
    "safe | dangerous unsafe",
    "public | private",
    "add | remove",
    "give | take receive",
    "lend | borrow",
    "import | export",
    "major | minor",
    "maximum | minimum",
    "majority | minority",
    "always | never",
    "many much several | few little",
    "former previous past | current present",
    "accept agree | refuse decline",
    "include | exclude",
    "same | different",
    "full | empty",
    "all every | none",
    "often usually | rarely seldom",
    "day | night",
    "morning | evening afternoon",
    "summer | winter",
    "spring | autumn",
    "upper | lower",
    "remember | forget",
    "succeed | fail",
    "include | exclude",
    "attack | defend",
    "admit | deny",
    "confirm | deny",
    "praise | criticise criticize condemn",
    "free | jail",
    "married | divorced",
    "husband | wife",
    "father | mother",
    "son | daughter",
    "brother | sister",
    "uncle | aunt",
)


def stem(word: str) -> str:
    """``word`` in lower case without its ending: "resigned" and "resigning" are "resign"."""
    word = word.replace("’", "'").removesuffix("'s").removesuffix("'")
    if word in _IRREGULAR:
        return _IRREGULAR[word]
    if len(word) < 4 or not word.isalpha():
        return word
    for ending, kept in (("ies", "y"), ("ied", "y")):
        if word.endswith(ending) and len(word) > 4:
            return word[: -len(ending)] + kept
    if word.endswith("s") and not word.endswith(("ss", "us", "is")):
        word = word[:-2] if word.endswith(("sses", "shes", "ches", "xes", "zes")) else word[:-1]
    if word.endswith("ed") and word not in _NOT_ED and len(word) > 4:
        word = _undoubled(word[:-2])
    elif word.endswith("ing") and word not in _NOT_ING and len(word) > 5:
        word = _undoubled(word[:-3])
    return word[:-1] if word.endswith("e") and len(word) > 3 else word


def _undoubled(word: str) -> str:
    return word[:-1] if len(word) > 3 and word[-1] == word[-2] and word[-1] not in "sfz" else word


_MEANING = {stem(word): frozenset(map(stem, group)) for word, group in _MEANING.items()}
_AGAINST: dict[str, frozenset[str]] = {}
for _pair in _OPPOSITES:
    _sides = [frozenset(map(stem, side.split())) for side in _pair.split(" | ")]
    for _place, _side in enumerate(_sides):
        for _word in _side:
            _AGAINST[_word] = _AGAINST.get(_word, frozenset()) | _sides[1 - _place]


def opposites(of: str) -> frozenset[str]:
    """The stems that say the contrary of the stem ``of``, none where none are known."""
    return _AGAINST.get(of, frozenset())


def same_meaning(one: str, other: str) -> bool:
    """Whether two stems stand for the same in most news: cost and price."""
    return other in _MEANING.get(one, ())


@lru_cache(maxsize=65_536)
def related(one: str, other: str) -> bool:
    """Whether two stems are of one family: resign and resignation, repair and repairer."""
    if len(one) > len(other):
        one, other = other, one
    root = one.rstrip("ey")
    if len(root) < 4 or not other.startswith(root):
        return False
    return other[len(root) :] in _SUFFIXES or other[len(one) :] in _SUFFIXES


@dataclass(frozen=True, slots=True)
class Token:
    """A word, number or sign, at ``text[start:end]``. ``content`` is whether it carries
    meaning by itself, ``verb`` whether it is more likely a verb than not."""

    low: str
    stem: str
    start: int
    end: int
    capital: bool
    content: bool
    verb: bool


@dataclass(frozen=True, slots=True)
class Reading:
    """A text read. ``names`` are runs of tokens, first and past the last, with their words
    in lower case; ``named`` the places of all of them."""

    text: str
    tokens: tuple[Token, ...]
    names: tuple[tuple[int, int, frozenset[str]], ...]
    named: frozenset[int]

    def within(self, start: int, end: int) -> range:
        """The places of the tokens that stand in ``text[start:end]``."""
        inside = [place for place, token in enumerate(self.tokens) if token.start < end and token.end > start]
        return range(inside[0], inside[-1] + 1) if inside else range(0)


@lru_cache(maxsize=_REMEMBERED)
def read(text: str) -> Reading:
    """``text`` read, a sentence or a few. It takes time in proportion to its length."""
    found = list(_TOKEN.finditer(text))
    lows = [match[0].lower().replace("’", "'") for match in found]
    tokens = tuple(
        Token(
            low=low,
            stem=stem(low),
            start=match.start(),
            end=match.end(),
            capital=match[0][0].isupper(),
            content=match[0][0].isalnum() and low not in SMALL,
            verb=_is_verb(lows, place, match[0]),
        )
        for place, (low, match) in enumerate(zip(lows, found, strict=True))
    )
    runs = tuple(_runs(text, tokens, names(text)))
    return Reading(text=text, tokens=tokens, names=runs, named=frozenset(p for a, b, _ in runs for p in range(a, b)))


def _is_verb(lows: Sequence[str], place: int, word: str) -> bool:
    low = lows[place]
    if not word[0].isalpha() or (word[0].isupper() and place):
        return False
    before = lows[place - 1] if place else ""
    if before in DETERMINERS and before not in {"that", "all", "both"}:
        return False
    base = low.removesuffix("s")
    return (
        is_verb(low)
        or low in _IRREGULAR
        or ((low in EITHER or base in EITHER) and before not in {"of", "a"} and not is_verb(before))
    )


def _runs(text: str, tokens: Sequence[Token], found: Iterable[Value]) -> Iterable[tuple[int, int, frozenset[str]]]:
    places = {token.start: place for place, token in enumerate(tokens)}
    begun = False
    for value in found:
        inside = [place for start, place in places.items() if value.span.start <= start < value.span.end]
        if not inside:
            continue
        lows = frozenset(
            stem(tokens[p].low) if tokens[p].low.endswith("'s") else tokens[p].low
            for p in inside
            if tokens[p].low[0].isalnum() and tokens[p].low not in SMALL
        )
        kept = lows - TITLES or lows
        if kept:
            begun = begun or inside[0] == 0
            yield inside[0], inside[-1] + 1, kept
    if tokens and not begun and tokens[0].capital and _given(tokens):
        yield 0, 1, frozenset([tokens[0].low.removesuffix("'s")])


def _given(tokens: Sequence[Token]) -> bool:
    """Whether the first word by itself is a name: a given name, or a word before a verb that
    can't be a plural."""
    low = tokens[0].low.removesuffix("'s")
    if low in SMALL or low in TITLES:
        return False
    if low in HE_NAMES or low in SHE_NAMES:
        return True
    following = tokens[1] if len(tokens) > 1 else None
    if following is None or is_verb(low) or low.endswith(("s", "ly", "ing")):
        return False
    return following.verb or following.low in AUXILIARIES
