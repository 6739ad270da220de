"""What becomes of each file of a copied batch: a place of its own, or word that a copy is held already."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from zoneinfo import ZoneInfo

from cardcat.catalog.copies import CopyRow
from cardcat.catalog.items import fail_items
from cardcat.errors import DestinationError
from cardcat.model import Finding, Stage
from cardcat.plan.clocks import Clocks, clocks_of
from cardcat.plan.dates import is_seen_from_zone, moments_of
from cardcat.plan.dedupe import Do
from cardcat.plan.names import fit_name
from cardcat.plan.placing import Placement
from cardcat.run import Destination, Run, now
from cardcat.stages.copying import CopiedBatch
from cardcat.stages.files import CopiedFile, PlannedFile, dated_of, incoming_path
from cardcat.stages.grouping import links_of
from cardcat.stages.held import good_copies
from cardcat.stages.naming import Naming, place_files
from cardcat.stages.recording import Entry, Skipped, publish, record
from cardcat.stages.shelf import Shelf


@dataclass(frozen=True, slots=True)
class _Sorted:
    """The files of a batch for one destination, by what is to be done with them."""

    fresh: list[CopiedFile]  # get a place
    again: list[CopiedFile]  # were copied, but the content is held already
    waiting: list[PlannedFile]  # were not copied, because a twin was to be


def record_batch(run: Run, copied: CopiedBatch) -> None:
    """
    Publish a batch on every destination and record it. Called in the order of the batches, one at a time.

    A destination that fails ends its own session; CatalogError ends the run.
    """
    for destination in run.alive:
        try:
            with destination.timing.at(Stage.RECORD):
                _record_for(run, destination, copied)
        except (OSError, DestinationError) as error:
            run.fail(destination, error, "putting copies in their place")
    _record_failures(run, copied.findings)
    run.links.update(links_of(copied.copied))


def _record_for(run: Run, destination: Destination, copied: CopiedBatch) -> None:
    mine = [file for file in copied.copied if destination.number in file.proofs]
    waiting = [file for file in copied.waiting if file.do.get(destination.number) == Do.WAIT]
    held = good_copies(run, destination, _hashes(mine, waiting))
    work = _sort(mine, waiting, held)
    _tell_moments(destination, mine)
    names = (fit_name(file.file.path.rpartition("/")[2], destination.rules) for file in work.fresh)
    shelf = Shelf(run, destination, names)
    naming = Naming(
        destination=destination,
        plan=copied.batch.plan,
        layout=run.options.layout,
        shelf=shelf,
        waiting={file.group: file for file in reversed(waiting)},
        there={copy.hash: copy.path for copy in held.values()},
    )
    try:
        placed = place_files(naming, work.fresh, work.again)
    finally:
        shelf.news.tell(run)
    entries = [_entry(destination, file, placement, shelf) for file, placement in placed]
    publish(run, destination, entries)
    skipped = _skipped(run, work, held, entries)
    record(run, destination, entries, skipped)
    _clear(run, destination, entries, work.again)


def _tell_moments(destination: Destination, files: Sequence[CopiedFile]) -> None:
    """Say of each file when it was taken, with its group, the card and the destination's zone in view."""
    groups: dict[int, list[CopiedFile]] = defaultdict(list)
    for file in files:
        groups[file.file.group].append(file)
    for members in groups.values():
        _tell_group(members, destination.zone, {})
    for hour, offset in clocks_of(file.moment for file in files if file.moment):
        destination.clocks.setdefault(hour, offset)
    for members in groups.values():
        if any(file.moment and is_seen_from_zone(file.moment) for file in members):
            _tell_group(members, destination.zone, destination.clocks)


def _tell_group(members: Sequence[CopiedFile], zone: ZoneInfo, clocks: Clocks) -> None:
    dated = [dated_of(file) for file in members]
    for file, moment in zip(members, moments_of(dated, zone, clocks), strict=True):
        file.moment = moment


def _hashes(mine: Sequence[CopiedFile], waiting: Sequence[PlannedFile]) -> list[str]:
    return [f.hashes.sha256 for f in mine if _may_be_skipped(f)] + [f.hash for f in waiting if f.hash]


def _may_be_skipped(file: CopiedFile) -> bool:
    return file.kind.is_media and file.file.structure < 0


def _sort(mine: Sequence[CopiedFile], waiting: Sequence[PlannedFile], held: dict[str, CopyRow]) -> _Sorted:
    seen = set(held)
    fresh, again = [], []
    for file in sorted(mine, key=lambda file: file.file.item):
        if _may_be_skipped(file) and file.hashes.sha256 in seen:
            again.append(file)
            continue
        seen.add(file.hashes.sha256)
        fresh.append(file)
    return _Sorted(fresh, again, list(waiting))


def _entry(destination: Destination, file: CopiedFile, placement: Placement, shelf: Shelf) -> Entry:
    if not placement.adopted:
        return Entry(file, placement.path, file.proofs[destination.number])
    known = shelf.known.get(placement.path)
    return Entry(
        file,
        placement.path,
        proof=None if known else shelf.proofs[placement.path],
        copy=known.id if known else None,
        reason="already there, byte for byte",
    )


def _skipped(run: Run, work: _Sorted, held: dict[str, CopyRow], entries: Sequence[Entry]) -> list[Skipped]:
    """The files that another copy answers for; a twin that has none is left for the next round."""
    there: dict[str | None, tuple[str, int | None]] = {
        entry.file.hashes.sha256: (entry.path, entry.copy) for entry in entries
    }
    there |= {copy.hash: (copy.path, copy.id) for copy in held.values()}
    wanted = [(file.file, file.hashes.sha256) for file in work.again]
    wanted += [(file, file.hash or "") for file in work.waiting]
    skipped = [Skipped(file, hash_, *there[hash_]) for file, hash_ in wanted if hash_ in there]
    run.leftover += [file.item for file in work.waiting if file.hash not in there]
    return skipped


def _clear(run: Run, destination: Destination, entries: Sequence[Entry], again: Sequence[CopiedFile]) -> None:
    """Take away copies that were not needed after all."""
    unneeded = [entry.file for entry in entries if not entry.is_new]
    for file in [*unneeded, *again]:
        run.disk.remove(incoming_path(destination, file.file))


def _record_failures(run: Run, findings: Sequence[Finding]) -> None:
    run.report(findings)
    with run.catalog.write() as c:
        for destination in run.destinations:
            root = str(destination.root)
            failed = [f for f in findings if f.failed and f.destination in (None, root)]
            fail_items(c, destination.session_id, [(f.path, f.message) for f in failed], now())
