"""Copies of a catalog, the way back from one, and what is said of a catalog."""

from __future__ import annotations

import os
import sqlite3
import threading
from contextlib import closing
from pathlib import Path

import pytest
from sqlalchemy import text, update

from cardcat.catalog import migrate, snapshot, sqlite
from cardcat.catalog.engine import Catalog, open_catalog
from cardcat.catalog.maintain import backup, restore, status
from cardcat.catalog.tables import devices
from cardcat.errors import CardcatError, CatalogError, UsageError
from tests.catalog.helpers import fill, rows_of, run_killed, state_of


@pytest.fixture
def filled(path: Path) -> Path:
    with open_catalog(path) as catalog, catalog.write() as c:
        fill(c, items=2000)
    return path


@pytest.fixture
def copy(filled: Path, tmp_path: Path) -> Path:
    """A copy of the filled catalog, which has changed since."""
    with open_catalog(filled) as catalog:
        backup(catalog, tmp_path / "copy.db")
        with catalog.write() as c:
            c.execute(update(devices).values(name="changed since"))
    return tmp_path / "copy.db"


def names(folder: Path) -> list[str]:
    return sorted(file.name for file in folder.iterdir())


def damage(path: Path) -> None:
    with path.open("r+b") as file:
        file.seek(-4096, 2)
        file.write(b"\xee" * 4096)


class TestBackup:
    def test_holds_everything_and_stands_alone(self, filled: Path, tmp_path: Path) -> None:
        with open_catalog(filled) as catalog:
            backup(catalog, tmp_path / "copy.db")
        assert rows_of(tmp_path / "copy.db") == rows_of(filled)
        assert names(tmp_path) == ["copy.db", "data"]

    def test_is_of_one_moment_while_others_write(self, filled: Path, tmp_path: Path) -> None:
        """Every transaction makes two rows say the same; a copy that saw half of one would not."""
        stop = threading.Event()
        with open_catalog(filled) as catalog:

            def write() -> None:
                number = 0
                while not stop.is_set():
                    number += 1
                    with catalog.write() as c:
                        c.execute(update(devices).values(last_seen_at=number))
                        c.execute(text(f"UPDATE backup_items SET mtime_ns = {number}"))

            writer = threading.Thread(target=write)
            writer.start()
            try:
                for number in range(5):
                    backup(catalog, tmp_path / f"copy{number}.db")
            finally:
                stop.set()
                writer.join()
        for number in range(5):
            rows = rows_of(tmp_path / f"copy{number}.db")
            (seen,) = {row[4] for row in rows["backup_items"]}
            assert seen in {1, *(row[5] for row in rows["devices"])}

    def test_has_what_another_process_committed_last(self, filled: Path, tmp_path: Path) -> None:
        with open_catalog(filled) as catalog, closing(sqlite3.connect(filled)) as other:
            other.execute("UPDATE devices SET name = 'last'")
            other.commit()
            backup(catalog, tmp_path / "copy.db")
        assert rows_of(tmp_path / "copy.db")["devices"][0][2] == "last"

    @pytest.mark.parametrize("taken", ["file", "folder", "link"])
    def test_overwrites_nothing(self, catalog: Catalog, tmp_path: Path, taken: str) -> None:
        target = tmp_path / "copy.db"
        if taken == "file":
            target.write_text("mine")
        elif taken == "folder":
            target.mkdir()
        else:
            target.symlink_to(tmp_path / "nowhere")
        with pytest.raises(UsageError, match="already there") as told:
            backup(catalog, target)
        assert told.value.hint
        assert names(tmp_path) == ["copy.db", "data"]

    def test_overwrites_nothing_that_comes_while_it_works(
        self, catalog: Catalog, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        checked = sqlite.problems

        def problems(connection: sqlite3.Connection) -> list[str]:
            (tmp_path / "copy.db").write_text("mine")
            return checked(connection)

        monkeypatch.setattr(sqlite, "problems", problems)
        with pytest.raises(UsageError, match="already there"):
            backup(catalog, tmp_path / "copy.db")
        assert (tmp_path / "copy.db").read_text() == "mine"
        assert names(tmp_path) == ["copy.db", "data"]

    def test_works_where_files_have_one_name_only(
        self, catalog: Catalog, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        def link(*_: object) -> None:
            raise PermissionError

        monkeypatch.setattr(os, "link", link)
        backup(catalog, tmp_path / "copy.db")
        assert rows_of(tmp_path / "copy.db") == rows_of(catalog.path)
        with pytest.raises(FileExistsError):
            snapshot._place(catalog.path, tmp_path / "copy.db")

    def test_of_a_damaged_catalog_is_refused(self, filled: Path, tmp_path: Path) -> None:
        damage(filled)
        with open_catalog(filled) as catalog, pytest.raises(CatalogError, match="is damaged") as told:
            backup(catalog, tmp_path / "copy.db")
        assert str(filled) in told.value.message
        assert names(tmp_path) == ["data"]

    def test_to_a_folder_that_is_not_there_is_told_of(self, catalog: Catalog, tmp_path: Path) -> None:
        with pytest.raises(CatalogError, match=r"The copy .* can't be used") as told:
            backup(catalog, tmp_path / "nowhere" / "copy.db")
        assert told.value.hint

    def test_to_a_full_disk_leaves_nothing_there(
        self, filled: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        connect = sqlite.connect

        def small(path: Path, options: str = "mode=rw") -> sqlite3.Connection:
            connection = connect(path, options)
            if path.name.endswith(".partial"):
                connection.execute("PRAGMA max_page_count = 10")
            return connection

        monkeypatch.setattr(sqlite, "connect", small)
        with open_catalog(filled) as catalog, pytest.raises(CatalogError, match=r"copy .* full"):
            backup(catalog, tmp_path / "copy.db")
        assert names(tmp_path) == ["data"]


class TestRestore:
    def test_brings_back_the_copy_and_sets_the_present_one_aside(self, filled: Path, copy: Path) -> None:
        present, wanted = rows_of(filled), rows_of(copy)
        aside = restore(filled, copy)
        assert aside is not None
        assert aside.name.startswith("catalog.db.replaced-")
        assert rows_of(filled) == wanted
        assert rows_of(aside) == present
        assert rows_of(copy) == wanted
        with open_catalog(filled, create=False) as catalog, catalog.write() as c:
            c.execute(update(devices).values(name="goes on"))

    def test_keeps_what_lies_in_the_log_of_the_present_one(self, filled: Path, copy: Path) -> None:
        code = (
            "import sys, os\n"
            "from cardcat.catalog.engine import open_catalog\n"
            "with open_catalog(sys.argv[1]) as catalog:\n"
            "    with catalog.write() as c: c.exec_driver_sql(\"UPDATE devices SET name = 'in the log'\")\n"
            "    os.kill(os.getpid(), 9)\n"
        )
        run_killed(code, str(filled))
        assert (filled.parent / "catalog.db-wal").stat().st_size > 0
        aside = restore(filled, copy)
        assert aside is not None
        assert rows_of(aside)["devices"][0][2] == "in the log"
        assert rows_of(filled) == rows_of(copy)

    def test_twice_in_a_second_keeps_both(self, filled: Path, copy: Path) -> None:
        first, second = restore(filled, copy), restore(filled, copy)
        assert first != second
        assert first is not None
        assert second is not None
        assert first.exists()
        assert second.exists()

    def test_works_where_there_is_no_catalog(self, copy: Path, tmp_path: Path) -> None:
        assert restore(tmp_path / "new" / "catalog.db", copy) is None
        assert rows_of(tmp_path / "new" / "catalog.db") == rows_of(copy)

    @pytest.mark.parametrize("harm", ["inside", "at the beginning", "cut short", "with a log"])
    def test_replaces_a_damaged_catalog_and_keeps_all_of_it(
        self, filled: Path, copy: Path, harm: str
    ) -> None:
        data = filled.read_bytes()
        if harm == "inside":
            damage(filled)
        elif harm == "at the beginning":
            filled.write_bytes(b"\0" * 4096 + data[4096:])
        elif harm == "cut short":
            filled.write_bytes(data[: len(data) // 2])
        else:
            filled.write_bytes(b"\0" * 4096 + data[4096:])
            sqlite.beside(filled, "-wal").write_bytes(b"log")
        kept = state_of(filled.parent)
        aside = restore(filled, copy)
        assert aside is not None
        assert rows_of(filled) == rows_of(copy)
        now = state_of(filled.parent)
        assert now[aside.name][4096:] == kept["catalog.db"][4096:]  # what SQLite says of itself may differ
        if harm == "with a log":
            assert now[aside.name + "-wal"] == b"log"
            assert "catalog.db-wal" not in now

    def refused(self, path: Path, file: Path, match: str) -> CardcatError:
        before = state_of(path.parent)
        with pytest.raises(CardcatError, match=match) as told:
            restore(path, file)
        assert told.value.hint
        after = state_of(path.parent)
        after.pop("catalog.db.lock", None)
        before.pop("catalog.db.lock", None)
        assert after == before
        return told.value

    def test_of_a_damaged_copy_is_refused(self, filled: Path, copy: Path) -> None:
        damage(copy)
        assert str(copy) in self.refused(filled, copy, "is damaged").message

    def test_of_a_copy_cut_short_is_refused(self, filled: Path, copy: Path) -> None:
        copy.write_bytes(copy.read_bytes()[:50_000])
        self.refused(filled, copy, "is damaged")

    def test_of_something_else_is_refused(self, filled: Path, tmp_path: Path) -> None:
        (tmp_path / "photo.jpg").write_bytes(b"\xff\xd8" * 1000)
        self.refused(filled, tmp_path / "photo.jpg", "no SQLite database")
        with closing(sqlite3.connect(tmp_path / "other.db")) as other:
            other.execute("CREATE TABLE photos (x)")
        self.refused(filled, tmp_path / "other.db", "another program")
        self.refused(filled, tmp_path / "nothing.db", "no copy of a catalog")
        (tmp_path / "empty").touch()
        self.refused(filled, tmp_path / "empty", "no copy of a catalog")
        self.refused(filled, filled, "the catalog itself")

    def test_of_a_newer_copy_is_refused(self, filled: Path, copy: Path) -> None:
        with closing(sqlite3.connect(copy, isolation_level=None)) as other:
            other.execute("UPDATE alembic_version SET version_num = '9999'")
        self.refused(filled, copy, "newer cardcat")

    def test_over_the_database_of_another_program_is_refused(self, copy: Path, tmp_path: Path) -> None:
        (tmp_path / "theirs").mkdir()
        with closing(sqlite3.connect(tmp_path / "theirs" / "other.db")) as other:
            other.execute("CREATE TABLE photos (x)")
        self.refused(tmp_path / "theirs" / "other.db", copy, "another program")
        assert names(tmp_path / "theirs") == ["other.db"]

    def test_while_cardcat_has_the_catalog_open_is_refused(self, filled: Path, copy: Path) -> None:
        with open_catalog(filled):
            self.refused(filled, copy, "in use by another program")
        restore(filled, copy)

    def test_while_another_program_has_the_catalog_open_is_refused(self, filled: Path, copy: Path) -> None:
        with closing(sqlite3.connect(filled)) as other:
            other.execute("SELECT * FROM devices").fetchall()
            self.refused(filled, copy, "in use by another program")
        restore(filled, copy)

    def test_that_is_killed_leaves_a_whole_catalog(self, filled: Path, copy: Path) -> None:
        present = rows_of(filled)
        for step in ("Path.replace", "os.link"):
            code = (
                "import sys, os\n"
                "from pathlib import Path\n"
                "from cardcat.catalog.maintain import restore\n"
                f"{step} = lambda *a: os.kill(os.getpid(), 9)\n"
                "restore(sys.argv[1], Path(sys.argv[2]))\n"
            )
            run_killed(code, str(filled), str(copy))
            assert rows_of(filled) == present
        restore(filled, copy)
        assert rows_of(filled) == rows_of(copy)
        assert not list(filled.parent.glob(".*"))

    def test_of_a_copy_in_use_takes_its_last_row_too(self, filled: Path, copy: Path) -> None:
        with closing(sqlite3.connect(copy, isolation_level=None)) as other:
            other.execute("PRAGMA journal_mode=wal")
            other.execute("UPDATE devices SET name = 'in its log'")
            restore(filled, copy)
        assert rows_of(filled)["devices"][0][2] == "in its log"


class TestStatus:
    def test_of_a_sound_catalog(self, filled: Path) -> None:
        with open_catalog(filled) as catalog:
            found = status(catalog)
        assert found.path == filled
        assert found.revision == migrate.revisions()[-1]
        assert found.problems == ()
        assert found.rows["backup_items"] == 2000
        assert found.rows["media_files"] == 0
        assert found.size_bytes >= filled.stat().st_size

    def test_of_a_damaged_catalog_says_what_is_wrong(self, filled: Path) -> None:
        damage(filled)
        with open_catalog(filled) as catalog:
            found = status(catalog)
        assert found.problems
        assert found.rows == {}

    def test_sees_a_reference_to_nothing(self, filled: Path) -> None:
        with closing(sqlite3.connect(filled, isolation_level=None)) as other:
            other.execute("DELETE FROM volumes")
        with open_catalog(filled) as catalog:
            assert "missing row of volumes" in status(catalog).problems[0]
