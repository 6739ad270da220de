"""Plans for duplicates that were carried out: the journal that makes them resumable and reversible."""

from __future__ import annotations

from sqlalchemy import Column, Index, Integer, Table, Text

from cardcat.catalog.tables.base import Big, id_, metadata, one_of, raw, reference

cleanups = Table(
    "cleanups",  # one row for each plan that was applied
    metadata,
    id_(),
    Column("plan_hash", Text, nullable=False, unique=True),  # SHA-256 of the plan: applied again, it resumes
    Column("plan_path", Text, nullable=False),  # where the plan lay; a name for people
    Column("status", Text, nullable=False),
    Column("error_message", Text),
    Column("owner", Text),  # JSON: the process that is at it, as in session_details.owner
    Column("started_at", Big, nullable=False),
    Column("completed_at", Big),
    one_of("status", "running", "completed", "failed", "cancelled", "undone"),
    sqlite_autoincrement=True,
)

cleanup_steps = Table(
    "cleanup_steps",  # one row for each copy that a plan puts away
    metadata,
    reference("cleanup_id", "cleanups.id", on_delete="CASCADE", primary_key=True, autoincrement=False),
    Column("number", Integer, primary_key=True, autoincrement=False),  # the order of the plan
    Column("action", Text, nullable=False),
    Column("state", Text, nullable=False),
    Column("reason", Text),  # why it was refused or failed
    Column("hash", Text, nullable=False),
    Column("size", Big, nullable=False),
    reference("file_location_id", "file_locations.id", on_delete="SET NULL"),  # the copy that goes
    reference("keeper_id", "file_locations.id", on_delete="SET NULL"),  # the copy that stays
    reference("location_id", "locations.id", nullable=False),
    Column("path", Text, nullable=False),  # of the copy that goes, relative to its location
    raw("path_raw"),
    Column("aside", Text),  # where it is kept, relative to the location
    raw("aside_raw"),
    Column("mtime_ns", Big, nullable=False),
    Column("inode", Big),  # its number, to tell it from what takes its name
    Column("twin_inode", Big),  # of the link or clone that stands in its place; nothing else there is ours
    Column("folder_mtime_ns", Big),  # of the folder it lies in, before it went
    Column("mode", Integer),  # permission bits and owner of the file that goes, for the way back
    Column("uid", Integer),
    Column("gid", Integer),
    Column("updated_at", Big, nullable=False),
    one_of("action", "quarantine", "hardlink", "reflink"),
    one_of("state", "planned", "doing", "done", "refused", "failed", "undoing", "undone"),
    Index("ix_cleanup_steps_file_location_id", "file_location_id"),
    Index("ix_cleanup_steps_keeper_id", "keeper_id"),
    sqlite_with_rowid=False,
)
