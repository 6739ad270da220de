"""A good copy in the place of a bad one, on a drive of ours. Nothing is ever deleted or written over."""

from __future__ import annotations

import errno
import stat
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import count
from pathlib import Path

from cardcat.catalog.knowledge import KnownCopy
from cardcat.catalog.mended import Aside
from cardcat.errors import CardcatError, DestinationError
from cardcat.model import ReadBack, Volume
from cardcat.paths import display
from cardcat.reporting import current
from cardcat.storage.copying import copy_once
from cardcat.storage.destination import FOLDER, clean_incoming, lock, read_marker
from cardcat.storage.disk import Disk
from cardcat.storage.durable import make_durable
from cardcat.storage.holding import DestinationRoot, open_destination
from cardcat.storage.reading import OnBytes, expected_of, mtime_of
from cardcat.storage.verify import read_back
from cardcat.text import cause

INCOMING = f"{FOLDER}/incoming"
QUARANTINE = f"{FOLDER}/quarantine"
_RESERVE = 1_000_000  # bytes: folders, and not to fill a drive to the last one


class NotOursError(CardcatError):
    """The root of a copy is no destination of cardcat's, so nothing is written to it."""


class OccupiedError(CardcatError):
    """In the place of a copy is what can't be set aside."""


class SourceTroubleError(Exception):
    """The good copy is none: it gave other bytes, of the hash *observed*, or could not be read (None)."""

    def __init__(self, message: str, observed: str | None = None) -> None:
        super().__init__(message)
        self.observed = observed


@dataclass(frozen=True, slots=True)
class Placed:
    """What stands in the place of a copy now."""

    proof: ReadBack
    mtime_ns: int


def root_of(copy: KnownCopy, path: Path) -> Path:
    """The root of the location of *copy*, which is or should be at *path*."""
    return path.parents[copy.path.count("/")]


def require_ours(disk: Disk, root: Path, location_uuid: str) -> None:
    """NotOursError unless the marker in *root* says that it is that location. As `read_marker` otherwise."""
    marker = read_marker(root, disk)
    if marker is None or marker.location_uuid != location_uuid:
        raise NotOursError(
            f"it is in no backup folder of cardcat's ({display(str(root))}), so nothing is written there: "
            "copy the good file by hand"
        )


def asides(disk: Disk, root: Path, path: str) -> list[Aside]:
    """Every file that was ever set aside for the copy at *path* of the destination at *root*."""
    folder = root / QUARANTINE
    if not (disk.exists(folder) and stat.S_ISDIR(disk.stat(folder).st_mode)):
        return []
    places = [f"{QUARANTINE}/{name}/{path}" for name in sorted(disk.list_folder(folder))]
    there = [(place, disk.stat(root / place)) for place in places if disk.exists(root / place)]
    return [Aside(place, status.st_size, mtime_of(status)) for place, status in there]


class Bench:
    """A destination's root, locked, in which copies are restored. *volume* is where it is mounted now."""

    def __init__(self, disk: Disk, there: DestinationRoot, volume: Volume, stamp: str) -> None:
        self._disk = disk
        self._there = there
        self._volume = volume
        self._stamp = stamp

    def require_there(self) -> None:
        """DestinationError if the drive is gone."""
        self._there.require_there()

    def lacks_room(self, size: int) -> int | None:
        """How many bytes are free if that is too little for *size* more; None if it is enough."""
        free = self._disk.free_bytes(self._there.itself)
        return free if size + _RESERVE > free else None

    def restore(self, copy: KnownCopy, source: Path, on_bytes: OnBytes | None = None) -> Placed:
        """
        Copy *source*, prove what was written, set aside what is in the place of *copy*, and put it there.

        What is in its place is not touched before the new file is proved. *on_bytes* is told what is copied
        and, with 0, that more was read back: what it raises ends it. SourceTroubleError if *source* is not
        that content, OccupiedError if its place can't be freed, OSError and DestinationError if the drive
        fails.
        Whatever is raised, nothing is lost: a bad file stays where it was or is among `asides`.
        """
        self._make_way(copy.path)
        self._there.make_folders(INCOMING)
        fresh = self._there.itself / INCOMING / f"repair-{copy.id}"
        self._remove(fresh)
        try:
            proof = self._bring(copy, source, fresh, on_bytes)
            self._there.require_there()
            self._set_aside(copy.path)
            mtime_ns = self._put(fresh, copy.path)
        except BaseException:
            with suppress(OSError):
                self._remove(fresh)
            raise
        return Placed(proof, mtime_ns)

    def _make_way(self, path: str) -> None:
        """Its folder, if that is gone; a link on the way would lead elsewhere."""
        try:
            self._there.make_folders(path.rpartition("/")[0])
        except NotADirectoryError:
            raise OccupiedError("where its folder was there is a link or a file: move that away") from None

    def _bring(self, copy: KnownCopy, source: Path, fresh: Path, on_bytes: OnBytes | None) -> ReadBack:
        self._copy(copy, source, fresh, on_bytes)
        self._disk.set_times(fresh, copy.mtime_ns)
        make_durable(self._disk, [fresh], self._volume.fs_type)
        proof = read_back(
            self._disk,
            fresh,
            copy.size,
            self._volume.fs_type,
            sha256=True,
            on_bytes=(lambda _: on_bytes(0)) if on_bytes else None,
        )
        if proof.sha256 != copy.hash:
            raise OSError(errno.EIO, "the drive did not keep what was written to it")
        return proof

    def _copy(self, copy: KnownCopy, source: Path, fresh: Path, on_bytes: OnBytes | None) -> None:
        try:
            expected = expected_of(self._disk.stat(source))
        except OSError as error:
            raise SourceTroubleError(f"it can't be read: {cause(error)}") from error
        outcome = copy_once(self._disk, source, {0: fresh}, expected, on_bytes)
        if outcome.source_error:
            why = cause(outcome.source_error)
            raise SourceTroubleError(f"it can't be read: {why}") from outcome.source_error
        if outcome.hashes is None:
            raise outcome.errors[0]
        if outcome.hashes.sha256 != copy.hash:
            raise SourceTroubleError("it has other bytes than were recorded", outcome.hashes.sha256)

    def _set_aside(self, path: str) -> None:
        """Move what is at *path* into the quarantine, durably."""
        status = self._there.look(path)
        if status is None:
            return
        if not (stat.S_ISREG(status.st_mode) or stat.S_ISLNK(status.st_mode)):
            raise OccupiedError("a folder or another thing that is no file has its place: move that away")
        folder = path.rpartition("/")[0]
        aside = f"{QUARANTINE}/{self._stamp}/{path}"
        self._there.make_folders(aside.rpartition("/")[0])
        base = self._there.itself
        self._disk.rename_new(base / path, base / aside)
        self._disk.fsync_folder(base / aside.rpartition("/")[0])
        self._disk.fsync_folder(base / folder)

    def _put(self, fresh: Path, path: str) -> int:
        """Give the proved file its name, durably; its time as the drive keeps it."""
        folder = path.rpartition("/")[0]
        try:
            self._disk.rename_new(fresh, self._there.itself / path)
        except FileExistsError:
            raise OccupiedError("another file came to its place meanwhile") from None
        self._disk.fsync_folder(self._there.itself / folder)
        status = self._there.look_at_file(path)
        if status is None:
            raise FileNotFoundError(errno.ENOENT, "it is not where it was put", path)
        return mtime_of(status)

    def _remove(self, fresh: Path) -> None:
        """Only what an interrupted repair left: it is no copy yet."""
        with suppress(FileNotFoundError):
            self._disk.remove(fresh)


@contextmanager
def open_bench(disk: Disk, root: Path, location_uuid: str, volume: Volume, now: int) -> Iterator[Bench]:
    """
    Hold the destination at *root* alone. *now*, in UTC seconds, names what is set aside.

    NotOursError if its marker is not that of the location, DestinationError if it can't be written, or if
    another run is at work there.
    """
    with open_destination(disk, root) as there:
        there.require_own_folders()
        if disk.exists(there.path / QUARANTINE) and not there.is_folder(QUARANTINE):
            raise DestinationError(
                f"The destination's quarantine is no folder: {display(str(root / QUARANTINE))}",
                hint="Move away what is in its place, then give the same command again.",
            )
        require_ours(disk, there.itself, location_uuid)
        with lock(root, disk, itself=there.itself) as warning:
            if warning:
                current().note(warning)
            there.require_there()
            clean_incoming(disk, there.itself)
            try:
                yield Bench(disk, there, volume, _stamp(there, now))
            except OSError:
                there.require_there()  # that it is gone says more
                raise


def _stamp(there: DestinationRoot, now: int) -> str:
    """A name for what is set aside now, that no earlier repair has used."""
    moment = datetime.fromtimestamp(now, UTC).strftime("%Y%m%dT%H%M%SZ")
    names = (moment if number == 1 else f"{moment}-{number}" for number in count(1))
    return next(name for name in names if there.look(f"{QUARANTINE}/{name}") is None)
