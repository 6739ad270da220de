"""A catalog comes to a newer version whole or not at all, and keeps every row."""

from __future__ import annotations

import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest
from alembic.script import ScriptDirectory
from sqlalchemy import Engine, event, text

from cardcat.catalog import lock, migrate, sqlite
from cardcat.catalog.engine import open_catalog
from cardcat.catalog.migrate import State, judge
from cardcat.catalog.schema import schema_of
from cardcat.catalog.sqlite import Contents
from cardcat.errors import CatalogError
from tests.catalog.helpers import LATER, PRESENT, fill, hold, rows_of, run_killed

Later = Callable[[str], Path]

# Each session has rows of three tables that go away with it, and file locations that lose it.
SESSIONS = """\
with op.batch_alter_table("backup_sessions", recreate="always") as table:
    table.add_column(sa.Column("note", sa.Text))
"""
REBUILD = f"""\
{SESSIONS}
with op.batch_alter_table("volumes", recreate="always") as table:
    table.add_column(sa.Column("serial", sa.Text))
"""
KILL = "os.kill(os.getpid(), signal.SIGKILL)\n"
SPILL = "op.execute('PRAGMA cache_size = 1')\nop.execute('UPDATE backup_items SET size = size + 1')\n"

OPEN = (
    "import sys\n"
    "from pathlib import Path\n"
    "from cardcat.catalog import migrate\n"
    "from cardcat.catalog.engine import open_catalog\n"
    "migrate.MIGRATIONS = Path(sys.argv[2])\n"
)


@pytest.fixture
def filled(path: Path) -> Path:
    """A catalog of the version before, with rows in it."""
    with open_catalog(path) as catalog, catalog.write() as c:
        fill(c, items=3000)
    return path


def copies_beside(path: Path) -> list[Path]:
    return sorted(path.parent.glob(f"{path.name}.before-*"))


def test_the_revisions_are_those_of_the_files() -> None:
    script = ScriptDirectory(str(migrate.MIGRATIONS))
    assert migrate.revisions() == [one.revision for one in script.walk_revisions()][::-1]


SETTINGS = ("page_size", "encoding", "auto_vacuum", "application_id", "user_version", "journal_mode")


def described(path: Path) -> tuple[object, ...]:
    """All that a database is, but for the layout of its statements and for which catalog it is."""
    with closing(sqlite3.connect(path)) as connection:
        settings = [connection.execute(f"PRAGMA {name}").fetchone() for name in SETTINGS]
        tables = connection.execute("SELECT name FROM sqlite_master WHERE type = 'table' ORDER BY name")
        names = [name for (name,) in tables if name != "sqlite_sequence"]  # the numbers that were given away
        columns = {name: connection.execute(f"PRAGMA table_xinfo({name})").fetchall() for name in names}
        rows = {name: connection.execute(f"SELECT * FROM {name}").fetchall() for name in names}
        rows["catalog_identity"] = [len(row) for row in rows["catalog_identity"]]
        return schema_of(connection), settings, columns, rows


def test_a_new_catalog_is_what_the_migrations_make(tmp_path: Path) -> None:
    open_catalog(tmp_path / "at once.db").close()
    migrate.upgrade_file(tmp_path / "in steps.db")
    assert described(tmp_path / "at once.db") == described(tmp_path / "in steps.db")


def test_a_new_catalog_needs_no_migration(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(migrate, "upgrade", lambda _: pytest.fail("a new catalog ran the migrations"))
    open_catalog(path).close()
    assert migrate.state(path) is State.CURRENT


@pytest.mark.parametrize(
    "damage",
    [
        lambda _: b"",
        lambda schema: schema.replace(f"Revision {PRESENT}".encode(), b"Revision 0001"),
        lambda schema: schema[: schema.rindex(b"\nCREATE")],
        lambda schema: schema.replace(b"NOT NULL", b"", 1),
        lambda schema: schema + b"\xff",
    ],
)
def test_where_the_schema_is_not_that_of_this_version_the_migrations_make_it(
    path: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, damage: Callable[[bytes], bytes]
) -> None:
    migrate.upgrade_file(tmp_path / "in steps.db")
    schema = tmp_path / "schema.sql"
    schema.write_bytes(damage(migrate.SCHEMA.read_bytes()))
    monkeypatch.setattr(migrate, "SCHEMA", schema)
    open_catalog(path).close()
    assert described(path) == described(tmp_path / "in steps.db")


def test_two_new_catalogs_are_not_the_same(tmp_path: Path) -> None:
    found = set()
    for name in ("a.db", "b.db"):
        with open_catalog(tmp_path / name) as catalog, catalog.read() as c:
            found.add(c.scalar(text("SELECT uuid FROM catalog_identity")))
    assert len(found) == 2


def test_rebuilding_a_parent_table_keeps_every_row(filled: Path, later: Later) -> None:
    before = rows_of(filled)
    later(REBUILD)
    with open_catalog(filled) as catalog, catalog.read() as c:
        assert c.scalar(text("SELECT version_num FROM alembic_version")) == LATER
        assert c.scalar(text("SELECT note FROM backup_sessions")) is None
        assert c.execute(text("PRAGMA foreign_key_check")).all() == []
    after = rows_of(filled)
    assert len(after["backup_items"]) == 3000
    for name in ("backup_items", "backup_errors", "session_details", "locations", "devices"):
        assert after[name] == before[name]
    assert after["backup_sessions"] == [(*row, None) for row in before["backup_sessions"]]


def test_with_foreign_keys_enforced_it_would_not(
    filled: Path, later: Later, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The test above is worth something: what it guards against does happen."""
    later(SESSIONS)

    def enforcing(path: Path) -> Engine:
        return sqlite.writing_engine(path)

    monkeypatch.setattr(sqlite, "migrating_engine", enforcing)
    open_catalog(filled).close()
    assert rows_of(filled)["backup_items"] == []


def test_a_migration_keeps_a_checked_copy_of_what_was(filled: Path, later: Later) -> None:
    before = rows_of(filled)
    assert copies_beside(filled) == []
    later(REBUILD)
    open_catalog(filled).close()
    (copy,) = copies_beside(filled)
    assert copy.name.startswith(f"catalog.db.before-{LATER}-")
    assert rows_of(copy) == before
    assert sorted(file.name for file in filled.parent.iterdir()) == [
        "catalog.db",
        copy.name,
        "catalog.db.lock",
    ]


def test_what_was_not_yet_in_the_main_file_is_in_the_copy_too(filled: Path, later: Later) -> None:
    """A copy of the file alone would lack what lies in the write-ahead log."""
    code = OPEN + (
        "import os\n"
        "with open_catalog(sys.argv[1]) as catalog:\n"
        "    with catalog.write() as c: c.exec_driver_sql(\"UPDATE devices SET name = 'last'\")\n"
        "    os.kill(os.getpid(), 9)\n"
    )
    run_killed(code, str(filled), str(migrate.MIGRATIONS))
    assert (filled.parent / "catalog.db-wal").stat().st_size > 0
    later(REBUILD)
    open_catalog(filled).close()
    assert rows_of(copies_beside(filled)[0])["devices"][0][2] == "last"
    assert rows_of(filled)["devices"][0][2] == "last"


@pytest.mark.parametrize(
    "body",
    [
        pytest.param(KILL, id="at its begin"),
        pytest.param("op.drop_table('backup_errors')\n" + KILL, id="after a table was dropped"),
        pytest.param(REBUILD + KILL, id="after tables were rebuilt"),
        pytest.param(SPILL + REBUILD + KILL, id="when pages were already written out"),
    ],
)
def test_a_kill_in_a_migration_leaves_the_catalog_as_it_was(filled: Path, later: Later, body: str) -> None:
    before = rows_of(filled)
    folder = later(body)
    run_killed(OPEN + "open_catalog(sys.argv[1])", str(filled), str(folder))
    assert rows_of(filled) == before
    (folder / "versions" / f"{LATER}_later.py").write_text(
        (folder / "versions" / f"{LATER}_later.py").read_text().replace(KILL.strip(), "pass")
    )
    open_catalog(filled).close()
    assert rows_of(filled)["alembic_version"] == [(LATER,)]
    assert len(copies_beside(filled)) == 2


def test_a_kill_right_before_the_commit_leaves_the_catalog_as_it_was(filled: Path, later: Later) -> None:
    before = rows_of(filled)
    folder = later(REBUILD)
    code = OPEN + (
        "import os\n"
        "migrate._check_references = lambda path, c: os.kill(os.getpid(), 9)\n"
        "open_catalog(sys.argv[1])\n"
    )
    run_killed(code, str(filled), str(folder))
    assert rows_of(filled) == before


def test_a_kill_while_the_catalog_is_made_leaves_none(path: Path) -> None:
    code = OPEN + ("import os\nmigrate.uuid4 = lambda: os.kill(os.getpid(), 9)\nopen_catalog(sys.argv[1])\n")
    run_killed(code, str(path), str(migrate.MIGRATIONS))
    with pytest.raises(CatalogError, match="There is no catalog"):
        open_catalog(path, create=False)
    with open_catalog(path) as catalog, catalog.write() as c:
        fill(c)


def test_a_kill_while_the_copy_is_made_leaves_no_part_of_it(filled: Path, later: Later) -> None:
    folder = later(REBUILD)
    code = OPEN + (
        "import os\n"
        "from cardcat.catalog import sqlite\n"
        "sqlite.problems = lambda connection: os.kill(os.getpid(), 9)\n"
        "open_catalog(sys.argv[1])\n"
    )
    run_killed(code, str(filled), str(folder))
    assert list(filled.parent.glob(".*.partial"))
    open_catalog(filled).close()
    assert not list(filled.parent.glob(".*"))


@pytest.mark.parametrize(
    ("body", "error"),
    [
        ("op.drop_table('backup_errors')\nraise KeyError('bug')", KeyError),
        (
            "op.execute('DELETE FROM volumes')",
            CatalogError,
        ),
    ],
)
def test_a_migration_that_fails_changes_nothing(
    filled: Path, later: Later, body: str, error: type[Exception]
) -> None:
    before = rows_of(filled)
    later(body)
    with pytest.raises(error):
        open_catalog(filled)
    assert rows_of(filled) == before


def test_a_migration_that_would_break_a_reference_says_so(filled: Path, later: Later) -> None:
    later("op.execute('DELETE FROM volumes')")
    with pytest.raises(CatalogError, match="would refer to a missing row of volumes") as told:
        open_catalog(filled)
    assert told.value.hint


def test_a_damaged_catalog_is_not_migrated(filled: Path, later: Later) -> None:
    with filled.open("r+b") as file:
        file.seek(-4096, 2)
        file.write(b"\xee" * 4096)
    before = filled.read_bytes()
    later(REBUILD)
    with pytest.raises(CatalogError, match="is damaged"):
        open_catalog(filled)
    assert filled.read_bytes() == before
    assert copies_beside(filled) == []
    assert not list(filled.parent.glob(".*"))


@pytest.mark.usefixtures("impatient")
def test_a_catalog_in_use_by_the_version_before_is_not_migrated(filled: Path, later: Later) -> None:
    with open_catalog(filled):
        later(REBUILD)
        with pytest.raises(CatalogError, match="in use"):
            open_catalog(filled)
    assert rows_of(filled)["alembic_version"] == [(PRESENT,)]
    open_catalog(filled).close()
    assert rows_of(filled)["alembic_version"] == [(LATER,)]


def test_processes_that_open_at_once_migrate_once(filled: Path, later: Later) -> None:
    folder = later(REBUILD)
    code = OPEN + "open_catalog(sys.argv[1]).close()"
    command = [sys.executable, "-c", code, str(filled), str(folder)]
    processes = [subprocess.Popen(command, stderr=subprocess.PIPE) for _ in range(3)]
    assert [process.communicate()[1] for process in processes] == [b""] * 3
    assert rows_of(filled)["alembic_version"] == [(LATER,)]
    assert len(copies_beside(filled)) == 1


def test_processes_that_open_at_once_make_one_catalog(path: Path) -> None:
    code = OPEN + "open_catalog(sys.argv[1]).close()"
    command = [sys.executable, "-c", code, str(path), str(migrate.MIGRATIONS)]
    processes = [subprocess.Popen(command, stderr=subprocess.PIPE) for _ in range(3)]
    assert [process.communicate()[1] for process in processes] == [b""] * 3
    assert rows_of(path)["alembic_version"] == [(migrate.revisions()[-1],)]


def test_migrating_twice_does_nothing_the_second_time(filled: Path, later: Later) -> None:
    later(REBUILD)
    with lock.alone(filled):
        first, second = migrate.migrate(filled), migrate.migrate(filled)
    assert (first.before, first.after, first.copy) == (PRESENT, LATER, copies_beside(filled)[0])
    assert (second.before, second.after, second.copy) == (LATER, LATER, None)


def test_the_version_before_refuses_what_is_newer(filled: Path, later: Later) -> None:
    original = migrate.MIGRATIONS
    later(REBUILD)
    open_catalog(filled).close()
    before = filled.read_bytes()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(migrate, "MIGRATIONS", original)
        with pytest.raises(CatalogError, match=f"newer cardcat: it has version {LATER}"):
            open_catalog(filled)
    assert filled.read_bytes() == before


def test_how_a_database_stands_to_the_program() -> None:
    ours = frozenset({"alembic_version", "media_files", "backup_sessions"})
    known = ["0001", "0002"]
    assert judge(None, known) is State.ABSENT
    assert judge(Contents(frozenset(), None), known) is State.ABSENT
    assert judge(Contents(ours, "0001"), known) is State.OLDER
    assert judge(Contents(ours | {"more"}, "0002"), known) is State.CURRENT
    assert judge(Contents(ours, "0003"), known) is State.NEWER
    assert judge(Contents(ours, None), known) is State.FOREIGN
    assert judge(Contents(frozenset({"alembic_version"}), "0001"), known) is State.FOREIGN
    assert judge(Contents(frozenset({"media_files", "backup_sessions"}), None), known) is State.FOREIGN


def test_a_copy_can_be_read_by_itself(filled: Path, later: Later) -> None:
    """It needs no file beside it, so it also opens on a medium that can't be written to."""
    later(REBUILD)
    open_catalog(filled).close()
    with closing(sqlite3.connect(f"{copies_beside(filled)[0].as_uri()}?immutable=1", uri=True)) as copy:
        assert copy.execute("PRAGMA journal_mode").fetchone() == ("delete",)


def test_a_catalog_of_the_first_version_comes_through_with_every_row(first: Path) -> None:
    before = rows_of(first)
    assert before["alembic_version"] == [("0001",)]
    assert all(before[table] for table in ("media_files", "file_locations", "backup_items"))
    with open_catalog(first) as catalog, catalog.read() as c:
        assert c.execute(text("PRAGMA foreign_key_check")).all() == []
    after = rows_of(first)
    after["backup_items"] = [row[:-1] for row in after["backup_items"] if row[-1] == 0]  # no repeats yet
    assert {name: after[name] for name in before if name != "alembic_version"} == {
        name: rows for name, rows in before.items() if name != "alembic_version"
    }
    assert len(after.pop("session_attempts")) == len(before["backup_sessions"])
    assert len(after.pop("catalog_identity")) == 1
    assert all(not rows for name, rows in after.items() if name not in before)
    assert rows_of(copies_beside(first)[0]) == before


def test_a_kill_while_it_comes_to_this_version_leaves_it_as_it_was(first: Path) -> None:
    before = rows_of(first)
    code = OPEN + (
        "import os\n"
        "migrate._check_references = lambda path, c: os.kill(os.getpid(), 9)\n"
        "open_catalog(sys.argv[1])\n"
    )
    run_killed(code, str(first), str(migrate.MIGRATIONS))
    assert rows_of(first) == before
    open_catalog(first).close()
    assert rows_of(first)["alembic_version"] == [(PRESENT,)]
    assert rows_of(first)["media_files"] == before["media_files"]


def at_version(folder: Path, path: Path, revision: str) -> Path:
    """A catalog as the program of *revision* made it, with rows in it."""
    newer = [f"{name}*" for name in migrate.revisions() if name > revision]
    shutil.copytree(migrate.MIGRATIONS, folder, ignore=shutil.ignore_patterns("__pycache__", *newer))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(migrate, "MIGRATIONS", folder)
        with open_catalog(path) as catalog, catalog.write() as c:
            fill(c, items=300)
            hold(c)
    return path


class Refusing:
    """Refuses the n-th statement of a migration, the commit counts as one; 0: none, and counts them."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.count = self.at = 0
        self._plain = sqlite.migrating_engine
        monkeypatch.setattr(sqlite, "migrating_engine", self._engine)

    def _engine(self, path: Path) -> Engine:
        engine = self._plain(path)
        event.listen(engine, "before_cursor_execute", self._step)
        event.listen(engine, "commit", self._step)
        return engine

    def _step(self, *_: object) -> None:
        self.count += 1
        if self.count == self.at:
            raise KeyError(self.at)


@pytest.mark.parametrize("revision", migrate.revisions()[:-1])
def test_a_migration_that_fails_at_any_statement_leaves_the_catalog_as_it_was(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, revision: str
) -> None:
    path = at_version(tmp_path / "then", tmp_path / "data" / "catalog.db", revision)
    before, data = rows_of(path), path.read_bytes()
    refusing = Refusing(monkeypatch)
    open_catalog(path).close()
    statements, after = refusing.count, rows_of(path)
    assert statements > 5
    assert after["alembic_version"] == [(PRESENT,)]
    for refusing.at in range(1, statements + 1):
        path.write_bytes(data)
        refusing.count = 0
        with pytest.raises(KeyError):
            open_catalog(path)
        assert rows_of(path) == before, refusing.at
    refusing.at = 0
    open_catalog(path).close()
    again = rows_of(path)
    assert len(again["catalog_identity"]) == 1, "each time another one"
    assert again | {"catalog_identity": []} == after | {"catalog_identity": []}


KILLED = """\
import os
from sqlalchemy import event
from cardcat.catalog import sqlite
left, plain = [int(sys.argv[3])], sqlite.migrating_engine
def step(*_):
    left[0] -= 1
    if left[0] == 0: os.kill(os.getpid(), 9)
def watched(path):
    engine = plain(path)
    event.listen(engine, "before_cursor_execute", step)
    event.listen(engine, "commit", step)
    return engine
sqlite.migrating_engine = watched
open_catalog(sys.argv[1]).close()
"""


@pytest.mark.parametrize("step", [1, 4, 7])
def test_a_migration_to_this_version_that_is_killed_leaves_the_catalog_as_it_was(
    tmp_path: Path, step: int
) -> None:
    before_last = migrate.revisions()[-2]
    path = at_version(tmp_path / "then", tmp_path / "data" / "catalog.db", before_last)
    before = rows_of(path)
    run_killed(OPEN + KILLED, str(path), str(migrate.MIGRATIONS), str(step))
    assert rows_of(path) == before
    open_catalog(path).close()
    assert rows_of(path)["alembic_version"] == [(PRESENT,)]
