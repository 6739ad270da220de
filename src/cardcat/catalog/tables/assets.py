"""Which copies belong together."""

from __future__ import annotations

from sqlalchemy import Column, Index, Table, Text

from cardcat.catalog.tables.base import Big, id_, metadata, one_of, reference
from cardcat.metadata import GroupKind, GroupRole

asset_groups = Table(
    "asset_groups",
    metadata,
    id_(),
    reference("location_id", "locations.id", nullable=False),
    Column("kind", Text, nullable=False),
    Column("name", Text, nullable=False),
    Column("created_at", Big, nullable=False),
    one_of("kind", *GroupKind),
    sqlite_autoincrement=True,
)

asset_group_members = Table(
    "asset_group_members",
    metadata,
    reference("group_id", "asset_groups.id", on_delete="CASCADE", primary_key=True, autoincrement=False),
    reference(
        "file_location_id", "file_locations.id", on_delete="CASCADE", primary_key=True, autoincrement=False
    ),
    Column("role", Text, nullable=False),
    one_of("role", *GroupRole),
    Index("ix_asset_group_members_file_location_id", "file_location_id"),
    sqlite_with_rowid=False,
)
