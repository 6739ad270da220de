"""A catalog from the drives alone: what their manifests tell, as claims that the next backup proves."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from sqlalchemy import Connection

from cardcat.catalog import maintain
from cardcat.catalog.engine import Catalog, local_path
from cardcat.catalog.fresh import Present, made_anew, present
from cardcat.catalog.locations import marked_location
from cardcat.catalog.volumes import remember_device, remember_location, remember_volume
from cardcat.claims import import_manifest
from cardcat.errors import CancelledError, CatalogError, DestinationError, UsageError
from cardcat.inputs import show
from cardcat.model import Role, Stage
from cardcat.reporting import Reporter, current
from cardcat.stopping import stop_requested
from cardcat.storage.destination import read_marker
from cardcat.storage.manifest import count_lines, manifest_names, manifest_time, read_manifest
from cardcat.storage.roots import destination_roots
from cardcat.storage.system import this_disk
from cardcat.storage.volumes import path_on_volume, volume_of
from cardcat.text import cause


@dataclass(frozen=True, slots=True)
class OnDrive:
    """
    The manifests in a destination root, and of how many copies they tell.

    *first_at* and *last_at* are when the first and the last one were written, in UTC seconds.
    """

    root: Path
    manifests: tuple[str, ...]
    files: int
    first_at: int | None
    last_at: int | None


@dataclass(slots=True)
class Rebuilt:
    """
    What a catalog was made of. *set_aside* is where the one before is now, None if there was none.

    *copies*, *contents* and *media* are how many the new catalog has.
    """

    catalog: Path
    drives: list[OnDrive] = field(default_factory=list)
    set_aside: Path | None = None
    copies: int = 0
    contents: int = 0
    media: int = 0


def look_at(given: Sequence[Path], reporter: Reporter | None = None) -> list[OnDrive]:
    """
    What the manifests on the drives tell; each of *given* is a destination root, or holds some.

    Nothing is written. UsageError if one of them has no manifests, DestinationError if it can't be read.
    """
    teller = reporter or current()
    roots = _roots(given)
    teller.begin(Stage.SCAN, files=0, size=0)
    return [_on_drive(root, sum(_entries(root, name, teller) for name in _names(root))) for root in roots]


def rebuild(
    where: str | Path | None, given: Sequence[Path], *, even_if_sound: bool, reporter: Reporter | None = None
) -> Rebuilt:
    """
    Make the catalog at *where* anew from the manifests on the drives, and set aside what stands there.

    Every copy is a claim, until it is read back. Only the catalog is written to; it gets its place when it
    is complete. UsageError and DestinationError as from `look_at`; UsageError too if a catalog stands
    there that is sound, unless *even_if_sound*; CatalogError if it is in use.
    """
    teller = reporter or current()
    roots = _roots(given)
    if not even_if_sound:
        _refuse_sound(where)
    with made_anew(where) as fresh:
        made = _filled(fresh.catalog, roots, teller)
    return Rebuilt(local_path(where), made.drives, fresh.set_aside, made.copies, made.contents, made.media)


def _filled(catalog: Catalog, roots: Sequence[Path], teller: Reporter) -> Rebuilt:
    now = int(time.time())
    with catalog.write() as c:
        device = remember_device(c, now)
        places = {root: _location(c, root, device, now) for root in roots}
    order = sorted((name, place) for place in places for name in _names(place))  # by time, on all drives
    teller.begin(Stage.RECORD, files=sum(count_lines(root, name) for name, root in order), size=0)
    files = dict.fromkeys(roots, 0)

    def done(lines: int) -> None:
        _require_running()
        teller.advance(files=lines, size=0)

    for name, root in order:
        with _readable(root):
            files[root] += import_manifest(
                catalog, root, name, places[root], now, disk=this_disk(), is_anew=True, done=done
            )
    status = maintain.status(catalog)
    if status.problems:
        raise CatalogError(f"The new catalog is damaged: {status.problems[0]}.", hint="Is its disk sound?")
    return Rebuilt(
        catalog.path,
        [_on_drive(root, files[root]) for root in roots],
        copies=status.rows["file_locations"],
        contents=status.rows["content_identity"],
        media=status.rows["media_files"],
    )


def _location(c: Connection, root: Path, device: int, now: int) -> int:
    """The location that *root* is by its marker; one that was copied there with the files says nothing."""
    try:
        volume, marker = volume_of(root), read_marker(root)
        path = path_on_volume(root)
    except OSError as error:
        raise _unreadable(root, error) from error
    known = remember_volume(c, volume, device, now, uuid=marker.volume_uuid if marker else None)
    is_new = marker is not None and marked_location(c, marker.location_uuid) is None
    uuid = marker.location_uuid if marker and is_new else None
    return remember_location(c, volume_id=known.id, uuid=uuid, path=path, role=Role.BACKUP, now=now).id


def _roots(given: Sequence[Path]) -> list[Path]:
    found: dict[tuple[int, int], Path] = {}
    for drive in given:
        try:
            roots = [root for root in destination_roots(drive) if _names(root)]
            found |= {(status.st_dev, status.st_ino): root for root in roots for status in [root.stat()]}
        except OSError as error:
            raise _unreadable(drive, error) from error
        if not roots:
            raise UsageError(
                f"There are no manifests of cardcat on {show(drive)}: not in its .cardcat folder, nor in one "
                "at most two levels below.",
                hint="Name the folder that was given to `cardcat backup` as destination.",
            )
    return sorted(found.values())


def _refuse_sound(where: str | Path | None) -> None:
    standing, path = present(where), show(local_path(where))
    if standing is Present.SOUND:
        raise UsageError(
            f"The catalog {path} is sound, and it knows more than the drives tell.",
            hint="What is new on a drive is learnt by itself at the next backup to it. To make the catalog "
            "anew all the same, add --yes: the present one is set aside, not deleted.",
        )
    if standing is Present.UNKNOWN:
        raise UsageError(
            f"What stands at {path} was made by a newer cardcat, or is no catalog at all.",
            hint="Update cardcat, or choose another file with --catalog. With --yes it is set aside, not "
            "deleted, and the new catalog takes its place.",
        )


def _on_drive(root: Path, files: int) -> OnDrive:
    names = _names(root)
    times = [int(moment.timestamp()) for name in names if (moment := manifest_time(name))]
    return OnDrive(root, tuple(names), files, min(times, default=None), max(times, default=None))


def _entries(root: Path, name: str, teller: Reporter) -> int:
    count = 0
    with _readable(root):
        for count, _ in enumerate(read_manifest(root, name, this_disk()), 1):  # noqa: B007 - how many
            _require_running()
            teller.advance(files=1, size=0)
    return count


def _names(root: Path) -> list[str]:
    with _readable(root):
        return manifest_names(root, this_disk())


@contextmanager
def _readable(root: Path) -> Iterator[None]:
    """DestinationError where the drive can't be read: less than all it tells is not what it tells."""
    try:
        yield
    except OSError as error:
        raise _unreadable(root, error) from error


def _require_running() -> None:
    if stop_requested():
        raise CancelledError("Cancelled. The catalog is as it was.", hint="The same command begins again.")


def _unreadable(drive: Path, error: OSError) -> DestinationError:
    return DestinationError(
        f"The drive {show(drive)} can't be read: {cause(error)}.", hint="Is it plugged in and mounted?"
    )
