"""``byline eval`` as a user runs it: exit codes, the JSON, the table, the help."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from time import perf_counter

import pytest

from eval.cli import main


def test_json_on_standard_output_is_nothing_else(
    paper_index: Path, paper_questions: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main([str(paper_questions), "--index", str(paper_index), "--json", "-"]) == 0
    out, err = capsys.readouterr()
    report = json.loads(out)
    assert report["questions"] == 5
    assert report["measures"]["violations"]["value"] == 0
    assert report["measures"]["articles hit@5"] == {
        "group": "articles",
        "value": 1,
        "low": 1,
        "high": 1,
        "over": 3,
        "better": "higher",
        "unit": "",
    }
    assert report["manifest"]["settings"]["index"] == "index"
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
    manifest = json.loads(target.read_text())["manifest"]
    assert (manifest["index"]["articles"], manifest["index"]["sentences"]) == (4, 9)
    assert manifest["settings"]["index"] is None
    assert str(tmp_path / "scratch") not in target.read_text()
    assert list(scratch.iterdir()) == []


def test_the_measures_are_shown_where_no_file_is_asked_for(
    paper_index: Path, paper_questions: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main([str(paper_questions), "--index", str(paper_index)]) == 0
    out = capsys.readouterr().out
    for words in ("5 questions", "articles hit@1", "violations"):
        assert words in out


def test_a_run_is_kept_taken_up_and_reported_on(
    paper_index: Path, paper_questions: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    run = tmp_path / "run"
    asking = [str(paper_questions), "--index", str(paper_index), "--run", str(run), "--jobs", "2", "--json", "-"]
    assert main(asking) == 0
    first = json.loads(capsys.readouterr().out)
    assert main(asking) == 2
    assert "holds a run already: take it up with --resume" in capsys.readouterr().err
    results = (run / "results.jsonl").read_bytes()
    (run / "results.jsonl").write_bytes(results[: len(results) // 2])
    assert main([*asking, "--resume", "--seed", "4"]) == 0
    assert (run / "results.jsonl").read_bytes() == results
    assert main(["report", str(run), "--json", "-"]) == 0
    out = capsys.readouterr().out
    report = json.loads(out[out.rindex("\n{") :])
    assert report["manifest"] == first["manifest"] | {"settings": first["manifest"]["settings"] | {"seed": 4}}
    assert report["measures"]["answer contains"] == first["measures"]["answer contains"]


def test_broken_lines_stop_it_or_are_named_and_left_out(
    paper_index: Path, paper_questions: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    mixed = tmp_path / "mixed.jsonl"
    mixed.write_text("{\n" + paper_questions.read_text(encoding="utf-8") + '{"id": "x"}\n', encoding="utf-8")
    asking = [str(mixed), "--index", str(paper_index), "--json", "-"]
    assert main(asking) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert f"{mixed}:1: not JSON" in err
    assert f"{mixed}:7: question is missing" in err
    assert main([*asking, "--skip-broken"]) == 0
    out, err = capsys.readouterr()
    assert f"left out {mixed}:1: not JSON" in err
    assert f"left out {mixed}:7: question is missing" in err
    report = json.loads(out)
    assert report["questions"] == 5
    assert report["manifest"]["settings"]["left_out"] == 2


def test_a_measure_that_falls_short_leaves_by_one_and_is_named(
    paper_index: Path, paper_questions: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    def ended(*bounds: str) -> tuple[int, str]:
        options = [part for bound in bounds for part in ("--fail-under", bound)]
        code = main([str(paper_questions), "--index", str(paper_index), "--json", "-", *options])
        return code, capsys.readouterr().err

    assert ended("articles hit@5=1", "confidence error=1", "latency p95=600000") == (0, "")
    error = _value(paper_index, paper_questions, capsys)
    said = ["answer em is 0, below 0.5", f"confidence error is {error:.4g}, above 0"]
    found = ended("answer em=0.5", "confidence error=0", "refusal f1=0.1")
    assert found == (1, "".join(f"byline eval: {line}\n" for line in said))
    code, told = ended("answer contains=85")
    assert (code, "it is a share; give one from 0 to 1" in told) == (2, True)
    # A set without pairs of questions measures nothing of them, and that is no pass.
    assert ended("answer pairs=0") == (
        1,
        "byline eval: answer pairs applies to no question of this set, and 0 was asked for\n",
    )


def _value(index: Path, questions: Path, capsys: pytest.CaptureFixture[str]) -> float:
    assert main([str(questions), "--index", str(index), "--json", "-"]) == 0
    return float(json.loads(capsys.readouterr().out)["measures"]["confidence error"]["value"])


def test_a_measure_that_nobody_knows_is_refused_before_the_run(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main([str(tmp_path / "no-questions"), "--fail-under", "articles hits@5=1"]) == 2
    err = capsys.readouterr().err
    assert "no measure is named 'articles hits@5'" in err
    assert "articles hit@5" in err


def test_a_judge_of_the_working_folder_is_asked(
    paper_index: Path,
    paper_questions: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    (tmp_path / "stern_judge.py").write_text("def judge(claim, quotes):\n    return False\n")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("sys.path", list(sys.path))
    asking = [str(paper_questions), "--index", str(paper_index), "--json", "-"]
    assert main([*asking, "--claims-judge", "stern_judge:judge"]) == 0
    as_ever = json.loads(capsys.readouterr().out)["measures"]["citation recall"]
    assert main([*asking, "--judge", "stern_judge:judge"]) == 0
    report = json.loads(capsys.readouterr().out)
    assert report["manifest"]["settings"]["judge"] == "stern_judge:judge"
    assert report["measures"]["citation recall"]["value"] < 1
    assert report["measures"]["citation recall"] == as_ever
    assert main(asking) == 0
    assert json.loads(capsys.readouterr().out)["measures"]["citation recall"] != report["measures"]["citation recall"]


@pytest.mark.parametrize(
    "option",
    [
        ["--llm-timeout", "5"],
        ["--llm-context", "900"],
        ["--llm-rewrite"],
        ["--unsupported", "drop"],
        ["--judge", "nli"],
    ],
)
def test_options_about_writing_are_refused_where_nothing_is_written(
    option: list[str], paper_questions: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main([str(paper_questions), *option]) == 2
    said = f"{option[0]}: there is no language model: name one by --llm-base-url and --llm-model"
    assert said in capsys.readouterr().err


@pytest.mark.parametrize("command", [["report", "run"], ["compare", "run", "run"]])
def test_a_run_that_is_written_already_has_only_a_judge_of_claims(
    command: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as left:
        main([*command, "--judge", "some/nli"])
    assert left.value.code == 2
    assert "give --claims-judge" in capsys.readouterr().err


@pytest.mark.parametrize("command", [["no-questions"], ["report", "run"]])
def test_two_judges_of_claims_are_refused(
    command: list[str], capsys: pytest.CaptureFixture[str], tmp_path: Path, paper_index: Path, paper_questions: Path
) -> None:
    if command[0] == "report":
        command = ["report", str(tmp_path / "run")]
        assert main([str(paper_questions), "--index", str(paper_index), "--run", command[1]]) == 0
    assert main([*command, "--judge", "json:loads", "--claims-judge", "some/nli"]) == 2
    assert "both name what scores claims; give one" in capsys.readouterr().err


@pytest.mark.parametrize("command", ["new", "check", "import", "export", "compare", "report"])
def test_each_command_has_its_own_help(command: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as left:
        main([command, "--help"])
    assert left.value.code == 0
    assert f"usage: byline eval {command} " in capsys.readouterr().out


def test_rejected_articles_are_named_and_leave_by_one(
    paper: Path, paper_questions: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    broken = tmp_path / "broken.jsonl"
    broken.write_text('{"title": "No text"}\n')
    assert main([str(paper_questions), "--articles", str(paper), str(broken), "--json", "-"]) == 1
    out, err = capsys.readouterr()
    assert json.loads(out)["manifest"]["index"]["articles"] == 4
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


@pytest.mark.parametrize("command", [["no-questions.jsonl"], ["report"]])
def test_two_forms_on_standard_output_are_refused(
    command: list[str], paper_index: Path, paper_questions: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    if command == ["report"]:
        run = str(tmp_path / "run")
        assert main([str(paper_questions), "--index", str(paper_index), "--run", run]) == 0
        capsys.readouterr()
        command = ["report", run]
    assert main([*command, "--html", "-", "--json", "-"]) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert "only one of them can go to standard output" in err


@pytest.mark.parametrize(("other", "said"), [([], "articles hit@1"), (["--json", "-"], '"articles hit@1"')])
def test_a_report_that_cannot_be_written_loses_no_measure(
    other: list[str],
    said: str,
    paper_index: Path,
    paper_questions: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    (tmp_path / "report.html").symlink_to(tmp_path / "gone" / "report.html")
    asking = [str(paper_questions), "--index", str(paper_index), "--html", str(tmp_path / "report.html")]
    assert main([*asking, *other]) == 2
    out, err = capsys.readouterr()
    assert said in out
    assert "report.html: can't be written" in err


@pytest.mark.parametrize(
    "arguments",
    [
        [],
        ["q.jsonl", "--index", "a", "--articles", "b"],
        ["q.jsonl", "--json", "no-such-folder/report.json"],
        ["q.jsonl", "--json", "."],
        ["q.jsonl", "--html", "no-such-folder/report.html"],
        ["q.jsonl", "--fast"],
        ["q.jsonl", "--resume"],
        ["q.jsonl", "--fail-under", "answer contains"],
        ["q.jsonl", "--fail-under", "answer contains=nan"],
        ["q.jsonl", "--fail-under", "=1"],
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
