"""A card that is backed up again: what an earlier session says is said again, and nothing that changed is."""

from __future__ import annotations

import hashlib
import os
import shutil
from collections.abc import Iterable
from pathlib import Path

import pytest
from sqlalchemy import Connection
from sqlalchemy.dialects import sqlite

from cardcat.catalog import bulk
from cardcat.catalog.copies import held_media
from cardcat.catalog.engine import open_catalog
from cardcat.catalog.mentions import owners_of
from cardcat.catalog.origins import origins_of
from cardcat.catalog.renewals import paths_on_cards
from cardcat.errors import DestinationError
from cardcat.model import SessionStatus
from cardcat.stages import hashing
from cardcat.storage.disk import Disk
from cardcat.storage.holding import open_destination
from tests.support import DAY, Desk, Unreadable, fill, jpeg

_SAID = (
    "source_path, source_path_raw, size, mtime_ns, hash, destination_path, destination_path_raw, "
    "file_location_id"
)


def said(desk: Desk, session: int, of: str = _SAID) -> list[tuple[object, ...]]:
    query = f"SELECT {of} FROM backup_items WHERE session_id = ? ORDER BY source_path, source_path_raw"
    return [tuple(row) for row in desk.ask(query, session)]


def test_what_is_as_it_was_is_said_again_word_for_word(desk: Desk) -> None:
    fill(
        desk.card, {f"DCIM/{n}.JPG": jpeg(n) for n in range(4)} | {"PRIVATE/AVCHD/x.bdm": b"x", "e.txt": b""}
    )
    desk.backup()
    desk.backup()
    assert said(desk, 2) == said(desk, 1)
    assert set(said(desk, 2, "state, reason, attempts, is_repeat")) == {
        ("skipped", "already backed up", 0, 1)
    }
    assert set(said(desk, 1, "is_repeat")) == {(0,)}


def test_of_what_a_drive_holds_only_what_a_new_file_could_be_is_looked_up(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[list[int]] = []
    answers: list[int] = []

    def noted(c: Connection, location_id: int, sizes: Iterable[int]) -> list[tuple[int, str | None, str]]:
        asked.append(sorted(sizes))
        found = [*held_media(c, location_id, asked[-1])]
        answers.append(len(found))
        return found

    monkeypatch.setattr(hashing, "held_media", noted)
    photos = [jpeg(number) + bytes(number) for number in range(3)]  # of three sizes
    fill(desk.card, {f"DCIM/{number}.JPG": photo for number, photo in enumerate(photos)})
    desk.backup()
    desk.backup()
    fill(desk.card, {"DCIM/twin.JPG": photos[1], "DCIM/new.JPG": jpeg(9) + bytes(9)})
    desk.backup()
    sizes = sorted(map(len, photos))
    assert asked == [sizes, [], sorted([sizes[1], len(jpeg(9)) + 9])]
    assert answers == [0, 0, 1]
    assert desk.ask("SELECT count(*) FROM file_locations") == [(4,)]  # the twin was not copied


def test_only_what_is_as_it_was_is_a_repeat(desk: Desk) -> None:
    fill(desk.card, {f"DCIM/{n}.JPG": jpeg(n) for n in range(4)})
    desk.backup()
    fill(desk.card, {"DCIM/1.JPG": jpeg(11), "DCIM/9.JPG": jpeg(9)})
    os.utime(desk.card / "DCIM/2.JPG", ns=(1, 1_700_000_000_000_000_000))  # its bytes are as they were
    desk.backup()
    assert said(desk, 2, "source_path, is_repeat, state") == [
        ("DCIM/0.JPG", 1, "skipped"),
        ("DCIM/1.JPG", 0, "verified"),
        ("DCIM/2.JPG", 0, "skipped"),
        ("DCIM/3.JPG", 1, "skipped"),
        ("DCIM/9.JPG", 0, "verified"),
    ]
    assert said(desk, 2, "mtime_ns")[2] == (1_700_000_000_000_000_000,)


def test_a_file_that_left_the_card_is_not_said_again(desk: Desk) -> None:
    fill(desk.card, {f"DCIM/{n}.JPG": jpeg(n) for n in range(4)})
    desk.backup()
    (desk.card / "DCIM/2.JPG").unlink()
    desk.backup()
    assert [path for (path,) in said(desk, 2, "source_path")] == ["DCIM/0.JPG", "DCIM/1.JPG", "DCIM/3.JPG"]


def test_names_that_are_no_text_are_said_again_exactly(desk: Desk) -> None:
    names = (b"a.JPG", b"\xff\xfe.JPG", "\u00e9.JPG".encode())
    fill(desk.card, {os.fsdecode(name): jpeg(len(name)) for name in names})
    desk.backup()
    assert desk.backup().sessions[0].counts.skipped == 3
    assert said(desk, 2) == said(desk, 1)


def test_sessions_are_repeated_by_turns(desk: Desk) -> None:
    """Some files were backed up by the first session, some by the second: the third says all of it."""
    fill(desk.card, {"DCIM/1.JPG": jpeg(1)})
    desk.backup()
    fill(desk.card, {"DCIM/2.JPG": jpeg(2)})
    desk.backup()
    (desk.card / "DCIM/1.JPG").rename(desk.folder / "away")
    desk.backup()
    (desk.folder / "away").rename(desk.card / "DCIM/1.JPG")
    desk.backup()
    assert said(desk, 4) == said(desk, 2)
    assert said(desk, 4, "is_repeat") == [(1,), (1,)]


def test_the_journal_is_the_same_however_many_rows_are_written_in_one_step(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def journal(name: str) -> list[tuple[object, ...]]:
        desk = Desk(tmp_path / name)
        desk.folder.mkdir()
        fill(desk.card, {f"DCIM/IMG_{number}.JPG": jpeg(number) for number in range(10)})
        fill(desk.card, {f"MISC/{number}.txt": b"note" for number in range(10)})
        desk.backup()
        desk.backup()
        return desk.ask(
            "SELECT session_id, source_path, size, mtime_ns, state, reason, hash, destination_path, "
            "attempts, is_repeat, file_location_id FROM backup_items ORDER BY 1, 2"
        )

    row_by_row = journal("one")
    for cached in (bulk._insert_of_many, bulk._update_of_many):
        cached.cache_clear()
    monkeypatch.setattr(bulk, "_AT_ONCE", 3)
    try:
        assert journal("three") == row_by_row
    finally:
        for cached in (bulk._insert_of_many, bulk._update_of_many):
            cached.cache_clear()


def test_a_wrong_copy_that_stands_in_the_way_of_several_files_is_told_once(desk: Desk) -> None:
    fill(desk.card, {"MISC/a/note.txt": b"note"})
    desk.backup()
    (copy,) = (desk.folder / "drive").rglob("note.txt")
    copy.write_bytes(b"another note")
    (desk.card / "MISC/a/note.txt").unlink()
    fill(desk.card, {f"MISC/{folder}/note.txt": b"note" for folder in "bcd"})

    findings = desk.backup().findings

    assert [finding.error_type for finding in findings] == ["Changed"]
    assert list(desk.on().values()).count(b"note") == 3
    assert copy.read_bytes() == b"another note"


def test_a_copy_that_is_gone_is_made_again_and_no_repeat(desk: Desk) -> None:
    fill(desk.card, {"DCIM/1.JPG": jpeg(1), "DCIM/2.JPG": jpeg(2)})
    desk.backup()
    lost = desk.folder / "drive/2024/2024-05-01/1.JPG"
    lost.unlink()
    assert desk.backup().sessions[0].counts.copied == 1
    assert said(desk, 2, "is_repeat, state") == [(0, "verified"), (1, "skipped")]
    assert lost.read_bytes() == jpeg(1)


def test_who_answers_for_a_copy_is_asked_of_the_index_without_repeats(desk: Desk) -> None:
    fill(desk.card, {f"DCIM/{n}.JPG": jpeg(n) for n in range(3)})
    desk.backup()
    desk.backup()
    conditions = "file_location_id IN (1, 2) AND is_repeat = 0"
    plan = desk.ask(f"EXPLAIN QUERY PLAN SELECT 1 FROM backup_items WHERE {conditions}")
    assert "ix_backup_items_file_location_id" in str(plan[0][3])
    asked: list[str] = []

    class Spy:
        def execute(self, query: object) -> list[object]:
            asked.append(str(query.compile(dialect=sqlite.dialect())))  # type: ignore[attr-defined]
            return []

    owners_of(Spy(), [1], source_volume_id=1, source_root=("", b""))  # type: ignore[arg-type]
    assert "backup_items.is_repeat = 0" in asked[0]


def test_what_changes_in_a_session_that_is_taken_up_again_is_no_repeat_any_more(desk: Desk) -> None:
    """The camera writes its index file anew while a session waits to be taken up again."""
    fill(desk.card, {"DCIM/1.JPG": jpeg(1), "MISC/X.CTG": b"index"})
    desk.backup()
    fill(desk.card, {"DCIM/2.JPG": jpeg(2)})

    assert desk.backup(disk=Unreadable("2.JPG")).status == SessionStatus.FAILED
    assert said(desk, 2, "source_path, is_repeat") == [
        ("DCIM/1.JPG", 1),
        ("DCIM/2.JPG", 0),
        ("MISC/X.CTG", 1),
    ]
    fill(desk.card, {"MISC/X.CTG": b"INDEX"}, mtime_ns=DAY + 10**12)
    assert desk.backup().sessions[0].resumed
    assert said(desk, 2, "source_path, is_repeat, state") == [
        ("DCIM/1.JPG", 1, "skipped"),
        ("DCIM/2.JPG", 0, "verified"),
        ("MISC/X.CTG", 0, "verified"),
    ]


def test_a_session_that_is_taken_up_late_leaves_what_others_repeat_of_it(desk: Desk) -> None:
    """Another session has repeated its rows; then the camera writes its index anew, and it goes on."""
    fill(desk.card, {"MISC/X.CTG": b"index", "DCIM/1.JPG": jpeg(1)})

    desk.backup(disk=Unreadable("1.JPG"))
    desk.backup(excludes=("*.JPG",))
    assert said(desk, 2, "source_path, is_repeat") == [("MISC/X.CTG", 1)]
    fill(desk.card, {"MISC/X.CTG": b"INDEX"}, mtime_ns=DAY + 10**12)
    assert desk.backup().sessions[0].resumed
    assert said(desk, 1, "source_path, is_repeat, file_location_id")[1][:2] == ("MISC/X.CTG", 0)
    assert said(desk, 2, "source_path, is_repeat") == [("MISC/X.CTG", 0)]


def test_repeats_are_told_where_a_copy_is_asked_for(desk: Desk) -> None:
    """The photo of the first session lies beside the sidecar that came in the third."""
    fill(desk.card, {"DCIM/1.JPG": jpeg(1)})
    desk.backup()
    desk.backup()
    fill(desk.card, {"DCIM/1.XMP": b"<x/>"})
    desk.backup("drive", "other")
    ids = [int(str(id_)) for (id_,) in desk.ask("SELECT id FROM file_locations ORDER BY id")]
    with open_catalog(desk.catalog) as catalog, catalog.read() as c:
        on_cards = paths_on_cards(c, ids)
        met = [origin.session_id for origin in origins_of(c, hashlib.sha256(jpeg(1)).hexdigest(), ids[:1])]
    assert on_cards[ids[0]] == [(1, "DCIM/1.JPG"), (2, "DCIM/1.JPG"), (3, "DCIM/1.JPG")]
    assert (3, "DCIM/1.XMP") in [each for places in on_cards.values() for each in places]
    assert met == [1, 2, 3], "not the session to the other drive"


@pytest.fixture
def drive(tmp_path: Path) -> Path:
    root = tmp_path / "drive"
    fill(root, {"a/1": b"1", "a/2": b"22", "b/c/3": b"333", "4": b"4444"})
    (root / "a/folder").mkdir()
    (root / "a/link").symlink_to("1")
    (root / "away").symlink_to(tmp_path / "elsewhere")
    fill(tmp_path / "elsewhere", {"5": b"55555"})
    (root / "b/loop").symlink_to(root / "a")
    fill(root / "a/folder", {"6": b"666666"})
    return root


_SIZES = {
    "4": 4,
    "a/1": 1,
    "a/2": 2,
    "a/folder": None,
    "a/link": None,
    "a/none": None,
    "away/5": None,
    "b/c/3": 3,
    "b/loop/1": None,
    "b/loop/folder/6": None,
    "b/none/1": None,
    "a/1/x": None,
}
_PATHS = [*_SIZES]


def test_many_files_are_looked_at_as_each_of_them(drive: Path) -> None:
    with open_destination(Disk(), drive) as there:
        alone = [there.look_at_file(path) for path in _PATHS]
        together = [*there.look_at_files(_PATHS)]
    assert [status and status.st_size for status in together] == [*_SIZES.values()]
    assert together == alone


def test_what_lies_on_another_filesystem_is_not_there(drive: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with open_destination(Disk(), drive) as there:
        monkeypatch.setattr(there, "device", there.device + 1)
        monkeypatch.setattr(there, "_tells_devices", True)
        monkeypatch.setattr(there, "require_there", lambda *_: None)
        assert [*there.look_at_files(_PATHS)] == [None] * len(_PATHS)


def test_a_drive_that_is_pulled_meanwhile_says_nothing_of_its_copies(drive: Path, tmp_path: Path) -> None:
    with open_destination(Disk(), drive) as there:
        looked = there.look_at_files(["a/1", "b/c/3"])
        assert next(looked) is not None
        drive.rename(tmp_path / "pulled")
        drive.mkdir()
        with pytest.raises(DestinationError):
            next(looked)


def test_a_drive_that_is_pulled_in_the_middle_of_a_folder_is_noticed(drive: Path, tmp_path: Path) -> None:
    """Its folder is open, and answers on from memory."""
    with open_destination(Disk(), drive) as there:
        looked = there.look_at_files(["a/1", "a/2"])
        assert next(looked) is not None
        drive.rename(tmp_path / "pulled")
        drive.mkdir()
        with pytest.raises(DestinationError):
            [*looked]  # noqa: B018


def test_no_folder_stays_open(drive: Path) -> None:
    with open_destination(Disk(), drive) as there:
        before = len([*Path("/proc/self/fd").iterdir()])
        looked = there.look_at_files(_PATHS)
        next(looked)
        looked.close()  # type: ignore[attr-defined]
        [*there.look_at_files(_PATHS)]
        assert len([*Path("/proc/self/fd").iterdir()]) == before


def test_the_second_backup_completes_when_the_copy_was_touched(desk: Desk) -> None:
    """A copy with another time than on record is read in place, not believed."""
    fill(desk.card, {"DCIM/1.JPG": jpeg(1), "DCIM/2.JPG": jpeg(2)})
    desk.backup()
    copy = desk.folder / "drive/2024/2024-05-01/1.JPG"
    shutil.copyfile(copy, desk.folder / "kept")
    copy.write_bytes(bytes(len(jpeg(1))))  # other bytes, same size
    os.utime(copy, ns=(1, 1_700_000_000_000_000_000))
    again = desk.backup()
    assert again.status == SessionStatus.COMPLETED
    assert again.sessions[0].counts.copied == 1
