-- The duplicates, with what they can be filtered by. Largest waste first.
--
-- content        as in content_identity
-- hash           SHA-256 of the content
-- media_type     image or video
-- path           of the primary copy, relative to its location
-- copies         copies in libraries
-- size           bytes of one copy
-- wasted         bytes of all copies but one
-- twice          bytes of all copies but one on each drive that has any
-- camera         make and model
-- month          it was taken in, as 2024-05
WITH several AS (
    SELECT f.content_id, count(*) AS copies, count(DISTINCT l.volume_id) AS volumes
    FROM file_locations AS f
    JOIN folders AS d ON d.id = f.folder_id
    JOIN locations AS l ON l.id = d.location_id
    WHERE f.role = 'library' AND f.status IN ('present', 'unavailable') AND f.content_id IS NOT NULL
    GROUP BY f.content_id
    HAVING count(*) > 1
)
SELECT CAST(c.id AS INTEGER) AS content, m.hash, m.media_type, m.path, s.copies, m.file_size_bytes AS size,
    m.file_size_bytes * (s.copies - 1) AS wasted, m.file_size_bytes * (s.copies - s.volumes) AS twice,
    nullif(concat_ws(' ', m.camera_make, m.camera_model), '') AS camera, substr(m.date_taken, 1, 7) AS month
FROM several AS s
JOIN content_identity AS c ON c.id = s.content_id
JOIN media_files AS m ON m.hash = c.cas_id
ORDER BY wasted DESC, m.id;
