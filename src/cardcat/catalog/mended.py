"""Copies that were restored, and what was set aside for them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import Connection

from cardcat.catalog.checks import RightCopy, record_right
from cardcat.catalog.contents import content_ids
from cardcat.catalog.copies import NewCopy, known_paths, record_copies, set_status
from cardcat.catalog.knowledge import KnownCopy
from cardcat.catalog.resolving import resolve_findings
from cardcat.model import Evidence, Presence


@dataclass(frozen=True, slots=True)
class Aside:
    """A bad file where it is kept: *path* is relative to its location, *mtime_ns* as it is there."""

    path: str
    size: int
    mtime_ns: int


def unrecorded(c: Connection, location_id: int, asides: Sequence[Aside]) -> list[Aside]:
    """Those of *asides* that the catalog has no row for: a kill came between the move and its record."""
    known = known_paths(c, location_id, [each.path for each in asides]) if asides else {}
    return [each for each in asides if each.path not in known]


def record_mended(
    c: Connection, copy: KnownCopy, right: RightCopy, asides: Sequence[Aside], *, how: str, now: int
) -> None:
    """
    Note that *copy* is right again, *how* it came to be so, and where the files that had its place are.

    Those are on record as quarantined, under the content that they should have been.
    """
    if asides:
        content = content_ids(c, [copy.hash])[copy.hash]
        rows = [
            NewCopy(
                each.path, content, each.size, each.mtime_ns, Evidence.CLAIMED, None, "set aside: damaged"
            )
            for each in asides
        ]
        ids = record_copies(c, copy.location_id, rows, session_id=None, now=now)
        set_status(c, list(ids.values()), Presence.QUARANTINED)
    resolve_findings(c, [copy.id], how, now)
    record_right(c, [right], now)
