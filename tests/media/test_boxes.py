"""The boxes that photos and films are built of."""

from __future__ import annotations

import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cardcat.media.boxes import MOST, boxes, boxes_in, top_boxes
from tests.media.conftest import box


def test_only_so_many_boxes_of_one_level_are_followed() -> None:
    data = box(b"free") * 3000

    assert len(list(boxes_in(io.BytesIO(data), 0, len(data)))) == MOST == 2000
    assert len(list(top_boxes(io.BytesIO(data)))) == 1000


@pytest.mark.parametrize("head", [b"\0\0\0\7free", b"\0\0\0\1free" + bytes(7) + b"\x0f", b"\0\0\0\1free"])
def test_a_box_shorter_than_its_head_is_none(head: bytes) -> None:
    assert [found.kind for found in boxes(box(b"moov") + head)] == [b"moov"]


def test_a_box_ends_where_its_file_does_whatever_it_claims() -> None:
    (found,) = boxes_in(io.BytesIO(b"\0\0\1\0mdat" + bytes(20)), 0, 28)

    assert (found.start, found.end, found.claimed_end) == (8, 28, 256)


@given(st.binary(max_size=200), st.integers(0, 250), st.integers(0, 250))
def test_boxes_of_any_bytes_lie_within_them(data: bytes, start: int, end: int) -> None:
    last = start
    for found in boxes(data, start, end):
        assert last + 8 <= found.start <= found.end <= min(end, len(data))
        last = found.end
