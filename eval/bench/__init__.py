"""Benchmarks, each a command: ``python -m eval.bench.index``, and ``search``, ``growth``, ``open``, ``copies``."""
