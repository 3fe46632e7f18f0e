"""Benchmarks, each a command: ``python -m eval.bench.index``, ``python -m eval.bench.startup``."""
