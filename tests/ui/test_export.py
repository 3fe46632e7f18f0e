"""Exports: what a journalist files, and that nothing a browser posts becomes more than text."""

from __future__ import annotations

import copy
import json
import os
import re
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, get_args

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from lxml.html import HtmlElement, document_fromstring
from markdown_it import MarkdownIt

from index.article import Article, clean, clean_line
from index.errors import QuestionError
from qa.answer import Claim
from qa.reference import Style, link_to, reference
from tests.ui.samples import HOSTILE, answer, article, citation, passage, refusal, written
from ui.web.export import Format, export

GOLDEN = Path(__file__).parent / "golden"
ANY_TEXT = st.text(st.characters(exclude_categories=()), max_size=60) | st.sampled_from(HOSTILE)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=8,
)
COST = "It will spend £4.2 million on the wall."
START = "Work starts in May, said Ellen Voss."
NOW = datetime(2025, 3, 6, 12, 30, tzinfo=UTC)
MARKDOWN = MarkdownIt("commonmark").enable(["table", "strikethrough"])
NO_LIMITS: dict[str, object] = {
    "as_of": None,
    "published_from": None,
    "published_to": None,
    "sources": [],
    "languages": [],
}


def turn(told: Any, *, asked: str | None = "2025-03-05T09:05:00.000Z", **limits: object) -> dict[str, Any]:
    """A turn as the page keeps it."""
    kept = told.to_dict()
    for claim in kept["claims"]:
        claim |= {"label": "", "note": ""}
    kept["passages"] = [
        {
            "rank": one.rank,
            "text": one.text,
            "start": one.span.start,
            "end": one.span.end,
            "paragraph": one.paragraph,
            "score": one.score,
            "article": facts(one.article),
        }
        for one in told.passages
    ]
    return {"asked": asked, "question": told.question, "limits": NO_LIMITS | limits, "answer": kept}


def facts(told: Article) -> dict[str, Any]:
    kept: dict[str, Any] = answer(citation(told, told.text)).to_dict()["citations"][0]["article"]
    return kept


def conversation() -> dict[str, Any]:
    """An answer that cites two articles, a refusal, and two questions without an answer."""
    other = article(article_id="b.txt", title="Herald: wall", source="The Herald", published=None, url=None)
    both = turn(
        answer(citation(article(), COST), citation(other, START, marker=2)),
        as_of="2025-03-05",
        published_from="2025-01-01",
        sources=["The Gazette", "The Herald"],
        languages=["en"],
    )
    both["answer"]["understood"] = "How much will the harbour wall cost?"
    both["answer"]["claims"][0] |= {"label": "Earlier, 4 March 2025", "note": "2 sources", "citations": [1, 2]}
    mistyped = NO_LIMITS | {"as_of": "yester*day*"}
    return {
        "title": "The harbour wall",
        "turns": [
            both,
            turn(refusal(passage(article(), COST)), asked=None),
            unanswered(),
            unanswered("as_of: 'yester*day*' is not a date", limits=mistyped),
        ],
    }


def unanswered(problem: str | None = None, *, limits: dict[str, object] = NO_LIMITS) -> dict[str, Any]:
    """A turn that was stopped, or that failed."""
    return {"asked": None, "question": "Who pays for it?", "limits": limits, "answer": None, "problem": problem}


def filled(field: str) -> dict[str, Any]:
    """A conversation with ``field`` wherever it holds text."""
    told = article(title=field, source=field, authors=(field,), text=f"a{field}b")
    first, second = turn(answer(citation(told, told.text))), turn(refusal(passage(told, told.text), reason=field))
    for one in (first, second):
        one["question"] = field
        one["limits"] |= {"sources": [field], "languages": [field]}
        one["answer"] |= {"understood": f"{field}?", "dates": [field], "sureness": field}
    first["answer"]["claims"][0] |= {"label": field, "text": field, "note": field}
    third = unanswered(field)
    third["limits"] = NO_LIMITS | {"as_of": field, "published_from": field}
    third["question"] = field
    return {"title": field, "turns": [first, second, third]}


def fluent(model: str = "tiny-1", text: str = "The wall costs £4.2 million.") -> dict[str, Any]:
    """A conversation whose answer has a sentence that a language model wrote, one of the
    article's own, and two that were struck out."""
    told = article()
    claims = (
        Claim(text=text, markers=(1,), status="supported"),
        Claim(text=START, markers=(2,), sources=("The Gazette", "The Herald")),
    )
    whole = replace(
        answer(citation(told, COST), citation(told, START, marker=2), claims=claims),
        written=written(model, "The pier was sold.", "The mayor resigned."),
    )
    kept = turn(whole)
    kept["answer"]["claims"][1]["note"] = whole.claims[1].note
    return {"title": "The wall", "turns": [kept]}


def page(html: str) -> HtmlElement:
    return document_fromstring(html.encode())


def outline(html: str) -> list[tuple[str, tuple[tuple[str, str], ...]]]:
    """Its elements with their attributes, but for addresses, which hold the quote."""
    return [
        (str(node.tag), tuple((k, "https" if v.startswith("https:") else v) for k, v in node.attrib.items()))
        for node in page(html).iter()
    ]


def squeezed(text: str) -> str:
    return " ".join(text.split())


@pytest.mark.parametrize(("style", "suffix"), [("markdown", "md"), ("html", "html"), ("json", "json")])
def test_a_conversation(style: Format, suffix: str) -> None:
    document = export(conversation(), style, exported=NOW)
    path = GOLDEN / f"export.{suffix}"
    if os.environ.get("BYLINE_WRITE_GOLDEN") == "1":
        path.write_text(document, encoding="utf-8")
    assert document == path.read_text(encoding="utf-8")


@pytest.mark.parametrize(("style", "suffix"), [("markdown", "md"), ("html", "html"), ("json", "json")])
def test_an_answer_that_a_model_wrote(style: Format, suffix: str) -> None:
    document = export(fluent(), style, exported=NOW)
    path = GOLDEN / f"written.{suffix}"
    if os.environ.get("BYLINE_WRITE_GOLDEN") == "1":
        path.write_text(document, encoding="utf-8")
    assert document == path.read_text(encoding="utf-8")


@pytest.mark.parametrize("status", ["supported", "corrected"])
def test_a_model_s_words_are_never_shown_as_a_quotation(status: str) -> None:
    posted = fluent()
    posted["turns"][0]["answer"]["claims"][0]["status"] = status
    told = "written by tiny-1, checked against the words cited"
    markdown, html = export(posted, "markdown", exported=NOW), export(posted, "html", exported=NOW)
    assert f"The wall costs £4.2 million.[^1-1] ({told})\n" in markdown
    assert f"{START}[^1-2] (2 sources)\n" in markdown
    root = page(html)
    assert [node.text_content() for node in root.xpath("//p[@class='claim']")] == [f"{START}[2] (2 sources)"]
    assert [node.text_content() for node in root.xpath("//p[@class='written']")] == [
        f"The wall costs £4.2 million.[1] ({told})"
    ]
    assert [node.text_content() for node in root.xpath("//blockquote")] == [COST, START]
    held = json.loads(export(posted, "json", exported=NOW))
    assert [claim["status"] for claim in held["turns"][0]["answer"]["claims"]] == [status, "verbatim"]
    assert json.loads(export(held, "json", exported=NOW)) == held


def test_of_what_no_passage_supports_there_is_the_number_only() -> None:
    for style in get_args(Format):
        document = export(fluent(), style, exported=NOW)
        assert "The pier was sold" not in document
        assert "The mayor resigned" not in document
    left_out = "Left out: 2 of 3 sentences by tiny-1, which no passage supports."
    assert left_out in export(fluent(), "markdown", exported=NOW)
    assert left_out in export(fluent(), "html", exported=NOW)


@pytest.mark.parametrize(("sentences", "counted"), [(3, " It wrote 3; no passage supports 2."), (0, "")])
def test_where_a_model_s_answer_cannot_stand_that_is_told(sentences: int, counted: str) -> None:
    posted = conversation()
    came = written("tiny-1", "The pier was sold.", "The mayor resigned.", failure="nothing listens there")
    posted["turns"][0]["answer"]["written"] = came.to_dict() | {"sentences": sentences}
    told = f"These are the articles' own words: the answer of tiny-1 can't stand (nothing listens there).{counted}"
    markdown, html = export(posted, "markdown", exported=NOW), export(posted, "html", exported=NOW)
    assert f"\n{told}\n" in markdown.replace("\\", "")
    assert f">{told.replace(chr(39), '&#x27;')}<" in html or f">{told}<" in html
    assert "The pier was sold" not in markdown + html
    assert "Left out" not in markdown + html
    held = json.loads(export(posted, "json", exported=NOW))
    assert held["turns"][0]["answer"]["written"]["failure"] == "nothing listens there"


@given(field=ANY_TEXT)
def test_no_name_or_word_of_a_model_adds_a_tag(field: str) -> None:
    field = f"x{field}x"
    html = export(fluent(field, field), "html", exported=NOW)
    assert outline(html) == outline(export(fluent("plain x", "plain x"), "html", exported=NOW))
    (words,) = page(html).xpath("//p[@class='written']")
    assert squeezed(words.text_content()) == squeezed(
        f"{clean(field)}[1] (written by {clean_line(field)}, checked against the words cited)"
    )
    tokens = MARKDOWN.parse(export(fluent(field, field), "markdown", exported=NOW))
    inline = [token for block in tokens for token in block.children or ()]
    links = [token.attrs["href"] for token in inline if token.type == "link_open"]
    assert links == [link_to(article(), COST), link_to(article(), START)]
    assert {token.type for token in inline}.isdisjoint({"image", "html_inline"})


def test_an_answer_kept_before_models_wrote_is_exported_too() -> None:
    old = conversation()
    for kept in old["turns"][:2]:
        del kept["answer"]["written"]
        for claim in kept["answer"]["claims"]:
            del claim["status"]
    for style in get_args(Format):
        assert export(old, style, exported=NOW) == export(conversation(), style, exported=NOW)


def test_a_conversation_without_turns_is_a_document_too() -> None:
    for style in get_args(Format):
        assert "Untitled conversation" in export({"title": " ", "turns": []}, style, exported=NOW)


def test_markers_and_references_lead_to_each_other() -> None:
    root = page(export(conversation(), "html", exported=NOW))
    ids = root.xpath("//@id")
    assert len(ids) == len(set(ids))
    inner = [href.removeprefix("#") for href in root.xpath("//a/@href") if href.startswith("#")]
    assert set(inner) == set(ids) == {"cite-1-1", "cite-1-2", "mark-1-1", "mark-1-2"}
    assert root.xpath("//li[@id='cite-1-1']/blockquote")[0].text_content() == COST


def test_the_page_loads_and_runs_nothing() -> None:
    html = export(conversation(), "html", exported=NOW)
    root = page(html)
    assert root.xpath("//meta[@http-equiv]/@content") == ["default-src 'none'; style-src 'unsafe-inline'"]
    assert {str(node.tag) for node in root.iter()}.isdisjoint(
        {"script", "link", "img", "iframe", "base", "form", "svg"}
    )
    assert "url(" not in html
    assert "@import" not in html


def test_json_keeps_the_words_and_adds_every_style() -> None:
    held = json.loads(export(conversation(), "json", exported=NOW))
    posted = conversation()
    for kept, given_ in zip(held["turns"], posted["turns"], strict=True):
        assert kept["question"] == given_["question"]
        assert kept["limits"] == given_["limits"]
        if given_["answer"] is None:
            assert (kept["answer"], kept["problem"]) == (None, given_["problem"])
            continue
        assert [c["quote"] for c in kept["answer"]["citations"]] == [c["quote"] for c in given_["answer"]["citations"]]
        assert [c["article"] for c in kept["answer"]["citations"]] == [
            c["article"] for c in given_["answer"]["citations"]
        ]
    assert list(held["references"]) == ["1-1", "1-2"]
    assert held["references"]["1-1"] == {
        style: reference(article(), style, quote=COST, paragraph=2) for style in get_args(Style)
    }
    # What was exported can be exported again.
    assert json.loads(export(held, "json", exported=NOW)) == held


def test_links_are_made_anew() -> None:
    forged = conversation()
    forged["turns"][0]["answer"]["citations"][0]["link"] = "https://evil.example/"
    forged["turns"][0]["answer"]["citations"][1]["article"]["url"] = "javascript:alert(1)"
    for style in ("markdown", "html"):
        document = export(forged, style, exported=NOW)
        assert "evil.example" not in document
        assert "javascript" not in document


@pytest.mark.parametrize(
    ("confidence", "written"),
    [
        (0, "below 1%"),
        (0.0099, "below 1%"),
        (0.01, "1%"),
        (0.816, "82%"),
        (0.99, "99%"),
        (0.9999, "above 99%"),
        (1, "above 99%"),
    ],
)
def test_confidence_is_told_as_the_page_tells_it(confidence: float, written: str) -> None:
    posted = conversation()
    for one in posted["turns"][:2]:
        one["answer"] |= {"confidence": confidence, "sureness": "Quite sure"}
    markdown, html = export(posted, "markdown", exported=NOW), export(posted, "html", exported=NOW)
    for told in (f"Quite sure ({written}).", f"Quite sure ({written} that they do)."):
        assert f"\n{told}\n" in markdown
        assert f">{told}<" in html


def test_a_question_without_an_answer_is_kept_with_the_reason() -> None:
    for style in ("markdown", "html"):
        document = export(
            {"title": "x", "turns": [unanswered(), unanswered("Too much is waiting.")]}, style, exported=NOW
        )
        assert "Stopped." in document
        assert "Too much is waiting." in document


def test_a_limit_that_is_no_date_is_shown_as_it_is_where_it_was_refused() -> None:
    limits = NO_LIMITS | {"as_of": "tomorrow", "published_from": "2025-03-04T10:00Z", "published_to": "04/05"}
    posted = {"title": "x", "turns": [unanswered("refused", limits=limits)]}
    html = page(export(posted, "html", exported=NOW)).text_content()
    assert "As known on “tomorrow”" in html
    assert "from 4 March 2025, 10:00 UTC to “04/05”" in html
    kept = json.loads(export(posted, "json", exported=NOW))["turns"][0]["limits"]
    assert kept == limits | {"published_from": "2025-03-04T10:00:00+00:00"}


@given(field=ANY_TEXT)
def test_no_text_adds_a_tag_or_an_attribute_to_the_page(field: str) -> None:
    # An empty note, label or question leaves its element out.
    field = f"{field}x"
    html = export(filled(field), "html", exported=NOW)
    assert outline(html) == outline(export(filled("plain x"), "html", exported=NOW))
    root = page(html)
    text = clean(field)
    assert [squeezed(node.text_content()) for node in root.xpath("//title | //h1")] == [squeezed(text)] * 2
    assert [node.text_content() for node in root.xpath("//h2/bdi")] == [text, text, text]
    assert [node.text_content() for node in root.xpath("//p[@class='claim']//bdi")] == [text, text, text]
    assert [node.text_content() for node in root.xpath("//blockquote")] == [f"a{text}b"] * 2
    told = article(title=field, source=field, authors=(field,), text=f"a{field}b")
    links = [href for href in root.xpath("//a/@href") if not href.startswith("#")]
    assert links == [link_to(told, clean(told.text))] * 2


@given(field=ANY_TEXT)
@example(field="  \n")
def test_no_text_adds_a_link_or_a_block_to_markdown(field: str) -> None:
    field = f"{field}x"

    def blocks(document: str) -> list[str]:
        # Each line of a quote is a paragraph of its own.
        return [t.type for t in MARKDOWN.parse(document) if not t.type.startswith(("paragraph", "inline"))]

    document = export(filled(field), "markdown", exported=NOW)
    assert blocks(document) == blocks(export(filled("plain x"), "markdown", exported=NOW))
    tokens = [token for block in MARKDOWN.parse(document) for token in block.children or ()]
    assert {t.type for t in tokens} <= {
        *("text", "text_special", "code_inline", "softbreak", "link_open", "link_close", "strong_open", "strong_close")
    }
    told = article(title=field, source=field, authors=(field,), text=f"a{field}b")
    assert [t.attrs["href"] for t in tokens if t.type == "link_open"] == [link_to(told, clean(told.text))] * 2
    assert {t.content for t in tokens if t.type == "html_inline"} == set()
    shown = squeezed("".join(t.content or " " for t in tokens if not t.type.startswith(("link", "strong"))))
    assert shown.startswith(squeezed(clean(field)))
    assert shown.count("[^1-1]") - 2 == field.count("[^1-1]") * shown.count(squeezed(clean(field)))


def changed(path: str, value: object) -> dict[str, Any]:
    posted = copy.deepcopy(conversation())
    place: Any = posted
    *steps, last = re.findall(r"\w+", path)
    for step in steps:
        place = place[int(step) if step.isdecimal() else step]
    place[int(last) if last.isdecimal() else last] = value
    return posted


@pytest.mark.parametrize(
    ("path", "value", "message"),
    [
        ("title", 3, "title is not text"),
        ("title", "x" * 100_001, "title has 100,001 characters: send 100,000 at most"),
        ("turns", {}, "turns is not a list"),
        ("turns", [None] * 1_001, "turns has 1,001 items: send 1,000 at most"),
        ("turns[1]", [], "turns[1] is not an object"),
        ("turns[0].asked", "2025-03-05", "turns[0].asked is a day, not an ISO 8601 moment"),
        ("turns[0].asked", "now", "turns[0].asked is neither a day (YYYY-MM-DD) nor an ISO 8601 moment"),
        ("turns[0].limits", None, "turns[0].limits is not an object"),
        ("turns[0].limits.as_of", 3, "turns[0].limits.as_of is not text"),
        ("turns[0].limits.published_to", "2025-03-05T10:00Z", "turns[0].limits.published_to is a moment, not a day"),
        ("turns[0].limits.sources", "x", "turns[0].limits.sources is not a list"),
        ("turns[0].limits.languages", [None], "turns[0].limits.languages[0] is not text"),
        ("turns[0].answer.answered", 1, "turns[0].answer.answered is neither true nor false"),
        ("turns[0].answer.confidence", True, "turns[0].answer.confidence is not a number from 0 to 1"),
        ("turns[0].answer.confidence", float("nan"), "turns[0].answer.confidence is not a number from 0 to 1"),
        ("turns[0].answer.claims[0].citations", [3], "turns[0].answer.claims[0].citations[0] is 3, which no citation"),
        ("turns[0].answer.claims[0].citations", [True], "turns[0].answer.claims[0].citations[0] is not a whole number"),
        ("turns[0].answer.citations[1].marker", 1, "turns[0].answer.citations has marker 1 twice"),
        ("turns[0].answer.citations[0].quote", None, "turns[0].answer.citations[0].quote is not text"),
        ("turns[0].answer.citations[0].start", -1, "turns[0].answer.citations[0].start is not a whole number from 0"),
        ("turns[0].answer.citations[0].paragraph", 10**17, "turns[0].answer.citations[0].paragraph is not a whole"),
        ("turns[0].answer.citations[0].article.url", [], "turns[0].answer.citations[0].article.url is not text"),
        ("turns[0].answer.sureness", None, "turns[0].answer.sureness is not text"),
        ("turns[0].answer.claims[0].status", "sure", "turns[0].answer.claims[0].status must be one of"),
        ("turns[0].answer.claims[0].status", "supported", 'turns[0].answer.claims[0].status is "supported", and'),
        ("turns[0].answer.written", {}, "turns[0].answer.written.model is not text"),
        (
            "turns[0].answer.written",
            {"model": "x", "sentences": 1, "struck": 0, "failure": 3},
            "turns[0].answer.written.failure",
        ),
        ("turns[3].problem", 3, "turns[3].problem is not text"),
        ("turns[3].limits.as_of", 3, "turns[3].limits.as_of is not text"),
        ("turns[1].answer.passages[0].article", 1, "turns[1].answer.passages[0].article is not an object"),
    ],
)
def test_what_does_not_fit_is_named(path: str, value: object, message: str) -> None:
    with pytest.raises(QuestionError, match=f"^{re.escape(message)}"):
        export(changed(path, value), "json", exported=NOW)


@pytest.mark.parametrize("anything", [None, 3, "x", [], [[]]])
def test_what_is_no_conversation_is_refused(anything: object) -> None:
    with pytest.raises(QuestionError, match=r"^the conversation is not an object"):
        export(anything, "html", exported=NOW)


def test_keys_of_no_use_are_ignored() -> None:
    posted = conversation()
    posted["turns"][0]["answer"]["took_ms"] = {"any": "thing"}
    posted["new"] = [1]
    assert export(posted, "html", exported=NOW) == export(conversation(), "html", exported=NOW)


PATHS = [
    *("title", "turns", "turns[0]", "turns[0].asked", "turns[0].limits", "turns[0].limits.as_of", "turns[0].answer"),
    *("turns[0].answer.claims", "turns[0].answer.claims[0]", "turns[0].answer.claims[0].citations"),
    *("turns[0].answer.citations[0]", "turns[0].answer.citations[0].article", "turns[1].answer.passages[0].rank"),
    *("turns[0].answer.written", "turns[0].answer.claims[0].status"),
    *("turns[2].answer", "turns[3].problem", "turns[3].limits.published_to"),
    *("turns[0].answer.citations[0].article.published", "turns[0].answer.citations[0].article.url"),
]


@given(path=st.sampled_from(PATHS), value=JSON, style=st.sampled_from(get_args(Format)))
def test_any_json_is_written_or_refused(path: str, value: object, style: Format) -> None:
    try:
        document = export(changed(path, value), style, exported=NOW)
    except QuestionError:
        return
    document.encode()
