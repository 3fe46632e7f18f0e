"""The steps of an answer for asyncio: they run in a thread of their own, and can be halted from outside."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncGenerator, Callable, Generator, Iterator
from contextlib import aclosing, contextmanager, suppress

from qa.answer import Answer
from qa.events import Event, finished

__all__ = ["Halt", "in_thread", "last_answer"]


class Halt:
    """Asks that the steps of one answer end, from any thread, once and for good."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._close: Callable[[], None] | None = None
        self._asked = False

    @property
    def asked(self) -> bool:
        """Whether they are to end."""
        return self._asked

    def ask(self) -> None:
        """End them: whatever they wait for is closed."""
        with self._lock:
            self._asked = True
            close = self._close
        if close:
            close()

    @contextmanager
    def closing(self, close: Callable[[], None]) -> Iterator[None]:
        """Within it ``ask`` calls ``close``, and so does entering it after ``ask``."""
        with self._lock:
            self._close = close
            late = self._asked
        if late:
            close()
        try:
            yield
        finally:
            with self._lock:
                self._close = None


async def in_thread(steps: Generator[Event], halt: Halt) -> AsyncGenerator[Event]:
    """The ``steps``, which run in a thread of their own. Where the task is cancelled or the
    generator closed early, ``halt`` is asked and no step follows."""
    loop = asyncio.get_running_loop()
    told: asyncio.Queue[Event | BaseException | None] = asyncio.Queue()

    def tell(what: Event | BaseException | None) -> None:
        # Whoever waited for it may be gone, and the loop with them.
        with suppress(RuntimeError):
            loop.call_soon_threadsafe(told.put_nowait, what)

    def run() -> None:
        try:
            for event in steps:
                tell(event)
                if halt.asked:
                    steps.close()
        except BaseException as error:
            tell(error)
        else:
            tell(None)

    threading.Thread(target=run, name="byline-answer", daemon=True).start()
    try:
        while (what := await told.get()) is not None:
            if isinstance(what, BaseException):
                raise what
            yield what
    finally:
        # Closing a connection may take a moment, which the loop hasn't.
        threading.Thread(target=halt.ask, name="byline-halt", daemon=True).start()


async def last_answer(steps: AsyncGenerator[Event]) -> Answer:
    """The answer that the steps end with."""
    async with aclosing(steps):
        return finished([step async for step in steps])
