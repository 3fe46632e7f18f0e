"""Requests to an endpoint that may hang, drip, flood or lead elsewhere; each in a thread that
nobody waits for past a deadline."""

from __future__ import annotations

import socket
import struct
import threading
import time
from collections.abc import Callable, Generator, Iterator
from contextlib import closing, suppress
from contextvars import ContextVar
from queue import Empty, SimpleQueue
from typing import Any, Generic, TypeVar

import httpx2

from index.errors import EndpointError

__all__ = ["Call", "client"]

# What a request says of itself. A library's own headers tell of the user's machine, and what
# it takes from environment variables may name an account that wasn't named here.
_HEADERS = frozenset({"host", "content-type", "content-length", "accept", "connection"})
_MOST_OF_AN_ERROR = 65_536
# Seconds that closing waits for the thread; only the look-up of a name can hold it longer.
_JOINING = 0.2

_Made = TypeVar("_Made")


class Call(Generic[_Made], Iterator[_Made]):
    """What ``make`` yields in a thread of its own, as it comes.

    ``make`` sends its requests by a ``client`` of this module: they are bound to this call's
    time and bytes, and end when it is closed.
    """

    def __init__(
        self,
        place: str,
        make: Callable[[Call[_Made]], Generator[_Made]],
        *,
        seconds: float,
        most: int,
        since: float | None = None,
    ) -> None:
        """``place`` names the endpoint in errors, ``most`` is how many bytes one answer may have.
        The ``seconds`` run from ``since`` on, as ``time.perf_counter`` counts (default: from
        now); where they are over, nothing is begun."""
        self.place = place
        self.most = most
        self.kind = ""
        """The media type of the last answer."""
        self.trouble: EndpointError | None = None
        """What has failed and is tried again: what to raise where the time is over first."""
        self._make = make
        self._seconds = seconds
        self._until = self._deadline = (time.perf_counter() if since is None else since) + seconds
        self._queue: SimpleQueue[_Made | _End] = SimpleQueue()
        self._closed = threading.Event()
        self._connection: socket.socket | None = None
        self._lock = threading.Lock()
        self._begun = self._ending = self._ended = False
        self._thread = threading.Thread(target=self._run, name="byline-llm", daemon=True)
        if self._deadline > time.perf_counter():
            self._thread.start()

    def left(self) -> float:
        """Seconds until the deadline; for ``make``.

        Raises an error that ends the call quietly where it is past, or nobody waits any more.
        """
        left = self._deadline - time.perf_counter()
        if left <= 0 or self._closed.is_set():
            raise _GoneError
        return left

    def pause(self, seconds: float) -> None:
        """Wait, unless it is closed meanwhile; for ``make``."""
        self._closed.wait(seconds)

    def end_within(self, seconds: float) -> None:
        """What matters has come: from now on the deadline is no error, and at most so far off; for ``make``.
        Half of the time that is left stays for what is made of it."""
        now = time.perf_counter()
        self._deadline = now + min(seconds, (self._deadline - now) / 2)
        self._ending = True
        self._queue.put(_End(None))

    def __next__(self) -> _Made:
        """Raises EndpointError where the deadline passes before all has come, and what ``make`` raises."""
        while not self._ended:
            left = self._deadline - time.perf_counter()
            try:
                # Past the deadline only what is complete is given, however much of it lies ready.
                made = self._queue.get(timeout=max(0.0, left)) if left > 0 or self._ending else None
            except Empty:
                made = None
            if made is None:
                self.close()
                if self._ending:
                    break
                raise self.trouble or self._late()
            if not isinstance(made, _End):
                self._begun = True
                return made
            if made.error is not None and not self._ending:
                self.close()
                raise made.error
            self._ended = made.last
        self.close()
        raise StopIteration

    def check_time(self) -> None:
        """Raises EndpointError where the time is over, whatever has come."""
        if time.perf_counter() >= self._until:
            raise self._late()

    def _late(self) -> EndpointError:
        # What was set is told, not what was left of it: an error is the same each time.
        if self._thread.ident is None:
            what = f"was not asked, since {self._seconds:g} s had passed before it could be"
        else:
            what = f"{'was not done' if self._begun else 'said nothing'} within {self._seconds:g} s"
        return EndpointError(f"{self.place}: {what}: give it longer with --llm-timeout, or name a faster model")

    def close(self) -> None:
        """End the request at once, where it still runs."""
        self._ended = True
        with self._lock:
            self._closed.set()
            # Another thread may wait for what comes next.
            self._queue.put(_End(None, last=True))
            self._break_off()
        if self._thread.ident is not None and threading.current_thread() is not self._thread:
            self._thread.join(_JOINING)

    def _run(self) -> None:
        _CALL.set(self)
        try:
            with closing(self._make(self)) as made:
                for one in made:
                    self._queue.put(one)
                    self.left()
            self._queue.put(_End(None, last=True))
        except _GoneError:
            pass
        except Exception as error:  # raised anew where it is waited for
            self._queue.put(_End(error, last=True))
        finally:
            self._keep(None)

    def traced(self, name: str, about: dict[str, Any]) -> None:
        """Told by the transport what it does."""
        if name == "connection.connect_tcp.complete":
            # A duplicate, since TLS takes the socket away from its object.
            self._keep(about["return_value"].get_extra_info("socket").dup())

    def _keep(self, connection: socket.socket | None) -> None:
        with self._lock:
            if self._connection is not None:
                self._connection.close()
            self._connection = connection
            if self._closed.is_set():
                self._break_off()

    def _break_off(self) -> None:
        if self._connection is not None:
            with suppress(OSError):  # where the endpoint was faster
                # A thread that waits to read wakes up, which closing wouldn't bring about; and once
                # it closes, an endpoint that waits to write is told.
                self._connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
                self._connection.shutdown(socket.SHUT_RDWR)


class _End:
    """What stands in a queue where nothing more is made, or soon won't be."""

    def __init__(self, error: Exception | None, *, last: bool = False) -> None:
        self.error = error
        self.last = last


class _GoneError(BaseException):
    """Its time is over, or nobody waits any more; no failure for anything between to see to."""


_CALL: ContextVar[Call[Any]] = ContextVar("_CALL")


class _Bounded(httpx2.SyncByteStream):
    """The body of an answer, as long as its call has time and room for it."""

    def __init__(self, body: httpx2.SyncByteStream, call: Call[Any], most: int, *, cut: bool) -> None:
        self._body = body
        self._call = call
        self._most = most
        self._cut = cut

    def __iter__(self) -> Iterator[bytes]:
        for part in self._body:
            self._most -= len(part)
            if self._most < 0 and self._cut:
                return
            if self._most < 0:
                raise EndpointError(f"{self._call.place}: its answer doesn't end: name another model or endpoint")
            self._call.left()
            yield part

    def close(self) -> None:
        self._body.close()


def client(key: str | None, *, tls: bool) -> httpx2.Client:
    """What sends the requests of calls, with ``key`` where there is one and with nothing that
    isn't needed; over ``tls``, or without. Safe to share between threads.

    It follows no redirect and uses no proxy of the environment: what is sent is for one
    place, and a proxy could read it or pass it on. A connection serves one request, so that
    closing it stops what the endpoint is doing for it.
    """

    def bare(request: httpx2.Request) -> None:
        for name in set(request.headers) - _HEADERS:
            del request.headers[name]
        # A few packed bytes can become more than memory holds.
        request.headers["Accept-Encoding"] = "identity"
        request.headers["User-Agent"] = "byline"
        if key is not None:
            request.headers["Authorization"] = f"Bearer {key}"
        request.extensions["trace"] = _CALL.get().traced

    def bounded(response: httpx2.Response) -> None:
        call = _CALL.get()
        if response.headers.get("content-encoding", "identity").strip().lower() != "identity":
            raise EndpointError(f"{call.place}: packs its answer, though asked not to: turn its compression off")
        assert isinstance(response.stream, httpx2.SyncByteStream)
        call.kind = response.headers.get("content-type", "").partition(";")[0].strip().lower()
        told = response.is_success
        response.stream = _Bounded(response.stream, call, call.most if told else _MOST_OF_AN_ERROR, cut=not told)

    return httpx2.Client(
        trust_env=False,
        verify=tls,  # to know whom to trust takes 35 ms, and is for nothing without
        limits=httpx2.Limits(max_connections=None, max_keepalive_connections=0),
        event_hooks={"request": [bare], "response": [bounded]},
    )
