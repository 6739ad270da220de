"""Clones on a real Btrfs: what goes is replaced by a file that shares its blocks, and comes back."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from cardcat.cleanup.planning import Wish
from cardcat.cleanup.plans import Action
from cardcat.storage import _linux
from tests import drives
from tests.catalog.shelf import Shelf
from tests.cleanup.shelves import Library, tree

ONE = os.urandom(256 * 1024)
PAIR = {"2024/a.jpg": ONE, "x/a.jpg": ONE}


@pytest.fixture
def mounted(tmp_path: Path) -> Iterator[Path]:
    drives.require_mounting()
    if not shutil.which("mkfs.btrfs"):
        pytest.skip("a real Btrfs takes mkfs.btrfs: apt-get install btrfs-progs")
    place = tmp_path / "ARCHIVE"
    image = place.with_name("ARCHIVE.img")
    with image.open("wb") as file:
        file.truncate(128 << 20)
    subprocess.run(["mkfs.btrfs", "-q", str(image)], check=True)
    with drives.plugged_in(place):
        yield place


def blocks(path: Path) -> list[int | None]:
    fd = os.open(path, os.O_RDONLY)
    try:
        os.fsync(fd)
        return [extent.physical for extent in _linux.extents(fd) or []]
    finally:
        os.close(fd)


def test_a_clone_stands_for_what_goes_and_keeps_its_looks(
    mounted: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    library = Library(Shelf(tmp_path, monkeypatch))
    root = library.put(PAIR)
    (root / "x/a.jpg").chmod(0o640)
    os.setxattr(root / "x/a.jpg", "user.rating", b"5")
    before = tree(root)

    done = library.apply(library.plan(Wish(action=Action.REFLINK)))

    assert (len(done.done), done.left, done.failed) == (1, [], [])
    assert blocks(root / "2024/a.jpg") == blocks(root / "x/a.jpg") != []
    (aside,) = root.glob(".cardcat-quarantine/1-*/x/a.jpg")
    assert blocks(aside) != blocks(root / "x/a.jpg")
    assert os.getxattr(root / "x/a.jpg", "user.rating") == b"5"
    now = tree(root)
    assert now["x/a.jpg"] == before["x/a.jpg"]
    library.undo()
    assert tree(root) == before


def test_a_clone_that_can_not_be_made_leaves_everything(library: Library) -> None:
    """On a filesystem without clones."""
    root = library.put(PAIR)
    before = tree(root)
    done = library.apply(library.plan(Wish(action=Action.REFLINK)))
    if done.done:
        pytest.skip("the tests run on a filesystem that has clones")
    assert "can't let files share their blocks" in done.left[0].reason
    assert tree(root) == before
