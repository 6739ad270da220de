-- The duplicates of the last count, with what they can be filtered by. Largest waste first.
--
-- content        as in content_identity
-- hash           SHA-256 of the content
-- media_type     image or video
-- path           of the primary copy, relative to its location
-- copies         copies in libraries
-- size           bytes of one copy
-- wasted         bytes of all copies but one
-- camera         make and model
-- month          it was taken in, as 2024-05
SELECT CAST(c.id AS INTEGER) AS content, g.media_file_hash AS hash, m.media_type, m.path, g.total_copies AS copies,
    m.file_size_bytes AS size, g.wasted_space_bytes AS wasted,
    nullif(concat_ws(' ', m.camera_make, m.camera_model), '') AS camera, substr(m.date_taken, 1, 7) AS month
FROM duplicate_groups AS g
JOIN media_files AS m ON m.id = g.media_file_id
JOIN content_identity AS c ON c.cas_id = g.media_file_hash
ORDER BY g.wasted_space_bytes DESC, g.id;
