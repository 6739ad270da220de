"""The catalog's tables. `media_files`, `duplicate_groups` and `backup_sessions` are the canonical ones.

Times are integer UTC seconds, file times (`*_ns`) nanoseconds, sizes bytes, hashes lower-case hex.
A name or path that is no valid UTF-8 keeps its exact bytes in the `*_raw` column; there an empty value
means that the text is exact (`cardcat.paths`).
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import (
    REAL,
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    Double,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    Table,
    Text,
    UniqueConstraint,
    false,
    text,
)
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.functions import FunctionElement

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(column_0_N_label)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "ck": "ck_%(table_name)s_%(constraint_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s",
        "pk": "pk_%(table_name)s",
    }
)

Big = BigInteger().with_variant(
    Integer(), "sqlite"
)  # SQLite's INTEGER has 64 bits, and only it can be a rowid


class unix_now(FunctionElement[int]):  # noqa: N801 - SQL functions are written in lower case
    """The current time in whole UTC seconds, as the engine at hand says it."""

    inherit_cache = True
    type = Big


@compiles(unix_now)
def _unix_now(*_: Any, **__: Any) -> str:
    return "(CAST(extract(epoch FROM now()) AS BIGINT))"


@compiles(unix_now, "sqlite")
def _unix_now_sqlite(*_: Any, **__: Any) -> str:
    return "(strftime('%s', 'now'))"


def _id() -> Column[int]:
    return Column("id", Big, primary_key=True, autoincrement=True)


def _one_of(column: str, *values: str) -> CheckConstraint:
    listed = ", ".join(f"'{value}'" for value in values)
    return CheckConstraint(f"{column} IN ({listed})", name=column)


def _raw(name: str) -> Column[bytes]:
    return Column(name, LargeBinary, nullable=False, default=b"")


def _reference(name: str, to: str, *, on_delete: str | None = None, **kwargs: Any) -> Column[int]:
    return Column(name, Big, ForeignKey(to, ondelete=on_delete), **kwargs)


media_files = Table(
    "media_files",
    metadata,
    _id(),
    Column("hash", Text, nullable=False, unique=True),
    Column("file_size_bytes", Big, nullable=False),
    Column("file_size_human", Text, nullable=False),
    Column("media_type", Text, nullable=False),
    Column("extension", Text, nullable=False),
    Column("camera_make", Text),
    Column("camera_model", Text),
    Column("lens_model", Text),
    Column("date_taken", Text),
    Column("iso", Text),
    Column("aperture", Text),
    Column("shutter_speed", Text),
    Column("focal_length", Text),
    Column("software", Text),
    Column("duration_seconds", Double().with_variant(REAL(), "sqlite")),
    Column("resolution_width", Integer),
    Column("resolution_height", Integer),
    Column("date_added", Big, nullable=False),
    Column("date_modified", Big, nullable=False),
    Column("created_at", Big, nullable=False, server_default=unix_now()),
    Column("updated_at", Big, nullable=False, server_default=unix_now()),
    Column("path", Text),
    _one_of("media_type", "image", "video"),
    Index("ix_media_files_date_taken", "date_taken"),
    Index("ix_media_files_media_type_extension", "media_type", "extension"),
    sqlite_autoincrement=True,
)

duplicate_groups = Table(
    "duplicate_groups",
    metadata,
    _id(),
    Column("total_copies", Integer, nullable=False),
    Column("total_size_bytes", Big, nullable=False),
    Column("wasted_space_bytes", Big, nullable=False),
    _reference("media_file_id", "media_files.id", on_delete="CASCADE", nullable=False, unique=True),
    Column(
        "media_file_hash",
        Text,
        ForeignKey("media_files.hash", ondelete="CASCADE"),
        nullable=False,
        unique=True,
    ),
    sqlite_autoincrement=True,
)

backup_sessions = Table(
    "backup_sessions",
    metadata,
    _id(),
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
    _one_of("status", "running", "completed", "failed", "cancelled"),
    Index("ix_backup_sessions_status_started_at", "status", "started_at"),
    sqlite_autoincrement=True,
)

devices = Table(
    "devices",
    metadata,
    _id(),
    Column("uuid", Text, nullable=False, unique=True),  # the computer's own machine id, else one we made
    Column("name", Text, nullable=False),
    Column("os", Text, nullable=False),
    Column("os_version", Text),
    Column("last_seen_at", Big, nullable=False),
    Column("created_at", Big, nullable=False),
    sqlite_autoincrement=True,
)

volumes = Table(
    "volumes",
    metadata,
    _id(),
    Column("uuid", Text, nullable=False, unique=True),  # ours; also in the marker of a destination on it
    Column("key", Text, nullable=False, unique=True),  # what recognises it: `model.Volume.key`
    Column("fs_uuid", Text),
    Column("fs_type", Text),
    Column("label", Text),
    Column("total_bytes", Big),
    Column("free_bytes", Big),
    Column("last_mount_point", Text),
    _reference("device_id", "devices.id"),  # the computer it was last seen on
    Column("last_seen_at", Big, nullable=False),
    Column("created_at", Big, nullable=False),
    sqlite_autoincrement=True,
)

locations = Table(
    "locations",
    metadata,
    _id(),
    Column("uuid", Text, nullable=False, unique=True),
    _reference("volume_id", "volumes.id", nullable=False),
    Column("path", Text, nullable=False),  # relative to the volume's root, '' for the root itself
    _raw("path_raw"),
    Column("name", Text),
    Column("role", Text, nullable=False),
    Column("index_mode", Text, nullable=False, server_default=text("'deep'")),
    Column("scan_state", Text, nullable=False, server_default=text("'pending'")),
    Column("last_scan_at", Big),
    Column("error_message", Text),
    Column("total_file_count", Big, nullable=False, server_default=text("0")),
    Column("total_byte_size", Big, nullable=False, server_default=text("0")),
    Column("created_at", Big, nullable=False),
    Column("updated_at", Big, nullable=False),
    UniqueConstraint("volume_id", "path", "path_raw"),
    _one_of("role", "library", "backup", "archive", "source"),
    _one_of("index_mode", "metadata", "content", "deep"),
    _one_of("scan_state", "pending", "scanning", "complete", "error", "paused"),
    sqlite_autoincrement=True,
)

folders = Table(
    "folders",
    metadata,
    _id(),
    _reference("location_id", "locations.id", nullable=False),
    Column("path", Text, nullable=False),  # relative to the location, '/' between parts, '' for its root
    _raw("path_raw"),
    UniqueConstraint("location_id", "path", "path_raw"),
    sqlite_autoincrement=True,
)

content_identity = Table(
    "content_identity",
    metadata,
    _id(),
    Column("cas_id", Text, nullable=False, unique=True),  # full SHA-256, = media_files.hash
    Column("kind", Text, nullable=False),
    Column("size_bytes", Big, nullable=False),
    Column("xxh3_128", Text),  # of all bytes: what a read-back is compared with
    Column("sample_hash", Text),  # `storage.fingerprint`: a pre-filter, never an identity
    Column("created_at", Big, nullable=False),
    _one_of("kind", "image", "video", "audio", "sidecar", "other"),
    Index("ix_content_identity_size_bytes_sample_hash", "size_bytes", "sample_hash"),
    sqlite_autoincrement=True,
)

file_locations = Table(
    "file_locations",
    metadata,
    _id(),
    _reference("folder_id", "folders.id", nullable=False),
    Column("name", Text, nullable=False),
    _raw("name_raw"),
    _reference("content_id", "content_identity.id", nullable=False),
    Column("size", Big, nullable=False),
    Column("mtime_ns", Big, nullable=False),  # as the filesystem kept it
    Column("role", Text, nullable=False),
    Column("status", Text, nullable=False, server_default=text("'present'")),
    Column("evidence", Text, nullable=False),
    Column("verified_at", Big),
    Column("verified_how", Text),
    _reference("session_id", "backup_sessions.id", on_delete="SET NULL"),
    Column("first_seen_at", Big, nullable=False),
    Column("last_seen_at", Big, nullable=False),
    UniqueConstraint("folder_id", "name", "name_raw"),
    _one_of("role", "library", "backup", "archive", "source"),
    _one_of("status", "present", "missing", "unavailable", "quarantined", "deleted"),
    _one_of("evidence", "claimed", "written", "synced", "read_back", "read_back_cold"),
    Index("ix_file_locations_content_id_status", "content_id", "status"),
    Index("ix_file_locations_status_verified_at", "status", "verified_at"),
    sqlite_autoincrement=True,
)

session_details = Table(
    "session_details",
    metadata,
    _reference(
        "session_id", "backup_sessions.id", on_delete="CASCADE", primary_key=True, autoincrement=False
    ),
    Column("run_id", Text, nullable=False),  # sessions of one run share one read of the source
    _reference("source_volume_id", "volumes.id", nullable=False),
    Column("source_root", Text, nullable=False),  # relative to the source volume
    _raw("source_root_raw"),
    _reference("destination_location_id", "locations.id", nullable=False),
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
    _one_of("layout", "dated", "tree"),
    Index(
        "ix_session_details_source_destination",
        "source_volume_id",
        "destination_location_id",
    ),
)

backup_items = Table(
    "backup_items",
    metadata,
    _reference(
        "session_id", "backup_sessions.id", on_delete="CASCADE", primary_key=True, autoincrement=False
    ),
    Column("source_path", Text, primary_key=True),  # relative to the source
    Column("source_path_raw", LargeBinary, primary_key=True, default=b""),
    Column("size", Big, nullable=False),
    Column("mtime_ns", Big, nullable=False),
    Column("state", Text, nullable=False),
    Column("reason", Text),
    Column("hash", Text),
    Column("destination_path", Text),  # relative to the destination
    _raw("destination_path_raw"),
    _reference("file_location_id", "file_locations.id", on_delete="SET NULL"),  # the copy that answers for it
    Column("attempts", Integer, nullable=False, server_default=text("0")),
    Column("updated_at", Big, nullable=False),
    _one_of("state", "planned", "copying", "copied", "verified", "skipped", "failed"),
    Index("ix_backup_items_session_id_state_size", "session_id", "state", "size"),  # answers the counts alone
    Index("ix_backup_items_file_location_id", "file_location_id"),
    sqlite_with_rowid=False,
)

backup_errors = Table(
    "backup_errors",
    metadata,
    _id(),
    _reference("session_id", "backup_sessions.id", on_delete="CASCADE", nullable=False),
    Column("source_path", Text, nullable=False),
    _raw("source_path_raw"),
    Column("destination_path", Text),
    Column("stage", Text, nullable=False),
    Column("error_type", Text, nullable=False),
    Column("error_message", Text, nullable=False),
    Column("is_failure", Boolean, nullable=False),  # the file was not backed up because of it
    Column("attempt", Integer, nullable=False, server_default=text("1")),
    Column("resolved_at", Big),
    Column("created_at", Big, nullable=False),
    _one_of("stage", "scan", "hash", "dedupe", "copy", "verify", "metadata", "record"),
    Index("ix_backup_errors_session_id_resolved_at", "session_id", "resolved_at"),
    sqlite_autoincrement=True,
)

manifests = Table(
    "manifests",  # the manifests of a destination that this catalog has written or read
    metadata,
    _id(),
    _reference("location_id", "locations.id", nullable=False),
    Column("name", Text, nullable=False),
    _reference("session_id", "backup_sessions.id", on_delete="SET NULL"),
    Column("created_at", Big, nullable=False),
    UniqueConstraint("location_id", "name"),
    sqlite_autoincrement=True,
)
