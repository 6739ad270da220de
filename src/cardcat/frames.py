"""The frames that flow between the stages, and their contracts. Paths are exact bytes (`os.fsencode`)."""

from __future__ import annotations

import os
from collections.abc import Iterable

import pandera.polars as pa
import polars as pl
from pandera.errors import SchemaError

# One row a file of the source, in the order of the walk.
LISTING = pa.DataFrameSchema(
    {
        "item": pa.Column(pl.UInt32, unique=True),
        "path": pa.Column(pl.Binary, unique=True),
        "size": pa.Column(pl.Int64, pa.Check.ge(0)),
        "mtime_ns": pa.Column(pl.Int64),
        "inode": pa.Column(pl.UInt64),
        "kind": pa.Column(pl.String, pa.Check.isin(["image", "video", "audio", "sidecar", "other"])),
        "group": pa.Column(pl.UInt32),
        "structure": pa.Column(pl.Int32, pa.Check.ge(-1)),  # -1: in none
    },
    strict=True,
)

# What an earlier session left for a file of the source, at one destination.
HELD = {
    "path": pl.Binary,
    "size": pl.Int64,
    "mtime_ns": pl.Int64,
    "hash": pl.String,
    "destination_path": pl.Binary,
    "copy": pl.Int64,
    "copy_size": pl.Int64,
    "copy_mtime_ns": pl.Int64,
    "evidence": pl.String,
    "session": pl.Int64,
}

# What was found out by reading files that look like something already held.
KNOWN = {"item": pl.UInt32, "sample": pl.String, "hash": pl.String, "kind": pl.String}

READ = pa.DataFrameSchema(
    {
        "item": pa.Column(pl.UInt32, unique=True),
        "sample": pa.Column(pl.String, nullable=True),
        "hash": pa.Column(pl.String, nullable=True),
        "kind": pa.Column(pl.String, nullable=True),
    },
    strict=True,
)

# One decision a file of the listing, at one destination: `plan.dedupe.decide`.
DECISIONS = pa.DataFrameSchema(
    {
        "item": pa.Column(pl.UInt32, unique=True),
        "do": pa.Column(pl.UInt8, pa.Check.isin([0, 1, 2, 3])),
        "hash": pa.Column(pl.String, nullable=True),
        "copy": pa.Column(pl.Int64, nullable=True),
    },
    strict=True,
)

# What every destination already holds of media: `copies.held_media`.
MEDIA = {"size": pl.Int64, "sample": pl.String, "hash": pl.String}


def checked(schema: pa.DataFrameSchema, frame: pl.DataFrame) -> pl.DataFrame:
    """Return *frame* if it keeps the contract; a broken one is a bug, said in one line."""
    try:
        return schema.validate(frame)
    except SchemaError as error:
        raise AssertionError(f"a frame between two stages broke its contract: {error}") from error


def path_column(paths: Iterable[str]) -> pl.Series:
    """A column of exact paths."""
    return pl.Series("path", [os.fsencode(path) for path in paths], dtype=pl.Binary)
