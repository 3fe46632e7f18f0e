"""Pages, feeds and sitemaps to articles: fetched because the user named them, gently."""

from __future__ import annotations

import json
import re
import tempfile
import time
import zlib
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from http import HTTPStatus
from importlib.metadata import version
from pathlib import Path
from types import TracebackType
from typing import Literal, NoReturn
from urllib.parse import parse_qsl, urlencode

import httpx
from protego import Protego

from index.article import Article, clean_line
from index.errors import ArticleError
from index.progress import bar
from index.readers import Reading
from index.readers.forms import charset_of, form_of
from index.readers.sandbox import Links, Sandbox
from index.wire import NO_USER, Answer, WebLimits, Wire, is_of_the_web, shown

__all__ = ["Fetched", "address_of", "fetch_all"]

_ROBOT = "Byline"
_HEAD = 4_096
_MAX_VALIDATOR = 500
_REDIRECTS = (301, 302, 303, 307, 308)
# What begins a list of pages, or says at once that it is none.
_ROOT = re.compile(rb"<(?:\w{1,20}:)?(rss|feed|rdf|urlset|sitemapindex|html)\b", re.IGNORECASE)
# Forms of one article each, which is the page itself.
_PAGES = (".html", ".htm", ".xhtml", ".pdf", ".docx", ".txt", ".text", ".md", ".markdown")
# What senders add to an address to follow its readers; the page is the same without.
_TRACKING = re.compile(
    "utm_.*|fbclid|gclid|gclsrc|dclid|gbraid|wbraid|msclkid|yclid|twclid|ttclid|igshid|mc_cid|mc_eid|_hsenc|_hsmi"
    "|mkt_tok|vero_id|oly_anon_id|oly_enc_id|cmpid|ns_campaign|ns_mchannel|at_medium|at_campaign",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Fetched:
    """What became of one address, or of one article found there.

    A ``read`` one has its ``reading``, an article or the reason why there is none; a feed
    or sitemap that was gone through has none of its own. ``mark`` is what to keep under
    ``url`` once everything before it is stored, so that the next run asks only for what
    has changed; None where there is nothing to keep. A ``refused`` one has its ``reason``.
    """

    url: str
    status: Literal["read", "unchanged", "refused"]
    reading: Reading | None = None
    mark: str | None = None
    reason: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class _Document:
    url: httpx.URL
    answer: Answer
    path: Path

    @property
    def changed(self) -> bool:
        return self.answer.status != HTTPStatus.NOT_MODIFIED


def fetch_all(
    urls: Iterable[str],
    *,
    known: Callable[[str], str | None],
    sandbox: Sandbox,
    limits: WebLimits | None = None,
    allow_private: bool = False,
) -> Iterator[Fetched]:
    """Every article at ``urls``: pages, feeds (each entry's page) and sitemaps (each page;
    of an index of sitemaps, each page of each).

    ``known`` gives the mark kept for an address. What can't be had is refused by name and
    stops nothing. One document at a time: most runs are a feed or sitemap, whose pages lie
    on one host, which is never asked for two at once.
    """
    with _Run(known, sandbox, limits or WebLimits(), allow_private=allow_private) as run:
        for url in urls:
            yield from run.named(url)


def address_of(written: str) -> str:
    """An address as Byline knows it: without its fragment and what follows its readers.

    Raises ArticleError where it is none of the web, or holds a name or password.
    """
    try:
        url = httpx.URL(written.strip())
    except (httpx.InvalidURL, ValueError, TypeError) as error:
        # What is wrong with it may be its password.
        why = "" if "@" in written else f" ({clean_line(str(error))[:200]})"
        raise ArticleError(shown(written), f"not an address{why}: check it") from None
    if not is_of_the_web(url):
        why = "not an address of the web: give one that starts with http:// or https://, or a path"
        raise ArticleError(shown(written), why)
    if url.userinfo:
        raise ArticleError(shown(written), NO_USER)
    return str(_plain(url))


class _Run:
    """One run: what it learns of a host serves for all its pages."""

    def __init__(
        self, known: Callable[[str], str | None], sandbox: Sandbox, limits: WebLimits, *, allow_private: bool
    ) -> None:
        self._known = known
        self._sandbox = sandbox
        self._limits = limits
        self._wire = Wire(limits, allow_private=allow_private)
        self._folder = tempfile.TemporaryDirectory(prefix="byline-")
        self._agent = f"{_ROBOT}/{version('byline')} (fetches what its user names)"
        # A site's rules, or the reason why nothing may be fetched there.
        self._rules: dict[str, Protego | str] = {}
        self._asked: dict[str, float] = {}

    def __enter__(self) -> _Run:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._folder.cleanup()

    def named(self, written: str) -> Iterator[Fetched]:
        """What the user named, whatever it is."""
        try:
            url = address_of(written)
            mark = self._mark(url)
            document = self._fetch(url, mark)
            if not document.changed:
                yield Fetched(url=url, status="unchanged")
            elif _is_list(document.path):
                links = self._sandbox.links(document.path, str(document.url))
                yield from self._listed(url, links, _mark_of(document), within=False)
            else:
                yield from self._page(url, document, _mark_of(document))
        except ArticleError as error:
            yield Fetched(url=shown(written), status="refused", reason=error.reason)

    def _listed(self, url: str, links: Links, mark: str | None, *, within: bool) -> Iterator[Fetched]:
        """The pages of a feed or sitemap, and last the list itself. It gets its mark only
        where all of it was had: an unchanged list isn't gone through again."""
        if not links.urls:
            raise ArticleError(url, "a list without a page in it: check the address")
        whole = True
        most = self._limits.sitemaps if links.kind == "index" else self._limits.pages
        entries = dict(zip(links.urls, links.modified, strict=True))
        with bar("fetching", "pages", min(len(entries), most)) as shown_bar:
            for entry, stated in list(entries.items())[:most]:
                for fetched in self._entry(entry, stated, links.kind, within=within):
                    whole = whole and fetched.status != "refused" and not (fetched.reading and fetched.reading.error)
                    yield fetched
                shown_bar.update()
        if len(entries) > most:
            reason = f"{len(entries) - most:,} of its {len(entries):,} pages left out: too many for one run"
            yield Fetched(url=url, status="refused", reason=reason)
        elif whole:
            yield Fetched(url=url, status="read", mark=mark)

    def _entry(self, written: str, stated: str | None, kind: str, *, within: bool) -> Iterator[Fetched]:
        try:
            url = address_of(written)
            mark = self._mark(url)
            # A sitemap's lastmod is there to spare the asking; the date of a feed's entry
            # often stays while its page is corrected.
            if stated and kind != "feed" and mark.get("stated") == stated:
                yield Fetched(url=url, status="unchanged")
                return
            document = self._fetch(url, mark)
            if not document.changed:
                # The mark is kept with the list's new word on it.
                kept = json.dumps({**mark, "stated": stated}) if stated else None
                yield Fetched(url=url, status="unchanged", mark=kept)
            elif not _is_list(document.path):
                facts = {"published": stated} if stated and kind == "feed" else None
                yield from self._page(url, document, _mark_of(document, stated), facts, listed=True)
            elif kind == "index" and not within:
                links = self._sandbox.links(document.path, str(document.url))
                yield from self._listed(url, links, _mark_of(document, stated), within=True)
            else:
                _refuse(url, "a list of pages within another: name it itself")
        except ArticleError as error:
            yield Fetched(url=shown(written), status="refused", reason=error.reason)

    def _page(
        self,
        url: str,
        document: _Document,
        mark: str | None,
        facts: Mapping[str, str] | None = None,
        *,
        listed: bool = False,
    ) -> Iterator[Fetched]:
        """The articles of one document; the last carries its mark, if all could be read.
        ``facts`` fill what it doesn't state; ``listed`` says that a list led to it."""
        final = str(document.url)
        kind = document.answer.headers.get("content-type", "")
        form = form_of(kind, final, _head(document.path))
        if form is None:
            _refuse(url, f"{shown(kind)[:80] or 'of no stated type'}: not a form that Byline reads")
        if listed and form not in _PAGES:
            # Records may say that they are anyone's articles: whoever wants them names them.
            _refuse(url, "records, not a page: name it itself, where you trust what it says of others' articles")
        whole, last = True, None
        charset = charset_of(kind)
        for found in self._sandbox.read(document.path, final, form=form, charset=charset, facts=facts):
            if last is not None:
                yield Fetched(url=url, status="read", reading=last)
            if isinstance(found, ArticleError):
                whole = False
                name = found.name.replace(str(document.path), url)
                last = Reading(name=name, origin=url, error=ArticleError(name, found.reason))
            else:
                article = _settled(found.article, document.url) if form in _PAGES else found.article
                last = Reading(name=url, origin=url, article=article, note=found.note)
        if last is None:
            _refuse(url, "no article in it: check the address")
        yield Fetched(url=url, status="read", reading=last, mark=mark if whole else None)

    def _fetch(self, url: str, mark: Mapping[str, str]) -> _Document:
        """The document at an address, through redirects, each hop held to the same rules."""
        path = Path(self._folder.name, "document")
        hop, left = httpx.URL(url), self._limits.total
        for _ in range(self._limits.redirects + 1):
            self._allow(url, hop)
            headers = {"User-Agent": self._agent, "Accept": "*/*"}
            if mark.get("url") == str(hop):
                headers |= {key: mark[key] for key in ("If-None-Match", "If-Modified-Since") if key in mark}
            started = time.monotonic()
            answer = self._wire.get(hop, path, headers=headers, deadline=started + left, most=self._limits.body)
            left -= time.monotonic() - started
            if answer.status in _REDIRECTS:
                hop = _next(url, hop, answer)
                continue
            if answer.status == HTTPStatus.TOO_MANY_REQUESTS:
                self._rules[_site(hop)] = "it has had too many requests (429): try again later"
            conditional = answer.status == HTTPStatus.NOT_MODIFIED and len(headers) > 2
            if answer.status != HTTPStatus.OK and not conditional:
                busy = (
                    answer.status >= HTTPStatus.INTERNAL_SERVER_ERROR or answer.status == HTTPStatus.TOO_MANY_REQUESTS
                )
                advice = "try again later" if busy else "check the address"
                _refuse(url, f"{_via(url, hop)}the host answered {answer.phrase}: {advice}")
            return _Document(url=hop, answer=answer, path=path)
        raise ArticleError(url, f"redirected more than {self._limits.redirects} times: check the address")

    def _allow(self, url: str, hop: httpx.URL) -> None:
        """Wait until ``hop`` may be fetched. Raises ArticleError where it may not."""
        try:
            ours = self._wire.resolve(hop)
        except ArticleError as error:
            _refuse(url, _via(url, hop) + error.reason)
        site = _site(hop)
        if site not in self._rules:
            self._rules[site] = self._robots(hop)
        rules = self._rules[site]
        if isinstance(rules, str):
            _refuse(url, _via(url, hop) + rules)
        if not rules.can_fetch(str(hop), _ROBOT):
            _refuse(url, _via(url, hop) + "the site's robots.txt forbids it")
        if ours:
            return
        asked = rules.crawl_delay(_ROBOT) or 0.0
        pause = min(max(asked, self._limits.pause), max(self._limits.longest_pause, self._limits.pause))
        due = self._asked.get(hop.host, float("-inf")) + pause
        time.sleep(max(0.0, due - time.monotonic()))
        self._asked[hop.host] = time.monotonic()

    def _robots(self, page: httpx.URL) -> Protego | str:
        """The rules of a site, as RFC 9309 reads them: none where it says it has none;
        nothing allowed where it can't say."""
        hop, path = page.copy_with(raw_path=b"/robots.txt", fragment=None), Path(self._folder.name, "robots.txt")
        deadline = time.monotonic() + self._limits.total
        try:
            for _ in range(self._limits.redirects + 1):
                answer = self._wire.get(
                    hop,
                    path,
                    headers={"User-Agent": self._agent},
                    deadline=deadline,
                    most=self._limits.robots,
                    cut=True,
                )
                if answer.status in _REDIRECTS:
                    hop = _next(str(hop), hop, answer)
                    continue
                if answer.status == HTTPStatus.OK:
                    return Protego.parse(path.read_bytes().decode("utf-8", "replace"))
                if 400 <= answer.status < 500 and answer.status != HTTPStatus.TOO_MANY_REQUESTS:
                    return Protego.parse("")
                return f"the site's robots.txt can't be had ({answer.phrase}), so nothing may be fetched from it"
        except ArticleError as error:
            return f"the site's robots.txt can't be had ({error.reason}), so nothing may be fetched from it"
        # More redirects than that, and it counts as not there.
        return Protego.parse("")

    def _mark(self, url: str) -> dict[str, str]:
        """What was kept of an address; nothing where it can't be read."""
        try:
            mark = json.loads(self._known(url) or "{}")
        except ValueError:
            return {}
        return {str(k): v for k, v in mark.items() if isinstance(v, str)} if isinstance(mark, dict) else {}


def _mark_of(document: _Document, stated: str | None = None) -> str | None:
    """What to ask with the next time: the host's validators, the address they belong to,
    and when its list said that it was changed."""
    headers = document.answer.headers
    mark = {"url": str(document.url)}
    for given, asking in (("etag", "If-None-Match"), ("last-modified", "If-Modified-Since")):
        value = headers.get(given, "").strip()
        # They are sent back as they came, so only if they can be.
        if value and len(value) <= _MAX_VALIDATOR and value.isascii() and value.isprintable():
            mark[asking] = value
    if stated:
        mark["stated"] = stated
    return json.dumps(mark) if len(mark) > 1 else None


def _settled(article: Article, final: httpx.URL) -> Article:
    """A page's article under its own address: the one that it states, if it may.

    A page speaks only for its own host, and not for the site's front page, which careless
    sites state on every page; else it could take another article's place.
    """
    url = _plain(final)
    try:
        own = _plain(final.join(article.url)) if article.url else url
    except (httpx.InvalidURL, ValueError):
        own = url
    front = own.path == "/" and not own.query and (url.path != "/" or bool(url.query))
    if _host(own) != _host(url) or not is_of_the_web(own) or own.userinfo or front:
        own = url
    # Where the page names no source, its reader took the host that it claimed.
    claimed = article.source is None or (article.url and article.source in article.url and own == url)
    return replace(article, id=str(own), url=str(own), source=_host(url) if claimed else article.source)


def _host(url: httpx.URL) -> str:
    return url.host.removeprefix("www.")


def _plain(url: httpx.URL) -> httpx.URL:
    url = url.copy_with(fragment=None)
    if not url.query:
        return url
    pairs = parse_qsl(url.query.decode("ascii", "replace"), keep_blank_values=True)
    kept = [(key, value) for key, value in pairs if not _TRACKING.fullmatch(key)]
    # Left as it was written where nothing goes: some hosts care about its exact form.
    if len(kept) == len(pairs):
        return url
    return url.copy_with(query=urlencode(kept).encode("ascii") or None)


def _next(url: str, hop: httpx.URL, answer: Answer) -> httpx.URL:
    location = answer.headers.get("location", "")
    try:
        onward = hop.join(location).copy_with(fragment=None)
    except (httpx.InvalidURL, ValueError, TypeError):
        onward = None
    if not location or onward is None or not is_of_the_web(onward):
        _refuse(url, f"redirected to what is no address of the web ({shown(location)[:100]!r}): check the address")
    if hop.scheme == "https" and onward.scheme == "http":
        _refuse(url, f"redirected from https to plain http ({shown(str(onward))}): give that address if you trust it")
    return onward


def _via(url: str, hop: httpx.URL) -> str:
    return "" if str(hop) == url else f"redirected to {shown(str(hop))[:200]}: "


def _site(url: httpx.URL) -> str:
    return f"{url.scheme}://{url.netloc.decode('ascii')}"


def _head(path: Path) -> bytes:
    with path.open("rb") as file:
        return file.read(_HEAD)


def _is_list(path: Path) -> bool:
    """Whether a document lists pages: its first element says so, gzipped or not."""
    head = _head(path)
    if head.startswith(b"\x1f\x8b"):
        try:
            head = zlib.decompressobj(zlib.MAX_WBITS | 16).decompress(head, _HEAD)
        except zlib.error:
            return False
    if head.startswith((b"\xff\xfe", b"\xfe\xff")):
        head = head.decode("utf-16", "replace").encode()
    root = _ROOT.search(head)
    return root is not None and root[1].lower() != b"html"


def _refuse(url: str, reason: str) -> NoReturn:
    raise ArticleError(shown(url), reason)
