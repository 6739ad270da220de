-- Contents that are on one drive only, the largest first.
--
-- Copies on cards do not count; those on unplugged drives do.
--
-- $drive        name, key or UUID of a volume; without it, those of every drive
--
-- volume_id     as in volumes
-- drive         label of the volume, else where it was last mounted
-- hash          SHA-256 of the content
-- kind          image, video, audio, sidecar or other
-- size          bytes of one copy
-- copies        copies on this drive
-- evidence      of the best copy: claimed, written, synced, read_back or read_back_cold
-- path          of one of them, relative to its location
WITH alone AS (
    SELECT f.content_id, min(l.volume_id) AS volume_id, count(*) AS copies, min(f.id) AS first_id,
        max(CASE f.evidence WHEN 'read_back_cold' THEN 5 WHEN 'read_back' THEN 4 WHEN 'synced' THEN 3
            WHEN 'written' THEN 2 ELSE 1 END) AS best
    FROM file_locations AS f
    JOIN folders AS d ON d.id = f.folder_id
    JOIN locations AS l ON l.id = d.location_id
    WHERE f.role <> 'source' AND f.status IN ('present', 'unavailable') AND f.content_id IS NOT NULL
    GROUP BY f.content_id
    HAVING min(l.volume_id) = max(l.volume_id)
)
SELECT v.id AS volume_id, n.drive, c.cas_id AS hash, c.kind, c.size_bytes AS size,
    a.copies,
    CASE a.best WHEN 5 THEN 'read_back_cold' WHEN 4 THEN 'read_back' WHEN 3 THEN 'synced'
        WHEN 2 THEN 'written' ELSE 'claimed' END AS evidence,
    CASE d.path WHEN '' THEN f.name ELSE d.path || '/' || f.name END AS path
FROM alone AS a
JOIN volumes AS v ON v.id = a.volume_id
JOIN drives AS n ON n.volume_id = v.id
JOIN content_identity AS c ON c.id = a.content_id
JOIN file_locations AS f ON f.id = a.first_id
JOIN folders AS d ON d.id = f.folder_id
WHERE $drive IS NULL OR $drive IN (n.drive, n.name, v.key, v.uuid)
ORDER BY c.size_bytes DESC, c.cas_id;
