"""The experiments of `python -m benchmarks.rewards --long`."""
