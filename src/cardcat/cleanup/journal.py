"""A cleanup's journal, kept in step with the files: what is about to be done, and that it was done."""

from __future__ import annotations

import time
from collections.abc import Sequence
from contextlib import suppress

from sqlalchemy import Connection

from cardcat.catalog import cleanups
from cardcat.catalog.cleanups import CleanupRow, LocationPlace, NewStep, StepRow
from cardcat.catalog.duplicates import refresh_duplicates
from cardcat.catalog.engine import Catalog
from cardcat.catalog.library_copies import library_copies_by_id
from cardcat.catalog.moved_copies import forget_aside, lead_to, move_copy, record_aside, set_time
from cardcat.cleanup.acting import Job, Pair
from cardcat.cleanup.orders import Order, Refused
from cardcat.cleanup.plans import Action, Plan
from cardcat.cleanup.roots import BusyError
from cardcat.errors import UsageError
from cardcat.model import Presence
from cardcat.owner import is_alive, owner_stamp
from cardcat.plan.keepers import LibraryCopy
from cardcat.storage.ignore import QUARANTINE


class Journal:
    """Writes down one cleanup. Each call is one transaction; CatalogError if it can't be written."""

    def __init__(self, catalog: Catalog, row: CleanupRow) -> None:
        self.row = row
        self._catalog = catalog
        self._known: dict[int, StepRow] = {}

    @property
    def folder(self) -> str:
        """Where it keeps what it puts away, relative to each location."""
        return f"{QUARANTINE}/{self.row.id}-{self.row.plan_hash[:8]}"

    def steps(self) -> list[StepRow]:
        """All steps as they are now."""
        with self._catalog.read() as c:
            found = cleanups.steps_of(c, self.row.id)
        self._known = {step.number: step for step in found}
        return found

    def places(self, steps: Sequence[StepRow]) -> dict[int, LocationPlace]:
        """The locations of these steps, by their ids."""
        with self._catalog.read() as c:
            return cleanups.location_places(c, (step.location_id for step in steps))

    def keepers(self, steps: Sequence[StepRow]) -> dict[int, LibraryCopy]:
        """The copies that stay for these steps, by their ids, as far as they are still on record."""
        ids = [step.keeper_id for step in steps if step.keeper_id is not None]
        with self._catalog.read() as c:
            return library_copies_by_id(c, ids)

    def plan(self, orders: Sequence[Order], action: Action) -> None:
        """Put the steps of these orders on record, where they are new."""
        new = [
            NewStep(
                number=order.number,
                action=action.value,
                hash=order.goer.hash,
                size=order.goer.size,
                file_location_id=order.goer.id,
                keeper_id=order.keeper.id,
                location_id=order.goer.location_id,
                path=order.goer.path,
                aside=f"{self.folder}/{order.goer.path}",
                mtime_ns=order.goer.mtime_ns,
            )
            for order in orders
            if order.number not in self._known
        ]
        with self._catalog.write() as c:
            cleanups.add_steps(c, self.row.id, new, _now())

    def doing(self, steps: Sequence[tuple[Order, Job, Pair]]) -> None:
        """They are about to be done: from now on files may be elsewhere than the catalog says."""
        with self._catalog.write() as c:
            for order, job, pair in steps:
                cleanups.set_steps(
                    c,
                    self.row.id,
                    [order.number],
                    cleanups.DOING,
                    _now(),
                    file_location_id=order.goer.id,
                    keeper_id=order.keeper.id,
                    inode=job.inode,
                    twin_inode=job.twin,
                    mtime_ns=job.mtime_ns,
                    folder_mtime_ns=job.folder_mtime_ns,
                    mode=pair.goer.mode,
                    uid=pair.goer.uid,
                    gid=pair.goer.gid,
                )

    def made(self, number: int, inode: int) -> None:
        """A clone of that inode was made to stand in the place of the file."""
        with self._catalog.write() as c:
            cleanups.set_steps(c, self.row.id, [number], cleanups.DOING, _now(), twin_inode=inode)

    def done(self, steps: Sequence[tuple[Order, Job, int]]) -> None:
        """They are done, durably. With each the time of the file that has its name now, in ns."""
        now = _now()
        with self._catalog.write() as c:
            for order, job, mtime_ns in steps:
                goer, location = order.goer, order.goer.location_id
                if job.action is Action.QUARANTINE:
                    move_copy(c, goer.id, location, job.aside.path, status=Presence.QUARANTINED, now=now)
                    lead_to(c, goer.hash, goer.path, order.keeper.path)
                else:
                    record_aside(c, goer.id, location, job.aside.path, mtime_ns=job.mtime_ns, now=now)
                    set_time(c, goer.id, mtime_ns, now)
                cleanups.set_steps(c, self.row.id, [order.number], cleanups.DONE, now)

    def moved(self, step: StepRow, reason: str) -> None:
        """The file of an interrupted step is in the quarantine, by proof; *reason* is why it stays there."""
        now = _now()
        with self._catalog.write() as c:
            self._aside(c, step, now)
            cleanups.set_steps(c, self.row.id, [step.number], cleanups.DONE, now, reason=reason)

    def _aside(self, c: Connection, step: StepRow, now: int) -> None:
        copy, location, aside = step.file_location_id, step.location_id, step.aside
        if copy is None or aside is None:
            return
        if Action(step.action) is Action.QUARANTINE:
            move_copy(c, copy, location, aside, status=Presence.QUARANTINED, now=now)
        else:
            record_aside(c, copy, location, aside, mtime_ns=step.mtime_ns, now=now)

    def lost(self, step: StepRow, reason: str) -> None:
        """The file of *step* is neither in the quarantine nor where it was: there is nothing to take back."""
        with self._catalog.write() as c:
            forget_aside(c, step.location_id, step.aside or "", _now())
            cleanups.set_steps(c, self.row.id, [step.number], cleanups.FAILED, _now(), reason=reason)

    def set(self, numbers: Sequence[int], state: str, reason: str | None = None) -> None:
        """Say how far these steps are; files and rows of copies are as they were."""
        with self._catalog.write() as c:
            cleanups.set_steps(c, self.row.id, numbers, state, _now(), reason=reason)

    def refuse(self, refused: Sequence[Refused]) -> None:
        """Say of steps on record that the plan asks for too much."""
        for each in refused:
            if each.number in self._known:
                self.set([each.number], cleanups.REFUSED, each.reason)

    def back(self, step: StepRow, state: str) -> None:
        """The file of *step* is where it was, durably; the rows follow."""
        now = _now()
        with self._catalog.write() as c:
            if step.file_location_id is not None:
                if Action(step.action) is Action.QUARANTINE:
                    move_copy(
                        c,
                        step.file_location_id,
                        step.location_id,
                        step.path,
                        status=Presence.PRESENT,
                        now=now,
                    )
                else:
                    forget_aside(c, step.location_id, step.aside or "", now)
                    set_time(c, step.file_location_id, step.mtime_ns, now)
            cleanups.set_steps(c, self.row.id, [step.number], state, now)

    def end(self, status: str, message: str | None = None) -> None:
        """It is over, for now or for good; the groups of duplicates are counted anew."""
        with self._catalog.write() as c:
            cleanups.end_cleanup(c, self.row.id, status, message, _now())
            refresh_duplicates(c)


def begin(catalog: Catalog, plan: Plan, plan_path: str) -> Journal:
    """The journal of *plan*, which this process is at from now on. BusyError if another process is at one."""
    with catalog.write() as c:
        _require_free(cleanups.running_cleanups(c))
        id_ = cleanups.begin_cleanup(c, plan.hash, plan_path, owner_stamp(), _now())
        row = cleanups.get_cleanup(c, id_)
    assert row is not None
    return Journal(catalog, row)


def resume(catalog: Catalog, cleanup_id: int) -> Journal:
    """The journal of a cleanup that is on record, taken over by this process. BusyError as `begin`."""
    with catalog.write() as c:
        _require_free(cleanups.running_cleanups(c))
        row = cleanups.get_cleanup(c, cleanup_id)
        if row is None:
            raise UsageError(
                f"There is no cleanup {cleanup_id}.", hint="List them: cardcat duplicates cleanups"
            )
        cleanups.take_over(c, cleanup_id, owner_stamp())
    return Journal(catalog, row)


def end_quietly(journal: Journal, why: BaseException) -> None:
    """Note that something else ended it; the catalog itself may be what failed."""
    is_stop = isinstance(why, KeyboardInterrupt)
    with suppress(Exception):
        journal.end(cleanups.CANCELLED if is_stop else cleanups.FAILED, str(why) or type(why).__name__)


def _require_free(running: Sequence[CleanupRow]) -> None:
    """Two at a time could each put away what the other one keeps."""
    for row in running:
        if row.owner is not None and is_alive(row.owner):
            raise BusyError(
                f"Another process is at cleanup {row.id} ({row.plan_path}).", hint="Wait until it is done."
            )


def _now() -> int:
    return int(time.time())
