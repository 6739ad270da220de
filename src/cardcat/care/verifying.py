"""Copies read again where they are: all disks at once, on each the one not looked at for longest first."""

from __future__ import annotations

import threading
import time
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field

from cardcat.care.choosing import scope_of
from cardcat.care.looking import Checked, check
from cardcat.care.plugged import remember_drives
from cardcat.catalog.checks import Trouble, record_right, record_wrong
from cardcat.catalog.due import DueCopy, DueLocation, due_copies, due_locations
from cardcat.catalog.engine import Catalog
from cardcat.catalog.knowledge import KnownCopy, copies_by_id
from cardcat.errors import CancelledError, UsageError
from cardcat.model import Evidence, Stage
from cardcat.paths import display
from cardcat.plan.disks import UNKNOWN_DISK, DiskNames, disk_of_each
from cardcat.plan.mending import has_time, portions
from cardcat.reporting import Reporter, current
from cardcat.sightings import Now, Places
from cardcat.stopping import stop_requested
from cardcat.storage.disk import Disk
from cardcat.storage.system import this_disk
from cardcat.storage.volumes import disk_of

_FIRST = 20  # copies that a dry run names
_THREADS = 4  # for each disk: as many as a backup has files in flight


@dataclass(frozen=True, slots=True)
class Wrong:
    """
    A copy that is not right: *path* is relative to its root, *place* where it is or should be.

    *edited*: somebody has changed the file since, as its time tells.
    """

    path: str
    place: str
    drive: str
    trouble: Trouble
    message: str
    hash: str
    observed_hash: str | None
    edited: bool


@dataclass(slots=True)
class Verified:
    """
    What a check found. *checked* counts copies, of which *cold* were read from the medium for certain.

    *waiting* and *waiting_bytes* could be checked now and were not, since the budget was used up; the oldest
    of them was looked at last at *oldest* (UTC seconds, 0: never; None if there is none). *offline* counts
    the copies that can't be reached, by the name of their drive and when it was last seen, *drives* those
    that were checked. *first* are the copies that would be read first, of a dry run.
    """

    checked: int = 0
    bytes_read: int = 0
    seconds: float = 0.0
    right: int = 0
    cold: int = 0
    wrong: list[Wrong] = field(default_factory=list)
    waiting: int = 0
    waiting_bytes: int = 0
    oldest: int | None = None
    offline: Counter[tuple[str, int]] = field(default_factory=Counter)
    drives: Counter[str] = field(default_factory=Counter)
    first: list[KnownCopy] = field(default_factory=list)

    @property
    def is_out_of_reach(self) -> bool:
        """Whether nothing could be checked at all, since no drive that has it is there."""
        return bool(self.offline) and not (self.checked or self.waiting)


def verify(
    catalog: Catalog,
    given: str | None = None,
    *,
    budget: float | None = None,
    most: int | None = None,
    dry_run: bool = False,
    reporter: Reporter | None = None,
    disk: Disk | None = None,
    clock: Callable[[], float] = time.monotonic,
) -> Verified:
    """
    Read the copies that *given* means (`choosing.scope_of`) from their drives and compare their hashes.

    Ends after *budget* seconds or *most* files, with those in hand; the next run goes on with what is left.
    Disks are read at the same time, each with its own oldest copies first.
    Only the catalog is written to, a transaction every few files, with *dry_run* not even that. UsageError if
    *given* means nothing. CancelledError if the user wants to stop, also in the middle of a film: what was
    checked to its end is on record.
    """
    checking = _Checking(catalog, disk or this_disk(), reporter or current(), clock)
    with catalog.read() as c:
        scope = scope_of(c, given)
        locations = due_locations(c, scope)
    if given is not None and not locations:
        raise UsageError(
            f"No copy is on record at {display(given)}.", hint="What is known of drives: cardcat volumes list"
        )
    there = checking.reachable(locations, dry_run=dry_run)
    with catalog.read() as c:
        reachable = due_copies(c, scope, there)
    found = checking.found
    if dry_run:
        checking.preview(reachable[:most])
    else:
        checking.run(reachable[:most], budget)
    left = [copy for copy in reachable if copy.id not in checking.taken]
    found.waiting, found.waiting_bytes = len(left), sum(copy.size for copy in left)
    found.oldest = min((copy.looked_at for copy in left), default=None)
    return found


class _Checking:
    """Checks copies a portion at a time, those of several disks at once, and counts."""

    def __init__(self, catalog: Catalog, disk: Disk, teller: Reporter, clock: Callable[[], float]) -> None:
        self.found = Verified()
        self._catalog, self._disk, self._teller, self._clock = catalog, disk, teller, clock
        self._places = Places(disk)
        self.taken: set[int] = set()
        self._samples: dict[int, KnownCopy] = {}
        self._recording = threading.Lock()
        self._is_over = False

    def reachable(self, due: Sequence[DueLocation], *, dry_run: bool) -> list[int]:
        """The ids of those on drives that are plugged in; the copies on the others are counted as offline."""
        with self._catalog.read() as c:
            examples = copies_by_id(c, [location.example for location in due])
        self._samples = {copy.location_id: copy for copy in examples}
        if not dry_run:
            remember_drives(self._catalog, self._places, examples)
        copies = {location.id: location.copies for location in due}
        for away in self._samples.values():
            if self._places.look(away).now is Now.OFFLINE:
                self.found.offline[away.volume_name, away.last_seen_at] += copies.pop(away.location_id)
        return [*copies]

    def preview(self, due: Sequence[DueCopy]) -> None:
        """Look up the first of them, in their order."""
        ids = [copy.id for copy in due[:_FIRST]]
        with self._catalog.read() as c:
            copies = {copy.id: copy for copy in copies_by_id(c, ids)}
        self.found.first = [copies[id_] for id_ in ids]

    def run(self, due: Sequence[DueCopy], budget: float | None) -> None:
        """Check them, on each disk in their order, as far as the budget goes."""
        began = self._clock()
        self._teller.begin(Stage.VERIFY, files=len(due), size=sum(copy.size for copy in due))
        disks = self._by_disk(due)
        if disks:
            with ThreadPoolExecutor(len(disks), "verify a disk") as threads, self._ending():
                begun = [threads.submit(self._run_disk, copies, budget, began) for copies in disks]
                for disk in as_completed(begun):
                    disk.result()
        self.found.seconds = self._clock() - began

    def _by_disk(self, due: Sequence[DueCopy]) -> list[list[DueCopy]]:
        """*due* in its order, what lies on one disk together."""
        placed = {location: self._places.volume(copy) for location, copy in self._samples.items()}
        volumes = {volume.key: volume for volume in placed.values() if volume}
        disks = disk_of_each([DiskNames(key, disk_of(one), one.disk) for key, one in volumes.items()])
        found: dict[str, list[DueCopy]] = defaultdict(list)
        for copy in due:
            sample = self._samples.get(copy.location_id)  # another process may have written meanwhile
            key = sample.volume_key if sample else ""
            disk = disks.get(key, UNKNOWN_DISK)
            found[key if disk == UNKNOWN_DISK else disk].append(copy)
        return [*found.values()]

    def _run_disk(self, due: Sequence[DueCopy], budget: float | None, began: float) -> None:
        done = 0
        with ThreadPoolExecutor(_THREADS, "verify") as pool:
            for portion in portions(due):
                elapsed = self._clock() - began
                size = sum(copy.size for copy in portion)
                if not has_time(size, done=done, elapsed=elapsed, budget=budget):
                    break
                self._require_going()
                done += self._take(portion, pool)

    @contextmanager
    def _ending(self) -> Iterator[None]:
        """Whatever ends it, no film is read to its end for nothing."""
        try:
            yield
        finally:
            self._is_over = True

    def _take(self, portion: Sequence[DueCopy], pool: ThreadPoolExecutor) -> int:
        """Check them and record what was found; how many bytes were read."""
        with self._catalog.read() as c:
            copies = {copy.id: copy for copy in copies_by_id(c, [copy.id for copy in portion])}
        known = [copies[copy.id] for copy in portion if copy.id in copies]
        looked = self._look_at(known, pool)
        now = int(time.time())
        with self._recording:
            with self._catalog.write() as c:
                record_right(c, [each.right for each in looked if each.right], now)
                record_wrong(c, [each.wrong for each in looked if each.wrong], now)
            for each in looked:
                self._count(each)
            if len(looked) < len(known):
                raise _cancelled()
            self.taken.update(copy.id for copy in portion)
        return sum(each.size for each in looked)

    def _look_at(self, copies: Sequence[KnownCopy], pool: ThreadPoolExecutor) -> list[Checked]:
        """What was found of *copies*: of fewer than all if the user wants to stop meanwhile."""
        futures = [pool.submit(self._check, copy) for copy in copies]
        looked = []
        for future in futures:
            with suppress(CancelledError):
                looked.append(future.result())
        return looked

    def _check(self, copy: KnownCopy) -> Checked:
        self._require_going()
        found = check(self._disk, self._places, copy, self._advance)
        self._teller.advance(files=1, size=0)
        return found

    def _advance(self, count: int) -> None:
        self._require_going()
        self._teller.advance(files=0, size=count)

    def _require_going(self) -> None:
        if self._is_over or stop_requested():
            raise _cancelled()

    def _count(self, each: Checked) -> None:
        found, copy = self.found, each.copy
        if each.right is None and each.wrong is None:
            found.offline[copy.volume_name, copy.last_seen_at] += 1
            return
        found.checked += 1
        found.drives[copy.volume_name] += 1
        found.bytes_read += each.size
        if each.right:
            found.right += 1
            found.cold += each.right.evidence is Evidence.READ_BACK_COLD
        if each.wrong:
            wrong = each.wrong
            found.wrong.append(
                Wrong(
                    copy.path,
                    str(each.path),
                    copy.volume_name,
                    wrong.trouble,
                    wrong.message,
                    copy.hash,
                    wrong.hash,
                    wrong.edited,
                )
            )


def _cancelled() -> CancelledError:
    return CancelledError("Cancelled. What was checked is on record; the same command goes on from there.")
