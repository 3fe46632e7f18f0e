"""The HTTP API, which the page uses as anyone may: JSON in, JSON out."""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping, Sequence
from contextlib import aclosing
from datetime import UTC, datetime
from functools import partial
from typing import IO, Annotated, Any, TypeVar, cast

from fastapi import APIRouter, FastAPI, Query, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import Response, StreamingResponse
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect

from index import ArticleNotFoundError, BylineError, QuestionError, StoreError
from index.listing import MOST_LISTED, Order
from qa import ArticleQA
from qa.citation import article_facts
from ui.desk import Desk
from ui.feedback import Cited, append, feedback_from
from ui.turnstile import BusyError, Turnstile
from ui.uploads import Uploads
from ui.web.examples import Examples
from ui.web.export import export
from ui.web.shapes import (
    AnswerShape,
    ArticlePage,
    ArticleWhole,
    Asked,
    Collection,
    Exported,
    Feedback,
    Outcomes,
    Passages,
    Problem,
    Searched,
    line_schema,
)

__all__ = ["FAILED", "api"]

_LOG = logging.getLogger("byline.web")
FAILED = "That could not be done just now. The log of the server says why."
_NO_OBJECT = "the request is no JSON object: send one in UTF-8, with Content-Type: application/json"
_FILES_WAITING = 16
# Seconds for a file to arrive: whoever sends it slowly holds the place of another.
_PATIENCE = 120.0
# Questions that wait for a language model, and the seconds that each waits: whoever asks has
# more of the articles' own words at once than of fluent ones later.
_WRITERS_WAITING = 16
_WRITER_PATIENCE = 3.0
# Seconds that an answer has to its end once the server is to stop.
_LAST_SECONDS = 0.5
_STOPPING = "The server is being stopped. Ask again once it runs."
# What servers note where a client left; nobody reads it.
_GONE = 499
_LINES = "application/x-ndjson"
_MEDIA = {"markdown": "text/markdown", "html": "text/html", "json": "application/json"}
_PROBLEMS: dict[int | str, dict[str, Any]] = {
    404: {"model": Problem, "description": "No such article."},
    422: {"model": Problem, "description": "Something can't be used; the message names it."},
    500: {"model": Problem, "description": "Something failed; the log of the server says what."},
    503: {"model": Problem, "description": "Too much at once, or the index can't be read now."},
}


_Step = dict[str, Any]
_Wanted = TypeVar("_Wanted")
_Work = Callable[..., Awaitable[Any]]
"""Calls a function in a thread, once there is a place."""


def api(
    qa: ArticleQA,
    desk: Desk,
    *,
    ready: Callable[[], bool],
    examples: Examples,
    turnstile: Turnstile,
    uploads: Uploads | None,
    stopping: asyncio.Event,
) -> FastAPI:
    """The application to be mounted at ``/api``; its OpenAPI document is at ``/api/openapi.json``.

    ``ready`` says whether the model has been loaded; until then no ``examples`` are told.
    All but files that are sent goes through the ``turnstile``.
    Articles can be added where ``uploads`` is given, else by nobody. Answers that are still
    being written half a second after ``stopping`` is set are broken off.
    """
    routes = FastAPI(
        title="Byline",
        summary="Answers about your articles, each sentence cited word for word.",
        description="Read-only, unless the server was started with `--allow-add`.",
        version="1",
        docs_url=None,
        redoc_url=None,
        responses=_PROBLEMS,
    )
    work = _working(turnstile)
    _problems(routes)
    routes.include_router(_asking(desk, turnstile, stopping))
    routes.include_router(_reading(qa, desk, work))
    routes.include_router(_keeping(qa, work))

    @routes.get("/collection", response_model=None, responses=_gives(Collection, "What is there."))
    async def collection() -> Response:
        """How many articles there are, from when to when, by month, source and language."""
        loaded = ready()
        facts = await work(qa.index.facts)
        return _json(
            {
                "articles": facts.articles,
                "sentences": facts.sentences,
                "first": facts.first.isoformat() if facts.first else None,
                "last": facts.last.isoformat() if facts.last else None,
                "by_month": _counts(facts.by_month),
                "by_source": _counts(facts.by_source),
                "by_language": _counts(facts.by_language),
                "examples": list(examples.last(facts)) if loaded else [],
                "may_add": uploads is not None,
                "ready": loaded,
                "writer": desk.writer,
            }
        )

    if uploads is not None:
        routes.include_router(_adding(uploads))
    return routes


def _working(turnstile: Turnstile) -> _Work:
    async def work(call: Callable[..., Any], *values: Any, **named: Any) -> Any:
        async with turnstile.passed():
            return await run_in_threadpool(partial(call, *values, **named))

    return work


def _asking(desk: Desk, turnstile: Turnstile, stopping: asyncio.Event) -> APIRouter:
    routes = APIRouter()
    work = _working(turnstile)
    # Of its own: while a model writes, seconds pass, and nobody is to wait behind it who searches or reads.
    writing = Turnstile(waiting=_WRITERS_WAITING, patience=_WRITER_PATIENCE)
    whole = _gives(AnswerShape, "The answer, or the refusal. As lines, the steps in which it comes.")
    whole[200]["content"] = {_LINES: {"schema": line_schema()}}

    @routes.post("/ask", response_model=None, responses=whole)
    async def ask(asked: Asked, request: Request) -> Response:
        """The answer, or a refusal: word for word from the articles and cited, or where the
        server was started with a language model in its words, each sentence checked against
        those that it cites.

        With `stream` it comes as lines of JSON (`application/x-ndjson`). The first has
        `understood` and `dates`. What a language model is writing comes as `pending`, with the
        `place` of its sentence, each line in place of the one before. Once it is checked, or
        at once where no model writes, a line with the `place` has the `claim` with the
        `citations` that are new in it, or what is `unsupported`, or neither where that is left
        out. A line `failed` says why the model's answer can't stand: what came before is void,
        and the lines of the verbatim answer follow. The last line has the whole `answer`, or
        an `error` where something broke.

        Whoever leaves stops the writing.
        """
        put: dict[str, Any] = {**asked}
        stream = put.pop("stream", False)
        told = _ahead(desk.steps(**put, searching=turnstile.passed, writing=writing.passed), stopping)
        try:
            # What can't be answered at all is said by the status, which comes before any line.
            first = await _unless_gone(request, anext(told))
            if stream:
                return StreamingResponse(_lines(first, told), media_type=_LINES)
            *_, last = await _unless_gone(request, _rest(told))
        except ClientDisconnect:
            return Response(status_code=_GONE)
        return _json(last["answer"])

    @routes.post("/search", response_model=None, responses=_gives(Passages, "The passages."))
    async def search(searched: Searched) -> Response:
        """The passages most likely to answer, best first, each with its attribution."""
        return _json(await work(desk.search, **searched))

    return routes


class _StoppingError(BusyError):
    """The server ends before the answer does."""


async def _ahead(steps: AsyncGenerator[_Step], stopping: asyncio.Event) -> AsyncGenerator[_Step]:
    """The ``steps``, which don't wait for whoever takes them: a client that reads slowly is
    not to keep its place. Closing it early closes them. Raises _StoppingError where they
    don't end soon after ``stopping``."""
    made: asyncio.Queue[_Step | Exception | None] = asyncio.Queue()

    async def run() -> None:
        try:
            async with aclosing(steps):
                async for step in steps:
                    made.put_nowait(step)
        except Exception as error:  # raised anew where the steps are waited for
            made.put_nowait(error)
        else:
            made.put_nowait(None)

    async def end() -> None:
        await stopping.wait()
        await asyncio.sleep(_LAST_SECONDS)
        made.put_nowait(_StoppingError(_STOPPING))

    tasks = asyncio.create_task(run()), asyncio.create_task(end())
    try:
        while (step := await made.get()) is not None:
            if isinstance(step, Exception):
                raise step
            yield step
    finally:
        for task in tasks:
            task.cancel()


async def _unless_gone(request: Request, wanted: Awaitable[_Wanted]) -> _Wanted:
    """What is ``wanted``. Raises ClientDisconnect where the client leaves before it is there,
    and gives it up."""

    async def leave() -> None:
        while (await request.receive())["type"] != "http.disconnect":
            pass

    working, leaving = asyncio.ensure_future(wanted), asyncio.ensure_future(leave())
    either: set[asyncio.Future[Any]] = {working, leaving}
    try:
        await asyncio.wait(either, return_when=asyncio.FIRST_COMPLETED)
        if not working.done():
            raise ClientDisconnect
        return working.result()
    finally:
        working.cancel()
        leaving.cancel()


async def _rest(steps: AsyncGenerator[_Step]) -> list[_Step]:
    async with aclosing(steps):
        return [step async for step in steps]


async def _lines(first: _Step, rest: AsyncGenerator[_Step]) -> AsyncGenerator[str]:
    """The steps, each a line of JSON; what breaks on the way, too, since the status was sent."""
    async with aclosing(rest):
        try:
            yield _line(first)
            async for step in rest:
                yield _line(step)
        except _StoppingError as error:
            yield _line({"error": str(error)})
        except Exception as error:
            _LOG.error("an answer broke off", exc_info=error)
            yield _line({"error": FAILED})


def _reading(qa: ArticleQA, desk: Desk, work: _Work) -> APIRouter:
    routes = APIRouter()

    @routes.get("/articles", response_model=None, responses=_gives(ArticlePage, "A page of the list."))
    async def articles(
        words: Annotated[str, Query(max_length=200, description="Each must stand in title, source, author or id")] = "",
        source: Annotated[str | None, Query(max_length=2000)] = None,
        language: Annotated[str | None, Query(max_length=40)] = None,
        order: Order = "newest",
        offset: Annotated[int, Query(ge=0, le=2**31)] = 0,
        limit: Annotated[int, Query(ge=1, le=MOST_LISTED)] = 50,
    ) -> Response:
        """The articles, without their texts, a page at a time."""
        found = await work(
            qa.index.browse, words, source=source, language=language, order=order, offset=offset, limit=limit
        )
        listed = [{**article_facts(one), "language": one.language} for one in found.articles]
        return _json({"total": found.total, "articles": listed})

    @routes.get("/articles/{id:path}", response_model=None, responses=_gives(ArticleWhole, "The article."))
    async def article(
        id: str,  # noqa: A002 - it is what the address calls it
        revision: Annotated[int | None, Query(ge=1, le=2**31)] = None,
        start: Annotated[int | None, Query(ge=0, le=2**31)] = None,
        end: Annotated[int | None, Query(ge=0, le=2**31)] = None,
        *,
        changes: bool = False,
    ) -> Response:
        """One article, whole: the newest revision or the one given, for the words from `start`
        to `end` their references, and with `changes` what changed from the revision before.

        The id is percent-encoded, slashes too.
        """
        return _json(await work(desk.article, id, revision=revision, start=start, end=end, changes=changes))

    return routes


def _keeping(qa: ArticleQA, work: _Work) -> APIRouter:
    routes = APIRouter()

    @routes.post(
        "/export",
        response_class=Response,
        responses={200: {"content": _content(*_MEDIA.values()), "description": "The document."}},
    )
    async def exported(wanted: Exported) -> Response:
        """A conversation as a document with full references."""
        style = wanted["style"]
        text = await work(export, wanted["conversation"], style, exported=datetime.now(UTC))
        # Never shown within this page's origin, whatever it holds.
        headers = {"content-disposition": "attachment"}
        return Response(text, media_type=f"{_MEDIA[style]}; charset=utf-8", headers=headers)

    @routes.post("/feedback", status_code=204, response_class=Response)
    async def feedback(given: Feedback) -> Response:
        """Keep what a reader thinks of an answer, in a file beside the index. Its quotes must be
        words of the articles."""
        told = feedback_from(given)
        await work(_check_quotes, qa, told.cited)
        await work(append, qa.index.path, told)
        return Response(status_code=204)

    return routes


def _check_quotes(qa: ArticleQA, cited: Sequence[Cited]) -> None:
    """Raises QuestionError where an article doesn't hold the words that it is to be measured by."""
    for place, one in enumerate(cited):
        try:
            held = one.quote in qa.index.article(one.article_id, revision=one.revision).text
        except ArticleNotFoundError:
            held = False
        if not held:
            raise QuestionError(
                f"answer.citations[{place}].quote does not stand in that article here: ask again, then rate the answer"
            )


def _adding(uploads: Uploads) -> APIRouter:
    routes = APIRouter()
    # Of their own: who adds files is not to keep others from asking.
    turnstile = Turnstile(waiting=_FILES_WAITING)

    @routes.post(
        "/articles",
        response_model=None,
        responses=_gives(Outcomes, "What became of each article in it."),
        openapi_extra={"requestBody": {"content": _content("application/octet-stream"), "required": True}},
    )
    async def add(request: Request, name: Annotated[str, Query(max_length=1000)]) -> Response:
        """Add the file that is the body of the request; `name` is its file name, whose ending
        says how to read it."""
        async with turnstile.passed():
            try:
                with uploads.held(name) as file:
                    if not await _arrived(request, file):
                        return _problem(408, "The file took too long to arrive. Send it again.")
                    report = await run_in_threadpool(uploads.add, name, file)
            except StoreError as error:
                # It is written for whoever sends a file: it names no folder.
                return _problem(503, str(error), {"retry-after": "10"})
        return _json(
            {
                "outcomes": [
                    {"name": one.name, "status": one.status, "id": one.article_id, "reason": one.reason}
                    for one in report.outcomes
                ]
            }
        )

    return routes


async def _arrived(request: Request, file: IO[bytes]) -> bool:
    """Writes the body to ``file``; says whether it came in time."""
    try:
        async with asyncio.timeout(_PATIENCE):
            async for piece in request.stream():
                file.write(piece)
    except TimeoutError:
        return False
    return True


def _problems(routes: FastAPI) -> None:
    """Every error as ``{"error": message}``."""

    @routes.exception_handler(RequestValidationError)
    async def unusable(_request: Request, error: Exception) -> Response:
        told = cast(RequestValidationError, error).errors()
        if told[0]["type"] == "json_invalid" or told[0]["loc"] == ("body",):
            return _problem(422, _NO_OBJECT)
        return _problem(422, "; ".join(f"{_place(one['loc'])}: {one['msg']}" for one in told[:5]))

    @routes.exception_handler(HTTPException)
    async def refused(_request: Request, error: Exception) -> Response:
        known = cast(HTTPException, error)
        if known.status_code == 400:
            # FastAPI's word for a body that its parser gives up on, for depth or encoding.
            return _problem(422, _NO_OBJECT)
        return _problem(known.status_code, str(known.detail), known.headers)

    @routes.exception_handler(BylineError)
    async def said(_request: Request, error: Exception) -> Response:
        if isinstance(error, QuestionError):
            return _problem(422, str(error))
        if isinstance(error, ArticleNotFoundError):
            return _problem(404, str(error))
        _LOG.error("a request failed: %s", error)
        return _problem(503 if isinstance(error, StoreError) else 500, FAILED)

    @routes.exception_handler(BusyError)
    async def busy(_request: Request, error: Exception) -> Response:
        return _problem(503, str(error), {"retry-after": "3"})

    @routes.exception_handler(Exception)
    async def failed(_request: Request, error: Exception) -> Response:
        # The reader gets no stack and no path; whoever runs the server gets both.
        _LOG.error("a request failed", exc_info=error)
        return _problem(500, FAILED)


def _gives(shape: Any, what: str) -> dict[int | str, dict[str, Any]]:
    return {200: {"model": shape, "description": what}}


def _content(*media: str) -> dict[str, dict[str, Any]]:
    return {one: {} for one in media}


def _json(value: object, status: int = 200, headers: Mapping[str, str] | None = None) -> Response:
    # Escaped to ASCII: what was posted may hold what no encoding can.
    return Response(json.dumps(value), status, headers, "application/json")


def _line(value: object) -> str:
    return json.dumps(value) + "\n"


def _counts(counted: Mapping[str | None, int]) -> list[dict[str, Any]]:
    return [{"name": name, "articles": count} for name, count in counted.items()]


def _place(loc: Sequence[str | int]) -> str:
    """Where in the request: ``history[0].question``."""
    told = "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in loc[1:])
    return told.lstrip(".") or "the request"


def _problem(status: int, message: str, headers: Mapping[str, str] | None = None) -> Response:
    return _json({"error": message}, status, headers)
