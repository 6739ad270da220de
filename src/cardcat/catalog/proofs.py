"""What reading copies again has proved of them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from sqlalchemy import Connection, bindparam, update

from cardcat.catalog.bulk import chunks
from cardcat.catalog.checks import resolve_findings
from cardcat.catalog.tables import content_identity, file_locations
from cardcat.model import Evidence


@dataclass(frozen=True, slots=True)
class ProvedCopy:
    """
    A copy (*id*) that was read and holds the content *hash*. *how* says how *evidence* was come by.

    *mtime_ns* is the time that it has on its drive now; *xxh3* and *sample* are of its bytes.
    """

    id: int
    hash: str
    mtime_ns: int
    evidence: Evidence
    how: str
    xxh3: str
    sample: str


def renew_proofs(c: Connection, copies: Iterable[ProvedCopy], now: int) -> None:
    """Say of these copies that they were read at *now* (UTC seconds), and what that gave."""
    place, content = file_locations.c, content_identity.c
    renewed = (
        update(file_locations)
        .where(place.id == bindparam("b_id"))
        .values(
            mtime_ns=bindparam("b_mtime_ns"),
            evidence=bindparam("b_evidence"),
            verified_how=bindparam("b_how"),
            verified_at=now,
            last_seen_at=now,
        )
    )
    found = (
        update(content_identity)
        .where(content.cas_id == bindparam("b_hash"))
        .values(xxh3_128=bindparam("b_xxh3"), sample_hash=bindparam("b_sample"))
    )
    for some in chunks(copies):
        c.execute(
            renewed,
            [
                {
                    "b_id": each.id,
                    "b_mtime_ns": each.mtime_ns,
                    "b_evidence": each.evidence.value,
                    "b_how": each.how,
                }
                for each in some
            ],
        )
        c.execute(
            found, [{"b_hash": each.hash, "b_xxh3": each.xxh3, "b_sample": each.sample} for each in some]
        )
        resolve_findings(c, [each.id for each in some], "it was read again and is right", now)
