"""What a scout finds out while the card is walked: the same as the stages would, or nothing."""

from __future__ import annotations

import errno
import hashlib
import os
import shutil
import signal
import sqlite3
import subprocess
import sys
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryFile
from typing import Any

import polars as pl
import pyarrow as pa
import pytest
from polars.testing import assert_frame_equal

from cardcat import scout
from cardcat.catalog.engine import open_catalog
from cardcat.catalog.items import earlier_columns, earlier_words
from cardcat.errors import CancelledError
from cardcat.frames import HELD
from cardcat.model import Layout, SessionStatus
from cardcat.own_process import python_command
from cardcat.run import Destination, Run
from cardcat.scout_process import _Looker
from cardcat.stages import hashing, held, reading
from cardcat.stages.looking import are_untouched
from cardcat.storage.disk import Disk, StrPath
from cardcat.storage.holding import open_destination
from cardcat.storage.system import this_disk
from tests.support import DAY, Desk, files_below, fill, jpeg

FILES = {f"DCIM/{number}.JPG": jpeg(number) for number in range(6)} | {"a note": b"n", "empty": b""}


@pytest.fixture
def looked_at(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Every backup sends scouts; the copies that its own process looks at after all."""
    looked: list[str] = []

    def noted(run: Run, destination: Destination, copies: Iterable[tuple[str, int, int]]) -> Iterator[bool]:
        known = list(copies)
        looked.extend(path for path, _, _ in known)
        return are_untouched(run, destination, known)

    monkeypatch.setattr(held, "MANY", 1)
    monkeypatch.setattr(held, "are_untouched", noted)
    return looked


def unreadable(name: str, open_source: Callable[[Disk, StrPath], int]) -> Callable[[Disk, StrPath], int]:
    """As *open_source*, but for the file of that name."""

    def opened(self: Disk, path: StrPath) -> int:
        if str(path).endswith(name):
            raise OSError(errno.EIO, os.strerror(errno.EIO))
        return open_source(self, path)

    return opened


def found(desk: Desk, check_running: Callable[[], None] = lambda: None) -> pl.DataFrame | None:
    """What a scout finds that the first session has left."""
    with (
        open_catalog(desk.catalog) as opened,
        open_destination(this_disk(), desk.folder / "drive") as there,
        scout.scouting(opened, 1, there) as sent,
    ):
        return None if sent is None else sent.report(check_running)


def on_record(desk: Desk) -> pl.DataFrame:
    """What the catalog says of the same."""
    with open_catalog(desk.catalog) as opened, opened.read() as c:
        parts = [dict(zip(HELD, part, strict=True)) for part in earlier_columns(c, 1)]
    return pl.concat([pl.DataFrame(part, schema=HELD) for part in parts])


def untouched(desk: Desk) -> dict[str, bool]:
    """By its path on the card, whether the scout saw the copy as it is on record."""
    rows = found(desk)
    assert rows is not None
    return {os.fsdecode(path): seen for path, seen in rows.select("path", "untouched").iter_rows()}


def test_it_finds_what_is_on_record_and_sees_that_it_is_there(desk: Desk) -> None:
    fill(desk.card, FILES)
    for name in (b"caf\xc3\xa9.JPG", b"\xff\xfe.JPG"):
        Path(os.fsdecode(os.fsencode(desk.card) + b"/" + name)).write_bytes(jpeg(len(name)))
    desk.backup()
    rows = found(desk)
    assert rows is not None
    assert rows.height == len(FILES) + 2
    assert rows["untouched"].all()
    same = [name for name in HELD if name != "untouched"]
    assert_frame_equal(rows.select(same), on_record(desk).select(same), check_row_order=False)


def test_a_copy_that_is_not_as_on_record_is_not_called_untouched(desk: Desk) -> None:
    drive, elsewhere = desk.folder / "drive", desk.folder / "elsewhere.JPG"
    fill(desk.card, {f"{name}/x.JPG": jpeg(at) for at, name in enumerate("abcefgh")})
    fill(desk.card, {"d/x.JPG": bytes(len(str(elsewhere)))})  # as long as the link that takes its place
    desk.backup(layout=Layout.TREE)
    (drive / "a/x.JPG").unlink()
    os.utime(drive / "b/x.JPG", ns=(DAY, DAY + 1))
    with (drive / "c/x.JPG").open("ab") as longer:
        longer.write(b"!")
    os.utime(drive / "c/x.JPG", ns=(DAY, DAY))
    shutil.move(drive / "d/x.JPG", elsewhere)
    (drive / "d/x.JPG").symlink_to(elsewhere)
    os.utime(drive / "d/x.JPG", ns=(DAY, DAY), follow_symlinks=False)
    shutil.move(drive / "e", desk.folder / "elsewhere")
    (drive / "e").symlink_to(desk.folder / "elsewhere")
    (drive / "f/x.JPG").unlink()
    (drive / "f/x.JPG").mkdir()
    shutil.rmtree(drive / "g")
    assert untouched(desk) == {f"{name}/x.JPG": name == "h" for name in "abcdefgh"}


def test_what_it_saw_is_not_looked_at_again(desk: Desk, looked_at: list[str]) -> None:
    fill(desk.card, FILES)
    desk.backup()
    again = desk.backup().sessions[0]
    assert (again.counts.copied, again.counts.skipped) == (0, len(FILES))
    assert looked_at == []


def test_what_is_gone_or_changed_is_looked_at_by_the_stages(desk: Desk, looked_at: list[str]) -> None:
    fill(desk.card, FILES)
    desk.backup(layout=Layout.TREE)
    drive = desk.folder / "drive"
    (drive / "DCIM/1.JPG").unlink()
    (drive / "DCIM/2.JPG").write_bytes(b"other bytes")
    again = desk.backup(layout=Layout.TREE).sessions[0]
    assert sorted(looked_at) == ["DCIM/1.JPG", "DCIM/2.JPG"]
    assert (again.counts.copied, again.counts.skipped) == (2, len(FILES) - 2)
    assert files_below(drive)["DCIM/1.JPG"] == FILES["DCIM/1.JPG"]
    assert FILES["DCIM/2.JPG"] in files_below(drive).values()


_NO_ROWS = """
import os, sys, pyarrow
from cardcat.scout_process import _REPORT
with os.fdopen(int(sys.argv[-1]), "wb") as file:
    pyarrow.ipc.new_stream(file, _REPORT).close()
sys.exit(1)
"""


@pytest.mark.parametrize(
    "program",
    [
        _NO_ROWS,
        "import os; os.kill(os.getpid(), 9)",
        "import os, sys; os.write(int(sys.argv[-1]), b'no stream of rows')",
        "",
    ],
    ids=["fails", "is killed", "talks nonsense", "says nothing"],
)
def test_without_its_answer_the_stages_find_out_themselves(
    desk: Desk, looked_at: list[str], monkeypatch: pytest.MonkeyPatch, program: str
) -> None:
    monkeypatch.setattr(scout, "python_command", lambda _, *words: [sys.executable, "-c", program, *words])
    fill(desk.card, FILES)
    desk.backup()
    again = desk.backup().sessions[0]
    assert (again.counts.copied, again.counts.skipped) == (0, len(FILES))
    assert len(looked_at) == len(FILES)


def test_without_a_process_the_stages_find_out_themselves(
    desk: Desk, looked_at: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(scout, "python_command", lambda *_: [str(desk.folder / "no such program")])
    fill(desk.card, FILES)
    desk.backup()
    assert desk.backup().sessions[0].counts.skipped == len(FILES)
    assert len(looked_at) == len(FILES)


@pytest.mark.parametrize(
    "damage",
    [
        "backup_items SET destination_path = NULL",
        "file_locations SET evidence = CAST(x'ff' AS TEXT)",
        "backup_items SET mtime_ns = 'yesterday'",
    ],
    ids=["a hole", "a text that is none", "a text for a number"],
)
def test_what_a_damaged_catalog_says_is_not_handed_on(desk: Desk, damage: str) -> None:
    fill(desk.card, {"a.JPG": jpeg(1)})
    desk.backup()
    assert found(desk) is not None
    with sqlite3.connect(desk.catalog) as connection:
        connection.execute("PRAGMA ignore_check_constraints = true")
        connection.execute(f"UPDATE {damage}")
    connection.close()
    assert found(desk) is None


def test_a_drive_that_went_after_it_was_looked_at_is_not_believed_to_be_there(
    desk: Desk, looked_at: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    report = scout.Scout.report

    def pulled(self: scout.Scout, check_running: Callable[[], None]) -> pl.DataFrame | None:
        rows = report(self, check_running)
        shutil.move(desk.folder / "drive", desk.folder / "pulled")
        (desk.folder / "drive").mkdir()
        return rows

    fill(desk.card, FILES)
    desk.backup()
    monkeypatch.setattr(scout.Scout, "report", pulled)
    again = desk.backup().sessions[0]
    assert again.status is SessionStatus.FAILED
    assert again.counts.skipped == 0
    assert looked_at == []


def test_where_a_text_does_not_give_the_bytes_of_a_name_no_scout_is_sent(
    desk: Desk, looked_at: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    fill(desk.card, FILES)
    desk.backup()
    monkeypatch.setattr(sys, "getfilesystemencoding", lambda: "iso8859-1")
    assert found(desk) is None
    assert desk.backup().sessions[0].counts.skipped == len(FILES)
    assert len(looked_at) == len(FILES)


def test_it_reports_once(desk: Desk) -> None:
    """What is tried again has to be looked at again."""
    fill(desk.card, FILES)
    desk.backup()
    with (
        open_catalog(desk.catalog) as opened,
        open_destination(this_disk(), desk.folder / "drive") as there,
        scout.scouting(opened, 1, there) as sent,
    ):
        assert sent is not None
        assert sent.report(lambda: None) is not None
        assert sent.report(lambda: None) is None


def test_what_it_saw_long_ago_is_looked_at_again(
    desk: Desk, looked_at: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    fill(desk.card, FILES)
    desk.backup()
    monkeypatch.setattr(scout, "_FRESH", 0)
    assert desk.backup().sessions[0].counts.skipped == len(FILES)
    assert len(looked_at) == len(FILES)


def test_a_copy_that_goes_while_the_card_is_read_again_is_not_believed_to_be_there(
    desk: Desk, looked_at: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    fill(desk.card, FILES)
    desk.backup(layout=Layout.TREE)
    for path in desk.card.rglob("*.JPG"):
        os.utime(path, ns=(DAY, DAY + 3_600_000_000_000))  # as after a change of the clock
    read = reading.hash_files

    def meanwhile(run: Run, files: pl.DataFrame) -> pl.DataFrame:
        (desk.folder / "drive/DCIM/3.JPG").unlink(missing_ok=True)
        return read(run, files)

    monkeypatch.setattr(hashing, "hash_files", meanwhile)
    assert desk.backup(layout=Layout.TREE).sessions[0].counts.copied == 1
    assert (desk.folder / "drive/DCIM/3.JPG").read_bytes() == FILES["DCIM/3.JPG"]
    assert "DCIM/3.JPG" in looked_at


def unasked(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """The sessions that scouts were sent for, and given up: none of these may report."""
    given_up: list[int] = []

    def give_up(self: scout.Scout) -> None:
        given_up.append(self.session_id)

    monkeypatch.setattr(scout.Scout, "report", None)
    monkeypatch.setattr(scout.Scout, "give_up", give_up)
    return given_up


@pytest.mark.usefixtures("looked_at")
def test_a_session_that_is_resumed_is_looked_at_by_the_stages(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    """They have recorded in it what a killed run had left."""
    fill(desk.card, FILES)
    with monkeypatch.context() as meanwhile:
        meanwhile.setattr(Disk, "open_source", unreadable("3.JPG", Disk.open_source))
        assert desk.backup().sessions[0].status is SessionStatus.FAILED
    given_up = unasked(monkeypatch)
    again = desk.backup().sessions[0]
    assert (again.resumed, again.counts.copied) == (True, 1)
    assert given_up == [1]


def test_for_few_files_nobody_waits_for_a_large_session(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(held, "MANY", len(FILES))
    fill(desk.card, FILES)
    desk.backup()
    shutil.rmtree(desk.card / "DCIM")
    given_up = unasked(monkeypatch)
    assert desk.backup().sessions[0].counts.skipped == 2
    assert given_up == [1]


def test_few_files_need_no_process(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(held, "scouting", None)
    fill(desk.card, FILES)
    desk.backup()
    assert desk.backup().sessions[0].counts.skipped == len(FILES)


def test_a_seam_of_another_kind_is_not_gone_around(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    class Other(Disk):
        """What a test makes of it."""

    monkeypatch.setattr(held, "MANY", 1)
    monkeypatch.setattr(held, "scouting", None)
    fill(desk.card, FILES)
    desk.backup(disk=Other())
    assert desk.backup(disk=Other()).sessions[0].counts.skipped == len(FILES)


@contextmanager
def looker(root: Path) -> Iterator[_Looker]:
    """Looks below *root* for this process's own parent."""
    disk = this_disk()
    folder = disk.open_folder(root)
    try:
        yield _Looker(disk, folder, os.getppid())
    finally:
        disk.release(folder)


def batch_of(path: Path) -> pa.RecordBatch:
    """A row of a scout's, of a copy that is there."""
    status = path.stat()
    rows = {
        "destination_path": [os.fsencode(path.name)],
        "copy_size": [status.st_size],
        "copy_mtime_ns": [status.st_mtime_ns],
    }
    return pa.RecordBatch.from_pydict(rows)


def test_it_ends_when_nobody_waits_for_it_any_more(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    fill(tmp_path, {"a": b"a"})
    with looker(tmp_path) as one:
        assert one.are_untouched(batch_of(tmp_path / "a")) == [True]
        monkeypatch.setattr(os, "getppid", lambda: -1)
        with pytest.raises(InterruptedError):
            one.are_untouched(batch_of(tmp_path / "a"))


def test_what_lies_on_another_filesystem_is_not_called_untouched(tmp_path: Path) -> None:
    fill(tmp_path, {"a": b"a"})
    with looker(tmp_path) as one:
        one._device = -1
        assert one.are_untouched(batch_of(tmp_path / "a")) == [False]


def test_a_killed_backup_leaves_no_scout(desk: Desk) -> None:
    """Whose it is, a scout is told: it may be that it starts only after that process has ended."""
    fill(desk.card, FILES)
    desk.backup()
    with open_catalog(desk.catalog) as opened:
        words = earlier_words(opened.path, 1)
        with open_destination(this_disk(), desk.folder / "drive") as there, TemporaryFile() as answer:
            files = (there.fd, answer.fileno())
            command = python_command("cardcat.scout_process", *words, "1", *map(str, files))
            done = subprocess.run(command, pass_fds=files, capture_output=True, text=True, check=False)
    assert "nobody waits" in done.stderr
    assert done.returncode


def test_who_waits_for_one_that_hangs_can_be_stopped(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    """And nothing of it is left."""
    sleep = [sys.executable, "-c", "import time; time.sleep(15)"]
    started: list[subprocess.Popen[bytes]] = []

    popen = subprocess.Popen

    def start(*words: Any, **named: Any) -> subprocess.Popen[bytes]:
        started.append(popen(*words, **named))
        return started[-1]

    def stop() -> None:
        raise CancelledError("The backup was cancelled.")

    fill(desk.card, FILES)
    desk.backup()
    monkeypatch.setattr(scout, "python_command", lambda *_: sleep)
    monkeypatch.setattr(subprocess, "Popen", start)
    with pytest.raises(CancelledError):
        found(desk, stop)
    assert [one.poll() for one in started] == [-signal.SIGKILL]


def test_what_a_later_session_says_goes_before_what_a_scout_has_found_of_an_earlier_one(
    desk: Desk, looked_at: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Here that a file has other bytes, which neither its size nor its time tells."""
    monkeypatch.setattr(held, "MANY", 5)
    fill(desk.card, FILES)
    desk.backup(layout=Layout.TREE)
    (desk.card / "DCIM").rename(desk.folder / "DCIM")
    fill(desk.card, {"a note": b"m"})
    desk.backup(layout=Layout.TREE, recheck=True)
    (desk.folder / "DCIM").rename(desk.card / "DCIM")
    looked_at.clear()
    again = desk.backup(layout=Layout.TREE)
    assert (again.sessions[0].counts.skipped, again.bytes_read_from_source) == (len(FILES), 0)
    said = desk.ask("SELECT hash FROM backup_items WHERE session_id = 3 AND source_path = 'a note'")
    assert said == [(hashlib.sha256(b"m").hexdigest(),)]
    assert len(looked_at) == 2
