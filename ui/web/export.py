"""A conversation kept in the browser as a document to file: Markdown, HTML or JSON."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from datetime import date, datetime
from typing import Any, Literal, get_args

from index.article import Article, clean_line
from index.errors import QuestionError
from qa.answer import Status
from qa.citation import article_facts
from qa.dates import day_in_words
from qa.escape import escape_html, escape_markdown
from qa.reference import Style, attribution, link_to, reference
from ui.posted import Posted

__all__ = ["Format", "export"]

Format = Literal["markdown", "html", "json"]
"""What a conversation is written as."""

_STATUSES: tuple[Status, ...] = get_args(Status)
_MOST_TURNS = 1_000
_MOST = 1_000
"""Claims, citations, passages or names in one list."""

_TEXT = 100_000
"""The longest line and the longest text, in code points."""

_STYLE = """
:root { color-scheme: light dark; }
body { margin: 2rem auto; max-width: 42rem; padding: 0 1rem; font: 1rem/1.5 system-ui, sans-serif; }
body { overflow-wrap: anywhere; }
h1, h2 { line-height: 1.25; }
blockquote, .claim { font-family: Charter, Georgia, Cambria, "Times New Roman", serif; }
blockquote { margin: 0.25rem 0; padding-left: 1rem; border-left: 3px solid GrayText; white-space: pre-wrap; }
.note { opacity: 0.8; font-size: 0.9rem; }
.cite { font-size: 0.8em; vertical-align: super; line-height: 0; }
ul { list-style: none; padding: 0; }
:target { outline: 2px solid Highlight; outline-offset: 4px; }
@media print { body { margin: 0; } }
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Quotation:
    """Words of an article: those of a citation, by its marker, or of a passage, by its rank."""

    number: int
    quote: str
    start: int
    end: int
    paragraph: int
    article: Article


@dataclass(frozen=True, slots=True, kw_only=True)
class _Claim:
    label: str
    text: str
    markers: tuple[int, ...]
    note: str
    status: Status


@dataclass(frozen=True, slots=True, kw_only=True)
class _Written:
    """The language model that was asked to write an answer, how many sentences it wrote, how
    many of them no passage supports (those are in no document), and why none of them stands,
    where that is so."""

    model: str
    sentences: int
    struck: int
    failure: str | None


_Bound = date | datetime | str | None
"""The limit to dates; text is a mistyped one, for which the question was refused."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Limits:
    as_of: _Bound
    published_from: _Bound
    published_to: _Bound
    sources: tuple[str, ...]
    languages: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Answer:
    understood: str
    dates: tuple[str, ...]
    answered: bool
    reason: str
    confidence: float
    sureness: str
    claims: tuple[_Claim, ...]
    citations: tuple[_Quotation, ...]
    passages: tuple[_Quotation, ...]
    written: _Written | None


@dataclass(frozen=True, slots=True, kw_only=True)
class _Turn:
    """A question with its answer, or with the ``problem`` for which there is none."""

    number: int
    asked: datetime | None
    question: str
    limits: _Limits
    answer: _Answer | None
    problem: str

    @property
    def citations(self) -> tuple[_Quotation, ...]:
        return self.answer.citations if self.answer else ()


def export(conversation: object, style: Format, *, exported: datetime) -> str:
    """A document of all that was asked and answered, with every reference in full.

    ``conversation`` is parsed JSON of the shape that the page keeps: ``title``, and ``turns``
    of ``asked``, ``question``, ``limits`` and ``answer``, which is null where there came none,
    for the ``problem`` told or because the reader stopped it. It may be anything at all: raises
    QuestionError where it isn't of that shape, naming the field; keys of no use are ignored.
    Links are made anew from the articles' addresses. ``exported`` is now, an aware datetime.

    Markdown has footnotes in GitHub's syntax; HTML is one file that loads nothing and runs
    nothing; JSON adds ``references``, by turn and marker, in every style of ``reference``.
    What a language model wrote is said to be its words wherever it stands, so that nobody
    takes it for a quotation; of what no passage supports there is the number only.
    """
    root = Posted(conversation, "the conversation")
    title = clean_line(root["title"].text(_TEXT)) or "Untitled conversation"
    turns = [_turn(turn, number) for number, turn in enumerate(root["turns"].list(_MOST_TURNS), 1)]
    if style == "json":
        return _json(title, turns, exported)
    if style == "html":
        return _html(title, turns, exported)
    return _markdown(title, turns, exported)


def _turn(posted: Posted, number: int) -> _Turn:
    limits, answer = posted["limits"], posted["answer"]
    answered = answer.value is not None
    read_day, read_moment = (Posted.day, Posted.published) if answered else (_bound, _bound)
    return _Turn(
        number=number,
        asked=_moment(posted["asked"]),
        question=posted["question"].text(_TEXT),
        limits=_Limits(
            as_of=read_moment(limits["as_of"]),
            published_from=read_day(limits["published_from"]),
            published_to=read_day(limits["published_to"]),
            sources=tuple(one.text(_TEXT) for one in limits["sources"].list(_MOST)),
            languages=tuple(one.text(_TEXT) for one in limits["languages"].list(_MOST)),
        ),
        answer=_answer(answer) if answered else None,
        problem=posted["problem"].or_else("").text(_TEXT),
    )


def _answer(answer: Posted) -> _Answer:
    citations = tuple(_quotation(one, "marker", "quote") for one in answer["citations"].list(_MOST))
    markers = [citation.number for citation in citations]
    for place, marker in enumerate(markers):
        if marker in markers[:place]:
            raise answer["citations"].wrong(f"has marker {marker} twice")
    written = _written(answer["written"])
    claims = tuple(_claim(one, set(markers), written) for one in answer["claims"].list(_MOST))
    return _Answer(
        understood=answer["understood"].text(_TEXT),
        dates=tuple(one.text(_TEXT) for one in answer["dates"].list(_MOST)),
        answered=answer["answered"].truth(),
        reason=answer["reason"].or_else("").text(_TEXT),
        confidence=answer["confidence"].share(),
        sureness=answer["sureness"].text(_TEXT),
        claims=claims,
        citations=citations,
        passages=tuple(_quotation(one, "rank", "text") for one in answer["passages"].list(_MOST)),
        written=written,
    )


def _written(posted: Posted) -> _Written | None:
    if posted.value is None:
        return None
    return _Written(
        model=posted["model"].line(_TEXT),
        sentences=posted["sentences"].count(0),
        struck=posted["struck"].count(0),
        failure=None if posted["failure"].value is None else posted["failure"].line(_TEXT),
    )


def _claim(posted: Posted, known: set[int], written: _Written | None) -> _Claim:
    # A browser may keep answers from before a language model could write any.
    status = posted["status"].or_else("verbatim").choice(_STATUSES)
    if status != "verbatim" and written is None:
        raise posted["status"].wrong(f'is "{status}", and "written" names no language model')
    markers = []
    for one in posted["citations"].list(_MOST):
        marker = one.count()
        if marker not in known:
            raise one.wrong(f"is {marker}, which no citation of the answer has as its marker")
        markers.append(marker)
    return _Claim(
        label=posted["label"].text(_TEXT),
        text=posted["text"].text(_TEXT),
        markers=tuple(markers),
        note=posted["note"].text(_TEXT),
        status=status,
    )


def _quotation(posted: Posted, number: str, quote: str) -> _Quotation:
    facts = posted["article"]
    return _Quotation(
        number=posted[number].count(),
        quote=posted[quote].text(_TEXT),
        start=posted["start"].count(0),
        end=posted["end"].count(0),
        paragraph=posted["paragraph"].count(),
        article=Article(
            id=facts["id"].text(_TEXT),
            title=facts["title"].text(_TEXT),
            text="",
            published=facts["published"].published(),
            url=None if facts["url"].value is None else facts["url"].text(_TEXT),
            source=None if facts["source"].value is None else facts["source"].text(_TEXT),
            authors=tuple(one.text(_TEXT) for one in facts["authors"].list(_MOST)),
            revision=facts["revision"].count(),
        ),
    )


def _bound(posted: Posted) -> _Bound:
    """A limit, or where it is no date the text that stands for one."""
    try:
        return posted.published()
    except QuestionError:
        return posted.text(_TEXT)


def _moment(posted: Posted) -> datetime | None:
    moment = posted.published()
    if moment is not None and not isinstance(moment, datetime):
        raise posted.wrong("is a day, not an ISO 8601 moment")
    return moment


def _in_words(moment: date | datetime | str) -> str:
    if isinstance(moment, str):
        return f"“{clean_line(moment)}”"
    if not isinstance(moment, datetime):
        return day_in_words(moment)
    return f"{day_in_words(moment)}, {moment:%H:%M} {moment.tzname() or ''}".rstrip()


def _heading(turns: list[_Turn], exported: datetime) -> str:
    questions = "1 question" if len(turns) == 1 else f"{len(turns)} questions"
    return f"Exported from Byline on {_in_words(exported)}: {questions}."


def _circumstances(turn: _Turn) -> list[str]:
    """When it was asked, and of which articles, a sentence each."""
    limits, told = turn.limits, []
    if turn.asked is not None:
        told.append(f"Asked on {_in_words(turn.asked)}.")
    if limits.published_from is not None or limits.published_to is not None:
        begin = f" from {_in_words(limits.published_from)}" if limits.published_from is not None else ""
        end = f" to {_in_words(limits.published_to)}" if limits.published_to is not None else ""
        told.append(f"Only articles published{begin}{end}.")
    if limits.as_of is not None:
        told.append(f"As known on {_in_words(limits.as_of)}: later articles were left out.")
    if limits.sources:
        told.append(f"Only articles of {', '.join(map(clean_line, limits.sources))}.")
    if limits.languages:
        told.append(f"Only articles in {', '.join(map(clean_line, limits.languages))}.")
    return told


def _readings(turn: _Turn) -> list[str]:
    """What the question and its words about time were taken to mean, where that isn't plain."""
    if turn.answer is None:
        return []
    return [*([] if turn.answer.understood == turn.question else [turn.answer.understood]), *turn.answer.dates]


def _confidence(answer: _Answer) -> str:
    """As the page tells it."""
    # Rounded to 100% or 0% it would claim what no answer can.
    share = answer.confidence
    told = "above 99%" if share > 0.99 else "below 1%" if share < 0.01 else f"{round(share * 100)}%"
    return f"{clean_line(answer.sureness)} ({told}{'' if answer.answered else ' that they do'})."


def _note(claim: _Claim, answer: _Answer) -> str:
    """What stands after a claim, in brackets."""
    told = [claim.note] if claim.note else []
    if claim.status != "verbatim" and answer.written:
        told.append(f"written by {answer.written.model}, checked against the words cited")
    return "; ".join(told)


def _struck(answer: _Answer) -> str:
    """How many sentences are left out, where any are, and why all are where none stands."""
    written = answer.written
    if written and written.failure is not None:
        told = f"These are the articles' own words: the answer of {written.model} can't stand ({written.failure})."
        return (
            f"{told} It wrote {written.sentences:,}; no passage supports {written.struck:,}."
            if written.sentences
            else told
        )
    if not written or not written.struck:
        return ""
    sentences = f"{written.struck:,} of {written.sentences:,} sentences by {written.model}"
    return f"Left out: {sentences}, which no passage supports."


def _refusal(answer: _Answer) -> str:
    return answer.reason or "The articles don't say."


def _unanswered(turn: _Turn) -> str:
    return turn.problem or "Stopped."


_NEAREST = "Nearest passages: these are not an answer, only the closest that the articles come."


def _markdown(title: str, turns: list[_Turn], exported: datetime) -> str:
    blocks = [f"# {escape_markdown(title)}", escape_markdown(_heading(turns, exported))]
    for turn in turns:
        blocks.append(f"## {turn.number}\\. {escape_markdown(clean_line(turn.question))}")
        blocks.append(escape_markdown(" ".join(_circumstances(turn))))
        blocks += (f"Understood as: {escape_markdown(one)}" for one in _readings(turn))
        blocks += (
            [escape_markdown(_unanswered(turn))] if turn.answer is None else _markdown_answer(turn.answer, turn.number)
        )
    for turn in turns:
        for one in turn.citations:
            quoted = _reference(one, "markdown").replace("\n", "\n    ")
            # Words of ours come first, so that no plain CommonMark reads a link's definition.
            blocks.append(
                f"[^{turn.number}-{one.number}]: Revision {one.article.revision} of the article:\n    {quoted}"
            )
    return "\n\n".join(block for block in blocks if block) + "\n"


def _markdown_answer(answer: _Answer, number: int) -> Iterator[str]:
    if answer.answered:
        for claim in answer.claims:
            label = f"{escape_markdown(claim.label)}: " if claim.label else ""
            markers = "".join(f"[^{number}-{marker}]" for marker in claim.markers)
            told = _note(claim, answer)
            note = f" ({escape_markdown(told)})" if told else ""
            yield f"{label}{escape_markdown(claim.text)}{markers}{note}"
    else:
        yield escape_markdown(_refusal(answer))
    yield escape_markdown(_struck(answer))
    yield escape_markdown(_confidence(answer))
    if not answer.answered and answer.passages:
        yield f"**{_NEAREST}**"
        # Two block quotations in a row would become one.
        for one in answer.passages:
            yield f"{one.number}\\. Revision {one.article.revision} of the article:\n\n{_reference(one, 'markdown')}"


def _html(title: str, turns: list[_Turn], exported: datetime) -> str:
    body = [
        f'<h1 dir="auto">{escape_html(title)}</h1>',
        f'<p class="note">{escape_html(_heading(turns, exported))}</p>',
        *(line for turn in turns for line in _html_turn(turn)),
    ]
    cited = [(turn.number, turn.answer) for turn in turns if turn.answer and turn.answer.citations]
    if cited:
        body.append("<section><h2>References</h2>")
    for question, answer in cited:
        body += (f"<h3>Question {question}</h3>", "<ul>")
        used = {marker for claim in answer.claims for marker in claim.markers}
        for one in answer.citations:
            mark = f"{question}-{one.number}"
            number = f'<a href="#mark-{mark}">[{one.number}]</a>' if one.number in used else f"[{one.number}]"
            body.append(f'<li id="cite-{mark}">{number}{_html_quotation(one)}</li>')
        body.append("</ul>")
    if cited:
        body.append("</section>")
    lines = "\n".join(body)
    return (
        '<!DOCTYPE html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'\">\n"
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f"<title>{escape_html(title)}</title>\n<style>{_STYLE}</style>\n</head>\n"
        f"<body>\n<main>\n{lines}\n</main>\n</body>\n</html>\n"
    )


def _html_turn(turn: _Turn) -> Iterator[str]:
    yield f'<section><h2 dir="auto">{turn.number}. <bdi>{escape_html(turn.question)}</bdi></h2>'
    if told := _circumstances(turn):
        yield f'<p class="note" dir="auto">{" ".join(f"<bdi>{escape_html(one)}</bdi>" for one in told)}</p>'
    for one in _readings(turn):
        yield f'<p class="note" dir="auto">Understood as: <bdi>{escape_html(one)}</bdi></p>'
    if turn.answer is None:
        yield f'<p dir="auto">{escape_html(_unanswered(turn))}</p>'
    else:
        yield from _html_answer(turn.answer, turn.number)
    yield "</section>"


def _html_answer(answer: _Answer, number: int) -> Iterator[str]:
    linked: set[int] = set()
    if answer.answered:
        for claim in answer.claims:
            label = f'<span class="note"><bdi>{escape_html(claim.label)}</bdi>:</span> ' if claim.label else ""
            told = _note(claim, answer)
            note = f' <span class="note">(<bdi>{escape_html(told)}</bdi>)</span>' if told else ""
            markers = ""
            for marker in claim.markers:
                # The reference leads back to where it is cited first.
                place = "" if marker in linked else f' id="mark-{number}-{marker}"'
                markers += f'<a class="cite" href="#cite-{number}-{marker}"{place}>[{marker}]</a>'
                linked.add(marker)
            kind = "claim" if claim.status == "verbatim" else "written"
            yield f'<p class="{kind}" dir="auto">{label}<bdi>{escape_html(claim.text)}</bdi>{markers}{note}</p>'
    else:
        yield f'<p dir="auto">{escape_html(_refusal(answer))}</p>'
    if struck := _struck(answer):
        yield f'<p class="note" dir="auto">{escape_html(struck)}</p>'
    yield f'<p class="note" dir="auto">{escape_html(_confidence(answer))}</p>'
    if not answer.answered and answer.passages:
        yield f'<p class="note"><strong>{_NEAREST}</strong></p>'
        yield f"<ul>{''.join(f'<li>{one.number}.{_html_quotation(one)}</li>' for one in answer.passages)}</ul>"


def _html_quotation(one: _Quotation) -> str:
    link = link_to(one.article, one.quote)
    opens = f' <a rel="noreferrer" href="{escape_html(link)}">Open the page at these words</a>' if link else ""
    return (
        f'<blockquote dir="auto">{escape_html(one.quote)}</blockquote>'
        f'<p class="note" dir="auto"><bdi>{escape_html(attribution(one.article, one.paragraph))}</bdi>, '
        f"revision {one.article.revision}.{opens}</p>"
    )


def _json(title: str, turns: list[_Turn], exported: datetime) -> str:
    held = {
        "title": title,
        "exported": exported.isoformat(),
        "turns": [
            {
                "asked": _iso(turn.asked),
                "question": turn.question,
                "limits": {
                    "as_of": _iso(turn.limits.as_of),
                    "published_from": _iso(turn.limits.published_from),
                    "published_to": _iso(turn.limits.published_to),
                    "sources": list(turn.limits.sources),
                    "languages": list(turn.limits.languages),
                },
                "answer": None if turn.answer is None else _answer_data(turn.answer),
                "problem": turn.problem or None,
            }
            for turn in turns
        ],
        "references": {
            f"{turn.number}-{one.number}": {style: _reference(one, style) for style in get_args(Style)}
            for turn in turns
            for one in turn.citations
        },
    }
    return json.dumps(held, ensure_ascii=False, indent=2) + "\n"


def _answer_data(answer: _Answer) -> dict[str, Any]:
    return {
        "understood": answer.understood,
        "dates": list(answer.dates),
        "answered": answer.answered,
        "reason": answer.reason or None,
        "confidence": answer.confidence,
        "sureness": answer.sureness,
        "claims": [
            {
                "label": claim.label,
                "text": claim.text,
                "citations": list(claim.markers),
                "note": claim.note,
                "status": claim.status,
            }
            for claim in answer.claims
        ],
        "citations": [_plain_data(one, "marker", "quote") for one in answer.citations],
        "passages": [_plain_data(one, "rank", "text") for one in answer.passages],
        "written": asdict(answer.written) if answer.written else None,
    }


def _plain_data(one: _Quotation, number: str, quote: str) -> dict[str, Any]:
    return {
        number: one.number,
        quote: one.quote,
        "start": one.start,
        "end": one.end,
        "paragraph": one.paragraph,
        "link": link_to(one.article, one.quote),
        "article": article_facts(one.article),
    }


def _reference(one: _Quotation, style: Style) -> str:
    return reference(one.article, style, quote=one.quote, paragraph=one.paragraph)


def _iso(moment: _Bound) -> str | None:
    return moment.isoformat() if isinstance(moment, date) else moment
