from __future__ import annotations

import builtins
import json
import os
import re
import ssl
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any

import httpx
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from index import SettingsError
from index.errors import EndpointError
from qa.answer import Usage
from qa.llm import LanguageModel, Message, Stream, _Text, _ThoughtsError
from tests import smollm
from tests.conftest import GAZETTE
from tests.faults import FAULTS, KEY, survive
from tests.llm import Reply, TalkingServer, talking

MESSAGES: list[Message] = [("system", "Answer shortly."), ("user", "When did the bridge open?")]
NEVER = threading.Event()


def model(server: TalkingServer, **settings: Any) -> LanguageModel:
    return LanguageModel(server.url, "scripted", **{"timeout": 10, **settings})


def written(server: TalkingServer, *, most: int = 100, **settings: Any) -> str:
    with model(server, **settings) as llm, llm.stream(MESSAGES, most=most) as stream:
        return "".join(stream)


def wait_until(true: Callable[[], bool]) -> None:
    patience = time.monotonic() + 5
    while not true():
        assert time.monotonic() < patience
        time.sleep(0.01)


def read_slowly(stream: Stream) -> None:
    for _ in stream:
        time.sleep(0.001)


def failure(server: TalkingServer, **settings: Any) -> str:
    with pytest.raises(EndpointError) as raised:
        written(server, **settings)
    return str(raised.value)


def test_pieces_come_as_they_are_written() -> None:
    second = threading.Event()
    with talking(["The bridge ", second, "opened. [1]"]) as server, model(server) as llm:
        with llm.stream(MESSAGES, most=100) as stream:
            assert next(stream) == "The bridge "
            second.set()
            assert list(stream) == ["opened. [1]"]
            assert list(stream) == []
        assert stream.usage == Usage(prompt=7, completion=2, reported=True)
        assert not stream.cut
        wait_until(lambda: not server.connections)


def test_what_is_asked_for() -> None:
    with talking(["yes"]) as server:
        written(server, most=77)
        assert server.asked == [
            {
                "model": "scripted",
                "messages": [{"role": role, "content": content} for role, content in MESSAGES],
                "stream": True,
                "stream_options": {"include_usage": True},
                "max_tokens": 77,
                "temperature": 0,
                "seed": 0,
            }
        ]


@pytest.fixture
def _meddling_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    settings = {
        "OPENAI_API_KEY": "sk-environment",
        "OPENAI_ADMIN_KEY": "sk-admin",
        "OPENAI_ORG_ID": "org-environment",
        "OPENAI_PROJECT_ID": "project-environment",
        "OPENAI_WEBHOOK_SECRET": "secret-environment",
        "OPENAI_BASE_URL": "http://127.0.0.1:9/environment",
        "OPENAI_CUSTOM_HEADERS": "X-Environment: 1\nAuthorization: Bearer environment\nCookie: environment=1",
        "OPENAI_LOG": "debug",
        "BYLINE_LLM_API_KEY": "sk-environment",
        **dict.fromkeys(("HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"), "http://127.0.0.1:9"),
    }
    for name, value in settings.items():
        monkeypatch.setenv(name, value)


@pytest.mark.usefixtures("_meddling_environment")
@pytest.mark.parametrize("key", [None, KEY])
def test_the_environment_and_the_package_add_nothing(key: str | None) -> None:
    with talking(["yes"]) as server:
        assert written(server, key=key) == "yes"
        assert model(server, key=key).models() == ("scripted",)
    asked, listed = server.requests
    sent = {"host": f"127.0.0.1:{server.server_port}", "accept": "application/json", "connection": "keep-alive"}
    sent |= {"accept-encoding": "identity", "user-agent": "byline"}
    if key is not None:
        sent["authorization"] = f"Bearer {key}"
    assert listed.headers == sent
    assert asked.headers == {
        **sent,
        "content-type": "application/json",
        "content-length": asked.headers["content-length"],
    }


def test_the_package_s_logging_is_left_alone() -> None:
    script = (
        "import logging, os; from qa.llm import LanguageModel; LanguageModel('http://127.0.0.1:9/v1', 'x');"
        "assert os.environ['OPENAI_LOG'] == 'debug'; assert not logging.root.handlers; "
        "assert logging.getLogger('openai').level == 0"
    )
    subprocess.run([sys.executable, "-c", script], check=True, env={**os.environ, "OPENAI_LOG": "debug"})


def test_the_key_is_in_no_text_of_it() -> None:
    llm = LanguageModel("http://127.0.0.1:9/v1", "scripted", key=KEY)
    assert repr(llm) == "LanguageModel('http://127.0.0.1:9/v1', 'scripted')"
    with pytest.raises(EndpointError, match="nothing listens there") as raised:
        llm.models()
    assert KEY not in str(raised.value)


def test_the_key_is_cut_out_of_what_the_endpoint_says() -> None:
    with talking([f"It is {KEY[:4]}", f"{KEY[4:]}."], models=[f"m-{KEY}"]) as server:
        assert written(server, key=KEY) == "It is [key]."
        assert model(server, key=KEY).models() == ("m-[key]",)
        # What servers without keys are given is a word like others.
        assert written(server, key="It") == f"It is {KEY}."
    said = Reply(pieces=["It is "], finish=None, headers={"Content-Type": f"text/{KEY}"})
    with talking(lambda _: said) as server:
        assert "(text/[key] came, no event stream)" in failure(server, key=KEY)


def test_without_the_package_it_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    importing = builtins.__import__

    def refuse(name: str, *rest: Any, **options: Any) -> Any:
        if name == "openai":
            raise ModuleNotFoundError(name)
        return importing(name, *rest, **options)

    monkeypatch.setattr(builtins, "__import__", refuse)
    with pytest.raises(SettingsError, match=r"pip install 'byline\[llm\]'"):
        LanguageModel("http://localhost/v1", "scripted")


@pytest.mark.parametrize(
    ("url", "says"),
    [
        ("", "no address"),
        ("localhost:11434/v1", "no address"),
        ("ftp://localhost/v1", "no address"),
        ("http://", "no address"),
        ("http://local host/v1", "no address"),
        ("http://localhost:99999/v1", "no address"),
        ("http://[::1/v1", "no address"),
        ("http://localhost/v1\nX: 1", "no address"),
        (f"https://user:{KEY}@localhost/v1", "BYLINE_LLM_API_KEY"),
        (f"https://localhost/v1?key={KEY}", "BYLINE_LLM_API_KEY"),
        (f"https://localhost/v1#{KEY}", "BYLINE_LLM_API_KEY"),
        ("http://localhost/v1/chat/completions", "without /chat/completions"),
    ],
)
def test_what_is_no_base_url_is_refused(url: str, says: str) -> None:
    with pytest.raises(SettingsError, match=says) as raised:
        LanguageModel(url, "scripted")
    assert str(raised.value).startswith("--llm-base-url")
    assert KEY not in str(raised.value)


@pytest.mark.parametrize("url", ["http://localhost:11434/v1", "https://models.example/api/", "http://[::1]:8080/v1/"])
def test_a_base_url_is_kept_without_its_last_slash(url: str) -> None:
    assert LanguageModel(url, "scripted").base_url == url.rstrip("/")


@pytest.mark.parametrize(
    ("settings", "says"),
    [
        ({"model": " "}, "--llm-model"),
        ({"model": "a\x1b[2Jb"}, "--llm-model"),
        ({"timeout": 0}, "--llm-timeout"),
        ({"timeout": float("nan")}, "--llm-timeout"),
        ({"timeout": float("inf")}, "--llm-timeout"),
        ({"context": 0}, "--llm-context"),
        ({"key": f"{KEY}\n"}, "BYLINE_LLM_API_KEY"),
        ({"key": ""}, "BYLINE_LLM_API_KEY"),
    ],
)
def test_other_settings_that_can_t_be_used_are_refused(settings: dict[str, Any], says: str) -> None:
    with pytest.raises(SettingsError, match=says) as raised:
        LanguageModel("http://localhost/v1", **{"model": "scripted", **settings})
    assert KEY not in str(raised.value)


def test_closing_stops_the_endpoint_at_once() -> None:
    with talking(["The ", NEVER]) as server, model(server) as llm:
        stream = llm.stream(MESSAGES, most=100)
        assert next(stream) == "The "
        assert not server.left.is_set()
        stream.close()
        assert server.left.wait(5)
        assert list(stream) == []
        assert stream.usage == Usage(prompt=stream.usage.prompt, completion=2, reported=False)


def test_closing_ends_a_wait_for_the_first_word() -> None:
    with talking([NEVER]) as server, model(server) as llm:
        stream = llm.stream(MESSAGES, most=100)
        wait_until(lambda: bool(server.requests))
        stream.close()
        assert server.left.wait(5)


def test_time_runs_from_the_call_to_the_last_piece() -> None:
    with talking(lambda _: iter(lambda: "and ", None)) as server, model(server) as llm:
        began = time.perf_counter()
        stream = llm.stream(MESSAGES, most=1_000_000, seconds=0.3)
        with pytest.raises(EndpointError, match=r"was not done within 0\.3 s"):
            read_slowly(stream)
        assert 0.3 <= time.perf_counter() - began < 1.3


def test_time_that_has_passed_before_counts_and_is_not_told() -> None:
    with talking([NEVER]) as server, model(server, timeout=60) as llm:
        began = time.perf_counter()
        stream = llm.stream(MESSAGES, most=9, since=began - 59.87)
        with pytest.raises(EndpointError, match=r"said nothing within 60 s"):
            next(stream)
        assert time.perf_counter() - began < 1.2
        assert len(server.asked) == 1


def test_nothing_is_asked_when_the_time_is_over() -> None:
    with talking(["yes"]) as server, model(server, timeout=60) as llm:
        stream = llm.stream(MESSAGES, most=9, since=time.perf_counter() - 60)
        with pytest.raises(EndpointError, match="was not asked, since 60 s had passed"):
            next(stream)
        assert not server.requests


def test_whether_the_time_is_over_can_be_asked_behind_the_end() -> None:
    with talking(["yes"]) as server, model(server, timeout=0.5) as llm:
        with llm.stream(MESSAGES, most=9) as stream:
            assert list(stream) == ["yes"]
            stream.check_time()
        time.sleep(0.5)
        with pytest.raises(EndpointError, match=r"was not done within 0\.5 s"):
            stream.check_time()


def test_what_is_complete_in_time_may_be_read_later() -> None:
    with (
        talking(["The bridge ", "opened."]) as server,
        model(server) as llm,
        llm.stream(MESSAGES, most=100, seconds=2) as stream,
    ):
        assert next(stream) == "The bridge "
        wait_until(lambda: not server.connections)
        time.sleep(1.05)  # the grace for last words is over
        assert list(stream) == ["opened."]


def failing_first(times: int, status: int = 503, **headers: str) -> Any:
    asked = iter(range(10))

    def script(_: dict[str, Any]) -> Reply:
        if next(asked) < times:
            return Reply(status=status, body={"error": {"message": "Loading model"}}, headers=headers)
        return Reply(pieces=["yes"])

    return script


@pytest.mark.parametrize("status", [408, 409, 429, 500, 502, 503])
def test_what_may_pass_is_asked_for_again(status: int) -> None:
    with talking(failing_first(1, status)) as server:
        assert written(server) == "yes"
        assert len(server.asked) == 2


@pytest.mark.parametrize("status", [400, 401, 403, 404, 422, 501])
def test_what_won_t_pass_is_not(status: int) -> None:
    with talking(failing_first(1, status)) as server:
        assert f"answered {status}" in failure(server)
        assert len(server.asked) == 1


def test_it_is_asked_three_times_at_most() -> None:
    with talking(failing_first(9)) as server:
        assert "Loading model" in failure(server)
        assert len(server.asked) == 3


def test_as_long_is_waited_as_the_endpoint_asks() -> None:
    with talking(failing_first(1, 429, **{"Retry-After": "1"})) as server:
        began = time.monotonic()
        assert written(server) == "yes"
        assert time.monotonic() - began >= 1


def test_nothing_is_waited_for_past_the_time() -> None:
    with talking(failing_first(1, 429, **{"Retry-After": "11"})) as server:
        began = time.monotonic()
        assert "try again in 11 s" in failure(server)
        assert time.monotonic() - began < 5
        assert len(server.asked) == 1


def test_nothing_is_asked_again_once_something_was_written() -> None:
    with talking(lambda _: Reply(pieces=["The "], finish=None)) as server:
        assert "broke off" in failure(server)
        assert len(server.asked) == 1


def test_while_it_tries_again_the_time_runs_out_with_the_reason() -> None:
    asked: list[Any] = []

    def script(body: dict[str, Any]) -> Any:
        asked.append(body)
        return Reply(status=500, body="out of memory") if len(asked) == 1 else [NEVER]

    with talking(script) as server:
        assert "out of memory" in failure(server, timeout=0.8)


def test_the_other_name_of_the_limit_is_learnt_once() -> None:
    def script(body: dict[str, Any]) -> Any:
        told = "Unsupported parameter: 'max_tokens'. Use 'max_completion_tokens' instead."
        return ["yes"] if "max_completion_tokens" in body else Reply(status=400, body={"error": {"message": told}})

    with talking(script) as server, model(server) as llm:
        for _ in range(2):
            assert "".join(llm.stream(MESSAGES, most=9)) == "yes"
        assert ["max_tokens" in body for body in server.asked] == [True, False, False]
        assert server.asked[-1]["max_completion_tokens"] == 9


@pytest.mark.parametrize("status", [400, 422])
@pytest.mark.parametrize("name", ["temperature", "seed", "stream_options"])
def test_what_the_endpoint_refuses_by_name_is_left_out(name: str, status: int) -> None:
    def script(body: dict[str, Any]) -> Any:
        told = {"detail": [{"loc": ["body", name], "msg": "Extra inputs are not permitted"}]}
        return Reply(status=status, body=told) if name in body else ["yes"]

    with talking(script) as server, model(server) as llm:
        for _ in range(2):
            assert "".join(llm.stream(MESSAGES, most=9)) == "yes"
        assert [name in body for body in server.asked] == [True, False, False]


def test_a_model_that_isn_t_there_is_answered_with_those_that_are() -> None:
    missing = Reply(status=404, body={"error": {"message": "model 'scripted' not found"}})
    with talking(lambda _: missing, models=[f"model-{number}" for number in range(20)]) as server:
        assert re.search(
            r"it has no scripted; give as --llm-model one of model-0, .*model-11 and 8 more$", failure(server)
        )


def test_a_key_that_is_wanted_or_wrong() -> None:
    refusal = Reply(status=401, body={"error": {"message": f"Incorrect key: {KEY}"}})
    with talking(lambda _: refusal) as server:
        assert "it wants a key: set BYLINE_LLM_API_KEY" in failure(server)
        told = failure(server, key=KEY)
        assert "check the key in BYLINE_LLM_API_KEY" in told
        assert KEY not in told


@pytest.mark.parametrize(
    "body",
    [
        {"error": {"message": "the request exceeds the available context size", "type": "exceed_context_size_error"}},
        {"error": {"message": "This model's maximum context length is 4096 tokens", "code": "context_length_exceeded"}},
    ],
)
def test_too_long_a_prompt(body: Any) -> None:
    with talking(lambda _: Reply(status=400, body=body)) as server:
        assert "set --llm-context" in failure(server)


def cuts(text: str) -> Iterator[list[str]]:
    for first in range(len(text) + 1):
        for second in range(first, len(text) + 1):
            yield [text[:first], text[first:second], text[second:]]


@pytest.mark.parametrize(
    ("said", "meant"),
    [
        ("<think>Hm. [2]</think>Yes. [1]", "Yes. [1]"),
        ("A<THINK>b</Think>c", "Ac"),
        ("[THINK]b[/THINK]c", "c"),
        ("5 < 6 <b>yes</b> <thin air [1]", "5 < 6 <b>yes</b> <thin air [1]"),
        ("a\ud83d\ude00b", "a😀b"),
        ("a\ud83db\ude00<", "a\ufffdb\ufffd<"),
        (f"a {KEY} b", "a [key] b"),
        ("key-0f5e<think>b</think>2c", "[key]"),
        ("key\u200b-0f5e\x1b[31m2c", "[key]"),
        ("key-0f5ekey-0f5e2c", "key-0f5e[key]"),
        ("a\x1b[1;31mb\x9b0mc\x1b]0;t\x07d\x1b]8;;x\x1b\\e", "abcde"),
        ("a\x1b[31\nb\x1bc", "a [31\nb c"),
        ("p\u202ea\u2066y\u2069 \U000e0041o\u200b\ufe0f\u2060u\xad", "pay ou"),
    ],
)
def test_thoughts_and_halves_of_characters_however_they_are_cut(said: str, meant: str) -> None:
    ways = list(cuts(said))
    with talking(lambda body: ways[int(body["messages"][0]["content"])]) as server, model(server, key=KEY) as llm:
        for number in range(0, len(ways), 7):
            assert "".join(llm.stream([("user", str(number))], most=100)) == meant, ways[number]


@given(st.lists(st.text(alphabet="<>/think[]aT \ud83d\ude00é\x1b\x07;m\u200b", max_size=12), max_size=8))
@example(["<thi", "nk>a</", "think>", "b"])
@example(["thinka", "thinkathi", "nkaT"])
@example(["\x1b", "[", ";", "m", "\x1b]a", "\x07a\x1b"])
def test_how_text_is_cut_into_pieces_changes_nothing(pieces: list[str]) -> None:
    def put_together(given: list[str]) -> str | None:
        text = _Text("thinkathinkaT")
        try:
            return "".join(map(text.add, given)) + text.end()
        except _ThoughtsError:
            return None

    assert put_together(pieces) == put_together(["".join(pieces)])


def test_an_answer_cut_by_its_limit_says_so() -> None:
    with talking(lambda _: Reply(pieces=["The bri"], finish="length")) as server, model(server) as llm:
        stream = llm.stream(MESSAGES, most=2)
        assert "".join(stream) == "The bri"
        assert stream.cut


def test_a_question_of_half_characters_is_sent_whole() -> None:
    with talking(["yes"]) as server, model(server) as llm:
        assert list(llm.stream([("user", "Why\ud800?")], most=9)) == ["yes"]
        assert server.asked[0]["messages"][0]["content"] == "Why\ufffd?"


def test_many_are_asked_at_once() -> None:
    with talking(lambda body: [body["messages"][0]["content"], " yes"]) as server, model(server) as llm:
        streams = [llm.stream([("user", str(number))], most=9) for number in range(12)]
        assert ["".join(stream) for stream in streams] == [f"{number} yes" for number in range(12)]


def test_models_are_listed_once_each_and_clean() -> None:
    with talking([], models=["b", "a\x1b[31m", "b", "x" * 5000, ""]) as server:
        assert model(server).models() == ("b", "a", "x" * 200)


@pytest.mark.parametrize("body", [{}, {"data": None}, {"data": "x"}, {"data": [None, 7, {"id": 7}]}])
def test_a_list_without_models_is_empty(body: Any) -> None:
    with talking([], models=Reply(body=body)) as server:
        assert model(server).models() == ()


@pytest.mark.parametrize("body", [[], 7, "x", None])
def test_a_list_of_another_shape_can_t_be_read(body: Any) -> None:
    with talking([], models=Reply(body=body)) as server, pytest.raises(EndpointError, match="can't be read"):
        model(server).models()


@pytest.mark.parametrize("usage", [None, 7, {"prompt_tokens": -1, "completion_tokens": 2}, {"prompt_tokens": True}])
def test_a_usage_that_can_t_be_is_counted_instead(usage: Any) -> None:
    told = f"data: {json.dumps({'choices': [], 'usage': usage})}\n\n".encode()

    def script(body: dict[str, Any]) -> list[str | bytes]:
        del body["stream_options"]
        return ["The bridge opened.", told]

    with talking(script) as server, model(server) as llm:
        stream = llm.stream(MESSAGES, most=9)
        list(stream)
        assert stream.usage == Usage(
            prompt=sum(llm.count(content) + 8 for _, content in MESSAGES),
            completion=llm.count("The bridge opened."),
            reported=False,
        )


def test_counts_are_never_below_a_real_tokenizer_s(small_model: str) -> None:
    """And not so high that half of what the model reads is wasted."""
    llm = LanguageModel(small_model, smollm.MODEL)
    counted = real = 0
    with httpx.Client(base_url=small_model.removesuffix("/v1"), trust_env=False) as client:
        for path in sorted((GAZETTE / "articles").rglob("*.md"))[::2]:
            text = path.read_text("utf-8")
            for part in (text, *re.split(r"(?<=[.!?])\s+", text)[:4]):
                tokens = len(client.post("/tokenize", json={"content": part, "add_special": True}).json()["tokens"])
                assert llm.count(part) >= tokens, part
                counted, real = counted + llm.count(part), real + tokens
    assert counted <= 1.5 * real


def test_a_prompt_counts_more_than_the_endpoint_reports(small_model: str) -> None:
    with LanguageModel(small_model, smollm.MODEL) as llm, llm.stream(MESSAGES, most=4) as stream:
        counted = stream.usage
        list(stream)
        assert not counted.reported
        assert stream.usage.reported
        assert 0 < stream.usage.prompt <= counted.prompt
        assert 0 < stream.usage.completion <= 4


@given(st.text())
def test_a_count_is_at_most_a_text_s_bytes(text: str) -> None:
    assert 1 <= _LLM.count(text) <= len(text.encode("utf-8", "replace")) + 1


@given(st.text(), st.text())
def test_a_count_of_two_texts_is_no_more_than_theirs(first: str, second: str) -> None:
    assert _LLM.count(f"{first}\n{second}") <= _LLM.count(first) + _LLM.count(second) + 1


def test_a_count_is_the_same_whatever_an_endpoint_reports() -> None:
    text = "the bridge over the river opened on a Sunday"
    with talking(lambda _: Reply(pieces=["yes"], usage=(10_000, 1))) as server, model(server) as llm:
        before = llm.count(text)
        list(llm.stream([("user", text)], most=9))
        assert llm.count(text) == before


def test_a_hundred_faults_end_in_time_with_a_reason_or_an_answer() -> None:
    def ask(llm: LanguageModel) -> str:
        with llm.stream(MESSAGES, most=200) as stream:
            return "".join(stream)

    outcomes = survive(ask)
    assert len(outcomes) == len({fault.name for fault in FAULTS}) == 100
    for outcome in outcomes:
        said = str(outcome.error)
        if outcome.fault.says is None:
            assert str(outcome.made).startswith("The bridge"), (outcome.fault.name, said)
        else:
            assert isinstance(outcome.error, EndpointError), (outcome.fault.name, outcome.made)
            assert re.search(outcome.fault.says, said), (outcome.fault.name, said)
            assert said.startswith(f"{outcome.url}: "), said
            assert said.isprintable(), said
            assert KEY not in said
            assert len(said) < 600
        assert outcome.seconds < outcome.timeout + 1, (outcome.fault.name, outcome.seconds)


_LLM = LanguageModel("http://localhost/v1", "scripted")


def test_a_list_that_is_a_web_page_is_told_as_one() -> None:
    class Page(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.send_header("Content-Type", "text/html; charset=utf-8")
            self.end_headers()
            self.wfile.write(b"<!doctype html><title>Sign in</title>")

        def log_message(self, *_: object) -> None:
            pass

    with HTTPServer(("127.0.0.1", 0), Page) as server:
        thread = threading.Thread(target=server.handle_request)
        thread.start()
        with (
            LanguageModel(f"http://127.0.0.1:{server.server_port}/v1", "any") as llm,
            pytest.raises(EndpointError, match="a web page: check --llm-base-url"),
        ):
            llm.models()
        thread.join()


@pytest.mark.parametrize("scheme", ["https", "HTTPS", "Https"])
def test_a_certificate_is_wanted_however_https_is_written(scheme: str) -> None:
    with LanguageModel(f"{scheme}://models.example/v1", "any") as llm:
        pool = llm._transport._transport._pool  # type: ignore[attr-defined]
        assert pool._ssl_context.verify_mode == ssl.CERT_REQUIRED
        assert pool._ssl_context.check_hostname
