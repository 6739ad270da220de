"""Where copies stand now, also when drives come and go while they are looked at."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from cardcat.catalog.engine import open_catalog
from cardcat.catalog.knowledge import KnownCopy, copies_of_contents
from cardcat.sightings import Now, Places
from cardcat.storage.disk import Disk, StrPath
from tests.catalog.shelf import Shelf, sha256

A, B = b"a", b"b"


@pytest.fixture
def shelf(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Shelf:
    shelf = Shelf(tmp_path, monkeypatch)
    shelf.back_up({"DCIM/A.JPG": A, "DCIM/B.JPG": B})
    return shelf


def copies(shelf: Shelf) -> list[KnownCopy]:
    with open_catalog(shelf.catalog) as opened, opened.read() as c:
        return copies_of_contents(c, [sha256(A), sha256(B)])


def test_a_drive_that_is_pulled_meanwhile_misses_nothing(shelf: Shelf) -> None:
    first, second = copies(shelf)
    places = Places(Disk())
    assert places.look(first).now is Now.THERE
    shelf.unplug("ARCHIVE")
    assert [places.look(copy).now for copy in (first, second)] == [Now.OFFLINE, Now.OFFLINE]
    assert places.volume(first) is None


def test_a_copy_that_is_gone_from_a_drive_that_stays_is_missing(shelf: Shelf) -> None:
    first, second = copies(shelf)
    places = Places(Disk())
    found = places.look(first)
    assert found.path
    found.path.unlink()
    assert [places.look(copy).now for copy in (first, second)] == [Now.MISSING, Now.THERE]


class Remounted(Disk):
    """The drive's folder is there all the time, but at last on another filesystem."""

    moved = False

    def stat(self, path: StrPath) -> os.stat_result:
        return super().stat("/proc" if self.moved else path)


def test_the_folder_below_a_pulled_drive_is_not_that_drive(shelf: Shelf) -> None:
    """What lies in the mount point itself was never a copy."""
    first, _ = copies(shelf)
    disk = Remounted()
    places = Places(disk)
    assert places.volume(first)
    disk.moved = True
    del shelf.plugged["ARCHIVE"]
    assert places.look(first).now is Now.OFFLINE


def test_a_location_whose_folder_is_gone_misses_its_copies(shelf: Shelf) -> None:
    first, _ = copies(shelf)
    places = Places(Disk())
    assert places.look(first).now is Now.THERE
    (shelf.folder / "ARCHIVE/photos").rename(shelf.folder / "ARCHIVE/elsewhere")
    assert places.look(first).now is Now.MISSING


def test_of_a_changed_copy_it_is_told_whether_only_its_time_is_another(shelf: Shelf) -> None:
    first, second = copies(shelf)
    places = Places(Disk())
    one, other = places.look(first).path, places.look(second).path
    assert one
    assert other
    os.utime(one, ns=(0, 0))
    other.write_bytes(B + b"more")
    assert [(seen.now, seen.only_time) for seen in map(places.look, (first, second))] == [
        (Now.CHANGED, True),
        (Now.CHANGED, False),
    ]


def test_a_link_with_the_size_and_time_of_a_copy_is_not_that_copy(shelf: Shelf) -> None:
    first, _ = copies(shelf)
    places = Places(Disk())
    path = places.look(first).path
    assert path
    path.unlink()
    path.symlink_to(".")  # as long as its target's name: one byte, like the copy
    for ns in (first.mtime_ns, 0):
        os.utime(path, ns=(ns, ns), follow_symlinks=False)
        assert (places.look(first).now, places.look(first).only_time) == (Now.CHANGED, False)
