"""What an interrupted run left in the middle, put right by looking at what is there."""

from __future__ import annotations

from cardcat.catalog import cleanups
from cardcat.catalog.cleanups import StepRow
from cardcat.cleanup.acting import Job, Refusal, put_back
from cardcat.cleanup.journal import Journal
from cardcat.cleanup.outcomes import Outcome, told_of
from cardcat.cleanup.plans import Action
from cardcat.cleanup.roots import At, Roots
from cardcat.errors import DestinationError
from cardcat.storage import spots
from cardcat.storage.disk import Disk
from cardcat.storage.spots import Spot
from cardcat.text import cause

_BETWEEN = (cleanups.DOING, cleanups.UNDOING)


def settle(journal: Journal, disk: Disk, roots: Roots, found: Outcome) -> set[int]:
    """
    Put back what was begun and not ended. What can't be is told in *found*; the numbers of these.

    What can't be put back because its place is taken is in the quarantine, and goes on record so.
    """
    unsettled = set()
    steps = [step for step in journal.steps() if step.state in _BETWEEN]
    places = journal.places(steps)
    for step in reversed(steps):
        at = At(step.path, places[step.location_id])
        if reason := _settled(journal, disk, roots, step, at):
            unsettled.add(step.number)
            found.failed.append(told_of(step, at, reason))
    return unsettled


def _settled(journal: Journal, disk: Disk, roots: Roots, step: StepRow, at: At) -> str | None:
    """Why it could not be settled; None if it was."""
    try:
        put_back(disk, job_of(step, roots, at))
    except (Refusal, OSError, DestinationError) as why:
        reason = cause(why) if isinstance(why, OSError) else str(why)
        if isinstance(why, Refusal) and _is_aside(disk, step, roots, at):
            journal.moved(step, reason)
            return None
        journal.set([step.number], step.state, reason)
        return reason
    journal.back(step, cleanups.PLANNED if step.state == cleanups.DOING else cleanups.UNDONE)
    return None


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
        folder_mtime_ns=step.folder_mtime_ns,
    )


def _is_aside(disk: Disk, step: StepRow, roots: Roots, at: At) -> bool:
    """Whether a moved file is in the quarantine now."""
    if Action(step.action) is not Action.QUARANTINE:
        return False
    try:
        return spots.look_at_file(disk, job_of(step, roots, at).aside) is not None
    except (Refusal, OSError):
        return False
