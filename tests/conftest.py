from __future__ import annotations

import os
import re
import socket
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from eval.bench.chromium import MISSING, find_chromium, launch
from index import ArticleIndex
from qa import ArticleQA
from tests import smollm

if TYPE_CHECKING:
    from playwright.sync_api import Browser

REPOSITORY = Path(__file__).parent.parent
SHARED = REPOSITORY.parent / "shared"
GAZETTE = REPOSITORY / "eval" / "gazette"

_LOOPBACK = ("127.", "::1", "localhost")


@pytest.fixture(autouse=True)
def _only_loopback(monkeypatch: pytest.MonkeyPatch) -> None:
    """No test, and nothing that it runs in this process, reaches another machine."""
    connect = socket.socket.connect

    def refusing(self: socket.socket, address: Any) -> None:
        if self.family != socket.AF_UNIX and not str(address[0]).startswith(_LOOPBACK):
            raise AssertionError(f"a connection to {address} was tried")
        connect(self, address)

    look_up = socket.getaddrinfo

    def refusing_names(host: Any, *rest: Any, **options: Any) -> Any:
        # An address written in numbers is parsed without asking anyone.
        if not re.fullmatch(r"[\d.:a-f]*|localhost|None", str(host)):
            raise AssertionError(f"the address of {host} was asked for")
        return look_up(host, *rest, **options)

    monkeypatch.setattr(socket.socket, "connect", refusing)
    monkeypatch.setattr(socket, "getaddrinfo", refusing_names)


@pytest.fixture(autouse=True)
def _no_settings(monkeypatch: pytest.MonkeyPatch) -> None:
    """The settings of whoever runs the tests don't reach them."""
    for name in ("BYLINE_INDEX", "BYLINE_AUTH"):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    from playwright.sync_api import sync_playwright

    executable = find_chromium()
    if executable is None:
        if os.environ.get("BYLINE_REQUIRE_BROWSER") == "1":
            pytest.fail(MISSING)
        pytest.skip(MISSING)
    with sync_playwright() as playwright, launch(playwright, executable) as launched:
        yield launched


@pytest.fixture(scope="session")
def small_model() -> Iterator[str]:
    """The base URL of llama.cpp's server with a small language model, ``smollm.MODEL``."""
    weights = smollm.find_weights()
    if weights is None:
        if os.environ.get("BYLINE_REQUIRE_MODEL") == "1":
            pytest.fail(smollm.MISSING)
        pytest.skip(smollm.MISSING)
    with smollm.serving(weights) as address:
        yield address


@pytest.fixture(scope="session")
def gazette_index(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An index of the sample newspaper; tests only read it."""
    path = tmp_path_factory.mktemp("gazette") / "index"
    with ArticleIndex.open(path, create=True) as index:
        report = index.add([GAZETTE / "articles"])
    assert not report.rejected
    return path


@pytest.fixture(scope="session")
def gazette(gazette_index: Path) -> Iterator[ArticleQA]:
    """Questions to the sample newspaper."""
    with ArticleQA.open(gazette_index) as qa:
        yield qa


@pytest.fixture(scope="session")
def seed_index(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An index of the one article in the user's own form."""
    folder = SHARED / "data" / "seed"
    if not folder.is_dir():
        pytest.skip("../shared is not beside the repository")
    path = tmp_path_factory.mktemp("seed") / "index"
    with ArticleIndex.open(path, create=True) as index:
        assert len(index.add([folder]).added) == 1
    return path
