"""What is on one disk is lost together, whatever its parts are called."""

from __future__ import annotations

import pytest

from cardcat.plan.disks import UNKNOWN_DISK, DiskNames, disk_of_each


def one_disk(*volumes: tuple[str | None, str | None]) -> bool:
    """Whether all of these, each with its names now and for good, are one disk."""
    found = disk_of_each([DiskNames(str(at), *names) for at, names in enumerate(volumes)])
    return len(set(found.values())) == 1


@pytest.mark.parametrize(
    ("one", "other", "is_one"),
    [
        (("sda", None), ("sda", None), True),
        (("sda", None), ("sdb", None), False),
        (("sda", "A"), ("sdb", "A"), False),  # a bridge that gives all disks one name
        (("sda+sdb", None), ("sdb", None), True),  # a mapped device on two disks
        (("sda", "A"), (None, "A"), True),  # a part that is not mounted
        (("sda", "A"), (None, "B"), False),
        ((None, "A"), (None, "A"), True),
        ((None, "A+B"), (None, "B"), True),
        ((None, None), (None, None), True),  # nobody knows
        (("sda", "A"), (None, None), False),
    ],
)
def test_whether_two_volumes_are_on_one_disk(
    one: tuple[str | None, str | None], other: tuple[str | None, str | None], is_one: bool
) -> None:
    assert one_disk(one, other) is is_one
    assert one_disk(other, one) is is_one


def test_disks_that_a_third_one_joins_are_one() -> None:
    assert one_disk(("sda", None), ("sdb", None), ("sda+sdb", None))
    assert one_disk(("sda", "A"), (None, "A+B"), (None, "B"))


def test_all_that_is_not_known_is_one() -> None:
    found = disk_of_each(
        [DiskNames("a", None, None), DiskNames("b", "sda", None), DiskNames("c", None, None)]
    )
    assert found["a"] == found["c"] == UNKNOWN_DISK != found["b"]


def test_two_plugged_drives_stay_two_whatever_an_unplugged_one_is_called() -> None:
    """A cheap bridge gives all three one name."""
    found = disk_of_each([DiskNames("b", "sda", "X"), DiskNames("c", "sdb", "X"), DiskNames("a", None, "X")])

    assert found["b"] != found["c"]
    assert found["a"] == UNKNOWN_DISK
