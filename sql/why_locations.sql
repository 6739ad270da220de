-- The roots of libraries, and the drives they are on.
--
-- location       as in locations
-- volume         as in volumes
-- path           relative to the root of the volume
-- path_raw       its exact bytes where the text is not exact
-- label, key     of the volume
-- mounted        where it was when last seen
SELECT l.id AS location, l.volume_id AS volume, l.path, l.path_raw, v.label, v.key, v.last_mount_point AS mounted
FROM locations AS l
JOIN volumes AS v ON v.id = l.volume_id
ORDER BY l.id;
