"""Batches hold whole groups, all of them once, and are neither too many nor too few."""

from __future__ import annotations

from itertools import pairwise

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st
from polars.testing import assert_frame_equal

from cardcat.plan.batches import LEAST_BYTES, LEAST_FILES, cut
from tests.plan.strategies import unhurried

SIZES = st.one_of(st.integers(0, 10_000), st.integers(0, 2**40))
GROUPS = st.lists(st.lists(SIZES, min_size=1, max_size=5), max_size=60)


def frame(groups: list[list[int]]) -> pl.DataFrame:
    rows = [(number, size) for number, sizes in enumerate(groups) for size in sizes]
    work = pl.DataFrame(rows, schema={"group": pl.UInt32, "size": pl.Int64}, orient="row")
    return work.with_row_index("item")


@unhurried
@given(GROUPS, st.integers(1, 40))
def test_nothing_is_lost_doubled_or_torn_apart(groups: list[list[int]], times: int) -> None:
    work = frame(groups * times)
    batches = list(cut(work))

    assert all(batch.height for batch in batches)
    assert_frame_equal(pl.concat([work.clear(), *batches]), work)
    members = [set(batch["group"]) for batch in batches]
    assert sum(map(len, members)) == len(set().union(*members))


@unhurried
@given(GROUPS, st.integers(1, 200))
def test_there_are_never_too_many(groups: list[list[int]], times: int) -> None:
    assert len(list(cut(frame(groups * times)))) <= 161


@unhurried
@given(GROUPS, st.integers(1, 40))
def test_two_neighbours_would_be_too_much_for_one(groups: list[list[int]], times: int) -> None:
    work = frame(groups * times)
    batches = list(cut(work))
    files, size = max(LEAST_FILES, work.height / 40), max(LEAST_BYTES, int(work["size"].sum()) / 40)

    for one, other in pairwise(batches):
        both = pl.concat([one, other])
        assert both.height / files + int(both["size"].sum()) / size > 0.999_999


@pytest.mark.parametrize(
    ("files", "size", "least", "most"),
    [
        (100_000, 1_000, 20, 95),
        (100_000, 4_000_000, 20, 95),
        (100_000, 50_000_000, 20, 95),
        (1_000_000, 1_000, 20, 95),
        (400, 2_000_000, 3, 10),
        (60, 20_000_000_000, 30, 80),
        (10, 1_000, 1, 1),
        (1, 5 * 10**12, 1, 1),
    ],
)
def test_a_card_of_equal_files_makes_a_sensible_number(files: int, size: int, least: int, most: int) -> None:
    work = pl.DataFrame({"group": range(files), "size": [size] * files})

    assert least <= len(list(cut(work))) <= most


def test_large_and_small_files_by_turns_are_not_too_many_either() -> None:
    groups = [[10**12], [0] * 100] * 400

    assert 20 <= len(list(cut(frame(groups)))) <= 161


def test_a_group_that_is_too_large_is_whole_nevertheless() -> None:
    batches = list(cut(frame([[1] * 10, [LEAST_BYTES] * 50, [1] * 10])))

    assert [set(batch["group"]) for batch in batches] == [{0}, {1}, {2}]


def test_empty_files_have_batches_too() -> None:
    assert sum(batch.height for batch in cut(frame([[0]] * 500))) == 500


def test_no_work_is_no_batch() -> None:
    assert list(cut(frame([]))) == []
