"""Cut what an index has to read into portions: whole groups, and no more than may be lost by a kill."""

from __future__ import annotations

from collections.abc import Iterator

import polars as pl

MOST_FILES = 16_000  # a page of an index over hashes is written once for all of them
MOST_BYTES = 256_000_000


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
