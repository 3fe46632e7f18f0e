"""The server of the small model: one that doesn't start says so, and in time."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from tests import smollm


def test_a_server_that_hangs_at_its_start_is_ended(tmp_path: Path) -> None:
    # Nobody writes to it, so whoever opens it to read waits for ever.
    os.mkfifo(tmp_path / "weights.gguf")
    with (
        pytest.raises(RuntimeError, match=r"llama\.cpp's server doesn't start within 2 s"),
        smollm.serving(tmp_path / "weights.gguf", start=2.0),
    ):
        pass
