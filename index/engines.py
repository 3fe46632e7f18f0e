"""What computes vectors: sorted batches side by side, and torch to compute them.

The other engine, OpenVINO, is in ``index.converted``.
"""

from __future__ import annotations

import os
import threading
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager, contextmanager, nullcontext
from pathlib import Path
from typing import Any, Generic, TypeVar

import numpy as np
from numpy.typing import NDArray

from index.errors import ModelError

__all__ = ["Engine", "Rows", "TorchEngine", "cpus", "load_model", "torch_engines"]

Rows = NDArray[np.float32]
"""Vectors as a model gives them, of any length; (n, dimension)."""

_Item = TypeVar("_Item")

# Texts tokenised and sorted at a time: sorted batches hold no more padding past it, and
# what is held meanwhile stays small however many texts there are.
_SORTED = 8_192
_MAX_BATCH = 256
# Tokens in a batch. Past this a processor's caches overflow: 1,024 embeds as many
# sentences a second as 4,096 by OpenVINO and 15% more than 2,048 by torch; and a question
# waits for no more than one batch.
_BATCH_TOKENS = 1_024
_GPU_BATCH_TOKENS = 16_384


class Engine(ABC, Generic[_Item]):
    """One model on one kind of hardware. Safe to call from several threads at once."""

    def __init__(self, name: str, dimension: int, *, workers: int, batch_tokens: int = _BATCH_TOKENS) -> None:
        self.name = name
        """Library, device where it isn't the processor, and precision: "torch bf16"."""
        self.dimension = dimension
        """The length of a vector."""
        self._batch_tokens = batch_tokens
        self._workers = ThreadPoolExecutor(workers, "byline-embed")

    def embed(self, texts: Sequence[str], progress: Callable[[int], object] | None = None) -> Rows:
        """Vectors of ``texts``, rows in order; ``progress`` as for ``Embedder.embed``."""
        vectors = np.empty((len(texts), self.dimension), np.float32)
        for first in range(0, len(texts), _SORTED):
            items, lengths = self._prepare(texts[first : first + _SORTED])
            batches = list(_batches(lengths, self._batch_tokens))
            with self._computing():
                found = self._workers.map(lambda rows: self._encode([items[row] for row in rows]), batches)  # noqa: B023
                for rows, part in zip(batches, found, strict=True):
                    vectors[np.asarray(rows) + first] = part
                    if progress is not None:
                        progress(len(rows))
        return vectors

    @abstractmethod
    def embed_question(self, text: str) -> Rows:
        """The vector of a question, (dimension,)."""

    @abstractmethod
    def _prepare(self, texts: Sequence[str]) -> tuple[Sequence[_Item], Sequence[int]]:
        """What ``_encode`` takes for each text, and its length in tokens."""

    @abstractmethod
    def _encode(self, items: list[_Item]) -> Rows:
        """Vectors of one batch."""

    def _computing(self) -> AbstractContextManager[None]:
        return nullcontext()


class TorchEngine(Engine[str]):
    """Any sentence-transformers model, by torch."""

    def __init__(self, folder: Path, label: str, name: str) -> None:
        """``name`` is one of ``torch_engines()``.

        Raises ModelError where the folder holds no model; ``label`` names it there.
        """
        device, _, precision = name.removeprefix("torch ").rpartition(" ")
        self._on_cpu = not device
        self._model = load_model(folder, label, device=device or "cpu", precision=precision)
        dimension = self._model.get_embedding_dimension()
        if dimension is None:
            raise ModelError(f"{label}: the model doesn't tell the length of its vectors: name another")
        workers, tokens = (cpus(), _BATCH_TOKENS) if self._on_cpu else (1, _GPU_BATCH_TOKENS)
        super().__init__(name, int(dimension), workers=workers, batch_tokens=tokens)

    def embed_question(self, text: str) -> Rows:
        """The vector of a question, (dimension,)."""
        with self._computing():
            vector: Rows = self._rows([text], self._model.encode_query)[0]
        return vector

    def _prepare(self, texts: Sequence[str]) -> tuple[Sequence[str], Sequence[int]]:
        tokenizer = getattr(self._model, "tokenizer", None)
        limit = self._model.max_seq_length
        if not callable(tokenizer) or limit is None:
            return texts, [len(text) // 4 + 2 for text in texts]
        encoded = tokenizer(list(texts), truncation=True, max_length=limit)["input_ids"]
        return texts, [max(1, len(ids)) for ids in encoded]

    def _encode(self, items: list[str]) -> Rows:
        return self._rows(items, self._model.encode_document)

    def _rows(self, texts: list[str], encode: Callable[..., Any]) -> Rows:
        tensor = encode(texts, batch_size=len(texts), show_progress_bar=False, convert_to_tensor=True)
        rows: Rows = tensor.float().cpu().numpy()
        return rows

    def _computing(self) -> AbstractContextManager[None]:
        return _one_thread_each() if self._on_cpu else nullcontext()


def torch_engines() -> tuple[str, ...]:
    """The names of what torch offers here, the fastest first."""
    import torch

    names = []
    if torch.cuda.is_available():
        bfloat16 = torch.cuda.is_bf16_supported(including_emulation=False)
        names = ["torch cuda bf16", "torch cuda fp32"] if bfloat16 else ["torch cuda fp32"]
    elif torch.backends.mps.is_available():
        names = ["torch mps fp32"]
    able = torch.cpu.get_capabilities()
    # Emulated, it is slower than float32. It agrees with it to a cosine of .9998 or better.
    if able.get("avx512_bf16") or able.get("amx_bf16"):
        names.append("torch bf16")
    return (*names, "torch fp32")


def load_model(folder: Path, label: str, *, device: str = "cpu", precision: str = "fp32") -> Any:
    """The ``SentenceTransformer`` in ``folder``, ready to embed.

    Raises ModelError, naming it ``label``, where it can't be loaded.
    """
    import torch
    from sentence_transformers import SentenceTransformer
    from transformers.utils import logging

    logging.disable_progress_bar()  # type: ignore[no-untyped-call]
    dtype = torch.bfloat16 if precision == "bf16" else torch.float32
    try:
        model = SentenceTransformer(str(folder), device=device, local_files_only=True, model_kwargs={"dtype": dtype})
    except Exception as error:
        # Loaders raise whatever their format's library raises.
        raise ModelError(
            f"{label}: can't be loaded as a sentence-transformers model ({error}): check the path or name"
        ) from error
    return model.eval()


def cpus() -> int:
    """How many processors this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def _batches(lengths: Sequence[int], tokens: int) -> Iterator[list[int]]:
    """Rows in batches of at most so many tokens, padding counted.

    Sorted by length, longest first, a batch holds little padding, and memory peaks at the
    start rather than at the end of a long run.
    """
    order = sorted(range(len(lengths)), key=lambda row: -lengths[row])
    start = 0
    while start < len(order):
        size = min(max(1, tokens // max(1, lengths[order[start]])), _MAX_BATCH)
        yield order[start : start + size]
        start += size


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
