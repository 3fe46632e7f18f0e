"""Question sets, metrics, runs over an index, and benchmarks; see ``byline eval --help``."""
