"""Cut what an index has to read into batches of portions: whole groups, and no more than may be lost."""

from __future__ import annotations

from collections.abc import Iterator

import polars as pl

from cardcat.plan.batches import cut

MOST_FILES = 16_000  # with fewer, the same pages of the indexes over hashes are written again and again
MOST_BYTES = 256_000_000


def batches(work: pl.DataFrame) -> Iterator[list[pl.DataFrame]]:
    """
    The portions of *work* in its order, those of one step together.

    A step is as large as one of a backup (`batches.cut`), but no smaller than a portion may be.
    """
    for batch in cut(work, least_files=MOST_FILES):
        yield list(portions(batch))


def portions(work: pl.DataFrame, files: int = MOST_FILES, size: int = MOST_BYTES) -> Iterator[pl.DataFrame]:
    """
    Slices of *work* (columns `group` and `size`, at least), in its order, each of whole groups.

    A portion has at most *files* files and *size* bytes, but for a group that has more by itself. The rows of
    a group must stand together.
    """
    groups = work.group_by("group", maintain_order=True).agg(length=pl.len(), size=pl.col("size").sum())
    start = length = taken = 0
    for count, count_bytes in groups.select("length", "size").rows():
        if length and (length + count > files or taken + count_bytes > size):
            yield work.slice(start, length)
            start, length, taken = start + length, 0, 0
        length += count
        taken += count_bytes
    if length:
        yield work.slice(start, length)
