"""The benchmarks run, on next to nothing, and print what their help promises."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

import eval.bench.open as open_
from eval.bench import embedding, growth, search
from eval.bench.editions import Newspaper
from index.embedder import Embedder
from index.sentences import split


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
