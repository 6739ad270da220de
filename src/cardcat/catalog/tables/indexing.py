"""What an index of existing folders was asked for, and what it could not take in."""

from __future__ import annotations

from sqlalchemy import Column, Index, Table, Text, text

from cardcat.catalog.tables.base import Big, id_, metadata, raw, reference

index_rules = Table(
    "index_rules",  # how a location is indexed again; its mode and state are in `locations`
    metadata,
    reference("location_id", "locations.id", on_delete="CASCADE", primary_key=True, autoincrement=False),
    Column("includes", Text, nullable=False, server_default=text("'[]'")),  # JSON list of patterns
    Column("excludes", Text, nullable=False, server_default=text("'[]'")),  # the same
    Column("owner", Text),  # JSON: the process that is at it, as in session_details.owner
    Column("flow_run_id", Text),
    Column("updated_at", Big, nullable=False),
)

index_findings = Table(
    "index_findings",  # of the last index of the location
    metadata,
    id_(),
    reference("location_id", "locations.id", on_delete="CASCADE", nullable=False),
    Column("path", Text, nullable=False),  # relative to the location
    raw("path_raw"),
    Column("stage", Text, nullable=False),
    Column("error_type", Text, nullable=False),
    Column("message", Text, nullable=False),
    Column("found_at", Big, nullable=False),
    Index("ix_index_findings_location_id", "location_id"),
    sqlite_autoincrement=True,
)
