"""The cards that are backed up when they appear, and where to."""

from __future__ import annotations

from sqlalchemy import Column, Integer, Table, Text, text

from cardcat.catalog.tables.base import Big, metadata, one_of, raw, reference

watched_cards = Table(
    "watched_cards",
    metadata,
    reference("volume_id", "volumes.id", on_delete="CASCADE", primary_key=True, autoincrement=False),
    Column("layout", Text, nullable=False),
    Column("timezone", Text),
    Column("excludes", Text, nullable=False, server_default=text("'[]'")),  # JSON list of patterns
    Column("handled", Text),  # the insertion that a backup was last started for
    Column("handled_at", Big),
    Column("added_at", Big, nullable=False),
    one_of("layout", "dated", "tree"),
)

watched_destinations = Table(
    "watched_destinations",
    metadata,
    reference(
        "volume_id", "watched_cards.volume_id", on_delete="CASCADE", primary_key=True, autoincrement=False
    ),
    Column("position", Integer, primary_key=True, autoincrement=False),
    Column("path", Text, nullable=False),  # where the folder is when its drive is plugged in
    raw("path_raw"),
    sqlite_with_rowid=False,
)
