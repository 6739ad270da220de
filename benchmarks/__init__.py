"""Measurements behind the figures that the project states. Run one as `python -m benchmarks.NAME`."""
