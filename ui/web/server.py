"""Serves the chat page over HTTP until it is told to stop."""

from __future__ import annotations

import asyncio
import errno
import signal
import socket
import threading
import webbrowser
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from types import TracebackType
from typing import TYPE_CHECKING, Any

from index.errors import SettingsError
from ui.web.examples import Examples
from ui.web.guard import BODY_LIMIT, Guard, is_loopback

if TYPE_CHECKING:
    from fastapi import FastAPI

    from qa import ArticleQA
    from ui.uploads import Uploads

__all__ = ["running", "serve"]

_STOP_SECONDS = 1
# What a host that stands for every address of this machine is reached at from itself.
_EVERYWHERE = {"0.0.0.0": "127.0.0.1", "::": "::1"}  # noqa: S104 - compared with, not bound to


def serve(
    qa: ArticleQA,
    *,
    host: str = "127.0.0.1",
    port: int = 7860,
    auth: tuple[str, str] | None = None,
    allowed_hosts: Sequence[str] = (),
    uploads: Uploads | None = None,
    open_browser: bool = False,
    ready: Callable[[str], None] | None = None,
) -> None:
    """Serve the chat, its HTTP API and the MCP server over ``qa`` until Ctrl-C or SIGTERM,
    then return.

    ``port`` 0 takes a free one. ``auth`` is a name and a password, asked for on every path
    but ``/healthz``. ``allowed_hosts`` are host names, without a port, that the page may be
    reached by beside ``host`` itself and this machine's own. Visitors can add articles where
    ``uploads`` is given. ``ready`` gets the page's address once connections are accepted;
    without it a line with the address is printed.

    Raises SettingsError where ``host`` can be reached from other machines and ``auth`` is
    None, where ``auth`` can't be used, and where the port can't be taken; ModelError where
    the model can't be loaded.
    """

    def started(address: str) -> None:
        (ready or _announce)(address)
        if open_browser:
            # It may wait for the browser, and this is the thread that serves.
            threading.Thread(target=webbrowser.open, args=(address,), daemon=True).start()

    with _bound(host, port, auth) as bound:
        warming = _Warming(qa)
        server = _server(qa, warming, bound, host, auth, allowed_hosts, uploads, started)
        warming.failed = lambda: setattr(server, "should_exit", True)
        with _until_told(), warming:
            server.run(sockets=[bound])


@contextmanager
def running(
    qa: ArticleQA,
    *,
    host: str = "127.0.0.1",
    port: int = 0,
    auth: tuple[str, str] | None = None,
    allowed_hosts: Sequence[str] = (),
    uploads: Uploads | None = None,
) -> Iterator[str]:
    """Serve in the background for as long as the ``with`` block runs; gives the address.

    The parameters and errors are those of :func:`serve`; ModelError is raised at the block's end.
    """
    addresses: list[str] = []
    failures: list[Exception] = []
    settled = threading.Event()

    def started(address: str) -> None:
        addresses.append(address)
        settled.set()

    with _bound(host, port, auth) as bound:
        warming = _Warming(qa)
        server = _server(qa, warming, bound, host, auth, allowed_hosts, uploads, started)

        def run() -> None:
            try:
                with warming:
                    server.run(sockets=[bound])
            except Exception as error:
                failures.append(error)
            finally:
                settled.set()

        thread = threading.Thread(target=run, name="byline-web")
        thread.start()
        try:
            settled.wait()
            if not addresses:
                raise SettingsError("the server could not start: its log says why")
            yield addresses[0]
        finally:
            server.should_exit = True
            thread.join()
        for failure in failures:
            raise failure


class _Warming:
    """Loads the model while the page is served already, which says so until it is there, and
    draws the first examples.

    Leaving waits for it, and raises what it raised.
    """

    def __init__(self, qa: ArticleQA) -> None:
        self.examples = Examples(qa)
        self._thread = threading.Thread(target=self._run, args=(qa,), name="byline-warm")
        self._error: Exception | None = None
        self._done = threading.Event()
        self.failed: Callable[[], None] = lambda: None

    def __enter__(self) -> None:
        self._thread.start()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._thread.join()
        self.examples.close()
        if self._error is not None:
            raise self._error

    def done(self) -> bool:
        """Whether the model is there."""
        return self._done.is_set()

    def _run(self, qa: ArticleQA) -> None:
        try:
            qa.warm()
            self.examples.draw()
            self._done.set()
        except Exception as error:
            # It ends the server, and is raised where that was started.
            self._error = error
            self.failed()


def _announce(address: str) -> None:
    print(f"Byline answers at {address} (Ctrl-C stops it)", flush=True)


@contextmanager
def _bound(host: str, port: int, auth: tuple[str, str] | None) -> Iterator[socket.socket]:
    """A socket that holds the port, checked before anything slow is imported."""
    if auth is None and not is_loopback(host):
        raise SettingsError(
            f"{host} can be reached from other machines: "
            "give a name and a password (--auth FILE), or serve on 127.0.0.1 only"
        )
    if auth is not None and (not all(auth) or ":" in auth[0]):
        raise SettingsError("a name without a colon and a password are needed, and neither may be empty")
    try:
        family, kind, protocol, _, place = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
    except (OSError, OverflowError) as error:
        raise SettingsError(f"{host} port {port} is no address of this machine: {error}") from error
    # With the protocol named, asyncio sends each reply at once (TCP_NODELAY), else 40 ms late.
    with socket.socket(family, kind, protocol) as bound:
        # A port that the last run has just left can be taken again at once.
        bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            bound.bind(place)
            bound.listen()
        except OSError as error:
            if error.errno == errno.EADDRINUSE:
                raise SettingsError(
                    f"port {port} on {host} is in use: stop the program that has it, or choose another port"
                ) from error
            raise SettingsError(f"port {port} on {host} can't be taken: {error.strerror}") from error
        yield bound


def _server(
    qa: ArticleQA,
    warming: _Warming,
    bound: socket.socket,
    host: str,
    auth: tuple[str, str] | None,
    allowed_hosts: Sequence[str],
    uploads: Uploads | None,
    started: Callable[[str], None],
) -> Any:
    # Gradio takes seconds to import; the command's other verbs never come here.
    import uvicorn

    class Server(uvicorn.Server):
        async def startup(self, sockets: list[socket.socket] | None = None) -> None:
            await super().startup(sockets)
            if self.started:
                started(_address(bound, host))

        async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
            stopping.set()
            if uploads is not None:
                uploads.close()
            await super().shutdown(sockets)

    stopping = asyncio.Event()
    names = {"localhost", "127.0.0.1", "::1", *allowed_hosts}
    if host not in _EVERYWHERE:
        names.add(host)
    return Server(
        uvicorn.Config(
            # Built by the server, because it runs an event loop by then: Gradio makes its locks
            # while it builds, and without a running loop one of its own for each, never closed.
            lambda: Guard(_site(qa, warming, uploads, stopping), hosts=names, auth=auth, stopping=stopping),
            factory=True,
            log_level="error",
            access_log=False,
            server_header=False,
            ws="none",
            # Nothing that a request says about proxies is believed.
            proxy_headers=False,
            timeout_graceful_shutdown=_STOP_SECONDS,
        )
    )


def _site(qa: ArticleQA, warming: _Warming, uploads: Uploads | None, stopping: asyncio.Event) -> FastAPI:
    import gradio as gr
    from fastapi import FastAPI
    from fastapi.staticfiles import StaticFiles
    from starlette.routing import Route

    from ui.desk import Desk
    from ui.mcp import over_http
    from ui.turnstile import Turnstile
    from ui.web import app as page
    from ui.web.api import api

    desk = Desk(qa)
    # One for both: whoever asks over the one way in waits for those of the other.
    turnstile = Turnstile()
    tools, tools_running = over_http(desk, turnstile)
    site = FastAPI(
        docs_url=None,
        redoc_url=None,
        openapi_url=None,
        routes=[Route("/mcp", tools)],
        lifespan=lambda _: tools_running(),
    )

    @site.get("/healthz")
    def healthz() -> dict[str, str]:
        return {"status": "ok"}

    site.mount(
        "/api",
        api(
            qa,
            desk,
            ready=warming.done,
            examples=warming.examples,
            turnstile=turnstile,
            uploads=uploads,
            stopping=stopping,
        ),
    )
    site.mount("/page", StaticFiles(directory=str(page.PAGE)))
    gr.mount_gradio_app(
        site,
        page.build(desk),
        path="/",
        theme=page.theme(),
        head=page.HEAD,
        footer_links=[],
        show_error=False,
        run_history=False,
        ssr_mode=False,
        mcp_server=False,
        pwa=False,
        enable_monitoring=False,
        max_file_size=BODY_LIMIT,
        allowed_paths=[],
    )
    return site


def _address(bound: socket.socket, host: str) -> str:
    shown = _EVERYWHERE.get(host, host)
    if ":" in shown:
        shown = f"[{shown}]"
    return f"http://{shown}:{bound.getsockname()[1]}/"


@contextmanager
def _until_told() -> Iterator[None]:
    """Lets the server end by a signal and the caller go on.

    The server repeats a signal once it has stopped, for the handler that was there before
    it; for SIGTERM that would end the process before the index is closed.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = {number: signal.signal(number, _ignore) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _ignore(_number: int, _frame: Any) -> None:
    return
