"""What is not plugged in counts only where it is trusted, and is what the person is told to fetch."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from cardcat.model import Volume
from cardcat.safety import card as card_module
from cardcat.safety import standing
from cardcat.safety.answer import Verdict
from cardcat.storage.volumes import mounted_volumes, volume_of
from tests.drives import pulled
from tests.safety.asking import judged, reasons
from tests.support import Desk, fill, jpeg


def set_disks(desk: Desk, *disks: tuple[str, str]) -> None:
    """Say on record which disk these volumes, by label, are parts of; of all others nothing is known."""
    with desk.writing() as connection:
        connection.execute("DELETE FROM volume_disks")
        connection.executemany(
            "INSERT INTO volume_disks (volume_id, disk) SELECT id, ? FROM volumes WHERE label = ?",
            [(disk, label) for label, disk in disks],
        )


def awaited(found: Verdict) -> list[tuple[str, int]]:
    return [(drive.name, drive.files) for drive in found.awaited]


def pull(desk: Desk, *names: str) -> None:
    for name in names:
        pulled(desk.folder / name)


def test_a_drive_that_is_not_plugged_in_counts_only_if_it_is_trusted(desk: Desk, card: Path) -> None:
    fill(card, {"A.JPG": jpeg(1), "B.JPG": jpeg(2)})
    desk.backup("one")
    pull(desk, "one")

    assert reasons(judged(desk)) == "\n".join(
        f"{name}.JPG: has no proved copy: the drive one is not plugged in" for name in "AB"
    )
    assert judged(desk).trusted is None
    assert awaited(judged(desk)) == [("one", 2)]
    found = judged(desk, trust_offline=1)
    assert found.safe
    assert found.trusted
    assert (found.trusted.days, found.trusted.files) == (1, 2)
    assert [(drive.name, drive.files, drive.is_seen) for drive in found.drives] == [("one", 2, False)]
    assert not found.awaited


def test_a_drive_that_was_looked_at_needs_no_trust(desk: Desk, card: Path) -> None:
    fill(card, {"A.JPG": jpeg(1)})
    desk.backup("one")
    found = judged(desk, trust_offline=1)
    assert found.trusted
    assert found.trusted.files == 0
    assert found.drives[0].is_seen


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ("verified_at = verified_at - 3 * 86400", "and was last read 3 days ago"),
        ("verified_at = verified_at + 3 * 86400", "was read at a time that has not come yet"),
        ("verified_at = NULL", "is not plugged in"),
        ("evidence = 'read_back'", "and what it has was never proved"),
        ("status = 'missing'", "has no proved copy"),
    ],
)
def test_only_what_was_proved_lately_is_trusted(desk: Desk, card: Path, change: str, told: str) -> None:
    fill(card, {"A.JPG": jpeg(1)})
    desk.backup("one")
    pull(desk, "one")
    assert judged(desk, trust_offline=2).safe
    with desk.writing() as connection:
        connection.execute(f"UPDATE file_locations SET {change}")

    assert told in reasons(judged(desk, trust_offline=2))


def test_a_copy_that_was_found_damaged_is_not_trusted_either(desk: Desk, card: Path) -> None:
    fill(card, {"A.JPG": jpeg(1)})
    desk.backup("one")
    pull(desk, "one")
    with desk.writing() as connection:
        connection.execute(
            "INSERT INTO copy_findings (file_location_id, trouble, message, expected_hash, found_at) "
            "SELECT id, 'damaged', 'x', 'y', 0 FROM file_locations"
        )

    found = judged(desk, trust_offline=1)
    assert "had it damaged" in reasons(found)
    assert not found.awaited


def test_unplugged_drives_count_each_only_if_they_are_known_to_be_two_disks(desk: Desk, card: Path) -> None:
    fill(card, {"A.JPG": jpeg(1)})
    desk.backup("one", "two")
    pull(desk, "one", "two")

    for disks, is_safe in (
        ((), False),
        ((("one", "SN1"),), False),
        ((("one", "SN1"), ("two", "SN1")), False),
        ((("one", "SN1"), ("two", "SN2")), True),
    ):
        set_disks(desk, *disks)
        assert judged(desk, 2, trust_offline=1).safe is is_safe, disks
        assert judged(desk, 1, trust_offline=1).safe


@pytest.mark.parametrize(("near", "is_safe"), [(None, False), ("SN1", True)])
def test_an_unplugged_drive_counts_beside_a_plugged_one_only_if_their_disks_have_two_names(
    desk: Desk, card: Path, monkeypatch: pytest.MonkeyPatch, near: str | None, is_safe: bool
) -> None:
    """Two parts of one disk, of which one is mounted: another reader may have given it a name."""
    fill(card, {"A.JPG": jpeg(1)})
    desk.backup("one", "two")
    pull(desk, "two")
    set_disks(desk, ("two", "SN2"), *([("one", near)] if near else []))
    monkeypatch.setattr(
        "cardcat.sightings.mounted_volumes",
        lambda: [replace(volume, disk=near) for volume in mounted_volumes()],
    )

    found = judged(desk, 2, trust_offline=1)
    assert found.safe is is_safe
    if not is_safe:
        assert "two could be on a disk that counts already" in reasons(found)
        assert awaited(found) == [("two", 1)]
    assert judged(desk, 1, trust_offline=1).safe


def test_an_unplugged_part_of_the_cards_own_disk_is_not_trusted(
    desk: Desk, card: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fill(card, {"A.JPG": jpeg(1)})
    desk.backup("one")
    pull(desk, "one")
    set_disks(desk, ("one", "SN0"))

    def on_disk(path: Path) -> Volume:
        return replace(volume_of(path), disk="SN0")

    monkeypatch.setattr(card_module, "volume_of", on_disk)
    found = judged(desk, trust_offline=1)
    assert "own disk" in reasons(found)
    assert not found.awaited


def test_two_plugged_parts_of_one_disk_are_one(
    desk: Desk, card: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fill(card, {"A.JPG": jpeg(1)})
    desk.backup("one", "two")
    assert judged(desk, 2).safe
    monkeypatch.setattr(standing, "disk_of", lambda volume: "sda" if volume.label == "card" else "sdb")

    assert judged(desk, 1).safe
    assert "one and two are parts of one disk, so they count once" in reasons(judged(desk, 2))


def test_the_one_drive_that_has_all_is_named_before_two_that_have_half(desk: Desk, card: Path) -> None:
    fill(card, {"A.JPG": jpeg(1), "B.JPG": jpeg(2)})
    desk.backup("one", "two")
    set_disks(desk, ("one", "SN1"), ("two", "SN2"))
    with desk.writing() as connection:
        connection.execute(
            "UPDATE file_locations SET status = 'missing' WHERE name = 'B.JPG' AND folder_id IN "
            "(SELECT f.id FROM folders f JOIN locations l ON l.id = f.location_id "
            "JOIN volumes v ON v.id = l.volume_id WHERE v.label = 'one')"
        )
    pull(desk, "one", "two")

    found = judged(desk)
    assert awaited(found) == [("two", 2)]
    (drive,) = found.awaited
    (row,) = desk.ask("SELECT uuid, last_seen_at FROM volumes WHERE label = 'two'")
    assert (drive.uuid, drive.last_seen_at) == row
    assert sorted(awaited(judged(desk, 2))) == [("one", 1), ("two", 1)]


def test_a_group_waits_for_the_drive_that_has_all_of_it(desk: Desk, card: Path) -> None:
    """Drive one has the photo, but its sidecar is gone from there."""
    fill(card, {"IMG_1.JPG": jpeg(1), "IMG_1.xmp": b"x"})
    desk.backup("one", "two")
    (desk.folder / "one/2024/2024-05-01/IMG_1.xmp").unlink()
    pull(desk, "two")

    assert awaited(judged(desk)) == [("two", 2)]


def test_no_drive_is_named_that_would_not_help(desk: Desk, card: Path) -> None:
    fill(card, {"A.JPG": jpeg(1)})
    desk.backup("one")
    pull(desk, "one")
    fill(card, {"B.JPG": jpeg(2)})

    assert awaited(judged(desk)) == [("one", 1)]
    assert awaited(judged(desk, 2)) == []
