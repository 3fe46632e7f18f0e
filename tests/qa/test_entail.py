"""The optional judge: a real cross-encoder for inference, made small."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from index import ModelError
from qa.entail import Entails
from tests import crossencoder

PREMISE = "Joan Hale resigned as mayor on Sunday."


def made(folder: Path, labels: dict[int, str], favours: int = 0) -> Path:
    """A cross-encoder whose last layer gives one label the highest score, whatever it reads."""
    return crossencoder.make(folder, labels, favours)


@pytest.mark.parametrize(
    ("labels", "favours", "entailed"),
    [
        ({0: "contradiction", 1: "entailment", 2: "neutral"}, 1, True),
        ({0: "contradiction", 1: "entailment", 2: "neutral"}, 2, False),
        ({0: "ENTAILMENT", 1: "NEUTRAL", 2: "CONTRADICTION"}, 0, True),
        ({0: "entailment", 1: "not_entailment"}, 0, True),
        ({0: "entailment", 1: "not_entailment"}, 1, False),
    ],
)
def test_entailment_is_found_by_its_name(tmp_path: Path, labels: dict[int, str], favours: int, entailed: bool) -> None:
    assert Entails(str(made(tmp_path, labels, favours))).entailed(PREMISE, "Hale resigned.") is entailed


@pytest.mark.parametrize(
    "labels",
    [{0: "LABEL_0"}, {0: "entailment"}, {0: "LABEL_0", 1: "LABEL_1", 2: "LABEL_2"}],
    ids=["one score", "one score by that name", "no names"],
)
def test_a_model_of_another_kind_is_refused(tmp_path: Path, labels: dict[int, str]) -> None:
    with pytest.raises(ModelError, match="natural-language inference"):
        Entails(str(made(tmp_path, labels)))


def test_a_missing_model_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="check the path or name"):
        Entails(str(tmp_path / "none"))


def test_a_pickle_is_never_loaded(tmp_path: Path) -> None:
    folder = made(tmp_path / "model", {0: "entailment", 1: "neutral"})
    weights = folder / "model.safetensors"
    shutil.move(weights, folder / "pytorch_model.bin")
    with pytest.raises(ModelError, match="can't be loaded"):
        Entails(str(folder))
