"""Every attempt of a session, the cards that are backed up when they appear, which catalog this is."""

from __future__ import annotations

from uuid import uuid4

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"

_BIG = sa.BigInteger().with_variant(sa.Integer(), "sqlite")

# Of a session from before, its last attempt is known; what came before that is counted with it. Statistics
# are written when a session ends, so one that was killed is counted now.
_KNOWN = """
    INSERT INTO session_attempts (
        session_id, attempt, run_id, flow_run_id, started_at, ended_at, status, message,
        files_copied, files_skipped, files_failed, files_pending, bytes_copied
    )
    SELECT s.id, d.attempts, d.run_id, d.flow_run_id, d.attempt_started_at, s.completed_at, s.status,
        s.error_message, coalesce(j.files, s.files_copied), s.files_skipped, d.files_failed,
        s.files_scanned - s.files_copied - s.files_skipped - d.files_failed,
        coalesce(j.bytes, s.bytes_copied)
    FROM backup_sessions s JOIN session_details d ON d.session_id = s.id
    LEFT JOIN (
        SELECT i.session_id, count(*) AS files, sum(i.size) AS bytes
        FROM backup_items i JOIN backup_sessions k ON k.id = i.session_id
        WHERE k.status = 'running' AND i.state = 'verified' GROUP BY i.session_id
    ) j ON j.session_id = s.id
"""


def upgrade() -> None:
    """Add tables, with what is known of the sessions so far; those that are there stay as they are."""
    op.create_table(
        "session_attempts",
        _reference("session_id", "backup_sessions.id"),
        sa.Column("attempt", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("run_id", sa.Text, nullable=False),
        sa.Column("flow_run_id", sa.Text),
        sa.Column("started_at", _BIG, nullable=False),
        sa.Column("ended_at", _BIG),
        sa.Column("status", sa.Text, nullable=False),
        sa.Column("message", sa.Text),
        *(
            sa.Column(name, _BIG, nullable=False, server_default=sa.text("0"))
            for name in ("files_copied", "files_skipped", "files_failed", "files_pending")
        ),
        sa.Column("bytes_copied", _BIG, nullable=False, server_default=sa.text("0")),
        sa.Column("bytes_read", _BIG, nullable=False, server_default=sa.text("0")),
        sa.CheckConstraint("status IN ('running', 'completed', 'failed', 'cancelled')", name="status"),
        sqlite_with_rowid=False,
    )
    op.execute(_KNOWN)
    op.create_table(
        "attempt_stages",
        _reference("session_id", "backup_sessions.id"),
        sa.Column("attempt", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("stage", sa.Text, primary_key=True),
        sa.Column("seconds", sa.Double().with_variant(sa.REAL(), "sqlite"), nullable=False),
        sa.Column("files", _BIG, nullable=False),
        sa.Column("bytes", _BIG, nullable=False),
        sa.CheckConstraint(
            "stage IN ('scan', 'hash', 'dedupe', 'copy', 'verify', 'metadata', 'record')", name="stage"
        ),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "watched_cards",
        _reference("volume_id", "volumes.id"),
        sa.Column("layout", sa.Text, nullable=False),
        sa.Column("timezone", sa.Text),
        sa.Column("excludes", sa.Text, nullable=False, server_default=sa.text("'[]'")),
        sa.Column("added_at", _BIG, nullable=False),
        sa.CheckConstraint("layout IN ('dated', 'tree')", name="layout"),
    )
    op.create_table(
        "watched_destinations",
        _reference("volume_id", "watched_cards.volume_id"),
        sa.Column("position", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("drive_id", _BIG, sa.ForeignKey("volumes.id", ondelete="CASCADE"), nullable=False),
        sa.Column("path", sa.Text, nullable=False),
        sa.Column("path_raw", sa.LargeBinary, nullable=False),
        sa.Column("handled", sa.Text),
        sa.Column("handled_at", _BIG),
        sa.Column("starter", sa.Text),
        sa.Column("flow_run_id", sa.Text),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "watch_notes",
        sa.Column("volume_key", sa.Text, primary_key=True),
        sa.Column("about", sa.Text, primary_key=True),
        sa.Column("stay", sa.Text, nullable=False),
        sa.Column("told_at", _BIG, nullable=False),
        sqlite_with_rowid=False,
    )
    identity = op.create_table(
        "catalog_identity", sa.Column("uuid", sa.Text, primary_key=True), sqlite_with_rowid=False
    )
    op.bulk_insert(identity, [{"uuid": str(uuid4())}])


def _reference(name: str, target: str) -> sa.Column[int]:
    """A part of the key that goes with what it names."""
    return sa.Column(
        name, _BIG, sa.ForeignKey(target, ondelete="CASCADE"), primary_key=True, autoincrement=False
    )
