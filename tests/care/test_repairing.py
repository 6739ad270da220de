"""A bad copy is set aside and a proved good one put in its place; a kill or a failing drive loses nothing."""

from __future__ import annotations

import errno
import os
import random
import shutil
import subprocess
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from cardcat import stopping
from cardcat.care import repairing
from cardcat.care.outcomes import Repaired
from cardcat.catalog.engine import open_catalog
from cardcat.errors import CancelledError
from cardcat.model import SessionStatus
from cardcat.storage.destination import lock
from cardcat.storage.disk import Disk, StrPath
from tests.care.bad import checked, repaired, rot, states, told
from tests.care.dying import KILLED, Repairs
from tests.drives import drive, plugged_in, pulled, remounted
from tests.safety.asking import judged
from tests.support import Desk, files_below, fill, jpeg

FILES = {f"DCIM/{name}.JPG": jpeg(number) for number, name in enumerate("ABC")} | {"note.txt": b"note"}
DAY = "2024/2024-05-01"
GOOD = {f"{DAY}/{name.rpartition('/')[2]}": data for name, data in FILES.items()}
A = f"{DAY}/A.JPG"


@pytest.fixture
def backed_up(desk: Desk) -> Desk:
    """Two backup folders."""
    fill(desk.card, FILES)
    desk.backup("one", "two")
    return desk


@pytest.fixture
def drives(desk: Desk) -> Iterator[Desk]:
    """A card and two backup drives, each a volume of its own."""
    with ExitStack() as stack:
        for name in ("card", "one", "two"):
            stack.enter_context(drive(desk.folder / name, label=name.upper()))
        fill(desk.card, FILES)
        desk.backup("one", "two")
        yield desk


def spoil(desk: Desk, path: str = A, drive: str = "one") -> bytes:
    """Let a copy rot, and let that be found."""
    bad = rot(desk.folder / drive / path)
    assert told(checked(desk))
    return bad


def kept(desk: Desk, drive: str = "one") -> dict[str, bytes]:
    """What is in the quarantine of a drive, by its path without the time."""
    root = desk.folder / drive / ".cardcat/quarantine"
    files = (path for path in root.rglob("*") if path.is_file())
    return {path.relative_to(root).as_posix().partition("/")[2]: path.read_bytes() for path in files}


def sums_pass(root: Path) -> bool:
    """Whether the lists on the drive are what a plain tool finds there."""
    lists = [path for path in (root / ".cardcat/manifests").iterdir() if path.suffix != ".jsonl"]
    commands = [["sha256sum", "--quiet", "-c", str(path)] for path in lists]
    return bool(lists) and all(
        not subprocess.run(each, cwd=root, check=False).returncode for each in commands
    )


def open_now(desk: Desk) -> list[tuple[object, ...]]:
    return desk.ask("SELECT trouble FROM copy_findings WHERE resolved_at IS NULL")


def whys(found: Repaired) -> list[str]:
    return [each.why for each in found.left]


def test_a_rotten_copy_is_restored_and_the_bad_file_is_kept(drives: Desk) -> None:
    assert judged(drives, 2).safe
    bad = spoil(drives)
    assert not judged(drives, 2).safe
    found = repaired(drives)
    (mended,) = found.mended
    assert (mended.path, mended.source, found.left, found.failed) == (A, "TWO", [], [])
    assert drives.on("one") == drives.on("two") == GOOD
    assert kept(drives) == {A: bad}
    assert (drives.folder / "one" / str(mended.aside)).read_bytes() == bad
    assert judged(drives, 2).safe
    assert sums_pass(drives.folder / "one")
    assert (drives.folder / "one" / A).stat().st_mtime_ns == (drives.folder / "two" / A).stat().st_mtime_ns
    again = drives.backup("one")
    assert (again.status, again.sessions[0].counts.copied) == (SessionStatus.COMPLETED, 0)
    assert drives.ask("SELECT resolution FROM copy_findings") == [
        (f"it was restored from TWO; the bad file is at {mended.aside}",)
    ]


def test_a_restored_copy_has_its_own_time_whatever_that_of_the_good_one(backed_up: Desk) -> None:
    """A drive that keeps local time shifts with the zone."""
    spoil(backed_up)
    before = (backed_up.folder / "one" / A).stat().st_mtime_ns
    os.utime(backed_up.folder / "two" / A, ns=(77, before + 3_600_000_000_000))
    assert len(repaired(backed_up).mended) == 1
    assert (backed_up.folder / "one" / A).stat().st_mtime_ns == before


def test_what_is_on_record_afterwards(backed_up: Desk) -> None:
    spoil(backed_up)
    (mended,) = repaired(backed_up).mended
    rows = [row[1:] for row in states(backed_up)]
    assert rows[0] == (A, "present", "read_back_cold")
    assert rows[-1] == (mended.aside, "quarantined", "claimed")
    assert open_now(backed_up) == []
    assert checked(backed_up).wrong == []
    assert repaired(backed_up) == Repaired()


def test_a_missing_copy_comes_back(backed_up: Desk) -> None:
    (backed_up.folder / "one" / A).unlink()
    assert told(checked(backed_up)) == [("missing", "A.JPG")]
    (mended,) = repaired(backed_up).mended
    assert (mended.trouble.value, mended.aside) == ("missing", None)
    assert backed_up.on("one") == GOOD
    assert states(backed_up)[0][2] == "present"


def test_a_missing_folder_comes_back_with_all_that_was_in_it(backed_up: Desk) -> None:
    (backed_up.folder / "one/2024").rename(backed_up.folder / "away")
    checked(backed_up)
    assert len(repaired(backed_up).mended) == len(GOOD)
    assert backed_up.on("one") == GOOD


def test_a_dry_run_tells_it_and_changes_nothing(backed_up: Desk) -> None:
    bad = spoil(backed_up)
    before = files_below(backed_up.folder), states(backed_up), open_now(backed_up)
    (planned,) = repaired(backed_up, dry_run=True).mended
    assert (planned.path, planned.source_path) == (A, str(backed_up.folder / "two" / A))
    assert (files_below(backed_up.folder), states(backed_up), open_now(backed_up)) == before
    assert backed_up.on("one")[A] == bad


def test_what_is_right_by_now_is_left_alone(backed_up: Desk) -> None:
    spoil(backed_up)
    path = backed_up.folder / "one" / A
    path.write_bytes(GOOD[A])
    before = path.stat()
    found = repaired(backed_up)
    assert ([each.path for each in found.right], found.mended, kept(backed_up)) == ([A], [], {})
    assert (path.stat().st_ino, path.stat().st_mtime_ns) == (before.st_ino, before.st_mtime_ns)
    assert open_now(backed_up) == []


def test_what_somebody_changed_is_kept_if_that_is_asked_for(backed_up: Desk) -> None:
    path = backed_up.folder / "one" / A
    path.write_bytes(b"edited")
    rot(backed_up.folder / "one" / f"{DAY}/B.JPG")
    checked(backed_up)
    found = repaired(backed_up, keep_changed=True)
    assert [each.path[-5:] for each in found.mended] == ["B.JPG"]
    assert whys(found) == ["somebody has changed it since, and it is to be kept so"]
    assert path.read_bytes() == b"edited"
    (mended,) = repaired(backed_up).mended
    assert (mended.path, kept(backed_up)[A]) == (A, b"edited")


def test_the_recorded_hash_decides_and_not_the_evidence(backed_up: Desk) -> None:
    """The copy that is believed in most went bad too; a weaker one is right."""
    backed_up.backup("three")
    with backed_up.writing() as c:
        third = "SELECT max(id) FROM locations"
        c.execute(
            "UPDATE file_locations SET evidence = 'read_back' WHERE folder_id IN "
            f"(SELECT id FROM folders WHERE location_id = ({third}))"
        )
    spoil(backed_up)
    worse = rot(backed_up.folder / "two" / A)
    (mended,) = repaired(backed_up).mended
    assert mended.source_path == str(backed_up.folder / "three" / A)
    assert backed_up.on("one")[A] == GOOD[A]
    assert backed_up.on("two")[A] == worse
    assert open_now(backed_up) == [("damaged",)]
    assert len(repaired(backed_up).mended) == 1
    assert backed_up.on("two") == GOOD


def test_without_any_good_copy_nothing_is_done(backed_up: Desk) -> None:
    bad = spoil(backed_up)
    worse = rot(backed_up.folder / "two" / A)
    found = repaired(backed_up)
    assert (found.mended, whys(found)) == ([], ["no good copy of it is known"])
    assert (backed_up.on("one")[A], backed_up.on("two")[A], kept(backed_up)) == (bad, worse, {})
    assert not files_below(backed_up.folder / "one/.cardcat/incoming")


def test_a_duplicate_that_was_put_away_is_named(backed_up: Desk) -> None:
    """It may be the last good one."""
    spoil(backed_up)
    with open_catalog(backed_up.catalog) as opened, opened.write() as c:
        c.exec_driver_sql(
            "UPDATE file_locations SET status = 'quarantined', role = 'library'"
            " WHERE id NOT IN (SELECT file_location_id FROM copy_findings)"
        )
    assert whys(repaired(backed_up)) == [
        "no good copy of it is known; one was put away as a duplicate: cardcat duplicates cleanups"
    ]


def test_the_drive_that_has_a_good_copy_is_named(drives: Desk) -> None:
    spoil(drives)
    pulled(drives.folder / "two")
    for found in (repaired(drives, dry_run=True), repaired(drives)):
        assert whys(found) == ["no good copy of it is on a drive that is plugged in"]
        assert [name for name, _ in found.plug_in] == ["TWO"]
    with plugged_in(drives.folder / "two"):
        assert len(repaired(drives).mended) == 1


def test_a_finding_on_a_drive_that_is_not_plugged_in_waits(drives: Desk) -> None:
    spoil(drives)
    pulled(drives.folder / "one")
    found = repaired(drives)
    assert whys(found) == ["its drive is not plugged in"]
    assert [name for name, _ in found.plug_in] == ["ONE"]
    assert open_now(drives) == [("damaged",)]


def test_a_folder_that_is_not_ours_is_not_written_to(backed_up: Desk) -> None:
    bad = spoil(backed_up)
    (backed_up.folder / "one/.cardcat/marker.json").unlink()
    before = files_below(backed_up.folder / "one")
    (why,) = whys(repaired(backed_up))
    assert "no backup folder of cardcat's" in why
    assert files_below(backed_up.folder / "one") == before
    assert backed_up.on("one")[A] == bad


def test_another_run_on_the_drive_is_waited_for(backed_up: Desk) -> None:
    bad = spoil(backed_up)
    with lock(backed_up.folder / "one"):
        found = repaired(backed_up)
    assert "Another cardcat run" in found.failed[0].message
    assert backed_up.on("one")[A] == bad
    assert len(repaired(backed_up).mended) == 1


def test_a_link_on_the_way_leads_nothing_elsewhere(backed_up: Desk) -> None:
    """The folder of the copy was replaced by a link to another place."""
    elsewhere = backed_up.make("elsewhere")
    fill(elsewhere, {"A.JPG": b"mine"})
    (backed_up.folder / "one" / DAY).rename(backed_up.folder / "away")
    (backed_up.folder / "one" / DAY).symlink_to(elsewhere)
    checked(backed_up)
    found = repaired(backed_up)
    assert set(whys(found)) == {"where its folder was there is a link or a file: move that away"}
    assert (found.mended, found.failed) == ([], [])
    assert files_below(elsewhere) == {"A.JPG": b"mine"}


def test_a_folder_in_the_place_of_a_file_stays(backed_up: Desk) -> None:
    path = backed_up.folder / "one" / A
    path.unlink()
    fill(path, {"mine.txt": b"mine"})
    checked(backed_up)
    (why,) = whys(repaired(backed_up))
    assert "move that away" in why
    assert files_below(path) == {"mine.txt": b"mine"}
    assert not files_below(backed_up.folder / "one/.cardcat/incoming")


def test_a_link_in_the_place_of_a_file_is_set_aside_and_what_it_leads_to_stays(backed_up: Desk) -> None:
    path = backed_up.folder / "one" / A
    mine = path.rename(backed_up.folder / "mine.JPG")
    path.symlink_to(mine)
    checked(backed_up)
    (mended,) = repaired(backed_up).mended
    assert (backed_up.folder / "one" / str(mended.aside)).is_symlink()
    assert mine.read_bytes() == path.read_bytes() == GOOD[A]


def test_several_repairs_of_one_file_keep_each_bad_one(
    backed_up: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("time.time", lambda: 1_714_564_800.0)
    for count in (1, 2):
        spoil(backed_up)
        assert len(repaired(backed_up).mended) == 1
        folders = sorted(path.name for path in (backed_up.folder / "one/.cardcat/quarantine").iterdir())
        assert folders == ["20240501T120000Z", "20240501T120000Z-2"][:count]
    assert checked(backed_up).wrong == []


def fill_up(place: Path, left: int) -> None:
    """Leave about so many bytes free on a drive, what is kept for the administrator among them."""
    numbers = os.statvfs(place)
    (place / "filler").write_bytes(bytes(numbers.f_bfree * numbers.f_frsize - left))


def test_a_full_drive_is_told_and_keeps_what_it_has(drives: Desk) -> None:
    bad = spoil(drives)
    fill_up(drives.folder / "one", 1_200_000)
    found = repaired(drives)
    assert "too little room to restore 1 file of" in found.failed[0].message
    (why,) = whys(found)
    assert why.startswith("its drive has too little room: ")
    assert drives.on("one")[A] == bad


def test_a_full_drive_is_told_once_whatever_there_is_to_restore_on_it(drives: Desk) -> None:
    """Also where it has two backup folders."""
    drives.backup("one/second")
    for path in (A, f"{DAY}/B.JPG", f"second/{A}"):
        rot(drives.folder / "one" / path)
    spoil(drives, f"{DAY}/C.JPG", "two")
    fill_up(drives.folder / "one", 1_200_000)
    found = repaired(drives)
    (error,) = found.failed
    assert "ONE has too little room to restore 3 files of" in error.message
    assert error.hint
    assert len(whys(found)) == 3
    assert [each.drive for each in found.mended] == ["TWO"]


class Optimist(Disk):
    """Believes that every drive has room."""

    def free_bytes(self, path: StrPath) -> int:
        return 1 << 60


def test_a_drive_that_fills_up_meanwhile_keeps_what_it_has(desk: Desk) -> None:
    with drive(desk.folder / "one"):
        fill(desk.card, {"A.JPG": jpeg(1) + os.urandom(2 << 20)})
        desk.backup("one", "two")
        bad = spoil(desk)
        fill_up(desk.folder / "one", 1 << 20)
        found = repaired(desk, disk=Optimist())
        assert "no space left on device" in found.failed[0].message
        assert desk.on("one")[A] == bad
        assert not files_below(desk.folder / "one/.cardcat/incoming")
        (desk.folder / "one/filler").unlink()
        assert len(repaired(desk).mended) == 1


def test_a_read_only_drive_is_told(drives: Desk) -> None:
    bad = spoil(drives)
    remounted(drives.folder / "one", "ro")
    found = repaired(drives)
    assert "read-only" in found.failed[0].message
    assert drives.on("one")[A] == bad
    remounted(drives.folder / "one", "rw")
    assert len(repaired(drives).mended) == 1


def test_one_drive_that_fails_does_not_keep_the_other_from_being_mended(drives: Desk) -> None:
    spoil(drives)
    spoil(drives, f"{DAY}/B.JPG", "two")
    remounted(drives.folder / "one", "ro")
    found = repaired(drives)
    assert ([each.drive for each in found.mended], [each.drive for each in found.left]) == (["TWO"], ["ONE"])
    assert drives.on("two") == GOOD


class Acting(Disk):
    """Does something to the world before the n-th operation on the drive `one`."""

    def __init__(self, act: Callable[[], object], operation: str, call: int = 1) -> None:
        super().__init__()
        plain, left = getattr(self, operation), [call]

        def watched(*arguments: object) -> object:
            left[0] -= 1
            if left[0] == 0:
                act()
            return plain(*arguments)

        setattr(self, operation, watched)


@pytest.mark.parametrize("operation", ["open_new", "write_some", "fsync", "rename_new", "fsync_folder"])
def test_a_drive_that_is_pulled_meanwhile_leaves_nothing_in_its_mount_point(
    drives: Desk, operation: str
) -> None:
    spoil(drives)
    place = drives.folder / "one"
    repaired(drives, disk=Acting(lambda: pulled(place), operation))
    assert list(place.iterdir()) == []
    with plugged_in(place):
        repaired(drives)
        assert drives.on("one") == GOOD
        assert open_now(drives) == []


def test_a_file_that_comes_to_the_place_meanwhile_is_not_written_over(backed_up: Desk) -> None:
    spoil(backed_up)
    path = backed_up.folder / "one" / A
    disk = Acting(lambda: path.write_bytes(b"mine"), "rename_new", 2)
    (why,) = whys(repaired(backed_up, disk=disk))
    assert why == "another file came to its place meanwhile"
    assert path.read_bytes() == b"mine"


class Lying(Disk):
    """A drive that keeps other bytes than were written to it."""

    def write_some(self, fd: int, view: memoryview) -> int:
        return super().write_some(fd, memoryview(bytes(len(view))))


def test_what_the_drive_did_not_keep_is_not_put_in_place(backed_up: Desk) -> None:
    bad = spoil(backed_up)
    found = repaired(backed_up, disk=Lying())
    assert "did not keep what was written" in found.failed[0].message
    assert (backed_up.on("one")[A], kept(backed_up)) == (bad, {})


class Deaf(Disk):
    """The good copy can't be read."""

    def open_source(self, path: StrPath) -> int:
        raise OSError(errno.EIO, "Input/output error")


def test_a_good_copy_that_can_not_be_read_is_a_finding_itself(backed_up: Desk) -> None:
    bad = spoil(backed_up)
    assert whys(repaired(backed_up, disk=Deaf())) == ["no good copy of it is known"]
    assert backed_up.on("one")[A] == bad
    assert open_now(backed_up) == [("damaged",), ("unreadable",)]


def test_a_source_drive_that_is_pulled_says_nothing_against_its_copy(drives: Desk) -> None:
    bad = spoil(drives)
    before = states(drives)
    found = repaired(drives, disk=Acting(lambda: pulled(drives.folder / "two"), "open_source"))
    assert whys(found) == ["no good copy of it is on a drive that is plugged in"]
    assert (states(drives), open_now(drives)) == (before, [("damaged",)])
    assert drives.on("one")[A] == bad
    with plugged_in(drives.folder / "two"):
        assert len(repaired(drives).mended) == 1


def stopped(desk: Desk, disk: Disk) -> None:
    """A repair on *disk*, which asks for its end."""
    with stopping.listening(), pytest.raises(CancelledError, match="goes on from there"):
        repaired(desk, disk=disk)


def test_what_was_restored_before_a_stop_is_on_record(backed_up: Desk) -> None:
    for name in "AB":
        rot(backed_up.folder / "one" / DAY / f"{name}.JPG")
    checked(backed_up)
    stopped(backed_up, Acting(stopping.request_stop, "rename_new", 2))
    assert backed_up.on("one")[A] == GOOD[A]
    assert open_now(backed_up) == [("damaged",)]
    assert len(repaired(backed_up).mended) == 1


class Stopping(Disk):
    """Somebody wants it to stop while a file at *place* is read; counts the blocks that are read then."""

    def __init__(self, place: str) -> None:
        super().__init__()
        self.place, self.after = place, 0

    def open_copy(self, path: StrPath) -> int:
        return self._opened(path, super().open_copy(path))

    def open_source(self, path: StrPath) -> int:
        return self._opened(path, super().open_source(path))

    def read_into(self, fd: int, buffer: memoryview) -> int:
        self.after += stopping.stop_requested()
        return super().read_into(fd, buffer)

    def _opened(self, path: StrPath, fd: int) -> int:
        if self.place in str(path):
            stopping.request_stop()
        return fd


@pytest.mark.parametrize(
    "place", ["one/2024/2024-05-01/film.mov", "two/2024/2024-05-01/film.mov", ".cardcat/incoming/"]
)
def test_a_stop_does_not_wait_for_the_film_in_hand(desk: Desk, place: str) -> None:
    """Neither where the bad one is read again, nor the good one, nor what was written."""
    film = os.urandom(6 << 20)
    fill(desk.card, {"film.mov": film})
    desk.backup("one", "two")
    bad = spoil(desk, f"{DAY}/film.mov")
    disk = Stopping(place)
    stopped(desk, disk)
    assert disk.after == 1
    assert (desk.on("one")[f"{DAY}/film.mov"], kept(desk)) == (bad, {})
    assert list((desk.folder / "one/.cardcat/incoming").iterdir()) == []
    assert open_now(desk) == [("damaged",)]
    assert len(repaired(desk).mended) == 1
    assert desk.on("one") == {f"{DAY}/film.mov": film}


def test_what_was_set_aside_before_a_kill_is_told_where_the_file_is_right_by_now(
    backed_up: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Killed before it was recorded."""
    bad = spoil(backed_up)
    with monkeypatch.context() as patch:
        patch.setattr(repairing, "record_mended", lambda *_, **__: dying())
        with pytest.raises(DeadError):
            repaired(backed_up)
    assert backed_up.on("one")[A] == GOOD[A]
    (right,) = repaired(backed_up).right
    assert (backed_up.folder / "one" / str(right.aside)).read_bytes() == bad


@pytest.fixture(scope="module")
def repairs() -> Iterator[Repairs]:
    other_end = Repairs()
    yield other_end
    other_end.close()


def test_killed_at_any_step_the_next_run_finishes_it(backed_up: Desk, repairs: Repairs) -> None:
    (backed_up.folder / "one" / f"{DAY}/B.JPG").unlink()
    bad = spoil(backed_up)
    catalog = backed_up.catalog.read_bytes()
    ended, steps = repairs.run(backed_up.folder, 0)
    assert ended == 0
    assert steps > 100
    wanted = states(backed_up)
    for step in sample(steps):
        start_again(backed_up, catalog, bad)
        assert repairs.run(backed_up.folder, step)[0] == KILLED, step
        there = backed_up.on("one") | kept(backed_up)
        assert there.pop(A, bad) in (bad, GOOD[A]), step
        assert bad in [backed_up.on("one").get(A), kept(backed_up).get(A)], step
        assert backed_up.on("one").get(f"{DAY}/B.JPG", GOOD[f"{DAY}/B.JPG"]) == GOOD[f"{DAY}/B.JPG"]
        assert repairs.run(backed_up.folder, 0)[0] == 0, step
        assert backed_up.on("one") == GOOD, step
        assert kept(backed_up) == {A: bad}, step
        assert open_now(backed_up) == [], step
        assert not files_below(backed_up.folder / "one/.cardcat/incoming"), step
        assert [row[2:] for row in states(backed_up)] == [row[2:] for row in wanted], step
    assert checked(backed_up).wrong == []


def sample(steps: int) -> list[int]:
    """Some of the steps; all of them where the whole table is asked for."""
    most = int(os.environ.get("CARDCAT_FAULTS", "12"))
    return sorted(random.Random(20240501).sample(range(1, steps + 1), min(most, steps)))


def start_again(desk: Desk, catalog: bytes, bad: bytes) -> None:
    """Put drive and catalog back to where one copy is bad and another one missing."""
    for name in ("catalog.db-wal", "catalog.db-shm"):
        (desk.folder / name).unlink(missing_ok=True)
    desk.catalog.write_bytes(catalog)
    root = desk.folder / "one"
    shutil.rmtree(root / ".cardcat/quarantine", ignore_errors=True)
    (root / f"{DAY}/B.JPG").unlink()
    status = (root / A).stat()
    (root / A).write_bytes(bad)
    os.utime(root / A, ns=(status.st_mtime_ns, status.st_mtime_ns))


def test_a_backup_between_a_kill_and_the_next_repair_does_no_harm(backed_up: Desk) -> None:
    """Killed between the two renames: the place is empty, and the backup copies anew from the card."""
    spoil(backed_up)
    with pytest.raises(DeadError):
        repaired(backed_up, disk=Acting(dying, "rename_new", 2))
    backed_up.backup("one")
    assert backed_up.on("one") == GOOD
    repaired(backed_up)
    assert open_now(backed_up) == []
    assert checked(backed_up).wrong == []


class DeadError(BaseException):
    """The process is gone."""


def dying() -> None:
    raise DeadError


def test_what_another_run_has_settled_meanwhile_is_left(backed_up: Desk) -> None:
    spoil(backed_up)

    def settled() -> None:
        with open_catalog(backed_up.catalog) as opened, opened.write() as c:
            c.exec_driver_sql("UPDATE copy_findings SET resolved_at = 1")

    found = repaired(backed_up, disk=Acting(settled, "open_lock"))
    assert ([each.path for each in found.right], found.mended, kept(backed_up)) == ([A], [], {})
