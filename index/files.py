"""Files that are whole or absent: written aside, synced, checked, then renamed."""

from __future__ import annotations

import hashlib
import os
from pathlib import Path

__all__ = ["publish", "sha256", "sync_folder"]


def sha256(path: Path) -> str:
    """The SHA-256 of a file, in hexadecimal."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def publish(written: Path, target: Path) -> None:
    """Make ``written`` durable and give it the name ``target``, in one step."""
    sync(written)
    written.replace(target)
    sync_folder(target.parent)


def sync(path: Path) -> None:
    """Wait until a file's bytes are on disk."""
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def sync_folder(folder: Path) -> None:
    """Wait until a folder's names are on disk."""
    sync(folder)
