-- How long each session took and how fast it was, by stage.
--
-- session_id     as in `cardcat sessions list`
-- started_at     UTC seconds
-- status         running, completed, failed or cancelled
-- files_copied, bytes_copied   of all attempts
-- seconds        from the start to the end of each attempt that has ended, together
-- bytes_per_second   copied, by these seconds
-- attempts       how often it was begun or resumed
-- scan, hash, dedupe, copy, verify, metadata, record   seconds at each stage; stages may overlap
-- verify_bytes_per_second   read back, by the seconds of that stage
-- source, destination   as they were given
WITH tried AS (
    SELECT session_id, count(*) AS attempts, sum(ended_at - started_at) AS seconds
    FROM session_attempts
    GROUP BY session_id
),
stages AS (
    SELECT session_id,
        sum(CASE WHEN stage = 'scan' THEN seconds END) AS scan,
        sum(CASE WHEN stage = 'hash' THEN seconds END) AS hash,
        sum(CASE WHEN stage = 'dedupe' THEN seconds END) AS dedupe,
        sum(CASE WHEN stage = 'copy' THEN seconds END) AS copy,
        sum(CASE WHEN stage = 'verify' THEN seconds END) AS verify,
        sum(CASE WHEN stage = 'metadata' THEN seconds END) AS metadata,
        sum(CASE WHEN stage = 'record' THEN seconds END) AS record,
        sum(CASE WHEN stage = 'verify' THEN bytes END) AS verified
    FROM attempt_stages
    GROUP BY session_id
)
SELECT b.id AS session_id, b.started_at, b.status, b.files_copied, b.bytes_copied,
    CAST(t.seconds AS BIGINT) AS seconds,
    CASE WHEN t.seconds > 0 THEN CAST(round(b.bytes_copied * 1.0 / t.seconds) AS BIGINT) END
        AS bytes_per_second,
    coalesce(t.attempts, 0) AS attempts,
    s.scan, s.hash, s.dedupe, s.copy, s.verify, s.metadata, s.record,
    CASE WHEN s.verify > 0 THEN CAST(round(s.verified / s.verify) AS BIGINT) END AS verify_bytes_per_second,
    b.source_path AS source, b.destination_path AS destination
FROM backup_sessions AS b
LEFT JOIN tried AS t ON t.session_id = b.id
LEFT JOIN stages AS s ON s.session_id = b.id
ORDER BY b.id DESC;
