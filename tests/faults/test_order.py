"""In which order a copy is made safe, named and recorded, and what a run that was killed in between left."""

from __future__ import annotations

import errno
import fcntl
import hashlib
import os
from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from cardcat.errors import SourceError
from cardcat.model import SessionStatus
from cardcat.storage.disk import Disk, StrPath
from tests.faults.faulty import CARD, KINDS, put_back
from tests.faults.forking import KILLED, Forks
from tests.faults.records import DONE, rows_of
from tests.faults.scene import back_up, set_up
from tests.faults.steps import Plain, Step, Watched
from tests.faults.test_table import one_row
from tests.faults.truth import Undisturbed, before, end_of, require_truth
from tests.support import Desk


def is_named(step: Step) -> bool:
    """Whether a copy gets its final name."""
    return step.operation == "rename_new" and step.to.startswith("2024/")


def copies(steps: Sequence[Step]) -> list[Step]:
    found = [step for step in steps if is_named(step)]
    assert len(found) > 15
    return found


def following(
    steps: Sequence[Step], after: int, drive: str, *operations: str, path: str | None = None
) -> int:
    """The number of the next such step on that drive; it fails if there is none."""
    return next(
        step.number
        for step in steps[after:]
        if step.drive == drive and step.operation in operations and path in {None, step.path}
    )


def test_a_copy_has_its_name_only_when_it_was_synced_forgotten_and_read_back(
    undisturbed: Undisturbed,
) -> None:
    steps = undisturbed.steps
    for named in copies(steps):
        drive, path = named.drive, named.path
        mine = [step.number for step in steps if (step.drive, step.path) == (drive, path)]
        written = following(steps, 0, drive, "set_times", path=path)
        synced = following(steps, written, drive, "sync_filesystem", "fsync")
        forgotten = following(steps, synced, drive, "drop_cache", path=path)
        read = following(steps, forgotten, drive, "read_into", path=path)
        assert [n for n in mine if steps[n - 1].operation == "write_some" and n > written] == []
        assert read < named.number


def test_the_folder_of_each_new_name_is_synced(undisturbed: Undisturbed) -> None:
    for named in copies(undisturbed.steps):
        folder = named.to.rpartition("/")[0]
        assert following(undisturbed.steps, named.number, named.drive, "fsync_folder", path=folder)


ON_RECORD = (
    "SELECT count(*) FROM file_locations f JOIN folders d ON d.id = f.folder_id "
    "JOIN locations l ON l.id = d.location_id WHERE substr(l.path, -3) = '{drive}'"
)
PROMISED = (
    "SELECT i.destination_path FROM backup_items i JOIN backup_sessions s ON s.id = i.session_id "
    "WHERE i.state = 'copied' AND substr(s.destination_path, -3) = '{drive}'"
)


@pytest.mark.usefixtures("simple")
def test_the_journal_comes_before_the_name_and_the_record_after_it_is_safe(tmp_path: Path) -> None:
    desk = set_up(tmp_path / "desk")
    folders: set[tuple[str, str]] = set()
    looked = 0

    def watching(step: Step, plain: Plain, arguments: Sequence[Any]) -> Any:
        nonlocal looked
        if is_named(step):
            folders.add((step.drive, step.to.rpartition("/")[0]))
            assert (step.to,) in rows_of(desk, PROMISED.format(drive=step.drive)), f"no word of {step}"
        if is_named(step) or (step.operation == "fsync_folder" and (step.drive, step.path) in folders):
            assert rows_of(desk, ON_RECORD.format(drive=step.drive)) == [(0,)], f"recorded before {step}"
            looked += 1
        return plain(*arguments)

    assert back_up(desk, Watched(desk.folder, watching)).status == SessionStatus.COMPLETED
    assert looked > 20


def last_before_record(undisturbed: Undisturbed) -> Step:
    """The last thing that is done on drive one before its copies are recorded."""
    last_name = [step.number for step in copies(undisturbed.steps) if step.drive == "one"][-1]
    found = following(undisturbed.steps, last_name, "one", "fsync_folder")
    return undisturbed.steps[found - 1]


@pytest.mark.usefixtures("simple")
def test_killed_between_the_names_and_the_record_nothing_is_copied_again(
    tmp_path: Path, undisturbed: Undisturbed, forks: Forks
) -> None:
    desk = Desk(tmp_path / "desk")
    one_row(desk, undisturbed, forks, KINDS["killed"], last_before_record(undisturbed))


@pytest.mark.usefixtures("simple")
def test_what_was_changed_since_it_got_its_name_is_not_taken_over(
    tmp_path: Path, undisturbed: Undisturbed, forks: Forks
) -> None:
    """Killed before the record, and then a copy was damaged: it stays, and its content is copied anew."""
    desk = set_up(tmp_path / "desk")
    was = before(desk)
    assert forks.run(desk.folder, "killed", last_before_record(undisturbed)) == KILLED
    require_truth(desk, was, undisturbed.end)
    damaged = desk.folder / "one/2024/2024-05-01/MVI_0003.MOV"
    good, time = damaged.read_bytes(), damaged.stat().st_mtime_ns
    damaged.write_bytes(good[:-1] + b"!")
    os.utime(damaged, ns=(time, time))

    assert back_up(desk).status == SessionStatus.COMPLETED

    assert damaged.read_bytes() == good[:-1] + b"!"
    assert good in desk.on("one").values()
    assert end_of(desk).trees["two"] == undisturbed.end.trees["two"]
    sha256 = hashlib.sha256(good).hexdigest()
    assert {row[2] for row in rows_of(desk, DONE, "one") if row[0].endswith(".MOV")} == {sha256}


def test_a_source_is_opened_for_reading_only(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(b"a")
    fd = Disk().open_source(tmp_path / "a")
    assert fcntl.fcntl(fd, fcntl.F_GETFL) & os.O_ACCMODE == os.O_RDONLY
    os.close(fd)


def test_each_folder_that_is_made_is_synced(undisturbed: Undisturbed) -> None:
    steps = undisturbed.steps
    made = [step for step in steps if step.operation == "make_folder"]
    assert len(made) > 15
    for step in made:
        above = step.path.rpartition("/")[0]
        assert steps[step.number].operation == "fsync_folder", step
        assert (steps[step.number].drive, steps[step.number].path) == (step.drive, above)


def reading(steps: Sequence[Step]) -> list[Step]:
    """The steps at which files of the card are read to be copied."""
    return [step for step in steps if step.operation == "read_into" and step.drive == CARD]


@pytest.mark.usefixtures("simple")
def test_a_card_that_is_pulled_while_it_is_copied_ends_the_run(
    tmp_path: Path, undisturbed: Undisturbed
) -> None:
    desk = set_up(tmp_path / "desk")
    middle = reading(undisturbed.steps)[len(reading(undisturbed.steps)) // 2]
    disk = Watched(desk.folder, KINDS["card gone"].at(middle, desk.folder))
    result = back_up(desk, disk)

    assert {session.exit_code for session in result.sessions} == {SourceError.exit_code}
    assert all(session.counts.failed == 0 for session in result.sessions)
    assert all(session.counts.pending > 0 for session in result.sessions)


@pytest.mark.usefixtures("simple")
def test_a_drive_that_goes_before_it_is_locked_leaves_an_empty_folder_empty(
    tmp_path: Path, undisturbed: Undisturbed
) -> None:
    (locking, *_) = [step for step in undisturbed.steps if step.operation == "open_lock"]
    for number in range(locking.number - 5, locking.number + 3):
        desk = set_up(tmp_path / str(number))
        step = undisturbed.steps[number - 1]
        assert step.drive == "one"
        back_up(desk, Watched(desk.folder, KINDS["empty mount point"].at(step, desk.folder)))
        assert put_back(desk.folder / "one") == [], step


@pytest.mark.usefixtures("simple")
def test_a_drive_that_goes_before_folders_are_made_leaves_an_empty_folder_empty(
    tmp_path: Path, undisturbed: Undisturbed
) -> None:
    """Just before the first of several in one another: the others are made in an open folder anyway."""
    makings = [
        (step, making)
        for step, making in pairwise(undisturbed.steps)
        if (making.operation, making.drive) == ("make_folder", "one") and step.operation != "fsync_folder"
    ]
    steps = [step for step, making in makings if not making.path.startswith(".cardcat")]
    assert len(steps) > 1
    for step in steps:
        assert step.drive == "one"
        desk = set_up(tmp_path / str(step.number))
        back_up(desk, Watched(desk.folder, KINDS["empty mount point"].at(step, desk.folder)))
        assert put_back(desk.folder / "one") == [], step


@pytest.mark.usefixtures("simple")
def test_a_finding_is_closed_when_an_equal_file_answers_for_it(
    tmp_path: Path, undisturbed: Undisturbed
) -> None:
    """The first of two photos could not be read, the second was copied: the next run skips the first."""
    desk = set_up(tmp_path / "desk")
    (step,) = [
        s for s in undisturbed.steps if s.operation == "open_source" and s.path.endswith("IMG_0002.JPG")
    ]
    result = back_up(desk, Watched(desk.folder, KINDS["EIO"].at(step, desk.folder)))
    assert [finding.path for finding in result.findings] == ["DCIM/100CANON/IMG_0002.JPG"]

    assert back_up(desk).status == SessionStatus.COMPLETED
    assert rows_of(desk, "SELECT count(*) FROM backup_errors WHERE resolved_at IS NULL") == [(0,)]


def test_no_link_is_followed_below_an_open_folder(tmp_path: Path) -> None:
    (tmp_path / "outside").mkdir()
    (tmp_path / "root").mkdir()
    (tmp_path / "root/link").symlink_to(tmp_path / "outside")
    root = os.open(tmp_path / "root", os.O_RDONLY)
    with pytest.raises(NotADirectoryError):
        Disk().open_folder("link", within=root)
    with pytest.raises(NotADirectoryError):
        Disk().make_folders("link/2024", within=root)
    os.close(root)
    assert not list((tmp_path / "outside").iterdir())


@pytest.mark.usefixtures("simple")
def test_a_list_that_cannot_be_read_is_read_by_the_next_run(tmp_path: Path) -> None:
    """Of a drive that another computer has filled: what its list says is not lost for good."""
    desk = set_up(tmp_path / "desk")
    back_up(desk)
    for file in desk.folder.glob("catalog.db*"):
        file.unlink()

    class Unread(Disk):
        def open_copy(self, path: StrPath) -> int:
            fd = super().open_copy(path)
            self.damaged = fd if str(path).endswith("-1.jsonl") else -1
            return fd

        def read_into(self, fd: int, view: memoryview) -> int:
            if fd == self.damaged:
                raise OSError(errno.EIO, "Input/output error")
            return super().read_into(fd, view)

    known = "SELECT count(*) FROM manifests WHERE session_id IS NULL AND name LIKE '%-1'"
    back_up(desk, Unread())
    assert rows_of(desk, known) == [(0,)]
    back_up(desk)
    assert rows_of(desk, known) == [(1,)]


@pytest.mark.usefixtures("simple")
def test_a_drive_that_goes_while_metadata_is_read_leaves_them_to_the_other(
    tmp_path: Path, undisturbed: Undisturbed, forks: Forks
) -> None:
    """Files are looked into by processes of their own, which only find that a path leads nowhere."""
    last_look = [step for step in undisturbed.steps if step.operation == "read_at" and step.drive == "one"][
        -1
    ]
    one_row(Desk(tmp_path / "desk"), undisturbed, forks, KINDS["empty mount point"], last_look)
