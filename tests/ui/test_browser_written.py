"""Answers that a language model writes, in a real browser: each sentence from pending to what became of it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Any

import pytest
from playwright.sync_api import Browser, Locator, Page, expect

from qa import ArticleQA
from qa.answer import Answer, Claim, Unsupported, Usage, Written
from qa.events import Asked, Checked, Event, Failed, Finished, Pending
from tests.ui.browser import NARROW, QUESTION, WIDE, check_order, opened, ready, source, whole
from tests.ui.test_browser_access import violations
from tests.ui.test_browser_hostile import ATTACKS, check_harmless

MODEL = "tiny-writer"
FAILURE = "nothing that it wrote is supported"

# What the server would tell of a question is told by the test, a step at a time.
FED = """
const real = window.fetch;
window.asked = [];
window.fetch = async (address, options = {}) => {
  if (!String(address).endsWith("/api/ask")) return real(address, options);
  const line = new TextEncoder();
  const body = new ReadableStream({
    start: (stream) => {
      window.feed = (steps) => stream.enqueue(line.encode(steps.map((step) => `${JSON.stringify(step)}\\n`).join("")));
      window.over = () => stream.close();
      options.signal.addEventListener("abort", () => {
        window.left = true;
        stream.error(new DOMException("left", "AbortError"));
      });
    },
  });
  window.asked.push(JSON.parse(options.body));
  return new Response(body, { headers: { "content-type": "application/x-ndjson" } });
};
"""
# What is copied where everything is selected.
COPIED = "() => { getSelection().selectAllChildren(document.querySelector('.log')); return getSelection().toString(); }"
# Whether the last line of a claim goes on with its markers and its tick.
BEHIND = """claim => {
  const words = [...claim.querySelector("bdi").getClientRects()].at(-1);
  const [marker, tick] = [".cite", ".check"].map((one) => claim.querySelector(one).getBoundingClientRect());
  const after = (one, other) => other.left >= one.right - 1 || other.top >= one.bottom - 4;
  return after(words, marker) && after(marker, tick);
}"""
KEPT = """() => Object.keys(localStorage).filter((key) => key.startsWith("byline.conversation."))
  .flatMap((key) => JSON.parse(localStorage.getItem(key)).turns)"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Script:
    """What a server tells of one question: ``claims`` are the model's, in other words than the
    articles', of the ``verbatim`` answer."""

    verbatim: Answer
    claims: tuple[Claim, ...]
    struck: Unsupported

    def written(self, **changes: Any) -> Written:
        whole = Written(
            model=MODEL,
            prompt="1",
            messages=(),
            sentences=4,
            supported=1,
            corrected=1,
            struck=2,
            unsupported=(),
            failure=None,
            verbatim=self.verbatim,
            usage=Usage(prompt=1812, completion=96, reported=True),
            took_ms=2_345.6,
            first_ms=901.2,
        )
        return replace(whole, **changes)

    @property
    def answer(self) -> Answer:
        used = {marker for claim in self.claims for marker in claim.markers}
        return replace(
            self.verbatim,
            claims=self.claims,
            citations=tuple(c for c in self.verbatim.citations if c.marker in used),
            written=self.written(unsupported=(self.struck,)),
        )

    def checked(self, place: int, claim: Claim, seen: Sequence[Claim] = ()) -> Checked:
        told = {marker for one in seen for marker in one.markers}
        new = tuple(c for c in self.verbatim.citations if c.marker in claim.markers and c.marker not in told)
        return Checked(place=place, claim=claim, citations=new, dated=self.verbatim.dated)

    @property
    def verbatim_steps(self) -> list[Event]:
        shown = replace(self.verbatim, written=self.written(failure=FAILURE, supported=0, corrected=0, struck=4))
        return [
            *(self.checked(place, claim, shown.claims[:place]) for place, claim in enumerate(shown.claims)),
            Finished(answer=shown),
        ]


@pytest.fixture(scope="module")
def script(qa: ArticleQA) -> Script:
    answer = qa.ask(QUESTION)
    first, second, third, *_ = answer.claims
    return Script(
        verbatim=answer,
        claims=(
            replace(first, text="The fund's treasurer went to jail over it.", emphasis=(), status="supported"),
            replace(second, text="He spent it on trains.", emphasis=(), markers=(1, 2, 3), status="corrected"),
            third,
        ),
        struck=Unsupported(
            text="He fled to Spain in 2019.", reasons=("“2019” doesn't stand in what it cites",), after=1
        ),
    )


@contextmanager
def fed(browser: Browser, site: str, **context: Any) -> Iterator[Page]:
    with opened(browser, site, **context) as (page, watch):
        page.add_init_script(FED)
        page.reload()
        ready(page)
        yield page
        check_order(page, watch, site)


def begin(page: Page, *steps: Event) -> Locator:
    """Asks, tells the first steps, and gives the exchange."""
    before, asked = page.locator(".turn").count(), page.evaluate("asked.length")
    box = page.get_by_label("Your question")
    box.fill(QUESTION)
    box.press("Enter")
    page.wait_for_function("count => asked.length > count", arg=asked)
    feed(page, Asked(understood=QUESTION, dates=()), *steps)
    return page.locator(".turn").nth(before)


def feed(page: Page, *steps: Event) -> None:
    page.evaluate("steps => feed(steps)", [step.to_dict() for step in steps])


def end(page: Page, *steps: Event) -> None:
    feed(page, *steps)
    page.evaluate("over()")


def tallest(rows: Locator) -> int:
    height: int = rows.evaluate_all("rows => Math.max(...rows.map((row) => row.offsetHeight))")
    return height


@pytest.mark.parametrize(("screen", "scheme"), [(WIDE, "light"), (NARROW, "dark")], ids=["wide", "narrow"])
def test_each_sentence_is_pending_until_it_is_checked(
    browser: Browser, site: str, script: Script, screen: object, scheme: str
) -> None:
    first, second, third = script.claims
    with fed(browser, site, viewport=screen, color_scheme=scheme) as page:
        turn = begin(page)
        feed(page, Asked(understood="Who was jailed?", dates=()))
        pending, claims = turn.locator(".pending"), turn.locator(".claim")
        # Before anything is written.
        expect(turn.locator(".understood")).to_have_text("Understood as: Who was jailed?")
        expect(turn.locator(".waiting")).to_have_text("Reading the articles…")
        feed(page, Pending(place=0, text="The fund's"))
        expect(pending).to_have_text("The fund's not checked yet")
        feed(page, Pending(place=0, text="The fund's treasurer went"))
        expect(pending).to_have_text("The fund's treasurer went not checked yet")
        # Who listens is told of what stands alone.
        expect(pending).to_have_attribute("aria-live", "off")
        expect(turn.locator(".waiting")).to_be_hidden()
        assert page.evaluate(COPIED).count("treasurer") == 0
        assert violations(page) == [], "pending"

        feed(page, script.checked(0, first))
        expect(claims.locator("bdi")).to_have_text([first.text])
        expect(pending).to_have_count(0)
        expect(turn.locator(".waiting")).to_have_text("Writing…")
        expect(claims.get_by_role("img", name="Checked against the words cited")).to_be_visible()
        claims.first.evaluate("claim => { claim.mine = true; }")

        struck = turn.locator(".struck")
        feed(page, Pending(place=1, text=script.struck.text), Checked(place=1, unsupported=script.struck))
        expect(struck.locator("s")).to_have_text(script.struck.text)
        expect(struck.get_by_text("2019” doesn't stand")).to_be_hidden()
        struck.locator("summary").press("Enter")
        expect(struck.get_by_text("2019” doesn't stand")).to_be_visible()

        feed(page, Pending(place=2, text="It's no"))
        expect(pending).to_have_text("It's no not checked yet")
        height = turn.locator(".sentences").evaluate("node => node.offsetHeight")
        feed(page, Checked(place=2))
        expect(pending).to_have_count(0)
        assert turn.locator(".sentences").evaluate("node => node.offsetHeight") >= height
        feed(page, script.checked(3, second, [first]), script.checked(4, third, [first, second]))
        expect(claims.nth(1).locator(".check")).to_have_text("marker corrected")
        expect(claims.nth(2).locator(".check")).to_have_text("word for word")

        # While it is written a marker opens the words that it rests on, which aren't the claim's.
        claims.nth(1).locator("a.cite").first.click()
        mark = source(page).locator("mark.quoted").first
        expect(mark).to_have_text(script.verbatim.citations[0].quote)
        expect(page.locator("a.cite[aria-current]")).to_have_count(2)
        page.keyboard.press("Escape")

        end(page, Finished(answer=script.answer))
        whole(page)
        expect(claims.locator("bdi")).to_have_text([claim.text for claim in script.claims])
        # What was read already was left as it was.
        assert claims.first.evaluate("claim => claim.mine")
        expect(struck.get_by_text("2019” doesn't stand")).to_be_visible()
        line = turn.locator(".written summary")
        expect(line).to_have_text("Written by tiny-writer; 4 sentences: 1 supported, 1 corrected, 2 struck out")
        line.press("Enter")
        expect(turn.locator(".written")).to_contain_text("1,812 tokens read, 96 written, as its endpoint says.")
        expect(turn.locator(".written")).to_contain_text("2.3 s, 0.9 s to the first sentence that stood.")
        assert violations(page) == [], "an answer"
        assert "Spain" not in page.evaluate(COPIED)
        assert page.evaluate("[...document.querySelectorAll('.app [id]')].map(({ id }) => id)") == page.evaluate(
            "[...new Set([...document.querySelectorAll('.app [id]')].map(({ id }) => id))]"
        )

        shown = turn.locator(".sentences").inner_text()
        page.reload()
        ready(page)
        turn.locator(".struck summary").click()
        assert turn.locator(".sentences").inner_text() == shown
        # A follow-up leans on what stood.
        begin(page)
        assert page.evaluate("asked.at(-1).history.map(({ answer }) => answer)") == [
            " ".join(claim.text for claim in script.claims)
        ]


def test_a_failure_takes_all_away_and_the_articles_own_words_stand(browser: Browser, site: str, script: Script) -> None:
    with fed(browser, site) as page:
        turn = begin(page, script.checked(0, script.claims[0]), Pending(place=1, text="He"))
        turn.locator("a.cite").focus()
        feed(page, Failed(reason=FAILURE))
        expect(turn.locator(".pending, .claim")).to_have_count(0)
        expect(turn).to_be_focused()
        told = "These are the articles' own words: the language model's answer can't stand."
        expect(turn.locator(".note")).to_have_text(told)
        end(page, *script.verbatim_steps)
        whole(page)
        expect(turn.locator(".claim bdi")).to_have_text([claim.text for claim in script.verbatim.claims])
        expect(turn.locator(".check")).to_have_count(0)
        expect(turn.locator(".sentences .note")).to_have_text(told)
        expect(turn.locator(".written summary")).to_have_text(f"Not written by {MODEL}: {FAILURE}")
        turn.locator("a.cite").first.click()
        expect(source(page).locator("mark.quoted").first).to_have_text(script.verbatim.citations[0].quote)
        assert violations(page) == []


def test_an_error_in_the_midst_is_told(browser: Browser, site: str, script: Script) -> None:
    with fed(browser, site) as page:
        turn = begin(page, script.checked(0, script.claims[0]), Pending(place=1, text="He"))
        page.evaluate("feed([{ error: 'The index is gone.' }])")
        expect(turn.locator(".stopped")).to_have_text("The index is gone.")
        expect(turn.locator(".claim, .pending")).to_have_count(0)
        assert [one["answer"] for one in page.evaluate(KEPT)] == [None]


def test_many_pieces_are_drawn_once_a_frame(browser: Browser, site: str, script: Script) -> None:
    words = "word " * 200
    steps = [Pending(place=n // 50, text=words[: 5 + n % 50 * 20]) for n in range(5_000)]
    with fed(browser, site) as page:
        turn = begin(page, Pending(place=0, text="The"))
        expect(turn.locator(".pending")).to_have_count(1)
        page.evaluate(
            """() => {
              window.frames_seen = 0;
              window.drawn = 0;
              const frame = () => { frames_seen += 1; requestAnimationFrame(frame); };
              requestAnimationFrame(frame);
              const last = () => document.querySelector(".sentences .pending:nth-last-child(2) bdi");
              new MutationObserver((all) => { drawn += all.length; })
                .observe(last(), { childList: true, characterData: true });
            }"""
        )
        # Of one sentence, each by itself, as a server sends them.
        page.evaluate("steps => steps.forEach((step) => feed([step]))", [step.to_dict() for step in steps[:50]] * 20)
        feed(page, *steps, *(Checked(place=n) for n in range(99)), Pending(place=99, text="The end"))
        expect(turn.locator(".pending")).to_have_text(["The end not checked yet"])
        drawn, frames = page.evaluate("[drawn, frames_seen]")
        # The old text goes and the new one comes.
        assert 0 < drawn <= 2 * (frames + 1)


def test_what_a_model_writes_is_only_text(browser: Browser, site: str, script: Script) -> None:
    turning = "\N{RIGHT-TO-LEFT OVERRIDE}live \N{RIGHT-TO-LEFT ISOLATE}\N{HEBREW LETTER ALEF}"
    attacks = (
        *ATTACKS,
        f"Turned {turning}",
        f"Closed \N{POP DIRECTIONAL ISOLATE}{turning}",
        "![x](https://evil.example/x.png) [here](https://evil.example/)",
        "line\n" * 10_000,
    )
    for group in (attacks[::2], attacks[1::2]):
        claims = tuple(replace(script.claims[0], text=attack) for attack in group)
        struck = tuple(Unsupported(text=attack, reasons=(attack,), after=n) for n, attack in enumerate(group))
        count = len(group)
        told = script.written(unsupported=struck, model=group[-1], prompt=group[0])
        answer = replace(script.answer, claims=claims, written=told)
        with opened(browser, site, viewport=NARROW) as (page, watch):
            page.add_init_script(FED)
            page.reload()
            ready(page)
            turn = begin(page, *(Pending(place=place, text=attack) for place, attack in enumerate(group)))
            expect(turn.locator(".pending")).to_have_count(count)
            check_harmless(page, watch, site)
            # However long it is.
            assert tallest(turn.locator(".pending")) < NARROW["height"]
            for place, (claim, one) in enumerate(zip(claims, struck, strict=True)):
                feed(
                    page,
                    Checked(place=2 * place, unsupported=one),
                    script.checked(2 * place + 1, claim, claims[:place]),
                )
            expect(turn.locator(".claim")).to_have_count(count)
            assert tallest(turn.locator(".struck")) < NARROW["height"]
            # Nothing in it turns what stands behind it, where it runs from left to right itself.
            for claim in turn.locator(".claim[dir='ltr']").all():
                assert claim.evaluate(BEHIND)
            check_harmless(page, watch, site)
            end(page, Finished(answer=answer))
            whole(page)
            for fold in turn.locator("details").all():
                fold.evaluate("fold => { fold.open = true; }")
            expect(turn.locator(".sentences img, .sentences a:not(.cite)")).to_have_count(0)
            expect(turn.locator(".claim")).to_have_count(count)
            check_harmless(page, watch, site)


def test_answers_kept_before_models_wrote_are_shown_as_they_were(browser: Browser, site: str, script: Script) -> None:
    with fed(browser, site) as page:
        turn = begin(page)
        end(page, Finished(answer=script.verbatim))
        shown = whole(page).locator(".sentences").inner_text()
        page.evaluate("""() => {
          const key = Object.keys(localStorage).find((name) => name.startsWith("byline.conversation."));
          const conversation = JSON.parse(localStorage.getItem(key));
          for (const { answer } of conversation.turns) {
            delete answer.written;
            for (const claim of answer.claims) delete claim.status;
          }
          localStorage.setItem(key, JSON.stringify(conversation));
        }""")
        page.reload()
        ready(page)
        assert turn.locator(".sentences").inner_text() == shown
        expect(turn.locator(".check, .written")).to_have_count(0)
