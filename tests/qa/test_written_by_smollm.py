"""Answers that a real, small language model writes behind a real server."""

from __future__ import annotations

import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from datetime import date
from pathlib import Path

import pytest

from eval.run import violations
from index import ArticleIndex, Filter
from qa import Answer, ArticleQA
from qa.events import Asked, Checked, Failed, Finished, Pending
from qa.llm import LanguageModel
from qa.writer import Writer
from tests import smollm
from tests.ui.web import post, request
from ui.web.server import running

ASKED = "How much is it going to cost to repair the harbour wall?"
DAY = date(2025, 3, 5)
# Little to read and to write, so that two processors have done soon.
CONTEXT = 900
TIMEOUT = 60.0


@pytest.fixture(scope="module")
def llm(small_model: str) -> Iterator[LanguageModel]:
    with LanguageModel(small_model, smollm.MODEL, timeout=TIMEOUT, context=CONTEXT) as opened:
        yield opened


@pytest.fixture(scope="module")
def qa(gazette_index: Path, llm: LanguageModel) -> Iterator[ArticleQA]:
    with ArticleQA.open(gazette_index, writer=Writer(llm, unsupported="strike")) as opened:
        yield opened


def check(answer: Answer, index: ArticleIndex, where: Filter) -> None:
    """It is cited or refuses, and of what the model wrote each sentence is counted."""
    assert violations(answer, where, index) == 0
    assert answer.answered == bool(answer.claims)
    written = answer.written
    assert written is not None
    assert written.model == smollm.MODEL
    assert written.usage.reported
    assert written.usage.completion > 0
    assert written.sentences >= written.supported + written.corrected + written.struck
    shown = [claim for claim in answer.claims if claim.status != "verbatim"]
    if written.failure is None:
        assert len(shown) == written.supported + written.corrected
    else:
        assert shown == []
        assert answer.claims == written.verbatim.claims


def test_the_endpoint_lists_it(llm: LanguageModel) -> None:
    assert llm.models() == (smollm.MODEL,)


def test_an_answer_comes_in_its_steps(qa: ArticleQA) -> None:
    first, *steps, last = qa.ask(ASKED, as_of=DAY, stream=True)
    assert first == Asked(understood=ASKED, dates=())
    assert isinstance(last, Finished)
    assert any(isinstance(step, Pending) for step in steps)
    check(last.answer, qa.index, Filter(as_of=DAY))
    after = [at for at, step in enumerate(steps) if isinstance(step, Failed)]
    told = [step for step in steps[after[-1] if after else 0 :] if isinstance(step, Checked)]
    assert tuple(step.claim for step in told if step.claim) == last.answer.claims
    assert tuple(citation for step in told for citation in step.citations) == last.answer.citations


def test_two_are_answered_at_a_time(qa: ArticleQA) -> None:
    questions = ("Who won the play-off final?", "How long was the breach in the harbour wall?")
    with ThreadPoolExecutor(len(questions)) as pool:
        for answer in pool.map(qa.ask, questions):
            check(answer, qa.index, Filter())


def test_who_leaves_early_frees_the_server(qa: ArticleQA, small_model: str) -> None:
    with closing(qa.ask(ASKED, as_of=DAY, stream=True)) as events:
        next(event for event in events if isinstance(event, Pending))
    end = time.monotonic() + 10
    while any(slot["is_processing"] for slot in request(small_model.removesuffix("/v1"), "/slots").json):
        assert time.monotonic() < end, "it goes on writing for nobody"


def test_the_page_s_api_tells_who_wrote_it(qa: ArticleQA) -> None:
    with running(qa) as address:
        reply = post(address, "/api/ask", {"question": ASKED, "as_of": DAY.isoformat()})
    assert reply.json["written"]["model"] == smollm.MODEL
