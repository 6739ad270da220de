"""What a run is called, tagged and ordered with: its card and its drives, as they are plugged in now."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from cardcat.catalog.engine import local_path
from cardcat.model import BackupOptions, Volume
from cardcat.paths import display
from cardcat.storage.volumes import volume_of

_COMPUTER = {Path(folder) for folder in ("/", "/home", "/tmp", "/var")}  # noqa: S108 - told from cards and drives
_SHORT = 9  # characters of a filesystem's UUID: all that a card has, enough of a disk's


def run_name(source: str, destinations: Sequence[str]) -> str:
    """`EOS_DIGITAL (1A2B-3C4D) to ARCHIVE/photos, Safe`: cards of one name are told apart."""
    card, volume = _place(source), _volume(source)
    if volume and volume.fs_uuid and _is_whole(source, volume):
        card = f"{card} ({volume.fs_uuid[:_SHORT].rstrip('-')})"
    drives = [_place(destination) for destination in destinations]
    if len(set(drives)) < len(drives):
        drives = ["/".join(Path(destination).parts[-2:]) for destination in destinations]
    return display(f"{card} to {', '.join(drives)}")


def parameters_of(options: BackupOptions, catalog: str | None) -> dict[str, Any]:
    """The order as the page shows it; paths are full, because a retry runs somewhere else."""
    return {
        "source": str(options.source.absolute()),
        "destinations": [str(path.absolute()) for path in options.destinations],
        "layout": options.layout.value,
        "timezone": options.timezone or "",
        "excludes": list(options.excludes),
        "recheck": options.recheck,
        "catalog": str(local_path(catalog)),
        "session": options.rerun or 0,
        "volumes": list(options.volumes),
    }


def run_tags(source: str, destinations: Sequence[str]) -> list[str]:
    """`card:EOS_DIGITAL`, `drive:ARCHIVE`: what the page's runs are filtered by."""
    drives = dict.fromkeys(f"drive:{_medium(destination)}" for destination in destinations)
    return [display(tag) for tag in (f"card:{_medium(source)}", *drives)]


def _place(path: str) -> str:
    """A folder by the name of its volume, if it has one, and its own."""
    volume = _volume(path)
    if volume and _is_whole(path, volume):
        return volume.name
    own = Path(path).name or "card"
    return f"{volume.label}/{own}" if volume and volume.label else own


def _medium(path: str) -> str:
    """The name of the card or drive that a folder is on; its own where that is the computer's disk."""
    volume = _volume(path)
    if volume is None or volume.mount_point in _COMPUTER:
        return (volume and volume.label) or Path(path).name or "card"
    return volume.name


def _volume(path: str) -> Volume | None:
    """The volume, None where nothing is there: a card that is out must not be called after the disk."""
    try:
        return volume_of(Path(path)) if Path(path).exists() else None
    except (OSError, ValueError):
        return None


def _is_whole(path: str, volume: Volume) -> bool:
    return volume.mount_point not in _COMPUTER and Path(path).resolve() == volume.mount_point
