"""Copies are read again from the medium, the one that waited longest first; what is wrong is only noted."""

from __future__ import annotations

import errno
import os
import shutil
import signal
import subprocess
import threading
from collections.abc import Collection, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from sqlalchemy import Connection

from cardcat import stopping
from cardcat.care import verifying
from cardcat.care.choosing import scope_of
from cardcat.catalog.checks import Scope
from cardcat.catalog.due import DueCopy, due_copies
from cardcat.catalog.engine import open_catalog
from cardcat.catalog.knowledge import KnownCopy, copies_by_id
from cardcat.errors import CancelledError, CatalogError, UsageError
from cardcat.reporting import Silent
from cardcat.storage import verify as storage_verify
from cardcat.storage.disk import Disk, StrPath
from tests.care.bad import checked, rot, told
from tests.drives import drive, plugged_in, pulled
from tests.support import Desk, files_below, fill, jpeg

FILES = {f"DCIM/{name}.JPG": jpeg(number) for number, name in enumerate("ABCD")}
DAY = "2024/2024-05-01"


@pytest.fixture
def backed_up(desk: Desk) -> Desk:
    fill(desk.card, FILES)
    desk.backup("one")
    return desk


@pytest.fixture
def plugged(desk: Desk) -> Iterator[Desk]:
    """A backup on a drive of its own."""
    fill(desk.card, FILES)
    with drive(desk.folder / "one", label="ONE"):
        desk.backup("one")
        yield desk


def place(desk: Desk, name: str) -> Path:
    return desk.folder / "one" / DAY / name


def of(desk: Desk, name: str) -> tuple[object, ...]:
    """Status, evidence, when and how it was verified."""
    (row,) = desk.ask(
        "SELECT status, evidence, verified_at, verified_how FROM file_locations WHERE name = ?", name
    )
    return row


def findings(desk: Desk) -> list[tuple[object, ...]]:
    return desk.ask(
        "SELECT trouble, message, observed_hash IS NULL, observed_size, resolved_at IS NULL "
        "FROM copy_findings ORDER BY file_location_id"
    )


def test_what_is_right_is_proved_again(backed_up: Desk) -> None:
    with backed_up.writing() as c:
        c.execute("UPDATE file_locations SET evidence = 'synced', verified_at = 5, verified_how = 'x'")
    found = checked(backed_up)
    assert (found.checked, found.right, found.wrong, found.waiting) == (4, 4, [], 0)
    assert found.bytes_read == sum(map(len, FILES.values()))
    status, evidence, verified_at, how = of(backed_up, "A.JPG")
    assert (status, how) == ("present", "fadvise, 0 pages resident")
    assert evidence == "read_back_cold"
    assert isinstance(verified_at, int)
    assert verified_at > 5


def test_rot_is_told_from_a_change_by_hand(backed_up: Desk) -> None:
    rot(place(backed_up, "A.JPG"))
    edited = place(backed_up, "B.JPG")
    edited.write_bytes(bytes(len(edited.read_bytes())))
    place(backed_up, "C.JPG").write_bytes(b"short")
    shorter = place(backed_up, "D.JPG")
    status = shorter.stat()
    os.truncate(shorter, 3)
    os.utime(shorter, ns=(status.st_mtime_ns, status.st_mtime_ns))
    found = checked(backed_up)
    assert [(wrong.path[-5:], wrong.message, wrong.edited) for wrong in found.wrong] == [
        ("A.JPG", "it has other bytes, though its size and time have not changed", False),
        ("B.JPG", "it was changed since it was recorded: another time, other bytes", True),
        ("C.JPG", f"it has 5 bytes instead of {len(FILES['DCIM/C.JPG']):,}, and another time", True),
        (
            "D.JPG",
            f"it has 3 bytes instead of {len(FILES['DCIM/D.JPG']):,}, though its time has not changed",
            False,
        ),
    ]
    assert [row[0] for row in findings(backed_up)] == ["damaged"] * 4
    size = len(FILES["DCIM/A.JPG"])
    assert [row[2:4] for row in findings(backed_up)] == [
        (0, size),
        (0, len(FILES["DCIM/B.JPG"])),
        (1, 5),
        (1, 3),
    ]


def test_a_file_with_another_time_and_its_own_bytes_is_right(backed_up: Desk) -> None:
    """Drives that keep local time change it with the zone."""
    os.utime(place(backed_up, "A.JPG"), ns=(77, 77_000_000_000))
    assert checked(backed_up).wrong == []
    assert backed_up.ask("SELECT mtime_ns FROM file_locations WHERE name = 'A.JPG'") == [(77_000_000_000,)]


def test_a_bad_file_is_never_touched(backed_up: Desk) -> None:
    rot(place(backed_up, "A.JPG"))
    place(backed_up, "B.JPG").unlink()
    before = {
        path: (path.lstat().st_mtime_ns, path.lstat().st_ino) for path in place(backed_up, "").iterdir()
    }
    there = files_below(backed_up.folder / "one")
    assert told(checked(backed_up)) == [("damaged", "A.JPG"), ("missing", "B.JPG")]
    assert files_below(backed_up.folder / "one") == there
    assert {
        path: (path.lstat().st_mtime_ns, path.lstat().st_ino) for path in place(backed_up, "").iterdir()
    } == before
    assert of(backed_up, "A.JPG")[:3] == ("present", "claimed", None)
    assert of(backed_up, "B.JPG")[0] == "missing"


def test_what_is_back_and_right_is_present_again(backed_up: Desk) -> None:
    path, away = place(backed_up, "A.JPG"), backed_up.folder / "away"
    path.rename(away)
    assert told(checked(backed_up)) == [("missing", "A.JPG")]
    assert told(checked(backed_up)) == [("missing", "A.JPG")]
    away.rename(path)
    assert checked(backed_up).wrong == []
    assert of(backed_up, "A.JPG")[:2] == ("present", "read_back_cold")
    assert [row[0::4] for row in findings(backed_up)] == [("missing", 0)]


@pytest.mark.parametrize("thing", ["folder", "link", "pipe"])
def test_something_else_in_the_place_of_a_file_is_not_read(backed_up: Desk, thing: str) -> None:
    path = place(backed_up, "A.JPG")
    good = path.rename(backed_up.folder / "good.JPG")
    if thing == "folder":
        path.mkdir()
    elif thing == "link":
        path.symlink_to(good)
    else:
        os.mkfifo(path)
    assert told(checked(backed_up)) == [("damaged", "A.JPG")]


class Unreadable(Disk):
    """The medium gives an error where a file should be."""

    def open_copy(self, path: StrPath) -> int:
        if str(path).endswith("A.JPG"):
            raise OSError(errno.EIO, "Input/output error")
        return super().open_copy(path)


def test_what_can_not_be_read_is_a_finding(backed_up: Desk) -> None:
    found = checked(backed_up, disk=Unreadable())
    assert told(found) == [("unreadable", "A.JPG")]
    assert findings(backed_up) == [("unreadable", "it can't be read: input/output error", 1, None, 1)]
    assert of(backed_up, "A.JPG")[:3] == ("present", "claimed", None)


def test_a_read_that_memory_may_have_answered_keeps_the_earlier_proof(
    backed_up: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    with backed_up.writing() as c:
        c.execute("UPDATE file_locations SET verified_at = 5")
        c.execute("UPDATE file_locations SET evidence = 'claimed' WHERE name = 'B.JPG'")
    monkeypatch.setattr(storage_verify, "can_prove_cold", lambda _: False)
    found = checked(backed_up)
    assert (found.right, found.cold) == (4, 0)
    assert of(backed_up, "A.JPG")[1:3] == ("read_back_cold", 5)
    assert of(backed_up, "B.JPG")[1] == "read_back"


class Clock:
    """Advances by a second at each look."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        self.now += 1
        return self.now


@pytest.fixture
def _one_by_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("cardcat.plan.mending._MOST", 1)


@pytest.mark.usefixtures("_one_by_one")
def test_the_next_run_goes_on_where_the_budget_ended(backed_up: Desk) -> None:
    with backed_up.writing() as c:
        c.execute("UPDATE file_locations SET verified_at = id")
    first = checked(backed_up, budget=2.5, clock=Clock())
    assert 0 < first.checked < 4
    assert first.waiting == 4 - first.checked
    assert first.oldest == first.checked + 1
    rest = checked(backed_up, most=first.waiting)
    assert rest.checked == first.waiting
    assert backed_up.ask("SELECT count(*) FROM copy_checks") == [(4,)]


def test_a_number_of_files_ends_it_too(backed_up: Desk) -> None:
    with backed_up.writing() as c:
        c.execute("UPDATE file_locations SET verified_at = 5")
    found = checked(backed_up, most=3)
    assert (found.checked, found.waiting) == (3, 1)
    assert checked(backed_up, most=1).checked == 1
    assert backed_up.ask("SELECT count(*) FROM copy_checks") == [(4,)]


class Meeting(Disk):
    """The first file of each drive is opened once both are about to be."""

    def __init__(self, *drives: Path) -> None:
        super().__init__()
        self.drives = {str(place): True for place in drives}
        self.meeting = threading.Barrier(len(drives), timeout=60)

    def open_copy(self, path: StrPath) -> int:
        for place, is_first in self.drives.items():
            if is_first and str(path).startswith(place):
                self.drives[place] = False
                self.meeting.wait()
        return super().open_copy(path)


def test_two_drives_are_read_at_the_same_time(plugged: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    plugged.backup("two")
    monkeypatch.setattr(verifying, "_THREADS", 1)
    with plugged.writing() as c:
        c.execute("UPDATE file_locations SET verified_at = id")  # of one drive all are older
    disk = Meeting(plugged.folder / "one", plugged.folder / "two")
    found = checked(plugged, disk=disk)
    assert (found.checked, found.wrong, found.waiting, found.oldest) == (8, [], 0, None)
    assert not any(disk.drives.values())


def test_two_partitions_of_one_disk_take_turns(plugged: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    plugged.backup("two")
    at_once: list[int] = []

    class Pool(ThreadPoolExecutor):
        def __init__(self, count: int, name: str) -> None:
            at_once.extend([count] if name == "verify a disk" else [])
            super().__init__(count, name)

    monkeypatch.setattr(verifying, "ThreadPoolExecutor", Pool)
    assert checked(plugged).checked == 8
    for disk in ("sda", None):  # one disk, and disks of which nothing is known
        monkeypatch.setattr(verifying, "disk_of", lambda _, disk=disk: disk)
        assert checked(plugged).checked == 8
    assert at_once == [2, 1, 2]


def test_a_copy_of_which_less_is_known_by_now_is_passed_over(
    backed_up: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Another process has taken away the row that stands for its location, since it was asked what is due."""
    asked: list[int] = []

    def first_none(c: Connection, ids: Sequence[int]) -> list[KnownCopy]:
        asked.append(len(ids))
        return [] if len(asked) == 1 else copies_by_id(c, ids)

    monkeypatch.setattr(verifying, "copies_by_id", first_none)
    assert checked(backed_up).checked == 4


def test_what_one_drive_ends_by_ends_the_other(plugged: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    """A film on one drive is not read to its end once the catalog fails for the other."""
    fill(plugged.card, {"film.mov": os.urandom(32 << 20)})
    plugged.backup("two")
    monkeypatch.setattr(verifying, "_THREADS", 1)
    ending = threading.Event()

    class Slow(Disk):
        blocks = 0

        def read_into(self, fd: int, view: memoryview) -> int:
            if os.fstat(fd).st_size > 1 << 20:
                assert ending.wait(60)
                self.blocks += 1
            return super().read_into(fd, view)

    class Pool(ThreadPoolExecutor):
        def shutdown(self, wait: bool = True, *, cancel_futures: bool = False) -> None:
            if threading.current_thread() is threading.main_thread():
                ending.set()
            super().shutdown(wait, cancel_futures=cancel_futures)

    def failing(*_: object) -> None:
        raise CatalogError("The catalog can't be written.")

    monkeypatch.setattr(verifying, "ThreadPoolExecutor", Pool)
    monkeypatch.setattr(verifying, "record_right", failing)
    disk = Slow()
    with pytest.raises(CatalogError, match="can't be written"):
        checked(plugged, disk=disk)
    assert disk.blocks <= 1


class Stopping(Disk):
    """Somebody wants it to stop while the n-th block of the file *name* is read."""

    def __init__(self, name: str, at: int = 1) -> None:
        super().__init__()
        self.name, self.left, self.after = name, at, 0
        self._open: set[int] = set()

    def open_copy(self, path: StrPath) -> int:
        fd = super().open_copy(path)
        if str(path).endswith(self.name):
            self._open.add(fd)
        return fd

    def release(self, fd: int) -> None:
        self._open.discard(fd)
        super().release(fd)

    def read_into(self, fd: int, buffer: memoryview) -> int:
        if fd in self._open:
            self.left -= 1
            self.after += self.left < 0
            if self.left == 0:
                stopping.request_stop()
        return super().read_into(fd, buffer)


def stopped(desk: Desk, disk: Disk) -> None:
    """A check on *disk*, which asks for its end."""
    with stopping.listening(), pytest.raises(CancelledError, match="goes on from there"):
        checked(desk, disk=disk)


@pytest.mark.usefixtures("_one_by_one")
def test_what_was_checked_before_a_stop_is_on_record(backed_up: Desk) -> None:
    with backed_up.writing() as c:
        c.execute("UPDATE file_locations SET verified_at = 5")
    stopped(backed_up, Stopping("C.JPG"))
    assert backed_up.ask("SELECT count(*) FROM copy_checks") == [(2,)]
    assert checked(backed_up, most=2).checked == 2
    assert backed_up.ask("SELECT count(*) FROM copy_checks") == [(4,)]


def test_a_stop_does_not_wait_for_the_film_in_hand(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    """What was checked to its end is on record, also of the files that were taken together with it."""
    fill(desk.card, {"a.txt": b"a", "film.mov": os.urandom(8 << 20)})
    desk.backup("one")
    (desk.folder / "one" / DAY / "a.txt").unlink()
    monkeypatch.setattr(verifying, "_THREADS", 1)
    disk = Stopping("film.mov", 2)
    stopped(desk, disk)
    assert disk.after == 0
    assert findings(desk) == [("missing", "it is not there any more", 1, None, 1)]
    assert desk.ask("SELECT count(*) FROM copy_checks") == [(1,)]
    found = checked(desk)
    assert (found.checked, told(found)) == (2, [("missing", "a.txt")])


class Interrupted(Silent):
    """Somebody presses Ctrl-C while a film is read, for the second time."""

    def __init__(self) -> None:
        self.ending = threading.Event()
        self.advanced = 0

    def advance(self, *, files: int, size: int) -> None:
        self.advanced += 1
        signal.pthread_kill(threading.main_thread().ident or 0, signal.SIGINT)
        self.ending.wait(10)


def test_a_film_is_not_read_to_its_end_after_a_second_interrupt(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    fill(desk.card, {"film.mov": os.urandom(6 << 20)})
    desk.backup("one")
    reporter = Interrupted()

    class Pool(ThreadPoolExecutor):
        def shutdown(self, wait: bool = True, *, cancel_futures: bool = False) -> None:
            reporter.ending.set()
            super().shutdown(wait, cancel_futures=cancel_futures)

    monkeypatch.setattr(verifying, "ThreadPoolExecutor", Pool)
    before = signal.signal(signal.SIGINT, signal.default_int_handler)  # a shell may have it ignored
    try:
        with pytest.raises(KeyboardInterrupt):
            checked(desk, reporter=reporter)
    finally:
        signal.signal(signal.SIGINT, before)
    assert reporter.advanced == 1


def test_a_dry_run_reads_nothing_and_tells_the_order(backed_up: Desk) -> None:
    with backed_up.writing() as c:
        c.execute("UPDATE file_locations SET verified_at = 100 - id")
    found = checked(backed_up, dry_run=True, disk=Unreadable())
    assert [copy.name for copy in found.first] == ["D.JPG", "C.JPG", "B.JPG", "A.JPG"]
    assert (found.checked, found.waiting, findings(backed_up)) == (0, 4, [])


def test_a_path_or_a_drive_narrows_it(plugged: Desk) -> None:
    plugged.backup("two")
    one = plugged.folder / "one"
    (uuid,) = plugged.ask("SELECT uuid FROM volumes WHERE label = 'ONE'")
    assert checked(plugged).checked == 8
    for given in ("ONE", str(uuid[0]), str(one), str(one / "2024")):
        assert checked(plugged, given).checked == 4, given
    assert checked(plugged, str(one / DAY / "A.JPG")).checked == 1
    for nonsense in ("NOBODY", str(one / "2023"), "/proc/self"):
        with pytest.raises(UsageError):
            checked(plugged, nonsense)


def test_two_drives_of_one_name_are_asked_for_by_their_uuid(backed_up: Desk) -> None:
    with backed_up.writing() as c:
        c.execute(
            "INSERT INTO volumes (uuid, key, label, last_seen_at, created_at) "
            "VALUES ('a', 'a', 'TWIN', 1, 1), ('b', 'b', 'TWIN', 1, 1)"
        )
    with pytest.raises(UsageError, match="More than one drive"):
        checked(backed_up, "TWIN")


def flipped_below_the_cache(desk: Desk, name: str) -> None:
    """Change one byte on the medium itself, which nothing in memory knows of."""
    data = FILES[f"DCIM/{name}"]
    subprocess.run(["sync", "-f", str(place(desk, name))], check=True)
    image = desk.folder / "one.img"
    with image.open("r+b") as medium:
        at = medium.read().index(data) + len(data) // 2
        medium.seek(at)
        medium.write(bytes([data[len(data) // 2] ^ 1]))
        medium.flush()
        os.fsync(medium.fileno())


def test_rot_below_the_page_cache_is_found(plugged: Desk) -> None:
    """The page cache still has the right bytes, so a plain read would see nothing."""
    path = place(plugged, "A.JPG")
    path.read_bytes()
    flipped_below_the_cache(plugged, "A.JPG")
    assert told(checked(plugged)) == [("damaged", "A.JPG")]


def test_a_drive_that_is_not_plugged_in_misses_nothing(plugged: Desk) -> None:
    pulled(plugged.folder / "one")
    found = checked(plugged)
    assert (found.checked, found.wrong) == (0, [])
    assert {name: count for (name, _), count in found.offline.items()} == {"ONE": 4}
    assert of(plugged, "A.JPG")[:2] == ("present", "read_back_cold")


def test_of_the_copies_on_drives_that_are_away_none_is_looked_up(
    plugged: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    """There may be ten million of them."""
    plugged.backup("other")
    looked_up: list[DueCopy] = []

    def noted(c: Connection, scope: Scope, location_ids: Collection[int]) -> list[DueCopy]:
        looked_up.extend(due_copies(c, scope, location_ids))
        return [*looked_up]

    monkeypatch.setattr(verifying, "due_copies", noted)
    pulled(plugged.folder / "one")
    found = checked(plugged)
    assert (found.checked, sum(found.offline.values())) == (4, 4)
    assert len(looked_up) == 4


class Pulling(Disk):
    """The drive is pulled while the n-th of its files is opened, so that what comes then fails."""

    def __init__(self, place: Path, at: int) -> None:
        super().__init__()
        self.place, self.left = place, at

    def open_copy(self, path: StrPath) -> int:
        if str(path).endswith(".JPG"):
            self.left -= 1
            if self.left == 0:
                pulled(self.place)
        return super().open_copy(path)


@pytest.mark.usefixtures("_one_by_one")
@pytest.mark.parametrize("at", [1, 3])
def test_a_drive_that_is_pulled_in_the_middle_misses_nothing(plugged: Desk, at: int) -> None:
    found = checked(plugged, disk=Pulling(plugged.folder / "one", at))
    assert found.wrong == []
    assert found.checked == at - 1
    assert sum(found.offline.values()) == 5 - at
    assert plugged.ask("SELECT DISTINCT status, evidence FROM file_locations") == [
        ("present", "read_back_cold")
    ]
    with plugged_in(plugged.folder / "one"):
        assert checked(plugged).checked == 4


def test_a_folder_whose_marker_can_not_be_read_misses_nothing(backed_up: Desk) -> None:
    marker = backed_up.folder / "one/.cardcat/marker.json"
    marker.unlink()
    marker.mkdir()
    found = checked(backed_up)
    assert (found.checked, found.wrong, sum(found.offline.values())) == (0, [], 4)


def test_a_backup_folder_that_was_deleted_misses_all(backed_up: Desk) -> None:
    shutil.rmtree(backed_up.folder / "one")
    assert told(checked(backed_up)) == [("missing", f"{name}.JPG") for name in "ABCD"]


def test_a_bad_copy_does_not_serve_a_later_backup(backed_up: Desk) -> None:
    """It is not taken for the photo's copy, though its size and time are those of the card's file."""
    rot(place(backed_up, "A.JPG"))
    checked(backed_up)
    backed_up.backup("one")
    good = [path for path in backed_up.on("one").values() if path == FILES["DCIM/A.JPG"]]
    assert len(good) == 1


def test_the_empty_folder_of_an_unplugged_drive_means_that_drive(desk: Desk) -> None:
    fill(desk.card, {"DCIM/a.JPG": jpeg(1)})
    with drive(desk.folder / "one", label="one"):
        desk.backup("one")
    with open_catalog(desk.catalog) as catalog, catalog.read() as c:
        whole, part = scope_of(c, str(desk.folder / "one")), scope_of(c, str(desk.folder / "one" / "2024"))

    (row,) = desk.ask("SELECT id FROM volumes WHERE label = 'one'")
    assert (whole.volume_id, part.volume_id) == (row[0], row[0])
    assert (whole.path, part.path) == ("", "2024")
