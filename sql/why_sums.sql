-- What each folder of the libraries has in it, without those below.
--
-- folder         as in folders
-- files, bytes   of photos and videos, each copy
-- unread         files that were not read
SELECT CAST(f.folder_id AS INTEGER) AS folder, count(c.id) AS files, CAST(coalesce(sum(c.size_bytes), 0) AS BIGINT) AS bytes,
    count(*) FILTER (WHERE f.content_id IS NULL) AS unread
FROM file_locations AS f
LEFT JOIN content_identity AS c ON c.id = f.content_id AND c.kind IN ('image', 'video')
WHERE f.role = 'library' AND f.status IN ('present', 'unavailable')
GROUP BY f.folder_id;
