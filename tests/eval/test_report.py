"""Reports: their numbers, their words, and that nothing foreign in them is more than text."""

from __future__ import annotations

import argparse
import io
import json
import os
import re
import sys
from base64 import b64encode
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from hashlib import sha256
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from lxml import etree
from lxml.html import document_fromstring
from markdown_it import MarkdownIt
from playwright.sync_api import Browser, Page, expect
from rich.console import Console

from eval.measures import judged, measure
from eval.questions import Turn
from eval.report import command, output
from eval.report.browse import browsable
from eval.report.document import Column, Document, Row, Section, Table
from eval.report.markdown import markdown
from eval.report.page import page
from eval.report.plots import Curve, Point, bar, curves, latencies, reliability, risk_coverage, whisker
from eval.report.summary import document, summarise
from eval.report.terminal import print_document
from eval.run import Manifest
from index import SettingsError
from index.article import clean, clean_line
from tests.eval.runs import HOSTILE, MANIFEST, OTHER, QUESTION, answered, refused, results, run_of, written_run
from tests.ui.browser import NARROW, WIDE, Watch
from tests.ui.test_browser_access import violations

GOLDEN = Path(__file__).parent / "golden"
MARKDOWN = MarkdownIt("commonmark").enable(["table", "strikethrough"])
ANY_TEXT = st.text(st.characters(exclude_categories=()), max_size=40) | st.sampled_from(HOSTILE)


def same_as_golden(name: str, text: str) -> None:
    path = GOLDEN / name
    if os.environ.get("BYLINE_WRITE_GOLDEN") == "1":
        path.write_text(text, encoding="utf-8")
    assert text == path.read_text(encoding="utf-8")


def printed(shown: Document, width: int = 100) -> str:
    told = io.StringIO()
    print_document(shown, Console(file=told, width=width))
    return told.getvalue()


def of_text(*cells: str) -> Document:
    """A document that is one table, and says that text wherever a document says anything."""
    text = cells[0]
    rows = (Row(cells=cells, note=text, questions=(text,), group=text), Row(cells=cells))
    table = Table(caption=text, columns=tuple(Column(name=cell) for cell in cells), rows=rows)
    section = Section(title=text, text=(text,), tables=(table,))
    return Document(title=text, lede=text, origin=(text,), headline=section, sections=(section,))


def parsed_html(text: str) -> Any:
    return document_fromstring(text)


def parsed_svg(text: str) -> Any:
    return etree.fromstring(text)


@pytest.fixture(scope="module")
def html() -> str:
    found = run_of(*results())
    return page(document(summarise(found)), browsable({"set": found.results}), heading="Every question")


def test_the_report_of_a_run(html: str) -> None:
    summary = summarise(run_of(*results()))
    same_as_golden("report.html", html)
    same_as_golden("report.md", markdown(document(summary)))
    same_as_golden("report.txt", printed(document(summary)))
    same_as_golden("report.json", json.dumps(summary.to_dict(), indent=2) + "\n")


def test_the_summary_counts_what_came_out_right_and_where_it_failed() -> None:
    summary = summarise(run_of(*results()))
    assert [verdict.right for verdict in summary.verdicts[:4]] == [True, False, True, False]
    assert summary.stages["refused wrongly"] == ("wall again",)
    assert "moon" in summary.stages["answered wrongly"]
    assert list(summary.stages.values()) == sorted(summary.stages.values(), key=len, reverse=True)
    assert sum(map(len, summary.stages.values())) == len(results()) - 2
    assert document(summary).lede.startswith("1 of 10 questions that the articles answer came out right, and 1 of 2 ")
    assert (summary.kinds["unanswerable"].count, summary.kinds["unanswerable"].right) == (2, 0.5)
    assert list(summary.months) == ["2025-03", "2025-04"]
    assert summary.turns["2"].count == len(HOSTILE)


def test_the_page_begins_with_measures_and_what_each_tells() -> None:
    shown = document(summarise(run_of(*results())))
    assert shown.headline is not None
    assert [row.cells[0] for row in shown.headline.tables[0].rows] == [
        "answer right",
        "answer contains",
        "articles hit@5",
        "sentences recall@5",
        "citation precision",
        "quotes exact",
        "refusal f1",
        "confidence error",
        "latency p50",
    ]
    assert all(row.note for row in shown.headline.tables[0].rows)


def test_an_interval_without_width_is_no_certainty() -> None:
    assert "not that there is no doubt" in " ".join(document(summarise(run_of(answered(QUESTION)))).sections[0].text)


def test_turns_stand_in_the_order_of_their_numbers() -> None:
    said = (Turn(role="user", content="Hello"), Turn(role="agent", content="Yes?"))
    found = [answered(replace(QUESTION, id=str(turn), history=said * turn)) for turn in (9, 1, 0)]
    summary = summarise(run_of(*found))
    assert list(summary.turns) == list(summary.to_dict()["by turn"]) == ["1", "2", "10"]


def lenient(claim: str, quotes: Sequence[str]) -> bool:
    """A judge that finds supported what isn't hostile."""
    return claim not in HOSTILE


@pytest.fixture(scope="module")
def written_html() -> str:
    found = written_run()
    shown = document(summarise(found, judge=lenient))
    return page(shown, browsable({"set": found.results}), heading="Every question")


def test_the_report_of_written_answers(written_html: str) -> None:
    summary = summarise(written_run(), judge=lenient)
    same_as_golden("written.md", markdown(document(summary)))
    same_as_golden("written.txt", printed(document(summary)))
    same_as_golden("written.json", json.dumps(summary.to_dict(), indent=2) + "\n")
    assert "<caption>Side by side</caption>" in written_html
    assert "<caption>Struck sentences</caption>" not in written_html


def test_written_answers_stand_beside_the_verbatim_ones() -> None:
    found = summarise(written_run(), judge=lenient).beside
    assert found is not None
    assert (found.asked, found.sentences, found.supported, found.corrected, found.struck) == (13, 23, 11, 1, 11)
    assert [(len(ids), reason[-9:]) for reason, ids in found.stood.items()] == [(1, " articles")]
    assert (found.won, found.lost, found.unsaid) == (("bridge",), ("lost", "unsaid"), 1)
    right = next(one for one in found.changes if one.name == "answer right")
    assert (right.a, right.b, right.over) == (5 / 14, 4 / 14, 14)
    # The search is the same, so that its measures say nothing.
    assert {one.group for one in found.changes} == {"answer", "turns", "refusal", "citations"}


def test_reasons_that_differ_in_their_seconds_are_one() -> None:
    found = written_run()
    slow = [
        replace(one, written=replace(one.written, failure=f"http://127.0.0.1:80/v1: said nothing within {took} s"))
        for one, took in zip(found.results[:3], ("29.97", "30", "29.1"), strict=True)
        if one.written
    ]
    told = summarise(replace(found, results=(*slow, *found.results[3:])), judge=lenient).beside
    assert told is not None
    assert {reason: len(ids) for reason, ids in told.stood.items()} == {
        "http://127.0.0.1:80/v1: said nothing within … s": 3,
        "nothing that [red]small|model wrote is supported by the articles": 1,
    }


def test_a_run_without_a_language_model_tells_nothing_of_one(html: str) -> None:
    summary = summarise(run_of(*results()))
    assert summary.beside is None
    assert summary.to_dict()["written"] is None
    for told in (html, markdown(document(summary)), printed(document(summary))):
        for words in ("Side by side", "written citation recall", "prompt tokens"):
            assert words not in told


def test_every_measure_stands_in_every_form(written_html: str) -> None:
    found = written_run()
    summary = summarise(found, judge=lenient)
    names = [value.name for value in measure(found.results, found.latency_ms, judge=lenient).values]
    assert list(summary.to_dict()["measures"]) == names
    told = parsed_html(written_html).text_content()
    for name in names:
        assert name in told
        assert f"| {name} |" in markdown(document(summary)).replace("`", "")


def test_the_curves_agree_with_the_catalogue() -> None:
    summary = summarise(run_of(*results()))
    hits = next(figure for section in document(summary).sections for figure in section.figures)
    assert [column.name for column in hits.table.columns] == ["k", "articles", "passages", "sentences"]
    for row in hits.table.rows:
        for name, cell in zip(("articles", "passages", "sentences"), row.cells[1:], strict=True):
            if row.cells[0] in ("1", "3", "5", "10"):
                assert float(cell) == pytest.approx(summary.measured[f"{name} hit@{row.cells[0]}"].value, abs=6e-4)


def test_one_result_that_says_nothing_to_measure_by_is_a_report_too() -> None:
    plain = answered(replace(QUESTION, answers=(), articles=(), evidence=()))
    found = replace(run_of(plain), latency_ms=())
    summary = summarise(found)
    assert "None failed." in document(summary).lede
    assert page(document(summary), browsable({"set": found.results}), heading="Every question")
    assert json.loads(json.dumps(summary.to_dict()))["stages"] == {}
    assert browsable({"set": found.results})["rows"][0]["sides"][0]["verdict"] == "not judged"


# Foreign text.


@given(ANY_TEXT, ANY_TEXT)
def test_markdown_shows_any_text_as_it_is(first: str, second: str) -> None:
    tokens = MARKDOWN.parse(markdown(of_text(f"x{first}x", f"x{second}x")))
    kinds = {token.type for token in tokens}
    ours = ("heading", "paragraph", "table", "thead", "tbody", "tr", "th", "td")
    assert kinds <= {f"{kind}_{end}" for kind in ours for end in ("open", "close")} | {"inline"}
    inside = [child for token in tokens if token.type == "inline" for child in token.children or []]
    assert {child.type for child in inside} <= {"text", "text_special", "code_inline", "strong_open", "strong_close"}
    cells = [
        "".join(child.content for child in token.children or [])
        for before, token in pairwise(tokens)
        if before.type == "td_open"
    ]
    assert cells[:2] == [clean_line(f"x{first}x"), clean_line(f"x{second}x")]


@given(ANY_TEXT)
def test_a_terminal_is_told_nothing_but_text(text: str) -> None:
    told = printed(of_text(f"x{text}x"), width=60)
    assert not re.search("[\x00-\x09\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]", told)
    # Not lost as markup, nor cut off: the title has all of it.
    wanted = re.sub("[\u202a-\u202e\u2066-\u2069]", "\ufffd", clean_line(f"x{text}x"))
    assert told.replace("\n", "").replace(" ", "").startswith(wanted.replace(" ", ""))


@given(ANY_TEXT)
def test_a_page_holds_any_text_and_no_more_elements_for_it(text: str) -> None:
    found = page(of_text(f"x{text}x"), {"rows": [text]}, heading="All")
    root = parsed_html(found)
    plain = parsed_html(page(of_text("x"), {"rows": []}, heading="All"))
    assert [element.tag for element in root.iter()] == [element.tag for element in plain.iter()]
    assert json.loads(root.get_element_by_id("data").text) == {"rows": [text]}
    assert root.findtext(".//h1") == plain.findtext(".//h1").replace("x", clean(f"x{text}x"))


def test_the_page_asks_for_nothing_and_runs_only_its_own(html: str) -> None:
    root = parsed_html(html)
    assert root.xpath("//@src | //@style | //link | //iframe | //object | //@*[starts-with(name(), 'on')]") == []
    policy = root.xpath("string(//meta[@http-equiv]/@content)")
    assert policy.startswith("default-src 'none'; ")
    assert "unsafe" not in policy
    scripts = root.xpath("//script[not(@type='application/json')]")
    assert len(scripts) == 1
    for element in (*scripts, *root.xpath("//style")):
        digest = sha256(element.text.encode()).digest()
        assert f"'sha256-{b64encode(digest).decode()}'" in policy


def test_the_page_s_script_reads_nothing_as_html_or_code() -> None:
    script = Path(sys.modules["eval.report.page"].__file__ or "").with_name("page.js").read_text("utf-8")
    readers = r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|srcdoc|DOMParser|\beval\b|\bFunction\(|setHTML"
    assert "JSON.parse" in script
    assert re.findall(readers, script) == []


def test_evidence_is_marked_where_it_stands_in_an_accepted_article_alone() -> None:
    found = answered(QUESTION)
    # The same words in another article may speak of something else.
    found = replace(found, passages=(replace(found.passages[1], article=OTHER.id), found.passages[1]))
    rows = browsable({"set": [found]})["rows"]
    other, gold = rows[0]["sides"][0]["passages"]
    assert (other["gold"], len(other["pieces"])) == (False, 1)
    assert (gold["gold"], gold["pieces"]) == (True, ["Before it.\n", QUESTION.evidence[0], " After it."])
    twice = replace(QUESTION, evidence=(QUESTION.evidence[0], f"{QUESTION.evidence[0]}  After", "Before it."))
    pieces = browsable({"set": [answered(twice)]})["rows"][0]["sides"][0]["passages"][1]["pieces"]
    assert pieces == ["Before it.\n", f"{QUESTION.evidence[0]} After", " it."]


@pytest.mark.parametrize(
    ("text", "evidence", "marked"),
    [
        ("1 of the walls fell. 11 of the walls fell.", "1 of the walls fell.", "1 of the walls fell."),
        ("of the five old walls", "Some of the five old walls fell.", "of the five old walls"),
    ],
    ids=["whole words", "a part of it"],
)
def test_what_is_marked_is_the_evidence_and_no_other_words(text: str, evidence: str, marked: str) -> None:
    found = answered(replace(QUESTION, evidence=(evidence,)))
    found = replace(found, passages=(replace(found.passages[1], text=text),))
    pieces = browsable({"set": [found]})["rows"][0]["sides"][0]["passages"][0]["pieces"]
    assert pieces == ["", marked, text.removeprefix(marked)]


@given(
    st.lists(st.sampled_from(["wall", "the", "walls", "1", "of", "them"]), min_size=1, max_size=12).map(" ".join),
    st.lists(st.sampled_from(["wall", "the", "1", "of", "them"]), min_size=1, max_size=7).map("\n".join),
)
def test_evidence_is_marked_where_the_verdict_has_it_and_nowhere_else(text: str, evidence: str) -> None:
    question = replace(QUESTION, evidence=(evidence,))
    found = answered(question)
    found = replace(found, passages=(replace(found.passages[1], text=text),))
    pieces = browsable({"set": [found]})["rows"][0]["sides"][0]["passages"][0]["pieces"]
    assert "".join(pieces) == text
    assert (len(pieces) > 1) == (judged(found).passage_rank == 1)


# Plots.


@pytest.mark.parametrize(
    "svg",
    [
        curves("<b>", [Curve(name="<i>&", shares={1: 0.0}), Curve(name="b", shares={1: 1.0})]),
        reliability("<b>", []),
        reliability("<b>", [Point(x=1, y=0, count=3)]),
        risk_coverage("<b>", [], here=None),
        risk_coverage("<b>", [Point(x=1, y=0.1, count=1)], here=Point(x=0, y=0.5, count=1)),
        latencies("<b>", [(0.0, 0.5, 0)], half=0.1, most_of=0.3),
        bar(2.0),
        whisker(None, 0.5, None),
    ],
)
def test_plots_are_well_formed_and_stay_on_their_ground(svg: str) -> None:
    root = parsed_svg(svg)
    _, _, width, height = map(float, root.get("viewBox").split())
    for name, most in (("x", width), ("x1", width), ("cx", width), ("y", height), ("y1", height), ("cy", height)):
        for value in root.xpath(f"//@{name}"):
            assert 0 <= float(value) <= most
    assert root.get("aria-label") == "<b>" or root.get("aria-hidden") == "true"


def test_names_of_curves_that_end_together_don_t_meet() -> None:
    root = parsed_svg(curves("Three", [Curve(name=name, shares={1: 0.5, 10: 0.9}) for name in "abc"]))
    heights = sorted(float(text.get("y")) for text in root.iter("text") if text.text in "abc")
    assert all(after - before >= 13 for before, after in pairwise(heights))


def test_a_bar_is_as_long_as_its_share() -> None:
    trough, filled = parsed_svg(bar(0.25))
    assert float(filled.get("width")) == float(trough.get("width")) / 4


# The command.


def parsed(*arguments: str) -> argparse.Namespace:
    parser = argparse.ArgumentParser()
    command.add_arguments(parser)
    return parser.parse_args(arguments)


def kept(folder: Path, *found: Any, manifest: Manifest = MANIFEST) -> Path:
    """A run's folder that holds those results."""
    run = run_of(*found, manifest=manifest)
    folder.mkdir()
    folder.joinpath("run.json").write_text(json.dumps(run.manifest.to_dict()))
    folder.joinpath("results.jsonl").write_text("".join(json.dumps(one.to_dict()) + "\n" for one in found))
    times = ({"id": one.question.id, "ms": took} for one, took in zip(found, run.latency_ms, strict=True))
    folder.joinpath("latency.jsonl").write_text("".join(json.dumps(one) + "\n" for one in times))
    return folder


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return kept(tmp_path / "run", answered(QUESTION), refused(replace(QUESTION, id="again")))


def test_the_command_prints_a_table(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert command.run(parsed(str(folder))) == 0
    told = capsys.readouterr().out
    assert re.search(r"answer right +0\.500 ", told)
    assert "refused wrongly" in told


def test_the_command_writes_each_form_that_is_asked_for(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    files = {form: folder.parent / f"report.{form}" for form in ("html", "markdown", "json")}
    assert command.run(parsed(str(folder), *(f"--{form}={path}" for form, path in files.items()))) == 0
    assert "answer right" in capsys.readouterr().out
    assert files["html"].read_text("utf-8").startswith("<!DOCTYPE html>")
    assert files["markdown"].read_text("utf-8").startswith("# ")
    assert json.loads(files["json"].read_text("utf-8"))["right"] == 1
    assert command.run(parsed(str(folder), "--json=-")) == 0
    assert json.loads(capsys.readouterr().out)["questions"] == 2
    with pytest.raises(SettingsError, match="can't be written"):
        command.run(parsed(str(folder), f"--html={folder.parent}"))
    before = (folder / "results.jsonl").read_bytes()
    with pytest.raises(SettingsError, match="is, or is in, what is read"):
        command.run(parsed(str(folder), f"--html={folder / 'results.jsonl'}"))
    with pytest.raises(SettingsError, match="two of them name one file"):
        command.run(parsed(str(folder), f"--html={files['html']}", f"--json={files['html']}"))
    assert (folder / "results.jsonl").read_bytes() == before


def test_a_narrow_terminal_and_a_pipe_without_colour(monkeypatch: pytest.MonkeyPatch) -> None:
    shown = document(summarise(run_of(answered(QUESTION))))
    for line in printed(shown, width=48).splitlines():
        assert len(line) <= 48
    assert re.search(r"right +1\.000 +1\.000–1\.000 +1\b", printed(shown, width=48))
    monkeypatch.setenv("NO_COLOR", "1")
    told = io.StringIO()
    print_document(shown, Console(file=told, force_terminal=True))
    assert not re.search(r"\x1b\[[\d;]*(3[0-7]|4[0-7]|9[0-7])m", told.getvalue())


def test_output_is_shared_by_both_commands() -> None:
    parser = argparse.ArgumentParser()
    output.add_outputs(parser)
    assert vars(parser.parse_args([])) == {"html": None, "markdown": None, "json": None}


# The page in a browser.


@contextmanager
def opened_page(browser: Browser, path: Path, html: str, *, wide: bool) -> Iterator[Page]:
    """The page; whatever is done to it, nothing foreign is run or asked for."""
    scheme: Any = "light" if wide else "dark"
    path.write_text(html, encoding="utf-8")
    # Scripts of the tests themselves, as axe is one, would break the page's own policy.
    with browser.new_context(viewport=WIDE if wide else NARROW, color_scheme=scheme) as context:
        opened = context.new_page()
        watch = Watch(opened)
        opened.goto(path.as_uri())
        opened.locator("body[data-ready]").wait_for()
        yield opened
        assert watch.errors == []
        assert watch.requests == [path.as_uri()]
        assert opened.evaluate("window.pwned") is None
        assert opened.evaluate("document.documentElement.scrollWidth <= innerWidth")


@pytest.fixture(params=["wide, light", "narrow, dark"])
def shown(browser: Browser, html: str, tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[Page]:
    """The page on two screens."""
    with opened_page(browser, tmp_path / "report.html", html, wide=request.param.startswith("wide")) as opened:
        yield opened


@pytest.mark.parametrize("wide", [True, False])
def test_a_question_shows_both_answers_and_what_was_struck(
    browser: Browser, written_html: str, tmp_path: Path, *, wide: bool
) -> None:
    with opened_page(browser, tmp_path / "report.html", written_html, wide=wide) as opened:
        for row in opened.locator(".questions > li").all():
            row.locator("summary").click()
            expect(row.locator(".inside")).to_be_visible()
        first = opened.locator(".inside").first
        expect(first).to_contain_text("The wall will cost about £4.2 million. [1] supported")
        expect(first.locator("s")).to_have_text("It fell in 1807.")
        expect(first).to_contain_text("no passage says It fell in 1807.")
        expect(first).to_contain_text("1 supported, 0 with corrected markers, 1 struck")
        expect(first.locator("div", has=opened.get_by_role("heading", name="Verbatim answer")).last).to_contain_text(
            QUESTION.evidence[0]
        )
        assert violations(opened) == []
        found = opened.get_by_role("status")
        opened.get_by_role("combobox", name="What stands").select_option("the verbatim answer")
        expect(found).to_have_text("1 of 14 questions")
        opened.get_by_role("combobox", name="What stands").select_option("")
        opened.get_by_role("combobox", name="Against verbatim").select_option("right where verbatim is wrong")
        expect(found).to_have_text("1 of 14 questions")
        expect(opened.locator(".questions > li:visible")).to_contain_text("Who opened the bridge?")


def test_every_question_opens_to_all_that_is_known_of_it(shown: Page) -> None:
    rows = shown.locator(".questions > li")
    expect(rows).to_have_count(len(results()))
    assert shown.locator(".inside").count() == 0
    rows.first.locator("summary").focus()
    shown.keyboard.press("Enter")
    inside = rows.first.locator(".inside")
    expect(inside).to_contain_text("2025-03-05")
    expect(inside).to_contain_text("Harbour wall put at £4.2 million")
    expect(inside.locator("mark")).to_have_text(QUESTION.evidence[0])
    for row in rows.all():
        if row.locator(".inside").count() == 0:
            row.locator("summary").click()
        expect(row.locator(".inside")).to_be_visible()
        assert "[object" not in row.inner_text()
    assert violations(shown) == []


def test_questions_are_found_by_words_verdict_stage_and_kind(shown: Page) -> None:
    found = shown.get_by_role("status")
    expect(found).to_have_text("12 of 12 questions")
    shown.get_by_role("searchbox").fill("COST wall")
    expect(found).to_have_text("2 of 12 questions")
    shown.get_by_role("combobox", name="Verdict").select_option("wrong")
    expect(found).to_have_text("1 of 12 questions")
    expect(shown.locator(".questions > li:visible")).to_contain_text("refused wrongly")
    shown.get_by_role("searchbox").fill("")
    shown.get_by_role("combobox", name="Stage at").select_option("refused wrongly")
    expect(found).to_have_text("1 of 12 questions")
    shown.get_by_role("combobox", name="Stage at").select_option("")
    shown.get_by_role("combobox", name="Verdict").select_option("")
    shown.get_by_role("combobox", name="Kind").select_option("unanswerable")
    expect(found).to_have_text("2 of 12 questions")


def test_an_example_leads_to_its_question(shown: Page) -> None:
    shown.get_by_role("searchbox").fill("nothing like it")
    shown.get_by_role("link", name="wall again").click()
    opened = shown.locator(".questions details[open]")
    expect(opened).to_have_count(1)
    expect(opened).to_contain_text("How much will the harbour wall cost?")
    expect(opened).to_be_in_viewport()


def test_the_page_is_fit_for_a_small_screen_and_for_print(browser: Browser, html: str, tmp_path: Path) -> None:
    path = tmp_path / "report.html"
    path.write_text(html, encoding="utf-8")
    with browser.new_context(viewport={"width": 320, "height": 640}, java_script_enabled=False) as context:
        plain = context.new_page()
        plain.goto(path.as_uri())
        assert plain.locator("svg.plot:visible").count() == 5
        expect(plain.get_by_text("answer right").first).to_be_visible()
        expect(plain.locator("noscript")).to_be_visible()
    with browser.new_context(viewport={"width": 320, "height": 640}) as context:
        small = context.new_page()
        small.goto(path.as_uri())
        small.locator("body[data-ready]").wait_for()
        assert small.evaluate("document.documentElement.scrollWidth") == 320
        small.emulate_media(media="print")
        expect(small.locator(".filters")).to_be_hidden()
        assert small.pdf().startswith(b"%PDF")
