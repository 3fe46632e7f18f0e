"""Rendering: what a reader sees, and that no text of an article can become anything but text."""

from __future__ import annotations

import json
import os
import re
from dataclasses import replace
from datetime import date
from html.parser import HTMLParser
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from index.article import Filter, Span, clean
from qa.answer import Answer, Claim
from tests.ui.samples import HOSTILE, TEXT, answer, article, citation, passage, refusal
from ui.web.render import Mark, answer_html, answer_steps, find_cited, panel, question_html

GOLDEN = Path(__file__).parent / "golden"
ANY_TEXT = st.text(st.characters(exclude_categories=()), max_size=60) | st.sampled_from(HOSTILE)
COST = "It will spend £4.2 million on the wall."
START = "Work starts in May, said Ellen Voss."


class Page(HTMLParser):
    """The tags with their attributes, and the text, of a piece of HTML."""

    def __init__(self, html: str) -> None:
        super().__init__(convert_charrefs=True)
        self.tags: list[tuple[str, object]] = []
        self.text = ""
        self.feed(html)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, tuple(attrs)))

    def handle_endtag(self, tag: str) -> None:
        self.tags.append((f"/{tag}", ()))

    def handle_data(self, data: str) -> None:
        self.text += data

    def handle_comment(self, data: str) -> None:
        self.tags.append(("comment", data))

    def handle_decl(self, decl: str) -> None:
        self.tags.append(("declaration", decl))

    def handle_pi(self, data: str) -> None:
        self.tags.append(("instruction", data))


def check_golden(name: str, html: str) -> None:
    """Compares with tests/ui/golden/NAME; BYLINE_WRITE_GOLDEN=1 writes it, for a reader to judge."""
    shown = html.replace("><", ">\n<") + "\n"
    if os.environ.get("BYLINE_WRITE_GOLDEN") == "1":
        (GOLDEN / name).write_text(shown, encoding="utf-8")
    assert shown == (GOLDEN / name).read_text(encoding="utf-8")


def filled(field: str) -> Answer:
    """An answer with ``field`` wherever an answer holds text."""
    told = article(title=field, source=field, authors=(field,), text=f"a{field}b {COST}")
    cited = citation(told, COST)
    text = f"a{field}b"
    claim = Claim(
        text=text,
        markers=(1,),
        emphasis=(Span(start=1, end=len(text) - 1),),
        day=date(2025, 3, 4),
        sources=(field, "B"),
        corrects=True,
    )
    return answer(cited, claims=(claim,))


def refused(field: str) -> Answer:
    told = article(title=field, source=field, authors=(field,), text=f"{COST}{field}b")
    return refusal(passage(told, f"{COST}{field}b"), reason=field or "none")


def test_an_answer() -> None:
    told = article()
    html = answer_html(answer(citation(told, COST), citation(told, START, marker=2)), Filter(), turn=3)
    check_golden("answer.html", html)


def test_a_claim_that_two_sources_support() -> None:
    other = article(article_id="b", title="Herald: wall", source="The Herald", published=date(2025, 3, 5), url=None)
    both = answer(
        citation(article(), COST),
        citation(other, COST, marker=2),
        claims=(Claim(text=COST, markers=(1, 2)),),
    )
    limits = Filter(published_from=date(2025, 3, 1), published_to=date(2025, 3, 9), as_of=date(2025, 4, 1))
    check_golden("two-sources.html", answer_html(both, limits, turn=1))


def test_accounts_that_differ() -> None:
    other = article(article_id="b", title="Herald: wall", source="The Herald", published=date(2025, 3, 5), url=None)
    newest = Claim(
        text=COST,
        markers=(1, 2),
        emphasis=(Span(start=14, end=26),),
        day=date(2025, 3, 5),
        sources=("The Herald", "The Gazette"),
        first_reported=date(2025, 3, 4),
        corrects=True,
    )
    oldest = Claim(text=START, markers=(3,), day=date(2025, 3, 4), earlier=True)
    both = answer(
        citation(other, COST),
        citation(article(), COST, marker=2),
        citation(article(), START, marker=3),
        claims=(newest, oldest),
    )
    check_golden("accounts.html", answer_html(replace(both, form="accounts"), Filter(), turn=1))


@pytest.mark.parametrize(
    ("confidence", "shown"), [(0.5, "Confidence 50%"), (0.99, "Confidence 99%"), (0.9999, "Confidence above 99%")]
)
def test_confidence_is_never_shown_as_certainty(confidence: float, shown: str) -> None:
    html = answer_html(replace(answer(citation(article(), COST)), confidence=confidence), Filter(), turn=1)
    assert shown in html


def test_a_refusal() -> None:
    html = answer_html(refusal(passage(article(), COST)), Filter(as_of=date(2025, 3, 6)), turn=2)
    check_golden("refusal.html", html)
    assert "not an answer" in Page(html).text


def test_a_refusal_without_passages() -> None:
    html = answer_html(refusal(), Filter(), turn=2)
    assert Page(html).text == "The articles don't say."


def test_the_panel() -> None:
    data = panel(citation(article(), COST), Mark(turn=3, number=1))
    check_golden("panel.json", json.dumps(data, ensure_ascii=False, indent=1))


def test_the_panel_of_a_passage_says_that_it_is_no_answer() -> None:
    data = panel(passage(article(), COST), Mark(turn=3, number=1, nearest=True))
    check_golden("passage.json", json.dumps(data, ensure_ascii=False, indent=1))
    assert "not an answer" in data["label"]


@pytest.mark.parametrize("plain", [refusal(), answer(citation(article(), COST))])
def test_a_follow_up_shows_what_it_was_taken_to_mean(plain: Answer) -> None:
    assert "Understood as" not in answer_html(plain, Filter(), turn=1)
    meant = replace(plain, understood="Why did <b>Ann</b> resign?")
    for step in answer_steps(meant, Filter(), turn=1):
        assert step.startswith('<p class="understood" dir="auto">Understood as: <bdi>Why did &#60;b&#62;Ann')


def test_steps_add_one_claim_each_and_end_with_the_whole() -> None:
    told = article()
    whole = answer(*(citation(told, COST, marker=number) for number in (1, 2, 3)))
    steps = list(answer_steps(whole, Filter(), turn=1))
    assert [step.count('class="claim"') for step in steps] == [1, 2, 3]
    assert steps[-1] == answer_html(whole, Filter(), turn=1)


@pytest.mark.parametrize("empty", [refusal(), answer()])
def test_there_is_a_last_step_even_without_claims(empty: Answer) -> None:
    assert list(answer_steps(empty, Filter(), turn=1)) == [answer_html(empty, Filter(), turn=1)]


@pytest.mark.parametrize("make", [filled, refused])
@given(field=ANY_TEXT)
def test_no_text_adds_or_changes_a_tag(make: object, field: str) -> None:
    assert callable(make)
    html = answer_html(make(field), Filter(), turn=1)
    page, plain = Page(html), Page(answer_html(make("plain"), Filter(), turn=1))
    assert page.tags == plain.tags
    # Without its tags and references, nothing is left that HTML or Markdown would act on.
    rest = re.sub(r'</?[a-z0-9]+(?: [a-z-]+="[^"<>&]*")*>|&#\d+;', " ", html)
    assert not re.search(r"[<>&\"`*_\[\]{}\\#!|~$@=\n]|www\.\S|://", rest)


@given(field=ANY_TEXT)
def test_every_character_is_shown(field: str) -> None:
    assert f"a{clean(field)}b" in Page(answer_html(filled(field), Filter(), turn=1)).text
    assert Page(question_html(field)).text == clean(field)


@given(field=ANY_TEXT, before=ANY_TEXT, after=ANY_TEXT)
def test_the_panel_marks_the_quote_and_loses_no_text(field: str, before: str, after: str) -> None:
    quote = f"a{field}b"
    text = f"{before}{quote}{after}"
    told = article(title=field, text=text, source=field, authors=(field, before), url=None)
    data = panel(citation(told, quote), Mark(turn=1, number=1))
    assert json.loads(json.dumps(data)) == data
    lines = [[clean(s["text"]) for s in segments] for segments in data["paragraphs"]]
    kept = [clean(line) for line in text.split("\n") if line.strip()]
    assert ["".join(line) for line in lines] == kept
    marked = [s["text"] for segments in data["paragraphs"] for s in segments if s["quoted"]]
    assert marked == [clean(line) for line in _first(text, quote).split("\n") if line]


def _first(text: str, quote: str) -> str:
    start = text.index(quote)
    lines = []
    for line_start, line in _lines(text):
        if line.strip():
            lines.append(line[max(start - line_start, 0) : max(start + len(quote) - line_start, 0)])
    return "\n".join(lines)


def _lines(text: str) -> list[tuple[int, str]]:
    found, offset = [], 0
    for line in text.split("\n"):
        found.append((offset, line))
        offset += len(line) + 1
    return found


def test_offsets_count_code_points() -> None:
    told = article(text="😀😀 é first.\n😀 The words. After.")
    data = panel(citation(told, "The words."), Mark(turn=1, number=1))
    assert data["paragraphs"][1] == [
        {"text": "😀 ", "quoted": False},
        {"text": "The words.", "quoted": True},
        {"text": " After.", "quoted": False},
    ]


@pytest.mark.parametrize(
    "link",
    [
        "javascript:alert(1)",
        "JavaScript:alert(1)//https://x.example",
        "data:text/html,<script>",
        "file:///etc/passwd",
        "//evil.example",
        'https://x.example/"onclick=',
        "https://x.example/ javascript:",
        "vbscript:x",
        "",
    ],
)
def test_only_web_addresses_are_linked(link: str) -> None:
    data = panel(citation(article(url=None), COST, link=link or "x:"), Mark(turn=1, number=1))
    assert data["link"] is None


def test_a_web_address_is_linked_at_the_words() -> None:
    data = panel(citation(article(), COST), Mark(turn=1, number=1))
    assert data["link"] is not None
    assert data["link"].startswith("https://gazette.example/wall#:~:text=It%20will%20spend")


@pytest.mark.parametrize(
    "forged",
    [
        None,
        3,
        [],
        {},
        "",
        "1",
        "1-",
        "-1",
        "0-1",
        "1-0",
        "1-1\n",
        " 1-1",
        "1-n",
        "1-nn1",
        "\uff11-\uff11",
        "1-1" + "0" * 99,
    ],
)
def test_a_forged_mark_is_none(forged: object) -> None:
    assert Mark.parse(forged) is None


@pytest.mark.parametrize("mark", [Mark(turn=3, number=12), Mark(turn=1, number=2, nearest=True)])
def test_a_mark_survives_its_own_text(mark: Mark) -> None:
    assert Mark.parse(str(mark)) == mark


def test_a_mark_finds_only_what_the_answer_shows() -> None:
    told = article()
    cited, near = citation(told, COST), passage(told, COST)
    assert find_cited(answer(cited), Mark(turn=1, number=1)) is cited
    assert find_cited(refusal(near), Mark(turn=1, number=1, nearest=True)) is near
    assert find_cited(answer(cited), Mark(turn=1, number=2)) is None
    assert find_cited(answer(cited), Mark(turn=1, number=1, nearest=True)) is None
    assert find_cited(refusal(near), Mark(turn=1, number=1)) is None
    assert find_cited(refusal(near), Mark(turn=1, number=2, nearest=True)) is None


def test_the_sample_text_has_the_paragraphs_that_the_tests_assume() -> None:
    assert TEXT.split("\n")[1].startswith(COST)
