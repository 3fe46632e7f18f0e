"""The chat in a real browser: what a reader does, and what a hostile article tries."""

from __future__ import annotations

import os
from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Locator, Page, expect, sync_playwright

from index import Article, ArticleIndex
from index.article import clean
from qa import ArticleQA
from tests.ui.browser import Watch, ask, find_chromium, launch, opened, whole
from tests.ui.samples import HOSTILE
from ui.web.server import running

QUESTION = "Who was jailed for stealing from the lifeboat fund?"
WIDE = {"width": 1280, "height": 800}
NARROW = {"width": 390, "height": 844}

# As a reader of files hands them over, and as an index can store them.
ATTACKS = tuple(clean(attack) for attack in HOSTILE)

# Whether the mark lies wholly inside the part of the panel that can be seen.
IN_SIGHT = """mark => {
  const inner = mark.getBoundingClientRect();
  const outer = mark.closest('.page').getBoundingClientRect();
  return inner.top >= outer.top && inner.bottom <= outer.bottom && outer.bottom <= innerHeight + 1
    && inner.left >= 0 && inner.right <= innerWidth;
}"""


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    executable = find_chromium()
    if executable is None:
        reason = "no Chromium found: install one, or name it in BYLINE_CHROMIUM"
        if os.environ.get("BYLINE_REQUIRE_BROWSER") == "1":
            pytest.fail(reason)
        pytest.skip(reason)
    with sync_playwright() as playwright, launch(playwright, executable) as launched:
        yield launched


@pytest.fixture(params=[WIDE, NARROW], ids=["wide", "narrow"])
def chat(browser: Browser, site: str, request: pytest.FixtureRequest) -> Iterator[Page]:
    """The page on a wide and on a narrow screen; whatever a test does, it must stay in order."""
    with opened(browser, site, viewport=request.param) as (page, watch):
        yield page
        check_order(page, watch, site)


@pytest.fixture
def wide(browser: Browser, site: str) -> Iterator[Page]:
    with opened(browser, site, viewport=WIDE) as (page, watch):
        yield page
        check_order(page, watch, site)


def check_order(page: Page, watch: Watch, site: str) -> None:
    assert watch.errors == []
    assert watch.requests
    assert watch.foreign(site) == []
    assert page.evaluate("window.pwned") is None
    width, height = page.evaluate("[document.documentElement.scrollWidth, document.documentElement.scrollHeight]")
    assert page.viewport_size is not None
    assert (width, height) == (page.viewport_size["width"], page.viewport_size["height"])


def source(page: Page) -> Locator:
    # By its id: a role finds nothing that is hidden, as this is on a narrow screen at first.
    return page.locator("#byline-source [role=complementary]")


def test_the_first_page_shows_all_that_is_needed(chat: Page) -> None:
    expect(chat).to_have_title("Byline")
    expect(chat.get_by_role("heading", name="Byline", exact=True)).to_be_in_viewport()
    expect(chat.get_by_label("Your question")).to_be_in_viewport(ratio=1)
    expect(chat.get_by_role("button", name="Ask", exact=True)).to_be_in_viewport(ratio=1)
    expect(chat.locator(".examples button")).to_have_count(4)
    for example in chat.locator(".examples button").all():
        expect(example).to_be_in_viewport(ratio=1)
    expect(chat.locator("footer")).to_have_count(0)


def test_each_marker_opens_the_words_that_were_quoted(chat: Page) -> None:
    ask(chat, QUESTION)
    claims = chat.locator("[data-testid=bot] .claim")
    assert claims.count() >= 1
    for claim in claims.all():
        expect(claim.locator("a.cite").first).to_be_visible()
    marker = claims.first.locator("a.cite").first
    # Read now: on a narrow screen the panel will cover it.
    quoted = claims.first.locator("bdi").inner_text()
    headline = chat.locator(".sources .headline").first.inner_text()
    expect(marker).to_have_accessible_name(f"Source [1] {headline}")
    marker.click()
    mark = source(chat).locator("mark")
    expect(mark).to_have_count(1)
    assert mark.text_content() == quoted
    assert mark.evaluate(IN_SIGHT)
    expect(chat.get_by_role("complementary", name="Source").get_by_role("heading")).to_have_text(headline)
    expect(source(chat).get_by_role("heading")).to_be_focused()
    expect(source(chat).get_by_role("status")).to_contain_text("Source 1: ")


def test_the_keyboard_opens_and_returns(chat: Page) -> None:
    ask(chat, QUESTION)
    marker = chat.locator("a.cite").first
    marker.focus()
    chat.keyboard.press("Enter")
    expect(source(chat).get_by_role("heading")).to_be_focused()
    expect(source(chat).locator("mark")).to_be_in_viewport(ratio=1)
    chat.keyboard.press("Escape")
    expect(marker).to_be_focused()
    # The second time the words are there already.
    chat.keyboard.press("Enter")
    expect(source(chat).get_by_role("heading")).to_be_focused()
    expect(source(chat).locator("mark")).to_be_in_viewport(ratio=1)


def test_on_a_narrow_screen_the_panel_covers_and_goes(browser: Browser, site: str) -> None:
    with opened(browser, site, viewport=NARROW, has_touch=True) as (page, _):
        expect(source(page)).not_to_be_visible()
        ask(page, QUESTION)
        page.locator("a.cite").first.tap()
        expect(source(page).locator("mark")).to_be_in_viewport(ratio=1)
        expect(page.get_by_label("Your question")).not_to_be_visible()
        source(page).get_by_role("button", name="Back to the chat").tap()
        expect(source(page)).not_to_be_visible()
        expect(page.get_by_label("Your question")).to_be_visible()


def test_a_long_article_is_scrolled_to_its_quote(browser: Browser, tmp_path: Path) -> None:
    filler = "\n".join(f"Paragraph {n} is about the weather in Tarn and about nothing else." for n in range(200))
    quote = "The zeppelin landed at Orrin with seven passengers."
    article = Article(id="long", title="Long", text=f"{filler}\n{quote}\n{filler}", published=date(2025, 1, 2))
    with ArticleIndex.open(tmp_path / "long", create=True) as index:
        index.add([article])
    with (
        ArticleQA.open(tmp_path / "long") as qa,
        running(qa) as address,
        opened(browser, address, viewport=NARROW) as (page, _),
    ):
        ask(page, "How many passengers were in the zeppelin that landed at Orrin?")
        page.locator("a.cite, .nearest a").first.click()
        mark = source(page).locator("mark")
        expect(mark).to_contain_text(quote)
        assert source(page).locator(".page").evaluate("page => page.scrollTop") > 1000
        assert mark.first.evaluate(IN_SIGHT)


def test_an_example_asks_itself(chat: Page) -> None:
    example = chat.locator(".examples button").first
    question = example.inner_text()
    example.click()
    whole(chat)
    expect(chat.locator("[data-testid=user]")).to_have_text(question)
    expect(chat.get_by_label("Your question")).to_have_value("")


def test_the_page_s_own_dates_limit_the_answer(chat: Page) -> None:
    ask(chat, QUESTION)
    expect(chat.locator(".sources").first).to_contain_text("June 2025")
    chat.get_by_text("Limit by date").click()
    chat.get_by_label("As known on").fill("2025-04-30")
    ask(chat, QUESTION)
    later = chat.locator("[data-testid=bot]").nth(1)
    expect(later).to_contain_text("As known on 30 April 2025")
    assert "May 2025" not in later.inner_text()
    assert "June 2025" not in later.inner_text()
    chat.get_by_label("As known on").fill("1990-01-01")
    ask(chat, QUESTION)
    expect(chat.locator("[data-testid=bot]").nth(2).locator(".refusal")).to_be_visible()
    expect(chat.get_by_label("Your question")).to_be_in_viewport(ratio=1)


def test_a_bad_date_is_explained_and_the_question_kept(chat: Page) -> None:
    chat.get_by_text("Limit by date").click()
    chat.get_by_label("Published from").fill("2025-13-1")
    box = chat.get_by_label("Your question")
    box.fill(QUESTION)
    box.press("Enter")
    expect(chat.get_by_role("alert")).to_have_text(
        "“Published from” is not a date: write it as YYYY-MM-DD, like 2025-05-13."
    )
    expect(box).to_have_value(QUESTION)
    expect(chat.locator("[data-testid=user]")).to_have_count(0)
    chat.get_by_label("Published from").fill("2025-03-01")
    box.press("Enter")
    whole(chat)
    expect(chat.get_by_role("alert")).to_have_text("")


def test_a_refusal_offers_what_is_nearest(chat: Page) -> None:
    ask(chat, "What is the boiling point of the metal tungsten on the planet Neptune?")
    answer = chat.locator("[data-testid=bot]")
    expect(answer.locator(".refusal")).to_be_visible()
    expect(answer.locator("a.cite")).to_have_count(0)
    expect(answer).to_contain_text("These are not an answer")
    nearest = answer.locator(".nearest li").first
    passage = nearest.locator("q").inner_text()
    nearest.get_by_role("link").click()
    expect(source(chat)).to_contain_text("not an answer")
    expect(source(chat).locator("mark").first).to_be_in_viewport()
    marked = " ".join(source(chat).locator("mark").all_inner_texts())
    assert marked.split() == passage.split()


def test_a_new_conversation_is_empty(wide: Page) -> None:
    ask(wide, QUESTION)
    wide.locator("a.cite").first.click()
    source(wide).locator("mark").wait_for()
    wide.get_by_role("button", name="New conversation").click()
    expect(wide.locator("[data-testid=bot]")).to_have_count(0)
    expect(source(wide).locator("mark")).to_have_count(0)
    expect(wide.locator(".examples button")).to_have_count(4)
    ask(wide, QUESTION)
    expect(wide.locator("a.cite").first).to_have_attribute("href", "#cite-2-1")


def test_a_long_answer_begins_in_sight(chat: Page) -> None:
    for _ in range(3):
        ask(chat, QUESTION)
    expect(chat.locator("[data-testid=user]").last).to_be_in_viewport(ratio=1)
    expect(chat.locator("[data-testid=bot]").last.locator(".claim").first).to_be_in_viewport(ratio=1)


def test_the_original_opens_apart(browser: Browser, tmp_path: Path) -> None:
    article = Article(
        id="a",
        title="Ferry",
        url="https://paper.example/ferry",
        text="The ferry to Orrin sank on Monday.",
        published=date(2025, 1, 2),
    )
    with ArticleIndex.open(tmp_path / "one", create=True) as index:
        index.add([article])
    with (
        ArticleQA.open(tmp_path / "one") as qa,
        running(qa) as address,
        opened(browser, address, viewport=WIDE) as (page, _),
    ):
        ask(page, "When did the ferry to Orrin sink?")
        page.locator("a.cite, .nearest a").first.click()
        link = source(page).get_by_role("link", name="Open the original at these words")
        expect(link).to_have_attribute(
            "href", "https://paper.example/ferry#:~:text=The%20ferry%20to%20Orrin%20sank%20on%20Monday."
        )
        expect(link).to_have_attribute("target", "_blank")
        expect(link).to_have_attribute("rel", "noopener noreferrer")


def test_a_page_with_a_password_works_to_the_end(browser: Browser, qa: ArticleQA) -> None:
    with running(qa, auth=("reader", "pass")) as address:
        login = {"username": "reader", "password": "pass"}
        with opened(browser, address, viewport=WIDE, http_credentials=login) as (page, watch):
            ask(page, QUESTION)
            page.locator("a.cite").first.click()
            source(page).locator("mark").wait_for()
            # The browser's first request carries no password: it can't know that one is asked for.
            assert [error for error in watch.errors if "401" not in error] == []


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_text_stands_out_from_its_ground(browser: Browser, site: str, scheme: str) -> None:
    """At the 4.5:1 that WCAG 2.2 asks for at level AA (1.4.3)."""
    with opened(browser, site, viewport=WIDE, color_scheme=scheme) as (page, _):
        ask(page, QUESTION)
        page.locator("a.cite").first.click()
        source(page).locator("mark").wait_for()
        for selector in (
            ".claim bdi",
            "a.cite",
            ".headline",
            ".origin",
            ".note",
            ".facts",
            "mark",
            "article > p",
            "h2",
        ):
            assert page.locator(selector).last.evaluate(CONTRAST) >= 4.5, selector


CONTRAST = """element => {
  const parse = colour => colour.match(/[0-9.]+/g).map(Number);
  const light = ([r, g, b]) => [r, g, b].map(v => v / 255)
    .map(v => v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4)
    .reduce((sum, v, i) => sum + v * [0.2126, 0.7152, 0.0722][i], 0);
  const ink = parse(getComputedStyle(element).color);
  let ground = null;
  for (let at = element; at && !ground; at = at.parentElement) {
    const colour = parse(getComputedStyle(at).backgroundColor);
    if (colour.length === 3 || colour[3] === 1) ground = colour;
  }
  const [a, b] = [light(ink), light(ground)].sort((x, y) => y - x);
  return (a + 0.05) / (b + 0.05);
}"""


@pytest.fixture(scope="module")
def hostile_site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """An index in which each article attacks from every one of its fields."""
    path = tmp_path_factory.mktemp("hostile") / "index"
    articles = [
        Article(
            id=f"attack-{number}",
            title=f"Zeppelin {number} {attack}",
            text=f"{attack}\nZeppelin {number} landed {attack} at Orrin.\n{attack}",
            published=date(2025, 1, 1),
            url=attack,
            source=attack,
            authors=(attack, attack),
        )
        for number, attack in enumerate(ATTACKS)
    ]
    with ArticleIndex.open(path, create=True) as index:
        index.add(articles)
    with ArticleQA.open(path) as qa, running(qa) as address:
        yield address


@pytest.mark.parametrize("viewport", [WIDE, NARROW], ids=["wide", "narrow"])
def test_hostile_articles_are_only_text(browser: Browser, hostile_site: str, viewport: dict[str, int]) -> None:
    with opened(browser, hostile_site, viewport=viewport) as (page, watch):
        for number, attack in enumerate(ATTACKS):
            ask(page, f"Where did zeppelin {number} land? {attack}".replace("\n", " "))
        assert page.locator("[data-testid=bot]").count() == len(ATTACKS)
        opened_articles = 0
        for answer in page.locator("[data-testid=bot]").all():
            answer.locator('a[href^="#cite-"]').first.click()
            expect(source(page).locator("mark").first).to_be_visible()
            expect(source(page).get_by_role("heading")).to_contain_text("Zeppelin")
            expect(source(page).locator("article a[href]:not([href^='https://evil.example'])")).to_have_count(0)
            opened_articles += 1
            page.keyboard.press("Escape")
        assert opened_articles == len(ATTACKS)
        # What the page holds is ours: no element that only an attack would have made.
        foreign = page.locator("#byline-log :is(img, script, iframe, base, code, pre, table, form, h1, h2)")
        expect(foreign).to_have_count(0)
        expect(source(page).locator("img, script, svg, iframe, base, code, pre, table, form")).to_have_count(0)
        links = page.locator("#byline-log a").evaluate_all("links => links.map(link => link.getAttribute('href'))")
        assert all(link.startswith("#cite-") for link in links)
        check_order(page, watch, hostile_site)
