"""A judge is found by its name, or it is said why not."""

from __future__ import annotations

import importlib
import sys
from pathlib import Path

import pytest

from eval.judge import load_judge
from index import SettingsError


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", list(sys.path))
    monkeypatch.setattr(sys, "modules", dict(sys.modules))
    return tmp_path


def test_a_function_of_a_file_in_the_working_folder(folder: Path) -> None:
    (folder / "lenient_judge.py").write_text("def judge(claim, quotes):\n    return claim in quotes\n")
    judge = load_judge("lenient_judge:judge")
    assert judge is not None
    assert judge("a", ["a"])
    assert not judge("a", ["b"])


def test_a_file_there_does_not_stand_in_for_what_is_installed(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    # Where it was imported already, nobody looks for its file.
    monkeypatch.delitem(sys.modules, "colorsys", raising=False)
    (folder / "colorsys.py").write_text("def rgb_to_hsv(claim, quotes):\n    raise AssertionError\n")
    load_judge("colorsys:rgb_to_hsv")
    assert str(folder) not in str(sys.modules["colorsys"].__file__)


@pytest.mark.parametrize(
    ("code", "said"), [("raise ValueError('no')", r"failed on the claim 'a' \(no\)"), ("return 'no'", "gave 'no' for")]
)
def test_a_judge_that_says_neither_true_nor_false(folder: Path, code: str, said: str) -> None:
    (folder / "odd_judge.py").write_text(f"def judge(claim, quotes):\n    {code}\n")
    sys.modules.pop("odd_judge", None)
    importlib.invalidate_caches()
    judge = load_judge("odd_judge:judge")
    assert judge is not None
    with pytest.raises(SettingsError, match=said):
        judge("a", ["a"])


@pytest.mark.parametrize("name", [":", ":loads", "json:"])
def test_a_name_without_its_parts(name: str) -> None:
    with pytest.raises(SettingsError, match="name a function as module:function"):
        load_judge(name)


@pytest.mark.parametrize("name", ["json:no_such", "json:__name__"])
def test_no_such_function(name: str) -> None:
    with pytest.raises(SettingsError, match="json has no function"):
        load_judge(name)


@pytest.mark.parametrize(
    ("code", "said"), [("raise ValueError('broken')", "broken"), ("def", "invalid syntax"), (None, "No module named")]
)
def test_a_module_that_cannot_be_loaded(folder: Path, code: str | None, said: str) -> None:
    if code is not None:
        (folder / "bad_judge.py").write_text(code)
    with pytest.raises(SettingsError, match="its module can't be loaded") as error:
        load_judge("bad_judge:judge")
    assert said in str(error.value)
