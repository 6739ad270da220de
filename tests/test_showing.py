"""What a file, a hash or a name turns out to be, and how its copies stand now."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from cardcat.catalog.engine import open_catalog
from cardcat.catalog.groups import GroupRow
from cardcat.errors import UsageError
from cardcat.media.pool import MetadataPool
from cardcat.metadata import Confidence, DateSource, GroupKind, GroupRole, Metadata, Moment
from cardcat.model import Kind
from cardcat.showing import Shown, show_content
from cardcat.sightings import Now
from cardcat.storage.disk import Disk
from tests.catalog.shelf import FILE_TIME, Shelf, sha256
from tests.support import jpeg, snapshot

PHOTO, RAW = jpeg(1), jpeg(2)
COPY = "photos/2024/2024-05-01/A.JPG"
MOMENT = Moment("2024-05-01T10:00:00", None, DateSource.ORIGINAL, Confidence.CERTAIN)
READ = {"DCIM/A.JPG": (Metadata(camera_make="Canon"), MOMENT)}


@pytest.fixture
def shelf(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Shelf:
    """A card with a photo that is on two drives."""
    shelf = Shelf(tmp_path, monkeypatch)
    for drive in ("ARCHIVE", "SAFE"):
        shelf.back_up({"DCIM/A.JPG": PHOTO}, drive=drive, read=READ)
    return shelf


def show(shelf: Shelf, given: str | Path) -> Shown:
    return show_content(str(given), Path(given).absolute(), catalog=str(shelf.catalog))


def standing(found: Shown) -> dict[str, str]:
    return {one.known.volume_name: one.sighting.now.value for one in found.copies}


@pytest.fixture
def unread(monkeypatch: pytest.MonkeyPatch) -> None:
    """A test in which no file may be opened."""

    def opened(*_: object) -> int:
        raise AssertionError("the catalog knows this file by its place")

    monkeypatch.setattr(Disk, "open_source", opened)


@pytest.mark.usefixtures("unread")
@pytest.mark.parametrize("place", [f"ARCHIVE/{COPY}", f"SAFE/{COPY}", "CARD/DCIM/A.JPG"])
def test_a_copy_and_a_file_on_its_card_are_known_by_place(shelf: Shelf, place: str) -> None:
    found = show(shelf, shelf.folder / place)
    assert (found.content.hash, found.content.kind, found.in_catalog) == (sha256(PHOTO), Kind.IMAGE, True)
    assert (found.content.metadata, found.content.moment) == READ["DCIM/A.JPG"]
    assert standing(found) == {"ARCHIVE": "there", "SAFE": "there"}
    assert [(one.session_id, one.path, one.volume_name) for one in found.origins] == [
        (1, "A.JPG", "CARD"),
        (2, "A.JPG", "CARD"),
    ]
    assert found.path == shelf.folder / place
    assert found.notes == ()


def test_any_other_file_is_known_by_its_bytes(shelf: Shelf) -> None:
    other = shelf.folder / "elsewhere.bin"
    other.write_bytes(PHOTO)
    assert standing(show(shelf, other)) == {"ARCHIVE": "there", "SAFE": "there"}


def test_a_link_is_what_it_leads_to(shelf: Shelf) -> None:
    (shelf.folder / "link").symlink_to(shelf.folder / "CARD/DCIM/A.JPG")
    assert show(shelf, shelf.folder / "link").content.hash == sha256(PHOTO)


def test_a_file_that_was_changed_is_not_taken_for_what_it_was(shelf: Shelf) -> None:
    copy = shelf.folder / "ARCHIVE" / COPY
    copy.write_bytes(RAW)
    found = show(shelf, copy)
    assert (found.content.hash, found.in_catalog) == (sha256(RAW), False)
    assert sha256(PHOTO)[:12] in found.notes[0]
    assert standing(show(shelf, sha256(PHOTO))) == {"ARCHIVE": "changed", "SAFE": "there"}


def test_a_file_on_the_card_that_was_changed_in_place_is_read(shelf: Shelf) -> None:
    """A camera may write another photo under the same name."""
    shelf.put("CARD", {"DCIM/A.JPG": RAW})
    os.utime(shelf.folder / "CARD/DCIM/A.JPG", ns=(FILE_TIME, FILE_TIME + 1))
    assert show(shelf, shelf.folder / "CARD/DCIM/A.JPG").content.hash == sha256(RAW)


def test_a_copy_whose_time_was_changed_has_its_bytes(shelf: Shelf) -> None:
    copy = shelf.folder / "ARCHIVE" / COPY
    os.utime(copy, ns=(1, 1))
    found = show(shelf, copy)
    assert found.in_catalog
    assert found.notes == ("Its bytes are those on record; its time was changed since.",)


def test_an_unplugged_drive_is_a_state(shelf: Shelf) -> None:
    for name in ("ARCHIVE", "CARD"):
        shelf.unplug(name)
    found = show(shelf, shelf.folder / "ARCHIVE" / COPY)
    assert standing(found) == {"ARCHIVE": "not plugged in", "SAFE": "there"}
    assert found.path is None
    offline = next(one for one in found.copies if one.sighting.now is Now.OFFLINE)
    assert offline.sighting.path is None
    assert show(shelf, shelf.folder / "CARD/DCIM/A.JPG").content.hash == sha256(PHOTO)


def test_how_copies_stand_on_a_plugged_drive(shelf: Shelf) -> None:
    copy = shelf.folder / "SAFE" / COPY
    copy.unlink()
    assert standing(show(shelf, sha256(PHOTO)))["SAFE"] == "missing"
    copy.symlink_to(shelf.folder / "ARCHIVE" / COPY)
    assert standing(show(shelf, sha256(PHOTO)))["SAFE"] == "changed"
    copy.unlink()
    copy.mkdir()
    assert standing(show(shelf, sha256(PHOTO)))["SAFE"] == "changed"


def test_a_link_is_no_copy_even_with_its_size_and_time(shelf: Shelf) -> None:
    copy = shelf.folder / "SAFE" / COPY
    target = str(shelf.folder / "ARCHIVE" / COPY)
    copy.unlink()
    copy.symlink_to(target.rjust(len(PHOTO), "/"))
    os.utime(copy, ns=(FILE_TIME, FILE_TIME), follow_symlinks=False)
    assert copy.lstat().st_size == len(PHOTO)
    assert standing(show(shelf, sha256(PHOTO)))["SAFE"] == "changed"


def test_what_was_another_content_then_is_no_origin(shelf: Shelf) -> None:
    with open_catalog(shelf.catalog) as opened, opened.write() as c:
        c.exec_driver_sql("UPDATE backup_items SET hash = 'other' WHERE session_id = 1")
    assert [one.session_id for one in show(shelf, sha256(PHOTO)).origins] == [2]


def test_another_destination_in_the_place_is_not_the_copys(shelf: Shelf) -> None:
    marker = shelf.folder / "SAFE/photos/.cardcat/marker.json"
    marker.parent.mkdir()
    marker.write_text(
        '{"format": "cardcat destination", "version": 1, "created_at": 1,'
        ' "volume_uuid": "0d1c7a3e-7f0e-4c54-9d0e-6d7bb1f3f7a5",'
        ' "location_uuid": "0d1c7a3e-7f0e-4c54-9d0e-6d7bb1f3f7a6"}'
    )
    assert standing(show(shelf, sha256(PHOTO))) == {"ARCHIVE": "there", "SAFE": "missing"}


@pytest.mark.usefixtures("unread")
def test_a_hash_or_its_beginning(shelf: Shelf) -> None:
    hash_ = sha256(PHOTO)
    for given in (hash_, hash_.upper(), hash_[:6], hash_[:40]):
        assert show(shelf, given).content.hash == hash_
    with pytest.raises(UsageError, match="here or in the catalog; a hash needs at least 6 digits"):
        show(shelf, hash_[:5])
    with pytest.raises(UsageError, match="the catalog knows no content whose hash begins so"):
        show(shelf, "0" * 64)
    for given in (hash_[:5], "0" * 64, hash_[:6] + "g", hash_ + "0"):
        with pytest.raises(UsageError, match="There is no file") as told:
            show(shelf, given)
        assert told.value.hint


def test_a_folder_of_that_name_does_not_hide_a_hash(shelf: Shelf, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(shelf.folder)
    (shelf.folder / sha256(PHOTO)[:8]).mkdir()
    assert show(shelf, sha256(PHOTO)[:8]).content.hash == sha256(PHOTO)
    with pytest.raises(UsageError, match="is a folder"):
        show(shelf, shelf.folder / "CARD")


def test_a_bare_name(shelf: Shelf) -> None:
    assert show(shelf, "A.JPG").content.hash == sha256(PHOTO)
    for given in ("B.JPG", "nowhere/A.JPG"):
        with pytest.raises(UsageError, match="Nor does the catalog know it"):
            show(shelf, given)


def test_several_contents_are_named_and_none_is_chosen(shelf: Shelf) -> None:
    shelf.back_up({"DCIM/A.JPG": RAW}, folder="2025/2025-01-01")
    with pytest.raises(UsageError) as told:
        show(shelf, "A.JPG")
    for data, folder in ((PHOTO, "2024/2024-05-01"), (RAW, "2025/2025-01-01")):
        assert f"{sha256(data)[:12]} (ARCHIVE: {folder}/A.JPG)" in told.value.message
    assert "cardcat show " in told.value.hint


def test_what_belongs_together(shelf: Shelf) -> None:
    row = GroupRow(
        GroupKind.PHOTO, "B", (("DCIM/B.XMP", GroupRole.SIDECAR), ("DCIM/B.JPG", GroupRole.MASTER))
    )
    members = tuple((path.removeprefix("DCIM/"), role) for path, role in row.members)
    shelf.back_up(
        {"DCIM/B.JPG": RAW, "DCIM/B.XMP": b"<x:xmpmeta/>"}, groups=[GroupRow(row.kind, row.name, members)]
    )
    (group,) = show(shelf, sha256(RAW)).groups
    assert [(one.name, one.role, one.hash) for one in group.members] == [
        ("B.JPG", "master", sha256(RAW)),
        ("B.XMP", "sidecar", sha256(b"<x:xmpmeta/>")),
    ]


def test_a_file_that_is_not_in_the_catalog_is_read(shelf: Shelf) -> None:
    card = shelf.put("CARD", {"DCIM/NEW.JPG": RAW})
    found = show(shelf, card / "DCIM/NEW.JPG")
    assert not found.in_catalog
    assert found.content.metadata
    assert found.content.moment
    assert (found.content.metadata.camera_make, found.content.moment.local) == (
        "Testmaker",
        "2024-05-01T10:00:00",
    )
    assert (found.content.reader_version, found.content.known_since, found.copies) == (None, None, ())


XMP = b"""<x:xmpmeta xmlns:x="adobe:ns:meta/"><r:RDF xmlns:r="http://www.w3.org/1999/02/22-rdf-syntax-ns#">
<r:Description xmlns:t="http://ns.adobe.com/tiff/1.0/" t:Make="Beside"><e:DateTimeOriginal
 xmlns:e="http://ns.adobe.com/exif/1.0/">2014-04-27T12:42:47+02:00</e:DateTimeOriginal>
</r:Description></r:RDF></x:xmpmeta>"""


def says(found: Shown) -> tuple[str | None, str | None]:
    """The camera's make and the date."""
    metadata, moment = found.content.metadata, found.content.moment
    return metadata.camera_make if metadata else None, moment.local if moment else None


def test_a_sidecar_is_read_wherever_it_is(shelf: Shelf) -> None:
    shelf.back_up({"DCIM/A.XMP": XMP})
    copy = shelf.folder / "ARCHIVE/photos/2024/2024-05-01/A.XMP"
    for given in (copy, shelf.folder / "CARD/DCIM/A.XMP", sha256(XMP), "A.XMP"):
        found = show(shelf, given)
        assert (found.in_catalog, says(found)) == (True, ("Beside", "2014-04-27T12:42:47"))
    copy.write_bytes(XMP.replace(b"Beside", b"Others"))
    assert says(show(shelf, sha256(XMP))) == (None, None)
    found = show(shelf, copy)
    assert (found.in_catalog, says(found)) == (False, ("Others", "2014-04-27T12:42:47"))
    shelf.unplug("ARCHIVE")
    assert says(show(shelf, sha256(XMP))) == (None, None)


def test_a_sidecar_without_a_date_tells_none(shelf: Shelf) -> None:
    card = shelf.put("CARD", {"DCIM/20200630_112759.xmp": XMP.replace(b"DateTimeOriginal", b"Other")})
    assert says(show(shelf, card / "DCIM/20200630_112759.xmp")) == ("Beside", None)


@pytest.mark.usefixtures("unread")
def test_a_sidecar_that_nobody_can_read_is_not_opened(shelf: Shelf, monkeypatch: pytest.MonkeyPatch) -> None:
    def read(*_: object) -> list[Metadata]:
        raise AssertionError("there is nothing to be found in it")

    monkeypatch.setattr(MetadataPool, "read", read)
    shelf.back_up({"DCIM/A.AAE": b"<plist/>"})
    assert says(show(shelf, "A.AAE")) == (None, None)


def test_without_a_catalog_a_file_is_read_and_nothing_is_made(tmp_path: Path) -> None:
    (tmp_path / "A.JPG").write_bytes(PHOTO)
    (tmp_path / "notes.txt").write_text("text")
    catalog = tmp_path / "data" / "catalog.db"
    found = show_content("A.JPG", tmp_path / "A.JPG", catalog=str(catalog))
    assert found.content.metadata
    assert not found.in_catalog
    text = show_content("notes.txt", tmp_path / "notes.txt", catalog=str(catalog)).content
    assert (text.kind, text.metadata, text.moment) == (Kind.OTHER, None, None)
    with pytest.raises(UsageError, match="no catalog yet"):
        show_content("B.JPG", tmp_path / "B.JPG", catalog=str(catalog))
    assert not catalog.parent.exists()


def test_nothing_is_written_anywhere(shelf: Shelf) -> None:
    shelf.put("CARD", {"DCIM/NEW.JPG": RAW})
    open_catalog(shelf.catalog).close()
    roots = [shelf.folder / name for name in ("CARD", "ARCHIVE", "SAFE")]
    before = [snapshot(root) for root in roots], shelf.catalog.read_bytes()
    for given in ("A.JPG", shelf.folder / "CARD/DCIM/NEW.JPG", shelf.folder / "SAFE" / COPY):
        show(shelf, given)
    assert before == ([snapshot(root) for root in roots], shelf.catalog.read_bytes())


def test_access_times_stay(shelf: Shelf) -> None:
    card = shelf.put("CARD", {"DCIM/OTHER.JPG": PHOTO})
    paths = [card / "DCIM/A.JPG", card / "DCIM/OTHER.JPG", shelf.folder / "SAFE" / COPY]
    for path in paths:
        os.utime(path, ns=(1, FILE_TIME))  # any reading would renew this one
        show(shelf, path)
    assert [path.stat().st_atime_ns for path in paths] == [1, 1, 1]


def test_a_file_that_cannot_be_read_says_so(shelf: Shelf, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object) -> int:
        raise OSError(5, "Input/output error")

    monkeypatch.setattr(Disk, "open_source", broken)
    (shelf.folder / "other").write_bytes(b"x")
    with pytest.raises(UsageError, match="can't be read: input/output error"):
        show(shelf, shelf.folder / "other")


def test_names_that_are_no_text(shelf: Shelf) -> None:
    shelf.back_up({"DCIM/\udcff.JPG": RAW})
    copy = shelf.folder / "ARCHIVE/photos/2024/2024-05-01/\udcff.JPG"
    found = show(shelf, copy)
    assert (found.content.hash, found.copies[0].sighting.path) == (sha256(RAW), copy)
    shelf.unplug("ARCHIVE")
    assert show(shelf, copy).content.hash == sha256(RAW)
    assert show(shelf, "\udcff.JPG").content.hash == sha256(RAW)
