"""Which cards are backed up when they are plugged in, and where to: enabled, disabled, listed."""

from __future__ import annotations

import os
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import Connection

from cardcat.catalog.engine import is_absent, local_path, open_catalog
from cardcat.catalog.volumes import (
    KnownVolume,
    VolumeRow,
    every_volume,
    remember_device,
    remember_volume,
)
from cardcat.catalog.watched import Place, WatchedCard, disable_card, enable_card, list_watched
from cardcat.drives import drive_named, is_doubtful
from cardcat.errors import UsageError
from cardcat.inputs import check_apart, check_catalog, check_destination, show
from cardcat.model import BackupOptions, Volume
from cardcat.owner import is_alive
from cardcat.paths import display, quoted
from cardcat.storage.destination import read_marker
from cardcat.storage.readers import plugged_volumes
from cardcat.storage.volumes import is_mount_point, mounted_volumes, path_on_volume, volume_of
from cardcat.zones import zone

_LIST = "List them: cardcat watch list"


@dataclass(frozen=True, slots=True)
class _Named:
    """The card that was meant: as it is mounted now, as the catalog knows it, or both."""

    volume: Volume | None
    known: KnownVolume | None

    @property
    def key(self) -> str:
        return self.volume.key if self.volume else self.row.key

    @property
    def name(self) -> str:
        return self.volume.name if self.volume else self.row.name

    @property
    def row(self) -> VolumeRow:
        assert self.known is not None
        return self.known.volume


def enable(catalog: str | None, given: str, order: BackupOptions, *, dry_run: bool = False) -> str:
    """
    Have the card that *given* means backed up as *order* says, whenever it is plugged in; return its name.

    Of the order the source is not looked at. What was ordered before for that card goes. UsageError for a
    card that can't be recognised for sure, a disk of the computer's own, a destination on the card itself;
    DestinationError for one that is not there: the drives are plugged in while a card is enabled.
    """
    if order.timezone is not None:
        zone(order.timezone)
    roots = [check_destination(path) for path in order.destinations]
    card = _card_named(_known(catalog), given)
    _check(card, catalog)
    _check_roots(card, roots)
    _check_mounted(roots, catalog)
    if not dry_run:
        with open_catalog(catalog) as opened, opened.write() as c:
            _enable(c, card, roots, order)
    return card.name


def disable(catalog: str | None, given: str, *, dry_run: bool = False) -> str:
    """Leave the card that *given* means alone from now on; return its name. UsageError if it is none."""
    ids = {card.volume.id for card in enabled_cards(catalog)}
    known = [each for each in _known(catalog) if each.volume.id in ids]
    if not known:
        raise UsageError("No card is enabled.", hint="To enable one: cardcat watch enable CARD DEST")
    try:
        card = drive_named(known, given)
    except UsageError as error:
        raise UsageError(f"No card that is enabled is known as {display(given)}.", hint=_LIST) from error
    if not dry_run:
        with open_catalog(catalog) as opened, opened.write() as c:
            disable_card(c, card.volume.id)
    return card.volume.name


def enabled_cards(catalog: str | None) -> list[WatchedCard]:
    """Every card that is enabled; none where there is no catalog yet."""
    if is_absent(catalog):
        return []
    with open_catalog(catalog, create=False) as opened, opened.read() as c:
        return list_watched(c, is_alive)


def _known(catalog: str | None) -> list[KnownVolume]:
    if is_absent(catalog):
        return []
    with open_catalog(catalog, create=False) as opened, opened.read() as c:
        return every_volume(c)


def _card_named(known: Sequence[KnownVolume], given: str) -> _Named:
    """What *given* means: a mount point now, the name or UUID of what is mounted, or of a known volume."""
    volume = _mounted(given)
    if volume is None:
        found = drive_named(known, given)
        now = [each for each in mounted_volumes() if each.key == found.volume.key]
        return _Named(next(iter(now), None), found)
    return _Named(volume, next((each for each in known if each.volume.key == volume.key), None))


def _mounted(given: str) -> Volume | None:
    if os.sep not in given:
        named = {each.key: each for each in mounted_volumes() if given in (each.label, each.fs_uuid)}
        return next(iter(named.values())) if len(named) == 1 else None
    path = Path(given)
    if not path.exists():
        return None
    volume = volume_of(path)
    if not is_mount_point(path):
        raise UsageError(
            f"{display(given)} is a folder on {display(str(volume.mount_point))}, not a card.",
            hint=f"Name the card itself: cardcat watch enable {quoted(str(volume.mount_point))} DEST",
        )
    return volume


def _check(card: _Named, catalog: str | None) -> None:
    """UsageError if it is no card, or can't be told from others."""
    name = display(card.name)
    if card.volume is not None:
        plugged = {each.mount_point: each for each in plugged_volumes()}.get(card.volume.mount_point)
        if plugged is None or plugged.is_system:
            raise UsageError(
                f"{name} is no card: it is a part of this computer.",
                hint="A folder can be backed up by hand: cardcat backup FOLDER DEST",
            )
        check_catalog(card.volume.mount_point, local_path(catalog))
        _check_identity(card.volume, catalog)
    if not card.key.startswith("uuid:"):
        raise UsageError(
            f"{name} has no UUID of its own, so it can't be recognised when it is plugged in.",
            hint="It can be backed up by hand: cardcat backup CARD DEST",
        )


def _check_identity(volume: Volume, catalog: str | None) -> None:
    if is_absent(catalog):
        return
    with open_catalog(catalog, create=False) as opened, opened.read() as c:
        if is_doubtful(c, volume):
            point = quoted(str(volume.mount_point))
            raise UsageError(
                f"{display(volume.name)} may be a clone: a card with its UUID was in another reader before, "
                "or is plugged in beside it.",
                hint=f"Back it up by hand first, which reads all of it: cardcat backup {point} DEST",
            )


def _check_roots(card: _Named, roots: Sequence[Path]) -> None:
    """UsageError if the destinations are in one another's way, or in the card's."""
    if card.volume is not None:
        check_apart(card.volume.mount_point, roots)
    for number, root in enumerate(roots):
        if volume_of(root).key == card.key:
            raise UsageError(
                f"The destination {show(root)} is on the card itself.", hint="Give a folder on another drive."
            )
        if root in roots[:number]:
            raise UsageError(f"The destination {show(root)} is given twice.", hint="Give each drive once.")


def _check_mounted(roots: Sequence[Path], catalog: str | None) -> None:
    """DestinationError if one is the folder that an unplugged drive left behind."""
    from cardcat.opening import refuse_empty_mount_point  # noqa: PLC0415 - a list needs none of a backup

    if is_absent(catalog):
        return
    with open_catalog(catalog, create=False) as opened, opened.read() as c:
        for root in roots:
            if read_marker(root) is None:
                refuse_empty_mount_point(c, root, volume_of(root))


def _enable(c: Connection, card: _Named, roots: Sequence[Path], order: BackupOptions) -> None:
    now = int(time.time())
    device = remember_device(c, now)
    enable_card(
        c,
        remember_volume(c, card.volume, device, now).id if card.volume else card.row.id,
        [_place(c, root, device, now) for root in roots],
        layout=order.layout,
        timezone=order.timezone,
        excludes=order.excludes,
        now=now,
    )


def _place(c: Connection, root: Path, device: int, now: int) -> Place:
    marker = read_marker(root)
    drive = remember_volume(c, volume_of(root), device, now, uuid=marker.volume_uuid if marker else None)
    return Place(drive.id, path_on_volume(root))
