"""What the tests put into catalogs, and how they look at them from outside."""

from __future__ import annotations

import hashlib
import os
import signal
import sqlite3
import subprocess
import sys
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import Connection, insert, inspect, text

from cardcat.catalog import migrate
from cardcat.catalog.sessions import SessionKey, open_session
from cardcat.catalog.tables import backup_errors, backup_items, backup_sessions, session_details
from cardcat.catalog.volumes import remember_device, remember_location, remember_volume
from cardcat.model import Layout, Role, Volume

GB = 1_000_000_000

PRESENT = migrate.revisions()[-1]  # what this program needs
HASH = hashlib.sha256(b"a photo").hexdigest()
LATER = f"{int(PRESENT) + 1:04}"


@dataclass(frozen=True)
class Filled:
    """Ids of what `fill` put into a catalog."""

    volume: int
    location: int
    session: int


def fill(c: Connection, items: int = 20) -> Filled:
    """Put a running session with a journal and a finding into a catalog of any version."""
    device = remember_device(c, 1)
    card = remember_volume(c, volume_named("card"), device, 1)
    drive = remember_volume(c, volume_named("drive"), device, 1)
    location = remember_location(c, volume_id=drive.id, uuid=None, path="photos", role=Role.BACKUP, now=1)
    session = _session(c, card.id, location.id)
    c.execute(insert(backup_items), [_item(session, number) for number in range(items)])
    c.execute(insert(backup_errors), [_error(session)])
    return Filled(drive.id, location.id, session)


def hold(c: Connection) -> None:
    """Put a photo with a copy on the drive into a catalog that `fill` filled, in columns of every version."""
    c.execute(text(f"INSERT INTO content_identity VALUES (1, '{HASH}', 'image', 5, 'x', 's', 1)"))
    columns = "hash, file_size_bytes, file_size_human, media_type, extension, camera_make, date_added"
    c.execute(
        text(
            f"INSERT INTO media_files ({columns}, date_modified)"
            f" VALUES ('{HASH}', 5, '5 B', 'image', 'jpg', 'Canon', 1, 1)"
        )
    )
    c.execute(text("INSERT INTO folders VALUES (1, 1, '2024', x'')"))
    c.execute(
        text(
            "INSERT INTO file_locations VALUES"
            " (1, 1, 'A.JPG', x'', 1, 5, 7, 'backup', 'present', 'read_back_cold', 1, 'how', 1, 1, 1)"
        )
    )


def volume_named(name: str, fs_uuid: str | None = "", mount_point: str = "") -> Volume:
    """A volume; with a filesystem UUID made from its name, unless another or none is given."""
    known = name.upper() if fs_uuid == "" else fs_uuid
    return Volume(
        key=f"uuid:{known}" if known else f"nfs:{name}",
        mount_point=Path(mount_point or f"/media/{name}"),
        fs_uuid=known,
        fs_type="exfat" if known else "nfs",
        label=name,
        device="/dev/sdx1",
        total_bytes=64 * GB,
        free_bytes=32 * GB,
    )


def _session(c: Connection, card: int, location: int) -> int:
    """Open a session; in tables that are there, as a version had them."""
    if inspect(c).has_table("session_attempts"):
        key = SessionKey(card, ("", b""), location, Layout.DATED, ())
        return open_session(
            c,
            key,
            run_id="r",
            source_path="/card",
            destination_path="/drive",
            timezone="UTC",
            owner="{}",
            now=1,
        )
    session = {"source_path": "/card", "destination_path": "/drive", "started_at": 1, "status": "running"}
    session_id: int = c.execute(insert(backup_sessions).returning(backup_sessions.c.id), session).scalar_one()
    details = {"session_id": session_id, "run_id": "r", "source_root": "", "layout": "dated", "owner": "{}"}
    details |= {"source_volume_id": card, "destination_location_id": location, "timezone": "UTC"}
    c.execute(insert(session_details), details | {"attempt_started_at": 1})
    return session_id


def _item(session: int, number: int) -> dict[str, object]:
    return {
        "session_id": session,
        "source_path": f"DCIM/IMG_{number:04}.JPG",
        "size": 1000 + number,
        "mtime_ns": 1,
        "state": "verified",
        "hash": hashlib.sha256(str(number).encode()).hexdigest(),
        "updated_at": 1,
    }


def _error(session: int) -> dict[str, object]:
    return {
        "session_id": session,
        "source_path": "DCIM/IMG_0001.JPG",
        "stage": "copy",
        "error_type": "OSError",
        "error_message": "read error",
        "is_failure": True,
        "created_at": 1,
    }


def rows_of(path: Path) -> dict[str, list[tuple[object, ...]]]:
    """Everything that a catalog file holds, by table."""
    with closing(sqlite3.connect(f"{path.as_uri()}?mode=ro", uri=True)) as connection:
        names = [
            name for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")
        ]
        return {
            name: sorted(connection.execute(f'SELECT * FROM "{name}"').fetchall(), key=repr) for name in names
        }


def state_of(folder: Path) -> dict[str, bytes]:
    """Every file in a folder, with its bytes; not those of the memory that SQLite's readers share."""
    files = [file for file in folder.iterdir() if file.is_file()]
    return {file.name: b"" if file.name.endswith("-shm") else file.read_bytes() for file in files}


def run_killed(code: str, *arguments: str) -> None:
    """Run Python code in a process of its own that kills itself, and see that it did."""
    done = run(code, *arguments)
    assert done.returncode == -signal.SIGKILL, done.stderr


def run(code: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run Python code in a process of its own."""
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)}
    return subprocess.run(
        [sys.executable, "-c", code, *arguments], capture_output=True, text=True, env=environment, check=False
    )
