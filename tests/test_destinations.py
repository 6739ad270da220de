"""Destinations that hold something already: it is never overwritten, followed or left out of account."""

from __future__ import annotations

import os
from pathlib import Path
from typing import ClassVar

import pytest

from cardcat.backup import backup
from cardcat.errors import DestinationError, UsageError
from cardcat.model import BackupOptions, Layout, SessionStatus
from cardcat.storage.disk import Disk, StrPath
from tests.support import Desk, files_below, fill, jpeg, snapshot


@pytest.mark.parametrize("layout", Layout)
def test_the_owners_own_files_stay_as_they_are(desk: Desk, layout: Layout) -> None:
    fill(desk.card, {"DCIM/A.JPG": jpeg(1), "PRIVATE/AVCHD/x": b"x", "DCIM/a.txt": b"a"})
    own = {
        "2024/2024-05-01/a.jpg": b"mine", "2024/2024-05-01/A.TXT": b"my text", "DCIM/A.jpg": b"mine too",
        "PRIVATE/AVCHD/x": b"my x", "DCIM/a.txt": b"my a", "2024/2024-05-01/a.txt": b"my a",
    }  # fmt: skip
    drive = fill(desk.make("drive"), own)
    before = snapshot(drive)

    assert desk.backup(layout=layout).status == SessionStatus.COMPLETED

    after = snapshot(drive)
    assert all(after[name] == before[name] for name in own)
    assert sorted(files_below(drive).values()) == sorted([*own.values(), jpeg(1), b"x", b"a"])


@pytest.mark.parametrize("layout", Layout)
@pytest.mark.parametrize("obstacle", ["file", "link", "dangling link"])
@pytest.mark.parametrize("at", ["2024", "2024/2024-05-01", "DCIM", "DCIM/100", "PRIVATE", "PRIVATE/AVCHD"])
def test_what_stands_where_a_folder_is_needed_is_gone_round(
    desk: Desk, layout: Layout, obstacle: str, at: str
) -> None:
    """A link would lead out of the destination, and a file has no room in it."""
    files = {"DCIM/100/A.JPG": jpeg(1), "DCIM/100/a.txt": b"a", "PRIVATE/AVCHD/x": b"x", "DCIM/b.txt": b"b"}
    fill(desk.card, files)
    (desk.card / "DCIM/EMPTY").mkdir()
    outside, place = desk.make("outside"), desk.make("drive") / at
    place.parent.mkdir(parents=True, exist_ok=True)
    if obstacle == "file":
        place.write_bytes(b"mine")
    else:
        place.symlink_to(outside if obstacle == "link" else desk.folder / "nowhere")

    for _ in range(2):
        result = desk.backup(layout=layout)
        assert result.status == SessionStatus.COMPLETED
        arrived = sorted(data for path, data in desk.on().items() if data != b"mine")
        assert arrived == sorted(files.values())
    assert result.sessions[0].counts.copied == 0
    assert list(outside.iterdir()) == []
    assert not (desk.folder / "nowhere").exists()


@pytest.mark.parametrize("layout", Layout)
@pytest.mark.parametrize(
    "names",
    [
        ("X", "x/IMG.JPG"), ("x/IMG.JPG", "X/img.jpg"), ("é/1.txt", "e\u0301/1.TXT"),
        ("a/b/c/1.txt", "A/B/c/1.txt"), ("PRIVATE/A/x", "PRIVATE/a/x"), ("PRIVATE/a", "private/A/x"),
        ("x.txt/1.txt", "X.txt"),
    ],
)  # fmt: skip
def test_folders_that_some_filesystem_takes_for_one_are_kept_apart(
    desk: Desk, layout: Layout, names: tuple[str, str]
) -> None:
    fill(desk.card, {name: jpeg(n) for n, name in enumerate(names)})
    for _ in range(2):
        result = desk.backup(layout=layout)
        assert result.status == SessionStatus.COMPLETED
        assert sorted(desk.on().values()) == sorted([jpeg(0), jpeg(1)])
    assert result.sessions[0].counts.copied == 0
    seen: dict[str, str] = {}
    for path in (desk.folder / "drive").rglob("*"):
        relative = str(path.relative_to(desk.folder / "drive"))
        assert seen.setdefault(relative.replace("e\u0301", "é").casefold(), relative) == relative


@pytest.mark.parametrize("part", ["", "/incoming", "/manifests"])
@pytest.mark.parametrize("is_link", [True, False])
def test_a_folder_of_ours_that_is_none_is_refused(desk: Desk, part: str, is_link: bool) -> None:
    fill(desk.card, {"A.JPG": jpeg(1)})
    place = desk.make("drive") / f".cardcat{part}"
    place.parent.mkdir(exist_ok=True)
    outside = fill(desk.make("outside"), {"incoming/7/x": b"x", "7/x": b"x"})
    before = snapshot(outside)
    if is_link:
        place.symlink_to(outside)
    else:
        place.write_bytes(b"mine")

    with pytest.raises(DestinationError):
        desk.backup()
    assert snapshot(outside) == before
    assert desk.on() == {}


def test_a_catalog_in_the_source_is_refused(desk: Desk) -> None:
    fill(desk.card, {"A.JPG": jpeg(1)})
    before = snapshot(desk.card)
    options = BackupOptions(desk.card, (desk.make("drive"),))
    with pytest.raises(UsageError, match="catalog"):
        backup(options, catalog=str(desk.card / "catalog.db"))
    assert snapshot(desk.card) == before


def deep(root: Path, depth: int) -> bytes:
    """A file so deep that its path is too long for the system, of a card's own structure."""
    name = b"d" * 200
    fd = os.open(root, os.O_RDONLY)
    for part in [b"PRIVATE", *[name] * depth]:
        os.mkdir(part, dir_fd=fd)
        below = os.open(part, os.O_RDONLY, dir_fd=fd)
        os.close(fd)
        fd = below
    file = os.open(b"x.bin", os.O_WRONLY | os.O_CREAT, dir_fd=fd)
    os.write(file, b"deep")
    os.close(file)
    os.close(fd)
    return b"deep"


@pytest.mark.parametrize("layout", Layout)
def test_a_path_too_long_for_the_system_does_not_end_the_backup(desk: Desk, layout: Layout) -> None:
    fill(desk.card, {"A.JPG": jpeg(1)})
    deep(desk.card, 22)
    for _ in range(2):
        result = desk.backup(layout=layout)
        assert result.status == SessionStatus.COMPLETED, result
    assert result.sessions[0].counts.skipped == 2


@pytest.mark.parametrize("mtime_ns", [-(10**18), 0, 4 * 10**18, 9 * 10**18, (1 << 63) + 10**18])
@pytest.mark.parametrize("layout", Layout)
def test_times_of_any_century(desk: Desk, layout: Layout, mtime_ns: int) -> None:
    try:
        fill(desk.card, {"A.JPG": jpeg(1, taken=None), "PRIVATE/AVCHD/x": b"x"}, mtime_ns=mtime_ns)
    except OverflowError:
        pytest.skip("this system's files have no such time")
    assert desk.backup(layout=layout).status == SessionStatus.COMPLETED
    assert desk.backup(layout=layout).sessions[0].counts.copied == 0
    assert len(desk.on()) == 2


def test_a_file_of_the_owners_that_cannot_be_read_is_gone_round(desk: Desk) -> None:
    fill(desk.card, {"A.JPG": jpeg(1)})
    fill(desk.make("drive"), {"2024/2024-05-01/A.JPG": jpeg(1)[:-1] + b"!"})

    class Locked(Disk):
        def open_copy(self, path: str | os.PathLike[str]) -> int:
            if str(path).endswith("2024-05-01/A.JPG"):
                raise PermissionError(13, "Permission denied", str(path))
            return super().open_copy(path)

    assert desk.backup(disk=Locked()).status == SessionStatus.COMPLETED
    assert jpeg(1) in desk.on().values()


def test_a_lost_copy_is_not_forgotten_because_another_file_has_its_name(desk: Desk) -> None:
    """The second card's photo of that name and day gets a name of its own, and the loss stays on record."""
    fill(desk.card, {"DCIM/IMG_1.JPG": jpeg(1)})
    desk.backup()
    (lost,) = (desk.folder / "drive").rglob("IMG_1.JPG")
    lost.unlink()
    fill(desk.make("second"), {"DCIM/IMG_1.JPG": jpeg(2)})
    desk.backup(source=desk.folder / "second")

    assert not lost.exists()
    assert jpeg(2) in desk.on().values()
    desk.backup()
    assert lost.read_bytes() == jpeg(1)


def test_a_copy_that_stands_as_recorded_is_not_read_for_its_name(desk: Desk) -> None:
    """Another content of its size and name comes from the next card; the catalog tells them apart."""
    first, second = b"one of them", b"the other 1"
    fill(desk.card, {"DCIM/NOTE.DAT": first})
    desk.backup()
    fill(desk.make("second"), {"DCIM/NOTE.DAT": second})

    class Watched(Disk):
        read: ClassVar[list[str]] = []

        def open_copy(self, path: StrPath) -> int:
            self.read.append(str(path))
            return super().open_copy(path)

    desk.backup(source=desk.folder / "second", disk=Watched())

    assert sorted(desk.on().values()) == sorted([first, second])
    assert not [path for path in Watched.read if path.endswith("/NOTE.DAT")]


def test_a_lost_copy_that_is_back_under_its_name_is_taken_for_itself(desk: Desk) -> None:
    """Though it is on record as missing: its bytes tell."""
    fill(desk.card, {"DCIM/NOTE.DAT": b"a note"})
    desk.backup()
    with desk.writing() as catalog:
        catalog.execute("UPDATE file_locations SET status = 'missing'")
        catalog.execute("DELETE FROM backup_items")

    desk.backup()

    assert list(desk.on().values()) == [b"a note"]
