"""What was put away, looked at: whether it is still there, and whether anything else has its content."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from sqlalchemy import Connection

from cardcat.catalog import cleanups
from cardcat.catalog.cleanups import CleanupCount, StepRow, location_places, steps_of
from cardcat.catalog.library_copies import held_contents
from cardcat.cleanup.roots import At
from cardcat.sightings import Now, Places
from cardcat.storage.disk import Disk
from cardcat.storage.system import this_disk


@dataclass(slots=True)
class Looked:
    """
    The files that a cleanup has put away, counted: *there*, *missing*, and on drives that are *offline*.

    *alone* are those that no other copy is on record for, as far as these are not missing themselves.
    """

    there: int = 0
    missing: int = 0
    offline: int = 0
    alone: int = 0


def look_at(c: Connection, counts: Iterable[CleanupCount], *, disk: Disk | None = None) -> dict[int, Looked]:
    """How what these cleanups have put away stands now, by their ids. Nothing is opened."""
    places = Places(disk or this_disk())
    return {each.row.id: _look(c, each.row.id, places) for each in counts if each.files}


def _look(c: Connection, cleanup_id: int, places: Places) -> Looked:
    steps = [step for step in steps_of(c, cleanup_id) if step.state == cleanups.DONE]
    at, held = location_places(c, (step.location_id for step in steps)), held_contents(c, _hashes(steps))
    found = Looked()
    for step in steps:
        place = At(step.aside or step.path, at[step.location_id], step.size, step.mtime_ns)
        now = places.look(place).now
        if now is Now.MISSING:
            found.missing += 1
            continue
        found.offline += now is Now.OFFLINE
        found.there += now is not Now.OFFLINE
        found.alone += step.hash not in held
    return found


def _hashes(steps: Iterable[StepRow]) -> set[str]:
    return {step.hash for step in steps}
