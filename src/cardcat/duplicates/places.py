"""Where duplicates are: the roots of libraries on their drives, and paths as they stand in frames."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass

from cardcat.catalog.volumes import volume_name
from cardcat.paths import from_text, to_text

_MARK = "\x01"  # between a name that is no text and its bytes


@dataclass(frozen=True, slots=True)
class Place:
    """
    A location: the drive it is on, and its root relative to that.

    *mounted* is where the drive was when last seen, None if nobody knows.
    """

    volume_id: int
    volume: str
    path: str
    mounted: str | None

    def path_of(self, path: str) -> str:
        """What lies at *path* of the location, relative to the root of the drive."""
        return "/".join(part for part in (self.path, path) if part)

    def shown(self, path: str) -> str:
        """Where a person finds it: with the place where the drive was last seen, else with its name."""
        inner = self.path_of(path)
        if self.mounted is None:
            return f"{self.volume}: {inner}"
        return f"{self.mounted.rstrip('/')}/{inner}".rstrip("/") or "/"


def place_of(row: Mapping[str, object]) -> Place:
    """The place that a row of `why_locations` tells."""
    label, mounted = _text(row["label"]), _text(row["mounted"])
    raw = row["path_raw"]
    return Place(
        volume_id=int(str(row["volume"])),
        volume=volume_name(label, mounted, str(row["key"])),
        path=from_text(str(row["path"]), raw if isinstance(raw, bytes) else None),
        mounted=mounted,
    )


def exact(path: str) -> str:
    """A path as `os.fsdecode` gives it, of one in a frame of folders."""
    return "/".join(map(_part, path.split("/"))) if _MARK in path else path


def in_frame(path: str) -> str:
    """A path as it stands in a frame of folders."""
    return "/".join(
        f"{text}{_MARK}{raw.hex()}" if raw else text for text, raw in map(to_text, path.split("/"))
    )


def _part(part: str) -> str:
    text, mark, digits = part.rpartition(_MARK)
    if not mark:
        return part
    try:
        name = os.fsdecode(bytes.fromhex(digits))
    except ValueError:
        return part
    return name if to_text(name)[0] == text else part


def _text(value: object) -> str | None:
    return None if value is None else str(value)
