"""Which drive is which: cloned, reformatted, moved, unplugged and shared ones, really mounted."""

from __future__ import annotations

import os
import shutil
import struct
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from cardcat.care.repairing import repair
from cardcat.care.verifying import verify
from cardcat.catalog.engine import open_catalog
from cardcat.model import BackupResult, SessionStatus
from cardcat.safety.protection import protection_of
from cardcat.safety.verdict import safe_to_format
from cardcat.storage.volumes import disk_of, mounted_volumes, volume_of
from tests.drives import attached, drive, mounted, plugged_in, pulled, require_mounting
from tests.support import Desk, fill, jpeg

CARD = {f"DCIM/IMG_{n}.JPG": jpeg(n) for n in range(4)} | {"DCIM/IMG_1.xmp": b"x"}


def is_safe(desk: Desk) -> bool:
    return safe_to_format(desk.card, catalog=str(desk.catalog)).safe


def reasons(desk: Desk) -> str:
    return " ".join(each.reason for each in safe_to_format(desk.card, catalog=str(desk.catalog)).reasons)


def verified(desk: Desk) -> tuple[int, int]:
    with open_catalog(desk.catalog) as catalog:
        found = verify(catalog)
    return found.right, sum(found.offline.values())


def uuids(desk: Desk) -> set[object]:
    return {row[0] for row in desk.ask("SELECT v.uuid FROM locations l JOIN volumes v ON v.id = l.volume_id")}


def partition_table(*parts: tuple[int, int]) -> bytes:
    """The first sector of a disk with these partitions: first sector and how many, of 512 bytes each."""
    rows = b"".join(struct.pack("<B3sB3sII", 0, b"", 0x83, b"", first, count) for first, count in parts)
    return bytes(446) + rows.ljust(64, b"\0") + b"\x55\xaa"


@contextmanager
def two_parts(place: Path) -> Iterator[tuple[Path, Path]]:
    """A disk with two partitions, both mounted."""
    require_mounting()
    image = place.with_name("parts.img")
    with image.open("wb") as file:
        file.truncate(48 << 20)
        file.write(partition_table((2048, 40960), (43008, 40960)))
    device = attached(image)
    try:
        subprocess.run(["partx", "-a", device], check=False, capture_output=True)
        parts = [Path(f"{device}p{number}") for number in (1, 2)]
        if not all(part.exists() for part in parts):
            pytest.skip("partitions of a loop device don't show here")
        for part in parts:
            subprocess.run(["mkfs.ext4", "-q", "-F", str(part)], check=True)
        with mounted(parts[0], place / "first") as first, mounted(parts[1], place / "second") as second:
            yield first, second
    finally:
        subprocess.run(["partx", "-d", device], check=False, capture_output=True)
        subprocess.run(["losetup", "-d", device], check=False, capture_output=True)


def clone(place: Path, other: Path) -> None:
    """The drive of *place* copied bit for bit, to be plugged in at *other*."""
    image = place.with_name(f"{place.name}.img")
    shutil.copyfile(image, other.with_name(f"{other.name}.img"))


def test_of_a_drive_and_its_clone_neither_counts_while_both_are_plugged_in(desk: Desk) -> None:
    fill(desk.card, CARD)
    with drive(desk.folder / "one", label="one") as one:
        desk.backup("one")
        subprocess.run(["sync", "-f", str(one)], check=True)
        clone(one, desk.folder / "copy")
        assert is_safe(desk)
        with plugged_in(desk.folder / "copy"):
            assert not is_safe(desk)
            assert verified(desk) == (0, len(CARD))
            result = desk.backup("one", "two")
            assert [each.status for each in result.sessions] == [
                SessionStatus.COMPLETED,
                SessionStatus.FAILED,
            ]
            assert "plugged in twice" in (result.sessions[1].message or "")
        assert is_safe(desk)


def test_a_clone_that_comes_instead_of_the_drive_has_to_be_proved_anew(desk: Desk) -> None:
    """It has the UUID, the marker and every file with its time; but nobody has read it."""
    fill(desk.card, CARD)
    with drive(desk.folder / "one", label="one") as one:
        desk.backup("one")
        subprocess.run(["sync", "-f", str(one)], check=True)
        clone(one, desk.folder / "copy")
    with plugged_in(desk.folder / "copy"):
        assert "another disk" in reasons(desk)
        assert verified(desk) == (len(CARD), 0)
        assert is_safe(desk)
    with plugged_in(desk.folder / "one"):
        assert "another disk" in reasons(desk)
        again = desk.backup("one")
        assert (again.status, again.sessions[0].counts.copied) == (SessionStatus.COMPLETED, 0)
        assert is_safe(desk)


def test_a_drive_that_was_formatted_again_is_another_one(desk: Desk) -> None:
    fill(desk.card, CARD)
    with drive(desk.folder / "one", label="ARCHIVE"):
        desk.backup("one")
    with drive(desk.folder / "one", label="ARCHIVE"):
        assert "formatted since" in reasons(desk)
        result = copied(desk.backup("one"))
        assert result == len(CARD)
        assert is_safe(desk)
    assert len(uuids(desk)) == 2
    assert desk.ask("SELECT DISTINCT status FROM file_locations") == [("present",)]


def copied(result: BackupResult) -> int:
    return result.sessions[0].counts.copied


def test_where_a_drive_is_mounted_does_not_matter(desk: Desk) -> None:
    fill(desk.card, CARD)
    with drive(desk.folder / "one"):
        desk.backup("one")
    (desk.folder / "one.img").rename(desk.folder / "elsewhere.img")
    with plugged_in(desk.folder / "elsewhere"):
        assert is_safe(desk)
        assert copied(desk.backup("elsewhere")) == 0
    assert len(uuids(desk)) == 1


def test_two_drives_at_one_path_one_after_the_other_are_two(desk: Desk) -> None:
    fill(desk.card, CARD)
    for name in ("a", "b"):
        with drive(desk.folder / "place"):
            assert copied(desk.backup("place")) == len(CARD)
        (desk.folder / "place.img").rename(desk.folder / f"{name}.img")
    assert len(uuids(desk)) == 2


def test_one_filesystem_at_two_places_is_one_volume_and_no_clone(desk: Desk) -> None:
    fill(desk.card, CARD)
    with drive(desk.folder / "one") as one, mounted(one, desk.folder / "bound", "--bind") as bound:
        assert volume_of(one).key == volume_of(bound).key
        desk.backup("one")
        assert is_safe(desk)
        assert not safe_to_format(desk.card, catalog=str(desk.catalog), copies=2).safe


def test_two_parts_of_one_disk_are_one_disk_plugged_in_or_not(desk: Desk) -> None:
    fill(desk.card, CARD)
    with two_parts(desk.folder / "disk") as (first, second):
        one, two = volume_of(first), volume_of(second)
        assert one.key != two.key
        assert one.disk == two.disk is not None
        assert disk_of(one) == disk_of(two) is not None
        desk.backup("disk/first", "disk/second")
        assert is_safe(desk)
        assert not safe_to_format(desk.card, catalog=str(desk.catalog), copies=2).safe
        name = str(first)
        with open_catalog(desk.catalog) as catalog:
            assert protection_of(catalog, name).only_here
    trusted = safe_to_format(desk.card, catalog=str(desk.catalog), copies=2, trust_offline=9)
    assert not trusted.safe


def test_an_unplugged_drive_keeps_all_that_is_known_of_it(desk: Desk) -> None:
    fill(desk.card, CARD)
    with drive(desk.folder / "one", label="ARCHIVE") as one:
        desk.backup("one")
        pulled(one)
        assert verified(desk) == (0, len(CARD))
        with open_catalog(desk.catalog) as catalog:
            found = protection_of(catalog, "ARCHIVE")
    assert found.drive.now is None
    assert sum(each.contents for each in found.only_here.values()) == len(CARD)
    assert desk.ask("SELECT DISTINCT status, evidence FROM file_locations") == [("present", "read_back_cold")]


def test_the_disk_of_a_volume_is_on_record(desk: Desk) -> None:
    fill(desk.card, CARD)
    with drive(desk.folder / "one", label="one") as one:
        desk.backup("one")
        now = next(each for each in mounted_volumes() if each.mount_point == one)
        assert now.disk is not None
        query = "SELECT d.disk FROM volume_disks d JOIN volumes v ON v.id = d.volume_id WHERE v.label = 'one'"
        assert desk.ask(query) == [(now.disk,)]


def test_a_repair_of_a_clone_proves_nothing_of_the_drive(desk: Desk) -> None:
    """The clone is mended and right; the file on the drive itself is as rotten as before."""
    fill(desk.card, CARD)
    with drive(desk.folder / "two"), drive(desk.folder / "one", label="one") as one:
        desk.backup("one", "two")
        path = next(one.rglob("IMG_0.JPG"))
        before = path.stat()
        path.write_bytes(bytes(before.st_size))
        os.utime(path, ns=(before.st_mtime_ns, before.st_mtime_ns))
        with open_catalog(desk.catalog) as catalog:
            assert verify(catalog).wrong
        subprocess.run(["sync", "-f", str(one)], check=True)
        clone(one, desk.folder / "copy")
        pulled(one)
        with plugged_in(desk.folder / "copy"), open_catalog(desk.catalog) as catalog:
            assert repair(catalog).mended
        pulled(desk.folder / "two")
        with plugged_in(one):
            assert "another disk" in reasons(desk)
            with open_catalog(desk.catalog) as catalog:
                assert verify(catalog).wrong


def test_of_a_drive_that_is_there_twice_nothing_is_trusted_either(desk: Desk) -> None:
    fill(desk.card, CARD)
    with drive(desk.folder / "one", label="one") as one:
        desk.backup("one")
        subprocess.run(["sync", "-f", str(one)], check=True)
        clone(one, desk.folder / "copy")
        with plugged_in(desk.folder / "copy"):
            verdict = safe_to_format(desk.card, catalog=str(desk.catalog), trust_offline=9)
            assert not verdict.safe
            assert "plugged in twice" in reasons(desk)
            assert not verdict.awaited


def test_a_clone_of_a_card_is_read_whatever_its_names_and_times_say(desk: Desk) -> None:
    """Another shooting on a card that was cloned: same UUID, same names, sizes and times."""
    with drive(desk.folder / "K") as card:
        fill(card, {"DCIM/IMG_1.CR3": b"a" * 5000})
        desk.backup("one", source=card)
        assert safe_to_format(card, catalog=str(desk.catalog)).files == 1
    clone(desk.folder / "K", desk.folder / "K2")
    with plugged_in(desk.folder / "K2") as other:
        fill(other, {"DCIM/IMG_1.CR3": b"c" * 5000})
        assert not safe_to_format(other, catalog=str(desk.catalog)).safe
        assert copied(desk.backup("one", source=other)) == 1
        again = desk.backup("one", source=other)
        assert (copied(again), again.bytes_read_from_source) == (0, 0)
        with plugged_in(desk.folder / "K"):
            twins = desk.backup("one", source=other)
            assert (copied(twins), twins.bytes_read_from_source) == (0, 5000)


def test_a_formatted_drive_that_is_plugged_in_is_not_trusted_as_unplugged(desk: Desk) -> None:
    fill(desk.card, CARD)
    with drive(desk.folder / "one", label="A"):
        desk.backup("one")
    assert safe_to_format(desk.card, catalog=str(desk.catalog), trust_offline=9).safe
    subprocess.run(["mkfs.ext4", "-q", "-F", "-L", "A", str(desk.folder / "one.img")], check=True)
    with plugged_in(desk.folder / "one"):
        assert not safe_to_format(desk.card, catalog=str(desk.catalog), trust_offline=9).safe
