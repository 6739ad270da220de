"""The catalog's views: what is asked for often, under the name it is known by."""

from __future__ import annotations

ENTRIES = """\
CREATE VIEW entries AS
SELECT f.id, d.location_id, d.path AS relative_path, f.name,
    CASE d.path WHEN '' THEN f.name ELSE d.path || '/' || f.name END AS path,
    'file' AS kind, f.content_id, f.size, f.mtime_ns / 1000000000 AS modified_at, f.mtime_ns,
    f.role, f.status, f.evidence, f.verified_at, f.verified_how, f.session_id,
    f.first_seen_at, f.last_seen_at, d.path_raw AS relative_path_raw, f.name_raw
FROM file_locations AS f JOIN folders AS d ON d.id = f.folder_id"""

VIEWS = (ENTRIES,)
