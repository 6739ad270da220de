"""One copy put away, or put back: what is done to the files, with all that is looked at around it."""

from __future__ import annotations

import errno
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass

from cardcat.cleanup.plans import Action
from cardcat.cleanup.standing import CHANGED, GONE, SAME
from cardcat.storage import spots
from cardcat.storage.disk import Disk
from cardcat.storage.ignore import QUARANTINE
from cardcat.storage.reading import OnBytes, SourceChanged
from cardcat.storage.spots import Identity, Spot, Weighed

_KEEPER_CHANGED = "the copy that was to be kept is not what it was"
_KEEPER_GONE = "the copy that was to be kept is not there any more"
_ELSEWHERE = "it lies on another filesystem than the folder of its library"
_SWAPPED = "another file took its name in that moment"
TAKEN = "something else is in its place now"
_NOT_THERE = "it is not in the quarantine any more"
EDITED = "it was changed since it was put away"
_QUARANTINE_CHANGED = "the file in the quarantine is not the one that was put there"
_CANT = {
    Action.HARDLINK: "its filesystem can't link files, or not exchange them in one step",
    Action.REFLINK: "its filesystem can't let files share their blocks, or not exchange them in one step",
}
_NO_SUCH_THING = frozenset(
    {
        errno.EPERM,
        errno.ENOTSUP,
        errno.EOPNOTSUPP,
        errno.ENOSYS,
        errno.EINVAL,
        errno.ENOTTY,
        errno.EXDEV,
        errno.EMLINK,
    }
)


class Refusal(Exception):  # noqa: N818 - it says that something was not done, not that it failed
    """Why a copy is left as it is; nothing was changed, or all of it was taken back."""


@dataclass(frozen=True, slots=True)
class Job:
    """
    A copy that goes or went.

    *inode*, *mtime_ns* and *folder_mtime_ns* are of its file before it went, as far as that is known.
    """

    number: int
    action: Action
    hash: str
    size: int
    goer: Spot
    aside: Spot
    mtime_ns: int
    inode: int | None = None
    folder_mtime_ns: int | None = None


@dataclass(frozen=True, slots=True)
class Pair:
    """Both files as they were read: the one that goes, and the one that stays, which is at *at*."""

    goer: Weighed
    keeper: Weighed
    at: Spot


def weigh_both(disk: Disk, job: Job, keeper: Spot, on_bytes: OnBytes | None = None) -> Pair:
    """
    Read both files from their medium. Refusal unless both are the content of *job*, and two files.

    OSError if one can't be read. What *on_bytes* raises ends it.
    """
    one, other = spots.look_at_file(disk, job.goer), spots.look_at_file(disk, keeper)
    if one is None:
        raise Refusal(GONE)
    if other is None:
        raise Refusal(_KEEPER_GONE)
    if (one.device, one.inode) == (other.device, other.inode):
        raise Refusal(SAME)
    if one.device != job.goer.root.device:
        raise Refusal(_ELSEWHERE)
    kept = _weighed(disk, keeper, _KEEPER_CHANGED, on_bytes)
    gone = _weighed(disk, job.goer, CHANGED, on_bytes)
    if kept.sha256 != job.hash:
        raise Refusal(_KEEPER_CHANGED)
    if gone.sha256 != job.hash or gone.identity.size != job.size:
        raise Refusal(CHANGED)
    if (gone.identity.device, gone.identity.inode) == (kept.identity.device, kept.identity.inode):
        raise Refusal(SAME)
    return Pair(gone, kept, keeper)


def _weighed(disk: Disk, spot: Spot, why: str, on_bytes: OnBytes | None) -> Weighed:
    try:
        return spots.weigh(disk, spot, on_bytes)
    except SourceChanged:
        raise Refusal(why) from None


def act(disk: Disk, job: Job, pair: Pair) -> None:
    """
    Put the copy away, durably. Refusal if a file is not the one that was read, or the filesystem can't.

    What was begun is then to be taken back by `take_back`, also after an OSError.
    """
    if spots.look_at_file(disk, pair.at) != pair.keeper.identity:
        raise Refusal(_KEEPER_CHANGED)
    if spots.look_at_file(disk, job.goer) != pair.goer.identity:
        raise Refusal(CHANGED)
    _make_room(disk, job)
    if job.action is Action.QUARANTINE:
        spots.move(disk, job.goer, job.aside)
    else:
        _replace(disk, job, pair)
    if not _is(spots.look_at_file(disk, job.aside), pair.goer.identity):
        raise Refusal(_SWAPPED)
    if not _is(spots.look_at_file(disk, pair.at), pair.keeper.identity):
        raise Refusal(_KEEPER_GONE)


def _is(found: Identity | None, expected: Identity) -> bool:
    return found is not None and found.is_file_of(expected)


def _make_room(disk: Disk, job: Job) -> None:
    """The folder in the quarantine. The root of the library keeps its time: this folder is none of its."""
    with _keeping_time(disk, job.aside.root.fd):
        job.aside.root.make_folders(job.aside.folder)


def _replace(disk: Disk, job: Job, pair: Pair) -> None:
    """What stands for the kept file is made in the quarantine, and changes places with the one that goes."""
    with _refusing(job.action):
        if job.action is Action.HARDLINK:
            spots.link(disk, pair.at, job.aside)
        else:
            spots.clone(disk, pair.at, job.goer, job.aside)
    if spots.weigh(disk, job.aside).sha256 != job.hash:
        raise Refusal("what was made in its place could not be read back as that content")
    with _refusing(job.action):
        spots.exchange(disk, job.goer, job.aside)


@contextmanager
def _refusing(action: Action) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        if error.errno in _NO_SUCH_THING:
            raise Refusal(_CANT[action]) from error
        raise


def would_go_back(disk: Disk, job: Job) -> None:
    """Refusal if looking alone tells that the file can't be put back. Nothing is opened."""
    here, there = spots.look(disk, job.goer), spots.look_at_file(disk, job.aside)
    if there is None and not (here is not None and _is_back(disk, job)):
        raise Refusal(_NOT_THERE)
    if there is not None and there.size != job.size:
        raise Refusal(_QUARANTINE_CHANGED)
    if there is not None and here is not None and job.action is Action.QUARANTINE:
        raise Refusal(TAKEN)


def _is_back(disk: Disk, job: Job) -> bool:
    found = spots.look_at_file(disk, job.goer)
    if found is None or found.size != job.size:
        return False
    return found.inode == job.inode or found.mtime_ns == job.mtime_ns


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
    with _keeping_time(disk, job.aside.root.fd):
        spots.drop_empty_folders(disk, job.aside, QUARANTINE)


def _move_back(disk: Disk, job: Job, since: int | None) -> None:
    here, there = spots.look(disk, job.goer), spots.look_at_file(disk, job.aside)
    if there is None:
        if here is not None and is_of(disk, job, job.goer):
            return
        raise Refusal(_NOT_THERE)
    if not is_of(disk, job, job.aside):
        raise Refusal(_QUARANTINE_CHANGED)
    if here is not None:
        raise Refusal(TAKEN)
    with restoring_time(disk, job, since):
        spots.move(disk, job.aside, job.goer)


def _exchange_back(disk: Disk, job: Job, since: int | None) -> None:
    here, there = spots.look_at_file(disk, job.goer), spots.look_at_file(disk, job.aside)
    if here is not None and here.inode == job.inode:
        if there is not None:
            _drop_twin(disk, job, job.aside)
        elif spots.weigh(disk, job.goer).sha256 != job.hash:
            raise Refusal(_NOT_THERE)  # another file that was given its number
        return
    if there is None or there.inode != job.inode:
        raise Refusal(_NOT_THERE if there is None else _QUARANTINE_CHANGED)
    if spots.weigh(disk, job.aside).sha256 != job.hash:
        raise Refusal(_QUARANTINE_CHANGED)
    if here is None:
        if spots.look(disk, job.goer) is not None:
            raise Refusal(TAKEN)
        with restoring_time(disk, job, since):
            spots.move(disk, job.aside, job.goer)
        return
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
    if not _is(spots.look_at_file(disk, job.aside), twin):
        spots.exchange(disk, job.goer, job.aside)
        raise Refusal(EDITED)


def _drop_twin(disk: Disk, job: Job, twin: Spot) -> None:
    """Take away what stood for the kept file, once the file itself is back and both are proved equal."""
    found = spots.look_at_file(disk, twin)
    is_begun = found is not None and found.size == 0 != job.size  # a clone that was not made yet
    if not is_begun:
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
    """Whether the file there is the one that went: by its size and time, else by its bytes."""
    found = spots.look_at_file(disk, spot)
    if found is None or found.size != job.size:
        return False
    if found.mtime_ns == job.mtime_ns:
        return True
    return spots.weigh(disk, spot).sha256 == job.hash


@contextmanager
def restoring_time(disk: Disk, job: Job, since: int | None) -> Iterator[None]:
    """The folder gets the time that it had before the file went, unless it was changed after that."""
    job.goer.root.make_folders(job.goer.folder)
    now = spots.folder_time(disk, job.goer)
    yield
    is_untouched = since is None or now < (since + 2) * 1_000_000_000
    if job.folder_mtime_ns is not None and is_untouched:
        with suppress(OSError):  # the file is back, and that is what counts
            spots.set_folder_time(disk, job.goer, job.folder_mtime_ns)


@contextmanager
def _keeping_time(disk: Disk, folder: int) -> Iterator[None]:
    before = disk.stat_open(folder).st_mtime_ns
    yield
    if disk.stat_open(folder).st_mtime_ns != before:
        with suppress(OSError):  # somebody else's folder: then it shows a newer time
            disk.set_times(folder, before)
