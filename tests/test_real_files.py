"""The main job on real files of many cameras: nothing lost, nothing changed, counted right."""

from __future__ import annotations

import hashlib
from collections import Counter
from pathlib import Path

import pytest

from cardcat.media.kind import kind_of
from cardcat.model import Layout, SessionStatus
from cardcat.storage.disk import Disk
from cardcat.storage.walk import walk
from tests.support import Desk


def digest(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


@pytest.fixture(params=[Layout.DATED, Layout.TREE])
def done(request: pytest.FixtureRequest, desk: Desk, devset: Path) -> Desk:
    """Two drives that the real files were backed up to."""
    before = {p: (p.lstat().st_mtime_ns, p.lstat().st_ctime_ns) for p in [devset, *devset.rglob("*")]}

    result = desk.backup("one", "two", source=devset, layout=request.param)

    assert result.status == SessionStatus.COMPLETED
    after = {p: (p.lstat().st_mtime_ns, p.lstat().st_ctime_ns) for p in [devset, *devset.rglob("*")]}
    assert after == before
    for session in result.sessions:
        counts = session.counts
        assert counts.scanned == counts.copied + counts.skipped
        assert counts.failed == counts.pending == 0
    assert result.bytes_read_from_source <= 1.1 * sum(
        p.stat().st_size for p in devset.rglob("*") if p.is_file()
    )
    return desk


def test_every_file_is_on_both_drives(done: Desk, devset: Path) -> None:
    source = {path: devset / path for path in walk(devset, (), Disk()).paths}
    contents = {path: full.read_bytes() for path, full in source.items()}
    for drive in ("one", "two"):
        found = done.on(drive)
        copies = Counter(hashlib.sha256(data).hexdigest() for data in found.values())
        kept_by_path: Counter[str] = Counter()
        for path, data in contents.items():
            sha256 = hashlib.sha256(data).hexdigest()
            assert copies[sha256], f"{path} is not on the drive"
            if "/PRIVATE/" in path:
                tail = path[path.index("PRIVATE/") :]
                assert any(p.endswith(tail) and d == data for p, d in found.items()), path
            if "/PRIVATE/" in path or not kind_of(data[:65_536], path.rpartition("/")[2]).is_media:
                kept_by_path[sha256] += 1
        assert all(copies[sha256] >= count for sha256, count in kept_by_path.items())


def test_media_files_are_the_distinct_images_and_videos(done: Desk, manifest: list[dict[str, str]]) -> None:
    ignored = {".DS_Store", "._IMG_0001.JPG", "IndexerVolumeGuid", ".keep", "VolumeConfiguration.plist"}
    media = {
        row["sha256"]
        for row in manifest
        if row["mime"].startswith(("image/", "video/"))
        and row["kind"] != "audio"
        and row["path"].rpartition("/")[2] not in ignored
    }
    assert {row[0] for row in done.ask("SELECT hash FROM media_files")} == media


def test_copies_are_proved_cold_and_on_record(done: Desk) -> None:
    rows = done.ask(
        "SELECT l.path, f.path, e.name, e.name_raw, c.cas_id, e.size, e.evidence "
        "FROM file_locations e JOIN folders f ON f.id = e.folder_id JOIN locations l ON l.id = f.location_id "
        "JOIN content_identity c ON c.id = e.content_id"
    )
    assert len(rows) == sum(len(done.on(drive)) for drive in ("one", "two"))
    drives = {drive: {digest(done.folder / drive / p) for p in done.on(drive)} for drive in ("one", "two")}
    for location, _, _, _, cas_id, _, evidence in rows:
        assert str(cas_id) in drives[str(location).rpartition("/")[2]]
        assert evidence in ("read_back_cold", "read_back")


def test_a_second_run_reads_nothing(done: Desk, devset: Path) -> None:
    layout = Layout(str(done.ask("SELECT layout FROM session_details")[0][0]))

    again = done.backup("one", "two", source=devset, layout=layout)

    assert again.bytes_read_from_source == 0
    assert {session.counts.copied for session in again.sessions} == {0}
