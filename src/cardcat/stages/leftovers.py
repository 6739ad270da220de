"""What a killed run left between its rename and its record: files that are right and not yet on record."""

from __future__ import annotations

from pathlib import PurePath

from cardcat.catalog.items import ItemRow, items_of
from cardcat.errors import DestinationError
from cardcat.media.kind import kind_of
from cardcat.model import ItemState
from cardcat.plan.dates import moments_of
from cardcat.run import Destination, Run
from cardcat.stages.files import CopiedFile, PlannedFile, dated_of
from cardcat.stages.recording import Entry, record
from cardcat.storage.hashing import fingerprint, hash_file
from cardcat.storage.verify import read_back


def adopt_leftovers(run: Run) -> None:
    """
    Prove and record the copies that resumed sessions had named and not recorded.

    The journal says which content was to go where; only a copy that reads back as that is taken.
    """
    for destination in run.alive:
        if not destination.resumed:
            continue
        with run.catalog.read() as c:
            left = list(items_of(c, destination.session_id, ItemState.COPIED))
        try:
            entries = [entry for row in left if (entry := _adopt(run, destination, row)) is not None]
            record(run, destination, entries, [])
        except (OSError, DestinationError) as error:
            run.fail(destination, error, "looking for copies of the run before")


def _adopt(run: Run, destination: Destination, row: ItemRow) -> Entry | None:
    if row.destination_path is None or row.hash is None:
        return None
    path = destination.root / row.destination_path
    status = destination.there.look_at_file(row.destination_path)
    if status is None or status.st_size != row.size:
        return None
    proof = read_back(run.disk, path, row.size, destination.volume.fs_type, sha256=True)
    if proof.sha256 != row.hash:
        return None
    return Entry(_copied(run, destination, row), row.destination_path, proof)


def _copied(run: Run, destination: Destination, row: ItemRow) -> CopiedFile:
    path = destination.root / (row.destination_path or "")
    hashes = hash_file(run.disk, path, source=False)
    kind = kind_of(hashes.head, PurePath(row.path).name)
    file = PlannedFile(0, row.path, row.size, row.mtime_ns, 0, -1, kind, row.hash, {})
    if not kind.is_media:
        return CopiedFile(file, hashes, kind)
    metadata = run.metadata.read([(path, kind)])[0]
    sample = fingerprint(run.disk, path, hashes.size, source=False)
    copied = CopiedFile(file, hashes, kind, sample, metadata)
    copied.moment = moments_of([dated_of(copied)], destination.zone)[0]
    return copied
