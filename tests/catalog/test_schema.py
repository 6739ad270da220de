"""The schema says everywhere the same, and what the canonical tables must say."""

from __future__ import annotations

import re
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from sqlalchemy import create_engine, text

from cardcat.catalog.engine import Catalog
from cardcat.catalog.migrate import upgrade_file
from cardcat.catalog.schema import fresh_schema, schema_of
from cardcat.catalog.tables import content_identity, file_locations, folders, metadata
from cardcat.catalog.views import VIEWS
from tests.catalog.helpers import fill

ROOT = Path(__file__).parents[2]

CANONICAL = {
    "media_files": """
        id INTEGER PRIMARY KEY AUTOINCREMENT; hash TEXT NOT NULL; file_size_bytes INTEGER NOT NULL;
        file_size_human TEXT NOT NULL; media_type TEXT NOT NULL; extension TEXT NOT NULL; camera_make TEXT;
        camera_model TEXT; lens_model TEXT; date_taken TEXT; iso TEXT; aperture TEXT; shutter_speed TEXT;
        focal_length TEXT; software TEXT; duration_seconds REAL; resolution_width INTEGER;
        resolution_height INTEGER; date_added INTEGER NOT NULL; date_modified INTEGER NOT NULL;
        created_at INTEGER NOT NULL DEFAULT strftime('%s', 'now');
        updated_at INTEGER NOT NULL DEFAULT strftime('%s', 'now'); path TEXT""",
    "duplicate_groups": """
        id INTEGER PRIMARY KEY AUTOINCREMENT; total_copies INTEGER NOT NULL;
        total_size_bytes INTEGER NOT NULL; wasted_space_bytes INTEGER NOT NULL;
        media_file_id INTEGER NOT NULL; media_file_hash TEXT NOT NULL""",
    "backup_sessions": """
        id INTEGER PRIMARY KEY AUTOINCREMENT; source_path TEXT NOT NULL; destination_path TEXT NOT NULL;
        files_scanned INTEGER NOT NULL DEFAULT 0; files_copied INTEGER NOT NULL DEFAULT 0;
        files_skipped INTEGER NOT NULL DEFAULT 0; bytes_copied INTEGER NOT NULL DEFAULT 0;
        started_at INTEGER NOT NULL; completed_at INTEGER; duration_seconds INTEGER;
        status TEXT NOT NULL; error_message TEXT""",
}

MEDIA = (
    "INSERT INTO media_files "
    "(hash, file_size_bytes, file_size_human, media_type, extension, date_added, date_modified)"
)
GROUP = (
    "INSERT INTO duplicate_groups "
    "(total_copies, total_size_bytes, wasted_space_bytes, media_file_id, media_file_hash)"
)


@pytest.fixture
def plain(catalog: Catalog) -> sqlite3.Connection:
    """The catalog, by SQLite alone."""
    connection = sqlite3.connect(catalog.path, isolation_level=None)
    connection.execute("PRAGMA foreign_keys=ON")
    return connection


def columns(connection: sqlite3.Connection, table: str) -> list[str]:
    """Name, type and conditions of each column, in order."""
    found = connection.execute(f"PRAGMA table_info({table})").fetchall()
    return [
        " ".join(
            [
                name,
                type_,
                *(["PRIMARY KEY AUTOINCREMENT"] if is_key else ["NOT NULL"] if required else []),
                *([f"DEFAULT {default}"] if default else []),
            ]
        )
        for _, name, type_, required, default, is_key in found
    ]


@pytest.mark.parametrize("table", CANONICAL)
def test_the_canonical_tables_have_every_column_in_order(plain: sqlite3.Connection, table: str) -> None:
    assert columns(plain, table) == [" ".join(one.split()) for one in CANONICAL[table].split(";")]
    sql = plain.execute("SELECT sql FROM sqlite_master WHERE name = ?", (table,)).fetchone()[0]
    assert "PRIMARY KEY AUTOINCREMENT" in sql


def test_the_canonical_checks_hold(plain: sqlite3.Connection) -> None:
    for kind in ("image", "video"):
        plain.execute(f"{MEDIA} VALUES (?, 1, '1 B', ?, 'jpg', 1, 1)", (kind, kind))
    for wrong in ("audio", "IMAGE", ""):
        with pytest.raises(sqlite3.IntegrityError, match="CHECK"):
            plain.execute(f"{MEDIA} VALUES (?, 1, '1 B', ?, 'jpg', 1, 1)", (wrong, wrong))
    with pytest.raises(sqlite3.IntegrityError, match="UNIQUE"):
        plain.execute(f"{MEDIA} VALUES ('image', 1, '1 B', 'image', 'jpg', 1, 1)")
    session = "INSERT INTO backup_sessions (source_path, destination_path, started_at, status)"
    for status in ("running", "completed", "failed", "cancelled"):
        plain.execute(f"{session} VALUES ('a', 'b', 1, ?)", (status,))
    with pytest.raises(sqlite3.IntegrityError, match="CHECK"):
        plain.execute(f"{session} VALUES ('a', 'b', 1, 'paused')")
    assert plain.execute("SELECT sum(files_scanned + bytes_copied) FROM backup_sessions").fetchone() == (0,)


def test_times_of_a_row_are_set_by_the_database(plain: sqlite3.Connection) -> None:
    plain.execute(f"{MEDIA} VALUES ('h', 1, '1 B', 'image', 'jpg', 1, 1)")
    query = "SELECT typeof(created_at), abs(updated_at - strftime('%s', 'now')) < 60 FROM media_files"
    assert plain.execute(query).fetchone() == ("integer", 1)


def test_a_duplicate_group_goes_with_its_media_file(plain: sqlite3.Connection) -> None:
    plain.execute(f"{MEDIA} VALUES ('h', 1, '1 B', 'image', 'jpg', 1, 1)")
    plain.execute(f"{GROUP} VALUES (2, 2, 1, 1, 'h')")
    for wrong in ("9, 'h'", "1, 'x'", "1, 'h'"):
        with pytest.raises(sqlite3.IntegrityError):
            plain.execute(f"{GROUP} VALUES (2, 2, 1, {wrong})")
    plain.execute("DELETE FROM media_files")
    assert plain.execute("SELECT count(*) FROM duplicate_groups").fetchone() == (0,)


def test_the_schema_as_text_is_what_the_migrations_make() -> None:
    """If not: `python -m cardcat.catalog.schema > sql/schema.sql`."""
    assert (ROOT / "sql" / "schema.sql").read_text() == fresh_schema()


def test_the_tables_are_what_the_migrations_make(tmp_path: Path) -> None:
    upgrade_file(tmp_path / "catalog.db")
    with (
        closing(sqlite3.connect(":memory:")) as made,
        closing(sqlite3.connect(tmp_path / "catalog.db")) as opened,
    ):
        engine = create_engine("sqlite://", creator=lambda: made)
        metadata.create_all(engine)
        for view in VIEWS:
            made.execute(view)
        assert statements(made) == statements(opened)


def test_alembic_sees_no_difference_either(catalog: Catalog) -> None:
    with catalog.read() as c:
        context = MigrationContext.configure(c, opts={"compare_type": True, "compare_server_default": True})
        assert compare_metadata(context, metadata) == []


def statements(connection: sqlite3.Connection) -> set[tuple[str, frozenset[str]]]:
    """Each statement as its columns in order and its conditions in any."""
    found = set()
    whole = re.sub(r"NOT NULL, (?=\w+ [A-Z])", "NOT NULL,\n", schema_of(connection))  # a column added later
    for statement in whole.split(";\n"):
        lines = [re.sub(r",$", "", line.strip()) for line in statement.splitlines() if line.strip()]
        conditions = frozenset(line for line in lines if line.startswith("CONSTRAINT"))
        found.add((" ".join(line for line in lines if line not in conditions), conditions))
    return found


def test_entries_show_each_file_with_its_whole_path(catalog: Catalog) -> None:
    with catalog.write() as c:
        filled = fill(c)
        place = {"location_id": filled.location, "path_raw": b""}
        c.execute(folders.insert(), [{"id": 1, "path": ""} | place, {"id": 2, "path": "2024/05"} | place])
        content = {"id": 7, "cas_id": "h", "kind": "image", "size_bytes": 5, "created_at": 1}
        c.execute(content_identity.insert(), content)
        c.execute(file_locations.insert(), [_copy(1, "top.jpg"), _copy(2, "deep.jpg")])
        rows = c.execute(text("SELECT * FROM entries ORDER BY id")).mappings().all()
    assert [row["path"] for row in rows] == ["top.jpg", "2024/05/deep.jpg"]
    assert [row["relative_path"] for row in rows] == ["", "2024/05"]
    assert {row["location_id"] for row in rows} == {filled.location}
    assert {row["modified_at"] for row in rows} == {1500000000}
    assert {(row["kind"], row["content_id"], row["status"]) for row in rows} == {("file", 7, "present")}


def _copy(folder: int, name: str) -> dict[str, str | int]:
    return {
        "folder_id": folder,
        "name": name,
        "content_id": 7,
        "size": 5,
        "mtime_ns": 1500000000123456789,
        "role": "backup",
        "evidence": "read_back",
        "first_seen_at": 1,
        "last_seen_at": 1,
    }
