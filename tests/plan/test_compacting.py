"""The catalog's file is rewritten only if that gives much back, and if there is room for it."""

from __future__ import annotations

import pytest

from cardcat.plan.compacting import Compaction, Space, judge

MB, GB = 1_000_000, 1_000_000_000


@pytest.mark.parametrize(
    ("size", "free", "room", "decided"),
    [
        (300 * MB, 100 * MB, 100 * GB, Compaction.WORTH_IT),
        (300 * MB, 64 * MB, 100 * GB, Compaction.NOT_WORTH_IT),  # 21 %, but little
        (300 * MB, 65 * MB, 100 * GB, Compaction.WORTH_IT),
        (GB, 200 * MB, 100 * GB, Compaction.NOT_WORTH_IT),  # much, but a fifth only
        (GB, 201 * MB, 100 * GB, Compaction.WORTH_IT),
        (GB, 500 * MB, GB, Compaction.NO_ROOM),
        (GB, 500 * MB, 2 * GB, Compaction.WORTH_IT),
        (GB, GB, 0, Compaction.WORTH_IT),  # nothing is left to write
        (0, 0, 0, Compaction.NOT_WORTH_IT),
    ],
)
def test_when_it_is_worth_it(size: int, free: int, room: int, decided: Compaction) -> None:
    assert judge(Space(size, free), room) is decided
