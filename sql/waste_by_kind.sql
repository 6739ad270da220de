-- The libraries' waste by photos, videos and extensions.
--
-- media_type     image or video
-- extension      of the name, lower case
-- groups         media files that libraries hold more than once
-- copies         their copies in libraries
-- wasted_bytes   bytes of all copies but one of each
WITH several AS (
    SELECT f.content_id, count(*) AS copies
    FROM file_locations AS f
    WHERE f.role = 'library' AND f.status IN ('present', 'unavailable') AND f.content_id IS NOT NULL
    GROUP BY f.content_id
    HAVING count(*) > 1
)
SELECT m.media_type, m.extension, count(*) AS groups, CAST(sum(s.copies) AS BIGINT) AS copies,
    CAST(sum(m.file_size_bytes * (s.copies - 1)) AS BIGINT) AS wasted_bytes
FROM several AS s
JOIN content_identity AS c ON c.id = s.content_id
JOIN media_files AS m ON m.hash = c.cas_id
GROUP BY m.media_type, m.extension
ORDER BY wasted_bytes DESC, m.media_type, m.extension;
