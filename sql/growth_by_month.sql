-- What came into the catalog in each month, and the total.
--
-- month            UTC, as 2024-05
-- contents, bytes  contents that were recorded for the first time, and their bytes
-- copies           files that were seen or written for the first time; copy_bytes: theirs
-- total_contents, total_bytes   all contents up to and including this month
WITH came AS (
    SELECT strftime(make_timestamp(created_at * 1000000), '%Y-%m') AS month,
        count(*) AS contents, sum(size_bytes) AS bytes, 0 AS copies, 0 AS copy_bytes
    FROM content_identity
    GROUP BY 1
    UNION ALL
    SELECT strftime(make_timestamp(first_seen_at * 1000000), '%Y-%m'), 0, 0, count(*), sum(size)
    FROM file_locations
    WHERE role <> 'source'
    GROUP BY 1
),
months AS (
    SELECT month, sum(contents) AS contents, sum(bytes) AS bytes, sum(copies) AS copies,
        sum(copy_bytes) AS copy_bytes
    FROM came
    GROUP BY month
)
SELECT month, CAST(contents AS BIGINT) AS contents, CAST(bytes AS BIGINT) AS bytes,
    CAST(copies AS BIGINT) AS copies, CAST(copy_bytes AS BIGINT) AS copy_bytes,
    CAST(sum(contents) OVER (ORDER BY month) AS BIGINT) AS total_contents,
    CAST(sum(bytes) OVER (ORDER BY month) AS BIGINT) AS total_bytes
FROM months
ORDER BY month;
