"""An index kept in step with folders and feeds, for as long as nobody says stop."""

from __future__ import annotations

import json
import os
import select
import time
from collections.abc import Generator, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Literal

from index.adding import Outcome
from index.archive import ArticleIndex
from index.article import clean_line, is_url
from index.errors import IndexLockedError, IndexMissingError, SettingsError
from index.readers import origin_of
from index.readers.fields import check_fields
from index.web import address_of

__all__ = ["Change", "Stop", "watch"]

# A file that changed less than this many seconds ago may be still being written.
_SETTLED = 1.0
# Files taken before the marks are stored: what a kill makes be read again, for nothing.
_BATCH = 500
# Looking costs at most a tenth of the time, however many files there are.
_LOOKING = 10
# Rounds that `once` goes to wait for files that are being written.
_ROUNDS = 5
_LONGEST_WAIT = 30.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """Something that was done to the index, or is waited for: ``name`` says to what, and
    ``reason`` why it was rejected or what is waited for; ``origin`` is the file or address
    that it came from."""

    status: Literal["added", "updated", "duplicate", "removed", "rejected", "waiting"]
    name: str
    article_id: str | None = None
    reason: str | None = None
    origin: str = ""


class Stop:
    """Asks a watch to stop, between two articles; safe to set from a signal handler, which
    ``threading.Event`` is not."""

    def __init__(self) -> None:
        self._set = False
        self._read, self._write = os.pipe()
        os.set_blocking(self._write, False)

    def set(self) -> None:
        """Ask."""
        self._set = True
        with suppress(OSError):
            os.write(self._write, b"!")

    def is_set(self) -> bool:
        """Whether it was asked."""
        return self._set

    def wait(self, seconds: float) -> bool:
        """Wait so long, or until it is asked; returns whether it was."""
        if not self._set:
            select.select([self._read], [], [], max(0.0, seconds))
        return self._set

    def close(self) -> None:
        """Give back what it holds of the system."""
        os.close(self._read)
        os.close(self._write)


def watch(
    path: str | os.PathLike[str],
    sources: Iterable[str | os.PathLike[str]],
    stop: Stop,
    *,
    every: float = 2.0,
    interval: float = 900.0,
    once: bool = False,
    model: str | None = None,
    fields: Mapping[str, str] | None = None,
    allow_private: bool = False,
) -> Iterator[Change]:
    """Keep the index at ``path`` in step with ``sources``, and give each change as it is made.

    Folders are looked through every ``every`` seconds (less often where they are so large
    that looking takes long), feeds, sitemaps and pages fetched every ``interval`` seconds.
    An article whose file is gone is removed; but a folder that is gone, can't be read, or
    seems to be unmounted, is waited for. What was seen is noted in the index, so that a
    later watch goes on where this one ended, however it ended. ``once`` looks once.
    ``fields`` names the fields that facts of records in files stand in; where it is another
    than the last time, all files are read again.

    The index is opened to write only while something changes; where another process
    writes, it is waited for. Raises SettingsError where a source can't be watched, and the
    errors of ``ArticleIndex``.
    """
    check_fields(fields or {})
    given = [str(source) for source in sources]
    feeds = [_Feed(url=address_of(source)) for source in given if is_url(source)]
    folders = [_Folder(Path(source).absolute()) for source in given if not is_url(source)]
    _check(folders)
    watching = _Watch(Path(path), stop, model, fields or {}, allow_private=allow_private)
    watching.begin(folders, feeds, interval)
    rounds = 0
    while not stop.is_set():
        for folder in folders:
            yield from watching.look(folder)
        for feed in feeds:
            if feed.due <= time.monotonic() or (once and not rounds):
                yield from watching.poll(feed, interval)
        rounds += 1
        if once and (rounds == _ROUNDS or not any(folder.unsettled for folder in folders)):
            return
        pauses = [max(every, _LOOKING * sum(folder.took for folder in folders))] if folders else []
        pauses += [feed.due - time.monotonic() for feed in feeds]
        stop.wait(_SETTLED if once else min(pauses))


def _check(folders: Sequence[_Folder]) -> None:
    paths = [folder.path.resolve() for folder in folders]
    for place, path in enumerate(paths):
        if path.exists() and not path.is_dir():
            raise SettingsError(f"{path}: a file: watch the folder that it is in, or add it with `byline add`")
        for other in paths[:place]:
            if path.is_relative_to(other) or other.is_relative_to(path):
                raise SettingsError(f"{path}: within {other}, or the same: watch one of them")


@dataclass(frozen=True, slots=True, kw_only=True)
class _File:
    """What is at one origin: nearly always one path; ``signature`` changes with it."""

    paths: tuple[Path, ...]
    signature: str
    device: int
    changed: float


@dataclass(frozen=True, slots=True, kw_only=True)
class _Mark:
    """What is noted of a file that was taken: None for what was never seen by a watch.
    ``shared`` says that an article in it, or another of its id, is held as from another file."""

    signature: str | None = None
    device: int | None = None
    shared: bool = False

    def written(self) -> str:
        return json.dumps({"signature": self.signature, "device": self.device, "shared": self.shared})

    @classmethod
    def read(cls, written: str) -> _Mark:
        try:
            found = json.loads(written)
            return cls(signature=str(found["signature"]), device=int(found["device"]), shared=bool(found["shared"]))
        except (ValueError, TypeError, KeyError):
            return cls()


@dataclass(slots=True)
class _Folder:
    """A watched folder: what is noted of its files, by origin, and of itself."""

    path: Path
    marks: dict[str, _Mark] = field(default_factory=dict)
    identity: str | None = None
    missing: frozenset[str] = frozenset()
    unsettled: bool = False
    took: float = 0.0
    waiting: str | None = None

    @property
    def prefix(self) -> str:
        return clean_line(str(self.path)).removesuffix("/") + "/"


@dataclass(slots=True, kw_only=True)
class _Feed:
    url: str
    due: float = 0.0
    said: dict[str, str | None] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Seen:
    """What a look through a folder found; ``closed`` are folders that can't be read, and
    ``error`` says why the folder itself can't."""

    files: dict[str, _File]
    closed: tuple[str, ...] = ()
    identity: str = ""
    error: str | None = None


class _Watch:
    def __init__(
        self, path: Path, stop: Stop, model: str | None, fields: Mapping[str, str], *, allow_private: bool
    ) -> None:
        self._path = path
        self._stop = stop
        self._model = model
        self._fields = fields
        self._allow_private = allow_private
        self._folders: Sequence[_Folder] = ()

    def begin(self, folders: Sequence[_Folder], feeds: Sequence[_Feed], interval: float) -> None:
        """Take up what is noted in the index, if there is one."""
        self._folders = folders
        try:
            with ArticleIndex.open(self._path, read_only=True) as index:
                for folder in folders:
                    noted = index.marks(_file_mark(folder.prefix))
                    folder.marks = dict.fromkeys(index.by_origin(folder.prefix), _Mark())
                    folder.marks |= {name.removeprefix(_file_mark("")): _Mark.read(m) for name, m in noted.items()}
                    folder.identity = index.marks(_folder_mark(folder)).get(_folder_mark(folder))
                for feed in feeds:
                    polled = index.marks(_feed_mark(feed)).get(_feed_mark(feed))
                    feed.due = time.monotonic() + _left(polled, interval)
        except IndexMissingError:
            pass
        for folder in folders:
            if not folder.marks and not folder.path.is_dir():
                raise SettingsError(f"{folder.path}: no such folder: check the path")

    def look(self, folder: _Folder) -> Iterator[Change]:
        """One round through a folder: what is gone is removed, what is new or changed taken."""
        began = time.monotonic()
        seen = _look_through(folder.path, self._path)
        folder.took = time.monotonic() - began
        folder.unsettled = False
        gone = frozenset(
            origin for origin in folder.marks if origin not in seen.files and not origin.startswith(seen.closed)
        )
        reason = seen.error or _why_not_gone(folder, seen, gone)
        if reason:
            folder.missing = frozenset()
            if folder.waiting != reason:
                yield Change(status="waiting", name=str(folder.path), reason=reason)
            folder.waiting = reason
            return
        folder.waiting = None
        # Gone is what was missed twice: some programs take a file away to write it anew.
        surely, folder.missing = gone & folder.missing, gone - folder.missing
        changed = {o: f for o, f in seen.files.items() if folder.marks.get(o, _Mark()).signature != self._signed(f)}
        now = time.time()
        ready = sorted(origin for origin, file in changed.items() if abs(now - file.changed) >= _SETTLED)
        folder.unsettled = bool(folder.missing) or len(ready) < len(changed)
        if surely or ready:
            yield from self._take(folder, seen, surely, ready)

    def _take(self, folder: _Folder, seen: _Seen, gone: frozenset[str], ready: list[str]) -> Iterator[Change]:
        if gone:
            index = yield from self._open()
            if index is None:
                return
            with index:
                held = {origin: index.by_origin(origin).get(origin, ()) for origin in sorted(gone)}
                shared = _shared(folder)
                changes = self._remove(index, {each: origin for origin, ids in held.items() for each in ids})
                self._note(index, folder, dict.fromkeys(gone))
            yield from changes
            # What other files hold of it comes in again from there.
            if changes:
                ready = sorted({*ready, *(seen.files.keys() & shared)})
        for begin in range(0, len(ready), _BATCH):
            index = None if self._stop.is_set() else (yield from self._open())
            if index is None:
                return
            with index:
                if folder.identity != seen.identity:
                    index.set_marks({_folder_mark(folder): seen.identity})
                    folder.identity = seen.identity
                changes = self._add(index, folder, {o: seen.files[o] for o in ready[begin : begin + _BATCH]})
            yield from changes

    def _add(self, index: ArticleIndex, folder: _Folder, files: dict[str, _File]) -> list[Change]:
        paths = [path for file in files.values() for path in file.paths]
        report = index.add(paths, root=folder.path, fields=self._fields, stop=self._stop.is_set)
        outcomes: dict[str, list[Outcome]] = {}
        for outcome in report.outcomes:
            outcomes.setdefault(outcome.origin, []).append(outcome)
        if self._stop.is_set():
            # Where it stopped, a file may have more in it than was read.
            last = report.outcomes[-1].origin if report.outcomes else None
            files = {origin: file for origin, file in files.items() if origin in outcomes and origin != last}
        marks: dict[str, _Mark | None] = {}
        stale: dict[str, str] = {}
        for origin, file in files.items():
            became = outcomes.get(origin, [])
            given = {o.article_id for o in became if o.article_id}
            held = set(index.by_origin(origin).get(origin, ()))
            if all(outcome.status != "rejected" for outcome in became):
                stale |= dict.fromkeys(held - given, origin)
            marks[origin] = _Mark(signature=self._signed(file), device=file.device, shared=not given <= held)
        changes = _changes(report.outcomes)
        self._note(index, folder, marks)
        return changes + self._remove(index, stale)

    def _signed(self, file: _File) -> str:
        # What was read in another way is read again.
        return f"{file.signature} {json.dumps(dict(self._fields), sort_keys=True)}" if self._fields else file.signature

    def _remove(self, index: ArticleIndex, ids: dict[str, str]) -> list[Change]:
        """Remove articles, each from the file named beside it."""
        if not ids:
            return []
        # First, so that a kill in between leaves nothing out for good.
        for folder in self._folders:
            if shared := _shared(folder):
                self._note(index, folder, dict.fromkeys(shared))
                folder.unsettled = True
        index.remove(*ids)
        return [Change(status="removed", name=origin, article_id=each) for each, origin in ids.items()]

    def _note(self, index: ArticleIndex, folder: _Folder, marks: dict[str, _Mark | None]) -> None:
        if not marks:
            return
        index.set_marks({_file_mark(origin): mark.written() if mark else None for origin, mark in marks.items()})
        for origin, mark in marks.items():
            if mark:
                folder.marks[origin] = mark
            else:
                folder.marks.pop(origin, None)

    def poll(self, feed: _Feed, interval: float) -> Iterator[Change]:
        """Fetch what an address leads to."""
        index = yield from self._open()
        if index is None:
            return
        with index:
            report = index.add([feed.url], allow_private=self._allow_private, stop=self._stop.is_set)
            if not self._stop.is_set():
                index.set_marks({_feed_mark(feed): datetime.now(UTC).isoformat()})
        feed.due = time.monotonic() + interval
        refused = {o.name: o.reason for o in report.rejected}
        for change in _changes(report.outcomes):
            # What is refused each time is said once.
            if change.status != "rejected" or feed.said.get(change.name, "") != change.reason:
                yield change
        feed.said = refused

    def _open(self) -> Generator[Change, None, ArticleIndex | None]:
        """The index, to write; None where a stop was asked while another process wrote."""
        pause = 0.5
        while True:
            try:
                return ArticleIndex.open(self._path, create=True, model=self._model)
            except IndexLockedError as error:
                if pause == 0.5:
                    yield Change(status="waiting", name=str(self._path), reason=str(error))
            if self._stop.wait(pause):
                return None
            pause = min(2 * pause, _LONGEST_WAIT)


def _look_through(folder: Path, index: Path) -> _Seen:
    """Every file below a folder but hidden ones, links as themselves, and the index."""
    files: dict[str, _File] = {}
    closed: list[str] = []
    leave_out = os.path.realpath(index)
    try:
        about = folder.stat()
    except OSError as error:
        return _Seen(files={}, error=f"can't be read ({error.strerror}): nothing is removed until it can")
    waiting = [folder]
    while waiting:
        parent = waiting.pop()
        try:
            with os.scandir(parent) as found:
                entries = [entry for entry in found if not entry.name.startswith(".")]
            for entry in entries:
                path = parent / entry.name
                if not entry.is_dir(follow_symlinks=False):
                    _put(files, path, entry.stat(follow_symlinks=False))
                elif os.path.realpath(path) != leave_out:
                    waiting.append(path)
        except FileNotFoundError:
            # Gone since it was listed; the next round sees what is left.
            closed.append(origin_of(parent) + "/")
        except OSError as error:
            if parent == folder:
                return _Seen(files={}, error=f"can't be read ({error.strerror}): nothing is removed until it can")
            closed.append(origin_of(parent) + "/")
    return _Seen(files=files, closed=tuple(closed), identity=f"{about.st_dev}:{about.st_ino}")


def _shared(folder: _Folder) -> set[str]:
    """The files to be read again once an article is removed: it may be one that they hold too."""
    return {origin for origin, mark in folder.marks.items() if mark.shared}


def _put(files: dict[str, _File], path: Path, about: os.stat_result) -> None:
    # The time of change of its node too: a file that may be read at last is as new.
    signature = f"{about.st_size}:{about.st_mtime_ns}:{about.st_ctime_ns}:{about.st_ino}"
    file = _File(paths=(path,), signature=signature, device=about.st_dev, changed=max(about.st_mtime, about.st_ctime))
    origin = origin_of(path)
    same = files.get(origin)
    # Names that differ only in what can't be shown have one origin.
    files[origin] = (
        replace(file, paths=(*same.paths, path), signature=f"{same.signature} {signature}") if same else file
    )


def _why_not_gone(folder: _Folder, seen: _Seen, gone: frozenset[str]) -> str | None:
    """Why files that aren't there need not be gone for good, if so."""
    if not gone:
        return None
    if folder.identity not in (None, seen.identity) and not seen.files.keys() & folder.marks.keys():
        return (
            "another folder is in its place, with none of the files known: nothing is removed or added; "
            "mount the right one, or `byline remove` the articles and stop watching it"
        )
    for there, device in {(Path(o).parent, folder.marks[o].device) for o in gone}:
        standing = there
        while standing != folder.path and not standing.is_dir():
            standing = standing.parent
        with suppress(OSError):
            if device is not None and standing.stat().st_dev != device:
                return f"{standing} seems to be unmounted: nothing is removed or added until it is back"
    return None


def _changes(outcomes: Iterable[Outcome]) -> list[Change]:
    return [
        Change(status=o.status, name=o.name, article_id=o.article_id, reason=o.reason, origin=o.origin)
        for o in outcomes
        if o.status != "unchanged"
    ]


def _left(polled: str | None, interval: float) -> float:
    """Seconds until an address is due that was last fetched at ``polled``."""
    try:
        since = (datetime.now(UTC) - datetime.fromisoformat(polled or "")).total_seconds()
    except (ValueError, TypeError):
        return 0.0
    return min(max(interval - since, 0.0), interval)


def _file_mark(origin: str) -> str:
    return f"file:{origin}"


def _folder_mark(folder: _Folder) -> str:
    return f"folder:{folder.path}"


def _feed_mark(feed: _Feed) -> str:
    return f"watch:{feed.url}"
