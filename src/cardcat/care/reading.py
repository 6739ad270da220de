"""A copy read again where it is: the proof that it is right, or what is wrong with it."""

from __future__ import annotations

from pathlib import Path
from typing import Protocol

from cardcat.catalog.checks import RightCopy, Trouble, WrongCopy
from cardcat.storage.disk import Disk
from cardcat.storage.hashing import fingerprint
from cardcat.storage.reading import OnBytes, mtime_of
from cardcat.storage.verify import read_back
from cardcat.text import cause


class OnRecord(Protocol):
    """A copy as the catalog knows it."""

    @property
    def id(self) -> int:
        """Its row."""

    @property
    def hash(self) -> str:
        """The SHA-256 of its content."""

    @property
    def size(self) -> int:
        """Bytes."""

    @property
    def mtime_ns(self) -> int:
        """As its filesystem kept it."""


def reread(
    disk: Disk,
    path: Path,
    copy: OnRecord,
    fs_type: str,
    *,
    sampled: bool = False,
    on_bytes: OnBytes | None = None,
) -> RightCopy | WrongCopy:
    """
    Read all bytes of *copy*, which is at *path*, from its medium and compare them with the recorded SHA-256.

    *sampled* takes its fingerprint too. A file that can't be read is a wrong one; whether that is so because
    its drive is gone is for the caller to ask. Nothing is written. What *on_bytes* raises ends it.
    """
    try:
        mtime_ns = mtime_of(disk.stat(path))
        answer = read_back(disk, path, copy.size, fs_type, sha256=True, on_bytes=on_bytes)
        if answer.sha256 != copy.hash:
            mtime_ns = mtime_of(disk.stat(path))  # after the reading: somebody may be at work on it
            return _with_other_bytes(copy, answer.sha256, edited=mtime_ns != copy.mtime_ns)
        sample = fingerprint(disk, path, copy.size, source=False) if sampled else None
    except OSError as error:
        return WrongCopy(copy.id, Trouble.UNREADABLE, f"it can't be read: {cause(error)}", copy.hash)
    return RightCopy(
        copy.id,
        copy.hash,
        mtime_ns,
        answer.evidence,
        answer.how,
        renews=True,
        xxh3=answer.xxh3,
        sample=sample,
    )


def gone(copy: OnRecord) -> WrongCopy:
    """Say that nothing is in the place of *copy*, though its drive is there."""
    return WrongCopy(copy.id, Trouble.MISSING, "it is not there any more", copy.hash)


def replaced(copy: OnRecord, size: int, *, edited: bool) -> WrongCopy:
    """Say that what is in the place of *copy*, of *size* bytes, can't be it; *edited* as in `WrongCopy`."""
    if size == copy.size:
        message = "something else is in its place"
    else:
        when = "and another time" if edited else "though its time has not changed"
        message = f"it has {size:,} bytes instead of {copy.size:,}, {when}"
    return WrongCopy(copy.id, Trouble.DAMAGED, message, copy.hash, size=size, edited=edited)


def _with_other_bytes(copy: OnRecord, observed: str | None, *, edited: bool) -> WrongCopy:
    if edited:
        message = "it was changed since it was recorded: another time, other bytes"
    else:
        message = "it has other bytes, though its size and time have not changed"
    return WrongCopy(copy.id, Trouble.DAMAGED, message, copy.hash, observed, copy.size, edited=edited)
