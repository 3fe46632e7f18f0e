"""Answers that a language model writes: asked for once, kept beside the verbatim ones, taken up, reported on."""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from eval.cli import main
from eval.judge import built_in
from eval.questions import Question, question_of, read_questions
from eval.record import Card
from eval.run import Run, Settings, evaluate, read_run
from index import RunError
from qa import ArticleQA, Conversation
from qa.llm import LanguageModel
from qa.prompt import PROMPT
from qa.writer import Writer
from tests.llm import Reply, TalkingServer, talking
from tests.qa.test_entail import made

KEY = "sk-nobody-may-know"
INVENTED = "The mayor of Orrin bought 17 trumpets in 1987."


def script(body: dict[str, Any]) -> Reply:
    """The first sentence of the first passage, and one that no article says."""
    first = re.search(r"^Text: (.+?[.])(?: |$)", body["messages"][-1]["content"], re.MULTILINE)
    assert first is not None
    return Reply(pieces=[f"{first[1]} [1] ", f"{INVENTED} [1]"], usage=(len(body["messages"][-1]["content"]), 20))


@pytest.fixture(scope="module")
def questions(paper_questions: Path) -> tuple[Question, ...]:
    return read_questions(paper_questions)


@pytest.fixture(scope="module")
def server() -> Iterator[TalkingServer]:
    with talking(script) as server:
        yield server


def written(folder: Path, questions: tuple[Question, ...], url: str, *, timeout: float = 30.0, **asking: Any) -> Run:
    writer = Writer(LanguageModel(url, "scripted", key=KEY, timeout=timeout), unsupported="strike")
    with writer.llm, ArticleQA.open(folder, writer=writer) as qa:
        return evaluate(qa, questions, **asking)


@pytest.fixture(scope="module")
def whole(
    paper_index: Path, questions: tuple[Question, ...], server: TalkingServer, tmp_path_factory: pytest.TempPathFactory
) -> Path:
    """A run of the five questions, three of which Byline answers."""
    folder = tmp_path_factory.mktemp("written") / "whole"
    before = len(server.asked)
    written(paper_index, questions, server.url, run=folder)
    # What a model writes may be paid for.
    assert len(server.asked) - before == 3
    return folder


def test_what_is_kept_of_a_question(whole: Path, paper_index: Path, questions: tuple[Question, ...]) -> None:
    run = read_run(whole)
    verbatim = {result.question.id: result for result in evaluate(paper_index, questions).results}
    for result in run.results:
        assert result.verbatim == replace(verbatim[result.question.id], cards=result.cards)
        assert {one.article for one in (*result.citations, *result.verbatim.citations)} <= {
            card.id for card in result.cards
        }
    captain, mayor = run.results[0], run.results[4]
    assert captain.written is not None
    assert (captain.written.sentences, captain.written.supported, captain.written.struck) == (2, 1, 1)
    assert (captain.written.failure, [one.text for one in captain.written.unsupported]) == (None, [INVENTED])
    assert captain.written.unsupported[0].reasons
    assert captain.claims[0].status == "supported"
    assert all(one.exact and one.timely for one in captain.citations)
    assert (mayor.written, mayor.answered) == (None, False)
    assert sum(result.violations for result in run.results) == 0


def test_what_it_cost_stands_with_the_times_and_nowhere_else(whole: Path) -> None:
    run = read_run(whole)
    assert [cost is None for cost in run.costs] == [False, True, False, False, True]
    for cost, took_ms in ((run.costs[place], run.latency_ms[place]) for place in (0, 2, 3)):
        assert cost is not None
        assert cost.first_ms is not None
        assert 0 < cost.first_ms <= cost.ms < took_ms
        assert 0 < cost.verbatim_ms < took_ms
        assert (cost.completion, cost.reported) == (20, True)
        assert cost.prompt > 500
    assert not re.search(r"took|_ms|tokens|prompt", (whole / "results.jsonl").read_text("utf-8"))


def test_the_same_bytes_again_and_however_many_ask_at_a_time(
    whole: Path, paper_index: Path, questions: tuple[Question, ...], server: TalkingServer, tmp_path: Path
) -> None:
    asked = len(server.asked)
    written(paper_index, questions, server.url, run=tmp_path / "two", jobs=2)
    assert len(server.asked) - asked == 3
    assert (tmp_path / "two" / "results.jsonl").read_bytes() == (whole / "results.jsonl").read_bytes()
    assert read_run(tmp_path / "two").manifest.jobs == 2


def test_the_manifest_says_who_wrote_and_knows_no_key(whole: Path, server: TalkingServer) -> None:
    assert json.loads((whole / "run.json").read_text())["writer"] == {
        "endpoint": server.url,
        "model": "scripted",
        "prompt": PROMPT,
        "timeout": 30.0,
        "context": 4096,
        "unsupported": "strike",
        "judge": None,
        "rewrites": False,
    }
    assert all(request.headers["authorization"] == f"Bearer {KEY}" for request in server.requests)
    for file in whole.iterdir():
        assert KEY not in file.read_text("utf-8")


def test_it_is_taken_up_as_it_was_and_not_with_other_settings(
    whole: Path, paper_index: Path, questions: tuple[Question, ...], server: TalkingServer, tmp_path: Path
) -> None:
    folder = Path(shutil.copytree(whole, tmp_path / "run"))
    lines = (folder / "results.jsonl").read_bytes().splitlines(keepends=True)
    (folder / "results.jsonl").write_bytes(b"".join(lines[:3]) + lines[3][:50])
    with pytest.raises(RunError, match=r"the language model's timeout was 30\.0 and is 20"):
        written(paper_index, questions, server.url, timeout=20, run=folder, resume=True)
    with pytest.raises(RunError, match="the language model's model was scripted and is None"):
        evaluate(paper_index, questions, run=folder, resume=True)
    asked = len(server.asked)
    run = written(paper_index, questions, server.url, run=folder, resume=True)
    assert len(server.asked) - asked == 1
    assert (folder / "results.jsonl").read_bytes() == b"".join(lines)
    assert run.costs[:3] == read_run(whole).costs[:3]


def test_runs_of_before_there_were_language_models_are_still_read(
    paper_index: Path, questions: tuple[Question, ...], tmp_path: Path
) -> None:
    run = evaluate(paper_index, questions, run=tmp_path / "run")
    manifest = json.loads((tmp_path / "run" / "run.json").read_text())
    assert manifest.pop("writer") is None
    (tmp_path / "run" / "run.json").write_text(json.dumps(manifest))
    rows = [json.loads(line) for line in (tmp_path / "run" / "results.jsonl").read_text("utf-8").splitlines()]
    for row in rows:
        assert row.pop("written") is None
        for claim in row["claims"]:
            assert claim.pop("status") == "verbatim"
    (tmp_path / "run" / "results.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    assert read_run(tmp_path / "run") == run


@pytest.mark.parametrize(
    ("part", "value"),
    [("sentences", -1), ("struck", "2"), ("unsupported", [{"text": "x"}]), ("verbatim", {}), ("failed", None)],
)
def test_a_line_that_tells_no_writing_is_named(whole: Path, tmp_path: Path, part: str, value: object) -> None:
    folder = Path(shutil.copytree(whole, tmp_path / "run"))
    rows = [json.loads(line) for line in (folder / "results.jsonl").read_text("utf-8").splitlines()]
    rows[0]["written"][part] = value
    (folder / "results.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    with pytest.raises(RunError, match=r"results\.jsonl:1: not a line of a run"):
        read_run(folder)


def test_where_the_endpoint_fails_the_verbatim_answer_is_measured(
    paper_index: Path, questions: tuple[Question, ...]
) -> None:
    with talking(lambda _: Reply(status=401, body={"error": {"message": "no"}})) as server:
        run = written(paper_index, questions[:1], server.url)
    (result,) = run.results
    assert result.written is not None
    assert result.written.failure
    assert "check the key" in result.written.failure
    assert "127.0.0.1" not in result.written.failure
    assert (result.written.sentences, result.claims) == (0, result.verbatim.claims)
    assert run.costs[0] is not None
    assert run.costs[0].first_ms is None


def test_no_failure_that_is_kept_tells_where_the_endpoint_is(
    paper_index: Path, questions: tuple[Question, ...]
) -> None:
    said = "127.0.0.1 is full, ask 127.0.0.10"
    with talking(lambda _: Reply(status=400, body={"error": {"message": said}})) as server:
        run = written(paper_index, questions[:1], server.url)
    assert run.results[0].written is not None
    failure = run.results[0].written.failure or ""
    assert "the endpoint is full, ask 127.0.0.10" in failure
    assert server.url not in failure


def test_what_the_verbatim_answer_cites_has_its_card(
    gazette_index: Path, server: TalkingServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    question = question_of({"id": "wall", "question": "How much will the harbour wall cost?"})
    with (
        LanguageModel(server.url, "scripted") as llm,
        ArticleQA.open(gazette_index, writer=Writer(llm)) as qa,
    ):
        answer = qa.ask(question.question)
        assert answer.written is not None
        far = qa.chat(verbatim=True).ask("Who won the cup final?").citations
        verbatim = replace(answer.written.verbatim, citations=far)
        answer = replace(answer, written=replace(answer.written, verbatim=verbatim))
        monkeypatch.setattr(Conversation, "ask", lambda *_, **__: answer)
        (result,) = evaluate(qa, [question]).results
    assert not {one.article.id for one in far} <= {*result.articles, *(one.article for one in result.citations)}
    for one in far:
        assert result.card(one.article.id).title == one.article.title


def test_judges_are_kept_by_name_and_not_by_folder(
    paper_index: Path, questions: tuple[Question, ...], server: TalkingServer, tmp_path: Path
) -> None:
    folder = tmp_path / "strict-nli"
    folder.mkdir()
    judge = str(made(folder, {0: "contradiction", 1: "entailment"}, 0))
    with (
        LanguageModel(server.url, "scripted") as llm,
        ArticleQA.open(paper_index, writer=Writer(llm, judge=judge)) as qa,
    ):
        run = evaluate(qa, questions[:1], settings=Settings(judge=judge))
    assert run.manifest.writer is not None
    assert (run.manifest.writer.judge, run.manifest.settings.judge) == ("strict-nli", "strict-nli")


def test_the_command(
    paper_index: Path,
    paper_questions: Path,
    server: TalkingServer,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("BYLINE_LLM_API_KEY", KEY)
    (tmp_path / "own_judge.py").write_text("def judge(claim, quotes):\n    return claim in quotes\n")
    monkeypatch.chdir(tmp_path)
    asking = [str(paper_questions), "--index", str(paper_index), "--claims-judge", "own_judge:judge"]
    model = ["--llm-base-url", server.url, "--llm-model", "scripted"]
    assert main([*asking, *model, "--run", "written", "--json", "told.json"]) == 0
    shown = capsys.readouterr().out
    assert (
        f"scripted (prompt {PROMPT}) was asked to write the answer to 3 of 5 questions; the other 2"
        in shown.replace("\n", " ")
    )
    assert "of 6 sentences" in shown.replace("\n", " ").lower()
    told = json.loads(Path("told.json").read_text())
    assert told["measures"]["written citation recall"]["value"] == 1
    assert told["measures"]["written struck"]["value"] == 0.5
    assert (told["written"]["asked"], told["written"]["verbatim stood"]) == (3, {})
    assert server.requests[-1].headers["authorization"] == f"Bearer {KEY}"
    assert KEY not in shown + Path("told.json").read_text()
    assert server.url not in shown + Path("told.json").read_text() + Path("written/results.jsonl").read_text("utf-8")
    assert main([*asking, "--run", "verbatim", "--json", "-"]) == 0
    assert main(["compare", "verbatim", "written", "--claims-judge", "own_judge:judge", "--json", "compared.json"]) == 0
    compared = json.loads(Path("compared.json").read_text())
    differ = {one["name"]: (one["a"], one["b"]) for one in compared["differences"]}
    assert differ["writer model"] == (None, "scripted")
    assert compared["measures"]["written struck"]["b"] == 0.5
    assert main(["sample", "written", "--n", "2", "-o", "sheet.md"]) == 0
    assert "not supported" in Path("sheet.md").read_text("utf-8")


WALL = "Mending the harbour wall that gave way on Saturday will cost about £4.2 million, councillors were told."
CARD = Card(id="wall", title="Wall put at £4.2 million", source="The Tarn Post", published="2024-03-04")
RAIN = "It rained for most of the week before."


@pytest.mark.parametrize(
    ("claim", "quotes", "supported"),
    [
        ("Mending the harbour wall will cost about £4.2 million.", [WALL], True),
        ("Mending the harbour wall will cost about £4.2 million.", [RAIN, WALL], True),
        ("Mending the harbour wall will cost about £4.2 million.", [RAIN], False),
        ("Mending the harbour wall will cost about £6 million.", [WALL], False),
        ("Mending the harbour wall will not cost £4.2 million.", [WALL], False),
        # A marker that a model wrote into its sentence is none of the judge's.
        ("Mending the harbour wall will cost about £4.2 million.", [], False),
    ],
)
def test_the_built_in_judge_goes_by_the_cited_words_alone(claim: str, quotes: list[str], *, supported: bool) -> None:
    assert built_in(claim, [(quote, CARD) for quote in quotes]) is supported


def test_the_built_in_judge_knows_of_the_article_what_a_reader_of_its_citation_does() -> None:
    reported = f"The Tarn Post reported on 4 March 2024 that {WALL[0].lower()}{WALL[1:]}"
    assert built_in(reported, [(WALL, CARD)])
    assert not built_in(reported, [(WALL, replace(CARD, source="Orrin Herald"))])
    assert not built_in(reported, [(WALL, replace(CARD, published="2024-03-05T08:00:00+00:00"))])
    assert not built_in(reported, [(WALL, replace(CARD, published="edited"))])


@pytest.mark.parametrize("half", [["--llm-model", "scripted"], ["--llm-base-url", "http://127.0.0.1:9/v1"]])
def test_an_endpoint_without_a_model_is_wrong_usage(
    paper_questions: Path, half: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as left:
        main([str(paper_questions), *half])
    assert left.value.code == 2
    assert "--llm-base-url and --llm-model go together" in capsys.readouterr().err
