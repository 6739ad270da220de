"""What contents are: every one of them, those that are media files, and what is known beside."""

from __future__ import annotations

from sqlalchemy import Column, ForeignKey, Index, Integer, Table, Text, text

from cardcat.catalog.tables.base import Big, Real, id_, metadata, one_of, reference, unix_now
from cardcat.metadata import Confidence

media_files = Table(
    "media_files",
    metadata,
    id_(),
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
    Column("duration_seconds", Real),
    Column("resolution_width", Integer),
    Column("resolution_height", Integer),
    Column("date_added", Big, nullable=False),
    Column("date_modified", Big, nullable=False),
    Column("created_at", Big, nullable=False, server_default=unix_now()),
    Column("updated_at", Big, nullable=False, server_default=unix_now()),
    Column("path", Text),
    one_of("media_type", "image", "video"),
    Index("ix_media_files_date_taken", "date_taken"),
    Index("ix_media_files_media_type_extension", "media_type", "extension"),
    sqlite_autoincrement=True,
)

duplicate_groups = Table(
    "duplicate_groups",
    metadata,
    id_(),
    Column("total_copies", Integer, nullable=False),
    Column("total_size_bytes", Big, nullable=False),
    Column("wasted_space_bytes", Big, nullable=False),
    reference("media_file_id", "media_files.id", on_delete="CASCADE", nullable=False, unique=True),
    Column(
        "media_file_hash",
        Text,
        ForeignKey("media_files.hash", ondelete="CASCADE"),
        nullable=False,
        unique=True,
    ),
    sqlite_autoincrement=True,
)

content_identity = Table(
    "content_identity",
    metadata,
    id_(),
    Column("cas_id", Text, nullable=False, unique=True),  # full SHA-256, = media_files.hash
    Column("kind", Text, nullable=False),
    Column("size_bytes", Big, nullable=False),
    Column("xxh3_128", Text),  # of all bytes: what a read-back is compared with
    Column("sample_hash", Text),  # `storage.fingerprint`: a pre-filter, never an identity
    Column("created_at", Big, nullable=False),
    one_of("kind", "image", "video", "audio", "sidecar", "other"),
    Index("ix_content_identity_size_bytes_sample_hash", "size_bytes", "sample_hash"),
    sqlite_autoincrement=True,
)

media_details = Table(
    "media_details",  # one row for each media file that was read; media_files has the rest
    metadata,
    reference(
        "content_id", "content_identity.id", on_delete="CASCADE", primary_key=True, autoincrement=False
    ),
    Column("format", Text),
    Column("date_local", Text),  # the wall clock where it was taken, with what is known behind the second
    Column("date_offset", Text),
    Column("date_offset_source", Text),
    Column("date_source", Text),
    Column("date_confidence", Text),
    Column("gps_date", Text),
    Column("gps_latitude", Real),
    Column("gps_longitude", Real),
    Column("gps_altitude", Real),
    Column("orientation", Integer),
    Column("rotation", Integer),
    Column("codec", Text),
    Column("audio_codec", Text),
    Column("frame_rate", Real),
    Column("bit_rate", Big),
    Column("bit_depth", Integer),
    Column("color_space", Text),
    Column("camera_serial", Text),
    Column("lens_serial", Text),
    Column("live_photo_id", Text),
    Column("unfinished", Text),  # completes "the recording …"
    Column("trouble", Text),  # what could not be read
    Column("read_with", Text),
    Column("reader_version", Integer, nullable=False),  # `catalog.details.READER_VERSION` of that time
    Column("updated_at", Big, nullable=False),
    one_of("date_confidence", *Confidence),
    Index(
        "ix_media_details_unfinished",
        "unfinished",
        sqlite_where=text("unfinished IS NOT NULL"),
        postgresql_where=text("unfinished IS NOT NULL"),
    ),
)
