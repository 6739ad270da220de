-- What libraries hold more than once, largest waste first.
--
-- hash           SHA-256 of the content
-- media_type     image or video
-- file_size      bytes of one copy
-- copies         copies in libraries; an unplugged drive keeps its own, a backup does not count
-- volumes        drives that hold one of them
-- total_bytes    bytes of all these copies
-- wasted_bytes   bytes of all but one
-- path           of the primary copy, relative to its location
-- camera         camera_model
-- date_taken     as the camera says
WITH several AS (
    SELECT f.content_id, count(*) AS copies, count(DISTINCT l.volume_id) AS volumes
    FROM file_locations AS f
    JOIN folders AS d ON d.id = f.folder_id
    JOIN locations AS l ON l.id = d.location_id
    WHERE f.role = 'library' AND f.status IN ('present', 'unavailable') AND f.content_id IS NOT NULL
    GROUP BY f.content_id
    HAVING count(*) > 1
)
SELECT m.hash, m.media_type, m.file_size_bytes AS file_size, s.copies, s.volumes,
    m.file_size_bytes * s.copies AS total_bytes, m.file_size_bytes * (s.copies - 1) AS wasted_bytes,
    m.path, m.camera_model AS camera, m.date_taken
FROM several AS s
JOIN content_identity AS c ON c.id = s.content_id
JOIN media_files AS m ON m.hash = c.cas_id
ORDER BY wasted_bytes DESC, m.hash;
