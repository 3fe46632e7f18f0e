"""A progress bar on a terminal, for what takes longer than a second; else silence."""

from __future__ import annotations

import sys
from typing import NoReturn

from tqdm import tqdm

__all__ = ["bar"]


def bar(what: str, unit: str, total: int | None = None) -> tqdm[NoReturn]:
    """A bar on standard error that shows itself after one second, on a terminal only."""
    return tqdm(total=total, desc=what, unit=f" {unit}", delay=1, disable=not sys.stderr.isatty(), leave=False)
