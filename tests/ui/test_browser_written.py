"""Answers that a language model writes, in a real browser: each sentence from pending to what became of it."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from threading import Event
from typing import Any

import pytest
from playwright.sync_api import Browser, Locator, Page, expect

from qa import ArticleQA
from qa.llm import LanguageModel
from qa.writer import Writer
from tests.llm import Piece, Reply, TalkingServer, talking
from tests.ui.browser import NARROW, WIDE, check_order, opened, ready, source, whole
from tests.ui.test_browser_access import violations
from ui.web.server import running

MODEL = "tiny-writer"
WALL = "How much is it going to cost to repair the harbour wall?"
RISEN = "The bill for Marrowby's broken harbour wall has risen to £6.3 million"
MAYOR = "The mayor paid £9 million of it in cash"
SILENT = "The articles don't say."
GROWN = "The cost of repairing the harbour wall went up by £900,000 to £5.1 million"

# What is copied where everything is selected.
COPIED = "() => { getSelection().selectAllChildren(document.querySelector('.log')); return getSelection().toString(); }"
HEIGHT = "node => node.offsetHeight"
KEPT = """() => Object.keys(localStorage).filter((key) => key.startsWith("byline.conversation."))
  .flatMap((key) => JSON.parse(localStorage.getItem(key)).turns)"""


@pytest.fixture(scope="module")
def model() -> Iterator[TalkingServer]:
    with talking(()) as server:
        yield server


@pytest.fixture(scope="module")
def fluent(qa: ArticleQA, model: TalkingServer) -> Iterator[str]:
    """The address of a server whose answers the ``model`` writes."""
    with LanguageModel(model.url, MODEL) as llm:
        writer = Writer(llm, unsupported="strike", rewrites=True)
        with running(ArticleQA(qa.index, writer=writer)) as address:
            yield address


def number(body: dict[str, Any], words: str) -> str:
    """The marker of the passage that has these words, in what the model was sent."""
    before, found, _ = body["messages"][-1]["content"].partition(words)
    assert found
    return str(re.findall(r"passage (\[\d+\])", before)[-1])


def put(page: Page, question: str) -> Locator:
    """Asks, and gives the exchange at once."""
    before = page.locator(".turn").count()
    box = page.get_by_label("Your question")
    box.fill(question)
    box.press("Enter")
    return page.locator(".turn").nth(before)


@pytest.mark.parametrize(("screen", "scheme"), [(WIDE, "light"), (NARROW, "dark")], ids=["wide", "narrow"])
def test_each_sentence_is_pending_until_it_is_checked(
    browser: Browser, fluent: str, model: TalkingServer, screen: object, scheme: str
) -> None:
    gates = [Event() for _ in range(4)]

    def script(body: dict[str, Any]) -> list[Piece]:
        newest, older = number(body, "The bill for"), number(body, "The cost of")
        return [
            f"{RISEN[:20]}",
            gates[0],
            f"{RISEN[20:]} {newest}. {MAYOR}",
            gates[1],
            f" {newest}. {RISEN}",
            gates[2],
            f" {older}. {GROWN} [99",
            gates[3],
            "].",
        ]

    model.script = script
    granted = ["clipboard-read", "clipboard-write"]
    with opened(browser, fluent, viewport=screen, color_scheme=scheme, permissions=granted) as (page, watch):
        expect(page.locator(".welcome")).to_contain_text(f"Answers are written by {MODEL} and checked.")
        expect(page.locator(".welcome")).not_to_contain_text("word for word")
        turn = put(page, WALL)
        pending, claims, struck = (turn.locator(f".{name}") for name in ("pending", "claim", "struck"))
        expect(pending).to_have_text(f"{RISEN[:20].strip()} not checked yet")
        # Who listens is told of what stands alone.
        expect(pending).to_have_attribute("aria-live", "off")
        expect(turn.locator(".waiting")).to_be_hidden()
        assert RISEN[:20].strip() not in page.evaluate(COPIED)
        assert violations(page) == [], "pending"

        gates[0].set()
        expect(claims.locator("bdi")).to_have_text([f"{RISEN}."])
        expect(pending).to_have_text(f"{MAYOR} not checked yet")
        expect(claims.get_by_role("img", name="Checked against the words cited")).to_be_visible()
        claims.first.evaluate("claim => { claim.mine = true; }")
        # While more is written its marker opens the words that it rests on, which are others.
        claims.locator("a.cite").click()
        expect(source(page).locator("mark.quoted")).to_have_text(re.compile("^The bill for .* next year.$"))
        page.keyboard.press("Escape")

        gates[1].set()
        expect(struck.locator("s")).to_have_text(f"{MAYOR}.")
        expect(struck.locator("li")).to_be_hidden()
        struck.locator("summary").press("Enter")
        expect(struck.locator("li")).to_have_text("nothing that it cites says this")
        expect(pending).to_have_text(f"{RISEN} not checked yet")
        height = turn.locator(".sentences").evaluate(HEIGHT)
        # Said twice it is dropped; what lies above stays where it is.
        gates[2].set()
        expect(pending).to_have_text(f"{GROWN} not checked yet")
        assert turn.locator(".sentences").evaluate(HEIGHT) >= height
        gates[3].set()

        whole(page)
        expect(claims).to_have_count(3)
        expect(claims.nth(1).locator(".check")).to_have_text("marker corrected")
        expect(claims.nth(2).locator(".check")).to_have_text("word for word")
        # What was read already was left as it was.
        assert claims.first.evaluate("claim => claim.mine")
        expect(struck.locator("li")).to_be_visible()
        line = turn.locator(".written summary")
        expect(line).to_have_text(f"Written by {MODEL}; 4 sentences: 1 supported, 1 corrected, 2 struck out")
        expect(turn.locator(".written li").first).to_be_hidden()
        line.press("Enter")
        expect(turn.locator(".written")).to_contain_text(" tokens read, ")
        assert violations(page) == [], "an answer"
        assert "mayor" not in page.evaluate(COPIED)
        turn.get_by_role("button", name="Copy").click()
        expect(turn.locator(".done")).to_have_text("Copied with its references")
        copied = page.evaluate("navigator.clipboard.readText()")
        assert f"{RISEN}. [1]" in copied
        assert "[1] “The bill for Marrowby's broken harbour wall has risen again, " in copied
        assert f"Written by {MODEL}, each sentence checked against the words cited." in copied
        assert "mayor" not in copied

        shown = turn.locator(".sentences").inner_text()
        page.reload()
        ready(page)
        turn.locator(".struck summary").click()
        assert turn.locator(".sentences").inner_text() == shown
        expect(turn.locator(".why > summary")).to_contain_text("answered by the articles (")
        turn.locator(".why > summary").click()
        expect(turn.locator(".why-inside")).to_contain_text(", not that the language model's words are right.")
        # A check's tick isn't drawn as one of an axis is.
        label = turn.locator(".why-inside svg text").first
        assert label.evaluate("label => getComputedStyle(label).stroke") == "none"
        # A follow-up leans on what stood, and is shown as the model puts it before it is answered.
        understood, gate = "When will the repair of the harbour wall be finished?", Event()
        model.script = lambda body: [gate, SILENT] if "passage [" in str(body["messages"]) else [understood]
        with page.expect_request("**/api/ask") as asked:
            follow_up = put(page, "When will it be finished?")
        history = json.loads(asked.value.post_data or "")["history"]
        assert GROWN in history[0]["answer"]
        assert "mayor" not in str(history)
        expect(follow_up.locator(".understood").first).to_have_text(f"Understood as: {understood}")
        expect(follow_up.locator(".waiting")).to_be_visible()
        gate.set()
        expect(whole(page, 1).locator(".written summary")).to_contain_text(f"{MODEL} finds no answer in the passages")
        check_order(page, watch, fluent)


def test_stopping_stops_the_model_and_keeps_no_answer(browser: Browser, fluent: str, model: TalkingServer) -> None:
    model.script = lambda body: [f"{RISEN} {number(body, 'The bill for')}. {MAYOR}", Event()]
    model.left.clear()
    with opened(browser, fluent) as (page, _):
        turn = put(page, WALL)
        expect(turn.locator(".claim")).to_have_count(1)
        page.get_by_role("button", name="Stop", exact=True).click()
        expect(turn.locator(".stopped")).to_have_text("Stopped: not a whole answer.")
        expect(turn.locator(".claim bdi")).to_have_text([f"{RISEN}."])
        expect(turn.locator(".pending, .waiting")).to_have_count(0)
        assert violations(page) == [], "stopped"
        # What stands can be read where it was found.
        turn.locator("a.cite").click()
        expect(source(page).locator("mark.quoted")).to_have_text(re.compile("^The bill for .* next year.$"))
        assert model.left.wait(10)
        (kept,) = page.evaluate(KEPT)
        assert (kept["answer"], "coming" in kept) == (None, False)
        page.reload()
        ready(page)
        expect(turn.locator(".stopped")).to_have_text("Stopped.")
        expect(turn.locator(".claim")).to_have_count(0)


def test_where_all_was_struck_it_stands_below_the_articles_own_words(
    browser: Browser, fluent: str, model: TalkingServer
) -> None:
    model.script = lambda body: [f"{MAYOR} {number(body, 'The bill for')}."]
    with opened(browser, fluent) as (page, _):
        turn = put(page, WALL)
        whole(page)
        last = turn.locator(".sentences > *").last
        expect(last.locator("s")).to_have_text(f"{MAYOR}.")
        expect(turn.locator(".sentences > :first-child")).to_have_class("note")
        turn.locator(".written summary").click()
        expect(turn.locator(".written")).to_contain_text("It wrote 1 sentence: 1 struck out.")


def test_where_the_model_fails_the_articles_own_words_stand(
    browser: Browser, fluent: str, site: str, model: TalkingServer
) -> None:
    gate = Event()
    model.script = lambda body: Reply(
        pieces=[f"{RISEN} {number(body, 'The bill for')}. {MAYOR}", gate, b"data: {no\n\n"], finish=None
    )
    with opened(browser, fluent) as (page, _):
        turn = put(page, WALL)
        turn.locator("a.cite").focus()
        gate.set()
        whole(page)
        told = "These are the articles' own words: the language model's answer can't stand."
        expect(turn.locator(".sentences .note")).to_have_text(told)
        expect(turn.locator(".check, .struck, .pending")).to_have_count(0)
        expect(turn.locator(".written summary")).to_contain_text(f"Not written by {MODEL}: ")
        # What had the focus is gone.
        expect(turn).to_be_focused()
        written = turn.locator(".claim").all_inner_texts()
        page.reload()
        ready(page)
        expect(turn.locator(".claim")).to_have_text(written)
        expect(turn.locator(".sentences .note")).to_have_text(told)
    with opened(browser, site) as (page, _):
        put(page, WALL)
        expect(whole(page).locator(".claim")).to_have_text(written)
