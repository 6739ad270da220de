"""Drives that really fill up, go away or become read-only in the middle of a run."""

from __future__ import annotations

import fcntl
import os
import shutil
import struct
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from cardcat.backup import backup
from cardcat.errors import CatalogError, UsageError
from cardcat.model import BackupOptions, BackupResult, Layout, SessionStatus
from cardcat.storage.disk import Disk
from tests.drives import LARGEST, drive, mounted, plugged_in, pulled, require_mounted
from tests.support import Desk, fill, jpeg

SHUT_DOWN = 0x8004587D  # ext4 and xfs: refuse everything from now on

CARD = {f"DCIM/IMG_{n}.JPG": jpeg(n) for n in range(4)} | {"a.txt": b"a", "PRIVATE/AVCHD/x": b"x"}


@pytest.fixture
def one(desk: Desk) -> Iterator[Path]:
    with drive(desk.folder / "one", label="one") as place:
        yield place


class Then(Disk):
    """Does something to the world before the n-th call of one operation below a folder."""

    def __init__(self, operation: str, below: Path, call: int, act: Callable[[], object]) -> None:
        super().__init__()
        plain = getattr(self, operation)
        left = [call]

        def watched(path: object, *more: object, within: int | None = None) -> object:
            whole = str(path) if within is None else f"/proc/self/fd/{within}/{path}"
            if os.path.realpath(whole).startswith(f"{below}{os.sep}"):
                left[0] -= 1
                if left[0] == 0:
                    act()
            return plain(path, *more) if within is None else plain(path, *more, within=within)

        setattr(self, operation, watched)


def adds_up(result: BackupResult) -> bool:
    counts = [session.counts for session in result.sessions]
    return all(c.scanned == c.copied + c.skipped + c.failed + c.pending for c in counts)


def ended(result: BackupResult) -> dict[str, SessionStatus]:
    return {Path(session.destination_path).name: session.status for session in result.sessions}


OPERATIONS = [
    ("make_folders", 1), ("make_folders", 2), ("open_new", 1), ("open_new", 3), ("open_copy", 1),
    ("open_copy", 4), ("rename_new", 1), ("rename_new", 4), ("fsync_folder", 3), ("stat", 1), ("stat", 9),
    ("list_folder", 2),
]  # fmt: skip


@pytest.mark.parametrize(("operation", "call"), OPERATIONS)
def test_the_mount_point_of_a_drive_that_went_away_is_never_filled(
    desk: Desk, one: Path, operation: str, call: int
) -> None:
    fill(desk.card, CARD)
    result = desk.backup("one", "two", disk=Then(operation, one, call, lambda: pulled(one)))
    if os.path.ismount(one):
        pytest.skip(f"{operation} is not called so often")

    assert {path.name for path in one.rglob("*")} <= {".cardcat", "lock"}
    assert ended(result) == {"one": SessionStatus.FAILED, "two": SessionStatus.COMPLETED}
    assert adds_up(result)
    with plugged_in(one):
        again = desk.backup("one")
        assert again.status == SessionStatus.COMPLETED
        assert sorted(desk.on("one").values()) == sorted(CARD.values())


def test_a_drive_that_went_away_is_not_taken_for_one_that_was_emptied(desk: Desk, one: Path) -> None:
    """Pulled while the copies of an earlier run are looked at: they are not there, but not gone either."""
    fill(desk.card, CARD)
    desk.backup("one")
    desk.backup("one", "two", disk=Then("stat", one / "2024", 2, lambda: pulled(one)))

    assert desk.ask("SELECT DISTINCT status FROM file_locations") == [("present",)]


def test_another_drive_that_takes_the_place_gets_nothing(desk: Desk, one: Path) -> None:
    fill(desk.card, CARD)
    with drive(desk.folder / "other"), ExitStack() as stack:
        swap = lambda: stack.enter_context(mounted(desk.folder / "other", one, "--bind"))  # noqa: E731
        result = desk.backup("one", "two", disk=Then("make_folders", one, 6, swap))
        assert list((desk.folder / "other").iterdir()) == []
        assert ended(result) == {"one": SessionStatus.FAILED, "two": SessionStatus.COMPLETED}


def test_a_drive_that_fails_ends_its_session_only(desk: Desk, one: Path) -> None:
    """Its filesystem gives up, as after an error of the medium: nothing can be read or written any more."""
    fill(desk.card, CARD)

    def break_down() -> None:
        fd = os.open(one, os.O_RDONLY)
        fcntl.ioctl(fd, SHUT_DOWN, struct.pack("I", 2))
        os.close(fd)

    result = desk.backup("one", "two", disk=Then("rename_new", one, 5, break_down))

    assert ended(result) == {"one": SessionStatus.FAILED, "two": SessionStatus.COMPLETED}
    assert adds_up(result)
    pulled(one)
    with plugged_in(one):
        assert set(desk.on("one").values()) <= set(CARD.values())
        assert desk.backup("one").status == SessionStatus.COMPLETED
        assert sorted(desk.on("one").values()) == sorted(CARD.values())


def test_two_folders_of_one_drive_share_its_room(desk: Desk, one: Path) -> None:
    """Each would fit alone: nothing is begun that can't be ended."""
    fill(desk.card, {"big.JPG": jpeg(1) + os.urandom(6 << 20)})
    for name in ("one/a", "one/b"):
        desk.make(name)
    result = desk.backup("one/a", "one/b")

    assert [s.status for s in result.sessions] == [SessionStatus.COMPLETED, SessionStatus.FAILED]
    assert "too small" in (result.sessions[1].message or "")


@pytest.mark.parametrize("layout", Layout)
def test_a_bind_mount_does_not_hide_that_a_destination_lies_in_the_source(desk: Desk, layout: Layout) -> None:
    fill(desk.card, CARD)
    with mounted(desk.card / "DCIM", desk.folder / "bound", "--bind") as bound:
        options = BackupOptions(desk.card, (bound,), layout=layout)
        with pytest.raises(UsageError, match="inside the source"):
            backup(options, catalog=str(desk.catalog))
        options = BackupOptions(bound, (desk.card,), layout=layout)
        with pytest.raises(UsageError, match="inside the destination"):
            backup(options, catalog=str(desk.catalog))
    assert not (desk.card / "DCIM/.cardcat").exists()


def test_a_catalog_that_has_no_room_left_ends_the_run_and_loses_nothing(desk: Desk) -> None:
    fill(desk.card, {f"DCIM/IMG_{n}.JPG": jpeg(n) for n in range(1500)})
    options = BackupOptions(desk.card, (desk.make("drive"),), timezone="UTC")
    with drive(desk.folder / "small", megabytes=2) as small:
        with pytest.raises(CatalogError, match="full"):
            backup(options, catalog=str(small / "catalog.db"))
        for file in small.glob("catalog.db*"):
            shutil.copy(file, desk.folder)
    there = desk.on()
    assert set(there.values()) <= {jpeg(n) for n in range(1500)}

    assert desk.backup().status == SessionStatus.COMPLETED
    assert there.items() <= desk.on().items()
    assert len(desk.on()) == 1500


def test_no_test_writes_beside_a_drive_that_is_not_there(desk: Desk, one: Path) -> None:
    """The guard of the tests' own drives: nothing mounted, or nothing but another folder of the same disk."""
    require_mounted(one)
    with mounted(desk.make("folder"), desk.make("bound"), "--bind") as bound:
        (link := desk.folder / "link").symlink_to(one)
        for place in (desk.make("nothing"), bound, link):
            with pytest.raises(AssertionError):
                require_mounted(place)
    pulled(one)
    with pytest.raises(AssertionError):
        require_mounted(one)
    with pytest.raises(AssertionError), drive(desk.folder / "huge", megabytes=LARGEST + 1):
        pass
