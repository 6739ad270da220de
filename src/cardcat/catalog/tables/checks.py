"""What was found wrong with copies when they were read again."""

from __future__ import annotations

from sqlalchemy import Column, Index, Table, Text

from cardcat.catalog.tables.base import Big, id_, metadata, one_of, reference

copy_checks = Table(
    "copy_checks",  # when a copy was last looked at, also if that proved nothing
    metadata,
    reference(
        "file_location_id", "file_locations.id", on_delete="CASCADE", primary_key=True, autoincrement=False
    ),
    Column("checked_at", Big, nullable=False),
)

copy_findings = Table(
    "copy_findings",
    metadata,
    id_(),
    reference("file_location_id", "file_locations.id", on_delete="CASCADE", nullable=False),
    Column("trouble", Text, nullable=False),
    Column("message", Text, nullable=False),
    Column("expected_hash", Text, nullable=False),
    Column("observed_hash", Text),  # of what was read instead, None if it could not be read
    Column("observed_size", Big),
    Column("found_at", Big, nullable=False),
    Column("resolved_at", Big),
    Column("resolution", Text),  # what became of it, in words
    one_of("trouble", "damaged", "missing", "unreadable"),
    Index("ix_copy_findings_file_location_id_resolved_at", "file_location_id", "resolved_at"),
    sqlite_autoincrement=True,
)
