"""A served index of the sample newspaper, shared by the tests of the web chat."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from qa import ArticleQA
from ui.web.server import running


@pytest.fixture(scope="session")
def qa(gazette_index: Path) -> Iterator[ArticleQA]:
    with ArticleQA.open(gazette_index) as opened:
        yield opened


@pytest.fixture(scope="session")
def site(qa: ArticleQA) -> Iterator[str]:
    """The address of a server that the tests of this session share."""
    with running(qa) as address:
        yield address
