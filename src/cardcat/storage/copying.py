"""One file to several destinations in one read, hashed on the way."""

from __future__ import annotations

from collections.abc import Callable, Container, Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import Generic, TypeVar

from cardcat.storage._memory import ALIGNMENT
from cardcat.storage.disk import Disk, StrPath
from cardcat.storage.hashing import Hasher, Hashes, require_all_read
from cardcat.storage.reading import (
    LARGE,
    Expected,
    OnBytes,
    SourceChanged,
    blocks,
    opened,
    require_unchanged,
)

__all__ = ["CopyOutcome", "Expected", "SourceChanged", "copy_once"]

K = TypeVar("K")

_WRITEBACK = 64 << 20  # bytes of a large file after which the medium is put to work, so that it never idles
_LEAST_WRITEBACK = 64 << 10  # bytes; for fewer a call takes longer than it gains: the sync of all writes them


@dataclass(frozen=True, slots=True)
class CopyOutcome(Generic[K]):
    """
    How a copy went. *hashes* are of the bytes that every target without an error has; None if there is none.

    With a *source_error* (SourceChanged, or what the system said) no target has the file.
    """

    hashes: Hashes | None
    errors: Mapping[K, OSError]
    source_error: OSError | None = None


def copy_once(
    disk: Disk,
    source: StrPath,
    targets: Mapping[K, StrPath],
    expected: Expected,
    on_bytes: OnBytes | None = None,
    *,
    past_cache: Container[K] = (),
) -> CopyOutcome[K]:
    """
    Read *source* once and write it to new files, with its modification time; nothing is synced yet.

    A large file goes past the cache where the target is one of *past_cache*: that is for filesystems of
    `mounts.PAST_CACHE`.

    A target that fails is removed and reported in *errors*, the others go on. A file that is there
    already is such an error and stays as it is. If the source fails or changes, all targets are removed.
    Whatever is raised, no file stays open and no half target behind.
    """
    writing = _Targets(disk, targets, past_cache if expected.size >= LARGE else ())
    try:
        hashes = _copy(disk, source, writing, expected, on_bytes)
        writing.finish(expected.mtime_ns)
    except OSError as error:  # the source's: those of targets stay in `writing`
        writing.discard()
        return CopyOutcome(None, writing.errors, error)
    except BaseException:
        writing.discard()
        raise
    return CopyOutcome(hashes if writing.finished else None, writing.errors)


def _copy(
    disk: Disk, source: StrPath, writing: _Targets[K], expected: Expected, on_bytes: OnBytes | None
) -> Hashes | None:
    is_large = expected.size >= LARGE
    hasher = Hasher()
    with opened(disk, source, source=True) as fd, _behind(writing.write, is_large=is_large) as write:
        require_unchanged(disk, fd, expected, source)
        writing.start()
        for block in blocks(disk, fd, expected.size) if writing.open_files else ():
            hasher.update(block)
            write(block)
            if on_bytes:
                on_bytes(len(block))
            if not writing.open_files or hasher.size > expected.size:
                break
        if not writing.open_files:
            return None
        require_unchanged(disk, fd, expected, source)
    require_all_read(hasher.size, expected, source)
    return hasher.hashes()


@contextmanager
def _behind(write: Callable[[memoryview], None], *, is_large: bool) -> Iterator[Callable[[memoryview], None]]:
    """
    As *write*; of a large file, a block is written while the next one is read and hashed.

    At the end of it no block is at work any more, whatever ends it.
    """
    if not is_large:
        yield write
        return
    with ThreadPoolExecutor(1, "writing") as thread:
        before: Future[None] | None = None
        is_alone = False

        def in_turn(block: memoryview) -> None:
            nonlocal before, is_alone
            if before:
                before.result()
            try:
                before = None if is_alone else thread.submit(write, block)
            except RuntimeError:  # no thread is to be had; none may come later, and find this block waiting
                before, is_alone = None, True
            if is_alone:
                write(block)

        yield in_turn
        if before:
            before.result()


class _Targets(Generic[K]):
    """The files that are written. One that fails is closed, removed and remembered in *errors*."""

    def __init__(self, disk: Disk, paths: Mapping[K, StrPath], past_cache: Container[K]) -> None:
        self.errors: dict[K, OSError] = {}
        self.open_files: dict[K, int] = {}
        self.finished: set[K] = set()
        self._disk = disk
        self._paths = paths
        self._waiting = 0
        self._past_cache = past_cache
        self._are_past = False  # any of them

    def start(self) -> None:
        for key, path in self._paths.items():
            try:
                self.open_files[key] = self._disk.open_new(path)
            except OSError as error:  # nothing of ours is there: a file that has the name already stays
                self.errors[key] = error
                continue
            if key in self._past_cache:
                self._are_past |= self._disk.go_past_cache(self.open_files[key])

    def write(self, block: memoryview) -> None:
        if self._are_past and (odd := len(block) % ALIGNMENT):  # the end of the file
            whole, block = block[:-odd], block[-odd:]
            self._each(lambda fd: self._disk.write(fd, whole))
            self._each(self._disk.go_through_cache)
            self._are_past = False
        self._each(lambda fd: self._disk.write(fd, block))
        self._waiting += len(block)
        if self._waiting >= _WRITEBACK:
            self._waiting = 0
            self._each(self._disk.start_writeback)

    def finish(self, mtime_ns: int) -> None:
        self._each(lambda fd: self._disk.set_times(fd, mtime_ns))
        if self._waiting >= _LEAST_WRITEBACK:
            self._each(self._disk.start_writeback)
        for key in list(self.open_files):
            try:
                self._disk.close(self.open_files.pop(key))
            except OSError as error:  # what a network share could not write may be told only now
                self._fail(key, error)
            else:
                self.finished.add(key)

    def discard(self) -> None:
        for key in [*self.open_files, *self.finished]:
            self._remove(key)

    def _each(self, act: Callable[[int], object]) -> None:
        for key, fd in list(self.open_files.items()):
            try:
                act(fd)
            except OSError as error:
                self._fail(key, error)

    def _fail(self, key: K, error: OSError) -> None:
        self.errors[key] = error
        self._remove(key)

    def _remove(self, key: K) -> None:
        """Close and remove a file of ours. It failed already; what fails now adds nothing."""
        fd = self.open_files.pop(key, None)
        self.finished.discard(key)
        if fd is not None:
            with suppress(OSError):
                self._disk.close(fd)
        with suppress(OSError):
            self._disk.remove(self._paths[key])
