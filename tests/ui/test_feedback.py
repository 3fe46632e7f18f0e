"""Verdicts on answers: checked, kept whatever happens, and exported as questions to measure by."""

from __future__ import annotations

import json
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Callable
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import ui.feedback
from eval.questions import read_questions
from index import ArticleIndex, IndexMissingError, QuestionError, StoreError
from qa import ArticleQA
from tests.conftest import REPOSITORY
from ui.cli import main
from ui.feedback import FEEDBACK, Cited, Feedback, Limits, append, feedback_from, question_set, read_feedback

Capture = pytest.CaptureFixture[str]

QUESTION = "How much will the wall cost?"


def posted(**changes: Any) -> dict[str, Any]:
    """What a page posts of an answer; keys such as ``answer__answered`` reach within."""
    made: dict[str, Any] = {
        "answer_id": "a1",
        "verdict": "up",
        "kind": "",
        "reason": "",
        "question": QUESTION,
        "limits": {"as_of": None, "published_from": None, "published_to": None, "sources": [], "languages": []},
        "answer": {
            "understood": QUESTION,
            "answered": True,
            "answer": "It will cost £4.2 million. [1]",
            "confidence": 0.8,
            "citations": [{"quote": "It will cost £4.2 million.", "article": {"id": "wall.txt", "revision": 2}}],
        },
    }
    for key, value in changes.items():
        *within, last = key.split("__")
        place = made
        for name in within:
            place = place[name]
        place[last] = value
    return made


def refused(**changes: Any) -> dict[str, Any]:
    return posted(answer__answered=False, answer__citations=[], answer__answer="The articles don't say.", **changes)


def given_in_order(*all_posted: dict[str, Any]) -> tuple[Feedback, ...]:
    return tuple(feedback_from({**each, "answer_id": f"a{place}"}) for place, each in enumerate(all_posted))


def test_a_verdict_on_a_real_answer_is_kept_as_it_was_given(gazette: ArticleQA, tmp_path: Path) -> None:
    answer = gazette.ask("How long is the gap in the harbour wall?", as_of=date(2025, 3, 7))
    page = json.loads(json.dumps(answer.to_dict()))
    limits = {"as_of": "2025-03-07", "published_from": "2025-01-01", "sources": ["The Gazette"]}
    made = feedback_from(
        {
            "answer_id": "x-1",
            "verdict": "down",
            "kind": "outdated",
            "reason": " It was\nlonger. ",
            "question": "And how long?",
            "limits": limits,
            "answer": page,
        }
    )
    assert (datetime.now(UTC) - made.when).total_seconds() < 60
    assert made == Feedback(
        when=made.when,
        answer_id="x-1",
        verdict="down",
        kind="outdated",
        reason="It was\nlonger.",
        typed="And how long?",
        question="How long is the gap in the harbour wall?",
        limits=Limits(as_of=date(2025, 3, 7), published_from=date(2025, 1, 1), sources=("The Gazette",)),
        answered=True,
        confidence=round(answer.confidence, 4),
        answer=answer.text,
        cited=tuple(
            Cited(quote=c.quote, article_id=c.article.id, revision=c.article.revision) for c in answer.citations
        ),
    )
    append(tmp_path, made)
    (kept,) = read_feedback(tmp_path)
    assert kept.to_dict() == made.to_dict()
    assert kept.when.utcoffset() == made.when.utcoffset()


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        (None, "feedback"),
        ([], "feedback"),
        (posted(verdict="sideways"), "verdict"),
        (posted(verdict=["up"]), "verdict"),
        (posted(verdict="down", kind="rude"), "kind"),
        (posted(verdict="down", kind={}), "kind"),
        (posted(kind="wrong"), "kind"),
        (posted(verdict="down", kind="should have answered"), "kind"),
        (refused(verdict="down", kind="should have refused"), "kind"),
        (posted(reason="x" * 2_001), "reason"),
        (posted(reason=7), "reason"),
        (posted(answer_id=""), "answer_id"),
        (posted(answer_id="x" * 101), "answer_id"),
        (posted(question=" "), "question"),
        (posted(question="x" * 2_001), "question"),
        (posted(limits=[]), "limits"),
        (posted(limits__as_of="soon"), "limits.as_of"),
        (posted(limits__as_of=20250101), "limits.as_of"),
        (posted(limits__published_from="2025-02-30"), "limits.published_from"),
        (posted(limits__published_to="2025-02-03T10:00:00Z"), "limits.published_to"),
        (posted(limits__sources="Gazette"), "limits.sources"),
        (posted(limits__sources=["Gazette", 1]), "limits.sources[1]"),
        (posted(limits__languages=["en"] * 1_001), "limits.languages"),
        (posted(answer=None), "answer"),
        (posted(answer__answered="yes"), "answer.answered"),
        (posted(answer__understood=""), "answer.understood"),
        (posted(answer__answer="x" * 100_001), "answer.answer"),
        (posted(answer__confidence=float("nan")), "answer.confidence"),
        (posted(answer__confidence=10**400), "answer.confidence"),
        (posted(answer__confidence=True), "answer.confidence"),
        (posted(answer__citations=[]), "answer.citations"),
        (posted(answer__answered=False), "answer.citations"),
        (posted(answer__citations=[{}] * 101), "answer.citations"),
        (posted(answer__citations=[7]), "answer.citations[0]"),
        (posted(answer__written=7), "answer.written"),
        (posted(answer__written={"model": " "}), "answer.written.model"),
        (posted(answer__citations=[{"quote": "q"}]), "answer.citations[0].article"),
        (
            posted(answer__citations=[{"quote": " ", "article": {"id": "a", "revision": 1}}]),
            "answer.citations[0].quote",
        ),
        (
            posted(answer__citations=[{"quote": "q", "article": {"id": "", "revision": 1}}]),
            "answer.citations[0].article.id",
        ),
        (
            posted(answer__citations=[{"quote": "q", "article": {"id": "a", "revision": 0}}]),
            "answer.citations[0].article.revision",
        ),
    ],
)
def test_what_is_no_verdict_is_refused_by_the_name_of_its_field(wrong: object, field: str) -> None:
    with pytest.raises(QuestionError) as error:
        feedback_from(wrong)
    assert str(error.value).split()[0].rstrip(":") == field


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(st.characters(exclude_categories=())),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=6,
)
FIELDS = [*posted(), *(f"{top}__{key}" for top in ("limits", "answer") for key in posted()[top]), "answer__written"]


# Each is written to disk, which takes as long as the disk takes.
@settings(deadline=None)
@given(st.sampled_from(FIELDS), JSON)
def test_anything_a_page_may_post_is_a_verdict_or_a_question_error(field: str, value: Any) -> None:
    try:
        made = feedback_from(posted(**{field: value}))
    except QuestionError:
        return
    with tempfile.TemporaryDirectory() as folder:
        append(Path(folder), made)
        assert [kept.to_dict() for kept in read_feedback(Path(folder))] == [made.to_dict()]


def test_hostile_text_stays_one_line_of_data(tmp_path: Path) -> None:
    reason = 'a\n{"verdict": "up"}\r\n\u2028\x00\ud800\x1b[2J'
    append(tmp_path, feedback_from(posted(reason=reason)))
    append(tmp_path, feedback_from(posted(reason="second")))
    assert (tmp_path / FEEDBACK).read_bytes().count(b"\n") == 2
    assert [kept.reason for kept in read_feedback(tmp_path)] == ['a\n{"verdict": "up"}\n\n \ufffd [2J', "second"]


APPENDING = """
import sys
from pathlib import Path
from ui.feedback import append, feedback_from
posted = json.loads(sys.argv[2])
for number in range(int(sys.argv[3])):
    posted["reason"] = f"{sys.argv[4]}-{number}"
    append(Path(sys.argv[1]), feedback_from(posted))
    print(number, flush=True)
"""


def appending(folder: Path, count: int, name: str, before: str = "", **changes: Any) -> subprocess.Popen[bytes]:
    """A process that appends verdicts, and says of each that it was."""
    program = f"import json, resource, signal\n{before}\n{APPENDING}"
    arguments = [str(folder), json.dumps(posted(**changes)), str(count), name]
    return subprocess.Popen(
        [sys.executable, "-c", program, *arguments], stdout=subprocess.PIPE, stderr=subprocess.PIPE, cwd=REPOSITORY
    )


def test_verdicts_of_several_processes_are_all_kept_whole(tmp_path: Path) -> None:
    writers = [appending(tmp_path, 40, str(name)) for name in range(3)]
    for writer in writers:
        _, complaint = writer.communicate(timeout=120)
        assert writer.returncode == 0, complaint
    reasons = [kept.reason for kept in read_feedback(tmp_path)]
    assert len(reasons) == 120
    for name in range(3):
        own = [reason for reason in reasons if reason.startswith(f"{name}-")]
        assert own == [f"{name}-{number}" for number in range(40)]


def test_what_was_acknowledged_survives_kill_9(tmp_path: Path) -> None:
    acknowledged = []
    for turn in range(3):
        with appending(tmp_path, 100_000, str(turn)) as writer:
            assert writer.stdout
            lines = [writer.stdout.readline() for _ in range(5 + turn)]
            writer.send_signal(signal.SIGKILL)
            lines += writer.stdout.readlines()
        acknowledged += [f"{turn}-{int(line)}" for line in lines if line.endswith(b"\n")]
        # What was written may not have been acknowledged yet.
        kept = [kept.reason for kept in read_feedback(tmp_path)]
        assert set(acknowledged) <= set(kept)
        assert len(kept) <= len(acknowledged) + turn + 1
    assert len(acknowledged) > 15


LIMITED = "resource.setrlimit(resource.RLIMIT_FSIZE, (3_000, 3_000))"


def test_a_line_torn_by_a_kill_is_passed_over_then_cut_off(tmp_path: Path) -> None:
    # The limit cuts a write short, and kills at the next.
    dying = f"{LIMITED}; signal.signal(signal.SIGXFSZ, signal.SIG_DFL)"
    with appending(tmp_path, 100, "torn", dying) as writer:
        said, _ = writer.communicate(timeout=60)
    assert writer.returncode == -signal.SIGXFSZ
    written = (tmp_path / FEEDBACK).read_bytes()
    assert len(written) == 3_000
    assert not written.endswith(b"\n")
    whole = [f"torn-{number}" for number in range(len(said.splitlines()))]
    assert len(whole) > 1
    assert [kept.reason for kept in read_feedback(tmp_path)] == whole
    append(tmp_path, feedback_from(posted(reason="after")))
    assert [kept.reason for kept in read_feedback(tmp_path)] == [*whole, "after"]


def test_what_the_disk_has_no_room_for_is_taken_back(tmp_path: Path) -> None:
    with appending(tmp_path, 100, "much", LIMITED) as writer:
        _, complaint = writer.communicate(timeout=60)
    assert b"StoreError" in complaint
    assert f"{tmp_path / FEEDBACK}: can't be written (File too large)".encode() in complaint
    assert (tmp_path / FEEDBACK).read_bytes().endswith(b"\n")


@pytest.mark.parametrize("torn", [b"{", b'{"verdict": "up"', b"x" * 200_000])
def test_a_file_of_nothing_but_a_torn_line_is_begun_anew(tmp_path: Path, torn: bytes) -> None:
    (tmp_path / FEEDBACK).write_bytes(torn)
    assert read_feedback(tmp_path) == ()
    append(tmp_path, feedback_from(posted()))
    assert len(read_feedback(tmp_path)) == 1


def test_the_file_grows_no_larger_than_it_may(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    one = feedback_from(posted())
    append(tmp_path, one)
    size = (tmp_path / FEEDBACK).stat().st_size
    monkeypatch.setattr(ui.feedback, "MAX_SIZE", 2 * size)
    append(tmp_path, one)
    with pytest.raises(StoreError, match=rf"{FEEDBACK}: full \({2 * size:,} bytes\): export it"):
        append(tmp_path, one)
    assert len(read_feedback(tmp_path)) == 2


def test_a_line_that_is_no_verdict_is_named(tmp_path: Path) -> None:
    append(tmp_path, feedback_from(posted()))
    with (tmp_path / FEEDBACK).open("ab") as file:
        file.write(b'{"verdict": "up"}\n')
    with pytest.raises(StoreError, match=rf"{FEEDBACK}:2: no verdict .*mend the line"):
        read_feedback(tmp_path)


@pytest.mark.parametrize("line", ["[" * 100_000, "7", "\\x00", '{"when": 7}', '{"when": "0001-01-01T00:00+14:00"}'])
def test_no_line_breaks_the_reading_otherwise(tmp_path: Path, line: str) -> None:
    (tmp_path / FEEDBACK).write_text(f"{line}\n")
    with pytest.raises(StoreError, match=f"{FEEDBACK}:1: no verdict"):
        read_feedback(tmp_path)


def test_a_folder_that_is_gone_is_not_made_again(tmp_path: Path) -> None:
    assert read_feedback(tmp_path / "gone") == ()
    with pytest.raises(IndexMissingError, match=r"gone: no index here"):
        append(tmp_path / "gone", feedback_from(posted()))
    assert not (tmp_path / "gone").exists()


UNPRIVILEGED = """
import os, sys
from pathlib import Path
from ui.feedback import append, read_feedback
kept = read_feedback(Path(sys.argv[1]))
if os.getuid() == 0:
    os.setgroups([]); os.setgid(65534); os.setuid(65534)
print(len(read_feedback(Path(sys.argv[1]))))
append(Path(sys.argv[1]), kept[0])
"""


def test_a_folder_that_may_only_be_read_is_said_to_be() -> None:
    # Where others may enter; pytest's own folders are their owner's alone.
    with tempfile.TemporaryDirectory() as parent:
        Path(parent).chmod(0o755)
        folder = Path(parent) / "index"
        folder.mkdir()
        append(folder, feedback_from(posted()))
        (folder / FEEDBACK).chmod(0o444)
        folder.chmod(0o555)
        done = subprocess.run(
            [sys.executable, "-c", UNPRIVILEGED, str(folder)],
            capture_output=True,
            text=True,
            cwd=REPOSITORY,
            check=False,
        )
        folder.chmod(0o755)
    assert done.stdout == "1\n"
    assert f"StoreError: {folder / FEEDBACK}: can't be written (Permission denied)" in done.stderr


def test_the_index_lives_with_what_was_said_of_it(gazette_index: Path, tmp_path: Path) -> None:
    folder = tmp_path / "index"
    shutil.copytree(gazette_index, folder)
    with ArticleQA.open(folder):
        # Whoever reads the index gives the verdict.
        append(folder, feedback_from(posted()))
    with ArticleIndex.open(folder) as index:
        before = index.stats().sizes["other"]
        assert before >= (folder / FEEDBACK).stat().st_size
        index.compact()
        index.repair()
        assert index.verify().sound
        append(folder, feedback_from(posted()))
    assert len(read_feedback(folder)) == 2


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        (
            posted(),
            {"answerable": True, "articles": ["wall.txt"], "evidence": ["It will cost £4.2 million."], "kind": "up"},
        ),
        (refused(), {"answerable": False, "kind": "up"}),
        (posted(verdict="down", kind="should have refused"), {"answerable": False, "kind": "should have refused"}),
        (refused(verdict="down", kind="should have answered"), {"answerable": True, "kind": "should have answered"}),
    ],
)
def test_what_a_verdict_tells_becomes_a_question(said: dict[str, Any], expected: dict[str, Any]) -> None:
    said["limits"]["as_of"] = "2025-03-07"
    made = question_set(given_in_order(said))
    (question,) = made.questions
    assert question.pop("id").startswith("feedback-")
    assert question == {"question": QUESTION, "asked_on": "2025-03-07", **expected}
    assert (made.untold, made.limited, made.replaced) == (0, 0, 0)


def test_praise_of_a_model_s_answer_makes_none_of_its_words_right(tmp_path: Path) -> None:
    said = "The wall will cost some four million."
    fluent = posted(
        answer__answer=f"{said} [1]", answer__written={"model": "tiny-1", "failure": None, "unsupported": []}
    )
    append(tmp_path, feedback_from(fluent))
    (kept,) = read_feedback(tmp_path)
    assert kept.written_by == "tiny-1"
    (question,) = question_set((kept,)).questions
    assert question["evidence"] == ["It will cost £4.2 million."]
    assert question["kind"] == "up, written by a model"
    assert said not in json.dumps(question)


@pytest.mark.parametrize("written", [None, {"model": "tiny-1", "failure": "It did not answer in time."}])
def test_an_answer_in_the_articles_own_words_is_no_model_s(written: object) -> None:
    made = feedback_from(posted(answer__written=written))
    assert made.written_by is None
    assert [question["kind"] for question in question_set((made,)).questions] == ["up"]


@pytest.mark.parametrize("kind", ["", "wrong", "outdated", "off the point"])
@pytest.mark.parametrize("of", [posted, refused])
def test_what_tells_only_that_an_answer_is_bad_is_left_out(of: Callable[..., dict[str, Any]], kind: str) -> None:
    made = question_set(given_in_order(of(verdict="down", kind=kind)))
    assert (made.questions, made.untold) == ((), 1)


@pytest.mark.parametrize(
    ("limit", "value"),
    [
        ("published_from", "2025-01-01"),
        ("published_to", "2025-01-01"),
        ("sources", ["The Gazette"]),
        ("languages", ["en"]),
        ("as_of", "2025-01-01T10:00:00Z"),
    ],
)
def test_what_was_asked_within_other_limits_is_left_out(limit: str, value: Any) -> None:
    made = question_set(given_in_order(posted(), posted(**{f"limits__{limit}": value})))
    assert (len(made.questions), made.limited, made.replaced) == (1, 1, 0)


def test_the_last_verdict_on_an_answer_stands() -> None:
    up, down = feedback_from(posted()), feedback_from(posted(verdict="down", kind="should have refused"))
    made = question_set((up, down))
    assert [question["answerable"] for question in made.questions] == [False]
    assert made.replaced == 1
    assert [question["answerable"] for question in question_set((down, up)).questions] == [True]


def test_the_last_verdict_on_a_question_as_of_a_day_stands() -> None:
    down = posted(verdict="down", kind="should have refused", answer__understood=QUESTION.upper())
    later = posted(limits__as_of="2025-05-01")
    made = question_set(given_in_order(posted(), down, later))
    assert [(q.get("asked_on"), q["answerable"]) for q in made.questions] == [(None, False), ("2025-05-01", True)]
    assert len({q["id"] for q in made.questions}) == 2
    assert made.replaced == 1
    # An answer once praised and blamed since is no longer known to be right.
    made = question_set(given_in_order(posted(), posted(verdict="down", kind="wrong")))
    assert (made.questions, made.untold, made.replaced) == ((), 1, 1)


def test_a_verdict_changed_last_is_the_last_word() -> None:
    first, second = given_in_order(posted(), refused())
    again = feedback_from(posted(answer_id=first.answer_id))
    assert [q["answerable"] for q in question_set((first, second, again)).questions] == [True]


def test_an_export_is_a_question_set_that_eval_measures(
    gazette_index: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: Capture
) -> None:
    folder = tmp_path / "index"
    shutil.copytree(gazette_index, folder)
    monkeypatch.setenv("BYLINE_INDEX", str(folder))
    asked = [
        ("How long is the gap in the harbour wall?", date(2025, 3, 7), "up", ""),
        ("What is the capital of Mongolia?", None, "up", ""),
        ("How many homes were flooded?", None, "down", "wrong"),
    ]
    with ArticleQA.open(folder) as qa:
        for place, (question, as_of, verdict, kind) in enumerate(asked):
            answer = qa.ask(question, as_of=as_of).to_dict()
            limits = {"as_of": answer["as_of"]}
            facts = {"answer_id": str(place), "verdict": verdict, "kind": kind, "question": question, "limits": limits}
            append(folder, feedback_from({**facts, "answer": answer}))
    target = tmp_path / "questions.jsonl"
    assert main(["feedback", "export", "-o", str(target)]) == 0
    shown = capsys.readouterr()
    assert shown.out == ""
    assert shown.err == (
        "2 questions; left out: 1 that don't say what is right, 0 with limits other than a day, "
        "0 replaced by a later one\n"
    )
    gap, capital = read_questions(target)
    assert (gap.question, gap.asked_on, gap.answerable, gap.kind) == (asked[0][0], asked[0][1], True, "up")
    assert gap.articles
    assert any("38 metres" in sentence for sentence in gap.evidence)
    assert (capital.answerable, capital.asked_on, capital.articles) == (False, None, ())
    assert main(["eval", str(target), "--index", str(folder), "--json", "-"]) == 0
    report = json.loads(capsys.readouterr().out)
    assert report["questions"] == 2
    assert report["measures"]["articles hit@10"]["value"] == 1.0
    assert report["measures"]["refusal f1"]["value"] == 1.0
    assert main(["feedback", "export"]) == 0
    assert capsys.readouterr().out == target.read_text("utf-8")


def test_an_export_without_feedback_is_empty(gazette_index: Path, capsys: Capture) -> None:
    assert main(["feedback", "export", "--index", str(gazette_index)]) == 0
    shown = capsys.readouterr()
    assert shown.out == ""
    assert shown.err.startswith("0 questions;")


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        (["--index", "{}/nowhere"], "nowhere: no index here"),
        (["-o", "{}/nowhere/q.jsonl"], "nowhere/q.jsonl: the questions can't be written there"),
    ],
)
def test_an_export_that_cannot_be_made_says_why(
    gazette_index: Path,
    tmp_path: Path,
    arguments: list[str],
    expected: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: Capture,
) -> None:
    monkeypatch.setenv("BYLINE_INDEX", str(gazette_index))
    assert main(["feedback", "export", *(argument.format(tmp_path) for argument in arguments)]) == 2
    assert expected in capsys.readouterr().err


@pytest.mark.parametrize("command", [["feedback"], ["feedback", "export"]])
def test_the_command_has_help(command: list[str], capsys: Capture) -> None:
    with pytest.raises(SystemExit) as stopped:
        main([*command, "--help"])
    assert stopped.value.code == 0
    shown = capsys.readouterr().out
    assert "byline feedback export" in shown
    assert "exit codes" in shown


def test_the_group_alone_is_wrong_usage(capsys: Capture) -> None:
    with pytest.raises(SystemExit) as stopped:
        main(["feedback"])
    assert stopped.value.code == 2
    assert "COMMAND" in capsys.readouterr().err
