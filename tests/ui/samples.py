"""Articles and answers for the tests of the web chat, and a hostile text for every field."""

from __future__ import annotations

from datetime import UTC, date, datetime

from index.article import Article, Sentence, Span
from qa.answer import Answer, Claim, Unsupported, Usage, Written
from qa.citation import Citation, Passage, deep_link

TEXT = (
    "The council met on Monday evening.\n"
    "It will spend £4.2 million on the wall. Work starts in May, said Ellen Voss.\n"
    "\n"
    "Nobody spoke against it."
)

# Each sets `window.pwned` or fetches from elsewhere, if anything evaluates it.
HOSTILE = (
    "<script>window.pwned=1</script>",
    "<img src=x onerror=window.pwned=1>",
    '"><svg onload=window.pwned=1>',
    '<svg><a href="javascript:window.pwned=1">click</a></svg>',
    "<a href='javascript:window.pwned=1'>click</a>",
    "javascript:window.pwned=1",
    "[click](javascript:window.pwned=1)",
    "![x](https://evil.example/x.png)",
    '[1]: https://evil.example/ "title"',
    "\n[5]: https://evil.example/\n\n[5]\n",
    "${window.pwned=1}",
    "`${window.pwned=1}`",
    "{{window.pwned=1}} {{{value}}} {{#each value}}x{{/each}}",
    "</textarea></title></style></script><script>window.pwned=1</script>",
    "<iframe srcdoc='<script>parent.pwned=1</script>'></iframe>",
    "<!-- --><base href='https://evil.example/'>",
    "&lt;script&gt;window.pwned=1&lt;/script&gt;",
    "\N{RIGHT-TO-LEFT OVERRIDE}txet desrever\N{LEFT-TO-RIGHT ISOLATE}",
    "# heading\n- list\n> quote\n```js\nwindow.pwned=1\n```\n| a | b |\n|---|---|",
    "https://evil.example/ www.evil.example me@evil.example <https://evil.example>",
    "$$\\href{javascript:window.pwned=1}{x}$$",
    "@children @click=window.pwned=1 \N{NULL}\N{ESCAPE}[31m\ud800",
)


def article(
    *,
    article_id: str = "https://gazette.example/wall",
    title: str = "Wall to be mended",
    text: str = TEXT,
    url: str | None = "https://gazette.example/wall",
    source: str | None = "The Gazette",
    authors: tuple[str, ...] = ("Ann Lee", "Bo Ray"),
    published: date | datetime | None = datetime(2025, 3, 4, 9, 5, tzinfo=UTC),
) -> Article:
    return Article(id=article_id, title=title, text=text, url=url, source=source, authors=authors, published=published)


def span_of(text: str, quote: str) -> Span:
    start = text.index(quote)
    return Span(start=start, end=start + len(quote))


def citation(article: Article, quote: str, *, marker: int = 1, link: str | None = None) -> Citation:
    return Citation(
        marker=marker,
        article=article,
        span=span_of(article.text, quote),
        quote=quote,
        paragraph=2,
        score=0.9,
        link=link or deep_link(article.url, quote),
    )


def passage(article: Article, quote: str, *, rank: int = 1) -> Passage:
    span = span_of(article.text, quote)
    sentence = Sentence(id=1, article_id=article.id, ordinal=0, paragraph=2, span=span)
    return Passage(
        article=article,
        span=span,
        sentences=(sentence,),
        best=0,
        score=0.4,
        meaning=0.4,
        words=0.4,
        time=1.0,
        rank=rank,
    )


def answer(*citations: Citation, claims: tuple[Claim, ...] | None = None) -> Answer:
    if claims is None:
        claims = tuple(Claim(text=c.quote, markers=(c.marker,)) for c in citations)
    return Answer(
        question="How much will the wall cost?",
        understood="How much will the wall cost?",
        answered=True,
        claims=claims,
        citations=citations,
        passages=(),
        reason=None,
        confidence=0.816,
        as_of=None,
        took_ms=3.0,
    )


def refusal(*passages: Passage, reason: str | None = "The articles don't say.") -> Answer:
    return Answer(
        question="Who is the king?",
        understood="Who is the king?",
        answered=False,
        claims=(),
        citations=(),
        passages=passages,
        reason=reason,
        confidence=0.1,
        as_of=None,
        took_ms=3.0,
    )


def written(model: str, *struck: str, failure: str | None = None) -> Written:
    """What came of letting ``model`` write: a sentence that was supported, and those ``struck``."""
    return Written(
        model=model,
        prompt="1",
        messages=(("user", "How much will the wall cost?"),),
        sentences=1 + len(struck),
        supported=1,
        corrected=0,
        struck=len(struck),
        unsupported=tuple(Unsupported(text=text, reasons=("no passage says so",), after=1) for text in struck),
        failure=failure,
        verbatim=refusal(),
        usage=Usage(prompt=90, completion=12, reported=True),
        took_ms=900.0,
        first_ms=300.0,
    )
