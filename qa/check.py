"""Whether what a language model wrote is supported by the passages it was given, sentence by sentence."""

from __future__ import annotations

import html
import json
import re
import threading
import unicodedata
from collections import OrderedDict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache, lru_cache
from importlib.resources import files
from itertools import combinations
from typing import Literal, Protocol

import numpy as np
from numpy.typing import NDArray

from index import Span, day_of
from qa.carries import CARRY_SIGNALS, Carried, Ground, carries, flat, spelled, weight_of
from qa.citation import Passage
from qa.orders import lies_in_order
from qa.values import dates, listed, quotations
from qa.wording import Reading, read, related, same_meaning

__all__ = ["Checker", "Checking", "Judge", "Support", "Threshold", "says_nothing", "threshold"]

Vectors = NDArray[np.float32]

# Past this a sentence is no sentence, and reading it would take as long as its writer likes.
_LONGEST = 1_000
# Sentences of passages whose vectors are kept.
_KEPT = 512
# Sentences looked at more closely, of those that share words with the claim.
_TRIED = 4
# Texts remembered: a passage's are asked for with each claim.
_REMEMBERED = 4_096
_MOST = 3
_ENOUGH = 0.45
_TOO_FAR = ("what it cites doesn't say this, or not closely enough to be sure",)
_NOTHING = "it says nothing that can be checked"
_DISAGREES = ("the judge doesn't find that it follows from what it cites",)
# The least weight of words for whose sake another sentence is cited.
_ADDS = 0.9

_MARKER = re.compile(
    r"[ \t]?[\[【](?:passages?|sources?|articles?|\^|#|no\.)?\s{0,3}"
    r"(\d{1,4}(?:\s{0,3}(?:,|;|&|and|-|–|†)\s{0,3}\d{1,4}){0,20})\s{0,3}[\]】]",
    re.IGNORECASE,
)
_IMAGE = re.compile(r"!?\[([^\[\]]{0,300})\]\(([^()\s]{0,500})(?:\s[^()]{0,200})?\)")
_TAG = re.compile(r"</?[A-Za-z!][^<>]{0,400}>")
_MARKUP = re.compile(
    r"\*{1,3}|(?<!\w)_{1,3}(?=\w)|(?<=\w)_{1,3}(?!\w)|~~|`{1,3}|^\s{0,8}(?:#{1,6}\s|>\s?|[-*+•]\s|\d{1,2}[.)]\s)"
)
_ADDRESS = re.compile(
    r"(?:https?|ftp|data|javascript|mailto|file):|\bwww\.|\b[\w.+-]{1,64}@[\w-]{1,64}\.\w{2}", re.IGNORECASE
)
_CODE = re.compile(r"\w[^\W\dA-Z]\([\"'\w]{0,60}[\"'\)]|[{}\\|]|==|::|=>|\w\(\)|\w\.\w{1,40}\(|\w=\w|\w\s?=\s?[\"']")
_HOST = re.compile(r"\b[a-z0-9-]{2,63}\.(?:com|org|net|io|ru|cn|xyz|info|example|uk|co)\b(?:/|\b)", re.IGNORECASE)
# What is copied from the form of the prompt, and what says only which passage or day it is.
_FRAME = re.compile(
    r"(?:(?:final |short )?(?:answer|response|reply)|text|title|source|date|passages?|sentence)"
    r"(?:\s{0,2}[\[(]?\d{1,3}[\])]?)?\s?:\s{0,3}|question\s?:[^?]{0,300}(?:\?\s{0,3}|\Z)|(?:the )?answer is:\s{0,3}"
    r"|today is [^.:,]{1,30}(?:[.:,]\s{0,3}|\Z)",
    re.IGNORECASE,
)
_FRAMES = 4
_OF_THE_FORM = re.compile(
    r"(?:the|this|that|these|those|each|every|no|my|your)\s(?:\w+\s){0,2}?"
    r"(?:passages?|questions?|answers?|sentences?|texts?|articles?|prompt|instructions?)\b"
    r"(?:\s(?:\d+|number|title|text|date|source))*\s?(?::"
    r"|\b(?:is|are|was|were|has|have|should|must|will|begins?|ends?)\b)",
    re.IGNORECASE,
)
# With these no sentence ends.
_LEFT_OFF = frozenset(listed("a an the its their our your my every and or nor than"))
_BE = frozenset(listed("is are was were be been am has have"))
_CLAUSE = frozenset(listed("where what who how as than it that which there he she they so nor"))
# A line's end that was lost: "…on the badge A library that lends seeds".
_GLUED = re.compile(r"[a-z]{2} (?:A|An|The|In|On|At|It|He|She|They|There|This) [a-z]{2}")
_QUOTED = re.compile('“[^”]*”|"[^"]*"')
_ENDING = " \t\n.!?…,;:\"'"
_SCRIPTS = ("LATIN", "CYRILLIC", "GREEK", "ARMENIAN", "CHEROKEE")
_WORD = re.compile(r"[^\W\d_]{2,}")

_REPORT = frozenset(
    listed(
        "according to the a an this that report reports reported reporting article articles news"
        " newspaper paper passage"
        " passages source sources text story stories piece information provided given above published"
        " printed dated on in"
        " of by from as said says stated states wrote writes it was is has been had also its own edition"
        " for titled headed"
    )
)
_TELLS = frozenset(
    listed(
        "according report reports reported article articles passage passages text story said says stated"
        " wrote writes published"
    )
)
_ARTICLE = frozenset(listed("article articles passage passages text story report reports according"))
_DENIES = frozenset(listed("no not never nobody none nor neither denies denied deny without wrongly falsely hardly"))
_HEADED = re.compile(
    r"\b(?:article|report|story|passage|text|piece)s? (?:\[?\d+\]? )?"
    r"(?:on|about|titled|entitled|headed|headlined|called)\b",
    re.IGNORECASE,
)
# What tells of the day of an account, before it or behind it.
_AS_OF = re.compile(r"(?:as of|by|in a report of|in its report of)?\s*\Z", re.IGNORECASE)
_DAY_ENDS = re.compile(r"\s?(?:[:,–—]|-\s)\s*")
_WHEN = re.compile(
    r"\b(?:(?:mon|tues|wednes|thurs|fri|satur|sun)day|yesterday|today|tonight|tomorrow|last|ago|morning|week)\b", re.I
)
_ATTRIBUTED = re.compile(
    r"\b(?:that|reported|says|said|wrote|writes|states|stated|reports)\b(?!,)[ ,:]{1,3}|,\s", re.IGNORECASE
)

_SOURCE = re.compile(
    r"\b(?:articles?|passages?|sources?|texts?|excerpts?|context|information|snippets?|documents?|reports?|data)\b",
    re.I,
)
_LACKS = re.compile(
    r"\b(?:do|does|did|can|could)(?: not|n['’]t) (?:\w+ ){0,2}?"
    r"(?:say|mention|tell|state|specif|provid|contain|answer|give"
    r"|includ|indicat|reveal|address|explain|discuss|cover|refer|report|identif|name|disclos|describ)"
    r"|\b(?:cannot|fails? to) (?:\w+ )?(?:say|mention|tell|state|specif|answer|explain)"
    r"|\b(?:contain|provide|give|include|offer)s? (?:no|insufficient|not enough) (?:\w+ )?"
    r"(?:information|mention|answers?|details?|evidence)"
    r"|\b(?:no|none of the|neither) (?:articles?|passages?|sources?|texts?) (?:\w+ )?"
    r"(?:says?|mentions?|tells?|states?|answers?)"
    r"|\b(?:not|n['’]t) (?:\w+ )?(?:say|said|mentioned|stated|specified|given|provided|answered|known|clear)\b"
    r"[^.]{0,40}"
    r"\b(?:articles?|passages?|sources?|texts?|context)\b",
    re.IGNORECASE,
)
_UNKNOWN = re.compile(
    r"\s*(?:(?:i['’]?m |i am )?(?:sorry|afraid)\b|i (?:do not|don['’]t|cannot|can['’]t|could not"
    r"|couldn['’]t|am unable|was unable)\b"
    r"|(?:there is|there's|there’s) (?:no|not enough|insufficient) (?:information|mention|answer"
    r"|evidence|indication|details?)\b"
    r"|(?:it is|it's|it’s) (?:not|un)\s?(?:clear|known|stated|mentioned|specified|possible to)\b"
    r"|(?:this|that|it|the answer) (?:is|was) (?:not|n['’]t) (?:stated|mentioned|specified|given|said"
    r"|known|provided|clear)\b"
    r"|(?:not stated|not mentioned|not specified|unknown|no information|not enough information|no answer)\b)",
    re.I,
)
_SORRY = re.compile(r"\A(?:i['’]?m |i am )?(?:sorry|afraid),? (?:but )?", re.IGNORECASE)
_BUT = re.compile(r"[,;] (?:but|however|though|although|only that)\b|\bhowever,", re.I)


@dataclass(frozen=True, slots=True, kw_only=True)
class Support:
    """Whole sentences of one article, side by side, that carry a claim: those at ``span`` of
    the article of passage number ``passage``, from 0."""

    passage: int
    span: Span


@dataclass(frozen=True, slots=True, kw_only=True)
class Checking:
    """What came of checking one sentence.

    ``text`` is the sentence without its markers, on one line, without Markdown, HTML and
    control characters. ``status`` is "supported" where passages that it cites carry it,
    "corrected" where others do or some that it cites aren't there, else "unsupported".
    ``support`` is empty where it isn't supported. ``reasons`` say in plain words what was found wrong.
    """

    text: str
    status: Literal["supported", "corrected", "unsupported"]
    support: tuple[Support, ...]
    reasons: tuple[str, ...]


class Judge(Protocol):
    """What else must find that words entail a claim: ``qa.entail.Entails``."""

    def entailed(self, premise: str, claim: str) -> bool:
        """Whether ``claim`` follows from ``premise``."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Threshold:
    """A logistic regression over the signals of carrying, the chance from which on a claim is
    supported, and how ``near`` it must be to the words cited, as the cosine of their vectors."""

    of: NDArray[np.float64]
    bias: float
    least: float
    near: float

    def chance(self, signals: Sequence[float]) -> float:
        """The chance that the words cited carry the claim, in (0, 1)."""
        return float(1 / (1 + np.exp(-np.clip(np.asarray(signals) @ self.of + self.bias, -60, 60))))


@cache
def threshold() -> Threshold:
    """The one that comes with Byline, made by ``python -m eval.fit_check``."""
    held = json.loads(files("qa").joinpath("check.json").read_text("utf-8"))
    of = np.array([held["signals"][name] for name in CARRY_SIGNALS])
    return Threshold(of=of, bias=held["bias"], least=held["threshold"], near=held["near"])


class Checker:
    """Checks sentences against passages. Safe to share between threads."""

    def __init__(
        self,
        embed: Callable[[Sequence[str]], Vectors],
        *,
        judge: Judge | None = None,
        least: Threshold | None = None,
    ) -> None:
        """``embed`` gives unit vectors, (n, dimension): ``ArticleIndex.embed``. ``judge`` must
        find a claim entailed too. ``least`` replaces the threshold that comes with Byline."""
        self._embed = embed
        self._judge = judge
        self._least = least or threshold()
        self._vectors: OrderedDict[str, Vectors] = OrderedDict()
        self._turn = threading.Lock()

    def check(self, sentence: str, passages: Sequence[Passage]) -> Checking:
        """Check one sentence as the model wrote it, markers included: [1] is ``passages[0]``.

        Takes any string, in time bounded by the passages'.
        """
        text, markers = _cleaned(sentence)
        reasons = [f"there is no passage [{marker}]" for marker in markers if not 1 <= marker <= len(passages)]
        cited = tuple(dict.fromkeys(marker - 1 for marker in markers if 1 <= marker <= len(passages)))
        unfit = _unfit(text, sentence)
        if unfit:
            return Checking(text=text, status="unsupported", support=(), reasons=(*reasons, unfit))
        found, why = self._search(text, cited, passages) if cited else (None, ())
        if found is not None:
            status: Literal["supported", "corrected"] = "corrected" if reasons else "supported"
            return Checking(text=text, status=status, support=_support(found, passages), reasons=tuple(reasons))
        others = tuple(place for place in range(len(passages)) if place not in cited)
        found, why_not = self._search(text, others, passages)
        if found is None and cited and others:
            found, _ = self._search(text, (*cited, *others), passages)
        if found is None:
            told = tuple(dict.fromkeys((*reasons, *(why or why_not))))
            return Checking(text=text, status="unsupported", support=(), reasons=told)
        if cited:
            reasons += why
        elif not markers:
            reasons.append("it cites nothing")
        return Checking(text=text, status="corrected", support=_support(found, passages), reasons=tuple(reasons))

    def measured(
        self, text: str, passages: Sequence[Passage]
    ) -> tuple[tuple[str, ...], tuple[float, ...], float] | None:
        """The faults, the signals and the nearness of the best sentences for ``text``: what
        thresholds are learned from. None where nothing is like it, or where it stands there
        word for word."""
        best = None
        for claim, places in _claims(text, range(len(passages)), passages):
            grounds = _grounds(places, passages)
            if _verbatim(claim, grounds):
                return None
            for chosen in _choices(read(claim), grounds):
                carried = carries(read(claim), chosen)
                key = (len(carried.faults), -self._least.chance(_row(carried)))
                if best is None or key < best[0]:
                    best = (key, claim, carried)
        return (best[2].faults, _row(best[2]), self._nearness(best[1], best[2])) if best else None

    def _search(
        self, text: str, among: Sequence[int], passages: Sequence[Passage]
    ) -> tuple[Carried | None, tuple[str, ...]]:
        """What carries ``text`` in the passages at ``among``, or why nothing does."""
        why: tuple[str, ...] = ("nothing that it cites says this",)
        fewest = None
        for claim, places in _claims(text, among, passages):
            grounds = _grounds(places, passages)
            if any(not any(found[0] in ground.text for ground in grounds) for found in _HOST.finditer(claim)):
                why = ("it holds an address",)
                continue
            found, told = self._within(claim, grounds)
            if found is not None:
                return found, ()
            if fewest is None or len(told) < fewest:
                fewest, why = len(told), told
        return None, why

    def _within(self, claim: str, grounds: Sequence[Ground]) -> tuple[Carried | None, tuple[str, ...]]:
        """What carries ``claim`` among ``grounds``, or why nothing does."""
        whole = _verbatim(claim, grounds)
        if whole:
            carried = Carried(grounds=whole, faults=(), signals={})
            return (carried, ()) if self._agreed(claim, carried) else (None, _DISAGREES)
        reading = read(claim)
        if not _checkable(reading):
            return None, (_NOTHING,)
        why: tuple[str, ...] = ()
        for chosen in _choices(reading, grounds):
            carried = carries(reading, chosen)
            told = carried.faults
            if not told:
                if not self._near(claim, carried):
                    told = _TOO_FAR
                elif self._agreed(claim, carried):
                    return carried, ()
                else:
                    told = _DISAGREES
            # What speaks against the likeliest sentences tells most.
            if not why or (why == _TOO_FAR and told != why):
                why = told
        return None, why or ("nothing that it cites says this",)

    def _near(self, claim: str, carried: Carried) -> bool:
        # Vectors cost most: where the words are too far off, they aren't made.
        if self._least.chance(_row(carried)) < self._least.least:
            return False
        return self._nearness(claim, carried) >= self._least.near

    def _agreed(self, claim: str, carried: Carried) -> bool:
        if self._judge is None:
            return True
        return self._judge.entailed(" ".join(ground.text for ground in carried.grounds), claim)

    def _nearness(self, claim: str, carried: Carried) -> float:
        """The cosine of the claim's vector with the sum of those of the words cited."""
        cited = [ground.text for ground in carried.grounds]
        wanted = list(dict.fromkeys((claim, *cited)))
        with self._turn:
            vectors = {text: self._vectors[text] for text in wanted if text in self._vectors}
        missing = [text for text in wanted if text not in vectors]
        if missing:
            vectors.update(zip(missing, self._embed(missing), strict=True))
        with self._turn:
            self._vectors.update(vectors)
            while len(self._vectors) > _KEPT:
                self._vectors.popitem(last=False)
        whole = np.sum([vectors[text] for text in cited], axis=0)
        return float(vectors[claim] @ whole / max(float(np.linalg.norm(whole)), 1e-9))


def _row(carried: Carried) -> tuple[float, ...]:
    return tuple(carried.signals[name] for name in CARRY_SIGNALS)


def says_nothing(sentence: str) -> bool:
    """Whether ``sentence`` only says that the articles don't say: "The articles don't say who paid." """
    text = _SORRY.sub("", _cleaned(sentence[:_LONGEST])[0])
    if _BUT.search(text):
        return False
    if _UNKNOWN.match(text):
        return True
    source = _SOURCE.search(text)
    return bool(source and source.start() < 60 and _LACKS.search(text))


# The sentence as it was written.


def _cleaned(sentence: str) -> tuple[str, tuple[int, ...]]:
    """The sentence without markers, Markdown, HTML and control characters, and its markers."""
    text = unicodedata.normalize("NFC", html.unescape(sentence[: 4 * _LONGEST]))
    if not text.isprintable():
        text = "".join(_shown(letter) for letter in text)
    markers: list[int] = []
    for found in _MARKER.finditer(text):
        markers += _numbers(found[1])
    text = _MARKER.sub("", text)
    text = _IMAGE.sub(lambda found: found[1], text)
    text = _TAG.sub("", text)
    text = _MARKUP.sub("", text.strip())
    text = re.sub(r"\s+(?=[.,;:!?](?:\s|\Z))", "", " ".join(text.split()))
    return _unframed(text), tuple(dict.fromkeys(markers))


def _unframed(text: str) -> str:
    """``text`` without the names of the prompt's parts that it begins with: "Answer: "."""
    for _ in range(_FRAMES):
        frame = _FRAME.match(text)
        if not frame:
            break
        text = text[frame.end() :]
    return text


def _shown(letter: str) -> str:
    kind = unicodedata.category(letter)
    if kind in ("Cc", "Zl", "Zp"):
        return " "
    return "" if kind in ("Cf", "Cs", "Co", "Cn") else letter


def _numbers(inside: str) -> Iterator[int]:
    parts = re.split(r"\s*(?:,|;|&|and|†)\s*", inside)
    for part in parts:
        ends = [int(number) for number in re.findall(r"\d+", part)]
        if len(ends) == 2 and ends[0] <= ends[1] <= ends[0] + 20:
            yield from range(ends[0], ends[1] + 1)
        else:
            yield from ends


def _unfit(text: str, sentence: str) -> str:
    """Why a sentence can't be checked at all, "" where it can."""
    if len(sentence) > 4 * _LONGEST or len(text) > _LONGEST:
        return "it is too long to be checked"
    if _ADDRESS.search(text):
        return "it holds an address"
    # The index puts it for what turns the order of letters.
    if "\ufffd" in text:
        return "a letter of it can't be read"
    if _CODE.search(text):
        return "it holds code"
    if _OF_THE_FORM.match(text):
        return _NOTHING
    for word in _WORD.findall(text):
        if not word.isascii() and len({_script(letter) for letter in word} - {""}) > 1:
            return "a word of it mixes letters of two alphabets"
    return ""


def _script(letter: str) -> str:
    name = unicodedata.name(letter, "")
    return next((script for script in _SCRIPTS if name.startswith(script)), "")


def _checkable(claim: Reading) -> bool:
    """Whether a claim says something of the world: not a question, a heading or a bare name."""
    ended = claim.text.rstrip("\"'”’ ")
    if ended.endswith(("?", ":", ",", ";", "–", "—")):
        return False
    words = [token for token in claim.tokens if token.low[0].isalnum()]
    last = words[-1].low if words else ""
    if last in _LEFT_OFF or (last in _BE and not any(word.low in _CLAUSE for word in words[-6:])):
        return False
    days = dates(claim.text)
    content = {
        token.stem
        for token in claim.tokens
        if token.content and not any(day.span.start <= token.start < day.span.end for day in days)
    }
    # "Joan Hale is Joan Hale."
    if content <= {claim.tokens[place].stem for place in claim.named}:
        return False
    if _GLUED.search(_QUOTED.sub("", claim.text)):
        return False
    return len(content) >= 3 or (len(content) == 2 and any(token.verb for token in claim.tokens))


def _claims(text: str, among: Sequence[int], passages: Sequence[Passage]) -> Iterator[tuple[str, tuple[int, ...]]]:
    """The claim to be checked, with the passages it may rest on: what stands before or behind
    it about the article itself ("According to the Gazette,") is true of only some."""
    bare: dict[str, list[int]] = {}
    for place in among:
        bare.setdefault(_unreported(text, passages[place]), []).append(place)
    for claim in sorted(bare, key=len):
        yield claim, tuple(bare[claim])


def _undated(text: str, passage: Passage) -> str:
    """``text`` without the day of publication that stands before it or behind it: "3 May 2025: …"."""
    article = passage.article
    if not article.published:
        return text
    day = day_of(article.published)
    for value in dates(text):
        start, end = value.span.start, value.span.end
        if value.key != ("day", day.year, day.month, day.day):
            continue
        if text[start - 1 : start] == "(" and text[end : end + 1] == ")":
            return f"{text[: start - 1].rstrip()}{text[end + 1 :]}"
        ends = _DAY_ENDS.match(text, end)
        # "On" that day it happened only where the passage tells of no other.
        head = text[:start].rstrip()
        if ends and (_AS_OF.fullmatch(head) or (head.lower() == "on" and not _WHEN.search(passage.text))):
            rest = text[ends.end() :]
            return rest[:1].upper() + rest[1:] if len(rest) > 8 else text
    return text


def _unreported(text: str, passage: Passage) -> str:
    """``text`` without the words that only say in which article, and when, it was reported."""
    text = _undated(text, passage)
    best = 0
    for cut in _ATTRIBUTED.finditer(text, 0, 200):
        if _reports(text[: cut.end()], passage):
            best = cut.end()
    if 0 < best < len(text) - 8:
        text = text[best].upper() + text[best + 1 :]
    at = text.rfind(", ")
    if at > 8 and len(text) - at < 120 and _reports(text[at + 2 :], passage):
        text = f"{text[:at]}."
    return text


def _reports(head: str, passage: Passage) -> bool:
    """Whether ``head`` only says that this passage's article reported something, and when."""
    article = passage.article
    # A year in the headline is no day of publication.
    head = head.replace(article.title, "") if article.title else head
    reading = read(head)
    known = {token.low for token in read(f"{article.source or ''}").tokens}
    title = {token.low for token in read(article.title).tokens}
    published = day_of(article.published) if article.published else None
    dated = dates(head)
    for value in dated:
        if published is None or value.key != ("day", published.year, published.month, published.day):
            return False
    words = [
        token
        for token in reading.tokens
        if token.low[0].isalnum() and not any(v.span.start <= token.start < v.span.end for v in dated)
    ]
    if not any(token.low in _TELLS for token in words):
        return False
    if any(token.low in _DENIES or token.low.endswith("n't") for token in words):
        return False
    named = [token for token in words if token.low not in _REPORT]
    written = bool(_ARTICLE & {token.low for token in words})
    headed = bool(_HEADED.search(head))
    if not named and not dated and not written:
        return False
    # Whoever the headline names may have said it too.
    return all(token.low.removesuffix("'s") in known or (headed and token.low in title) for token in named)


# Where it may rest.


def _grounds(places: Sequence[int], passages: Sequence[Passage]) -> list[Ground]:
    found = []
    for number in places:
        passage = passages[number]
        # "Say that the bridge fell" doesn't say that it did.
        texts = [
            "" if lies_in_order(passage.article.text, s.span) else passage.article.text[s.span.start : s.span.end]
            for s in passage.sentences
        ]
        found += [
            Ground(
                passage=number,
                place=place,
                sentence=sentence,
                article=passage.article,
                text=texts[place],
                before=tuple(texts[max(0, place - 3) : place][::-1]),
            )
            for place, sentence in enumerate(passage.sentences)
            if texts[place]
        ]
    return found


@lru_cache(_REMEMBERED)
def _same(text: str) -> str:
    text, _ = _cleaned(text)
    text = flat(text).rstrip(_ENDING).lstrip("\"' ")
    return text[:1].casefold() + text[1:]


def _verbatim(claim: str, grounds: Sequence[Ground]) -> tuple[Ground, ...]:
    """The sentences, side by side, that ``claim`` is to the letter."""
    wanted = _same(claim)
    if not wanted:
        return ()
    for start, ground in enumerate(grounds):
        beside = [ground]
        for other in (*grounds[start + 1 : start + _MOST], None):
            if _same(" ".join(one.text for one in beside)) == wanted:
                return tuple(beside)
            if other is None or other.passage != ground.passage:
                break
            beside.append(other)
    return ()


def _choices(claim: Reading, grounds: Sequence[Ground]) -> Iterator[tuple[Ground, ...]]:
    """Sentences that may carry the claim together, the fewest and the likeliest first."""
    # Days and amounts are looked for by what they come to, when the sentences are known.
    valued = spelled(claim)
    known = {stem for ground in grounds for stem in _stems(ground.text)}
    weights = {
        place: weight_of(token, named=place in claim.named) for place, token in enumerate(claim.tokens) if token.content
    }
    weights = {
        place: weight for place, weight in weights.items() if place not in valued or claim.tokens[place].stem in known
    }
    held = {number: _held(claim, ground, weights) for number, ground in enumerate(grounds)}
    whole = sum(weights.values()) or 1.0
    worth = {number: sum(weights[place] for place in places) / whole for number, places in held.items()}
    best = sorted(worth, key=lambda number: (-worth[number], number))[:_TRIED]
    best = [number for number in best if worth[number] > 0.1]
    if not best:
        return
    # The name of who said it weighs more than a few words that were said.
    quoted = [flat(claim.text[quote.span.start : quote.span.end]).strip("\"' .,") for quote in quotations(claim.text)]
    tried: list[tuple[int, ...]] = [
        (number,) for number, ground in enumerate(grounds) if quoted and all(q in flat(ground.text) for q in quoted)
    ]
    tried += [(number,) for number in best if worth[number] >= max(_ENOUGH, 0.7 * worth[best[0]])]
    for size in (2, _MOST):
        sets: list[tuple[float, tuple[int, ...]]] = []
        for some in combinations(best, size):
            together = _worth(some, -1, held, weights)
            # Each must add something: the fewest sentences are cited that carry it.
            least = min(together - _worth(some, number, held, weights) for number in some)
            if least >= _ADDS and together >= _ENOUGH * whole:
                sets.append((-together, tuple(sorted(some))))
        tried += [some for _, some in sorted(sets)[:2]]
    for some in tried:
        yield tuple(grounds[number] for number in some)


def _worth(some: Sequence[int], without: int, held: dict[int, frozenset[int]], weights: dict[int, float]) -> float:
    kept = frozenset().union(*(held[number] for number in some if number != without))
    return sum(weights[place] for place in kept)


def _held(claim: Reading, ground: Ground, weights: dict[int, float]) -> frozenset[int]:
    """The places of the claim's words that the sentence has."""
    return frozenset(place for place in weights if _told(claim.tokens[place].stem, ground.text))


@lru_cache(_REMEMBERED)
def _stems(text: str) -> frozenset[str]:
    return frozenset(token.stem for token in read(text).tokens)


# The same few words are asked for in the same few sentences.
@lru_cache(8 * _REMEMBERED)
def _told(word: str, text: str) -> bool:
    """Whether a text has a stem, or one of its family or meaning."""
    stems = _stems(text)
    return word in stems or any(same_meaning(word, other) or related(word, other) for other in stems)


def _support(found: Carried, passages: Sequence[Passage]) -> tuple[Support, ...]:
    """The spans of the sentences found, those side by side as one."""
    wanted: dict[int, set[int]] = {}
    for ground in found.grounds:
        wanted.setdefault(ground.passage, set()).add(ground.place)
    for passage, place in found.leans:
        if place:
            wanted[passage].add(place - 1)
    support: list[Support] = []
    for passage, places in wanted.items():
        sentences = passages[passage].sentences
        for place in sorted(places):
            span = sentences[place].span
            if place - 1 in places:
                support[-1] = Support(passage=passage, span=Span(start=support[-1].span.start, end=span.end))
            else:
                support.append(Support(passage=passage, span=span))
    return tuple(support)
