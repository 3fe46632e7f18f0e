"""The ``byline`` command as a script would use it: output, exit codes, refusals."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

import ui.web.server
from index import Article, ArticleIndex
from qa import ArticleQA
from tests.conftest import REPOSITORY
from ui.cli import main
from ui.uploads import Uploads

Capture = pytest.CaptureFixture[str]


@pytest.fixture
def papers(tmp_path: Path) -> Path:
    folder = tmp_path / "papers"
    folder.mkdir()
    (folder / "ferry.txt").write_text(" date 2024-03-04 Ferry stops\nThe ferry to Orrin stopped on Monday.\n")
    (folder / "bees.md").write_text("---\ntitle: Bees die\nsource: Herald\n---\nA mite killed a third of the hives.\n")
    return folder


@pytest.fixture
def asked(gazette_index: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("BYLINE_INDEX", str(gazette_index))
    return gazette_index


def test_adding_lists_what_became_of_each(papers: Path, tmp_path: Path, capsys: Capture) -> None:
    index = ["--index", str(tmp_path / "index")]
    assert main(["add", str(papers), *index]) == 0
    assert capsys.readouterr().out == "2 added, 0 updated, 0 unchanged, 0 duplicate, 0 rejected\n"
    (papers / "empty.txt").write_text("")
    (papers / "ferry.txt").write_text(" date 2024-03-04 Ferry stops\nThe ferry to Orrin stopped on Tuesday.\n")
    assert main(["add", str(papers), *index]) == 1
    shown = capsys.readouterr()
    assert shown.out == "0 added, 1 updated, 1 unchanged, 0 duplicate, 1 rejected\n"
    assert "empty.txt: the file is empty" in shown.err
    assert main(["add", str(papers), "--json", *index]) == 1
    report = json.loads(capsys.readouterr().out)
    assert (report["unchanged"], report["rejected"]) == (2, 1)
    assert [o["status"] for o in report["outcomes"]] == ["unchanged", "rejected", "unchanged"]


def test_an_article_without_a_title_is_added_and_named(papers: Path, tmp_path: Path, capsys: Capture) -> None:
    (papers / "note.md").write_text("Just a paragraph.\n")
    assert main(["add", str(papers / "note.md"), "--index", str(tmp_path / "index")]) == 0
    shown = capsys.readouterr()
    assert "1 added" in shown.out
    assert "note.md: no title" in shown.err


def test_nothing_is_shown_on_a_terminal_that_is_not_one(papers: Path, tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "ui.cli", "add", str(papers), "--index", str(tmp_path / "index")],
        capture_output=True,
        text=True,
        cwd=REPOSITORY,
        check=True,
    )
    assert done.stderr == ""


def test_list(asked: Path, capsys: Capture) -> None:
    assert main(["list"]) == 0
    shown = capsys.readouterr().out
    assert shown.splitlines()[-1] == "70 articles"
    assert "council/harbour-wall-cost.txt" in shown
    assert main(["list", "--json"]) == 0
    articles = json.loads(capsys.readouterr().out)
    assert len(articles) == 70
    identity = {"id", "title", "source", "published", "url", "authors", "revision"}
    assert set(articles[0]) == identity | {"modified", "language", "revision"}


def test_ask(asked: Path, capsys: Capture) -> None:
    question = "How much will it cost to repair the harbour wall?"
    assert main(["ask", question, "--as-of", "2025-03-05"]) == 0
    shown = capsys.readouterr().out
    assert "£4.2 million" in shown
    assert "[1] 2025-03-04 · The Marrowby Gazette" in shown
    assert "https://gazette.example/2025/03/04/harbour-wall-repair-estimate#:~:text=" in shown


def test_ask_as_json(asked: Path, capsys: Capture) -> None:
    assert main(["ask", "How many homes were flooded?", "--as-of", "2025-03-20", "--json"]) == 0
    answer = json.loads(capsys.readouterr().out)
    assert set(answer) == {
        "question", "understood", "answered", "answer", "confidence", "form", "claims", "citations", "as_of",
        "took_ms", "dates", "reason", "sureness", "passages", "written"
    }  # fmt: skip
    assert (answer["answered"], answer["written"]) == (True, None)
    assert answer["as_of"] == "2025-03-20"
    assert answer["claims"][0]["citations"] == [1]
    assert "[1]" in answer["answer"]
    citation = answer["citations"][0]
    assert set(citation) == {"marker", "quote", "start", "end", "paragraph", "score", "link", "article"}
    assert set(citation["article"]) == {"id", "title", "source", "published", "url", "authors", "revision"}
    with ArticleIndex.open(asked, read_only=True) as index:
        text = index.article(citation["article"]["id"]).text
    assert text[citation["start"] : citation["end"]] == citation["quote"]


def test_ask_explains(asked: Path, capsys: Capture) -> None:
    assert main(["ask", "How many homes were flooded?", "--explain"]) == 0
    shown = capsys.readouterr().out
    assert "What speaks for each passage (+) and against it (-)" in shown
    assert "context +" in shown
    assert main(["ask", "How many homes were flooded?", "--explain", "--json"]) == 0
    explained = json.loads(capsys.readouterr().out)["explain"]
    assert [passage["rank"] for passage in explained] == list(range(1, len(explained) + 1))
    assert all(abs(sum(map(abs, passage["shares"].values())) - 1) < 1e-6 for passage in explained)


def test_a_question_says_how_its_days_were_read(asked: Path, capsys: Capture) -> None:
    main(["ask", "How many homes were flooded in March 2025?"])
    assert "Read “in March 2025” as March 2025." in capsys.readouterr().out


def test_what_is_no_cross_encoder_is_named(asked: Path, tmp_path: Path, capsys: Capture) -> None:
    assert main(["ask", "Who?", "--reranker", str(tmp_path)]) == 2
    assert f"{tmp_path}: can't be loaded as a cross-encoder" in capsys.readouterr().err


def test_a_refusal_has_its_own_exit_code(asked: Path, capsys: Capture) -> None:
    assert main(["ask", "What is the capital of Mongolia?"]) == 1
    shown = capsys.readouterr().out
    assert shown.startswith("The articles don't say. No article mentions “capital” or “Mongolia”.\n")
    assert "they don't answer" in shown


def test_search(asked: Path, capsys: Capture) -> None:
    assert main(["search", "harbour wall", "-k", "3", "--source", "Northern Wire", "--json"]) == 0
    passages = json.loads(capsys.readouterr().out)
    assert [p["rank"] for p in passages] == [1, 2, 3]
    assert {p["article"]["source"] for p in passages} == {"Northern Wire"}
    assert main(["search", "harbour wall", "--to", "2020-01-01"]) == 0
    assert capsys.readouterr().out == "no passage passes\n"


def test_a_question_to_articles_in_some_languages(asked: Path, capsys: Capture) -> None:
    question = "How many homes were flooded?"
    assert main(["search", question, "--language", "fr", "--language", "en", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)
    assert main(["search", question, "--language", "fr"]) == 0
    assert capsys.readouterr().out == "no passage passes\n"
    assert main(["ask", question, "--language", "en"]) == 0
    capsys.readouterr()
    assert main(["ask", question, "--language", "fr"]) == 1
    assert "None of the 70 articles passes the filters." in capsys.readouterr().out
    assert main(["ask", question, "--language", "English"]) == 2
    assert "'English' is no code of two letters" in capsys.readouterr().err


def test_remove(papers: Path, tmp_path: Path, capsys: Capture) -> None:
    index = ["--index", str(tmp_path / "index")]
    main(["add", str(papers), *index])
    assert main(["remove", "bees.md", *index]) == 0
    assert main(["remove", "bees.md", *index]) == 1
    assert "bees.md: no such article" in capsys.readouterr().err
    main(["list", *index])
    assert "ferry.txt\n1 article\n" in capsys.readouterr().out


@pytest.mark.parametrize(
    "arguments",
    [
        ["ask", "Who?"],
        ["list"],
        ["search", "Who?"],
        ["remove", "x"],
        ["chat"],
    ],
)
def test_a_missing_index_is_named(arguments: list[str], tmp_path: Path, capsys: Capture) -> None:
    missing = tmp_path / "nowhere"
    assert main([*arguments, "--index", str(missing)]) == 2
    error = capsys.readouterr().err
    assert f"{missing}: no index here" in error
    assert "byline add" in error
    assert not missing.exists()


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        (["ask", " "], "the question is empty"),
        (["ask", "x" * 10_000], "10,000 characters"),
        (["ask", "Who?", "--from", "2025-02-01", "--to", "2025-01-01"], "swap them"),
    ],
)
def test_a_question_that_cannot_be_asked(asked: Path, arguments: list[str], expected: str, capsys: Capture) -> None:
    assert main(arguments) == 2
    assert expected in capsys.readouterr().err


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        ([], "required"),
        (["nonsense"], "invalid choice"),
        (["ask"], "QUESTION"),
        (["ask", "Who?", "--as-of", "soon"], "'soon' is not a date"),
        (["ask", "Who?", "--from", "2025-02-30"], "'2025-02-30' is not a date"),
        (["search", "Who?", "-k", "0"], "not a number from 1"),
        (["chat", "--port", "99999999999"], "not a port"),
    ],
)
def test_wrong_usage(arguments: list[str], expected: str, capsys: Capture) -> None:
    with pytest.raises(SystemExit) as stopped:
        main(arguments)
    assert stopped.value.code == 2
    assert expected in capsys.readouterr().err


@pytest.mark.parametrize("command", ["add", "list", "remove", "search", "ask", "chat"])
def test_every_command_has_examples_and_exit_codes(command: str, capsys: Capture) -> None:
    with pytest.raises(SystemExit) as stopped:
        main([command, "--help"])
    assert stopped.value.code == 0
    shown = capsys.readouterr().out
    assert f"  byline {command}" in shown
    assert "exit codes" in shown


def test_help_loads_nothing_heavy() -> None:
    program = (
        "import sys; from ui.cli import main\n"
        "try: main(['--help'])\n"
        "except SystemExit: print([m for m in ('torch','numpy','gradio','faiss','index','qa') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, cwd=REPOSITORY, check=True)
    assert done.stdout.splitlines()[-1] == "[]"


def test_a_reader_that_stops_early_is_no_failure(asked: Path) -> None:
    command = f"{sys.executable} -m ui.cli list --json | head -n 1; echo ${{PIPESTATUS[0]}}"
    done = subprocess.run(["bash", "-c", command], capture_output=True, text=True, cwd=REPOSITORY, check=True)
    assert done.stderr == ""
    assert done.stdout.splitlines() == ["[", "0"]


def test_what_an_article_holds_cannot_steer_a_terminal(tmp_path: Path, capsys: Capture) -> None:
    text = "The council met.\x1b]0;owned\x07\x1b[2J\x9b31m It sat late."
    with ArticleIndex.open(tmp_path / "index", create=True) as index:
        index.add([Article(id="a\x1b[1m", title="Council \x1b[31m", text=text, source="\x9bHerald")])
    assert main(["ask", "Who met?", "--index", str(tmp_path / "index")]) in (0, 1)
    assert main(["list", "--index", str(tmp_path / "index")]) == 0
    assert not set(capsys.readouterr().out) & {"\x1b", "\x07", "\x9b"}


def test_chat_serves_the_index_with_the_settings_given(
    asked: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    served: dict[str, object] = {}

    # Serving never returns, and is tested with the server itself.
    def noting(qa: object, **settings: object) -> None:
        served.update(settings)

    monkeypatch.setattr(ui.web.server, "serve", noting)
    (tmp_path / "auth").write_text("ann:se:cret\n")
    arguments = ["--host", "0.0.0.0", "--port", "0", "--auth", str(tmp_path / "auth"), "--allowed-host", "x.example"]
    assert main(["chat", *arguments]) == 0
    assert served["auth"] == ("ann", "se:cret")
    assert served["allowed_hosts"] == ["x.example"]
    assert served["host"] == "0.0.0.0"


@pytest.mark.parametrize("written", ["nocolon", ":password", "name:", "a:b\nc:d"])
def test_an_auth_file_must_hold_a_name_and_a_password(
    asked: Path, tmp_path: Path, written: str, capsys: Capture
) -> None:
    (tmp_path / "auth").write_text(written)
    assert main(["chat", "--auth", str(tmp_path / "auth")]) == 2
    assert "NAME:PASSWORD" in capsys.readouterr().err


def test_the_network_is_not_served_without_auth(asked: Path, capsys: Capture) -> None:
    assert main(["chat", "--host", "0.0.0.0"]) == 2
    assert "auth" in capsys.readouterr().err


def test_the_sample_is_indexed_and_nobody_may_add_to_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    served: dict[str, object] = {}

    def serve(qa: ArticleQA, **settings: object) -> None:
        served.update(settings, examples=qa.examples())

    monkeypatch.setattr(ui.web.server, "serve", serve)
    monkeypatch.chdir(tmp_path)
    assert main(["chat", "--demo", "--no-browser"]) == 0
    assert (tmp_path / "byline-demo-index" / "CURRENT").is_file()
    assert len(served["examples"]) == 4  # type: ignore[arg-type]
    assert served["uploads"] is None


def test_visitors_may_add_where_that_is_said(asked: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    served: dict[str, object] = {}
    monkeypatch.setattr(ui.web.server, "serve", lambda qa, **settings: served.update(settings))
    assert main(["chat", "--index", str(asked), "--allow-add", "--no-browser"]) == 0
    assert isinstance(served["uploads"], Uploads)


def test_eval_is_the_evaluation_package_by_another_name(capsys: Capture) -> None:
    with pytest.raises(SystemExit) as stopped:
        main(["eval", "--help"])
    assert stopped.value.code == 0
    assert "byline eval questions.jsonl" in capsys.readouterr().out
    assert os.environ.get("BYLINE_INDEX") is None


def test_on_a_terminal_the_words_that_answer_are_bold(
    asked: Path, monkeypatch: pytest.MonkeyPatch, capsys: Capture
) -> None:
    monkeypatch.setattr(sys.stdout, "isatty", lambda: True)
    monkeypatch.setenv("FORCE_COLOR", "1")
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setenv("COLUMNS", "300")
    assert main(["ask", "How long is the gap in the harbour wall?", "--as-of", "2025-03-07"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].startswith("Correction, 6 March 2025: The breach is \x1b[1m38 metres\x1b[0m long")
    assert lines[1].startswith("Earlier, 4 March 2025: The breach is \x1b[1m83 metres\x1b[0m long")
