"""A language model behind an OpenAI-compatible endpoint: asked, timed and never trusted."""

from __future__ import annotations

import math
import os
import random
import re
import socket
import ssl
import time
from collections.abc import Callable, Generator, Iterator, Mapping, Sequence
from contextlib import closing, suppress
from email.utils import parsedate_to_datetime
from http import HTTPStatus
from types import ModuleType, TracebackType
from typing import TYPE_CHECKING, Any, Literal, Self
from urllib.parse import urlsplit

from index.article import clean_line
from index.errors import EndpointError, SettingsError
from qa.answer import Usage
from qa.escape import visible

if TYPE_CHECKING:
    from openai import APIStatusError

    from qa.wire import Call

__all__ = ["LanguageModel", "Message", "Role", "Stream"]

Role = Literal["system", "user", "assistant"]
Message = tuple[Role, str]

# How often one thing is asked for, and the first pause, in seconds: each is about twice the last.
_TRIES = 3
_PAUSE = 0.25
# Statuses that may be others a moment later; so may those from 500 on but for a few.
_PASSING = frozenset({408, 409, 425, 429})
_LASTING = frozenset({501, 505, 511})
# Seconds; whoever asks to wait longer says nothing more by it.
_LONGEST_WAIT = 86_400.0
# Bytes of an answer: an event for each token of some 300 bytes, and ample room.
_BYTES_A_TOKEN = 2_000
_SPARE_BYTES = 500_000
_BYTES_OF_A_LIST = 8_000_000
# Characters of an answer: more than tokens hold on average.
_CHARACTERS_A_TOKEN = 20
_SPARE_CHARACTERS = 2_000
# Seconds that an endpoint has for its last words once the text is at its end, and for the
# list of its models where it doesn't know the one asked for.
_GRACE = 1.0
# What chat templates put around a message, in tokens.
_AROUND = 8
# Parameters that some endpoints refuse; each is left out from when it is refused by name.
_OPTIONAL: Mapping[str, Any] = {"stream_options": {"include_usage": True}, "temperature": 0, "seed": 0}
_REFUSING = frozenset({400, 422})
# Models named in an error, and characters of what an endpoint says that are worth reading.
_NAMED = 12
_WORDS = 200

_TOO_LONG = re.compile(r"context[\s_-]?(?:length|size|window)|exceed_context|maximum context|prompt is too long", re.I)
# What tokenizers divide text at, or most of it: words, names, abbreviations, blanks, signs.
_RUN = re.compile(r"[a-z]+|[A-Z]{2,}(?![a-z])|[A-Z][a-z]*|\s+|.")
# How models mark what they think before they answer.
_MARKS = tuple(
    f"{mark[0]}{end}{mark[1:]}"
    for mark in ("<think>", "<thinking>", "<thought>", "<reasoning>", "[think]")
    for end in ("", "/")
)
_THINKING = re.compile("|".join(map(re.escape, _MARKS)), re.IGNORECASE)
# What sets colours, moves and names of a terminal, and what may become it.
# Source: ECMA-48, 5.4 Control sequences and 5.6 Control strings.
_ESCAPE = re.compile("(?:\x1b\\[|\x9b)[0-?]{0,30}[ -/]{0,4}[@-~]|\x1b[\\]PX^_][^\x07\x1b\n]{0,200}(?:\x07|\x1b\\\\)")
_ESCAPE_BEGUN = re.compile("(?:\x1b\\[|\x9b)[0-?]{0,30}[ -/]{0,4}\\Z|\x1b[\\]PX^_][^\x07\x1b\n]{0,200}\x1b?\\Z|\x1b\\Z")
_NO_KEY = "[key]"
# What is shorter is no secret: servers that want none are given "ollama", "none", "x".
_SHORTEST_KEY = 8


class LanguageModel:
    """One model of one endpoint. Safe to share between threads.

    Nothing is sent to any other place: redirects are not followed, and neither proxies nor
    the OPENAI_* variables of the environment are used.
    """

    def __init__(
        self, base_url: str, model: str, *, key: str | None = None, timeout: float = 30.0, context: int = 4096
    ) -> None:
        """``timeout`` is for a whole answer, in seconds; ``context`` the tokens that a prompt and
        its answer may have together.

        Raises SettingsError where one of them can't be used, or the ``openai`` package is missing.
        """
        self.base_url = _place(base_url)
        if not model.strip() or clean_line(model) != model:
            raise SettingsError(
                f"--llm-model {clean_line(model)[:80]!r}: no name of a model: give one that the server lists"
            )
        if not 0 < timeout < math.inf:
            raise SettingsError(f"--llm-timeout {timeout}: give a number of seconds above 0")
        if context < 1:
            raise SettingsError(f"--llm-context {context}: give how many tokens the model reads, such as 4096")
        if key is not None and not re.fullmatch(r"[!-~]+", key):
            raise SettingsError("BYLINE_LLM_API_KEY: holds blanks or letters that no key has: set it anew")
        self.name = model
        self.timeout = timeout
        self.context = context
        self._key = key
        self._left_out: frozenset[str] = frozenset()
        self._limit = "max_tokens"
        self._openai = _package()
        # Its library for HTTP comes with it, so that this can't stand above.
        from qa.wire import client

        self._transport = client(key, tls=urlsplit(self.base_url).scheme == "https")
        # The key is the transport's to send. What the package takes from the environment, the
        # transport takes out again.
        self._client = self._openai.OpenAI(
            api_key="none", base_url=self.base_url, max_retries=0, http_client=self._transport
        )

    def __repr__(self) -> str:
        return f"LanguageModel({self.base_url!r}, {self.name!r})"

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Give back what it holds; it can't be asked any more."""
        self._transport.close()

    def count(self, text: str) -> int:
        """How many tokens ``text`` has, or some more: every model has its own tokenizer, and none
        is loaded here. The same for the same text, whatever was asked before, so that prompts are too."""
        # No tokenizer makes more of a text than its bytes and a mark of its beginning.
        most = len(text.encode("utf-8", "replace")) + 1
        return min(most, math.ceil(_estimate(text)))

    def stream(
        self, messages: Sequence[Message], *, most: int, seconds: float | None = None, since: float | None = None
    ) -> Stream:
        """Have an answer of at most ``most`` tokens written to ``messages`` within ``seconds``
        (default: ``timeout``) from ``since`` on, as ``time.perf_counter`` counts (default: from
        now); it is asked for at once, and not at all where they are over."""
        from qa.wire import Call

        wait = self.timeout if seconds is None else seconds
        sent = [{"role": role, "content": _sound(content)} for role, content in messages]
        notes = _Notes(sum(self.count(message["content"]) + _AROUND for message in sent))
        call = Call(
            self.base_url,
            lambda call: self._tried(call, lambda call: self._written(call, sent, most, notes)),
            seconds=wait,
            since=since,
            most=_SPARE_BYTES + _BYTES_A_TOKEN * most,
        )
        return Stream(call, notes, self.count)

    def models(self, *, seconds: float | None = None) -> tuple[str, ...]:
        """The names of the models that the endpoint lists, in its order.

        Raises EndpointError where it doesn't list them within ``seconds`` (default: ``timeout``).
        """
        from qa.wire import Call

        wait = self.timeout if seconds is None else seconds
        listed = Call(self.base_url, lambda call: self._tried(call, self._listed), seconds=wait, most=_BYTES_OF_A_LIST)
        with closing(listed):
            return tuple(dict.fromkeys(listed))

    def _tried(self, call: Call[str], ask: Callable[[Call[str]], Generator[str]]) -> Generator[str]:
        """What ``ask`` gives, asked again where it gave nothing and may give something later.

        Raises EndpointError where it fails.
        """
        begun = False
        for tries in range(1, _TRIES + 1):
            try:
                for piece in ask(call):
                    begun = True
                    yield piece
                return
            except Exception as error:  # the package's, its transport's, or of reading what was sent
                told, pause = self._explained(error, call)
            pause = max(pause, _PAUSE * 2 ** (tries - 1) * random.uniform(0.8, 1.2))  # noqa: S311
            if begun or tries == _TRIES or pause >= call.left():
                raise told
            call.trouble = told
            call.pause(pause)

    def _listed(self, call: Call[str], wait: float | None = None) -> Generator[str]:
        listed = _field(self._client.models.list(timeout=wait or call.left() + _GRACE), "data")
        for model in listed if isinstance(listed, list) else ():
            name = _field(model, "id")
            if isinstance(name, str) and (line := self._line(name)):
                yield line[:_WORDS]

    def _written(
        self, call: Call[str], messages: Sequence[Mapping[str, str]], most: int, notes: _Notes
    ) -> Generator[str]:
        """The pieces of an answer, whole and without what the model thinks before it."""
        text, finish = _Text(self._key), ""
        characters = _SPARE_CHARACTERS + _CHARACTERS_A_TOKEN * most
        with closing(self._begun(call, messages, most)) as events:
            for event in events:
                call.left()  # many come at a time, and need not hold text
                _note(_field(event, "usage"), notes)
                choices = _field(event, "choices")
                if finish or not isinstance(choices, list) or not choices:
                    continue
                finish = self._finish(choices[0])
                piece = self._content(choices[0])
                try:
                    piece = text.add(piece) + (text.end() if finish else "")
                except _ThoughtsError:
                    raise self._error(
                        "mixes what it thinks into its answer: start its server with this model's reasoning parser"
                    ) from None
                if text.length > characters:
                    raise self._error(f"wrote past the {most:,} tokens asked for: name another model")
                if piece:
                    yield piece
                if finish:
                    notes.cut = finish == "length"
                    if text.blank:
                        raise self._error(
                            f"spent all {most:,} tokens on thinking: turn its thinking off, or name another model"
                            if notes.cut
                            else "wrote nothing: try again, or name another model"
                        )
                    call.end_within(_GRACE)
        if not finish:
            kind = (
                "" if call.kind in ("", "text/event-stream") else f" ({self._shown(call.kind)} came, no event stream)"
            )
            raise self._error(f"broke off before the end of its answer{kind}: try again, or check --llm-base-url")

    def _begun(self, call: Call[str], messages: Sequence[Mapping[str, str]], most: int) -> Any:
        """The stream of events, asked for without what the endpoint has refused before."""
        create: Any = self._client.chat.completions.create
        while True:
            limit, left_out = self._limit, self._left_out
            optional = {name: value for name, value in _OPTIONAL.items() if name not in left_out}
            try:
                return create(
                    model=self.name,
                    messages=messages,
                    stream=True,
                    timeout=call.left() + _GRACE,
                    **{limit: most},
                    **optional,
                )
            except self._openai.APIStatusError as error:
                said = error.response.text if error.status_code in _REFUSING else ""
                if limit == "max_tokens" and "max_completion_tokens" in said and not _TOO_LONG.search(said):
                    self._limit = "max_completion_tokens"
                elif refused := [name for name in optional if re.search(rf"\b{name}\b", said)]:
                    self._left_out = left_out | set(refused)
                else:
                    raise

    def _finish(self, choice: object) -> str:
        """Why an event says that the text is at its end; nothing where it isn't."""
        finish = _field(choice, "finish_reason")
        if finish == "content_filter":
            raise self._error("withheld its answer by a filter of contents: ask otherwise, or name another model")
        return finish if isinstance(finish, str) else ""

    def _content(self, choice: object) -> str:
        """What an event adds to the text."""
        delta = _field(choice, "delta")
        if _field(delta, "tool_calls") or _field(delta, "function_call"):
            raise self._error("called a tool, and was given none: name a model that answers in words")
        refusal = _field(delta, "refusal")
        if isinstance(refusal, str) and refusal:
            raise self._error(f"declined to answer ({self._shown(refusal)}): ask otherwise, or name another model")
        content = _field(delta, "content")
        if content is not None and not isinstance(content, str):
            raise self._error("sent something else than text: name a model that answers in words")
        return content or ""

    def _explained(self, error: Exception, call: Call[str]) -> tuple[EndpointError, float]:
        """What to say of a failure, and after how many seconds it may be gone, infinity if it won't."""
        if isinstance(error, EndpointError):
            return error, math.inf
        if isinstance(error, self._openai.APIStatusError):
            return self._refused(error, call)
        if isinstance(error, self._openai.APIConnectionError):
            return self._unreached(error)
        if isinstance(error, self._openai.APIError):
            why = self._shown(error.message)
            return self._error(f"broke off ({why}): try again, or see what its server logs"), math.inf
        if "html" in call.kind:
            return self._error("answered with a web page: check --llm-base-url, which mostly ends in /v1"), math.inf
        return self._error(
            f"sent what can't be read ({type(error).__name__}): check --llm-base-url, or name another server"
        ), math.inf

    def _refused(self, error: APIStatusError, call: Call[str]) -> tuple[EndpointError, float]:
        status = error.status_code
        named = f"{status} {HTTPStatus(status).phrase}" if status in set(HTTPStatus) else f"{status}"
        said = self._shown(_message(error.body))
        told = f"answered {named}{f' ({said})' if said else ''}"
        if 300 <= status < 400:
            place = self._shown(error.response.headers.get("location", "")) or "another place"
            return self._error(
                f"sends on to {place}, where nothing was sent: if you trust it, name it with --llm-base-url"
            ), math.inf
        if status == HTTPStatus.UNAUTHORIZED:
            do = "check the key in" if self._key else "it wants a key: set"
            return self._error(f"{told}: {do} BYLINE_LLM_API_KEY"), math.inf
        if status == HTTPStatus.FORBIDDEN:
            return self._error(f"{told}: check that the key in BYLINE_LLM_API_KEY may use {self.name}"), math.inf
        if status == HTTPStatus.NOT_FOUND:
            return self._error(f"{told}: {self._instead(error, call)}"), math.inf
        if status == HTTPStatus.REQUEST_ENTITY_TOO_LARGE or _TOO_LONG.search(error.response.text):
            return self._error(f"{told}: set --llm-context to the tokens that {self.name} reads there"), math.inf
        if status in _PASSING or (status >= 500 and status not in _LASTING):
            pause = _retry_after(error.response.headers)
            when = f"in {math.ceil(pause):,} s" if pause > 1 else "later"
            return self._error(f"{told}: try again {when}, or see what its server logs"), pause
        return self._error(f"{told}: check --llm-model and --llm-base-url"), math.inf

    def _instead(self, error: APIStatusError, call: Call[str]) -> str:
        """What to do where something isn't there: the models that are, where they are told."""
        names: list[str] = []
        if error.request.method == "POST":
            with suppress(Exception):  # what matters is the error at hand
                names = list(dict.fromkeys(self._listed(call, _GRACE)))
        if not names or self.name in names:
            return "check --llm-base-url, which mostly ends in /v1, and --llm-model"
        more = f" and {len(names) - _NAMED:,} more" if len(names) > _NAMED else ""
        return f"it has no {self.name}; give as --llm-model one of {', '.join(names[:_NAMED])}{more}"

    def _unreached(self, error: Exception) -> tuple[EndpointError, float]:
        causes: list[BaseException] = [error]
        while (cause := causes[-1].__cause__ or causes[-1].__context__) is not None:
            causes.append(cause)
        for cause in causes:
            if isinstance(cause, ssl.SSLCertVerificationError):
                why = self._shown(cause.verify_message)
                return self._error(f"its certificate can't be trusted ({why}): check --llm-base-url"), math.inf
            if isinstance(cause, ssl.SSLError):
                return self._error("doesn't speak TLS: check --llm-base-url, which may begin with http://"), math.inf
            if isinstance(cause, socket.gaierror):
                return self._error("its host has no address: check --llm-base-url"), math.inf
            if isinstance(cause, ConnectionRefusedError):
                return self._error("nothing listens there: start its server, or check --llm-base-url"), 0.0
        if isinstance(error, self._openai.APITimeoutError):
            return self._error("said nothing in time: give it longer with --llm-timeout"), math.inf
        why = self._shown(str(causes[min(1, len(causes) - 1)]))
        return self._error(f"the connection failed ({why}): check --llm-base-url, or try again"), 0.0

    def _error(self, what: str) -> EndpointError:
        return EndpointError(f"{self.base_url}: {what}")

    def _shown(self, text: str) -> str:
        """What an endpoint says, safe to show: ``_line``, cut."""
        line = self._line(text)
        return line if len(line) <= _WORDS else f"{line[:_WORDS]}…"

    def _line(self, text: str) -> str:
        """What an endpoint says, on one line and without the key."""
        line = clean_line(visible(_ESCAPE.sub("", text)))
        return line.replace(self._key, _NO_KEY) if self._key else line


class Stream(Iterator[str]):
    """An answer as it is written: pieces of text as they come.

    Iterating raises EndpointError where the endpoint fails, at the latest when the time is
    over. It is to be read to the end or closed, as by ``with``.
    """

    def __init__(self, call: Call[str], notes: _Notes, count: Callable[[str], int]) -> None:
        self._call = call
        self._notes = notes
        self._count = count
        self._pieces: list[str] = []

    def __next__(self) -> str:
        self._pieces.append(next(self._call))
        return self._pieces[-1]

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Stop the writing, at the endpoint too."""
        self._call.close()

    def check_time(self) -> None:
        """Raises EndpointError where its time is over, even if all has come: what is made of it is too late."""
        self._call.check_time()

    @property
    def cut(self) -> bool:
        """Whether the answer ends because it may have no more tokens: its last sentence may not be whole."""
        return self._notes.cut

    @property
    def usage(self) -> Usage:
        """The tokens so far; as the endpoint reports them once it does, which is at the end."""
        if self._notes.reported is not None:
            prompt, completion = self._notes.reported
            return Usage(prompt=prompt, completion=completion, reported=True)
        return Usage(prompt=self._notes.prompt, completion=self._count("".join(self._pieces)), reported=False)


class _Notes:
    """What is learnt of an answer while it comes; ``prompt`` is how many tokens were counted."""

    def __init__(self, prompt: int) -> None:
        self.prompt = prompt
        self.reported: tuple[int, int] | None = None
        self.cut = False


class _ThoughtsError(Exception):
    """Thoughts end that never began: all that came before was one."""


class _Text:
    """Text put together from pieces, as it may be shown: without thoughts, without halves of
    characters, without what a reader doesn't see or a terminal obeys, and without the ``key``."""

    def __init__(self, key: str | None = None) -> None:
        self.length = 0
        """Characters that came, thoughts too."""
        self.blank = True
        """Whether nothing but white space and thoughts came."""
        secret = key if key is not None and len(key) >= _SHORTEST_KEY else None
        self._secret = None if secret is None else re.compile(re.escape(secret))
        # What is held back since what follows it decides: half a character, or what may
        # become an escape sequence, a mark of thoughts or the key.
        self._half = self._escape = self._mark = self._key = ""
        self._begun_key = (lambda _: 0) if secret is None else (lambda rest: _begun(rest, (secret,)))
        self._thinks = False

    def add(self, piece: str) -> str:
        """What ``piece`` adds that is sure to be text.

        Raises _ThoughtsError where thoughts end that never began.
        """
        self.length += len(piece)
        return self._take(piece, last=False)

    def end(self) -> str:
        """What was held back."""
        return self._take("", last=True)

    def _take(self, piece: str, *, last: bool) -> str:
        text = self._half + piece
        halved = not last and "\ud800" <= text[-1:] <= "\udbff"
        self._half = text[-1:] if halved else ""
        text = _sound(text[:-1] if halved else text)
        text, self._escape = _without(self._escape + text, _ESCAPE, "", _begun_escape, last=last)
        text = self._without_thoughts(visible(text), last=last)
        if self._secret is not None:
            text, self._key = _without(self._key + text, self._secret, _NO_KEY, self._begun_key, last=last)
        self.blank = self.blank and not text.strip()
        return text

    def _without_thoughts(self, text: str, *, last: bool) -> str:
        text = self._mark + text
        kept, at = [], 0
        for mark in _THINKING.finditer(text):
            ends = mark[0][1] == "/"
            if ends and not self._thinks:
                raise _ThoughtsError
            if not self._thinks:
                kept.append(text[at : mark.start()])
            self._thinks, at = not ends, mark.end()
        rest = text[at:]
        held = 0 if last else _begun(rest.lower(), _MARKS)
        self._mark = rest[len(rest) - held :]
        if not self._thinks:
            kept.append(rest[: len(rest) - held])
        return "".join(kept)


def _without(
    text: str, pattern: re.Pattern[str], instead: str, begun: Callable[[str], int], *, last: bool
) -> tuple[str, str]:
    """``text`` with ``instead`` for what the pattern finds, and what is to be held back of it:
    so many characters at its end as ``begun`` says may be the beginning of such."""
    kept, at = [], 0
    for found in pattern.finditer(text):
        kept += [text[at : found.start()], instead]
        at = found.end()
    rest = text[at:]
    held = 0 if last else begun(rest)
    return "".join([*kept, rest[: len(rest) - held]]), rest[len(rest) - held :]


def _begun(text: str, marks: Sequence[str]) -> int:
    """How many characters at the end may be the beginning of a mark."""
    longest = min(len(text), max(map(len, marks)) - 1)
    return next((n for n in range(longest, 0, -1) if any(mark.startswith(text[-n:]) for mark in marks)), 0)


def _begun_escape(text: str) -> int:
    begun = _ESCAPE_BEGUN.search(text)
    return len(text) - begun.start() if begun else 0


def _sound(text: str) -> str:
    """``text`` with its surrogates put together in pairs, and U+FFFD for single ones."""
    return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")


def _field(value: object, name: str) -> Any:
    """What an endpoint sent by that name: it may send any shape, whatever its type says."""
    return value.get(name) if isinstance(value, dict) else getattr(value, name, None)


def _note(usage: object, notes: _Notes) -> None:
    prompt, completion = _field(usage, "prompt_tokens"), _field(usage, "completion_tokens")
    if _is_count(prompt) and _is_count(completion):
        notes.reported = prompt, completion


def _is_count(value: object) -> bool:
    return type(value) is int and 0 <= value < 10_000_000


def _message(body: object) -> str:
    """The words of an error's body, whatever its shape."""
    for _ in range(4):
        if isinstance(body, str):
            return "a web page" if body.lstrip().startswith("<") else body
        if isinstance(body, list):
            body = body[0] if body else None
        else:
            body = next(filter(None, (_field(body, name) for name in ("message", "error", "detail", "msg"))), None)
    return ""


def _retry_after(headers: Mapping[str, str]) -> float:
    """Seconds that an endpoint asks to wait, 0 where it doesn't say.

    Source: RFC 9110, 10.2.3 Retry-After.
    """
    written = headers.get("retry-after", "")
    if re.fullmatch(r"\d{1,9}(\.\d+)?", written, re.ASCII):
        return min(_LONGEST_WAIT, float(written))
    try:
        return min(_LONGEST_WAIT, max(0.0, parsedate_to_datetime(written).timestamp() - time.time()))
    except (ValueError, OverflowError):
        return 0.0


def _package() -> ModuleType:
    """The ``openai`` package.

    Raises SettingsError where it isn't installed.
    """
    # It sets up the logging of the whole program where this tells it to.
    logging = os.environ.pop("OPENAI_LOG", None)
    try:
        # It looks for this one in the middle of an answer, and trips where another thread is
        # importing it.
        import httpx  # noqa: F401
        import openai
    except ModuleNotFoundError as error:
        raise SettingsError("the package openai is missing: run `pip install 'byline[llm]'`") from error
    finally:
        if logging is not None:
            os.environ["OPENAI_LOG"] = logging
    return openai


def _place(base_url: str) -> str:
    """The base URL without a slash at its end.

    Raises SettingsError where it can't be one.
    """
    shown = clean_line(base_url)[:_WORDS]
    if "@" in base_url:
        raise SettingsError("--llm-base-url: holds a user or an @: give it without, and the key as BYLINE_LLM_API_KEY")
    try:
        parts = urlsplit(base_url)
        sound = parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:
        sound = False
    if not sound or not re.fullmatch(r"[!-~]+", base_url):
        raise SettingsError(f"--llm-base-url {shown!r}: no address: give one such as http://localhost:11434/v1")
    if "?" in base_url or "#" in base_url:
        raise SettingsError("--llm-base-url: ends in ?… or #…: give it without, and the key as BYLINE_LLM_API_KEY")
    if base_url.rstrip("/").endswith("/chat/completions"):
        raise SettingsError(f"--llm-base-url {shown!r}: give it without /chat/completions")
    return base_url.rstrip("/")


def _estimate(text: str) -> float:
    """Tokens of ``text``, mostly some more; what letters a token holds is set by hand, below
    what tokenizers of 32,000 tokens and more reach on news. Digits stand alone in many."""
    return 1 + sum(map(_tokens, _RUN.findall(text)))


def _tokens(run: str) -> float:
    first = run[0]
    if run.isspace():
        return 0 if run == " " else min(len(run), 1 + run.count("\n") + len(run) // 4)
    if not first.isascii():
        # Letters with accents mostly share a token; of other scripts a token may be a byte.
        return 1.5 if first < "\u0250" else len(run.encode("utf-8", "replace"))
    if run.islower():
        return math.ceil(len(run) / 4)
    if run.isupper() and len(run) > 1:
        return math.ceil(len(run) / 2)
    return math.ceil(len(run) / 3)
