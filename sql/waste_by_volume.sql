-- The libraries' waste by the drive it lies on.
--
-- Of a duplicate's waste each of its copies carries an equal part; what a part is off by rounding, the next
-- one makes up for, so they add up to the whole.
--
-- volume_id      as in volumes
-- drive          label of the volume, else where it was last mounted
-- copies         files on it that the libraries hold elsewhere too, or twice here
-- bytes          of these files
-- wasted_bytes   its part of the waste
-- twice_bytes    bytes of all copies on it but one of each content: no other drive is needed to do without
WITH held AS (
    SELECT f.content_id, l.volume_id, count(*) AS copies
    FROM file_locations AS f
    JOIN folders AS d ON d.id = f.folder_id
    JOIN locations AS l ON l.id = d.location_id
    WHERE f.role = 'library' AND f.status IN ('present', 'unavailable') AND f.content_id IS NOT NULL
    GROUP BY f.content_id, l.volume_id
),
several AS (
    SELECT content_id, sum(copies) AS copies FROM held GROUP BY content_id HAVING sum(copies) > 1
),
waste AS (
    SELECT h.volume_id, sum(h.copies) AS copies, sum(h.copies * m.file_size_bytes) AS bytes,
        sum(m.file_size_bytes * 1.0 * (s.copies - 1) / s.copies * h.copies) AS wasted,
        sum(m.file_size_bytes * (h.copies - 1)) AS twice
    FROM several AS s
    JOIN held AS h ON h.content_id = s.content_id
    JOIN content_identity AS c ON c.id = s.content_id
    JOIN media_files AS m ON m.hash = c.cas_id
    GROUP BY h.volume_id
),
summed AS (
    SELECT volume_id, copies, bytes, twice, round(sum(wasted) OVER (ORDER BY volume_id)) AS so_far
    FROM waste
),
parts AS (
    SELECT volume_id, copies, bytes, twice, so_far - lag(so_far, 1, 0) OVER (ORDER BY volume_id) AS wasted
    FROM summed
)
SELECT v.volume_id, v.drive, CAST(w.copies AS BIGINT) AS copies,
    CAST(w.bytes AS BIGINT) AS bytes, CAST(w.wasted AS BIGINT) AS wasted_bytes,
    CAST(w.twice AS BIGINT) AS twice_bytes
FROM parts AS w
JOIN drives AS v ON v.volume_id = w.volume_id
ORDER BY wasted_bytes DESC, v.volume_id;
