-- The libraries' waste by the folder it lies in.
--
-- Of a duplicate's waste each of its copies carries an equal part, so the parts add up to the whole; which
-- copy is the one to keep is not decided here.
--
-- drive          label of the volume, else its key
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
)
SELECT coalesce(v.label, v.key) AS drive, l.path AS location, d.path AS folder,
    CAST(w.copies AS BIGINT) AS copies, CAST(w.bytes AS BIGINT) AS bytes,
    CAST(round(w.wasted) AS BIGINT) AS wasted_bytes
FROM waste AS w
JOIN folders AS d ON d.id = w.folder_id
JOIN locations AS l ON l.id = d.location_id
JOIN volumes AS v ON v.id = l.volume_id
ORDER BY wasted_bytes DESC, drive, location, folder;
