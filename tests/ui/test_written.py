"""Answers that a language model writes, over real HTTP: their steps, their end, and what nobody is told."""

from __future__ import annotations

import json
import logging
import re
import socket
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from itertools import groupby, pairwise
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from jsonschema import Draft202012Validator

import ui.web.api
from qa import ArticleQA, Writer
from qa.check import Checker
from qa.llm import LanguageModel
from tests.llm import Piece, Reply, TalkingServer, talking
from tests.ui.test_api import FINED, WALL, Document, timeless, wait_for
from tests.ui.web import post, request
from ui.turnstile import Turnstile
from ui.web.api import FAILED
from ui.web.server import running

KEY = "sk-never-to-be-told"
WRONG = "The mayor was eaten by 14 bears. [1]"
FOREIGN = {"question": "What is the capital of Mongolia?"}


def quoting(body: dict[str, Any]) -> list[Piece]:
    """The first sentence of the first passage, word by word, then one that nothing supports."""
    return [*re.findall(r"\S+\s*", f"{first_sentence(body)} [1] {WRONG}")]


def first_sentence(body: dict[str, Any]) -> str:
    text = re.search(r"passage \[1\].*?\nText: (.*)", body["messages"][-1]["content"], re.DOTALL)
    assert text
    sentence = re.match(r".+?[.!?](?= |$)", text[1])
    assert sentence
    return sentence[0]


@pytest.fixture(scope="module")
def llm() -> Iterator[TalkingServer]:
    with talking(quoting) as server:
        yield server


@pytest.fixture(scope="module")
def fluent(gazette_index: Path, llm: TalkingServer) -> Iterator[ArticleQA]:
    model = LanguageModel(llm.url, "tiny-1", key=KEY)
    with ArticleQA.open(gazette_index, writer=Writer(model, unsupported="strike")) as qa:
        yield qa


@pytest.fixture(scope="module")
def server(fluent: ArticleQA) -> Iterator[str]:
    with running(fluent) as address:
        yield address


@pytest.fixture(autouse=True)
def quotes(llm: TalkingServer) -> Iterator[None]:
    """Whatever a test has the model say, the next finds it quoting again."""
    llm.left.clear()
    yield
    llm.script = quoting


@pytest.fixture(scope="module")
def document(server: str) -> Document:
    return Document(server)


def streamed(address: str, asked: dict[str, Any]) -> list[dict[str, Any]]:
    reply = post(address, "/api/ask", {**asked, "stream": True})
    assert (reply.status, reply.headers["content-type"]) == (200, "application/x-ndjson")
    return [json.loads(line) for line in reply.text.splitlines()]


def check_lines(document: Document, lines: list[dict[str, Any]]) -> None:
    """Fails where a line isn't as the OpenAPI document says."""
    content = document.all["paths"]["/ask"]["post"]["responses"]["200"]["content"]
    kinds = [{**kind, "additionalProperties": False} for kind in content["application/x-ndjson"]["schema"]["anyOf"]]
    validator = Draft202012Validator(document.schema({"oneOf": kinds}))
    for line in lines:
        validator.validate(line)


@contextmanager
def hung_up(address: str, asked: dict[str, Any], *, after: bytes) -> Iterator[None]:
    """Asks, runs the block once ``after`` has come, and leaves."""
    parts = urlsplit(address)
    body = json.dumps(asked).encode()
    head = f"POST /api/ask HTTP/1.1\r\nHost: {parts.netloc}\r\nContent-Type: application/json\r\n"
    with socket.create_connection((parts.hostname or "", parts.port or 0), timeout=30) as stream:
        stream.sendall(f"{head}Content-Length: {len(body)}\r\n\r\n".encode() + body)
        come = b""
        while after not in come:
            piece = stream.recv(4096)
            assert piece
            come += piece
        yield


def test_the_lines_are_the_steps_of_the_answer(server: str, document: Document) -> None:
    first, *steps, last = lines = streamed(server, {"question": WALL})
    check_lines(document, lines)
    answer = last["answer"]
    assert first == {"understood": answer["understood"], "dates": answer["dates"]}
    checked = [step for step in steps if "claim" in step]
    assert [step["claim"] for step in checked if step["claim"]] == answer["claims"]
    assert [citation for step in checked for citation in step["citations"]] == answer["citations"]
    assert [step["unsupported"] for step in checked if step["unsupported"]] == answer["written"]["unsupported"]
    # What is being written grows, and is checked before the next is begun.
    for place, told in groupby(steps, lambda step: step.get("pending", step)["place"]):
        *pending, end = told
        texts = [step["pending"]["text"] for step in pending]
        assert "claim" in end
        assert all(later.startswith(text) for text, later in pairwise(texts))
        assert bool(texts) is (place < answer["written"]["sentences"])
    assert [claim["status"] for claim in answer["claims"]][:2] == ["supported", "verbatim"]
    written = answer["written"]
    assert (written["model"], written["sentences"], written["supported"], written["struck"]) == ("tiny-1", 2, 1, 1)
    assert written["unsupported"][0]["text"] + " [1]" == WRONG


def test_the_whole_answer_is_the_one_that_the_steps_end_with(server: str, document: Document) -> None:
    reply = post(server, "/api/ask", {"question": WALL})
    document.check("post", "/ask", reply)

    def lasting(answer: dict[str, Any]) -> dict[str, Any]:
        written = {key: value for key, value in answer["written"].items() if key not in ("took_ms", "first_ms")}
        return {**timeless(answer), "written": written}

    assert lasting(reply.json) == lasting(streamed(server, {"question": WALL})[-1]["answer"])


def test_what_is_written_comes_before_its_end(server: str, llm: TalkingServer) -> None:
    gate = threading.Event()
    llm.script = lambda body: [f"{first_sentence(body)} [1] ", "And then ", gate]
    with hung_up(server, {"question": WALL, "stream": True}, after=b'"status": "supported"'):
        assert not gate.is_set()
    wait_for(llm.left.is_set)


@pytest.mark.parametrize("stream", [True, False])
def test_whoever_leaves_stops_the_model(server: str, llm: TalkingServer, stream: bool) -> None:
    begun = threading.Event()

    def hanging(_: dict[str, Any]) -> Iterator[Piece]:
        yield "The wall "
        begun.set()
        yield threading.Event()

    llm.script = hanging
    with hung_up(server, {"question": WALL, "stream": stream}, after=b'"pending"' if stream else b""):
        assert begun.wait(30)
        assert not llm.left.is_set()
    assert llm.left.wait(5)
    wait_for(lambda: llm.connections == 0)


def test_whoever_leaves_before_the_model_is_free_leaves_no_trace(server: str, llm: TalkingServer) -> None:
    gate = threading.Event()
    before = len(llm.asked)
    llm.script = lambda body: [gate, *quoting(body)]
    with ThreadPoolExecutor(4) as pool:
        told = [pool.submit(streamed, server, {"question": WALL}) for _ in range(4)]
        wait_for(lambda: len(llm.asked) == before + 4)
        with hung_up(server, {"question": WALL}, after=b""):
            pass
        gate.set()
        assert all(one.result()[-1]["answer"]["written"]["failure"] is None for one in told)
    assert len(llm.asked) == before + 4


FAULTS: dict[str, Any] = {
    "refused": lambda _: Reply(status=401, body={"error": {"message": f"the key {KEY} is not known at db7.internal"}}),
    "unknown": lambda _: Reply(status=404, body={"error": {"message": "no such model at http://10.0.0.3:8000"}}),
    "garbage": lambda _: [b"data: <html>db7.internal</html>\n\n"],
    "half": lambda body: Reply(pieces=[f"{first_sentence(body)} [1] ", b"data: {", b"\0"], finish=None),
    "nothing": lambda _: Reply(pieces=[], finish="stop"),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_where_the_model_fails_the_articles_own_words_stand(
    server: str, document: Document, llm: TalkingServer, fluent: ArticleQA, fault: str, caplog: pytest.LogCaptureFixture
) -> None:
    llm.script = FAULTS[fault]
    with caplog.at_level(logging.WARNING, "byline.web"):
        lines = streamed(server, {"question": WALL})
        whole = post(server, "/api/ask", {"question": WALL})
    check_lines(document, lines)
    document.check("post", "/ask", whole)
    failed = next(place for place, line in enumerate(lines) if "failed" in line)
    verbatim = json.loads(json.dumps(fluent.chat(verbatim=True).ask(WALL).to_dict()))
    assert [line["claim"] for line in lines[failed + 1 : -1]] == verbatim["claims"]
    for answer in (lines[-1]["answer"], whole.json):
        assert answer["written"]["failure"] == lines[failed]["failed"]
        assert {**timeless(answer), "written": None} == timeless(verbatim)
    assert caplog.text.count(llm.url) == 2
    told = whole.text + json.dumps(lines)
    for hidden in (KEY, llm.url, f":{llm.server_port}", "internal", "10.0.0.3", "Traceback", ".py"):
        assert hidden not in told
    assert KEY not in caplog.text


def test_an_answer_of_which_nothing_stands_says_so(server: str, llm: TalkingServer) -> None:
    llm.script = [WRONG]
    answer = streamed(server, {"question": WALL})[-1]["answer"]
    assert answer["written"]["failure"] == "nothing that tiny-1 wrote is supported by the articles"
    assert {claim["status"] for claim in answer["claims"]} == {"verbatim"}


def test_what_was_struck_is_told_where_nothing_stands_beside_it(server: str, llm: TalkingServer) -> None:
    llm.script = [WRONG]
    answer = streamed(server, {"question": WALL})[-1]["answer"]
    (struck,) = answer["written"]["unsupported"]
    assert (struck["text"] + " [1]", struck["after"]) == (WRONG, len(answer["claims"]))
    # What was supported is void with the rest: nothing is struck out of it.
    llm.script = lambda body: Reply(pieces=[f"{first_sentence(body)} [1] {WRONG} And ", b"data: {no\n\n"], finish=None)
    written = streamed(server, {"question": WALL})[-1]["answer"]["written"]
    assert (written["supported"], written["struck"], written["unsupported"]) == (1, 1, [])


def test_nothing_that_is_served_names_the_endpoint_or_the_key(server: str, llm: TalkingServer) -> None:
    answer = post(server, "/api/ask", {"question": FINED}).json
    conversation = {
        "title": "Wall",
        "turns": [
            {
                "asked": None,
                "question": FINED,
                "limits": {"as_of": None, "published_from": None, "published_to": None, "sources": [], "languages": []},
                "answer": answer,
            }
        ],
    }
    replies = [
        request(server, "/"),
        request(server, "/config"),
        request(server, "/api/openapi.json"),
        request(server, "/api/collection"),
        post(server, "/api/search", {"question": FINED}),
        *(
            post(server, "/api/export", {"style": s, "conversation": conversation})
            for s in ("markdown", "html", "json")
        ),
    ]
    for reply in replies:
        assert reply.status == 200
        for hidden in (KEY, llm.url, f":{llm.server_port}"):
            assert hidden not in reply.text


def test_the_collection_names_the_model(server: str, document: Document) -> None:
    reply = request(server, "/api/collection")
    document.check("get", "/collection", reply)
    assert reply.json["writer"] == "tiny-1"


def test_where_the_articles_refuse_no_model_is_asked(server: str, document: Document, llm: TalkingServer) -> None:
    before = len(llm.asked)
    lines = streamed(server, FOREIGN)
    check_lines(document, lines)
    assert ["understood" in lines[0], len(lines), lines[-1]["answer"]["answered"]] == [True, 2, False]
    assert lines[-1]["answer"]["written"] is None
    assert len(llm.asked) == before


def test_a_program_over_mcp_gets_the_articles_own_words(server: str, llm: TalkingServer) -> None:
    before = len(llm.asked)
    call = {"jsonrpc": "2.0", "id": 1, "method": "tools/call"}
    body = json.dumps({**call, "params": {"name": "ask", "arguments": {"question": WALL}}}).encode()
    headers = {"Content-Type": "application/json", "Accept": "application/json, text/event-stream"}
    told = request(server, "/mcp", method="POST", headers=headers, body=body).json["result"]["structuredContent"]
    assert {claim["status"] for claim in told["claims"]} == {"verbatim"}
    assert told["written"] is None
    assert len(llm.asked) == before


def test_what_breaks_on_the_way_ends_with_a_line_that_says_so(
    server: str, document: Document, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def broken(*_: object) -> Any:
        raise RuntimeError("secret /srv/path")

    monkeypatch.setattr(Checker, "check", broken)
    with caplog.at_level(logging.ERROR, "byline.web"):
        lines = streamed(server, {"question": WALL})
        whole = post(server, "/api/ask", {"question": WALL})
    check_lines(document, lines)
    assert ("understood" in lines[0], lines[-1]) == (True, {"error": FAILED})
    assert (whole.status, whole.json) == (500, {"error": FAILED})
    assert "secret" not in json.dumps(lines)
    assert caplog.text.count("secret /srv/path") >= 2


def test_what_cannot_be_asked_is_said_by_the_status(server: str, document: Document, llm: TalkingServer) -> None:
    before = len(llm.asked)
    for asked in (
        {"question": " "},
        {"question": FINED, "history": [{"question": 7}]},
        {"question": FINED, "as_of": "x"},
    ):
        reply = post(server, "/api/ask", {**asked, "stream": True})
        assert reply.status == 422
        document.check("post", "/ask", reply)
    assert len(llm.asked) == before


def test_while_a_model_writes_nobody_else_waits(
    fluent: ArticleQA, llm: TalkingServer, document: Document, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ui.web.api, "_WRITER_PATIENCE", 0.2)
    gate = threading.Event()
    before = len(llm.asked)
    llm.script = lambda body: [gate, *quoting(body)]
    passed, passes = Turnstile.passed, []

    def counted(turnstile: Turnstile) -> Any:
        passes.append(turnstile._patience)
        return passed(turnstile)

    with running(fluent) as address, ThreadPoolExecutor(40) as pool:
        told = [pool.submit(streamed, address, {"question": WALL}) for _ in range(30)]
        try:
            # Four are written; the others have waited, or found too many waiting.
            wait_for(lambda: sum(one.done() for one in told) == 26)
            assert len(llm.asked) == before + 4
            for path in ("/api/collection", "/api/articles"):
                assert request(address, path).status == 200
            assert post(address, "/api/search", {"question": WALL}).json["passages"]
            # A refusal asks no model, and waits for none.
            monkeypatch.setattr(Turnstile, "passed", counted)
            assert streamed(address, FOREIGN)[-1]["answer"]["answered"] is False
            assert passes == [None]
        finally:
            gate.set()
        answers = [one.result()[-1]["answer"] for one in told]
    failures = [answer["written"]["failure"] for answer in answers]
    assert sorted(failures, key=str) == [None] * 4 + ["too many questions wait for the language model just now"] * 26
    for one, failure in zip(told, failures, strict=True):
        check_lines(document, one.result())
        assert (one.result()[1] == {"failed": failure}) is (failure is not None)


def test_whoever_does_not_read_keeps_no_place_at_the_model(
    fluent: ArticleQA, llm: TalkingServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ui.web.api, "_WRITER_PATIENCE", 0.2)
    before = len(llm.asked)
    # More lines than lie ready for a client that has room for a kilobyte.
    llm.script = ["and the harbour wall "] * 390
    body = json.dumps({"question": WALL, "stream": True}).encode()
    with running(fluent) as address, ExitStack() as stack:
        parts = urlsplit(address)
        head = f"POST /api/ask HTTP/1.1\r\nHost: {parts.netloc}\r\nContent-Type: application/json\r\n"
        for _ in range(4):
            stream = stack.enter_context(socket.socket())
            stream.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1024)
            stream.connect((parts.hostname, parts.port))
            stream.sendall(f"{head}Content-Length: {len(body)}\r\n\r\n".encode() + body)
        wait_for(lambda: len(llm.asked) == before + 4 and llm.connections == 0)
        llm.script = quoting
        wait_for(lambda: streamed(address, {"question": WALL})[-1]["answer"]["written"]["failure"] is None)


def test_a_server_that_stops_waits_for_no_model(fluent: ArticleQA, llm: TalkingServer) -> None:
    llm.script = ["The wall ", threading.Event()]
    with ThreadPoolExecutor(2) as pool:
        with running(fluent) as address:
            wait_for(lambda: request(address, "/api/collection").json["ready"])
            sent = [
                pool.submit(post, address, "/api/ask", {"question": WALL, "stream": stream}) for stream in (True, False)
            ]
            wait_for(lambda: llm.connections == 2)
            began = time.monotonic()
        # The half second that whoever is being answered has, and what it takes to stop.
        assert time.monotonic() - began < 5
        wait_for(lambda: llm.connections == 0)
        stream, whole = (one.result(5) for one in sent)
    stopped = {"error": "The server is being stopped. Ask again once it runs."}
    assert json.loads(stream.text.splitlines()[-1]) == stopped
    assert (whole.status, whole.json) == (503, stopped)


@pytest.mark.parametrize("stream", [True, False])
def test_whoever_asks_and_leaves_again_and_again_makes_no_more_work(
    gazette_index: Path, llm: TalkingServer, stream: bool
) -> None:
    gate, begun = threading.Event(), threading.Semaphore(0)

    class Slow(ArticleQA):
        def rank(self) -> None:
            begun.release()
            assert gate.wait(60)

        def chat(self, *values: Any, **named: Any) -> Any:
            conversation = super().chat(*values, **named)
            find = conversation._find

            def slowly(*values: Any, **named: Any) -> Any:
                self.rank()
                return find(*values, **named)

            conversation._find = slowly
            return conversation

    with Slow.open(gazette_index, writer=Writer(LanguageModel(llm.url, "tiny-1"))) as qa, running(qa) as address:
        try:
            for _ in range(4):
                with hung_up(address, {"question": WALL, "stream": stream}, after=b""):
                    assert begun.acquire(timeout=30)
            # Whoever has left keeps the place until the work for them has ended.
            for _ in range(8):
                with hung_up(address, {"question": WALL, "stream": stream}, after=b""):
                    assert not begun.acquire(timeout=0.05)
        finally:
            gate.set()
        assert streamed(address, {"question": WALL})[-1]["answer"]["answered"]
