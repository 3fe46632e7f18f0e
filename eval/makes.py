"""Sentences as a good language model writes them from a passage, each supported by it: by rule, for English.

A rule that can't be sure that its sentence is good English and says nothing more than the
passage makes none.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

from index import Article, Span, day_of
from qa.dates import MONTHS, WEEKDAYS, day_in_words
from qa.english import HE_NAMES, SHE_NAMES
from qa.values import ONES, Value, dates, listed, names, numbers, words_of
from qa.when import dates_in

__all__ = ["MAKES", "VERBS", "Ground", "joined", "usable"]

_FEWEST, _MOST = 6, 42


@dataclass(frozen=True, slots=True, kw_only=True)
class Ground:
    """A sentence of an article as a passage shows it, with its neighbours in the passage, and
    a question that it answers with the answer, where one is known."""

    article: Article
    span: Span
    before: str | None = None
    after: str | None = None
    question: str | None = None
    answer: str | None = None

    @property
    def text(self) -> str:
        """The sentence's words."""
        return self.article.text[self.span.start : self.span.end]


_FORMS = """
accept accepted accepted|approve approved approved|arrest arrested arrested|attack attacked attacked|attend attended
attended|award awarded awarded|back backed backed|ban banned banned|beat beat beaten|become became become|begin began
begun|bid bid bid|blame blamed blamed|blow blew blown|break broke broken|bring brought brought|build built built|buy
bought bought|call called called|cancel cancelled cancelled|capture captured captured|carry carried carried|catch
caught caught|cause caused caused|choose chose chosen|chair chaired chaired|claim claimed claimed|close closed
closed|come came come|compose composed composed|conquer conquered conquered|create created created|criticise criticised
criticised|cut cut cut|damage damaged damaged|declare declared declared|defeat defeated defeated|deny denied
denied|describe described described|design designed designed|destroy destroyed destroyed|develop developed
developed|die died died|discover discovered discovered|draw drew drawn|drive drove driven|elect elected elected|employ
employed employed|end ended ended|establish established established|examine examined examined|fall fell fallen|fight
fought fought|find found found|flee fled fled|fly flew flown|follow followed followed|found founded founded|get got
got|give gave given|go went gone|grow grew grown|hear heard heard|help helped helped|hit hit hit|hold held
held|hire hired hired|introduce introduced introduced|invent invented invented|invite invited invited|join joined
joined|keep kept kept|kill killed killed|know knew known|launch launched launched|lead led led|leave left left|lend
lent lent|live lived lived|lose lost lost|make made made|marry married married|meet met met|move moved moved|name named
named|offer offered offered|open opened opened|oppose opposed opposed|order ordered ordered|organise organised
organised|own owned owned|pay paid paid|play played played|print printed printed|produce produced produced|propose
proposed proposed|prove proved proved|publish published published|put put put|raise raised raised|reach reached
reached|receive received received|record recorded recorded|reject rejected rejected|replace replaced replaced|report
reported reported|rescue rescued rescued|resign resigned resigned|return returned returned|rise rose risen|ruin ruined
ruined|rule ruled ruled|run ran run|say said said|score scored scored|see saw seen|sell sold sold|send sent sent|serve
served served|set set set|settle settled settled|show showed shown|sign signed signed|sink sank sunk|speak spoke
spoken|spend spent spent|stand stood stood|start started started|steal stole stolen|stop stopped stopped|strike struck
struck|support supported supported|survive survived survived|take took taken|teach taught taught|tell told told|think
thought thought|throw threw thrown|turn turned turned|use used used|visit visited visited|vote voted voted|want wanted
wanted|warn warned warned|win won won|withdraw withdrew withdrawn|work worked worked|write wrote written
"""

VERBS: tuple[tuple[str, str, str], ...] = tuple(
    (lemma, past, participle)
    for lemma, past, participle in (form.split() for form in " ".join(_FORMS.split()).split("|"))
)
"""Verbs with their past and their past participle."""

_PAST = {lemma: past for lemma, past, _ in VERBS}
_PAST_OF_PARTICIPLE = {participle: past for _, past, participle in VERBS}
_PARTICIPLE_OF_PAST = {past: participle for _, past, participle in VERBS}
# Verbs that take an object which can be made the subject.
_TRANSITIVE = frozenset(
    listed(
        "accepted approved arrested attacked attended backed banned beat built bought captured caused chose chaired "
        "conquered created criticised damaged defeated designed destroyed developed discovered elected employed "
        "established examined founded introduced invented invited killed launched led opposed ordered organised "
        "owned closed completed defended dismissed endorsed idled interrupted measured raised reached signed scored "
        "headed seized patented adopted appointed declared fined lent printed produced proposed published rejected "
        "replaced rescued ruined stole supported wrote won"
    )
)
_FINITE = re.compile(
    r"\b(?:was|were|is|are|had|has|have|will|would|could|can|may|might|must|should|did|does|do|said|told|"
    + "|".join(past for _, past, _ in VERBS)
    + r"|[a-z]{2,}ed)\b"
)
_FIRST_PERSON = re.compile(r"\b(?:I|we|We|my|My|our|Our|us|me|you|You|your|Your)\b")
_QUOTE = re.compile(r"“[^”]*”|\"[^\"]*\"|(?<!\w)‘[^‘]*?’(?!\w)")
_MARK = re.compile(r"[“”\"«»]|(?<!\w)[‘']|(?<=\w)’(?=[\s.,]|$)")
# First words that aren't names, so that they lose their capital within a sentence.
_PLAIN = frozenset(
    listed(
        "a about after all almost although an another any as at because before both by during each early engineers "
        "every few firefighters five for four from half he her his in it its later many more most much nearly nine "
        "no nobody none officers on one only other over police residents seven several she six since some staff "
        "such ten that the their there these they this those three through to two under until visitors volunteers "
        "when where while with within workers councillors"
    )
)
_LATER = re.compile(
    r"\b(?:yesterday|today|tonight|tomorrow|here|now|last night|this (?:morning|evening|afternoon))\b", re.I
)


def usable(text: str) -> bool:
    """Whether the sentence is whole and can be told by someone else."""
    words = text.split()
    return (
        _FEWEST <= len(words) <= _MOST
        and text[-1:] in '.”"'
        and "\n" not in text
        and not re.match(r"[^\w“\"]|[a-z0-9]", text)
        and not re.search(
            r"[?!;:\[\]|*#_{}<>]|\.\.\.|…|https?|\.\S|(?<!\b[A-Z])\. [A-Z]",
            text.replace("a.m.", "").replace("p.m.", "").rstrip('.”"'),
        )
        and not _FIRST_PERSON.search(_QUOTE.sub("", text))
        and _balanced(text)
        and bool(_FINITE.search(text))
    )


def _quoted(text: str) -> list[tuple[int, int]]:
    """Where words stand in quotation marks."""
    return [found.span() for found in _QUOTE.finditer(text)]


def _balanced(text: str) -> bool:
    return (
        text.count("“") == text.count("”")
        and text.count('"') % 2 == 0
        and text.count("(") == text.count(")")
        and len(re.findall(r"(?<!\w)‘", text)) <= text.count("’")
    )


def _free(text: str, start: int, end: int) -> bool:
    """Whether a place is outside quotations."""
    return not any(a < end and start < b for a, b in _quoted(text))


def _lowered(text: str, article: Article) -> str | None:
    """The sentence as it stands within another: without the capital that its beginning gives it.
    None where it can't be known to be a name or not."""
    first = re.match(r"[A-Z][\w’'-]*", text)
    if not first:
        return None
    word = first[0]
    if word.lower() in _PLAIN:
        return text[0].lower() + text[1:]
    if re.search(rf"[a-z,] {re.escape(word)}\b", article.text) or word.isupper():
        return text
    if re.search(rf"\b{re.escape(word.lower())}\b", article.text):
        return text[0].lower() + text[1:]
    return None


def _whole(text: str) -> str:
    """A made sentence with its capital and its full stop."""
    text = re.sub(r"\s+", " ", text).strip().rstrip(" ,;")
    text = re.sub(r" ([,.])", r"\1", text)
    if not re.search(r"[.!?][”\"]?$", text):
        text += "."
    return text[:1].upper() + text[1:]


def _verbatim(ground: Ground) -> Iterator[str]:
    yield ground.text


_WHO = re.compile(r", (?:who|which|whose|where) [^,“”\"]{6,90}(?:, (?!and |or |but )|(?=\.$))")
_BESIDE = re.compile(
    r"^((?:[A-Z][\w’'-]+ ){1,3}[A-Z][\w’'-]+), (?:the|a|an|its|his|her|their|of|aged|\d\d|who|a former) ?"
    r"[^,“”\"]{0,70}, (?=(?:was|were|is|are|had|has|will|would|said|told|[a-z]+ed|won|made|took|gave|led) )"
)
_OPENS = re.compile(r"^(?:In|On|During|By|After|Since|Before|Between|From|Until)\b [^,“”\"]{2,60}, (?=\w)")
_TRAILS = re.compile(
    r", (?:(?:and|but|while|although|though|so) (?=(?:the|he|she|it|they|this|that|there|[A-Z]\w+(?: [A-Z]\w+)?)"
    r" (?:[a-z]+ ){0,3}?(?:was|were|had|will|has|have|is|are|would|could|said|[a-z]+ed)\b)"
    r"|(?:leaving|bringing|making|taking|giving|causing|allowing|forcing|sending|raising|helping|creating"
    r"|including)\b )"
    r"[^“”\"]{8,}(?=\.$)"
)
_SMALL = re.compile(r"\b(?:also|, however,|, meanwhile,|finally|eventually|subsequently|, too) ?", re.I)
_BINDS = re.compile(r"\b(?:if|unless|only|neither|nor|either|rather|not|whether|than|until|most|some|any|no)\b", re.I)


def _cut(ground: Ground) -> Iterator[str]:
    text = ground.text
    for found in re.finditer(r" \([^()]{2,120}\)", text):
        yield _without(text, found, "")
    for found in _WHO.finditer(text):
        if not _BINDS.search(found[0]) and _named(text, found.start()):
            told = re.match(r"(?:said|says|told|according)\b", text[found.end() :])
            yield _without(text, found, ", " if told and _FINITE.search(text[: found.start()]) else " ")
    for found in _BESIDE.finditer(text):
        yield found[1] + " " + text[found.end() :]
    found_ = _OPENS.match(text)
    if found_ and dates(found_[0]) and not re.search(r"\b(?:is|are|can|may)\b", text) and not _BINDS.search(found_[0]):
        yield _whole(text[found_.end() :])
    for found in _TRAILS.finditer(text):
        rest = text[: found.start()]
        if not _BINDS.search(rest) and "," not in rest[-40:] and _FINITE.search(rest):
            yield _whole(rest)
    for found in _SMALL.finditer(text):
        if found.start() and text[found.start() - 1] == " ":
            yield _without(text, found, "")


def _named(text: str, comma: int) -> bool:
    """Whether what stands before a relative clause is known without it."""
    before = text[:comma]
    return bool(re.search(r"(?:[A-Z][\w’'-]+|\b(?:the|this|its|his|her) [a-z]+)$", before))


def _without(text: str, found: re.Match[str], glue: str) -> str:
    return _whole(text[: found.start()] + glue + text[found.end() :])


def _attributed(ground: Ground) -> Iterator[str]:
    text, article = ground.text, ground.article
    inner = _lowered(text, article)
    if (
        inner is None
        or _LATER.search(text)
        or re.match(r"(?:But|And|So|Yet|Or|Nor|He|She|It|They|This|That|These)\b", text)
    ):
        return
    source = article.source
    if source and "." not in source:
        source = re.sub(r"^The ", "the ", source)
        said_by = source if source.startswith("the ") else f"the {source}"
        yield f"According to {said_by}, {inner}"
        if article.published:
            day = day_in_words(day_of(article.published))
            yield f"On {day}, {said_by} reported that {inner}"
            yield f"{said_by[0].upper()}{said_by[1:]} of {day} says that {inner}"
    elif article.published and not source:
        yield f"As was reported on {day_in_words(day_of(article.published))}, {inner}"
    else:
        yield f"According to the article “{article.title}”, {inner}"
        yield f"The article on {article.title} says that {inner}"


_OTHER_FORMS: tuple[tuple[re.Pattern[str], Callable[[re.Match[str]], str]], ...] = (
    (re.compile(r"([£$€]\d[\d.,]*) (m|b|tr)illion\b"), lambda m: f"{m[1]}{ {'m': 'm', 'b': 'bn', 'tr': 'tn'}[m[2]] }"),
    (re.compile(r"([£$€]\d[\d.,]*)(m|bn)\b"), lambda m: f"{m[1]} {'million' if m[2] == 'm' else 'billion'}"),
    (re.compile(r"(?<![\d,.£$€])(\d{1,3}),(\d{3})\b(?![,.]\d)"), lambda m: m[1] + m[2]),
    (re.compile(r"(?<![\d,.])(\d+(?:\.\d+)?)%"), lambda m: f"{m[1]} per cent"),
    (re.compile(r"(?<![\d,.])(\d+(?:\.\d+)?) (?:per cent|percent)\b"), lambda m: f"{m[1]}%"),
    (
        re.compile(
            rf"(?<=[a-z,] )({'|'.join(ONES[2:])})(?= [a-z]{{3,}})(?! (?:of|to|or|and|hundred|thousand|million"
            rf"|dozen|years? old)\b)"
        ),
        lambda m: str(ONES.index(m[1])),
    ),
    (
        re.compile(
            r"(?<=[a-z] )(?<!by )(?<!at )([2-9]|1[0-9])(?= [a-z]{4,})(?! (?:million|billion|trillion|thousand|per"
            r"|percent|January|o))"
        ),
        lambda m: ONES[int(m[1])],
    ),
    (
        re.compile(rf"\b(\d{{1,2}}) ({'|'.join(MONTHS)}) (\d{{4}})\b(?! \w+ed)"),
        lambda m: f"{m[2]} {m[1]}, {m[3]}",
    ),
    (re.compile(rf"\b({'|'.join(MONTHS)}) (\d{{1,2}}),? (\d{{4}}),?"), lambda m: f"{m[2]} {m[1]} {m[3]}"),
    (re.compile(rf"(?<=on )(\d{{1,2}}) ({'|'.join(MONTHS)})\b(?! \d)"), lambda m: f"{m[2]} {m[1]}"),
)
_DAY = re.compile(rf"^(?:last |this |next )?(?:{'|'.join(WEEKDAYS)})(?: (morning|afternoon|evening|night))?$")


def _restated(ground: Ground) -> Iterator[str]:
    text = ground.text
    for pattern, form in _OTHER_FORMS:
        for found in pattern.finditer(text):
            if _free(text, *found.span()) and not _in_name(text, found.span()):
                yield text[: found.start()] + form(found) + text[found.end() :]
    for start, end, words in _absolute(ground):
        yield _whole(text[:start] + words + text[end:])


def _absolute(ground: Ground) -> Iterator[tuple[int, int, str]]:
    """Days of the week as days of the calendar."""
    if not ground.article.published:
        return
    text, offset = ground.text, ground.span.start
    for dated in dates_in(ground.article.text, ground.span, day_of(ground.article.published)):
        found = _DAY.match(dated.written)
        start, end = dated.span.start - offset, dated.span.end - offset
        if not found or dated.begin != dated.end or dated.begin is None or not _free(text, start, end):
            continue
        day = day_in_words(dated.begin)
        lead = re.search(r"\b[Oo]n $", text[:start])
        if not lead:
            continue
        glue = text[lead.start() : lead.start() + 2]
        if found[1]:
            yield lead.start(), end, f"{glue} the {found[1]} of {day}"
        else:
            yield lead.start(), end, f"{glue} {day}"


def _in_name(text: str, place: tuple[int, int]) -> bool:
    return any(value.span.start < place[1] and place[0] < value.span.end for value in names(text))


_PRONOUN = re.compile(r"^(He|She|They|It|His|Her|Their|Its)\b")
_PERSON = re.compile(
    r"^(?:(?:Councillor|Dr|Professor|Mr|Mrs|Ms|Sir|Captain|Judge) )?((?:[A-Z][\w’'-]+ ){1,2}[A-Z][\w’'-]+)(?=,"
    r"| (?:said|was|is|had|has|will|would|told|who|[a-z]+ed)\b)"
)
_PLURAL = re.compile(
    r"^((?:The )?(?:[A-Z]?[\w-]+ ){0,2}[A-Z]?(?!was|is|has|his|its|this)[a-z]+s)"
    r"(?: (?:were|are|had|have|would|will|[a-z]+ed|came|became|began)\b)"
)


def _resolved(ground: Ground) -> Iterator[str]:
    text, before = ground.text, ground.before
    found = _PRONOUN.match(text)
    if not found or not before or _QUOTE.search(before[:3]):
        return
    pronoun = found[1]
    who = _PERSON.match(before)
    if pronoun in ("He", "She", "His", "Her") and who:
        given = who[1].split()[0].lower()
        mine, others = (HE_NAMES, SHE_NAMES) if pronoun in ("He", "His") else (SHE_NAMES, HE_NAMES)
        if given not in mine or given in others or len(_people(before)) != 1:
            return
        owner = who[1] + ("’s" if pronoun in ("His", "Her") else "")
        if pronoun == "Her" and re.match(r"Her (?:was|and|to|at|in|on)\b", text):
            return
        yield owner + text[found.end() :]
    several = _PLURAL.match(before)
    if pronoun == "They" and several and len(names(before)) <= 2 and len(several[1].split()) >= 2:
        yield several[1] + text[found.end() :]


def _people(text: str) -> list[Value]:
    """Names that may be of people."""
    return [
        value
        for value in names(text)
        if text[value.span.start : value.span.end].split()[0].lower() in HE_NAMES | SHE_NAMES
    ]


# What share of a question's words its evidence, the sentence before it and the headline must have.
_TOLD = 0.7
_ASKING = {"what", "which", "when", "where", "many", "much", "does", "name"}
_DAY_ANSWER = re.compile(
    rf"^(?:\d{{1,2}} (?:{'|'.join(MONTHS)})|(?:{'|'.join(MONTHS)}) \d{{1,2}}|(?:{'|'.join(WEEKDAYS)}))"
)
_IN_ANSWER = re.compile(
    rf"^(?:the )?(?:(?:{'|'.join(MONTHS)})(?: \d{{4}})?|\d{{3,4}}s?|(?:early|late|mid)[- ]\w+|\d{{1,2}}th century"
    rf"|(?:spring|summer|autumn|winter)[ \w]*)$"
)
_LEADS = re.compile(
    r"^(?:in|on|at|by|from|for|with|to|after|before|during|because|under|near|since|until|around|between|through"
    r"|within|inside|outside|behind)\b",
    re.I,
)


def _answered(ground: Ground) -> Iterator[str]:
    if not ground.question or not ground.answer:
        return
    question = re.sub(r"\s+", " ", ground.question).strip().rstrip("?.").strip()
    answer = ground.answer.strip().rstrip(".,")
    if (
        not answer
        or len(answer.split()) > 9
        or re.search(r"[“”\"();:,]", answer + question)
        or _FIRST_PERSON.search(question)
    ):
        return
    if re.search(
        r"\b(?:now|today|tomorrow|yesterday|this week|so far|mentioned|article|passage|text|going to)\b", question, re.I
    ):
        return
    around = _stems(f"{ground.before or ''} {ground.text} {ground.article.title}")
    asked = _stems(question) - _ASKING
    # What the question takes for granted must stand there too, and amounts and days in the sentence itself.
    known = {value.key for read in (numbers, dates) for value in read(ground.text)}
    if not all(value.key in known for read in (numbers, dates) for value in read(question)):
        return
    if len(asked & around) < _TOLD * len(asked) or not all(
        set(value.key) <= words
        for words in (set(words_of(ground.article.title + " " + (ground.before or "") + " " + ground.text)),)
        for value in names(question)
    ):
        return
    if re.match(r"(?:A|An|The|Many|Most|Some)\b", answer):
        answer = answer[0].lower() + answer[1:]
    for made in _told(question, answer, ground):
        yield _whole(made)


def _stems(text: str) -> set[str]:
    return {word[:5] for word in words_of(text) if len(word) > 3}


def _told(question: str, answer: str, ground: Ground) -> Iterator[str]:
    capital = answer[0].isupper() or answer[0].isdigit()
    noun = capital or re.match(r"(?:the|a|an|his|her|its|their|two|three|four|five|six|seven|eight|nine|ten)\b", answer)
    clean = not _LEADS.match(answer)
    found = re.fullmatch(
        r"(?:Who|What|Which [a-z]+(?: [a-z]+)?) ((?:was|were|is|are|has|had|will|would|can|could) .+|[a-z]+(?:ed"
        r"|s)? .+)",
        question,
    )
    if found and noun and clean:
        rest = found[1]
        verb = rest.split()[0]
        if dates(answer):
            return
        if verb in _PAST.values() or (verb.endswith("ed") and len(verb) > 4):
            yield f"{answer} {rest}"
        elif (
            question.startswith(("Who", "What"))
            and verb in ("was", "is")
            and re.match(r"(?:was|is) the [a-z -]+ (?:of|for|in) ", rest)
            and rest.split()[-1] not in ("of", "for", "in", "to", "from", "by")
        ):
            subject = rest.split(" ", 1)[1]
            yield f"{subject} {verb} {answer}"
        elif (
            question.startswith(("Who", "Which"))
            and verb in ("will", "has", "had")
            and len(rest.split()) > 2
            and re.match(
                r"(?:will|has|had) (?:be|been|[a-z]+ed|win|lead|pay|play|take|won|led|taken|bought|sold|made)\b", rest
            )
        ):
            yield f"{answer} {rest}"
    found = re.fullmatch(
        r"How many ([a-z]+(?: [a-z]+)?) (were|was|had|have|has|are|will|attended|died|voted|took|came|saw|lost"
        r"|watched)\b ?(.*)",
        question,
    )
    if (
        found
        and clean
        and re.match(
            r"(?:(?:[Aa]bout|[Nn]early|[Mm]ore than|[Oo]ver|[Aa]round) )?(?:[\d,.]+|[a-z-]+|[A-Z][a-z-]+)$", answer
        )
        and found[3]
        and not re.match(r"(?:there|the|he|she|it|they|[A-Z])", found[3])
    ):
        yield f"{answer} {found[1]} {found[2]} {found[3]}"
    yield from _told_when(question, answer)
    if clean:
        yield from _told_what(question, answer, noun=bool(noun))


def _told_when(question: str, answer: str) -> Iterator[str]:
    found = re.fullmatch(
        r"(When|Where) (was|were|is|are) ((?:the |an? |[A-Z])[\w’' -]*?) ((?!United|hundred)[a-z]+(?:ed|en)|built"
        r"|held|born|founded|found|made|sold|won|set up|signed|based)\b ?(.*)",
        question,
    )
    if found and not re.search(r"\b(?:to|from|by|[a-z]+ed|built|held|found|made|sold|signed)$", found[5]):
        where = _placed(answer, found[1] == "When")
        if where:
            yield f"{found[3]} {found[2]} {found[4]} {found[5]} {where}"
    found = re.fullmatch(r"(When|Where) did ((?:the |an? )?[\w’' -]+?) (" + "|".join(_PAST) + r")\b ?(.*)", question)
    if found and not found[4].endswith((" to", " from", " by")):
        where = _placed(answer, found[1] == "When")
        if where:
            yield f"{found[2]} {_PAST[found[3]]} {found[4]} {where}"


def _told_what(question: str, answer: str, *, noun: bool) -> Iterator[str]:
    found = re.fullmatch(
        r"(?:What|Which [a-z]+) (did) ((?:the |an? )?[A-Z]?[\w’' -]+?) (" + "|".join(_PAST) + r")\b ?(.*)", question
    )
    if (
        found
        and noun
        and not re.search(r"\b(?:say|think|want|do|call|tell|claim|report|prove|show)\b", found[3])
        and not re.search(r"\b(?:to|of|from|by|in|on|as|for|with|at|be)$", found[4] or found[3])
        and re.match(r"(?:in|on|at|during|after|before|from|for|with|into|as) |$", found[4])
    ):
        yield f"{found[2]} {_PAST[found[3]]} {answer} {found[4]}"
    found = re.fullmatch(
        r"(.*\b(?:was|were|is|are|had|has|have|can|could|would|will|[a-z]+ed|[a-z]+s|became|led|made)\b.*) (?:what"
        r"|which|who|whom)(?: (?:[a-z]+ ?){1,2})?",
        question,
    )
    if (
        found
        and not re.match(
            r"(?:what|which|who|whom|whose|how|when|where|why|is|are|was|were|did|does|do|has|can|in what|at what"
            r"|to what|by what|along)\b",
            found[1],
            re.I,
        )
        and not re.search(r"\b(?:kind|type|sort|percentage|number) of", question)
    ):
        yield f"{found[1]} {answer}"


def _placed(answer: str, time: bool) -> str | None:
    """The answer as it stands at the end of a sentence."""
    if _LEADS.match(answer):
        return answer[0].lower() + answer[1:]
    if time:
        return f"on {answer}" if _DAY_ANSWER.match(answer) else f"in {answer}" if _IN_ANSWER.match(answer) else None
    return f"in {answer}" if re.match(r"(?:the )?[A-Z]", answer) and len(answer.split()) <= 4 else None


_TAIL = (
    r"(?P<tail>(?: (?:in|on|at|after|during|from|with|as|for|to) [^,“”\"]*)?"
    r"(?:, (?:and|but|although|though|as|while|after|half|most|less|close|which was) [^“”]*)?)\.$"
)
_PASSIVE = re.compile(
    r"^(?P<done>[^,“”\"]{2,90}?) (?P<be>was|were|has been|have been|(?:will|would|could|can|must) be) (?P<verb>[a-z]+)"
    rf" by (?P<doer>[^,“”\"]+?){_TAIL}"
)
_ACTIVE = re.compile(
    rf"^(?P<doer>[^,“”\"]{{2,60}}?) (?P<verb>[a-z]+) (?P<done>(?:the|an?|its|his|her|their|all|two|three|\d+"
    rf"|[A-Z]\w+) ?[^,“”\"]*?){_TAIL}"
)
_NO_DOER = re.compile(
    r"^(?:\d|(?:one|two|three|four|nine|ten|June|the (?:end|time|evening|middle|next|early|late)|lunchtime|then"
    r"|last|telephone"
    r"|helicopter|satellite|air|sea|post|more|less|about|almost|being|[a-z]+ing)\b)"
)
_LEMMA = {participle: lemma for lemma, _, participle in VERBS}
_OBJECT = {"It": "it", "They": "them", "He": "him", "She": "her", "Each": "each"}
_SUBJECT_ONLY = re.compile(
    r"\b(?:[Ii]|[Hh]e|[Ss]he|[Tt]hey|[Ww]e|[Ww]ho|[Tt]hat|[Ww]hich|[Nn]obody|[Nn]one|[Nn]othing|[Nn]o|[Nn]ot|and|or"
    r"|to)\b"
)

_NO_OBJECT = re.compile(
    rf"\b(?:and|to|that|who|which|twice|also|for|{'|'.join(WEEKDAYS)})\b|\d[-–]\d|\b(?:era|advances)\b"
)


def _voiced(ground: Ground) -> Iterator[str]:
    for text in (ground.text, *_cut(ground)):
        yield from _active(text, ground.article)
        yield from _passive(text, ground.article)


def _active(text: str, article: Article) -> Iterator[str]:
    found = _PASSIVE.match(text)
    if (
        not found
        or re.search(r"\bby\b", found["tail"])
        or _NO_DOER.match(found["doer"])
        or _FINITE.search(found["done"])
        or _FINITE.search(found["doer"])
    ):
        return
    done = _OBJECT.get(found["done"]) or _lowered(found["done"], article)
    verb, be = found["verb"], found["be"]
    if (
        not done
        or re.search(r"\b(?:who|that|which|and|shortly|also|largely)\b", found["doer"])
        or (verb not in _LEMMA and not verb.endswith("ed"))
    ):
        return
    if be in ("was", "were"):
        does = _PAST_OF_PARTICIPLE.get(verb, verb)
    elif be.endswith("been"):
        does = f"{'have' if _several(found['doer']) else 'has'} {verb}"
    elif verb in _LEMMA:
        does = f"{be.split()[0]} {_LEMMA[verb]}"
    else:
        return
    yield _whole(f"{found['doer']} {does} {done}{found['tail']}")


def _passive(text: str, article: Article) -> Iterator[str]:
    found = _ACTIVE.match(text)
    if not found or found["verb"] not in _TRANSITIVE or _FINITE.search(found["doer"]) or _FINITE.search(found["done"]):
        return
    doer = _lowered(found["doer"], article)
    if not doer or _SUBJECT_ONLY.search(found["doer"]) or _NO_OBJECT.search(found["done"]):
        return
    if re.match(r"[^,]* and\b", found["tail"]):
        return
    was = "were" if _several(found["done"]) else "was"
    verb = _PARTICIPLE_OF_PAST.get(found["verb"], found["verb"])
    yield _whole(f"{found['done']} {was} {verb} by {doer}{found['tail']}")


def _several(phrase: str) -> bool:
    """Whether a noun phrase takes a verb in the plural."""
    phrase = re.sub(r" (?:of|over|in|on|with) .*", "", phrase)
    return bool(
        re.match(r"(?:[Tt]wo|[Tt]hree|[Ff]our|\d+|[Tt]heir [a-z]+s$)\b", phrase) or re.search(r"[a-z]s$", phrase)
    ) and not re.search(r"(?:ss|us|[’']s)$", phrase)


_JOINS_NOT = re.compile(r"(?:But|And|So|Yet|Or|However|Nor|In fact|Only|Then|It|He|She|They|His|Her|Their|Its)\b")


def joined(ground: Ground, second: str, article: Article) -> str | None:
    """The sentence and one of another passage as one sentence; None where that isn't good English."""
    if not usable(ground.text) or not usable(second) or _JOINS_NOT.match(second) or not ground.text.endswith("."):
        return None
    inner = _lowered(second, article)
    if (
        inner is None
        or second == ground.text
        or len(ground.text.split()) + len(second.split()) > _MOST
        or re.search(r"\band\b|\bwhile\b", ground.text)
    ):
        return None
    return f"{ground.text[:-1]}, while {inner}"


def _merged(ground: Ground) -> Iterator[str]:
    text, after = ground.text, ground.after
    if not after or not usable(after) or len(text.split()) + len(after.split()) > _MOST:
        return
    second = _lowered(after, ground.article)
    if (
        second is None
        or not text.endswith(".")
        or re.match(r"(?:But|And|So|Yet|Or|However|Nor|In fact|Only|Then)\b", after)
    ):
        return
    yield f"{text[:-1]}; {second}"
    if not re.search(r",? and\b|\bwhile\b", text):
        yield f"{text[:-1]}, and {second}"


_SAID_AFTER = re.compile(
    r"^[“\"]([^“”\"]{12,}?),?[”\"],? (?:(said) ((?:the )?[\w’' .-]+?)|((?:Mr|Mrs|Ms|Dr|Councillor) [A-Z][\w’'-]+"
    r"|[A-Z][\w’'-]+(?: [A-Z][\w’'-]+)+|he|she) (said))(, [^“”\"]+)?\.$"
)


def _quotation(ground: Ground) -> Iterator[str]:
    text = ground.text
    found = _SAID_AFTER.match(text)
    if not found:
        return
    words, who = found[1], found[3] or found[4]
    if who in ("he", "she"):
        before = _PERSON.match(ground.before or "")
        names_ = HE_NAMES if who == "he" else SHE_NAMES
        if not before or before[1].split()[0].lower() not in names_ or len(_people(ground.before or "")) != 1:
            return
        who = before[1]
    who = who[0].upper() + who[1:]
    yield f"{who} said: “{words}.”"
    yield f"{who} said, “{words}.”"
    # The latter part of what was said is true of it as well.
    piece = re.search(r"\b(?:is|was|are|were|have|had) ([^,.]{15,})$", words)
    if piece:
        yield (
            f"{who} spoke of “{piece[1]}”."
            if re.match(r"(?:a|an|the) ", piece[1])
            else f"{who} used the words “{piece[1]}”."
        )


MAKES: Mapping[str, Callable[[Ground], Iterator[str]]] = {
    "verbatim": _verbatim,
    "cut": _cut,
    "attributed": _attributed,
    "restated": _restated,
    "resolved": _resolved,
    "answered": _answered,
    "voiced": _voiced,
    "merged": _merged,
    "quotation": _quotation,
}
"""What makes sentences of each make: none, one or several of a ground."""
