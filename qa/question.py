"""A question as it will be searched for: checked, and what kind of answer it wants."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from functools import lru_cache
from typing import Literal, TypedDict

from index import Filter, QuestionError, Span
from index.article import clean_line
from index.language import normalise
from qa.values import Value, dates, listed, names, numbers, quotations, scores, words_of

__all__ = [
    "MAX_QUESTION_LENGTH",
    "Limits",
    "Question",
    "Wanted",
    "asks_for_question",
    "check_filter",
    "is_question",
    "is_question_or_heading",
    "understand",
]

MAX_QUESTION_LENGTH = 2_000
"""Code points; more is a text, not a question."""


class Limits(TypedDict, total=False):
    """Which articles may answer; None, or left out, for all.

    ``as_of`` leaves out what was published later and prefers what was new then;
    ``published_from`` and ``published_to`` are days, both included; ``sources`` are names
    as ``Article.source`` has them, ``languages`` codes as ``Article.language`` has them ("en").
    """

    as_of: date | datetime | None
    published_from: date | None
    published_to: date | None
    sources: Sequence[str] | None
    languages: Sequence[str] | None


Wanted = Literal[
    "person",
    "place",
    "thing",
    "number",
    "money",
    "percent",
    "date",
    "duration",
    "reason",
    "quotation",
    "yes_no",
    "list",
    "sequence",
    "open",
]
"""What a question asks for; a thing is a company, team, film or the like, by name."""


_PERSONS = (
    "member|judge|councill?or|minister|mp|senator|president|man|woman|boy|girl|player|actor|actress|singer|star|leader|"
    "author|director|manager|captain|coach|candidate|official|celebrity|artist|writer|scientist|doctor|lawyer|barrister|"
    "officer|reader|head of state|goalkeeper|striker|driver|king|queen|governor|mayor|pundit|lawmaker|politician|"
    "skipper|engineer|resident|witness|person|founder|chairman|chairwoman|billionaire|athlete|presenter|host|relative"
)
_PLACES = (
    "city|country|nation|town|state|continent|place|village|county|region|island|street|river|stadium|venue|building|"
    "area|district|province|park|museum|airport|port|suburb|location|neighbou?rhood"
)
_THINGS = (
    "company|firm|team|club|film|movie|show|book|song|band|party|group|school|university|airline|product|brand|newspaper|"
    "ship|union|charity|organi[sz]ation|award|prize|holiday"
)
_FIGURES = (
    "number|score|total|population|toll|attendance|figure|temperature|height|length|width|depth|magnitude|turnout|amount|"
    "size|speed|weight|count|margin|majority"
)
_AMOUNT = "cost|price|value|fee|salary|fine|budget|bill|rent|wage|prize|bid|debt|profit|loss|sum|deposit|refund"
_MONEY_VERB = (
    r"costs?|pay|paid|pays|spend|spent|worth|raised?|fined?|fee|price[ds]?|salary|money|earn(?:ed|s)?|prize|budget|bill|"
    r"charge[ds]?|owed?|donated?|given|stolen|stole|sold|sell|buy|bought|rent|debt|loan|forgiveness|funding|grant|aid"
    r"|sav(?:e[ds]?|ing)|invest(?:ed)?|borrow(?:ed)?|embezzled?|refund(?:ed)?"
)
_STUFF = (
    "oil|water|rain|snow|ice|land|ground|fuel|gas|petrol|food|grain|wheat|waste|sewage|rubbish|rubble|forest|woodland|wood"
    "|coal|steel|concrete|plastic|sand|soil|mud|carbon|milk|wine|beer|gold|silver|weight|space"
)
_AUXILIARY = "is|was|are|were|will|does|did|do|has|have|had|would|should"
_SAY = (
    r"say|said|think|tell|told|call|called|describe|described|claim|claimed|promise|add|reply|replied|warn|warned|write"
    r"|wrote|make of|respond(?:ed)?|react(?:ed)?|comment(?:ed)?|announce|argue|accuse|admit|deny"
    r"|complain|thank|explain|justify|defend|advise|suggest|urge|expect"
)
_FORMS: tuple[tuple[Wanted, str], ...] = (
    ("sequence", r"\bwhat (?:has |have |had )?(?:happened|been happening|went on|took place)\b"),
    ("sequence", r"\bhow (?:did|has|have) (?:.{3,60}) (?:develop|unfold|evolve|progress|play out|go on)(?:ed)?\b"),
    ("sequence", r"\b(?:timeline|chronology|course of events|sequence of events)\b"),
    (
        "reason",
        r"\b(?:why|how come|for what reason)\b|\bwhat (?:(?:was|is|were|are) the )?(?:\w+ )?(?:reason|cause|excuse)",
    ),
    ("reason", r"\bwhat (?:(?:has|have|had) )?(?:caused?|made|prompted|led to|allowed|forced|drove|triggered)\b"),
    ("quotation", rf"\b(?:what|how) (?:did|does|do|has|have|had) (?P<by>.+?) (?:have to )?(?:{_SAY})\b"),
    (
        "quotation",
        r"\bwhat (?:was|were|is) (?P<by>.+?)(?:['’]s?) (?:\w+ )?(?:words|reaction|response|comment|reply|verdict)",
    ),
    ("duration", r"\bhow (?:many (?:more )?(?:seconds|minutes|hours|days|weeks|months|years|decades)|much longer)\b"),
    ("number", r"\bhow old\b|\bwhat age\b|\bat what age\b"),
    ("number", r"\b(?:how many|number of|how (?:often|frequently)|how many times)\b"),
    ("percent", r"\b(?:(?:what|which) (?:percentage|per ?cent|share|proportion|fraction)|how many per ?cent)\b"),
    ("money", rf"\bhow much\b.*\b(?:{_MONEY_VERB})\b"),
    ("money", rf"\bwhat (?:(?:is|was|were|are|will|would)(?: be)? )?(?:\w+ ){{0,4}}(?:{_AMOUNT})s?\b"),
    ("money", r"\bwhat (?:did|does|do|will|would) .*\bcost\b|\bwhat (?:was|were|is|are) .*\bpaid\b"),
    (
        "number",
        r"\bwhat (?:did|does|do) .*\b(?:come|amount|add up) to\b|\bhow much .*\b(?:increase|ris|fall|drop|grow)",
    ),
    ("number", rf"\bhow much (?:of|{_STUFF})\b"),
    ("money", rf"\bhow much (?:(?:more|less|money|in total|a (?:year|month|week|day|head)) )?(?:{_AUXILIARY})\b"),
    (
        "number",
        r"\bhow (?:much|far|tall|big|large|high|wide|deep|hot|cold|warm|heavy|fast|strong|loud|thick|close|full)\b",
    ),
    ("date", r"\bhow soon\b"),
    ("duration", r"\bhow (?:long|quickly)\b"),
    (
        "number",
        rf"\bwhat (?:(?:was|is|were|are|did) (?:the )?)?(?:\w+ ){{0,2}}(?:{_FIGURES})\b",
    ),
    ("date", r"\b(?:when|(?:what|which) (?:day|date|year|month|time|week|weekday|season)|how long ago|until when)\b"),
    ("list", r"\bwho (?:all|else|are|were)\b|\bname (?:the|all|every|some|\w+ of the)\b|\blist (?:the|all|every)\b"),
    ("person", r"\b(?:who|whom|whose)\b|\bwhat(?: is|['’]s| was) (?:his|her) name\b"),
    ("place", r"\b(?:where|whereabouts)\b"),
    ("person", rf"\b(?:which|what) (?:[\w’'-]+ ){{0,4}}?(?:{_PERSONS})s?\b"),
    ("place", rf"\b(?:which|what) (?:[\w’'-]+ ){{0,3}}?(?:{_PLACES})s?\b"),
    ("person", r"\bwhich (?-i:[A-Z][\w’'-]+) (?:was|is|did|does|has|had|[a-z]+ed)\b"),
    ("thing", r"\bwhich\b|\bwhat (?:is|was|are|were) (?:.*)\b(?:called|named|the name|its name)\b"),
    (
        "thing",
        rf"\bwhat (?:\w+ ){{0,2}}?(?:{_THINGS})\b",
    ),
)
_WANTED = tuple((kind, re.compile(form, re.I)) for kind, form in _FORMS)
_YES_NO = re.compile(
    r"(?:(?:and|but|so|then|well),? )?(?:is|are|was|were|do|does|did|has|have|had|can|could|will|would|should|may|might"
    r"|must|isn['’]t|aren['’]t|wasn['’]t|didn['’]t|hasn['’]t|haven['’]t|won['’]t|can['’]t) ",
    re.I,
)
# "Which councillors voted", "what are the charges": more than one is asked for.
_MANY = re.compile(
    r"\b(?:(?:which|what) (?:other |of the )?(?:[\w’'-]+ ){0,2}?(?:\w{2,}[^\Wsui]s|people|men|women|children)"
    r" (?:are|were|have|do|did|will|would|can|could|took|won|lost|made|came|left|backed|said|[a-z]+ed)"
    r"|what (?:are|were) (?:the |all the |some of the )?(?:[\w’'-]+ ){0,3}?\w{2,}[^\Wsui]s)\b",
    re.I,
)
_COUNTED = re.compile(
    r"\bhow many (?:(?:more|other|of the|of) )?((?:[\w’'-]+ ?){1,4})|\bnumber of ((?:[\w’'-]+ ?){1,3})", re.I
)
_UNIT_ASKED = (
    ("age", re.compile(r"\b(?:how old|age)\b", re.I)),
    ("temperature", re.compile(r"\b(?:how (?:hot|cold|warm)|temperature)\b", re.I)),
    (
        "length",
        re.compile(r"\bhow (?:far|tall|high|wide|deep|thick|close)\b|\b(?:height|length|width|depth|distance)\b", re.I),
    ),
    ("weight", re.compile(r"\b(?:how heavy|weigh|weight)\b", re.I)),
    ("extent", re.compile(rf"\bhow much (?:of|{_STUFF})\b", re.I)),
    ("speed", re.compile(r"\b(?:how fast|speed)\b", re.I)),
)
_SAID = r"said|says|told|added|according to|announced|reported|claimed|argued|warned|wrote|explained|insisted|admitted"
_WHO_SAID = re.compile(
    r"\bwho\b.{0,30}\b(?:sa(?:id|ys)|told|claim|call|describ|announc|warn|complain|accus|think|thought|wrote|argu)",
    re.I,
)
# A day that only dates the news itself: "the council heard on Tuesday night".
_REPORTED_ON = re.compile(
    r"\b(?:said|told|heard|announced|reported|decided|confirmed|revealed|published|statement|released|asked|agreed)\b"
    r"(?: [\w’'-]+){0,3}? (?:on |in |at |late |early )*(?:a statement (?:on )?)?$",
    re.I,
)
_REPORTER_BEFORE = re.compile(rf"\b(?:{_SAID})(?: by)? (?:the |a |an )?(?:[\w’'-]+ ){{0,3}}$", re.I)
_REPORTER_AFTER = re.compile(rf"(?:[’']s \w+)?(?:,[^,]{{3,80}},)? (?:also |has |had )?(?:{_SAID})\b", re.I)
_AHEAD_ASKED = re.compile(
    r"\b(?:will|due|supposed|going to|expected|scheduled|should|next|set to|begin|start|open|soon|available)\b",
    re.I,
)
_AHEAD = re.compile(
    r"\b(?:will|due|expected|scheduled|should|set to|to be|is to|are to|by|until|from|next|later this|plans?|would"
    r"|could|deadline|tomorrow|begins|starts|opens)\b",
    re.I,
)
_BECAUSE = re.compile(
    r"\b(?:because|due to|owing to|thanks to|as a result|caused|causes|blamed?|so that|so as to|in order to|reasons?"
    r"|since|after|led to|prompted|meant that|following|amid|over (?:fears|concerns|claims)|for fear|stemmed)\b",
    re.I,
)
_WHY = re.compile(
    r"\b(?:because|due to|owing to|thanks to|as a result of|caused by|blamed?|so that|in order to|reasons?)\b", re.I
)
_ORGANISED = frozenset(
    listed(
        "council group club university street road court fund hall company works service party union committee"
        " ltd plc inc corporation trust school college hospital station church park square united city town rovers"
        " athletic league cup division office ministry department agency museum bank association board house"
        " senate congress parliament police herald gazette times post news wire guardian lane row avenue bridge"
        " river strand quay beach sands island airport centre center authority commission federation society"
        " institute"
    )
)
_ORGANISED_ONLY = frozenset(
    listed(
        "council group club service party union committee ltd plc inc corporation trust ministry department"
        " agency board association police herald gazette times authority commission federation society university"
        " league division"
    )
)
_PLACED = re.compile(
    r"\b(?:in|at|to|from|near|on|outside|around|across|through|off|into|towards?)\s+(?:the )?(?:\w+ )?$"
)
_STOP = frozenset(
    listed(
        "a an the of in on at to for from by with and or but is are was were be been being do does did has have"
        " had will would can could should may might must who whom whose what which when where why how many much"
        " long that this these those it its he she they his her their him them there as so if than then into about"
        " over after before any all some more most not no s"
    )
)
# In lower case, or at the beginning: a number word with a capital elsewhere is part of a name.
_NUMBER_WORDS = (
    "one|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|thirteen|fourteen|fifteen|sixteen|seventeen|eighteen"
    "|nineteen|twenty|thirty|forty|fifty|sixty|seventy|eighty|ninety|dozen|hundred|thousand|million|billion|half"
)
_NUMBER = re.compile(rf"\d|\b(?:{_NUMBER_WORDS})\b|^(?:{_NUMBER_WORDS.title()})\b")
_DATE = re.compile(
    r"\b(?:[12]\d{3}|January|February|March|April|May|June|July|August|September|October|November|December|"
    r"Monday|Tuesday|Wednesday|Thursday|Friday|Saturday|Sunday|yesterday|today|tonight|tomorrow|century|ago"
    r"|(?:last|next|this) (?:week|month|year|spring|summer|autumn|winter)|noon|midnight)\b|\d[ap]m\b"
)
# A capital that doesn't merely begin a sentence or a quotation.
_NAME = re.compile(r"(?<=[\w,;:’'] )[A-Z][\w’'-]+|^[A-Z][\w’'-]+ [A-Z][\w’'-]+")
_QUOTE = re.compile(r"[“”\"«»]|(?<!\w)‘")
_TIME_UNIT = re.compile(r"\b(?:second|minute|hour|day|night|week|fortnight|month|year|decade)s?\b")
_ENDS = re.compile(r"[.!…。！।][\"'”’»)\]]*(?:\s*\[\d+\])*\s*$|[\"”»]\s*$")
_ASKS = re.compile(r"[?？؟⁇][\"'”’»)\]]*\s*$")
_ASKED_FOR = re.compile(r"\b(?:questions?|asks?|asked|wonder(?:ed)?)\b", re.I)
_HEADING = 12
_WH = re.compile(r"\b(?:who|whom|whose|what|which|when|where|why|how)\b", re.I)
_MEASURING = ("number", "duration")
# Opposites that a newspaper counts side by side.
_OPPOSITES = tuple(
    (re.compile(rf"\b(?:{one})\b", re.I), re.compile(rf"\b(?:{other})\b", re.I))
    for one, other in (
        (r"killed|dead|die[ds]?|dying|deaths?|fatalities|lives", r"injur\w+|hurt|wounded|missing|rescued|survivors?"),
        (
            r"keep\w*|kept|sav(?:ed|es|ing)|surviv\w+|remain\w*|created?|new jobs",
            r"los[est]\w*|loss(?:es)?|to go|axed?|redundan\w+|cut",
        ),
        (
            r"(?:vot(?:e[ds]?|ing)|were) for|favou?r|back(?:ed|ing)|support(?:ed|ing)?|approv\w+",
            r"against|oppos\w+|reject\w+",
        ),
        (r"w[io]n|winn\w+|wins|victor\w+|beat(?:en)?", r"los[est]\w*|loss|defeat\w*"),
        (r"arrested|charged|convicted", r"released|acquitted|cleared"),
        (r"bought|buy\w*|paid|pay\w*|spen[dt]\w*|cost\w*", r"sold|sell\w*|earn\w*|rais(?:e|ed|es|ing)"),
    )
)
_NEAR = 60
# Characters before a number in which a sentence says what it counts.
_BEFORE = 120
_MOST_FOUND = 40


# "Who is the captain of the team?", "What is the name of Bo's wife?", "Which prison was he sent to?"
_IS_WHAT = re.compile(
    r"\b(?:who|what) (?:is|was|are|were|became|will be) (?:(?:the |an? )?name of (?:the )?|(?:the|an?) (?!name of)"
    r"|(?=(?:[\w-]+ ){0,3}[\w-]+['’]s? ))(?P<phrase>[^?,.;:]+)",
    re.I,
)
_WHICH_WHAT = re.compile(
    rf"\b(?:which|what) (?!(?:{_AUXILIARY}|can|could)\b)(?P<phrase>(?:[\w’'-]+ ){{0,2}}?[\w’'-]+)"
    rf" (?:{_AUXILIARY}|can|could|\w{{3,}}ed|won|built|made|took|bought|sold|left|led|held|wrote|said)\b",
    re.I,
)
_NOUN_ENDS = re.compile(
    r" (?:of|in|at|for|to|from|on|with|when|who|that|which|by|during|after|before|about|between|and|or|is|was|are|were"
    r"|did|does|will|has|had|have)\b",
    re.I,
)
_VAGUE = frozenset(
    listed(
        "name names kind kinds type types sort sorts number day days date dates year years month months week"
        " weeks time way thing things part parts reason reasons percentage percent amount age total others other"
        " one ones people person man woman place country city town state area region company group team"
        " organization organisation term word words being going his her its their there it he she they this that"
        " these those not called known century like made done used considered located said so now then has had job"
        " post position role profession occupation trade height length width size speed weight depth distance"
        " temperature margin mistake error problem trouble excuse explanation answer reply response reaction"
        " welcome change difference topic subject issue theme continent celebrity star holiday event incident"
        " charge head result results outcome effect effects impact consequence consequences purpose aim goal plan"
        " idea view opinion stance feature features characteristic example examples measure step action decision"
        " move weapon method nationality religion language gender colour color nickname figure fact detail"
        " information news story source origin background status condition level rate range series field club"
        " party band firm film movie book song show latest cause causes factor factors advantage disadvantage"
        " significance importance meaning definition limit item items object objects share proportion fraction"
        " score majority lead deal matter point points message title price tag cost fee value bill sum budget toll"
        " nation village county district province location site spot address body institution agency department"
        " events deadline men women persons individuals folk someone anybody"
    )
)
_IS = re.compile(r"\b(what|who|where|when|how|which|that|it|there)['’]s\b", re.I)
_CROWD_ASKED = re.compile(r"\bwhat\b.*\b(?:attendance|crowd|audience|death toll)\b", re.I)
# A noun's own letters, where another's end in them.
_COMPOUND = 4
_IS_LONG = re.compile(r"\bhow long (?:is|are|was|were) (?!it going|the (?:wait|sentence|film|ban|term))", re.I)
# "Marrowby council" is no person.
_OF_PLACE = tuple(
    f"{s} {w}" for s in ("", "'s", "’s") for w in ("council", "club", "police", "court", "harbour", "university")
)
_PAST_ASKED = re.compile(r"\b(?:when|day|date|year|month|time) (?:did|was|were|had)\b", re.I)
_CLOCK_ASKED = re.compile(r"\b(?:what|which) time\b(?! of (?:the )?year)|\bwhat hour\b", re.I)
_MARGIN_ASKED = re.compile(r"\b(?:margin|majority)\b|\bby how (?:many|much)\b|\bby\W*$", re.I)
_WON_BY = frozenset({"votes", "points", "goals", "runs", "seats"})
_MARGIN = re.compile(r"\b(?:by|margin|majority|lead)(?: (?:of|just|only|about|was|is|a|an|mere))* $", re.I)
_SIZE_ASKED = re.compile(r"\b(?:big|large|size|strong|measure|amount)\b", re.I)
_EXTENTS = frozenset({"area", "volume", "weight", "length"})
_YEAR_ASKED = re.compile(r"\b(?:what|which) year\b", re.I)
_STILL_AHEAD = re.compile(r"\b(?:will|due|expected|scheduled|is to|are to|until|next)\b", re.I)
_SCORE_ASKED = re.compile(r"\b(?:score|result)\b(?! of the (?:vote|ballot|election|poll))", re.I)
_NO_SPEAKER = re.compile(r"(?:he|she|they|it|we|you|i|articles?|papers?|newspapers?|press|media|stor(?:y|ies))", re.I)
_ATTENDANCE = re.compile(r"\b(?:attendance|crowd|turnout|audience|gate) (?:was|of|at|reached)\b[^,.;]*$")


def _counts_one(heads: Iterable[str], own: Iterable[str], words: Iterable[str]) -> bool:
    """Whether a word is one of the nouns ``heads``, or ends in one of ``own``: "seabirds" are birds."""
    long = tuple(head for head in own if len(head) >= _COMPOUND)
    stems = {_stem(word) for word in words}
    return not stems.isdisjoint(heads) or any(stem.endswith(long) for stem in stems)


def _stem(word: str) -> str:
    """A crude stem: enough to match "votes" with "vote" and "saved" with "save"."""
    for ending, put in (("ies", "y"), ("sses", "ss"), ("ing", ""), ("ed", ""), ("es", ""), ("s", ""), ("e", "")):
        if word.endswith(ending) and len(word) - len(ending) >= 3 and not (ending == "s" and word.endswith("ss")):
            return word[: -len(ending)] + put
    return word


# Nouns that newspapers count one and the same thing by.
_COUNTED_ALIKE = tuple(
    frozenset(_stem(form) for word in listed(words) for form in (word, f"{word}s"))
    for words in (
        "home house household property properties dwelling building",
        "job post position role worker employee staff redundancies",
        "pupil student schoolchildren child children",
        "thing item piece object artefact article work",
        "car vehicle",
        "vote ballot",
        "shop store",
        "soldier troop",
        "migrant refugee",
        "bird seabird fowl",
    )
)
_STAFF = _COUNTED_ALIKE[1]
_EMPLOYS = re.compile(
    r"\b(?:employ\w*|hir(?:e|es|ed|ing)|recruit\w*|tak(?:e|es|ing|en) on|(?:workforce|staff) (?:of|to))\b[^,.;]{0,25}$",
    re.I,
)
# Words that ask for people of any kind, and the kinds that newspapers count.
_CROWD = frozenset(
    map(_stem, listed("people person persons men women fans supporters spectators travellers visitors victims"))
)
_PEOPLE = _CROWD | frozenset(
    map(
        _stem,
        listed(
            "man woman children residents protesters protestors marchers demonstrators guests customers passengers"
            " villagers runners worshippers mourners workers soldiers civilians volunteers helpers fishermen crew"
            " miners tourists holidaymakers migrants patients pupils students others suspects hostages prisoners"
            " members travelers commuters survivors"
        ),
    )
)
_DEAD = frozenset(map(_stem, listed("dead death died die kill fatality drown live body toll")))
# What tells a number or a sum without one.
_IN_WORDS = {
    "money": re.compile(r"\b(?:free(?: of charge)?|nothing|no (?:fee|charge|cost|money))\b", re.I),
    "percent": re.compile(r"\b(?:none|half|halves|thirds?|quarters?|fifths?|tenths?|all of|most of)\b", re.I),
    "number": re.compile(
        r"\b(?:none|nobody|no one|no-one|zero|once|twice|dozens|scores|hundreds|thousands|millions|billions|half"
        r"|doubled?|tripled?|daily|nightly|weekly|monthly|yearly|hourly|annually|every \w+"
        r"|no \w+ (?:was|were|had|has|have|is|are))\b",
        re.I,
    ),
}
_NUMBER_OF = re.compile(r"\b(?:number|total|count|tally|toll)\b")
# "All 33 councillors" is how many there are, and not how many did it.
_ALL_OF = re.compile(r"\ball (?:of )?(?:the )?$")
_MANY_VALUES = 2
_COMMA = 25


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """A question as it will be searched for.

    ``wants`` is the kind of answer asked for; ``value`` the kind of value that it holds
    where that says more (a list of persons). ``speaker`` is whose words are asked for,
    ``counted`` the words for what is counted ("councillors"), ``unit`` what is measured,
    ``noun`` what the answer is to be ("captain", of "who is the team's captain?").
    """

    text: str
    wants: Wanted
    value: Wanted
    speaker: str | None = None
    counted: tuple[str, ...] = ()
    unit: str = ""
    noun: str = ""

    def is_met_by(self, sentence: str) -> bool:
        """Whether ``sentence`` seems to have something of the kind wanted; quick, for ranking."""
        kind = self.value
        if kind in ("number", "money", "percent"):
            return bool(_NUMBER.search(sentence))
        if kind == "duration":
            return bool(_NUMBER.search(sentence) and (_TIME_UNIT.search(sentence) or _IS_LONG.search(self.text)))
        if kind == "date":
            return bool(_DATE.search(sentence))
        if kind in ("person", "place", "thing"):
            asked = self.text.lower()
            return any(found.lower() not in asked for found in _NAME.findall(sentence))
        if kind == "reason":
            return bool(_BECAUSE.search(sentence))
        if kind == "quotation":
            return bool(_QUOTE.search(sentence))
        return False

    def fit(self, sentence: str) -> float:
        """How well ``sentence`` holds what is wanted: 0 not at all, 0.5 something of the
        kind, 1 something that looks like the very thing (the count of what is counted, a
        person who isn't merely the one reporting, a day that isn't merely the day of the news)."""
        if self.value == "reason":
            return 1.0 if _WHY.search(sentence) else 0.5 * self.is_met_by(sentence)
        best = max((strength for strength, _ in self._graded(sentence)), default=0.0)
        if not best or best == 1.0:
            return best
        # Who says what it was before, or wasn't, speaks of the very thing: "60 and not the 70
        # announced"; but not where the opposite is counted, as jobs kept for jobs lost.
        former = self.former(sentence)
        return 1.0 if former and not any(self._contrary(sentence, value) for value in former) else best

    def gives_figure(self, sentence: str) -> bool:
        """Whether ``sentence`` may give a number of what is asked for, in whatever form: "nobody",
        "hundreds", "daily"; any may where no number, sum or share is asked for."""
        if self.value not in _IN_WORDS or self.fit(sentence):
            return True
        if self.unit:
            return False
        if _SCORE_ASKED.search(self.text):
            return bool(numbers(sentence))
        return bool(_IN_WORDS[self.value].search(sentence))

    def pinned(self, sentence: str) -> tuple[Span, ...]:
        """Where in ``sentence`` stand the words that answer: of the kind wanted, not in the
        question, and the best of their kind in the sentence; in order, not overlapping."""
        return tuple(value.span for value in self.values(sentence))

    def values(self, sentence: str) -> tuple[Value, ...]:
        """What :meth:`pinned` points at, with what each value comes to."""
        graded = self._graded(sentence)
        best = max((strength for strength, _ in graded), default=0.0)
        kept = [value for strength, value in graded if strength == best]
        if len(kept) > 1 and kept[0].kind not in ("name", "quotation"):
            kept = self._nearest(sentence, kept)
        return tuple(sorted(kept, key=lambda value: value.span.start))

    def former(self, sentence: str) -> tuple[Value, ...]:
        """The values of the kind wanted that ``sentence`` says held before, or were wrong."""
        return tuple(value for value in self._found(sentence) if value.former and self._strength(sentence, value))

    def _found(self, sentence: str) -> list[Value]:
        kind = self.value
        if kind == "number" and _SCORE_ASKED.search(self.text):
            return scores(sentence)
        if kind in ("number", "money", "percent", "duration"):
            if not _NUMBER.search(sentence):
                return []
            return list(numbers(sentence))
        if kind == "date":
            return list(dates(sentence))
        if kind in ("person", "place", "thing"):
            quoted = quotations(sentence) if kind == "thing" else []
            spans = [value.span for value in quoted]
            # What is named in quotation marks is one name.
            return [
                *(v for v in names(sentence) if not any(s.start < v.span.end and v.span.start < s.end for s in spans)),
                *quoted,
            ]
        return quotations(sentence) if kind == "quotation" else []

    def _graded(self, sentence: str) -> list[tuple[float, Value]]:
        asked = _asked_words(self.text)
        graded: list[tuple[float, Value]] = []
        found = self._found(sentence)
        # A table, or worse: none of so many is what a reader would be told.
        if len(found) > _MOST_FOUND:
            return graded
        for value in found:
            if value.former or value.change:
                continue
            shown = words_of(sentence[value.span.start : value.span.end])
            if shown and asked.issuperset(shown):
                continue
            strength = self._strength(sentence, value)
            if strength > 0.5 and value.kind not in ("name", "quotation") and self._contrary(sentence, value):
                strength = 0.5
            if strength:
                graded.append((strength, value))
        return graded

    def _strength(self, sentence: str, value: Value) -> float:
        kind = self.value
        if kind in ("money", "percent"):
            return 1.0 if value.kind == kind else 0.0
        if kind == "duration":
            if value.unit == "time" or (self.unit and value.unit == self.unit):
                return 1.0
            # "How long is the bridge?": a length is as long.
            return 1.0 if value.unit == "length" and _IS_LONG.search(self.text) else 0.0
        if kind == "number":
            return self._counts(sentence, value)
        if kind == "date":
            return self._dates(sentence, value)
        if kind == "person":
            return self._names_person(sentence, value)
        if kind == "place":
            if _ORGANISED_ONLY.intersection(str(part) for part in value.key):
                return 0.5
            return 1.0 if _PLACED.search(sentence[max(0, value.span.start - 40) : value.span.start]) else 0.5
        if kind == "thing":
            return 0.5 if value.kind == "quotation" and len(value.key) > 6 else 1.0
        return 1.0

    def _contrary(self, sentence: str, value: Value) -> bool:
        """Whether the words around a number say the opposite of what is asked: hurt, not killed."""
        asked = _sides(self.text)
        if not asked:
            return False
        near = sentence[max(0, value.span.start - _NEAR) : value.span.end + _NEAR]
        found = _sides(near) or _sides(sentence)
        return any((place, not side) in found and (place, side) not in found for place, side in asked)

    def _counts(self, sentence: str, value: Value) -> float:
        if value.kind == "score":
            return 1.0
        if self.unit == "extent":
            return 1.0 if value.kind == "percent" or value.unit in _EXTENTS else 0.0
        if self.unit:
            return 1.0 if value.unit == self.unit else 0.0
        if _MARGIN_ASKED.search(self.text):
            near = sentence[max(0, value.span.start - 30) : value.span.start]
            return 1.0 if value.kind == "number" and _MARGIN.search(near) else 0.5
        if not self.counted:
            plain = value.kind == "number" and not value.unit
            return 1.0 if plain or _SIZE_ASKED.search(self.text) else 0.5
        if value.kind != "number" or value.unit:
            return 0.0
        before = sentence[max(0, value.span.start - _BEFORE) : value.span.start]
        after = words_of(re.split(r"[,.;:()]", sentence[value.span.end : value.span.end + 60])[0])
        if value.key[-1] == 1.0 and (after[:1] == ("of",) or not self._is_of_counted(before, after)):
            return 0.0
        if _ALL_OF.search(before) or (before.endswith("by ") and _WON_BY.intersection(self.counted)):
            return 0.5
        return 1.0 if self._is_of_counted(before, after) else 0.5

    def _is_of_counted(self, before: str, after: Sequence[str]) -> bool:
        """Whether the words around a number say that it counts what is asked about."""
        own = {_stem(word) for word in self.counted}
        heads = own.union(*(alike for alike in _COUNTED_ALIKE if own & alike))
        if own & _CROWD:
            if _ATTENDANCE.search(before):
                return True
            heads |= _PEOPLE
            if _DEAD.intersection(map(_stem, words_of(self.text))):
                heads |= _DEAD
        if _counts_one(heads, own, after[:4]) or (heads & _STAFF and _EMPLOYS.search(before)):
            return True
        return bool(_NUMBER_OF.search(before)) and _counts_one(heads, own, words_of(before))

    def _dates(self, sentence: str, value: Value) -> float:
        if _CLOCK_ASKED.search(self.text):
            return 1.0 if value.kind == "clock" else 0.0
        if value.kind == "clock":
            return 0.5
        if _REPORTED_ON.search(sentence[max(0, value.span.start - 80) : value.span.start]) or sentence[
            value.span.end :
        ].startswith(("'s ", "’s ")):
            return 0.5
        if _YEAR_ASKED.search(self.text) and not any(isinstance(part, int) and part > 1_000 for part in value.key):
            return 0.5
        near = sentence[max(0, value.span.start - 90) : value.span.end]
        if _PAST_ASKED.search(self.text):
            return 0.5 if _STILL_AHEAD.search(near) else 1.0
        if _AHEAD_ASKED.search(self.text):
            return 1.0 if _AHEAD.search(near) else 0.5
        return 1.0

    def _names_person(self, sentence: str, value: Value) -> float:
        if _ORGANISED.intersection(str(part) for part in value.key):
            return 0.0
        reports = bool(
            _REPORTER_BEFORE.search(sentence[max(0, value.span.start - 80) : value.span.start])
            or _REPORTER_AFTER.match(sentence, value.span.end)
        )
        if sentence[value.span.end :].startswith(_OF_PLACE):
            return 0.0
        if _WHO_SAID.search(self.text):
            return 1.0 if reports else 0.5
        alone = len(value.key) == 1 and value.span.end - value.span.start == len(str(value.key[0]))
        return 0.5 if reports or alone else 1.0

    def _nearest(self, sentence: str, values: Sequence[Value]) -> list[Value]:
        """Of several numbers or dates, the one next to the words that the sentence shares with the question."""
        asked = {_stem(word) for word in words_of(self.text)} - _STOP
        shared = [m.span() for m in re.finditer(r"[^\W_]+", sentence) if _stem(m[0].casefold()) in asked]
        if not shared:
            return list(values) if len(values) <= _MANY_VALUES else []

        def distance(value: Value) -> int:
            start, end = value.span.start, value.span.end
            gaps = ((last, start) if first < start else (end, first) for first, last in shared)
            # What a comma parts belongs less together.
            return min(max(b - a, 0) + _COMMA * bool(re.search("[,;:]", sentence[a:b])) for a, b in gaps)

        return [min(values, key=distance)]


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
    asking = _IS.sub(r"\1 is", _asking(text))
    main = _main_word(asking)
    found = next(
        (
            (kind, m)
            for kind, form in _WANTED
            for m in form.finditer(asking)
            if m.start() <= main < m.end() or not _WH.search(m[0])
        ),
        None,
    )
    wants: Wanted = "yes_no" if _YES_NO.match(asking) else "open"
    speaker = None
    if found and (wants != "yes_no" or found[0] == "list"):
        wants = found[0]
        speaker = _speaker(found[1].groupdict().get("by"))
        if wants == "quotation" and speaker is None:
            wants = "open"
    value = wants
    if wants in ("person", "place", "thing", "open") and _MANY.search(asking):
        value, wants = ("thing" if wants == "open" else wants), "list"
    elif wants == "list":
        value = "person" if re.search(r"\bwho\b", asking, re.I) else "thing"
    counted = _COUNTED.search(asking) if wants == "number" else None
    crowd = ("people",) if wants == "number" and _CROWD_ASKED.search(asking) else ()
    heads = _head(counted[1] or counted[2]) if counted else crowd
    return Question(
        text=text,
        wants=wants,
        value=value,
        speaker=speaker,
        counted=heads,
        noun=_noun(asking) or _of_many(heads),
        unit=next((unit for unit, form in _UNIT_ASKED if form.search(asking)), "")
        if value in _MEASURING and not counted
        else "",
    )


def is_question(sentence: str) -> bool:
    """Whether ``sentence`` asks: it ends with a question mark, of whatever script."""
    return bool(_ASKS.search(sentence))


def is_question_or_heading(sentence: str) -> bool:
    """Whether ``sentence`` asks, or stands over a text as its heading, and so says nothing."""
    if is_question(sentence) or sentence.rstrip().endswith(":"):
        return True
    return not _ENDS.search(sentence) and len(sentence.split()) <= _HEADING


def asks_for_question(question: Question) -> bool:
    """Whether the answer may itself be a question ("What did the panel ask?")."""
    return bool(_ASKED_FOR.search(question.text))


def _asking(text: str) -> str:
    """The sentence of ``text`` that asks: the last that ends with a question mark, else the whole."""
    sentences = re.split(r"(?<=[.!?])\s+(?=[A-Z“\"])", text)
    asking = [sentence for sentence in sentences if _WH.search(sentence) or _YES_NO.match(sentence)]
    return asking[-1] if asking else text


def _main_word(asking: str) -> int:
    """Where the asking word stands: the first, unless it only relates ("the man who …") and another asks."""
    words = list(_WH.finditer(asking))
    for word in words:
        if word[0].lower() in ("what", "which", "how", "why") or word is words[-1] or word.start() == 0:
            return word.start()
    return 0


@lru_cache(maxsize=64)
def _asked_words(question: str) -> frozenset[str]:
    return frozenset(words_of(question))


# A question's are asked for with each number, a sentence's with each that it has.
@lru_cache(maxsize=256)
def _sides(text: str) -> frozenset[tuple[int, bool]]:
    return frozenset(
        (place, side)
        for place, pair in enumerate(_OPPOSITES)
        for side, form in zip((True, False), pair, strict=True)
        if form.search(text)
    )


def _speaker(by: str | None) -> str | None:
    if by is None or len(by) > 60 or not re.search(r"\w", by):
        return None
    by = re.sub(r"^(?:the|a|an) ", "", by.strip(), flags=re.I)
    return None if _NO_SPEAKER.fullmatch(by) else by


def _head(words: str) -> tuple[str, ...]:
    """What is counted, of the words after "how many": those before the verb."""
    kept = []
    for word in words_of(words):
        if word in _STOP or word in ("people's", "there", "left", "per"):
            break
        kept.append(word)
        # A plural ends what is counted: "councillors voted".
        if (word.endswith("s") and not word.endswith("ss")) or word in ("people", "men", "women", "children"):
            break
    return tuple(kept[-1:])


def _of_many(counted: Sequence[str]) -> str:
    """What is counted, as :func:`_noun` gives it; nothing for what goes by many names."""
    head = "".join(counted)
    return "" if head in _VAGUE or any(_stem(head) in alike for alike in (*_COUNTED_ALIKE, _PEOPLE)) else head


def _noun(asking: str) -> str:
    """The noun that says what the answer is to be, where the question has one that says more
    than the kind; in lower case."""
    found = _IS_WHAT.search(asking) or _WHICH_WHAT.search(asking)
    if not found:
        return ""
    last = (_NOUN_ENDS.split(found["phrase"])[0].split() or [""])[-1].strip("’'")
    return "" if not last.islower() or last in _VAGUE or last.endswith(("ing", "ed")) or len(last) < 3 else last


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
    for name, given in (("source", where.sources), ("language", where.languages)):
        if given is not None and not given:
            raise QuestionError(f"no {name} is named: name at least one, or leave the filter out")
    if not all(isinstance(source, str) for source in where.sources or ()):
        raise QuestionError(f"sources are {where.sources!r}: give their names as strings")
    _check_languages(where.languages or ())


def _check_languages(languages: Iterable[object]) -> None:
    for language in languages:
        if not isinstance(language, str) or normalise(language) != language:
            raise QuestionError(f"language {language!r:.80} is no code of two letters: give one, such as 'en'")
