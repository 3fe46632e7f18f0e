"""Benchmarks, each a command: ``python -m eval.bench.embedding``, ``python -m eval.bench.startup``."""
