"""Which duplicates a person asks for."""

from __future__ import annotations

from dataclasses import dataclass

from cardcat.duplicates.why import Why


@dataclass(frozen=True, slots=True)
class Filters:
    """
    Which duplicates are asked for; all conditions hold.

    *volume* and *folder* have a copy: a drive as `verify` takes it, a path. *camera* is a part of its name,
    *month* a year or a month (`2024`, `2024-05`), *kind* `image` or `video`, *least* bytes of waste.
    """

    volume: str | None = None
    folder: str | None = None
    camera: str | None = None
    month: str | None = None
    kind: str | None = None
    why: Why | None = None
    least: int = 0
