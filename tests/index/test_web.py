"""Pages, feeds and sitemaps from a real server: what is read, left alone, refused, and asked again."""

from __future__ import annotations

import gzip
import json
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

import pytest

from index.errors import ArticleError
from index.readers.sandbox import Sandbox
from index.web import Fetched, address_of, fetch_all
from index.wire import WebLimits, shown
from tests.index.webserver import Page, Site, internet, story

PUBLIC = "93.184.216.34"
WORDS = (
    "The harbour board of Lower Fenwick voted on Tuesday to close the old pier for the winter. "
    "Its chair, Ada Brill, said that storms had loosened forty of the piles under it. "
    "Repairs are to begin in March and will take about ten weeks, the board's engineer said."
)
XML = {"Content-Type": "application/xml"}


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Sandbox]:
    with Sandbox() as made:
        yield made


@pytest.fixture
def site() -> Iterator[Site]:
    with Site() as made:
        yield made


Fetch = Callable[..., list[Fetched]]


@pytest.fixture
def fetch(sandbox: Sandbox) -> Fetch:
    def run(
        *urls: str,
        marks: Mapping[str, str] | None = None,
        limits: WebLimits | None = None,
        allow_private: bool = True,
    ) -> list[Fetched]:
        known = dict(marks or {}).get
        return list(fetch_all(urls, known=known, sandbox=sandbox, limits=limits, allow_private=allow_private))

    return run


def reason(fetched: list[Fetched]) -> str:
    """Why the one thing fetched was refused."""
    (one,) = fetched
    assert one.status == "refused"
    return one.reason or ""


def ids(fetched: list[Fetched]) -> list[str]:
    return [f.reading.article.id for f in fetched if f.reading and f.reading.article]


def marks_of(fetched: list[Fetched]) -> dict[str, str]:
    return {f.url: f.mark for f in fetched if f.mark}


def feed(*links: str) -> Page:
    items = "".join(f"<item><title>One of them</title><link>{link}</link></item>" for link in links)
    body = f'<?xml version="1.0"?><rss version="2.0"><channel><title>Fenwick</title>{items}</channel></rss>'
    return 200, {"Content-Type": "application/rss+xml", "ETag": '"feed"'}, body.encode()


def sitemap(entries: Mapping[str, str | None], root: str = "urlset", entry: str = "url") -> bytes:
    listed = "".join(
        f"<{entry}><loc>{loc}</loc>{f'<lastmod>{day}</lastmod>' if day else ''}</{entry}>"
        for loc, day in entries.items()
    )
    return (
        f'<?xml version="1.0"?><{root} xmlns="http://www.sitemaps.org/schemas/sitemap/0.9">{listed}</{root}>'
    ).encode()


def test_a_page_is_read(site: Site, fetch: Fetch) -> None:
    site.pages["/pier"] = story("Pier to close", WORDS)
    (fetched,) = fetch(f"{site.url}/pier?utm_source=mail&page=2&fbclid=x#comments")
    assert fetched.status == "refused"
    (fetched,) = fetch(f"{site.url}/pier?utm_source=mail#comments")
    assert fetched.status == "read"
    assert fetched.url == f"{site.url}/pier"
    assert fetched.reading is not None
    article = fetched.reading.article
    assert article is not None
    assert (article.id, article.url, article.title) == (fetched.url, fetched.url, "Pier to close")
    assert "forty of the piles" in article.text
    assert article.source == "127.0.0.1"
    assert fetched.reading.origin == fetched.reading.name == fetched.url
    assert site.paths == ["/pier?page=2", "/pier"]
    agent = site.asked[0][1]["user-agent"]
    assert agent.startswith("Byline/")
    assert "cookie" not in site.asked[0][1]


@pytest.mark.parametrize(
    ("canonical", "settled"),
    [
        ("{site}/2025/pier", "{site}/2025/pier"),
        ("/2025/pier?utm_medium=x#top", "{site}/2025/pier"),
        ("https://elsewhere.example/pier", "{site}/pier"),
        ("{site}/", "{site}/pier"),
        ("javascript:alert(1)", "{site}/pier"),
        ("http://[", "{site}/pier"),
        ("http://me:you@127.0.0.1/pier", "{site}/pier"),
    ],
)
def test_a_page_speaks_for_its_own_host_only(canonical: str, settled: str, site: Site, fetch: Fetch) -> None:
    site.pages["/pier"] = story("Pier to close", WORDS, canonical.format(site=site.url))
    (fetched,) = fetch(f"{site.url}/pier")
    assert fetched.reading is not None
    assert fetched.reading.article is not None
    if settled.endswith("2025/pier") and canonical.startswith("/"):
        # A page without an absolute address for itself may stay under its own.
        assert fetched.reading.article.url in (settled.format(site=site.url), f"{site.url}/pier")
    else:
        assert fetched.reading.article.url == settled.format(site=site.url)
    assert (fetched.reading.article.source or "").startswith("127.0.0.1")


def test_a_redirected_page_is_known_by_where_it_lies(site: Site, fetch: Fetch) -> None:
    site.pages |= {
        "/old": (301, {"Location": "/newer?utm_campaign=x"}, b""),
        "/newer?utm_campaign=x": (302, {"Location": "new#top"}, b""),
        "/new": story("Pier to close", WORDS),
    }
    (fetched,) = fetch(f"{site.url}/old")
    assert fetched.url == f"{site.url}/old"
    assert ids([fetched]) == [f"{site.url}/new"]


@pytest.mark.parametrize(
    ("location", "why"),
    [
        ("/loop", "more than 5 times"),
        ("", "no address of the web"),
        ("javascript:alert(1)", "no address of the web"),
        ("ftp://127.0.0.1/", "no address of the web"),
        ("http://[", "no address of the web"),
        ("http://user:secret@127.0.0.1/", "name or password"),
        ("//\x7f\x80/", "no address"),
        ("/" + "a" * 5_000, "characters"),
    ],
)
def test_redirects_that_lead_nowhere(location: str, why: str, site: Site, fetch: Fetch) -> None:
    site.pages["/loop"] = (302, {"Location": location}, b"")
    said = reason(fetch(f"{site.url}/loop"))
    assert why in said
    assert "secret" not in said.partition("redirected to ")[0]
    assert len(site.paths) <= 6


def test_a_redirect_into_a_private_network_is_refused_at_any_hop(
    site: Site, fetch: Fetch, monkeypatch: pytest.MonkeyPatch
) -> None:
    names = {"news.example": [[PUBLIC]], "inside.example": [["10.0.0.7"]]}
    _, connected = internet(monkeypatch, names, {PUBLIC: site.port})
    quick = WebLimits(pause=0)
    site.pages["/"] = (302, {"Location": "/second"}, b"")
    for target in ("http://inside.example/", f"http://127.0.0.1:{site.port}/secret", "http://169.254.169.254/latest"):
        site.pages["/second"] = (302, {"Location": target}, b"")
        said = reason(fetch("http://news.example/", allow_private=False, limits=quick))
        assert ("own link" if "169.254" in target else "private network") in said
        assert f"redirected to {target}" in said
    assert "/secret" not in site.paths
    assert set(connected) == {PUBLIC}


def test_a_name_that_changes_its_address_between_two_pages_changes_nothing(
    site: Site, fetch: Fetch, monkeypatch: pytest.MonkeyPatch
) -> None:
    site.pages |= {"/": story("Pier to close", WORDS), "/two": story("Pier shut", WORDS)}
    names = {"rebind.example": [[PUBLIC], ["127.0.0.1"]]}
    resolved, connected = internet(monkeypatch, names, {PUBLIC: site.port})
    fetched = fetch(
        "http://rebind.example/", "http://rebind.example/two", allow_private=False, limits=WebLimits(pause=0)
    )
    assert [f.status for f in fetched] == ["read", "read"]
    assert resolved == ["rebind.example"]
    assert connected == [PUBLIC] * 3


def test_https_is_not_left_for_http() -> None:
    # Its own test, since the server here speaks one of them: what matters is the step.
    import httpx

    from index.web import _next
    from index.wire import Answer

    down = Answer(status=302, headers=httpx.Headers({"location": "http://news.example/"}))
    with pytest.raises(ArticleError, match="from https to plain http"):
        _next("u", httpx.URL("https://news.example/"), down)


@pytest.mark.parametrize(
    "written",
    ["", "news.example/pier", "ftp://news.example/", "http://", "https://?", "javascript:alert(1)", "http://[::1",
     "http://0177.0.0.1/", "http://a b/", "http://news.example:99999/", "http://\x00/", "mailto:a@b.example", "http://\ud800/"],
)  # fmt: skip
def test_what_is_no_address_is_refused_by_name(written: str, fetch: Fetch) -> None:
    with pytest.raises(ArticleError):
        address_of(written)
    assert "address" in reason(fetch(written))


@pytest.mark.parametrize(
    "written",
    [
        "http://ada:s3cret@news.example/pier",
        "https://ada:s3cret@t@news.example/",
        "http://ada:s3cret/x@news.example/",
        "ftp://ada:s3cret@news.example/",
        "http://ada:s3cret word@news.example/",
    ],
)
def test_a_password_in_an_address_is_not_shown(written: str, fetch: Fetch) -> None:
    (fetched,) = fetch(written)
    assert fetched.status == "refused"
    with pytest.raises(ArticleError) as raised:
        address_of(written)
    for said in (fetched.url, fetched.reason, str(raised.value)):
        assert said
        assert "s3cret" not in said
    assert "news.example" in fetched.url


def test_a_password_that_a_redirect_leads_to_is_not_shown(site: Site, fetch: Fetch) -> None:
    site.pages["/pier"] = (302, {"Location": f"http://ada:s3cret@127.0.0.1:{site.port}/"}, b"")
    said = reason(fetch(f"{site.url}/pier"))
    assert "name or password" in said
    assert "s3cret" not in said


@pytest.mark.parametrize("url", ["https://news.example/@ada/1", "http://[::1]/@ada", "http://news.example:80/a@b"])
def test_an_address_without_a_password_is_shown_whole(url: str) -> None:
    assert shown(url) == url


def test_the_encoding_that_the_server_states(site: Site, fetch: Fetch) -> None:
    status, _, body = story("Мост закрыт", f"{WORDS} Мост закрыт с понедельника.")
    sent = body.decode().encode("cp1251")
    site.pages["/pier"] = (status, {"Content-Type": 'text/html; charset="windows-1251"; x=y'}, sent)
    (fetched,) = fetch(f"{site.url}/pier")
    assert fetched.reading
    assert fetched.reading.article
    assert fetched.reading.note is None
    assert fetched.reading.article.title == "Мост закрыт"


@pytest.mark.parametrize(
    ("status", "advice"), [(404, "check the address"), (429, "try again later"), (503, "try again later")]
)
def test_what_to_do_about_a_host_s_answer(status: int, advice: str, site: Site, fetch: Fetch) -> None:
    site.pages["/pier"] = (status, {}, b"")
    assert reason(fetch(f"{site.url}/pier")).endswith(f": {advice}")


def test_private_addresses_need_leave(site: Site, fetch: Fetch) -> None:
    site.pages["/"] = story("Pier to close", WORDS)
    for host in ("127.0.0.1", "127.1", "2130706433", "[::ffff:127.0.0.1]", "localhost"):
        assert "--allow-private" in reason(fetch(f"http://{host}:{site.port}/", allow_private=False))
    assert site.asked == []


def test_addresses_are_known_without_what_follows_readers() -> None:
    plain = "https://news.example/pier?id=7&q=a+b"
    assert address_of("HTTPS://News.Example/pier?utm_source=x&id=7&gclid=1&q=a+b#part") == plain
    assert address_of(plain) == plain
    assert address_of("https://news.example/?UTM_Medium=x") == "https://news.example/"
    assert address_of("https://bücher.example/") == address_of("https://xn--bcher-kva.example/")
    # What carries no such parameter is left as its host wrote it.
    odd = "https://news.example/?b;a=%20&c"
    assert address_of(odd) == odd


ROBOTS = "User-agent: *\nDisallow: /\n\nUser-agent: Byline\nDisallow: /secret\nAllow: /secret/open\n"


def test_robots_txt_is_honoured(site: Site, fetch: Fetch) -> None:
    site.pages |= {
        "/robots.txt": (200, {}, ROBOTS.encode()),
        "/pier": story("Pier to close", WORDS),
        "/secret": story("Secret", WORDS),
        "/secret/open": story("Open", WORDS),
        "/way": (302, {"Location": "/secret"}, b""),
    }
    fetched = fetch(*(site.url + path for path in ("/pier", "/secret", "/secret/open", "/way")))
    assert [f.status for f in fetched] == ["read", "refused", "read", "refused"]
    assert "robots.txt forbids it" in (fetched[1].reason or "")
    assert "redirected to" in (fetched[3].reason or "")
    assert site.paths == ["/pier", "/secret/open", "/way"]
    # Asked for once a run.
    assert [path for path, _ in site.asked].count("/robots.txt") == 1


@pytest.mark.parametrize(
    ("robots", "allowed"),
    [
        ((404, {}, b""), True),
        ((403, {}, b""), True),
        ((401, {}, b""), True),
        ((429, {}, b""), False),
        ((500, {}, b""), False),
        ((503, {}, b""), False),
        ((204, {}, b""), False),
        ((301, {"Location": "/moved.txt"}, b""), False),
        ((301, {"Location": "/robots.txt"}, b""), True),
        ((301, {"Location": "javascript:0"}, b""), False),
        ((200, {}, b"\xff\xfe\x00 no text at all"), True),
        ((200, {}, b"<html>Disallow: /</html>"), True),
        ((200, {}, b"User-agent: *\nDisallow: /p*r$\n"), False),
        # What stands after the part that is read says nothing.
        ((200, {}, b"User-agent: *\n" + b"# much\n" * 100_000 + b"Disallow: /\n"), True),
        ((200, {}, b"User-agent: *\nDisallow: /\n" + b"# much\n" * 100_000), False),
        ((200, {}, b"User-agent: *\nDisallow: /" + b"*a" * 100_000 + b"\n"), True),
    ],
    ids=range(16),
)
def test_robots_txt_of_every_kind(robots: Page, allowed: bool, site: Site, fetch: Fetch) -> None:
    site.pages |= {
        "/robots.txt": robots,
        "/moved.txt": (200, {}, b"User-agent: *\nDisallow: /\n"),
        "/pier": story("Pier to close", WORDS),
    }
    (fetched,) = fetch(f"{site.url}/pier")
    assert (fetched.status == "read") is allowed
    assert (site.paths == ["/pier"]) is allowed or robots[0] == 301  # type: ignore[index]
    if not allowed:
        assert "robots.txt" in (fetched.reason or "")


def test_an_unchanged_page_is_not_sent_again(site: Site, fetch: Fetch) -> None:
    status, headers, body = story("Pier to close", WORDS)
    stamps = {"ETag": '"v1"', "Last-Modified": "Tue, 04 Mar 2025 10:00:00 GMT"}
    site.pages["/pier"] = (status, {**headers, **stamps}, body)
    first = fetch(f"{site.url}/pier")
    assert json.loads(marks_of(first)[f"{site.url}/pier"]) == {
        "url": f"{site.url}/pier", "If-None-Match": '"v1"', "If-Modified-Since": stamps["Last-Modified"],
    }  # fmt: skip
    site.pages["/pier"] = (304, {}, b"")
    (again,) = fetch(f"{site.url}/pier", marks=marks_of(first))
    assert (again.status, again.reading, again.mark) == ("unchanged", None, None)
    asked = site.asked[-1][1]
    assert asked["if-none-match"] == '"v1"'
    assert asked["if-modified-since"] == stamps["Last-Modified"]
    # Without a mark nobody asked whether it changed.
    assert "304" in reason(fetch(f"{site.url}/pier"))
    assert "if-none-match" not in site.asked[-1][1]


def test_a_mark_belongs_to_the_address_it_came_from(site: Site, fetch: Fetch) -> None:
    status, headers, body = story("Pier to close", WORDS)
    site.pages |= {"/a": (302, {"Location": "/b"}, b""), "/b": (status, {**headers, "ETag": "x"}, body)}
    marks = marks_of(fetch(f"{site.url}/a"))
    assert list(marks) == [f"{site.url}/a"]
    fetch(f"{site.url}/a", marks=marks)
    asked = [(path, headers.get("if-none-match")) for path, headers in site.asked[-2:]]
    assert asked == [("/a", None), ("/b", "x")]


@pytest.mark.parametrize("mark", ["", "{", "[]", "7", '{"url": 7}', '{"If-None-Match": null}', "\x00"])
def test_a_mark_that_makes_no_sense_is_none(mark: str, site: Site, fetch: Fetch) -> None:
    site.pages["/pier"] = story("Pier to close", WORDS)
    (fetched,) = fetch(f"{site.url}/pier", marks={f"{site.url}/pier": mark})
    assert fetched.status == "read"


def test_validators_that_could_not_be_sent_back_are_not_kept(site: Site, fetch: Fetch) -> None:
    status, headers, body = story("Pier to close", WORDS)
    for hostile in ("a" * 5_000, '"caf\xe9"', '"a\tb"'):
        site.pages["/pier"] = (status, {**headers, "ETag": hostile}, body)
        (fetched,) = fetch(f"{site.url}/pier")
        assert (fetched.status, fetched.mark) == ("read", None)


def test_a_page_that_was_not_read_gets_no_mark(site: Site, fetch: Fetch) -> None:
    page = b"<!doctype html><html><head><title>Empty</title></head><body></body></html>"
    site.pages["/empty"] = (200, {"Content-Type": "text/html", "ETag": "x"}, page)
    (fetched,) = fetch(f"{site.url}/empty")
    assert fetched.mark is None
    assert fetched.reading is not None
    assert fetched.reading.error is not None
    assert fetched.reading.error.name == f"{site.url}/empty"
    assert "byline-" not in str(fetched.reading.error)


@pytest.mark.parametrize(
    ("page", "why"),
    [
        ((404, {}, b""), "404 Not Found"),
        ((500, {}, b""), "500 Internal"),
        ((204, {}, b""), "204 No Content"),
        ((206, {}, b"part"), "206 Partial"),
        ((200, {"Content-Type": "image/png"}, b"\x89PNG\r\n\x1a\n"), "image/png: not a form"),
        ((200, {"Content-Type": "\x1b[31m/x"}, b"\x89PNG\r\n\x1a\n"), "not a form"),
        ((200, {}, b""), "not a form"),
    ],
)
def test_pages_that_are_refused(page: Page, why: str, site: Site, fetch: Fetch) -> None:
    site.pages["/pier"] = page
    said = reason(fetch(f"{site.url}/pier"))
    assert why in said
    assert "\x1b" not in said


def test_a_host_that_has_had_enough_is_left_alone(site: Site, fetch: Fetch) -> None:
    site.pages |= {"/a": (429, {}, b""), "/b": story("Pier to close", WORDS)}
    assert [f.status for f in fetch(f"{site.url}/a", f"{site.url}/b")] == ["refused", "refused"]
    assert site.paths == ["/a"]


def test_a_feed_is_every_page_in_it(site: Site, fetch: Fetch) -> None:
    site.pages |= {
        "/feed": feed(f"{site.url}/a", f"{site.url}/gone", f"{site.url}/b?utm_source=feed", f"{site.url}/a"),
        "/a": story("Pier to close", WORDS),
        "/b": story("Ferry to sail", WORDS.replace("pier", "ferry")),
    }
    fetched = fetch(f"{site.url}/feed")
    assert ids(fetched) == [f"{site.url}/a", f"{site.url}/b"]
    assert [(f.url, f.status) for f in fetched if f.status == "refused"] == [(f"{site.url}/gone", "refused")]
    # Since one was not to be had, the feed is gone through again.
    assert f"{site.url}/feed" not in marks_of(fetched)
    site.pages["/gone"] = story("Found again", WORDS.replace("Tuesday", "Friday"))
    again = fetch(f"{site.url}/feed")
    assert len(ids(again)) == 3
    assert again[-1].url == f"{site.url}/feed"
    assert (again[-1].status, again[-1].reading) == ("read", None)
    site.pages["/feed"] = (304, {}, b"")
    asked = len(site.paths)
    (unchanged,) = fetch(f"{site.url}/feed", marks=marks_of(again))
    assert unchanged.status == "unchanged"
    assert site.paths[asked:] == ["/feed"]


def test_a_feed_leads_nowhere_that_it_may_not(site: Site, fetch: Fetch, monkeypatch: pytest.MonkeyPatch) -> None:
    """A public feed that lists this machine's pages, scripts and other lists."""
    _, connected = internet(monkeypatch, {"news.example": [[PUBLIC]]}, {PUBLIC: site.port})
    links = [f"http://127.0.0.1:{site.port}/secret", "javascript:alert(1)", "file:///etc/passwd",
             "http://me:you@news.example/a", "http://news.example/feed2", "http://news.example/a"]  # fmt: skip
    site.pages |= {"/feed": feed(*links), "/feed2": feed("http://news.example/a"), "/a": story("Pier", WORDS)}
    fetched = fetch("http://news.example/feed", allow_private=False, limits=WebLimits(pause=0))
    assert ids(fetched) == ["http://news.example/a"]
    refused = {f.url: f.reason or "" for f in fetched if f.status == "refused"}
    assert "private network" in refused[links[0]]
    assert "within another" in refused[links[4]]
    assert "/secret" not in site.paths
    assert set(connected) == {PUBLIC}


def test_a_sitemap_is_every_page_that_changed(site: Site, fetch: Fetch) -> None:
    days = {f"{site.url}/a": "2025-03-04", f"{site.url}/b": "2025-03-05", f"{site.url}/c": None}
    site.pages |= {
        "/sitemap.xml": (200, XML, sitemap(days)),
        "/a": story("Pier to close", WORDS),
        "/b": story("Ferry to sail", WORDS.replace("pier", "ferry")),
        "/c": story("Bridge to open", WORDS.replace("pier", "bridge")),
    }
    first = fetch(f"{site.url}/sitemap.xml")
    assert len(ids(first)) == 3
    days[f"{site.url}/b"] = "2025-03-09"
    site.pages["/sitemap.xml"] = (200, XML, sitemap(days))
    asked = len(site.paths)
    again = fetch(f"{site.url}/sitemap.xml", marks=marks_of(first))
    assert [f.status for f in again] == ["unchanged", "read", "read", "read"]
    # What has no day of change is asked for each time.
    assert site.paths[asked:] == ["/sitemap.xml", "/b", "/c"]


def test_sitemaps_may_be_packed_and_listed_in_one(site: Site, fetch: Fetch) -> None:
    inner = sitemap({f"{site.url}/a": None})
    outer = sitemap({f"{site.url}/one.xml.gz": None, f"{site.url}/two.xml": None}, "sitemapindex", "sitemap")
    deeper = sitemap({f"{site.url}/outer.xml": None}, "sitemapindex", "sitemap")
    site.pages |= {
        "/outer.xml": (200, XML, outer),
        "/one.xml.gz": (200, {"Content-Type": "application/gzip"}, gzip.compress(inner)),
        "/two.xml": (200, XML, deeper),
        "/a": story("Pier to close", WORDS),
    }
    fetched = fetch(f"{site.url}/outer.xml")
    assert ids(fetched) == [f"{site.url}/a"]
    assert [f.url for f in fetched if f.status == "refused"] == [f"{site.url}/outer.xml"]
    assert ids(fetch(f"{site.url}/one.xml.gz")) == [f"{site.url}/a"]


def test_a_list_is_gone_through_no_further_than_the_cap(site: Site, fetch: Fetch) -> None:
    site.pages |= {"/s": (200, XML, sitemap({f"{site.url}/{n}": None for n in range(9)}))}
    site.pages |= {f"/{n}": story(f"Story {n}", WORDS) for n in range(9)}
    fetched = fetch(f"{site.url}/s", limits=WebLimits(pages=4))
    assert len(ids(fetched)) == 4
    assert "5 of its 9 pages left out" in (fetched[-1].reason or "")
    assert not fetched[-1].mark


def test_an_empty_list_is_refused(site: Site, fetch: Fetch) -> None:
    site.pages |= {"/f": feed(), "/s": (200, XML, sitemap({}))}
    for path in ("/f", "/s"):
        assert reason(fetch(site.url + path))


@pytest.mark.parametrize(("robots", "pause"), [(b"", 2.0), (b"User-agent: *\nCrawl-delay: 5\n", 5.0),
                                               (b"User-agent: *\nCrawl-delay: 86400\n", 10.0)])  # fmt: skip
def test_a_public_host_is_asked_gently(
    robots: bytes, pause: float, site: Site, fetch: Fetch, monkeypatch: pytest.MonkeyPatch
) -> None:
    slept: list[float] = []
    monkeypatch.setattr("index.web.time.sleep", slept.append)
    internet(monkeypatch, {"news.example": [[PUBLIC]], "other.example": [[PUBLIC]]}, {PUBLIC: site.port})
    site.pages |= {"/robots.txt": (200, {}, robots), "/a": story("A", WORDS), "/b": story("B", WORDS)}
    urls = ("http://news.example/a", "http://other.example/a", "http://news.example/b")
    assert len(ids(fetch(*urls, allow_private=False, limits=WebLimits(pause=2)))) == 3
    assert slept[:2] == [0, 0]
    assert pause - 1 < slept[2] <= pause


def test_this_machine_is_not_waited_for(site: Site, fetch: Fetch, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("index.web.time.sleep", lambda _: pytest.fail("slept"))
    site.pages |= {"/a": story("A", WORDS), "/b": story("B", WORDS)}
    assert len(ids(fetch(f"{site.url}/a", f"{site.url}/b"))) == 2


def test_lines_of_articles_keep_the_addresses_they_state(site: Site, fetch: Fetch) -> None:
    lines = [
        {"title": "A", "text": WORDS, "url": "https://wire.example/1"},
        {"title": "B", "text": WORDS},
        {"title": "C"},
    ]
    body = "".join(json.dumps(line) + "\n" for line in lines).encode()
    site.pages["/wire.jsonl"] = (200, {"Content-Type": "application/x-ndjson", "ETag": "x"}, body)
    fetched = fetch(f"{site.url}/wire.jsonl")
    own, given = ids(fetched)
    assert own == "https://wire.example/1"
    assert given.startswith(f"{site.url}/wire.jsonl#")
    assert marks_of(fetched) == {}
    error = fetched[2].reading and fetched[2].reading.error
    assert error is not None
    assert error.name.startswith(f"{site.url}/wire.jsonl")


def test_nothing_is_left_behind(site: Site, fetch: Fetch, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    site.pages["/pier"] = story("Pier to close", WORDS)
    assert ids(fetch(f"{site.url}/pier"))
    assert list(tmp_path.iterdir()) == []
