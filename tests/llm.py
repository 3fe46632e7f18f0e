"""An OpenAI-compatible server on this machine that says what a test's script tells it to.

::

    with talking(["The bridge ", "opened. [1]"]) as server:        # the same to every request
        LanguageModel(server.url, "scripted")
    with talking(lambda body: [str(len(body["messages"]))]) as server: ...

A piece of a script is a text (sent as one chunk), a number (so many seconds of silence), a
``threading.Event`` (silence until it is set), or bytes (written as they are into the stream).
Silence ends early where the client leaves or the server is closed.
"""

from __future__ import annotations

import json
import select
import socket
import sys
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

__all__ = ["Piece", "Reply", "Request", "Script", "TalkingServer", "talking"]

Piece = str | float | bytes | threading.Event


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """An answer in full: where ``status`` isn't 200 ``body`` is sent as JSON and no piece is.
    ``usage`` are tokens of prompt and completion, else words and pieces are counted. ``finish``
    None ends the stream without a reason."""

    pieces: Iterable[Piece] = ()
    finish: str | None = "stop"
    usage: tuple[int, int] | None = None
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)
    body: Any = None


Script = Sequence[Piece] | Callable[[dict[str, Any]], Iterable[Piece] | Reply]


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """What was asked; the names of ``headers`` are in small letters, ``body`` is {} for a GET."""

    method: str
    path: str
    headers: Mapping[str, str]
    body: dict[str, Any]


class _LeftError(Exception):
    """The client has closed its connection, or the server is being closed."""


class TalkingServer(ThreadingHTTPServer):
    """``url`` ends in /v1. ``requests`` are all that came, ``asked`` the bodies of those that want
    an answer. ``left`` is set once a client left before an answer's end. ``models`` are those
    listed, or a whole ``Reply``."""

    daemon_threads = False  # so that closing waits for them
    request_queue_size = 128

    def __init__(self, script: Script, models: Sequence[str] | Reply = ("scripted",)) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.script = script
        self.models = models
        self.url = f"http://127.0.0.1:{self.server_port}/v1"
        self.requests: list[Request] = []
        self.left = threading.Event()
        self.closing = threading.Event()
        self._connections: set[socket.socket] = set()
        self._lock = threading.Lock()

    @property
    def asked(self) -> list[dict[str, Any]]:
        return [request.body for request in self.requests if request.method == "POST"]

    @property
    def connections(self) -> int:
        """How many are open now."""
        with self._lock:
            return len(self._connections)

    def process_request(self, request: Any, client_address: Any) -> None:
        with self._lock:
            self._connections.add(request)
        super().process_request(request, client_address)

    def shutdown_request(self, request: Any) -> None:
        super().shutdown_request(request)
        with self._lock:
            self._connections.discard(request)

    def handle_error(self, request: Any, client_address: Any) -> None:
        if not isinstance(sys.exc_info()[1], OSError):  # which is a client that left
            super().handle_error(request, client_address)

    def server_close(self) -> None:
        self.closing.set()
        with self._lock:
            for connection in self._connections:
                with suppress(OSError):  # where it was closed from the other side
                    connection.shutdown(socket.SHUT_RDWR)
        super().server_close()


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    server: TalkingServer

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002
        pass

    def do_GET(self) -> None:
        self._note({})
        models = self.server.models
        if not self.path.endswith("/models"):
            self._send(404, {"error": {"message": "no such path"}})
        elif isinstance(models, Reply):
            self._send(models.status, models.body, models.headers)
        else:
            data = [{"id": name, "object": "model", "created": 0, "owned_by": "test"} for name in models]
            self._send(200, {"object": "list", "data": data})

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        self._note(body)
        if not self.path.endswith("/chat/completions"):
            self._send(404, {"error": {"message": "no such path"}})
            return
        script = self.server.script
        told = script(body) if callable(script) else script
        reply = told if isinstance(told, Reply) else Reply(pieces=told)
        try:
            if reply.status != 200:
                self._send(reply.status, reply.body, reply.headers)
            elif body.get("stream"):
                self._stream(body, reply)
            else:
                self._whole(body, reply)
        except (_LeftError, OSError):
            self.close_connection = True
            if not self.server.closing.is_set():
                self.server.left.set()

    def _note(self, body: dict[str, Any]) -> None:
        headers = {name.lower(): value for name, value in self.headers.items()}
        self.server.requests.append(Request(method=self.command, path=self.path, headers=headers, body=body))

    def _send(self, status: int, body: Any, headers: Mapping[str, str] | None = None) -> None:
        content = json.dumps(body).encode()
        self.send_response_only(status)
        for name, value in {"Content-Type": "application/json", **(headers or {})}.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def _stream(self, body: dict[str, Any], reply: Reply) -> None:
        self.send_response_only(200)
        for name, value in {"Content-Type": "text/event-stream", **reply.headers}.items():
            self.send_header(name, value)
        self.send_header("Transfer-Encoding", "chunked")
        self.end_headers()
        self._chunk(self._event(body, {"role": "assistant", "content": ""}))
        told = 0
        for piece in reply.pieces:
            if isinstance(piece, str):
                told += 1
                self._chunk(self._event(body, {"content": piece}))
            elif isinstance(piece, bytes):
                self._chunk(piece)
            else:
                self._silence(piece)
            if self.server.closing.is_set():
                raise _LeftError
        if reply.finish:
            self._chunk(self._event(body, {}, finish=reply.finish))
        if (body.get("stream_options") or {}).get("include_usage"):
            self._chunk(self._event(body, None, usage=_usage(body, told, reply)))
        self._chunk(b"data: [DONE]\n\n")
        self.wfile.write(b"0\r\n\r\n")

    def _whole(self, body: dict[str, Any], reply: Reply) -> None:
        texts = []
        for piece in reply.pieces:
            if isinstance(piece, str):
                texts.append(piece)
            elif not isinstance(piece, bytes):
                self._silence(piece)
        message = {"role": "assistant", "content": "".join(texts)}
        choice = {"index": 0, "message": message, "finish_reason": reply.finish}
        usage = _usage(body, len(texts), reply)
        self._send(200, {**_frame(body), "object": "chat.completion", "choices": [choice], "usage": usage})

    def _event(self, body: dict[str, Any], delta: Any, *, finish: str | None = None, usage: Any = None) -> bytes:
        choices = [] if delta is None else [{"index": 0, "delta": delta, "finish_reason": finish}]
        told = {**_frame(body), "object": "chat.completion.chunk", "choices": choices}
        if usage:
            told["usage"] = usage
        return f"data: {json.dumps(told)}\n\n".encode()

    def _chunk(self, data: bytes) -> None:
        if data:  # an empty one would end the body
            self.wfile.write(f"{len(data):x}\r\n".encode() + data + b"\r\n")

    def _silence(self, pause: float | threading.Event) -> None:
        """Waits, and raises where the client leaves meanwhile."""
        waited = 0.0
        while not self.server.closing.is_set():
            if isinstance(pause, threading.Event):
                if pause.is_set():
                    return
                step = 0.01
            else:
                step = min(0.01, pause - waited)
                if step <= 0:
                    return
            readable, _, _ = select.select([self.connection], [], [], step)
            waited += step
            if readable and not self.connection.recv(1, socket.MSG_PEEK):
                raise _LeftError
        raise _LeftError


def _frame(body: dict[str, Any]) -> dict[str, Any]:
    return {"id": "chatcmpl-test", "created": 0, "model": body.get("model", "scripted")}


def _usage(body: dict[str, Any], told: int, reply: Reply) -> dict[str, int]:
    given = sum(len(str(message["content"]).split()) for message in body["messages"])
    prompt, completion = reply.usage or (given, told)
    return {"prompt_tokens": prompt, "completion_tokens": completion, "total_tokens": prompt + completion}


@contextmanager
def talking(script: Script, *, models: Sequence[str] | Reply = ("scripted",)) -> Iterator[TalkingServer]:
    """A server that answers by ``script`` as long as the block runs."""
    server = TalkingServer(script, models)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield server
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
