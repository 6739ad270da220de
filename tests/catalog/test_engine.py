"""Opening a catalog, and its transactions."""

from __future__ import annotations

import os
import sqlite3
import threading
from contextlib import closing
from pathlib import Path

import pytest
from sqlalchemy import exc, select, text

from cardcat.catalog import lock, migrate
from cardcat.catalog.engine import Catalog, default_path, is_absent, local_path, open_catalog
from cardcat.catalog.maintain import backup
from cardcat.catalog.tables import devices
from cardcat.catalog.volumes import remember_device
from cardcat.errors import CatalogError
from tests.catalog.helpers import fill, rows_of, run, state_of


def test_a_new_catalog_is_made_with_its_folder(path: Path) -> None:
    with open_catalog(path) as catalog, catalog.read() as c:
        assert catalog.path == path
        assert c.scalar(text("SELECT count(*) FROM entries")) == 0


def test_what_was_written_is_there_when_it_is_opened_again(path: Path) -> None:
    with open_catalog(str(path)) as catalog, catalog.write() as c:
        fill(c)
    before = rows_of(path)
    with open_catalog(path, create=False) as catalog, catalog.read() as c:
        assert c.scalar(text("SELECT count(*) FROM backup_items")) == 20
    assert rows_of(path) == before


def test_the_connection_is_as_safe_as_promised(catalog: Catalog) -> None:
    with catalog.write() as c:
        names = ("foreign_keys", "synchronous", "journal_mode", "busy_timeout")
        assert [c.scalar(text(f"PRAGMA {name}")) for name in names] == [1, 2, "wal", 30_000]
        wary = ("cell_size_check", "trusted_schema")
        assert [c.scalar(text(f"PRAGMA {name}")) for name in wary] == [1, 0]


def test_a_transaction_that_fails_leaves_nothing(catalog: Catalog) -> None:
    def fail() -> None:
        with catalog.write() as c:
            fill(c)
            raise KeyError

    with pytest.raises(KeyError):
        fail()
    with catalog.read() as c:
        assert c.execute(select(devices)).all() == []


def test_a_transaction_is_one_even_with_changes_of_the_schema(catalog: Catalog) -> None:
    def fail() -> None:
        with catalog.write() as c:
            c.execute(text("CREATE TABLE more (x)"))
            c.execute(text("DROP VIEW entries"))
            raise KeyError

    with pytest.raises(KeyError):
        fail()
    with catalog.read() as c:
        names = c.scalars(text("SELECT name FROM sqlite_master")).all()
    assert "more" not in names
    assert "entries" in names


def test_a_reader_can_not_write(catalog: Catalog) -> None:
    with pytest.raises(CatalogError, match="read-only"), catalog.read() as c:
        remember_device(c, 1)


def test_a_reader_sees_one_moment_while_others_write(catalog: Catalog) -> None:
    with catalog.read() as reader:
        assert reader.execute(select(devices)).all() == []
        with catalog.write() as c:
            remember_device(c, 1)
        assert reader.execute(select(devices)).all() == []
    with catalog.read() as reader:
        assert len(reader.execute(select(devices)).all()) == 1


def test_a_bug_over_damaged_rows_is_the_catalogs(path: Path) -> None:
    def stumble() -> None:
        with open_catalog(path) as catalog, catalog.read() as c:
            c.execute(text("SELECT 1"))
            raise ValueError("no such status")

    with open_catalog(path) as catalog, catalog.write() as c:
        fill(c)
    with pytest.raises(ValueError, match="no such status"):
        stumble()
    with closing(sqlite3.connect(path, isolation_level=None)) as other:
        other.execute("UPDATE backup_sessions SET started_at = 'x'")
    with pytest.raises(CatalogError, match="is damaged: the column started_at") as told:
        stumble()
    assert "cardcat catalog rebuild DRIVE..." in told.value.hint


def test_a_bug_stays_a_bug(catalog: Catalog) -> None:
    with pytest.raises(exc.IntegrityError), catalog.write() as c:
        c.execute(text("INSERT INTO folders (location_id, path, path_raw) VALUES (99, 'x', x'')"))
    with pytest.raises(exc.OperationalError, match="no such table"), catalog.read() as c:
        c.execute(text("SELECT * FROM nonsense"))


def test_many_threads_write_one_after_the_other(catalog: Catalog) -> None:
    with catalog.write() as c:
        remember_device(c, 0)

    def add() -> None:
        for _ in range(20):
            with catalog.write() as c:
                seen = c.scalar(select(devices.c.last_seen_at)) or 0
                c.execute(devices.update().values(last_seen_at=seen + 1))

    threads = [threading.Thread(target=add) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    with catalog.read() as c:
        assert c.scalar(select(devices.c.last_seen_at)) == 80


@pytest.mark.usefixtures("impatient")
def test_a_catalog_that_somebody_else_writes_to_is_told_of(path: Path) -> None:
    with open_catalog(path) as catalog, closing(sqlite3.connect(path, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(CatalogError, match="in use by another program") as told, catalog.write():
            pass
        assert "fuser" in told.value.hint
        with catalog.read() as c:
            assert c.scalar(text("SELECT count(*) FROM devices")) == 0
        other.execute("ROLLBACK")
        with catalog.write() as c:
            remember_device(c, 1)


def test_a_full_disk_is_told_of_and_nothing_is_half_written(catalog: Catalog) -> None:
    def write() -> None:
        with catalog.write() as c:
            c.execute(text(f"PRAGMA max_page_count = {c.scalar(text('PRAGMA page_count')) + 5}"))
            fill(c, items=5000)

    with pytest.raises(CatalogError, match="the disk it is on is full"):
        write()
    with catalog.read() as c:
        assert c.scalar(text("SELECT count(*) FROM backup_sessions")) == 0


def test_names_that_mean_something_in_an_address_are_only_names(tmp_path: Path) -> None:
    for name in ("a b.db", "50%.db", "what?.db", "#1.db", "é.db", os.fsdecode(b"\xff.db"), "-x", "a\nb"):
        with open_catalog(tmp_path / name) as catalog, catalog.write() as c:
            remember_device(c, 1)
        assert (tmp_path / name).is_file()
        with open_catalog(tmp_path / name, create=False) as catalog, catalog.read() as c:
            assert c.scalar(text("SELECT count(*) FROM devices")) == 1


def test_a_link_to_a_catalog_is_that_catalog(path: Path, tmp_path: Path) -> None:
    open_catalog(path).close()
    link = tmp_path / "link.db"
    link.symlink_to(path)
    with open_catalog(link) as catalog:
        assert catalog.path == path
    assert sorted(file.name for file in tmp_path.iterdir()) == ["data", "link.db"]


class TestRefused:
    """Nothing is changed by a catalog that is refused: not the file, not its folder."""

    def refused(self, where: Path, match: str) -> CatalogError:
        before = state_of(where.parent)
        for create in (True, False):
            with pytest.raises(CatalogError, match=match) as told:
                open_catalog(where, create=create)
            assert told.value.hint
            assert told.value.exit_code == 20
        assert state_of(where.parent) == before
        return told.value

    @pytest.mark.parametrize("size", [1, 5, 99, 100, 512, 4096, 100_000])
    def test_a_file_that_is_no_database(self, tmp_path: Path, size: int) -> None:
        photo = tmp_path / "IMG_0001.JPG"
        photo.write_bytes(b"\xff\xd8\xff" + b"x" * (size - 3) if size >= 3 else b"x")
        self.refused(photo, "no SQLite database")

    @pytest.mark.parametrize("journal", ["delete", "wal"])
    def test_the_database_of_another_program(self, tmp_path: Path, journal: str) -> None:
        with closing(sqlite3.connect(tmp_path / "other.db")) as other:
            other.execute(f"PRAGMA journal_mode={journal}")
            other.execute("CREATE TABLE photos (x)")
        self.refused(tmp_path / "other.db", "another program")

    def test_another_program_that_numbers_its_versions_the_same_way(self, tmp_path: Path) -> None:
        with closing(sqlite3.connect(tmp_path / "other.db", isolation_level=None)) as other:
            other.execute("CREATE TABLE alembic_version (version_num TEXT)")
            other.execute("INSERT INTO alembic_version VALUES (?)", (migrate.revisions()[-1],))
            other.execute("CREATE TABLE flow_run (x)")
        self.refused(tmp_path / "other.db", "another program")

    def test_another_program_that_has_it_open(self, tmp_path: Path) -> None:
        with closing(sqlite3.connect(tmp_path / "other.db", isolation_level=None)) as other:
            other.execute("PRAGMA journal_mode=wal")
            other.execute("CREATE TABLE photos (x)")
            self.refused(tmp_path / "other.db", "another program")

    def test_a_newer_catalog(self, path: Path) -> None:
        open_catalog(path).close()
        with closing(sqlite3.connect(path, isolation_level=None)) as other:
            other.execute("UPDATE alembic_version SET version_num = '9999'")
        told = self.refused(path, "newer cardcat: it has version 9999")
        assert "pip install --upgrade cardcat" in told.hint

    def test_a_catalog_that_was_cut_short(self, path: Path) -> None:
        open_catalog(path).close()
        path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
        told = self.refused(path, "damaged")
        assert "cardcat catalog restore FILE" in told.hint

    def test_a_catalog_whose_beginning_was_overwritten(self, path: Path) -> None:
        open_catalog(path).close()
        data = path.read_bytes()
        path.write_bytes(b"\0" * 4096 + data[4096:])
        self.refused(path, "no SQLite database")

    def test_a_folder(self, tmp_path: Path) -> None:
        (tmp_path / "data").mkdir()
        assert "catalog.db" in self.refused(tmp_path / "data", "is a folder").hint

    def test_a_pipe(self, tmp_path: Path) -> None:
        os.mkfifo(tmp_path / "pipe")
        self.refused(tmp_path / "pipe", "no regular file")

    def test_a_file_where_its_folder_should_be(self, tmp_path: Path) -> None:
        (tmp_path / "file").write_text("x")
        with pytest.raises(CatalogError, match="not a directory"):
            open_catalog(tmp_path / "file" / "catalog.db")

    @pytest.mark.usefixtures("permissions")
    def test_a_folder_that_can_not_be_written_to(self, tmp_path: Path) -> None:
        (tmp_path / "data").mkdir(mode=0o555)
        self.refused(tmp_path / "data" / "catalog.db", "permission denied|no catalog")
        with pytest.raises(CatalogError, match="permission denied"):
            open_catalog(tmp_path / "data" / "below" / "catalog.db")


@pytest.mark.parametrize("size", [0, 4096])
def test_an_empty_database_becomes_a_catalog(tmp_path: Path, size: int) -> None:
    with closing(sqlite3.connect(tmp_path / "empty.db")) as empty:
        if size:
            empty.execute("PRAGMA journal_mode=wal")
    assert (tmp_path / "empty.db").stat().st_size == size
    with pytest.raises(CatalogError, match="no catalog"):
        open_catalog(tmp_path / "empty.db", create=False)
    open_catalog(tmp_path / "empty.db").close()


def test_nothing_is_made_for_one_who_only_asks(path: Path) -> None:
    assert is_absent(path)
    with pytest.raises(CatalogError, match="There is no catalog at") as told:
        open_catalog(path, create=False)
    assert "cardcat backup" in told.value.hint
    assert not path.parent.exists()
    open_catalog(path).close()
    assert not is_absent(path)


def test_damage_that_shows_later_is_told_of(path: Path) -> None:
    with open_catalog(path) as catalog, catalog.write() as c:
        fill(c, items=2000)
    pages = path.stat().st_size // 4096  # the first ones tell what tables there are
    with path.open("r+b") as file:
        for page in range(pages // 2, pages):
            file.seek(page * 4096)
            file.write(b"\xee" * 4096)
    with (
        open_catalog(path) as catalog,
        pytest.raises(CatalogError, match="is damaged") as told,
        catalog.read() as c,
    ):
        c.execute(text("SELECT * FROM backup_items")).all()
    assert "cardcat catalog restore FILE" in told.value.hint


@pytest.mark.usefixtures("permissions")
def test_a_catalog_that_can_not_be_written_is_told_of(path: Path) -> None:
    open_catalog(path).close()
    path.chmod(0o444)
    with open_catalog(path) as catalog:
        with catalog.read() as c:
            assert c.execute(select(devices)).all() == []
        with pytest.raises(CatalogError, match="read-only"), catalog.write() as c:
            remember_device(c, 1)


@pytest.mark.usefixtures("permissions")
def test_a_copy_of_a_catalog_can_be_asked_where_nothing_can_be_written(path: Path, tmp_path: Path) -> None:
    (tmp_path / "archive").mkdir()
    with open_catalog(path) as catalog:
        backup(catalog, tmp_path / "archive" / "copy.db")
    (tmp_path / "archive").chmod(0o555)
    with open_catalog(tmp_path / "archive" / "copy.db", create=False) as catalog:
        with catalog.read() as c:
            assert c.execute(select(devices)).all() == []
        with pytest.raises(CatalogError, match="can't be used"), catalog.write() as c:
            remember_device(c, 1)


def test_a_catalog_is_not_made_again_under_the_feet_of_a_backup(path: Path) -> None:
    with open_catalog(path) as catalog:
        path.unlink()
        with pytest.raises(CatalogError, match="can't be opened"), catalog.write():
            pass
    assert not path.exists()


@pytest.mark.usefixtures("impatient")
def test_a_catalog_that_is_being_migrated_is_waited_for_then_told_of(path: Path) -> None:
    open_catalog(path).close()
    with lock.alone(path), pytest.raises(CatalogError, match="in use"):
        open_catalog(path)


def test_postgresql_is_not_there_yet() -> None:
    with pytest.raises(CatalogError, match="PostgreSQL is not supported yet"):
        open_catalog("postgresql+psycopg://station@studio/cardcat")
    with pytest.raises(CatalogError, match="begins with mysql://"):
        local_path("mysql://x/y")


def test_where_the_catalog_is(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path))
    monkeypatch.delenv("CARDCAT_CATALOG", raising=False)
    assert default_path() == str(tmp_path / "cardcat" / "catalog.db")
    monkeypatch.setenv("CARDCAT_CATALOG", "~/photos.db")
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    assert local_path(None) == tmp_path / "home" / "photos.db"
    monkeypatch.setenv("CARDCAT_CATALOG", "")
    with open_catalog() as catalog:
        assert catalog.path == tmp_path / "cardcat" / "catalog.db"


def test_an_up_to_date_catalog_opens_without_alembic(path: Path) -> None:
    open_catalog(path).close()
    code = (
        "import sys\n"
        "from cardcat.catalog.engine import open_catalog\n"
        "with open_catalog(sys.argv[1]) as catalog, catalog.read() as c: c.exec_driver_sql('SELECT 1')\n"
        "with open_catalog(sys.argv[1]) as catalog, catalog.write() as c: c.exec_driver_sql('SELECT 1')\n"
        "heavy = {'alembic', 'mako', 'prefect', 'polars', 'pandera', 'duckdb'}\n"
        "print(sorted(heavy & set(sys.modules)))"
    )
    assert run(code, str(path)).stdout == "[]\n"


def test_what_is_asked_of_a_closed_catalog_leaves_no_trace(path: Path) -> None:
    open_catalog(path).close()
    before = state_of(path.parent)
    with open_catalog(path) as catalog, catalog.read() as c:
        c.execute(select(devices)).all()
    assert state_of(path.parent) == before
