"""Reading metadata again from the copies, after an improvement of the reader. No file is touched."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from cardcat.catalog.details import (
    Change,
    ReadAgain,
    ToRead,
    changes,
    contents_to_read,
    count_to_read,
    write_changes,
)
from cardcat.catalog.engine import Catalog
from cardcat.catalog.knowledge import KnownCopy, copies_of_contents
from cardcat.errors import CancelledError
from cardcat.media.pool import MetadataPool
from cardcat.model import Kind, Presence, Stage
from cardcat.reporting import Reporter, current
from cardcat.rereading import assets_of, reread
from cardcat.sightings import Now, Places
from cardcat.stopping import stop_requested
from cardcat.storage.disk import Disk

MEDIA = (Kind.IMAGE, Kind.VIDEO)
_BATCH = 200  # contents; one transaction each
_MANY = 1000  # files that are named; all are counted


@dataclass(frozen=True, slots=True)
class Noted:
    """A copy that something is to be said about. *path* is where it is, or should be."""

    path: str
    hash: str
    what: str


@dataclass(slots=True)
class Refreshed:
    """
    What came of it, in numbers of contents: to_read = read + unreachable + lost, read = changed + unchanged.

    *columns* counts the changes of each column. *drives* are those to plug in for what is unreachable, by
    name and when it was last seen, with how many contents each has. *lost* have no copy left that is as it
    was recorded. *altered* are copies that are gone or changed on a drive that is plugged in.
    """

    to_read: int = 0
    read: int = 0
    changed: int = 0
    unreachable: int = 0
    lost: int = 0
    columns: Counter[str] = field(default_factory=Counter)
    drives: Counter[tuple[str, int]] = field(default_factory=Counter)
    troubled: list[Noted] = field(default_factory=list)
    troubled_count: int = 0
    altered: list[Noted] = field(default_factory=list)
    altered_count: int = 0

    @property
    def unchanged(self) -> int:
        """How many say what they said before."""
        return self.read - self.changed


def refresh(
    catalog: Catalog,
    kinds: Sequence[Kind] = MEDIA,
    *,
    everything: bool = False,
    dry_run: bool = False,
    reporter: Reporter | None = None,
) -> Refreshed:
    """
    Read what an older reader has read, or *everything*, from one copy each on the drives plugged in now.

    Only the catalog is written to, a transaction a batch; with *dry_run* nothing is. CancelledError if the
    user wants to stop: what is done is kept, and the next run goes on behind it.
    """
    teller = reporter or current()
    with catalog.read() as c:
        found = Refreshed(count_to_read(c, kinds, older_only=not everything))
    if not found.to_read:
        return found
    teller.begin(Stage.METADATA, files=found.to_read, size=0)
    with MetadataPool() as pool:
        work = _Refreshing(catalog, pool, found, dry_run=dry_run)
        for batch in _batches(catalog, kinds, everything=everything):
            if stop_requested():
                raise CancelledError("Cancelled. What was read is kept; the same command goes on from there.")
            work.take(batch)
            teller.advance(files=len(batch), size=0)
    return found


def _batches(catalog: Catalog, kinds: Sequence[Kind], *, everything: bool) -> Iterator[list[ToRead]]:
    after = 0
    while True:
        with catalog.read() as c:
            batch = contents_to_read(c, kinds, older_only=not everything, after=after, limit=_BATCH)
        if not batch:
            return
        after = batch[-1].content_id
        yield batch


class _Refreshing:
    """Takes contents a batch at a time, and counts."""

    def __init__(self, catalog: Catalog, pool: MetadataPool, found: Refreshed, *, dry_run: bool) -> None:
        self._catalog, self._pool, self._found, self._dry_run = catalog, pool, found, dry_run
        self._places = Places(Disk())

    def take(self, batch: Sequence[ToRead]) -> None:
        """Read the contents of *batch* that can be reached, and write what they say."""
        hashes = [one.hash for one in batch]
        with self._catalog.read() as c:
            copies = _by_content(hashes, copies_of_contents(c, hashes))
            chosen = [copy for mine in copies.values() if (copy := self._first_there(mine))]
            assets = assets_of(c, chosen, self._places)
        wanted = {copy.id for copy in chosen}
        rows = []
        for member, row in reread(assets, self._pool):
            if member.copy.id not in wanted:
                continue
            if row.metadata.trouble and not self._is_still_there(member.copy):
                self._first_there(copies[row.hash])
                continue
            rows.append(row)
            if row.metadata.trouble:
                self._found.troubled_count += 1
                _note(self._found.troubled, Noted(str(member.path), row.hash, row.metadata.trouble))
        self._write(rows)

    def _first_there(self, copies: Sequence[KnownCopy]) -> KnownCopy | None:
        """The first copy that stands as it was recorded; what is wrong with those before it is noted."""
        offline: set[tuple[str, int]] = set()
        for copy in copies:
            found = self._places.look(copy)
            if found.now is Now.THERE:
                return copy
            if found.now is Now.OFFLINE:
                offline.add((copy.volume_name, copy.last_seen_at))
            else:
                self._found.altered_count += 1
                _note(self._found.altered, Noted(str(found.path), copy.hash, found.now.value))
        self._found.drives.update(offline)
        self._found.unreachable += bool(offline)
        self._found.lost += not offline
        return None

    def _is_still_there(self, copy: KnownCopy) -> bool:
        """Whether it was the file that gave trouble, and not its drive that was pulled."""
        if self._places.look(copy).now is Now.THERE:
            return True
        self._places = Places(Disk())
        return self._places.look(copy).now is Now.THERE

    def _write(self, rows: Sequence[ReadAgain]) -> None:
        if self._dry_run:
            with self._catalog.read() as c:
                found = changes(c, rows)
        else:
            with self._catalog.write() as c:
                found = changes(c, rows)
                write_changes(c, found, int(time.time()))
        self._count(found)

    def _count(self, found: Sequence[Change]) -> None:
        self._found.read += len(found)
        self._found.changed += sum(bool(change.columns) for change in found)
        for change in found:
            self._found.columns.update(change.columns.keys())


def _by_content(hashes: Sequence[str], copies: Sequence[KnownCopy]) -> dict[str, list[KnownCopy]]:
    """The copies of each content that are believed to be somewhere."""
    found: dict[str, list[KnownCopy]] = {hash_: [] for hash_ in hashes}
    for copy in copies:
        if copy.status in (Presence.PRESENT, Presence.UNAVAILABLE):
            found[copy.hash].append(copy)
    return found


def _note(listed: list[Noted], one: Noted) -> None:
    if len(listed) < _MANY:
        listed.append(one)
