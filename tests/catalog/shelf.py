"""Cards and drives on record, with real files, without a backup being run and without mounting anything."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from cardcat.catalog.contents import ContentRow, MediaRow, record_contents, record_media
from cardcat.catalog.copies import NewCopy, record_copies
from cardcat.catalog.engine import open_catalog
from cardcat.catalog.groups import GroupRow, record_groups
from cardcat.catalog.items import ItemRow, add_items
from cardcat.catalog.locations import remember_location
from cardcat.catalog.sessions import SessionKey, open_session
from cardcat.catalog.volumes import remember_device, remember_volume
from cardcat.media.kind import kind_of
from cardcat.metadata import Metadata, Moment
from cardcat.model import Evidence, ItemState, Layout, Role, Volume
from cardcat.paths import to_text

NOON = 1_714_564_800  # 2024-05-01 12:00:00 UTC
FILE_TIME = 1_714_557_600_000_000_000  # two hours before, in ns

Read = Mapping[str, tuple[Metadata, Moment | None]]


@dataclass
class Shelf:
    """Volumes are folders below *folder*; what is in *plugged* is there now."""

    folder: Path
    patch: pytest.MonkeyPatch
    plugged: dict[str, Volume] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for module in ("cardcat.sightings", "cardcat.identifying"):
            self.patch.setattr(f"{module}.volume_of", self._volume_of)
        self.patch.setattr("cardcat.sightings.mounted_volumes", lambda: list(self.plugged.values()))
        self.patch.setattr(
            "cardcat.sightings.path_from_volume", lambda volume, relative: volume.mount_point / relative
        )
        self.patch.setattr("cardcat.identifying.path_on_volume", self._path_on_volume)

    @property
    def catalog(self) -> Path:
        return self.folder / "data" / "catalog.db"

    def plug(self, name: str) -> Path:
        """The folder where the volume is mounted, as it was when it was unplugged."""
        place, away = self.folder / name, self.folder / f".{name}"
        if away.exists():
            away.rename(place)
        place.mkdir(exist_ok=True)
        self.plugged[name] = self._volume(name)
        return place

    def unplug(self, name: str) -> None:
        """Take the volume away with all that is on it."""
        del self.plugged[name]
        (self.folder / name).rename(self.folder / f".{name}")

    def put(self, name: str, files: Mapping[str, bytes]) -> Path:
        """Write files to the plugged volume."""
        root = self.plug(name)
        for path, data in files.items():
            (root / path).parent.mkdir(parents=True, exist_ok=True)
            (root / path).write_bytes(data)
            os.utime(root / path, ns=(FILE_TIME, FILE_TIME))
        return root

    def back_up(
        self,
        files: Mapping[str, bytes],
        *,
        drive: str = "ARCHIVE",
        read: Read | None = None,
        groups: Sequence[GroupRow] = (),
        timezone: str = "Europe/Paris",
        folder: str = "2024/2024-05-01",
    ) -> int:
        """Put files on the card and under their names into *folder* of the drive; record all of it."""
        self.put("CARD", files)
        names = {path: f"{folder}/{path.rpartition('/')[2]}" for path in files}
        self.put(drive, {f"photos/{names[path]}": data for path, data in files.items()})
        with open_catalog(self.catalog) as opened, opened.write() as c:
            device = remember_device(c, NOON)
            card, there = (remember_volume(c, self.plugged[name], device, NOON) for name in ("CARD", drive))
            place = remember_location(
                c, volume_id=there.id, uuid=None, path="photos", role=Role.BACKUP, now=NOON
            )
            key = SessionKey(card.id, ("DCIM", b""), place.id, Layout.DATED, ())
            session = open_session(
                c,
                key,
                run_id="run",
                source_path=str(self.folder / "CARD" / "DCIM"),
                destination_path=str(self.folder / drive / "photos"),
                timezone=timezone,
                owner="{}",
                now=NOON,
            )
            hashes = {path: sha256(data) for path, data in files.items()}
            contents = [
                ContentRow(hashes[path], len(data), kind_of(data, path), "x", "s")
                for path, data in files.items()
            ]
            ids = record_contents(c, contents, NOON)
            told = read or {}
            media = [(row, path) for row, path in zip(contents, files, strict=True) if row.kind.is_media]
            record_media(c, [_media(row, names[path], told.get(path)) for row, path in media])
            copies = [
                NewCopy(
                    names[path], ids[hashes[path]], len(data), FILE_TIME,
                    Evidence.READ_BACK_COLD, NOON, "read past the page cache",
                )
                for path, data in files.items()
            ]  # fmt: skip
            placed = record_copies(c, place.id, copies, session_id=session, now=NOON)
            add_items(
                c,
                session,
                [
                    ItemRow(
                        path.removeprefix("DCIM/"), len(data), FILE_TIME, ItemState.VERIFIED, None,
                        hashes[path], names[path], placed[names[path]],
                    )
                    for path, data in files.items()
                ],
                NOON,
            )  # fmt: skip
            record_groups(c, session, place.id, groups, NOON)
        return session

    def _volume(self, name: str) -> Volume:
        place = self.folder / name
        return Volume(f"uuid:{name}", place, name, "exfat", name, "/dev/sdx1", 64_000_000_000, 9)

    def _volume_of(self, path: Path) -> Volume:
        for volume in self.plugged.values():
            if path.is_relative_to(volume.mount_point):
                return volume
        return self._volume("COMPUTER")

    def _path_on_volume(self, path: Path) -> str:
        mount_point = self._volume_of(path).mount_point
        return str(path.relative_to(mount_point if path.is_relative_to(mount_point) else "/"))


def sha256(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def _media(row: ContentRow, path: str, told: tuple[Metadata, Moment | None] | None) -> MediaRow:
    metadata, moment = told or (Metadata(), None)
    return MediaRow(
        hash=row.hash,
        size=row.size,
        size_human=f"{row.size} B",
        kind=row.kind,
        extension=path.rpartition(".")[2].lower(),
        metadata=metadata,
        date_added=NOON,
        date_modified=FILE_TIME // 1_000_000_000,
        path=to_text(path)[0],
        moment=moment,
    )
