-- How many drives have what is on each drive.
--
-- Copies on cards do not count; those on unplugged drives do.
--
-- volume_id         as in volumes
-- drive             label of the volume, else where it was last mounted
-- contents, bytes   what is on it, each content once
-- on_one, on_two, on_three_or_more   contents of it by the number of drives that have a copy
-- on_one_bytes      bytes of those that are nowhere else
-- read_back         contents of it of which some copy on any drive was read back and matched
WITH held AS (
    SELECT f.content_id, l.volume_id,
        max(CASE WHEN f.evidence IN ('read_back', 'read_back_cold') THEN 1 ELSE 0 END) AS sound
    FROM file_locations AS f
    JOIN folders AS d ON d.id = f.folder_id
    JOIN locations AS l ON l.id = d.location_id
    WHERE f.role <> 'source' AND f.status IN ('present', 'unavailable') AND f.content_id IS NOT NULL
    GROUP BY f.content_id, l.volume_id
),
spread AS (
    SELECT content_id, count(*) AS drives, max(sound) AS sound FROM held GROUP BY content_id
)
SELECT v.volume_id, v.drive, count(*) AS contents,
    CAST(sum(c.size_bytes) AS BIGINT) AS bytes,
    CAST(sum(CASE WHEN s.drives = 1 THEN 1 ELSE 0 END) AS BIGINT) AS on_one,
    CAST(sum(CASE WHEN s.drives = 2 THEN 1 ELSE 0 END) AS BIGINT) AS on_two,
    CAST(sum(CASE WHEN s.drives > 2 THEN 1 ELSE 0 END) AS BIGINT) AS on_three_or_more,
    CAST(sum(CASE WHEN s.drives = 1 THEN c.size_bytes ELSE 0 END) AS BIGINT) AS on_one_bytes,
    CAST(sum(s.sound) AS BIGINT) AS read_back
FROM held AS h
JOIN spread AS s ON s.content_id = h.content_id
JOIN content_identity AS c ON c.id = h.content_id
JOIN drives AS v ON v.volume_id = h.volume_id
GROUP BY v.volume_id, v.drive
ORDER BY on_one_bytes DESC, v.volume_id;
