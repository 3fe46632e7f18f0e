"""Benchmarks, each a command: ``python -m eval.bench.embedding``, and ``growth``, ``open`` and ``search``."""
