"""The benchmarks run, on next to nothing, and print what their help promises."""

from __future__ import annotations

import json
import re
import shutil
import sys
from pathlib import Path

import pytest

from eval.bench import index, startup


def test_index_times_the_same_sentences_both_ways(
    paper: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    figures = tmp_path / "figures.json"
    assert index.main(["--articles", str(paper), "--sentences", "2", "--rounds", "1", "--json", str(figures)]) == 0
    report = json.loads(figures.read_text("utf-8"))
    assert {"cpus", "torch", "date", "load"} <= set(report["machine"])
    # Of four articles the first warms up, and the round takes one of two sentences or more.
    (one,) = report["rounds"]
    assert one["sentences"] == 2
    assert one["ratio"] == pytest.approx(one["plain"]["seconds"] / one["index"]["seconds"])
    assert report["ratio"]["min"] == report["ratio"]["median"] == one["ratio"]
    assert min(one["index"]["peak_mb"], one["plain"]["peak_mb"]) > 20
    out = capsys.readouterr().out
    assert "sentences/s" in out
    assert f"{one['ratio']:.2f} median" in out


def test_index_measures_agreement(paper: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert index.main(["--articles", str(paper), "--sentences", "3", "--rounds", "1", "--agreement"]) == 0
    said = re.search(r"3 sentences: cosine at least (\S+),", capsys.readouterr().out)
    assert said
    assert 0.999 < float(said[1]) <= 1.00001


def test_index_says_what_is_missing(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for arguments in (
        ["--articles", str(tmp_path)],
        ["--articles", str(tmp_path), "--agreement"],
        ["--articles", str(tmp_path), "--rounds", "0"],
        [],
    ):
        with pytest.raises(SystemExit) as left:
            index.main(arguments)
        assert left.value.code == 2
    said = capsys.readouterr().err
    assert "too few articles" in said
    assert "no sentences to compare" in said


@pytest.mark.skipif(
    shutil.which("byline", path=str(Path(sys.executable).parent)) is None,
    reason="the byline command is not installed with this Python",
)
def test_startup_times_a_cold_process(capsys: pytest.CaptureFixture[str]) -> None:
    assert startup.main(["--runs", "1", "--json"]) == 0
    times = json.loads(capsys.readouterr().out)["ms"]
    assert times["of that, imports"]["median"] > 0
    assert 0 < times["python alone"]["median"] < times["byline ask, cold process"]["median"]
