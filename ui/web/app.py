"""The chat page: a conversation, and beside it the article that an answer quotes."""

from __future__ import annotations

import logging
import os
import re
from collections.abc import Iterator, Sequence
from datetime import date
from importlib.resources import files
from typing import Any

# Gradio reads these from the environment only. Without the first it reports each start to
# its makers; without the others it tabulates all past events after each one, for a page
# that is not served here.
os.environ["GRADIO_ANALYTICS_ENABLED"] = "False"
os.environ["GRADIO_ANALYTICS_CACHE_FREQUENCY"] = str(2**62)
os.environ["GRADIO_ANALYTICS_MAX_EVENTS"] = "1"

import gradio as gr

from index.article import Filter
from index.errors import QuestionError
from qa import ArticleQA
from ui.web.render import answer_steps, question_html, waiting_html
from ui.web.session import Session, exchange

__all__ = ["CSS", "HEAD", "build", "theme"]

_LOG = logging.getLogger("byline.web")
_HERE = files("ui.web")
_DAY = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)
_QUEUED = 64
_AT_ONCE = 4

CSS = _HERE.joinpath("page.css").read_text(encoding="utf-8")

# A serif B on paper; a data address, so that the tab needs no request for it.
HEAD = (
    "<link rel='icon' href=\"data:image/svg+xml,"
    "%3Csvg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 32 32'%3E"
    "%3Crect width='32' height='32' rx='6' fill='%231f2a37'/%3E"
    "%3Ctext x='16' y='24' font-family='Georgia,serif' font-size='23' font-weight='700' "
    "text-anchor='middle' fill='%23f7f4ec'%3EB%3C/text%3E%3C/svg%3E\">"
)

_WELCOME = (
    "<h2>Ask about your articles</h2>"
    "<p>Every sentence of an answer is copied word for word from an article. "
    "Its number opens the article at those words.</p>"
)
_FAILED = "That question could not be answered just now. The log of the server says why."

Update = tuple[Any, Any, Any, Any]
"""New values of the conversation, the text box, the notice and the session."""


def build(qa: ArticleQA, examples: Sequence[str]) -> gr.Blocks:
    """The page over ``qa``, with questions to begin with. Its handlers only ask; none can
    change the index."""
    page = gr.Blocks(title="Byline", analytics_enabled=False, fill_height=True, fill_width=True)
    with page:
        session = gr.State(Session())
        with gr.Row(elem_id="byline", equal_height=True):
            with gr.Column(elem_id="byline-chat", scale=1, min_width=0):
                with gr.Row(elem_id="byline-masthead"):
                    gr.HTML("<h1>Byline</h1>", elem_id="byline-title")
                    clear = gr.Button("New conversation", elem_id="byline-clear", size="sm", min_width=0)
                log = gr.Chatbot(
                    elem_id="byline-log",
                    show_label=False,
                    container=False,
                    layout="panel",
                    height="100%",
                    placeholder=_WELCOME,
                    examples=[{"text": example} for example in examples],
                    buttons=[],
                    # The script scrolls: Gradio would scroll a long answer's beginning away.
                    autoscroll=False,
                    feedback_options=None,
                    # Messages hold text of articles: no Markdown, no tags of its own, and
                    # the sanitiser on even though all of it was escaped.
                    render_markdown=False,
                    sanitize_html=True,
                    allow_tags=False,
                    latex_delimiters=[],
                )
                notice = _script_html("notice.js", elem_id="byline-notice")
                question = gr.Textbox(
                    elem_id="byline-question",
                    label="Your question",
                    show_label=False,
                    container=False,
                    placeholder="Ask about your articles",
                    lines=1,
                    max_lines=4,
                    submit_btn="Ask",
                    autofocus=True,
                )
                with gr.Accordion("Limit by date", open=False, elem_id="byline-dates"), gr.Row():
                    days = [
                        gr.Textbox(label=label, placeholder="YYYY-MM-DD", max_length=10, min_width=0)
                        for label in ("Published from", "Published to", "As known on")
                    ]
            source = _script_html("panel.js", elem_id="byline-source")

        def ask(text: Any, first: Any, last: Any, as_of: Any, state: Session) -> Iterator[Update]:
            yield from _answer(qa, str(text or ""), (first, last, as_of), state)

        def ask_example(first: Any, last: Any, as_of: Any, state: Session, event: gr.EventData) -> Iterator[Update]:
            yield from _answer(qa, _posted_text(event), (first, last, as_of), state)

        def open_source(state: Session, event: gr.EventData) -> Any:
            return state.open(_posted(event, "id"))

        def start_again(state: Session) -> tuple[Any, ...]:
            return [], "", "", state.cleared(), None

        shown = [log, question, notice, session]
        options: dict[str, Any] = {"api_visibility": "private", "show_progress": "hidden"}
        question.submit(ask, [question, *days, session], shown, **options)
        log.example_select(ask_example, [*days, session], shown, **options)
        source.open(open_source, [session], [source], **options)
        clear.click(start_again, [session], [*shown, source], **options)
    # The queue runs each handler in a thread of its own; more wait, and past that are refused.
    page.queue(max_size=_QUEUED, default_concurrency_limit=_AT_ONCE)
    return page


def theme() -> gr.themes.Base:
    """Fonts that every system has: the page makes no request for one."""
    return gr.themes.Base(
        font=("system-ui", "-apple-system", "Segoe UI", "Roboto", "sans-serif"),
        font_mono=("ui-monospace", "monospace"),
    )


def _answer(qa: ArticleQA, text: str, days: tuple[Any, Any, Any], state: Session) -> Iterator[Update]:
    try:
        limits = _limits(*days)
        if not text.strip():
            raise QuestionError("Type a question first.")
        before = state.messages()
        asked = question_html(text)
        yield [*before, *exchange(asked, waiting_html())], "", "", gr.skip()
        answer = qa.chat(state.history()).ask(
            text,
            as_of=limits.as_of,
            published_from=limits.published_from,
            published_to=limits.published_to,
        )
    except QuestionError as error:
        yield state.messages(), text, str(error), gr.skip()
        return
    except Exception:
        # The reader gets no stack and no path; whoever runs the server gets both.
        _LOG.exception("a question failed")
        yield state.messages(), text, _FAILED, gr.skip()
        return
    after = state.add(text, answer, limits)
    for step in answer_steps(answer, limits, after.asked):
        # The session comes first with the first claim: its markers can already be clicked.
        yield [*before, *exchange(asked, step)], gr.skip(), "", after
    yield after.messages(), gr.skip(), "", after


def _limits(first: Any, last: Any, as_of: Any) -> Filter:
    return Filter(
        published_from=_date("Published from", first),
        published_to=_date("Published to", last),
        as_of=_date("As known on", as_of),
    )


def _date(name: str, typed: Any) -> date | None:
    text = str(typed or "").strip()
    if not text:
        return None
    try:
        if _DAY.fullmatch(text):
            return date.fromisoformat(text)
    except ValueError:
        pass
    raise QuestionError(f"“{name}” is not a date: write it as YYYY-MM-DD, like 2025-05-13.")


def _posted(event: gr.EventData, name: str) -> Any:
    # Posted by the page, so it may be anything at all; the public way to a field of it takes
    # a mapping for granted.
    data = event._data  # noqa: SLF001
    return data.get(name) if isinstance(data, dict) else None


def _posted_text(event: gr.EventData) -> str:
    value = _posted(event, "value")
    text = value.get("text") if isinstance(value, dict) else None
    return text if isinstance(text, str) else ""


def _script_html(script: str, *, elem_id: str) -> Any:
    # An empty template, because Gradio evaluates templates: a value in one would run as
    # code. The script gets the value as data and writes text nodes only.
    return gr.HTML(
        elem_id=elem_id,
        html_template="",
        js_on_load=_HERE.joinpath(script).read_text(encoding="utf-8"),
        apply_default_css=False,
    )
