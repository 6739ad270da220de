"""What a catalog says, without ids and moments: queries of the tables of faults."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from typing import Any

from tests.support import Desk

_LAST = """
    SELECT max(s.id) FROM backup_sessions s JOIN session_details d ON d.session_id = s.id
    GROUP BY d.destination_location_id
"""

ROWS = {
    "sessions": f"""
        SELECT replace(destination_path, '{{folder}}', ''), files_scanned, files_copied + files_skipped,
            status, error_message, is_cold, files_failed
        FROM backup_sessions JOIN session_details ON id = session_id WHERE id IN ({_LAST})
    """,
    "items": f"""
        SELECT replace(s.destination_path, '{{folder}}', ''), i.source_path, i.size, i.mtime_ns, i.hash,
            i.destination_path, e.path = i.destination_path
        FROM backup_items i JOIN backup_sessions s ON s.id = i.session_id
        LEFT JOIN entries e ON e.id = i.file_location_id WHERE s.id IN ({_LAST})
    """,
    "locations": """
        SELECT l.path, e.path, c.cas_id, e.size, e.mtime_ns, e.role, e.status, e.evidence,
            e.verified_at IS NULL, e.verified_how
        FROM entries e JOIN content_identity c ON c.id = e.content_id
        JOIN (SELECT id, CASE path WHEN '' THEN 'one' ELSE substr(path, -3) END AS path FROM locations) l
            ON l.id = e.location_id
    """,
    "contents": """
        SELECT cas_id, kind, size_bytes, xxh3_128,
            CASE WHEN kind IN ('image', 'video') THEN sample_hash END
        FROM content_identity
    """,
    "media": """
        SELECT hash, file_size_bytes, file_size_human, media_type, extension, camera_make, camera_model,
            lens_model, date_taken, iso, aperture, shutter_speed, focal_length, software, duration_seconds,
            resolution_width, resolution_height, date_modified,
            path IN (SELECT e.path FROM entries e JOIN content_identity c ON c.id = e.content_id
                WHERE c.cas_id = hash)
        FROM media_files
    """,
    "primary": "SELECT hash, path FROM media_files",
    "details": """
        SELECT c.cas_id, d.format, d.date_local, d.date_offset, d.date_source, d.date_confidence, d.codec,
            d.unfinished, d.trouble
        FROM media_details d JOIN content_identity c ON c.id = d.content_id
    """,
    "groups": """
        SELECT g.kind, g.name, e.path, m.role FROM asset_group_members m
        JOIN asset_groups g ON g.id = m.group_id JOIN entries e ON e.id = m.file_location_id
    """,
    "findings": f"""
        SELECT source_path, error_type FROM backup_errors
        WHERE is_failure AND resolved_at IS NULL AND session_id IN ({_LAST})
    """,
}
"""What stands at the end. `{folder}` is the desk's; drive one may be a real one, mounted there."""

STATES = """
    SELECT replace(s.destination_path, '{folder}', ''), i.source_path, i.state, i.reason
    FROM backup_items i JOIN backup_sessions s ON s.id = i.session_id
"""
"""What became of each file, as long as one session did it all."""

DONE = """
    SELECT i.source_path, i.destination_path, i.hash, i.state, f.evidence FROM backup_items i
    JOIN backup_sessions s ON s.id = i.session_id LEFT JOIN file_locations f ON f.id = i.file_location_id
    WHERE s.destination_path LIKE '%/' || ? AND i.state IN ('verified', 'skipped')
"""
"""What is called done of a session to the drive of that name."""

SUMS = """
    SELECT s.id, s.files_scanned, s.files_copied, s.files_skipped, d.files_failed,
        (SELECT count(*) FROM backup_items i WHERE i.session_id = s.id
            AND i.state IN ('planned', 'copying', 'copied'))
    FROM backup_sessions s JOIN session_details d ON d.session_id = s.id WHERE s.status <> 'running'
"""
"""Of each session that has ended: its files, and what became of how many."""


def rows_of(desk: Desk, query: str, *values: str) -> list[tuple[Any, ...]]:
    """The rows of a query, with `{folder}` filled in."""
    with closing(sqlite3.connect(desk.catalog)) as connection:
        return connection.execute(query.replace("{folder}", str(desk.folder)), values).fetchall()
