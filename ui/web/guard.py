"""What stands between the network and Gradio: one ASGI layer that every request passes."""

from __future__ import annotations

import asyncio
import base64
import binascii
import ipaddress
import re
import secrets
from collections.abc import Iterable
from contextlib import suppress
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Message, Receive, Scope, Send

__all__ = ["BODY_LIMIT", "Guard", "is_loopback"]

BODY_LIMIT = 256 * 1024
"""Bytes: the longest question is 2,000 characters, up to 12 bytes each in JSON."""

# Gradio's whole surface includes fetching files and pages by address, uploads, calls past
# the queue and a code editor. The page needs these paths; a list of what to block would
# have to grow with each of Gradio's releases, so everything else is not found.
_OPEN_PATHS = frozenset(
    (
        "/",
        "/config",
        "/favicon.ico",
        "/healthz",
        "/theme.css",
        "/gradio_api/app_id",
        "/gradio_api/queue/data",
        "/gradio_api/queue/join",
    )
)
_PUBLIC_FOLDERS = ("/assets/", "/static/")
_STREAMS = ("/gradio_api/queue/data", "/gradio_api/heartbeat/")
_OPEN_FOLDERS = (*_PUBLIC_FOLDERS, "/gradio_api/heartbeat/")

_POLICY = (
    "default-src 'self'; script-src 'self' 'unsafe-inline' 'unsafe-eval'; "
    "style-src 'self' 'unsafe-inline'; img-src 'self' data: blob:; font-src 'self' data:; "
    "connect-src 'self'; frame-ancestors 'none'; base-uri 'self'; form-action 'self'; object-src 'none'"
)
_HEADERS = (
    (b"content-security-policy", _POLICY.encode()),
    (b"x-content-type-options", b"nosniff"),
    (b"x-frame-options", b"DENY"),
    (b"referrer-policy", b"no-referrer"),
    (b"cross-origin-opener-policy", b"same-origin"),
    (b"cross-origin-resource-policy", b"same-origin"),
    (b"permissions-policy", b"camera=(), geolocation=(), microphone=(), payment=(), usb=()"),
)
_HOST = re.compile(r"(\[[0-9a-f:.]+\]|[0-9a-z._-]+)(?::\d{1,5})?", re.IGNORECASE | re.ASCII)


def is_loopback(host: str) -> bool:
    """Whether ``host``, a name or an address, can be reached from this machine only."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


class Guard:
    """Lets a request through to ``app`` only if it names an allowed host, comes from this
    page or no page, carries the password where one is set, asks for a path that the page
    needs, and is not oversized.

    HTTP Basic rather than Gradio's own login: Gradio leaves several of its routes open to
    anyone (static files, theme, event streams, cancel), this leaves ``/healthz`` only.

    ``stopping`` ends the event streams, each of which lasts as long as its page is open.
    """

    def __init__(
        self, app: ASGIApp, *, hosts: Iterable[str], auth: tuple[str, str] | None, stopping: asyncio.Event
    ) -> None:
        """``hosts`` are names without ports, ``auth`` a name without a colon and a password."""
        self._app = app
        self._stopping = stopping
        self._hosts = frozenset(host.lower().strip("[]") for host in hosts)
        self._login = ":".join(auth).encode() if auth else None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request, or pass it on."""
        if scope["type"] == "lifespan":
            await self._app(scope, receive, send)
        elif scope["type"] == "http":
            reply = _Reply(send, private=not scope["path"].startswith(_PUBLIC_FOLDERS))
            refusal = self._refusal(scope)
            body = await _read(receive) if refusal is None else None
            if refusal is not None or body is None:
                await reply.refuse(refusal or _TOO_LARGE)
            else:
                await self._pass_on(scope, body, receive, reply)

    async def _pass_on(self, scope: Scope, body: Message, receive: Receive, reply: _Reply) -> None:
        whole = [body]

        async def received() -> Message:
            return whole.pop() if whole else await receive()

        serving = asyncio.ensure_future(self._app(scope, received, reply.send))
        if scope["path"].startswith(_STREAMS):
            await self._until_stopping(serving)
        if not serving.cancelled():
            await serving
        elif reply.unfinished:
            await reply.send({"type": "http.response.body"})

    async def _until_stopping(self, serving: asyncio.Future[None]) -> None:
        stopping = asyncio.ensure_future(self._stopping.wait())
        either: set[asyncio.Future[Any]] = {serving, stopping}
        await asyncio.wait(either, return_when=asyncio.FIRST_COMPLETED)
        stopping.cancel()
        if not serving.done():
            serving.cancel()
            with suppress(asyncio.CancelledError):
                await serving

    def _refusal(self, scope: Scope) -> _Refusal | None:
        headers: dict[bytes, list[bytes]] = {}
        for name, value in scope["headers"]:
            headers.setdefault(name.lower(), []).append(value)
        host = _only(headers, b"host")
        if host is None or not self._allows(host):
            return 400, "This host name is not allowed here: start Byline with it as an allowed host.", ()
        path = scope["path"]
        if path != "/healthz" and not self._authorised(_only(headers, b"authorization")):
            challenge = (b"www-authenticate", b'Basic realm="Byline", charset="UTF-8"')
            return 401, "Name and password needed.", (challenge,)
        # A browser sends Origin with every request of another site's script, and with each
        # POST; a program that is no browser sends none, and no one's cookies either.
        if b"origin" in headers and not _same_origin(_only(headers, b"origin"), host):
            return 403, "Requests from other pages are not answered.", ()
        if path not in _OPEN_PATHS and not path.startswith(_OPEN_FOLDERS):
            return 404, "Not found.", ()
        length = _only(headers, b"content-length")
        if length is not None and (not length.isdigit() or int(length) > BODY_LIMIT):
            return _TOO_LARGE
        return None

    def _allows(self, host: str) -> bool:
        found = _HOST.fullmatch(host)
        return found is not None and found[1].lower().strip("[]") in self._hosts

    def _authorised(self, given: str | None) -> bool:
        if self._login is None:
            return True
        kind, _, encoded = (given or "").partition(" ")
        try:
            login = base64.b64decode(encoded.strip(), validate=True)
        except (binascii.Error, ValueError):
            login = b""
        # compare_digest takes the same time wherever the two differ.
        return kind.lower() == "basic" and secrets.compare_digest(login, self._login)


_Refusal = tuple[int, str, tuple[tuple[bytes, bytes], ...]]
_TOO_LARGE: _Refusal = (413, f"A request may hold {BODY_LIMIT} bytes.", ())


def _only(headers: dict[bytes, list[bytes]], name: bytes) -> str | None:
    # A header given twice is read differently by different programs: it counts as none.
    values = headers.get(name, [])
    return values[0].decode("latin-1") if len(values) == 1 else None


def _same_origin(origin: str | None, host: str) -> bool:
    # The scheme is not compared: behind a proxy that ends TLS the page's is https, ours http.
    try:
        return origin is not None and urlsplit(origin).netloc.lower() == host.lower()
    except ValueError:
        return False


async def _read(receive: Receive) -> Message | None:
    """The whole body as one message, or None where it is too large.

    Not counted while Gradio reads it: it would take being stopped for a fault in the body.
    A message of another kind says that the client has gone.
    """
    body = b""
    while len(body) <= BODY_LIMIT:
        message = await receive()
        if message["type"] != "http.request":
            return message
        body += message.get("body", b"")
        if not message.get("more_body", False):
            return {"type": "http.request", "body": body} if len(body) <= BODY_LIMIT else None
    return None


class _Reply:
    """A reply under way: adds the headers, and knows whether it has been finished."""

    def __init__(self, send: Send, *, private: bool) -> None:
        self._send = send
        self._private = private
        self.unfinished = False

    async def send(self, message: Message) -> None:
        self.unfinished = message["type"] == "http.response.start" or message.get("more_body", False)
        if message["type"] == "http.response.start":
            ours = dict(_HEADERS)
            if self._private:
                # Questions, answers and articles don't belong in a browser's cache.
                ours[b"cache-control"] = b"no-store"
            kept = [(name, value) for name, value in message["headers"] if name.lower() not in ours]
            message = {**message, "headers": [*kept, *ours.items()]}
        await self._send(message)

    async def refuse(self, refusal: _Refusal) -> None:
        status, text, extra = refusal
        body = text.encode()
        headers = [
            (b"content-type", b"text/plain; charset=utf-8"),
            (b"content-length", str(len(body)).encode()),
            *extra,
        ]
        await self.send({"type": "http.response.start", "status": status, "headers": headers})
        await self.send({"type": "http.response.body", "body": body})
