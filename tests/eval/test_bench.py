"""The benchmarks run, on next to nothing, and print what their help promises."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from pathlib import Path

import pytest

import eval.bench.open as open_
from eval.bench import copies, growth, hostile, index, load, search
from eval.bench.editions import Newspaper
from index.embedder import Embedder
from index.sentences import split
from qa import ArticleQA


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


def test_growth_pairs_each_size_with_an_empty_index(paper: Path, tmp_path: Path) -> None:
    written = tmp_path / "growth.json"
    arguments = ["--articles", str(paper), "--sizes", "12", "40", "--rounds", "2", "--json", str(written)]
    assert growth.main(arguments) == 0
    report = json.loads(written.read_text())
    assert {"cpus", "torch", "date", "load"} <= set(report["machine"])
    assert [cost["way"] for cost in report["costs"]] == ["open", "held"] * 2
    small, large = report["costs"][0]["sentences"], report["costs"][2]["sentences"]
    assert 12 <= small < 40 <= large
    for cost in report["costs"]:
        assert 0 < cost["embedding_ms"] < cost["ms"]
        assert cost["ratio"] == pytest.approx(cost["ms"] / cost["empty_ms"])


def test_search_measures_both_layers(
    paper: Path, paper_questions: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    written = tmp_path / "search.json"
    arguments = ["--articles", str(paper), "--questions", str(paper_questions), "--ask", "6"]
    sizes = ["--sizes", "40", "900", "--all-kinds", "900", "--hybrid", "30", "--json", str(written)]
    assert search.main([*arguments, *sizes]) == 0
    rows = json.loads(written.read_text())["rows"]
    kinds = list(dict.fromkeys((row["sentences"], row["kind"]) for row in rows if row["layer"] == "vectors"))
    flat = "IDMap,SQfp16"
    assert kinds == [(40, flat), (900, flat), (900, f"{flat} IDMap,PQ192x4fs"), (900, f"{flat} IVF23_HNSW32,PQ192x4fs")]
    assert [row["passing"] for row in rows[-5:]] == [1, 0.5, 0.1, 0.01, 0.001]
    for row in rows:
        for times in (row["one"], row["eight"]):
            assert 0 < times[0] <= times[1] <= times[2]
        assert row["layer"] == "hybrid" or row["recall"] >= 0.9
    assert "eight at once" in capsys.readouterr().out


def test_open_times_a_cold_process(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    written = tmp_path / "open.json"
    assert open_.main(["--sizes", "--runs", "1", "--json", str(written)]) == 0
    figures = {(one["sentences"], one["what"]): one["ms"][0] for one in json.loads(written.read_text())["figures"]}
    (size,) = {sentences for sentences, _ in figures if sentences}
    assert figures[size, "of that, imports"] > 0
    assert 0 < figures[None, "python alone"] < figures[size, "byline ask, cold process"]
    assert 0 < figures[size, "opening"] < figures[size, "byline ask, cold process"]
    assert "python alone" in capsys.readouterr().out


def test_benchmarks_say_what_is_wrong(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for bench in (growth, open_, search):
        with pytest.raises(SystemExit) as left:
            bench.main(["--articles", str(tmp_path)])
        assert left.value.code == 2
        assert "no articles: name a file or folder" in capsys.readouterr().err


def test_a_newspaper_repeats_no_sentence_and_keeps_its_length(paper: Path) -> None:
    printed = Newspaper([str(paper)], real=1_000).take(40)
    assert len({article.id for article in printed}) == len(printed)
    parts = [[article.text[s.span.start : s.span.end] for s in split(article.text)] for article in printed]
    texts = [text for part in parts for text in part]
    assert len(set(texts)) == len(texts) >= 40
    assert [len(part) for part in parts[4:8]] == [len(part) for part in parts[:4]]


def test_later_editions_are_embedded_near_the_first(paper: Path) -> None:
    newspaper = Newspaper([str(paper)], real=1_000)
    first, later = (newspaper.take(9) for _ in range(2))
    with newspaper.embedded():
        vectors = Embedder().embed([first[0].title, later[0].title, first[1].title])
    assert first[0].title in later[0].title
    assert vectors[0] @ vectors[1] == pytest.approx(0.98, abs=0.005)
    assert vectors[0] @ vectors[2] < 0.9


def test_copies_are_told_from_other_stories(paper: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    written = tmp_path / "copies.json"
    assert copies.main(["--articles", str(paper), "--json", str(written)]) == 0
    report = json.loads(written.read_text())
    assert report["reprints"] == len(copies.EDITS) * report["articles"]
    assert set(report["recall_by_edit"]) == set(copies.EDITS)
    assert 0 <= report["recall"] <= 1
    assert "precision" in capsys.readouterr().out


def test_load_holds_a_crowd_against_a_lone_person(capsys: pytest.CaptureFixture[str]) -> None:
    assert load.main(["--people", "3", "--seconds", "3"]) == 0
    report = json.loads(capsys.readouterr().out)
    assert {"cpus", "torch", "date", "load"} <= set(report["machine"])
    assert (report["people"], report["questions"], report["errors"], report["wrong"]) == (3, 24, 0, 0)
    assert report["requests"] > 3
    for name in ("p50_ms", "p95_ms"):
        assert report["ratio"][name] == pytest.approx(report["crowd"][name] / report["alone"][name], abs=0.05)
    assert list(report["memory_mb"]) == ["20%", "60%", "100%"]
    assert all(megabytes is None or megabytes > 50 for megabytes in report["memory_mb"].values())


def test_load_notices_a_wrong_answer_and_a_failure(
    paper_index: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    alone = load._alone

    def forged(address: str, share: list[dict[str, str]]) -> list[load._Asked]:
        first, *rest = alone(address, share)
        too_long = {**first.body, "question": "x" * 3_000}
        return [replace(first, answer={**first.answer, "answer": "x"}), replace(first, body=too_long), *rest]

    monkeypatch.setattr(load, "_alone", forged)
    assert load.main(["--people", "1", "--seconds", "2", "--index", str(paper_index)]) == 1
    report = json.loads(capsys.readouterr().out)
    assert report["wrong"] >= 1
    assert report["errors"] >= 1
    assert "422" in report["first_errors"][0]


def test_load_says_what_is_wrong(paper_index: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for arguments in (["--people", "0"], ["--seconds", "0"], ["--people", "50", "--index", str(paper_index)]):
        with pytest.raises(SystemExit) as left:
            load.main(arguments)
        assert left.value.code == 2
    assert "too few for 50 people" in capsys.readouterr().err


def test_an_attack_wins_by_an_answer_that_is_lost(gazette_index: Path) -> None:
    attack = hostile.attacks()[0]
    with ArticleQA.open(gazette_index) as qa:
        answer = qa.ask("How much will the harbour wall cost?")
    held = replace(attack, question=replace(attack.question, answers=(answer.claims[0].text,)))
    assert not hostile.lost(held, answer)
    assert hostile.lost(held, replace(answer, answered=False, claims=()))
    assert hostile.lost(replace(attack, question=replace(attack.question, answers=("a brass trumpet",))), answer)
