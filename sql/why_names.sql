-- What the names of a duplicate's copies say of how it came about.
--
-- content        as in content_identity: a photo or video that libraries hold more than once
-- is_renamed     two of its names differ by the mark of a copy only: 'IMG_1 (1).jpg', 'IMG_1 copy.jpg', 'IMG_1-1.jpg'
-- first_folder   of the copies under one name that a camera gave, in folders as cameras and imports make them:
-- last_folder    the first and the last of these folders; NULL if there are no two
WITH held AS (
    SELECT f.content_id, f.folder_id, lower(f.name) AS name
    FROM file_locations AS f
    JOIN content_identity AS c ON c.id = f.content_id AND c.kind IN ('image', 'video')
    WHERE f.role = 'library' AND f.status IN ('present', 'unavailable')
),
several AS (
    SELECT content_id, min(name) <> max(name) AS has_names FROM held GROUP BY content_id HAVING count(*) > 1
),
copies AS (
    SELECT h.*, s.has_names
    FROM held AS h
    JOIN several AS s ON s.content_id = h.content_id
),
named AS (
    SELECT content_id, name, regexp_extract(name, '(\.[^.]*)?$') AS ending FROM copies WHERE has_names
),
marked AS (
    SELECT content_id, name, ending,
        regexp_replace(
            regexp_replace(
                left(name, length(name) - length(ending)),
                '(?s)^(?:(?:copy|kopie|copie|copia)(?: \([0-9]{1,3}\))? (?:of|von|de|di) )+(.+)$', '\1'
            ),
            '(?s)^(.+?)(?:(?: ?- ?|[ _])(?:copy|copie|kopie|copia|kopia)(?:[ _]?\(?[0-9]{1,3}\)?)?|[ _]?\([0-9]{1,3}\))+$',
            '\1'
        ) AS plain
    FROM named
),
numbered AS (
    SELECT *, regexp_replace(plain, '(?s)^(.*[^ _-])[ _-][0-9]{1,2}$', '\1') AS stem FROM marked
),
alike AS (
    SELECT content_id, ending, plain, any_value(stem) AS stem, count(DISTINCT name) AS names
    FROM numbered
    GROUP BY content_id, ending, plain
),
renamed AS (
    SELECT content_id FROM alike WHERE names > 1
    UNION
    SELECT n.content_id
    FROM alike AS n
    JOIN alike AS p ON p.content_id = n.content_id AND p.ending = n.ending AND p.plain = n.stem
    WHERE n.plain <> n.stem
),
cards AS (
    SELECT d.id
    FROM folders AS d
    JOIN locations AS l ON l.id = d.location_id
    WHERE regexp_matches(
        lower(concat_ws('/', nullif(l.path, ''), nullif(d.path, ''))),
        '(^|/)dcim(/|$)|(^|/)[0-9]{3}[a-z0-9_]{5}$|(^|/)[^/]*(19|20)[0-9]{2}[-_. ]?[01][0-9][-_. ]?[0-3][0-9]([^0-9/][^/]*)?$'
    )
),
imports AS (
    SELECT m.content_id, m.name, min(m.folder_id) AS first_folder, max(m.folder_id) AS last_folder
    FROM copies AS m
    JOIN cards AS d ON d.id = m.folder_id
    WHERE regexp_matches(
        m.name,
        '^([a-z0-9_]{4}[0-9]{4}|[a-z][0-9]{4}|(img|vid|pxl|mvimg|dji)_[0-9]{8}[^.]*|[0-9]{8}_[0-9]{6}[^.]*)\.[a-z0-9]+$'
    )
    GROUP BY m.content_id, m.name
    HAVING min(m.folder_id) <> max(m.folder_id)
),
twice AS (
    SELECT content_id, min(first_folder) AS first_folder, max_by(last_folder, -first_folder) AS last_folder
    FROM imports
    GROUP BY content_id
)
SELECT CAST(s.content_id AS INTEGER) AS content, s.content_id IN (SELECT content_id FROM renamed) AS is_renamed,
    CAST(t.first_folder AS INTEGER) AS first_folder, CAST(t.last_folder AS INTEGER) AS last_folder
FROM several AS s
LEFT JOIN twice AS t ON t.content_id = s.content_id;
