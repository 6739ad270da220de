"""What an interrupted run left in the middle, put right by looking at what is there."""

from __future__ import annotations

from cardcat.catalog import cleanups
from cardcat.catalog.cleanups import StepRow
from cardcat.cleanup.acting import Gone, Job, Refusal
from cardcat.cleanup.going_back import holds, put_back
from cardcat.cleanup.journal import Journal
from cardcat.cleanup.outcomes import Outcome, told_of
from cardcat.cleanup.plans import Action
from cardcat.cleanup.roots import At, Roots
from cardcat.cleanup.taking_back import give_way, take_back
from cardcat.errors import DestinationError
from cardcat.plan.keepers import LibraryCopy
from cardcat.storage.disk import Disk
from cardcat.storage.spots import Spot
from cardcat.text import cause

_BETWEEN = (cleanups.DOING, cleanups.UNDOING)


def settle(journal: Journal, disk: Disk, roots: Roots, found: Outcome) -> set[int]:
    """
    Put back what was begun and not ended. What can't be is told in *found*; the numbers of these.

    What can't be put back because its place is taken is in the quarantine, and goes on record so if its bytes
    are those of the plan.
    """
    unsettled = set()
    steps = [step for step in journal.steps() if step.state in _BETWEEN]
    places, keepers = journal.places(steps), journal.keepers(steps)
    for step in reversed(steps):
        at = At(step.path, places[step.location_id])
        if reason := _settled(journal, disk, roots, step, at, keepers.get(step.keeper_id or 0)):
            unsettled.add(step.number)
            found.failed.append(told_of(step, at, reason))
    return unsettled


def _settled(  # noqa: PLR0917 - a step, and all that is needed to look at it
    journal: Journal, disk: Disk, roots: Roots, step: StepRow, at: At, keeper: LibraryCopy | None
) -> str | None:
    """Why it could not be settled; None if it was."""
    try:
        job = job_of(step, roots, at)
        try:
            _back(disk, step, job, _spot(roots, keeper))
        except Refusal as why:
            if _stays_away(journal, disk, step, job, str(why)):
                return None
            raise
    except Gone as why:
        journal.lost(step, str(why))
        return str(why)
    except (Refusal, OSError, DestinationError) as why:
        reason = cause(why) if isinstance(why, OSError) else str(why)
        journal.set([step.number], step.state, reason)
        return reason
    if step.state == cleanups.DOING:
        journal.set([step.number], cleanups.PLANNED)
    else:
        journal.back(step, cleanups.UNDONE)
    return None


def _back(disk: Disk, step: StepRow, job: Job, kept: Spot | None) -> None:
    """What was begun may have met another file at that name; what was done met the copy."""
    if step.state == cleanups.DOING:
        take_back(disk, job, kept)
    else:
        put_back(disk, job)


def _spot(roots: Roots, copy: LibraryCopy | None) -> Spot | None:
    """Where *copy* is; None if that can't be told."""
    try:
        return roots.spot(copy) if copy else None
    except (Refusal, OSError, DestinationError):
        return None


def _stays_away(journal: Journal, disk: Disk, step: StepRow, job: Job, reason: str) -> bool:
    """Whether its file is proved to be in the quarantine; then it goes on record so."""
    if step.state == cleanups.UNDOING and give_way(disk, job):
        journal.set([step.number], cleanups.DONE, reason)
        return True
    if holds(disk, job, job.aside):
        journal.moved(step, reason)
        return True
    return False


def job_of(step: StepRow, roots: Roots, at: At) -> Job:
    """What `put_back` needs of a step on record. Refusal while its drive is not plugged in."""
    goer = roots.spot(at)
    return Job(
        number=step.number,
        action=Action(step.action),
        hash=step.hash,
        size=step.size,
        goer=goer,
        aside=Spot(goer.root, step.aside or step.path),
        mtime_ns=step.mtime_ns,
        inode=step.inode,
        twin=step.twin_inode,
        folder_mtime_ns=step.folder_mtime_ns,
    )
