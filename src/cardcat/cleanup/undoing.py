"""A cleanup taken back: every file where it was, name for name and bit for bit."""

from __future__ import annotations

from collections.abc import Sequence

from cardcat.catalog import cleanups
from cardcat.catalog.cleanups import CleanupRow, LocationPlace, StepRow, location_places, steps_of
from cardcat.catalog.engine import Catalog
from cardcat.cleanup import journal as journals
from cardcat.cleanup.acting import NOT_THERE, Gone, Refusal
from cardcat.cleanup.going_back import put_back, would_go_back
from cardcat.cleanup.journal import Journal
from cardcat.cleanup.outcomes import Outcome, drive_trouble, told_of
from cardcat.cleanup.roots import At, Roots
from cardcat.cleanup.settling import job_of, settle
from cardcat.errors import DestinationError, UsageError
from cardcat.model import Stage
from cardcat.paths import display
from cardcat.plan.assets import recording_key
from cardcat.plan.groups import group_key
from cardcat.reporting import Reporter, current
from cardcat.sightings import Places
from cardcat.stopping import stop_requested
from cardcat.storage.disk import Disk
from cardcat.storage.system import this_disk
from cardcat.text import cause

_PARTED = "what belongs to it can't be put back"
_AWAY = (cleanups.DONE, cleanups.DOING, cleanups.UNDOING)


def to_undo(catalog: Catalog, cleanup_id: int | None) -> CleanupRow | None:
    """
    The cleanup that is meant: that one, else the last one with anything to take back; None for none.

    UsageError if none has that number.
    """
    with catalog.read() as c:
        if cleanup_id is None:
            return next((each.row for each in cleanups.list_cleanups(c) if each.files), None)
        row = cleanups.get_cleanup(c, cleanup_id)
    if row is None:
        raise UsageError(f"There is no cleanup {cleanup_id}.", hint="List them: cardcat duplicates cleanups")
    return row


def preview_undo(catalog: Catalog, row: CleanupRow, *, disk: Disk | None = None) -> Outcome:
    """What `undo` would put back, by looking alone."""
    disk = disk or this_disk()
    with catalog.read() as c:
        steps = [step for step in steps_of(c, row.id) if step.state in _AWAY]
        places = location_places(c, (step.location_id for step in steps))
    found = Outcome(cleanup_id=row.id, dry_run=True)
    with Roots(disk, Places(disk), locking=False) as roots:
        for bundle in together(steps):
            against = _against(disk, roots, bundle, places)
            for step in bundle:
                at, why = At(step.path, places[step.location_id]), against.get(step.number)
                (found.left if why else found.done).append(told_of(step, at, _said(why) if why else ""))
    return found


def undo(
    catalog: Catalog, cleanup_id: int, *, disk: Disk | None = None, reporter: Reporter | None = None
) -> Outcome:
    """
    Put back every file that the cleanup has put away, the last one first.

    What can't be put back stays in the quarantine, with its reason. BusyError if another process is at a
    cleanup, UsageError if there is none of that number, CatalogError if the journal can't be written.
    """
    journal = journals.resume(catalog, cleanup_id)
    work = _Undoing(journal, disk or this_disk(), reporter or current())
    try:
        work.run()
    except BaseException as error:
        journals.end_quietly(journal, error)
        raise
    journal.end(*work.ended())
    return work.found


class _Undoing:
    def __init__(self, journal: Journal, disk: Disk, teller: Reporter) -> None:
        self.found = Outcome(cleanup_id=journal.row.id)
        self._journal, self._disk, self._teller = journal, disk, teller
        self._lost = 0  # those that an earlier run did not find any more

    def run(self) -> None:
        """Settle what an earlier run left in the middle, then go back through the steps."""
        with Roots(self._disk, Places(self._disk)) as roots:
            settle(self._journal, self._disk, roots, self.found)
            steps = self._journal.steps()
            self.found.already = sum(step.state == cleanups.UNDONE for step in steps)
            self._lost = sum(step.state == cleanups.FAILED and step.reason == NOT_THERE for step in steps)
            done = [step for step in steps if step.state == cleanups.DONE]
            # The files that went last come back first, so that each folder gets its time back.
            todo = sorted(done, key=lambda step: (step.updated_at, step.number), reverse=True)
            self._go_back(todo, self._journal.places(todo), roots)

    def ended(self) -> tuple[str, str | None]:
        """How it ended, for the record."""
        found = self.found
        if found.cancelled:
            return cleanups.CANCELLED, "Cancelled: what was put back is back."
        if found.left or found.failed or found.errors:
            several = len(found.left) + len(found.failed)
            return cleanups.FAILED, f"{several} could not be put back"
        if self._lost:
            return cleanups.FAILED, f"{self._lost} are not in the quarantine any more"
        return cleanups.UNDONE, None

    def _go_back(self, steps: Sequence[StepRow], places: dict[int, LocationPlace], roots: Roots) -> None:
        self._teller.begin(Stage.VERIFY, files=len(steps), size=0)
        position = 0
        for bundle in together(steps):
            if stop_requested():
                self.found.cancelled = True
                self.found.pending = len(steps) - position
                return
            against = _against(self._disk, roots, bundle, places)
            for step in bundle:
                self._put_back(step, At(step.path, places[step.location_id]), roots, against.get(step.number))
            position += len(bundle)
            self._teller.advance(files=len(bundle), size=0)

    def _put_back(self, step: StepRow, at: At, roots: Roots, against: Exception | None) -> None:
        try:
            if against:
                raise against
            job = job_of(step, roots, at)
            self._journal.set([step.number], cleanups.UNDOING, step.reason)
            put_back(self._disk, job, since=step.updated_at)
        except Gone as why:
            self._journal.lost(step, str(why))
            self.found.left.append(told_of(step, at, str(why)))
        except Refusal as why:
            self._journal.set([step.number], cleanups.DONE, str(why))
            self.found.left.append(told_of(step, at, str(why)))
        except (OSError, DestinationError) as error:
            self.found.failed.append(told_of(step, at, _said(error)))
            trouble = error if isinstance(error, DestinationError) else drive_trouble(at.volume_name, error)
            if trouble and str(trouble) not in map(str, self.found.errors):
                self.found.errors.append(trouble)
        else:
            self._journal.back(step, cleanups.UNDONE)
            self.found.done.append(told_of(step, at))


def _against(
    disk: Disk, roots: Roots, bundle: Sequence[StepRow], places: dict[int, LocationPlace]
) -> dict[int, Exception]:
    """Why these steps, which go back together or not at all, can't be taken back, by their numbers."""
    found: dict[int, Exception] = {}
    for step in bundle:
        try:
            would_go_back(disk, job_of(step, roots, At(step.path, places[step.location_id])))
        except (Refusal, OSError, DestinationError) as why:
            found[step.number] = why
    stays = next((step for step in bundle if not isinstance(found.get(step.number, Gone()), Gone)), None)
    if stays is not None:
        name = stays.path.rpartition("/")[2]
        parted = Refusal(f"{_PARTED}: {display(name)}")
        found = {step.number: found.get(step.number, parted) for step in bundle}
    return found


def together(steps: Sequence[StepRow]) -> list[list[StepRow]]:
    """These steps, cut into those whose files belong together by their names, in their order."""
    bundles: list[list[StepRow]] = []
    known: dict[tuple[object, ...], list[StepRow]] = {}
    for step in steps:
        folder, _, name = step.path.rpartition("/")
        shared = [(step.location_id, folder, key) for key in (group_key(name), recording_key(name)) if key]
        bundle = next((known[key] for key in shared if key in known), None)
        if bundle is None:
            bundle = []
            bundles.append(bundle)
        bundle.append(step)
        known.update(dict.fromkeys(shared, bundle))
    return bundles


def _said(why: Exception) -> str:
    return cause(why) if isinstance(why, OSError) else str(why)
