"""What was begun to a copy and not ended, taken back: what is in the quarantine was at its name."""

from __future__ import annotations

from dataclasses import replace

from cardcat.cleanup.acting import TAKEN, Job, Refusal
from cardcat.cleanup.going_back import exchange_back, holds, is_of, is_twin, restoring_time, tidy
from cardcat.cleanup.plans import Action
from cardcat.paths import display
from cardcat.storage import spots
from cardcat.storage.disk import Disk
from cardcat.storage.spots import Spot


def take_back(disk: Disk, job: Job, kept: Spot | None) -> None:
    """
    Let be at the name of the copy what was there before `act`, whatever of it was done. Twice does no harm.

    That need not be the copy: another file may have taken its name in the last moment, and gets it back.
    Refusal if something else is there by now; then it says what is in the quarantine. *kept* is where the
    copy that stays was, None if nobody knows.
    """
    if spots.look(disk, job.aside) is not None:
        if job.action is Action.QUARANTINE:
            _move_back(disk, job)
        else:
            _exchange_back(disk, job, kept)
    tidy(disk, job)


def give_way(disk: Disk, job: Job) -> bool:
    """
    Let a file that took the name while an undoing was interrupted have it; whether there was one.

    The file that was put away is in the quarantine then, as before the undoing.
    """
    here, there = spots.look_at_file(disk, job.goer), spots.look(disk, job.aside)
    if job.action is Action.QUARANTINE or here is None or there is None or holds(disk, job, job.aside):
        return False
    if here.inode != job.inode or not holds(disk, job, job.goer):
        return False
    exchange_back(disk, job, here)
    return True


def _move_back(disk: Disk, job: Job) -> None:
    if _is_in_place(disk, job):
        return
    if spots.look(disk, job.goer) is not None:
        raise _taken(job)
    with restoring_time(disk, _with_time_of(disk, job), None):
        spots.move(disk, job.aside, job.goer)


def _exchange_back(disk: Disk, job: Job, kept: Spot | None) -> None:
    if not is_twin(disk, job, job.aside):
        if _is_in_place(disk, job):
            return  # nothing was exchanged, and what is in the quarantine is not ours
        here = spots.look_at_file(disk, job.goer)
        if here is None:
            _move_back(disk, job)  # which looks for what is no file
            return
        if not is_twin(disk, job, job.goer) or not holds(disk, job, job.goer):
            raise _taken(job)
        with restoring_time(disk, _with_time_of(disk, job), None):
            exchange_back(disk, job, here)
    _drop_twin(disk, job, kept)


def _is_in_place(disk: Disk, job: Job) -> bool:
    """Whether the copy has its name: then it was never moved, whatever is in the quarantine."""
    here = spots.look_at_file(disk, job.goer)
    return here is not None and here.inode == job.inode and is_of(disk, job, job.goer)


def _drop_twin(disk: Disk, job: Job, kept: Spot | None) -> None:
    """Take away what was made, where its bytes are elsewhere by proof; if not it stays where it is."""
    there = spots.look(disk, job.aside)
    if there is None or not is_twin(disk, job, job.aside):
        return
    is_empty = there.st_size == 0 != job.size
    others = [spot for spot in (job.goer, kept) if spot is not None]
    if is_empty or there.st_nlink > 1 or any(holds(disk, job, spot) for spot in others):
        spots.drop(disk, job.aside)


def _with_time_of(disk: Disk, job: Job) -> Job:
    """Only the copy itself brings the time of its folder back: another file did change that."""
    return job if is_of(disk, job, job.aside) else replace(job, folder_mtime_ns=None)


def _taken(job: Job) -> Refusal:
    return Refusal(f"{TAKEN}, and what was there before is {display(str(job.aside))}")
