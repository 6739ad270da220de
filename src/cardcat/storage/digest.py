"""A file read once, for all that an index wants to know of its bytes."""

from __future__ import annotations

from dataclasses import dataclass

import xxhash

from cardcat.storage.below import Below
from cardcat.storage.disk import Disk
from cardcat.storage.hashing import WHOLE, Hasher, Hashes, fingerprint, require_all_read
from cardcat.storage.reading import Expected, OnBytes, SourceChanged, blocks, expected_of, opened


@dataclass(frozen=True, slots=True)
class Digest:
    """The hashes of a file, and its fingerprint (`storage.fingerprint`)."""

    hashes: Hashes
    sample: str


def digest(disk: Disk, file: Below, expected: Expected, on_bytes: OnBytes) -> Digest:
    """
    Read all of *file*; nothing is written, and its access time stays where the system allows that.

    SourceChanged if it is not what was *expected* once it is read. OSError if it can't be read. What
    *on_bytes* raises ends it.
    """
    hasher = Hasher()
    with opened(disk, file, source=True) as fd:
        for block in blocks(disk, fd):
            hasher.update(block)
            on_bytes(len(block))
            if hasher.size >= expected.size:
                break
        now = expected_of(disk.stat_open(fd))
    if now != expected:
        raise SourceChanged("it changed while it was indexed")
    require_all_read(hasher.size, expected, file)
    return Digest(hasher.hashes(), _sample(disk, file, hasher))


def require_same(disk: Disk, file: Below, expected: Expected) -> None:
    """SourceChanged unless *file* is as *expected*; OSError if it can't be looked at."""
    with file.reached() as (name, folder):
        if expected_of(disk.stat_in(folder, name)) != expected:
            raise SourceChanged("it changed while it was indexed")


def _sample(disk: Disk, file: Below, hasher: Hasher) -> str:
    """The fingerprint; of a small file the bytes at hand have it."""
    hashes = hasher.hashes()
    if hashes.size > WHOLE:
        return fingerprint(disk, file, hashes.size, source=True)
    whole = xxhash.xxh3_128(hashes.size.to_bytes(8, "little"))
    whole.update(hashes.head)
    return f"{hashes.size:x}-{whole.hexdigest()}"
