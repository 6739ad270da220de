"""The few facts about many contents that a list of files shows."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import Connection, select

from cardcat.catalog.bulk import chunks, unique
from cardcat.catalog.tables import content_identity, media_details, media_files
from cardcat.model import Kind


@dataclass(frozen=True, slots=True)
class Facts:
    """
    What a content is: its format as people call it, when it was taken, how many seconds it lasts.

    *taken* is ISO 8601, the wall clock where it was taken; each but the kind is None where nothing tells.
    """

    kind: Kind
    format: str | None = None
    taken: str | None = None
    seconds: float | None = None


def facts_of(c: Connection, hashes: Sequence[str]) -> dict[str, Facts]:
    """The facts about these contents, of those that the catalog knows."""
    k, m, d = content_identity.c, media_files.c, media_details.c
    found: dict[str, Facts] = {}
    for chunk in chunks(unique(hashes)):
        query = (
            select(k.cas_id, k.kind, d.format, d.date_local, m.date_taken, m.duration_seconds)
            .outerjoin(media_files, m.hash == k.cas_id)
            .outerjoin(media_details, d.content_id == k.id)
            .where(k.cas_id.in_(chunk))
        )
        for hash_, kind, format_, local, taken, seconds in c.execute(query):
            found[hash_] = Facts(Kind(kind), format_, local or taken, seconds)
    return found
