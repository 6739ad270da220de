"""
How long a question about one thing, or for one page, takes when the catalog is large.

`python -m benchmarks.queries [--rows 10000000] [--rounds 5] [--only WORDS] [--folder WHERE] [--catalog FILE]
[--json FILE]`

Commands as a user gives them, each a process from its start to its end, on a catalog of so many file
locations, 2,000 sessions and their 1,000,000 files; in turn with the same command on one of 100 locations and
10 sessions, which is its start-up. What counts is the difference. What cardcat has worked out and keeps until
something is written to the catalog is there, but for the rows that say that it is not. Commands that go
through all that there is, whatever they answer (`catalog status`), are asked too, and told apart by a note.
The last is a backup of a small card.

The catalog is that of `benchmarks.reports`; one that it made with --keep can be given with --catalog, and
gets the sessions that it lacks. 10,000,000 rows take 4 GB and some minutes to make. All is in memory.
"""

from __future__ import annotations

import argparse
import shutil
import sqlite3
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path

from benchmarks import reports, running
from benchmarks.material import photos
from benchmarks.results import Result, table, write
from benchmarks.timing import interleaved

_SMALL = 100  # rows: the fewest with a duplicate
_SESSIONS, _FEW_SESSIONS = 2_000, 10
_SETTLED = 2.1  # seconds; before, a snapshot can't tell whether the catalog is still being written
_PHOTOS, _PHOTO = 40, 300_000  # photos of a card, and the bytes of each
_cards = count()
_GOAL = 0.3  # seconds beyond start-up
_KEPT = "nothing was written to the catalog since the last time"
_CHANGED = "the first time since something was written to the catalog"
_HOW = (
    "Seconds beyond those of the same command on a catalog of 100 copies, which is its start-up. All is in"
    " memory."
)
_FILL = """
UPDATE volumes SET last_mount_point = '/media/' || label;
WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < :sessions)
INSERT INTO backup_sessions (id, source_path, destination_path, files_scanned, files_copied, bytes_copied,
    started_at, completed_at, duration_seconds, status)
SELECT i, '/media/CARD-' || i % 7, '/media/BACKUP-1/photos', 500, 500, 2000000000,
    1100000000 + i * 86400, 1100000600 + i * 86400, 600,
    CASE i % 10 WHEN 0 THEN 'failed' ELSE 'completed' END FROM n;
INSERT INTO session_details (session_id, run_id, source_volume_id, source_root, source_root_raw,
    destination_location_id, layout, timezone, attempt_started_at)
SELECT id, 'run-' || id, 1, 'CARD', x'', 4, 'dated', 'UTC', started_at FROM backup_sessions;
INSERT INTO session_attempts (session_id, attempt, run_id, started_at, ended_at, status)
SELECT id, 1, 'run-' || id, started_at, completed_at, status FROM backup_sessions;
INSERT INTO attempt_stages (session_id, attempt, stage, seconds, files, bytes)
SELECT id, 1, 'copy', 300.0, 500, 2000000000 FROM backup_sessions;
WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 500)
INSERT INTO backup_items (session_id, source_path, source_path_raw, size, mtime_ns, state,
    destination_path_raw, attempts, updated_at)
SELECT id, 'DCIM/IMG_' || i || '.JPG', x'', 4000000, 1, 'verified', x'', 1, completed_at
FROM backup_sessions CROSS JOIN n;
WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 20)
INSERT INTO backup_errors (session_id, source_path, source_path_raw, stage, error_type, error_message,
    is_failure, created_at)
SELECT id, 'DCIM/IMG_' || i || '.JPG', x'', 'metadata', 'Metadata', 'could not be read', 0, completed_at
FROM backup_sessions CROSS JOIN n WHERE id % 10 = 0;
"""
_ONE = """
SELECT k.cas_id, v.last_mount_point || '/' || l.path || '/' || d.path || '/' || f.name, f.name
FROM content_identity AS k JOIN file_locations AS f ON f.content_id = k.id JOIN folders AS d
ON d.id = f.folder_id JOIN locations AS l ON l.id = d.location_id JOIN volumes AS v ON v.id = l.volume_id
WHERE k.kind = 'image' AND k.id >= (SELECT max(id) / 3 FROM content_identity)
    AND (SELECT count(*) FROM file_locations AS o WHERE o.content_id = k.id AND o.status = 'present'
    AND o.role = 'library') >= :copies
ORDER BY k.id LIMIT 1
"""


@dataclass(frozen=True, slots=True)
class Asked:
    """A command: its words as they are told, as they are given for a catalog, and what to know of it."""

    told: str
    words: Callable[[Known], tuple[str, ...]]
    note: str = ""

    @property
    def is_first(self) -> bool:
        """Whether nothing is there that was worked out before."""
        return self.note == _CHANGED


@dataclass(frozen=True, slots=True)
class Known:
    """A *catalog*, and a photo in it: its hash, the path of a copy and its name; the hash of a duplicate."""

    catalog: Path
    hash: str
    path: str
    name: str
    twice: str


def _plain(words: str, note: str = "") -> Asked:
    return Asked(words, lambda _: tuple(words.split()), note)


def new_card(known: Known) -> tuple[str, str]:
    """A card of new photos and an empty drive, made beside the catalog while the clock runs."""
    folder = Path(tempfile.mkdtemp(dir=known.catalog.parent))
    card, drive = folder / "card", folder / "drive"
    photos(card, _PHOTOS, _PHOTO, first=_PHOTOS * next(_cards))
    drive.mkdir()
    return str(card), str(drive)


COMMANDS = (
    Asked("show HASH", lambda known: ("show", known.hash)),
    Asked("show HASH, its first 12 digits", lambda known: ("show", known.hash[:12])),
    Asked("show PATH", lambda known: ("show", known.path)),
    Asked("show NAME", lambda known: ("show", known.name)),
    Asked("duplicates show HASH", lambda known: ("duplicates", "show", known.twice), _KEPT),
    _plain("sessions list"),
    _plain("sessions list --limit 200"),
    _plain("sessions list --status failed"),
    _plain("sessions show 10"),
    _plain("sessions errors 10"),
    _plain("volumes list", _KEPT),
    _plain("volumes list", _CHANGED),
    _plain("volumes show PHOTOS", "it weighs every copy on the drive against all others"),
    _plain("catalog status", "it looks at the whole catalog, whether it is sound"),
    _plain("duplicates list", _KEPT),
    _plain("duplicates list", _CHANGED),
    _plain("duplicates list --page 100", _KEPT),
    _plain("duplicates list --folder /media/OLD-1/photos --limit 20", _KEPT),
    _plain("duplicates waste", _KEPT),
    Asked(f"backup CARD DRIVE, {_PHOTOS} new photos", lambda known: ("backup", "--direct", *new_card(known))),
)


@dataclass
class Bench:
    """A home to ask from, and the memory that each command took, each time."""

    home: Path
    memory: dict[Asked, list[int]] = field(default_factory=dict)

    def ask(self, asked: Asked, known: Known) -> None:
        """Give the command, and note its memory."""
        if asked.is_first:
            self._forget()
        taken = running.cardcat("--catalog", str(known.catalog), *asked.words(known), home=self.home)
        self.memory.setdefault(asked, []).append(taken)

    def _forget(self) -> None:
        """Remove what was worked out; the copy of the catalog that it was worked out from stays."""
        cache = self.home / ".cache/cardcat"
        for kept in (cache / "sums", *cache.glob("analysis/*/kept")):
            shutil.rmtree(kept, ignore_errors=True)

    def measure(self, large: Known, small: Known, rows: int, rounds: int, only: str = "") -> Iterator[Result]:
        """Each command on both catalogs, in turn."""
        for asked in COMMANDS:
            if not asked.told.startswith(only):
                continue
            ways = {
                "start-up": lambda asked=asked: self.ask(asked, small),
                "large": lambda asked=asked: self.ask(asked, large),
            }
            start, own = interleaved(ways, rounds)
            work = f"cardcat {asked.told}, {rows:,} copies"
            peer = f"the same, {_SMALL} copies"
            memory = max(self.memory[asked][len(ways) :])  # what has to be worked out first takes more
            yield Result(work, peer, own.seconds, start.seconds, None, memory, asked.note, _GOAL)


def made(folder: Path, rows: int) -> Path:
    """A new catalog of so many copies in *folder*; made apart, or its memory counts as theirs."""
    folder.mkdir()
    catalog = folder / "catalog.db"
    reports.apart("make", catalog, "--rows", str(rows))
    return catalog


def add_sessions(catalog: Path, sessions: int = _SESSIONS) -> None:
    """Give it the sessions that it lacks, and its drives the places where they were seen."""
    with closing(sqlite3.connect(catalog)) as connection:
        if connection.execute("SELECT count(*) FROM backup_sessions").fetchone() == (0,):
            for statement in _FILL.split(";\n"):
                named = {"sessions": sessions} if ":sessions" in statement else {}
                connection.execute(statement, named)
            connection.commit()
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")


def known(catalog: Path) -> Known:
    """What can be asked of it. SystemExit if there is no photo, or no duplicate."""
    with closing(sqlite3.connect(f"{catalog.as_uri()}?mode=ro", uri=True)) as connection:
        one, twice = (connection.execute(_ONE, {"copies": copies}).fetchone() for copies in (0, 2))
    if one is None or twice is None:
        raise SystemExit(f"There is no photo, or no duplicate, in {catalog}: nothing was measured.")
    hash_, path, name = one
    return Known(catalog, hash_, path, name, twice[0])


def main() -> None:
    """Make the catalogs, measure, and print."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--rows", type=int, default=10_000_000)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--only", default="", metavar="WORDS", help="commands that begin so")
    parser.add_argument("--folder", type=Path, help="where to work: 1 GB for each million rows")
    parser.add_argument("--catalog", type=Path, help="one that `benchmarks.reports --keep` made")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the figures there too")
    given = parser.parse_args()
    running.end_tidily()
    with tempfile.TemporaryDirectory(dir=given.folder) as folder:
        large = given.catalog or made(Path(folder, "large"), given.rows)
        small = made(Path(folder, "small"), _SMALL)
        add_sessions(large)
        add_sessions(small, _FEW_SESSIONS)
        with closing(sqlite3.connect(large)) as connection:
            ((rows,),) = connection.execute("SELECT count(*) FROM file_locations").fetchall()
        time.sleep(_SETTLED)
        bench, found = Bench(Path(folder)), []
        for one in bench.measure(known(large), known(small), rows, given.rounds, given.only):
            found.append(one)
            print(table([one]), flush=True)
    if given.json:
        write(given.json, found, rounds=given.rounds, how=_HOW)


if __name__ == "__main__":
    main()
