"""Real filesystems that lose or change what they were given, below the page cache."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from cardcat.model import SessionStatus
from cardcat.storage import _linux
from cardcat.storage.disk import Disk
from tests.drives import drive, plugged_in, pulled
from tests.faults.faulty import SHUT_DOWN
from tests.faults.forking import KILLED, Forks
from tests.faults.scene import back_up, set_up
from tests.faults.steps import path_of
from tests.faults.test_table import chosen
from tests.faults.truth import Undisturbed, before, require_end, require_truth
from tests.support import Desk, fill, jpeg

ROWS = int(os.environ.get("CARDCAT_FAULTS", "6"))

PHOTO = jpeg(1) + bytes(100_000)


class Decaying(Disk):
    """Changes a byte of one copy in the image of its drive when that copy is about to be read back."""

    def __init__(self, image: Path) -> None:
        super().__init__()
        self.image = image
        self.changed = 0

    def drop_cache(self, fd: int, size: int) -> int | None:
        if size == len(PHOTO) and not self.changed and self.image.stem in path_of(fd):
            self.decay(fd)
        return super().drop_cache(fd, size)

    def decay(self, fd: int) -> None:
        places = _linux.extents(fd)
        assert places
        assert places[0].physical
        lower = os.open(self.image, os.O_RDWR)
        at = places[0].physical + 5_000
        assert os.pread(lower, 1, at) == PHOTO[5_000:5_001]
        os.pwrite(lower, b"!", at)
        os.fsync(lower)
        os.close(lower)
        assert os.pread(fd, len(PHOTO), 0) == PHOTO, "memory still has it as it was"
        self.changed += 1


def test_a_byte_that_changed_below_the_page_cache_is_seen(desk: Desk) -> None:
    fill(desk.card, {"A.JPG": PHOTO, "B.JPG": jpeg(2)})
    with drive(desk.folder / "one") as one:
        disk = Decaying(one.with_name("one.img"))
        result = desk.backup("one", "two", disk=disk)

        assert disk.changed == 1
        assert [s.status for s in result.sessions] == [SessionStatus.FAILED, SessionStatus.COMPLETED]
        assert [(f.path, f.error_type) for f in result.findings] == [("A.JPG", "Mismatch")]
        assert list(desk.on("one").values()) == [jpeg(2)]

        assert desk.backup("one", "two").status == SessionStatus.COMPLETED
        pulled(one)
        with plugged_in(one):
            assert sorted(desk.on("one").values()) == sorted([PHOTO, jpeg(2)])


@pytest.mark.usefixtures("simple")
def test_after_a_real_power_cut_nothing_is_wrong_and_a_normal_run_makes_it_whole(
    tmp_path: Path, undisturbed: Undisturbed, forks: Forks
) -> None:
    """The drive's filesystem stops at a step without writing what it has in memory, and is mounted again."""
    for step in chosen(SHUT_DOWN, undisturbed.steps, ROWS):
        desk = Desk(tmp_path / str(step.number))
        desk.folder.mkdir()
        with drive(desk.folder / "one") as one:
            set_up(desk.folder)
            sync(one)
            was = before(desk)
            assert forks.run(desk.folder, SHUT_DOWN.name, step) == KILLED, str(step)
            pulled(one)
            with plugged_in(one):
                require_truth(desk, was, undisturbed.end)
                assert back_up(desk).status == SessionStatus.COMPLETED, str(step)
                require_end(desk, was, undisturbed)


def sync(root: Path) -> None:
    fd = os.open(root, os.O_RDONLY)
    _linux.syncfs(fd)
    os.close(fd)
