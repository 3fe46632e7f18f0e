"""A question set put to an index, and the folder that keeps what came of it.

Every question is asked once, as of its ``asked_on``, in a conversation that begins with its
earlier turns (``history``); all that is measured comes from that one answer. Where a language
model writes it, the answer without one comes of the same search and is kept beside it.

A run's folder holds ``run.json``, what was asked and of what; ``results.jsonl``, a ``Result``
a line in the set's order, the same bytes whenever the same index is asked the same (and a
language model, where one writes, says the same); and ``latency.jsonl``, how long each answer
took, and the tokens that it cost to write it.
"""

from __future__ import annotations

import hashlib
import json
import math
import os
import re
import signal
import threading
from collections.abc import Callable, Generator, Iterator, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import closing, contextmanager, suppress
from dataclasses import asdict, dataclass, fields, replace
from datetime import UTC, datetime
from functools import partial
from importlib.metadata import PackageNotFoundError, version
from multiprocessing import get_context, parent_process
from os import PathLike
from pathlib import Path
from time import perf_counter
from typing import Any, TypeVar
from urllib.parse import urlsplit

from filelock import FileLock, Timeout

from eval.machine import Machine, this_machine
from eval.questions import Question, question_of
from eval.record import Card, Cost, Quoted, Result, Said, Stretch, Struck, Verbatim, Writing
from eval.sets.shelf import standing
from index import (
    Article,
    ArticleIndex,
    ArticleNotFoundError,
    BylineError,
    Filter,
    Fingerprint,
    QuestionError,
    QuestionSetError,
    Revision,
    RunError,
    SettingsError,
)
from index.files import publish
from qa import Answer, ArticleQA
from qa.answer import Written
from qa.prompt import PROMPT
from qa.question import understand
from qa.writer import Writer

__all__ = ["Manifest", "Run", "Settings", "WriterSettings", "evaluate", "read_run", "violations"]

_Row = TypeVar("_Row")

_FORMAT = 1
_MANIFEST, _RESULTS, _LATENCY, _LOCK = "run.json", "results.jsonl", "latency.jsonl", ".lock"

_KEPT = 10
# A passage is of one article, and at most three are of the same, so that ten articles stand
# in thirty passages, wherever there are ten.
_PASSAGES = 3 * _KEPT
# What is beyond comes and goes with the order in which a processor adds.
_DIGITS = 6
_PACKAGES = ("byline", "numpy", "openvino", "sentence-transformers", "faiss-cpu", "tantivy")


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """What a run was asked for, as its user put it.

    ``questions`` and ``index`` are what the set and the index are called, None where nobody
    said, and only labels: a report may be passed round, and paths are nobody's business.
    ``left_out`` counts the set's broken lines that were passed over. ``seed`` and
    ``judge`` ("module:function", or a cross-encoder's name) are for its measures: asking needs neither, and a run that
    is taken up keeps those given last.
    """

    questions: str | None = None
    index: str | None = None
    left_out: int = 0
    seed: int = 0
    judge: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class WriterSettings:
    """The language model that wrote the answers, and how: ``endpoint`` is its address, in which
    no key and no password can stand, and which no report tells; ``prompt`` is the version of the
    prompt, ``timeout`` is in seconds and ``context`` in tokens; the rest are as
    ``qa.writer.Writer`` has them."""

    endpoint: str
    model: str
    prompt: str
    timeout: float
    context: int
    unsupported: str
    judge: str | None
    rewrites: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Manifest:
    """What a run asked, and of what. ``asked`` counts the questions; ``sha256`` is of the
    questions, one a line as ``Question.to_dict`` has them, whatever their file. ``reranker``,
    ``writer`` (None where the answers are verbatim) and ``jobs`` (processes, or threads where
    there is a writer, never more than questions) are how it asked; ``versions`` are those of
    the packages that answers depend on, None where one isn't installed (``machine`` has those
    of Python and torch); ``began`` is in UTC, ISO 8601."""

    asked: int
    sha256: str
    settings: Settings
    index: Fingerprint
    reranker: str | None
    jobs: int
    versions: Mapping[str, str | None]
    machine: Machine
    began: str
    writer: WriterSettings | None = None

    def to_dict(self) -> dict[str, Any]:
        """The manifest as ``run.json`` holds it."""
        return {"format": _FORMAT, **asdict(self)}

    def told(self) -> dict[str, Any]:
        """The manifest as a report may tell it: without the language model's address."""
        row = self.to_dict()
        if row["writer"]:
            del row["writer"]["endpoint"]
        return row

    @classmethod
    def of(cls, row: Mapping[str, Any]) -> Manifest:
        """The manifest of such a file. Raises KeyError, TypeError or ValueError for what isn't one."""
        if row["format"] != _FORMAT:
            raise ValueError(f"its format is {row['format']!r}, not {_FORMAT}")
        if not (0 <= row["settings"]["seed"] < 2**63 and 1 <= row["jobs"] <= max(1, row["asked"])):
            raise ValueError("its seed or its jobs can't be")
        return cls(
            **{
                **{key: value for key, value in row.items() if key != "format"},
                "settings": Settings(**row["settings"]),
                "index": Fingerprint(**row["index"]),
                "machine": Machine(**row["machine"]),
                # Runs from before there were language models have no such key.
                "writer": WriterSettings(**row["writer"]) if row.get("writer") else None,
            }
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """A question set asked from beginning to end: a result a question, in the set's order,
    the wall time of each ``Conversation.ask`` in milliseconds, and what each cost to write,
    None where no language model was asked; no costs at all stand for all of those."""

    manifest: Manifest
    results: tuple[Result, ...]
    latency_ms: tuple[float, ...]
    costs: tuple[Cost | None, ...] = ()


def evaluate(
    qa: ArticleQA | str | PathLike[str],
    questions: Sequence[Question],
    *,
    jobs: int = 1,
    run: str | PathLike[str] | None = None,
    resume: bool = False,
    progress: Callable[[int, int], object] | None = None,
    settings: Settings | None = None,
) -> Run:
    """Ask every question of an index, or of the one in that folder.

    ``jobs`` processes ask side by side, each with the index open to itself, or as many threads
    where a language model writes; the results are the same however many. A script that asks
    with more than one must call this under ``if __name__ == "__main__":``, since each process
    begins by importing it. ``run`` is the folder to keep the run in, as it goes; ``resume``
    takes up there what was interrupted, or begins. ``progress`` is told (questions done,
    questions in all) after each.

    Raises QuestionSetError, naming the question, where one can't be asked, couldn't stand in
    a file as it is, or has another's id, before any is asked; RunError where the folder holds
    another run or can't be written, or what is asked changed meanwhile; SettingsError for
    ``jobs`` below 1; and what ``ArticleQA.open`` raises.
    """
    if jobs < 1:
        raise SettingsError(f"jobs is {jobs}: ask with at least one")
    _check(questions)
    if not isinstance(qa, ArticleQA):
        with ArticleQA.open(qa) as opened:
            return evaluate(opened, questions, jobs=jobs, run=run, resume=resume, progress=progress, settings=settings)
    manifest = _manifest(qa, questions, settings or Settings(), jobs)
    with _kept(run, manifest, resume=resume) as kept:
        if progress is not None and kept.results:
            progress(len(kept.results), len(questions))
        with closing(_asking(qa, questions[len(kept.results) :], manifest.jobs)) as asking:
            for result, took in asking:
                if len(kept.results) + 1 == len(questions) and _fingerprint(qa) != manifest.index:
                    # Said before the last is kept, so that such a run is never a finished one.
                    raise RunError(
                        f"{qa.index.path}: was changed while it was asked, so the results are of no one index: "
                        "run the set anew, in another folder, when nobody writes to it"
                    )
                kept.add(result, took)
                if progress is not None:
                    progress(len(kept.results), len(questions))
    return _run(kept.manifest, kept.results, kept.took)


def read_run(folder: str | PathLike[str]) -> Run:
    """The run that a folder keeps.

    Raises RunError where there is none, it isn't finished, or it can't be read.
    """
    folder = Path(folder)
    manifest = _read_manifest(folder)
    results, took = _read(folder, manifest)
    if len(results) < manifest.asked:
        raise RunError(
            f"{folder}: holds {len(results)} of {manifest.asked} questions: finish it with "
            "`byline eval … --run DIR --resume`, since a measure over part of a set is none of it"
        )
    return _run(manifest, results, took)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Took:
    """The wall time of an answer in milliseconds, and what it cost to write."""

    ms: float
    writing: Cost | None


def _run(manifest: Manifest, results: Sequence[Result], took: Sequence[_Took]) -> Run:
    costs = tuple(one.writing for one in took) if any(one.writing for one in took) else ()
    return Run(manifest=manifest, results=tuple(results), latency_ms=tuple(one.ms for one in took), costs=costs)


def violations(answer: Answer, limits: Filter, index: ArticleIndex) -> int:
    """How many promises an answer of ``index`` breaks; anything but 0 is a bug.

    One for each citation whose quote isn't, at its offsets, in the words of a state of the
    article that the index holds, whose article isn't in the state that stood at
    ``limits.as_of`` (the newest where there is none) or doesn't pass ``limits`` (later than
    asked for, or of unknown date), or whose marker isn't its place in the list, counted
    from 1, or is used by no claim; one for each marker used that has no citation; and one
    for each claim without a marker.
    """
    return _broken(answer, _held_to(answer, limits, index))


def _broken(answer: Answer, held: Sequence[tuple[bool, bool]]) -> int:
    used = {marker for claim in answer.claims for marker in claim.markers}
    listed = {citation.marker for citation in answer.citations}
    broken = sum(
        citation.marker != place or citation.marker not in used or not (exact and timely)
        for place, (citation, (exact, timely)) in enumerate(zip(answer.citations, held, strict=True), start=1)
    )
    return broken + len(used - listed) + sum(not claim.markers for claim in answer.claims)


def _held_to(answer: Answer, limits: Filter, index: ArticleIndex) -> list[tuple[bool, bool]]:
    """Of each citation whether it is exact and whether it is timely, by what is stored."""
    stored = {name: _revisions(index, name) for name in {citation.article.id for citation in answer.citations}}
    stood = {name: standing(revisions, limits.as_of) for name, revisions in stored.items()}
    found = []
    for citation in answer.citations:
        article = citation.article
        start, end = citation.span.start, citation.span.end
        known = any(revision.article.text == article.text for revision in stored[article.id])
        exact = known and 0 <= start < end and article.text[start:end] == citation.quote
        state = stood[article.id]
        found.append((exact, state is not None and state.article == article and _passes(article, limits)))
    return found


def _revisions(index: ArticleIndex, name: str) -> tuple[Revision, ...]:
    try:
        return index.revisions(name)
    except ArticleNotFoundError:
        return ()


def _passes(article: Article, limits: Filter) -> bool:
    return limits.passes(article.published, article.source, article.language)


# Asking.


def _check(questions: Sequence[Question]) -> None:
    seen: set[str] = set()
    for question in questions:
        # Those of a file are such; those that a program made are counted and kept as if they were.
        try:
            same = question_of(question.to_dict()) == question
        except ValueError as error:
            raise QuestionSetError(f"question {question.id!r}: can't stand in a question set: {error}") from error
        if not same:
            raise QuestionSetError(
                f"question {question.id!r}: a question set would hold it in other words (blanks around them, say): "
                "make it with eval.questions.question_of"
            )
        if question.id in seen:
            raise QuestionSetError(f"question {question.id!r}: two of the set have this id: give each its own")
        seen.add(question.id)
        try:
            understand(question.question)
        except QuestionError as error:
            raise _unaskable(question, error) from error


def _unaskable(question: Question, error: QuestionError) -> QuestionSetError:
    return QuestionSetError(f"question {question.id!r} can't be asked: {error}")


def _asking(qa: ArticleQA, questions: Sequence[Question], jobs: int) -> Generator[tuple[Result, _Took]]:
    """Each question's result and what it took, in order."""
    if not questions:
        return
    if jobs > 1:
        yield from _in_threads(qa, questions, jobs) if qa.writer else _side_by_side(qa, questions, jobs)
        return
    _warm_up(qa, questions[0])
    for question in questions:
        yield _asked(qa, question)


def _warm_up(qa: ArticleQA, first: Question) -> None:
    # The first question pays for what is loaded once; its time says nothing about the others.
    # A language model is asked each question once: what it writes may be paid for.
    if qa.writer:
        qa.retrieve(first.question, as_of=first.asked_on)
    else:
        _asked(qa, first)


def _asked(qa: ArticleQA, question: Question) -> tuple[Result, _Took]:
    began = perf_counter()
    try:
        chat = qa.chat([(turn.role, turn.content) for turn in question.history])
        answer = chat.ask(question.question, as_of=question.asked_on)
    except QuestionError as error:
        raise _unaskable(question, error) from error
    took_ms = (perf_counter() - began) * 1000
    writing = _cost(answer.written) if answer.written else None
    return _result(qa, question, answer), _Took(ms=round(took_ms, 3), writing=writing)


def _cost(written: Written) -> Cost:
    return Cost(
        ms=round(written.took_ms, 3),
        first_ms=None if written.first_ms is None else round(written.first_ms, 3),
        verbatim_ms=round(written.verbatim.took_ms, 3),
        prompt=written.usage.prompt,
        completion=written.usage.completion,
        reported=written.usage.reported,
    )


def _result(qa: ArticleQA, question: Question, answer: Answer) -> Result:
    limits = Filter(as_of=question.asked_on)
    passages = answer.retrieved(_PASSAGES)
    articles = {passage.article.id: passage.article for passage in passages}
    first = tuple(articles)[:_KEPT]
    sentences = answer.ranked[:_KEPT]
    said = _parts(answer, limits, qa.index)
    written = _writing(answer.written, limits, qa) if answer.written else None
    misdated = _misdated(qa, question, answer, limits)
    cards = {name: articles[name] for name in first}
    before = answer.written.verbatim.citations if answer.written else ()
    for found in (passages[:_KEPT], sentences, answer.citations, before):
        cards |= {one.article.id: one.article for one in found}
    cards |= {article.id: article for article in misdated}
    return Result(
        question=question,
        understood=answer.understood,
        dates=answer.dates,
        answered=said.answered,
        reason=said.reason,
        confidence=said.confidence,
        claims=said.claims,
        citations=said.citations,
        articles=first,
        passages=tuple(
            _stretch(passage.article, passage.span.start, passage.span.end, passage.score)
            for passage in passages[:_KEPT]
        ),
        sentences=tuple(
            _stretch(ranked.article, ranked.sentence.span.start, ranked.sentence.span.end, ranked.score)
            for ranked in sentences
        ),
        misdated=tuple(article.id for article in misdated),
        violations=said.violations,
        cards=tuple(map(_card, cards.values())),
        written=written,
    )


def _parts(answer: Answer, limits: Filter, index: ArticleIndex) -> Verbatim:
    held = _held_to(answer, limits, index)
    return Verbatim(
        answered=answer.answered,
        reason=answer.reason,
        confidence=round(answer.confidence, _DIGITS),
        claims=tuple(Said(text=claim.text, markers=claim.markers, status=claim.status) for claim in answer.claims),
        citations=tuple(
            Quoted(
                marker=citation.marker,
                article=citation.article.id,
                start=citation.span.start,
                end=citation.span.end,
                quote=citation.quote,
                paragraph=citation.paragraph,
                exact=exact,
                timely=timely,
            )
            for citation, (exact, timely) in zip(answer.citations, held, strict=True)
        ),
        violations=_broken(answer, held),
    )


def _writing(written: Written, limits: Filter, qa: ArticleQA) -> Writing:
    return Writing(
        sentences=written.sentences,
        supported=written.supported,
        corrected=written.corrected,
        struck=written.struck,
        unsupported=tuple(Struck(text=one.text, reasons=one.reasons, after=one.after) for one in written.unsupported),
        failure=written.failure and _placeless(written.failure, qa.writer),
        verbatim=_parts(written.verbatim, limits, qa.index),
    )


def _placeless(failure: str, writer: Writer | None) -> str:
    """The failure without the address of the endpoint, which is nobody's business."""
    if writer is None:
        return failure
    url = writer.llm.base_url
    parts = urlsplit(url)
    places = "|".join(re.escape(place) for place in (url, parts.netloc, parts.hostname) if place)
    return re.sub(rf"(?<![\w.-])(?:{places})(?![\w-])", "the endpoint", failure.removeprefix(f"{url}: "))


def _stretch(article: Article, start: int, end: int, score: float) -> Stretch:
    return Stretch(article=article.id, start=start, end=end, text=article.text[start:end], score=round(score, _DIGITS))


def _card(article: Article) -> Card:
    return Card(
        id=article.id,
        title=article.title,
        url=article.url,
        source=article.source,
        published=article.published.isoformat() if article.published else None,
    )


def _misdated(qa: ArticleQA, question: Question, answer: Answer, limits: Filter) -> list[Article]:
    """The articles it names, by id, that pass ``limits`` but not the days that its words
    were taken to demand."""
    if answer.demanded == (None, None):
        return []
    narrowed = replace(limits, published_from=answer.demanded[0], published_to=answer.demanded[1])
    named = [article for name in question.articles if (article := _article(qa, name)) is not None]
    return [article for article in named if _passes(article, limits) and not _passes(article, narrowed)]


def _article(qa: ArticleQA, name: str) -> Article | None:
    try:
        return qa.index.article(name)
    except ArticleNotFoundError:
        return None


# Side by side. A question is searched by one thread, so processes don't get in each other's way.
# Where a language model writes, nearly all of the time goes by waiting for it, and threads will do.

_opened: ArticleQA | BylineError


def _in_threads(qa: ArticleQA, questions: Sequence[Question], jobs: int) -> Generator[tuple[Result, _Took]]:
    pool = ThreadPoolExecutor(min(jobs, len(questions)))
    _warm_up(qa, questions[0])
    try:
        yield from pool.map(partial(_asked, qa), questions)
    finally:
        pool.shutdown(cancel_futures=True)


def _side_by_side(qa: ArticleQA, questions: Sequence[Question], jobs: int) -> Generator[tuple[Result, _Took]]:
    pool = ProcessPoolExecutor(
        min(jobs, len(questions)),
        # A forked process would share locks that a thread of this one may hold.
        get_context("spawn"),
        _begin,
        (str(qa.index.path), qa.index.model, qa.reranker, questions[0]),
    )
    try:
        yield from pool.map(_asked_here, questions)
    except BrokenProcessPool as error:
        raise RunError(
            f"one of {jobs} processes that asked was ended: where a script calls evaluate, it needs "
            '`if __name__ == "__main__":` around that; else memory may be short, so ask with fewer jobs; '
            "a kept run can be taken up with --resume"
        ) from error
    finally:
        pool.shutdown(cancel_futures=True)


def _begin(path: str, model: str | None, reranker: str | None, first: Question) -> None:
    global _opened
    # A terminal's Ctrl-C goes to every process; it is for the one that gives out the questions.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    threading.Thread(target=_end_with_parent, daemon=True).start()
    try:
        _opened = ArticleQA.open(path, model=model, reranker=reranker)
        _warm_up(_opened, first)
    except BylineError as error:
        # Raised here it would end the process, and nobody would learn why.
        _opened = error


def _end_with_parent() -> None:
    # A parent that is killed tells nobody: without this its processes would wait for ever.
    parent = parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)


def _asked_here(question: Question) -> tuple[Result, _Took]:
    if isinstance(_opened, BylineError):
        raise _opened
    return _asked(_opened, question)


# Keeping.


class _Kept:
    """The results so far, and the files that they are added to, where there are any."""

    def __init__(
        self, manifest: Manifest, results: list[Result], took: list[_Took], folder: Path | None = None
    ) -> None:
        self.manifest = manifest
        self.results = results
        self.took = took
        self._files = [(folder / name).open("ab") for name in (_RESULTS, _LATENCY)] if folder else []

    def add(self, result: Result, took: _Took) -> None:
        rows = (result.to_dict(), _latency_row(result, took))
        for file, row in zip(self._files, rows, strict=False):
            try:
                file.write(_line(row))
                file.flush()
            except OSError as error:
                advice = "mend that, and go on with --resume"
                raise _unwritable(Path(file.name), error, advice) from error
        self.results.append(result)
        self.took.append(took)

    def close(self) -> None:
        for file in self._files:
            # It has nothing to write but what couldn't be written, and that was said.
            with suppress(OSError):
                file.close()


def _line(row: Mapping[str, Any]) -> bytes:
    return (json.dumps(row, ensure_ascii=False) + "\n").encode()


def _latency_row(result: Result, took: _Took) -> dict[str, Any]:
    row = {"id": result.question.id, "ms": took.ms}
    return row | {"writing": asdict(took.writing)} if took.writing else row


@contextmanager
def _kept(run: str | PathLike[str] | None, manifest: Manifest, *, resume: bool) -> Generator[_Kept]:
    if run is None:
        yield _Kept(manifest, [], [])
        return
    folder = Path(run)
    lock = FileLock(folder / _LOCK, timeout=0)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        lock.acquire()
    except Timeout:
        raise RunError(f"{folder}: another process keeps its run here: name another folder") from None
    except FileExistsError:
        raise RunError(f"{folder}: a file, not a folder: give the run a folder of its own") from None
    except OSError as error:
        raise _unwritable(folder, error, "name another folder") from error
    try:
        try:
            kept = _taken_up(folder, manifest, resume=resume)
        except OSError as error:
            raise _unwritable(folder, error, "mend that, or name another folder") from error
        try:
            yield kept
        finally:
            kept.close()
    finally:
        lock.release()


def _unwritable(path: Path, error: OSError, advice: str) -> RunError:
    return RunError(f"{path}: can't keep a run ({error.strerror or error}): {advice}")


def _taken_up(folder: Path, manifest: Manifest, *, resume: bool) -> _Kept:
    foreign = sorted(path.name for path in folder.iterdir() if not path.name.startswith("."))
    if _MANIFEST not in foreign:
        if foreign:
            raise RunError(f"{folder}: no run, and not empty ({foreign[0]!r:.100}): give the run a new folder")
        _write_manifest(folder, manifest)
        return _Kept(manifest, [], [], folder)
    if not resume:
        raise RunError(f"{folder}: holds a run already: take it up with --resume, or name another folder")
    before = _read_manifest(folder)
    if changed := _changes(before, manifest):
        raise RunError(f"{folder}: can't be taken up, since something changed: {'; '.join(changed)}")
    results, took = _read(folder, before)
    kept = replace(before, settings=manifest.settings)
    _write_manifest(folder, kept)
    # What was torn is asked again, and what is kept of the one file is kept of the other.
    _write(folder / _RESULTS, b"".join(_line(result.to_dict()) for result in results))
    rows = zip(results, took, strict=True)
    _write(folder / _LATENCY, b"".join(_line(_latency_row(result, one)) for result, one in rows))
    return _Kept(kept, results, took, folder)


def _write(path: Path, content: bytes) -> None:
    """Write a file so that, whenever this or the machine stops, it is the old one or the new one."""
    aside = path.with_name(f".{path.name}")
    aside.write_bytes(content)
    publish(aside, path)


def _write_manifest(folder: Path, manifest: Manifest) -> None:
    _write(folder / _MANIFEST, json.dumps(manifest.to_dict(), indent=2).encode() + b"\n")


def _changes(before: Manifest, now: Manifest) -> list[str]:
    """What answers or their times depend on and differs, in words."""
    return [
        f"{name} was {old!s:.100} and is {new!s:.100}"
        for (name, old), (_, new) in zip(_depends(before), _depends(now), strict=True)
        if old != new
    ]


def _depends(manifest: Manifest) -> Iterator[tuple[str, object]]:
    yield "the set's SHA-256", manifest.sha256
    yield "the number of questions", manifest.asked
    yield "the number of broken lines left out", manifest.settings.left_out
    yield "the number of processes", manifest.jobs
    yield "the reranker", manifest.reranker
    for field in fields(WriterSettings):
        value = getattr(manifest.writer, field.name) if manifest.writer else None
        yield f"the language model's {field.name}", value
    held = manifest.index
    yield "the number of articles in the index", held.articles
    yield "the SHA-256 of the index's contents", held.contents
    yield "the model", held.model
    yield "the SHA-256 of the model", held.model_sha256
    yield "the engine", held.engine
    yield "SQLite", held.sqlite
    yield "Python", manifest.machine.python
    yield "torch", manifest.machine.torch
    for name in _PACKAGES:
        yield name, manifest.versions.get(name)


def _read_manifest(folder: Path) -> Manifest:
    path = folder / _MANIFEST
    try:
        return Manifest.of(json.loads(path.read_bytes()))
    except (FileNotFoundError, NotADirectoryError):
        raise RunError(f"{folder}: no run here: keep one with `byline eval QUESTIONS --run DIR`") from None
    except OSError as error:
        raise RunError(f"{path}: can't be read ({error.strerror or error})") from error
    except (KeyError, TypeError, ValueError, AttributeError, RecursionError) as error:
        raise RunError(f"{path}: not the manifest of a run ({error!s:.200}): run the set again") from error


def _read(folder: Path, manifest: Manifest) -> tuple[list[Result], list[_Took]]:
    """The results and times that both of a run's files hold: those before a last line that
    was being written when the run was interrupted."""
    results = list(_rows(folder / _RESULTS, Result.of))
    times = list(_rows(folder / _LATENCY, _time_of))
    held = min(len(results), len(times))
    if held > manifest.asked or [name for name, _ in times][:held] != [one.question.id for one in results[:held]]:
        raise RunError(f"{folder}: its files are of different runs: run the set again in another folder")
    return results[:held], [took for _, took in times[:held]]


def _time_of(row: Mapping[str, Any]) -> tuple[str, _Took]:
    took_ms = float(row["ms"])
    writing = Cost(**row["writing"]) if row.get("writing") else None
    times = (took_ms, *((writing.ms, writing.verbatim_ms, writing.first_ms or writing.ms) if writing else ()))
    for time in times:
        if not 0 < time < math.inf:
            raise ValueError(f"{time} milliseconds")
    if writing and not (writing.prompt >= 0 and writing.completion >= 0):
        raise ValueError("fewer tokens than none")
    return str(row["id"]), _Took(ms=took_ms, writing=writing)


def _rows(path: Path, of: Callable[[Mapping[str, Any]], _Row]) -> Iterator[_Row]:
    try:
        if path.exists() and not path.is_file():
            raise RunError(f"{path}: not a plain file: run the set again in another folder")
        # What follows the last line's end is a line that was being written, or nothing.
        lines = path.read_bytes().split(b"\n")[:-1]
    except FileNotFoundError:
        return
    except OSError as error:
        raise RunError(f"{path}: can't be read ({error.strerror or error})") from error
    for number, line in enumerate(lines, start=1):
        try:
            yield of(json.loads(line))
        except (KeyError, TypeError, ValueError, AttributeError, RecursionError) as error:
            raise RunError(f"{path}:{number}: not a line of a run ({error!s:.200}): run the set again") from error


# The manifest.


def _manifest(qa: ArticleQA, questions: Sequence[Question], settings: Settings, jobs: int) -> Manifest:
    return Manifest(
        asked=len(questions),
        sha256=hashlib.sha256(b"".join(_line(question.to_dict()) for question in questions)).hexdigest(),
        settings=replace(settings, judge=settings.judge and _named(settings.judge)),
        index=_fingerprint(qa),
        reranker=qa.reranker,
        jobs=max(1, min(jobs, len(questions))),
        versions={name: _version(name) for name in _PACKAGES},
        machine=this_machine(),
        began=datetime.now(UTC).isoformat(timespec="seconds"),
        writer=_writer_settings(qa.writer) if qa.writer else None,
    )


def _writer_settings(writer: Writer) -> WriterSettings:
    return WriterSettings(
        endpoint=writer.llm.base_url,
        model=_named(writer.llm.name),
        prompt=PROMPT,
        timeout=writer.llm.timeout,
        context=writer.llm.context,
        unsupported=writer.unsupported,
        judge=None if writer.judge is None else _named(writer.judge.name),
        rewrites=writer.rewrites,
    )


def _fingerprint(qa: ArticleQA) -> Fingerprint:
    found = qa.index.fingerprint()
    return replace(found, model=_named(found.model))


def _named(model: str) -> str:
    # Where somebody keeps a model is nobody's business.
    return Path(model).name if Path(model).is_absolute() else model


def _version(package: str) -> str | None:
    try:
        return version(package)
    except PackageNotFoundError:
        return None
