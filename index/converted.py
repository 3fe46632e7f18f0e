"""A model converted for OpenVINO: kept beside the index, checked, and run without torch.

Nothing here reaches for a network or for the user's home folder, though OpenVINO as it
comes would do both as soon as it is imported: see ``_openvino``.
"""

from __future__ import annotations

import gc
import json
import os
import queue
import shutil
import subprocess
import sys
import threading
import time
import warnings
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass
from importlib import import_module
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path
from tempfile import TemporaryDirectory
from types import ModuleType
from typing import Any, cast

import numpy as np

from index.engines import Engine, Rows, cpus, load_model
from index.files import publish, sha256

__all__ = ["OpenVinoEngine", "Unfit", "convert", "convert_aside", "installed", "keep", "kept", "openvino_engines"]

_FORMAT = 1
_MANIFEST = "converted.json"
_PARTS = {"graph": ".xml", "weights": ".bin", "tokenizer": ".json"}
_PRECISIONS = {"bf16": "bf16", "f16": "fp16", "f32": "fp32"}
# OpenVINO compiles attention anew by itself, which for texts as short as sentences is the
# slower way: without it 6% more are embedded a second. No documented setting, so a
# version that has none of that name does without.
_OFF = {"SNIPPETS_MODE": "DISABLE"}
_LEAST_COSINE = 0.999
# Seconds that a conversion may take; it takes five to ten.
_LONGEST = 300
_CHILD = """
import sys
from pathlib import Path

package, folder, label, fingerprint, cache, precision = sys.argv[1:]
sys.path.insert(0, package)
from index.converted import convert

convert(Path(folder), label, fingerprint, Path(cache), precision or None)
"""
_SCRATCH = ".converting-"
# Seconds after which what is half converted was left by a process that was killed.
_ABANDONED = 3_600
# What a converted model must embed as the original does: a short text and one past any
# limit, which pads the others; capitals, accents, other scripts, space around.
_PROBES = (
    "Who?",
    "  The harbour wall at Marrowby will cost £2.4m to repair, the council's engineer said on Tuesday. ",
    "Çà et là, naïve façades — ΑΒΓ где 中文 🙂",
    "one two three " * 1_000,
)


_FIRST = threading.Lock()


class Unfit(Exception):  # noqa: N818
    """The model can't be run by OpenVINO as it is by torch; the message says why.

    ``lasting`` says whether it is the model's nature, rather than this machine's state.
    """

    def __init__(self, reason: str, *, lasting: bool = True) -> None:
        super().__init__(reason)
        self.lasting = lasting


@dataclass(frozen=True, slots=True, kw_only=True)
class _Kept:
    """What is known of a converted model: what it was made from and by, the SHA-256 of
    each part, and how texts are prepared. ``unfit`` says why there are no parts."""

    fingerprint: str
    made_by: str
    parts: Mapping[str, str]
    pad: int
    question_prompt: str
    document_prompt: str
    unfit: str | None = None


class OpenVinoEngine(Engine[list[int]]):
    """A converted model, by OpenVINO on the processor."""

    def __init__(self, folder: Path, about: _Kept, precision: str | None) -> None:
        from tokenizers import Tokenizer

        core = _openvino().Core()
        self._about = about
        graph, weights, tokenizer = (folder / _file(about, part) for part in _PARTS)
        self._tokenizer = Tokenizer.from_file(str(tokenizer))
        threads = cpus()
        settings: dict[str, object] = {
            # Threads that share one small computation spend their time waiting for each
            # other, so each batch has a thread of its own; and bound to a processor, it
            # would wait for whatever another process runs there.
            "NUM_STREAMS": threads,
            "INFERENCE_NUM_THREADS": threads,
            "ENABLE_CPU_PINNING": False,
        }
        if precision:
            settings["INFERENCE_PRECISION_HINT"] = _hint(precision)
        model = core.read_model(graph, weights)
        try:
            self._compiled = core.compile_model(model, "CPU", settings | _OFF)
        except RuntimeError:
            self._compiled = core.compile_model(model, "CPU", settings)
        chosen = _PRECISIONS[self._compiled.get_property("INFERENCE_PRECISION_HINT").to_string()]
        self._idle: queue.SimpleQueue[Any] = queue.SimpleQueue()
        dimension = self._compiled.output(0).partial_shape[1].get_length()
        super().__init__(f"openvino {chosen}", dimension, workers=threads)
        # What OpenVINO's bindings set up at their first inference deadlocks where two threads
        # come to it at once, one holding Python's lock and the other the bindings'.
        with _FIRST:
            self._encode([[about.pad]])

    def embed_question(self, text: str) -> Rows:
        """The vector of a question, (dimension,)."""
        ids = self._tokenizer.encode(self._about.question_prompt + text).ids
        vector: Rows = self._encode([ids])[0]
        return vector

    def _prepare(self, texts: Sequence[str]) -> tuple[Sequence[list[int]], Sequence[int]]:
        prompt = self._about.document_prompt
        ids = [one.ids for one in self._tokenizer.encode_batch_fast([prompt + text for text in texts])]
        return ids, [len(one) for one in ids]

    def _encode(self, items: list[list[int]]) -> Rows:
        length = max(1, *(len(ids) for ids in items))
        tokens = np.full((len(items), length), self._about.pad, np.int64)
        mask = np.zeros((len(items), length), np.int64)
        for row, ids in enumerate(items):
            tokens[row, : len(ids)] = ids
            mask[row, : len(ids)] = 1
        try:
            request = self._idle.get_nowait()
        except queue.Empty:
            request = self._compiled.create_infer_request()
        try:
            request.infer({0: tokens, 1: mask})
            rows: Rows = np.array(request.get_output_tensor(0).data, np.float32)
        finally:
            self._idle.put(request)
        return rows


def installed() -> bool:
    """Whether OpenVINO is there to be used."""
    return find_spec("openvino") is not None


def openvino_engines() -> tuple[str, ...]:
    """The names of what OpenVINO offers here, the fastest first; none where it isn't installed."""
    if not installed():
        return ()
    core = _openvino().Core()
    if "CPU" not in core.available_devices:
        return ()
    # OpenVINO's own choice: bfloat16 only where the processor computes in it itself.
    fastest = _PRECISIONS[core.get_property("CPU", "INFERENCE_PRECISION_HINT").to_string()]
    return tuple(dict.fromkeys((f"openvino {fastest}", "openvino fp32")))


def kept(cache: Path, fingerprint: str, precision: str | None) -> OpenVinoEngine | None:
    """The converted model in the folder ``cache``; None where it holds none, another, or
    a damaged one. Raises Unfit where it is known that there can be none.
    """
    about = _read(cache)
    if about is None or (about.fingerprint, about.made_by) != (fingerprint, _made_by()):
        return None
    if about.unfit:
        raise Unfit(about.unfit)
    try:
        if any(sha256(cache / _file(about, part)) != about.parts[part] for part in _PARTS):
            return None
        return OpenVinoEngine(cache, about, precision)
    except (OSError, RuntimeError):
        # Gone while it was read: another process put its own there.
        return None


def convert(folder: Path, label: str, fingerprint: str, cache: Path | None, precision: str | None) -> OpenVinoEngine:
    """Convert the model in ``folder`` and keep it in the folder ``cache``, where one is given.

    Raises Unfit where it can't be run as torch runs it, OSError where it can't be kept,
    and ModelError, naming it ``label``, where it isn't a model.
    """
    if cache is not None:
        cache.mkdir(parents=True, exist_ok=True)
        _sweep(cache)
    with TemporaryDirectory(prefix=_SCRATCH, dir=cache) as scratch:
        there = Path(scratch)
        try:
            about, engine = _convert(folder, label, fingerprint, there, precision)
        except Unfit as error:
            if cache is not None and error.lasting:
                _write(cache, _unfit(fingerprint, str(error)))
            raise
        if cache is not None:
            _settle(there, cache, about)
    # torch's copy of the model is of no more use.
    gc.collect()
    return engine


def convert_aside(
    folder: Path, label: str, fingerprint: str, cache: Path, precision: str | None
) -> OpenVinoEngine | None:
    """As ``convert``, in a process of its own: torch and what converting takes, most of a
    gigabyte, are gone with it. None where that process couldn't keep a converted model.

    Raises Unfit as ``convert`` does, and OSError where the folder ``cache`` can't be written.
    """
    cache.mkdir(parents=True, exist_ok=True)
    if not os.access(cache, os.W_OK):
        raise PermissionError(f"{cache}: can't be written")
    arguments = [str(Path(__file__).parents[1]), str(folder), label, fingerprint, str(cache), precision or ""]
    with suppress(OSError, subprocess.SubprocessError):
        # What it would say of a failure is said by whoever tries again here.
        subprocess.run(
            [sys.executable, "-c", _CHILD, *arguments],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            timeout=_LONGEST,
            check=False,
        )
    return kept(cache, fingerprint, precision)


def keep(source: Path, cache: Path, fingerprint: str) -> None:
    """Keep in the folder ``cache`` what the folder ``source`` keeps, unless it is there.

    Does nothing where there is nothing to keep or it can't be written.
    """
    about = _read(source)
    if about is None or about.fingerprint != fingerprint or about == _read(cache):
        return
    with suppress(OSError):
        cache.mkdir(parents=True, exist_ok=True)
        with TemporaryDirectory(prefix=_SCRATCH, dir=cache) as scratch:
            for name in (_file(about, part) for part in about.parts):
                _link(source / name, Path(scratch) / name)
            _settle(Path(scratch), cache, about)


def _convert(
    folder: Path, label: str, fingerprint: str, scratch: Path, precision: str | None
) -> tuple[_Kept, OpenVinoEngine]:
    model = load_model(folder, label)
    tokenizer = getattr(getattr(model, "tokenizer", None), "backend_tokenizer", None)
    kinds = [type(module).__name__ for module in model]
    if kinds[:2] != ["Transformer", "Pooling"] or kinds[2:] not in ([], ["Normalize"]) or tokenizer is None:
        raise Unfit(f"it is made of {', '.join(kinds)}, not of Transformer and Pooling over a fast tokenizer")
    if model.max_seq_length is None:
        raise Unfit("it has no limit of length")
    plain = model.prompts.get(model.default_prompt_name)
    documents = (model.prompts[name] for name in ("document", "passage", "corpus") if name in model.prompts)
    tokenizer.no_padding()
    tokenizer.enable_truncation(model.max_seq_length, direction=model.tokenizer.truncation_side)
    prepared = tokenizer.to_str()
    drafts = {part: scratch / f"draft{suffix}" for part, suffix in _PARTS.items()}
    try:
        _save_graph(model, drafts["graph"])
    except (MemoryError, OSError):
        raise
    except Exception as error:
        # Tracing runs the model's own code, which may raise anything.
        raise Unfit(f"its graph can't be converted ({error})") from error
    drafts["tokenizer"].write_text(prepared, "utf-8")
    about = _Kept(
        fingerprint=fingerprint,
        made_by=_made_by(),
        parts={part: sha256(path) for part, path in drafts.items()},
        pad=model.tokenizer.pad_token_id or 0,
        question_prompt=model.prompts.get("query", plain) or "",
        document_prompt=next(documents, plain) or "",
    )
    for part, path in drafts.items():
        path.rename(scratch / _file(about, part))
    try:
        engine = OpenVinoEngine(scratch, about, precision)
        _compare(model, engine)
    except RuntimeError as error:
        raise Unfit(f"OpenVINO can't run its graph ({error})", lasting=False) from error
    return about, engine


def _save_graph(model: Any, path: Path) -> None:
    """Write the model as a graph of OpenVINO: tokens and their mask in, vectors out."""
    import torch
    from transformers.utils import logging

    class Whole(torch.nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.parts = torch.nn.ModuleList(model)

        def forward(self, input_ids: torch.Tensor, attention_mask: torch.Tensor) -> Any:
            features: Any = {"input_ids": input_ids, "attention_mask": attention_mask}
            for part in self.parts:
                features = part(features)
            return features["sentence_embedding"]

    tokens = model.tokenizer(["A short one.", "One that is somewhat longer."], padding=True, return_tensors="pt")
    example = {name: tokens[name] for name in ("input_ids", "attention_mask")}
    # Not by `openvino.convert_model`, which reports each conversion: by what it calls.
    openvino = _openvino()
    decoder = import_module("openvino.frontend.pytorch.ts_decoder").TorchScriptPythonDecoder
    frontend = import_module("openvino.frontend").FrontEndManager().load_by_framework("pytorch")
    # Tracing tells of every branch that it takes; the probes show whether one matters.
    told = logging.get_verbosity()
    logging.set_verbosity_error()  # type: ignore[no-untyped-call]
    try:
        with warnings.catch_warnings(), torch.inference_mode():
            warnings.simplefilter("ignore")
            # The graph holds its constants only for as long as this does.
            traced = decoder(Whole().eval(), example_input=example)
            openvino.save_model(frontend.convert(frontend.load(traced)), path, compress_to_fp16=True)
    finally:
        logging.set_verbosity(told)


def _compare(model: Any, engine: OpenVinoEngine) -> None:
    """Raise Unfit unless both give the probes the same vectors."""
    texts = list(_PROBES)
    theirs = np.concatenate([model.encode_document(texts, show_progress_bar=False), [model.encode_query(texts[1])]])
    ours = np.concatenate([engine.embed(texts), [engine.embed_question(texts[1])]])
    lengths = np.linalg.norm(theirs, axis=1) * np.linalg.norm(ours, axis=1)
    cosine = float(((theirs * ours).sum(axis=1) / np.maximum(lengths, 1e-12)).min())
    # A comparison that is false of NaN too.
    if not cosine >= _LEAST_COSINE:
        raise Unfit(f"its vectors by {engine.name} and by torch agree to a cosine of {cosine:.4f} only")


def _settle(scratch: Path, cache: Path, about: _Kept) -> None:
    """Move the parts to their place, then say that they are there, then remove others."""
    names = {_file(about, part) for part in about.parts}
    for name in sorted(names):
        publish(scratch / name, cache / name)
    _write(cache, about)
    for path in cache.iterdir():
        if path.suffix in _PARTS.values() and path.name not in {*names, _MANIFEST}:
            path.unlink(missing_ok=True)


def _write(cache: Path, about: _Kept) -> None:
    draft = cache / f".{_MANIFEST}-{os.getpid()}"
    draft.write_text(json.dumps(asdict(about), ensure_ascii=False, indent=1), "utf-8")
    publish(draft, cache / _MANIFEST)


def _read(cache: Path) -> _Kept | None:
    try:
        found = json.loads((cache / _MANIFEST).read_text("utf-8"))
        about = _Kept(**found)
        texts = [about.question_prompt, about.document_prompt, *about.parts.values()]
    except (OSError, ValueError, TypeError, AttributeError):
        return None
    sound = isinstance(about.pad, int) and all(isinstance(text, str) for text in texts)
    return about if sound and (about.unfit or set(about.parts) == set(_PARTS)) else None


def _sweep(cache: Path) -> None:
    for path in cache.glob(f"{_SCRATCH}*"):
        if path.stat().st_mtime < time.time() - _ABANDONED:
            shutil.rmtree(path, ignore_errors=True)


def _unfit(fingerprint: str, reason: str) -> _Kept:
    return _Kept(
        fingerprint=fingerprint,
        made_by=_made_by(),
        parts={},
        pad=0,
        question_prompt="",
        document_prompt="",
        unfit=reason,
    )


def _file(about: _Kept, part: str) -> str:
    # Named by what it holds, so that no process finds another's part under its own name.
    return f"{about.parts[part][:16]}{_PARTS[part]}"


def _link(source: Path, target: Path) -> None:
    try:
        os.link(source, target)
    except OSError:
        # Another file system, or one without hard links.
        shutil.copyfile(source, target)


def _made_by() -> str:
    libraries = ("openvino", "sentence-transformers")
    return ", ".join([f"format {_FORMAT}", *(f"{name} {version(name)}" for name in libraries)])


def _hint(precision: str) -> str:
    return next(hint for hint, name in _PRECISIONS.items() if name == precision)


def _openvino() -> Any:
    """The openvino package, imported so that it tells nobody.

    Importing it imports openvino_telemetry, where that is installed (its dependency),
    which at once writes an id of the user into the home folder and sends events to a
    web service. Where it isn't installed OpenVINO makes do with a stub of its own: so, to
    this process, it isn't.
    """
    if "openvino" not in sys.modules:
        sys.modules.setdefault("openvino_telemetry", cast("ModuleType", None))
    return import_module("openvino")
