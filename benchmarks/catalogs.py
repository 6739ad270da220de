"""A large catalog as twenty years leave it, written straight into SQLite: the same one for the same seed."""

from __future__ import annotations

import hashlib
import random
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path

from cardcat.catalog.details import READER_VERSION
from cardcat.catalog.engine import open_catalog

DRIVES = (
    ("PHOTOS", "library"),
    ("OLD-1", "library"),
    ("OLD-2", "library"),
    ("BACKUP-1", "backup"),
    ("BACKUP-2", "backup"),
)
UNPLUGGED = 3  # the number of the drive that is
CAMERAS = [(f"Maker {number % 6}", f"Model {number}") for number in range(24)]
YEARS = range(2004, 2024)
IN_FOLDER = 120  # files
BATCH = 50_000
DUPLICATES = 0.15  # of the files
_START = 1_072_915_200  # 2004-01-01 UTC
_DAY = 86_400


@dataclass(frozen=True, slots=True)
class _Content:
    id: int
    day: int
    name: str
    size: int


@dataclass(slots=True)
class _Rows:
    """Rows to write: of `content_identity`, `media_files`, `media_details` and `file_locations`."""

    known: list[tuple[object, ...]] = field(default_factory=list)
    media: list[tuple[object, ...]] = field(default_factory=list)
    details: list[tuple[object, ...]] = field(default_factory=list)
    copies: list[tuple[object, ...]] = field(default_factory=list)


def make(path: Path, rows: int, seed: int = 2024) -> None:
    """
    Write a catalog with *rows* file locations to *path*: media with details, folders, volumes, locations.

    The indexes of the largest tables are made at the end, as the catalog has them.
    """
    open_catalog(path).close()
    with closing(sqlite3.connect(path)) as connection:
        for pragma in ("journal_mode=OFF", "synchronous=OFF", "cache_size=-1000000", "foreign_keys=OFF"):
            connection.execute(f"PRAGMA {pragma}")
        indexes = _take_indexes(connection)
        _drives(connection)
        _fill(connection, rows, random.Random(seed))  # noqa: S311 - the same catalog every time
        for statement in indexes:
            connection.execute(statement)
        connection.commit()
        connection.execute("ANALYZE")
        connection.execute("PRAGMA journal_mode=WAL")


def _take_indexes(connection: sqlite3.Connection) -> list[str]:
    """Drop what would be kept up to date row by row; return what makes it again."""
    found = connection.execute(
        "SELECT name, sql FROM sqlite_master WHERE type = 'index' AND sql IS NOT NULL AND tbl_name IN"
        " ('file_locations', 'content_identity', 'media_files')"
    ).fetchall()
    for name, _ in found:
        connection.execute(f"DROP INDEX {name}")
    return [sql for _, sql in found]


def _drives(connection: sqlite3.Connection) -> None:
    for number, (label, role) in enumerate(DRIVES, 1):
        connection.execute(
            "INSERT INTO volumes (id, uuid, key, label, last_seen_at, created_at) VALUES (?, ?, ?, ?, ?, ?)",
            (number, f"uuid-{number}", f"uuid:{number}", label, _START, _START),
        )
        connection.execute(
            "INSERT INTO locations (id, uuid, volume_id, path, path_raw, role, created_at, updated_at)"
            " VALUES (?, ?, ?, 'photos', x'', ?, ?, ?)",
            (number, f"location-{number}", number, role, _START, _START),
        )


def _fill(connection: sqlite3.Connection, rows: int, chance: random.Random) -> None:
    """Contents in the order they were taken; each lies in a library, often on a backup, some twice."""
    contents = (rows * 50) // 100
    folders = _Folders()
    new = _Rows()
    written = 0
    for one in _contents(contents, chance):
        new.known.append(_known(one))
        if one.id % 50:
            new.media.append(_media(one, chance))
            new.details.append(_details(one))
        for drive, again in _places(chance, rows - written, contents - one.id):
            new.copies.append(_copy(one, folders.of(drive, one.day, again), drive, again=again))
            written += 1
        if len(new.copies) >= BATCH or one.id == contents:
            _write(connection, new, folders.taken())
            new = _Rows()


def _contents(contents: int, chance: random.Random) -> Iterator[_Content]:
    days = len(YEARS) * 365
    for number in range(1, contents + 1):
        name = (
            f"IMG_{number % 10_000:04}.{'MP4' if number % 20 == 0 else 'CR3' if number % 3 == 0 else 'JPG'}"
        )
        size = chance.randrange(2_000_000, 12_000_000) * (30 if number % 20 == 0 else 1)
        yield _Content(number, number * days // contents, name, size)


def _places(chance: random.Random, left: int, after: int) -> Iterator[tuple[int, bool]]:
    """The drives that hold a content, each with whether it lies there under an old folder once more."""
    if left <= 0:
        return
    yield 1, False
    spare = left - 1 - after
    for drive, share, again in ((2, DUPLICATES, True), (1, 0.03, True), (3, 0.12, True), (4, 0.5, False)):
        if spare > 0 and chance.random() < share:
            spare -= 1
            yield drive, again
    if spare > after:  # what is missing to the rows that were asked for
        yield 5, False


class _Folders:
    """Folders by drive and day, and copies of them in which duplicates lie."""

    def __init__(self) -> None:
        self._ids: dict[tuple[int, int, bool, int], int] = {}
        self._files: dict[tuple[int, int, bool], int] = {}
        self._new: list[tuple[int, int, str]] = []
        self._last = 0

    def of(self, drive: int, day: int, again: bool) -> int:
        """The folder for one more file."""
        files = self._files[drive, day, again] = self._files.get((drive, day, again), -1) + 1
        key = (drive, day, again, files // IN_FOLDER)
        if key not in self._ids:
            self._last += 1
            self._ids[key] = self._last
            self._new.append((self._last, drive, _path(day, again=again, number=files // IN_FOLDER)))
        return self._ids[key]

    def taken(self) -> list[tuple[int, int, str]]:
        """The folders since the last time."""
        new, self._new = self._new, []
        return new


def _path(day: int, *, again: bool, number: int) -> str:
    year, rest = divmod(day, 365)
    date = f"{YEARS[0] + year}-{rest // 31 + 1:02}-{rest % 31 + 1:02}"
    path = f"{YEARS[0] + year}/{date}" + (f"/part {number}" if number else "")
    return f"from the old computer/{path} copy" if again else path


def _known(one: _Content) -> tuple[object, ...]:
    kind = "sidecar" if one.id % 50 == 0 else "video" if one.id % 20 == 0 else "image"
    return one.id, _hash(one), kind, one.size, _hash(one)[:32], _hash(one)[32:48], _START + one.day * _DAY


def _media(one: _Content, chance: random.Random) -> tuple[object, ...]:
    make_, model = CAMERAS[(one.day // 300 + chance.randrange(3)) % len(CAMERAS)]
    year, rest = divmod(one.day, 365)
    taken = f"{YEARS[0] + year}-{rest // 31 + 1:02}-{rest % 31 + 1:02}T10:00:{one.id % 60:02}"
    kind, extension = "video" if one.id % 20 == 0 else "image", one.name[-3:].lower()
    return (
        _hash(one), one.size, f"{one.size / 1e6:.1f} MB", kind, extension, make_, model,
        taken if one.id % 30 else None, _START + one.day * _DAY, _START,
        f"{_path(one.day, again=False, number=0)}/{one.name}",
    )  # fmt: skip


def _details(one: _Content) -> tuple[object, ...]:
    year, rest = divmod(one.day, 365)
    taken = f"{YEARS[0] + year}-{rest // 31 + 1:02}-{rest % 31 + 1:02}T10:00:{one.id % 60:02}"
    live_photo = f"{_hash(one)[:8]}-LIVE" if one.id % 25 == 0 else None
    unfinished = "has no index" if one.id % 20_000 == 0 else None
    return (
        one.id, one.name[-3:].upper(), taken, "+02:00", "OffsetTimeOriginal", "DateTimeOriginal", "certain",
        1, f"{one.day // 300:012}", live_photo, unfinished, "exifread", READER_VERSION, _START,
    )  # fmt: skip


def _copy(one: _Content, folder: int, drive: int, *, again: bool) -> tuple[object, ...]:
    seen = _START + (one.day + (3000 if again else 1)) * _DAY
    is_backup = DRIVES[drive - 1][1] == "backup"
    evidence, how = ("read_back_cold", "read past the page cache") if is_backup else ("claimed", None)
    name = f"{one.name[:-4]}_{one.id}{one.name[-4:]}"
    status = "missing" if (one.id + drive) % 200 == 0 else "unavailable" if drive == UNPLUGGED else "present"
    return (
        folder, name, one.id, one.size, (_START + one.day * _DAY) * 1_000_000_000, DRIVES[drive - 1][1],
        status, evidence, seen if is_backup else None, how, seen, seen,
    )  # fmt: skip


def _hash(one: _Content) -> str:
    return hashlib.sha256(b"%d" % one.id).hexdigest()


def _write(connection: sqlite3.Connection, new: _Rows, folders: list[tuple[int, int, str]]) -> None:
    connection.executemany("INSERT INTO folders VALUES (?, ?, ?, x'')", folders)
    connection.executemany("INSERT INTO content_identity VALUES (?, ?, ?, ?, ?, ?, ?)", new.known)
    connection.executemany(
        "INSERT INTO media_files (hash, file_size_bytes, file_size_human, media_type, extension, camera_make,"
        " camera_model, date_taken, date_added, date_modified, path)"
        " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        new.media,
    )
    connection.executemany(
        "INSERT INTO media_details (content_id, format, date_local, date_offset, date_offset_source,"
        " date_source, date_confidence, orientation, camera_serial, live_photo_id, unfinished, read_with,"
        " reader_version, updated_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        new.details,
    )
    connection.executemany(
        "INSERT INTO file_locations (folder_id, name, name_raw, content_id, size, mtime_ns, role, status,"
        " evidence, verified_at, verified_how, first_seen_at, last_seen_at)"
        " VALUES (?, ?, x'', ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        new.copies,
    )
    connection.commit()
