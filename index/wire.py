"""One HTTP exchange with a host that may be hostile: where it leads, how long, how much."""

from __future__ import annotations

import ipaddress
import re
import socket
import ssl
import time
import zlib
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from http import HTTPStatus
from pathlib import Path
from typing import Any, NoReturn

import httpcore
import httpx

from index.article import clean_line
from index.errors import ArticleError

__all__ = ["NO_USER", "Answer", "WebLimits", "Wire", "is_of_the_web", "is_public", "shown"]

NO_USER = "holds a name or password, which Byline does not send: leave it out"
"""Why a URL with a name or password in it is refused."""

_MAX_URL = 2_000
_MAX_ADDRESSES = 4
_CHUNK = 64 * 1024
_PORTS = {"http": 80, "https": 443}
# What stands before the host; a password with a slash in it looks like a port that is none.
_USER = re.compile(r"//(?:[^/?#]*@|[^/?#:\[]*:(?!\d*(?:[/?#]|$)).*@)")
_HOST = re.compile(rb"[\w.:-]+")
# What an IPv6 network reaches the IPv4 Internet by; the IPv4 address is the last 32 bits.
_NAT64 = ipaddress.IPv6Network("64:ff9b::/96")
_GLOBAL_UNICAST = ipaddress.IPv6Network("2000::/3")
# Tunnels that carry any IPv4 address inside, long out of use, and documentation.
_NOWHERE = tuple(ipaddress.IPv6Network(network) for network in ("2002::/16", "2001::/32", "3fff::/20"))

_SocketAddress = tuple[Any, ...]
_Address = tuple[socket.AddressFamily, _SocketAddress]


@dataclass(frozen=True, slots=True, kw_only=True)
class WebLimits:
    """How long a host may take, how much it may send, and how gently it is asked.

    ``connect`` and ``idle`` are seconds to connect and without a byte, ``total`` for one
    document with its redirects. ``wire`` and ``body`` are bytes as sent and as decoded,
    ``robots`` of a robots.txt, the rest of which is not read. ``pages`` are those of one
    feed or sitemap, ``sitemaps`` those of one sitemap index. ``pause`` is the seconds
    between two documents of one host, unless it is this machine; a robots.txt may ask for
    more, up to ``longest_pause``.
    """

    connect: float = 10.0
    idle: float = 20.0
    total: float = 60.0
    wire: int = 50_000_000
    body: int = 100_000_000
    robots: int = 512_000
    redirects: int = 5
    pages: int = 10_000
    sitemaps: int = 50
    pause: float = 1.0
    longest_pause: float = 10.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What a host answered; a body is there only where ``status`` is 200."""

    status: int
    headers: httpx.Headers

    @property
    def phrase(self) -> str:
        """The status as a person reads it; never in the host's own words."""
        known = {status.value: status.phrase for status in HTTPStatus}
        return f"{self.status} {known.get(self.status, '')}".strip()


def is_public(address: str) -> bool:
    """Whether an IP address, written as the system writes it, is one of the public
    Internet; whatever leads into a private network in disguise is not."""
    try:
        ip = ipaddress.ip_address(address)
    except ValueError:
        return False
    if isinstance(ip, ipaddress.IPv6Address):
        inside = ip.ipv4_mapped
        if ip in _NAT64:
            inside = ipaddress.IPv4Address(int(ip) & 0xFFFF_FFFF)
        if inside is None or ip.scope_id is not None:
            # Python counts as global much that is not: ::127.0.0.1, fec0::1.
            routed = ip in _GLOBAL_UNICAST and not any(ip in network for network in _NOWHERE)
            return routed and ip.is_global and ip.scope_id is None
        ip = inside
    return ip.is_global and not ip.is_multicast


def _is_link_local(address: str) -> bool:
    try:
        ip = ipaddress.ip_address(address)
    except ValueError:
        return False
    return (getattr(ip, "ipv4_mapped", None) or ip).is_link_local


def is_of_the_web(url: httpx.URL) -> bool:
    """Whether it is http or https, with a host and a port that there can be."""
    # httpx escapes what no host may hold, and leaves ports past the last to be cut short.
    return url.scheme in _PORTS and bool(_HOST.fullmatch(url.raw_host)) and 0 < _port(url) < 65_536


def shown(url: str) -> str:
    """A URL as it may be printed: without a name or password in it."""
    return _USER.sub("//", clean_line(url))[:_MAX_URL]


class Wire:
    """Fetches documents, one connection each, only from where ``allow_private`` lets it.

    A host's name is resolved once; what it resolved to is checked, and the connection is
    made to exactly that, so that an answer that changes in between changes nothing.
    Proxies in the environment are not used: a proxy would resolve names itself, and what
    it then reaches could not be checked.
    """

    def __init__(self, limits: WebLimits, *, allow_private: bool) -> None:
        self._limits = limits
        self._allow_private = allow_private
        self._resolved: dict[tuple[str, int], tuple[_Address, ...]] = {}
        self._trusted: ssl.SSLContext | None = None

    def resolve(self, url: httpx.URL) -> bool:
        """Check that ``url`` may be asked; returns whether it is on this machine.

        Raises ArticleError where it may not.
        """
        return all(ipaddress.ip_address(address[0]).is_loopback for _, address in self._addresses(url))

    def get(
        self, url: httpx.URL, target: Path, *, headers: Mapping[str, str], deadline: float, most: int, cut: bool = False
    ) -> Answer:
        """Ask for ``url``, and write a body of at most ``most`` bytes to ``target``; a longer
        one is an error, or where ``cut`` ends there. All of it before ``deadline``, by
        ``time.monotonic``.

        Raises ArticleError where there is no whole answer, with the reason.
        """
        name = shown(str(url))
        clock = _Clock(name=name, limits=self._limits, deadline=deadline)
        backend, port = _Backend(self._addresses(url), clock), _port(url)
        connection = httpcore.HTTPConnection(
            httpcore.Origin(url.raw_scheme, url.raw_host, port),
            ssl_context=self._context() if url.scheme == "https" else None,
            network_backend=backend,
        )
        where = httpcore.URL(scheme=url.raw_scheme, host=url.raw_host, port=port, target=url.raw_path)
        asked = {**headers, "Host": url.netloc.decode("ascii"), "Accept-Encoding": "gzip", "Connection": "close"}
        try:
            with connection.stream("GET", where, headers=list(asked.items())) as response:
                answer = Answer(status=response.status, headers=httpx.Headers(response.headers))
                if answer.status == HTTPStatus.OK:
                    parts = _decoded(response.iter_stream(), answer.headers.get("content-encoding", ""), name)
                    _write(parts, target, most, name, cut=cut)
                return answer
        except ssl.SSLCertVerificationError as error:
            _refuse(name, f"its certificate can't be trusted ({error.verify_message}): check the address")
        except OSError as error:
            _refuse(name, f"can't be fetched ({_because(error)}): check the address, or try again later")
        except (httpcore.ProtocolError, httpcore.NetworkError) as error:
            _refuse(name, f"can't be fetched ({clean_line(str(error))[:200]}): try again later")
        finally:
            connection.close()

    def _addresses(self, url: httpx.URL) -> tuple[_Address, ...]:
        name, host, port = shown(str(url)), url.raw_host.decode("ascii"), _port(url)
        if len(str(url)) > _MAX_URL:
            _refuse(name, f"an address of {len(str(url)):,} characters (at most {_MAX_URL:,}): give a shorter one")
        if not is_of_the_web(url):
            _refuse(name, "not an address of the web: give one that starts with http:// or https://")
        if url.userinfo:
            _refuse(name, NO_USER)
        if (host, port) not in self._resolved:
            try:
                found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
            except (OSError, UnicodeError) as error:
                _refuse(name, f"the host {host} has no address ({_because(error)}): check it, or try again later")
            known = (socket.AF_INET, socket.AF_INET6)
            addresses = [(family, address) for family, _, _, _, address in found if family in known]
            local = [address[0] for _, address in addresses if _is_link_local(str(address[0]))]
            if local:
                # Where machines keep what only they may know, and no article lies.
                _refuse(name, f"leads to {local[0]}, which is this machine's own link: nothing is fetched from there")
            private = [address[0] for _, address in addresses if not is_public(str(address[0]))]
            if private and not self._allow_private:
                _refuse(
                    name,
                    f"leads into a private network ({private[0]}): if you trust it, allow private addresses "
                    "(--allow-private)",
                )
            self._resolved[host, port] = tuple(addresses[:_MAX_ADDRESSES])
        return self._resolved[host, port]

    def _context(self) -> ssl.SSLContext:
        # Made once a run: reading the list of authorities takes a while.
        self._trusted = self._trusted or httpx.create_ssl_context()
        return self._trusted


@dataclass(frozen=True, slots=True, kw_only=True)
class _Clock:
    """When an exchange has taken too long: between two bytes, or as a whole."""

    name: str
    limits: WebLimits
    deadline: float

    @contextmanager
    def limiting(self, connection: socket.socket, most: float) -> Iterator[None]:
        """Let what is done with ``connection`` take ``most`` seconds, or what is left."""
        left = self.deadline - time.monotonic()
        if left <= 0:
            self._late(self.limits.total)
        connection.settimeout(min(most, left))
        try:
            yield
        except TimeoutError:
            self._late(self.limits.total if left <= most else most)

    def _late(self, seconds: float) -> NoReturn:
        _refuse(self.name, f"too slow: more than {seconds:g} seconds: try again later")


class _Backend(httpcore.NetworkBackend):
    """Connects to addresses that were checked, whatever host is asked for."""

    def __init__(self, addresses: Iterable[_Address], clock: _Clock) -> None:
        self._addresses = addresses
        self._clock = clock

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[httpcore.SOCKET_OPTION] | None = None,
    ) -> httpcore.NetworkStream:
        failure: Exception = OSError("no address")
        for family, address in self._addresses:
            made = socket.socket(family, socket.SOCK_STREAM)
            try:
                with self._clock.limiting(made, self._clock.limits.connect):
                    made.connect(address)
            except (OSError, ArticleError) as error:
                made.close()
                failure = error
            except BaseException:
                made.close()
                raise
            else:
                return _Stream(made, self._clock)
        raise failure


class _Stream(httpcore.NetworkStream):
    """A connection that ends at its deadline, however the host doles its bytes out."""

    def __init__(self, made: socket.socket, clock: _Clock) -> None:
        self._socket = made
        self._clock = clock
        self._received = 0

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        with self._clock.limiting(self._socket, self._clock.limits.idle):
            data = self._socket.recv(max_bytes)
        self._received += len(data)
        if self._received > self._clock.limits.wire:
            _too_long(self._clock.name, self._clock.limits.wire)
        return data

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        try:
            with self._clock.limiting(self._socket, self._clock.limits.idle):
                self._socket.sendall(buffer)
        except OSError as error:
            # The host may have answered already, and closed its ear.
            raise httpcore.WriteError(str(error)) from error

    def close(self) -> None:
        self._socket.close()

    def start_tls(
        self, ssl_context: ssl.SSLContext, server_hostname: str | None = None, timeout: float | None = None
    ) -> httpcore.NetworkStream:
        try:
            with self._clock.limiting(self._socket, self._clock.limits.idle):
                return _Stream(ssl_context.wrap_socket(self._socket, server_hostname=server_hostname), self._clock)
        except BaseException:
            self.close()
            raise


def _decoded(parts: Iterable[bytes], encoding: str, name: str) -> Iterator[bytes]:
    """A body as it was before its transfer, in small pieces whatever it swells to."""
    encoding = encoding.strip().lower()
    if encoding in ("", "identity"):
        yield from parts
        return
    if encoding not in ("gzip", "x-gzip"):
        _refuse(name, f"packed as {shown(encoding)[:40]}, which was not asked for: it can't be unpacked")
    unpacking = zlib.decompressobj(zlib.MAX_WBITS | 16)
    try:
        for packed in parts:
            waiting = packed
            while waiting:
                if unpacking.eof:
                    unpacking = zlib.decompressobj(zlib.MAX_WBITS | 16)
                yield unpacking.decompress(waiting, _CHUNK)
                waiting = unpacking.unused_data if unpacking.eof else unpacking.unconsumed_tail
    except zlib.error as error:
        _refuse(name, f"damaged on its way ({error}): try again later")
    if not unpacking.eof:
        _refuse(name, "damaged on its way (its gzip packing breaks off): try again later")


def _write(parts: Iterable[bytes], target: Path, most: int, name: str, *, cut: bool) -> None:
    written = 0
    with target.open("wb") as file:
        for part in parts:
            written += len(part)
            if written > most and not cut:
                _too_long(name, most)
            file.write(part[: max(len(part) - max(written - most, 0), 0)])
            if written >= most and cut:
                return


def _port(url: httpx.URL) -> int:
    return url.port if url.port is not None else _PORTS.get(url.scheme, 0)


def _because(error: Exception) -> str:
    """An error of the system in few words."""
    text = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
    return clean_line(text or type(error).__name__)[:200]


def _too_long(name: str, most: int) -> NoReturn:
    _refuse(name, f"longer than {most:,} bytes: fetch it yourself, and add the file")


def _refuse(name: str, reason: str) -> NoReturn:
    raise ArticleError(name, reason) from None
