"""Answers and articles as escaped HTML, and as the plain data of the source panel.

Pure functions, without Gradio. Two rules hold throughout. In HTML every field passes
through :func:`escape`, so that no field can hold a tag, a Markdown construct or a
template. The panel gets data, never HTML: its script writes text nodes only.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TypedDict

from index.article import Article, Filter, Published, Span, clean
from qa.answer import Answer, Claim
from qa.citation import Citation, Passage, deep_link, is_web_address
from qa.dates import day_in_words

__all__ = [
    "Mark",
    "Panel",
    "answer_html",
    "answer_steps",
    "escape",
    "find_cited",
    "missing_panel",
    "panel",
    "question_html",
    "waiting_html",
]

# What HTML and Markdown give a meaning to. A full stop has one only inside an address,
# which Markdown would turn into a link.
_ACTIVE = re.compile(r"[&<>\"'`*_{}\[\]#+!|~$^=@:\\\n\t-]|\.(?=\S)")
_MARK = re.compile(r"([1-9]\d{0,8})-(n?)([1-9]\d{0,8})", re.ASCII)


@dataclass(frozen=True, slots=True, kw_only=True)
class Mark:
    """What a link in the chat points to: a citation of a turn, or one of its nearest passages.

    ``turn`` and ``number`` count from 1. Its text is ``3-1`` or, for a passage, ``3-n1``.
    """

    turn: int
    number: int
    nearest: bool = False

    def __str__(self) -> str:
        """The mark as a link holds it."""
        return f"{self.turn}-{'n' if self.nearest else ''}{self.number}"

    @classmethod
    def parse(cls, text: object) -> Mark | None:
        """The mark that ``text`` names, or None: the text comes from the page and may be forged."""
        found = _MARK.fullmatch(text) if isinstance(text, str) else None
        if found is None:
            return None
        return cls(turn=int(found[1]), number=int(found[3]), nearest=bool(found[2]))


class Segment(TypedDict):
    """A run of a paragraph's text that is quoted throughout, or not at all."""

    text: str
    quoted: bool


class Panel(TypedDict):
    """What the source panel shows, as JSON. ``problem`` is set alone, or not at all."""

    id: str
    problem: str | None
    label: str
    title: str
    facts: list[str]
    paragraphs: list[list[Segment]]
    link: str | None
    opened: str


def escape(text: str) -> str:
    """Text that HTML and Markdown both show as it is, within an element or an attribute.

    Numeric references, because they mean the same whether or not the page reads the
    message as Markdown; a backslash would be shown where it doesn't.
    """
    return _ACTIVE.sub(lambda found: f"&#{ord(found[0])};", clean(text))


def question_html(question: str) -> str:
    """A question as the reader typed it."""
    return f'<p class="question" dir="auto">{escape(question)}</p>'


def waiting_html() -> str:
    """What stands in an answer's place until its first claim is there."""
    return '<p class="waiting">Reading the articles…</p>'


def answer_steps(answer: Answer, limits: Filter, turn: int) -> Iterator[str]:
    """The answer's HTML as it grows by one claim a step; the last step is :func:`answer_html`."""
    for count in range(1, len(answer.claims)):
        yield _understood(answer) + _claims(answer, answer.claims[:count], turn)
    yield answer_html(answer, limits, turn)


def answer_html(answer: Answer, limits: Filter, turn: int) -> str:
    """The whole answer: its claims with their markers and its sources, or the refusal."""
    if not answer.answered:
        return _understood(answer) + _refusal(answer, turn) + _limits(limits)
    # Rounded up to 100% it would claim what no answer can.
    percent = "above 99%" if answer.confidence > 0.99 else f"{round(answer.confidence * 100)}%"
    confidence = f'<p class="note">Confidence {percent}</p>'
    return (
        _understood(answer)
        + _claims(answer, answer.claims, turn)
        + _sources(answer.citations, turn)
        + _limits(limits)
        + confidence
    )


def find_cited(answer: Answer, mark: Mark) -> Citation | Passage | None:
    """What ``mark`` points to in ``answer``, or None where the answer holds no such thing."""
    if mark.nearest:
        if answer.answered or mark.number > len(answer.passages):
            return None
        return answer.passages[mark.number - 1]
    return next((c for c in answer.citations if c.marker == mark.number), None)


def panel(cited: Citation | Passage, mark: Mark) -> Panel:
    """The whole article of ``cited``, with its words marked."""
    article = cited.article
    if isinstance(cited, Citation):
        label, link = f"Source {mark.number}", cited.link
    else:
        label = f"Nearest passage {mark.number} (not an answer)"
        link = deep_link(article.url, cited.text)
    title = clean(_title(article))
    return {
        "id": str(mark),
        "problem": None,
        "label": label,
        "title": title,
        "facts": [clean(fact) for fact in _facts(article)],
        "paragraphs": _paragraphs(article.text, cited.span),
        "link": link if link is not None and is_web_address(link) else None,
        "opened": f"{label}: {title}. The quoted words are in paragraph {cited.paragraph}.",
    }


def missing_panel() -> Panel:
    """What the panel shows for a mark that this conversation doesn't hold."""
    problem = "That source was not found in this conversation. Ask again to see it."
    return {
        "id": "",
        "problem": problem,
        "label": "Not found",
        "title": "",
        "facts": [],
        "paragraphs": [],
        "link": None,
        "opened": problem,
    }


def _understood(answer: Answer) -> str:
    """What a follow-up and words about time were taken to mean, so that a reader can ask otherwise."""
    told = [] if answer.understood == answer.question else [answer.understood]
    told += answer.dates
    return "".join(f'<p class="understood" dir="auto">Understood as: <bdi>{escape(one)}</bdi></p>' for one in told)


def _claims(answer: Answer, claims: Sequence[Claim], turn: int) -> str:
    by_marker = {citation.marker: citation for citation in answer.citations}
    lines = []
    for claim in claims:
        markers = "".join(_marker(by_marker[number], turn) for number in claim.markers)
        label = claim.label(dated=answer.dated)
        before = f'<span class="origin">{escape(label)}</span> ' if label else ""
        after = f' <span class="origin">{escape(claim.note)}</span>' if claim.note else ""
        lines.append(f'<p class="claim" dir="auto">{before}<bdi>{_emphasised(claim)}</bdi>{markers}{after}</p>')
    return "".join(lines)


def _emphasised(claim: Claim) -> str:
    """The claim's text with the words that answer in bold."""
    pieces, done = [], 0
    for span in claim.emphasis:
        pieces.append(
            f"{escape(claim.text[done : span.start])}<strong>{escape(claim.text[span.start : span.end])}</strong>"
        )
        done = span.end
    return "".join(pieces) + escape(claim.text[done:])


def _marker(citation: Citation, turn: int) -> str:
    mark = Mark(turn=turn, number=citation.marker)
    # The name is spoken text and no aria-label: the sanitiser of the chat drops those.
    return (
        f'<a href="#cite-{mark}" class="cite" role="doc-noteref"><span class="spoken">Source </span>'
        f"&#91;{citation.marker}&#93;"
        f'<span class="spoken"> {escape(_title(citation.article))}</span></a>'
    )


def _sources(citations: Sequence[Citation], turn: int) -> str:
    by_article: dict[str, list[Citation]] = {}
    for citation in citations:
        by_article.setdefault(citation.article.id, []).append(citation)
    items = []
    for cited in by_article.values():
        numbers = ", ".join(str(citation.marker) for citation in cited)
        mark = Mark(turn=turn, number=cited[0].marker)
        items.append(f'<li><span class="number">{numbers}</span>{_headline(cited[0].article, mark)}</li>')
    return f'<ul class="sources">{"".join(items)}</ul>'


def _refusal(answer: Answer, turn: int) -> str:
    reason = escape(answer.reason or "The articles don't say.")
    lines = [f'<p class="refusal" dir="auto">{reason}</p>']
    if answer.passages:
        items = []
        for number, passage in enumerate(answer.passages, 1):
            mark = Mark(turn=turn, number=number, nearest=True)
            items.append(f'<li>{_headline(passage.article, mark)}<q dir="auto">{escape(passage.text)}</q></li>')
        lines.append(
            '<div class="nearest"><p class="label"><strong>Nearest passages</strong> '
            "These are not an answer: they are the closest that the articles come.</p>"
            f"<ul>{''.join(items)}</ul></div>"
        )
    return "".join(lines)


def _headline(article: Article, mark: Mark) -> str:
    facts = [article.source or "", _day(article.published)]
    origin = ", ".join(fact for fact in facts if fact)
    return (
        f'<a href="#cite-{mark}" class="headline"><bdi>{escape(_title(article))}</bdi></a>'
        f'<span class="origin"><bdi>{escape(origin)}</bdi></span>'
    )


def _limits(limits: Filter) -> str:
    span = ""
    if limits.published_from is not None:
        span += f" from {_day(limits.published_from)}"
    if limits.published_to is not None:
        span += f" to {_day(limits.published_to)}"
    notes = []
    if span:
        notes.append(f"Only articles published{span}.")
    if limits.as_of is not None:
        notes.append(f"As known on {_day(limits.as_of)}: later articles were left out.")
    return f'<p class="note">{escape(" ".join(notes))}</p>' if notes else ""


def _title(article: Article) -> str:
    return article.title.strip() or "Untitled article"


def _facts(article: Article) -> list[str]:
    authors = [author for author in article.authors if author.strip()]
    facts = [article.source or "", f"By {', '.join(authors)}" if authors else "", _moment(article.published)]
    return [fact for fact in facts if fact.strip()]


def _day(published: Published) -> str:
    if published is None:
        return ""
    return day_in_words(published)


def _moment(published: Published) -> str:
    if not isinstance(published, datetime):
        return _day(published)
    return f"{_day(published)}, {published:%H:%M} {published.tzname() or ''}".rstrip()


def _paragraphs(text: str, span: Span) -> list[list[Segment]]:
    paragraphs = []
    offset = 0
    for line in text.split("\n"):
        # The part of the line that the span covers, empty where it covers none of it.
        start = min(max(span.start - offset, 0), len(line))
        end = min(max(span.end - offset, start), len(line))
        pieces = ((line[:start], False), (line[start:end], True), (line[end:], False))
        segments: list[Segment] = [{"text": clean(piece), "quoted": quoted} for piece, quoted in pieces if piece]
        if line.strip():
            paragraphs.append(segments)
        offset += len(line) + 1
    return paragraphs
