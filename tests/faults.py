"""A hundred ways in which an endpoint fails, as data, and what asks through all of them side by side."""

from __future__ import annotations

import contextlib
import gzip
import json
import re
import select
import selectors
import socket
import struct
import threading
import time
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import cache
from typing import Any

from index import BylineError
from qa.llm import LanguageModel

__all__ = ["FAULTS", "KEY", "Fault", "Outcome", "survive"]

KEY = "key-0f5e2c"
"""The key that each endpoint is asked with; some send it back."""

HOLD = 60.0
# Seconds that those are given which come to an end by themselves, on however busy a machine.
_AMPLE = 6.0
_ELSEWHERE = b"http://elsewhere.example"


@dataclass(frozen=True, slots=True)
class Again:
    """The same bytes for ever, as often as that."""

    data: bytes
    every: float = 0.0


class Reset:
    """The connection is broken off, without an end."""


Step = bytes | float | Again | Reset | Callable[[], bytes]
"""What is sent, or how many seconds of silence."""


@dataclass(frozen=True, slots=True)
class Fault:
    """What an endpoint does once it was asked, and what the error must say; ``says`` None where
    the answer is good for all that. ``deaf``: it doesn't wait to be asked. ``scheme`` "closed"
    is a port where nothing listens."""

    name: str
    steps: Sequence[Step]
    says: str | None
    deaf: bool = False
    scheme: str = "http"

    @property
    def endless(self) -> bool:
        return any(step == HOLD or isinstance(step, Again) for step in self.steps)


def head(status: str = "200 OK", **headers: str) -> bytes:
    given = {"Content_Type": "text/event-stream", "Connection": "close", **headers}
    lines = [f"HTTP/1.1 {status}", *(f"{name.replace('_', '-')}: {value}" for name, value in given.items())]
    return "\r\n".join([*lines, "", ""]).encode()


def event(data: object) -> bytes:
    return f"data: {json.dumps(data)}\n\n".encode()


def delta(*, finish: object = None, **fields: object) -> bytes:
    return event({"choices": [{"index": 0, "delta": fields, "finish_reason": finish}]})


TEXT = delta(role="assistant", content="The bridge opened [1].")
STOP = delta(finish="stop")
DONE = b"data: [DONE]\n\n"
GOOD = TEXT + STOP + DONE


def streamed(name: str, data: bytes | Sequence[Step], says: str | None) -> Fault:
    """Headers as they should be, and then this."""
    return Fault(name, [head(), *([data] if isinstance(data, bytes) else data)], says)


def refused(status: str, says: str, body: object = None, **headers: str) -> Fault:
    said = {"error": {"message": "the server's own words"}} if body is None else body
    return answered(f"{status}: {says}", status, json.dumps(said).encode(), says, **headers)


def answered(name: str, status: str, body: bytes, says: str, **headers: str) -> Fault:
    return Fault(name, [head(status, **{"Content_Type": "application/json", **headers}), body], says)


def raw(name: str, *steps: Step, says: str | None, deaf: bool = False) -> Fault:
    return Fault(name, steps, says, deaf)


@cache
def bomb() -> bytes:
    """Some tens of thousands of bytes that unpack to tens of millions."""
    return gzip.compress(b"data: \n\n" * 5_000_000)


_LATE = "said nothing within|was not done within"
_BROKE = "broke off before the end"
_LIST = "check --llm-model and --llm-base-url"
_LATER = "try again later"

FAULTS: tuple[Fault, ...] = (
    # The connection.
    Fault("refused", [], "nothing listens there", scheme="closed"),
    Fault("TLS is asked of what speaks HTTP", [b"HTTP/1.1 400 No\r\n\r\n"], "doesn't speak TLS", scheme="https"),
    Fault("TLS is asked of what hangs", [HOLD], _LATE, deaf=True, scheme="https"),
    Fault("TLS is asked of what closes", [], "the connection failed|doesn't speak TLS", deaf=True, scheme="https"),
    raw("an alert of TLS", b"\x15\x03\x01\x00\x02\x02\x46", says="the connection failed"),
    raw("closes when connected", says="the connection failed", deaf=True),
    raw("resets when connected", Reset(), says="the connection failed", deaf=True),
    raw("closes when asked", says="the connection failed"),
    raw("resets when asked", Reset(), says="the connection failed"),
    raw("never answers", HOLD, says=_LATE),
    raw("never reads", HOLD, says=_LATE, deaf=True),
    # What isn't HTTP.
    raw("another protocol's greeting", b"SSH-2.0-OpenSSH_9.6\r\n", HOLD, says=_LATE, deaf=True),
    raw("garbage", bytes(range(256)) * 40, says="the connection failed"),
    raw("HTTP/0.9", b"<p>hello</p>", says="the connection failed"),
    raw("a status of words", b"HTTP/1.1 yes fine\r\n\r\n", says="the connection failed"),
    raw("a status line without end", Again(b"HTTP/1.1 200 " + b"O" * 4096), says="the connection failed"),
    raw("a status line that hangs", b"HTTP/1.1 20", HOLD, says=_LATE),
    # Headers.
    raw("a huge header", head(X_Long="x" * 2_000_000) + GOOD, says="the connection failed"),
    raw("endless headers", b"HTTP/1.1 200 OK\r\n", Again(b"X-More: more\r\n"), says=f"the connection failed|{_LATE}"),
    raw("headers drip", b"HTTP/1.1 200 OK\r\n", Again(b"X", 0.05), says=_LATE),
    raw("headers hang", b"HTTP/1.1 200 OK\r\nContent-Type:", HOLD, says=_LATE),
    raw("a line that is no header", b"HTTP/1.1 200 OK\r\nnonsense\r\n\r\n" + GOOD, says="the connection failed"),
    raw("a header with a NUL", b"HTTP/1.1 200 OK\r\nX-A: a\0b\r\n\r\n" + GOOD, says="the connection failed"),
    raw("a negative length", head(Content_Length="-5") + GOOD, says="the connection failed"),
    raw("two lengths", head(Content_Length="5, 7") + GOOD, says="the connection failed"),
    raw("a length too short", head(Content_Length="40") + GOOD, says="broke off"),
    raw("a length too long", head(Content_Length="100000") + TEXT, says="the connection failed|broke off"),
    raw("an unknown encoding", head(Transfer_Encoding="secret") + GOOD, says="the connection failed"),
    raw("a chunk of no size", head(Transfer_Encoding="chunked") + b"zz\r\n" + GOOD, says="the connection failed"),
    raw("a chunk cut off", head(Transfer_Encoding="chunked") + b"fff\r\n" + TEXT, says="the connection failed"),
    raw("endless interim answers", Again(b"HTTP/1.1 103 Early Hints\r\n\r\n", 0.01), says=_LATE),
    raw(
        "another protocol wanted",
        b"HTTP/1.1 101 Go\r\nUpgrade: x\r\n\r\n",
        says="the connection failed",
    ),
    Fault("a packed bomb", [head(Content_Encoding="gzip"), bomb], "turn its compression off"),
    Fault("a packed bomb of an error", [head("500 No", Content_Encoding="gzip"), bomb], "turn its compression off"),
    # Redirects, which must lead nowhere.
    refused("301 Moved", r"127.0.0.1:\d+/v1, where nothing was sent", Location=f"{_ELSEWHERE.decode()}/v1"),
    refused("302 Found", "where nothing was sent", Location=_ELSEWHERE.decode()),
    refused("307 Temporary", "where nothing was sent", Location=_ELSEWHERE.decode()),
    refused("308 Permanent", "where nothing was sent", Location=_ELSEWHERE.decode()),
    refused("302 Found", "sends on to /v1/chat", Location="/v1/chat/completions"),
    # Other statuses.
    refused("400 Bad Request", _LIST),
    refused("400 Bad Request", "--llm-context", {"error": {"message": "This model's maximum context length is 16"}}),
    refused("400 Bad Request", "max_tokens", {"error": {"message": "max_tokens, max_completion_tokens: no"}}),
    refused("401 Unauthorized", "BYLINE_LLM_API_KEY"),
    refused("401 Unauthorized", r"\[key\]", {"error": {"message": f"the key {KEY} is wrong"}}),
    refused("403 Forbidden", "BYLINE_LLM_API_KEY may use"),
    refused("404 Not Found", "mostly ends in /v1"),
    refused("408 Request Timeout", _LATER),
    refused("413 Content Too Large", "--llm-context"),
    refused("422 Unprocessable", "not a number", {"detail": [{"loc": ["body"], "msg": "not a number"}]}),
    refused("422 Unprocessable", "temperature", {"detail": "temperature, seed, stream_options: none is known"}),
    refused("429 Too Many Requests", "try again in 3,600 s", Retry_After="3600"),
    refused("429 Too Many Requests", r"try again in [\d,]+ s", Retry_After="Fri, 31 Dec 2199 23:59:59 GMT"),
    refused("429 Too Many Requests", _LATER, Retry_After="soon"),
    refused("500 Internal Server Error", _LATER),
    refused("501 Not Implemented", _LIST),
    refused("503 Service Unavailable", "Loading model", {"error": {"message": "Loading model", "code": 503}}),
    refused("999 Beyond", "999"),
    answered("an empty answer", "204 No Content", b"", _BROKE),
    # What an error says.
    answered("an error page", "500 No", b"<!doctype html><h1>Oops</h1>", "a web page", Content_Type="text/html"),
    answered("an error without end", "400 No", b"", _LIST),
    Fault("an error that goes on and on", [head("400 No"), Again(b"no " * 4096)], _LIST),
    Fault("an error that hangs", [head("400 No", Content_Length="99"), b'{"error":', HOLD], _LATE),
    answered("a deep error", "500 No", b"[" * 50_000 + b"]" * 50_000, _LATER),
    refused("500 No", r"\(red byline: all is well\)", {"error": "red \x1b[31m\r\nbyline: all is well\u202e"}),
    refused("500 No", "…", {"error": {"message": "and so on " * 10_000}}),
    # Streams that don't end, or end too soon.
    streamed("hangs before the first event", [HOLD], _LATE),
    streamed("hangs after an event", [TEXT, HOLD], _LATE),
    streamed("hangs in the middle of a line", [TEXT[:20], HOLD], _LATE),
    streamed("hangs when done", [TEXT + STOP, HOLD], None),
    streamed("drips", [Again(b"x", 0.05)], _LATE),
    streamed("only keeps alive", [Again(b": alive\n\n", 0.02)], _LATE),
    streamed("endless blank lines", [Again(b"\n" * 4096)], f"doesn't end|{_LATE}"),
    streamed("an endless line", [b"data: ", Again(b"x" * 65536)], f"doesn't end|{_LATE}"),
    streamed("endless text", [Again(delta(content="and so on, " * 20))], f"past the|{_LATE}"),
    streamed("endless thoughts", [Again(delta(reasoning_content="hm"))], f"doesn't end|{_LATE}"),
    streamed("ends at once", b"", _BROKE),
    streamed("ends after an event", TEXT, _BROKE),
    streamed("done without an end", TEXT + DONE, _BROKE),
    streamed("resets after an event", [TEXT, Reset()], "the connection failed|broke off"),
    streamed("ends within a character", 'data: {"choices": "…'.encode()[:-1], "can't be read"),
    # Streams of the wrong shape.
    streamed("a web page", b"<!doctype html>\n<title>Sign in</title>\n", _BROKE),
    streamed("not JSON", b"data: {nonsense}\n\n" + GOOD, "can't be read"),
    streamed("too deep", b"data: " + b"[" * 100_000 + b"\n\n" + GOOD, "can't be read"),
    streamed("no choices", event({"choices": []}) + event({"choices": None}) + event({}) + event([1]) + DONE, _BROKE),
    streamed("other shapes", event({"choices": "x"}) + event({"choices": [None]}) + event(7) + DONE, _BROKE),
    streamed("content of numbers", delta(content=7) + STOP, "something else than text"),
    streamed("content of parts", delta(content=[{"type": "image"}]) + STOP, "something else than text"),
    streamed("null content", delta(content=None) + STOP + DONE, "wrote nothing"),
    streamed("blank content", delta(content=" \n ") + STOP + DONE, "wrote nothing"),
    streamed("a tool is called", delta(tool_calls=[{"function": {"name": "fetch"}}]) + STOP, "called a tool"),
    streamed("a refusal", delta(refusal="I would rather not") + STOP, "declined to answer"),
    streamed("filtered", TEXT + delta(finish="content_filter") + DONE, "withheld its answer"),
    streamed("an error in the stream", TEXT + event({"error": {"message": "out of memory"}}), "out of memory"),
    streamed("thoughts alone", delta(content="<think>well, well") + delta(finish="length") + DONE, "on thinking"),
    streamed("thoughts without a beginning", delta(content="Well.</think> Yes.") + STOP, "mixes what it thinks"),
    streamed("not UTF-8", b'data: {"choices": [{"delta": {"content": "\xff\xfe"}}]}\n\n' + GOOD, "can't be read"),
    # Odd, and good for all that.
    streamed("half a character", TEXT + delta(content=" \ud83d") + STOP, None),
    streamed("cut short", TEXT + delta(finish="length") + DONE, None),
    streamed("line ends of another kind", GOOD.replace(b"\n", b"\r\n"), None),
    streamed("a count that lies", TEXT + STOP + event({"choices": [], "usage": {"prompt_tokens": -1}}) + DONE, None),
)


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of asking the endpoint at ``url``: ``made``, or the ``error``; after so many ``seconds``
    of the ``timeout`` that there were."""

    fault: Fault
    url: str
    made: Any
    error: BylineError | None
    seconds: float
    timeout: float


class _Endpoints:
    """An endpoint for each fault at a port of its own, and one elsewhere that nobody may reach."""

    def __init__(self, faults: Iterable[Fault]) -> None:
        self._closing = threading.Event()
        self._lock = threading.Lock()
        self._threads: list[threading.Thread] = []
        self._listening = {socket.create_server(("127.0.0.1", 0)): fault for fault in faults}
        self._elsewhere = socket.create_server(("127.0.0.1", 0))
        self._address = f"http://127.0.0.1:{self._elsewhere.getsockname()[1]}".encode()
        self._accepting = threading.Thread(target=self._accept)
        self.urls: list[str] = []
        """The base URL of each."""
        for listener, fault in self._listening.items():
            scheme = "http" if fault.scheme == "closed" else fault.scheme
            self.urls.append(f"{scheme}://127.0.0.1:{listener.getsockname()[1]}/v1")
        self.open: dict[socket.socket, str] = {}
        """The connections that are, and the faults they are of."""
        self.strayed = 0
        """How often the other place was reached."""

    def __enter__(self) -> _Endpoints:
        for listener, fault in list(self._listening.items()):
            if fault.scheme == "closed":
                listener.close()
                del self._listening[listener]
        self._accepting.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._closing.set()
        self._accepting.join()
        with self._lock:
            for connection in self.open:
                with contextlib.suppress(OSError):
                    connection.shutdown(socket.SHUT_RDWR)
        for thread in self._threads:
            thread.join()
        for listener in (*self._listening, self._elsewhere):
            listener.close()

    def _accept(self) -> None:
        with selectors.DefaultSelector() as selector:
            for listener in (*self._listening, self._elsewhere):
                selector.register(listener, selectors.EVENT_READ)
            while not self._closing.is_set():
                for key, _ in selector.select(0.02):
                    assert isinstance(key.fileobj, socket.socket)
                    connection, _ = key.fileobj.accept()
                    if key.fileobj is self._elsewhere:
                        self.strayed += 1
                        connection.close()
                        continue
                    with self._lock:
                        self.open[connection] = self._listening[key.fileobj].name
                    serving = threading.Thread(target=self._serve, args=(connection, self._listening[key.fileobj]))
                    serving.start()
                    self._threads.append(serving)

    def _serve(self, connection: socket.socket, fault: Fault) -> None:
        try:
            if not fault.deaf:
                _read_request(connection)
            for step in fault.steps:
                if isinstance(step, Reset):
                    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
                elif isinstance(step, Again):
                    while not self._closing.is_set():
                        connection.sendall(step.data)
                        self._wait(connection, step.every)
                elif isinstance(step, float):
                    self._wait(connection, step)
                else:
                    data = step if isinstance(step, bytes) else step()
                    connection.sendall(data.replace(_ELSEWHERE, self._address))
            if not any(isinstance(step, Reset) for step in fault.steps):
                connection.shutdown(socket.SHUT_WR)
                self._wait(connection, HOLD)
        except OSError:
            pass  # the client has had enough
        finally:
            connection.close()
            with self._lock:
                del self.open[connection]

    def _wait(self, connection: socket.socket, seconds: float) -> None:
        """Silence, until the client leaves."""
        until = time.monotonic() + seconds
        while not self._closing.is_set() and (left := until - time.monotonic()) > 0:
            if select.select([connection], [], [], min(left, 0.05))[0] and not connection.recv(65536):
                raise ConnectionAbortedError


def _read_request(connection: socket.socket) -> None:
    data = b""
    while b"\r\n\r\n" not in data:
        more = connection.recv(65536)
        data += more
        if not more or data[:1] == b"\x16":  # a greeting of TLS
            return
    headers, _, body = data.partition(b"\r\n\r\n")
    length = re.search(rb"(?i)content-length: (\d+)", headers)
    missing = int(length[1]) - len(body) if length else 0
    while missing > 0 and (more := connection.recv(65536)):
        missing -= len(more)


def survive(
    ask: Callable[[LanguageModel], Any], *, timeout: float = 0.8, faults: Sequence[Fault] = FAULTS, abreast: int = 20
) -> list[Outcome]:
    """``ask`` the model of each faulty endpoint, ``abreast`` at a time; ``timeout`` is for the answers of
    those that don't come to an end by themselves.

    Raises AssertionError where that leaves a thread or a connection behind, or leads elsewhere.
    """

    def one(fault: Fault, url: str) -> Outcome:
        wait = timeout if fault.endless else _AMPLE
        with LanguageModel(url, "scripted", key=KEY, timeout=wait) as model:
            began = time.monotonic()
            made, error = None, None
            try:
                made = ask(model)
            except BylineError as raised:
                error = raised
            return Outcome(fault, url, made, error, time.monotonic() - began, wait)

    with _Endpoints(faults) as endpoints, ThreadPoolExecutor(abreast) as asking:
        outcomes = list(asking.map(one, faults, endpoints.urls))
        patience = time.monotonic() + 2
        while (endpoints.open or _threads()) and time.monotonic() < patience:
            time.sleep(0.01)
        assert not endpoints.open, f"connections are left behind: {sorted(endpoints.open.values())}"
        assert not _threads(), f"{len(_threads())} threads are left behind"
        assert not endpoints.strayed, "another place was reached"
    return outcomes


def _threads() -> list[threading.Thread]:
    return [thread for thread in threading.enumerate() if thread.name == "byline-llm"]
