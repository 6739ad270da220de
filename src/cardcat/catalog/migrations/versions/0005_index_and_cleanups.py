"""Existing folders that are indexed, also without reading their files, and duplicates that are put away."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from cardcat.catalog.views import ENTRIES

revision = "0005"
down_revision = "0004"

_BIG = sa.BigInteger().with_variant(sa.Integer(), "sqlite")

_FILE_LOCATIONS = """
CREATE TABLE file_locations_new (
    id INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
    folder_id INTEGER NOT NULL,
    name TEXT NOT NULL,
    name_raw BLOB NOT NULL,
    content_id INTEGER,
    size INTEGER NOT NULL,
    mtime_ns INTEGER NOT NULL,
    role TEXT NOT NULL,
    status TEXT DEFAULT 'present' NOT NULL,
    evidence TEXT NOT NULL,
    verified_at INTEGER,
    verified_how TEXT,
    session_id INTEGER,
    first_seen_at INTEGER NOT NULL,
    last_seen_at INTEGER NOT NULL,
    CONSTRAINT uq_file_locations_folder_id_name_name_raw UNIQUE (folder_id, name, name_raw),
    CONSTRAINT ck_file_locations_role CHECK (role IN ('library', 'backup', 'archive', 'source')),
    CONSTRAINT ck_file_locations_status CHECK (\
status IN ('present', 'missing', 'unavailable', 'quarantined', 'deleted')),
    CONSTRAINT ck_file_locations_evidence CHECK (\
evidence IN ('claimed', 'written', 'synced', 'read_back', 'read_back_cold')),
    CONSTRAINT fk_file_locations_folder_id FOREIGN KEY(folder_id) REFERENCES folders (id),
    CONSTRAINT fk_file_locations_content_id FOREIGN KEY(content_id) REFERENCES content_identity (id),
    CONSTRAINT fk_file_locations_session_id FOREIGN KEY(session_id) \
REFERENCES backup_sessions (id) ON DELETE SET NULL
)
"""


def upgrade() -> None:
    """A file location may have no content; add tables. Every row stays as it is."""
    if op.get_bind().dialect.name == "sqlite":
        _rebuild_file_locations()
    else:
        op.alter_column("file_locations", "content_id", existing_type=_BIG, nullable=True)
    _index()
    _cleanups()


def _rebuild_file_locations() -> None:
    """SQLite can't take a NOT NULL away: the rows move to a table that has none."""
    numbered = "SELECT seq FROM sqlite_sequence WHERE name = 'file_locations'"
    last = op.get_bind().exec_driver_sql(numbered).scalar() or 0
    op.execute("DROP VIEW entries")
    op.execute(_FILE_LOCATIONS)
    op.execute("INSERT INTO file_locations_new SELECT * FROM file_locations")
    op.execute("DROP TABLE file_locations")
    op.execute("ALTER TABLE file_locations_new RENAME TO file_locations")
    op.execute("DELETE FROM sqlite_sequence WHERE name = 'file_locations'")
    op.execute(
        sa.text("INSERT INTO sqlite_sequence (name, seq) VALUES ('file_locations', :last)").bindparams(
            last=last
        )
    )
    op.create_index("ix_file_locations_content_id_status", "file_locations", ["content_id", "status"])
    op.create_index("ix_file_locations_status_verified_at", "file_locations", ["status", "verified_at"])
    op.execute(ENTRIES)


def _index() -> None:
    op.create_table(
        "index_rules",
        sa.Column(
            "location_id",
            _BIG,
            sa.ForeignKey("locations.id", ondelete="CASCADE"),
            primary_key=True,
            autoincrement=False,
        ),
        sa.Column("includes", sa.Text, nullable=False, server_default=sa.text("'[]'")),
        sa.Column("excludes", sa.Text, nullable=False, server_default=sa.text("'[]'")),
        sa.Column("owner", sa.Text),
        sa.Column("flow_run_id", sa.Text),
        sa.Column("updated_at", _BIG, nullable=False),
    )
    op.create_table(
        "index_findings",
        sa.Column("id", _BIG, primary_key=True, autoincrement=True),
        sa.Column("location_id", _BIG, sa.ForeignKey("locations.id", ondelete="CASCADE"), nullable=False),
        sa.Column("path", sa.Text, nullable=False),
        sa.Column("path_raw", sa.LargeBinary, nullable=False),
        *_texts("stage", "error_type", "message"),
        sa.Column("found_at", _BIG, nullable=False),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_index_findings_location_id", "index_findings", ["location_id"])


def _cleanups() -> None:
    op.create_table(
        "cleanups",
        sa.Column("id", _BIG, primary_key=True, autoincrement=True),
        sa.Column("plan_hash", sa.Text, nullable=False, unique=True),
        *_texts("plan_path", "status"),
        sa.Column("error_message", sa.Text),
        sa.Column("owner", sa.Text),
        sa.Column("started_at", _BIG, nullable=False),
        sa.Column("completed_at", _BIG),
        sa.CheckConstraint(
            "status IN ('running', 'completed', 'failed', 'cancelled', 'undone')", name="status"
        ),
        sqlite_autoincrement=True,
    )
    op.create_table(
        "cleanup_steps",
        sa.Column(
            "cleanup_id",
            _BIG,
            sa.ForeignKey("cleanups.id", ondelete="CASCADE"),
            primary_key=True,
            autoincrement=False,
        ),
        sa.Column("number", sa.Integer, primary_key=True, autoincrement=False),
        *_texts("action", "state"),
        sa.Column("reason", sa.Text),
        sa.Column("hash", sa.Text, nullable=False),
        sa.Column("size", _BIG, nullable=False),
        sa.Column("file_location_id", _BIG, sa.ForeignKey("file_locations.id", ondelete="SET NULL")),
        sa.Column("keeper_id", _BIG, sa.ForeignKey("file_locations.id", ondelete="SET NULL")),
        sa.Column("location_id", _BIG, sa.ForeignKey("locations.id"), nullable=False),
        sa.Column("path", sa.Text, nullable=False),
        sa.Column("path_raw", sa.LargeBinary, nullable=False),
        sa.Column("aside", sa.Text),
        sa.Column("aside_raw", sa.LargeBinary, nullable=False),
        sa.Column("mtime_ns", _BIG, nullable=False),
        *(sa.Column(name, _BIG) for name in ("inode", "twin_inode", "folder_mtime_ns")),
        *(sa.Column(name, sa.Integer) for name in ("mode", "uid", "gid")),
        sa.Column("updated_at", _BIG, nullable=False),
        sa.CheckConstraint("action IN ('quarantine', 'hardlink', 'reflink')", name="action"),
        sa.CheckConstraint(
            "state IN ('planned', 'doing', 'done', 'refused', 'failed', 'undoing', 'undone')", name="state"
        ),
        sqlite_with_rowid=False,
    )
    op.create_index("ix_cleanup_steps_file_location_id", "cleanup_steps", ["file_location_id"])
    op.create_index("ix_cleanup_steps_keeper_id", "cleanup_steps", ["keeper_id"])


def _texts(*names: str) -> list[sa.Column[str]]:
    return [sa.Column(name, sa.Text, nullable=False) for name in names]
