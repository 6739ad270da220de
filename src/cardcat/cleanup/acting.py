"""One copy put away: what is done to the files, with all that is looked at around it."""

from __future__ import annotations

import errno
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass

from cardcat.cleanup.plans import Action
from cardcat.cleanup.standing import CHANGED, GONE, SAME
from cardcat.storage import spots
from cardcat.storage.disk import Disk
from cardcat.storage.ignore import QUARANTINE
from cardcat.storage.reading import OnBytes, SourceChanged
from cardcat.storage.spots import Identity, Spot, Weighed
from cardcat.text import cause

_KEEPER_CHANGED = "the copy that was to be kept is not what it was"
_KEEPER_GONE = "the copy that was to be kept is not there any more"
_ELSEWHERE = "it lies on another filesystem than the folder of its library"
_SWAPPED = "another file took its name in that moment"
TAKEN = "something else is in its place now"
NOT_THERE = "it is not in the quarantine any more"
EDITED = "it was changed since it was put away"
QUARANTINE_CHANGED = "the file in the quarantine is not the one that was put there"
_NO_FOLDER = frozenset({errno.ENOTDIR, errno.ELOOP, errno.EEXIST})
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


class Gone(Refusal):
    """The file that was put away is neither in the quarantine nor where it was, by looking at both."""


@dataclass(frozen=True, slots=True)
class Job:
    """
    A copy that goes or went.

    *inode*, *mtime_ns* and *folder_mtime_ns* are of its file before it went, as far as that is known;
    *twin* is the inode of the link or clone that stands in its place: nothing else is ever dropped.
    """

    number: int
    action: Action
    hash: str
    size: int
    goer: Spot
    aside: Spot
    mtime_ns: int
    inode: int | None = None
    twin: int | None = None
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


def act(disk: Disk, job: Job, pair: Pair, on_made: Callable[[int], None]) -> None:
    """
    Put the copy away, durably. Refusal if a file is not the one that was read, or the filesystem can't.

    What was begun is then to be taken back by `take_back`, also after an OSError.
    *on_made* is told the inode of a clone as soon as there is one.
    """
    if spots.look_at_file(disk, pair.at) != pair.keeper.identity:
        raise Refusal(_KEEPER_CHANGED)
    if spots.look_at_file(disk, job.goer) != pair.goer.identity:
        raise Refusal(CHANGED)
    _make_room(disk, job)
    if job.action is Action.QUARANTINE:
        spots.move(disk, job.goer, job.aside)
    else:
        _replace(disk, job, pair, on_made)
    if not is_file(spots.look_at_file(disk, job.aside), pair.goer.identity):
        raise Refusal(_SWAPPED)
    if not is_file(spots.look_at_file(disk, pair.at), pair.keeper.identity):
        raise Refusal(_KEEPER_GONE)


def is_file(found: Identity | None, expected: Identity) -> bool:
    """Whether *found* is the file *expected*, by number, size and time."""
    return found is not None and found.is_file_of(expected)


def _make_room(disk: Disk, job: Job) -> None:
    """The folder in the quarantine. The root of the library keeps its time: this folder is none of its."""
    try:
        with keeping_time(disk, job.aside.root.fd):
            job.aside.root.make_folders(job.aside.folder)
    except OSError as error:
        said = f"the folder {QUARANTINE} of its library can't be used: {cause(error)}"
        if error.errno in _NO_FOLDER:
            raise Refusal(said) from error
        raise OSError(error.errno, said) from error


def _replace(disk: Disk, job: Job, pair: Pair, on_made: Callable[[int], None]) -> None:
    """What stands for the kept file is made in the quarantine, and changes places with the one that goes."""
    with _refusing(job.action):
        if job.action is Action.HARDLINK:
            spots.link(disk, pair.at, job.aside)
        else:
            spots.clone(disk, pair.at, job.goer, job.aside, on_made)
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


@contextmanager
def keeping_time(disk: Disk, folder: int) -> Iterator[None]:
    """The folder has the time afterwards that it has now: what is done in it is none of its changes."""
    before = disk.stat_open(folder).st_mtime_ns
    yield
    if disk.stat_open(folder).st_mtime_ns != before:
        with suppress(OSError):  # somebody else's folder: then it shows a newer time
            disk.set_times(folder, before)
