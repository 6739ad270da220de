"""The catalog's tables. `media_files`, `duplicate_groups` and `backup_sessions` are the canonical ones.

Times are integer UTC seconds, file times (`*_ns`) nanoseconds, sizes bytes, hashes lower-case hex.
A name or path that is no valid UTF-8 keeps its exact bytes in the `*_raw` column; there an empty value
means that the text is exact (`cardcat.paths`).
"""

from __future__ import annotations

from cardcat.catalog.tables.assets import asset_group_members, asset_groups
from cardcat.catalog.tables.attempts import attempt_stages, session_attempts
from cardcat.catalog.tables.base import metadata, unix_now
from cardcat.catalog.tables.checks import copy_checks, copy_findings
from cardcat.catalog.tables.cleanups import cleanup_steps, cleanups
from cardcat.catalog.tables.identity import catalog_identity
from cardcat.catalog.tables.indexing import index_findings, index_rules
from cardcat.catalog.tables.media import content_identity, duplicate_groups, media_details, media_files
from cardcat.catalog.tables.places import devices, file_locations, folders, locations, volume_disks, volumes
from cardcat.catalog.tables.sessions import (
    backup_errors,
    backup_items,
    backup_sessions,
    manifests,
    session_details,
)
from cardcat.catalog.tables.watching import watch_notes, watched_cards, watched_destinations

__all__ = [
    "asset_group_members",
    "asset_groups",
    "attempt_stages",
    "backup_errors",
    "backup_items",
    "backup_sessions",
    "catalog_identity",
    "cleanup_steps",
    "cleanups",
    "content_identity",
    "copy_checks",
    "copy_findings",
    "devices",
    "duplicate_groups",
    "file_locations",
    "folders",
    "index_findings",
    "index_rules",
    "locations",
    "manifests",
    "media_details",
    "media_files",
    "metadata",
    "session_attempts",
    "session_details",
    "unix_now",
    "volume_disks",
    "volumes",
    "watch_notes",
    "watched_cards",
    "watched_destinations",
]
