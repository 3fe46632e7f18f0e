"""How many are served at once, and how many may wait for it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

__all__ = ["BUSY", "BusyError", "Turnstile"]

BUSY = "Too much is waiting already. Try again in a few seconds."
"""What whoever is turned away is told."""


_AT_ONCE = 4


class BusyError(Exception):
    """Nobody else can wait."""


class Turnstile:
    """Lets four through at once and so many wait; whoever comes then is turned away, and so
    is whoever has waited for ``patience`` seconds, where there is such a limit.

    For the tasks of one event loop.
    """

    def __init__(self, *, waiting: int = 64, patience: float | None = None) -> None:
        self._free = asyncio.Semaphore(_AT_ONCE)
        self._patience = patience
        self._most = _AT_ONCE + waiting
        self._inside = 0

    @asynccontextmanager
    async def passed(self) -> AsyncIterator[None]:
        """Wait for a place, and have it within. Raises BusyError where too many wait, or one waits too long."""
        if self._inside >= self._most:
            raise BusyError(BUSY)
        self._inside += 1
        try:
            try:
                async with asyncio.timeout(self._patience):
                    await self._free.acquire()
            except TimeoutError:
                raise BusyError(BUSY) from None
            try:
                yield
            finally:
                self._free.release()
        finally:
            self._inside -= 1
