"""The benchmarks run, on next to nothing, and print what their help promises."""

from __future__ import annotations

import json
import shutil
import sys
from pathlib import Path

import pytest

from eval.bench import embedding, startup


def test_embedding_times_the_same_sentences_both_ways(paper: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert embedding.main(["--articles", str(paper), "--sentences", "4", "--rounds", "2", "--json"]) == 0
    report = json.loads(capsys.readouterr().out)
    assert {"cpus", "torch", "date", "load"} <= set(report["machine"])
    # Of four articles the first warms up, and each round takes one of two sentences or more.
    assert [one["sentences"] for one in report["rounds"]] == [2, 2]
    for one in report["rounds"]:
        assert one["ratio"] == pytest.approx(one["plain_s"] / one["index_s"])


def test_embedding_prints_a_table(paper: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert embedding.main(["--articles", str(paper), "--sentences", "2", "--rounds", "1"]) == 0
    out = capsys.readouterr().out
    assert "sentences/s" in out
    assert "median ratio" in out


def test_embedding_says_what_is_missing(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for arguments in (
        ["--articles", str(tmp_path)],
        ["--articles", str(tmp_path), "--rounds", "0"],
        [],
    ):
        with pytest.raises(SystemExit) as left:
            embedding.main(arguments)
        assert left.value.code == 2
    assert "too few articles" in capsys.readouterr().err


@pytest.mark.skipif(
    shutil.which("byline", path=str(Path(sys.executable).parent)) is None,
    reason="the byline command is not installed with this Python",
)
def test_startup_times_a_cold_process(capsys: pytest.CaptureFixture[str]) -> None:
    assert startup.main(["--runs", "1", "--json"]) == 0
    times = json.loads(capsys.readouterr().out)["ms"]
    assert times["of that, imports"]["median"] > 0
    assert 0 < times["python alone"]["median"] < times["byline ask, cold process"]["median"]
