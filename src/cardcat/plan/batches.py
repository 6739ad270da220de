"""Cut the work into batches: whole groups, so many that progress shows, so few that none is wasted."""

from __future__ import annotations

from collections.abc import Iterator

import polars as pl

MOST_BATCHES = 80  # two task runs each, so that a large card stays below 200 of them
LEAST_FILES = 200  # fewer would pay a sync for nothing
LEAST_BYTES = 256_000_000


def cut(work: pl.DataFrame, least_files: int | None = None) -> Iterator[pl.DataFrame]:
    """
    Yield slices of *work* (columns `group`, `size`, at least), in its order, each of whole groups.

    The rows of a group must stand together, as in a frame that is sorted by it.
    Files and bytes both count: a batch is full when its share of the largest allowed of either adds up
    to one. *least_files* (None: `LEAST_FILES`) are always allowed.
    """
    if work.is_empty():
        return
    files = max(LEAST_FILES if least_files is None else least_files, 2 * work.height / MOST_BATCHES)
    size = max(LEAST_BYTES, 2 * int(work["size"].sum()) / MOST_BATCHES)
    groups = work.group_by("group", maintain_order=True).agg(
        weight=pl.len() / files + pl.col("size").sum() / size, length=pl.len()
    )
    start = length = 0
    weight = 0.0
    for group_weight, group_length in groups.select("weight", "length").rows():
        if length and weight + group_weight > 1:
            yield work.slice(start, length)
            start, length, weight = start + length, 0, 0.0
        length += group_length
        weight += group_weight
    yield work.slice(start, length)
