"""What is known to be wrong with copies, and that it no longer is."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from sqlalchemy import Connection, select, update

from cardcat.catalog.bulk import chunks
from cardcat.catalog.tables import copy_findings


def resolve_findings(c: Connection, copy_ids: Iterable[int], resolution: str, now: int) -> None:
    """Say what became of all that was known to be wrong with these copies."""
    x = copy_findings.c
    for chunk in chunks(copy_ids):
        c.execute(
            update(copy_findings)
            .where(x.file_location_id.in_(chunk), x.resolved_at.is_(None))
            .values(resolved_at=now, resolution=resolution)
        )


def still_open(c: Connection, copy_ids: Sequence[int]) -> set[int]:
    """Those of the copies that something is known to be wrong with."""
    return {id_ for id_, _ in open_troubles_of(c, copy_ids)}


def open_troubles_of(c: Connection, copy_ids: Sequence[int]) -> list[tuple[int, str]]:
    """What is known to be wrong with these copies: pairs of a copy's id and its trouble."""
    x = copy_findings.c
    found: list[tuple[int, str]] = []
    for chunk in chunks(copy_ids):
        query = select(x.file_location_id, x.trouble).where(
            x.file_location_id.in_(chunk), x.resolved_at.is_(None)
        )
        found += [(id_, trouble) for id_, trouble in c.execute(query)]
    return found
