"""``byline eval`` as a user runs it: exit codes, the JSON, the table, the help."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from time import perf_counter

import pytest

from eval.cli import main

SHAPE = {
    "questions": None,
    "retrieval": {"hit@1", "hit@5", "hit@10", "mrr@10", "ndcg@10"},
    "evidence": {"recall@1", "recall@3", "recall@5", "recall@10"},
    "answer": {"contains", "pairs", "accounts"},
    "refusal": {"precision", "recall", "f1", "auroc", "calibration error"},
    "latency_ms": {"p50", "p95"},
    "articles": None,
    "sentences": None,
    "applies": {"retrieval", "evidence", "answer", "pairs", "accounts", "refusal"},
    "violations": None,
}


def test_json_on_standard_output_is_nothing_else(
    paper_index: Path, paper_questions: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main([str(paper_questions), "--index", str(paper_index), "--json", "-"]) == 0
    out, err = capsys.readouterr()
    report = json.loads(out)
    assert {key: set(value) if isinstance(value, dict) else None for key, value in report.items()} == SHAPE
    assert report["questions"] == 5
    assert report["violations"] == 0
    assert err == ""


def test_articles_make_an_index_that_leaves_nothing_behind(
    paper: Path,
    paper_questions: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    scratch = tmp_path / "scratch"
    scratch.mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(scratch))
    target = tmp_path / "report.json"
    assert main([str(paper_questions), "--articles", str(paper), "--json", str(target)]) == 0
    out = capsys.readouterr().out
    assert json.loads(target.read_text())["articles"] == 4
    for words in ("5 questions", "retrieval hit@1", "violations", "4 articles, 9 sentences"):
        assert words in out
    assert list(scratch.iterdir()) == []


def test_rejected_articles_are_named_and_leave_by_one(
    paper: Path, paper_questions: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    broken = tmp_path / "broken.jsonl"
    broken.write_text('{"title": "No text"}\n')
    assert main([str(paper_questions), "--articles", str(paper), str(broken), "--json", "-"]) == 1
    out, err = capsys.readouterr()
    assert json.loads(out)["articles"] == 4
    assert "broken.jsonl" in err


def test_the_index_comes_from_the_environment_or_the_working_folder(
    paper_index: Path, paper_questions: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("BYLINE_INDEX", str(paper_index))
    assert main([str(paper_questions), "--json", str(tmp_path / "a.json")]) == 0
    monkeypatch.delenv("BYLINE_INDEX")
    (tmp_path / "byline-index").symlink_to(paper_index)
    monkeypatch.chdir(tmp_path)
    assert main([str(paper_questions), "--json", "b.json"]) == 0
    assert (tmp_path / "b.json").exists()


@pytest.mark.parametrize("missing", ["questions", "index", "articles"])
def test_what_cannot_be_read_leaves_by_two_and_is_named(
    missing: str,
    paper_index: Path,
    paper_questions: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    nothing = str(tmp_path / "nothing-here")
    arguments = {
        "questions": [nothing, "--index", str(paper_index)],
        "index": [str(paper_questions), "--index", nothing],
        "articles": [str(paper_questions), "--articles", nothing],
    }
    assert main(arguments[missing]) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert err.startswith("byline eval: ")
    assert "nothing-here" in err
    assert not (tmp_path / "nothing-here").exists()


@pytest.mark.parametrize(
    "arguments",
    [
        [],
        ["q.jsonl", "--index", "a", "--articles", "b"],
        ["q.jsonl", "--json", "no-such-folder/report.json"],
        ["q.jsonl", "--json", "."],
        ["q.jsonl", "--fast"],
    ],
)
def test_wrong_usage_leaves_by_two(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as left:
        main(arguments)
    assert left.value.code == 2
    assert "usage: byline eval" in capsys.readouterr().err


def test_help_has_examples_and_loads_nothing_heavy() -> None:
    start = perf_counter()
    done = subprocess.run(
        [sys.executable, "-X", "importtime", "-m", "eval", "--help"],
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )
    took = perf_counter() - start
    assert "byline eval questions.jsonl --articles news/" in done.stdout
    for heavy in ("torch", "transformers", "sentence_transformers", "sklearn", "openvino", "gradio", "rich"):
        assert f" {heavy}\n" not in done.stderr
    assert took < 5  # a machine under load; unloaded it is a tenth of a second
