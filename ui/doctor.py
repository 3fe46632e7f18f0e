"""What ``byline doctor`` finds: whether the index and a language model's endpoint work, and what to fix."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from index import ArticleIndex, BylineError
from index.errors import EndpointError
from qa.llm import LanguageModel, Message

__all__ = ["Finding", "examine"]

# Models named, of those that an endpoint lists.
_SHOWN = 36
# What is asked of a model, and for how many tokens.
_ASKED: tuple[Message, ...] = (("user", "Write the numbers from one to ten as words."),)
_TOKENS = 16
# The package of each extra, and what it is for.
_EXTRAS = {"llm": ("openai", "answers by a language model"), "openvino": ("openvino", "faster embedding on processors")}


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One thing that was looked at: whether it is well, perhaps with a ``warning``, and what was
    found or is to be done."""

    about: str
    sound: bool
    told: str
    warning: bool = False

    def to_dict(self) -> dict[str, Any]:
        """As JSON can hold it."""
        return {"about": self.about, "ok": self.sound, "warning": self.warning, "told": self.told}


def examine(folder: Path, url: str | None, name: str | None, key: str | None, **settings: Any) -> Iterator[Finding]:
    """What is found of the index at ``folder`` and, where ``url`` is given, of the model ``name``
    there, one thing after the other; ``settings`` are those of ``LanguageModel``.

    Raises SettingsError where the settings can't be used.
    """
    # Settings that can't be used are refused before anything takes its time.
    llm = LanguageModel(url, name or "unnamed", key=key, **settings) if url is not None and _version("openai") else None
    yield _index(folder)
    for extra, (package, use) in _EXTRAS.items():
        installed = _version(package)
        missing = f"not installed: for {use} run `pip install 'byline[{extra}]'`"
        wanted = extra == "llm" and url is not None
        yield Finding(about=package, sound=bool(installed) or not wanted, told=installed or missing)
    if llm is None:
        return
    with llm:
        yield from _endpoint(llm, named=name is not None)
    # Without one most local servers answer, and no hosted one does.
    yield Finding(about="key", sound=True, told=f"BYLINE_LLM_API_KEY is {'set' if key else 'not set'}")


def _index(folder: Path) -> Finding:
    try:
        with ArticleIndex.open(folder, read_only=True) as index:
            stats = index.stats()
    except BylineError as error:
        return Finding(about="index", sound=False, told=str(error))
    held = stats.facts
    if not held.articles:
        return Finding(about="index", sound=False, told=f"{folder}: no article is in it: run `byline add`")
    counts = f"{held.articles:,} articles, {held.sentences:,} sentences"
    return Finding(about="index", sound=True, told=f"{folder}: {counts}, embedded by {stats.model} with {stats.engine}")


def _endpoint(llm: LanguageModel, *, named: bool) -> Iterator[Finding]:
    try:
        listed, unlisted = llm.models(), None
    except EndpointError as error:
        listed, unlisted = (), error
    answer = _answer(llm) if named else None
    if unlisted is None:
        more = f" and {len(listed) - _SHOWN:,} more" if len(listed) > _SHOWN else ""
        told = f"lists {', '.join(listed[:_SHOWN])}{more}" if listed else "lists no model"
        yield Finding(about="endpoint", sound=True, told=f"{llm.base_url}: {told}")
    elif answer is not None and answer.sound:
        why = str(unlisted).removeprefix(f"{llm.base_url}: ").partition(": ")[0]
        told = f"answers, and doesn't list its models (to that it {why})"
        yield Finding(about="endpoint", sound=True, told=f"{llm.base_url}: {told}")
    else:
        yield Finding(about="endpoint", sound=False, told=str(unlisted))
        if answer is not None and answer.told == str(unlisted):
            return
    if answer is None:
        yield Finding(about="model", sound=False, told="none is named: give one with --llm-model")
        return
    if unlisted is None:
        # Ollama lists a model with its tag, and takes it without where that is "latest".
        known = {llm.name, f"{llm.name}:latest"} & set(listed)
        told = f"{llm.name} is {'' if known else 'not '}among those listed"
        # A server may answer to any name with the one model that it has.
        other = ", though the endpoint answers to it: another model may be what answers" if answer.sound else ""
        instead = "" if known else f"{other}: give one of them with --llm-model"
        yield Finding(
            about="model",
            sound=bool(known) or answer.sound,
            warning=not known and answer.sound,
            told=f"{told}{instead}",
        )
    yield answer


def _answer(llm: LanguageModel) -> Finding:
    began = time.monotonic()
    times = []
    try:
        with llm.stream(_ASKED, most=_TOKENS) as stream:
            for _ in stream:
                times.append(time.monotonic())  # noqa: PERF401
    except EndpointError as error:
        return Finding(about="answer", sound=False, told=str(error))
    pace = f", then {(len(times) - 1) / (times[-1] - times[0]):,.0f} pieces a second" if len(times) > 2 else ""
    told = f"{llm.name} writes: the first piece after {1000 * (times[0] - began):,.0f} ms{pace}"
    return Finding(about="answer", sound=True, told=told)


def _version(package: str) -> str | None:
    try:
        return version(package)
    except PackageNotFoundError:
        return None
