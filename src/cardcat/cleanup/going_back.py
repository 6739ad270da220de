"""One copy put back where it was: only what is proved to be it, and only over what was made for it."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress

from cardcat.cleanup.acting import (
    EDITED,
    NOT_THERE,
    QUARANTINE_CHANGED,
    TAKEN,
    Gone,
    Job,
    Refusal,
    is_file,
    keeping_time,
)
from cardcat.cleanup.plans import Action
from cardcat.storage import spots
from cardcat.storage.disk import Disk
from cardcat.storage.ignore import QUARANTINE
from cardcat.storage.reading import SourceChanged
from cardcat.storage.spots import Identity, Spot


def would_go_back(disk: Disk, job: Job) -> None:
    """
    Refusal if the file can't be put back, as far as that can be told; Gone if there is nothing to put back.

    It is looked at, and read only where its number and time don't tell what it is.
    """
    here, there = spots.look(disk, job.goer), spots.look_at_file(disk, job.aside)
    if there is None:
        if not _is_back(disk, job):
            raise _not_there(disk, job)
        return
    if there.size != job.size and not is_twin(disk, job, job.aside):
        raise Refusal(QUARANTINE_CHANGED)
    if here is None:
        return
    if job.action is Action.QUARANTINE:
        raise Refusal(TAKEN)
    found = spots.look_at_file(disk, job.goer)
    if (found is None or found.inode != job.inode) and not is_twin(disk, job, job.goer):
        raise Refusal(TAKEN)


def _is_back(disk: Disk, job: Job) -> bool:
    """
    Whether the file is where it was: somebody may have moved or copied it there.

    It is read, for the number of a file that was deleted is given to the next one.
    """
    if job.action is Action.QUARANTINE:
        return holds(disk, job, job.goer)
    found = spots.look_at_file(disk, job.goer)
    return found is not None and found.inode == job.inode and holds(disk, job, job.goer)


def _not_there(disk: Disk, job: Job) -> Refusal:
    """Where it can't be looked, nothing is known to be gone."""
    job.aside.root.require_there()
    return (Gone if spots.is_missing(disk, job.aside) else Refusal)(NOT_THERE)


def is_twin(disk: Disk, job: Job, spot: Spot) -> bool:
    """Whether the file there is the link or clone that was made to stand for the kept file."""
    found = spots.look_at_file(disk, spot)
    if found is None or found.inode != job.twin or found.inode == job.inode:
        return False
    is_begun = found.size == 0 != job.size
    return job.action is Action.HARDLINK or is_begun or found.mtime_ns == job.mtime_ns


def put_back(disk: Disk, job: Job, *, since: int | None = None) -> None:
    """
    Let a file that was put away be where it was, also if that was begun before. Twice does no harm.

    Refusal if that place is taken, or the file is not what was put away. *since* is when it was, in UTC
    seconds, None for right now: a folder that was changed after that keeps its time.
    """
    (_move_back if job.action is Action.QUARANTINE else _exchange_back)(disk, job, since)
    tidy(disk, job)


def tidy(disk: Disk, job: Job) -> None:
    """Remove the folders of the quarantine that have nothing in them any more."""
    with keeping_time(disk, job.aside.root.fd):
        spots.drop_empty_folders(disk, job.aside, QUARANTINE)


def _move_back(disk: Disk, job: Job, since: int | None) -> None:
    here, there = spots.look(disk, job.goer), spots.look_at_file(disk, job.aside)
    if there is None:
        if _is_back(disk, job):
            return
        raise _not_there(disk, job)
    if not is_of(disk, job, job.aside):
        raise Refusal(QUARANTINE_CHANGED)
    if here is not None:
        raise Refusal(TAKEN)
    with restoring_time(disk, job, since):
        spots.move(disk, job.aside, job.goer)


def _exchange_back(disk: Disk, job: Job, since: int | None) -> None:
    here, there = spots.look_at_file(disk, job.goer), spots.look_at_file(disk, job.aside)
    if there is None:
        if _is_back(disk, job):
            return
        raise _not_there(disk, job)
    if here is not None and here.inode == job.inode:
        _drop_twin(disk, job, job.aside)
        return
    if there.inode != job.inode or spots.weigh(disk, job.aside).sha256 != job.hash:
        raise Refusal(QUARANTINE_CHANGED)
    if here is None:
        if spots.look(disk, job.goer) is not None:
            raise Refusal(TAKEN)
        with restoring_time(disk, job, since):
            spots.move(disk, job.aside, job.goer)
        return
    if not is_twin(disk, job, job.goer):
        raise Refusal(TAKEN)
    twin = spots.weigh(disk, job.goer)
    if twin.sha256 != job.hash:
        raise Refusal(EDITED)
    with restoring_time(disk, job, since):
        exchange_back(disk, job, twin.identity)
    _drop_twin(disk, job, job.aside)


def exchange_back(disk: Disk, job: Job, twin: Identity) -> None:
    """
    Let the file have its name again, and *twin*, which has it now, be in the quarantine.

    Refusal if another file took the name in that moment; it has it then.
    """
    spots.exchange(disk, job.goer, job.aside)
    if not is_file(spots.look_at_file(disk, job.aside), twin):
        spots.exchange(disk, job.goer, job.aside)
        raise Refusal(EDITED)


def _drop_twin(disk: Disk, job: Job, twin: Spot) -> None:
    """Take away what stood for the kept file, once the file itself is back and both are proved equal."""
    if not is_twin(disk, job, twin):
        raise Refusal(QUARANTINE_CHANGED)
    for spot in (job.goer, twin):
        if spots.weigh(disk, spot).sha256 != job.hash:
            raise Refusal(EDITED)
    spots.drop(disk, twin)


def holds(disk: Disk, job: Job, spot: Spot) -> bool:
    """Whether the file there is the content, read byte by byte; not so for anything that is no file."""
    found = spots.look_at_file(disk, spot)
    if found is None or found.size != job.size:
        return False
    try:
        return spots.weigh(disk, spot).sha256 == job.hash
    except SourceChanged:
        return False


def is_of(disk: Disk, job: Job, spot: Spot) -> bool:
    """Whether the file there is the one that went: by its number, size and time, else by its bytes."""
    found = spots.look_at_file(disk, spot)
    if found is None or found.size != job.size:
        return False
    if (found.inode, found.mtime_ns) == (job.inode, job.mtime_ns):
        return True
    return holds(disk, job, spot)


@contextmanager
def restoring_time(disk: Disk, job: Job, since: int | None) -> Iterator[None]:
    """
    The folder gets the time that it had before the file went, unless it was changed after that.

    Where both times may come from files that went, the earlier one stays: one that went first may be back
    before one that went after it. A time ahead of the clock comes from neither; it stays what it is.
    """
    job.goer.root.make_folders(job.goer.folder)
    now, was = spots.folder_time(disk, job.goer), job.folder_mtime_ns
    yield
    with suppress(OSError):  # the file is back, and that is what counts
        clock = time.time_ns()
        until = clock if since is None else (since + 2) * 1_000_000_000
        if was is not None and now > clock:
            spots.set_folder_time(disk, job.goer, now)
        elif was is not None and (since is None or now < until):
            spots.set_folder_time(disk, job.goer, was if was >= until else min(now, was))
