"""What looks like a camera card, where one can be, and when it has to be backed up."""

from __future__ import annotations

from pathlib import PurePath

import pytest

from cardcat.plan.cards import Insertion, Top, card_sign, is_due, is_to_open, may_be_sign, may_hold_card


def top(*folders: str, **inner: tuple[str, ...]) -> Top:
    return Top({**dict.fromkeys(folders, ()), **inner}, is_empty=False)


@pytest.mark.parametrize(
    ("volume", "sign"),
    [
        (top("DCIM", "MISC"), "DCIM"),
        (top("dcim"), "dcim"),
        (top("XDROOT"), "XDROOT"),
        (top("BPAV"), "BPAV"),
        (top("A001_0501X7.RDM"), "A001_0501X7.RDM"),
        (top(PRIVATE=("AVCHD",)), "PRIVATE/AVCHD"),
        (top(PRIVATE=("DATABASE", "M4ROOT")), "PRIVATE/M4ROOT"),
        (top(CONTENTS=("AUDIO", "CLIP", "VIDEO")), "CONTENTS/CLIP"),
        (top(CONTENTS=("CLIPS001",)), "CONTENTS/CLIPS001"),
    ],
)
def test_a_camera_card_is_known_by_its_folders(volume: Top, sign: str) -> None:
    assert card_sign(volume) == sign


@pytest.mark.parametrize(
    "volume",
    [
        top(),
        top("Documents", "Music"),
        top("DCIM backup"),
        top(Private=("letters",)),
        top(Contents=("MacOS", "Resources")),
        top("Clip"),
    ],
)
def test_other_drives_are_none(volume: Top) -> None:
    assert card_sign(volume) is None


def test_a_drive_that_is_backed_up_to_is_no_card() -> None:
    assert card_sign(top("DCIM", ".cardcat")) is None


def test_only_what_tells_something_is_looked_at() -> None:
    assert [name for name in ("DCIM", "Music", "Private", ".cardcat") if may_be_sign(name)] == [
        "DCIM",
        "Private",
        ".cardcat",
    ]
    assert [name for name in ("DCIM", "Private", "CONTENTS") if is_to_open(name)] == ["Private", "CONTENTS"]


@pytest.mark.parametrize("folder", ["/media/me/EOS", "/media/EOS", "/run/media/me/EOS", "/Volumes/EOS"])
def test_a_card_is_where_desktops_mount_things(folder: str) -> None:
    assert may_hold_card(PurePath(folder), is_removable=False, is_system=False)


@pytest.mark.parametrize("folder", ["/", "/media", "/mnt/disk", "/mediathek/x"])
def test_elsewhere_only_what_is_removable(folder: str) -> None:
    assert not may_hold_card(PurePath(folder), is_removable=False, is_system=False)
    assert may_hold_card(PurePath(folder), is_removable=True, is_system=False)


def test_never_on_a_disk_that_the_computer_runs_from() -> None:
    """The SD card that a small computer starts from is in a slot, and may be mounted below /media too."""
    assert not may_hold_card(PurePath("/media/root"), is_removable=True, is_system=True)


def test_a_card_is_due_once_for_a_stay_and_again_when_it_was_filled() -> None:
    first = Insertion("boot/8:17=4/30", 1_000)

    assert is_due(None, first)
    assert not is_due(first.stamp, first)
    assert is_due(first.stamp, Insertion(first.stay, 900))
    assert is_due(first.stamp, Insertion("boot/8:17=5/30", 1_000))
