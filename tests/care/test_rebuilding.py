"""A catalog that was lost is made again from the drives alone, and believes nothing of it."""

from __future__ import annotations

import errno
import json
import os
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from cardcat.care import rebuilding
from cardcat.care.rebuilding import Rebuilt, look_at, rebuild
from cardcat.catalog.tables import media_files
from cardcat.errors import CancelledError, CatalogError, DestinationError, UsageError
from cardcat.model import Layout, SessionStatus
from cardcat.storage.disk import Disk, StrPath
from tests.support import DAY, Desk, fill, jpeg, snapshot

OWN = {"id", "created_at", "updated_at"}
COLUMNS = ", ".join(column.name for column in media_files.columns if column.name not in OWN)
Rows = list[tuple[object, ...]]

CARD = {
    "DCIM/100/IMG_1.JPG": jpeg(1),
    "DCIM/100/IMG_1.xmp": b"<x/>",
    "DCIM/101/IMG_1.JPG": jpeg(2),
    "DCIM/101/TWIN.JPG": jpeg(1),
    "DCIM/101/UNDATED.JPEG": jpeg(3, taken=None),
    "PRIVATE/AVCHD/BDMV/INDEX.BDM": b"i",
    "PRIVATE/AVCHD/IN.JPG": jpeg(1),
    "odd\udcff.JPG": jpeg(4),
    "noname": jpeg(5),
    "notes.txt": b"t",
}


def media(desk: Desk) -> Rows:
    """Every column of every media file but those that are the catalog's own."""
    return desk.ask(f"SELECT {COLUMNS} FROM media_files ORDER BY hash")


def copies(desk: Desk) -> Rows:
    """Every copy: where, of what content."""
    return desk.ask(
        "SELECT l.uuid, d.path, f.name, f.name_raw, k.cas_id, k.kind, f.size, f.mtime_ns "
        "FROM file_locations f JOIN folders d ON d.id = f.folder_id JOIN locations l ON l.id = d.location_id "
        "JOIN content_identity k ON k.id = f.content_id WHERE f.status = 'present' ORDER BY 1, 2, 3, 4"
    )


def lose(desk: Desk) -> None:
    for file in desk.folder.glob("catalog.db*"):
        file.unlink()


def again(desk: Desk, *drives: str, even_if_sound: bool = False) -> Rebuilt:
    given = [desk.folder / drive for drive in drives or ("drive",)]
    return rebuild(desk.catalog, given, even_if_sound=even_if_sound)


class Broken(Disk):
    """Can't read source files with this ending."""

    def __init__(self, ending: str) -> None:
        super().__init__()
        self.ending = ending

    def open_source(self, path: StrPath) -> int:
        if str(path).endswith(self.ending):
            raise OSError(errno.EIO, os.strerror(errno.EIO), str(path))
        return super().open_source(path)


@pytest.mark.parametrize("layout", Layout)
def test_it_knows_the_same_media_files_and_copies_as_before(desk: Desk, layout: Layout) -> None:
    """Several cards and drives, equal files, structures, sidecars, a session in two attempts, odd names."""
    fill(desk.make("one"), {"2024/2024-05-01/IMG_1.JPG": jpeg(2), "DCIM/101/IMG_1.JPG": jpeg(2)})
    second = fill(desk.make("second"), {"IMG_1.JPG": jpeg(1), "A.JPG": jpeg(7)}, mtime_ns=DAY + 10**9)
    fill(desk.card, CARD)
    desk.backup("one", layout=layout, disk=Broken("TWIN.JPG"))
    desk.backup("one", "two", layout=layout)
    desk.backup("two", "three", source=second, layout=layout)
    desk.backup("one", source=second, layout=layout)
    before = media(desk), copies(desk)
    drives = {name: snapshot(desk.folder / name) for name in ("one", "two", "three")}
    lose(desk)

    made = again(desk, "one", "two", "three")

    assert (media(desk), copies(desk)) == before
    assert (made.media, made.copies) == (len(before[0]), len(before[1]))
    assert {name: snapshot(desk.folder / name) for name in drives} == drives
    assert desk.ask("SELECT DISTINCT evidence, verified_at FROM file_locations") == [("claimed", None)]
    assert desk.ask("SELECT DISTINCT xxh3_128 FROM content_identity") == [(None,)]


@pytest.mark.parametrize("layout", Layout)
def test_the_next_backup_reads_back_and_copies_nothing(desk: Desk, layout: Layout) -> None:
    """But for structures in the tree layout: which files of a folder are a card's own, nobody knows then."""
    whole = {name: data for name, data in CARD.items() if layout is Layout.DATED or "AVCHD" not in name}
    fill(desk.card, whole)
    desk.backup("one", "two", layout=layout)
    there, before = desk.on("one"), media(desk)
    lose(desk)
    again(desk, "one", "two")

    result = desk.backup("one", "two", layout=layout)

    assert result.status == SessionStatus.COMPLETED
    assert [(s.counts.copied, s.counts.skipped) for s in result.sessions] == [(0, len(whole))] * 2
    assert (desk.on("one"), desk.on("two")) == (there, there)
    assert media(desk) == before
    assert desk.ask("SELECT count(*) FROM file_locations WHERE evidence = 'claimed'") == [(0,)]


def test_what_was_learnt_after_the_backup_is_known_too(desk: Desk) -> None:
    """As `metadata refresh` does it; the next session to the drive tells."""
    fill(desk.card, {"A.JPG": jpeg(1), "B.JPG": jpeg(2)})
    desk.backup()
    with desk.writing() as c:
        c.execute("UPDATE manifests SET created_at = created_at - 50")
        c.execute("UPDATE media_files SET lens_model = 'better', iso = '100', updated_at = updated_at + 1")
    desk.backup(source=fill(desk.make("other"), {"C.JPG": jpeg(3)}))
    before = media(desk)
    lose(desk)

    again(desk)

    assert media(desk) == before
    assert desk.ask("SELECT count(*) FROM media_files WHERE lens_model = 'better'") == [(2,)]


def test_of_two_catalogs_the_one_that_knew_a_file_first_decides_in_its_last_words(desk: Desk) -> None:
    fill(desk.card, {"A.JPG": jpeg(1)})
    desk.backup("one")
    with desk.writing() as c:
        c.execute("UPDATE media_files SET date_added = date_added - 1000, lens_model = 'better'")
    shutil.rmtree(desk.folder / "one/.cardcat/manifests")  # what it told there is lost
    desk.backup("two")
    before = media(desk)
    lose(desk)
    desk.backup("three")  # a computer that knows nothing of the first
    assert media(desk) != before
    for file in (desk.folder / "three/.cardcat/manifests").iterdir():
        file.rename(file.with_name(file.name.replace("SUMS-20", "SUMS-21")))  # later, to the second
    lose(desk)

    again(desk, "two", "three")

    assert media(desk) == before


def test_what_the_drives_tell_is_heard_in_the_order_of_its_time(desk: Desk) -> None:
    fill(desk.card, {"A.JPG": jpeg(1)})
    desk.backup("b")
    with desk.writing() as c:
        c.execute("UPDATE media_files SET lens_model = 'better'")
    desk.backup("a")
    before = media(desk)
    lose(desk)

    again(desk, "a", "b")

    assert media(desk) == before


def test_what_came_to_a_place_later_stands_there(desk: Desk) -> None:
    fill(desk.card, {"IMG_1.JPG": jpeg(1)})
    desk.backup()
    (desk.folder / "drive/2024/2024-05-01/IMG_1.JPG").unlink()
    desk.backup(source=fill(desk.make("other"), {"IMG_1.JPG": jpeg(2)}))
    before = media(desk), copies(desk)
    lose(desk)

    again(desk)

    assert (media(desk), copies(desk)) == before


def test_roots_are_found_below_what_is_given_and_each_once(desk: Desk) -> None:
    fill(desk.card, {"A.JPG": jpeg(1)})
    deep = [desk.folder / name for name in ("drive/a", "drive/a/b", "drive/a/b/c")]
    deep[2].mkdir(parents=True)
    for drive in ("drive/a", "drive/a/b", "drive/a/b/c"):
        desk.backup(drive)
    (desk.folder / "drive/link").symlink_to(deep[2])
    lose(desk)

    found = look_at([desk.folder / "drive", deep[0]])

    assert [each.root for each in found] == deep  # the last lies two levels below the second one given
    assert [(len(each.manifests), each.files) for each in found] == [(1, 1)] * 3
    assert [each.root for each in look_at([desk.folder / "drive"])] == deep[:2]
    assert not desk.catalog.exists()


def test_a_root_that_was_copied_with_its_marker_is_one_of_its_own(desk: Desk) -> None:
    fill(desk.card, {"A.JPG": jpeg(1)})
    desk.backup("one")
    shutil.copytree(desk.folder / "one", desk.folder / "two")
    lose(desk)

    assert again(desk, "one", "two").copies == 2
    assert desk.ask("SELECT count(*) FROM locations") == [(2,)]


def test_lists_of_sums_alone_tell_what_they_can(desk: Desk) -> None:
    fill(desk.card, {"A.JPG": jpeg(1), "a.txt": b"t"})
    desk.backup()
    hashes = desk.ask("SELECT cas_id, kind FROM content_identity ORDER BY 1")
    lose(desk)
    for more in (desk.folder / "drive/.cardcat/manifests").glob("*.jsonl"):
        more.unlink()

    again(desk)

    assert desk.ask("SELECT cas_id, kind FROM content_identity ORDER BY 1") == hashes
    ((kind, extension, path, size),) = desk.ask(
        "SELECT media_type, extension, path, file_size_bytes FROM media_files"
    )
    assert (kind, extension, path, size) == ("image", "jpg", "2024/2024-05-01/A.JPG", len(jpeg(1)))
    assert desk.backup().sessions[0].counts.copied == 0


@pytest.fixture
def filled(desk: Desk) -> Desk:
    fill(desk.card, {"A.JPG": jpeg(1)})
    desk.backup()
    return desk


def test_a_sound_catalog_is_not_replaced_unasked(filled: Desk) -> None:
    before = filled.catalog.read_bytes()
    with pytest.raises(UsageError, match="sound") as caught:
        again(filled)
    assert "--yes" in caught.value.hint
    assert filled.catalog.read_bytes() == before
    assert sorted(path.name for path in filled.folder.glob("*catalog*")) == ["catalog.db", "catalog.db.lock"]


def test_a_sound_catalog_is_set_aside_by_order(filled: Desk) -> None:
    before = filled.ask("SELECT * FROM backup_sessions")
    made = again(filled, even_if_sound=True)
    assert made.set_aside is not None
    assert Desk(filled.folder).ask("SELECT count(*) FROM backup_sessions") == [(0,)]
    made.set_aside.rename(filled.catalog)
    assert filled.ask("SELECT * FROM backup_sessions") == before


def damage_pages(path: Path) -> None:
    content = bytearray(path.read_bytes())
    content[4096 * 3 : 4096 * 20] = b"\xa5" * (4096 * 17)
    path.write_bytes(bytes(content))


def damage_header(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:16] + b"\0" * 4096)


@pytest.mark.parametrize("damage", [damage_pages, damage_header])
def test_a_damaged_catalog_is_set_aside_with_all_beside_it(
    filled: Desk, damage: Callable[[Path], None]
) -> None:
    damage(filled.catalog)
    damaged = filled.catalog.read_bytes()
    wal = filled.catalog.with_name("catalog.db-wal")
    wal.write_bytes(b"what was not yet written back")

    made = again(filled)

    assert made.set_aside is not None
    assert made.set_aside.read_bytes() == damaged
    assert (
        made.set_aside.with_name(f"{made.set_aside.name}-wal").read_bytes()
        == b"what was not yet written back"
    )
    assert filled.ask("PRAGMA integrity_check") == [("ok",)]
    assert len(media(filled)) == 1


@pytest.mark.parametrize("statement", ["UPDATE alembic_version SET version_num = '9999'", None])
def test_what_is_newer_or_no_catalog_at_all_is_set_aside_by_order_only(
    filled: Desk, statement: str | None
) -> None:
    if statement:
        with filled.writing() as c:
            c.execute(statement)
    else:
        filled.catalog.write_text("my notes " * 100)
    before = filled.catalog.read_bytes()
    with pytest.raises(UsageError, match="newer"):
        again(filled)
    assert filled.catalog.read_bytes() == before
    made = again(filled, even_if_sound=True)
    assert made.set_aside is not None
    assert len(made.set_aside.read_bytes()) == len(before)


def test_the_database_of_another_program_is_never_moved(filled: Desk) -> None:
    lose(filled)
    with filled.writing() as c:
        c.execute("CREATE TABLE mine (a)")
    before = filled.catalog.read_bytes()
    for even_if_sound in (False, True):
        with pytest.raises(CatalogError, match="another program"):
            again(filled, even_if_sound=even_if_sound)
    assert filled.catalog.read_bytes() == before


@pytest.mark.parametrize("error", [KeyboardInterrupt, OSError(errno.EIO, "it broke")])
def test_whatever_ends_it_the_catalog_is_as_it_was(
    filled: Desk, monkeypatch: pytest.MonkeyPatch, error: BaseException
) -> None:
    damage_pages(filled.catalog)
    before = {path.name: path.read_bytes() for path in filled.folder.glob("catalog*")}

    def fail(*_: object, **__: object) -> int:
        raise error

    with monkeypatch.context() as patch:
        patch.setattr(rebuilding, "import_manifest", fail)
        with pytest.raises((KeyboardInterrupt, DestinationError)):
            again(filled)

    assert {path.name: path.read_bytes() for path in filled.folder.glob("catalog*")} == before
    assert not (filled.folder / ".catalog.db.rebuild").exists()


def test_what_a_killed_one_left_is_cleared_away(filled: Desk) -> None:
    lose(filled)
    left = filled.folder / ".catalog.db.rebuild"
    left.mkdir()
    for name in ("catalog.db", "catalog.db-wal", "catalog.db.lock"):
        (left / name).write_bytes(b"half of something")
    assert again(filled).copies == 1
    assert not left.exists()


def test_it_ends_when_it_is_asked_to(filled: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    lose(filled)
    monkeypatch.setattr(rebuilding, "stop_requested", lambda: True)
    with pytest.raises(CancelledError):
        again(filled)
    assert not filled.catalog.exists()


def test_a_drive_without_manifests_is_told_of(desk: Desk) -> None:
    desk.make("empty")
    with pytest.raises(UsageError, match="no manifests"):
        again(desk, "empty")
    with pytest.raises(DestinationError, match="no such file"):
        again(desk, "nowhere")
    assert not desk.catalog.exists()


def hostile() -> Iterator[bytes]:
    """Lines that somebody who means ill may have written, or a dying drive."""
    good = {"path": "a.jpg", "sha256": "0" * 64, "size": 1, "mtime_ns": 1, "kind": "image", "media": {}}
    yield b"\xff\xfe"
    yield b"{" * 5000
    yield b'{"path": "' + b"x" * (3 << 20)
    for path in (
        "../../outside.jpg",
        "/etc/passwd",
        "C:\\con",
        "a/../../b",
        "x" * 70_000,
        "nul\0",
        "a" * 60_000,
    ):
        yield json.dumps(good | {"path": path}).encode()
    for name, value in [
        ("size", 10**30), ("size", -1), ("mtime_ns", -(10**30)), ("verified_at", 10**30), ("kind", "spell"),
        ("sha256", "0" * 63), ("sample", "\ud800"), ("media", {"iso": ["x"]}),
        ("media", {str(n): 1 for n in range(999)}),
    ]:  # fmt: skip
        yield json.dumps(good | {"path": f"{name}.jpg", name: value}).encode()
    for name, value in [
        ("duration_seconds", 1e300), ("resolution_width", 10**25), ("resolution_height", True), ("iso", "\0"),
        ("date_added", -(10**25)), ("date_modified", "yesterday"), ("path", 5), ("path", "\0"),
        ("extension", {}), ("media_type", "hologram"), ("camera_make", "\x1b[2J<script>"),
        ("lens_model", "y" * 100_000),
    ]:  # fmt: skip
        yield json.dumps(good | {"path": f"media {name}.jpg", "media": {name: value}}).encode()
    for renewed in ("0" * 64, "g" * 64, 5, None):
        yield json.dumps({"renewed": renewed, "size": 1, "kind": "image", "media": {"path": "../x"}}).encode()
        yield json.dumps({"renewed": renewed, "size": -1, "kind": "spell", "media": 7}).encode()


def test_a_hostile_manifest_harms_nobody(filled: Desk) -> None:
    folder = filled.folder / "drive/.cardcat/manifests"
    (folder / "SHA256SUMS-20200101T000000Z-1.jsonl").write_bytes(b"\n".join(hostile()) + b"\n")
    (folder / "SHA256SUMS-20200101T000000Z-2").write_bytes(
        b"%s  ../../x\n\\%s  \\q\n" % (b"0" * 64, b"0" * 64)
    )
    os.mkfifo(folder / "SHA256SUMS-20200101T000000Z-3")
    (folder / "SHA256SUMS-20200101T000000Z-4.jsonl").symlink_to("/dev/zero")
    (folder / "SHA256SUMS-\x1b[2J").mkdir()
    truth = media(filled)
    lose(filled)
    outside = {path: path.lstat().st_mtime_ns for path in filled.folder.iterdir() if path != filled.catalog}

    again(filled)

    assert filled.ask("PRAGMA integrity_check") == [("ok",)]
    assert truth[0] in media(filled)
    paths = filled.ask(
        "SELECT d.path || '/' || f.name FROM file_locations f JOIN folders d ON d.id = f.folder_id"
    )
    assert not [path for (path,) in paths if ".." in str(path).split("/") or str(path).startswith("//")]
    assert {path: path.lstat().st_mtime_ns for path in outside} == outside
    assert filled.backup().sessions[0].counts.copied == 0
