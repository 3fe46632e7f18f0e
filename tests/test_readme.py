"""The README is true: its help is the real one, its commands and its program run."""

from __future__ import annotations

import gzip
import json
import os
import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.conftest import GAZETTE, REPOSITORY
from tests.llm import talking

README = (REPOSITORY / "README.md").read_text("utf-8")


def blocks(language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```", README, re.MULTILINE | re.DOTALL)


def run(*arguments: str, cwd: Path) -> subprocess.CompletedProcess[str]:
    paths = os.pathsep.join([str(REPOSITORY), os.environ.get("PYTHONPATH", "")])
    return subprocess.run(
        arguments,
        capture_output=True,
        text=True,
        cwd=cwd,
        env={**os.environ, "PYTHONPATH": paths, "COLUMNS": "80"},
        check=False,
    )


def test_help_is_what_the_readme_shows() -> None:
    (shown,) = blocks("console")
    command, _, expected = shown.partition("\n")
    assert command == "$ byline --help"
    done = run(sys.executable, "-m", "ui.cli", "--help", cwd=REPOSITORY)
    # Python 3.13 and later lay help out in other colours and widths.
    assert done.stdout.split() == expected.split()


def test_the_shell_commands_run(tmp_path: Path) -> None:
    (commands,) = [block for block in blocks("sh") if block.startswith("byline add")]
    shutil.copytree(GAZETTE, tmp_path / "eval" / "gazette")
    for line in commands.splitlines():
        program, *arguments = shlex.split(line)
        assert program == "byline"
        done = run(sys.executable, "-m", "ui.cli", *arguments, cwd=tmp_path)
        assert done.returncode == 0, f"{line}\n{done.stdout}{done.stderr}"
        assert done.stdout


def test_the_programs_run(tmp_path: Path) -> None:
    program, written = blocks("python")
    shutil.copytree(GAZETTE / "articles", tmp_path / "articles")
    story = {"title": "Volunteers thanked", "text": "The mayor backed the volunteers.", "published": "2022-02-27"}
    (tmp_path / "more.jsonl.gz").write_bytes(gzip.compress(json.dumps(story).encode()))
    (tmp_path / "program.py").write_text(program)
    done = run(sys.executable, "program.py", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert "The mayor backed the volunteers. [1]" in done.stdout
    said = ["It was the mayor who ", "backed the volunteers [1]."]
    with talking(lambda _: said) as server:
        (tmp_path / "written.py").write_text(written.replace("http://localhost:11434/v1", server.url))
        done = run(sys.executable, "written.py", cwd=tmp_path)
        assert done.returncode == 0, done.stderr
        assert len(server.requests) == 3
    assert "supported It was the mayor who backed the volunteers. (1,)" in done.stdout


@pytest.mark.parametrize("target", re.findall(r"\]\(((?!https?:)[^)#]+)\)", README))
def test_what_it_links_to_is_there(target: str) -> None:
    assert (REPOSITORY / target).exists()


def test_its_make_targets_exist() -> None:
    makefile = (REPOSITORY / "Makefile").read_text("utf-8")
    for target in re.findall(r"^make (\w+)", README, re.MULTILINE):
        assert f"\n{target}:" in makefile
