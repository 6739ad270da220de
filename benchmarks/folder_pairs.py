"""
How long it takes to count the duplicates of a large catalog, and to explain them.

`python -m benchmarks.folder_pairs [--rows 1000000] [--folder DIR]`: makes a catalog of so many copies in
DIR (a temporary folder by default): five drives, years of events, of which many are copied whole, nearly
whole, renamed, or scattered. Prints seconds and the memory at its highest of each step, each in a process of
its own.
"""

from __future__ import annotations

import argparse
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from cardcat.catalog.duplicates import refresh_duplicates
from cardcat.catalog.engine import open_catalog

_IN_FOLDER = 40  # files
_COPIED = 0.35  # of all folders are copies of others

_SEED = """
PRAGMA foreign_keys = OFF;
WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 5)
INSERT INTO volumes (uuid, key, label, last_seen_at, created_at, last_mount_point)
SELECT 'u' || i, 'uuid:' || i, 'DRIVE' || i, 1, 1, '/media/DRIVE' || i FROM n;
INSERT INTO locations (uuid, volume_id, path, path_raw, role, created_at, updated_at)
SELECT 'l' || id, id, '', x'', 'library', 1, 1 FROM volumes;
WITH RECURSIVE n(i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i < {folders} - 1)
INSERT INTO folders (id, location_id, path, path_raw)
SELECT i + 1, i * 5 / {folders} + 1, (2000 + i % 20) || '/event ' || (i / 20 % 300) || '/part ' || i, x''
FROM n;
WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < {contents})
INSERT INTO content_identity (id, cas_id, kind, size_bytes, created_at)
SELECT i, printf('%016x', i * 2654435761 % 9007199254740993) || printf('%048x', i),
    CASE i % 10 WHEN 0 THEN 'video' WHEN 1 THEN 'sidecar' ELSE 'image' END, 1000000 + i % 9000000, 1 FROM n;
INSERT INTO media_files (hash, file_size_bytes, file_size_human, media_type, extension, camera_make,
    camera_model, date_taken, date_added, date_modified, path)
SELECT cas_id, size_bytes, '', kind, 'jpg', 'Canon', 'EOS R' || id % 7,
    (2000 + id % 20) || printf('-%02d-01T10:00:00', id % 12 + 1), 1, 1, 'IMG_' || id || '.jpg'
FROM content_identity WHERE kind <> 'sidecar';
WITH RECURSIVE n(i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i < {rows} - 1),
placed AS (
    SELECT i / {each} AS folder, i % {each} AS at,
        CASE WHEN i / {each} >= {whole} THEN i / {each} - {whole} ELSE i / {each} END AS of
    FROM n
)
INSERT INTO file_locations (folder_id, name, name_raw, content_id, size, mtime_ns, role, evidence,
    first_seen_at, last_seen_at)
SELECT folder + 1,
    'IMG_' || printf('%04d', at) || CASE folder % 50 WHEN 7 THEN ' (1)' ELSE '' END || '.jpg', x'',
    CASE WHEN at = 0 AND folder % 17 = 0 THEN 2
        WHEN at = 5 AND folder % 23 = 0 THEN (folder * 7919) % {contents} + 1
        ELSE min(of * {each} + at + 1, {contents}) END,
    1000000, 1, 'library', 'read_back', 1, 1
FROM placed;
"""


def make_catalog(path: Path, rows: int) -> None:
    """A catalog of *rows* copies."""
    folders = rows // _IN_FOLDER
    whole = folders - int(folders * _COPIED)
    statement = _SEED.format(
        rows=rows, folders=folders, each=_IN_FOLDER, contents=whole * _IN_FOLDER, whole=whole
    )
    with open_catalog(path) as opened, opened.write() as c:
        for part in statement.split(";"):
            if part.strip():
                c.exec_driver_sql(part)


def refresh(path: Path) -> None:
    """Count."""
    with open_catalog(path) as opened, opened.write() as c:
        print("  ", refresh_duplicates(c))


def snapshot(path: Path) -> None:
    """Bring what the analysis reads up to date."""
    from cardcat import analysis  # noqa: PLC0415 - its memory is to be that of its own process

    with analysis.connect(path):
        pass


def explain(path: Path) -> None:
    """Explain."""
    from cardcat.duplicates.listing import list_groups  # noqa: PLC0415 - the same

    found = list_groups(path)
    print(
        f"   {len(found.findings)} findings about folders;",
        *(f"{why.value} {n}," for why, n, _ in found.by_why),
    )


STEPS: dict[str, Callable[[Path], None]] = {
    "refresh": refresh,
    "refresh again": refresh,
    "snapshot": snapshot,
    "explain": explain,
}


def main() -> None:
    """Make a catalog, then each step."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=200_000)
    parser.add_argument("--folder", type=Path)
    parser.add_argument("--step", help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.step:
        begun = time.perf_counter()
        STEPS[given.step](given.folder)
        highest = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
        print(f"{given.step:<16}{time.perf_counter() - begun:>9.1f} s{highest:>9.0f} MiB", flush=True)
        return
    with tempfile.TemporaryDirectory() as temporary:
        path = (given.folder or Path(temporary)) / f"folder-pairs-{given.rows}.db"
        if not path.exists():
            begun = time.perf_counter()
            make_catalog(path, given.rows)
            print(f"{'make':<16}{time.perf_counter() - begun:>9.1f} s", flush=True)
        for step in STEPS:
            command = [sys.executable, "-m", "benchmarks.folder_pairs", "--step", step, "--folder", str(path)]
            subprocess.run(command, check=True)


if __name__ == "__main__":
    main()
