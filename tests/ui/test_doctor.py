"""``byline doctor``: what it finds of the index and of a language model's endpoint."""

from __future__ import annotations

import json
import re
from importlib.metadata import PackageNotFoundError
from pathlib import Path
from typing import Any

import pytest

import ui.doctor
from index import ArticleIndex
from tests import smollm
from tests.llm import Reply, TalkingServer, talking
from ui.cli import main

Capture = pytest.CaptureFixture[str]
KEY = "key-0f5e2c"


@pytest.fixture(autouse=True)
def _settings(gazette_index: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BYLINE_INDEX", str(gazette_index))
    monkeypatch.delenv("BYLINE_LLM_API_KEY", raising=False)


def examined(capsys: Capture, *options: str) -> tuple[int, dict[str, tuple[str, str]]]:
    """The exit code, and for each thing that was looked at what it is and what was told."""
    code = main(["doctor", *options])
    lines = [line.split(maxsplit=2) for line in capsys.readouterr().out.splitlines()]
    return code, {about: (state, told) for state, about, told in lines}


def of(server: TalkingServer, name: str = "scripted") -> list[str]:
    return ["--llm-base-url", server.url, "--llm-model", name, "--llm-timeout", "5"]


def test_a_sound_index_alone(capsys: Capture, gazette_index: Path) -> None:
    code, found = examined(capsys)
    assert code == 0
    state, told = found["index"]
    assert state == "ok"
    assert re.fullmatch(rf"{gazette_index}: 70 articles, \d+ sentences, embedded by all-MiniLM-L6-v2 with \S.*", told)
    assert list(found) == ["index", "openai", "openvino"]


def test_a_missing_and_an_empty_index_are_problems(capsys: Capture, tmp_path: Path) -> None:
    code, found = examined(capsys, "--index", str(tmp_path / "none"))
    assert (code, found["index"][0]) == (1, "problem")
    ArticleIndex.open(tmp_path / "empty", create=True).close()
    code, found = examined(capsys, "--index", str(tmp_path / "empty"))
    assert (code, found["index"]) == (1, ("problem", f"{tmp_path / 'empty'}: no article is in it: run `byline add`"))


def test_a_model_that_answers(capsys: Capture, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BYLINE_LLM_API_KEY", KEY)
    with talking(["one ", 0.02, "two ", "three"], models=["other", "scripted"]) as server:
        code, found = examined(capsys, *of(server))
        assert {request.headers["authorization"] for request in server.requests} == {f"Bearer {KEY}"}
        (asked,) = server.asked
        assert asked["max_tokens"] <= 64
    assert code == 0
    assert found["endpoint"] == ("ok", f"{server.url}: lists other, scripted")
    assert found["model"] == ("ok", "scripted is among those listed")
    state, told = found["answer"]
    assert state == "ok"
    assert re.fullmatch(r"scripted writes: the first piece after [\d,]+ ms, then [\d,]+ pieces a second", told)
    assert found["key"] == ("ok", "BYLINE_LLM_API_KEY is set")


def test_ollama_s_tag_may_be_left_out(capsys: Capture) -> None:
    with talking(["one"], models=["scripted:latest"]) as server:
        code, found = examined(capsys, *of(server))
    assert (code, found["model"]) == (0, ("ok", "scripted is among those listed"))
    assert found["key"] == ("ok", "BYLINE_LLM_API_KEY is not set")


def test_a_model_that_isn_t_there(capsys: Capture) -> None:
    missing = Reply(status=404, body={"error": {"message": "no such model"}})
    with talking(lambda _: missing, models=["other"]) as server:
        code, found = examined(capsys, *of(server))
    assert code == 1
    assert found["endpoint"][0] == "ok"
    told = "scripted is not among those listed: give one of them with --llm-model"
    assert found["model"] == ("problem", told)
    assert found["answer"][0] == "problem"


def test_a_name_that_is_not_listed_and_is_answered_to_is_a_warning(capsys: Capture) -> None:
    with talking(["one"], models=["other"]) as server:
        code, found = examined(capsys, *of(server))
        main(["doctor", *of(server), "--json"])
        told = {one["about"]: one for one in json.loads(capsys.readouterr().out)["findings"]}
    state, words = found["model"]
    assert (code, state) == (0, "warning")
    assert words.startswith("scripted is not among those listed, though the endpoint answers to it")
    assert (told["model"]["ok"], told["model"]["warning"], told["endpoint"]["warning"]) == (True, True, False)


def test_without_a_name_the_models_are_listed(capsys: Capture) -> None:
    with talking([], models=[f"model-{number}" for number in range(50)]) as server:
        code, found = examined(capsys, "--llm-base-url", server.url)
        assert not server.asked
    assert code == 1
    state, told = found["endpoint"]
    assert state == "ok"
    assert told.startswith(f"{server.url}: lists model-0, model-1, ")
    assert told.endswith(", model-35 and 14 more")
    assert found["model"] == ("problem", "none is named: give one with --llm-model")


def test_a_server_that_lists_nothing_and_answers_is_told_as_what_it_is(capsys: Capture) -> None:
    broken = Reply(status=500, body={"detail": "offline"})
    with talking(["one"], models=broken) as server:
        code, found = examined(capsys, *of(server))
    assert code == 0
    state, told = found["endpoint"]
    assert (state, "answers, and doesn't list its models" in told, "500" in told) == ("ok", True, True)
    assert "model" not in found
    assert found["answer"][0] == "ok"


def test_nothing_listens(capsys: Capture) -> None:
    with talking([]) as server:
        pass
    code, found = examined(capsys, *of(server))
    assert code == 1
    assert found["endpoint"][0] == "problem"
    assert "nothing listens there: start its server" in found["endpoint"][1]
    assert "answer" not in found


def test_the_key_is_shown_nowhere(capsys: Capture, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BYLINE_LLM_API_KEY", KEY)
    refusal = Reply(status=401, body={"error": {"message": f"\x1b[2Jnot {KEY}"}})
    with talking(lambda _: refusal, models=refusal) as server:
        code = main(["doctor", *of(server)])
    shown = capsys.readouterr()
    assert code == 1
    assert "check the key in BYLINE_LLM_API_KEY" in shown.out
    assert KEY not in shown.out + shown.err
    assert "\x1b" not in shown.out


def test_as_json(capsys: Capture) -> None:
    with talking(["one"]) as server:
        assert main(["doctor", *of(server), "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert told["sound"] is True
    assert [finding["about"] for finding in told["findings"]] == [
        "index", "openai", "openvino", "endpoint", "model", "answer", "key",
    ]  # fmt: skip
    assert all(finding["ok"] and finding["told"] for finding in told["findings"])


@pytest.mark.parametrize(
    ("options", "says"),
    [
        (["--llm-model", "scripted"], "--llm-base-url"),
        (["--llm-timeout", "5"], "--llm-base-url"),
        (["--llm-base-url", "localhost:11434"], "no address"),
        (["--llm-base-url", f"http://me:{KEY}@localhost/v1"], "BYLINE_LLM_API_KEY"),
    ],
)
def test_settings_that_can_t_be_used_are_wrong_usage(capsys: Capture, options: list[str], says: str) -> None:
    assert main(["doctor", *options]) == 2
    shown = capsys.readouterr()
    assert says in shown.err
    assert KEY not in shown.err
    assert shown.out == ""


def test_the_missing_package_is_a_problem_where_it_is_needed(capsys: Capture, monkeypatch: pytest.MonkeyPatch) -> None:
    def missing(package: str) -> Any:
        raise PackageNotFoundError(package)

    monkeypatch.setattr(ui.doctor, "version", missing)
    code, found = examined(capsys)
    assert (code, found["openai"][0]) == (0, "ok")
    code, found = examined(capsys, "--llm-base-url", "http://127.0.0.1:9/v1", "--llm-model", "scripted")
    assert code == 1
    told = "not installed: for answers by a language model run `pip install 'byline[llm]'`"
    assert found["openai"] == ("problem", told)
    assert list(found) == ["index", "openai", "openvino"]


def test_a_real_server_and_model(capsys: Capture, small_model: str) -> None:
    code, found = examined(capsys, "--llm-base-url", small_model, "--llm-model", smollm.MODEL, "--llm-timeout", "120")
    assert code == 0
    assert smollm.MODEL in found["endpoint"][1]
    assert found["model"] == ("ok", f"{smollm.MODEL} is among those listed")
    assert "pieces a second" in found["answer"][1]
