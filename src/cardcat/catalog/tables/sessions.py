"""What was done: sessions with their journal, their findings and the manifests they left."""

from __future__ import annotations

from sqlalchemy import (
    Boolean,
    Column,
    Index,
    Integer,
    LargeBinary,
    Table,
    Text,
    UniqueConstraint,
    false,
    text,
)

from cardcat.catalog.tables.base import Big, id_, metadata, one_of, raw, reference

backup_sessions = Table(
    "backup_sessions",
    metadata,
    id_(),
    Column("source_path", Text, nullable=False),
    Column("destination_path", Text, nullable=False),
    Column("files_scanned", Integer, nullable=False, server_default=text("0")),
    Column("files_copied", Integer, nullable=False, server_default=text("0")),
    Column("files_skipped", Integer, nullable=False, server_default=text("0")),
    Column("bytes_copied", Big, nullable=False, server_default=text("0")),
    Column("started_at", Big, nullable=False),
    Column("completed_at", Big),
    Column("duration_seconds", Integer),
    Column("status", Text, nullable=False),
    Column("error_message", Text),
    one_of("status", "running", "completed", "failed", "cancelled"),
    Index("ix_backup_sessions_status_started_at", "status", "started_at"),
    sqlite_autoincrement=True,
)

session_details = Table(
    "session_details",
    metadata,
    reference("session_id", "backup_sessions.id", on_delete="CASCADE", primary_key=True, autoincrement=False),
    Column("run_id", Text, nullable=False),  # sessions of one run share one read of the source
    reference("source_volume_id", "volumes.id", nullable=False),
    Column("source_root", Text, nullable=False),  # relative to the source volume
    raw("source_root_raw"),
    reference("destination_location_id", "locations.id", nullable=False),
    Column("layout", Text, nullable=False),
    Column("timezone", Text, nullable=False),
    Column("excludes", Text, nullable=False, server_default=text("'[]'")),  # JSON list of patterns
    Column("files_failed", Big, nullable=False, server_default=text("0")),
    Column("files_ignored", Big, nullable=False, server_default=text("0")),
    Column("files_excluded", Big, nullable=False, server_default=text("0")),
    Column("is_cold", Boolean, nullable=False, server_default=false()),  # every read-back was proved cold
    Column("attempts", Integer, nullable=False, server_default=text("1")),
    Column("attempt_started_at", Big, nullable=False),  # of the present or last attempt
    Column("owner", Text),  # JSON: host, boot id, pid, start ticks of the process at work
    Column("flow_run_id", Text),
    one_of("layout", "dated", "tree"),
    Index(
        "ix_session_details_source_destination",
        "source_volume_id",
        "destination_location_id",
    ),
)

backup_items = Table(
    "backup_items",
    metadata,
    reference("session_id", "backup_sessions.id", on_delete="CASCADE", primary_key=True, autoincrement=False),
    Column("source_path", Text, primary_key=True),  # relative to the source
    Column("source_path_raw", LargeBinary, primary_key=True, default=b""),
    Column("size", Big, nullable=False),
    Column("mtime_ns", Big, nullable=False),
    Column("state", Text, nullable=False),
    Column("reason", Text),
    Column("hash", Text),
    Column("destination_path", Text),  # relative to the destination
    raw("destination_path_raw"),
    reference("file_location_id", "file_locations.id", on_delete="SET NULL"),  # the copy that answers for it
    Column("attempts", Integer, nullable=False, server_default=text("0")),
    Column("updated_at", Big, nullable=False),
    one_of("state", "planned", "copying", "copied", "verified", "skipped", "failed"),
    Column("is_repeat", Boolean, nullable=False, server_default=false()),  # an earlier session says the same
    Index(  # without repeats: a card that is backed up every night would touch all of it every night
        "ix_backup_items_file_location_id",
        "file_location_id",
        sqlite_where=text("is_repeat = 0"),
        postgresql_where=text("NOT is_repeat"),
    ),
    sqlite_with_rowid=False,
)

backup_errors = Table(
    "backup_errors",
    metadata,
    id_(),
    reference("session_id", "backup_sessions.id", on_delete="CASCADE", nullable=False),
    Column("source_path", Text, nullable=False),
    raw("source_path_raw"),
    Column("destination_path", Text),
    Column("stage", Text, nullable=False),
    Column("error_type", Text, nullable=False),
    Column("error_message", Text, nullable=False),
    Column("is_failure", Boolean, nullable=False),  # the file was not backed up because of it
    Column("attempt", Integer, nullable=False, server_default=text("1")),
    Column("resolved_at", Big),
    Column("created_at", Big, nullable=False),
    one_of("stage", "scan", "hash", "dedupe", "copy", "verify", "metadata", "record"),
    Index("ix_backup_errors_session_id_resolved_at", "session_id", "resolved_at"),
    sqlite_autoincrement=True,
)

manifests = Table(
    "manifests",  # the manifests of a destination that this catalog has written or read
    metadata,
    id_(),
    reference("location_id", "locations.id", nullable=False),
    Column("name", Text, nullable=False),
    reference("session_id", "backup_sessions.id", on_delete="SET NULL"),
    Column("created_at", Big, nullable=False),
    UniqueConstraint("location_id", "name"),
    sqlite_autoincrement=True,
)
