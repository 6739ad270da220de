-- The catalog as the migrations make it, on SQLite; a new one is made from this text.
-- Generated, not edited by hand: python -m cardcat.catalog.schema > sql/schema.sql
-- Revision 0007, SHA-256 of what follows: 273aaf3482605034a312c4c0c0a0a58c19cd2f9f9dd45640655ab003ae259bfd

CREATE TABLE media_files (
    id INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
    hash TEXT NOT NULL,
    file_size_bytes INTEGER NOT NULL,
    file_size_human TEXT NOT NULL,
    media_type TEXT NOT NULL,
    extension TEXT NOT NULL,
    camera_make TEXT,
    camera_model TEXT,
    lens_model TEXT,
    date_taken TEXT,
    iso TEXT,
    aperture TEXT,
    shutter_speed TEXT,
    focal_length TEXT,
    software TEXT,
    duration_seconds REAL,
    resolution_width INTEGER,
    resolution_height INTEGER,
    date_added INTEGER NOT NULL,
    date_modified INTEGER NOT NULL,
    created_at INTEGER DEFAULT (strftime('%s', 'now')) NOT NULL,
    updated_at INTEGER DEFAULT (strftime('%s', 'now')) NOT NULL,
    path TEXT,
    CONSTRAINT ck_media_files_media_type CHECK (media_type IN ('image', 'video')),
    CONSTRAINT uq_media_files_hash UNIQUE (hash)
);

CREATE TABLE duplicate_groups (
    id INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
    total_copies INTEGER NOT NULL,
    total_size_bytes INTEGER NOT NULL,
    wasted_space_bytes INTEGER NOT NULL,
    media_file_id INTEGER NOT NULL,
    media_file_hash TEXT NOT NULL,
    CONSTRAINT uq_duplicate_groups_media_file_id UNIQUE (media_file_id),
    CONSTRAINT fk_duplicate_groups_media_file_id FOREIGN KEY(media_file_id) REFERENCES media_files (id) ON DELETE CASCADE,
    CONSTRAINT uq_duplicate_groups_media_file_hash UNIQUE (media_file_hash),
    CONSTRAINT fk_duplicate_groups_media_file_hash FOREIGN KEY(media_file_hash) REFERENCES media_files (hash) ON DELETE CASCADE
);

CREATE TABLE devices (
    id INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
    uuid TEXT NOT NULL,
    name TEXT NOT NULL,
    os TEXT NOT NULL,
    os_version TEXT,
    last_seen_at INTEGER NOT NULL,
    created_at INTEGER NOT NULL,
    CONSTRAINT uq_devices_uuid UNIQUE (uuid)
);

CREATE TABLE volumes (
    id INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
    uuid TEXT NOT NULL,
    "key" TEXT NOT NULL,
    fs_uuid TEXT,
    fs_type TEXT,
    label TEXT,
    total_bytes INTEGER,
    free_bytes INTEGER,
    last_mount_point TEXT,
    device_id INTEGER,
    last_seen_at INTEGER NOT NULL,
    created_at INTEGER NOT NULL,
    CONSTRAINT uq_volumes_uuid UNIQUE (uuid),
    CONSTRAINT uq_volumes_key UNIQUE ("key"),
    CONSTRAINT fk_volumes_device_id FOREIGN KEY(device_id) REFERENCES devices (id)
);

CREATE TABLE locations (
    id INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
    uuid TEXT NOT NULL,
    volume_id INTEGER NOT NULL,
    path TEXT NOT NULL,
    path_raw BLOB NOT NULL,
    name TEXT,
    role TEXT NOT NULL,
    index_mode TEXT DEFAULT 'deep' NOT NULL,
    scan_state TEXT DEFAULT 'pending' NOT NULL,
    last_scan_at INTEGER,
    error_message TEXT,
    total_file_count INTEGER DEFAULT 0 NOT NULL,
    total_byte_size INTEGER DEFAULT 0 NOT NULL,
    created_at INTEGER NOT NULL,
    updated_at INTEGER NOT NULL,
    CONSTRAINT uq_locations_volume_id_path_path_raw UNIQUE (volume_id, path, path_raw),
    CONSTRAINT ck_locations_role CHECK (role IN ('library', 'backup', 'archive', 'source')),
    CONSTRAINT ck_locations_index_mode CHECK (index_mode IN ('metadata', 'content', 'deep')),
    CONSTRAINT ck_locations_scan_state CHECK (scan_state IN ('pending', 'scanning', 'complete', 'error', 'paused')),
    CONSTRAINT uq_locations_uuid UNIQUE (uuid),
    CONSTRAINT fk_locations_volume_id FOREIGN KEY(volume_id) REFERENCES volumes (id)
);

CREATE TABLE folders (
    id INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
    location_id INTEGER NOT NULL,
    path TEXT NOT NULL,
    path_raw BLOB NOT NULL,
    CONSTRAINT uq_folders_location_id_path_path_raw UNIQUE (location_id, path, path_raw),
    CONSTRAINT fk_folders_location_id FOREIGN KEY(location_id) REFERENCES locations (id)
);

CREATE TABLE backup_sessions (
    id INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
    source_path TEXT NOT NULL,
    destination_path TEXT NOT NULL,
    files_scanned INTEGER DEFAULT 0 NOT NULL,
    files_copied INTEGER DEFAULT 0 NOT NULL,
    files_skipped INTEGER DEFAULT 0 NOT NULL,
    bytes_copied INTEGER DEFAULT 0 NOT NULL,
    started_at INTEGER NOT NULL,
    completed_at INTEGER,
    duration_seconds INTEGER,
    status TEXT NOT NULL,
    error_message TEXT,
    CONSTRAINT ck_backup_sessions_status CHECK (status IN ('running', 'completed', 'failed', 'cancelled'))
);

CREATE TABLE session_details (
    session_id INTEGER NOT NULL,
    run_id TEXT NOT NULL,
    source_volume_id INTEGER NOT NULL,
    source_root TEXT NOT NULL,
    source_root_raw BLOB NOT NULL,
    destination_location_id INTEGER NOT NULL,
    layout TEXT NOT NULL,
    timezone TEXT NOT NULL,
    excludes TEXT DEFAULT '[]' NOT NULL,
    files_failed INTEGER DEFAULT 0 NOT NULL,
    files_ignored INTEGER DEFAULT 0 NOT NULL,
    files_excluded INTEGER DEFAULT 0 NOT NULL,
    is_cold BOOLEAN DEFAULT 0 NOT NULL,
    attempts INTEGER DEFAULT 1 NOT NULL,
    attempt_started_at INTEGER NOT NULL,
    owner TEXT,
    flow_run_id TEXT,
    CONSTRAINT pk_session_details PRIMARY KEY (session_id),
    CONSTRAINT ck_session_details_layout CHECK (layout IN ('dated', 'tree')),
    CONSTRAINT fk_session_details_session_id FOREIGN KEY(session_id) REFERENCES backup_sessions (id) ON DELETE CASCADE,
    CONSTRAINT fk_session_details_source_volume_id FOREIGN KEY(source_volume_id) REFERENCES volumes (id),
    CONSTRAINT fk_session_details_destination_location_id FOREIGN KEY(destination_location_id) REFERENCES locations (id)
);

CREATE TABLE manifests (
    id INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
    location_id INTEGER NOT NULL,
    name TEXT NOT NULL,
    session_id INTEGER,
    created_at INTEGER NOT NULL,
    CONSTRAINT uq_manifests_location_id_name UNIQUE (location_id, name),
    CONSTRAINT fk_manifests_location_id FOREIGN KEY(location_id) REFERENCES locations (id),
    CONSTRAINT fk_manifests_session_id FOREIGN KEY(session_id) REFERENCES backup_sessions (id) ON DELETE SET NULL
);

CREATE TABLE content_identity (
    id INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
    cas_id TEXT NOT NULL,
    kind TEXT NOT NULL,
    size_bytes INTEGER NOT NULL,
    xxh3_128 TEXT,
    sample_hash TEXT,
    created_at INTEGER NOT NULL,
    CONSTRAINT ck_content_identity_kind CHECK (kind IN ('image', 'video', 'audio', 'sidecar', 'other')),
    CONSTRAINT uq_content_identity_cas_id UNIQUE (cas_id)
);

CREATE TABLE backup_items (
    session_id INTEGER NOT NULL,
    source_path TEXT NOT NULL,
    source_path_raw BLOB NOT NULL,
    size INTEGER NOT NULL,
    mtime_ns INTEGER NOT NULL,
    state TEXT NOT NULL,
    reason TEXT,
    hash TEXT,
    destination_path TEXT,
    destination_path_raw BLOB NOT NULL,
    file_location_id INTEGER,
    attempts INTEGER DEFAULT 0 NOT NULL,
    updated_at INTEGER NOT NULL, is_repeat BOOLEAN DEFAULT 0 NOT NULL,
    CONSTRAINT pk_backup_items PRIMARY KEY (session_id, source_path, source_path_raw),
    CONSTRAINT ck_backup_items_state CHECK (state IN ('planned', 'copying', 'copied', 'verified', 'skipped', 'failed')),
    CONSTRAINT fk_backup_items_session_id FOREIGN KEY(session_id) REFERENCES backup_sessions (id) ON DELETE CASCADE,
    CONSTRAINT fk_backup_items_file_location_id FOREIGN KEY(file_location_id) REFERENCES file_locations (id) ON DELETE SET NULL
) WITHOUT ROWID;

CREATE TABLE backup_errors (
    id INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
    session_id INTEGER NOT NULL,
    source_path TEXT NOT NULL,
    source_path_raw BLOB NOT NULL,
    destination_path TEXT,
    stage TEXT NOT NULL,
    error_type TEXT NOT NULL,
    error_message TEXT NOT NULL,
    is_failure BOOLEAN NOT NULL,
    attempt INTEGER DEFAULT 1 NOT NULL,
    resolved_at INTEGER,
    created_at INTEGER NOT NULL,
    CONSTRAINT ck_backup_errors_stage CHECK (stage IN ('scan', 'hash', 'dedupe', 'copy', 'verify', 'metadata', 'record')),
    CONSTRAINT fk_backup_errors_session_id FOREIGN KEY(session_id) REFERENCES backup_sessions (id) ON DELETE CASCADE
);

CREATE TABLE media_details (
    content_id INTEGER NOT NULL,
    format TEXT,
    date_local TEXT,
    date_offset TEXT,
    date_offset_source TEXT,
    date_source TEXT,
    date_confidence TEXT,
    gps_date TEXT,
    gps_latitude REAL,
    gps_longitude REAL,
    gps_altitude REAL,
    orientation INTEGER,
    rotation INTEGER,
    codec TEXT,
    audio_codec TEXT,
    frame_rate REAL,
    bit_rate INTEGER,
    bit_depth INTEGER,
    color_space TEXT,
    camera_serial TEXT,
    lens_serial TEXT,
    live_photo_id TEXT,
    unfinished TEXT,
    trouble TEXT,
    read_with TEXT,
    reader_version INTEGER NOT NULL,
    updated_at INTEGER NOT NULL,
    CONSTRAINT pk_media_details PRIMARY KEY (content_id),
    CONSTRAINT ck_media_details_date_confidence CHECK (date_confidence IN ('certain', 'likely', 'guess')),
    CONSTRAINT fk_media_details_content_id FOREIGN KEY(content_id) REFERENCES content_identity (id) ON DELETE CASCADE
);

CREATE TABLE asset_groups (
    id INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
    location_id INTEGER NOT NULL,
    kind TEXT NOT NULL,
    name TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    CONSTRAINT ck_asset_groups_kind CHECK (kind IN ('photo', 'live photo', 'clip', 'recording', 'index')),
    CONSTRAINT fk_asset_groups_location_id FOREIGN KEY(location_id) REFERENCES locations (id)
);

CREATE TABLE asset_group_members (
    group_id INTEGER NOT NULL,
    file_location_id INTEGER NOT NULL,
    role TEXT NOT NULL,
    CONSTRAINT pk_asset_group_members PRIMARY KEY (group_id, file_location_id),
    CONSTRAINT ck_asset_group_members_role CHECK (role IN ('master', 'part', 'rendition', 'motion', 'preview', 'sidecar', 'index')),
    CONSTRAINT fk_asset_group_members_group_id FOREIGN KEY(group_id) REFERENCES asset_groups (id) ON DELETE CASCADE,
    CONSTRAINT fk_asset_group_members_file_location_id FOREIGN KEY(file_location_id) REFERENCES file_locations (id) ON DELETE CASCADE
) WITHOUT ROWID;

CREATE TABLE volume_disks (
    volume_id INTEGER NOT NULL,
    disk TEXT NOT NULL,
    CONSTRAINT pk_volume_disks PRIMARY KEY (volume_id),
    CONSTRAINT fk_volume_disks_volume_id FOREIGN KEY(volume_id) REFERENCES volumes (id) ON DELETE CASCADE
);

CREATE TABLE copy_findings (
    id INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
    file_location_id INTEGER NOT NULL,
    trouble TEXT NOT NULL,
    message TEXT NOT NULL,
    expected_hash TEXT NOT NULL,
    observed_hash TEXT,
    observed_size INTEGER,
    found_at INTEGER NOT NULL,
    resolved_at INTEGER,
    resolution TEXT,
    CONSTRAINT ck_copy_findings_trouble CHECK (trouble IN ('damaged', 'missing', 'unreadable')),
    CONSTRAINT fk_copy_findings_file_location_id FOREIGN KEY(file_location_id) REFERENCES file_locations (id) ON DELETE CASCADE
);

CREATE TABLE copy_checks (
    file_location_id INTEGER NOT NULL,
    checked_at INTEGER NOT NULL,
    CONSTRAINT pk_copy_checks PRIMARY KEY (file_location_id),
    CONSTRAINT fk_copy_checks_file_location_id FOREIGN KEY(file_location_id) REFERENCES file_locations (id) ON DELETE CASCADE
);

CREATE TABLE session_attempts (
    session_id INTEGER NOT NULL,
    attempt INTEGER NOT NULL,
    run_id TEXT NOT NULL,
    flow_run_id TEXT,
    started_at INTEGER NOT NULL,
    ended_at INTEGER,
    status TEXT NOT NULL,
    message TEXT,
    files_copied INTEGER DEFAULT 0 NOT NULL,
    files_skipped INTEGER DEFAULT 0 NOT NULL,
    files_failed INTEGER DEFAULT 0 NOT NULL,
    files_pending INTEGER DEFAULT 0 NOT NULL,
    bytes_copied INTEGER DEFAULT 0 NOT NULL,
    bytes_read INTEGER DEFAULT 0 NOT NULL,
    CONSTRAINT pk_session_attempts PRIMARY KEY (session_id, attempt),
    CONSTRAINT ck_session_attempts_status CHECK (status IN ('running', 'completed', 'failed', 'cancelled')),
    CONSTRAINT fk_session_attempts_session_id FOREIGN KEY(session_id) REFERENCES backup_sessions (id) ON DELETE CASCADE
) WITHOUT ROWID;

CREATE TABLE attempt_stages (
    session_id INTEGER NOT NULL,
    attempt INTEGER NOT NULL,
    stage TEXT NOT NULL,
    seconds REAL NOT NULL,
    files INTEGER NOT NULL,
    bytes INTEGER NOT NULL,
    CONSTRAINT pk_attempt_stages PRIMARY KEY (session_id, attempt, stage),
    CONSTRAINT ck_attempt_stages_stage CHECK (stage IN ('scan', 'hash', 'dedupe', 'copy', 'verify', 'metadata', 'record')),
    CONSTRAINT fk_attempt_stages_session_id FOREIGN KEY(session_id) REFERENCES backup_sessions (id) ON DELETE CASCADE
) WITHOUT ROWID;

CREATE TABLE watched_cards (
    volume_id INTEGER NOT NULL,
    layout TEXT NOT NULL,
    timezone TEXT,
    excludes TEXT DEFAULT '[]' NOT NULL,
    added_at INTEGER NOT NULL,
    CONSTRAINT pk_watched_cards PRIMARY KEY (volume_id),
    CONSTRAINT ck_watched_cards_layout CHECK (layout IN ('dated', 'tree')),
    CONSTRAINT fk_watched_cards_volume_id FOREIGN KEY(volume_id) REFERENCES volumes (id) ON DELETE CASCADE
);

CREATE TABLE watched_destinations (
    volume_id INTEGER NOT NULL,
    position INTEGER NOT NULL,
    drive_id INTEGER NOT NULL,
    path TEXT NOT NULL,
    path_raw BLOB NOT NULL,
    handled TEXT,
    handled_at INTEGER,
    starter TEXT,
    flow_run_id TEXT,
    CONSTRAINT pk_watched_destinations PRIMARY KEY (volume_id, position),
    CONSTRAINT fk_watched_destinations_volume_id FOREIGN KEY(volume_id) REFERENCES watched_cards (volume_id) ON DELETE CASCADE,
    CONSTRAINT fk_watched_destinations_drive_id FOREIGN KEY(drive_id) REFERENCES volumes (id) ON DELETE CASCADE
) WITHOUT ROWID;

CREATE TABLE watch_notes (
    volume_key TEXT NOT NULL,
    about TEXT NOT NULL,
    stay TEXT NOT NULL,
    told_at INTEGER NOT NULL,
    CONSTRAINT pk_watch_notes PRIMARY KEY (volume_key, about)
) WITHOUT ROWID;

CREATE TABLE catalog_identity (
    uuid TEXT NOT NULL,
    CONSTRAINT pk_catalog_identity PRIMARY KEY (uuid)
) WITHOUT ROWID;

CREATE TABLE file_locations (
    id INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
    folder_id INTEGER NOT NULL,
    name TEXT NOT NULL,
    name_raw BLOB NOT NULL,
    content_id INTEGER,
    size INTEGER NOT NULL,
    mtime_ns INTEGER NOT NULL,
    role TEXT NOT NULL,
    status TEXT DEFAULT 'present' NOT NULL,
    evidence TEXT NOT NULL,
    verified_at INTEGER,
    verified_how TEXT,
    session_id INTEGER,
    first_seen_at INTEGER NOT NULL,
    last_seen_at INTEGER NOT NULL,
    CONSTRAINT uq_file_locations_folder_id_name_name_raw UNIQUE (folder_id, name, name_raw),
    CONSTRAINT ck_file_locations_role CHECK (role IN ('library', 'backup', 'archive', 'source')),
    CONSTRAINT ck_file_locations_status CHECK (status IN ('present', 'missing', 'unavailable', 'quarantined', 'deleted')),
    CONSTRAINT ck_file_locations_evidence CHECK (evidence IN ('claimed', 'written', 'synced', 'read_back', 'read_back_cold')),
    CONSTRAINT fk_file_locations_folder_id FOREIGN KEY(folder_id) REFERENCES folders (id),
    CONSTRAINT fk_file_locations_content_id FOREIGN KEY(content_id) REFERENCES content_identity (id),
    CONSTRAINT fk_file_locations_session_id FOREIGN KEY(session_id) REFERENCES backup_sessions (id) ON DELETE SET NULL
);

CREATE TABLE index_rules (
    location_id INTEGER NOT NULL,
    includes TEXT DEFAULT '[]' NOT NULL,
    excludes TEXT DEFAULT '[]' NOT NULL,
    owner TEXT,
    flow_run_id TEXT,
    updated_at INTEGER NOT NULL,
    CONSTRAINT pk_index_rules PRIMARY KEY (location_id),
    CONSTRAINT fk_index_rules_location_id FOREIGN KEY(location_id) REFERENCES locations (id) ON DELETE CASCADE
);

CREATE TABLE index_findings (
    id INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
    location_id INTEGER NOT NULL,
    path TEXT NOT NULL,
    path_raw BLOB NOT NULL,
    stage TEXT NOT NULL,
    error_type TEXT NOT NULL,
    message TEXT NOT NULL,
    found_at INTEGER NOT NULL,
    CONSTRAINT fk_index_findings_location_id FOREIGN KEY(location_id) REFERENCES locations (id) ON DELETE CASCADE
);

CREATE TABLE cleanups (
    id INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
    plan_hash TEXT NOT NULL,
    plan_path TEXT NOT NULL,
    status TEXT NOT NULL,
    error_message TEXT,
    owner TEXT,
    started_at INTEGER NOT NULL,
    completed_at INTEGER,
    CONSTRAINT ck_cleanups_status CHECK (status IN ('running', 'completed', 'failed', 'cancelled', 'undone')),
    CONSTRAINT uq_cleanups_plan_hash UNIQUE (plan_hash)
);

CREATE TABLE cleanup_steps (
    cleanup_id INTEGER NOT NULL,
    number INTEGER NOT NULL,
    action TEXT NOT NULL,
    state TEXT NOT NULL,
    reason TEXT,
    hash TEXT NOT NULL,
    size INTEGER NOT NULL,
    file_location_id INTEGER,
    keeper_id INTEGER,
    location_id INTEGER NOT NULL,
    path TEXT NOT NULL,
    path_raw BLOB NOT NULL,
    aside TEXT,
    aside_raw BLOB NOT NULL,
    mtime_ns INTEGER NOT NULL,
    inode INTEGER,
    twin_inode INTEGER,
    folder_mtime_ns INTEGER,
    mode INTEGER,
    uid INTEGER,
    gid INTEGER,
    updated_at INTEGER NOT NULL,
    CONSTRAINT pk_cleanup_steps PRIMARY KEY (cleanup_id, number),
    CONSTRAINT ck_cleanup_steps_action CHECK (action IN ('quarantine', 'hardlink', 'reflink')),
    CONSTRAINT ck_cleanup_steps_state CHECK (state IN ('planned', 'doing', 'done', 'refused', 'failed', 'undoing', 'undone')),
    CONSTRAINT fk_cleanup_steps_cleanup_id FOREIGN KEY(cleanup_id) REFERENCES cleanups (id) ON DELETE CASCADE,
    CONSTRAINT fk_cleanup_steps_file_location_id FOREIGN KEY(file_location_id) REFERENCES file_locations (id) ON DELETE SET NULL,
    CONSTRAINT fk_cleanup_steps_keeper_id FOREIGN KEY(keeper_id) REFERENCES file_locations (id) ON DELETE SET NULL,
    CONSTRAINT fk_cleanup_steps_location_id FOREIGN KEY(location_id) REFERENCES locations (id)
) WITHOUT ROWID;

CREATE INDEX ix_asset_group_members_file_location_id ON asset_group_members (file_location_id);

CREATE INDEX ix_backup_errors_session_id_resolved_at ON backup_errors (session_id, resolved_at);

CREATE INDEX ix_backup_items_file_location_id ON backup_items (file_location_id) WHERE is_repeat = 0;

CREATE INDEX ix_backup_sessions_status_started_at ON backup_sessions (status, started_at);

CREATE INDEX ix_cleanup_steps_file_location_id ON cleanup_steps (file_location_id);

CREATE INDEX ix_cleanup_steps_keeper_id ON cleanup_steps (keeper_id);

CREATE INDEX ix_content_identity_size_bytes_sample_hash ON content_identity (size_bytes, sample_hash);

CREATE INDEX ix_copy_findings_file_location_id_resolved_at ON copy_findings (file_location_id, resolved_at);

CREATE INDEX ix_file_locations_content_id_status ON file_locations (content_id, status);

CREATE INDEX ix_file_locations_status_verified_at ON file_locations (status, verified_at);

CREATE INDEX ix_index_findings_location_id ON index_findings (location_id);

CREATE INDEX ix_media_details_unfinished ON media_details (unfinished) WHERE unfinished IS NOT NULL;

CREATE INDEX ix_media_files_date_taken ON media_files (date_taken);

CREATE INDEX ix_media_files_media_type_extension ON media_files (media_type, extension);

CREATE INDEX ix_session_details_source_destination ON session_details (source_volume_id, destination_location_id);

CREATE VIEW entries AS
SELECT f.id, d.location_id, d.path AS relative_path, f.name,
    CASE d.path WHEN '' THEN f.name ELSE d.path || '/' || f.name END AS path,
    'file' AS kind, f.content_id, f.size, f.mtime_ns / 1000000000 AS modified_at, f.mtime_ns,
    f.role, f.status, f.evidence, f.verified_at, f.verified_how, f.session_id,
    f.first_seen_at, f.last_seen_at, d.path_raw AS relative_path_raw, f.name_raw
FROM file_locations AS f JOIN folders AS d ON d.id = f.folder_id;
