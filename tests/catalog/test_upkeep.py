"""Dated copies of the catalog, of which the newest stay, and free space that is given back."""

from __future__ import annotations

import os
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
from sqlalchemy import text

from cardcat.catalog import sqlite, upkeep
from cardcat.catalog.engine import open_catalog
from cardcat.catalog.maintain import restore
from cardcat.catalog.upkeep import compact, dated_backup, optimise, require_whole, space
from cardcat.errors import CatalogError
from cardcat.plan.compacting import Compaction
from tests.catalog.helpers import fill, rows_of, run_killed


@pytest.fixture
def filled(path: Path) -> Path:
    with open_catalog(path) as catalog, catalog.write() as c:
        fill(c, items=2000)
    return path


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "backups").mkdir()
    return tmp_path / "backups"


def names(folder: Path) -> list[str]:
    return sorted(file.name for file in folder.iterdir())


def copied(path: Path, folder: Path, keep: int = 3, times: int = 1) -> list[str]:
    """Copy so many times; what is in the folder then, without what all names begin with."""
    with open_catalog(path) as catalog:
        for _ in range(times):
            dated_backup(catalog, folder, keep)
    return names(folder)


def aged(path: Path, folder: Path, day: int) -> Path:
    """A copy as it would have been made on that day."""
    with open_catalog(path) as catalog:
        made = dated_backup(catalog, folder, 1_000).file
    return made.rename(folder / f"{made.name[:-16]}202001{day:02}T000000Z")


class TestDatedBackup:
    def test_is_the_catalog(self, filled: Path, folder: Path) -> None:
        with open_catalog(filled) as catalog:
            kept = dated_backup(catalog, folder, 3)
        assert rows_of(kept.file) == rows_of(filled)
        assert (kept.removed, kept.copies) == ((), 1)
        assert kept.size == kept.file.stat().st_size

    def test_keeps_the_newest(self, filled: Path, folder: Path) -> None:
        old = [aged(filled, folder, day) for day in (3, 1, 2)]
        with open_catalog(filled) as catalog:
            kept = dated_backup(catalog, folder, 2)
        assert kept.removed == (old[1], old[2])
        assert names(folder) == sorted([old[0].name, kept.file.name])
        assert kept.copies == 2

    def test_several_in_a_second_are_all_there(self, filled: Path, folder: Path) -> None:
        assert len(copied(filled, folder, keep=9, times=4)) == 4

    def test_what_is_not_ours_stays_whatever_it_is_called(
        self, filled: Path, folder: Path, tmp_path: Path
    ) -> None:
        ours = aged(filled, folder, 1)
        text_file = ours.with_name(ours.name.replace("20200101", "20190101"))
        text_file.write_text("a user's file under our name")
        other = ours.with_name(ours.name.replace("20200101", "20190102"))
        with closing(sqlite3.connect(other)) as strange:
            strange.execute("CREATE TABLE photos (x)")
        link = ours.with_name(ours.name.replace("20200101", "20190103"))
        target = tmp_path / "elsewhere.db"
        target.write_bytes(ours.read_bytes())
        link.symlink_to(target)
        below = ours.with_name(ours.name.replace("20200101", "20190104"))
        below.mkdir()
        (folder / "photo.jpg").write_text("x")
        before = set(names(folder)) - {ours.name}
        after = set(copied(filled, folder, keep=1))
        assert before < after
        assert ours.name not in after
        assert target.is_file()

    def test_of_another_catalog_stay(self, filled: Path, folder: Path, tmp_path: Path) -> None:
        """Two computers, one folder on a share, and both call their catalog the same."""
        twin = tmp_path / "other" / "catalog.db"
        with open_catalog(twin) as catalog, catalog.write() as c:
            fill(c)
        theirs = copied(twin, folder, times=2)
        assert set(theirs) < set(copied(filled, folder, keep=1))

    def test_of_a_lost_catalog_that_lay_there_stay(self, filled: Path, folder: Path) -> None:
        """The new one is empty: its copies are no copies of what was lost."""
        last = copied(filled, folder)
        filled.unlink()
        open_catalog(filled).close()
        assert set(last) < set(copied(filled, folder, keep=1, times=2))

    def test_of_a_catalog_that_another_computer_took_along_stay(
        self, filled: Path, folder: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        theirs = copied(filled, folder)
        monkeypatch.setattr(upkeep, "this_device", lambda: "another one, of the same name")
        assert set(theirs) < set(copied(filled, folder, keep=1, times=2))

    def test_of_before_it_was_restored_go_as_ever(self, filled: Path, folder: Path) -> None:
        old = [aged(filled, folder, day) for day in (1, 2)]
        restore(filled, old[1])
        assert old[1].name not in copied(filled, folder, keep=1)
        assert len(names(folder)) == 1

    def test_of_one_that_does_not_say_which_it_is_are_refused(self, filled: Path, folder: Path) -> None:
        with closing(sqlite3.connect(filled, isolation_level=None)) as other:
            other.execute("DELETE FROM catalog_identity")
        with open_catalog(filled) as catalog, pytest.raises(CatalogError, match="is damaged"):
            dated_backup(catalog, folder, 1)
        assert names(folder) == []

    def test_of_a_damaged_catalog_is_refused_and_nothing_goes(self, filled: Path, folder: Path) -> None:
        for day in (1, 2, 3):
            aged(filled, folder, day)
        before = names(folder)
        with filled.open("r+b") as file:
            file.seek(-4096, 2)
            file.write(b"\xee" * 4096)
        with open_catalog(filled) as catalog, pytest.raises(CatalogError, match="is damaged"):
            dated_backup(catalog, folder, 1)
        assert names(folder) == before

    def test_on_a_full_disk_is_told_of_and_nothing_goes(
        self, filled: Path, folder: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        for day in (1, 2):
            aged(filled, folder, day)
        before, connect = names(folder), sqlite.connect

        def small(path: Path, options: str = "mode=rw") -> sqlite3.Connection:
            connection = connect(path, options)
            if path.name.endswith(".partial"):
                connection.execute("PRAGMA max_page_count = 10")
            return connection

        monkeypatch.setattr(sqlite, "connect", small)
        with open_catalog(filled) as catalog, pytest.raises(CatalogError, match="full"):
            dated_backup(catalog, folder, 1)
        assert names(folder) == before

    def test_that_is_killed_loses_nothing_and_is_cleared_away_later(self, filled: Path, folder: Path) -> None:
        old = aged(filled, folder, 1)
        code = (
            "import sys, os\n"
            "from pathlib import Path\n"
            "from cardcat.catalog.engine import open_catalog\n"
            "from cardcat.catalog.upkeep import dated_backup\n"
            "os.link = lambda *a: os.kill(os.getpid(), 9)\n"
            "with open_catalog(sys.argv[1]) as catalog: dated_backup(catalog, Path(sys.argv[2]), 1)\n"
        )
        run_killed(code, str(filled), str(folder))
        (partial,) = [folder / name for name in names(folder) if name.endswith(".partial")]
        assert rows_of(old) == rows_of(filled)
        assert partial.name in copied(filled, folder, keep=9), "somebody may be at work on it now"
        os.utime(partial, (1, 1))
        assert partial.name not in copied(filled, folder, keep=9)
        assert old.exists()


class TestCompact:
    def emptied(self, path: Path) -> Path:
        with open_catalog(path) as catalog, catalog.write() as c:
            c.execute(text("DELETE FROM backup_items WHERE source_path < 'DCIM/IMG_1500'"))
        return path

    def test_gives_free_space_back(self, filled: Path) -> None:
        self.emptied(filled)
        before, rows = space(filled), rows_of(filled)
        assert before.free > 0
        assert compact(filled) is Compaction.WORTH_IT
        after = space(filled)
        assert after.free == 0
        assert after.size <= before.held
        assert filled.stat().st_size == after.size
        assert rows_of(filled) == rows
        require_whole(filled)

    def test_is_left_while_anybody_has_the_catalog_open(self, filled: Path) -> None:
        self.emptied(filled)
        before = space(filled)
        with open_catalog(filled):
            assert compact(filled) is Compaction.IN_USE
        with closing(sqlite3.connect(filled)) as other:
            other.execute("BEGIN IMMEDIATE")
            assert compact(filled) is Compaction.IN_USE
        assert space(filled) == before

    def test_on_a_full_disk_leaves_it_as_it_is(self, filled: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self.emptied(filled)
        before, rows, real = space(filled), rows_of(filled), sqlite3.connect

        class Full(sqlite3.Connection):
            def execute(self, sql: str, *values: object) -> sqlite3.Cursor:
                if sql == "VACUUM":
                    error = sqlite3.OperationalError("database or disk is full")
                    error.sqlite_errorcode = sqlite3.SQLITE_FULL
                    raise error
                return super().execute(sql, *values)  # type: ignore[arg-type]

        monkeypatch.setattr(sqlite3, "connect", lambda *a, **k: real(*a, **k, factory=Full))
        assert compact(filled) is Compaction.NO_ROOM
        monkeypatch.undo()
        assert (space(filled), rows_of(filled)) == (before, rows)

    def test_that_is_killed_leaves_a_whole_catalog(self, filled: Path) -> None:
        self.emptied(filled)
        rows = rows_of(filled)
        for steps in (1, 40, 400, 4_000):
            code = (
                "import sys, os, sqlite3\n"
                "from pathlib import Path\n"
                "from cardcat.catalog import sqlite, upkeep\n"
                "connect = sqlite.connect\n"
                "def dying(path, options='mode=rw'):\n"
                "    c = connect(path, options)\n"
                f"    c.set_progress_handler(lambda: os.kill(os.getpid(), 9), {steps})\n"
                "    return c\n"
                "sqlite.connect = dying\n"
                "upkeep.compact(Path(sys.argv[1]))\n"
            )
            run_killed(code, str(filled))
            assert rows_of(filled) == rows
        with open_catalog(filled) as catalog:
            require_whole(catalog.path)


def test_statistics_are_gathered_and_change_no_row(filled: Path) -> None:
    rows = rows_of(filled)
    with open_catalog(filled) as catalog:
        optimise(catalog)
        optimise(catalog)
    after = rows_of(filled)
    assert {name: after[name] for name in rows} == rows
    require_whole(filled)
    with open_catalog(filled):
        pass


def test_a_catalog_with_a_wrong_value_is_told_of(filled: Path) -> None:
    with closing(sqlite3.connect(filled, isolation_level=None)) as other:
        other.execute("UPDATE backup_items SET size = 'many' WHERE source_path LIKE '%0001%'")
    with pytest.raises(CatalogError, match="damaged"):
        require_whole(filled)


def test_the_room_is_that_of_the_tighter_disk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SQLITE_TMPDIR", str(tmp_path / "scratch"))
    (tmp_path / "scratch").mkdir()
    left = {tmp_path: 10, tmp_path / "scratch": 3}
    assert upkeep.room(tmp_path / "catalog.db", left.__getitem__) == 3
