"""What the page makes of each step of an answer, told a step at a time: in any order, too fast, and hostile."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Any

import pytest
from playwright.sync_api import Browser, Locator, Page, expect

from qa import ArticleQA
from qa.answer import Answer, Claim, Unsupported, Usage, Written
from qa.events import Asked, Checked, Event, Finished, Pending
from tests.ui.browser import NARROW, QUESTION, check_order, opened, ready, whole
from tests.ui.test_browser_hostile import ATTACKS, check_harmless

MODEL = "tiny-writer"

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
# Whether the last line of a claim goes on with its markers and its tick.
BEHIND = """claim => {
  const words = [...claim.querySelector("bdi").getClientRects()].at(-1);
  const [marker, tick] = [".cite", ".check"].map((one) => claim.querySelector(one).getBoundingClientRect());
  const after = (one, other) => other.left >= one.right - 1 || other.top >= one.bottom - 4;
  return after(words, marker) && after(marker, tick);
}"""


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


def test_an_error_in_the_midst_is_told(browser: Browser, site: str, script: Script) -> None:
    with fed(browser, site) as page:
        turn = begin(page, Pending(place=1, text="He"))
        expect(turn.locator(".pending")).to_have_count(1)
        # In whatever order they are checked.
        feed(page, Checked(place=1), script.checked(0, script.claims[0]), Pending(place=2, text="It"))
        expect(turn.locator(".sentences > :visible")).to_have_text([re.compile("^The fund"), re.compile("^It")])
        page.evaluate("feed([{ error: 'The index is gone.' }])")
        expect(turn.locator(".stopped")).to_have_text("The index is gone.")
        expect(turn.locator(".claim, .pending")).to_have_count(0)
        expect(turn.get_by_role("button", name="Copy")).to_have_count(0)


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
            for row in turn.locator(".claim[dir='ltr']").all():
                assert row.evaluate(BEHIND)
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
