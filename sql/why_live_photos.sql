-- Live Photos: which film belongs to which photo.
--
-- photo, film    as in content_identity
SELECT DISTINCT CAST(p.content_id AS INTEGER) AS photo, CAST(v.content_id AS INTEGER) AS film
FROM media_details AS p
JOIN media_details AS v ON v.live_photo_id = p.live_photo_id
JOIN content_identity AS cp ON cp.id = p.content_id AND cp.kind = 'image'
JOIN content_identity AS cv ON cv.id = v.content_id AND cv.kind = 'video'
UNION
SELECT DISTINCT CAST(cp.id AS INTEGER) AS photo, CAST(cv.id AS INTEGER) AS film
FROM asset_groups AS g
JOIN asset_group_members AS mp ON mp.group_id = g.id
JOIN asset_group_members AS mv ON mv.group_id = g.id AND mv.role = 'motion'
JOIN file_locations AS fp ON fp.id = mp.file_location_id
JOIN file_locations AS fv ON fv.id = mv.file_location_id
JOIN content_identity AS cp ON cp.id = fp.content_id AND cp.kind = 'image'
JOIN content_identity AS cv ON cv.id = fv.content_id AND cv.kind = 'video'
WHERE g.kind = 'live photo';
