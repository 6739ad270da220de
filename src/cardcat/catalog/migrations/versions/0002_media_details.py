"""What is known of media files beyond their canonical columns, and which copies belong together."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"

_BIG = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
_REAL: sa.Double[Any] = sa.Double().with_variant(sa.REAL(), "sqlite")


def upgrade() -> None:
    """Add tables; those that are there keep every row and column."""
    _details()
    _groups()


def _details() -> None:
    op.create_table(
        "media_details",
        _key("content_id", "content_identity.id"),
        *_texts("format", "date_local", "date_offset", "date_offset_source", "date_source"),
        *_texts("date_confidence", "gps_date"),
        *(sa.Column(name, _REAL) for name in ("gps_latitude", "gps_longitude", "gps_altitude")),
        *(sa.Column(name, sa.Integer) for name in ("orientation", "rotation")),
        *_texts("codec", "audio_codec"),
        sa.Column("frame_rate", _REAL),
        sa.Column("bit_rate", _BIG),
        sa.Column("bit_depth", sa.Integer),
        *_texts("color_space", "camera_serial", "lens_serial", "live_photo_id", "unfinished"),
        *_texts("trouble", "read_with"),
        sa.Column("reader_version", sa.Integer, nullable=False),
        sa.Column("updated_at", _BIG, nullable=False),
        _one_of("date_confidence", "certain", "likely", "guess"),
    )


def _groups() -> None:
    op.create_table(
        "asset_groups",
        sa.Column("id", _BIG, primary_key=True, autoincrement=True),
        sa.Column("location_id", _BIG, sa.ForeignKey("locations.id"), nullable=False),
        *_texts("kind", "name", nullable=False),
        sa.Column("created_at", _BIG, nullable=False),
        _one_of("kind", "photo", "live photo", "clip", "recording", "index"),
        sqlite_autoincrement=True,
    )
    op.create_table(
        "asset_group_members",
        _key("group_id", "asset_groups.id"),
        _key("file_location_id", "file_locations.id"),
        *_texts("role", nullable=False),
        _one_of("role", "master", "part", "rendition", "motion", "preview", "sidecar", "index"),
        sqlite_with_rowid=False,
    )
    op.create_index("ix_asset_group_members_file_location_id", "asset_group_members", ["file_location_id"])


def _key(name: str, to: str) -> sa.Column[int]:
    return sa.Column(name, _BIG, sa.ForeignKey(to, ondelete="CASCADE"), primary_key=True, autoincrement=False)


def _texts(*names: str, nullable: bool = True) -> list[sa.Column[str]]:
    return [sa.Column(name, sa.Text, nullable=nullable) for name in names]


def _one_of(column: str, *values: str) -> sa.CheckConstraint:
    listed = ", ".join(f"'{value}'" for value in values)
    return sa.CheckConstraint(f"{column} IN ({listed})", name=column)
