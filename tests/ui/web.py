"""A small HTTP client for the tests: one that can lie about its host, origin and length."""

from __future__ import annotations

import base64
import http.client
import json
import uuid
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def text(self) -> str:
        return self.body.decode()


def request(
    address: str,
    path: str,
    *,
    method: str = "GET",
    headers: Mapping[str, str] | None = None,
    body: bytes | Iterable[bytes] | None = None,
) -> Reply:
    """Sends the path as given, where other clients would tidy it up. No proxy is asked."""
    parts = urlsplit(address)
    assert parts.hostname is not None
    connection = http.client.HTTPConnection(parts.hostname, parts.port, timeout=30)
    try:
        connection.request(method, path, body=body, headers=dict(headers or {}))
        reply = connection.getresponse()
        names = {name.lower(): value for name, value in reply.getheaders()}
        return Reply(status=reply.status, headers=names, body=reply.read())
    finally:
        connection.close()


def basic(name: str, password: str) -> dict[str, str]:
    encoded = base64.b64encode(f"{name}:{password}".encode()).decode()
    return {"Authorization": f"Basic {encoded}"}


@dataclass(frozen=True, slots=True)
class Page:
    """A page's session, driven as a forger would: by its own posts, with any data."""

    address: str
    session: str

    @classmethod
    def open(cls, address: str) -> Page:
        return cls(address, uuid.uuid4().hex)

    def call(self, event: str, data: list[Any], event_data: Any = None) -> list[Any]:
        """The values that the handler of ``event`` last sent for its outputs."""
        done = self.stream(event, data, event_data)[-1]
        assert done["success"], done
        output: list[Any] = done["output"]["data"]
        return output

    def stream(self, event: str, data: list[Any], event_data: Any = None) -> list[Any]:
        """Each message in which the handler of ``event`` sent values, the last one whole."""
        config = json.loads(request(self.address, "/config").body)
        function = next(d for d in config["dependencies"] if any(target[1] == event for target in d["targets"]))
        post = {
            "fn_index": function["id"],
            "trigger_id": function["targets"][0][0],
            "session_hash": self.session,
            "data": data,
            "event_data": event_data,
        }
        reply = request(
            self.address,
            "/gradio_api/queue/join",
            method="POST",
            headers={"Content-Type": "application/json"},
            body=json.dumps(post).encode(),
        )
        assert reply.status == 200, reply.text
        stream = request(self.address, f"/gradio_api/queue/data?session_hash={self.session}")
        messages = [json.loads(line[6:]) for line in stream.text.splitlines() if line.startswith("data: ")]
        return [m for m in messages if m["msg"] in ("process_generating", "process_completed")]
