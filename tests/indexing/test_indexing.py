"""Existing folders taken into the catalog, where they are."""

from __future__ import annotations

import errno
import hashlib
import os
from collections.abc import Sequence
from pathlib import Path

import pytest

from cardcat.care.verifying import verify
from cardcat.catalog.engine import open_catalog
from cardcat.catalog.indexing import index_findings_of
from cardcat.errors import CatalogBusyError, SourceError, UsageError
from cardcat.indexing import ScanState, index, reading, recording
from cardcat.indexing.claiming import claimed
from cardcat.indexing.hashing import Batch, IndexedFile
from cardcat.indexing.job import Job
from cardcat.indexing.places import Asked, place_of, remembered
from cardcat.indexing.running import Steps, carry_out, opened_index
from cardcat.media.pool import MetadataPool
from cardcat.media.protocol import Request
from cardcat.metadata import Metadata
from cardcat.plan import index_batches
from cardcat.safety.verdict import safe_to_format
from cardcat.storage.disk import Disk, StrPath
from tests.indexing.conftest import Counting, Library
from tests.support import Desk, fill, jpeg, snapshot

FILES = {
    "a/IMG_1.JPG": jpeg(1),
    "a/IMG_1.XMP": b"<x:xmpmeta xmlns:x='adobe:ns:meta/'/>",
    "a/IMG_2.JPG": jpeg(2),
    "b/c/copy of 1.jpg": jpeg(1),
    "b/notes.txt": b"words",
    "top.txt": b"top",
}


def sha(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


@pytest.fixture
def filled(library: Library) -> Library:
    return library.fill(FILES)


# -- the first time, and the next ----------------------------------------------------------------------


def test_every_file_and_folder_is_on_record_and_nothing_is_written(filled: Library) -> None:
    (filled.root / "empty/inner").mkdir(parents=True)
    before = snapshot(filled.root)
    found = filled.one()
    assert snapshot(filled.root) == before
    assert (found.files, found.new, found.state, found.mode) == (6, 6, ScanState.COMPLETE, "deep")
    assert filled.rows() == {path: (sha(data), "present") for path, data in FILES.items()}
    assert filled.folders() == {"", "a", "b", "b/c", "empty", "empty/inner"}
    assert filled.ask("SELECT DISTINCT role FROM file_locations") == [("library",)]
    size = sum(map(len, FILES.values()))
    kept = "role, index_mode, scan_state, total_file_count, total_byte_size, last_scan_at IS NOT NULL"
    assert filled.ask(f"SELECT {kept} FROM locations") == [("library", "deep", "complete", 6, size, 1)]
    assert filled.ask("SELECT count(*), sum(camera_make = 'Testmaker') FROM media_files") == [(2, 2)]
    assert filled.ask("SELECT count(*) FROM media_details WHERE date_local LIKE '2024-05-01T10%'") == [(2,)]


def test_access_times_stay(filled: Library) -> None:
    path = filled.root / "a/IMG_1.JPG"
    os.utime(path, ns=(1_000_000_000, path.stat().st_mtime_ns))
    filled.index()
    assert path.stat().st_atime_ns == 1_000_000_000


def test_without_a_change_nothing_is_read_and_nothing_written(filled: Library) -> None:
    filled.index()
    before = filled.ask("SELECT * FROM file_locations"), filled.ask("SELECT * FROM folders")
    disk = Counting()
    found = filled.one(disk=disk)
    assert (found.unchanged, found.has_changed, found.bytes_read, disk.opened) == (6, False, 0, [])
    assert (filled.ask("SELECT * FROM file_locations"), filled.ask("SELECT * FROM folders")) == before


def test_only_what_is_new_or_changed_is_read(filled: Library) -> None:
    filled.index()
    filled.fill({"a/IMG_3.JPG": jpeg(3)})
    fill(filled.root, {"b/notes.txt": b"other"}, mtime_ns=5)
    disk = Counting()
    found = filled.one(disk=disk)
    assert (found.new, found.changed, found.unchanged) == (1, 1, 5)
    assert sorted(disk.opened) == ["IMG_3.JPG", "notes.txt"]
    assert filled.rows()["b/notes.txt"] == (sha(b"other"), "present")


def test_the_numbers_of_duplicates_are_those_of_now(filled: Library) -> None:
    filled.index()
    assert filled.ask("SELECT total_copies, wasted_space_bytes FROM duplicate_groups") == [
        (2, len(FILES["a/IMG_1.JPG"]))
    ]
    (filled.root / "b/c/copy of 1.jpg").unlink()
    filled.index()
    assert filled.ask("SELECT * FROM duplicate_groups") == []


# -- moved, gone, back ---------------------------------------------------------------------------------


def test_a_file_that_was_moved_keeps_its_row(filled: Library) -> None:
    filled.index()
    ids = filled.ids()
    filled.move("a/IMG_2.JPG", "new/place/other name.jpg")
    found = filled.one()
    assert (found.moved, found.new, found.missing) == (1, 0, 0)
    assert filled.ids()["new/place/other name.jpg"] == ids["a/IMG_2.JPG"]
    assert "a/IMG_2.JPG" not in filled.rows()


def test_a_folder_that_was_moved_is_one_row(filled: Library) -> None:
    filled.index()
    rows = filled.ask("SELECT * FROM file_locations ORDER BY id")
    filled.move("b", "z/b")
    found = filled.one()
    assert (found.moved, found.new, found.missing) == (2, 0, 0)
    assert filled.ask("SELECT * FROM file_locations ORDER BY id") == rows
    assert filled.folders() == {"", "a", "z", "z/b", "z/b/c"}
    assert filled.rows() == {
        path.replace("b/", "z/b/", 1) if path.startswith("b/") else path: (sha(data), "present")
        for path, data in FILES.items()
    }


def test_a_folder_with_another_content_of_the_same_look_has_not_moved(library: Library) -> None:
    library.fill({"old/x.bin": b"aaaa", "old/y.bin": b"bbbb"}).index()
    fill(library.root, {"new/x.bin": b"aaaa", "new/y.bin": b"cccc"})
    for path in ("old/x.bin", "old/y.bin"):
        (library.root / path).unlink()
    (library.root / "old").rmdir()
    found = library.one()
    assert (found.moved, found.new, found.missing) == (1, 1, 1)
    assert library.rows() == {
        "new/x.bin": (sha(b"aaaa"), "present"),
        "new/y.bin": (sha(b"cccc"), "present"),
        "old/y.bin": (sha(b"bbbb"), "missing"),
    }


def test_what_is_gone_is_missing_and_present_when_it_is_back(filled: Library) -> None:
    filled.index()
    ids, data = filled.ids(), (filled.root / "a/IMG_2.JPG").read_bytes()
    (filled.root / "a/IMG_2.JPG").unlink()
    assert filled.one().missing == 1
    assert filled.rows()["a/IMG_2.JPG"] == (sha(data), "missing")
    assert filled.ask("SELECT total_file_count FROM locations") == [(5,)]
    assert filled.one().missing == 0  # it is known
    filled.fill({"a/IMG_2.JPG": data})
    disk = Counting()
    found = filled.one(disk=disk)
    assert (found.back, disk.opened) == (1, [])
    assert filled.ids() == ids
    assert filled.rows()["a/IMG_2.JPG"] == (sha(data), "present")


def test_a_copy_is_no_move(filled: Library) -> None:
    filled.index()
    filled.fill({"c/IMG_1.JPG": FILES["a/IMG_1.JPG"]})
    found = filled.one()
    assert (found.new, found.moved, found.missing) == (1, 0, 0)


def test_in_metadata_mode_a_move_is_missing_and_new(filled: Library) -> None:
    disk = Counting()
    filled.index(mode="metadata", disk=disk)
    assert disk.opened == []
    assert filled.ask("SELECT DISTINCT content_id, evidence, verified_at FROM file_locations") == [
        (None, "claimed", None)
    ]
    filled.move("top.txt", "b/top.txt")
    found = filled.one()
    assert (found.mode, found.new, found.missing, found.moved) == ("metadata", 1, 1, 0)


def test_a_check_passes_over_what_was_never_read(filled: Library) -> None:
    filled.index(mode="metadata")
    filled.index(filled.root / "a")
    with open_catalog(filled.catalog) as catalog:
        assert verify(catalog, dry_run=True).waiting == 0
    filled.index(mode="content")
    with open_catalog(filled.catalog) as catalog:
        assert verify(catalog).right == len(FILES)
        assert filled.ask("SELECT count(*) FROM file_locations WHERE evidence = 'claimed'") == [(0,)]


def test_a_deeper_mode_reads_what_was_not_read_before(filled: Library) -> None:
    filled.index(mode="metadata")
    found = filled.one(mode="content")
    assert (found.unchanged, found.bytes_read) == (6, sum(map(len, FILES.values())))
    assert filled.rows() == {path: (sha(data), "present") for path, data in FILES.items()}
    assert filled.ask("SELECT count(*), count(camera_make) FROM media_files") == [(2, 0)]
    disk = Counting()
    found = filled.one(mode="deep", disk=disk)
    assert found.bytes_read == 0
    assert disk.opened == []
    assert filled.ask("SELECT count(*), count(camera_make), count(date_taken) FROM media_files") == [
        (2, 2, 2)
    ]
    assert filled.one().has_changed is False


def test_a_file_that_changed_in_metadata_mode_has_no_content_any_more(filled: Library) -> None:
    filled.index()
    fill(filled.root, {"top.txt": b"longer"}, mtime_ns=5)
    filled.index(mode="metadata")
    assert filled.rows()["top.txt"] == (None, "present")
    assert filled.rows()["b/notes.txt"] == (sha(b"words"), "present")


# -- how well it is known ------------------------------------------------------------------------------


def test_a_first_reading_is_a_claim_and_one_that_agrees_is_a_read_back(filled: Library) -> None:
    filled.index()
    query = "SELECT DISTINCT evidence, verified_at IS NULL FROM file_locations"
    assert filled.ask(query) == [("claimed", 1)]
    os.utime(filled.root / "top.txt", ns=(5, 5))
    filled.index()
    assert filled.ask(f"{query} WHERE name = 'top.txt'") == [("read_back", 0)]
    fill(filled.root, {"top.txt": b"never seen"}, mtime_ns=6)
    filled.index()
    assert filled.ask(f"{query} WHERE name = 'top.txt'") == [("claimed", 1)]


def proved_cold(library: Library) -> dict[str, tuple[str, bool]]:
    """By name: the evidence, and whether the time of the proof is that of the check."""
    query = "SELECT name, evidence, coalesce(verified_at, 0) = 7 FROM file_locations"
    return {name: (evidence, bool(is_of_then)) for name, evidence, is_of_then in library.ask(query)}


def test_what_a_check_has_proved_stays_of_a_file_that_nobody_has_touched(filled: Library) -> None:
    filled.index()
    filled.write("UPDATE file_locations SET evidence = 'read_back_cold', verified_at = 7")
    os.utime(filled.root / "top.txt", ns=(5, 5))  # the same bytes, written anew
    fill(filled.root, {"b/notes.txt": b"other"}, mtime_ns=6)
    filled.move("a/IMG_2.JPG", "d/IMG_9.JPG")  # or copied there with its time, and deleted: who knows
    filled.index()
    assert proved_cold(filled) == {
        "top.txt": ("read_back", False),
        "notes.txt": ("claimed", False),
        "IMG_9.JPG": ("read_back", False),
        "IMG_1.JPG": ("read_back_cold", True),
        "IMG_1.XMP": ("read_back_cold", True),
        "copy of 1.jpg": ("read_back_cold", True),
    }


def test_a_folder_that_was_moved_is_not_proved_cold_where_it_is_now(filled: Library) -> None:
    filled.index()
    filled.write("UPDATE file_locations SET evidence = 'read_back_cold', verified_at = 7")
    filled.move("a", "z")
    assert filled.one().moved == 3
    proof = proved_cold(filled)
    assert {proof[name] for name in ("IMG_1.JPG", "IMG_1.XMP", "IMG_2.JPG")} == {("read_back", False)}
    assert proof["top.txt"] == ("read_back_cold", True)


def test_findings_of_a_file_that_is_back_or_read_anew_are_settled(filled: Library) -> None:
    filled.index()
    ids = filled.ids()
    for name, trouble in (("top.txt", "missing"), ("b/notes.txt", "damaged")):
        filled.write(
            "INSERT INTO copy_findings (file_location_id, trouble, message, expected_hash, found_at) "
            "VALUES (?, ?, '', '', 1)",
            ids[name],
            trouble,
        )
    filled.write("UPDATE file_locations SET status = 'missing' WHERE name IN ('top.txt', 'notes.txt')")
    filled.index()
    query = "SELECT trouble FROM copy_findings WHERE resolved_at IS NULL"
    assert filled.ask(query) == [("damaged",)]  # that it is there says nothing of its bytes
    os.utime(filled.root / "b/notes.txt", ns=(5, 5))
    filled.index()
    assert filled.ask(query) == []


def open_troubles(library: Library) -> list[tuple[str, str]]:
    query = (
        "SELECT f.name, x.trouble FROM copy_findings x JOIN file_locations f ON f.id = x.file_location_id "
    )
    return sorted(library.ask(query + "WHERE x.resolved_at IS NULL"))


def test_what_its_owner_took_out_of_a_library_is_no_trouble_for_ever(filled: Library) -> None:
    filled.index()
    for path in ("a/IMG_2.JPG", "b/notes.txt"):
        (filled.root / path).unlink()
    filled.index(filled.root / "a")
    with open_catalog(filled.catalog) as catalog:
        assert [each.path for each in verify(catalog).wrong] == ["b/notes.txt"]  # nobody knew that it is gone
        assert open_troubles(filled) == [("notes.txt", "missing")]
        filled.index(disk=Broken(folder="b"))
        assert open_troubles(filled) == [("notes.txt", "missing")]  # nobody has looked
        filled.index()
        assert open_troubles(filled) == []
        assert verify(catalog).wrong == []
    assert set(filled.rows("missing")) == {"a/IMG_2.JPG", "b/notes.txt"}


def test_what_was_wrong_with_a_file_is_settled_when_it_is_gone(filled: Library) -> None:
    filled.index()
    path = filled.root / "top.txt"
    path.write_bytes(b"TOP")
    os.utime(path, ns=(1, filled.ask("SELECT mtime_ns FROM file_locations WHERE name = 'top.txt'")[0][0]))
    with open_catalog(filled.catalog) as catalog:
        verify(catalog)
    assert open_troubles(filled) == [("top.txt", "damaged")]
    path.unlink()
    filled.index()
    assert open_troubles(filled) == []


def test_no_card_is_safe_by_a_library(desk: Desk) -> None:
    fill(desk.card, {"DCIM/A.JPG": jpeg(1)})
    library = Library(desk.folder)
    fill(library.root, {"A.JPG": jpeg(1)})
    desk.backup("drive")
    library.index()
    library.write("DELETE FROM file_locations WHERE role = 'backup'")
    assert not safe_to_format(desk.card, catalog=str(desk.catalog)).safe


# -- what is left alone --------------------------------------------------------------------------------


def test_destinations_and_quarantines_are_not_entered(filled: Library) -> None:
    filled.index()
    rows = filled.rows()
    fill(filled.root, {"b/.cardcat/marker.json": b"{}", "b/new.txt": b"n"})
    fill(filled.root, {".cardcat-quarantine/x/old.txt": b"q", "a/.cardcat-quarantine/y.txt": b"q"})
    found = filled.one()
    assert found.has_changed is False
    assert filled.rows() == rows


def test_rows_of_another_role_stay_as_they_are(filled: Library) -> None:
    filled.index()
    filled.write("UPDATE file_locations SET role = 'backup' WHERE name IN ('top.txt', 'notes.txt')")
    before = filled.ask("SELECT * FROM file_locations WHERE role = 'backup'")
    fill(filled.root, {"top.txt": b"other"}, mtime_ns=5)
    (filled.root / "b/notes.txt").unlink()
    found = filled.one()
    assert (found.changed, found.missing) == (0, 0)
    assert filled.ask("SELECT * FROM file_locations WHERE role = 'backup'") == before


def test_the_catalog_itself_is_no_part_of_a_library(tmp_path: Path) -> None:
    inside = Library(tmp_path / "library" / "x")
    fill(tmp_path / "library", {"x/a.txt": b"a"})
    found = inside.index(tmp_path / "library").locations[0]
    assert (found.files, found.findings) == (1, ())


def test_patterns_are_kept_and_what_they_leave_out_is_not_missing(filled: Library) -> None:
    filled.index()
    found = filled.one(excludes=["*.txt", "b/c"])
    assert (found.files, found.missing, found.left_out) == (3, 0, 3)
    (filled.root / "a/IMG_2.JPG").unlink()
    fill(filled.root, {"top.txt": b"edited"}, mtime_ns=5)
    found = filled.again().locations[0]
    assert (found.missing, found.changed, found.left_out) == (1, 0, 3)
    assert set(filled.rows("missing")) == {"a/IMG_2.JPG"}
    assert filled.one(excludes=()).changed == 1


def test_includes_take_only_what_they_match(filled: Library) -> None:
    assert filled.one(includes=["*.JPG", "*.jpg"]).files == 3
    assert filled.again().locations[0].files == 3


def test_an_ignore_file_goes_for_all_below_its_folder(library: Library) -> None:
    library.fill(
        {
            "a/.cardcatignore": b"# words\n\n*.tmp\n/only/here.txt\ncache/\n!no\n",
            "a/x.tmp": b"1",
            "a/b/y.tmp": b"1",
            "x.tmp": b"1",
            "a/only/here.txt": b"1",
            "a/b/only/here.txt": b"1",
            "a/b/cache/z": b"1",
            "a/cache.txt/cache": b"1",
        }
    )
    found = library.one()
    assert set(library.rows()) == {"x.tmp", "a/b/only/here.txt", "a/cache.txt/cache"}
    assert [(each.path, each.error_type) for each in found.findings] == [("a/.cardcatignore", "NoPattern")]
    part = library.one(library.root / "a/b")
    assert (part.is_part, part.has_changed) == (True, False)


def test_an_ignore_file_that_can_not_be_read_leaves_its_folder_as_it_was(filled: Library) -> None:
    filled.index()
    (filled.root / "b/.cardcatignore").mkdir()
    (filled.root / "b/notes.txt").unlink()
    found = filled.one()
    assert (found.missing, [each.path for each in found.findings]) == (0, ["b"])


# -- findings ------------------------------------------------------------------------------------------


def test_what_can_not_be_taken_in_is_a_finding_of_that_run(filled: Library) -> None:
    (filled.root / "link").symlink_to("top.txt")
    os.mkfifo(filled.root / "a/pipe")
    result = filled.index()
    assert result.exit_code == 1
    assert [(each.path, each.error_type) for each in result.locations[0].findings] == [
        ("link", "SymbolicLink"),
        ("a/pipe", "Pipe"),
    ]
    with open_catalog(filled.catalog) as catalog, catalog.read() as c:
        assert [each.path for each in index_findings_of(c, 1)] == ["link", "a/pipe"]
    (filled.root / "link").unlink()
    filled.index()
    assert filled.ask("SELECT path FROM index_findings") == [("a/pipe",)]


class Broken(Disk):
    """A file that can't be read, a folder that can't be listed, a file that changes while it is read."""

    def __init__(self, *, file: str = "", folder: str = "", changes: Path | None = None) -> None:
        super().__init__()
        self.file, self.folder, self.changes = file, folder, changes

    def open_source(self, path: StrPath) -> int:
        if Path(path).name == self.file:
            raise OSError(5, "Input/output error")
        fd = super().open_source(path)
        if self.changes and Path(path).name == self.changes.name:
            os.utime(self.changes, ns=(9, 9))
        return fd

    def open_folder(self, path: StrPath, within: int | None = None) -> int:
        if self.folder and str(path).rpartition("/")[2] == self.folder:
            raise OSError(5, "Input/output error")
        return super().open_folder(path, within)


def test_a_file_that_can_not_be_read_is_told_and_the_others_are_indexed(filled: Library) -> None:
    found = filled.one(disk=Broken(file="IMG_1.JPG"))
    assert [(each.path, each.message) for each in found.findings] == [
        ("a/IMG_1.JPG", "It could not be read: input/output error.")
    ]
    assert set(filled.rows()) == set(FILES) - {"a/IMG_1.JPG"}
    assert filled.one().new == 1


def test_a_folder_that_can_not_be_listed_misses_nothing(filled: Library) -> None:
    filled.index()
    (filled.root / "b/notes.txt").unlink()
    found = filled.one(disk=Broken(folder="b"))
    assert [each.path for each in found.findings] == ["b"]
    assert (found.missing, filled.rows("missing")) == (0, {})


def test_a_file_that_changes_while_it_is_read_is_left_for_the_next_index(filled: Library) -> None:
    found = filled.one(disk=Broken(changes=filled.root / "top.txt"))
    assert [(each.path, each.error_type) for each in found.findings] == [("top.txt", "Changed")]
    assert "top.txt" not in filled.rows()
    assert filled.one().new == 1


def test_what_is_read_inside_is_only_taken_of_the_file_that_was_hashed(
    filled: Library, monkeypatch: pytest.MonkeyPatch
) -> None:
    read = MetadataPool.read

    def meanwhile(pool: MetadataPool, asked: Sequence[Request]) -> list[Metadata]:
        fill(filled.root, {"a/IMG_1.JPG": jpeg(99, "2001:01:01 00:00:00")}, mtime_ns=5)
        return read(pool, asked)

    monkeypatch.setattr(MetadataPool, "read", meanwhile)
    found = filled.one()
    assert [(each.path, each.error_type) for each in found.findings] == [("a/IMG_1.JPG", "Changed")]
    assert "a/IMG_1.JPG" not in filled.rows()
    assert filled.ask("SELECT count(*) FROM media_details WHERE date_local LIKE '2001%'") == [(0,)]


def test_a_second_attempt_at_a_batch_reads_only_what_is_left(
    filled: Library, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(index_batches.portions, "__defaults__", (2, 1_000_000))
    recorded = recording.record
    calls: list[int] = []

    def busy_once(job: Job, files: Sequence[IndexedFile]) -> None:
        calls.append(len(files))
        if len(calls) == 2:
            raise CatalogBusyError("The catalog is busy.")
        recorded(job, files)

    def twice(job: Job, batch: Batch) -> None:
        with pytest.raises(CatalogBusyError):
            reading.read_batch(job, batch)
        reading.read_batch(job, batch)

    monkeypatch.setattr(reading, "record", busy_once)
    disk = Counting()
    with opened_index(filled.catalog, disk=disk) as run:
        found = carry_out(run, [filled.root], Asked(), Steps(read=twice)).locations[0]
    assert (found.new, len(filled.rows())) == (6, 6)
    assert len(disk.opened) == 6 + calls[1]


def test_a_second_attempt_tells_nothing_twice(filled: Library, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(index_batches.portions, "__defaults__", (2, 1_000_000))
    calls: list[int] = []

    class Broken(Counting):
        def open_source(self, path: StrPath) -> int:
            fd = super().open_source(path)
            if self.opened[0] == Path(path).name:
                os.close(fd)
                raise OSError(errno.EIO, os.strerror(errno.EIO))
            return fd

    def busy_once(job: Job, files: Sequence[IndexedFile]) -> None:
        calls.append(len(files))
        if len(calls) == 2:
            raise CatalogBusyError("The catalog is busy.")
        recording.record(job, files)

    def twice(job: Job, batch: Batch) -> None:
        with pytest.raises(CatalogBusyError):
            reading.read_batch(job, batch)
        reading.read_batch(job, batch)

    monkeypatch.setattr(reading, "record", busy_once)
    with opened_index(filled.catalog, disk=Broken()) as run:
        found = carry_out(run, [filled.root], Asked(), Steps(read=twice)).locations[0]
    assert (found.new, len(found.findings)) == (5, 1)


# -- locations in one another --------------------------------------------------------------------------


def test_a_part_of_a_location_is_that_part_of_it(filled: Library) -> None:
    filled.index()
    for path in ("a/IMG_2.JPG", "b/notes.txt"):
        (filled.root / path).unlink()
    found = filled.one(filled.root / "b")
    assert (found.is_part, found.location_id, found.missing) == (True, 1, 1)
    assert set(filled.rows("missing")) == {"b/notes.txt"}
    assert filled.ask("SELECT count(*) FROM locations") == [(1,)]
    with pytest.raises(UsageError, match="is a part of"):
        filled.index(filled.root / "b", mode="content")


def test_a_folder_around_a_location_leaves_that_one_alone(filled: Library) -> None:
    filled.index(filled.root / "a")
    before = filled.ask("SELECT * FROM file_locations")
    (filled.root / "a/IMG_2.JPG").unlink()
    found = filled.one()
    assert (found.files, found.location_id) == (3, 2)
    assert (
        filled.ask(
            "SELECT * FROM file_locations WHERE folder_id IN (SELECT id FROM folders WHERE location_id = 1)"
        )
        == before
    )
    both = filled.again().locations
    assert [(each.location_id, each.missing) for each in both] == [(1, 1), (2, 0)]


def test_folders_in_one_another_are_indexed_once(filled: Library) -> None:
    found = filled.index(filled.root / "a", filled.root, filled.root / "a")
    assert [each.path for each in found.locations] == [str(filled.root)]


# -- what is no library --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("path", "error"),
    [("nowhere", SourceError), ("top.txt", SourceError), ("d", UsageError), ("d/inner", UsageError)],
)
def test_what_can_not_be_indexed_is_refused(filled: Library, path: str, error: type[Exception]) -> None:
    fill(filled.root, {"d/.cardcat/marker.json": b"{}", "d/inner/x": b"x"})
    with pytest.raises(error):
        filled.index(filled.root, filled.root / path)
    assert filled.rows() == {}


def test_a_backup_without_its_marker_is_still_none(desk: Desk) -> None:
    fill(desk.card, {"DCIM/A.JPG": jpeg(1)})
    desk.backup("drive")
    for path in sorted((desk.folder / "drive/.cardcat").rglob("*"), reverse=True):
        path.rmdir() if path.is_dir() else path.unlink()
    (desk.folder / "drive/.cardcat").rmdir()
    library = Library(desk.folder)
    for path in (desk.folder / "drive", desk.folder / "drive/2024"):
        with pytest.raises(UsageError, match="role 'backup'"):
            library.index(path)


def test_no_folder_at_all_is_refused(library: Library) -> None:
    with pytest.raises(UsageError, match="No folder"):
        index([], catalog=library.catalog)


def test_a_dry_run_changes_nothing(filled: Library) -> None:
    filled.catalog.unlink()
    found = filled.index(dry_run=True)
    assert (found.is_dry, found.locations[0].new, filled.catalog.exists()) == (True, 6, False)
    filled.index()
    before = filled.ask("SELECT * FROM file_locations"), filled.ask("SELECT * FROM locations")
    fill(filled.root, {"top.txt": b"longer"})
    (filled.root / "b/notes.txt").unlink()
    dry = filled.one(dry_run=True)
    assert (dry.changed, dry.missing, dry.to_read, dry.bytes_to_read) == (1, 1, 1, 6)
    assert (filled.ask("SELECT * FROM file_locations"), filled.ask("SELECT * FROM locations")) == before


# -- whose it is ---------------------------------------------------------------------------------------


def test_two_at_once_are_one_too_many(filled: Library) -> None:
    filled.index()
    with opened_index(filled.catalog) as run:
        with run.writing.read() as c:
            place = place_of(c, filled.root, Asked())
        with claimed(run, remembered(run.writing, place, 1)):
            found = filled.one()
    assert (found.state, found.exit_code) == (ScanState.ERROR, 1)
    assert "being indexed by another" in (found.message or "")
    assert filled.one().state is ScanState.COMPLETE


def test_names_that_are_no_text_are_kept_exactly(library: Library) -> None:
    names = [b"\xff\xfe.txt", b"new\nline.txt", "e\u0301.txt".encode(), "\u00e9.txt".encode(), b"-dash"]
    folder = os.fsencode(library.root) + b"/od\xffd"
    Path(os.fsdecode(folder)).mkdir()
    for name in names:
        Path(os.fsdecode(folder + b"/" + name)).write_bytes(name)
    library.index()
    assert library.rows() == {os.fsdecode(b"od\xffd/" + name): (sha(name), "present") for name in names}
    assert library.one().has_changed is False


def test_what_a_manifest_said_of_a_content_is_put_right_by_its_bytes(filled: Library) -> None:
    filled.index()
    filled.write("UPDATE content_identity SET kind = 'other', xxh3_128 = NULL WHERE kind = 'image'")
    fill(filled.root, {"new/IMG_1.JPG": FILES["a/IMG_1.JPG"]})
    filled.index()
    query = "SELECT kind, xxh3_128 IS NULL FROM content_identity WHERE cas_id = ?"
    assert filled.ask(query, sha(FILES["a/IMG_1.JPG"])) == [("image", 0)]
