"""Small files of ours that are either there, whole and on the medium, or not there at all."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from cardcat.storage.disk import Disk

_AT_ONCE = 1 << 20  # bytes that are gathered before they are written


@contextmanager
def new_file(
    disk: Disk, path: Path, workplace: Path, *, read_only: bool = False
) -> Iterator[Callable[[bytes], None]]:
    """
    Give a function that takes the content of a new file bit by bit; *path* appears when the block ends well.

    Until then it is written in the folder *workplace* of the same filesystem. FileExistsError if *path* is
    taken at the end. Both folders are made if they are missing.
    """
    unfinished = workplace / path.name
    for folder in (workplace, path.parent):
        disk.make_folders(folder)
    with suppress(FileNotFoundError):
        disk.remove(unfinished)
    try:
        with _synced(disk, unfinished, read_only=read_only) as write:
            yield write
        disk.rename_new(unfinished, path)
        disk.fsync_folder(path.parent)
    except BaseException:
        with suppress(OSError):
            disk.remove(unfinished)
        raise


@contextmanager
def _synced(disk: Disk, path: Path, *, read_only: bool) -> Iterator[Callable[[bytes], None]]:
    waiting = bytearray()

    def flush() -> None:
        with memoryview(bytes(waiting)) as view:
            disk.write(fd, view)
        waiting.clear()

    def write(content: bytes) -> None:
        waiting.extend(content)
        if len(waiting) >= _AT_ONCE:
            flush()

    fd = disk.open_new(path)
    try:
        yield write
        flush()
        if read_only:
            disk.set_read_only(fd)
        disk.fsync(fd)
    finally:
        disk.close(fd)
