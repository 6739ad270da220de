"""A frame that breaks the contract of its stage is told of, and only such a one."""

from __future__ import annotations

import polars as pl
import pytest

from cardcat.frames import DECISIONS, LISTING, checked


def listing(**columns: pl.Series) -> pl.DataFrame:
    sound = {
        "item": pl.Series([0, 1], dtype=pl.UInt32),
        "path": pl.Series([b"a", b"b\xff"], dtype=pl.Binary),
        "size": pl.Series([0, 5], dtype=pl.Int64),
        "mtime_ns": pl.Series([-1, 1], dtype=pl.Int64),
        "inode": pl.Series([7, 7], dtype=pl.UInt64),
        "kind": pl.Series(["image", "other"]),
        "group": pl.Series([0, 0], dtype=pl.UInt32),
        "structure": pl.Series([-1, 0], dtype=pl.Int32),
    }
    return pl.DataFrame(sound | columns)


def test_a_sound_frame_goes_through() -> None:
    frame = listing()
    assert checked(LISTING, frame) is frame
    assert checked(LISTING, frame.clear()).is_empty()
    assert checked(LISTING, frame.select(reversed(frame.columns))).height == 2


@pytest.mark.parametrize(
    ("frame", "said"),
    [
        (listing(item=pl.Series([3, 3], dtype=pl.UInt32)), "item has a value twice"),
        (listing(item=pl.Series([3, 4], dtype=pl.Int64)), "its columns are"),
        (listing(path=pl.Series([b"a", None])), "path has nulls"),
        (listing(size=pl.Series([1, -1])), "size has a value that it may not have"),
        (listing(kind=pl.Series(["image", "picture"])), "kind has a value"),
        (listing(structure=pl.Series([-2, 0], dtype=pl.Int32)), "structure has a value"),
        (listing(more=pl.Series([1, 2])), "its columns are"),
        (listing().drop("group"), "its columns are"),
    ],
)
def test_a_broken_one_does_not(frame: pl.DataFrame, said: str) -> None:
    with pytest.raises(AssertionError, match=f"broke its contract: .*{said}"):
        checked(LISTING, frame)


def test_what_may_be_missing_may_be() -> None:
    columns = {"item": pl.UInt32, "do": pl.UInt8, "hash": pl.String, "copy": pl.Int64}
    frame = pl.DataFrame([(0, 3, None, None)], schema=columns, orient="row")
    assert checked(DECISIONS, frame).height == 1
    with pytest.raises(AssertionError, match="do has a value"):
        checked(DECISIONS, frame.with_columns(do=pl.lit(4, pl.UInt8)))
