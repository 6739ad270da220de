"""A backup that dies at its n-th operation on a disk, as by kill -9. Run as a program by the tests."""

from __future__ import annotations

import os
import sys
from pathlib import Path

from cardcat.backup import backup
from cardcat.model import BackupOptions
from cardcat.storage.disk import Disk

STEPS = (
    "open_source", "open_copy", "open_new", "write", "close", "set_times", "make_folders", "rename_new",
    "remove", "fsync", "sync_filesystem", "fsync_folder", "drop_cache", "list_folder", "stat",
)  # fmt: skip


class Counting(Disk):
    """Counts the operations, and ends the process before the one called *last*."""

    def __init__(self, last: int) -> None:
        super().__init__()
        self.last, self.count = last, 0

    def step(self) -> None:
        self.count += 1
        if self.count == self.last:
            os._exit(9)


def _counted(name: str):  # type: ignore[no-untyped-def]
    plain = getattr(Disk, name)

    def operation(self: Counting, *args: object, **kwargs: object) -> object:
        self.step()
        return plain(self, *args, **kwargs)

    return operation


for _name in STEPS:
    setattr(Counting, _name, _counted(_name))


def main(folder: Path, last: int) -> None:
    """Back up the card in *folder* to two drives; write the number of operations."""
    disk = Counting(last)
    options = BackupOptions(folder / "card", (folder / "one", folder / "two"), timezone="UTC")
    backup(options, catalog=str(folder / "catalog.db"), disk=disk)
    sys.stdout.write(str(disk.count))


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]))
