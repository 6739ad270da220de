"""What the destinations already hold of this card, looked at now and not just remembered."""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path

import polars as pl

from cardcat.catalog.contents import set_found
from cardcat.catalog.copies import CopyRow, copies_of, set_evidence, set_status
from cardcat.catalog.items import EarlierCopy, earlier_copies, earlier_sessions
from cardcat.frames import HELD
from cardcat.model import Evidence, Finding, Presence, Stage
from cardcat.run import Destination, Run, now
from cardcat.storage.hashing import fingerprint
from cardcat.storage.presence import cause
from cardcat.storage.reading import mtime_of
from cardcat.storage.verify import can_prove_cold, read_back


def held_from_earlier(run: Run, destination: Destination, listing: pl.DataFrame) -> pl.DataFrame:
    """
    The files of the listing that an earlier session left on the destination and that are unchanged.

    Columns as `frames.HELD`. Each copy is there now, with the size and time on record, and its evidence
    is as strong as this drive can give; a weaker one has been read back in place first.
    """
    held = pl.DataFrame(schema=HELD)
    missing = listing.select("path", "size", "mtime_ns")
    with run.catalog.read() as c:
        sessions = earlier_sessions(
            c,
            source_volume_id=run.source.volume_id,
            source_root=run.source.relative,
            location_id=destination.location_id,
        )
        for session_id in sessions:
            if missing.is_empty():
                break
            earlier = _frame(earlier_copies(c, session_id))
            found = earlier.join(missing, on=["path", "size", "mtime_ns"], how="semi")
            held = pl.concat([held, found])
            missing = missing.join(found, on="path", how="anti")
    return _confirmed(run, destination, held)


def good_copies(run: Run, destination: Destination, hashes: Iterable[str]) -> dict[str, CopyRow]:
    """For each content a copy on the destination that is proved and there now, where there is one."""
    with run.catalog.read() as c:
        copies = copies_of(c, destination.location_id, list(hashes))
    good: dict[str, CopyRow] = {}
    for copy in copies:
        if copy.hash not in good and confirm(run, destination, copy):
            good[copy.hash] = copy
    return good


def confirm(run: Run, destination: Destination, copy: CopyRow) -> bool:
    """
    Whether the copy is there now and proved; one with weak evidence is read back in place.

    DestinationError if the drive is gone, which says nothing about its copies.
    """
    if not _is_unchanged(run, destination, copy):
        return False
    if _is_weak(destination, copy.evidence):
        return _read_in_place(run, destination, copy)
    destination.is_cold &= copy.evidence == Evidence.READ_BACK_COLD
    return True


def _confirmed(run: Run, destination: Destination, held: pl.DataFrame) -> pl.DataFrame:
    keep = [
        confirm(
            run,
            destination,
            CopyRow(
                id=row["copy"],
                path=os.fsdecode(row["destination_path"]),
                hash=row["hash"],
                size=row["copy_size"],
                mtime_ns=row["copy_mtime_ns"],
                evidence=Evidence(row["evidence"]),
                status=Presence.PRESENT,
            ),
        )
        for row in held.iter_rows(named=True)
    ]
    return held.filter(pl.Series(keep, dtype=pl.Boolean))


def _frame(copies: Iterable[EarlierCopy]) -> pl.DataFrame:
    rows = [
        (
            os.fsencode(copy.path),
            copy.size,
            copy.mtime_ns,
            copy.hash,
            os.fsencode(copy.destination_path),
            copy.file_location_id,
            copy.copy_size,
            copy.copy_mtime_ns,
            copy.evidence.value,
            copy.session_id,
        )
        for copy in copies
    ]
    return pl.DataFrame(rows, schema=HELD, orient="row")


def _is_unchanged(run: Run, destination: Destination, copy: CopyRow) -> bool:
    status = destination.there.look_at_file(copy.path)
    if status is None:
        with run.catalog.write() as c:
            set_status(c, [copy.id], Presence.MISSING)
        return False
    if (status.st_size, mtime_of(status)) == (copy.size, copy.mtime_ns):
        return True
    _doubt(run, destination, copy, "changed", "was changed since it was verified")
    return False


def _is_weak(destination: Destination, evidence: Evidence) -> bool:
    wanted = Evidence.READ_BACK_COLD if can_prove_cold(destination.volume.fs_type) else Evidence.READ_BACK
    return evidence.rank < wanted.rank


def _read_in_place(run: Run, destination: Destination, copy: CopyRow) -> bool:
    path = destination.root / copy.path
    try:
        seen = read_back(run.disk, path, copy.size, destination.volume.fs_type, sha256=True)
        sample = fingerprint(run.disk, path, copy.size, source=False)
    except OSError as error:
        destination.there.require_there()
        _doubt(run, destination, copy, "damaged", f"can't be read ({cause(error)})")
        return False
    if seen.sha256 != copy.hash:
        _doubt(run, destination, copy, "damaged", "does not hold the bytes it should")
        return False
    with run.catalog.write() as c:
        set_evidence(c, [copy.id], seen.evidence, how=seen.how, verified_at=now())
        set_found(c, copy.hash, xxh3=seen.xxh3, sample=sample)
    destination.is_cold &= seen.evidence == Evidence.READ_BACK_COLD
    return True


def _doubt(run: Run, destination: Destination, copy: CopyRow, error_type: str, what: str) -> None:
    """Take back what was believed of a copy; the file itself is left as it is."""
    with run.catalog.write() as c:
        set_evidence(c, [copy.id], Evidence.CLAIMED, how=f"{error_type}: {what}", verified_at=None)
    message = f"The copy {Path(copy.path)} {what}; it is left alone and the content is copied anew."
    run.report([Finding(copy.path, Stage.VERIFY, error_type, message, destination=str(destination.root))])
