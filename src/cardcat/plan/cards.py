"""What looks like a camera card, and when a card in the reader has to be backed up. Pure decisions."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import PurePath

FOLDERS = ("/media", "/run/media", "/Volumes")
"""Where desktops mount what is plugged in."""

OWN_FOLDER = ".cardcat"
"""What a drive that is backed up to has at its root."""

_SIGNS = re.compile(
    r"DCIM"  # photo cameras, phones, action cameras, drones
    r"|AVCHD|M4ROOT|MP_ROOT|XDROOT|BPAV"  # Sony; AVCHD of others too
    r"|.*\.(RDM|RDC)",  # RED
    re.IGNORECASE | re.DOTALL,
)
_INNER_SIGNS = {
    "PRIVATE": re.compile(r"AVCHD|M4ROOT|XDROOT|PANA_GRP", re.IGNORECASE),
    "CONTENTS": re.compile(r"CLIP|CLIPS\d+|VIDEO", re.IGNORECASE),  # Panasonic P2, Canon XF
}
"""Names that anybody may give a folder: what is in it tells."""


@dataclass(frozen=True, slots=True)
class Top:
    """
    What lies at the root of a volume: its folders, each with those in it as far as they were looked at.

    *is_empty* says that there is nothing to back up.
    """

    folders: Mapping[str, Sequence[str]]
    is_empty: bool


@dataclass(frozen=True, slots=True)
class Insertion:
    """
    One stay of a card in a reader, with so many free bytes.

    *stay* is another one whenever a card is put in or mounted anew.
    """

    stay: str
    free_bytes: int

    @property
    def stamp(self) -> str:
        """One word for it, as the catalog keeps it; another one also when the card was filled further."""
        return f"{self.stay}/{self.free_bytes}"


def may_be_sign(name: str) -> bool:
    """Whether a folder of this name at the root of a volume could tell that it is a camera card."""
    return bool(_SIGNS.fullmatch(name)) or is_to_open(name) or name == OWN_FOLDER


def is_to_open(name: str) -> bool:
    """Whether it takes a look into the folder to know."""
    return name.upper() in _INNER_SIGNS


def card_sign(top: Top) -> str | None:
    """The folder that only cameras make, `DCIM` for one; None if the volume does not look like a card."""
    if OWN_FOLDER in top.folders:
        return None
    for name in sorted(top.folders):
        if _SIGNS.fullmatch(name):
            return name
        inner = _INNER_SIGNS.get(name.upper())
        for below in sorted(top.folders[name]) if inner else ():
            if inner and inner.fullmatch(below):
                return f"{name}/{below}"
    return None


def may_hold_card(mount_point: PurePath, *, is_removable: bool, is_system: bool) -> bool:
    """Whether what is mounted there can be a card: never on a disk that the computer itself runs from."""
    return not is_system and (
        is_removable or any(PurePath(folder) in mount_point.parents for folder in FOLDERS)
    )


def is_due(handled: str | None, insertion: Insertion) -> bool:
    """Whether no backup was started yet for this stay of the card and what is on it now."""
    return handled != insertion.stamp
