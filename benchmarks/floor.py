"""The least that a machine does with bytes: they are read, written, hashed, synced, and nothing else."""

from __future__ import annotations

import ctypes
import hashlib
import mmap
import os
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import xxhash

from cardcat.storage.durable import make_durable
from cardcat.storage.system import this_disk

_BLOCK = 8 << 20
_PIECE = 1 << 20  # bytes of a read
_HASHED = 256_000_000  # bytes: more than a processor's cache has


def at_once(work: Sequence[Callable[[], object]]) -> None:
    """Do all of it, each in a thread of its own; what one of them raises is raised."""
    with ThreadPoolExecutor(len(work)) as threads:
        for done in [threads.submit(each) for each in work]:
            done.result()


def read_past(files: Sequence[Path]) -> int:
    """Read *files* past the page cache; how many bytes they have."""
    block = memoryview(mmap.mmap(-1, _PIECE))
    size = 0
    for path in files:
        fd = this_disk().open_direct(path)
        try:
            count = _PIECE
            while count == _PIECE:  # what is shorter is the end
                count = os.readv(fd, [block])
                size += count
        finally:
            os.close(fd)
    return size


def written(path: Path, size: int) -> None:
    """*size* bytes in one file, past the page cache, in large blocks, on the medium when it is over."""
    block = mmap.mmap(-1, _BLOCK)
    block.write(os.urandom(_BLOCK))
    with path.open("wb", buffering=0) as file:
        whole, rest = divmod(size, _BLOCK)
        this_disk().go_past_cache(file.fileno())
        for _ in range(whole):
            file.write(block)
        this_disk().go_through_cache(file.fileno())
        file.write(memoryview(block)[:rest])
        os.fsync(file.fileno())


def hashing(name: str, size: int = _HASHED) -> float:
    """Bytes a second that one processor hashes, of memory."""
    memory = os.urandom(size)
    hasher = hashlib.sha256() if name == "sha256" else xxhash.xxh3_128()
    begun = time.perf_counter()
    hasher.update(memory)
    return size / (time.perf_counter() - begun)


def synced(place: Path, name: str) -> float:
    """Seconds until one small file, just written, is on the medium: by one syncfs, or as cardcat does it."""
    system = ctypes.CDLL(None, use_errno=True)
    path = place / f"small-{name}-{time.monotonic_ns()}"
    path.write_bytes(b"x" * 1000)
    begun = time.perf_counter()
    if name == "cardcat":
        make_durable(this_disk(), [str(path)], "ext4")
    else:
        with path.open("rb") as file:
            if system.syncfs(file.fileno()):
                raise OSError(ctypes.get_errno(), "syncfs")
    return time.perf_counter() - begun
