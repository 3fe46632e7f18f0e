"""The process that reads untrusted files: confined, spoken to over pipes, free to die."""

from __future__ import annotations

import contextlib
import json
import logging
import os
import signal
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import IO, Any

from index.errors import ArticleError
from index.readers.facts import MAX_TEXT, too_long
from index.readers.forms import source_of, steps_of
from index.readers.frames import pack, receive
from index.readers.steps import Draft, Options, refusal, walk

__all__ = ["OUT_OF_MEMORY", "main"]

OUT_OF_MEMORY = 77
"""The exit status of a worker that reached its limit of memory."""

# What reading needs of the system is to read; events are those of Python's audit table.
_FORBIDDEN = (
    "socket.",
    "subprocess.",
    "os.exec",
    "os.fork",
    "os.posix_spawn",
    "os.spawn",
    "os.system",
    "os.kill",
    "os.remove",
    "os.rename",
    "os.rmdir",
    "os.mkdir",
    "os.chmod",
    "os.chown",
    "os.link",
    "os.symlink",
    "os.truncate",
    "shutil.",
    "webbrowser.",
    "ftplib.",
    "smtplib.",
    "urllib.Request",
    "pty.spawn",
)


_WRITES = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_APPEND


def main() -> None:
    """Answer requests on standard input until it closes, within the limits given."""
    limits = json.loads(sys.argv[3])
    # Whatever a library prints must not stand among the messages.
    out = os.fdopen(os.dup(1), "wb")
    os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
    logging.disable()
    worker = _Worker(out, limits["seconds"], limits["memory"])
    _confine(limits["memory"])
    try:
        worker.say(["ready"])
        worker.flush()
        while (request := receive(sys.stdin.buffer)) is not None:
            worker.answer(request)
    except MemoryError:
        os._exit(OUT_OF_MEMORY)
    except BrokenPipeError:
        os._exit(0)


class _Worker:
    """Does what is asked, and says before each step that it begins."""

    def __init__(self, out: IO[bytes], seconds: float, memory: int) -> None:
        self._out, self._seconds = out, seconds
        # On some systems a process begins with its parent's peak.
        self._much = max(memory // 3, _peak())

    def answer(self, request: Any) -> None:
        what, details = request
        if what == "read":
            self._read(details)
        else:
            self._links(details)
        self.flush()

    def say(self, message: Any) -> None:
        self._out.write(pack(message))

    def flush(self) -> None:
        self._out.flush()

    def begin(self, number: int, name: str) -> None:
        self.say(["begin", number, name])
        self.flush()
        _allow(self._seconds)

    def end(self) -> None:
        self.say(["end"])

    def skip(self) -> None:
        self.say(["skip"])
        _allow(self._seconds)

    def _read(self, asked: Mapping[str, Any]) -> None:
        name = asked["name"]
        _allow(self._seconds)
        try:
            source, form = source_of(Path(asked["path"]), asked["relative"], name, asked["form"])
            options = Options(fields=asked["fields"], url=asked["url"], charset=asked["charset"])
            steps = steps_of(source, form, options)
            for found in walk(steps, self, name, tuple(asked["after"])):
                if isinstance(found, Draft) and len(found.text) > MAX_TEXT:
                    # Not even sent, since it may be of any length.
                    self.say(["error", found.name, too_long(found.text)])
                elif isinstance(found, Draft):
                    self.say(["draft", {key: getattr(found, key) for key in Draft.__slots__}])
                else:
                    self.say(["error", found.name, found.reason])
        except (ArticleError, OSError, ValueError) as error:
            failed = refusal(error, name)
            self.say(["error", failed.name, failed.reason])
        self.say(["done", "worn" if _peak() > self._much else "fit"])

    def _links(self, asked: Mapping[str, Any]) -> None:
        # Loaded here, since it needs libraries that most files don't.
        from index.readers.feeds import links_of

        base = asked["base"]
        _allow(self._seconds)
        try:
            source, _ = source_of(Path(asked["path"]), "", base, form=".xml")
            self.say(["links", *links_of(source, base)])
        except (MemoryError, BrokenPipeError):
            raise
        except Exception as error:
            failed = refusal(error, base)
            self.say(["error", failed.name, failed.reason])


def _confine(memory: int) -> None:
    with contextlib.suppress(ImportError):
        import resource

        for what, most in (
            (resource.RLIMIT_AS, memory),
            (resource.RLIMIT_CORE, 0),
            (resource.RLIMIT_FSIZE, 0),
            (resource.RLIMIT_NOFILE, 64),
        ):
            # Some systems don't have a limit, or hold it lower already.
            with contextlib.suppress(ValueError, OSError):
                resource.setrlimit(what, (most, most))
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    sys.addaudithook(_refuse)


def _refuse(event: str, arguments: tuple[object, ...]) -> None:
    if event.startswith(_FORBIDDEN):
        raise PermissionError(f"a reader tried {event}")
    if event == "open":
        path, mode, flags = arguments
        writes = set("wax+") & set(mode) if isinstance(mode, str) else isinstance(flags, int) and flags & _WRITES
        if writes:
            # No limit on a file's size keeps it from being emptied.
            raise PermissionError(f"a reader tried to write {path!r}")


def _peak() -> int:
    """The most memory in bytes that the process has held; 0 where that isn't told."""
    try:
        import resource
    except ImportError:
        return 0
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * (1 if sys.platform == "darwin" else 1024)


def _allow(seconds: float) -> None:
    """Let the process use that much more of the processor, twice over; then it dies, even
    where nobody is left to end it."""
    with contextlib.suppress(ImportError):
        import resource

        used = resource.getrusage(resource.RUSAGE_SELF)
        until = int(used.ru_utime + used.ru_stime + 2 * seconds) + 1
        resource.setrlimit(resource.RLIMIT_CPU, (until, resource.RLIM_INFINITY))
