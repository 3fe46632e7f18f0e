"""Whatever runs a model, its vectors are those of the model; and nobody is told."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from index import ModelError, converted, engines
from index.embedder import Embedder, Vectors, default_model_path, shared
from tests.conftest import REPOSITORY

NEEDS_OPENVINO = pytest.mark.skipif(not converted.installed(), reason="openvino is not installed")
BOTH = [pytest.param("openvino", marks=NEEDS_OPENVINO), "torch"]

SENTENCES = [
    f"{who} {did} {what} {when}{'.' if len(who) % 2 else ', and nobody else would say why it had to be so.'}"
    for who in ("The mayor of Marrowby", "An engineer", "Nobody at the £3m harbour office", "Zoë Ångström")
    for did in ("opened", "refused to pay for", "said she had never seen")
    for what in ("the swing bridge", "a ferry", "the 1,204 letters about the lighthouse")
    for when in ("on Tuesday", "in 2023", "before the vote was counted twice by hand")
]
HARD = ["", "Short.", "  spaces \n about ", "中文 и ещё 🙂", "word " * 900]


@pytest.fixture(scope="session")
def cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder that holds the default model converted, where OpenVINO is installed."""
    folder = tmp_path_factory.mktemp("engine") / "cache"
    Embedder(cache=folder).embed_question("Convert it.")
    return folder


@pytest.fixture(scope="session")
def exact() -> Vectors:
    """What sentence-transformers makes of the sentences at its defaults."""
    return reference(default_model_path(), SENTENCES + HARD)


def reference(folder: Path, texts: Sequence[str], prompt: str | None = None) -> Vectors:
    from sentence_transformers import SentenceTransformer

    model = SentenceTransformer(str(folder), device="cpu", local_files_only=True)
    vectors: Vectors = model.encode(list(texts), prompt_name=prompt, normalize_embeddings=True)
    return vectors


def cosines(one: Vectors, other: Vectors) -> Vectors:
    found: Vectors = (one * other).sum(axis=-1)
    return found


@pytest.mark.parametrize("engine", BOTH)
def test_vectors_are_those_of_the_model_in_float32(cache: Path, exact: Vectors, engine: str) -> None:
    embedder = Embedder(cache=cache, engine=engine)
    found = embedder.embed(SENTENCES + HARD)
    assert embedder.engine.startswith(engine)
    assert found.dtype == np.float32
    assert found.shape == (len(SENTENCES + HARD), embedder.dimension)
    assert np.linalg.norm(found, axis=1) == pytest.approx(1, abs=1e-5)
    assert cosines(found, exact).min() > 0.999


@pytest.mark.parametrize("engine", BOTH)
def test_float32_can_be_asked_for(cache: Path, exact: Vectors, engine: str) -> None:
    embedder = Embedder(cache=cache, engine=f"{engine} fp32")
    assert embedder.engine == f"{engine} fp32"
    assert cosines(embedder.embed(SENTENCES[:9]), exact[:9]).min() > 0.99999


@pytest.mark.parametrize("engine", BOTH)
def test_a_text_has_one_vector_whatever_is_embedded_with_it(cache: Path, engine: str) -> None:
    embedder = Embedder(cache=cache, engine=engine)
    together = embedder.embed(SENTENCES)
    alone = np.stack([embedder.embed([text])[0] for text in SENTENCES[:12]])
    asked = np.stack([embedder.embed_question(text) for text in SENTENCES[:12]])
    assert cosines(together[:12], alone).min() > 0.9999
    assert cosines(together[:12], asked).min() > 0.9999


@pytest.mark.parametrize("engine", BOTH)
def test_threads_share_one(cache: Path, engine: str) -> None:
    embedder = Embedder(cache=cache, engine=engine)
    with ThreadPoolExecutor(4) as threads:
        many = [threads.submit(embedder.embed, SENTENCES[n:]) for n in range(4)]
        asked = [threads.submit(embedder.embed_question, text) for text in SENTENCES]
        expected = embedder.embed(SENTENCES)
        for n, found in enumerate(many):
            assert cosines(found.result(), expected[n:]).min() > 0.9999
        assert cosines(np.stack([found.result() for found in asked]), expected).min() > 0.9999


def test_rows_stay_in_order_past_what_is_sorted_at_once(cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    embedder = Embedder(cache=cache)
    expected = embedder.embed(SENTENCES[:30])
    told: list[int] = []
    monkeypatch.setattr(engines, "_SORTED", 7)
    found = embedder.embed(SENTENCES[:30], told.append)
    assert cosines(found, expected).min() > 0.9999
    assert sum(told) == 30
    assert embedder.embed([]).shape == (0, embedder.dimension)


@given(st.lists(st.integers(0, 600)), st.integers(1, 2_000))
def test_batches_hold_every_row_once_and_no_more_than_fits(lengths: list[int], tokens: int) -> None:
    batches = list(engines._batches(lengths, tokens))
    assert sorted(row for rows in batches for row in rows) == list(range(len(lengths)))
    for rows in batches:
        assert len(rows) == 1 or len(rows) * max(lengths[row] for row in rows) <= tokens


# Which engine


@pytest.mark.parametrize("wanted", ["onnx", "openvino int3", "torch abacus"])
def test_an_engine_that_is_not_there_is_named_with_those_that_are(cache: Path, wanted: str) -> None:
    if wanted.startswith("openvino") and not converted.installed():
        pytest.skip("said before it is loaded")
    with pytest.raises(ModelError, match=rf"{wanted}: no such engine here: choose one of .*torch fp32"):
        Embedder(cache=cache, engine=wanted).embed_question("Who?")


def test_the_environment_asks_for_one(cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BYLINE_ENGINE", " Torch  FP32 ")
    assert Embedder(cache=cache).engine == "torch fp32"


def test_without_openvino_torch_does_it(cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(converted, "installed", lambda: False)
    assert Embedder(cache=cache).engine.startswith("torch ")
    with pytest.raises(ModelError, match="openvino: no such engine here"):
        Embedder(cache=cache, engine="openvino")


@NEEDS_OPENVINO
def test_where_nothing_can_be_kept_torch_does_it_unless_openvino_is_asked_for(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    assert Embedder(cache=tmp_path / "file").engine.startswith("torch ")
    assert Embedder(cache=tmp_path / "file", engine="openvino").engine.startswith("openvino ")


@NEEDS_OPENVINO
def test_a_model_of_other_parts_falls_to_torch(tmp_path: Path) -> None:
    from sentence_transformers import SentenceTransformer
    from sentence_transformers.sentence_transformer.modules import Dense

    model = SentenceTransformer(str(default_model_path()), device="cpu", local_files_only=True)
    model.append(Dense(384, 8))
    model.save(str(tmp_path / "model"), create_model_card=False)
    for _ in ("found out", "remembered"):
        embedder = Embedder(str(tmp_path / "model"), cache=tmp_path / "cache")
        assert embedder.engine.startswith("torch ")
        assert embedder.dimension == 8
    assert "Dense" in json.loads((tmp_path / "cache" / "converted.json").read_text("utf-8"))["unfit"]
    with pytest.raises(ModelError, match=r"can't be run by OpenVINO: it is made of .*Dense"):
        _ = Embedder(str(tmp_path / "model"), cache=tmp_path / "cache", engine="openvino").engine


@pytest.mark.parametrize("engine", BOTH)
def test_prompts_and_pooling_are_the_models_own(tmp_path: Path, engine: str) -> None:
    folder = tmp_path / "model"
    shutil.copytree(default_model_path(), folder)
    settings = folder / "config_sentence_transformers.json"
    prompts = {"query": "which article says: ", "document": "an article says: "}
    settings.write_text(json.dumps(json.loads(settings.read_text()) | {"prompts": prompts}))
    (folder / "1_Pooling" / "config.json").write_text(
        json.dumps({"word_embedding_dimension": 384, "pooling_mode_cls_token": True, "pooling_mode_mean_tokens": False})
    )
    embedder = Embedder(str(folder), cache=tmp_path / "cache", engine=engine)
    texts = SENTENCES[:6]
    asked = np.stack([embedder.embed_question(text) for text in texts])
    assert cosines(asked, reference(folder, texts, "query")).min() > 0.999
    assert cosines(embedder.embed(texts), reference(folder, texts, "document")).min() > 0.999
    assert cosines(asked, reference(default_model_path(), texts)).max() < 0.99


# What is kept

# As Python's site customisation, so that the processes which this one starts are watched too.
WATCHED = """
import os, socket

note = os.open(os.environ["NETWORK_LOG"], os.O_WRONLY | os.O_CREAT | os.O_APPEND)

def refuse(*what, **how):
    os.write(note, f"{what}\\n".encode())
    raise OSError("no network here")

socket.socket.connect = socket.socket.connect_ex = socket.getaddrinfo = refuse
"""
EMBEDDING = """
import json, sys
from index.embedder import Embedder

embedder = Embedder(cache=sys.argv[1])
vector = embedder.embed_question("Who opened the swing bridge?")
embedder.embed(["The mayor did."])
print(json.dumps([embedder.engine, "torch" in sys.modules, vector.tolist()]))
"""


def run(tmp_path: Path, code: str, cache: Path) -> tuple[str, list[str], str]:
    """What a process printed, the files that it left but in the cache, its tries to reach a network."""
    for name in ("home", "tmp", "cwd", "site"):
        (tmp_path / name).mkdir(exist_ok=True)
    log = tmp_path / "network.txt"
    (tmp_path / "site" / "sitecustomize.py").write_text(WATCHED)
    here = {
        "HOME": str(tmp_path / "home"),
        "TMPDIR": str(tmp_path / "tmp"),
        "NETWORK_LOG": str(log),
        "PYTHONPATH": os.pathsep.join([str(tmp_path / "site"), str(REPOSITORY)]),
        "PYTHONDONTWRITEBYTECODE": "1",
    }
    kept = {name: value for name, value in os.environ.items() if name not in ("CI", "TF_BUILD", "JENKINS_URL")}
    done = subprocess.run(
        [sys.executable, "-c", code, str(cache)],
        env=kept | here,
        cwd=tmp_path / "cwd",
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    left = [str(p) for name in ("home", "tmp", "cwd") for p in (tmp_path / name).rglob("*") if p.is_file()]
    return done.stdout, left, log.read_text()


@NEEDS_OPENVINO
def test_nobody_is_told_and_torch_is_needed_by_the_process_that_converts_alone(tmp_path: Path) -> None:
    first, left, tried = run(tmp_path, EMBEDDING, tmp_path / "cache")
    assert (left, tried) == ([], "")
    second, left, tried = run(tmp_path, EMBEDDING, tmp_path / "cache")
    assert (left, tried) == ([], "")
    (engine, with_torch, vector), (engine_again, with_torch_again, again) = json.loads(first), json.loads(second)
    assert engine.startswith("openvino ")
    assert engine_again == engine
    assert (with_torch, with_torch_again) == (False, False)
    assert again == pytest.approx(vector, abs=1e-3)
    # As OpenVINO comes, it does: what is looked for above is there to be found.
    _, left, tried = run(tmp_path, "import openvino, openvino_telemetry", tmp_path / "cache")
    assert left
    assert tried


@NEEDS_OPENVINO
@pytest.mark.parametrize("part", ["converted.json", ".xml", ".bin"])
def test_what_is_damaged_is_made_anew(tmp_path: Path, cache: Path, exact: Vectors, part: str) -> None:
    folder = tmp_path / "cache"
    shutil.copytree(cache, folder)
    path = next(p for p in folder.iterdir() if p.name.endswith(part))
    content = path.read_bytes()
    if part == ".xml":
        path.write_bytes(content[: len(content) // 2])
    else:
        place = len(content) // 2
        path.write_bytes(content[:place] + bytes([content[place] ^ 0x15]) + content[place + 1 :])
    embedder = Embedder(cache=folder)
    assert cosines(embedder.embed(SENTENCES[:3]), exact[:3]).min() > 0.999
    assert embedder.engine.startswith("openvino ")
    assert converted.kept(folder, embedder.fingerprint, None) is not None
    assert len(list(folder.iterdir())) == 4


@NEEDS_OPENVINO
def test_another_models_conversion_is_not_used(cache: Path) -> None:
    assert converted.kept(cache, "0" * 64, None) is None


def test_indexes_share_one_model_and_each_keeps_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    # Nor what other tests loaded, whose folders are gone.
    monkeypatch.setattr("index.embedder._shared", {})
    one = shared(cache=tmp_path / "one")
    one.embed_question("Who?")
    two = shared(cache=tmp_path / "two")
    assert two is one
    shutil.rmtree(tmp_path / "one", ignore_errors=True)
    assert shared(cache=tmp_path / "three") is one
    for name in ("two", "three") if converted.installed() else ():
        assert converted.kept(tmp_path / name, one.fingerprint, None) is not None


def test_a_model_whose_files_changed_is_loaded_anew(tmp_path: Path) -> None:
    shutil.copytree(default_model_path(), tmp_path / "model")
    before = shared(str(tmp_path / "model"))
    assert shared(str(tmp_path / "model")) is before
    (tmp_path / "model" / "config_sentence_transformers.json").write_text('{"prompts": {"query": "ask: "}}')
    assert shared(str(tmp_path / "model")) is not before
