"""Messages between Byline and the process that reads for it: JSON behind its length."""

from __future__ import annotations

import json
import struct
from typing import IO, Any

__all__ = ["HEAD", "pack", "parse", "receive"]

HEAD = struct.Struct(">I")
"""What stands before a message: how many bytes it has."""


def pack(message: Any) -> bytes:
    """A message as it travels. Lone surrogates pass, since file names hold them."""
    body = json.dumps(message, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "surrogatepass")
    return HEAD.pack(len(body)) + body


def parse(body: bytes) -> Any:
    """A message from its bytes. Raises ValueError or RecursionError where it is none."""
    return json.loads(body.decode("utf-8", "surrogatepass"))


def receive(stream: IO[bytes]) -> Any:
    """The next message of a stream that is waited for; None at its end."""
    head = stream.read(HEAD.size)
    if len(head) < HEAD.size:
        return None
    (size,) = HEAD.unpack(head)
    return parse(stream.read(size))
