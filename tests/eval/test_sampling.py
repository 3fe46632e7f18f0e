"""A sheet of written sentences for a person to judge: drawn fairly, and nothing in it but text."""

from __future__ import annotations

import argparse
import json
import re
from collections import Counter
from dataclasses import replace
from pathlib import Path

import pytest
from markdown_it import MarkdownIt

from eval.record import Said
from eval.sampling import add_arguments, run, sample, sheet
from index import SettingsError
from index.article import clean_line
from tests.eval.runs import EVIDENCE, HOSTILE, QUESTION, answered, in_words, results, written_results, written_run
from tests.eval.test_report import kept

MARKDOWN = MarkdownIt("commonmark")


def test_every_sentence_that_a_model_wrote_and_no_other_may_be_drawn() -> None:
    found = written_results()
    drawn = sample(found, 1_000)
    wanted = [claim.text for one in found for claim in one.claims if claim.status != "verbatim"]
    assert [one.text for one in drawn] == wanted
    assert "It fell in 1807." not in wanted
    first = drawn[0]
    assert (first.question, first.asked) == ("wall", QUESTION.question)
    assert [(quoted.quote, card.title) for quoted, card in first.cited] == [
        (EVIDENCE, "Harbour wall put at £4.2 million")
    ]


def test_each_is_drawn_as_often_as_any_other() -> None:
    found = [in_words(answered(replace(QUESTION, id=str(place))), *"abc") for place in range(4)]
    counts = Counter((one.question, one.text) for seed in range(400) for one in sample(found, 3, seed=seed))
    assert len(counts) == 12
    assert all(60 < count < 140 for count in counts.values())
    assert sample(found, 5, seed=3) == sample(found, 5, seed=3)
    assert len(set(sample(found, 5, seed=3))) == 5


def test_nothing_to_draw_is_said() -> None:
    with pytest.raises(SettingsError, match="no sentence of this run was written by a language model"):
        sample(results(), 5)
    with pytest.raises(SettingsError, match="0 sentences can't be drawn"):
        sample(written_results(), 0)


@pytest.mark.parametrize("text", HOSTILE)
def test_a_sheet_holds_any_text_as_text(text: str) -> None:
    hostile = answered(replace(QUESTION, id=text, question=text), quote=text)
    found = replace(in_words(hostile, text), claims=(Said(text=text, markers=(1,), status="supported"),))
    tokens = MARKDOWN.parse(sheet(sample([found], 1)))
    kinds = {child.type for token in tokens for child in token.children or []}
    assert kinds <= {"text", "text_special", "code_inline", "strong_open", "strong_close"}
    told = "".join(child.content for token in tokens for child in token.children or [])
    assert told.count(clean_line(text)) >= 3


def test_the_command(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = kept(tmp_path / "run", *written_results()[:6], manifest=written_run().manifest)
    parser = argparse.ArgumentParser()
    add_arguments(parser)
    target = tmp_path / "sheet.md"
    assert run(parser.parse_args([str(folder), "--n", "2", "-o", str(target)])) == 0
    assert capsys.readouterr().out == f"2 sentences written to {target}\n"
    told = target.read_text("utf-8")
    assert len(re.findall(r"^- \[ \] not supported$", told, re.MULTILINE)) == 2
    assert run(parser.parse_args([str(folder), "--n", "2"])) == 0
    assert capsys.readouterr().out == told
    assert json.loads((folder / "run.json").read_text())["writer"]["endpoint"] == "http://127.0.0.1:8080/v1"
