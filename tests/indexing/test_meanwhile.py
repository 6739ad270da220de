"""What happens to a catalog while an index is at work, and what one that died in the middle left undone."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from cardcat.catalog.engine import open_catalog
from cardcat.catalog.indexed import LibraryFile, write_files
from cardcat.catalog.library_rows import library_files, library_folders
from cardcat.errors import CancelledError
from cardcat.indexing import IndexedLocation, ScanState, settling
from cardcat.indexing.hashing import Batch
from cardcat.indexing.job import Job
from cardcat.indexing.places import Asked
from cardcat.indexing.reading import read_batch
from cardcat.indexing.running import Steps, carry_out, opened_index
from cardcat.indexing.settling import settle
from cardcat.storage.disk import Disk, StrPath
from tests.indexing.conftest import Library
from tests.support import jpeg

FILES = {
    "a/IMG_1.JPG": jpeg(1),
    "a/IMG_1.XMP": b"<x:xmpmeta xmlns:x='adobe:ns:meta/'/>",
    "a/IMG_2.JPG": jpeg(2),
    "b/copy.JPG": jpeg(1),
}
OTHER = """
import sys
from cardcat.catalog.engine import open_catalog
with open_catalog(sys.argv[1]) as catalog, catalog.write() as c:
    columns = "uuid, name, os, last_seen_at, created_at"
    c.exec_driver_sql(f"INSERT INTO devices ({columns}) VALUES ('x', 'other', '', 1, 1)")
"""


@pytest.fixture
def filled(library: Library) -> Library:
    return library.fill(FILES)


# -- other processes -----------------------------------------------------------------------------------


def write_from_another_process(catalog: Path) -> None:
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(filter(None, sys.path))}
    subprocess.run([sys.executable, "-c", OTHER, str(catalog)], env=environment, check=True)


def test_to_read_a_library_takes_no_lock_away(filled: Library) -> None:
    filled.index()
    with open_catalog(filled.catalog) as catalog:
        with catalog.write() as c:
            c.exec_driver_sql("UPDATE locations SET name = 'ours'")
        with catalog.read() as c:
            assert library_folders(c, 1)["path"].to_pylist() == ["", "a", "b"]
            assert library_files(c, 1).num_rows == len(FILES)
        write_from_another_process(filled.catalog)
        assert Path(f"{filled.catalog}-wal").exists(), "the log was taken from under the catalog"
    kept = "SELECT l.name, d.name FROM locations l, devices d WHERE d.uuid = 'x'"
    assert filled.ask(kept) == [("ours", "other")]


def test_what_others_write_during_an_index_is_kept_and_so_is_the_index(filled: Library) -> None:
    class Interrupted(Disk):
        def open_source(self, path: StrPath) -> int:
            if Path(path).name == "copy.JPG":
                write_from_another_process(filled.catalog)
                assert Path(f"{filled.catalog}-wal").exists()
            return super().open_source(path)

    filled.index(disk=Interrupted())
    assert set(filled.statuses()) == set(FILES)
    assert filled.ask("SELECT name FROM devices WHERE uuid = 'x'") == [("other",)]
    assert filled.ask("PRAGMA integrity_check") == [("ok",)]


# -- cleanups ------------------------------------------------------------------------------------------


def put_away(library: Library, path: str) -> None:
    """As a cleanup does that is at it now."""
    library.write("UPDATE file_locations SET status = 'quarantined' WHERE id = ?", library.ids()[path])


def indexed_with(library: Library, steps: Steps) -> IndexedLocation:
    with opened_index(library.catalog) as run:
        (found,) = carry_out(run, [library.root], Asked(), steps).locations
    return found


def test_what_was_put_into_quarantine_meanwhile_is_not_missing(filled: Library) -> None:
    filled.index()
    for path in ("a/IMG_2.JPG", "b/copy.JPG"):
        (filled.root / path).unlink()

    def late(job: Job) -> None:
        put_away(filled, "b/copy.JPG")
        settle(job)

    assert indexed_with(filled, Steps(settle=late)).missing == 1
    assert {path for path, status in filled.statuses().items() if status != "present"} == {
        "a/IMG_2.JPG",
        "b/copy.JPG",
    }
    assert filled.statuses()["b/copy.JPG"] == "quarantined"


def test_what_was_put_into_quarantine_meanwhile_is_not_taken_for_a_file_that_has_moved(
    filled: Library,
) -> None:
    filled.index()
    filled.move("b/copy.JPG", "c/other.JPG")

    def late(job: Job, batch: Batch) -> None:
        put_away(filled, "b/copy.JPG")
        read_batch(job, batch)

    indexed_with(filled, Steps(read=late))
    assert filled.statuses()["b/copy.JPG"] == "quarantined"
    assert filled.one().new == 1
    assert filled.statuses()["c/other.JPG"] == "present"


def test_what_was_put_into_quarantine_meanwhile_is_not_back(filled: Library) -> None:
    filled.index()
    filled.write("UPDATE file_locations SET status = 'missing' WHERE name = 'copy.JPG'")

    def late(job: Job) -> None:
        put_away(filled, "b/copy.JPG")
        settle(job)

    indexed_with(filled, Steps(settle=late))
    assert filled.statuses()["b/copy.JPG"] == "quarantined"


# -- checks --------------------------------------------------------------------------------------------


def test_a_proof_of_this_very_file_that_came_meanwhile_is_kept(filled: Library) -> None:
    filled.index()
    filled.write("UPDATE file_locations SET evidence = 'read_back_cold', verified_at = 7, mtime_ns = 5")
    columns = "folder_id, size, content_id, id"
    ((folder, size, content, id_),) = filled.ask(
        f"SELECT {columns} FROM file_locations WHERE name = 'copy.JPG'"
    )
    query = "SELECT evidence FROM file_locations WHERE name = 'copy.JPG'"
    for mtime_ns, evidence in ((5, "read_back_cold"), (6, "read_back")):
        row = LibraryFile("b", "copy.JPG", size, mtime_ns, content, was_known=True, id=id_)
        with open_catalog(filled.catalog) as catalog, catalog.write() as c:
            write_files(c, [row], {"b": folder}, 9)
        assert filled.ask(query) == [(evidence,)]


# -- an index that died --------------------------------------------------------------------------------

FOLLOWS = (
    "SELECT g.name, m.role FROM asset_groups g JOIN asset_group_members m ON m.group_id = g.id",
    "SELECT media_file_hash, total_copies FROM duplicate_groups",
)


@pytest.mark.parametrize("step", ["replace_findings", "group_files_of", "refresh_duplicates"])
def test_what_a_death_left_undone_is_done_by_the_next_index_though_nothing_has_changed(
    filled: Library, monkeypatch: pytest.MonkeyPatch, step: str
) -> None:
    def dying(*_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(settling, step, dying)
        with pytest.raises(KeyboardInterrupt):
            filled.index()
    assert filled.ask(FOLLOWS[1]) == []
    found = filled.one()
    assert (found.has_changed, found.unchanged) == (False, len(FILES))
    groups, duplicates = (filled.ask(query) for query in FOLLOWS)
    assert sorted(groups) == [("IMG_1", "master"), ("IMG_1", "sidecar")]
    assert [copies for _, copies in duplicates] == [2]


def test_duplicates_are_counted_when_only_their_contents_are_new(filled: Library) -> None:
    filled.index(mode="metadata")
    assert filled.one(mode="content").has_changed is False
    assert [copies for _, copies in filled.ask(FOLLOWS[1])] == [2]


def test_what_a_stopped_index_has_recorded_is_counted(filled: Library) -> None:
    def once(job: Job, batch: Batch) -> None:
        read_batch(job, batch)
        raise CancelledError("Stopped.")

    assert indexed_with(filled, Steps(read=once)).state is ScanState.PAUSED
    assert [copies for _, copies in filled.ask(FOLLOWS[1])] == [2]
