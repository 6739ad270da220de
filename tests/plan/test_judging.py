"""A card may only go if enough disks hold what is on it, each proved."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cardcat.model import Evidence
from cardcat.plan.disks import UNKNOWN_DISK
from cardcat.plan.judging import CopyState, Holder, count_disks, disks, judge, judge_group

GOOD = CopyState("uuid:1", "disk 1", "Red", is_on_source=False, evidence=Evidence.READ_BACK_COLD)
OTHER = replace(GOOD, volume="uuid:2", disk="disk 2", name="Blue")
WARM = replace(GOOD, evidence=Evidence.READ_BACK)
TROUBLES = ("is not plugged in", "does not have it any more", "has it changed", "has it damaged")

COPIES = st.lists(
    st.builds(
        lambda number, is_on_source, evidence, trouble: CopyState(
            "uuid:card" if is_on_source else f"uuid:{number}",
            "disk of the card" if is_on_source else f"disk {number // 2}",
            "Card" if is_on_source else f"Drive {number}",
            is_on_source,
            evidence,
            trouble,
        ),
        st.integers(1, 4),
        st.booleans(),
        st.sampled_from([Evidence.READ_BACK_COLD, Evidence.READ_BACK_COLD, Evidence.READ_BACK]),
        st.sampled_from([None, *TROUBLES]),
    ),
    max_size=8,
)
"""On drives 1 to 4, of which 2 and 3 are parts of one disk."""

WANTED = st.integers(1, 5)


def test_one_proved_copy_on_another_drive_is_enough() -> None:
    assert judge([GOOD], 1).enough
    assert not judge([GOOD], 1).reason


def test_no_copy_is_never_enough() -> None:
    for wanted in (-1, 0, 1, 2):
        assert not judge([], wanted).enough
        assert judge([], wanted).reason == "has no proved copy"


def test_two_copies_on_one_drive_are_one() -> None:
    assert not judge([GOOD, replace(GOOD)], 2).enough
    assert judge([GOOD, replace(GOOD)], 2).reason == "has 1 of 2 proved copies"
    assert judge([GOOD, OTHER], 2).enough


def test_two_parts_of_one_disk_are_one() -> None:
    part = replace(OTHER, disk=GOOD.disk)
    answer = judge([GOOD, part], 2)

    assert not answer.enough
    assert answer.reason == (
        "has 1 of 2 proved copies: Red and Blue are parts of one disk, so they count once"
    )
    assert judge([GOOD, part, replace(OTHER, volume="uuid:3", name="Green")], 2).enough


def test_drives_whose_disk_is_not_known_are_one_at_most() -> None:
    unknown = [replace(each, disk=UNKNOWN_DISK) for each in (GOOD, OTHER)]

    assert judge(unknown, 1).enough
    assert judge(unknown, 2).reason == (
        "has 1 of 2 proved copies: Red and Blue could be parts of one disk, so they count once"
    )


KNOWN = Holder("known", "1")  # plugged in, with a name for good
NAMELESS = Holder("nameless", "2", is_named=False)  # plugged in
AWAY = Holder("away", "3", is_plugged=False)  # its name is on record
LOST = Holder("lost", UNKNOWN_DISK, is_plugged=False, is_named=False)


@pytest.mark.parametrize(
    ("holders", "wanted"),
    [
        ((), 0),
        ((LOST,), 1),
        ((NAMELESS,), 1),
        ((AWAY,), 1),
        ((KNOWN, NAMELESS), 2),  # the system tells them apart
        ((KNOWN, AWAY), 2),  # their names do
        ((NAMELESS, AWAY), 1),  # the one without a name may be another part of that disk
        ((KNOWN, LOST), 1),
        ((NAMELESS, LOST), 1),
        ((AWAY, LOST), 1),
        ((KNOWN, NAMELESS, AWAY, LOST), 2),
        ((NAMELESS, AWAY, AWAY._replace(volume="more", disk="4")), 2),
        ((NAMELESS, NAMELESS._replace(volume="more", disk="4"), AWAY), 2),
        ((KNOWN, KNOWN._replace(volume="part", is_plugged=False)), 1),
    ],
)
def test_disks_count_only_as_far_as_they_can_be_told_apart(holders: tuple[Holder, ...], wanted: int) -> None:
    assert count_disks(holders) == count_disks(holders[::-1]) == wanted


def test_a_drive_that_is_away_is_no_second_copy_beside_one_whose_disk_has_no_name() -> None:
    near = replace(GOOD, is_named=False)
    away = replace(OTHER, is_plugged=False, offers=True)
    answer = judge([near, away], 2)

    assert judge([near, away], 1).enough
    assert not answer.enough
    assert answer.reason == (
        "has 1 of 2 proved copies: Blue could be on a disk that counts already; plugged in, that can be told"
    )
    assert not judge_group([answer, answer], 1).reason  # each of its members says so by itself
    one = judge([near, away], 1)
    assert (
        judge_group([one, one], 2).reason == "only 1 of 2 drives have all 2 files that belong together here"
    )


def test_a_copy_on_the_cards_own_disk_counts_for_nothing() -> None:
    answer = judge([replace(GOOD, is_on_source=True)], 1)

    assert not answer.enough
    assert answer.reason == "has no proved copy: a copy on the card's own disk does not count"


@pytest.mark.parametrize(
    ("evidence", "blind", "told"),
    [
        (Evidence.READ_BACK, None, "memory may have answered when it was read back: cardcat verify"),
        (Evidence.READ_BACK, "fuseblk", "and fuseblk does not let that be told: use a drive that is plugged"),
        (Evidence.SYNCED, None, "on the drive Red it was never read back: back the card up to it again"),
        (Evidence.WRITTEN, None, "on the drive Red it was never read back"),
        (Evidence.CLAIMED, None, "the drive Red is only said to have it"),
    ],
)
def test_nothing_less_than_a_cold_reading_is_proof(evidence: Evidence, blind: str | None, told: str) -> None:
    answer = judge([replace(GOOD, evidence=evidence, blind=blind)], 1)

    assert not answer.enough
    assert told in answer.reason


def test_a_proved_copy_makes_up_for_a_bad_one_on_the_same_drive() -> None:
    bad = replace(GOOD, trouble="has it damaged")

    assert judge([bad, GOOD], 1).enough
    assert "Red" not in judge([bad, GOOD], 2).reason


def test_a_drive_is_named_once_however_many_copies_it_lacks() -> None:
    gone = replace(GOOD, trouble="is not plugged in")

    assert judge([gone, gone], 1).reason == "has no proved copy: the drive Red is not plugged in"


def test_the_reason_names_everything_that_is_in_the_way() -> None:
    copies = [
        GOOD,
        replace(GOOD, volume="uuid:3", disk="3", name="Green", trouble="is not plugged in"),
        replace(WARM, volume="uuid:4", disk="4", name="Grey"),
        replace(GOOD, volume="uuid:5", disk="5", name="Card", is_on_source=True),
        replace(WARM, volume="uuid:6", disk="6", name="Black", trouble="has it damaged"),
    ]
    answer = judge(copies, 3)

    assert not answer.enough
    assert answer.reason == (
        "has 1 of 3 proved copies: the drive Green is not plugged in; "
        "on the drive Grey memory may have answered when it was read back: cardcat verify reads it again; "
        "a copy on the card's own disk does not count; the drive Black has it damaged"
    )


@given(COPIES, WANTED)
def test_yes_needs_as_many_disks_as_are_wanted(copies: list[CopyState], wanted: int) -> None:
    proved = {copy.disk for copy in copies if copy.counts}
    answer = judge(copies, wanted)

    assert answer.enough == (len(proved) >= wanted)
    assert bool(answer.reason) != answer.enough
    assert disks(answer.holders) == proved
    assert not any(copy.is_on_source or copy.trouble for copy in copies if copy.counts)


@given(COPIES, COPIES, WANTED)
def test_more_copies_never_make_it_worse(copies: list[CopyState], more: list[CopyState], wanted: int) -> None:
    if judge(copies, wanted).enough:
        assert judge(copies + more, wanted).enough
        assert judge(more + copies, wanted).enough
    if not judge(copies, wanted).enough:
        assert not judge(copies, wanted + 1).enough


@given(COPIES, WANTED)
def test_a_no_names_every_drive_that_has_an_unproved_copy(copies: list[CopyState], wanted: int) -> None:
    answer = judge(copies, wanted)
    proved = {copy.volume for copy in copies if copy.counts}
    for copy in copies:
        if not answer.enough and copy.volume not in proved and not copy.is_on_source:
            assert copy.name in answer.reason
            assert (copy.trouble or "memory may have answered") in answer.reason


def test_a_group_is_enough_where_one_drive_has_all_of_it() -> None:
    red, blue, both = judge([GOOD], 1), judge([OTHER], 1), judge([GOOD, OTHER], 1)

    assert judge_group([red, both], 1).enough
    assert judge_group([both, both], 2).enough
    assert not judge_group([red, blue], 1).enough
    assert judge_group([red, blue], 1).reason == "no single drive has all 2 files that belong together here"


def test_a_group_on_two_parts_of_one_disk_is_on_one_disk() -> None:
    both = judge([GOOD, replace(OTHER, disk=GOOD.disk), replace(GOOD, volume="uuid:3", disk="3")], 2)
    halves = judge([GOOD, replace(OTHER, disk=GOOD.disk), replace(GOOD, volume="uuid:4", disk="4")], 2)

    assert not judge_group([both, halves], 2).enough


def test_as_many_drives_as_are_wanted_must_have_the_whole_group() -> None:
    third = replace(GOOD, volume="uuid:3", disk="disk 3", name="Green")
    members = [judge([GOOD, OTHER], 2), judge([GOOD, third], 2)]

    assert judge_group(members, 2).reason == "only 1 of 2 drives have all 2 files that belong together here"


def test_a_member_that_is_not_enough_speaks_for_itself() -> None:
    assert judge_group([judge([], 1), judge([GOOD], 1)], 1).enough
    assert judge_group([], 1).enough


def test_a_drive_that_would_have_the_whole_group_is_an_offer() -> None:
    away = replace(OTHER, trouble="is not plugged in", offers=True)
    third = replace(GOOD, volume="uuid:3", disk="disk 3", name="Green")
    group = judge_group([judge([GOOD, away], 1), judge([third, away], 1)], 1)

    assert not group.enough
    assert group.offers == {Holder("uuid:2", "disk 2")}


@given(st.lists(COPIES, min_size=1, max_size=4), WANTED)
def test_a_group_is_never_better_off_than_its_members(copies: list[list[CopyState]], wanted: int) -> None:
    members = [judge(one, wanted) for one in copies]
    group = judge_group(members, wanted)

    if all(member.enough for member in members):
        assert all(group.holders <= member.holders for member in members)
        assert group.enough == (len(disks(group.holders)) >= max(wanted, 1))
