"""Where things are: computers, volumes, the root folders on them, folders and files."""

from __future__ import annotations

from sqlalchemy import Column, Index, Table, Text, UniqueConstraint, text

from cardcat.catalog.tables.base import Big, id_, metadata, one_of, raw, reference

devices = Table(
    "devices",
    metadata,
    id_(),
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
    id_(),
    Column("uuid", Text, nullable=False, unique=True),  # ours; also in the marker of a destination on it
    Column("key", Text, nullable=False, unique=True),  # what recognises it: `model.Volume.key`
    Column("fs_uuid", Text),
    Column("fs_type", Text),
    Column("label", Text),
    Column("total_bytes", Big),
    Column("free_bytes", Big),
    Column("last_mount_point", Text),
    reference("device_id", "devices.id"),  # the computer it was last seen on
    Column("last_seen_at", Big, nullable=False),
    Column("created_at", Big, nullable=False),
    sqlite_autoincrement=True,
)

volume_disks = Table(
    "volume_disks",  # the physical disk that a volume is a part of: `model.Volume.disk`
    metadata,
    reference("volume_id", "volumes.id", on_delete="CASCADE", primary_key=True, autoincrement=False),
    Column("disk", Text, nullable=False),
)

locations = Table(
    "locations",
    metadata,
    id_(),
    Column("uuid", Text, nullable=False, unique=True),
    reference("volume_id", "volumes.id", nullable=False),
    Column("path", Text, nullable=False),  # relative to the volume's root, '' for the root itself
    raw("path_raw"),
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
    one_of("role", "library", "backup", "archive", "source"),
    one_of("index_mode", "metadata", "content", "deep"),
    one_of("scan_state", "pending", "scanning", "complete", "error", "paused"),
    sqlite_autoincrement=True,
)

folders = Table(
    "folders",
    metadata,
    id_(),
    reference("location_id", "locations.id", nullable=False),
    Column("path", Text, nullable=False),  # relative to the location, '/' between parts, '' for its root
    raw("path_raw"),
    UniqueConstraint("location_id", "path", "path_raw"),
    sqlite_autoincrement=True,
)

file_locations = Table(
    "file_locations",
    metadata,
    id_(),
    reference("folder_id", "folders.id", nullable=False),
    Column("name", Text, nullable=False),
    raw("name_raw"),
    reference("content_id", "content_identity.id"),  # none where it was indexed without reading it
    Column("size", Big, nullable=False),
    Column("mtime_ns", Big, nullable=False),  # as the filesystem kept it
    Column("role", Text, nullable=False),
    Column("status", Text, nullable=False, server_default=text("'present'")),
    Column("evidence", Text, nullable=False),
    Column("verified_at", Big),
    Column("verified_how", Text),
    reference("session_id", "backup_sessions.id", on_delete="SET NULL"),
    Column("first_seen_at", Big, nullable=False),
    Column("last_seen_at", Big, nullable=False),
    UniqueConstraint("folder_id", "name", "name_raw"),
    one_of("role", "library", "backup", "archive", "source"),
    one_of("status", "present", "missing", "unavailable", "quarantined", "deleted"),
    one_of("evidence", "claimed", "written", "synced", "read_back", "read_back_cold"),
    Index("ix_file_locations_content_id_status", "content_id", "status"),
    Index("ix_file_locations_status_verified_at", "status", "verified_at"),
    sqlite_autoincrement=True,
)
