"""``byline watch``, and ``byline add`` of addresses, as a script would use them."""

from __future__ import annotations

import json
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.index.webserver import Site, story
from ui.cli import main

Capture = pytest.CaptureFixture[str]

WORDS = (
    "The harbour board of Lower Fenwick voted on Tuesday to close the old pier for the winter. "
    "Its chair, Ada Brill, said that storms had loosened forty of the piles under it."
)


@pytest.fixture
def site() -> Iterator[Site]:
    with Site({"/pier": story("Pier to close", WORDS)}) as made:
        yield made


@pytest.fixture
def index(tmp_path: Path) -> list[str]:
    return ["--index", str(tmp_path / "index")]


def test_adding_an_address(site: Site, index: list[str], capsys: Capture) -> None:
    url = f"{site.url}/pier"
    assert main(["add", url, *index]) == 1
    shown = capsys.readouterr()
    assert "1 rejected" in shown.out
    assert f"rejected: {url}: leads into a private network (127.0.0.1)" in shown.err
    assert site.asked == []
    assert main(["add", url, "--allow-private", *index]) == 0
    assert "1 added" in capsys.readouterr().out
    status, headers, body = story("Pier to close", WORDS)
    site.pages["/pier"] = (status, {**headers, "ETag": '"v1"'}, body)
    assert main(["add", url, "--allow-private", *index]) == 0
    assert "1 unchanged" in capsys.readouterr().out
    site.pages["/pier"] = (304, {}, b"")
    assert main(["add", url, "--allow-private", "--json", *index]) == 0
    report = json.loads(capsys.readouterr().out)
    assert [(o["name"], o["status"]) for o in report["outcomes"]] == [(url, "unchanged")]
    assert site.asked[-1][1]["if-none-match"] == '"v1"'
    # Removed and added again, it is fetched again.
    assert main(["remove", url, *index]) == 0
    site.pages["/pier"] = story("Pier to close", WORDS)
    assert main(["add", url, "--allow-private", *index]) == 0
    assert "1 added" in capsys.readouterr().out
    assert "if-none-match" not in site.asked[-1][1]


@pytest.mark.parametrize(
    ("source", "why"),
    [
        ("ftp://news.example/pier", "not an address of the web"),
        ("FILE:///pier.txt", "not an address of the web"),
        ("C://news/pier.txt", "no such file"),
    ],
)
def test_an_address_that_is_not_of_the_web(source: str, why: str, index: list[str], capsys: Capture) -> None:
    assert main(["add", source, *index]) == 1
    assert why in capsys.readouterr().err


def test_watching_once(tmp_path: Path, index: list[str], site: Site, capsys: Capture) -> None:
    papers = tmp_path / "papers"
    papers.mkdir()
    ferry, empty = papers / "ferry.txt", papers / "empty.txt"
    ferry.write_text(" date 2024-03-04 Ferry stops\nThe ferry to Orrin stopped on Monday.\n")
    empty.write_text("")
    arguments = ["watch", str(papers), f"{site.url}/pier", "--once", "--allow-private", *index]
    assert main(arguments) == 1
    said = capsys.readouterr()
    lines = said.out.splitlines()
    assert said.err.splitlines() == [
        f"watching {papers}, {site.url}/pier",
        "2 added, 0 updated, 0 duplicate, 0 removed, 1 rejected",
    ]
    assert f"added: {ferry}" in lines
    assert f"added: {site.url}/pier" in lines
    assert any(line.startswith(f"rejected: {empty}: ") for line in lines)
    empty.unlink()
    ferry.unlink()
    assert main([*arguments, "--json"]) == 0
    said = capsys.readouterr()
    assert said.err == ""
    (line,) = said.out.splitlines()
    assert json.loads(line) == {"status": "removed", "name": str(ferry), "id": "ferry.txt", "reason": None}
    assert main(arguments) == 0
    assert capsys.readouterr().out == ""


def test_watching_with_named_fields_and_rejects(tmp_path: Path, index: list[str], capsys: Capture) -> None:
    papers, rejects = tmp_path / "papers", tmp_path / "rejects.jsonl"
    papers.mkdir()
    wire = papers / "wire.jsonl"
    wire.write_text('{"headline": "Ferry stops", "words of it": "The ferry to Orrin stopped on Monday."}\n')
    arguments = ["watch", str(papers), "--once", "--rejects", str(rejects), *index]
    assert main(arguments) == 1
    (papers / "empty.txt").write_text("")
    # Named now, the field is looked for in what was read before as well.
    assert main([*arguments, "--field", "text=words of it"]) == 1
    assert "1 added" in capsys.readouterr().err
    one, two = [json.loads(line) for line in rejects.read_text().splitlines()]
    assert (one["name"], one["origin"]) == (f"{wire}:1", str(wire))
    assert "--field text=NAME" in one["reason"]
    assert two["name"] == two["origin"] == str(papers / "empty.txt")
    assert main([*arguments, "--field", "text=words of it"]) == 0
    assert main([*arguments, "--field", "txt=x"]) == 2
    assert main(["watch", str(papers), "--once", "--rejects", str(tmp_path / "no" / "file"), *index]) == 2
    assert "can't be written there" in capsys.readouterr().err


def test_signals_are_left_as_they_were(tmp_path: Path, index: list[str], capsys: Capture) -> None:
    before = signal.getsignal(signal.SIGTERM), signal.getsignal(signal.SIGINT)
    assert main(["watch", str(tmp_path / "missing"), *index]) == 2
    assert "no such folder" in capsys.readouterr().err
    assert (signal.getsignal(signal.SIGTERM), signal.getsignal(signal.SIGINT)) == before


@pytest.mark.parametrize("seconds", ["0", "-1", "soon", "nan", "inf", "1e12"])
def test_seconds_that_are_none(seconds: str, tmp_path: Path, index: list[str], capsys: Capture) -> None:
    for option in ("--every", "--interval"):
        with pytest.raises(SystemExit):
            main(["watch", str(tmp_path), option, seconds, *index])
        assert "seconds" in capsys.readouterr().err
