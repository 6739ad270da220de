"""
The process that is a `scout`: it reads what a session left, looks at each copy, and writes Arrow.

It reads the catalog by the fast driver and imports little, so that it is soon at work.
"""

from __future__ import annotations

import os
import stat
import sys
from collections.abc import Iterator, Sequence

import pyarrow as pa

from cardcat.catalog.fast_rows import EARLIER, earlier_batches
from cardcat.storage.disk import Disk
from cardcat.storage.presence import folder_below
from cardcat.storage.reading import mtime_of
from cardcat.storage.system import this_disk

_OPTIONS = pa.ipc.IpcWriteOptions(compression="lz4")  # it waits in memory
_REPORT = EARLIER.append(pa.field("untouched", pa.bool_()))


def main() -> None:
    """
    Write what the session left and whether each copy is untouched, then say how many rows these are.

    The last arguments are what `items.earlier_words` says, the process that asks, and two inherited file
    descriptors: the destination's root, and where the answer goes.
    """
    catalog, query, asker, root, answer = sys.argv[-5:]
    looker = _Looker(this_disk(), int(root), int(asker))
    with os.fdopen(int(answer), "wb") as file, pa.ipc.new_stream(file, _REPORT, options=_OPTIONS) as stream:
        rows = 0
        for batch in earlier_batches(catalog, query):
            rows += batch.num_rows
            untouched = pa.array(looker.are_untouched(batch), pa.bool_())
            stream.write_batch(pa.RecordBatch.from_arrays([*batch.columns, untouched], schema=_REPORT))
    sys.stdout.write(str(rows))


class _Looker:
    """Looks at copies below the open folder *root*, as long as the process *asker* is its parent."""

    def __init__(self, disk: Disk, root: int, asker: int) -> None:
        self._disk = disk
        self._root = root
        self._device = disk.stat_open(root).st_dev
        self._asker = asker

    def are_untouched(self, batch: pa.RecordBatch) -> list[bool]:
        """
        Whether each copy is a file there that has the size and the time on record.

        InterruptedError if nobody waits for this any more.
        """
        columns = ("destination_path", "copy_size", "copy_mtime_ns")
        exact, sizes, times = (batch.column(name).to_pylist() for name in columns)
        paths = [os.fsdecode(path) for path in exact]
        are = [False] * len(paths)
        for row, status in self._files(paths):
            are[row] = status.st_size == sizes[row] and mtime_of(status) == times[row]
        return are

    def _files(self, paths: Sequence[str]) -> Iterator[tuple[int, os.stat_result]]:
        """Those that are files of this very filesystem, with no link on the way to them: folder by folder."""
        in_folders: dict[str, list[int]] = {}
        for row, path in enumerate(paths):
            in_folders.setdefault(path.rpartition("/")[0], []).append(row)
        for folder, rows in in_folders.items():
            if os.getppid() != self._asker:  # a death signal would come when the thread that asked ends
                raise InterruptedError("nobody waits for this any more")
            try:
                with folder_below(self._disk, self._root, folder) as fd:
                    for row in rows:
                        status = self._file_status(fd, paths[row].rpartition("/")[2])
                        if status is not None:
                            yield row, status
            except OSError:
                continue  # whoever asked looks again, and learns why

    def _file_status(self, folder: int, name: str) -> os.stat_result | None:
        try:
            status = self._disk.stat_in(folder, name)
        except OSError:
            return None
        is_file = stat.S_ISREG(status.st_mode) and status.st_dev == self._device
        return status if is_file else None
