"""The main job: media files, contents and their copies, volumes, sessions with their journal and findings."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None

_BIG = sa.BigInteger().with_variant(sa.Integer(), "sqlite")

_ENTRIES = """\
CREATE VIEW entries AS
SELECT f.id, d.location_id, d.path AS relative_path, f.name,
    CASE d.path WHEN '' THEN f.name ELSE d.path || '/' || f.name END AS path,
    'file' AS kind, f.content_id, f.size, f.mtime_ns / 1000000000 AS modified_at, f.mtime_ns,
    f.role, f.status, f.evidence, f.verified_at, f.verified_how, f.session_id,
    f.first_seen_at, f.last_seen_at, d.path_raw AS relative_path_raw, f.name_raw
FROM file_locations AS f JOIN folders AS d ON d.id = f.folder_id"""


def upgrade() -> None:
    """Make everything."""
    _media()
    _places()
    _sessions()
    _copies()
    _journal()
    op.execute(_ENTRIES)


def _id() -> sa.Column[int]:
    return sa.Column("id", _BIG, primary_key=True, autoincrement=True)


def _raw(name: str) -> sa.Column[bytes]:
    return sa.Column(name, sa.LargeBinary, nullable=False)


def _reference(name: str, to: str, *, on_delete: str | None = None, nullable: bool = True) -> sa.Column[int]:
    return sa.Column(name, _BIG, sa.ForeignKey(to, ondelete=on_delete), nullable=nullable)


def _session_key() -> sa.Column[int]:
    session = sa.ForeignKey("backup_sessions.id", ondelete="CASCADE")
    return sa.Column("session_id", _BIG, session, primary_key=True, autoincrement=False)


def _part_of(name: str, to: str, type_: sa.types.TypeEngine[Any]) -> sa.Column[Any]:
    return sa.Column(name, type_, sa.ForeignKey(to, ondelete="CASCADE"), nullable=False, unique=True)


def _texts(*names: str, nullable: bool = True) -> list[sa.Column[str]]:
    return [sa.Column(name, sa.Text, nullable=nullable) for name in names]


def _count(name: str) -> sa.Column[int]:
    return sa.Column(name, _BIG, nullable=False, server_default=sa.text("0"))


def _one_of(column: str, *values: str) -> sa.CheckConstraint:
    listed = ", ".join(f"'{value}'" for value in values)
    return sa.CheckConstraint(f"{column} IN ({listed})", name=column)


def _now() -> sa.TextClause:
    if op.get_context().dialect.name == "sqlite":
        return sa.text("(strftime('%s', 'now'))")
    return sa.text("(CAST(extract(epoch FROM now()) AS BIGINT))")


def _media() -> None:
    op.create_table(
        "media_files",
        _id(),
        sa.Column("hash", sa.Text, nullable=False, unique=True),
        sa.Column("file_size_bytes", _BIG, nullable=False),
        *_texts("file_size_human", "media_type", "extension", nullable=False),
        *_texts("camera_make", "camera_model", "lens_model", "date_taken", "iso"),
        *_texts("aperture", "shutter_speed", "focal_length", "software"),
        sa.Column("duration_seconds", sa.Double().with_variant(sa.REAL(), "sqlite")),
        sa.Column("resolution_width", sa.Integer),
        sa.Column("resolution_height", sa.Integer),
        sa.Column("date_added", _BIG, nullable=False),
        sa.Column("date_modified", _BIG, nullable=False),
        sa.Column("created_at", _BIG, nullable=False, server_default=_now()),
        sa.Column("updated_at", _BIG, nullable=False, server_default=_now()),
        sa.Column("path", sa.Text),
        _one_of("media_type", "image", "video"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_media_files_date_taken", "media_files", ["date_taken"])
    op.create_index("ix_media_files_media_type_extension", "media_files", ["media_type", "extension"])
    op.create_table(
        "duplicate_groups",
        _id(),
        sa.Column("total_copies", sa.Integer, nullable=False),
        sa.Column("total_size_bytes", _BIG, nullable=False),
        sa.Column("wasted_space_bytes", _BIG, nullable=False),
        _part_of("media_file_id", "media_files.id", _BIG),
        _part_of("media_file_hash", "media_files.hash", sa.Text()),
        sqlite_autoincrement=True,
    )


def _places() -> None:
    op.create_table(
        "devices",
        _id(),
        sa.Column("uuid", sa.Text, nullable=False, unique=True),
        *_texts("name", "os", nullable=False),
        sa.Column("os_version", sa.Text),
        sa.Column("last_seen_at", _BIG, nullable=False),
        sa.Column("created_at", _BIG, nullable=False),
        sqlite_autoincrement=True,
    )
    op.create_table(
        "volumes",
        _id(),
        sa.Column("uuid", sa.Text, nullable=False, unique=True),
        sa.Column("key", sa.Text, nullable=False, unique=True),
        *_texts("fs_uuid", "fs_type", "label"),
        sa.Column("total_bytes", _BIG),
        sa.Column("free_bytes", _BIG),
        sa.Column("last_mount_point", sa.Text),
        _reference("device_id", "devices.id"),
        sa.Column("last_seen_at", _BIG, nullable=False),
        sa.Column("created_at", _BIG, nullable=False),
        sqlite_autoincrement=True,
    )
    op.create_table(
        "locations",
        _id(),
        sa.Column("uuid", sa.Text, nullable=False, unique=True),
        _reference("volume_id", "volumes.id", nullable=False),
        sa.Column("path", sa.Text, nullable=False),
        _raw("path_raw"),
        sa.Column("name", sa.Text),
        sa.Column("role", sa.Text, nullable=False),
        sa.Column("index_mode", sa.Text, nullable=False, server_default=sa.text("'deep'")),
        sa.Column("scan_state", sa.Text, nullable=False, server_default=sa.text("'pending'")),
        sa.Column("last_scan_at", _BIG),
        sa.Column("error_message", sa.Text),
        _count("total_file_count"),
        _count("total_byte_size"),
        sa.Column("created_at", _BIG, nullable=False),
        sa.Column("updated_at", _BIG, nullable=False),
        sa.UniqueConstraint("volume_id", "path", "path_raw"),
        _one_of("role", "library", "backup", "archive", "source"),
        _one_of("index_mode", "metadata", "content", "deep"),
        _one_of("scan_state", "pending", "scanning", "complete", "error", "paused"),
        sqlite_autoincrement=True,
    )
    op.create_table(
        "folders",
        _id(),
        _reference("location_id", "locations.id", nullable=False),
        sa.Column("path", sa.Text, nullable=False),
        _raw("path_raw"),
        sa.UniqueConstraint("location_id", "path", "path_raw"),
        sqlite_autoincrement=True,
    )


def _copies() -> None:
    op.create_table(
        "content_identity",
        _id(),
        sa.Column("cas_id", sa.Text, nullable=False, unique=True),
        sa.Column("kind", sa.Text, nullable=False),
        sa.Column("size_bytes", _BIG, nullable=False),
        *_texts("xxh3_128", "sample_hash"),
        sa.Column("created_at", _BIG, nullable=False),
        _one_of("kind", "image", "video", "audio", "sidecar", "other"),
        sqlite_autoincrement=True,
    )
    op.create_index(
        "ix_content_identity_size_bytes_sample_hash", "content_identity", ["size_bytes", "sample_hash"]
    )
    op.create_table(
        "file_locations",
        _id(),
        _reference("folder_id", "folders.id", nullable=False),
        sa.Column("name", sa.Text, nullable=False),
        _raw("name_raw"),
        _reference("content_id", "content_identity.id", nullable=False),
        sa.Column("size", _BIG, nullable=False),
        sa.Column("mtime_ns", _BIG, nullable=False),
        sa.Column("role", sa.Text, nullable=False),
        sa.Column("status", sa.Text, nullable=False, server_default=sa.text("'present'")),
        sa.Column("evidence", sa.Text, nullable=False),
        sa.Column("verified_at", _BIG),
        sa.Column("verified_how", sa.Text),
        _reference("session_id", "backup_sessions.id", on_delete="SET NULL"),
        sa.Column("first_seen_at", _BIG, nullable=False),
        sa.Column("last_seen_at", _BIG, nullable=False),
        sa.UniqueConstraint("folder_id", "name", "name_raw"),
        _one_of("role", "library", "backup", "archive", "source"),
        _one_of("status", "present", "missing", "unavailable", "quarantined", "deleted"),
        _one_of("evidence", "claimed", "written", "synced", "read_back", "read_back_cold"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_file_locations_content_id_status", "file_locations", ["content_id", "status"])
    op.create_index("ix_file_locations_status_verified_at", "file_locations", ["status", "verified_at"])


def _sessions() -> None:
    op.create_table(
        "backup_sessions",
        _id(),
        *_texts("source_path", "destination_path", nullable=False),
        sa.Column("files_scanned", sa.Integer, nullable=False, server_default=sa.text("0")),
        sa.Column("files_copied", sa.Integer, nullable=False, server_default=sa.text("0")),
        sa.Column("files_skipped", sa.Integer, nullable=False, server_default=sa.text("0")),
        _count("bytes_copied"),
        sa.Column("started_at", _BIG, nullable=False),
        sa.Column("completed_at", _BIG),
        sa.Column("duration_seconds", sa.Integer),
        sa.Column("status", sa.Text, nullable=False),
        sa.Column("error_message", sa.Text),
        _one_of("status", "running", "completed", "failed", "cancelled"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_backup_sessions_status_started_at", "backup_sessions", ["status", "started_at"])
    op.create_table(
        "session_details",
        _session_key(),
        sa.Column("run_id", sa.Text, nullable=False),
        _reference("source_volume_id", "volumes.id", nullable=False),
        sa.Column("source_root", sa.Text, nullable=False),
        _raw("source_root_raw"),
        _reference("destination_location_id", "locations.id", nullable=False),
        *_texts("layout", "timezone", nullable=False),
        sa.Column("excludes", sa.Text, nullable=False, server_default=sa.text("'[]'")),
        _count("files_failed"),
        _count("files_ignored"),
        _count("files_excluded"),
        sa.Column("is_cold", sa.Boolean, nullable=False, server_default=sa.false()),
        sa.Column("attempts", sa.Integer, nullable=False, server_default=sa.text("1")),
        sa.Column("attempt_started_at", _BIG, nullable=False),
        *_texts("owner", "flow_run_id"),
        _one_of("layout", "dated", "tree"),
    )
    op.create_index(
        "ix_session_details_source_destination",
        "session_details",
        ["source_volume_id", "destination_location_id"],
    )
    op.create_table(
        "manifests",
        _id(),
        _reference("location_id", "locations.id", nullable=False),
        sa.Column("name", sa.Text, nullable=False),
        _reference("session_id", "backup_sessions.id", on_delete="SET NULL"),
        sa.Column("created_at", _BIG, nullable=False),
        sa.UniqueConstraint("location_id", "name"),
        sqlite_autoincrement=True,
    )


def _journal() -> None:
    op.create_table(
        "backup_items",
        _session_key(),
        sa.Column("source_path", sa.Text, primary_key=True),
        sa.Column("source_path_raw", sa.LargeBinary, primary_key=True),
        sa.Column("size", _BIG, nullable=False),
        sa.Column("mtime_ns", _BIG, nullable=False),
        sa.Column("state", sa.Text, nullable=False),
        *_texts("reason", "hash", "destination_path"),
        _raw("destination_path_raw"),
        _reference("file_location_id", "file_locations.id", on_delete="SET NULL"),
        sa.Column("attempts", sa.Integer, nullable=False, server_default=sa.text("0")),
        sa.Column("updated_at", _BIG, nullable=False),
        _one_of("state", "planned", "copying", "copied", "verified", "skipped", "failed"),
        sqlite_with_rowid=False,
    )
    op.create_index("ix_backup_items_session_id_state_size", "backup_items", ["session_id", "state", "size"])
    op.create_index("ix_backup_items_file_location_id", "backup_items", ["file_location_id"])
    op.create_table(
        "backup_errors",
        _id(),
        _reference("session_id", "backup_sessions.id", on_delete="CASCADE", nullable=False),
        sa.Column("source_path", sa.Text, nullable=False),
        _raw("source_path_raw"),
        sa.Column("destination_path", sa.Text),
        *_texts("stage", "error_type", "error_message", nullable=False),
        sa.Column("is_failure", sa.Boolean, nullable=False),
        sa.Column("attempt", sa.Integer, nullable=False, server_default=sa.text("1")),
        sa.Column("resolved_at", _BIG),
        sa.Column("created_at", _BIG, nullable=False),
        _one_of("stage", "scan", "hash", "dedupe", "copy", "verify", "metadata", "record"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_backup_errors_session_id_resolved_at", "backup_errors", ["session_id", "resolved_at"])
