"""Reading a copy again, and how far that proves that the medium has it."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import xxhash

from cardcat.model import Evidence, ReadBack
from cardcat.storage import _linux
from cardcat.storage.disk import Disk, StrPath
from cardcat.storage.mounts import LOCAL_FILESYSTEMS
from cardcat.storage.reading import OnBytes, blocks, opened


@dataclass(frozen=True, slots=True)
class _Proof:
    """Whether memory can no longer answer, how that was brought about, and whether another way may do it."""

    is_cold: bool
    how: str
    may_go_past: bool = False


def can_prove_cold(fs_type: str) -> bool:
    """
    Whether on this filesystem a file that has no page in memory can only come from its medium.

    Elsewhere (tmpfs, FUSE, shares, overlays, ZFS) memory that the kernel doesn't show may answer.
    """
    return fs_type in LOCAL_FILESYSTEMS


def read_back(
    disk: Disk,
    path: StrPath,
    size: int,
    fs_type: str,
    *,
    sha256: bool = False,
    on_bytes: OnBytes | None = None,
) -> ReadBack:
    """
    Read a synced copy of *size* bytes from its medium and hash it; comparing is the caller's part.

    READ_BACK_COLD only where it is proved that memory could not answer, else READ_BACK; *how* says the
    way or what stands against it. *sha256* asks for that hash too. OSError if the copy can't be read. What
    *on_bytes* raises ends it.
    """
    with opened(disk, path, source=False) as fd:
        proof = _forget(disk, fd, size, fs_type)
        if proof.may_go_past and (past := _read_past_cache(disk, path, size, sha256, on_bytes)):
            if on_bytes:
                on_bytes(size)
            return past
        sums = _Sums(sha256)
        for block in blocks(disk, fd, size):
            sums.update(block)
            if on_bytes:
                on_bytes(len(block))
    return sums.answer(proof)


def _forget(disk: Disk, fd: int, size: int, fs_type: str) -> _Proof:
    resident = disk.drop_cache(fd, size)
    if not can_prove_cold(fs_type):
        return _Proof(is_cold=False, how=f"{fs_type}: memory may have answered")
    if resident:
        disk.fsync(fd)  # a page that waits to be written stays
        resident = disk.drop_cache(fd, size)
    if resident is None:
        return _Proof(is_cold=False, how="the system does not tell what is in memory")
    below = disk.drop_cache_below(fd, fs_type)
    if below:
        return _Proof(is_cold=False, how=f"{below}: memory may have answered")
    if resident:
        return _Proof(
            is_cold=False,
            how=f"{resident} pages stayed in memory: memory may have answered",
            may_go_past=True,
        )
    return _Proof(is_cold=True, how="fadvise, 0 pages resident")


def _read_past_cache(
    disk: Disk, path: StrPath, size: int, sha256: bool, on_bytes: OnBytes | None
) -> ReadBack | None:
    """For a file that somebody keeps in memory. None unless its bytes are known to come from the device."""
    before = _linux.bytes_from_devices()
    sums = _Sums(sha256)
    try:
        with _opened_direct(disk, path) as fd:
            actual = disk.stat_open(fd).st_size
            for block in blocks(disk, fd):
                sums.update(block)
                if on_bytes:
                    on_bytes(0)  # nothing is counted before the device has said so, but it may end it
                if sums.size >= size:  # the next read would begin off the device's sectors
                    break
    except OSError:
        return None
    after = _linux.bytes_from_devices()
    is_counted = before is not None and after is not None and after - before >= size
    if not is_counted or not sums.size == actual == size:
        return None
    return sums.answer(_Proof(is_cold=True, how="O_DIRECT, all bytes counted at the device"))


@contextmanager
def _opened_direct(disk: Disk, path: StrPath) -> Iterator[int]:
    fd = disk.open_direct(path)
    try:
        yield fd
    finally:
        disk.release(fd)


class _Sums:
    """The hashes that a read-back is asked for."""

    def __init__(self, sha256: bool) -> None:
        self.size = 0
        self._xxh3 = xxhash.xxh3_128()
        self._sha256 = hashlib.sha256() if sha256 else None

    def update(self, block: memoryview) -> None:
        self.size += len(block)
        self._xxh3.update(block)
        if self._sha256:
            self._sha256.update(block)

    def answer(self, proof: _Proof) -> ReadBack:
        evidence = Evidence.READ_BACK_COLD if proof.is_cold else Evidence.READ_BACK
        sha256 = self._sha256.hexdigest() if self._sha256 else None
        return ReadBack(self._xxh3.hexdigest(), evidence, proof.how, sha256)
