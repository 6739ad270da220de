"""Every attempt of a session, and how long its stages took."""

from __future__ import annotations

from sqlalchemy import Column, Integer, Table, Text, text

from cardcat.catalog.tables.base import Big, Real, metadata, one_of, reference

session_attempts = Table(
    "session_attempts",  # what was done before counts as skipped; failed and pending are those at its end
    metadata,
    reference("session_id", "backup_sessions.id", on_delete="CASCADE", primary_key=True, autoincrement=False),
    Column("attempt", Integer, primary_key=True, autoincrement=False),
    Column("run_id", Text, nullable=False),
    Column("flow_run_id", Text),
    Column("started_at", Big, nullable=False),
    Column("ended_at", Big),
    Column("status", Text, nullable=False),
    Column("message", Text),
    Column("files_copied", Big, nullable=False, server_default=text("0")),
    Column("files_skipped", Big, nullable=False, server_default=text("0")),
    Column("files_failed", Big, nullable=False, server_default=text("0")),
    Column("files_pending", Big, nullable=False, server_default=text("0")),
    Column("bytes_copied", Big, nullable=False, server_default=text("0")),
    Column(
        "bytes_read", Big, nullable=False, server_default=text("0")
    ),  # from the source, for all its drives
    one_of("status", "running", "completed", "failed", "cancelled"),
    sqlite_with_rowid=False,
)

attempt_stages = Table(
    "attempt_stages",  # seconds in which at least one thread was at it; stages of one run overlap
    metadata,
    reference("session_id", "backup_sessions.id", on_delete="CASCADE", primary_key=True, autoincrement=False),
    Column("attempt", Integer, primary_key=True, autoincrement=False),
    Column("stage", Text, primary_key=True),
    Column("seconds", Real, nullable=False),
    Column("files", Big, nullable=False),
    Column("bytes", Big, nullable=False),
    one_of("stage", "scan", "hash", "dedupe", "copy", "verify", "metadata", "record"),
    sqlite_with_rowid=False,
)
