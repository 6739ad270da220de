"""What the destinations already hold of this card, looked at now and not just remembered."""

from __future__ import annotations

import os
from collections.abc import Iterable
from dataclasses import dataclass, field

import polars as pl

from cardcat.catalog.contents import set_found
from cardcat.catalog.copies import CopyRow, copies_of, set_evidence, set_status
from cardcat.catalog.items import EarlierCopy, earlier_copies, earlier_sessions
from cardcat.frames import HELD
from cardcat.model import Evidence, Finding, Presence, Stage
from cardcat.paths import display
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
    news = _News()
    for copy in copies:
        if copy.hash not in good and _is_good(run, destination, copy, news):
            good[copy.hash] = copy
    _tell(run, news)
    return good


def confirm(run: Run, destination: Destination, copy: CopyRow) -> bool:
    """
    Whether the copy is there now and proved; one with weak evidence is read back in place.

    DestinationError if the drive is gone, which says nothing about its copies.
    """
    news = _News()
    answer = _is_good(run, destination, copy, news)
    _tell(run, news)
    return answer


@dataclass(slots=True)
class _News:
    """What was learnt of copies while looking, to be written down together. Ids, and findings."""

    missing: list[int] = field(default_factory=list)
    doubted: dict[str, list[int]] = field(default_factory=dict)  # by what is wrong
    findings: list[Finding] = field(default_factory=list)


def _tell(run: Run, news: _News) -> None:
    """Write down what was learnt; the files themselves are left as they are."""
    if not (news.missing or news.doubted):
        return
    with run.catalog.write() as c:
        set_status(c, news.missing, Presence.MISSING)
        for what, ids in news.doubted.items():
            set_evidence(c, ids, Evidence.CLAIMED, how=what, verified_at=None)
    run.report(news.findings)


def _is_good(run: Run, destination: Destination, copy: CopyRow, news: _News) -> bool:
    if not _is_unchanged(destination, copy, news):
        return False
    if _is_weak(destination, copy.evidence):
        return _read_in_place(run, destination, copy, news)
    destination.is_cold &= copy.evidence == Evidence.READ_BACK_COLD
    return True


def _confirmed(run: Run, destination: Destination, held: pl.DataFrame) -> pl.DataFrame:
    news = _News()
    keep = []
    for row in held.iter_rows(named=True):
        run.check_running()
        copy = CopyRow(
            id=row["copy"],
            path=os.fsdecode(row["destination_path"]),
            hash=row["hash"],
            size=row["copy_size"],
            mtime_ns=row["copy_mtime_ns"],
            evidence=Evidence(row["evidence"]),
            status=Presence.PRESENT,
        )
        keep.append(_is_good(run, destination, copy, news))
    _tell(run, news)
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


def _is_unchanged(destination: Destination, copy: CopyRow, news: _News) -> bool:
    status = destination.there.look_at_file(copy.path)
    if status is None:
        news.missing.append(copy.id)
        return False
    if (status.st_size, mtime_of(status)) == (copy.size, copy.mtime_ns):
        return True
    _doubt(destination, copy, news, "Changed", "was changed since it was verified")
    return False


def _is_weak(destination: Destination, evidence: Evidence) -> bool:
    wanted = Evidence.READ_BACK_COLD if can_prove_cold(destination.volume.fs_type) else Evidence.READ_BACK
    return evidence.rank < wanted.rank


def _read_in_place(run: Run, destination: Destination, copy: CopyRow, news: _News) -> bool:
    path = destination.root / copy.path
    try:
        seen = read_back(run.disk, path, copy.size, destination.volume.fs_type, sha256=True)
        sample = fingerprint(run.disk, path, copy.size, source=False)
    except OSError as error:
        destination.there.require_there()
        _doubt(destination, copy, news, "Damaged", f"can't be read ({cause(error)})")
        return False
    if seen.sha256 != copy.hash:
        _doubt(destination, copy, news, "Damaged", "does not hold the bytes it should")
        return False
    with run.catalog.write() as c:
        set_evidence(c, [copy.id], seen.evidence, how=seen.how, verified_at=now())
        set_found(c, copy.hash, xxh3=seen.xxh3, sample=sample)
    destination.is_cold &= seen.evidence == Evidence.READ_BACK_COLD
    return True


def _doubt(destination: Destination, copy: CopyRow, news: _News, error_type: str, what: str) -> None:
    """Take back what was believed of a copy; said once, not at every look."""
    if copy.evidence == Evidence.CLAIMED and error_type == "Changed":
        return
    news.doubted.setdefault(what, []).append(copy.id)
    message = f"The copy {display(copy.path)} {what}; it is left alone and the content is copied anew."
    news.findings.append(
        Finding(copy.path, Stage.VERIFY, error_type, message, destination=str(destination.root))
    )
