"""Comparing two runs: what changed, what was won and lost, and what can't be compared."""

from __future__ import annotations

import argparse
import io
import json
import os
from dataclasses import replace
from pathlib import Path

import pytest
from rich.console import Console

from eval.compare import Comparison, add_arguments, compare_runs, document, run
from eval.measures import compare, judged
from eval.questions import Question
from eval.record import Result
from eval.report.browse import browsable
from eval.report.changes import outcome
from eval.report.markdown import markdown
from eval.report.page import page
from eval.report.terminal import print_document
from index import SettingsError
from tests.eval.runs import HOSTILE, MANIFEST, QUESTION, SENTENCE, answered, hostile, refused, results, run_of
from tests.eval.test_report import kept

GOLDEN = Path(__file__).parent / "golden"


def before() -> tuple[Result, ...]:
    """What `results` are of, and a question that is asked no more."""
    return (*results(), refused(Question(id="gone", question="Where is it?", answerable=False)))


def after() -> tuple[Result, ...]:
    """One question won, one lost, one with another right answer, one that is new; the rest as they were."""
    wall, again, mayor, moon, *rest = results()
    return (
        answered(Question(id="new", question="Where is it now?", answers=("here",))),
        refused(wall.question),
        answered(again.question),
        mayor,
        replace(moon, question=replace(moon.question, answerable=True, answers=("nobody",))),
        *rest,
    )


@pytest.fixture
def found() -> Comparison:
    other = replace(MANIFEST, jobs=2, versions={"python": "3.11.7", "byline": "0.2.0", "extra": "[red]1"})
    return compare_runs(run_of(*before()), run_of(*after(), manifest=other), names=("[red]monday", "tuesday|"))


def same_as_golden(name: str, text: str) -> None:
    path = GOLDEN / name
    if os.environ.get("BYLINE_WRITE_GOLDEN") == "1":
        path.write_text(text, encoding="utf-8")
    assert text == path.read_text(encoding="utf-8")


def test_the_comparison_of_two_runs(found: Comparison) -> None:
    told = io.StringIO()
    print_document(document(found), Console(file=told, width=100))
    same_as_golden("compare.txt", told.getvalue())
    same_as_golden("compare.md", markdown(document(found)))
    same_as_golden("compare.json", json.dumps(found.to_dict(), indent=2) + "\n")


def test_questions_are_matched_by_what_they_are(found: Comparison) -> None:
    assert (found.only_a, found.only_b, found.changed) == (("gone",), ("new",), ("moon",))
    assert [one.question.id for one in found.a] == [one.question.id for one in found.b]
    assert len(found.a) == len(results()) - 1
    assert (found.won, found.lost) == (("wall again",), ("wall",))
    left_out = " ".join(document(found).sections[0].text)
    assert "1 question only in [red]monday: gone." in left_out
    assert "1 question only in tuesday|: new." in left_out
    assert "moon" in left_out


@pytest.mark.parametrize(
    "change",
    [
        {"question": "What will it cost?"},
        {"answers": ("£5.1 million",)},
        {"evidence": (SENTENCE,)},
        {"articles": ("other.txt",)},
        {"asked_on": None},
        {"needs": "all"},
    ],
    ids=lambda change: next(iter(change)),
)
def test_a_question_that_is_another_in_each_run_is_left_out(change: dict[str, object]) -> None:
    other = Question(id="mayor", question="Who won?", answerable=False)
    changed = replace(QUESTION, **change)  # type: ignore[arg-type]  # each of its own field
    found = compare_runs(run_of(answered(QUESTION), refused(other)), run_of(answered(changed), refused(other)))
    assert found.changed == ("wall",)
    assert [one.question.id for one in found.a] == ["mayor"]


def test_a_question_of_another_kind_is_the_same_question() -> None:
    other = replace(QUESTION, kind="number", draft=True)
    assert compare_runs(run_of(answered(QUESTION)), run_of(answered(other))).changed == ()


def test_the_changes_are_those_of_the_questions_in_common(found: Comparison) -> None:
    assert found.changes == compare(found.a, found.b, seed=MANIFEST.settings.seed)
    seeded = replace(MANIFEST, settings=replace(MANIFEST.settings, seed=7))
    again = compare_runs(run_of(*found.a, manifest=seeded), run_of(*found.b))
    assert again.changes == compare(found.a, found.b, seed=7) != found.changes
    assert found.tested == sum(one.p is not None for one in found.changes)
    assert f"{found.tested} measures were tested" in document(found).sections[2].text[0]


def test_a_run_compared_with_itself_has_changed_in_nothing() -> None:
    same = compare_runs(run_of(*results()), run_of(*results()))
    assert (same.won, same.lost, same.only_a, same.only_b, same.changed, same.differences) == ((),) * 6
    assert {one.difference for one in same.changes} <= {0.0, None}
    assert document(same).sections[1].text == ("No measure changed with p below 0.05.",)
    assert same.latency_ms is not None
    assert same.latency_ms[0] == same.latency_ms[1]


def test_latency_is_of_the_questions_in_common(found: Comparison) -> None:
    # Each run's questions take 5 ms longer one after the other, and B asks a new one first.
    assert found.latency_ms == (50.0, 55.0)
    assert "1.10 times as long" in document(found).sections[3].text[0]


def test_differing_settings_are_told_first(found: Comparison) -> None:
    first = document(found).sections[0]
    assert [row.cells for row in first.tables[0].rows] == [
        ("jobs", "1", "2"),
        ("versions byline", "0.1.0", "0.2.0"),
        ("versions openvino", "none", "–"),
        ("versions extra", "–", "[red]1"),
    ]


def test_nothing_in_common_can_t_be_compared() -> None:
    with pytest.raises(SettingsError, match="no question in common"):
        compare_runs(run_of(answered(QUESTION)), run_of(hostile(0)))


def test_won_and_lost_are_told_by_the_verdicts() -> None:
    assert outcome(answered(QUESTION), refused(QUESTION)) == "lost"
    assert outcome(refused(QUESTION), answered(QUESTION)) == "won"
    assert outcome(refused(QUESTION), refused(QUESTION)) is None
    unknown = replace(QUESTION, answers=(), evidence=(), articles=())
    assert not judged(answered(unknown)).known
    assert outcome(answered(unknown), refused(unknown)) is None


def test_the_page_has_both_answers_to_what_was_won_and_lost(found: Comparison) -> None:
    sides = {"a": found.a[:2], "b": found.b[:2]}
    html = page(document(found), browsable(sides, ["lost", "won"]), heading="Questions won and lost")
    # The list has them, so that no table repeats them.
    assert "<caption>Won</caption>" not in html
    assert "<caption>Settings that differ</caption>" in html
    data = json.loads(html.partition('id="data">')[2].partition("</script>")[0])
    assert [(row["change"], len(row["sides"])) for row in data["rows"]] == [("lost", 2), ("won", 2)]


def test_the_command(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    a = kept(tmp_path / "a", answered(QUESTION), hostile(1))
    b = kept(tmp_path / "b", refused(QUESTION), hostile(1))
    parser = argparse.ArgumentParser()
    add_arguments(parser)
    assert run(parser.parse_args([str(a), str(b)])) == 0
    told = capsys.readouterr().out
    assert "b wins 0 and loses 1" in told
    assert "refused" in told
    html, report = tmp_path / "c.html", tmp_path / "c.json"
    assert run(parser.parse_args([str(a), str(b), "--html", str(html), "--json", str(report)])) == 0
    assert json.loads(report.read_text("utf-8"))["lost"] == ["wall"]
    assert html.read_text("utf-8").count("<script") == 2
    assert HOSTILE[1] not in html.read_text("utf-8")


def test_two_folders_of_the_same_name_are_told_apart(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for place in ("one", "two"):
        (tmp_path / place).mkdir()
        kept(tmp_path / place / "run", answered(QUESTION))
    parser = argparse.ArgumentParser()
    add_arguments(parser)
    assert run(parser.parse_args([str(tmp_path / "one" / "run"), str(tmp_path / "two" / "run")])) == 0
    assert "run (A) and run (B) compared" in capsys.readouterr().out
