"""The ``byline`` command with a language model: what a reader of its output sees, and is told to mend."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

import ui.web.server
from qa import ArticleQA
from qa.llm import LanguageModel
from tests.conftest import REPOSITORY
from tests.llm import Reply, TalkingServer, talking
from tests.ui.test_api import WALL
from tests.ui.test_written import KEY, WRONG, first_sentence, quoting
from tests.ui.web import post
from ui.cli import main

Capture = pytest.CaptureFixture[str]
URL = "http://localhost:11434/v1"


@pytest.fixture
def llm(gazette_index: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[TalkingServer]:
    monkeypatch.setenv("BYLINE_INDEX", str(gazette_index))
    monkeypatch.setenv("BYLINE_LLM_API_KEY", KEY)
    with talking(quoting) as server:
        yield server


def ask(llm: TalkingServer, *options: str, question: str = WALL) -> int:
    return main(["ask", question, "--llm-base-url", llm.url, "--llm-model", "tiny-1", *options])


def said(llm: TalkingServer) -> str:
    return first_sentence(llm.asked[-1])


def test_what_a_model_wrote_stands_apart_from_the_articles_own_words(llm: TalkingServer, capsys: Capture) -> None:
    assert ask(llm) == 0
    shown = capsys.readouterr().out
    models, own = shown.split("\nIn the articles' own words:\n")
    assert f"{said(llm)} [1]" in models
    assert "£6.3 million" in own
    assert WRONG.removesuffix(" [1]") not in shown
    last = shown.splitlines()[-1]
    assert last.startswith("tiny-1 wrote 2 sentences: 1 supported, 0 corrected, 1 struck; ")
    assert last.endswith(" s.")
    assert not set(shown) & {"\x1b", "\r"}


def test_a_struck_sentence_is_told_in_plain_text(llm: TalkingServer, capsys: Capture) -> None:
    assert ask(llm, "--unsupported", "strike") == 0
    shown = capsys.readouterr().out
    assert f"[1]\n[not supported: {WRONG.removesuffix(' [1]')} (" in shown


def test_on_a_terminal_it_is_seen_as_it_comes(
    llm: TalkingServer, monkeypatch: pytest.MonkeyPatch, capsys: Capture
) -> None:
    monkeypatch.setattr(sys.stdout, "isatty", lambda: True)
    for name, value in (("FORCE_COLOR", "1"), ("TERM", "xterm"), ("COLUMNS", "300"), ("LINES", "50")):
        monkeypatch.setenv(name, value)
    # The pending words are seen, however fast the machine: the model goes on once they are.
    seen = threading.Event()
    write = sys.stdout.write

    def watched(text: str) -> int:
        if "\x1b[2mThe mayor" in text:
            seen.set()
        return write(text)

    monkeypatch.setattr(sys.stdout, "write", watched)
    llm.script = lambda body: [f"{first_sentence(body)} [1] ", "The mayor ", seen, "was eaten by 14 bears. [1]"]
    assert ask(llm, "--unsupported", "strike") == 0
    shown = capsys.readouterr().out
    live, final = shown.rsplit("\x1b[?25h", 1)
    assert "\x1b[2mThe mayor" in live
    assert "\x1b[9mThe mayor was eaten by 14 bears.\x1b[0m" in final
    assert "\x1b[2mThe mayor" not in final
    assert said(llm) in final


def test_a_model_that_fails_is_told_in_full(llm: TalkingServer, capsys: Capture) -> None:
    llm.script = lambda _: Reply(status=401, body={"error": {"message": f"{KEY} is not known"}})
    assert ask(llm) == 0
    shown = capsys.readouterr().out
    assert "£6.3 million" in shown
    assert f"\nThe articles' own words stand, since its answer can't: {llm.url}: " in shown
    assert KEY not in shown


def test_a_refusal_is_no_model_s(llm: TalkingServer, capsys: Capture) -> None:
    assert ask(llm, question="What is the capital of Mongolia?") == 1
    assert "tiny-1" not in capsys.readouterr().out
    assert llm.asked == []


def test_as_json_it_has_what_came_of_it(llm: TalkingServer, capsys: Capture) -> None:
    assert ask(llm, "--json", "--explain") == 0
    shown = capsys.readouterr().out
    answer = json.loads(shown)
    assert (answer["written"]["model"], answer["written"]["supported"]) == ("tiny-1", 1)
    assert answer["sent"] == llm.asked[0]["messages"]
    assert KEY not in shown


def test_it_explains_what_the_model_was_sent(llm: TalkingServer, capsys: Capture) -> None:
    assert ask(llm, "--explain") == 0
    shown = capsys.readouterr().out
    _, prompt = shown.split(f"\nWhat tiny-1 was sent (prompt {prompt_version()}):\n")
    squeezed = " ".join(prompt.split())
    for message in llm.asked[0]["messages"]:
        assert f"{message['role']}: {' '.join(message['content'].split())}" in squeezed


def prompt_version() -> str:
    from qa.prompt import PROMPT

    return PROMPT


def test_what_a_model_writes_cannot_steer_a_terminal(
    llm: TalkingServer, monkeypatch: pytest.MonkeyPatch, capsys: Capture
) -> None:
    hostile = "\x1b]0;owned\x07\x1b[2J\x9b31m[red]The mayor\u202e "
    llm.script = lambda body: [hostile, "was eaten. [1] ", first_sentence(body), hostile, " [1]"]
    for terminal in (False, True):
        monkeypatch.setattr(sys.stdout, "isatty", lambda told=terminal: told)
        assert ask(llm, "--unsupported", "strike") == 0
        shown = capsys.readouterr().out
        for steering in ("\x1b]", "\x07", "\x1b[2J\x9b", "\x9b", "\u202e"):
            assert steering not in shown


def test_the_settings_reach_the_model(llm: TalkingServer, capsys: Capture) -> None:
    assert ask(llm, "--llm-context", "1200", "--llm-timeout", "5") == 0
    assert llm.requests[-1].headers["authorization"] == f"Bearer {KEY}"
    assert llm.asked[0]["model"] == "tiny-1"
    small = len(json.dumps(llm.asked[0]["messages"]))
    assert ask(llm) == 0
    assert len(json.dumps(llm.asked[1]["messages"])) > small


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        (["--llm-model", "tiny-1"], "--llm-model tiny-1: give its endpoint too, as --llm-base-url http"),
        (["--llm-base-url", URL], "--llm-base-url: give a model's name too, as --llm-model NAME"),
        (["--unsupported", "strike"], "--unsupported: there is no language model: name one by --llm-base-url and"),
        (["--judge", "x"], "--judge: there is no language model"),
        (["--llm-timeout", "3"], "--llm-timeout: there is no language model"),
        (["--llm-context", "512"], "--llm-context: there is no language model"),
        (["--llm-base-url", "ftp://localhost/v1", "--llm-model", "x"], "--llm-base-url 'ftp://localhost/v1'"),
        (["--llm-base-url", "localhost:11434", "--llm-model", "x"], "--llm-base-url 'localhost:11434'"),
        (["--llm-base-url", "file:///etc/passwd", "--llm-model", "x"], "--llm-base-url 'file:///etc/passwd'"),
        (["--llm-base-url", URL, "--llm-model", " "], "--llm-model"),
    ],
)
@pytest.mark.parametrize("command", [["ask", "Who?"], ["chat"]])
def test_settings_that_cannot_stand_together(
    gazette_index: Path, command: list[str], options: list[str], expected: str, capsys: Capture
) -> None:
    assert main([*command, *options, "--index", str(gazette_index)]) == 2
    error = capsys.readouterr().err
    assert error.startswith(f"byline: {expected}")
    assert len(error.splitlines()) == 1


def test_follow_ups_are_put_anew_in_a_chat_alone(gazette_index: Path, capsys: Capture) -> None:
    assert main(["chat", "--llm-rewrite", "--index", str(gazette_index)]) == 2
    assert capsys.readouterr().err.startswith("byline: --llm-rewrite: there is no language model")
    with pytest.raises(SystemExit):
        main(["ask", "Who?", "--llm-rewrite"])


def test_a_chat_says_that_its_model_is_silent_and_starts(
    llm: TalkingServer, monkeypatch: pytest.MonkeyPatch, capsys: Capture
) -> None:
    served: list[ArticleQA] = []
    monkeypatch.setattr(ui.web.server, "serve", lambda qa, **_: served.append(qa))
    assert main(["chat", "--no-browser", "--llm-base-url", llm.url, "--llm-model", "tiny-1"]) == 0
    assert capsys.readouterr().err == ""
    with talking(()) as gone:
        pass
    assert main(["chat", "--no-browser", "--llm-base-url", gone.url, "--llm-model", "tiny-1"]) == 0
    (told,) = capsys.readouterr().err.splitlines()
    assert told.startswith(f"byline: {gone.url}: nothing listens there")
    assert told.endswith("While it doesn't answer, answers are the articles' own words.")
    assert len(served) == 2


def test_a_model_is_closed_in_the_end(llm: TalkingServer, monkeypatch: pytest.MonkeyPatch) -> None:
    closed: list[str] = []
    close = LanguageModel.close

    def noting(model: LanguageModel) -> None:
        closed.append(model.name)
        close(model)

    monkeypatch.setattr(LanguageModel, "close", noting)
    monkeypatch.setattr(ui.web.server, "serve", lambda *_, **__: None)
    assert ask(llm) == 0
    assert main(["chat", "--no-browser", "--llm-base-url", llm.url, "--llm-model", "tiny-1"]) == 0
    assert closed == ["tiny-1"] * 2


def test_where_all_was_struck_it_stands_below_the_articles_own_words(llm: TalkingServer, capsys: Capture) -> None:
    llm.script = [WRONG]
    assert ask(llm, "--unsupported", "strike") == 0
    shown = capsys.readouterr().out
    own, struck = shown.split(f"\n[not supported: {WRONG.removesuffix(' [1]')} (")
    assert "£6.3 million" in own
    assert "In the articles' own words:" not in shown
    assert "1 struck" in struck


@pytest.mark.skipif(os.name == "nt", reason="a pseudo-terminal is had on POSIX only")
def test_what_was_checked_is_left_on_a_terminal_by_ctrl_c(llm: TalkingServer) -> None:
    import pty

    llm.script = lambda body: [f"{first_sentence(body)} [1] ", "The mayor ", threading.Event()]
    ours, theirs = pty.openpty()
    options = ["ask", WALL, "--llm-base-url", llm.url, "--llm-model", "tiny-1"]
    terminal = {**os.environ, "TERM": "xterm", "COLUMNS": "300", "LINES": "50"}
    shown = b""
    with subprocess.Popen(
        [sys.executable, "-m", "ui.cli", *options],
        cwd=REPOSITORY,
        env=terminal,
        stdin=theirs,
        stdout=theirs,
        stderr=theirs,
        # A shell that started these tests in the background has it ignored.
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
    ) as process:
        os.close(theirs)
        try:
            # It is seen while it is written.
            while b"The mayor" not in shown:
                shown += os.read(ours, 4096)
            process.send_signal(signal.SIGINT)
            with suppress(OSError):
                while piece := os.read(ours, 4096):
                    shown += piece
            assert process.wait(30) == 130
        finally:
            process.kill()
            os.close(ours)
    *_, left = shown.decode().split("\x1b[?25h")
    assert f"{said(llm)} [1]" in left
    assert "[1] 2025-" in left
    assert "Stopped: not a whole answer." in left
    assert "The mayor" not in left
    assert llm.left.wait(10)


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        (["--llm-timeout", "soon"], "'soon' is not a number of seconds"),
        (["--llm-context", "12"], "'12' is not a number of tokens"),
        (["--unsupported", "keep"], "invalid choice"),
    ],
)
def test_a_setting_that_cannot_be_read(options: list[str], expected: str, capsys: Capture) -> None:
    with pytest.raises(SystemExit):
        main(["ask", "Who?", "--llm-base-url", URL, "--llm-model", "x", *options])
    assert expected in capsys.readouterr().err


def test_a_key_that_is_none_is_named(llm: TalkingServer, monkeypatch: pytest.MonkeyPatch, capsys: Capture) -> None:
    monkeypatch.setenv("BYLINE_LLM_API_KEY", "two words")
    assert ask(llm) == 2
    error = capsys.readouterr().err
    assert "BYLINE_LLM_API_KEY" in error
    assert "two words" not in error


def test_the_chat_has_its_answers_written(llm: TalkingServer, monkeypatch: pytest.MonkeyPatch) -> None:
    served: list[Any] = []

    def noting(qa: ArticleQA, **_: object) -> None:
        assert qa.writer is not None
        served.append((qa.writer.llm.name, qa.writer.unsupported, qa.writer.rewrites))

    monkeypatch.setattr(ui.web.server, "serve", noting)
    options = ["--llm-base-url", llm.url, "--llm-model", "tiny-1", "--unsupported", "strike", "--llm-rewrite"]
    assert main(["chat", "--no-browser", *options]) == 0
    assert served == [("tiny-1", "strike", True)]


@pytest.mark.skipif(os.name == "nt", reason="signals are delivered to a process by number on POSIX only")
def test_a_signal_ends_the_chat_though_a_model_hangs(llm: TalkingServer) -> None:
    begun = threading.Event()

    def hanging(_: dict[str, Any]) -> Iterator[Any]:
        yield "The wall "
        begun.set()
        yield threading.Event()

    llm.script = hanging
    options = ["--port", "0", "--no-browser", "--llm-base-url", llm.url, "--llm-model", "tiny-1"]
    process = subprocess.Popen(
        [sys.executable, "-m", "ui.cli", "chat", *options],
        cwd=REPOSITORY,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        assert process.stdout is not None
        address = process.stdout.readline().split()[3]
        with ThreadPoolExecutor(1) as pool:
            asking = pool.submit(post, address, "/api/ask", {"question": WALL, "stream": True})
            assert begun.wait(60)
            process.send_signal(signal.SIGTERM)
            # Half a second for those who are being answered, and the end.
            _, err = process.communicate(timeout=10)
            *_, last = asking.result().text.splitlines()
    finally:
        process.kill()
        process.wait()
    assert (process.returncode, err) == (0, "")
    assert json.loads(last) == {"error": "The server is being stopped. Ask again once it runs."}
    assert llm.left.wait(5)
