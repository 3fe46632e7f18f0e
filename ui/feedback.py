"""What readers say of answers: kept beside the index, and made into questions to measure by."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, date, datetime
from io import FileIO
from pathlib import Path
from typing import Any, Literal, get_args

from filelock import FileLock, Timeout

from index import IndexMissingError, StoreError
from index.files import sync_folder
from qa.question import MAX_QUESTION_LENGTH
from ui.posted import Posted

__all__ = [
    "FEEDBACK",
    "MAX_REASON",
    "MAX_SIZE",
    "Cited",
    "Feedback",
    "Kind",
    "Limits",
    "QuestionSet",
    "append",
    "feedback_from",
    "question_set",
    "read_feedback",
]

FEEDBACK = "feedback.jsonl"
"""The file's name, in the index's folder: a JSON object a line, the oldest first."""

MAX_REASON = 2_000
"""Code points; the longest reason that is taken."""

MAX_SIZE = 64 * 2**20
"""Bytes; the file grows no larger."""

Kind = Literal["", "wrong", "outdated", "off the point", "should have refused", "should have answered"]
"""What is wrong with an answer, nothing where that isn't said. "Should have refused" is said
of an answer only, "should have answered" of a refusal."""

_LOCK = "feedback.lock"
# Seconds that an append waits for others; each takes milliseconds.
_PATIENCE = 10.0

_MAX_ANSWER_ID = 100
_MAX_ANSWER = 100_000
_MAX_QUOTE = 20_000
_MAX_CITATIONS = 100
_MAX_ARTICLE_ID = 5_000
_MAX_NAMES = 1_000
_MAX_NAME = 2_000
_CHUNK = 1 << 16
_KINDS: tuple[Kind, ...] = get_args(Kind)


@dataclass(frozen=True, slots=True, kw_only=True)
class Cited:
    """Words that an answer cited, and the article, in its revision, that they stand in."""

    quote: str
    article_id: str
    revision: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """What an answer was held to, as ``index.Filter`` has it; empty where there was no limit."""

    as_of: date | datetime | None = None
    published_from: date | None = None
    published_to: date | None = None
    sources: tuple[str, ...] = ()
    languages: tuple[str, ...] = ()

    @property
    def is_day(self) -> bool:
        """Whether there is none but a day to answer as of, which is all that a question set can hold."""
        others = self.published_from or self.published_to or self.sources or self.languages
        return not others and not isinstance(self.as_of, datetime)


@dataclass(frozen=True, slots=True, kw_only=True)
class Feedback:
    """One verdict on one answer, with what the answer was.

    ``when`` is aware, in UTC. ``answer_id`` is the page's name for the answer: a later
    verdict under it replaces this one. ``typed`` is the question as it was asked and
    ``question`` as it was understood, standing by itself. ``answer`` is the answer's text, or
    the reason for refusing; ``confidence`` is in [0, 1]. ``written_by`` is the language model
    that wrote the answer, None where it is in the articles' own words.
    """

    when: datetime
    answer_id: str
    verdict: Literal["up", "down"]
    kind: Kind
    reason: str
    typed: str
    question: str
    limits: Limits
    answered: bool
    confidence: float
    answer: str
    cited: tuple[Cited, ...]
    written_by: str | None = None

    def to_dict(self) -> dict[str, Any]:
        """The verdict as JSON can hold it, in the shape that ``feedback_from`` takes, with
        ``when``; a line of the file."""
        limits = self.limits
        return {
            "when": self.when.isoformat(timespec="seconds"),
            "answer_id": self.answer_id,
            "verdict": self.verdict,
            "kind": self.kind,
            "reason": self.reason,
            "question": self.typed,
            "limits": {
                "as_of": _written(limits.as_of),
                "published_from": _written(limits.published_from),
                "published_to": _written(limits.published_to),
                "sources": list(limits.sources),
                "languages": list(limits.languages),
            },
            "answer": {
                "understood": self.question,
                "answered": self.answered,
                "answer": self.answer,
                "confidence": self.confidence,
                "citations": [
                    {"quote": cited.quote, "article": {"id": cited.article_id, "revision": cited.revision}}
                    for cited in self.cited
                ],
                "written": {"model": self.written_by} if self.written_by else None,
            },
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class QuestionSet:
    """Questions with what verdicts say of their answers, each as ``byline eval`` reads it,
    and how many verdicts were left out.

    ``replaced`` are those that a later one on the same answer, or the same question as of
    the same day, stands for; ``limited`` those on answers held to other limits than a day;
    ``untold`` those that say an answer is bad, and not what would be right.
    """

    questions: tuple[dict[str, Any], ...]
    replaced: int
    limited: int
    untold: int


def feedback_from(posted: object) -> Feedback:
    """The verdict in JSON that a page posted, given at this moment.

    Its shape is ``{"answer_id", "verdict", "kind", "reason", "question", "limits": {"as_of",
    "published_from", "published_to", "sources", "languages"}, "answer"}``, where "question" is
    as it was typed and "answer" what ``Answer.to_dict`` gives; kind, reason and each limit may
    be missing or null. Raises QuestionError, with the name of the field, for anything else.
    """
    return _feedback(Posted(posted, "feedback"), datetime.now(UTC))


def append(folder: Path, feedback: Feedback) -> None:
    """Write ``feedback`` at the end of the file in an index's ``folder``.

    It is on disk, whole, when this returns, whoever else appends meanwhile; what a process
    that was killed left half written is cut off. Raises StoreError where the folder can't
    be written or the file is full, IndexMissingError where it is gone.
    """
    path = folder / FEEDBACK
    if not folder.is_dir():
        # The lock would make the folder.
        raise IndexMissingError(f"{folder}: no index here: check the path")
    line = json.dumps(feedback.to_dict()).encode("ascii") + b"\n"
    try:
        # Unbuffered, so that nothing is written after what failed was taken back.
        with _locked(folder), path.open("a+b", buffering=0) as file:
            end = _whole(file)
            if end + len(line) > MAX_SIZE:
                raise StoreError(f"{path}: full ({end:,} bytes): export it, and move the file away")
            file.truncate(end)
            try:
                rest = memoryview(line)
                while rest:
                    rest = rest[file.write(rest) :]
                os.fsync(file.fileno())
            except OSError:
                with suppress(OSError):
                    file.truncate(end)
                raise
            if end == 0:
                sync_folder(folder)
    except StoreError:
        raise
    except OSError as error:
        raise StoreError(f"{path}: can't be written ({error.strerror}): check its folder and permissions") from error


def read_feedback(folder: Path) -> tuple[Feedback, ...]:
    """Every verdict kept in an index's ``folder``, the oldest first; none where there is no file.

    What a process that was killed left half written at the end is passed over. Raises
    StoreError where the file can't be read, or holds anything else than verdicts.
    """
    path = folder / FEEDBACK
    found = []
    try:
        with path.open("rb") as file:
            for number, line in enumerate(file, 1):
                if line.endswith(b"\n"):
                    found.append(_kept(line, f"{path}:{number}"))
    except FileNotFoundError:
        return ()
    except StoreError:
        raise
    except OSError as error:
        raise StoreError(f"{path}: can't be read ({error.strerror}): check its permissions") from error
    return tuple(found)


def question_set(verdicts: tuple[Feedback, ...]) -> QuestionSet:
    """What ``verdicts``, the oldest first, tell about right answers.

    Praise of an answer says that its articles and quotes are right, praise of a refusal that
    there is no answer; of what is blamed, only whether an answer should have been given is known.
    The quotes are the articles' words: no sentence of a language model is ever taken for
    right, and a question that one answered is of kind "up, written by a model".
    """
    by_answer: dict[str, Feedback] = {}
    for verdict in verdicts:
        # Taken out first, so that it stands where the last word was said.
        by_answer.pop(verdict.answer_id, None)
        by_answer[verdict.answer_id] = verdict
    by_question: dict[tuple[str, str | None], Feedback] = {}
    for verdict in by_answer.values():
        if verdict.limits.is_day:
            by_question[verdict.question.casefold(), _written(verdict.limits.as_of)] = verdict
    limited = sum(not verdict.limits.is_day for verdict in by_answer.values())
    questions = tuple(question for verdict in by_question.values() if (question := _question(verdict)))
    return QuestionSet(
        questions=questions,
        replaced=len(verdicts) - limited - len(by_question),
        limited=limited,
        untold=len(by_question) - len(questions),
    )


def _question(verdict: Feedback) -> dict[str, Any] | None:
    """A verdict as a line of a question set; None where it tells nothing of what is right."""
    as_of = _written(verdict.limits.as_of)
    right = verdict.verdict == "up"
    if not right and verdict.kind not in ("should have refused", "should have answered"):
        return None
    digest = hashlib.sha256(f"{verdict.question.casefold()}\n{as_of}".encode()).hexdigest()[:12]
    line: dict[str, Any] = {"id": f"feedback-{digest}", "question": verdict.question}
    if as_of:
        line["asked_on"] = as_of
    line["answerable"] = verdict.answered if right else not verdict.answered
    if right and verdict.answered:
        line["articles"] = list(dict.fromkeys(cited.article_id for cited in verdict.cited))
        line["evidence"] = list(dict.fromkeys(cited.quote for cited in verdict.cited))
    line["kind"] = verdict.kind or ("up, written by a model" if verdict.written_by else "up")
    return line


@contextmanager
def _locked(folder: Path) -> Iterator[None]:
    lock = FileLock(folder / _LOCK)
    try:
        lock.acquire(timeout=_PATIENCE)
    except Timeout:
        raise StoreError(f"{folder / _LOCK}: held by another process: send the verdict again") from None
    try:
        yield
    finally:
        lock.release()


def _whole(file: FileIO) -> int:
    """Where the last whole line of ``file`` ends."""
    end = file.seek(0, os.SEEK_END)
    while end:
        begin = max(end - _CHUNK, 0)
        file.seek(begin)
        found = file.read(end - begin).rfind(b"\n")
        if found >= 0:
            return begin + found + 1
        end = begin
    return 0


def _kept(line: bytes, place: str) -> Feedback:
    try:
        posted = Posted(json.loads(line), "the line")
        when = datetime.fromisoformat(posted["when"].line(_MAX_NAME))
        if when.tzinfo is None:
            raise ValueError("when has no time zone")
        return _feedback(posted, when)
    except (ValueError, TypeError, OverflowError, RecursionError) as error:
        raise StoreError(f"{place}: no verdict ({error}): mend the line, or take it out") from None


def _feedback(posted: Posted, when: datetime) -> Feedback:
    answer = posted["answer"]
    answered = answer["answered"].truth()
    verdict: Literal["up", "down"] = posted["verdict"].choice(("up", "down"))
    kind = posted["kind"].or_else("").choice(_KINDS)
    if kind and verdict == "up":
        raise posted["kind"].wrong('says what is wrong: leave it empty where the verdict is "up"')
    if kind == ("should have answered" if answered else "should have refused"):
        raise posted["kind"].wrong(f'is "{kind}", which is said of {"a refusal" if answered else "an answer"} only')
    cited = tuple(_cited(one) for one in answer["citations"].or_else([]).list(_MAX_CITATIONS))
    if bool(cited) != answered:
        raise answer["citations"].wrong("must be there for an answer, and for nothing else")
    return Feedback(
        when=when.astimezone(UTC),
        answer_id=posted["answer_id"].line(_MAX_ANSWER_ID),
        verdict=verdict,
        kind=kind,
        reason=posted["reason"].or_else("").text(MAX_REASON).strip(),
        typed=posted["question"].line(MAX_QUESTION_LENGTH),
        question=answer["understood"].line(MAX_QUESTION_LENGTH),
        limits=_limits(posted["limits"].or_else({})),
        answered=answered,
        confidence=float(answer["confidence"].share()),
        answer=answer["answer"].text(_MAX_ANSWER).strip(),
        cited=cited,
        written_by=_writer(answer["written"]),
    )


def _writer(written: Posted) -> str | None:
    """The language model whose words an answer has; those of one that failed aren't in it."""
    if written.value is None or written["failure"].value is not None:
        return None
    return written["model"].line(_MAX_NAME)


def _limits(posted: Posted) -> Limits:
    return Limits(
        as_of=posted["as_of"].published(),
        published_from=posted["published_from"].day(),
        published_to=posted["published_to"].day(),
        sources=_names(posted["sources"]),
        languages=_names(posted["languages"]),
    )


def _names(posted: Posted) -> tuple[str, ...]:
    return tuple(one.line(_MAX_NAME) for one in posted.or_else([]).list(_MAX_NAMES))


def _cited(posted: Posted) -> Cited:
    article = posted["article"]
    quote = posted["quote"].text(_MAX_QUOTE).strip()
    if not quote:
        raise posted["quote"].wrong("is empty")
    return Cited(
        quote=quote,
        article_id=article["id"].line(_MAX_ARTICLE_ID),
        revision=article["revision"].count(),
    )


def _written(moment: date | None) -> str | None:
    return moment.isoformat() if moment else None
