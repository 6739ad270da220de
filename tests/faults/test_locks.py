"""Several processes at once on one destination, one card or one catalog."""

from __future__ import annotations

import json
import socket
import sqlite3
import subprocess
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest

from cardcat.model import SessionStatus
from tests.faults.command import PATIENT, Command, run, start
from tests.support import Desk, files_below, fill, jpeg, snapshot

CARD = {f"DCIM/IMG_{n}.JPG": jpeg(n) for n in range(6)} | {"a.txt": b"a", "PRIVATE/AVCHD/x": b"x"}
MANY = 300
IMPATIENT = "from cardcat.catalog import sqlite; sqlite.BUSY_SECONDS = 0.2\n"


def backing_up(desk: Desk, *drives: str, card: str = "card", before: str = "") -> Command:
    places = [desk.make(drive) for drive in drives]
    words: list[str | Path] = ["backup", desk.make(card), *places, "--direct", "--json", "--timezone", "UTC"]
    return start(*words, catalog=desk.catalog, before=before)


def statuses(desk: Desk) -> list[str]:
    return [str(status) for (status,) in desk.ask("SELECT status FROM backup_sessions ORDER BY id")]


def is_sound(catalog: Path) -> bool:
    with closing(sqlite3.connect(catalog)) as connection:
        return connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]


@contextmanager
def locked(catalog: Path) -> Iterator[sqlite3.Connection]:
    """Another program that keeps everybody from writing."""
    with closing(sqlite3.connect(catalog, isolation_level=None)) as other:
        other.execute("BEGIN EXCLUSIVE")
        yield other
        if other.in_transaction:
            other.execute("ROLLBACK")


@pytest.fixture
def filled(desk: Desk) -> Desk:
    fill(desk.card, CARD)
    return desk


@pytest.fixture
def working(filled: Desk) -> Iterator[Command]:
    """A backup that has begun, holds its drive, and waits."""
    command = backing_up(filled, "drive", before=PATIENT)
    command.works()
    yield command
    if command.process.returncode is None:
        command.kill()


def test_a_second_run_to_a_drive_says_who_works_there(filled: Desk, working: Command) -> None:
    for catalog in (filled.catalog, filled.folder / "another.db"):
        second = run("backup", filled.card, filled.folder / "drive", "--direct", "--json", catalog=catalog)
        assert second.code == 10
        assert f"process {working.pid} on {socket.gethostname()}" in second.err
        assert "hint: Wait until it is done" in second.err
        assert "Another cardcat run" in json.loads(second.out)["error"]["message"]
    assert statuses(filled) == ["running"]

    assert working.ended().code == 0
    assert statuses(filled) == ["completed"]
    assert sorted(filled.on().values()) == sorted(CARD.values())
    assert backing_up(filled, "drive").ended().code == 0


def test_the_other_drive_of_the_second_run_is_served(filled: Desk, working: Command) -> None:
    second = backing_up(filled, "drive", "free").ended()
    assert second.code == 10
    ended = {Path(s["destination_path"]).name: s["status"] for s in json.loads(second.out)["sessions"]}
    assert ended["free"] == "completed"
    assert sorted(filled.on("free").values()) == sorted(CARD.values())
    assert filled.on() == {}
    assert working.ended().code == 0


def test_the_lock_of_a_killed_run_ends_with_it(filled: Desk, working: Command) -> None:
    working.kill()
    assert "process" in (filled.folder / "drive/.cardcat/lock").read_text()

    assert backing_up(filled, "drive").ended().code == 0
    assert statuses(filled) in (["completed"], ["failed", "completed"])
    assert sorted(filled.on().values()) == sorted(CARD.values())


def test_two_runs_with_one_catalog_both_finish(desk: Desk) -> None:
    """Each with a card and a drive of its own; every transaction of one waits for those of the other."""
    for at, card in enumerate(("first", "second")):
        fill(desk.make(card), {f"DCIM/IMG_{n}.JPG": jpeg(n + at * MANY) for n in range(MANY)})
    running = [
        backing_up(desk, "one", card="first"),
        backing_up(desk, "two", card="second"),
    ]
    ended = [command.ended() for command in running]

    assert [(one.code, one.err.count("in use")) for one in ended] == [(0, 0)] * 2
    counts = desk.ask("SELECT status, files_scanned, files_copied, files_skipped FROM backup_sessions")
    assert counts == [("completed", MANY, MANY, 0)] * 2
    for at, drive in enumerate(("one", "two")):
        wanted = {jpeg(n + at * MANY) for n in range(MANY)}
        assert set(desk.on(drive).values()) == wanted
    known = desk.ask(
        "SELECT l.path, count(*) FROM file_locations f JOIN folders o ON o.id = f.folder_id "
        "JOIN locations l ON l.id = o.location_id WHERE f.status = 'present' GROUP BY l.id"
    )
    assert sorted(int(str(number)) for _, number in known) == [MANY, MANY]
    assert desk.ask("SELECT count(DISTINCT hash) FROM media_files") == [(2 * MANY,)]
    assert is_sound(desk.catalog)


def test_one_card_to_one_drive_by_several_processes_at_once(desk: Desk) -> None:
    fill(desk.card, {f"DCIM/IMG_{n}.JPG": jpeg(n) for n in range(100)})
    before = snapshot(desk.card)
    running = [backing_up(desk, "drive") for _ in range(3)]
    codes = sorted(command.ended().code for command in running)

    assert codes[0] == 0
    assert set(codes) <= {0, 10}
    assert sorted(desk.on().values()) == sorted(jpeg(n) for n in range(100))
    assert not files_below(desk.folder / "drive/.cardcat/incoming")
    assert "running" not in statuses(desk)
    assert desk.backup().sessions[0].counts.copied == 0
    assert snapshot(desk.card) == before
    assert is_sound(desk.catalog)


def test_whoever_asks_while_a_run_works_is_answered(filled: Desk, working: Command) -> None:
    answers = {
        "volumes list --json": 0,
        "sessions list --json": 0,
        "catalog status --json": 0,
        "metadata refresh --json": 0,
        f"catalog backup {filled.folder / 'copy.db'} --json": 0,
        f"safe-to-format {filled.card} --json": 1,
    }
    for words, code in answers.items():
        asked = run(*words.split(), catalog=filled.catalog)
        assert (asked.code, asked.err.count("in use")) == (code, 0), (words, asked)
        json.loads(asked.out)
    assert is_sound(filled.folder / "copy.db")
    assert working.ended().code == 0


def test_no_catalog_is_restored_under_the_feet_of_a_run(filled: Desk, working: Command) -> None:
    copy = filled.folder / "copy.db"
    assert run("catalog", "backup", copy, catalog=filled.catalog).code == 0
    refused = run("catalog", "restore", copy, "--yes", catalog=filled.catalog)
    assert refused.code == 20
    assert "in use by another program" in refused.err
    assert working.ended().code == 0
    assert statuses(filled) == ["completed"]
    assert run("catalog", "restore", copy, "--yes", catalog=filled.catalog).code == 0


def test_a_catalog_that_is_locked_for_a_while_is_waited_for(filled: Desk, working: Command) -> None:
    assert working.process.stdin is not None
    with locked(filled.catalog):
        working.process.stdin.close()
        with pytest.raises(subprocess.TimeoutExpired):
            working.process.wait(0.5)
    assert working.ended().code == 0
    assert statuses(filled) == ["completed"]


def test_a_catalog_that_stays_locked_ends_the_run_and_loses_nothing(desk: Desk) -> None:
    """Copies that got their names before that are taken over by the next run as they are."""
    fill(desk.card, CARD)
    locks = LOCKS_BEFORE_RECORDING.format(catalog=str(desk.catalog))
    ended = backing_up(desk, "drive", before=IMPATIENT + locks).ended()

    assert ended.code == 20
    assert "in use by another program" in ended.err
    assert "fuser" in ended.err
    assert "Traceback" not in ended.err
    copied = desk.on()
    assert copied
    assert set(copied.values()) <= set(CARD.values())
    first = {path: (desk.folder / "drive" / path).stat().st_ino for path in copied}

    again = desk.backup()
    assert again.status == SessionStatus.COMPLETED
    assert {path: (desk.folder / "drive" / path).stat().st_ino for path in copied} == first
    assert sorted(desk.on().values()) == sorted(CARD.values())
    assert not files_below(desk.folder / "drive/.cardcat/incoming")


# Another program takes the catalog for itself as soon as the first copy has its final name.
LOCKS_BEFORE_RECORDING = """\
import sqlite3
from cardcat.storage.disk import Disk
named, other = Disk.rename_new, []
def locking(self, source, target):
    named(self, source, target)
    if str(target).endswith(".JPG") and not other:
        other.append(sqlite3.connect({catalog!r}, isolation_level=None, check_same_thread=False))
        other[0].execute("BEGIN EXCLUSIVE")
Disk.rename_new = locking
"""


def test_a_catalog_that_is_locked_from_the_beginning_is_told_of(filled: Desk) -> None:
    filled.backup("other")
    with locked(filled.catalog):
        ended = backing_up(filled, "drive", before=IMPATIENT).ended()
        assert ended.code == 20
        assert "in use by another program" in ended.err
        assert filled.on() == {}
        asked = run("sessions", "list", "--json", catalog=filled.catalog)
        assert asked.code == 0
    assert backing_up(filled, "drive").ended().code == 0


def test_whoever_leaves_the_lock_file_leaves_no_name_in_it(filled: Desk) -> None:
    assert backing_up(filled, "drive").ended().code == 0
    assert not (filled.folder / "drive/.cardcat/lock").stat().st_size
