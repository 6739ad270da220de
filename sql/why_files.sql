-- The files of libraries, for the search of folders that are somewhere else as a whole.
--
-- folder         as in folders
-- content        as in content_identity; NULL for a file that was not read
-- is_media       whether it is a photo or a video
SELECT CAST(f.folder_id AS INTEGER) AS folder, CAST(f.content_id AS INTEGER) AS content,
    coalesce(c.kind IN ('image', 'video'), false) AS is_media
FROM file_locations AS f
LEFT JOIN content_identity AS c ON c.id = f.content_id
WHERE f.role = 'library' AND f.status IN ('present', 'unavailable');
