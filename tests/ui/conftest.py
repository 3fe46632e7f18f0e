"""A served index of the sample newspaper, shared by the tests of the web chat."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from index import ArticleIndex
from qa import ArticleQA
from ui.web.server import running

GAZETTE = Path(__file__).parents[2] / "eval" / "gazette" / "articles"


@pytest.fixture(scope="session")
def gazette(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("web") / "gazette"
    with ArticleIndex.open(path, create=True) as index:
        report = index.add([GAZETTE])
    assert report.added
    return path


@pytest.fixture(scope="session")
def qa(gazette: Path) -> Iterator[ArticleQA]:
    with ArticleQA.open(gazette) as opened:
        yield opened


@pytest.fixture(scope="session")
def site(qa: ArticleQA) -> Iterator[str]:
    """The address of a server that the tests of this session share."""
    with running(qa) as address:
        yield address
