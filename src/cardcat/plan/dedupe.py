"""What to do with each file at each destination: a pure decision over frames."""

from __future__ import annotations

from enum import IntEnum

import polars as pl


class Do(IntEnum):
    """What happens with one file at one destination."""

    NOTHING = 0  # an earlier session left it there, unchanged and proved
    SKIP = 1  # the destination holds the content already
    WAIT = 2  # looks equal to a file that is copied in this run; decided when that one is recorded
    COPY = 3


def decide(
    listing: pl.DataFrame, *, held: pl.DataFrame, read: pl.DataFrame, good: pl.DataFrame, recheck: bool
) -> pl.DataFrame:
    """
    Return the listing's `item` with `do` (of `Do`), and `hash` and `copy` where the content is held.

    *held* has the `item`, `hash` and `copy` of files that an earlier session left; *read* is
    `frames.KNOWN`; *good* has the `hash` and `copy` of contents with a proved copy. With *recheck* a file
    that was left earlier only counts as held if reading it again gave the same hash.
    """
    rows = listing.select("item", "structure", "size").join(read, on="item", how="left")
    if recheck:
        held = held.join(read.select("item", "hash"), on=["item", "hash"], how="semi")
    rows = rows.join(held.rename({"hash": "held_hash", "copy": "held_copy"}), on="item", how="left")
    rows = rows.join(good.rename({"copy": "good_copy"}), on="hash", how="left")
    is_media = pl.col("kind").is_in(["image", "video"]) & (pl.col("structure") < 0)
    is_held = pl.col("held_copy").is_not_null()
    is_good = is_media & pl.col("good_copy").is_not_null()
    rows = rows.with_columns(is_held=is_held, is_good=is_good.fill_null(value=False))
    rows = rows.with_columns(is_twin=_is_twin(rows) & is_media.fill_null(value=False))
    return rows.select(
        "item",
        do=pl.when("is_held")
        .then(Do.NOTHING.value)
        .when("is_good")
        .then(Do.SKIP.value)
        .when("is_twin")
        .then(Do.WAIT.value)
        .otherwise(Do.COPY.value)
        .cast(pl.UInt8),
        hash=pl.coalesce("held_hash", "hash"),
        copy=pl.coalesce("held_copy", pl.when("is_good").then("good_copy")),
    ).sort("item")


def _is_twin(rows: pl.DataFrame) -> pl.Series:
    """All but the first of the files to copy that share size and fingerprint; only those were hashed."""
    open_files = rows.filter(~pl.col("is_held") & ~pl.col("is_good") & pl.col("sample").is_not_null())
    twins = open_files.filter(~pl.struct("size", "sample").is_first_distinct() & pl.col("hash").is_not_null())
    return rows["item"].is_in(twins["item"].implode())
