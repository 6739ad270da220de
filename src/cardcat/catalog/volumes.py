"""Where things are: computers and volumes (and, from `locations`, the root folders on them)."""

from __future__ import annotations

import platform
import uuid as uuids
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import ColumnElement, Connection, Row, Table, delete, exists, func, insert, select, update

from cardcat.catalog import kept_sums, looks
from cardcat.catalog.bulk import Value
from cardcat.catalog.device import this_device
from cardcat.catalog.engine import Catalog
from cardcat.catalog.kept_sums import Sums
from cardcat.catalog.locations import LocationRow, remember_location
from cardcat.catalog.tables import devices, file_locations, folders, locations, volume_disks, volumes
from cardcat.model import Evidence, Presence, Role, Volume
from cardcat.paths import to_text

__all__ = [
    "KnownVolume",
    "LocationRow",
    "VolumeRow",
    "VolumeSummary",
    "every_volume",
    "find_volume",
    "get_volume",
    "list_volumes",
    "remember_device",
    "remember_location",
    "remember_volume",
    "volume_name",
    "volumes_last_mounted_at",
]

_HELD = (Presence.PRESENT.value, Presence.UNAVAILABLE.value)  # an unplugged drive still has its copies


@dataclass(frozen=True, slots=True)
class VolumeRow:
    """A volume as last seen. *uuid* is ours, *key* recognises it; sizes in bytes, times in UTC seconds."""

    id: int
    uuid: str
    key: str
    fs_uuid: str | None
    fs_type: str | None
    label: str | None
    total_bytes: int | None
    free_bytes: int | None
    last_mount_point: str | None
    device_id: int | None
    last_seen_at: int
    created_at: int

    @property
    def name(self) -> str:
        """What a person calls it."""
        return volume_name(self.label, self.last_mount_point, self.key)


@dataclass(frozen=True, slots=True)
class VolumeSummary:
    """A volume, and the copies on it as far as known: those of a plugged card are not counted."""

    volume: VolumeRow
    copies: int
    bytes: int


@dataclass(frozen=True, slots=True)
class KnownVolume:
    """
    A volume, and the physical disk that it was on when last seen (`model.Volume.disk`).

    *is_drive* says that copies are kept there: of a card nothing is.
    """

    volume: VolumeRow
    disk: str | None
    is_drive: bool


def volume_name(label: str | None, last_mount_point: str | None, key: str) -> str:
    """What a person calls a volume: its label, else where it was last mounted."""
    return label or last_mount_point or key


def remember_device(c: Connection, now: int) -> int:
    """Note that this computer is at work; return its id."""
    identity = this_device()
    seen: dict[str, Value] = {
        "name": platform.node() or "unknown",
        "os": platform.system() or "unknown",
        "os_version": platform.release() or None,
        "last_seen_at": now,
    }
    known = c.scalar(select(devices.c.id).where(devices.c.uuid == identity))
    if known is None:
        return _insert(c, devices, uuid=identity, created_at=now, **seen)
    c.execute(update(devices).where(devices.c.id == known).values(seen))
    return int(known)


def remember_volume(
    c: Connection, volume: Volume, device_id: int, now: int, uuid: str | None = None
) -> VolumeRow:
    """
    Note where *volume* is mounted now. *uuid* is what its marker says, None if it has none.

    The filesystem's own UUID decides, then the marker: a marker that was copied to another drive along
    with the files does not make that drive the first one, on which the copies were proved. The row's
    uuid then differs from *uuid*.
    """
    row = _find_volume(c, volumes.c.key == volume.key) or _by_marker(c, volume, uuid)
    seen = _as_seen(volume, device_id, now)
    if uuid is not None and _find_volume(c, volumes.c.uuid == uuid) is None:
        seen["uuid"] = uuid
    if row is None:
        id_ = _insert(c, volumes, created_at=now, **({"uuid": str(uuids.uuid4())} | seen))
    else:
        id_ = row.id
        c.execute(update(volumes).where(volumes.c.id == id_).values(seen))
    _remember_disk(c, id_, volume.disk)
    return get_volume(c, id_)


def get_volume(c: Connection, volume_id: int) -> VolumeRow:
    """The volume with that id, which must be there."""
    return _volume_row(c.execute(select(volumes).where(volumes.c.id == volume_id)).one())


def find_volume(c: Connection, key: str) -> VolumeRow | None:
    """The volume that *key* (`model.Volume.key`) recognises, None if it was never seen."""
    return _find_volume(c, volumes.c.key == key)


def every_volume(c: Connection) -> list[KnownVolume]:
    """Every volume that was ever seen, the last seen first. Its copies are not counted, so it is quick."""
    v = volumes.c
    is_drive = exists().where(locations.c.volume_id == v.id, locations.c.role != Role.SOURCE.value)
    query = (
        select(volumes, volume_disks.c.disk, is_drive.label("is_drive"))
        .outerjoin(volume_disks, volume_disks.c.volume_id == v.id)
        .order_by(v.last_seen_at.desc(), v.id)
    )
    return [KnownVolume(_volume_row(row), row.disk, bool(row.is_drive)) for row in c.execute(query)]


def list_volumes(catalog: Catalog) -> list[VolumeSummary]:
    """
    Every volume that was ever seen, the last seen first.

    Adding up the copies takes a second for each two million. Of a large catalog the sums are kept, and taken
    again as long as nothing was written to it.
    """
    if looks.size(catalog.path) > looks.LARGE:
        return _with_kept_sums(catalog)
    with catalog.read() as c:
        return _summaries(every_volume(c), _sums(c))


def _with_kept_sums(catalog: Catalog) -> list[VolumeSummary]:
    """
    With sums of the very moment at which the volumes are read.

    Those that are kept for files that look as they do before it are, if they look so after it too. Those
    that are worked out are kept for the look before it, which no later writing will give back.
    """
    with catalog.read() as c:  # opens the files, which alone can make them look different
        file = kept_sums.place(c)
    before = looks.look(catalog.path)
    with catalog.read() as c:
        known = every_volume(c)
        sums = kept_sums.kept(file, before)
        if sums is None or looks.look(catalog.path).files != before.files:
            sums = _sums(c)
            kept_sums.keep(file, before, sums)
    return _summaries(known, sums)


def _summaries(known: Iterable[KnownVolume], sums: Sums) -> list[VolumeSummary]:
    return [VolumeSummary(each.volume, *sums.get(each.volume.id, (0, 0))) for each in known]


def _sums(c: Connection) -> Sums:
    f = file_locations.c
    query = (
        select(locations.c.volume_id, func.count(), func.sum(f.size))
        .select_from(file_locations.join(folders, folders.c.id == f.folder_id))
        .join(locations, locations.c.id == folders.c.location_id)
        .where(f.status.in_(_HELD), f.role != Role.SOURCE.value)
        .group_by(locations.c.volume_id)
    )
    return {volume: (int(copies), int(size)) for volume, copies, size in c.execute(query)}


def volumes_last_mounted_at(c: Connection, mount_point: Path) -> list[VolumeRow]:
    """The volumes that were at *mount_point* when last seen, the last seen first."""
    query = (
        select(volumes)
        .where(volumes.c.last_mount_point == _text(mount_point))
        .order_by(volumes.c.last_seen_at.desc(), volumes.c.id)
    )
    return [_volume_row(row) for row in c.execute(query)]


def disk_on_record(c: Connection, key: str) -> str | None:
    """The physical disk that the volume was on when it was last seen, None where that is not known."""
    query = select(volume_disks.c.disk).join(volumes, volumes.c.id == volume_disks.c.volume_id)
    return c.scalar(query.where(volumes.c.key == key))


def _remember_disk(c: Connection, volume_id: int, disk: str | None) -> None:
    """
    Note which physical disk the volume is on. Where that can't be told now, an earlier answer stays.

    If it is another one, the drive was cloned, or put into another case: what was proved, was proved of
    the disk before.
    """
    if disk is None:
        return
    known = c.scalar(select(volume_disks.c.disk).where(volume_disks.c.volume_id == volume_id))
    if known == disk:
        return
    if known is not None:
        _doubt_all(c, volume_id)
        c.execute(delete(volume_disks).where(volume_disks.c.volume_id == volume_id))
    c.execute(insert(volume_disks).values(volume_id=volume_id, disk=disk))


def _doubt_all(c: Connection, volume_id: int) -> None:
    f = file_locations.c
    on_volume = (
        select(folders.c.id)
        .join(locations, locations.c.id == folders.c.location_id)
        .where(locations.c.volume_id == volume_id)
    )
    doubted = {
        "evidence": Evidence.CLAIMED.value,
        "verified_at": None,
        "verified_how": "the drive is on another disk than it was proved on",
    }
    c.execute(update(file_locations).where(f.folder_id.in_(on_volume)).values(doubted))


def _by_marker(c: Connection, volume: Volume, uuid: str | None) -> VolumeRow | None:
    row = _find_volume(c, volumes.c.uuid == uuid) if uuid is not None else None
    same = row and (row.fs_uuid, row.fs_type) == (volume.fs_uuid, volume.fs_type)
    return row if same else None


def _find_volume(c: Connection, condition: ColumnElement[bool]) -> VolumeRow | None:
    row = c.execute(select(volumes).where(condition)).one_or_none()
    return None if row is None else _volume_row(row)


def _volume_row(row: Row[tuple[Value, ...]]) -> VolumeRow:
    values = row._mapping  # noqa: SLF001 - the public name
    return VolumeRow(**{name: values[name] for name in VolumeRow.__slots__})


def _as_seen(volume: Volume, device_id: int, now: int) -> dict[str, Value]:
    return {
        "key": volume.key,
        "fs_uuid": volume.fs_uuid,
        "fs_type": volume.fs_type,
        "label": volume.label,
        "total_bytes": volume.total_bytes,
        "free_bytes": volume.free_bytes,
        "last_mount_point": _text(volume.mount_point),
        "device_id": device_id,
        "last_seen_at": now,
    }


def _text(path: Path) -> str:
    return to_text(str(path))[0]


def _insert(c: Connection, table: Table, **values: Value) -> int:
    return int(c.execute(insert(table).returning(table.c.id), values).scalar_one())
