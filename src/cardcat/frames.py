"""The frames that flow between the stages, and their contracts. Paths are exact bytes (`os.fsencode`)."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

import polars as pl


@dataclass(frozen=True, slots=True)
class Values:
    """
    What a column of a frame holds: values of *type*, no nulls unless *nullable*, no two alike if *unique*.

    A value that is there keeps *rule*, an expression that is true of each.
    """

    type: type[pl.DataType]
    nullable: bool = False
    unique: bool = False
    rule: Callable[[pl.Expr], pl.Expr] | None = None


Contract = Mapping[str, Values]
"""All columns of a frame, in any order."""

# One row a file of the source, in the order of the walk.
LISTING: Contract = {
    "item": Values(pl.UInt32, unique=True),
    "path": Values(pl.Binary, unique=True),
    "size": Values(pl.Int64, rule=lambda size: size >= 0),
    "mtime_ns": Values(pl.Int64),
    "inode": Values(pl.UInt64),
    "kind": Values(pl.String, rule=lambda kind: kind.is_in(["image", "video", "audio", "sidecar", "other"])),
    "group": Values(pl.UInt32),
    "structure": Values(pl.Int32, rule=lambda structure: structure >= -1),  # -1: in none
}

# What an earlier session left for a file of the source, at one destination. *untouched*: during this run its
# copy was seen with the size and time on record; false where nobody has looked, or seen that.
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
    "untouched": pl.Boolean,
}

# What was found out by reading files that look like something already held.
KNOWN = {"item": pl.UInt32, "sample": pl.String, "hash": pl.String, "kind": pl.String}

READ: Contract = {
    "item": Values(pl.UInt32, unique=True),
    "sample": Values(pl.String, nullable=True),
    "hash": Values(pl.String, nullable=True),
    "kind": Values(pl.String, nullable=True),
}

# One decision a file of the listing, at one destination: `plan.dedupe.decide`.
DECISIONS: Contract = {
    "item": Values(pl.UInt32, unique=True),
    "do": Values(pl.UInt8, rule=lambda do: do.is_in([0, 1, 2, 3])),
    "hash": Values(pl.String, nullable=True),
    "copy": Values(pl.Int64, nullable=True),
}

# What every destination already holds of media of certain sizes: `copies.held_media`.
MEDIA = {"size": pl.Int64, "sample": pl.String, "hash": pl.String}


def checked(contract: Contract, frame: pl.DataFrame) -> pl.DataFrame:
    """Return *frame* if it keeps the contract; a broken one is a bug: AssertionError, said in one line."""
    if broken := _breaches(contract, frame):
        raise AssertionError(f"a frame between two stages broke its contract: {'; '.join(broken)}")
    return frame


def _breaches(contract: Contract, frame: pl.DataFrame) -> list[str]:
    types = {name: values.type for name, values in contract.items()}
    if dict(frame.schema) != types:
        return [f"its columns are {dict(frame.schema)}, not {types}"]
    asked = {}
    for name, values in contract.items():
        column = pl.col(name)
        if not values.nullable:
            asked[f"{name} has nulls"] = column.null_count() > 0
        if values.unique:
            asked[f"{name} has a value twice"] = column.is_duplicated().any()
        if values.rule:
            asked[f"{name} has a value that it may not have"] = (~values.rule(column)).any()
    found = frame.select(**asked).row(0, named=True)
    return [breach for breach, is_so in found.items() if is_so]


def without(rows: pl.DataFrame, some: pl.DataFrame) -> pl.DataFrame:
    """The *rows* of other paths than *some*, which are of them. To look for all of a million takes memory."""
    return rows.clear() if some.height == rows.height else rows.join(some, on="path", how="anti")


def path_column(paths: Iterable[str]) -> pl.Series:
    """A column of exact paths."""
    return pl.Series("path", [os.fsencode(path) for path in paths], dtype=pl.Binary)
