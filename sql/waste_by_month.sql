-- The libraries' waste by the month it was taken in.
--
-- month          as the camera says, as 2024-05; NULL where nothing is known
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
SELECT substr(m.date_taken, 1, 7) AS month, count(*) AS groups, CAST(sum(s.copies) AS BIGINT) AS copies,
    CAST(sum(m.file_size_bytes * (s.copies - 1)) AS BIGINT) AS wasted_bytes
FROM several AS s
JOIN content_identity AS c ON c.id = s.content_id
JOIN media_files AS m ON m.hash = c.cas_id
GROUP BY substr(m.date_taken, 1, 7)
ORDER BY month;
