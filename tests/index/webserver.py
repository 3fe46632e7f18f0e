"""A real web server on this machine, and names that lead to it as if it were public."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable, Mapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any

import pytest

__all__ = ["Page", "Site", "internet", "story"]

Page = tuple[int, Mapping[str, str], bytes] | Callable[[BaseHTTPRequestHandler], None]
"""What is at a path: status, headers and body, or what to do with the connection."""


def story(title: str, text: str, canonical: str | None = None) -> tuple[int, Mapping[str, str], bytes]:
    """A page with one article in it."""
    link = f'<link rel="canonical" href="{canonical}">' if canonical else ""
    page = (
        f'<!doctype html><html lang="en"><head><title>{title}</title>{link}</head>'
        f"<body><article><h1>{title}</h1><p>{text}</p></article></body></html>"
    )
    return 200, {"Content-Type": "text/html; charset=utf-8"}, page.encode()


class Site:
    """Serves ``pages`` by path; what was asked of it stands in ``asked`` with its headers."""

    def __init__(self, pages: Mapping[str, Page] | None = None) -> None:
        self.pages: dict[str, Page] = dict(pages or {})
        self.asked: list[tuple[str, dict[str, str]]] = []
        site = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                site.asked.append((self.path, {k.lower(): v for k, v in self.headers.items()}))
                page = site.pages.get(self.path, (404, {}, b"gone"))
                try:
                    if callable(page):
                        page(self)
                        return
                    status, headers, body = page
                    self.send_response_only(status)
                    for key, value in headers.items():
                        self.send_header(key, value)
                    if "Content-Length" not in headers:
                        self.send_header("Content-Length", str(len(body)))
                    self.end_headers()
                    self.wfile.write(body)
                except OSError:
                    # The client has had enough, which many tests are about.
                    self.close_connection = True

            def log_message(self, format: str, *args: Any) -> None:  # noqa: A002
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self.port = self._server.server_port
        self.url = f"http://127.0.0.1:{self.port}"
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)

    @property
    def paths(self) -> list[str]:
        """What was asked of it but its robots.txt."""
        return [path for path, _ in self.asked if path != "/robots.txt"]

    def wrap(self, context: Any) -> None:
        """Speak TLS."""
        self._server.socket = context.wrap_socket(self._server.socket, server_side=True)
        self.url = f"https://127.0.0.1:{self.port}"

    def __enter__(self) -> Site:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._server.shutdown()
        self._server.server_close()


def internet(
    monkeypatch: pytest.MonkeyPatch, names: Mapping[str, list[list[str]]], hosts: Mapping[str, int]
) -> tuple[list[str], list[str]]:
    """Names that resolve to addresses as told, one list each time they are asked for (the
    last for ever), and addresses that lead to ports of this machine. Returns the names
    that were asked for and the addresses connected to, as they come."""
    resolved: list[str] = []
    connected: list[str] = []
    answers = {name: list(lists) for name, lists in names.items()}
    real_connect, real_look_up = socket.socket.connect, socket.getaddrinfo

    def look_up(host: Any, port: Any, *rest: Any, **options: Any) -> Any:
        host = host.decode() if isinstance(host, bytes) else host
        resolved.append(host)
        if host not in answers:
            return real_look_up(host, port, *rest, **options)
        addresses = answers[host].pop(0) if len(answers[host]) > 1 else answers[host][0]
        return [
            (socket.AF_INET6, socket.SOCK_STREAM, 6, "", (address, port, 0, 0))
            if ":" in address
            else (socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, port))
            for address in addresses
        ]

    def connect(self: socket.socket, address: Any) -> None:
        connected.append(address[0])
        real_connect(self, ("127.0.0.1", hosts[address[0]]) if address[0] in hosts else address)

    monkeypatch.setattr(socket, "getaddrinfo", look_up)
    monkeypatch.setattr(socket.socket, "connect", connect)
    return resolved, connected
