"""The cards that are backed up when they are plugged in, where to, and what a person was told of them."""

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
    reference("drive_id", "volumes.id", on_delete="CASCADE", nullable=False),
    Column("path", Text, nullable=False),  # relative to the drive's root, wherever that is mounted
    raw("path_raw"),
    Column("handled", Text),  # the insertion that a backup to it was last started for
    Column("handled_at", Big),
    Column("starter", Text),  # JSON: the process that is about to start it, as in session_details.owner
    Column("flow_run_id", Text),  # the run that does it, where it is one of its own
    sqlite_with_rowid=False,
)

watch_notes = Table(
    "watch_notes",  # what was said of a card that nothing was started for, so that it is said once
    metadata,
    Column("volume_key", Text, primary_key=True),  # of any card, also of one that is in no other table
    Column("about", Text, primary_key=True),
    Column("stay", Text, nullable=False),  # the insertion that it was said for
    Column("told_at", Big, nullable=False),
    sqlite_with_rowid=False,
)
