"""Metadata is read again from the copies, and nothing but the catalog is written to."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

import pytest
from sqlalchemy import Connection

from cardcat import stopping
from cardcat.care import refreshing
from cardcat.care.refreshing import Refreshed, refresh
from cardcat.catalog.details import READER_VERSION
from cardcat.catalog.engine import open_catalog
from cardcat.catalog.groups import GroupRow
from cardcat.catalog.knowledge import KnownContent, known_content
from cardcat.catalog.renewals import Change, write_changes
from cardcat.errors import CancelledError
from cardcat.media.pool import MetadataPool
from cardcat.media.protocol import Request
from cardcat.metadata import Confidence, DateSource, GroupKind, GroupRole, Metadata, Moment
from cardcat.model import Kind
from tests.catalog.shelf import NOON, Read, Shelf, sha256
from tests.support import Desk, fill, jpeg, snapshot

PHOTO, RAW = jpeg(1), jpeg(2)
TAKEN = Moment("2024-05-01T10:00:00", None, DateSource.ORIGINAL, Confidence.CERTAIN)
WRONG = Metadata(camera_make="Wrong", iso="65535")
READ: Read = {"DCIM/A.JPG": (WRONG, TAKEN), "DCIM/B.JPG": (WRONG, TAKEN)}
BOTH = {"DCIM/A.JPG": PHOTO, "DCIM/B.JPG": RAW}
COPY = "ARCHIVE/photos/2024/2024-05-01/A.JPG"


@pytest.fixture
def shelf(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Shelf:
    """Two photos on a drive that an older reader has read wrongly."""
    shelf = Shelf(tmp_path, monkeypatch)
    shelf.back_up(BOTH, read=READ)
    make_older(shelf)
    return shelf


def make_older(shelf: Shelf) -> None:
    with open_catalog(shelf.catalog) as opened, opened.write() as c:
        c.exec_driver_sql("UPDATE media_details SET reader_version = 1")
        c.exec_driver_sql("UPDATE backup_sessions SET status = 'completed'")


def again(shelf: Shelf, *kinds: Kind, everything: bool = False, dry_run: bool = False) -> Refreshed:
    with open_catalog(shelf.catalog) as opened:
        return refresh(opened, kinds or refreshing.MEDIA, everything=everything, dry_run=dry_run)


def known(shelf: Shelf, data: bytes = PHOTO) -> KnownContent:
    with open_catalog(shelf.catalog) as opened, opened.read() as c:
        found = known_content(c, sha256(data))
    assert found
    return found


def make_of(shelf: Shelf, data: bytes = PHOTO) -> str | None:
    metadata = known(shelf, data).metadata
    assert metadata
    return metadata.camera_make


def test_what_is_read_better_now_is_written(shelf: Shelf) -> None:
    found = again(shelf)
    assert (found.to_read, found.read, found.changed, found.unchanged) == (2, 2, 2, 0)
    assert (found.columns["camera_make"], found.columns["iso"], found.troubled_count) == (2, 2, 0)
    assert "date_local" not in found.columns
    now = known(shelf)
    assert now.metadata
    assert (now.metadata.camera_make, now.metadata.iso, now.reader_version) == (
        "Testmaker",
        None,
        READER_VERSION,
    )
    assert now.moment
    assert (now.moment.local, now.moment.confidence) == ("2024-05-01T10:00:00", "certain")
    assert now.read_at
    assert now.read_at > NOON


def test_it_is_read_once_and_again_only_if_all_is_wanted(shelf: Shelf) -> None:
    again(shelf)
    assert again(shelf).to_read == 0
    found = again(shelf, everything=True)
    assert (found.to_read, found.read, found.changed, found.unchanged) == (2, 2, 0, 2)


def test_only_one_kind(shelf: Shelf) -> None:
    assert again(shelf, Kind.VIDEO).to_read == 0
    assert again(shelf, Kind.IMAGE).read == 2


def test_no_file_is_touched(shelf: Shelf) -> None:
    roots = [shelf.folder / name for name in ("CARD", "ARCHIVE")]
    before = [snapshot(root) for root in roots]
    again(shelf)
    assert [snapshot(root) for root in roots] == before


def test_a_dry_run_says_it_and_does_nothing(shelf: Shelf) -> None:
    open_catalog(shelf.catalog).close()
    before = shelf.catalog.read_bytes()
    would = again(shelf, dry_run=True)
    assert shelf.catalog.read_bytes() == before
    did = again(shelf)
    assert would == did


def test_a_drive_that_is_not_plugged_in_is_named(shelf: Shelf) -> None:
    shelf.unplug("ARCHIVE")
    found = again(shelf)
    assert (found.read, found.unreachable, found.lost, found.altered_count) == (0, 2, 0, 0)
    assert dict(found.drives) == {("ARCHIVE", NOON): 2}
    shelf.plug("ARCHIVE")
    assert again(shelf).read == 2


def test_any_drive_that_has_a_copy_will_do(shelf: Shelf) -> None:
    shelf.back_up({"DCIM/A.JPG": PHOTO}, drive="SAFE")
    shelf.unplug("ARCHIVE")
    found = again(shelf)
    assert (found.read, found.unreachable, dict(found.drives)) == (1, 1, {("ARCHIVE", NOON): 1})
    assert (make_of(shelf), make_of(shelf, RAW)) == ("Testmaker", "Wrong")


def test_a_copy_that_is_not_what_it_was_is_not_read(shelf: Shelf) -> None:
    copy = shelf.folder / COPY
    copy.write_bytes(jpeg(3))
    found = again(shelf)
    assert (found.read, found.lost, found.altered_count) == (1, 1, 1)
    assert (found.altered[0].path, found.altered[0].what) == (str(copy), "changed")
    assert make_of(shelf) == "Wrong"
    copy.unlink()
    assert [one.what for one in again(shelf).altered] == ["missing"]


def test_a_copy_that_was_deleted_on_purpose_is_not_missed(shelf: Shelf) -> None:
    (shelf.folder / COPY).unlink()
    with open_catalog(shelf.catalog) as opened, opened.write() as c:
        c.exec_driver_sql("UPDATE file_locations SET status = 'deleted' WHERE name = 'A.JPG'")
    found = again(shelf)
    assert (found.read, found.lost, found.altered_count) == (1, 1, 0)


def test_a_sound_copy_answers_for_one_that_was_changed(shelf: Shelf) -> None:
    shelf.back_up({"DCIM/A.JPG": PHOTO}, drive="SAFE")
    os.utime(shelf.folder / COPY, ns=(1, 1))
    found = again(shelf)
    assert (found.read, found.lost, found.altered_count) == (2, 0, 1)
    assert make_of(shelf) == "Testmaker"


def test_what_cannot_be_read_keeps_what_is_known(shelf: Shelf, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(_: MetadataPool, paths: list[Request]) -> list[Metadata]:
        return [Metadata(trouble="it is broken")] * len(paths)

    monkeypatch.setattr(MetadataPool, "read", broken)
    found = again(shelf)
    assert (found.read, found.troubled_count, found.troubled[0].what) == (2, 2, "it is broken")
    now = known(shelf)
    assert now.metadata
    assert (now.metadata.camera_make, now.metadata.trouble, now.moment) == ("Wrong", "it is broken", TAKEN)
    assert again(shelf).to_read == 0


def test_a_drive_that_is_pulled_meanwhile_is_no_fault_of_the_files(
    shelf: Shelf, monkeypatch: pytest.MonkeyPatch
) -> None:
    def pulled(_: MetadataPool, paths: list[Request]) -> list[Metadata]:
        shelf.unplug("ARCHIVE")
        return [Metadata(trouble="no such file")] * len(paths)

    with monkeypatch.context() as patch:
        patch.setattr(MetadataPool, "read", pulled)
        found = again(shelf)
    assert (found.read, found.unreachable, found.troubled_count, found.altered_count) == (0, 2, 0, 0)
    shelf.plug("ARCHIVE")
    assert again(shelf).read == 2


def adds_up(found: Refreshed) -> bool:
    return found.to_read == found.read + found.unreachable + found.lost


def vanishing(monkeypatch: pytest.MonkeyPatch, copy: Path) -> None:
    """That file is deleted when it is about to be read."""
    read = MetadataPool.read

    def deleted(pool: MetadataPool, paths: list[Request]) -> list[Metadata]:
        copy.unlink(missing_ok=True)
        return read(pool, paths)

    monkeypatch.setattr(MetadataPool, "read", deleted)


def test_another_copy_is_read_if_one_vanishes_meanwhile(
    shelf: Shelf, monkeypatch: pytest.MonkeyPatch
) -> None:
    shelf.back_up({"DCIM/A.JPG": PHOTO}, drive="SAFE")
    vanishing(monkeypatch, shelf.folder / COPY)
    found = again(shelf)
    assert (found.read, found.unreachable, found.lost, found.altered_count) == (2, 0, 0, 1)
    assert adds_up(found)
    assert [one.what for one in found.altered] == ["missing"]
    assert make_of(shelf) == "Testmaker"


def test_the_only_copy_vanishing_meanwhile_is_counted(shelf: Shelf, monkeypatch: pytest.MonkeyPatch) -> None:
    shelf.back_up({"DCIM/A.JPG": PHOTO}, drive="SAFE")
    shelf.unplug("SAFE")
    copy = shelf.folder / COPY
    vanishing(monkeypatch, copy)
    found = again(shelf)
    assert (found.read, found.unreachable, found.lost, found.altered_count) == (1, 1, 0, 1)
    assert adds_up(found)
    vanishing(monkeypatch, copy.with_name("B.JPG"))
    found = again(shelf, everything=True)
    assert (found.read, found.unreachable, found.lost) == (0, 1, 1)
    assert adds_up(found)


def test_a_drive_that_is_pulled_between_two_batches_is_not_plugged_in(
    shelf: Shelf, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(refreshing, "_BATCH", 1)

    def pulled(c: Connection, found: Sequence[Change], now: int) -> None:
        write_changes(c, found, now)
        shelf.unplug("ARCHIVE")

    monkeypatch.setattr(refreshing, "write_changes", pulled)
    found = again(shelf)
    assert (found.read, found.unreachable, found.lost, found.altered_count) == (1, 1, 0, 0)
    assert dict(found.drives) == {("ARCHIVE", NOON): 1}


def test_a_file_of_a_session_that_is_not_completed_loses_nothing(shelf: Shelf) -> None:
    """What belongs to it is not on record yet."""
    with open_catalog(shelf.catalog) as opened, opened.write() as c:
        c.exec_driver_sql("UPDATE backup_sessions SET status = 'running'")
    found = again(shelf)
    assert (found.read, found.columns["camera_make"], found.columns["iso"]) == (2, 2, 0)


def test_it_goes_on_where_it_was_stopped(shelf: Shelf, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(refreshing, "_BATCH", 1)
    asked = iter([False, True])
    monkeypatch.setattr(refreshing, "stop_requested", lambda: next(asked))
    with pytest.raises(CancelledError):
        again(shelf)
    assert (make_of(shelf), make_of(shelf, RAW)) == ("Testmaker", "Wrong")
    monkeypatch.setattr(refreshing, "stop_requested", stopping.stop_requested)
    assert again(shelf).to_read == 1


def test_what_an_older_program_recorded_without_details_is_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shelf = Shelf(tmp_path, monkeypatch)
    shelf.back_up(BOTH)
    assert known(shelf).reader_version is None
    assert again(shelf).read == 2
    assert known(shelf).reader_version == READER_VERSION


XMP = b"""<?xpacket begin="" id="x"?><x:xmpmeta xmlns:x="adobe:ns:meta/">
<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#"><rdf:Description rdf:about=""
 xmlns:tiff="http://ns.adobe.com/tiff/1.0/" tiff:Model="From beside" tiff:Make="Beside"/></rdf:RDF>
</x:xmpmeta>"""


def plain_jpeg() -> bytes:
    """A photo that says nothing of itself."""
    data = jpeg(4, None)
    return data[:2] + data[data.index(b"\xff\xdb") :]


def with_sidecar(shelf: Shelf) -> bytes:
    photo = plain_jpeg()
    members = (("C.JPG", GroupRole.MASTER), ("C.XMP", GroupRole.SIDECAR))
    shelf.back_up({"DCIM/C.JPG": photo, "DCIM/C.XMP": XMP}, groups=[GroupRow(GroupKind.PHOTO, "C", members)])
    return photo


def test_what_lies_beside_a_file_tells_too(shelf: Shelf) -> None:
    photo = with_sidecar(shelf)
    again(shelf)
    metadata = known(shelf, photo).metadata
    assert metadata
    assert metadata.camera_model == "From beside"


def test_a_sidecar_that_is_gone_takes_nothing_away(shelf: Shelf) -> None:
    photo = with_sidecar(shelf)
    again(shelf)
    (shelf.folder / "ARCHIVE/photos/2024/2024-05-01/C.XMP").unlink()
    assert again(shelf, everything=True).read == 3
    metadata = known(shelf, photo).metadata
    assert metadata
    assert metadata.camera_model == "From beside"


def test_what_belongs_to_a_file_is_read_with_it_but_not_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shelf = Shelf(tmp_path, monkeypatch)
    members = (("A.JPG", GroupRole.MASTER), ("B.JPG", GroupRole.RENDITION))
    shelf.back_up(BOTH, read=READ, groups=[GroupRow(GroupKind.PHOTO, "A", members)])
    with open_catalog(shelf.catalog) as opened, opened.write() as c:
        c.exec_driver_sql("UPDATE media_details SET reader_version = 1 WHERE content_id = 1")
    assert again(shelf).read == 1
    assert (make_of(shelf), make_of(shelf, RAW)) == ("Testmaker", "Wrong")


def test_a_name_that_tells_the_date_is_the_one_on_the_card(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """On the drive another content had that name, so the copy has a suffix."""
    shelf = Shelf(tmp_path, monkeypatch)
    photo = plain_jpeg()
    shelf.back_up({"DCIM/20200630_112759.jpg": photo}, timezone="Asia/Tokyo")
    with open_catalog(shelf.catalog) as opened, opened.write() as c:
        c.exec_driver_sql("UPDATE file_locations SET name = 'copy-1a2b3c4d.jpg'")
    place = shelf.folder / "ARCHIVE/photos/2024/2024-05-01"
    (place / "20200630_112759.jpg").rename(place / "copy-1a2b3c4d.jpg")
    again(shelf)
    moment = known(shelf, photo).moment
    assert moment
    assert (moment.local[:10], moment.source) == ("2020-06-30", "file name")


def test_a_file_time_is_seen_from_the_zone_of_its_session(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shelf = Shelf(tmp_path, monkeypatch)
    shelf.back_up({"DCIM/A.JPG": plain_jpeg()}, timezone="Asia/Tokyo")
    again(shelf)
    moment = known(shelf, plain_jpeg()).moment
    assert moment
    assert (moment.local[:19], moment.source) == ("2024-05-01T19:00:00", "file time")


def test_what_a_backup_recorded_is_what_is_read_again(desk: Desk) -> None:
    """Both take a file's group, its sidecars and its zone into account."""
    fill(
        desk.card,
        {
            "A.JPG": PHOTO,
            "A.XMP": XMP,
            "B.JPG": plain_jpeg(),
            "B.XMP": XMP,
            "20200630_112759.jpg": jpeg(5, None),
        },
    )
    desk.backup()
    with open_catalog(desk.catalog) as opened:
        found = refresh(opened, everything=True)
    assert (found.read, found.changed, found.columns) == (3, 0, {})
