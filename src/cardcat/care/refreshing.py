"""Reading metadata again from the copies, after an improvement of the reader. No file is touched."""

from __future__ import annotations

import time
from collections import Counter, deque
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from cardcat.care.rereading import reread, together_of
from cardcat.catalog.engine import Catalog
from cardcat.catalog.knowledge import KnownCopy, copies_of_contents
from cardcat.catalog.renewals import (
    Change,
    ReadAgain,
    ToRead,
    changes,
    contents_to_read,
    count_to_read,
    write_changes,
)
from cardcat.errors import CancelledError
from cardcat.media.pool import MetadataPool
from cardcat.model import Kind, Presence, Stage
from cardcat.reporting import Reporter, current
from cardcat.sightings import Now, Places, Sighting
from cardcat.stopping import stop_requested
from cardcat.storage.system import this_disk

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


@dataclass(slots=True)
class _Search:
    """A content: its *copies* that were not looked at yet, and the drives of those that are unplugged."""

    copies: deque[KnownCopy] = field(default_factory=deque)
    offline: set[tuple[str, int]] = field(default_factory=set)


class _Refreshing:
    """Takes contents a batch at a time, and counts."""

    def __init__(self, catalog: Catalog, pool: MetadataPool, found: Refreshed, *, dry_run: bool) -> None:
        self._catalog, self._pool, self._found, self._dry_run = catalog, pool, found, dry_run
        self._places = Places(this_disk())

    def take(self, batch: Sequence[ToRead]) -> None:
        """Read the contents of *batch* that can be reached, and write what they say."""
        hashes = [one.hash for one in batch]
        with self._catalog.read() as c:
            waiting = _searches(hashes, copies_of_contents(c, hashes))
        while waiting:
            waiting = self._read(waiting)

    def _read(self, waiting: Mapping[str, _Search]) -> dict[str, _Search]:
        """Read one copy of each; those are returned whose copy vanished meanwhile."""
        chosen = {hash_: copy for hash_, search in waiting.items() if (copy := self._first_there(search))}
        if not chosen:
            return {}
        with self._catalog.read() as c:
            sets = together_of(c, list(chosen.values()), self._places)
        rows: dict[str, ReadAgain] = {}
        for member, row in reread(sets, self._pool):
            if row.metadata.trouble:
                if self._places.look(member.copy).now is not Now.THERE:
                    continue
                self._found.troubled_count += 1
                _note(self._found.troubled, Noted(str(member.path), row.hash, row.metadata.trouble))
            rows[row.hash] = row
        self._write(list(rows.values()))
        vanished = {hash_: waiting[hash_] for hash_ in chosen if hash_ not in rows}
        for search in vanished.values():
            self._pass(search, self._places.look(search.copies[0]))
        return vanished

    def _first_there(self, search: _Search) -> KnownCopy | None:
        """The first copy that stands as it was recorded; what is wrong with those before it is noted."""
        while search.copies:
            found = self._places.look(search.copies[0])
            if found.now is Now.THERE:
                return search.copies[0]
            self._pass(search, found)
        self._found.drives.update(search.offline)
        self._found.unreachable += bool(search.offline)
        self._found.lost += not search.offline
        return None

    def _pass(self, search: _Search, found: Sighting) -> None:
        """Go on to the next copy; the one before stands as *found*, or did while it was to be read."""
        copy = search.copies.popleft()
        if found.now is Now.OFFLINE:
            search.offline.add((copy.volume_name, copy.last_seen_at))
            return
        what = Now.UNREADABLE if found.now is Now.THERE else found.now
        self._found.altered_count += 1
        _note(self._found.altered, Noted(str(found.path), copy.hash, what.value))

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


def _searches(hashes: Sequence[str], copies: Sequence[KnownCopy]) -> dict[str, _Search]:
    """For each content the copies that are believed to be somewhere."""
    found = {hash_: _Search() for hash_ in hashes}
    for copy in copies:
        if copy.status in (Presence.PRESENT, Presence.UNAVAILABLE):
            found[copy.hash].copies.append(copy)
    return found


def _note(listed: list[Noted], one: Noted) -> None:
    if len(listed) < _MANY:
        listed.append(one)
