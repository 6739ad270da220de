-- The room that each kind of file takes, by role.
--
-- kind             image, video, audio, sidecar or other; NULL for files that were not read
-- role             library, backup or archive; source: on cards
-- files, bytes     all copies
-- contents         different ones among them
-- content_bytes    bytes of each of these once
WITH held AS (
    SELECT f.content_id, f.role, count(*) AS files, sum(f.size) AS bytes
    FROM file_locations AS f
    WHERE f.status IN ('present', 'unavailable')
    GROUP BY f.content_id, f.role
)
SELECT c.kind, h.role, CAST(sum(h.files) AS BIGINT) AS files, CAST(sum(h.bytes) AS BIGINT) AS bytes,
    count(h.content_id) AS contents, CAST(coalesce(sum(c.size_bytes), 0) AS BIGINT) AS content_bytes
FROM held AS h
LEFT JOIN content_identity AS c ON c.id = h.content_id
GROUP BY c.kind, h.role
ORDER BY bytes DESC, c.kind, h.role;
