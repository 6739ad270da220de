-- Folders with all that is below them, the largest first.
--
-- drive            label of the volume, else where it was last mounted
-- location         path of the indexed root on the volume
-- role             library, backup, archive or source
-- folder           relative to that root; empty for the root itself
-- files, bytes     in it and below it
-- own_files, own_bytes   in it alone
WITH RECURSIVE own AS (
    SELECT d.location_id, d.path, sum(f.files) AS files, sum(f.bytes) AS bytes
    FROM (
        SELECT folder_id, count(*) AS files, sum(size) AS bytes
        FROM file_locations
        WHERE status IN ('present', 'unavailable')
        GROUP BY folder_id
    ) AS f
    JOIN folders AS d ON d.id = f.folder_id
    GROUP BY d.location_id, d.path
),
up AS (
    SELECT location_id, path, files, bytes, files AS own_files, bytes AS own_bytes FROM own
    UNION ALL
    SELECT location_id, rtrim(rtrim(path, replace(path, '/', '')), '/'), files, bytes, 0, 0
    FROM up
    WHERE path <> ''
)
SELECT v.drive, l.path AS location, l.role, u.path AS folder,
    CAST(sum(u.files) AS BIGINT) AS files, CAST(sum(u.bytes) AS BIGINT) AS bytes,
    CAST(sum(u.own_files) AS BIGINT) AS own_files, CAST(sum(u.own_bytes) AS BIGINT) AS own_bytes
FROM up AS u
JOIN locations AS l ON l.id = u.location_id
JOIN drives AS v ON v.volume_id = l.volume_id
GROUP BY v.drive, l.id, l.path, l.role, u.path
ORDER BY bytes DESC, drive, location, folder;
