-- The folders of all locations, and which of them a Google Photos export (Takeout) made.
--
-- folder         as in folders
-- location       as in locations
-- path           relative to the location
-- path_raw       its exact bytes where the text is not exact
-- is_export      below Takeout/Google Photos; or called 'Photos from 2019' with .json files in it; or beside one
WITH named AS (
    SELECT d.id, d.location_id, d.path, d.path_raw, regexp_replace(d.path, '/?[^/]*$', '') AS above,
        d.path <> '' AS is_below, lower(concat_ws('/', nullif(l.path, ''), nullif(d.path, ''))) AS whole
    FROM folders AS d
    JOIN locations AS l ON l.id = d.location_id
),
years AS (
    SELECT n.id, n.location_id, n.above, n.is_below
    FROM named AS n
    WHERE regexp_matches(
            n.whole,
            '(^|/)(photos from|photos de|photos du|fotos von|fotos de|fotos del|foto del|foto dal|foto.s uit|foton från'
            || '|zdjęcia z|fotky z) (19|20)[0-9]{2}$'
        )
        AND EXISTS (
            SELECT 1 FROM file_locations AS f
            WHERE f.folder_id = n.id AND lower(f.name) LIKE '%.json' AND f.status IN ('present', 'unavailable')
        )
)
SELECT CAST(n.id AS INTEGER) AS folder, n.location_id AS location, n.path, n.path_raw,
    regexp_matches(n.whole, '(^|/)takeout[^/]*/google [^/]+(/|$)')
    OR n.id IN (SELECT id FROM years)
    OR n.is_below AND (n.location_id, n.above) IN (SELECT (location_id, above) FROM years WHERE is_below) AS is_export
FROM named AS n;
