"""Volumes and locations are recognised again, wherever they are mounted."""

from __future__ import annotations

import platform
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from sqlalchemy import Connection, insert, select

from cardcat.catalog import device as module
from cardcat.catalog.engine import Catalog, open_catalog
from cardcat.catalog.evidence import placed_copies
from cardcat.catalog.knowledge import copies_of_contents
from cardcat.catalog.locations import get_location
from cardcat.catalog.tables import content_identity, devices, file_locations, folders
from cardcat.catalog.volumes import (
    LocationRow,
    VolumeRow,
    every_volume,
    get_volume,
    list_volumes,
    remember_device,
    remember_location,
    remember_volume,
    volumes_last_mounted_at,
)
from cardcat.model import Role
from tests.catalog.helpers import volume_named
from tests.catalog.shelf import Shelf, sha256


@pytest.fixture
def c(catalog: Catalog) -> Iterator[Connection]:
    with catalog.write() as connection:
        yield connection


@pytest.fixture
def device(c: Connection) -> int:
    return remember_device(c, 1)


def location(
    c: Connection,
    volume: VolumeRow,
    path: str,
    *,
    uuid: str | None = None,
    role: Role = Role.BACKUP,
    now: int = 1,
) -> LocationRow:
    return remember_location(c, volume_id=volume.id, uuid=uuid, path=path, role=role, now=now)


class TestDevices:
    def test_this_computer_is_one_row(self, c: Connection) -> None:
        assert remember_device(c, 1) == remember_device(c, 9)
        (row,) = c.execute(select(devices)).all()
        assert (row.created_at, row.last_seen_at, row.name) == (1, 9, platform.node())

    def test_its_machine_id_is_not_given_away(
        self, c: Connection, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        secret = "0123456789abcdef0123456789abcdef"
        (tmp_path / "machine-id").write_text(secret + "\n")
        monkeypatch.setattr(module, "_MACHINE_IDS", (tmp_path / "missing", tmp_path / "machine-id"))
        first = remember_device(c, 1)
        assert secret not in str(c.execute(select(devices)).all()).replace("-", "")
        (tmp_path / "machine-id").write_text("f" * 32)
        assert remember_device(c, 1) != first

    @pytest.mark.parametrize("text", ["", "uninitialized\n"])
    def test_a_computer_without_machine_id_is_still_one(
        self, c: Connection, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, text: str
    ) -> None:
        (tmp_path / "machine-id").write_text(text)
        monkeypatch.setattr(module, "_MACHINE_IDS", (tmp_path / "machine-id",))
        assert remember_device(c, 1) == remember_device(c, 2)


class TestVolumes:
    def test_a_card_is_the_same_wherever_it_is_mounted(self, c: Connection, device: int) -> None:
        first = remember_volume(c, volume_named("card"), device, 1)
        moved = replace(volume_named("card"), mount_point=Path("/mnt/usb"), label="NEW", free_bytes=7)
        second = remember_volume(c, moved, device, 9)
        assert (second.id, second.uuid) == (first.id, first.uuid)
        assert (second.last_mount_point, second.label, second.free_bytes) == ("/mnt/usb", "NEW", 7)
        assert (second.created_at, second.last_seen_at) == (1, 9)
        assert get_volume(c, first.id) == second

    def test_two_cards_at_the_same_place_are_two(self, c: Connection, device: int) -> None:
        first = remember_volume(c, volume_named("a", mount_point="/mnt/usb"), device, 1)
        second = remember_volume(c, volume_named("b", mount_point="/mnt/usb"), device, 2)
        assert first.id != second.id
        assert [row.id for row in volumes_last_mounted_at(c, Path("/mnt/usb"))] == [second.id, first.id]
        assert volumes_last_mounted_at(c, Path("/mnt/other")) == []

    def test_the_uuid_of_its_marker_is_taken_over(self, c: Connection, device: int) -> None:
        """As when the catalog was lost, or another computer wrote the drive."""
        assert remember_volume(c, volume_named("drive"), device, 1, uuid="marked").uuid == "marked"
        plain = remember_volume(c, volume_named("other"), device, 1)
        later = remember_volume(c, volume_named("other"), device, 2, uuid="marked too")
        assert (later.id, later.uuid) == (plain.id, "marked too")

    def test_a_share_whose_address_changed_is_known_by_its_marker(self, c: Connection, device: int) -> None:
        first = remember_volume(c, volume_named("nas:/a", fs_uuid=None), device, 1, uuid="marked")
        second = remember_volume(c, volume_named("nas:/b", fs_uuid=None), device, 2, uuid="marked")
        assert second.id == first.id
        assert second.key == "nfs:nas:/b"

    def test_a_drive_that_the_files_were_copied_to_is_another_drive(self, c: Connection, device: int) -> None:
        """Or copies that were proved on the first drive would pass for proved on the second."""
        first = remember_volume(c, volume_named("first"), device, 1, uuid="marked")
        second = remember_volume(c, volume_named("second"), device, 2, uuid="marked")
        assert second.id != first.id
        assert second.uuid != "marked"
        assert remember_volume(c, volume_named("second"), device, 3, uuid="marked").uuid == second.uuid
        assert remember_volume(c, volume_named("first"), device, 4, uuid="marked").id == first.id

    def test_a_mount_point_that_is_no_text(self, c: Connection, device: int) -> None:
        odd = volume_named("odd", mount_point="/media/\udcff")
        row = remember_volume(c, odd, device, 1)
        assert row.last_mount_point == "/media/\\xff"
        assert [found.id for found in volumes_last_mounted_at(c, odd.mount_point)] == [row.id]

    def test_a_name_for_people(self, c: Connection, device: int) -> None:
        assert remember_volume(c, volume_named("EOS"), device, 1).name == "EOS"
        nameless = replace(volume_named("x"), label=None)
        assert remember_volume(c, nameless, device, 1).name == "/media/x"

    def test_the_list_tells_what_each_holds(self, catalog: Catalog, c: Connection, device: int) -> None:
        empty = remember_volume(c, volume_named("empty"), device, 9)
        drive = remember_volume(c, volume_named("drive"), device, 5)
        root = location(c, drive, "photos")
        c.execute(folders.insert(), {"id": 1, "location_id": root.id, "path": "", "path_raw": b""})
        c.execute(
            content_identity.insert(),
            {"id": 1, "cas_id": "h", "kind": "image", "size_bytes": 10, "created_at": 1},
        )
        statuses = ("present", "unavailable", "missing", "quarantined", "deleted")
        for status in statuses:
            c.execute(file_locations.insert(), _copy(f"{status}.jpg", status=status))
        c.execute(file_locations.insert(), _copy("card.jpg", role="source"))
        c.commit()
        found = [(row.volume.id, row.copies, row.bytes) for row in list_volumes(catalog)]
        assert found == [(empty.id, 0, 0), (drive.id, 2, 20)]


def _copy(name: str, *, status: str = "present", role: str = "backup") -> dict[str, str | int]:
    return {
        "folder_id": 1,
        "name": name,
        "content_id": 1,
        "size": 10,
        "mtime_ns": 1,
        "role": role,
        "status": status,
        "evidence": "synced",
        "first_seen_at": 1,
        "last_seen_at": 1,
    }


class TestDisks:
    """On which physical disk a volume is; what was proved, was proved of that one."""

    @pytest.fixture
    def drive(self, c: Connection, device: int) -> VolumeRow:
        """On disk A, with a copy that was proved there, and another drive with the same."""
        rows = [_seen(c, device, name, disk="A") for name in ("drive", "other")]
        values = {"id": 1, "cas_id": "h", "kind": "image", "size_bytes": 10, "created_at": 1}
        c.execute(insert(content_identity), values)
        for number, row in enumerate(rows, start=1):
            root = location(c, row, "photos")
            c.execute(insert(folders), {"id": number, "location_id": root.id, "path": "", "path_raw": b""})
            proved = {"folder_id": number, "evidence": "read_back_cold", "verified_at": 5}
            c.execute(insert(file_locations), _copy("a.jpg") | proved | {"verified_how": "fadvise"})
        return rows[0]

    def test_it_is_on_record(self, c: Connection, device: int, drive: VolumeRow) -> None:
        _seen(c, device, "without", disk=None)
        disks = {each.volume.name: each.disk for each in every_volume(c)}
        assert disks == {"drive": "A", "other": "A", "without": None}

    @pytest.mark.parametrize("disk", ["A", None])
    def test_on_the_same_disk_or_one_that_tells_no_name_nothing_is_doubted(
        self, c: Connection, device: int, drive: VolumeRow, disk: str | None
    ) -> None:
        _seen(c, device, "drive", disk=disk)
        assert _proofs(c) == [("read_back_cold", 5, "fadvise")] * 2
        assert {each.disk for each in every_volume(c)} == {"A"}

    def test_on_another_disk_nothing_is_proved_of_it_any_more(
        self, c: Connection, device: int, drive: VolumeRow
    ) -> None:
        """A clone, or the drive in another case: nobody can tell. Other drives keep what they have."""
        assert _seen(c, device, "drive", disk="B").id == drive.id
        why = "the drive is on another disk than it was proved on"
        assert _proofs(c) == [("claimed", None, why), ("read_back_cold", 5, "fadvise")]
        assert {each.volume.name: each.disk for each in every_volume(c)} == {"drive": "B", "other": "A"}

    def test_a_card_is_no_drive(self, c: Connection, device: int, drive: VolumeRow) -> None:
        card = _seen(c, device, "card", disk="C")
        location(c, card, "", role=Role.SOURCE)
        found = {each.volume.name: each.is_drive for each in every_volume(c)}
        assert found == {"drive": True, "other": True, "card": False}


def _seen(c: Connection, device: int, name: str, *, disk: str | None) -> VolumeRow:
    return remember_volume(c, replace(volume_named(name), disk=disk), device, 1)


def _proofs(c: Connection) -> list[tuple[str, int | None, str | None]]:
    f = file_locations.c
    query = select(f.evidence, f.verified_at, f.verified_how).order_by(f.folder_id)
    return [(row[0], row[1], row[2]) for row in c.execute(query)]


class TestLocations:
    @pytest.fixture
    def drive(self, c: Connection, device: int) -> VolumeRow:
        return remember_volume(c, volume_named("drive"), device, 1)

    @pytest.fixture
    def other(self, c: Connection, device: int) -> VolumeRow:
        return remember_volume(c, volume_named("other"), device, 1)

    def test_a_root_is_known_by_its_path(self, c: Connection, drive: VolumeRow, other: VolumeRow) -> None:
        first = location(c, drive, "photos")
        assert location(c, drive, "photos") == first
        assert get_location(c, first.id) == first
        assert len({first.id, location(c, drive, "").id, location(c, other, "photos").id}) == 3

    @pytest.mark.parametrize("odd", ["\udcff", "\\xff", "a\nb", "é", "e\u0301"])
    def test_a_path_keeps_its_bytes(self, c: Connection, drive: VolumeRow, odd: str) -> None:
        location(c, drive, "\\xff")
        assert location(c, drive, odd).path == odd
        assert location(c, drive, odd).id == location(c, drive, odd).id

    def test_a_path_and_the_text_it_is_shown_as_are_two(self, c: Connection, drive: VolumeRow) -> None:
        assert location(c, drive, "\udcff").id != location(c, drive, "\\xff").id

    def test_a_folder_that_was_renamed_is_known_by_its_marker(self, c: Connection, drive: VolumeRow) -> None:
        first = location(c, drive, "photos", uuid="marked")
        second = location(c, drive, "pictures", uuid="marked")
        assert (second.id, second.path, second.uuid) == (first.id, "pictures", "marked")

    def test_a_known_folder_that_got_a_marker_takes_its_uuid(self, c: Connection, drive: VolumeRow) -> None:
        first = location(c, drive, "photos")
        second = location(c, drive, "photos", uuid="marked elsewhere")
        assert (second.id, second.uuid) == (first.id, "marked elsewhere")

    def test_two_folders_that_changed_places_stay_what_they_are(
        self, c: Connection, drive: VolumeRow
    ) -> None:
        one = location(c, drive, "a", uuid="one")
        two = location(c, drive, "b", uuid="two")
        assert location(c, drive, "b", uuid="one").id == one.id
        assert location(c, drive, "a", uuid="two").id == two.id
        assert (get_location(c, one.id).path, get_location(c, two.id).path) == ("b", "a")

    def test_a_marker_that_came_from_another_volume_says_nothing(
        self, c: Connection, drive: VolumeRow, other: VolumeRow
    ) -> None:
        first = location(c, drive, "photos", uuid="marked")
        copied = location(c, other, "photos", uuid="marked")
        assert copied.id != first.id
        assert copied.uuid != "marked"
        assert location(c, other, "photos", uuid="marked") == copied
        assert get_location(c, first.id) == first

    def test_a_role_changes_to_backup_only(self, c: Connection, drive: VolumeRow) -> None:
        assert location(c, drive, "a", role=Role.LIBRARY).role is Role.LIBRARY
        assert location(c, drive, "a", role=Role.ARCHIVE).role is Role.LIBRARY
        assert location(c, drive, "a", role=Role.BACKUP).role is Role.BACKUP
        assert location(c, drive, "a", role=Role.LIBRARY).role is Role.BACKUP

    def test_a_location_that_is_not_there_is_a_bug(self, c: Connection) -> None:
        with pytest.raises(LookupError):
            get_location(c, 99)


def test_a_drive_is_called_the_same_wherever_it_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shelf = Shelf(tmp_path, monkeypatch)
    shelf.back_up({"DCIM/A.XMP": b"x"})
    with open_catalog(shelf.catalog) as opened, opened.write() as c:
        c.exec_driver_sql("UPDATE volumes SET label = NULL")
        (placed,) = placed_copies(c, [sha256(b"x")])
        (known,) = copies_of_contents(c, [sha256(b"x")])
    assert placed.volume_name == known.volume_name == str(tmp_path / "ARCHIVE")
