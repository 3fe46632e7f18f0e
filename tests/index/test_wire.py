"""One exchange: what is public, what is connected to, and every way a host may misbehave."""

from __future__ import annotations

import gzip
import shutil
import socket
import ssl
import subprocess
import time
import zlib
from http.server import BaseHTTPRequestHandler
from pathlib import Path

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from index.errors import ArticleError
from index.wire import Answer, WebLimits, Wire, is_public
from tests.index.webserver import Site, internet

PUBLIC = "93.184.216.34"


def get(
    url: str, folder: Path, *, limits: WebLimits | None = None, allow_private: bool = True, most: int = 1_000_000,
    cut: bool = False,
) -> tuple[Answer, bytes]:  # fmt: skip
    limits = limits or WebLimits()
    wire = Wire(limits, allow_private=allow_private)
    target = folder / "body"
    deadline = time.monotonic() + limits.total
    answer = wire.get(httpx.URL(url), target, headers={}, deadline=deadline, most=most, cut=cut)
    return answer, target.read_bytes() if target.exists() else b""


def refusal(url: str, folder: Path, *, limits: WebLimits | None = None, allow_private: bool = True) -> str:
    with pytest.raises(ArticleError) as caught:
        get(url, folder, limits=limits, allow_private=allow_private)
    return caught.value.reason


@pytest.mark.parametrize(
    "address",
    [
        "127.0.0.1", "127.1.2.3", "10.0.0.1", "172.16.0.1", "192.168.1.1", "169.254.169.254", "100.64.0.1", "0.0.0.0",
        "0.1.2.3", "224.0.0.1", "239.1.1.1", "240.0.0.1", "255.255.255.255", "192.0.2.1", "198.18.0.1", "::", "::1",
        "::127.0.0.1", "::ffff:127.0.0.1", "::ffff:10.0.0.1", "::ffff:224.0.0.1", "64:ff9b::7f00:1", "64:ff9b::a00:1",
        "64:ff9b:1::1", "2002:7f00:1::", "2002:808:808::", "2001:0:7f00:1::", "fe80::1", "fe80::1%eth0", "fec0::1",
        "fc00::1", "fd12::1", "ff02::1", "2001:db8::1", "3fff::1", "100::1", "5f00::1", "2606:4700::1%eth0", "", "news",
    ],
)  # fmt: skip
def test_addresses_that_are_not_public(address: str) -> None:
    assert not is_public(address)


@pytest.mark.parametrize("address", [PUBLIC, "8.8.8.8", "::ffff:8.8.8.8", "64:ff9b::808:808", "2606:4700:4700::1111"])
def test_addresses_that_are(address: str) -> None:
    assert is_public(address)


@given(st.ip_addresses(v=4))
def test_an_address_in_disguise_is_as_public_as_itself(address: object) -> None:
    for written in (f"::ffff:{address}", f"64:ff9b::{address}"):
        assert is_public(written) == is_public(str(address))


@pytest.mark.parametrize(
    "host",
    [
        "127.0.0.1",
        "127.1",
        "2130706433",
        "[::1]",
        "[::ffff:127.0.0.1]",
        "[::127.0.0.1]",
        "0",
        "localhost",
    ],
)
def test_no_way_of_writing_this_machine_leads_to_it(host: str, tmp_path: Path) -> None:
    with Site({"/": (200, {}, b"secret")}) as site:
        assert "private network" in refusal(f"http://{host}:{site.port}/", tmp_path, allow_private=False)
        assert site.asked == []


def test_hexadecimal_addresses_are_resolved_like_any(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    internet(monkeypatch, {"0x7f.1": [["127.0.0.1"]]}, {})
    assert "private network" in refusal("http://0x7f.1/", tmp_path, allow_private=False)


def test_one_private_address_among_public_ones_is_enough(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for private in ("10.0.0.5", "fd00::5"):
        _, connected = internet(monkeypatch, {"news.example": [[PUBLIC, private]]}, {})
        assert private in refusal("http://news.example/", tmp_path, allow_private=False)
        assert connected == []


@pytest.mark.parametrize("allow_private", [False, True])
@pytest.mark.parametrize("address", ["169.254.169.254", "fe80::1", "::ffff:169.254.169.254"])
def test_link_local_addresses_are_never_fetched_from(
    address: str, allow_private: bool, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """A cloud's metadata lies there, whatever else the user trusts."""
    _, connected = internet(monkeypatch, {"meta.example": [[address]]}, {})
    assert "own link" in refusal("http://meta.example/", tmp_path, allow_private=allow_private)
    assert connected == []


def test_a_name_is_resolved_once_and_what_was_checked_is_connected_to(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """DNS rebinding: public when checked, private when asked again."""
    with Site({"/": (200, {}, b"public")}) as site:
        resolved, connected = internet(monkeypatch, {"rebind.example": [[PUBLIC], ["127.0.0.1"]]}, {PUBLIC: site.port})
        assert get("http://rebind.example/", tmp_path, allow_private=False)[1] == b"public"
    assert resolved == ["rebind.example"]
    assert connected == [PUBLIC]
    assert site.asked[0][1]["host"] == "rebind.example"


def test_the_next_address_is_tried_where_one_fails(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    with socket.socket() as closed, Site({"/": (200, {}, b"here")}) as site:
        closed.bind(("127.0.0.1", 0))
        ports = {"8.8.4.4": closed.getsockname()[1], PUBLIC: site.port}
        _, connected = internet(monkeypatch, {"news.example": [["8.8.4.4", PUBLIC]]}, ports)
        assert get("http://news.example/", tmp_path, allow_private=False)[1] == b"here"
    assert connected == ["8.8.4.4", PUBLIC]


@pytest.mark.parametrize(
    ("url", "reason"),
    [
        ("ftp://news.example/", "not an address of the web"),
        ("file:///etc/passwd", "not an address of the web"),
        ("http://", "not an address of the web"),
        ("http://a b/", "not an address of the web"),
        ("http://[", "not an address of the web"),
        ("http://[fe80::1%25eth0]/", "not an address of the web"),
        ("http://127.0.0.1:99999/", "not an address of the web"),
        ("http://127.0.0.1:0/", "not an address of the web"),
        ("http://user:secret@127.0.0.1/", "name or password"),
        ("http://127.0.0.1/" + "a" * 2_000, "characters"),
    ],
)
def test_addresses_that_are_never_asked(url: str, reason: str, tmp_path: Path) -> None:
    assert reason in refusal(url, tmp_path)


@pytest.mark.parametrize("failure", [socket.gaierror(-2, "Name or service not known"), UnicodeError("label too long")])
def test_a_name_that_resolves_to_nothing(failure: Exception, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    def look_up(*_: object, **__: object) -> None:
        raise failure

    monkeypatch.setattr(socket, "getaddrinfo", look_up)
    assert "news.example has no address" in refusal("http://news.example/", tmp_path)


def test_proxies_of_the_environment_are_not_used(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in ("http_proxy", "HTTP_PROXY", "ALL_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    with Site({"/": (200, {}, b"direct")}) as site:
        assert get(site.url, tmp_path)[1] == b"direct"


def test_an_unreachable_host_is_refused(tmp_path: Path) -> None:
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        assert "refused" in refusal(f"http://127.0.0.1:{closed.getsockname()[1]}/", tmp_path).lower()


def drip(pieces: int, piece: bytes, first: bytes = b"") -> object:
    def page(handler: BaseHTTPRequestHandler) -> None:
        handler.wfile.write(first)
        for _ in range(pieces):
            handler.wfile.write(piece)
            handler.wfile.flush()
            time.sleep(0.02)

    return page


HASTY = WebLimits(connect=1, idle=0.5, total=0.4)


@pytest.mark.parametrize(
    "page",
    [
        drip(500, b"X-More: 1\r\n", b"HTTP/1.1 200 OK\r\n"),
        drip(500, b"H"),
        drip(500, b"a", b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n"),
        drip(500, b"1\r\na\r\n", b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"),
        drip(500, b"HTTP/1.1 103 Early Hints\r\n\r\n"),
    ],
    ids=["headers", "status", "body", "chunks", "hints"],
)
def test_a_host_that_drips_is_left(page: object, tmp_path: Path) -> None:
    """Every byte comes in time, the whole never would."""
    with Site({"/": page}) as site:  # type: ignore[dict-item]
        assert "more than 0.4 seconds" in refusal(site.url, tmp_path, limits=HASTY)


def test_a_host_that_says_nothing_is_left(tmp_path: Path) -> None:
    with Site({"/": drip(1, b"")}) as site, socket.create_server(("127.0.0.1", 0)) as silent:  # type: ignore[dict-item]
        assert "without sending" in refusal(site.url, tmp_path)
        limits = WebLimits(idle=0.2)
        assert "0.2 seconds" in refusal(f"http://127.0.0.1:{silent.getsockname()[1]}/", tmp_path, limits=limits)


def endless(handler: BaseHTTPRequestHandler) -> None:
    handler.wfile.write(b"HTTP/1.1 200 OK\r\n\r\n")
    while True:
        handler.wfile.write(b"a" * 65_536)


def endless_headers(handler: BaseHTTPRequestHandler) -> None:
    handler.wfile.write(b"HTTP/1.1 200 OK\r\n")
    while True:
        handler.wfile.write(b"X-More: " + b"a" * 1_000 + b"\r\n")


def test_an_endless_body_ends_at_the_cap(tmp_path: Path) -> None:
    with Site({"/": endless, "/headers": endless_headers}) as site:
        assert "longer than 1,000,000 bytes" in refusal(site.url, tmp_path)
        assert "longer than 300,000 bytes" in refusal(site.url, tmp_path, limits=WebLimits(wire=300_000))
        assert "can't be fetched" in refusal(f"{site.url}/headers", tmp_path)
        assert get(site.url, tmp_path, most=1_000, cut=True)[1] == b"a" * 1_000


GZIP = {"Content-Encoding": "gzip"}


def test_a_bomb_is_unpacked_no_further_than_the_cap(tmp_path: Path) -> None:
    packer = zlib.compressobj(9, zlib.DEFLATED, zlib.MAX_WBITS | 16)
    bomb = b"".join([*(packer.compress(b"\0" * 1_000_000) for _ in range(100)), packer.flush()])
    assert len(bomb) < 200_000
    with Site({"/": (200, GZIP, bomb)}) as site:
        assert "longer than 1,000,000 bytes" in refusal(site.url, tmp_path)
        assert (tmp_path / "body").stat().st_size <= 1_000_000


def test_packed_bodies(tmp_path: Path) -> None:
    body = b"words " * 50_000
    pages = {
        "/gzip": (200, GZIP, gzip.compress(body)),
        "/two": (200, GZIP, gzip.compress(body) + gzip.compress(b"more")),
        "/identity": (200, {"Content-Encoding": "identity"}, body),
        "/short": (200, GZIP, gzip.compress(body)[:-20]),
        "/damaged": (200, GZIP, b"\x1f\x8b" + b"no gzip at all"),
        "/brotli": (200, {"Content-Encoding": "br"}, b"..."),
        "/twice": (200, {"Content-Encoding": "gzip, gzip"}, gzip.compress(gzip.compress(body))),
    }
    with Site(pages) as site:
        assert get(f"{site.url}/gzip", tmp_path)[1] == body
        assert get(f"{site.url}/two", tmp_path)[1] == body + b"more"
        assert get(f"{site.url}/identity", tmp_path)[1] == body
        assert "breaks off" in refusal(f"{site.url}/short", tmp_path)
        assert "damaged" in refusal(f"{site.url}/damaged", tmp_path)
        assert "packed as br" in refusal(f"{site.url}/brotli", tmp_path)
        assert "packed as gzip, gzip" in refusal(f"{site.url}/twice", tmp_path)
        assert site.asked[0][1]["accept-encoding"] == "gzip"


def raw(data: bytes) -> object:
    def page(handler: BaseHTTPRequestHandler) -> None:
        handler.wfile.write(data)

    return page


@pytest.mark.parametrize(
    "data",
    [
        b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nshort",
        b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\nshort",
        b"HTTP/1.1 200 OK\r\nContent-Length: -5\r\n\r\nshort",
        b"HTTP/1.1 200 OK\r\nContent-Length: many\r\n\r\nshort",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nZZ\r\nshort",
        b"HTTP/1.1 200 OK\r\nX-\0: 1\r\n\r\nshort",
        b"HTTP/1.1 999999 OK\r\n\r\nshort",
        b"<html>not HTTP</html>",
        b"",
    ],
    ids=range(9),
)
def test_what_is_no_whole_answer_is_refused(data: bytes, tmp_path: Path) -> None:
    with Site({"/": raw(data)}) as site:  # type: ignore[dict-item]
        assert "can't be fetched" in refusal(site.url, tmp_path)


def test_more_than_was_announced_is_not_read(tmp_path: Path) -> None:
    with Site({"/": (200, {"Content-Length": "4"}, b"wordsandmore")}) as site:
        assert get(site.url, tmp_path)[1] == b"word"


def test_a_status_is_told_in_our_words(tmp_path: Path) -> None:
    with Site({"/": raw(b"HTTP/1.1 404 Run this!\r\nContent-Length: 0\r\n\r\n")}) as site:  # type: ignore[dict-item]
        assert get(site.url, tmp_path)[0].phrase == "404 Not Found"


@pytest.fixture
def certificate(tmp_path: Path) -> Path:
    if shutil.which("openssl") is None:
        pytest.skip("no openssl command to make a certificate with")
    path = tmp_path / "site.pem"
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2",
         "-keyout", str(path), "-out", str(tmp_path / "cert.pem"), "-subj", "/CN=Byline test",
         "-addext", "subjectAltName=DNS:news.example,IP:127.0.0.1"],
        check=True, capture_output=True,
    )  # fmt: skip
    path.write_bytes(path.read_bytes() + (tmp_path / "cert.pem").read_bytes())
    return path


def test_certificates_are_checked_against_the_name(
    certificate: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    with Site({"/": (200, {}, b"in private")}) as site:
        site.wrap(context)
        assert "certificate can't be trusted" in refusal(site.url, tmp_path)
        monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
        assert get(site.url, tmp_path)[1] == b"in private"
        names = {"news.example": [[PUBLIC]], "other.example": [[PUBLIC]]}
        _, connected = internet(monkeypatch, names, {PUBLIC: site.port})
        # The name is what the certificate must hold, and the address what is connected to.
        assert get("https://news.example/", tmp_path, allow_private=False)[1] == b"in private"
        assert "certificate can't be trusted" in refusal("https://other.example/", tmp_path, allow_private=False)
        assert connected == [PUBLIC, PUBLIC]


def test_a_host_that_speaks_no_tls_is_refused(tmp_path: Path) -> None:
    with Site({"/": (200, {}, b"plain")}) as site:
        assert "can't be fetched" in refusal(site.url.replace("http:", "https:"), tmp_path)
