"""Passages with their attribution, and citations that open the exact words."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote as percent_encode
from urllib.parse import urlsplit

from index import Article, Listed, Sentence, Span

__all__ = ["Citation", "Passage", "article_facts", "cite", "deep_link", "is_web_address"]

# Long fragments make long urls and break on the first edit of the page; the
# specification's `textStart,textEnd` form needs only both ends of the quote.
_WHOLE_QUOTE = 120
_ENDS = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class Passage:
    """Sentences of one article that stand together, and why they were found.

    ``score`` is the chance that its best sentence answers, if the articles do. ``meaning``
    and ``words`` are parts of that, from embeddings and from BM25, each in [0, 1] over this
    question's hits, and ``time`` is the factor in (0, 1] for how well its day fits. ``best``
    is the index in ``sentences`` of the one that was found. ``rank`` counts from 1,
    ``signals`` are what ``score`` rests on, and ``sources`` name all that print the sentence
    found, this article's first. Where a cross-encoder read the passages anew, it gave this
    one ``reranked``: the scores then keep their places, and say how sure a place is.
    """

    article: Article
    span: Span
    sentences: tuple[Sentence, ...]
    best: int
    score: float
    meaning: float
    words: float
    time: float
    rank: int
    signals: tuple[float, ...] = ()
    reranked: float | None = None
    sources: tuple[str, ...] = ()

    @property
    def text(self) -> str:
        """The passage's words, exactly as in the article."""
        return self.article.text[self.span.start : self.span.end]

    @property
    def paragraph(self) -> int:
        """The paragraph, counted from 1, of the sentence that was found."""
        return self.sentences[self.best].paragraph

    def to_dict(self) -> dict[str, Any]:
        """The passage as JSON can hold it; the shape that ``byline search --json`` prints."""
        return {
            "rank": self.rank,
            "text": self.text,
            "start": self.span.start,
            "end": self.span.end,
            "paragraph": self.paragraph,
            "score": round(self.score, 4),
            "meaning": round(self.meaning, 4),
            "words": round(self.words, 4),
            "time": round(self.time, 4),
            "reranked": self.reranked,
            "sources": list(self.sources),
            "article": article_facts(self.article),
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Citation:
    """The words that a claim rests on: ``article.text[span.start:span.end] == quote``.

    ``marker`` is the number in the answer's text, ``paragraph`` counts from 1, and
    ``link`` opens the original page at the quoted words; it is None where the article
    has no web address.
    """

    marker: int
    article: Article
    span: Span
    quote: str
    paragraph: int
    score: float
    link: str | None

    def to_dict(self) -> dict[str, Any]:
        """The citation as JSON can hold it."""
        return {
            "marker": self.marker,
            "quote": self.quote,
            "start": self.span.start,
            "end": self.span.end,
            "paragraph": self.paragraph,
            "score": round(self.score, 4),
            "link": self.link,
            "article": article_facts(self.article),
        }


def cite(marker: int, article: Article, span: Span, *, paragraph: int, score: float) -> Citation:
    """The citation of the words of ``article`` at ``span``."""
    quote = article.text[span.start : span.end]
    return Citation(
        marker=marker,
        article=article,
        span=span,
        quote=quote,
        paragraph=paragraph,
        score=score,
        link=deep_link(article.url, quote),
    )


def article_facts(article: Article | Listed) -> Mapping[str, Any]:
    """What identifies an article to a reader, as JSON can hold it."""
    return {
        "id": article.id,
        "title": article.title,
        "source": article.source,
        "published": article.published.isoformat() if article.published else None,
        "url": article.url,
        "authors": list(article.authors),
        "revision": article.revision,
    }


def deep_link(url: str | None, quote: str) -> str | None:
    """The address of ``quote`` on the page at ``url``, as a text fragment.

    Returns None where ``url`` is not an http or https address. The fragment's syntax is
    that of the URL Fragment Text Directives draft of the WICG.
    """
    if url is None or not is_web_address(url):
        return None
    words = quote.split()
    if len(quote) <= _WHOLE_QUOTE or len(words) <= 2 * _ENDS:
        fragment = _encode(" ".join(words))
    else:
        fragment = f"{_encode(' '.join(words[:_ENDS]))},{_encode(' '.join(words[-_ENDS:]))}"
    # A directive that the address has already would be read as part of this one.
    url = url.partition(":~:")[0].removesuffix("#")
    glue = ":~:text=" if "#" in url else "#:~:text="
    return f"{url}{glue}{fragment}"


def is_web_address(url: str) -> bool:
    """Whether ``url`` is an absolute http or https address that is safe to link to."""
    if re.search(r"[\x00-\x20\"'<>\\`]", url):
        return False
    try:
        parts = urlsplit(url)
    except ValueError:
        return False
    # A name before the host can be made to look like one.
    return parts.scheme in ("http", "https") and bool(parts.hostname) and "@" not in parts.netloc


def _encode(words: str) -> str:
    # `-` and `,` have meaning inside a text directive, so they are encoded too.
    return percent_encode(words, safe="", errors="replace").replace("-", "%2D")
