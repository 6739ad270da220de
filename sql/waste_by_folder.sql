-- The libraries' waste by the folder it lies in.
--
-- Of a duplicate's waste each of its copies carries an equal part; what a part is off by rounding, the next
-- one makes up for, so they add up to the whole. Which copy is the one to keep is not decided here.
--
-- drive          label of the volume, else where it was last mounted
-- location       path of the library on the volume
-- folder         relative to the library
-- copies         files of this folder that the libraries hold elsewhere too, or twice here
-- bytes          of these files
-- wasted_bytes   its part of the waste
WITH held AS (
    SELECT f.content_id, f.folder_id, count(*) AS copies
    FROM file_locations AS f
    WHERE f.role = 'library' AND f.status IN ('present', 'unavailable') AND f.content_id IS NOT NULL
    GROUP BY f.content_id, f.folder_id
),
several AS (
    SELECT content_id, sum(copies) AS copies FROM held GROUP BY content_id HAVING sum(copies) > 1
),
waste AS (
    SELECT h.folder_id, sum(h.copies) AS copies, sum(h.copies * m.file_size_bytes) AS bytes,
        sum(m.file_size_bytes * 1.0 * (s.copies - 1) / s.copies * h.copies) AS wasted
    FROM several AS s
    JOIN held AS h ON h.content_id = s.content_id
    JOIN content_identity AS c ON c.id = s.content_id
    JOIN media_files AS m ON m.hash = c.cas_id
    GROUP BY h.folder_id
),
summed AS (
    SELECT folder_id, copies, bytes, round(sum(wasted) OVER (ORDER BY folder_id)) AS so_far FROM waste
),
parts AS (
    SELECT *, so_far - lag(so_far, 1, 0) OVER (ORDER BY folder_id) AS wasted FROM summed
)
SELECT v.drive, l.path AS location, d.path AS folder,
    CAST(w.copies AS BIGINT) AS copies, CAST(w.bytes AS BIGINT) AS bytes,
    CAST(w.wasted AS BIGINT) AS wasted_bytes
FROM parts AS w
JOIN folders AS d ON d.id = w.folder_id
JOIN locations AS l ON l.id = d.location_id
JOIN drives AS v ON v.volume_id = l.volume_id
ORDER BY wasted_bytes DESC, drive, location, folder;
