"""kill -9 at any point of a mix of changes: nothing acknowledged lost, nothing half there."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np

from index import ArticleIndex
from tests.conftest import REPOSITORY

KILLS = 100

# Each change is announced before it is begun and acknowledged when it has returned. The
# vectors are made from the texts by chance: no model is loaded a hundred times for them.
WRITER = """
import sys
import numpy as np
from index import Article, ArticleIndex
from index.embedder import Embedder

def embed(self, texts, progress=None):
    rows = [np.random.default_rng(list(text.encode())).normal(size=384) for text in texts]
    return np.array([row / np.linalg.norm(row) for row in rows], np.float32)

Embedder.embed = embed
rng = np.random.default_rng(int(sys.argv[2]))
with ArticleIndex.open(sys.argv[1], create=True) as index:
    held = {article.id for article in index.articles()}
    for number in range(10_000):
        name = f"notice-{rng.integers(12)}"
        what = rng.choice(["put", "put", "put", "remove", "copy", "compact"], p=[.25, .25, .2, .15, .1, .05])
        if what == "remove" and name in held:
            print("will remove", name, flush=True)
            index.remove(name)
            held.discard(name)
            print("did remove", name, flush=True)
        elif what == "compact":
            index.compact()
            print("did compact", flush=True)
        else:
            # What is copied is printed by several articles in the same words.
            round = "same" if what == "copy" else f"{sys.argv[2]}-{number}"
            print("will put", name, round, flush=True)
            text = f"Round {round} of the notice.\\nThe council met in room {round}, and again in the hall."
            index.add([Article(id=name, title="Notice", text=text)])
            held.add(name)
            print("did put", name, round, flush=True)
"""


def test_nothing_acknowledged_is_lost_by_kill_9(tmp_path: Path) -> None:
    folder = tmp_path / "index"
    rng = np.random.default_rng(7)
    promised: dict[str, str | None] = {}
    changes = 0
    for turn in range(KILLS):
        lines = killed(folder, turn, int(rng.integers(1, 12)), float(rng.uniform(0.0, 0.1)))
        begun: dict[str, str | None] = {}
        for line in lines:
            tense, verb, *rest = line.split()
            if verb == "compact":
                continue
            name, state = rest[0], rest[1] if verb == "put" else None
            if tense == "will":
                begun = {name: state}
            else:
                promised[name] = begun.pop(name)
                changes += 1
        with ArticleIndex.open(folder, read_only=True) as index:
            report = index.verify()
            assert report.stored == ()
            assert all("CURRENT" in problem for problem in report.cached), report.cached
            held = {article.id: article for article in index.articles()}
            for name, state in (promised | begun).items():
                found = held[name].text if name in held else None
                possible = {promised.get(name), state}
                assert found in {text_of(round_) for round_ in possible}, (turn, name)
                # What had been begun may have been done: it is the state from now on.
                promised[name] = next(round_ for round_ in possible if text_of(round_) == found)
            assert set(held) == {name for name, state in promised.items() if state}
    assert changes > KILLS
    with ArticleIndex.open(folder) as index:
        index.compact()
        assert index.verify().sound


def text_of(round_: str | None) -> str | None:
    if round_ is None:
        return None
    return f"Round {round_} of the notice.\nThe council met in room {round_}, and again in the hall."


def killed(folder: Path, turn: int, words: int, after: float) -> list[str]:
    """What a writer said that was killed ``after`` seconds from so many words of it on: by
    words, so that a slow machine gets as far as a fast one."""
    with subprocess.Popen(
        [sys.executable, "-c", WRITER, str(folder), str(turn)],
        stdout=subprocess.PIPE,
        cwd=REPOSITORY,
        env={**os.environ, "OMP_NUM_THREADS": "1"},
        text=True,
    ) as process:
        assert process.stdout
        lines = [process.stdout.readline() for _ in range(words)]
        time.sleep(after)
        process.send_signal(signal.SIGKILL)
        lines += process.stdout.readlines()
    assert process.returncode == -signal.SIGKILL
    assert lines[0].startswith(("will", "did"))
    return [line for line in lines if line.endswith("\n")]
