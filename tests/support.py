"""What several test modules build and look at: cards, drives, catalogs."""

from __future__ import annotations

import errno
import hashlib
import io
import os
import sqlite3
import struct
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from PIL import Image

from cardcat.backup import backup
from cardcat.model import BackupOptions, BackupResult, Layout
from cardcat.storage.disk import Disk, StrPath

DAY = 1_714_557_600_000_000_000  # 2024-05-01 10:00:00 UTC, in ns


def jpeg(seed: int, taken: str | None = "2024:05:01 10:00:00") -> bytes:
    """A small photo of its own, with a date in its EXIF block unless *taken* is None."""
    image = Image.frombytes("RGB", (16, 16), hashlib.sha256(b"%d" % seed).digest() * 24)
    exif = Image.Exif()
    exif[0x010F], exif[0x0110] = "Testmaker", "Model 1"
    if taken is not None:
        exif.get_ifd(0x8769)[0x9003] = taken
    out = io.BytesIO()
    image.save(out, "JPEG", exif=exif, quality=95)
    return out.getvalue()


def playlist(*clips: str) -> bytes:
    """An AVCHD playlist; `+00001` goes on seamlessly from the one before."""
    items = b""
    for clip in clips:
        item = (
            clip.removeprefix("+").encode() + b"M2TS" + (b"\0\5" if clip[0] == "+" else b"\0\1") + bytes(21)
        )
        items += struct.pack(">H", len(item)) + item
    body = bytes(2) + struct.pack(">HH", len(clips), 0) + items
    return b"MPLS0100" + struct.pack(">III", 40, 0, 0) + bytes(20) + struct.pack(">I", len(body)) + body


def fill(root: Path, files: Mapping[str, bytes], *, mtime_ns: int = DAY) -> Path:
    """Write *files* below *root*, each with the same file time."""
    for name, data in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
        os.utime(path, ns=(mtime_ns, mtime_ns))
    return root


def files_below(root: Path) -> dict[str, bytes]:
    """Every file below *root* but cardcat's own, by relative path."""
    return {
        path.relative_to(root).as_posix(): path.read_bytes()
        for path in sorted(root.rglob("*"))
        if path.is_file() and not {".cardcat", "ascmhl"} & set(path.relative_to(root).parts)
    }


def snapshot(root: Path) -> dict[str, tuple[int, int, int, bytes]]:
    """All that must not change on a source: type and size, times, bytes. Folders too."""
    found = {}
    for path in sorted([root, *root.rglob("*")]):
        status = path.lstat()
        data = path.read_bytes() if path.is_file() and not path.is_symlink() else b""
        found[str(path.relative_to(root))] = (status.st_mode, status.st_mtime_ns, status.st_ctime_ns, data)
    return found


class Unreadable(Disk):
    """Can't read the file of that name."""

    def __init__(self, name: str) -> None:
        super().__init__()
        self._name = name

    def open_source(self, path: StrPath) -> int:
        if str(path).endswith(self._name):
            raise OSError(errno.EIO, os.strerror(errno.EIO))
        return super().open_source(path)


@dataclass
class Desk:
    """A place to work at: a card, drives, a catalog."""

    folder: Path

    @property
    def catalog(self) -> Path:
        return self.folder / "catalog.db"

    @property
    def card(self) -> Path:
        return self.make("card")

    def make(self, name: str) -> Path:
        path = self.folder / name
        path.mkdir(exist_ok=True)
        return path

    def backup(
        self,
        *drives: str,
        source: Path | None = None,
        layout: Layout = Layout.DATED,
        disk: Disk | None = None,
        recheck: bool = False,
        excludes: tuple[str, ...] = (),
    ) -> BackupResult:
        options = BackupOptions(
            source=source or self.card,
            destinations=tuple(self.make(drive) for drive in drives or ("drive",)),
            layout=layout,
            timezone="UTC",
            excludes=excludes,
            recheck=recheck,
        )
        return backup(options, catalog=str(self.catalog), disk=disk)

    def ask(self, query: str, *values: str | int) -> list[tuple[object, ...]]:
        """The rows of a query, by a plain connection of its own."""
        connection = sqlite3.connect(f"file:{self.catalog}?mode=ro", uri=True)
        try:
            return connection.execute(query, values).fetchall()
        finally:
            connection.close()

    @contextmanager
    def writing(self) -> Iterator[sqlite3.Connection]:
        """The catalog, to put something into it behind the program's back."""
        connection = sqlite3.connect(self.catalog)
        try:
            yield connection
            connection.commit()
        finally:
            connection.close()

    def on(self, drive: str = "drive") -> dict[str, bytes]:
        """What is on a drive."""
        return files_below(self.folder / drive)
